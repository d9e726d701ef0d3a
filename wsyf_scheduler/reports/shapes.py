"""Explanations as programs read them: stable keys, days `YYYY-MM-DD`, instants in the plan's zone, absent values null.

Imports core and the rest of reports.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.people import Holder, Post, Reader
from wsyf_scheduler.reports.days import Day, Way
from wsyf_scheduler.reports.explain import Answer, Explanation, Watch
from wsyf_scheduler.reports.ladder import Step
from wsyf_scheduler.reports.past import Span
from wsyf_scheduler.reports.person import About, PersonExplanation, Received
from wsyf_scheduler.reports.recorded import Deed, Recorded, Sending, Try

Shape = dict[str, object]


def explanation(found: Explanation) -> Shape:
    """The explanation of one assignment and one day, without the assignment itself."""
    zone = found.books.zone
    return {
        "now": found.books.now.astimezone(zone).isoformat(),
        "tracked_from": found.item.tracked_from.astimezone(zone).isoformat(),
        "day": day(found.day, found.books.holiday(found.day.on)),
        "landed": [answer(each, zone) for each in found.landed],
        "others": [_row(each, zone) for each in found.others],
        "before": answer(found.before, zone) if found.before else None,
        "after": answer(found.after, zone) if found.after else None,
        "posts": [watch(each) for each in found.posts],
        "held_messages": list(found.held_messages),
        "ladder": [step(each, zone) for each in found.ladder],
        "then": _then(found.then) if found.then else None,
        "rules_since": _instant(found.rules_since, zone),
        "holds": [_span(each, zone) for each in found.holds],
        "pauses": [_span(each, zone) for each in found.pauses],
        "tries": [_try(each, zone) for each in found.tries],
        "deeds": [_deed(each, zone) for each in found.deeds],
        "deed_before": _deed(found.deed_before, zone) if found.deed_before else None,
        "mail_deeds": [_deed(each, zone) for each in found.mail_deeds],
    }


def person(found: PersonExplanation) -> Shape:
    """The explanation of one address and one day."""
    zone = found.books.zone
    return {
        "address": found.address,
        "now": found.books.now.astimezone(zone).isoformat(),
        "day": day(found.day, found.books.holiday(found.day.on)),
        "posts": [watch(each) for each in found.posts],
        "received": [_received(each, zone) for each in found.received],
        "missed": [_about(each, zone) for each in found.missed],
        "previous": _message(found.previous, zone) if found.previous else None,
        "next": _about(found.following, zone) if found.following else None,
    }


def _then(found: Assignment) -> Shape:
    """How the assignment stood at the end of the day."""
    return {
        "state": found.state.value,
        "held": found.held,
        "muted_until": found.muted_until.isoformat() if found.muted_until else None,
        "due_on": found.due_on.isoformat(),
    }


def _span(found: Span, zone: ZoneInfo) -> Shape:
    return {
        "from": _instant(found.from_at, zone),
        "to": _instant(found.to_at, zone),
        "why": found.why or None,
        "ended_by": found.ended_by or None,
    }


def _deed(found: Deed, zone: ZoneInfo) -> Shape:
    return {
        "at": _instant(found.at, zone),
        "who": found.who,
        "action": found.action,
        "why": found.why or None,
        "message": found.message_id,
    }


def _try(found: Try, zone: ZoneInfo) -> Shape:
    return {
        "message": found.message_id,
        "at": _instant(found.at, zone),
        "phase": found.phase,
        "outcome": found.outcome,
        "code": found.code or None,
        "text": found.text,
    }


def day(found: Day, holiday: str) -> Shape:
    """A day and its window; `holiday` is the one it belongs to, if any."""
    return {
        "on": found.on.isoformat(),
        "kind": found.kind.value,
        "holiday": holiday or None,
        "working": found.opens_at is not None,
        "calendar": found.status.value,
        "opens_at": found.opens_at.isoformat() if found.opens_at else None,
        "shuts_at": found.shuts_at.isoformat() if found.shuts_at else None,
    }


def answer(found: Answer, zone: ZoneInfo) -> Shape:
    """A step with its way and its readers."""
    return {
        **step(found.step, zone),
        "way": _way(found.way) if found.way else None,
        "to": [_reader(each) for each in found.to],
        "cc": [_reader(each) for each in found.cc],
        "vacant": [_post(each) for each in found.vacant],
    }


def step(found: Step, zone: ZoneInfo) -> Shape:
    """One step: `fate` says in a word what became of it, `reason` (or `dropped`) why."""
    return {
        "rung": found.rung,
        "repeat": found.repeat,
        "letter": found.letter,
        "audience": found.audience,
        "receiver": found.receiver,
        "role": found.role,
        "due_on": found.due_on.isoformat(),
        "counted_from": found.counted_from.isoformat(),
        "nominal_on": found.landing.nominal_on.isoformat() if found.landing else None,
        "on": found.on.isoformat(),
        "slot_at": found.slot_at.astimezone(zone).isoformat(),
        "fate": found.fate,
        "ahead": found.ahead,
        "verdict": found.verdict.value,
        "reason": found.reason,
        "dropped": found.dropped,
        "decided_at": _instant(found.decided_at, zone),
        "message": _message(found.message, zone) if found.message else None,
    }


def watch(found: Watch) -> Shape:
    """A post and who reads for it."""
    return {
        **_post(found.post),
        "vacant": found.vacant,
        "readers": [_reader(each) for each in found.readers],
        "away": [_absence(each) for each in found.away],
        "refused": list(found.refused),
    }


def _absence(found: Holder) -> Shape:
    """A holder who is away; the deputy is among the readers."""
    return {
        "name": found.name or None,
        "address": found.email,
        "deputy": found.deputy,
        "since": found.away_since.isoformat() if found.away_since else None,
        "until": found.away_until.isoformat() if found.away_until else None,
    }


def _way(found: Way) -> Shape:
    return {
        "rule": found.rule.value,
        "n": found.n,
        "base": found.base.isoformat(),
        "nominal_on": found.nominal_on.isoformat(),
        "on": found.on.isoformat(),
        "skipped": [each.isoformat() for each in found.skipped],
        "made_up": [each.isoformat() for each in found.made_up],
    }


def _reader(found: Reader) -> Shape:
    return {"address": found.address, "name": found.name or None, **_post(found.post)}


def _post(found: Post) -> Shape:
    return {"role": found.role or None, "department": found.department or None}


def _message(found: Sending, zone: ZoneInfo) -> Shape:
    return {
        "id": found.id,
        "letter": found.letter,
        "state": found.state,
        "sent_at": _instant(found.sent_at, zone),
        "subject": found.subject or None,
        "to": list(found.to),
        "cc": list(found.cc),
        "trouble": found.trouble or None,
        "refused": [each._asdict() for each in found.refused],
    }


def _row(found: Recorded, zone: ZoneInfo) -> Shape:
    return {
        "letter": found.letter,
        "rung": found.rung,
        "repeat": found.repeat,
        "role": found.role,
        "due_on": found.due_on.isoformat(),
        "reason": found.reason,
        "slot_at": _instant(found.slot_at, zone),
        "message": _message(found.message, zone) if found.message else None,
    }


def _received(found: Received, zone: ZoneInfo) -> Shape:
    rows: Iterable[Shape] = (
        {"key": item.key, "rung": row.rung, "repeat": row.repeat, "role": row.role, "due_on": row.due_on.isoformat()}
        for row, item in found.rows
    )
    return {**_message(found.message, zone), "rows": list(rows)}


def _about(found: About, zone: ZoneInfo) -> Shape:
    return {"key": found.item.key, "title": found.item.title, **answer(found.answer, zone)}


def _instant(at: datetime | None, zone: ZoneInfo) -> str | None:
    return at.astimezone(zone).isoformat() if at else None
