"""The tick that asks for a notice of holidays: from November on once a month, and once when the year has begun.

Imports app, alerts, store. What it queues is an alert to the coordinator, in the hours in which somebody reads it.
"""

from __future__ import annotations

from datetime import datetime

from wsyf_scheduler import alerts
from wsyf_scheduler.app import App
from wsyf_scheduler.core.calendar import YearStatus, year_in_doubt
from wsyf_scheduler.store import assignments, outbox
from wsyf_scheduler.telling import alert


def run(app: App, now: datetime) -> int | None:
    """Alert the coordinator of the first plan; returns the year that lacks its notice, None where nothing is to say."""
    with app.db.read() as session:
        plans = app.plans(session)
        if not plans:
            return None
        plan_id, tracked = next(iter(plans.items()))
        table = tracked.table
        if not table.hours.is_open(now, table.calendar):
            return None
        today = table.hours.day_of(now)
        days = table.calendar.years
        year = year_in_doubt(
            today, assignments.last_due(session), lambda each: days[each].status is YearStatus.PUBLISHED
        )
        if year is None:
            return None
        what = alerts.year_in_doubt(year, today)
        if outbox.has_dedup(session, what.dedup):
            return None
    with app.db.begin() as session:
        alert(session, plan_id, now, what)
    return year
