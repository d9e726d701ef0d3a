"""The tables of what the database knows of itself and of time: regimes, year notices, uptime, the trail, facts.

As store.tables, with which they share one metadata.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, MetaData, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(SQLModel):
    """All tables share one metadata with named constraints, which migrations need."""

    metadata = MetaData(naming_convention=NAMING)


def long_text(*, nullable: bool = False) -> Any:
    """A column of text of any length."""
    return Column(Text, nullable=nullable)


class Regime(Base, table=True):
    """Ladder, sending hours and working days as they were in force from `since_at` until the next row."""

    __tablename__ = "regime"

    id: int | None = Field(default=None, primary_key=True)
    fingerprint: str
    since_at: datetime
    content: str = Field(sa_column=long_text())


class YearNotice(Base, table=True):
    """The working days of one year as the office imported them: a JSON object of `off` and `working` days.

    A later import of the same year takes its place; the trail and the regimes keep what was in force before.
    """

    __tablename__ = "year_notice"

    year: int = Field(primary_key=True)
    days: str = Field(sa_column=long_text())
    source: str = Field(sa_column=long_text())
    imported_at: datetime
    who: str


class Uptime(Base, table=True):
    """A stretch of time in which rounds of ticks ran without a longer pause, on which host."""

    __tablename__ = "uptime"

    id: int | None = Field(default=None, primary_key=True)
    from_at: datetime
    to_at: datetime
    host: str


class Event(Base, table=True):
    """One change: who, when, what, from which state to which, and why. Only ever added to.

    The events of a plan form a chain (`chain` is the plan's id, or empty for the office's own): `seq` counts from 1,
    and `hash` covers the event and the hash before it, so that a changed, missing or reordered row is found.
    """

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("chain", "seq"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    who: str
    action: str
    plan_id: str | None = None
    assignment_id: int | None = Field(default=None, foreign_key="assignment.id", index=True)
    message_id: int | None = Field(default=None, foreign_key="message.id")
    from_state: str | None = None
    to_state: str | None = None
    why: str = Field(sa_column=long_text())
    detail: str = Field(sa_column=long_text())
    chain: str
    seq: int
    hash: str


class Figure(Base, table=True):
    """One figure handed in with an assignment: an industry, a data year, a measure, an integer or a quotient as text.

    A correction retires the row and adds another, so that the old value is kept; `source` is the paper it came from.
    `confirmed_at`: said to be final after its year had ended, where it was handed in before.
    """

    __tablename__ = "figure"
    __table_args__ = (
        Index(
            "uq_figure_current",
            "assignment_id",
            "industry",
            "year",
            "measure",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
        Index("ix_figure_plan_id", "plan_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str
    assignment_id: int = Field(foreign_key="assignment.id")
    industry: str
    year: int
    measure: str
    value: str
    given_at: datetime
    who: str
    source: str = Field(sa_column=long_text())
    why: str = Field(sa_column=long_text())
    confirmed_at: datetime | None = None
    retired_at: datetime | None = None


class ChainHead(Base, table=True):
    """The last event of a chain, so that one missing at its end is found too."""

    __tablename__ = "chain_head"

    chain: str = Field(primary_key=True)
    seq: int
    hash: str


class Fact(Base, table=True):
    """One thing the database knows of itself: whether it is a rehearsal, its last tick, the regime's fingerprint."""

    __tablename__ = "fact"

    name: str = Field(primary_key=True)
    value: str = Field(sa_column=long_text())
