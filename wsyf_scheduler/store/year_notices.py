"""Notices of holidays as the office imported them, one a year: what goes over the packages (RULES.md §2)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from wsyf_scheduler.core.calendar import YearNotice
from wsyf_scheduler.store import facts
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.glance import year_notice
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import YEAR_NOTICE, as_json

COLUMN = YEAR_NOTICE.c
ALL = Prepared(select(COLUMN.year, COLUMN.days, COLUMN.source).order_by(COLUMN.year))
ADD = Prepared(insert(YEAR_NOTICE))
REMOVE = Prepared(delete(YEAR_NOTICE).where(COLUMN.year == bindparam("of_year")))


def all_of(session: Session) -> dict[int, YearNotice]:
    """Every notice, by year."""
    return {row[0]: year_notice(*row) for row in ALL.rows(session)}


def put(session: Session, notice: YearNotice, *, at: datetime, who: str) -> None:
    """Keep a notice in the place of the one of its year; every process reads the calendar anew (facts.CALENDAR)."""
    days = {
        "off": sorted(day.isoformat() for day in notice.off),
        "working": sorted(day.isoformat() for day in notice.working),
        "names": {day.isoformat(): name for day, name in notice.names.items()},
    }
    REMOVE.run(session, {"of_year": notice.year})
    row = {"year": notice.year, "days": as_json(days), "source": notice.source, "imported_at": at, "who": who}
    ADD.run(session, row)
    facts.put(session, facts.CALENDAR, _mark(session))


def _mark(session: Session) -> str:
    """Names what the notices say: the same days, the same mark."""
    said = [tuple(row)[:2] for row in ALL.rows(session)]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
