"""Working days by year: the State Council's notices as chinesecalendar has them, the office's imports over them.

Years without a notice fall back to the statutory days of the package holidays, marked provisional; what the config
says goes over all. Imports core. The packages are loaded when a year is first asked for: `holidays` takes a quarter
of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache

from wsyf_scheduler.core.calendar import WorkCalendar, YearDays, YearNotice, YearStatus

DECEMBER = 12
NEW_YEAR = "New Year's Day"  # of chinesecalendar; its days of December belong to the notice of the year after
NO_NOTICES: Mapping[int, YearNotice] = {}


class Origin(StrEnum):
    """Where the days of a year come from."""

    IMPORTED = "imported"
    PACKAGE = "package"
    STATUTORY = "statutory"  # no notice is known


class Years(dict[int, YearDays]):
    """Loads a year when it is first asked for."""

    def __init__(
        self,
        *,
        extra_off: Iterable[date] = (),
        extra_working: Iterable[date] = (),
        imported: Mapping[int, YearNotice] = NO_NOTICES,
    ) -> None:
        """`imported` notices go over what the packages know, `extra_off` and `extra_working` over both."""
        super().__init__()
        self._off, self._working = frozenset(extra_off), frozenset(extra_working)
        self._imported = imported

    def __missing__(self, year: int) -> YearDays:
        """Load, keep and return the year: its own notice, and what that of the next says of its December."""
        own, following = self._notice(year), self._notice(year + 1)
        status = YearStatus.PUBLISHED if own else YearStatus.PROVISIONAL
        told = [each for each in (own or _statutory(year), following) if each is not None]
        off = {day for each in told for day in each.off if day.year == year}
        working = {day for each in told for day in each.working if day.year == year}
        extra_off = {day for day in self._off if day.year == year}
        extra_working = {day for day in self._working if day.year == year}
        off, working = (off - working) | extra_off, working | extra_working
        self[year] = YearDays(off=frozenset(off - extra_working), working=frozenset(working - extra_off), status=status)
        return self[year]

    def _notice(self, year: int) -> YearNotice | None:
        return self._imported.get(year) or published(year)


def work_calendar(
    *,
    extra_off: Iterable[date] = (),
    extra_working: Iterable[date] = (),
    imported: Mapping[int, YearNotice] = NO_NOTICES,
) -> WorkCalendar:
    """The working days of China with the office's own changes over them."""
    return WorkCalendar(Years(extra_off=extra_off, extra_working=extra_working, imported=imported))


def source() -> str:
    """What the days come from, for fingerprints and `wsyf check`."""
    return f"{package()}, {statutory_package()}"


def package() -> str:
    """The package that knows the published notices, with its version."""
    from importlib.metadata import version

    return f"chinesecalendar {version('chinesecalendar')}"


def statutory_package() -> str:
    """The package that knows the statutory days of other years, with its version."""
    from importlib.metadata import version

    return f"holidays {version('holidays')}"


def origin(year: int, imported: Mapping[int, YearNotice]) -> Origin:
    """Where the days of a year come from."""
    if year in imported:
        return Origin.IMPORTED
    return Origin.PACKAGE if published(year) else Origin.STATUTORY


def names(year: int, imported: Mapping[int, YearNotice]) -> dict[date, str]:
    """The holiday each day off or make-up day of a year belongs to, in Chinese."""
    own = imported.get(year) or published(year) or _statutory(year)
    following = imported.get(year + 1) or published(year + 1)
    told = {**own.names, **(following.names if following else {})}
    return {day: name for day, name in sorted(told.items()) if day.year == year}


def statutory_days(year: int) -> dict[date, str]:
    """The days off by law of a year, with their names, less those given in the place of a weekend day."""
    return {day: name for day, name in _statutory(year).names.items() if "补" not in name}


@cache
def published(year: int) -> YearNotice | None:
    """The notice of a year as chinesecalendar has it, or None."""
    from chinese_calendar import constants

    off = {day: name for day, name in constants.holidays.items() if _notice_year(day, name) == year}
    working = {day: name for day, name in constants.workdays.items() if _notice_year(day, name) == year}
    if not off:
        return None
    chinese = {each.value: each.chinese for each in constants.Holiday}
    told = {day: chinese.get(name, name) for day, name in (off | working).items()}
    return YearNotice(year=year, off=frozenset(off), working=frozenset(working), names=told, source=package())


def _notice_year(day: date, name: str) -> int:
    return day.year + (day.month == DECEMBER and name == NEW_YEAR)


@cache
def _statutory(year: int) -> YearNotice:
    import holidays

    told = {day: str(name) for day, name in holidays.country_holidays("CN", years=[year], language="zh_CN").items()}
    return YearNotice(year=year, off=frozenset(told), names=told, source=statutory_package())
