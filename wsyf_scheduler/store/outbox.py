"""The outbox: deciding writes rows, sending reads them. Claim, commit, send, record, commit; never a transaction over SMTP."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, update

from wsyf_scheduler.core.message import WAITING, Message, MessageState
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import ATTEMPT, MESSAGE, as_json, message

COLUMN = MESSAGE.c
WAITING_STATES = [state.value for state in WAITING]
TROUBLE_STATES = (
    MessageState.RETRY.value,
    MessageState.UNCERTAIN.value,
    MessageState.DISCARDED.value,
    MessageState.HELD.value,
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
    added = session.execute(
        insert(MESSAGE).values(
            plan_id=plan_id,
            letter=letter,
            department=department,
            audience=audience,
            state=MessageState.QUEUED.value,
            in_window=in_window,
            queued_at=now,
            not_before=not_before,
            payload=as_json(payload or {}),
            dedup=dedup,
            attempts=0,
        )
    )
    return int(added.inserted_primary_key[0])


def has_dedup(session: Session, dedup: str) -> bool:
    """Whether a message with this dedup key stands already."""
    return session.execute(select(COLUMN.id).where(COLUMN.dedup == dedup)).first() is not None


def waiting_like(session: Session, *, plan_id: str, letter: str, department: str) -> int | None:
    """The queued message of this kind for this department that a further act may join, or None."""
    query = select(COLUMN.id).where(
        COLUMN.plan_id == plan_id,
        COLUMN.letter == letter,
        COLUMN.department == department,
        COLUMN.state == MessageState.QUEUED.value,
        COLUMN.attempts == 0,
    )
    found = session.execute(query.order_by(COLUMN.id)).scalar()
    return None if found is None else int(found)


def claim_next(session: Session, *, now: datetime, open_plans: Sequence[str], by: str) -> Message | None:
    """Claim the next message that may leave now: its time has come, and its plan's window is open where it needs one."""
    may_leave = or_(COLUMN.in_window.is_(False), COLUMN.plan_id.in_(list(open_plans)))
    query = (
        select(MESSAGE)
        .where(COLUMN.state.in_(WAITING_STATES), COLUMN.not_before <= now, may_leave)
        .order_by(COLUMN.not_before, COLUMN.id)
        .limit(1)
    )
    row = session.execute(query).first()
    if row is None:
        return None
    claimed = session.execute(
        update(MESSAGE)
        .where(COLUMN.id == row.id, COLUMN.state == row.state)
        .values(state=MessageState.SENDING.value, claimed_at=now, claimed_by=by)
    )
    return message(row) if claimed.rowcount == 1 else None


def keep_bytes(  # noqa: PLR0913 - what was made, kept before it is sent
    session: Session,
    message_id: int,
    *,
    header_id: str,
    subject: str,
    to: Sequence[str],
    cc: Sequence[str],
    raw: bytes,
) -> None:
    """Keep the exact bytes and the envelope before they are sent."""
    session.execute(
        update(MESSAGE)
        .where(COLUMN.id == message_id)
        .values(
            message_id=header_id, subject=subject, to=as_json(list(to)), cc=as_json(list(cc)), raw=zlib.compress(raw, 1)
        )
    )


def settle(
    session: Session,
    message_id: int,
    state: MessageState,
    *,
    now: datetime,
    not_before: datetime | None = None,
    trouble: str | None = None,
) -> bool:
    """Record the fate of a claimed message; False where the claim was lost meanwhile."""
    values: dict[str, Any] = {"state": state.value, "claimed_at": None, "claimed_by": None, "trouble": trouble}
    values["sent_at"] = now if state is MessageState.SENT else None
    if not_before is not None:
        values["not_before"] = not_before
    if state is not MessageState.CANCELLED:
        values["attempts"] = COLUMN.attempts + 1
    mine = and_(COLUMN.id == message_id, COLUMN.state == MessageState.SENDING.value)
    return session.execute(update(MESSAGE).where(mine).values(**values)).rowcount == 1


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
    session.execute(
        insert(ATTEMPT).values(
            message_id=message_id,
            at=at,
            phase=phase,
            outcome=outcome,
            code=code,
            text=text,
            refused=as_json([list(item) for item in refused]),
        )
    )


def rescue(session: Session, *, claimed_before: datetime) -> list[int]:
    """Take up again what a dead process had claimed; returns the ids.

    Bytes that were made may have been sent, so such a message is `uncertain` and goes again byte for byte.
    """
    dead = and_(COLUMN.state == MessageState.SENDING.value, COLUMN.claimed_at <= claimed_before)
    rows = session.execute(select(COLUMN.id, COLUMN.raw.is_not(None).label("made")).where(dead)).all()
    for row in rows:
        state = MessageState.UNCERTAIN if row.made else MessageState.QUEUED
        session.execute(
            update(MESSAGE)
            .where(COLUMN.id == row.id, COLUMN.state == MessageState.SENDING.value)
            .values(state=state.value, claimed_at=None, claimed_by=None)
        )
    return [int(row.id) for row in rows]


def next_due(session: Session) -> datetime | None:
    """The nearest moment a waiting message may leave."""
    found: datetime | None = session.execute(
        select(func.min(COLUMN.not_before)).where(COLUMN.state.in_(WAITING_STATES))
    ).scalar()
    return found


def by_id(session: Session, message_id: int) -> Message | None:
    """One message, or None."""
    row = session.execute(select(MESSAGE).where(COLUMN.id == message_id)).first()
    return None if row is None else message(row)


def sent_since(session: Session, message_id: int) -> list[Message]:
    """Messages sent with a higher id than the one given, by id."""
    query = select(MESSAGE).where(COLUMN.id > message_id, COLUMN.state == MessageState.SENT.value).order_by(COLUMN.id)
    return [message(row) for row in session.execute(query)]


def in_trouble(session: Session, plan_id: str) -> list[Message]:
    """Messages of a plan that did not leave as they should: retrying, uncertain, discarded, held."""
    query = select(MESSAGE).where(COLUMN.plan_id == plan_id, COLUMN.state.in_(TROUBLE_STATES)).order_by(COLUMN.id)
    return [message(row) for row in session.execute(query)]
