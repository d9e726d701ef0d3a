"""Twelve months on 80 columns: three side by side, days off and make-up days marked. Imports click and reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import click

from wsyf_scheduler.cli.grid import width
from wsyf_scheduler.core.calendar import SATURDAY
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.reports.year import Year, days_of_month

ABREAST = 3
CELL = 3  # columns of a day: two digits and a mark
WEEK = 7 * CELL
GAP = "    "
WEEKS = 6  # at most in a month
OFF, MAKE_UP = "*", "+"


def months(year: Year) -> Iterator[str]:
    """The lines."""
    drawn = [_month(year, first, worked) for first, worked in year.months()]
    for index in range(0, len(drawn), ABREAST):
        if index:
            yield ""
        for row in zip(*drawn[index : index + ABREAST], strict=True):
            if any(week.strip() for week in row):
                yield (" " + GAP.join(row)).rstrip()
    yield ""


def legend() -> str:
    """What the marks say."""
    return _("{off} day off by notice   {make_up} make-up working day").format(off=OFF, make_up=MAKE_UP)


def _month(year: Year, first: date, worked: int) -> list[str]:
    """The lines of one month, all as wide and as many."""
    days = list(days_of_month(first))
    cells = [" " * CELL] * first.weekday() + [_cell(year, day) for day in days]
    cells += [" " * CELL] * (7 * WEEKS - len(cells))
    weeks = ["".join(cells[index : index + 7]) for index in range(0, len(cells), 7)]
    count = ngettext("{n} day", "{n} days", worked).format(n=worked)
    head = f" {first:%Y-%m}"
    head += " " * (WEEK - width(head) - width(count) - 1) + count + " "
    return [click.style(head, bold=True), _weekdays(), *weeks]


def _weekdays() -> str:
    names = (_("Mo"), _("Tu"), _("We"), _("Th"), _("Fr"), _("Sa"), _("Su"))
    return "".join(name + " " * (CELL - width(name)) for name in names)


def _cell(year: Year, day: date) -> str:
    if day in year.days.working:
        return click.style(f"{day.day:2}{MAKE_UP}", fg="green", bold=True)
    if day in year.days.off:
        return click.style(f"{day.day:2}{OFF}", fg="red")
    text = f"{day.day:2} "
    return click.style(text, dim=True) if day.weekday() >= SATURDAY else text
