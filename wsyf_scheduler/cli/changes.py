"""What a sync changes, in the paper's words: blocks for people, plain values for programs.

Imports core, i18n and cli.output.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wsyf_scheduler.cli.output import listed
from wsyf_scheduler.core.amend import LIVE, differing, due_day, is_extended, keeps_extension
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.reports.naming import role

if TYPE_CHECKING:
    from wsyf_scheduler.core.assignment import Assignment
    from wsyf_scheduler.core.ladder import Landing
    from wsyf_scheduler.core.plan import Wanted
    from wsyf_scheduler.reports.amendment import Amendment, Shift

FEW = 3  # days of letters named one by one
LONGEST = 60  # characters quoted of words that stay the same around what changes
AROUND = 8  # characters shown before and after what differs


@dataclass(frozen=True, slots=True)
class Block:
    """One change: its line, its colour, and what follows from it."""

    head: str
    colour: str
    lines: tuple[str, ...] = ()


def as_json_of(each: Amendment) -> dict[str, object]:
    """The keys of `wsyf plan diff --json`; `letters` are those that move, by assignment."""
    changes = each.changes
    return {
        "added": [want.key for want in changes.added],
        "moved": [
            {
                "key": item.key,
                "from": item.due_on.isoformat(),
                "to": want.due_on.isoformat(),
                **_bears(each, item, want),
            }
            for item, want in changes.moved
        ],
        "reworded": [item.key for item, _want in changes.reworded],
        "restored": [item.key for item, _want in changes.restored],
        "withdrawn": [item.key for item in changes.withdrawn],
        "reassigned": [
            {"from": item.key, "to": want.key, **_bears(each, item, want, taken_over=True)}
            for item, want in changes.reassigned
        ],
        "letters": [
            {
                "key": shift.key,
                "change_to": list(shift.told),
                "gone": [_letter(landing) for landing in shift.gone],
                "come": [_letter(landing) for landing in shift.come],
                **_helpers_json(shift),
            }
            for shift in each.shifts.values()
        ],
    }


def _letter(landing: Landing) -> dict[str, object]:
    return {
        "on": landing.on.isoformat(),
        "letter": landing.rung.letter,
        "rung": landing.rung.name,
        "repeat": landing.repeat,
    }


def _helpers_json(shift: Shift) -> dict[str, object]:
    """The supporting departments' start letters, where any move."""
    pairs = {"support_gone": shift.helpers_gone, "support_come": shift.helpers_come}
    return {
        name: [{"department": department, "on": on.isoformat()} for department, on in found]
        for name, found in pairs.items()
        if found
    }


def _bears(each: Amendment, item: Assignment, want: Wanted, *, taken_over: bool = False) -> dict[str, object]:
    """What becomes of an extension or a mute that is in force; empty where there is none."""
    found: dict[str, object] = {}
    if is_extended(item) and item.state in LIVE:
        name = "extension_stays" if taken_over and keeps_extension(want, item) else "extension_ends"
        found[name] = {"due_on": item.due_on.isoformat(), "approved_by": each.approved_by.get(item.key) or None}
    if taken_over and _is_muted(each, item):
        found["mute_ends"] = str(item.muted_until)
    return found


def _is_muted(each: Amendment, item: Assignment) -> bool:
    return item.muted_until is not None and item.muted_until > each.today


def _bearings(each: Amendment, item: Assignment, want: Wanted, *, taken_over: bool = False) -> Iterator[str]:
    """The same in words: what somebody approved or asked for does not end unsaid."""
    if is_extended(item) and item.state not in (State.DONE, State.WAIVED):
        if keeps_extension(want, item):
            words = _("the extension to {day} ({approved}) stays in force")
        else:
            words = _("! THE EXTENSION TO {day} ({approved}) ENDS: the due day changed in the file")
        post = each.approved_by.get(item.key)
        approved = _("approved by {post}").format(post=post) if post else _("approver not recorded")
        yield words.format(day=item.due_on, approved=approved)
    if taken_over and _is_muted(each, item):
        yield _("it was muted until {day}; that ends with the department's change").format(day=item.muted_until)


def blocks(each: Amendment) -> Iterator[list[Block]]:
    """A list of blocks for each kind of change, in the order of the plan."""
    changes, names = each.changes, {department.id: department.short for department in each.plan.departments}
    taken = {item.id: want for item, want in changes.reassigned}
    takers = {want.key for want in taken.values()}

    def letters(key: str) -> tuple[str, ...]:
        shift = each.shifts.get(key)
        return tuple(_letters(shift, names)) if shift is not None else ()

    yield [
        _block("+", want.key, want.title, str(want.due_on), colour="green", lines=letters(want.key))
        for want in changes.added
        if want.key not in takers
    ]
    yield [
        _block(
            "~",
            item.key,
            want.title,
            f"{item.due_on} → {want.due_on}",
            colour="red" if is_extended(item) else "yellow",
            lines=(*_bearings(each, item, want), *_words(item, want), *letters(item.key)),
        )
        for item, want in changes.moved
    ]
    yield [_reassigned(each, item, want, letters(item.key), letters(want.key)) for item, want in changes.reassigned]
    yield [
        _block("~", item.key, want.title, _("reworded"), lines=(*_words(item, want), *letters(item.key)))
        for item, want in changes.reworded
    ]
    yield [
        _block(
            "+",
            item.key,
            want.title,
            _("back in the plan, open again"),
            colour="green",
            lines=(*_bearings(each, item, want), *letters(item.key)),
        )
        for item, want in changes.restored
        if item.key not in takers
    ]
    yield [
        _block("-", item.key, item.title, _("withdrawn, never deleted"), colour="red", lines=letters(item.key))
        for item in changes.withdrawn
        if item.id not in taken
    ]


def _block(mark: str, key: str, title: str, what: str, *, colour: str = "yellow", lines: Sequence[str] = ()) -> Block:
    return Block(f"{mark} {key}  {title}  {what}", colour, tuple(lines))


def _reassigned(each: Amendment, item: Assignment, want: Wanted, old: tuple[str, ...], new: tuple[str, ...]) -> Block:
    what = _("given to another department")
    head = f"> {item.key} → {want.key}  {want.title}  {what}"
    due_on = due_day(want, item)["due_on"]
    days = (f"{item.due_on} → {due_on}",) if item.due_on != due_on else ()
    bearings = _bearings(each, item, want, taken_over=True)
    old = tuple(f"{item.key}: {line}" for line in old)
    return Block(head, "yellow", (*days, *bearings, *old, *(f"{want.key}: {line}" for line in new)))


def _letters(shift: Shift, names: dict[str, str]) -> Iterator[str]:
    """Which letters go no more, which go instead, and who is told of it."""
    if shift.gone:
        n = len(shift.gone)
        words = ngettext("{n} letter goes no more: {days}", "{n} letters go no more: {days}", n)
        yield words.format(n=n, days=_days(shift.gone))
    if shift.come:
        n = len(shift.come)
        words = ngettext("{n} letter goes if nobody acts: {days}", "{n} letters go if nobody acts: {days}", n)
        yield words.format(n=n, days=_days(shift.come))
    if shift.told:
        posts = ", ".join(role(each) for each in shift.told)
        department = names.get(shift.department, shift.department)
        yield _("a change letter goes to {department}: {posts}").format(department=department, posts=posts)
    for on in dict.fromkeys(on for _department, on in shift.helpers_come):
        helpers = listed(names.get(name, name) for name, day in shift.helpers_come if day == on)
        yield _("a start letter goes to {departments}, who support it: {day}").format(departments=helpers, day=on)
    come = {name for name, _on in shift.helpers_come}
    if left := [name for name, _on in shift.helpers_gone if name not in come]:
        helpers = listed(names.get(name, name) for name in left)
        yield _("no start letter goes to {departments} any more").format(departments=helpers)


def _days(landings: Sequence[Landing]) -> str:
    """The first few days, a year once for all that follow in it, and how many more."""
    shown = list(dict.fromkeys(landing.on for landing in landings))[:FEW]
    same = [index and day.year == shown[index - 1].year for index, day in enumerate(shown)]
    days = ", ".join(f"{day:%m-%d}" if known else str(day) for day, known in zip(shown, same, strict=True))
    rest = sum(landing.on not in shown for landing in landings)
    return days if not rest else ngettext("{days} and {n} more", "{days} and {n} more", rest).format(days=days, n=rest)


def _words(item: Assignment, want: Wanted) -> tuple[str, ...]:
    """Which words change, old → new, quoted around what differs."""
    found = []
    for name, (old, new) in differing(item, want).items():
        before, after = quoted(_plain(old), _plain(new))
        found.append(f"{_name(name)}: “{before}” → “{after}”")
    return tuple(found)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)


def _name(field: str) -> str:
    """A field of an assignment, as the plan's files call it; those in words that readers know by another name."""
    words = {
        "title": _("title"),
        "text": _("text of the paper"),
        "support": _("supporting departments"),
        "hand_in": _("what to hand in"),
        "kind": _("kind"),
        "due_basis": _("basis of the due day"),
        "data_year": _("data year"),
        "form": _("figures"),
        "after": _("waits for"),
        "begins_on": _("first day of the period"),
    }
    return words.get(field, field)


def quoted(old: str, new: str) -> tuple[str, str]:
    """Both texts, shortened to what differs and a few characters around it where they are long."""
    if max(len(old), len(new)) <= LONGEST:
        return old, new
    head = next(
        (n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    tail, most = 0, min(len(old), len(new)) - head
    while tail < most and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return _cut(old, head, tail), _cut(new, head, tail)


def _cut(text: str, head: int, tail: int) -> str:
    first, last = max(head - AROUND, 0), len(text) - max(tail - AROUND, 0)
    found = ("…" if first else "") + text[first:last] + ("…" if last < len(text) else "")
    return found if len(found) <= 2 * LONGEST else found[: 2 * LONGEST] + "…"
