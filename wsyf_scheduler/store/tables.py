"""The tables, as SQLModel classes. They do not validate: values come from core, and the database forbids the rest.

Instants are stored in UTC; days as dates; lists as JSON text, so that SQLite and PostgreSQL serve alike.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.store.records import Base, long_text

__all__ = ["Assignment", "Attempt", "Base", "Message", "NoticeRow", "Person", "PlanVersion", "RefusedAddress"]

STATES = ", ".join(f"'{state.value}'" for state in State)
MESSAGE_STATES = ", ".join(f"'{state.value}'" for state in MessageState)


class PlanVersion(Base, table=True):
    """One version of a plan as it was synced: the exact texts of its files, as JSON by file name."""

    __tablename__ = "plan_version"
    __table_args__ = (UniqueConstraint("plan_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str = Field(index=True)
    version: int
    title: str
    zone: str
    texts: str = Field(sa_column=long_text())
    synced_at: datetime
    who: str


class Assignment(Base, table=True):
    """One department, one due date (责任事项); `next_attention_at` is when a tick must look at it.

    `origin` is the key it came from: what begot a follow-up, or what it took over from another department.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("plan_id", "key"),
        CheckConstraint(f"state IN ({STATES})", name="state"),
        Index("ix_assignment_next_attention_at", "next_attention_at"),
        Index("ix_assignment_key", "key"),
    )

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str
    key: str
    period: str
    period_begins_on: date
    number: str
    part: str
    department: str
    kind: str
    title: str
    text: str = Field(sa_column=long_text())
    position: int
    due_on: date
    original_due_on: date | None = None
    file_due_on: date
    due_basis: str
    support: str = Field(sa_column=long_text())
    data_year: int | None = None
    form: str | None = None
    after: str | None = None
    hand_in: str = Field(sa_column=long_text())
    state: str
    held: bool
    muted_until: date | None = None
    closed_on: date | None = None
    tracked_from: datetime
    ladder_from: datetime
    counted_from: date | None = None
    sequence: int = 0
    root_id: str
    next_attention_at: datetime | None = None
    origin: str | None = None


class Message(Base, table=True):
    """One message of the outbox, from queued to its fate.

    `raw` is the exact bytes, zlib-compressed, `raw_hash` their SHA-256, which stays when the bytes are let go.
    `taken` names the recipients a server has taken it for while others are still owed it, as JSON: address to instant.
    `held_for` says why it is held, `again_of` which sent message it repeats.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(f"state IN ({MESSAGE_STATES})", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
        CheckConstraint("(state = 'sending') = (claimed_at IS NOT NULL)", name="claimed_at"),
        CheckConstraint("(claimed_at IS NULL) = (claimed_by IS NULL)", name="claimed_by"),
        CheckConstraint("(state = 'held') = (held_for IS NOT NULL)", name="held_for"),
        CheckConstraint("state NOT IN ('sent', 'uncertain') OR raw_hash IS NOT NULL", name="raw_hash"),
        Index("ix_message_state_not_before", "state", "not_before"),
        Index("ix_message_plan_id_letter_department", "plan_id", "letter", "department"),
    )

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str
    letter: str
    department: str
    audience: str
    state: str
    in_window: bool
    queued_at: datetime
    not_before: datetime
    dedup: str | None = Field(default=None, unique=True)
    payload: str = Field(sa_column=long_text())
    attempts: int = 0
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    message_id: str | None = None
    subject: str | None = Field(default=None, sa_column=long_text(nullable=True))
    to: str | None = Field(default=None, sa_column=long_text(nullable=True))
    cc: str | None = Field(default=None, sa_column=long_text(nullable=True))
    raw: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    made_at: datetime | None = None
    made_rows: int | None = None
    trouble: str | None = Field(default=None, sa_column=long_text(nullable=True))
    raw_hash: str | None = None
    taken: str | None = Field(default=None, sa_column=long_text(nullable=True))
    held_for: str | None = None
    again_of: int | None = Field(default=None, foreign_key="message.id")


class NoticeRow(Base, table=True):
    """One decision about one rung and one receiver, or one row of a receipt, change or digest (then `rung` is null).

    The dedup key lets the database forbid a second decision; null rungs stand outside it. `dropped` says why a row
    was taken out of its message before it was sent.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint(
            "assignment_id", "rung", "repeat", "due_on", "counted_from", "receiver", name="uq_notice_dedup"
        ),
        Index("ix_notice_message_id", "message_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id", index=True)
    message_id: int | None = Field(default=None, foreign_key="message.id")
    letter: str
    rung: str | None = None
    repeat: int = 0
    due_on: date
    counted_from: date
    receiver: str
    role: str
    to_roles: str
    cc_roles: str
    slot_at: datetime | None = None
    decided_at: datetime
    verdict: str
    reason: str
    dropped: str | None = None
    detail: str = Field(sa_column=long_text())


class Attempt(Base, table=True):
    """One try to send a message: the phase reached, the server's code and text, and what can have happened."""

    __tablename__ = "attempt"

    id: int | None = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id", index=True)
    at: datetime = Field(index=True)
    phase: str
    outcome: str
    code: int
    text: str = Field(sa_column=long_text())
    refused: str = Field(sa_column=long_text())


class Person(Base, table=True):
    """One holder of a post, from when to when (`since`, `until`), as the office knew it from when to when.

    A change keeps the row and sets `retired_at`, so that who held a post on a past day, as it was known then, can be
    told; only rows not retired are in force.
    """

    __tablename__ = "person"

    id: int | None = Field(default=None, primary_key=True)
    role: str
    department: str
    name: str
    email: str
    phone: str
    since: date | None = None
    until: date | None = None
    deputy: str = ""
    away_since: date | None = None
    away_until: date | None = None
    recorded_at: datetime | None = None
    retired_at: datetime | None = None


class RefusedAddress(Base, table=True):
    """An address a server refused for good, in lower case, until it is mended; whoever reads there cannot be told."""

    __tablename__ = "refused_address"

    address: str = Field(primary_key=True)
    since_at: datetime
    code: int
    text: str = Field(sa_column=long_text())
    message_id: int | None = Field(default=None, foreign_key="message.id")
