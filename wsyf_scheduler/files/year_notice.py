"""The State Council's notice of holidays as a small TOML file (docs/calendar.md): every fault with file, line, key.

Imports core, reading, i18n. What it gives goes over the packages once it is imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from wsyf_scheduler.core.calendar import ONE_DAY, SATURDAY, YearNotice
from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import Document, Table

YEARS_BACK, YEARS_AHEAD = 5, 2  # around this year: a notice further off is a slip of the keyboard
LONGEST = timedelta(days=16)  # of one holiday
DECEMBER = 12
MAKE_UP = "调休上班"  # a make-up day that stands in no holiday's own list


def load(path: Path, *, this_year: int) -> YearNotice:
    """Read a notice; Invalid with every fault found. `this_year` is the year of the office's clock."""
    document = Document.read(path)
    found = None if document.faults else _notice(document.root, this_year)
    if document.faults or found is None:
        raise Invalid(document.faults_by_line())
    return found


def _notice(root: Table, this_year: int) -> YearNotice:
    year, source = root.integer("year"), root.line("source", "")
    first, last = this_year - YEARS_BACK, this_year + YEARS_AHEAD
    if root.has("year") and isinstance(root.values["year"], int) and not first <= year <= last:
        message = _("expected a year from {first} to {last}, found {year}")
        root.fault("year", message.format(first=first, last=last, year=year))
        year = 0
    holidays = root.tables("holiday")
    if not holidays and not (root.has("holiday") and root.values["holiday"]):
        root.fault("holiday", _("missing: expected a table [[holiday]] for each holiday"))
    off: dict[date, str] = {}
    for table in holidays:
        _add_holiday(table, year, off)
    working: dict[date, str] = {}
    for table, name in ((root, MAKE_UP), *((each, str(each.values.get("name", ""))) for each in holidays)):
        _add_working(table, name, year, off, working)
    for table in (*holidays, root):
        table.close()
    return YearNotice(
        year=year, off=frozenset(off), working=frozenset(working), names={**off, **working}, source=source
    )


def _add_holiday(table: Table, year: int, off: dict[date, str]) -> None:
    """The days of one [[holiday]], into `off` with its name."""
    name, first, last = table.line("name"), table.day("from"), table.day("to")
    if not (_is_day(table, "from") and _is_day(table, "to")):
        return
    if last < first:
        table.fault("to", _("{last} lies before from, {first}").format(first=first, last=last))
        return
    if last - first >= LONGEST:
        message = _("expected a holiday of at most {most} days, found {n}")
        table.fault("to", message.format(most=LONGEST.days, n=(last - first).days + 1))
        return
    wrong = [key for key, day in (("from", first), ("to", last)) if year and not _belongs(day, year)]
    for key in wrong:
        table.fault(key, _wrong_year(table.values[key], year))
    if not wrong and year and last.year < year:
        message = _("ends in the December before: only the holiday of New Year's Day may begin there")
        table.fault("to", message)
    for day in _days(first, last):
        if day in off:
            message = _("{day} belongs to {name} already")
            table.fault("from", message.format(day=_named(day), name=off[day]))
        off.setdefault(day, name)


def _add_working(table: Table, name: str, year: int, off: dict[date, str], working: dict[date, str]) -> None:
    """The make-up days of the whole file, or of one [[holiday]], into `working`."""
    for day in table.days("working"):
        if year and not _belongs(day, year):
            table.fault("working", _wrong_year(day, year))
        elif day in working:
            table.fault("working", _("{day} is given twice").format(day=_named(day)))
        elif day in off:
            message = _("{day} is both off ({name}) and working")
            table.fault("working", message.format(day=_named(day), name=off[day]))
        elif day.weekday() < SATURDAY:
            message = _("{day} is worked anyway: working names weekend days worked in exchange for a holiday")
            table.fault("working", message.format(day=_named(day)))
        working.setdefault(day, name)


def _is_day(table: Table, key: str) -> bool:
    return type(table.values.get(key)) is date


def _belongs(day: date, year: int) -> bool:
    """Whether a notice of the year may speak of the day: the holiday of New Year's Day may begin in December."""
    return day.year == year or (day.year == year - 1 and day.month == DECEMBER)


def _wrong_year(day: date, year: int) -> str:
    message = _("{day} is no day of {year}: expected one of that year, or of the December before it")
    return message.format(day=day, year=year)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + index * ONE_DAY for index in range((last - first).days + 1))


def _named(day: date) -> str:
    """A day with its weekday, as the faults of this file name it."""
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return f"{day} ({names[day.weekday()]})"
