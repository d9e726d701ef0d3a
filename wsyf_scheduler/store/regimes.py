"""Ladder, hours and calendar as they were in force, and from when on: what a past day is judged by."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, insert, select

from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import ASSIGNMENT, REGIME

COLUMN = REGIME.c
ADD = Prepared(insert(REGIME))
ALL = Prepared(select(COLUMN.since_at, COLUMN.content).order_by(COLUMN.since_at, COLUMN.id))
LATEST = Prepared(select(COLUMN.content).order_by(COLUMN.id.desc()).limit(1))
REACH = Prepared(
    select(func.min(ASSIGNMENT.c.tracked_from), func.min(ASSIGNMENT.c.period_begins_on), func.max(ASSIGNMENT.c.due_on))
)


class Kept(NamedTuple):
    """One regime as it was kept: `content` is what `audit.regime` made of it."""

    since_at: datetime
    content: str


def add(session: Session, *, fingerprint: str, since_at: datetime, content: str) -> None:
    """Keep a regime that is in force from an instant on."""
    ADD.run(session, {"fingerprint": fingerprint, "since_at": since_at, "content": content})


def latest(session: Session) -> str | None:
    """The content of the regime kept last, or None."""
    found = LATEST.value(session)
    return None if found is None else str(found)


def all_of(session: Session) -> list[Kept]:
    """Every regime, oldest first."""
    return [Kept(*row) for row in ALL.rows(session)]


def years(session: Session, now: datetime) -> range:
    """The years the tracked plans touch, and those around now: a ladder climbs into the year after the due day."""
    tracked_at, begins_on, due_on = REACH.rows(session)[0]
    days: list[date] = [now.date(), *([tracked_at.date(), begins_on, due_on] if tracked_at is not None else [])]
    return range(min(days).year - 1, max(days).year + 2)
