"""Decisions and rows of messages: recorded once, read back as what was decided and who was told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from wsyf_scheduler.core.decide import Decided, Mark, Verdict
from wsyf_scheduler.core.grouping import Notice
from wsyf_scheduler.core.message import WAITING, MessageRow
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import MESSAGE, NOTICE, as_json, message_row, words

COLUMN = NOTICE.c
WAITING_STATES = [state.value for state in WAITING]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """One row of a message that was sent: to which addresses, when, and for whom."""

    assignment_id: int
    notice_id: int
    letter: str
    audience: str
    role: str
    due_on: date
    receiver: str
    to_roles: str
    cc_roles: str
    sent_at: datetime
    message_id: int


def decided(session: Session, ids: Sequence[int]) -> dict[int, Decided]:
    """What has been decided of each assignment; those with nothing are left out."""
    query = select(
        COLUMN.assignment_id,
        COLUMN.rung,
        COLUMN.repeat,
        COLUMN.due_on,
        COLUMN.counted_from,
        COLUMN.receiver,
        COLUMN.role,
        COLUMN.verdict,
        COLUMN.slot_at,
    ).where(COLUMN.assignment_id.in_(list(ids)), COLUMN.rung.is_not(None))
    marks: dict[int, set[Mark]] = {}
    newest: dict[int, datetime] = {}
    for item_id, rung, repeat, due_on, counted_from, receiver, role, verdict, slot_at in session.execute(query):
        marks.setdefault(item_id, set()).add(Mark(rung, repeat, due_on, counted_from, receiver))
        if verdict == Verdict.NOTIFY and role == "lead" and slot_at is not None:
            newest[item_id] = max(slot_at, newest.get(item_id, slot_at))
    return {item_id: Decided(marks=frozenset(found), newest_slot_at=newest.get(item_id)) for item_id, found in marks.items()}


def record(session: Session, notices: Iterable[Notice], message_id: int | None, now: datetime) -> None:
    """Record decisions; one that was recorded before is ignored, as the dedup key demands."""
    values = [_values(notice, message_id, now) for notice in notices]
    if values:
        postgres = session.dialect.name == "postgresql"
        statement: Any = postgresql_insert(NOTICE) if postgres else sqlite_insert(NOTICE)
        session.execute(statement.on_conflict_do_nothing(), values)


def _values(notice: Notice, message_id: int | None, now: datetime) -> dict[str, Any]:
    return {
        "assignment_id": notice.assignment_id,
        "message_id": message_id,
        "letter": notice.letter,
        "rung": notice.rung,
        "repeat": notice.repeat,
        "due_on": notice.due_on,
        "counted_from": notice.counted_from,
        "receiver": notice.receiver,
        "role": notice.role,
        "to_roles": words(notice.to),
        "cc_roles": words(notice.cc),
        "slot_at": notice.slot_at,
        "decided_at": now,
        "verdict": notice.verdict.value,
        "reason": notice.reason,
        "dropped": None,
        "detail": "{}",
    }


def add_row(  # noqa: PLR0913 - one row has so many facts
    session: Session,
    *,
    message_id: int,
    assignment_id: int,
    letter: str,
    due_on: date,
    receiver: str,
    to: Iterable[str],
    cc: Iterable[str],
    detail: dict[str, str],
    now: datetime,
) -> None:
    """Add one row of a letter off the ladder (receipt, change, digest, alert)."""
    session.execute(
        sqlite_insert(NOTICE).values(
            assignment_id=assignment_id,
            message_id=message_id,
            letter=letter,
            rung=None,
            repeat=0,
            due_on=due_on,
            counted_from=due_on,
            receiver=receiver,
            role="lead",
            to_roles=words(to),
            cc_roles=words(cc),
            slot_at=None,
            decided_at=now,
            verdict=Verdict.NOTIFY.value,
            reason="act",
            dropped=None,
            detail=as_json(detail),
        )
    )


def supersede_queued(session: Session, assignment_ids: Sequence[int], before: datetime) -> None:
    """Take rows of rungs with an earlier slot out of messages that still wait: a newer rung was decided."""
    waiting = select(MESSAGE.c.id).where(MESSAGE.c.state.in_(WAITING_STATES))
    session.execute(
        update(NOTICE)
        .where(
            COLUMN.assignment_id.in_(list(assignment_ids)),
            COLUMN.rung.is_not(None),
            COLUMN.role == "lead",
            COLUMN.slot_at < before,
            COLUMN.dropped.is_(None),
            COLUMN.message_id.in_(waiting),
        )
        .values(verdict=Verdict.SUPERSEDED.value, dropped="newer-rung")
    )


def rows_of(session: Session, message_id: int) -> list[MessageRow]:
    """The rows of a message that were not taken out, in the order they were added."""
    query = select(NOTICE).where(COLUMN.message_id == message_id, COLUMN.dropped.is_(None)).order_by(COLUMN.id)
    return [message_row(row) for row in session.execute(query)]


def drop(session: Session, notice_ids: Sequence[int], why: str) -> None:
    """Take rows out of their message before it is sent."""
    session.execute(update(NOTICE).where(COLUMN.id.in_(list(notice_ids))).values(dropped=why))


def earlier(session: Session, assignment_ids: Sequence[int]) -> list[Earlier]:
    """Every row about these assignments that was sent, oldest first."""
    query = (
        select(
            COLUMN.assignment_id,
            COLUMN.id,
            COLUMN.letter,
            MESSAGE.c.audience,
            COLUMN.role,
            COLUMN.due_on,
            COLUMN.receiver,
            COLUMN.to_roles,
            COLUMN.cc_roles,
            MESSAGE.c.sent_at,
            MESSAGE.c.id.label("outbox_id"),
        )
        .join(MESSAGE, COLUMN.message_id == MESSAGE.c.id)
        .where(COLUMN.assignment_id.in_(list(assignment_ids)), MESSAGE.c.state == "sent", COLUMN.dropped.is_(None))
        .order_by(MESSAGE.c.sent_at, COLUMN.id)
    )
    return [
        Earlier(
            assignment_id=row.assignment_id,
            notice_id=row.id,
            letter=row.letter,
            audience=row.audience,
            role=row.role,
            due_on=row.due_on,
            receiver=row.receiver,
            to_roles=row.to_roles,
            cc_roles=row.cc_roles,
            sent_at=row.sent_at,
            message_id=row.outbox_id,
        )
        for row in session.execute(query)
    ]


def count(session: Session) -> int:
    """How many decisions stand recorded."""
    return int(session.execute(select(func.count()).select_from(NOTICE)).scalar_one())
