"""Working days by year: the State Council's notices as chinesecalendar has them, the office's own over them.

Years without a published notice fall back to the statutory days of the package holidays, marked provisional.
Imports core. The packages are loaded when a year is first asked for: `holidays` takes a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from wsyf_scheduler.core.calendar import WorkCalendar, YearDays, YearStatus


class Years(dict[int, YearDays]):
    """Loads a year when it is first asked for."""

    def __init__(self, *, extra_off: Iterable[date] = (), extra_working: Iterable[date] = ()) -> None:
        """`extra_off` and `extra_working` go over what the packages know."""
        super().__init__()
        self._off, self._working = frozenset(extra_off), frozenset(extra_working)

    def __missing__(self, year: int) -> YearDays:
        """Load, keep and return the year."""
        known = _published(year) or _provisional(year)
        off = {day for day in self._off if day.year == year}
        working = {day for day in self._working if day.year == year}
        self[year] = YearDays(
            off=(known.off | off) - working, working=(known.working | working) - off, status=known.status
        )
        return self[year]


def work_calendar(*, extra_off: Iterable[date] = (), extra_working: Iterable[date] = ()) -> WorkCalendar:
    """The working days of China with the office's own changes over them."""
    return WorkCalendar(Years(extra_off=extra_off, extra_working=extra_working))


def source() -> str:
    """What the days come from, for fingerprints and `wsyf check`."""
    from importlib.metadata import version

    return f"chinesecalendar {version('chinesecalendar')}, holidays {version('holidays')}"


def _published(year: int) -> YearDays | None:
    from chinese_calendar import constants

    off = frozenset(day for day in constants.holidays if day.year == year)
    working = frozenset(day for day in constants.workdays if day.year == year)
    return YearDays(off=off, working=working) if off else None


def _provisional(year: int) -> YearDays:
    import holidays

    names = holidays.country_holidays("CN", years=[year])
    return YearDays(off=frozenset(names), status=YearStatus.PROVISIONAL)
