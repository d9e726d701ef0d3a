"""The outbox: deciding writes rows, sending reads them: claim, commit, send, record, commit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, func, insert, literal, null, or_, select, update

from wsyf_scheduler.core.message import WAITING, Message, MessageState
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared, PreparedIn
from wsyf_scheduler.store.rows import ATTEMPT, MESSAGE, as_json, message

COLUMN = MESSAGE.c
SENDING = MessageState.SENDING.value
WAITING_STATES = [literal(state.value) for state in WAITING]
TROUBLE_STATES = [
    state.value for state in (MessageState.RETRY, MessageState.UNCERTAIN, MessageState.DISCARDED, MessageState.HELD)
]

QUEUE = Prepared(insert(MESSAGE).returning(COLUMN.id))
BY_DEDUP = Prepared(select(COLUMN.id).where(COLUMN.dedup == bindparam("key")))
LIKE = Prepared(
    select(func.min(COLUMN.id)).where(
        COLUMN.plan_id == bindparam("of_plan"),
        COLUMN.letter == bindparam("of_letter"),
        COLUMN.department == bindparam("to_department"),
        COLUMN.state == MessageState.QUEUED.value,
        COLUMN.attempts == 0,
    )
)
LEAVING = PreparedIn(
    lambda open_plans: (
        select(MESSAGE)
        .where(
            COLUMN.state.in_(WAITING_STATES),
            COLUMN.not_before <= bindparam("now"),
            or_(COLUMN.in_window.is_(False), COLUMN.plan_id.in_(open_plans)),
        )
        .order_by(COLUMN.not_before, COLUMN.id)
        .limit(bindparam("most"))
    )
)
NO_PLAN = ("",)
CLAIM = Prepared(
    update(MESSAGE)
    .where(COLUMN.id == bindparam("item"), COLUMN.state == bindparam("before"))
    .values(state=SENDING, claimed_at=bindparam("now"), claimed_by=bindparam("by"))
)
KEEP = Prepared(
    update(MESSAGE)
    .where(COLUMN.id == bindparam("item"))
    .values(
        message_id=bindparam("header_id"),
        subject=bindparam("about"),
        to=bindparam("to_list"),
        cc=bindparam("cc_list"),
        raw=bindparam("bytes"),
        made_at=bindparam("now"),
        made_rows=bindparam("row_count"),
    )
)
SETTLE = Prepared(
    update(MESSAGE)
    .where(COLUMN.id == bindparam("item"), COLUMN.state == SENDING)
    .values(
        state=bindparam("after"),
        claimed_at=None,
        claimed_by=None,
        sent_at=bindparam("done_at"),
        not_before=bindparam("again_at"),
        trouble=bindparam("why"),
        attempts=COLUMN.attempts + bindparam("tried"),
    )
)
UNCLAIM = Prepared(
    update(MESSAGE)
    .where(COLUMN.id == bindparam("item"), COLUMN.state == SENDING)
    .values(state=bindparam("after"), claimed_at=None, claimed_by=None)
)
FORGET = Prepared(update(MESSAGE).where(COLUMN.id == bindparam("item")).values(raw=None, made_at=None, made_rows=None))
ADD_ATTEMPT = Prepared(insert(ATTEMPT))
NEXT_DUE = Prepared(select(func.min(COLUMN.not_before)).where(COLUMN.state.in_(WAITING_STATES)))
BY_ID = Prepared(select(MESSAGE).where(COLUMN.id == bindparam("item")))
WITHOUT_BYTES = [null().label("raw") if column.name == "raw" else column for column in COLUMN]
SENT_SINCE = Prepared(
    select(*WITHOUT_BYTES)
    .where(COLUMN.id > bindparam("item"), COLUMN.state == MessageState.SENT.value)
    .order_by(COLUMN.id)
)
FIRST_UNSENT = Prepared(select(func.min(COLUMN.id)).where(COLUMN.state.in_([*WAITING_STATES, literal(SENDING)])))
IN_TROUBLE = (
    select(MESSAGE).where(COLUMN.plan_id == bindparam("of_plan"), COLUMN.state.in_(TROUBLE_STATES)).order_by(COLUMN.id)
)


def queue(  # noqa: PLR0913 - one message has so many facts
    session: Session,
    *,
    plan_id: str,
    letter: str,
    department: str,
    audience: str,
    in_window: bool,
    now: datetime,
    not_before: datetime,
    payload: dict[str, object] | None = None,
    dedup: str | None = None,
) -> int | None:
    """Add a message; returns its id, or None where one with this dedup key stands already."""
    if dedup is not None and has_dedup(session, dedup):
        return None
    row = {
        "plan_id": plan_id,
        "letter": letter,
        "department": department,
        "audience": audience,
        "state": MessageState.QUEUED.value,
        "in_window": in_window,
        "queued_at": now,
        "not_before": not_before,
        "payload": as_json(payload) if payload else "{}",
        "dedup": dedup,
        "attempts": 0,
    }
    return int(QUEUE.value(session, row))


def has_dedup(session: Session, dedup: str) -> bool:
    """Whether a message with this dedup key stands already."""
    return BY_DEDUP.value(session, {"key": dedup}) is not None


def waiting_like(session: Session, *, plan_id: str, letter: str, department: str) -> int | None:
    """The queued message of this kind for this department that a further act may join, or None."""
    wanted = {"of_plan": plan_id, "of_letter": letter, "to_department": department}
    found = LIKE.value(session, wanted)
    return None if found is None else int(found)


def leaving(session: Session, *, now: datetime, open_plans: Sequence[str], most: int) -> list[Message]:
    """Messages that may leave now, oldest first: their time has come, and the window is open where they need it."""
    rows = LEAVING.rows(session, open_plans or NO_PLAN, {"now": now, "most": most})
    found = {row[0]: row for row in rows}  # once, where so many plans are open that it is said in several goes
    messages = sorted((message(row) for row in found.values()), key=lambda each: (each.not_before, each.id))
    return messages[:most]


def claim(session: Session, items: Iterable[Message], *, now: datetime, by: str) -> None:
    """Take messages for this process, in the transaction that found them."""
    values = [{"item": item.id, "before": item.state.value, "now": now, "by": by} for item in items]
    CLAIM.run_all(session, values)


def keep_bytes(  # noqa: PLR0913 - what was made, kept before it is sent
    session: Session,
    message_id: int,
    *,
    header_id: str,
    subject: str,
    to: Sequence[str],
    cc: Sequence[str],
    raw: bytes,
    rows: int,
    now: datetime,
) -> None:
    """Keep the exact bytes and the envelope before they are sent."""
    values = {
        "item": message_id,
        "header_id": header_id,
        "about": subject,
        "to_list": as_json(list(to)),
        "cc_list": as_json(list(cc)),
        "bytes": zlib.compress(raw, 1),
        "row_count": rows,
        "now": now,
    }
    KEEP.run(session, values)


def settle(
    session: Session,
    message_id: int,
    state: MessageState,
    *,
    now: datetime,
    again_at: datetime,
    trouble: str | None = None,
    tried: bool = True,
) -> bool:
    """Record the fate of a claimed message; False where the claim was lost meanwhile."""
    values = {
        "item": message_id,
        "after": state.value,
        "done_at": now if state is MessageState.SENT else None,
        "again_at": again_at,
        "why": trouble,
        "tried": int(tried),
    }
    return SETTLE.run(session, values) == 1


def unclaim(session: Session, items: Iterable[Message]) -> None:
    """Give back claimed messages that were not tried, as they were before."""
    for item in items:
        UNCLAIM.run(session, {"item": item.id, "after": item.state.value})
        if item.state is MessageState.QUEUED:
            FORGET.run(session, {"item": item.id})


def add_attempt(
    session: Session,
    message_id: int,
    *,
    at: datetime,
    phase: str,
    outcome: str,
    code: int,
    text: str,
    refused: Iterable[tuple[str, int, str]],
) -> None:
    """Add one attempt to the ledger."""
    attempt = {
        "message_id": message_id,
        "at": at,
        "phase": phase,
        "outcome": outcome,
        "code": code,
        "text": text,
        "refused": as_json([list(item) for item in refused]),
    }
    ADD_ATTEMPT.run(session, attempt)


def rescue(session: Session) -> list[int]:
    """Take up again what a dead process had claimed; returns the ids. Only for who holds the right to send.

    Bytes that were made may have been sent, so such a message is `uncertain` and goes again byte for byte.
    """
    claimed = select(COLUMN.id, COLUMN.raw.is_not(None).label("made")).where(COLUMN.state == SENDING)
    rows = session.execute(claimed).all()
    for row in rows:
        state = MessageState.UNCERTAIN if row.made else MessageState.QUEUED
        UNCLAIM.run(session, {"item": row.id, "after": state.value})
    return [int(row.id) for row in rows]


def postpone(session: Session, until: datetime) -> None:
    """Let nothing that waits leave before an instant: the server refused the login."""
    waiting = and_(COLUMN.state.in_(WAITING_STATES), COLUMN.not_before < until)
    session.execute(update(MESSAGE).where(waiting).values(not_before=until))


def next_due(session: Session) -> datetime | None:
    """The nearest moment a waiting message may leave."""
    found: datetime | None = NEXT_DUE.value(session)
    return found


def by_id(session: Session, message_id: int) -> Message | None:
    """One message, or None."""
    return next((message(row) for row in BY_ID.rows(session, {"item": message_id})), None)


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


def in_trouble(session: Session, plan_id: str) -> list[Message]:
    """Messages of a plan that did not leave as they should: retrying, uncertain, discarded, held."""
    return [message(row) for row in session.execute(IN_TROUBLE, {"of_plan": plan_id})]
