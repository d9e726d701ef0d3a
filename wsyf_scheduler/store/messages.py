"""Messages looked up, and moved by a guard or by the coordinator: held, released, written off, tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, insert, literal, null, select, update

from wsyf_scheduler.core.message import WAITING, Message, MessageState, may_become
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.outbox import SENDING, WAITING_STATES
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import ATTEMPT, MESSAGE, message

COLUMN = MESSAGE.c
ITEM: BindParameter[Any] = bindparam("item")
WITHOUT_BYTES = [null().label("raw") if column.name == "raw" else column for column in COLUMN]
BY_ID = Prepared(select(MESSAGE).where(COLUMN.id == ITEM))
SENT_SINCE = Prepared(
    select(*WITHOUT_BYTES).where(COLUMN.id > ITEM, COLUMN.state == MessageState.SENT.value).order_by(COLUMN.id)
)
FIRST_UNSENT = Prepared(
    select(func.min(COLUMN.id)).where(
        COLUMN.state.in_([*WAITING_STATES, literal(SENDING), literal(MessageState.HELD.value)])
    )
)
MAYBE_SENT = Prepared(
    select(func.count()).select_from(ATTEMPT).where(ATTEMPT.c.message_id == ITEM, ATTEMPT.c.outcome == "uncertain")
)
MOVE = Prepared(
    update(MESSAGE)
    .where(COLUMN.id == ITEM, COLUMN.state == bindparam("before"))
    .values(
        state=bindparam("after"),
        held_for=bindparam("guard"),
        not_before=bindparam("leaves_at"),
        trouble=bindparam("why"),
        attempts=bindparam("tries"),
    )
)
DEDUPS = Prepared(select(COLUMN.dedup).where(COLUMN.dedup >= bindparam("first"), COLUMN.dedup < bindparam("last")))
FORGET_BEFORE = Prepared(
    update(MESSAGE)
    .where(COLUMN.state == MessageState.SENT.value, COLUMN.sent_at < bindparam("before"), COLUMN.raw.is_not(None))
    .values(raw=None)
)


def by_id(session: Session, message_id: int) -> Message | None:
    """One message, or None."""
    return next((message(row) for row in BY_ID.rows(session, {"item": message_id})), None)


def dedups(session: Session, first: str, last: str) -> list[str]:
    """The dedup keys from `first` to before `last`, of messages whatever their state."""
    return [str(row[0]) for row in DEDUPS.rows(session, {"first": first, "last": last})]


def by_header(session: Session, prefix: str) -> list[int]:
    """The ids of messages whose Message-ID begins with a text (without the angle bracket)."""
    begins = COLUMN.message_id.startswith("<" + prefix.lstrip("<"), autoescape=True)
    return list(session.execute(select(COLUMN.id).where(begins).order_by(COLUMN.id)).scalars())


def sent_since(session: Session, message_id: int) -> list[Message]:
    """Messages sent with a higher id than the one given, by id; without their bytes."""
    return [message(row) for row in SENT_SINCE.rows(session, {"item": message_id})]


def sent_ids(session: Session, message_id: int) -> list[int]:
    """The ids of messages sent, higher than the one given."""
    query = select(COLUMN.id).where(COLUMN.id > message_id, COLUMN.state == MessageState.SENT.value)
    return list(session.execute(query).scalars())


def first_unsent(session: Session) -> int | None:
    """The lowest id of a message that may yet be sent, or None."""
    found: int | None = FIRST_UNSENT.value(session)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which messages are meant: by state, and where given by letter, department, plan, moment of queueing."""

    states: tuple[MessageState, ...]
    letters: tuple[str, ...] = ()
    department: str | None = None
    plan_id: str | None = None
    queued_at: datetime | None = None


def select_all(session: Session, which: Which) -> list[Message]:
    """These messages, by id, without their bytes."""
    query = select(*WITHOUT_BYTES).where(COLUMN.state.in_([state.value for state in which.states]))
    if which.letters:
        query = query.where(COLUMN.letter.in_(which.letters))
    for column, value in (
        (COLUMN.department, which.department),
        (COLUMN.plan_id, which.plan_id),
        (COLUMN.queued_at, which.queued_at),
    ):
        if value is not None:
            query = query.where(column == value)
    return [message(row) for row in session.execute(query.order_by(COLUMN.id))]


def hold(session: Session, item: Message, guard: str) -> bool:
    """Hold a queued message; False where it has left that state meanwhile."""
    return _move(session, item, MessageState.HELD, leaves_at=item.not_before, guard=guard)


def release(session: Session, item: Message, now: datetime) -> bool:
    """Let a held message go."""
    return _move(session, item, MessageState.QUEUED, leaves_at=now)


def discard(session: Session, item: Message) -> bool:
    """Write off a message that has not left, or settle one that reached nobody: what ailed it is no longer shown."""
    written_off = replace(item, trouble=None)
    if item.state is MessageState.DISCARDED:
        return _set(session, written_off, item.state, leaves_at=item.not_before)
    return _move(session, written_off, MessageState.DISCARDED, leaves_at=item.not_before)


def cancel(session: Session, item: Message) -> bool:
    """Call off a queued message that has nothing left to say; False where it has left that state meanwhile."""
    return _move(session, item, MessageState.CANCELLED, leaves_at=item.not_before)


def try_again(session: Session, item: Message, now: datetime) -> bool:
    """Try a message at once: one that waits, or one that was given up (byte for byte, where it may have been sent)."""
    if item.state in WAITING:
        return _set(session, item, item.state, leaves_at=now)
    maybe = item.made_at is not None and MAYBE_SENT.value(session, {"item": item.id}) > 0
    return _move(session, item, MessageState.UNCERTAIN if maybe else MessageState.RETRY, leaves_at=now, tries=0)


def repeat(session: Session, item: Message, now: datetime) -> int:
    """A new message with the bytes, the Message-ID and the readers of one that was sent; returns its id."""
    copied = ("plan_id", "letter", "department", "audience", "message_id", "subject", "to", "cc", "raw", "made_at")
    given: dict[str, Any] = {
        "state": literal(MessageState.QUEUED.value),
        "in_window": literal(value=False),
        "queued_at": literal(now),
        "not_before": literal(now),
        "payload": literal("{}"),
        "attempts": literal(0),
        "again_of": literal(item.id),
        "raw_hash": COLUMN.raw_hash,
        "made_rows": literal(0),
    }
    given |= {name: COLUMN[name] for name in copied}
    rows = select(*given.values()).where(COLUMN.id == item.id)
    session.execute(insert(MESSAGE).from_select(list(given), rows))
    return int(session.execute(select(func.max(COLUMN.id)).where(COLUMN.again_of == item.id)).scalar_one())


def forget_bytes(session: Session, before: datetime) -> int:
    """Let go of the bytes of letters sent before an instant; their hash stays. Returns how many."""
    return FORGET_BEFORE.run(session, {"before": before})


def _move(
    session: Session,
    item: Message,
    after: MessageState,
    *,
    leaves_at: datetime,
    guard: str | None = None,
    tries: int | None = None,
) -> bool:
    assert may_become(item.state, after), (item.state, after)
    return _set(session, item, after, leaves_at=leaves_at, guard=guard, tries=tries)


def _set(
    session: Session,
    item: Message,
    after: MessageState,
    *,
    leaves_at: datetime,
    guard: str | None = None,
    tries: int | None = None,
) -> bool:
    values = {
        "item": item.id,
        "before": item.state.value,
        "after": after.value,
        "guard": guard,
        "leaves_at": leaves_at,
        "why": item.trouble,
        "tries": item.attempts if tries is None else tries,
    }
    return MOVE.run(session, values) == 1
