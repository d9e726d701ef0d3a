"""Decisions and rows of messages: recorded once, read back as what was decided and who was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from wsyf_scheduler.core.decide import Decided, Mark, Verdict
from wsyf_scheduler.core.grouping import Notice
from wsyf_scheduler.core.message import WAITING, MessageRow, MessageState
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared, PreparedIn
from wsyf_scheduler.store.rows import MESSAGE, MESSAGE_ROW, NOTICE, as_json, message_row, words

COLUMN = NOTICE.c
NEWER_RUNG = "newer-rung"  # why a row was taken out: a newer rung speaks instead
WAITING_STATES = [state.value for state in WAITING]

DECIDED = PreparedIn(
    lambda ids: select(
        COLUMN.assignment_id,
        COLUMN.rung,
        COLUMN.repeat,
        COLUMN.due_on,
        COLUMN.counted_from,
        COLUMN.receiver,
        COLUMN.role,
        COLUMN.verdict,
        COLUMN.slot_at,
    ).where(COLUMN.assignment_id.in_(ids), COLUMN.rung.is_not(None))
)
ADD_ROW = Prepared(insert(NOTICE))
UNSENT_STATES = [*WAITING_STATES, MessageState.HELD.value]  # what a guard holds gives way to newer rungs, too
WAITING_MESSAGES = select(MESSAGE.c.id).where(or_(*(MESSAGE.c.state == state for state in UNSENT_STATES)))
ANY_WAITING = Prepared(WAITING_MESSAGES.limit(1))
SUPERSEDE = Prepared(
    update(NOTICE)
    .where(
        COLUMN.assignment_id == bindparam("item"),
        COLUMN.rung.is_not(None),
        COLUMN.role == "lead",
        COLUMN.slot_at < bindparam("before"),
        COLUMN.dropped.is_(None),
        COLUMN.message_id.in_(WAITING_MESSAGES),
    )
    .values(verdict=Verdict.SUPERSEDED.value, dropped=NEWER_RUNG)
)
ROWS_OF = PreparedIn(
    lambda ids: (
        select(COLUMN.message_id, *MESSAGE_ROW)
        .where(COLUMN.message_id.in_(ids), COLUMN.dropped.is_(None))
        .order_by(COLUMN.id)
    )
)
REPLACE = Prepared(
    update(NOTICE)
    .where(
        COLUMN.message_id == bindparam("message"),
        COLUMN.assignment_id == bindparam("item"),
        COLUMN.dropped.is_(None),
    )
    .values(dropped="newer-act")
)
REPLACED = Prepared(
    select(COLUMN.detail).where(
        COLUMN.message_id == bindparam("message"),
        COLUMN.assignment_id == bindparam("item"),
        COLUMN.dropped.is_(None),
    )
)
NEWEST = PreparedIn(
    lambda ids: (
        select(COLUMN.assignment_id, func.max(COLUMN.slot_at))
        .where(
            COLUMN.assignment_id.in_(ids),
            COLUMN.rung.is_not(None),
            COLUMN.role == "lead",
            COLUMN.verdict == Verdict.NOTIFY.value,
        )
        .group_by(COLUMN.assignment_id)
    )
)
GIVE_WAY = Prepared(
    update(NOTICE).where(COLUMN.id == bindparam("notice")).values(verdict=Verdict.SUPERSEDED.value, dropped=NEWER_RUNG)
)
MOVE = Prepared(update(NOTICE).where(COLUMN.id == bindparam("notice")).values(message_id=bindparam("to_message")))
DROP = Prepared(update(NOTICE).where(COLUMN.id == bindparam("notice")).values(dropped=bindparam("why")))
EARLIER = PreparedIn(
    lambda ids: (
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
            COLUMN.slot_at,
        )
        .join(MESSAGE, COLUMN.message_id == MESSAGE.c.id)
        .where(COLUMN.assignment_id.in_(ids), MESSAGE.c.state == "sent", COLUMN.dropped.is_(None))
        .order_by(MESSAGE.c.sent_at, COLUMN.id)
    )
)


class Earlier(NamedTuple):
    """One row of a message that was sent: about what, of which kind, for whom, and when."""

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
    slot_at: datetime | None


def decided(session: Session, ids: Sequence[int]) -> dict[int, Decided]:
    """What has been decided of each assignment; those with nothing are left out."""
    marks: dict[int, set[Mark]] = {}
    newest: dict[int, datetime] = {}
    rows = DECIDED.rows(session, ids)
    for item_id, rung, repeat, due_on, counted_from, receiver, role, verdict, slot_at in rows:
        marks.setdefault(item_id, set()).add(Mark(rung, repeat, due_on, counted_from, receiver))
        if verdict == Verdict.NOTIFY and role == "lead" and slot_at is not None:
            newest[item_id] = max(slot_at, newest.get(item_id, slot_at))
    return {
        item_id: Decided(marks=frozenset(found), newest_slot_at=newest.get(item_id)) for item_id, found in marks.items()
    }


def record(session: Session, notices: Iterable[Notice], message_id: int | None, now: datetime) -> None:
    """Record decisions; one that was recorded before is ignored, as the dedup key demands."""
    values = [_values(notice, message_id, now) for notice in notices]
    _record(session.dialect.name).run_all(session, values)


@cache
def _record(dialect: str) -> Prepared:
    """Insert or ignore, as each database says it; the one that is not ours is not loaded."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return Prepared(postgresql_insert(NOTICE).on_conflict_do_nothing())
    return Prepared(sqlite_insert(NOTICE).on_conflict_do_nothing())


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
    row = {
        "assignment_id": assignment_id,
        "message_id": message_id,
        "letter": letter,
        "rung": None,
        "repeat": 0,
        "due_on": due_on,
        "counted_from": due_on,
        "receiver": receiver,
        "role": "lead",
        "to_roles": words(to),
        "cc_roles": words(cc),
        "slot_at": None,
        "decided_at": now,
        "verdict": Verdict.NOTIFY.value,
        "reason": "act",
        "dropped": None,
        "detail": as_json(detail),
    }
    ADD_ROW.run(session, row)


def replace_rows(session: Session, message_id: int, assignment_id: int) -> list[dict[str, str]]:
    """Take earlier rows about an assignment out of a message that waits: the last act speaks. Returns their details."""
    which = {"message": message_id, "item": assignment_id}
    details = [json.loads(row[0]) for row in REPLACED.rows(session, which)]
    REPLACE.run(session, which)
    return details


def supersede_queued(session: Session, newer: Iterable[tuple[int, datetime]]) -> None:
    """Take rows of rungs with an earlier slot out of messages that still wait: (assignment, newer slot) each."""
    values = [{"item": item_id, "before": before} for item_id, before in newer]
    if values and ANY_WAITING.value(session) is not None:
        SUPERSEDE.run_all(session, values)


def rows_of(session: Session, message_ids: Sequence[int]) -> dict[int, list[MessageRow]]:
    """The rows of messages that were not taken out, by message, in the order they were added."""
    found: dict[int, list[MessageRow]] = {message_id: [] for message_id in message_ids}
    for message_id, *row in ROWS_OF.rows(session, message_ids):
        found[message_id].append(message_row(row))
    return found


def newest_slots(session: Session, assignment_ids: Sequence[int]) -> dict[int, datetime]:
    """The slot of the newest rung that was decided to speak, by assignment."""
    return {row[0]: row[1] for row in NEWEST.rows(session, assignment_ids)}


def drop(session: Session, dropped: Iterable[tuple[int, str]]) -> None:
    """Take rows out of their message before it is sent: (notice, why) each."""
    found = list(dropped)
    GIVE_WAY.run_all(session, [{"notice": notice_id} for notice_id, why in found if why == NEWER_RUNG])
    DROP.run_all(session, [{"notice": notice_id, "why": why} for notice_id, why in found if why != NEWER_RUNG])


def move(session: Session, rows: Iterable[MessageRow], message_id: int) -> None:
    """Let rows stand in another message, which is made in the place of the one they stood in."""
    MOVE.run_all(session, [{"notice": row.notice_id, "to_message": message_id} for row in rows])


def earlier(session: Session, assignment_ids: Sequence[int]) -> dict[int, list[Earlier]]:
    """Every row about these assignments that was sent, by assignment, oldest first."""
    found: dict[int, list[Earlier]] = {item_id: [] for item_id in assignment_ids}
    for row in EARLIER.rows(session, assignment_ids):
        found[row[0]].append(Earlier._make(row))
    return found
