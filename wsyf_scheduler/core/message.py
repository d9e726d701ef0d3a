"""One message of the outbox and its states, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class MessageState(StrEnum):
    """Where a message of the outbox stands."""

    QUEUED = "queued"  # waits to be sent
    SENDING = "sending"  # claimed by a process
    SENT = "sent"  # the server took it
    RETRY = "retry"  # certainly not sent to those who still are to get it; waits for another try
    UNCERTAIN = "uncertain"  # maybe sent: the connection broke after the final dot; sent again byte for byte
    DISCARDED = "discarded"  # refused for good, given up, or written off by the coordinator
    CANCELLED = "cancelled"  # nothing was left to say
    SUPERSEDED = "superseded"  # newer rungs took the place of all its rows
    HELD = "held"  # waits for the coordinator


WAITING = (MessageState.QUEUED, MessageState.RETRY, MessageState.UNCERTAIN)

# From each state to the states a message may take next, and what brings it there; docs/delivery.md draws it.
TRANSITIONS: dict[MessageState, dict[MessageState, str]] = {
    MessageState.QUEUED: {
        MessageState.SENDING: "claimed",
        MessageState.HELD: "guard",
        MessageState.DISCARDED: "written off",
        MessageState.CANCELLED: "act taken back",
    },
    MessageState.SENDING: {
        MessageState.SENT: "server said yes",
        MessageState.RETRY: "certainly not sent",
        MessageState.UNCERTAIN: "no answer after the final dot, or a crash",
        MessageState.DISCARDED: "refused for good, or given up",
        MessageState.CANCELLED: "no row left",
        MessageState.SUPERSEDED: "newer rungs took every row",
        MessageState.QUEUED: "given back untried",
    },
    MessageState.RETRY: {MessageState.SENDING: "claimed", MessageState.DISCARDED: "written off"},
    MessageState.UNCERTAIN: {MessageState.SENDING: "claimed", MessageState.DISCARDED: "written off"},
    MessageState.HELD: {MessageState.QUEUED: "released", MessageState.DISCARDED: "written off"},
    MessageState.DISCARDED: {
        MessageState.RETRY: "tried again",
        MessageState.UNCERTAIN: "tried again, maybe sent before",
    },
    MessageState.SENT: {},
    MessageState.CANCELLED: {},
    MessageState.SUPERSEDED: {},
}


def may_become(before: MessageState, after: MessageState) -> bool:
    """Whether the table has this transition."""
    return after in TRANSITIONS[before]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; `payload` holds what is no row (an alert's lines).

    `raw` are the exact bytes, made at `made_at` from `made_rows` rows; `trouble` says why it did not leave. `taken` are
    the recipients a server has taken it for, and when, while others are still owed it; `held_for` says which guard
    holds it; `again_of` names the sent message it repeats byte for byte.
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
    taken: dict[str, datetime] = field(default_factory=dict)
    held_for: str | None = None
    again_of: int | None = None


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
