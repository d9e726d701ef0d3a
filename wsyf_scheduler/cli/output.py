"""How things are printed: tables that line up with Chinese in them, JSON for programs, states and days in words."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import click

from wsyf_scheduler.cli.grid import fold, grid
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.i18n import _, ngettext

WIDE = 120  # columns where the reader is a file or a program


def print_json(value: object) -> None:
    """One JSON value, UTF-8 whatever the terminal's encoding, stable keys."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=None if isinstance(value, dict) else 1).encode())


def print_line(value: object) -> None:
    """One JSON value on one line."""
    click.echo(json.dumps(value, ensure_ascii=False).encode())


def say(text: str, *, err: bool = False, **style: Any) -> None:
    """Sentences as wide as the terminal: each line is folded, what follows stands under its first word."""
    for line in text.splitlines() or [""]:
        indent = line[: len(line) - len(line.lstrip())]
        parts = fold(line.lstrip(), columns(1) - len(indent))
        click.secho("\n".join(indent + part.rstrip() for part in parts), err=err, **style)


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", keep: Sequence[int] = (0,)
) -> None:
    """A table as wide as the terminal ($COLUMNS, wide where there is neither); columns `keep` are not folded."""
    head, *lines = grid(headers, list(rows), columns=columns(len(headers)), keep=keep)
    if title:
        click.secho(title, italic=True)
    click.secho(head, bold=True)
    click.echo("\n".join(lines))


def columns(cells: int) -> int:
    """How wide the reader's screen is; a file or a program takes a wide table."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    known = os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0
    return known or max(WIDE, cells * 16)


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
