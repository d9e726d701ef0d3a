"""How things are printed: tables that line up with Chinese in them, JSON for programs, states and days in words."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import click

from wsyf_scheduler.cli.grid import CONTROL, fold, grid, width
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.erased import ERASED
from wsyf_scheduler.i18n import _, ngettext

WIDE = 120  # columns where the reader is a file or a program


def print_json(value: object) -> None:
    """One JSON value, UTF-8 whatever the terminal's encoding, stable keys."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=None if isinstance(value, dict) else 1).encode())


def print_line(value: object) -> None:
    """One JSON value on one line."""
    click.echo(json.dumps(value, ensure_ascii=False).encode())


def say(text: str, *, err: bool = False, hang: int = 0, **style: Any) -> None:
    """Sentences as wide as the terminal: each line is folded, what follows stands under its first word.

    `hang` indents what follows by so many columns more. A file or a program gets the lines as they are.
    """
    click.secho("\n".join(folded(text, room(err=err), hang=hang)), err=err, **style)


def nothing_changed(*, dry_run: bool) -> None:
    """The last line of a dry run."""
    if dry_run:
        say(_("This was a dry run: nothing was changed."), fg="yellow")


def folded(text: str, columns: int | None, *, hang: int = 0) -> list[str]:
    """The lines `say` prints; None for no fold at all. Commands between backticks and long words are not parted."""
    found = []
    for line in CONTROL.sub(" ", readable(text)).split("\n"):
        body = line.lstrip(" ")
        indent = line[: len(line) - len(body)]
        if columns is None or width(line) <= columns:
            found.append(line.rstrip())
            continue
        first, *more = fold(body, columns - len(indent), whole=True)
        if more and hang:
            more = fold(body[len(first) :], columns - len(indent) - hang, whole=True)
        found += [(indent + first).rstrip(), *((indent + " " * hang + part.lstrip(" ")).rstrip() for part in more)]
    return found


def readable(text: str) -> str:
    """The text as people read it: what stands in the place of an erased address is called so."""
    return ERASED.sub(_("erased"), text) if "sha256:" in text else text


def room(*, err: bool = False) -> int | None:
    """Columns for prose: $COLUMNS or the terminal's; None where the reader is a file or a program."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    stream = sys.stderr if err else sys.stdout
    return os.get_terminal_size(stream.fileno()).columns or None if stream.isatty() else None


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    keep: Sequence[int] = (0,),
    tight: bool = False,
) -> None:
    """A table as wide as the terminal ($COLUMNS, wide where there is neither); columns `keep` are not folded.

    `tight` puts the columns close together rather than fold a cell.
    """
    cells = [[readable(cell) for cell in row] for row in rows]
    head, *lines = grid(headers, cells, columns=columns(len(headers)), keep=keep, tight=tight)
    if title:
        click.secho(title, italic=True)
    click.secho(head, bold=True)
    click.echo("\n".join(lines))


def columns(cells: int) -> int:
    """How wide the reader's screen is; a file or a program takes a wide table."""
    return room() or max(WIDE, cells * 16)


def listed(words: Iterable[str]) -> str:
    """Words one after the other, with the marks of the user's language."""
    return _(", ").join(words)


def clauses(sentences: Iterable[str]) -> str:
    """Half sentences one after the other; empty ones are left out."""
    return _("; ").join(each for each in sentences if each)


def state_words(item: Assignment, today: date) -> str:
    """The state in words, with overdue, held and muted, which are flags beside it."""
    if item.held:
        return _("held")
    if item.is_overdue(today):
        words = ngettext("overdue {n} day", "overdue {n} days", -item.days_left(today)).format(n=-item.days_left(today))
        is_muted = item.muted_until is not None and today < item.muted_until
        return words + (_(", muted") if is_muted else "")
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


def message_state(state: str) -> str:
    """A message's state in words."""
    names = {
        "queued": _("waiting"),
        "sending": _("being sent"),
        "sent": _("sent"),
        "retry": _("not sent yet, tried again later"),
        "uncertain": _("maybe sent"),
        "discarded": _("undeliverable"),
        "cancelled": _("cancelled"),
        "superseded": _("superseded"),
        "held": _("held back"),
    }
    return names.get(state, state)


def weekday(day: date) -> str:
    """The day of the week."""
    names = (
        _("Monday"),
        _("Tuesday"),
        _("Wednesday"),
        _("Thursday"),
        _("Friday"),
        _("Saturday"),
        _("Sunday"),
    )
    return names[day.weekday()]


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
