"""Due dates as a plan file states them: a date, dates, tables, or an RFC 5545 recurrence opened by python-dateutil."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from wsyf_scheduler.core.plan import Due
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import Table, is_kind, shown

MOST_DATES = 366
NOT_DAYS = re.compile(r"FREQ=(HOURLY|MINUTELY|SECONDLY)|BYHOUR|BYMINUTE|BYSECOND")


@dataclass(frozen=True, slots=True)
class Span:
    """The first and last day due dates may lie between."""

    first: date
    last: date


def DUE_FORMS() -> str:  # noqa: N802 - a message that needs the language at run time
    """What a due date may be, for messages."""
    return _('a date, a list of dates, tables { on = …, data_year = … }, or a recurrence such as "FREQ=YEARLY"')


def read_dues(table: Table, span: Span, *, bounded: bool) -> tuple[Due, ...]:
    """The due dates under `due`, in date order; faults on the table. `bounded`: each must lie within the span."""
    raw = table.raw("due")
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
    _check(table, dues, span, bounded)
    return tuple(_with_year(table, due) for due in dues)


def _due_of_table(entry: Table) -> Due:
    due = Due(on=entry.day("on"), data_year=entry.integer("data_year") if entry.has("data_year") else None)
    entry.close()
    return due


def _check(table: Table, dues: list[Due], span: Span, bounded: bool) -> None:  # noqa: FBT001 - private
    days = [due.on for due in dues]
    for day in sorted({day for day in days if days.count(day) > 1}):
        table.fault("due", _("duplicate: {name} stands here twice").format(name=day))
    for day in days:
        if bounded and not span.first <= day <= span.last:
            table.fault(
                "due",
                _("{day} lies outside the period, {first} to {last}").format(day=day, first=span.first, last=span.last),
            )


def _with_year(table: Table, due: Due) -> Due:
    raw = table.raw("data_year")
    if raw is None or due.data_year is not None:
        return due
    year: Any = raw
    if isinstance(raw, str):
        year = due.on.year - (table.choice("data_year", ("previous", "same")) == "previous")
    elif not is_kind(raw, int):
        table.integer("data_year")
        year = None
    return Due(on=due.on, data_year=year)


def _recurrence(table: Table, rule: str, span: Span) -> list[date]:
    """The days of a recurrence within the span; a fault where it is malformed, gives none, or more than 366."""
    from dateutil.rrule import rrule, rrulestr

    text = rule.removeprefix("RRULE:").strip()
    try:
        if NOT_DAYS.search(text.upper()):
            raise ValueError(_("a due date is a day: no hours or minutes"))
        opened = rrulestr(text, dtstart=datetime.combine(span.first, datetime.min.time()), ignoretz=True)
        if not isinstance(opened, rrule):
            raise ValueError(_("expected one rule"))
    except (ValueError, KeyError, TypeError) as error:
        table.fault("due", _("not a recurrence by RFC 5545: {why}").format(why=error))
        return []
    days: list[date] = []
    for instant in opened:
        if instant.date() > span.last or len(days) > MOST_DATES:
            break
        days.append(instant.date())
    if not days:
        table.fault("due", _("the recurrence gives no date between {first} and {last}").format(first=span.first, last=span.last))
    if len(days) > MOST_DATES:
        table.fault("due", _("the recurrence gives more than {most} dates").format(most=MOST_DATES))
        return []
    return days
