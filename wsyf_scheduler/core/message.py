"""One message of the outbox and its states, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class MessageState(StrEnum):
    """Where a message of the outbox stands."""

    QUEUED = "queued"  # waits to be sent
    SENDING = "sending"  # claimed by a process
    SENT = "sent"  # the server took it
    RETRY = "retry"  # certainly not sent; waits for another try
    UNCERTAIN = "uncertain"  # maybe sent: the connection broke after the final dot; sent again byte for byte
    DISCARDED = "discarded"  # refused for good or given up
    CANCELLED = "cancelled"  # nothing was left to say
    SUPERSEDED = "superseded"  # newer rungs took the place of all its rows
    HELD = "held"  # waits for the coordinator


WAITING = (MessageState.QUEUED, MessageState.RETRY, MessageState.UNCERTAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; `payload` holds what is no row (an alert's lines).

    `raw` are the exact bytes, made at `made_at` from `made_rows` rows; `trouble` says why it did not leave.
    """

    id: int
    plan_id: str
    letter: str
    department: str
    audience: str
    state: MessageState
    in_window: bool
    queued_at: datetime
    not_before: datetime
    payload: dict[str, object]
    attempts: int = 0
    sent_at: datetime | None = None
    message_id: str | None = None
    subject: str | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    raw: bytes | None = None
    made_at: datetime | None = None
    made_rows: int | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One row of a message: the assignment it is about and what was decided; `detail` says what happened to it."""

    notice_id: int
    assignment_id: int
    rung: str | None
    repeat: int
    due_on: date
    receiver: str
    role: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    slot_at: datetime | None
    detail: dict[str, str]
