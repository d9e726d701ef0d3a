"""One year of working days: where it comes from, which days are off and why. Imports core and files.holidays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from wsyf_scheduler.config import Config
from wsyf_scheduler.core.calendar import ONE_DAY, Imported, WorkCalendar, YearDays, YearStatus
from wsyf_scheduler.files import holidays
from wsyf_scheduler.files.holidays import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """Days off in a row that have one name, and the make-up days worked for it."""

    name: str
    first: date
    last: date
    working: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The days of a year as they are in force; `imported` is the office's own notice, None where it has none.

    `own` are the days the config changes, over all else.
    """

    number: int
    days: YearDays
    calendar: WorkCalendar
    origin: Origin
    imported: Imported | None
    holidays: tuple[Holiday, ...]
    own: tuple[date, ...]

    @property
    def is_provisional(self) -> bool:
        """Whether no notice is known."""
        return self.days.status is YearStatus.PROVISIONAL

    @property
    def source(self) -> str:
        """Where the days come from, the same in every language."""
        told = {
            Origin.IMPORTED: (self.imported.notice.source if self.imported else "") or "imported",
            Origin.PACKAGE: holidays.package(),
            Origin.STATUTORY: holidays.statutory_package(),
        }[self.origin]
        return f"{told}; config" if self.own else told

    def months(self) -> Iterator[tuple[date, int]]:
        """The first day of each month, and how many working days it has."""
        for month in range(1, 13):
            first = date(self.number, month, 1)
            yield first, sum(self.calendar.is_working(day) for day in days_of_month(first))

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "year": self.number,
            "status": self.days.status.value,
            "source": self.source,
            "off": [day.isoformat() for day in sorted(self.days.off)],
            "working": [day.isoformat() for day in sorted(self.days.working)],
        }


def year_of(number: int, config: Config, imported: Mapping[int, Imported]) -> Year:
    """One year, with what was imported and what the config says over it."""
    notices = {year: each.notice for year, each in imported.items()}
    calendar = holidays.work_calendar(extra_off=config.extra_off, extra_working=config.extra_working, imported=notices)
    names = holidays.names(number, notices)
    days = calendar.years[number]
    return Year(
        number=number,
        days=days,
        calendar=calendar,
        origin=holidays.origin(number, notices),
        imported=imported.get(number),
        holidays=tuple(_holidays(days, names)),
        own=tuple(sorted(day for day in config.extra_off | config.extra_working if day.year == number)),
    )


def days_of_month(first: date) -> Iterator[date]:
    """Every day of the month of a day, from the first on."""
    day = first.replace(day=1)
    while day.month == first.month:
        yield day
        day += ONE_DAY


def _holidays(days: YearDays, names: Mapping[date, str]) -> Iterator[Holiday]:
    """The holidays in the order of the year; a make-up day goes with the nearest holiday of its name."""
    spans: list[list[date]] = []
    for day in sorted(days.off):
        if spans and spans[-1][-1] + ONE_DAY == day and names.get(day) == names.get(spans[-1][-1]):
            spans[-1].append(day)
        else:
            spans.append([day])
    working: dict[int, list[date]] = {}
    for day in sorted(days.working):
        near = [(abs((span[0] - day).days), index) for index, span in enumerate(spans)]
        same = [each for each in near if names.get(spans[each[1]][0]) == names.get(day)]
        if near:
            working.setdefault(min(same or near)[1], []).append(day)
    for index, span in enumerate(spans):
        name = names.get(span[0], "")
        yield Holiday(name=name, first=span[0], last=span[-1], working=tuple(working.get(index, ())))
