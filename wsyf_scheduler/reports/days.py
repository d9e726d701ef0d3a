"""One day as the calendar has it, and how a rung came to its day: counted from where, over which days off.

Pure; imports core.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.calendar import ONE_DAY, WorkCalendar, YearStatus
from wsyf_scheduler.core.ladder import CalendarDays, Every, Landing, Start, Timetable, WorkingDays

WEEKEND = 5  # Saturday, as weekday() counts


class DayKind(StrEnum):
    """What kind of day it is."""

    WORKING = "working"
    MAKE_UP = "make-up"  # a weekend day worked in exchange for a holiday
    WEEKEND = "weekend"
    HOLIDAY = "holiday"  # a weekday not worked


class Rule(StrEnum):
    """How a rung counts to its day."""

    START = "start"  # the first slot once the period has begun and tracking too
    CALENDAR_DAYS = "calendar-days"  # so many days from the due day, rolled back
    WORKING_DAYS = "working-days"  # so many working days from the due day
    EVERY = "every"  # so many working days after the rung before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day: its kind, how sure that is, and the sending window, None where it stays shut."""

    on: date
    kind: DayKind
    status: YearStatus
    opens_at: datetime | None
    shuts_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a rung came to `on`: `n` days by `rule` from `base`, to `nominal_on`, passing over the days `skipped`.

    `skipped` are days off in the order they were met; with rolling back, `nominal_on` is the first of them. `made_up`
    are weekend days on the way that were worked, and counted.
    """

    rule: Rule
    n: int
    base: date
    nominal_on: date
    on: date
    skipped: tuple[date, ...]
    made_up: tuple[date, ...] = ()


def day_of(on: date, table: Timetable) -> Day:
    """What the calendar says of a day."""
    calendar, hours = table.calendar, table.hours
    working = calendar.is_working(on)
    shuts_at = datetime.combine(on, hours.send_until, hours.zone)
    return Day(
        on=on,
        kind=_kind(on, calendar),
        status=calendar.years[on.year].status,
        opens_at=hours.slot(on).astimezone(hours.zone) if working else None,
        shuts_at=shuts_at if working else None,
    )


def _kind(on: date, calendar: WorkCalendar) -> DayKind:
    if calendar.is_working(on):
        return DayKind.MAKE_UP if calendar.is_make_up(on) else DayKind.WORKING
    return DayKind.WEEKEND if on.weekday() >= WEEKEND else DayKind.HOLIDAY


def way_of(landing: Landing, item: Assignment, table: Timetable) -> Way:
    """How a landing of this assignment came to its day (RULES.md §2, §3)."""
    calendar, when = table.calendar, landing.rung.when
    match when:
        case Start():
            begun_at = max(table.hours.midnight(item.begins_on), item.tracked_from)
            base = table.hours.day_of(begun_at)
            return _way(Rule.START, 0, base, base, landing, _off(base, landing.on, calendar))
        case CalendarDays(n):
            nominal_on = landing.nominal_on
            skipped = _off(nominal_on, landing.on, calendar)
            return _way(Rule.CALENDAR_DAYS, n, landing.counted_from, nominal_on, landing, skipped)
        case WorkingDays(n):
            base = landing.counted_from
            skipped = _off(base, landing.on, calendar)[not calendar.is_working(base) :]
            return _way(Rule.WORKING_DAYS, n, base, landing.on, landing, skipped, _made_up(base, landing.on, calendar))
        case Every(n):
            base = calendar.nth(landing.on, -n)
            skipped, made_up = _off(base, landing.on, calendar), _made_up(base, landing.on, calendar)
            return _way(Rule.EVERY, n, base, landing.on, landing, skipped, made_up)
        case _:
            assert_never(when)


def _way(
    rule: Rule,
    n: int,
    base: date,
    nominal_on: date,
    landing: Landing,
    skipped: tuple[date, ...],
    made_up: tuple[date, ...] = (),
) -> Way:
    return Way(rule=rule, n=n, base=base, nominal_on=nominal_on, on=landing.on, skipped=skipped, made_up=made_up)


def _off(first: date, last: date, calendar: WorkCalendar) -> tuple[date, ...]:
    """The days off from one day to another, both ends included, in that direction."""
    return tuple(day for day in _between(first, last) if not calendar.is_working(day))


def _made_up(first: date, last: date, calendar: WorkCalendar) -> tuple[date, ...]:
    """The make-up working days from one day to another, the first not counted, in that direction."""
    return tuple(day for day in _between(first, last) if day != first and calendar.is_make_up(day))


def _between(first: date, last: date) -> Iterator[date]:
    step = ONE_DAY if last >= first else -ONE_DAY
    return (first + index * step for index in range(abs((last - first).days) + 1))
