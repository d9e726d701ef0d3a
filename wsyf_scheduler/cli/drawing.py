"""The desk in lines for a terminal: one line an assignment, each section with the commands that act on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from wsyf_scheduler.cli.concerns import Concern
from wsyf_scheduler.cli.grid import CONTROL, clip, grid, width
from wsyf_scheduler.cli.output import WIDE, days_words, folded, listed, weekday
from wsyf_scheduler.cli.posts import call, whose
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.reports import naming

if TYPE_CHECKING:
    from wsyf_scheduler.cli.desk import Sight
    from wsyf_scheduler.cli.upcoming import Upcoming

SHOWN = 10  # lines of a section; a command shows the others
NAMED_FROM = 100  # columns of a screen that has room for a name beside the telephone
SHORTEST = 12  # columns a title is cut to at most
MARKS = {"period-end": "°", "office": "†"}
EXTENDED = "*"
DOT = " · "


def draw(found: Sight, columns: int | None) -> list[str]:
    """The lines, styled; none is wider than `columns`, if given, but for words that are."""
    lines = _say(_("{day}, {weekday}").format(day=found.today, weekday=weekday(found.today)), columns, bold=True)
    lines += _gravest(found, columns)
    for section in (_overdue, _submitted, _due_soon):
        lines += section(found, columns or WIDE)
    lines += _quiet(found, columns)
    told = [*_held(found), *_vacant(found), *_told(found.concerns, "warning"), *_alerts(found)]
    lines += [""] if told else []
    lines += [line for sentence in told for line in _say(sentence, columns, fg="yellow")]
    lines += _next(found, columns)
    return lines + _foot(found, columns)


def _say(text: str, columns: int | None, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> list[str]:
    parts = folded(text, columns, hang=2)
    return [click.style(line, fg=fg, bold=bold or None, dim=dim or None) for line in parts]


# --- What is broken ------------------------------------------------------------------------------------------------


def _gravest(found: Sight, columns: int | None) -> list[str]:
    """Where nothing leaves any more, or nothing can: before everything else."""
    sentences = list(_told(found.concerns, "broken"))
    if not found.pulse.is_well:
        sentences.append(found.pulse.words())
    if not found.plans:
        sentences.append(_("No plan is tracked yet: look with `wsyf check`, then `wsyf plan sync`."))
    if not found.people:
        words = _("Nobody holds any post, so nobody can be written to: `wsyf people import FILE`.")
        sentences.append(words)
    return [line for sentence in sentences for line in _say(sentence, columns, fg="red")]


def _told(concerns: Sequence[Concern], level: str) -> Iterator[str]:
    yield from (each.text for each in concerns if each.level == level)


# --- Assignments ---------------------------------------------------------------------------------------------------


def _overdue(found: Sight, columns: int) -> list[str]:
    items = found.sections["overdue"]
    shown = items[:SHOWN]
    if not items:
        return []
    headers = (_("overdue"), _("liaison"))
    cells = [
        (_late(item, found) + _mark(item), call(found.contacts[item.department], named=columns >= NAMED_FROM))
        for item in shown
    ]
    acts = ("done", "remind", "explain")
    title = _("Overdue")
    lines = [*_title(title, items, columns, acts, fg="red"), *_table(shown, found, headers, cells, columns)]
    lines += _without_phone(shown, found, columns) + _more(items, "--overdue", columns)
    return lines + _legend(shown, columns)


def _late(item: Assignment, found: Sight) -> str:
    days = -item.days_left(found.today)
    return ngettext("{n} day", "{n} days", days).format(n=days)


def _submitted(found: Sight, columns: int) -> list[str]:
    items = found.sections["submitted"]
    if not items:
        return []
    title = _("Waiting for confirmation")
    return [*_title(title, items, columns, ("done", "return")), *_dated(items, found, columns, "--state submitted")]


def _due_soon(found: Sight, columns: int) -> list[str]:
    items = found.sections["due_soon"]
    if not items:
        return []
    before = found.today + timedelta(days=15)
    title = _("Due within 14 days")
    more = f"--due-before {before}"
    return [*_title(title, items, columns, ("done", "extend")), *_dated(items, found, columns, more)]


def _dated(items: Sequence[Assignment], found: Sight, columns: int, more: str) -> list[str]:
    """A section whose lines end with the due day."""
    shown = items[:SHOWN]
    cells = [
        (f"{_day(item.due_on, found.today)} {weekday(item.due_on)}{_mark(item)}", days_words(item, found.today))
        for item in shown
    ]
    table = _table(shown, found, (_("due"), _("left")), cells, columns)
    return [*table, *_more(items, more, columns), *_legend(shown, columns)]


def _day(day: date, today: date) -> str:
    """A day of this year without its year."""
    return f"{day:%m-%d}" if day.year == today.year else str(day)


def _title(
    title: str, items: Sequence[Assignment], columns: int, acts: Sequence[str], *, fg: str | None = None
) -> list[str]:
    """An empty line, then the title, how many, and the commands that act on the first of them."""
    words = _("{title} ({n})").format(title=title, n=len(items))
    hint = DOT.join(f"wsyf {act} {items[0].id}" for act in acts)
    styled, dim = click.style(words, bold=True, fg=fg), click.style(hint, dim=True)
    if width(words) + 3 + width(hint) <= columns:
        return ["", f"{styled}   {dim}"]
    return ["", styled, *_say(f" {hint}", columns, dim=True)]


def _table(
    items: Sequence[Assignment],
    found: Sight,
    headers: tuple[str, str],
    cells: Sequence[tuple[str, str]],
    columns: int,
) -> list[str]:
    """One line an assignment: titles give way where the screen is narrow."""
    heads = ("#", _("key"), _("dept."), headers[0], headers[1])
    rows = [
        (str(item.id), item.key, found.names.get(item.department, item.department), *cell)
        for item, cell in zip(items, cells, strict=True)
    ]
    taken = 1 + 2 * len(heads) + sum(max(map(width, column)) for column in zip(heads, *rows, strict=True))
    left = max(columns - taken, SHORTEST)
    whole = [
        (*row[:3], clip(CONTROL.sub(" ", item.title), left), *row[3:]) for item, row in zip(items, rows, strict=True)
    ]
    head, _rule, *lines = grid((*heads[:3], _("task"), *headers), whole, columns=columns, keep=range(6))
    return [click.style(head, dim=True), *lines]


def _more(items: Sequence[Assignment], filters: str, columns: int) -> list[str]:
    left = len(items) - SHOWN
    if left <= 0:
        return []
    return _say(_(" … and {n} more: `wsyf list {filters}`").format(n=left, filters=filters), columns, dim=True)


def _mark(item: Assignment) -> str:
    """What stands behind a due day that is not simply the document's."""
    return EXTENDED if item.original_due_on else MARKS.get(item.due_basis, "")


def _legend(items: Sequence[Assignment], columns: int) -> list[str]:
    meanings = {
        EXTENDED: _("* extended"),
        MARKS["period-end"]: _("° end of the period: the document states no day"),
        MARKS["office"]: _("† set by the office"),
    }
    used = {_mark(item) for item in items}
    said = [meaning for mark, meaning in meanings.items() if mark in used]
    return _say(" " + "  ".join(said), columns, dim=True) if said else []


# --- Telephones ----------------------------------------------------------------------------------------------------


def _without_phone(items: Sequence[Assignment], found: Sight, columns: int) -> list[str]:
    """Where to write to those who cannot be called, one line a department."""
    lines = []
    for department in dict.fromkeys(item.department for item in items):
        people = found.contacts[department]
        if people and not any(each.phone for each in people):
            best = people[0]
            who = f"{found.names.get(department, department)} {best.name}".strip()
            words = _(" no telephone: {who}, {address}").format(who=who + whose(best), address=best.address)
            lines += _say(words, columns, dim=True)
    return lines


# --- Sentences -----------------------------------------------------------------------------------------------------


def _quiet(found: Sight, columns: int | None) -> list[str]:
    """Where nothing is to be done: say so, and what falls due next."""
    sections = found.sections
    if not found.plans or sections["overdue"] or sections["due_soon"] or sections["submitted"]:
        return []
    held = _("Apart from what is held, nothing is overdue.")
    lines = _say(held if sections["held"] else _("Nothing is overdue, nothing falls due within 14 days."), columns)
    if not found.later:
        return lines
    day = min(item.due_on for item in found.later)
    n = sum(item.due_on == day for item in found.later)
    words = ngettext(
        "Next to fall due: {n} assignment on {day} ({weekday}), `wsyf list --due-before {after}`",
        "Next to fall due: {n} assignments on {day} ({weekday}), `wsyf list --due-before {after}`",
        n,
    )
    text = words.format(n=n, day=day, weekday=weekday(day), after=day + timedelta(days=1))
    return lines + _say(text, columns)


def _held(found: Sight) -> Iterator[str]:
    held = found.sections["held"]
    if held:
        words = ngettext("{n} assignment is held", "{n} assignments are held", len(held)).format(n=len(held))
        yield words + _(": `wsyf list --held` shows them, `wsyf release ID` lets one speak, `wsyf done ID` closes one")


def _vacant(found: Sight) -> Iterator[str]:
    if found.vacant:
        names = found.names
        posts = [f"{names.get(post.department, '')} {naming.role(post.role)}".strip() for post in found.vacant]
        shown = listed(posts[:SHOWN])
        more = len(posts) - SHOWN
        shown += _(" and {n} more").format(n=more) if more > 0 else ""
        words = ngettext(
            "Vacant post: {posts}; letters go to the next higher one: `wsyf people import FILE`",
            "Vacant posts: {posts}; letters go to the next higher ones: `wsyf people import FILE`",
            len(posts),
        )
        yield words.format(posts=shown)


def _alerts(found: Sight) -> Iterator[str]:
    """Alerts whose mail has not left; equal ones are told once."""
    alerts = found.matters.alerts
    for headline, n in Counter(each.headline for each in alerts).items():
        first = next(each.id for each in alerts if each.headline == headline)
        if n == 1:
            yield _("Alert, not mailed yet: {headline} (`wsyf outbox show {id}`)").format(headline=headline, id=first)
        else:
            words = _("{n} alerts, not mailed yet: {headline} (`wsyf outbox list --letter alert`)")
            yield words.format(headline=headline, n=n)


# --- What comes next -----------------------------------------------------------------------------------------------


def _next(found: Sight, columns: int | None) -> list[str]:
    """The next letters: when, which, to whom."""
    if not found.plans:
        return []
    if not found.upcoming:
        return ["", *_say(_("The ladder owes no letter as things stand."), columns)]
    title = click.style(_("Next letters"), bold=True)
    lines = ["", f"{title}   {click.style('wsyf schedule', dim=True)}"]
    if found.matters.hold:
        lines += _say(_(" None of them leaves before the hold is lifted:"), columns, fg="yellow")
    for each in found.upcoming[:SHOWN]:
        lines += _say(_letter(each, found), columns)
    if any(each.letter in ("receipt", "change") and each.at > found.now for each in found.upcoming if each.is_queued):
        lines += _say(_(" `wsyf undo` takes the last act back while its letter waits"), columns, dim=True)
    return lines


def _letter(each: Upcoming, found: Sight) -> str:
    names = found.names
    to = [f"{names.get(post.department, post.department)} {naming.role(post.role)}".strip() for post in each.to]
    late = each.at <= found.now
    day = each.at.date()
    when = _("at once") if late else f"{_day(day, found.today)} {weekday(day)} {each.at:%H:%M}"
    words = _(" {when}  {letter}: {to}")
    return words.format(when=when, letter=naming.letter(each.letter), to=listed(to))


def _foot(found: Sight, columns: int | None) -> list[str]:
    lines = [""]
    if found.pulse.is_well:
        lines += _say(found.pulse.words(), columns, dim=True)
    if found.maildir:
        words = _("Mail is kept in {folder} and sent to no one.").format(folder=found.maildir)
        lines += _say(words, columns, fg="yellow")
    return lines if len(lines) > 1 else []
