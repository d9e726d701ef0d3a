"""Due dates as a plan file states them: a date, dates, tables, or an RFC 5545 recurrence opened by python-dateutil.

Imports core, reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice, takewhile

from wsyf_scheduler.core.plan import Due
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import Table
from wsyf_scheduler.values import is_kind, shown

MOST_DATES = 366
NO_DAY = date(1970, 1, 1)  # stands for a day that could not be read
NOT_DAYS = re.compile(r"FREQ=(HOURLY|MINUTELY|SECONDLY)|BYHOUR|BYMINUTE|BYSECOND")
NOT_RFC = re.compile(r"BYEASTER|DTSTART|EXDATE|RDATE|[\r\n]|INTERVAL=0*(;|$)|INTERVAL=[-+]")
UNTIL = re.compile(r"UNTIL=([0-9]{4})([0-9]{4}(?:T[0-9]{6}Z?)?)(?=;|$)")
LAST_YEAR = 9999  # of the calendar Python knows
CYCLE = 400  # years after which the days of the calendar, weekdays and all, come again


@dataclass(frozen=True, slots=True)
class Span:
    """The first and last day due dates may lie between."""

    first: date
    last: date


def DUE_FORMS() -> str:  # noqa: N802 - a message that needs the language at run time
    """What a due date may be, for messages."""
    return _('a date, a list of dates, tables { on = …, data_year = … }, or a recurrence such as "FREQ=YEARLY"')


def read_dues(table: Table, span: Span | None, *, bounded: bool) -> tuple[Due, ...]:
    """The due dates under `due`, in date order; faults on the table. `bounded`: each must lie within the span.

    Where the span is not known nothing is said of it, and a recurrence gives no dates.
    """
    raw = table.raw("due")
    read_data_year(table, NO_DAY)  # looked at even where no due date can be read
    items = raw if isinstance(raw, list) else [raw]
    if isinstance(raw, str):
        dues = [Due(on=day) for day in _recurrence(table, raw, span)]
    elif items and all(is_kind(item, date) for item in items):
        dues = [Due(on=item) for item in items]
    elif isinstance(raw, list) and items and all(isinstance(item, dict) for item in items):
        dues = [_due_of_table(entry) for entry in table.tables("due")]
    else:
        table.fault("due", _("expected {expected}, found {found}").format(expected=DUE_FORMS(), found=shown(raw)))
        return ()
    dues.sort(key=lambda due: due.on)
    _check(table, [due.on for due in dues if due.on != NO_DAY], span if bounded else None)
    return tuple(Due(on=due.on, data_year=due.data_year or read_data_year(table, due.on)) for due in dues)


def read_data_year(table: Table, due_on: date) -> int | None:
    """The year under `data_year`: as it stands, or by the due day's; None where there is none."""
    raw = table.raw("data_year")
    if raw is None or is_kind(raw, int):
        return None if raw is None else table.year("data_year")
    if isinstance(raw, str) and raw in ("previous", "same"):
        return due_on.year - (raw == "previous")
    expected = _('a year such as 2026, "previous" or "same"')
    table.fault("data_year", _("expected {expected}, found {found}").format(expected=expected, found=shown(raw)))
    return None


def _due_of_table(entry: Table) -> Due:
    before = len(entry.document.faults)
    on = entry.day("on")
    on = on if len(entry.document.faults) == before else NO_DAY
    due = Due(on=on, data_year=entry.year("data_year") if entry.has("data_year") else None)
    entry.close()
    return due


def _check(table: Table, days: list[date], span: Span | None) -> None:
    for day in sorted({day for day in days if days.count(day) > 1}):
        table.fault("due", _("duplicate: {name} stands here twice").format(name=day))
    for day in dict.fromkeys(days):
        if span is not None and not span.first <= day <= span.last:
            message = _("{day} lies outside the period, {first} to {last}")
            table.fault("due", message.format(day=day, first=span.first, last=span.last))


def _recurrence(table: Table, rule: str, span: Span | None) -> list[date]:
    """The days of a recurrence within the span; a fault where it is malformed, gives none, or more than 366."""
    bounds = span or Span(date(2000, 1, 1), date(2000, 12, 31))
    try:
        days = opened(rule, bounds)
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        table.fault("due", _("not a recurrence by RFC 5545: {why}").format(why=error))
        return []
    if span is None:
        return []
    if not days:
        message = _("the recurrence gives no date between {first} and {last}")
        table.fault("due", message.format(first=span.first, last=span.last))
    if len(days) > MOST_DATES:
        table.fault("due", _("the recurrence gives more than {most} dates").format(most=MOST_DATES))
        return []
    return days


def opened(rule: str, span: Span) -> list[date]:
    """The days of a rule from the first day of the span on; of more than 366, the first 367.

    The rule is opened so many cycles of 400 years later that the calendar's end is near: one that never comes true
    (30 February) would be sought, day by day, until the year 9999. Raises ValueError, LookupError or TypeError.
    """
    from dateutil.rrule import rrule, rrulestr

    text = rule.removeprefix("RRULE:").strip().upper()
    if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*", text):
        raise ValueError(_("a date stands without quotes: due = {day}").format(day=text[:10]))
    if "FREQ=" not in text:
        raise ValueError(_("it has no FREQ, such as FREQ=YEARLY"))
    if NOT_DAYS.search(text):
        raise ValueError(_("a due date is a day: no hours or minutes"))
    if found := NOT_RFC.search(text):
        raise ValueError(_("{part} has no place here").format(part=found.group().strip() or "\\n"))
    shift = (LAST_YEAR - span.last.year) // CYCLE * CYCLE
    start = datetime(span.first.year + shift, span.first.month, span.first.day)  # noqa: DTZ001 - a day
    found_rule = rrulestr(_with_later_end(text, shift), dtstart=start, ignoretz=True)
    if not isinstance(found_rule, rrule):
        raise TypeError(_("expected one rule"))
    last = span.last.replace(year=span.last.year + shift)
    within = takewhile(lambda day: day <= last, (instant.date() for instant in found_rule))
    return [day.replace(year=day.year - shift) for day in islice(within, MOST_DATES + 1)]


def _with_later_end(text: str, shift: int) -> str:
    """The rule with its UNTIL so many years later."""
    if "UNTIL" not in text:
        return text
    found = UNTIL.search(text)
    if found is None:
        raise ValueError(_("expected {expected}, found {found}").format(expected="UNTIL=20261231", found=text))
    if "COUNT" in text:
        raise ValueError(_("COUNT and UNTIL do not stand together"))
    year = int(found[1]) + shift
    return text.replace(found.group(), f"UNTIL={year}{found[2]}" if year <= LAST_YEAR else f"UNTIL={LAST_YEAR}1231")
