"""What a sync changes, in the paper's words: blocks for people, plain values for programs. Imports core, i18n."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wsyf_scheduler.core.amend import differing
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
            {"key": item.key, "from": item.due_on.isoformat(), "to": want.due_on.isoformat()}
            for item, want in changes.moved
        ],
        "reworded": [item.key for item, _want in changes.reworded],
        "restored": [item.key for item, _want in changes.restored],
        "withdrawn": [item.key for item in changes.withdrawn],
        "reassigned": [{"from": item.key, "to": want.key} for item, want in changes.reassigned],
        "letters": [
            {
                "key": shift.key,
                "change_to": list(shift.told),
                "gone": [_letter(landing) for landing in shift.gone],
                "come": [_letter(landing) for landing in shift.come],
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
            "~", item.key, want.title, f"{item.due_on} → {want.due_on}", lines=(*_words(item, want), *letters(item.key))
        )
        for item, want in changes.moved
    ]
    yield [_reassigned(item, want, letters(item.key), letters(want.key)) for item, want in changes.reassigned]
    yield [
        _block("~", item.key, want.title, _("reworded"), lines=_words(item, want)) for item, want in changes.reworded
    ]
    yield [
        _block("+", item.key, want.title, _("back in the plan, open again"), colour="green", lines=letters(item.key))
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


def _reassigned(item: Assignment, want: Wanted, old: tuple[str, ...], new: tuple[str, ...]) -> Block:
    what = _("given to another department")
    head = f"> {item.key} → {want.key}  {want.title}  {what}"
    days = (f"{item.due_on} → {want.due_on}",) if item.due_on != want.due_on else ()
    old = tuple(f"{item.key}: {line}" for line in old)
    return Block(head, "yellow", (*days, *old, *(f"{want.key}: {line}" for line in new)))


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
