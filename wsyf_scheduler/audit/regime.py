"""A regime as it is kept: ladder, hours, working days and the office's address, so that a past day can be judged.

Imports core, files.holidays and the values of store; light enough for commands that only look.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, assert_never
from zoneinfo import ZoneInfo

from wsyf_scheduler.core.calendar import Hours, WorkCalendar, YearDays, YearNotice, YearStatus
from wsyf_scheduler.core.ladder import CalendarDays, Every, Ladder, Rung, Start, Timetable, When, WorkingDays
from wsyf_scheduler.files.holidays import NO_NOTICES, Years, source, work_calendar

if TYPE_CHECKING:
    from wsyf_scheduler.config import Config

ALWAYS = datetime.min.replace(tzinfo=UTC)
LISTS = ("to", "cc", "briefing", "kinds", "except_kinds")


def content(config: Config, days: Mapping[int, YearDays], years: Iterable[int], *, imported: str | None = None) -> str:
    """What is kept of the settings in force, as JSON; `years` are those whose days are written out.

    `imported` names what the notices say that the office imported.
    """
    kept: dict[str, Any] = {
        "ladder": [_rung(rung) for rung in config.ladder.rungs],
        "send_at": config.send_at.isoformat(),
        "send_until": config.send_until.isoformat(),
        "office": config.office.email,
        "off": _days(config.extra_off),
        "working": _days(config.extra_working),
        "source": source(),
        "years": {str(year): _year(days[year]) for year in years},
    }
    if imported is not None:
        kept["imported"] = imported
    return json.dumps(kept, ensure_ascii=False)


def changed(before: str | None, after: str) -> list[str]:
    """What differs between two contents: ladder, hours, calendar, office."""
    if before is None:
        return []
    old, new = json.loads(before), json.loads(after)
    parts = {
        "ladder": ("ladder",),
        "hours": ("send_at", "send_until"),
        "calendar": ("off", "working", "source", "imported"),
        "office": ("office",),
    }
    return [part for part, names in parts.items() if any(old.get(name) != new.get(name) for name in names)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """Ladder, hours, days and the office's address from an instant on."""

    since_at: datetime
    ladder: Ladder
    send_at: time
    send_until: time
    calendar: WorkCalendar
    office: str


@dataclass(frozen=True, slots=True)
class Regimes:
    """Every regime, oldest first; the first serves for the time before it, of which nothing is known."""

    known: tuple[Regime, ...]
    _tables: dict[tuple[int, str], Timetable] = field(default_factory=dict)

    def at(self, instant: datetime) -> Regime:
        """The one in force at an instant."""
        return self.known[self._index(instant)]

    def table(self, zone: str, instant: datetime) -> Timetable:
        """Where rungs landed for plans of a zone, under the regime in force at an instant."""
        return self._table(self._index(instant), zone)

    def tables(self, zone: str, instant: datetime) -> list[Timetable]:
        """Those a round of that instant may have gone by, the latest first: rules may have changed in it."""
        last = first = self._index(instant)
        while first > 0 and self.known[first].since_at == instant:
            first -= 1
        return [self._table(index, zone) for index in range(last, first - 1, -1)]

    def _index(self, instant: datetime) -> int:
        return max(bisect_right(self.known, instant, key=lambda each: each.since_at) - 1, 0)

    def _table(self, index: int, zone: str) -> Timetable:
        if (index, zone) not in self._tables:
            found = self.known[index]
            hours = Hours(zone=ZoneInfo(zone), send_at=found.send_at, send_until=found.send_until)
            self._tables[index, zone] = Timetable(found.ladder, found.calendar, hours)
        return self._tables[index, zone]


def regimes(
    kept: Sequence[tuple[datetime, str]], config: Config, imported: Mapping[int, YearNotice] = NO_NOTICES
) -> Regimes:
    """From what was kept, oldest first; the settings in force now where nothing was. `imported`: notices of today."""
    found = tuple(_regime(since_at, json.loads(text), imported) for since_at, text in kept)
    return Regimes(found or (of_config(config, imported),))


def of_config(config: Config, imported: Mapping[int, YearNotice] = NO_NOTICES) -> Regime:
    """The settings of a config, as if they had always been in force."""
    return Regime(
        since_at=ALWAYS,
        ladder=config.ladder,
        send_at=config.send_at,
        send_until=config.send_until,
        calendar=work_calendar(extra_off=config.extra_off, extra_working=config.extra_working, imported=imported),
        office=config.office.email,
    )


def _regime(since_at: datetime, kept: dict[str, Any], imported: Mapping[int, YearNotice]) -> Regime:
    """One that was kept; the days of a year that was not are as they are known today."""
    years = Years(extra_off=_dates(kept["off"]), extra_working=_dates(kept["working"]), imported=imported)
    years.update({int(year): _year_days(days) for year, days in kept["years"].items()})
    return Regime(
        since_at=since_at,
        ladder=Ladder(tuple(_as_rung(rung) for rung in kept["ladder"])),
        send_at=time.fromisoformat(kept["send_at"]),
        send_until=time.fromisoformat(kept["send_until"]),
        calendar=WorkCalendar(years),
        office=kept["office"],
    )


def _rung(rung: Rung) -> dict[str, Any]:
    lists = {name: list(getattr(rung, name)) for name in LISTS if getattr(rung, name)}
    return {"name": rung.name, "when": _when(rung.when), "letter": rung.letter, **lists}


def _as_rung(kept: dict[str, Any]) -> Rung:
    lists = {name: tuple(kept.get(name, ())) for name in LISTS}
    return Rung(name=kept["name"], when=_as_when(kept["when"]), letter=kept["letter"], **lists)


def _when(when: When) -> list[Any]:
    match when:
        case Start():
            return ["start"]
        case CalendarDays(n):
            return ["calendar-days", n]
        case WorkingDays(n):
            return ["working-days", n]
        case Every(n, after, times):
            return ["every", n, after, times]
        case _:
            assert_never(when)


def _as_when(kept: list[Any]) -> When:
    kinds: dict[str, Any] = {
        "start": Start,
        "calendar-days": CalendarDays,
        "working-days": WorkingDays,
        "every": Every,
    }
    found: When = kinds[kept[0]](*kept[1:])
    return found


def _year(days: YearDays) -> dict[str, Any]:
    return {"off": _days(days.off), "working": _days(days.working), "status": days.status.value}


def _year_days(kept: dict[str, Any]) -> YearDays:
    return YearDays(
        off=frozenset(_dates(kept["off"])),
        working=frozenset(_dates(kept["working"])),
        status=YearStatus(kept["status"]),
    )


def _days(days: Iterable[date]) -> list[str]:
    return sorted(day.isoformat() for day in days)


def _dates(days: Iterable[str]) -> list[date]:
    return [date.fromisoformat(day) for day in days]
