"""The table of assignments: follow-ups below what they came from, as narrow as it takes to fold as little as can be.

Imports core and what prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from wsyf_scheduler.cli.grid import breadth, width
from wsyf_scheduler.cli.output import columns, days_words, say, state_words, table
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.follow_up import parents
from wsyf_scheduler.i18n import _, ngettext

EXTENDED = "*"
MARKS = {"period-end": "°", "office": "†"}
BELOW = "└ "
Column = tuple[str, list[str], bool]  # its header, its cells, and whether they may be folded


def print_table(items: Sequence[Assignment], today: date, names: dict[str, str], *, bare: bool = False) -> None:
    """The list as people read it; `bare` without what its marks mean, and without the count."""
    if items:
        rows = nested(items)
        found = _columns(rows, today, names)
        widths = [max(map(width, (header, *cells))) for header, cells, _folds in found]
        if breadth(widths) > columns(len(found)):
            found = _narrowed(found, rows)
        keep = [index for index, (_header, _cells, folds) in enumerate(found) if not folds]
        cells = zip(*(cells for _header, cells, _folds in found), strict=True)
        table([header for header, _cells, _folds in found], list(cells), keep=keep, tight=True)
    if not bare:
        for line in (*_legend(items), _count(items, today)):
            say(line)


def _count(items: Sequence[Assignment], today: date) -> str:
    overdue = sum(item.is_overdue(today) for item in items)
    held = sum(item.held for item in items)
    line = ngettext("{n} assignment", "{n} assignments", len(items)).format(n=len(items))
    line += _(", {n} overdue").format(n=overdue) if overdue else ""
    return line + (_(", {n} held").format(n=held) if held else "")


def nested(items: Sequence[Assignment]) -> list[tuple[Assignment, int]]:
    """In the order given, but each follow-up below what it came from, where that is shown; with how deep it stands."""
    above = parents(items)
    below: dict[int, list[Assignment]] = {}
    for item in items:
        if item.id in above:
            below.setdefault(above[item.id], []).append(item)

    found: list[tuple[Assignment, int]] = []
    waiting = [(item, 0) for item in reversed(items) if item.id not in above]
    while waiting:
        item, depth = waiting.pop()
        found.append((item, depth))
        waiting += [(each, depth + 1) for each in reversed(below.get(item.id, []))]
    return found


def _columns(rows: Sequence[tuple[Assignment, int]], today: date, names: dict[str, str]) -> list[Column]:
    items = [item for item, _depth in rows]
    titles = ["  " * (depth - 1) + BELOW + item.title if depth else item.title for item, depth in rows]
    found: list[Column] = [
        (_("id"), [str(item.id) for item in items], False),
        (_("key"), [item.key for item in items], False),
        (_("dept."), [names.get(item.department, item.department) for item in items], False),
        (_("task"), titles, True),
        (_("due"), [f"{item.due_on}{_mark(item)}" for item in items], False),
        (_("state"), [standing(item, today) for item in items], True),
    ]
    if len({item.plan_id for item in items}) > 1:
        found.insert(1, (_("plan"), [item.plan_id for item in items], False))
    return found


def _narrowed(found: Sequence[Column], rows: Sequence[tuple[Assignment, int]]) -> list[Column]:
    """Short headers, without what all have in common: a department (keys name it), a year (it heads the days)."""
    items = [item for item, _depth in rows]
    left = [("#", found[0][1], False), *found[1:]]
    if len(items) > 1 and len({item.due_on.year for item in items}) == 1:
        days = [f"{item.due_on:%m-%d}{_mark(item)}" for item in items]
        left[-2] = (_("due {year}").format(year=items[0].due_on.year), days, False)
    if len(items) > 1 and len({item.department for item in items}) == 1:
        del left[-4]
    return left


def standing(item: Assignment, today: date) -> str:
    """How it stands in a word: the days left of what is open, else its state."""
    muted = item.muted_until is not None and today < item.muted_until
    waits = item.state is State.OPEN and not (item.held or muted or item.is_overdue(today))
    return days_words(item, today) if waits else state_words(item, today)


def _mark(item: Assignment) -> str:
    """What stands behind a due day that is not simply the document's."""
    return EXTENDED if item.original_due_on else MARKS.get(item.due_basis, "")


def _legend(items: Sequence[Assignment]) -> list[str]:
    meanings = {
        EXTENDED: _("* extended"),
        MARKS["period-end"]: _("° end of the period: the document states no day"),
        MARKS["office"]: _("† set by the office"),
    }
    used = {_mark(item) for item in items}
    return [meaning for mark, meaning in meanings.items() if mark in used]
