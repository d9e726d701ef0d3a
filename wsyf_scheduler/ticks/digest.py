"""The tick of the digests: the coordinator's every week, the leaders' every month where set (RULES.md §4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.core.calendar import Hours, WorkCalendar
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES
from wsyf_scheduler.store import holds, outbox, plans
from wsyf_scheduler.store.db import Session


@dataclass(frozen=True, slots=True)
class _Reader:
    role: str
    department: str
    since: date
    slot_at: datetime

    def key(self, plan_id: str) -> str:
        """Once for each reader and week or month."""
        return f"digest:{plan_id}:{self.role}/{self.department}:{self.since}"


def run(app: App, now: datetime) -> int:
    """Queue the digests whose slot has come; returns how many. None while the queue is held."""
    with app.db.read() as session:
        if holds.get(session) is not None:
            return 0
        wanted = [
            (plan_id, reader)
            for plan_id, tracked in app.plans(session).items()
            for reader in _due(app, session, now, plan_id, tracked)
        ]
    if not wanted:
        return 0
    with app.db.begin() as session:
        return sum(_queue(session, now, plan_id, reader) for plan_id, reader in wanted)


def next_at(app: App, session: Session, now: datetime) -> datetime | None:
    """The next moment a digest is due after `now`."""
    found = []
    for tracked in app.plans(session).values():
        hours, calendar = tracked.table.hours, tracked.table.calendar
        monday = hours.day_of(now) - timedelta(days=hours.day_of(now).weekday())
        for week in range(8):
            slot_at = week_slot(hours, calendar, monday + timedelta(weeks=week))
            if slot_at is not None and slot_at > now:
                found.append(slot_at)
                break
        if app.config.monthly_digests:
            found.append(_month_slot(hours, calendar, _next_month(hours.day_of(now))))
    return min(found, default=None)


def week_slot(hours: Hours, calendar: WorkCalendar, monday: date) -> datetime | None:
    """The first slot of a week, or None where the week has no working day."""
    for offset in range(7):
        if calendar.is_working(monday + timedelta(days=offset)):
            return hours.slot(monday + timedelta(days=offset))
    return None


def _month_slot(hours: Hours, calendar: WorkCalendar, first: date) -> datetime:
    return hours.slot(calendar.first_on_or_after(first))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _due(app: App, session: Session, now: datetime, plan_id: str, tracked: TrackedPlan) -> list[_Reader]:
    hours, calendar = tracked.table.hours, tracked.table.calendar
    if not hours.is_open(now, calendar):
        return []
    since_at = plans.first_synced_at(session, plan_id)
    readers = [
        reader
        for reader in _readers(app, tracked, hours.day_of(now))
        if since_at is not None and since_at <= reader.slot_at <= now
    ]
    return [reader for reader in readers if not outbox.has_dedup(session, reader.key(plan_id))]


def _readers(app: App, tracked: TrackedPlan, today: date) -> Iterator[_Reader]:
    hours, calendar = tracked.table.hours, tracked.table.calendar
    monday = today - timedelta(days=today.weekday())
    slot_at = week_slot(hours, calendar, monday)
    if slot_at is not None:
        yield _Reader("coordinator", "", monday, slot_at)
    first = today.replace(day=1)
    for role in app.config.monthly_digests:
        departments = [each.id for each in tracked.plan.departments] if role in DEPARTMENT_ROLES else [""]
        for department in departments:
            yield _Reader(role, department, first, _month_slot(hours, calendar, first))


def _queue(session: Session, now: datetime, plan_id: str, reader: _Reader) -> bool:
    message_id = outbox.queue(
        session,
        plan_id=plan_id,
        letter="digest",
        department=reader.department,
        audience=reader.role,
        in_window=True,
        now=now,
        not_before=now,
        dedup=reader.key(plan_id),
    )
    return message_id is not None
