"""The tick that asks for a notice of holidays: from November on once a month, and once when the year has begun.

Imports app, alerts, store. What it queues is an alert to the coordinator, in the hours in which somebody reads it. The
assignments are looked through at most once a day, and not at all where there is nothing to ask for.
"""

from __future__ import annotations

from datetime import date, datetime

from wsyf_scheduler import alerts
from wsyf_scheduler.app import App
from wsyf_scheduler.core.calendar import WorkCalendar, YearStatus, year_in_doubt, years_asked_for
from wsyf_scheduler.store import assignments, facts, outbox
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import alert

LOOKED_ON = "years_looked_on"  # the day the assignments were last looked through in vain


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
        unasked = _unasked(session, today, table.calendar)
        if not unasked or facts.get(session, LOOKED_ON) == today.isoformat():
            return None
        year = year_in_doubt(today, assignments.last_due(session), lambda each: each not in unasked)
    with app.db.begin() as session:
        if year is None:
            facts.put(session, LOOKED_ON, today.isoformat())
        else:
            alert(session, plan_id, now, alerts.year_in_doubt(year, today))
    return year


def _unasked(session: Session, today: date, calendar: WorkCalendar) -> list[int]:
    """The years whose notice should be known by now, is not, and was not asked for yet this month."""
    missing = [year for year in years_asked_for(today) if calendar.years[year].status is not YearStatus.PUBLISHED]
    return [year for year in missing if not outbox.has_dedup(session, alerts.year_in_doubt(year, today).dedup)]
