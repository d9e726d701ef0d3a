"""A letter as it would go out, written with the office's templates and kept nowhere.

Imports app, drafting and what they stand on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from wsyf_scheduler import alerts, handing
from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.decide import landings
from wsyf_scheduler.core.ladder import Landing
from wsyf_scheduler.core.message import Message, MessageRow, MessageState
from wsyf_scheduler.core.people import Holder, Post
from wsyf_scheduler.drafting import Draft, Facts, draft, gather
from wsyf_scheduler.errors import Fault, Forbidden, NotFound, Usage
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import LetterKind
from wsyf_scheduler.reports.opened_mail import OpenedMail, open_mail
from wsyf_scheduler.store import assignments, notices
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import told_last

OF_THE_OFFICE = (LetterKind.DIGEST, LetterKind.ALERT, LetterKind.TEST)
AFTER_DUE = (LetterKind.CHASER, LetterKind.ESCALATION, LetterKind.BRIEFING)
LATER = timedelta(days=30)  # how far the extension of a sample goes
REASON, APPROVER = "（延期理由）", "（批准人）"  # stand where a person's words would


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A letter with its bytes opened; `on` is the day it is dated, which is not always today.

    `is_sample` says that what it tells has not happened; `faults` are mistakes in the office's templates; `names` are
    the departments' short names.
    """

    kind: LetterKind
    item: Assignment | None
    on: date
    today: date
    draft: Draft
    mail: OpenedMail
    is_sample: bool
    faults: tuple[Fault, ...]
    names: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A message that is in no outbox: its rows, the moment it is written at, the assignments as it sees them."""

    message: Message
    rows: tuple[MessageRow, ...] = ()
    at: datetime
    seen: tuple[Assignment, ...] = ()


def preview(app: App, now: datetime, kind: LetterKind, key: str | None) -> Preview:
    """The letter for an assignment, or the nearest that is open; nothing is recorded.

    A letter of the ladder that cannot go today (a chaser before the due day) is dated the day its rung lands on.
    """
    with app.db.read() as session:
        item = _item(app, session, now, kind, key)
        tracked = _plan(app, session, item)
        case = _case(app, session, now, kind, tracked, item)
        facts = _facts(app, session, case)
        drafted = draft(app, session, facts, case.message, case.rows)
    written = app.writer.write(drafted.letter, drafted.headers, drafted.deadlines, drafted.files)
    return Preview(
        kind=kind,
        item=item,
        on=drafted.letter.on,
        today=tracked.table.hours.day_of(now),
        draft=drafted,
        mail=open_mail(written.raw),
        is_sample=kind in (LetterKind.RECEIPT, LetterKind.CHANGE, LetterKind.HAND_OVER, LetterKind.ALERT),
        faults=written.faults,
        names={each.id: each.short for each in tracked.plan.departments},
    )


def _item(app: App, session: Session, now: datetime, kind: LetterKind, key: str | None) -> Assignment | None:
    if key is not None:
        if kind in (LetterKind.DIGEST, LetterKind.TEST):
            raise Usage(
                _("a {letter} is about no single assignment; leave {key} out").format(letter=kind.value, key=key)
            )
        return find(session, key)
    return None if kind in OF_THE_OFFICE else _nearest(app, session, now, kind)


def _nearest(app: App, session: Session, now: datetime, kind: LetterKind) -> Assignment:
    """The open assignment such a letter is nearest to: an overdue one for what follows the due day, else one ahead."""
    found = []
    for plan_id, tracked in app.plans(session).items():
        today = tracked.table.hours.day_of(now)
        for item in assignments.of_plan(session, plan_id):
            if item.state is State.OPEN and _writes(kind, tracked, item):
                suits = item.is_overdue(today) == (kind in AFTER_DUE)
                found.append((not suits, item.held, abs(item.days_left(today)), item.key, item))
    if not found:
        raise NotFound(_("no open assignment gets a {letter}; name one by its key").format(letter=kind.value))
    return min(found, key=lambda each: each[:4])[4]


def _writes(kind: LetterKind, tracked: TrackedPlan, item: Assignment) -> bool:
    return kind in (LetterKind.RECEIPT, LetterKind.CHANGE, LetterKind.HAND_OVER) or bool(_landings(kind, tracked, item))


def _plan(app: App, session: Session, item: Assignment | None) -> TrackedPlan:
    plans = app.plans(session)
    if not plans:
        raise NotFound(_("no plan is tracked yet; run `wsyf plan sync`"))
    return plans[item.plan_id] if item is not None else next(iter(plans.values()))


def _case(
    app: App, session: Session, now: datetime, kind: LetterKind, tracked: TrackedPlan, item: Assignment | None
) -> _Case:
    if item is None or kind is LetterKind.ALERT:
        payload = _alert(tracked, item, tracked.table.hours.day_of(now)) if kind is LetterKind.ALERT else {}
        return _Case(message=_message(kind, tracked, now, "", "coordinator", payload), at=now)
    if kind is LetterKind.HAND_OVER:
        message = _message(kind, tracked, now, item.department, "liaison", _handed(tracked, item, now))
        return _Case(message=message, at=now)
    if kind in (LetterKind.RECEIPT, LetterKind.CHANGE):
        return _answer(session, now, kind, tracked, item)
    return _rung(app, now, kind, tracked, item)


def _rung(app: App, now: datetime, kind: LetterKind, tracked: TrackedPlan, item: Assignment) -> _Case:
    """A letter of the ladder."""
    del app
    found = _landings(kind, tracked, item)
    if not found:
        message = _("the ladder writes no {letter} to a task of the kind {kind}")
        raise Forbidden(message.format(letter=kind.value, kind=item.kind))
    landing = next((each for each in found if each.slot_at >= now), found[-1])
    leader = landing.rung.briefing[0] if kind is LetterKind.BRIEFING else ""
    today = tracked.table.hours.day_of(now)
    fits = kind is LetterKind.START or (today > item.due_on) == (kind in AFTER_DUE)
    at = now if fits else landing.slot_at
    row = _row(
        item,
        rung=landing.rung.name,
        repeat=landing.repeat,
        receiver=leader or item.department,
        to=(leader,) if leader else landing.rung.to,
        cc=() if leader else landing.rung.cc,
        slot_at=landing.slot_at,
    )
    department = "" if leader else item.department
    return _Case(message=_message(kind, tracked, at, department, leader or "department"), rows=(row,), at=at)


def _landings(kind: LetterKind, tracked: TrackedPlan, item: Assignment) -> list[Landing]:
    """Where rungs that write such a letter land, by slot."""
    found = [
        landing
        for landing in landings(item, tracked.table)
        if (landing.rung.briefing if kind is LetterKind.BRIEFING else landing.rung.letter == kind.value)
    ]
    return sorted(found, key=lambda landing: landing.slot_at)


def _answer(session: Session, now: datetime, kind: LetterKind, tracked: TrackedPlan, item: Assignment) -> _Case:
    """A receipt of closing it today, or the change of an extension nobody has granted."""
    today = tracked.table.hours.day_of(now)
    seen = item
    detail = {"happened": "done", "on": today.isoformat()}
    if kind is LetterKind.CHANGE:
        seen = replace(
            item,
            due_on=max(item.due_on, today) + LATER,
            original_due_on=item.original_due_on or item.due_on,
            due_basis="office",
            sequence=item.sequence + 1,
        )
        old_due_on = item.due_on.isoformat()
        detail = {"happened": "extended", "reason": REASON, "approved_by": APPROVER, "old_due_on": old_due_on}
    told = told_last(notices.earlier(session, [item.id])[item.id])
    row = _row(seen, receiver=item.department, to=("liaison",), cc=told, detail=detail)
    return _Case(message=_message(kind, tracked, now, item.department, "department"), rows=(row,), at=now, seen=(seen,))


def _alert(tracked: TrackedPlan, item: Assignment | None, today: date) -> dict[str, object]:
    """What the alert says: the ladder of the assignment is spent, or without one that a post is vacant."""
    if item is None:
        what = alerts.vacancy(tracked.plan, Post("liaison", tracked.plan.departments[0].id), today)
    else:
        what = alerts.spent(tracked.plan, item)
    return {"headline": what.headline, "lines": list(what.lines)}


def _handed(tracked: TrackedPlan, item: Assignment, now: datetime) -> dict[str, object]:
    """The letter to a new liaison of the department, who holds the post from today."""
    new = Holder(role="liaison", department=item.department, name="", email="")
    return handing.payload(tracked.plan, new, tracked.table.hours.day_of(now))


def _facts(app: App, session: Session, case: _Case) -> Facts:
    facts = gather(app, session, case.at, case.rows)
    return replace(facts, items={**facts.items, **{item.id: item for item in case.seen}})


def _message(
    kind: LetterKind,
    tracked: TrackedPlan,
    at: datetime,
    department: str,
    audience: str,
    payload: dict[str, object] | None = None,
) -> Message:
    return Message(
        id=0,
        plan_id=tracked.plan.id,
        letter=kind.value,
        department=department,
        audience=audience,
        state=MessageState.QUEUED,
        in_window=True,
        queued_at=at,
        not_before=at,
        payload=payload or {},
    )


def _row(
    item: Assignment,
    *,
    receiver: str,
    to: Sequence[str],
    cc: Iterable[str],
    rung: str | None = None,
    repeat: int = 0,
    slot_at: datetime | None = None,
    detail: dict[str, str] | None = None,
) -> MessageRow:
    return MessageRow(
        notice_id=0,
        assignment_id=item.id,
        rung=rung,
        repeat=repeat,
        due_on=item.due_on,
        receiver=receiver,
        role="lead",
        to=tuple(to),
        cc=tuple(cc),
        slot_at=slot_at,
        detail=detail or {},
    )
