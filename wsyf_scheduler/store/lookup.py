"""Finding one assignment by what a person typed: a key, a unique prefix of one, an id, or `last` (CLI.md). Light.

The choice is here once; `finding` asks through a session, the light commands through a glance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.errors import Forbidden, NotFound, Usage, nearest
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store.glance import Glance

SHOWN = 8
LONGEST_ID = 18  # digits of the largest integer a database keeps
LAST = "last"  # the assignment somebody acted upon last
BY_PLAN = (  # what a sync of the plan files does to assignments: nobody acts upon one by it
    "assignment_tracked",
    "assignment_held",
    "assignment_reassigned",
    "assignment_reworded",
    "assignment_restored",
    "assignment_withdrawn",
    "due_day_changed",
)
ACTED_LAST = f"""
SELECT assignment_id FROM event
WHERE who = :who AND assignment_id IS NOT NULL AND action NOT IN ({", ".join(f"'{name}'" for name in BY_PLAN)})
ORDER BY id DESC LIMIT 1
"""  # noqa: S608 - our own words
By = Callable[[str], Sequence[Assignment]]
Keys = Callable[[str | None], Sequence[str]]  # every key of a plan, or of all


class Origin(NamedTuple):
    """What a follow-up comes from: its plan, a key or a task `period/number`, and an assignment of it."""

    plan_id: str
    name: str
    item: Assignment

    @classmethod
    def of(cls, item: Assignment) -> Origin:
        """One assignment."""
        return cls(item.plan_id, item.key, item)

    def roots(self, items: Iterable[Assignment]) -> set[str]:
        """All that a follow-up's origin may say which came of it: an assignment or its task, a task or all of it."""
        if self.name != self.item.task:
            return {self.item.key, self.item.task}
        return {self.name} | {each.key for each in items if (each.plan_id, each.task) == (self.plan_id, self.name)}


def find(opened: Glance, text: str) -> Assignment:
    """The assignment meant, by a light read; see `choose`."""
    if is_id(text):
        return one_by_id(opened.assignments("id = :id", {"id": int(text)}), text)
    return choose(text, lambda prefix: _by_prefix(opened, prefix), lambda plan: _keys(opened, plan))


def origin(opened: Glance, text: str, plan_id: str | None) -> Origin:
    """What a follow-up comes from, by a light read; see `choose_origin`."""
    if is_id(text):
        return Origin.of(of_plan(find(opened, text), plan_id))
    return choose_origin(text, plan_id, lambda prefix: _by_prefix(opened, prefix), lambda plan: _keys(opened, plan))


def last(opened: Glance, who: str) -> int:
    """The id of the assignment this person acted upon last, an act taken back among them; NotFound where none was."""
    found = opened.rows(ACTED_LAST, {"who": who})
    if not found:
        raise NotFound(_("{who} has acted upon no assignment yet: `last` names none").format(who=who))
    return int(found[0]["assignment_id"])


def _by_prefix(opened: Glance, prefix: str) -> list[Assignment]:
    exact = opened.assignments("key = :key", {"key": prefix})
    if exact:
        return exact
    return opened.assignments("key >= :key AND key < :end", {"key": prefix, "end": prefix + "\U0010ffff"})


def _keys(opened: Glance, plan_id: str | None) -> list[str]:
    return [item.key for item in opened.assignments() if plan_id in (None, item.plan_id)]


def is_id(text: str) -> bool:
    """Digits alone are an id."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID


def one_by_id(found: Sequence[Assignment], text: str) -> Assignment:
    """The assignment of an id; NotFound where there is none."""
    if not found:
        raise NotFound(_("there is no assignment with the id {id}; `wsyf list` shows them").format(id=text))
    return found[0]


def of_plan(item: Assignment, plan_id: str | None) -> Assignment:
    """The assignment, where no plan is chosen or it is of that one; else Forbidden."""
    if plan_id in (None, item.plan_id):
        return item
    raise Forbidden(_("{key} is of another plan, {plan}").format(key=item.key, plan=item.plan_id))


def choose(text: str, by_prefix: By, keys: Keys, plan_id: str | None = None) -> Assignment:
    """The one assignment a key or prefix means; NotFound names the nearest keys, Usage those it could mean.

    Where the text is a task, what only begins so (`2023/10` by `2023/1`) is not meant. `PLAN:KEY` tells
    plans apart; where the text names none, `plan_id` may.
    """
    named, _colon, key = text.rpartition(":")
    wanted = named or plan_id
    found = [item for item in by_prefix(key) if wanted is None or item.plan_id == wanted]
    if not found:
        raise NotFound(_unknown(text, _near(key, keys(wanted))))
    found = _of_task(found, key) or found
    if len(found) > 1:
        raise Usage(_ambiguous(text, found))
    return found[0]


def choose_origin(text: str, plan_id: str | None, by_prefix: By, keys: Keys) -> Origin:
    """The assignment or the task meant; a task where the text is one, or a part of one, and it has several.

    `plan_id` speaks where the text itself names no plan. Errors as of `choose`.
    """
    named, _colon, key = text.rpartition(":")
    wanted = named or plan_id
    found = _of_task((item for item in by_prefix(key) if wanted is None or item.plan_id == wanted), key)
    if len(found) > 1 and len({item.plan_id for item in found}) == 1:
        return Origin(found[0].plan_id, found[0].task, found[0])
    return Origin.of(choose(text, by_prefix, keys, plan_id))


def _of_task(items: Iterable[Assignment], text: str) -> list[Assignment]:
    """Those whose task, or task and part, is just the text."""
    return [item for item in items if text.rstrip("/") in (item.task, item.task + item.part)]


def _near(key: str, known: Sequence[str]) -> list[str]:
    """The nearest keys; where none is near, the nearest tasks."""
    return nearest(key, known) or nearest(key, dict.fromkeys(each.rpartition("/")[0] for each in known))


def _unknown(text: str, close: Sequence[str]) -> str:
    message = _("there is no assignment {key}").format(key=text)
    return message + (_("; did you mean {keys}?").format(keys=", ".join(close)) if close else "")


def _ambiguous(text: str, found: Sequence[Assignment]) -> str:
    several_plans = len({item.plan_id for item in found}) > 1
    names = [f"{item.plan_id}:{item.key}" if several_plans else item.key for item in found]
    more = "" if len(names) <= SHOWN else _(" and {n} more").format(n=len(names) - SHOWN)
    message = _("{key} could mean {keys}{more}; type more of it")
    if all(item.key == found[0].key for item in found):
        message = _("{key} stands in several plans: write {keys}{more}, or the id")
    return message.format(key=text or '""', keys=", ".join(names[:SHOWN]), more=more)
