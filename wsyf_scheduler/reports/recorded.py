"""What was recorded, by light reads: decisions with their messages, events, holders of posts.

Imports core and store.glance. The SQL is such that PostgreSQL takes it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from wsyf_scheduler.core.decide import Decided, Mark, Verdict
from wsyf_scheduler.core.life import Happened
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.store.glance import Glance, instant, stored

MESSAGE_COLUMNS = """
  m.id, m.plan_id, m.letter, m.department, m.audience, m.state, m.sent_at, m.made_at, m.subject, m."to", m.cc,
  m.trouble,
  (
    SELECT a.refused FROM attempt a WHERE a.message_id = m.id AND a.outcome = 'sent' ORDER BY a.id DESC LIMIT 1
  ) AS refused
"""
ROWS = """
SELECT n.id AS notice_id, n.assignment_id, n.letter AS row_letter, n.rung, n.repeat, n.due_on, n.counted_from,
  n.receiver, n.role, n.to_roles, n.cc_roles, n.slot_at, n.decided_at, n.verdict, n.reason, n.dropped,
  {columns}
FROM notice n LEFT JOIN message m ON m.id = n.message_id
WHERE {where} ORDER BY n.id
"""
MESSAGES = "SELECT {columns} FROM message m WHERE {where} ORDER BY m.id"
EVENTS = """
SELECT at, action, to_state, why, detail, assignment_id FROM event WHERE assignment_id IS NOT NULL AND {where}
ORDER BY id
"""
TERMS = """
SELECT role, department, name, email, phone, since, until, deputy, away_since, away_until, recorded_at, retired_at
FROM person ORDER BY id
"""
TRIES = """
SELECT message_id, at, phase, outcome, code, text FROM attempt WHERE message_id >= :first AND message_id <= :last
ORDER BY id
"""
DEEDS = """
SELECT at, who, action, why, detail, message_id FROM event WHERE {where} ORDER BY id
"""
LAST_TO = """
SELECT {columns} FROM message m
WHERE m.sent_at < :before AND (instr(lower(m."to"), :address) > 0 OR instr(lower(m.cc), :address) > 0)
ORDER BY m.sent_at DESC, m.id DESC LIMIT 1
"""
BRIEFING = "briefing"


class Refused(NamedTuple):
    """One recipient the server refused though it took the message: its code (0: none) and text."""

    address: str
    code: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One message of the outbox; `to` and `cc` are the addresses it was made for, empty before that."""

    id: int
    plan_id: str
    letter: str
    department: str
    audience: str
    state: str
    sent_at: datetime | None
    made_at: datetime | None
    subject: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    trouble: str
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One decision as it was recorded, or one row of a letter off the ladder (`rung` is None)."""

    id: int
    assignment_id: int
    letter: str
    rung: str | None
    repeat: int
    due_on: date
    counted_from: date
    receiver: str
    role: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    slot_at: datetime | None
    decided_at: datetime
    verdict: Verdict
    reason: str
    dropped: str | None
    message: Sending | None

    @property
    def audience(self) -> str:
        """Who receives: `department`, or the leader's role."""
        return self.receiver if self.letter == BRIEFING else "department"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A holder, as the office knew it from an instant (None: always) to another (None: still)."""

    holder: Holder
    recorded_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt to send a message: the phase it reached, what can have happened, the server's code (0: none)."""

    message_id: int
    at: datetime
    phase: str
    outcome: str
    code: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One event of the trail: who did what and why, about an assignment, or about a message."""

    at: datetime
    who: str
    action: str
    why: str
    detail: dict[str, Any]
    message_id: int | None


def rows_where(opened: Glance, where: str, values: Mapping[str, object]) -> list[Recorded]:
    """Decisions and rows, oldest first; `where` is SQL over the columns of `notice n` and `message m`."""
    sql = ROWS.format(columns=MESSAGE_COLUMNS, where=where)
    return [_recorded(row) for row in opened.rows(sql, values)]


def messages_between(opened: Glance, since_at: datetime, before_at: datetime) -> list[Sending]:
    """Messages sent from an instant to before another."""
    sql = MESSAGES.format(columns=MESSAGE_COLUMNS, where="m.sent_at >= :since AND m.sent_at < :before")
    return [_sending(row) for row in opened.rows(sql, {"since": stored(since_at), "before": stored(before_at)})]


def events_where(opened: Glance, where: str, values: Mapping[str, object]) -> list[Happened]:
    """Events about assignments, oldest first; `where` is SQL over the columns of `event`."""
    return [
        Happened(
            assignment_id=row["assignment_id"],
            at=instant(row["at"]),
            action=row["action"],
            to_state=row["to_state"],
            why=row["why"],
            detail=json.loads(row["detail"]),
        )
        for row in opened.rows(EVENTS.format(where=where), values)
    ]


def deeds_where(opened: Glance, where: str, values: Mapping[str, object]) -> list[Deed]:
    """Events, oldest first; `where` is SQL over the columns of `event`."""
    rows = opened.rows(DEEDS.format(where=where), values)
    return [Deed(**{**row, "at": instant(row["at"]), "detail": json.loads(row["detail"])}) for row in rows]


def last_to(opened: Glance, address: str, before_at: datetime) -> Sending | None:
    """The last message that was sent to an address before an instant, or None."""
    quoted = json.dumps(address.casefold(), ensure_ascii=False)
    rows = opened.rows(LAST_TO.format(columns=MESSAGE_COLUMNS), {"before": stored(before_at), "address": quoted})
    return _sending(rows[0]) if rows else None


def holders(opened: Glance) -> list[Holder]:
    """All holders of posts as they are known now, past ones too, in the order they were entered."""
    return [each.holder for each in terms(opened) if each.retired_at is None]


def terms(opened: Glance) -> list[Known]:
    """All holders of posts as they were ever known, in the order they were entered."""
    return [_known(row) for row in opened.rows(TERMS)]


def tries(opened: Glance, message_ids: Iterable[int]) -> list[Try]:
    """Every attempt to send these messages, oldest first."""
    wanted = set(message_ids)
    if not wanted:
        return []
    rows = opened.rows(TRIES, {"first": min(wanted), "last": max(wanted)})
    return [Try(**{**row, "at": instant(row["at"])}) for row in rows if row["message_id"] in wanted]


def decided_of(rows: Iterable[Recorded], department: str) -> Decided:
    """What has been decided of one assignment, as `core.decide` wants it."""
    on_ladder = [row for row in rows if row.rung is not None]
    spoke = [row.slot_at for row in on_ladder if row.verdict is Verdict.NOTIFY and row.receiver == department]
    return Decided(
        marks=frozenset(
            Mark(row.rung or "", row.repeat, row.due_on, row.counted_from, row.receiver) for row in on_ladder
        ),
        newest_slot_at=max((slot_at for slot_at in spoke if slot_at is not None), default=None),
    )


def _recorded(row: dict[str, Any]) -> Recorded:
    return Recorded(
        id=row["notice_id"],
        assignment_id=row["assignment_id"],
        letter=row["row_letter"],
        rung=row["rung"],
        repeat=row["repeat"],
        due_on=date.fromisoformat(row["due_on"]),
        counted_from=date.fromisoformat(row["counted_from"]),
        receiver=row["receiver"],
        role=row["role"],
        to=_words(row["to_roles"]),
        cc=_words(row["cc_roles"]),
        slot_at=instant(row["slot_at"]) if row["slot_at"] else None,
        decided_at=instant(row["decided_at"]),
        verdict=Verdict(row["verdict"]),
        reason=row["reason"],
        dropped=row["dropped"],
        message=_sending(row) if row["id"] is not None else None,
    )


def _sending(row: dict[str, Any]) -> Sending:
    return Sending(
        id=row["id"],
        plan_id=row["plan_id"],
        letter=row["letter"],
        department=row["department"],
        audience=row["audience"],
        state=row["state"],
        sent_at=instant(row["sent_at"]) if row["sent_at"] else None,
        made_at=instant(row["made_at"]) if row["made_at"] else None,
        subject=row["subject"] or "",
        to=tuple(json.loads(row["to"] or "[]")),
        cc=tuple(json.loads(row["cc"] or "[]")),
        trouble=row["trouble"] or "",
        refused=tuple(Refused(*each) for each in json.loads(row["refused"] or "[]")),
    )


def _known(row: dict[str, Any]) -> Known:
    recorded_at, retired_at = (instant(at) if (at := row.pop(name)) else None for name in ("recorded_at", "retired_at"))
    days = {name: _day(row[name]) for name in ("since", "until", "away_since", "away_until")}
    return Known(holder=Holder(**{**row, **days}), recorded_at=recorded_at, retired_at=retired_at)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
