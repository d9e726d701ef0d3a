"""How things are printed: tables that line up with Chinese in them, JSON for programs, states and days in words."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date

import click

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.i18n import _, ngettext


def print_json(value: object) -> None:
    """One JSON value, UTF-8, stable keys."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=None if isinstance(value, dict) else 1))


def print_line(value: object) -> None:
    """One JSON value on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", keep: Sequence[int] = (0,)) -> None:
    """A table as wide as the terminal; cells in the columns `keep` are never folded, the others wrap."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False, expand=False)
    for index, header in enumerate(headers):
        grid.add_column(Text(header), no_wrap=index in keep, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else max(120, len(headers) * 16)
    Console(highlight=False, width=width).print(grid)


def state_words(item: Assignment, today: date) -> str:
    """The state in words, with overdue, held and muted, which are flags beside it."""
    if item.held:
        return _("held")
    if item.is_overdue(today):
        return ngettext("overdue {n} day", "overdue {n} days", -item.days_left(today)).format(n=-item.days_left(today))
    if item.muted_until is not None and today < item.muted_until:
        return _("muted until {day}").format(day=item.muted_until)
    return state_name(item.state.value)


def state_name(state: str) -> str:
    """A state's name."""
    names = {
        "open": _("open"),
        "submitted": _("submitted"),
        "done": _("done"),
        "waived": _("waived"),
        "withdrawn": _("withdrawn"),
    }
    return names.get(state, state)


def days_words(item: Assignment, today: date) -> str:
    """Days left in words, for what is still open."""
    left = item.days_left(today)
    if left == 0:
        return _("today")
    return ngettext("{n} day left", "{n} days left", left).format(n=left) if left > 0 else ""


def plain(item: Assignment, today: date) -> dict[str, object]:
    """An assignment as `wsyf list --json` prints it (CLI.md)."""
    return {
        "id": item.id,
        "key": item.key,
        "plan": item.plan_id,
        "period": item.period,
        "number": item.number,
        "part": item.part or None,
        "department": item.department,
        "kind": item.kind,
        "title": item.title,
        "due_on": item.due_on.isoformat(),
        "original_due_on": item.original_due_on.isoformat() if item.original_due_on else None,
        "due_basis": item.due_basis,
        "state": item.state.value,
        "overdue": item.is_overdue(today),
        "days_left": item.days_left(today),
        "held": item.held,
        "muted_until": item.muted_until.isoformat() if item.muted_until else None,
        "support": list(item.support),
        "data_year": item.data_year,
    }
