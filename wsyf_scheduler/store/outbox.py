"""The outbox: deciding writes rows, sending reads them: claim, commit, send, record, commit.

Every change of state is guarded by the state before it (and by whose claim it is), and stands in core.message's table.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, Boolean, bindparam, false, func, insert, literal, or_, select, update

from wsyf_scheduler.core.message import WAITING, Message, MessageState, may_become
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared, PreparedIn
from wsyf_scheduler.store.rows import ATTEMPT, MESSAGE, as_json, message

COLUMN = MESSAGE.c
ITEM: BindParameter[Any] = bindparam("item")
BY: BindParameter[Any] = bindparam("by")
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
        COLUMN.again_of.is_(None),  # what repeats a sent letter goes byte for byte
    )
)
LEAVING = PreparedIn(
    lambda open_plans: (
        select(MESSAGE)
        .where(
            COLUMN.state == bindparam("waiting"),
            COLUMN.not_before <= bindparam("now"),
            or_(COLUMN.in_window == false(), COLUMN.plan_id.in_(open_plans)),
            or_(COLUMN.letter == "alert", bindparam("all_letters", type_=Boolean)),
        )
        .order_by(COLUMN.not_before, COLUMN.id)
        .limit(bindparam("most"))
    )
)
NO_PLAN = ("",)
BY_HAND = datetime(9999, 1, 1, tzinfo=UTC)  # when what waits for `wsyf outbox retry` would leave by itself
CLAIM = Prepared(
    update(MESSAGE)
    .where(COLUMN.id == ITEM, COLUMN.state == bindparam("before"))
    .values(state=SENDING, claimed_at=bindparam("now"), claimed_by=BY)
)
KEEP = Prepared(
    update(MESSAGE)
    .where(COLUMN.id == ITEM)
    .values(
        message_id=bindparam("header_id"),
        subject=bindparam("about"),
        to=bindparam("to_list"),
        cc=bindparam("cc_list"),
        raw=bindparam("bytes"),
        raw_hash=bindparam("bytes_hash"),
        made_at=bindparam("now"),
        made_rows=bindparam("row_count"),
        taken=None,
    )
)
SETTLE = Prepared(
    update(MESSAGE)
    .where(COLUMN.id == ITEM, COLUMN.state == SENDING, COLUMN.claimed_by == BY)
    .values(
        state=bindparam("after"),
        claimed_at=None,
        claimed_by=None,
        sent_at=bindparam("done_at"),
        not_before=bindparam("again_at"),
        trouble=bindparam("why"),
        taken=bindparam("taken_by"),
        attempts=COLUMN.attempts + bindparam("tried"),
    )
)
UNCLAIM = Prepared(
    update(MESSAGE)
    .where(COLUMN.id == ITEM, COLUMN.state == SENDING)
    .values(state=bindparam("after"), not_before=bindparam("again_at"), claimed_at=None, claimed_by=None)
)
FORGET = Prepared(
    update(MESSAGE)
    .where(COLUMN.id == ITEM, COLUMN.state != MessageState.SENT.value)
    .values(raw=None, raw_hash=None, made_at=None, made_rows=None, taken=None)
)
CLAIMED = Prepared(
    select(COLUMN.id, COLUMN.plan_id, COLUMN.raw_hash, COLUMN.not_before, COLUMN.claimed_by).where(
        COLUMN.state == SENDING
    )
)
ADD_ATTEMPT = Prepared(insert(ATTEMPT))
TRIED_SINCE = Prepared(
    select(func.count()).select_from(ATTEMPT).where(ATTEMPT.c.at > bindparam("since"), ATTEMPT.c.at <= bindparam("now"))
)
NEXT_DUE = Prepared(select(func.min(COLUMN.not_before)).where(COLUMN.state.in_(WAITING_STATES)))
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
    found = LIKE.value(session, {"of_plan": plan_id, "of_letter": letter, "to_department": department})
    return None if found is None else int(found)


def leaving(
    session: Session,
    *,
    now: datetime,
    open_plans: Sequence[str],
    most: int,
    alerts_only: bool = False,
) -> list[Message]:
    """Messages that may leave now, oldest first: their time has come, and the window is open where they need it.

    Each state is asked for by itself: then the index gives them in order, and what waits behind `most` is not read.
    """
    found: dict[int, Sequence[Any]] = {}  # by id: once, where so many plans are open that it is said in several goes
    for state in WAITING:
        values = {"now": now, "most": most, "waiting": state.value, "all_letters": not alerts_only}
        found |= {row[0]: row for row in LEAVING.rows(session, open_plans or NO_PLAN, values)}
    messages = sorted((message(row) for row in found.values()), key=lambda each: (each.not_before, each.id))
    return messages[:most]


def claim(session: Session, items: Iterable[Message], *, now: datetime, by: str) -> list[Message]:
    """Take messages for this process; returns those it got, each as it was before."""
    return [item for item in items if _claim(session, item, now, by)]


def _claim(session: Session, item: Message, now: datetime, by: str) -> bool:
    assert may_become(item.state, MessageState.SENDING), item.state
    return CLAIM.run(session, {"item": item.id, "before": item.state.value, "now": now, "by": by}) == 1


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
        "bytes_hash": hashlib.sha256(raw).hexdigest(),
        "row_count": rows,
        "now": now,
    }
    KEEP.run(session, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a claimed message: its state, when it may be tried again, and why it did not leave.

    `sent_at` stands with SENT alone; `taken` names who has it while others are still owed it; `tried` counts an
    attempt; `anew` lets go of the bytes, so that the message is made again for whoever is next.
    """

    state: MessageState
    again_at: datetime
    trouble: str | None = None
    sent_at: datetime | None = None
    taken: Mapping[str, datetime] | None = None
    tried: bool = True
    anew: bool = False


def settle(session: Session, message_id: int, fate: Fate, *, by: str) -> bool:
    """Record the fate of a message claimed by `by`; False where the claim was lost meanwhile."""
    assert may_become(MessageState.SENDING, fate.state), fate.state
    values = {
        "item": message_id,
        "by": by,
        "after": fate.state.value,
        "done_at": fate.sent_at,
        "again_at": fate.again_at,
        "why": fate.trouble,
        "taken_by": as_json(dict(fate.taken)) if fate.taken else None,
        "tried": int(fate.tried),
    }
    settled = SETTLE.run(session, values) == 1
    if settled and fate.anew:
        FORGET.run(session, {"item": message_id})
    return settled


def unclaim(session: Session, items: Iterable[Message]) -> None:
    """Give back claimed messages that were not tried, as they were before."""
    for item in items:
        UNCLAIM.run(session, {"item": item.id, "after": item.state.value, "again_at": item.not_before})
        if item.state is MessageState.QUEUED:
            FORGET.run(session, {"item": item.id})


def add_attempts(session: Session, attempts: Sequence[Mapping[str, Any]]) -> None:
    """Add attempts to the ledger: message_id, at, phase, outcome, code, text, refused (address, code, text) each."""
    ADD_ATTEMPT.run_all(session, [{**each, "refused": as_json(each["refused"])} for each in attempts])


def tried_since(session: Session, since: datetime, now: datetime) -> int:
    """How many attempts the ledger has after an instant, up to now: a clock that ran ahead has left later ones."""
    return int(TRIED_SINCE.value(session, {"since": since, "now": now}))


def rescue(
    session: Session, *, resend_uncertain: bool, spare: Callable[[str], bool]
) -> list[tuple[int, str, MessageState]]:
    """Take up again what a dead process had claimed; returns id, plan and new state of each.

    Only for who holds the right to send. `spare` says of a process whether it lives, and will settle its claims. Bytes
    that were made may have been sent, so such a message is `uncertain` and goes again byte for byte; without
    `resend_uncertain` only by hand.
    """
    found = []
    for message_id, plan_id, raw_hash, not_before, claimed_by in CLAIMED.rows(session):
        if spare(claimed_by):
            continue
        state = MessageState.QUEUED if raw_hash is None else MessageState.UNCERTAIN
        waits = state is MessageState.UNCERTAIN and not resend_uncertain
        again_at = BY_HAND if waits else not_before
        UNCLAIM.run(session, {"item": message_id, "after": state.value, "again_at": again_at})
        found.append((int(message_id), str(plan_id), state))
    return found


def next_due(session: Session) -> datetime | None:
    """The nearest moment a waiting message may leave."""
    found: datetime | None = NEXT_DUE.value(session)
    return found


def in_trouble(session: Session, plan_id: str) -> list[Message]:
    """Messages of a plan that did not leave as they should: retrying, uncertain, discarded, held."""
    return [message(row) for row in session.execute(IN_TROUBLE, {"of_plan": plan_id})]
