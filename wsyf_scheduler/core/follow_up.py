"""Follow-ups (交办事项): what a meeting, inspection or evaluation asks for outside the paper (RULES.md §1). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.kind import FOLLOW_UP_NUMBER

if TYPE_CHECKING:
    from wsyf_scheduler.core.plan import Period

OWED = (State.OPEN, State.SUBMITTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What is asked for: departments by id, each due date a part; `origin` is the key or task it comes from.

    `period` is None where it follows from the origin or the first due date. `where` names the place it was read from,
    such as a file's line, for messages.
    """

    title: str
    departments: tuple[str, ...]
    dues: tuple[date, ...]
    support: tuple[str, ...] = ()
    origin: str | None = None
    hand_in: str = ""
    text: str = ""
    note: str = ""
    period: str | None = None
    where: str = ""


def is_follow_up(number: str) -> bool:
    """Whether a number is a follow-up's: `f1`, `f2` and so on."""
    return FOLLOW_UP_NUMBER.fullmatch(number) is not None


def next_number(taken: Iterable[str]) -> str:
    """The next free number of a period, over all departments; a withdrawn one keeps its own."""
    return f"f{1 + max((int(number[1:]) for number in taken if is_follow_up(number)), default=0)}"


def period_of(periods: Sequence[Period], due_on: date) -> Period:
    """The shortest period a date lies in, the last where it lies in none; there is at least one."""
    around = [period for period in periods if period.begins_on <= due_on <= period.ends_on]
    return min(around, key=lambda period: period.length) if around else max(periods, key=lambda each: each.ends_on)


def come_from(items: Iterable[Assignment], roots: Collection[str]) -> list[Assignment]:
    """The follow-ups that these keys and tasks begot, and those that came of them in turn, in the order given."""
    follow_ups = [item for item in items if item.origin is not None and is_follow_up(item.number)]
    known, found = set(roots), dict[int, Assignment]()
    while more := [item for item in follow_ups if item.id not in found and item.origin in known]:
        found |= {item.id: item for item in more}
        known |= {item.key for item in more} | {item.task for item in more}
    return [item for item in follow_ups if item.id in found]


def findings(items: Sequence[Assignment], task: str) -> list[Assignment]:
    """The follow-ups that came of `period/number` and are still owed."""
    roots = {task} | {item.key for item in items if item.task == task}
    return [item for item in come_from(items, roots) if item.state in OWED]


def parents(items: Iterable[Assignment]) -> Mapping[int, int]:
    """Follow-up's id to the id of the assignment of the same plan under which a list shows it.

    One that came of a whole task stands under the last of the task's assignments; one whose origin is not among
    these stands by itself.
    """
    items = list(items)
    of_key = {(item.plan_id, item.key): item.id for item in items}
    of_task = {(item.plan_id, item.task): item.id for item in items}
    found = {}
    for item in items:
        if item.origin is not None and is_follow_up(item.number):
            at = (item.plan_id, item.origin)
            parent = of_key.get(at, of_task.get(at))
            if parent is not None and parent != item.id:
                found[item.id] = parent
    return found
