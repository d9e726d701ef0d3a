"""When rounds of ticks ran: stretches without a longer pause. What was not done in a pause was not forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, select, update

from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import UPTIME

COLUMN = UPTIME.c
LONGEST_PAUSE = timedelta(minutes=3)  # between two rounds of one stretch; a sweep comes every minute
EXTEND = Prepared(
    update(UPTIME)
    .where(
        COLUMN.id == select(func.max(COLUMN.id)).scalar_subquery(),
        COLUMN.host == bindparam("here"),
        COLUMN.to_at >= bindparam("not_before"),
        COLUMN.to_at <= bindparam("now"),
    )
    .values(to_at=bindparam("now"))
)
ADD = Prepared(insert(UPTIME))
ALL = Prepared(select(COLUMN.from_at, COLUMN.to_at).order_by(COLUMN.from_at, COLUMN.id))


class Stretch(NamedTuple):
    """Rounds ran from an instant to another, both included."""

    from_at: datetime
    to_at: datetime


def seen(session: Session, now: datetime, host: str) -> None:
    """A round of ticks ran at `now`: the last stretch grows, or after a pause or on another host a new one begins."""
    if EXTEND.run(session, {"here": host, "not_before": now - LONGEST_PAUSE, "now": now}) == 0:
        ADD.run(session, {"from_at": now, "to_at": now, "host": host})


def stretches(session: Session) -> list[Stretch]:
    """Every stretch by its beginning; where the clock was set back, they may overlap."""
    return [Stretch(*row) for row in ALL.rows(session)]
