"""The ledger as the auditor reads it: decisions, messages without their bytes, what attempts came to; as values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select

from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared, PreparedIn
from wsyf_scheduler.store.rows import ATTEMPT, EVENT, MESSAGE, NOTICE, split

LADDER = ("start", "reminder", "chaser", "escalation", "briefing")
ROW_COLUMNS = tuple(
    NOTICE.c[name]
    for name in (
        "id", "assignment_id", "message_id", "letter", "rung", "repeat", "due_on", "counted_from", "receiver", "role",
        "to_roles", "cc_roles", "slot_at", "decided_at", "verdict", "reason", "dropped",
    )
)  # fmt: skip
ON_LADDER = NOTICE.c.rung.is_not(None)
ROWS = PreparedIn(
    lambda ids: select(*ROW_COLUMNS).where(NOTICE.c.assignment_id.in_(ids), ON_LADDER).order_by(NOTICE.c.id)
)
ROWS_OF = PreparedIn(lambda ids: select(*ROW_COLUMNS).where(NOTICE.c.message_id.in_(ids)).order_by(NOTICE.c.id))
MAIL_COLUMNS = tuple(
    MESSAGE.c[name]
    for name in (
        "id", "plan_id", "letter", "department", "audience", "state", "queued_at", "sent_at", "to", "cc", "made_at",
        "held_for", "trouble", "again_of",
    )
)  # fmt: skip
MAILS = PreparedIn(lambda ids: select(*MAIL_COLUMNS).where(MESSAGE.c.id.in_(ids)))
PROOFS = PreparedIn(
    lambda ids: select(ATTEMPT.c.message_id, ATTEMPT.c.outcome).where(ATTEMPT.c.message_id.in_(ids)).distinct()
)
DISCARDS = PreparedIn(
    lambda ids: (
        select(EVENT.c.message_id, EVENT.c.at, EVENT.c.who, EVENT.c.why)
        .where(EVENT.c.message_id.in_(ids), EVENT.c.action == "message_discarded")
        .order_by(EVENT.c.id)
    )
)
LETTERS = Prepared(
    select(func.count())
    .select_from(MESSAGE)
    .where(
        MESSAGE.c.state == MessageState.SENT.value,
        or_(*(MESSAGE.c.letter == letter for letter in LADDER)),
        or_(MESSAGE.c.plan_id == bindparam("plan"), bindparam("plan") == ""),
    )
)
ROWLESS = Prepared(
    select(MESSAGE.c.id).where(
        MESSAGE.c.id > bindparam("after"),
        MESSAGE.c.state == MessageState.SENT.value,
        MESSAGE.c.again_of.is_(None),
        or_(*(MESSAGE.c.letter == letter for letter in LADDER)),
        ~select(NOTICE.c.id).where(NOTICE.c.message_id == MESSAGE.c.id).exists(),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the ledger: a decision about one rung and one receiver, and what became of it."""

    id: int
    assignment_id: int
    message_id: int | None
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
    verdict: str
    reason: str
    dropped: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message of the outbox, without its bytes; `to` and `cc` are the addresses it was made for."""

    id: int
    plan_id: str
    letter: str
    department: str
    audience: str
    state: MessageState
    queued_at: datetime
    sent_at: datetime | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    made_at: datetime | None
    held_for: str | None
    trouble: str | None
    again_of: int | None


class Discard(NamedTuple):
    """A message was given up or written off: when, by whom, why."""

    at: datetime
    who: str
    why: str


def lines_about(session: Session, ids: Sequence[int]) -> dict[int, list[Line]]:
    """Every decision about these assignments, by assignment, in the order they were recorded."""
    found: dict[int, list[Line]] = {}
    for row in ROWS.rows(session, ids):
        found.setdefault(row[1], []).append(_line(row))
    return found


def lines_in(session: Session, message_ids: Sequence[int]) -> dict[int, list[Line]]:
    """Every row of these messages, those taken out too."""
    found: dict[int, list[Line]] = {}
    for row in ROWS_OF.rows(session, message_ids):
        found.setdefault(row[2], []).append(_line(row))
    return found


def mails(session: Session, ids: Sequence[int]) -> dict[int, Mail]:
    """These messages, by id; what is gone is left out."""
    return {row[0]: _mail(row) for row in MAILS.rows(session, ids)}


def proofs(session: Session, message_ids: Sequence[int]) -> dict[int, set[str]]:
    """What the attempts to send these messages came to, by message."""
    found: dict[int, set[str]] = {}
    for message_id, outcome in PROOFS.rows(session, message_ids):
        found.setdefault(message_id, set()).add(outcome)
    return found


def discards(session: Session, message_ids: Sequence[int]) -> dict[int, Discard]:
    """Who wrote off these messages, the last time, by message."""
    return {row[0]: Discard(*row[1:]) for row in DISCARDS.rows(session, message_ids)}


def letters(session: Session, plan_id: str | None = None) -> int:
    """How many messages of the ladder were sent, of one plan or of all."""
    return int(LETTERS.value(session, {"plan": plan_id or ""}))


def rowless(session: Session, after: int) -> list[int]:
    """Messages of the ladder that were sent and are about nothing; only those with a higher id than the one given."""
    return [int(row[0]) for row in ROWLESS.rows(session, {"after": after})]


def _line(row: Sequence[Any]) -> Line:
    names = [column.name for column in ROW_COLUMNS]
    values = dict(zip(names, row, strict=True))
    values["to"], values["cc"] = split(values.pop("to_roles")), split(values.pop("cc_roles"))
    return Line(**values)


def _mail(row: Sequence[Any]) -> Mail:
    names = [column.name for column in MAIL_COLUMNS]
    values = dict(zip(names, row, strict=True))
    values["state"] = MessageState(values["state"])
    for name in ("to", "cc"):
        values[name] = tuple(json.loads(values[name] or "[]"))
    return Mail(**values)
