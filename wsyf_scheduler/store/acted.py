"""What people did, as the trail has it, and the rows of letters their acts queued: for undo, and who comes second."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select, update

from wsyf_scheduler.core.message import MessageRow, MessageState
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared, PreparedIn
from wsyf_scheduler.store.rows import EVENT, MESSAGE, MESSAGE_ROW, NOTICE, message_row

UNDONE = "act_undone"
TOLD = "undone"  # in the detail of UNDONE: the id, the action and the instant of the event it took back
TAKEN_BACK = "taken-back"  # why a row was taken out of its message
NEWER_ACT = "newer-act"
BY_HAND = "asked-for"  # a reminder's row that `wsyf remind` asked for says so in its detail
WORDLESS = ("assignment_noted", "assignment_reminded")  # they change nothing of the assignment
UNSENT = tuple(
    state.value
    for state in (
        MessageState.QUEUED,
        MessageState.SENDING,
        MessageState.RETRY,
        MessageState.UNCERTAIN,
        MessageState.HELD,
    )
)
COLUMNS = tuple(EVENT.c[name] for name in ("id", "at", "who", "action", "assignment_id", "why", "detail"))

LAST_CHANGE = Prepared(
    select(EVENT.c.at, EVENT.c.who, EVENT.c.action)
    .where(EVENT.c.assignment_id == bindparam("item"), *(EVENT.c.action != action for action in WORDLESS))
    .order_by(EVENT.c.id.desc())
    .limit(1)
)
BY = Prepared(
    select(*COLUMNS)
    .where(EVENT.c.who == bindparam("by"), EVENT.c.id < bindparam("before"), EVENT.c.message_id.is_(None))
    .order_by(EVENT.c.id.desc())
    .limit(bindparam("most"))
)
ABOUT = PreparedIn(
    lambda ids: (
        select(*COLUMNS)
        .where(EVENT.c.assignment_id.in_(ids), EVENT.c.id > bindparam("after"))
        .order_by(EVENT.c.id.desc())
    )
)
ROWS = PreparedIn(
    lambda ids: (
        select(
            NOTICE.c.id,
            NOTICE.c.assignment_id,
            NOTICE.c.message_id,
            NOTICE.c.letter,
            MESSAGE.c.state,
            MESSAGE.c.sent_at,
        )
        .join(MESSAGE, NOTICE.c.message_id == MESSAGE.c.id)
        .where(
            NOTICE.c.assignment_id.in_(ids),
            NOTICE.c.rung.is_(None),
            NOTICE.c.decided_at == bindparam("at"),
            or_(NOTICE.c.dropped.is_(None), NOTICE.c.dropped != TAKEN_BACK),
        )
        .order_by(NOTICE.c.id)
    )
)
TAKE_BACK = Prepared(update(NOTICE).where(NOTICE.c.id == bindparam("notice")).values(dropped=TAKEN_BACK))
REPLACED = Prepared(
    select(func.max(NOTICE.c.id)).where(
        NOTICE.c.message_id == bindparam("message"),
        NOTICE.c.assignment_id == bindparam("item"),
        NOTICE.c.id < bindparam("notice"),
        NOTICE.c.dropped == NEWER_ACT,
    )
)
STAND = Prepared(update(NOTICE).where(NOTICE.c.id == bindparam("notice")).values(dropped=None))
STANDING = Prepared(
    select(func.count())
    .select_from(NOTICE)
    .where(NOTICE.c.message_id == bindparam("message"), NOTICE.c.dropped.is_(None))
)
REMINDED = PreparedIn(
    lambda ids: (
        select(NOTICE.c.assignment_id, MESSAGE.c.id, MESSAGE.c.state, MESSAGE.c.sent_at, NOTICE.c.rung)
        .join(MESSAGE, NOTICE.c.message_id == MESSAGE.c.id)
        .where(
            NOTICE.c.assignment_id.in_(ids),
            NOTICE.c.letter == "reminder",
            NOTICE.c.dropped.is_(None),
            or_(MESSAGE.c.sent_at >= bindparam("since"), *(MESSAGE.c.state == state for state in UNSENT)),
        )
        .order_by(MESSAGE.c.id)
    )
)
ASKED_FOR = Prepared(
    select(NOTICE.c.id, NOTICE.c.assignment_id, NOTICE.c.message_id, MESSAGE.c.department)
    .join(MESSAGE, NOTICE.c.message_id == MESSAGE.c.id)
    .where(
        MESSAGE.c.plan_id == bindparam("plan"),
        MESSAGE.c.letter == "reminder",
        MESSAGE.c.state == MessageState.QUEUED.value,
        NOTICE.c.rung.is_(None),
        NOTICE.c.dropped.is_(None),
    )
    .order_by(NOTICE.c.id)
)
PUT_INTO = Prepared(update(NOTICE).where(NOTICE.c.id == bindparam("notice")).values(message_id=bindparam("to_message")))
SENT_SINCE = PreparedIn(
    lambda ids: (
        select(NOTICE.c.assignment_id, MESSAGE.c.letter, MESSAGE.c.sent_at, NOTICE.c.rung)
        .join(MESSAGE, NOTICE.c.message_id == MESSAGE.c.id)
        .where(NOTICE.c.assignment_id.in_(ids), NOTICE.c.dropped.is_(None), MESSAGE.c.sent_at >= bindparam("since"))
        .order_by(MESSAGE.c.sent_at)
    )
)


WAITING_ROWS = Prepared(
    select(MESSAGE.c.id, MESSAGE.c.letter, *MESSAGE_ROW)
    .select_from(NOTICE)
    .join(MESSAGE, NOTICE.c.message_id == MESSAGE.c.id)
    .where(
        NOTICE.c.assignment_id == bindparam("item"),
        NOTICE.c.dropped.is_(None),
        or_(NOTICE.c.rung.is_not(None), NOTICE.c.letter == "reminder"),
        or_(*(MESSAGE.c.state == state for state in UNSENT)),
    )
    .order_by(MESSAGE.c.id)
)
NOT_BEFORE = Prepared(select(MESSAGE.c.not_before).where(MESSAGE.c.id == bindparam("message")))


class Deed(NamedTuple):
    """Who did what, and when."""

    at: datetime
    who: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One event of somebody's, about an assignment or about none."""

    id: int
    at: datetime
    who: str
    action: str
    assignment_id: int | None
    why: str
    detail: dict[str, Any]

    @property
    def deed(self) -> Deed:
        """Who did what, and when."""
        return Deed(self.at, self.who, self.action)

    @property
    def undoes(self) -> int | None:
        """The id of the event this one took back."""
        return int(self.detail[TOLD]["id"]) if self.action == UNDONE else None


class Queued(NamedTuple):
    """A row of a letter that an act queued, and what has become of the letter."""

    notice_id: int
    assignment_id: int
    message_id: int
    letter: str
    state: MessageState
    sent_at: datetime | None


class Reminded(NamedTuple):
    """A reminder about an assignment that was sent, or waits; of the ladder where it has a rung."""

    assignment_id: int
    message_id: int
    state: MessageState
    sent_at: datetime | None
    rung: str | None


class AskedFor(NamedTuple):
    """A row that `wsyf remind` asked for and that still waits."""

    notice_id: int
    assignment_id: int
    message_id: int
    department: str


def last_change(session: Session, assignment_id: int) -> Deed | None:
    """The last thing that was done to an assignment; notes and reminders aside."""
    return next((Deed(*row) for row in LAST_CHANGE.rows(session, {"item": assignment_id})), None)


def by(session: Session, who: str, *, before: int, most: int) -> list[Act]:
    """Somebody's events with a lower id than `before`, newest first; those about mail aside."""
    return [_act(row) for row in BY.rows(session, {"by": who, "before": before, "most": most})]


def about(session: Session, assignment_ids: Sequence[int], *, after: int) -> list[Act]:
    """Every event about these assignments with a higher id than `after`, newest first."""
    return [_act(row) for row in ABOUT.rows(session, assignment_ids, {"after": after})]


def _act(row: Sequence[Any]) -> Act:
    event_id, at, who, action, assignment_id, why, detail = row
    return Act(
        id=event_id,
        at=at,
        who=who,
        action=action,
        assignment_id=assignment_id,
        why=why,
        detail=json.loads(detail),
    )


def rows_of(session: Session, assignment_ids: Sequence[int], at: datetime) -> list[Queued]:
    """The rows an act of that instant queued about these assignments; those taken back aside."""
    found = ROWS.rows(session, assignment_ids, {"at": at})
    return [Queued(row[0], row[1], row[2], row[3], MessageState(row[4]), row[5]) for row in found]


def take_back(session: Session, row: Queued) -> bool:
    """Take a row out of its message, and let the one it had replaced stand again; whether the message says any more."""
    TAKE_BACK.run(session, {"notice": row.notice_id})
    wanted = {"message": row.message_id, "item": row.assignment_id, "notice": row.notice_id}
    earlier = REPLACED.value(session, wanted)
    if earlier is not None:
        STAND.run(session, {"notice": earlier})
    return int(STANDING.value(session, {"message": row.message_id})) > 0


def reminded(session: Session, assignment_ids: Sequence[int], since: datetime) -> list[Reminded]:
    """The reminders about these assignments that went since an instant, or still wait."""
    found = REMINDED.rows(session, assignment_ids, {"since": since})
    return [Reminded(row[0], row[1], MessageState(row[2]), row[3], row[4]) for row in found]


def asked_for(session: Session, plan_id: str) -> list[AskedFor]:
    """The rows of a plan's reminders that `wsyf remind` asked for and that still wait."""
    return [AskedFor(*row) for row in ASKED_FOR.rows(session, {"plan": plan_id})]


def put_into(session: Session, row: AskedFor, message_id: int) -> None:
    """Let a row stand in another message."""
    PUT_INTO.run(session, {"notice": row.notice_id, "to_message": message_id})


def waiting_rows(session: Session, assignment_id: int) -> list[tuple[int, str, MessageRow]]:
    """Message, letter and row of every reminder, chaser … about an assignment that has not left yet."""
    rows = WAITING_ROWS.rows(session, {"item": assignment_id})
    return [(row[0], row[1], message_row(row[2:])) for row in rows]


def not_before(session: Session, message_id: int) -> datetime | None:
    """When a message may leave at the earliest."""
    found: datetime | None = NOT_BEFORE.value(session, {"message": message_id})
    return found


def sent_since(
    session: Session, assignment_ids: Sequence[int], since: datetime, *, ladder_only: bool
) -> list[tuple[int, str, datetime]]:
    """Assignment, letter and instant of what was sent about these assignments since an instant, oldest first.

    `ladder_only`: of the ladder's letters alone.
    """
    rows = SENT_SINCE.rows(session, assignment_ids, {"since": since})
    return [(row[0], row[1], row[2]) for row in rows if not ladder_only or row[3] is not None]
