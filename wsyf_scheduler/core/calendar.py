"""Working days, roll back, the sending window and its slots (RULES.md §2). Pure; the table of days is handed in.

Days are `date` in the plan's zone and named `*_on`; instants are aware UTC datetimes and named `*_at`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

ONE_DAY = timedelta(days=1)
SATURDAY = 5  # of date.weekday()
NOVEMBER = 11  # the State Council's notice of the next year comes out then
LADDER_TAIL = timedelta(days=120)  # after a due day in which its letters may still go, roughly
LONGEST_CLOSURE = 366  # more days off in a row than this is a broken table of days, not a holiday


class YearStatus(StrEnum):
    """How sure the working days of a year are."""

    PUBLISHED = "published"  # the State Council's notice is known, or the office imported one
    PROVISIONAL = "provisional"  # no notice yet: Monday to Friday less the statutory days


class NoWorkingDay(ValueError):
    """The table of days leaves no working day within a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YearDays:
    """The days of one year: weekdays not worked, and make-up days worked on a weekend (调休)."""

    off: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()
    status: YearStatus = YearStatus.PUBLISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class YearNotice:
    """The State Council's notice for one year: days off, make-up days worked, and which holiday a day belongs to.

    The holiday of New Year's Day may begin in the December before; no other day lies outside the year.
    """

    year: int
    off: frozenset[date]
    working: frozenset[date] = frozenset()
    names: Mapping[date, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A notice as the office imported it, when, and who did."""

    notice: YearNotice
    at: datetime
    who: str


@dataclass(frozen=True, slots=True, eq=False)
class WorkCalendar:
    """Which days are worked: Monday to Friday, less days off, plus make-up days; by year, as handed in."""

    years: Mapping[int, YearDays]

    def is_working(self, day: date) -> bool:
        """Whether the day is worked."""
        year = self.years[day.year]
        return day in year.working or (day.weekday() < SATURDAY and day not in year.off)

    def is_make_up(self, day: date) -> bool:
        """Whether the day is a weekend day worked in exchange for a holiday."""
        return day.weekday() >= SATURDAY and self.is_working(day)

    def roll_back(self, day: date) -> date:
        """The day itself if it is worked, else the last working day before it."""
        return self._seek(day, -ONE_DAY)

    def first_on_or_after(self, day: date) -> date:
        """The day itself if it is worked, else the next working day."""
        return self._seek(day, ONE_DAY)

    def nth(self, day: date, n: int) -> date:
        """The n-th working day later than the day (n > 0), or earlier than it (n < 0); the day is not counted."""
        step = ONE_DAY if n > 0 else -ONE_DAY
        for _ in range(abs(n)):
            day = self._seek(day + step, step)
        return day

    def _seek(self, day: date, step: timedelta) -> date:
        for _ in range(LONGEST_CLOSURE):
            if self.is_working(day):
                return day
            day += step
        raise NoWorkingDay(day.isoformat())


def years_asked_for(today: date) -> tuple[int, ...]:
    """The years whose notice should be known on a day: its own, and from November on the next."""
    return (today.year, today.year + 1) if today.month >= NOVEMBER else (today.year,)


def year_in_doubt(today: date, last_due_on: date | None, is_known: Callable[[int], bool]) -> int | None:
    """The year whose notice the office should import by now, or None: this year, from November on the next.

    `last_due_on` is the last due day of what is open: a year no letter can reach is none to worry about. `is_known`
    says whether a year has its notice.
    """
    for year in years_asked_for(today):
        if last_due_on is not None and last_due_on + LADDER_TAIL >= date(year, 1, 1) and not is_known(year):
            return year
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The sending window of each working day, in the plan's zone: from `send_at` to `send_until`, both included."""

    zone: tzinfo
    send_at: time = time(9, 0)
    send_until: time = time(17, 30)

    def day_of(self, instant: datetime) -> date:
        """The calendar day in the plan's zone."""
        return instant.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """00:00 of the day, as an instant."""
        return datetime.combine(day, time(0), self.zone).astimezone(UTC)

    def slot(self, day: date) -> datetime:
        """The instant the window of the day opens."""
        return datetime.combine(day, self.send_at, self.zone).astimezone(UTC)

    def is_open(self, instant: datetime, calendar: WorkCalendar) -> bool:
        """Whether ladder mail may leave at this instant."""
        local = instant.astimezone(self.zone)
        return calendar.is_working(local.date()) and self.send_at <= local.time() <= self.send_until

    def next_open(self, instant: datetime, calendar: WorkCalendar) -> datetime:
        """The instant itself if the window is open, else when it next opens."""
        if self.is_open(instant, calendar):
            return instant
        return self.first_slot(instant, calendar)

    def first_slot(self, instant: datetime, calendar: WorkCalendar) -> datetime:
        """The first slot at or after the instant."""
        day = calendar.first_on_or_after(self.day_of(instant))
        if self.slot(day) < instant:
            day = calendar.nth(day, 1)
        return self.slot(day)
