"""What an assignment hangs together with: what it came from, what came of it, what it waits for. Light reads.

Imports core and store.glance.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from wsyf_scheduler.cli.output import say
from wsyf_scheduler.cli.register import print_table, standing
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.follow_up import OWED, come_from, is_follow_up
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.store.glance import Glance

LAST_LEFT = """
SELECT detail FROM event WHERE assignment_id = :item AND action IN ('assignment_reassigned', 'assignment_withdrawn')
ORDER BY id DESC LIMIT 1
"""
OF_TASK = "plan_id = :plan AND period = :period AND number = :number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kindred:
    """Assignments by how they hang together with one.

    `origin` is what it came from: one assignment, or those of a task. `begot` are the follow-ups that came of it or
    of its task, and of those in turn. `takers` took it over where it is withdrawn. `awaited` is the task it waits for,
    `left_open` the follow-ups of that which are still owed. `together` is the same task and part in all its
    departments, where several.
    """

    origin: tuple[Assignment, ...] = ()
    begot: tuple[Assignment, ...] = ()
    takers: tuple[Assignment, ...] = ()
    awaited: tuple[Assignment, ...] = ()
    left_open: tuple[Assignment, ...] = ()
    together: tuple[Assignment, ...] = ()

    def as_json(self, item: Assignment) -> dict[str, object]:
        """The part of `wsyf show --json` that is about other assignments."""
        return {
            "origin": item.origin,
            "taken_over_by": [each.key for each in self.takers],
            "follow_ups": [_brief(each) for each in self.begot],
            "waits_for": [_brief(each) for each in self.awaited],
            "left_open": [_brief(each) for each in self.left_open],
            "together": [_brief(each) for each in self.together],
        }


def _brief(item: Assignment) -> dict[str, object]:
    return {
        "id": item.id,
        "key": item.key,
        "title": item.title,
        "department": item.department,
        "due_on": item.due_on.isoformat(),
        "state": item.state.value,
    }


def kindred(opened: Glance, item: Assignment) -> Kindred:
    """Look them up."""
    derived = opened.assignments("plan_id = :plan AND origin IS NOT NULL", {"plan": item.plan_id})
    awaited = _of_task(opened, item.plan_id, item.after) if item.after else []
    roots = {item.after or ""} | {each.key for each in awaited}
    return Kindred(
        origin=tuple(_origin(opened, item)),
        begot=tuple(come_from(derived, {item.key, item.task})),
        takers=tuple(_takers(opened, item, derived)),
        awaited=tuple(awaited),
        left_open=tuple(each for each in come_from(derived, roots) if each.state in OWED),
        together=tuple(_together(opened, item)),
    )


def _together(opened: Glance, item: Assignment) -> list[Assignment]:
    """The task and part in all departments that owe it, or did; none where it is one department's alone."""
    found = [
        each
        for each in _of_task(opened, item.plan_id, item.task)
        if each.part == item.part and each.state not in (State.WAIVED, State.WITHDRAWN)
    ]
    return found if len(found) > 1 else []


def _takers(opened: Glance, item: Assignment, derived: list[Assignment]) -> list[Assignment]:
    """Whom it was given to last; nobody has taken over what is here itself, whatever came and went before."""
    if item.state is not State.WITHDRAWN:
        return []
    left = opened.rows(LAST_LEFT, {"item": item.id})
    if not left:
        return [each for each in derived if each.origin == item.key and not is_follow_up(each.number)]
    taker = json.loads(left[0]["detail"]).get("to")
    return opened.assignments("plan_id = :plan AND key = :key", {"plan": item.plan_id, "key": taker}) if taker else []


def _origin(opened: Glance, item: Assignment) -> list[Assignment]:
    if item.origin is None:
        return []
    found = opened.assignments("plan_id = :plan AND key = :key", {"plan": item.plan_id, "key": item.origin})
    return found or _of_task(opened, item.plan_id, item.origin)


def _of_task(opened: Glance, plan_id: str, task: str) -> list[Assignment]:
    period, _slash, number = task.rpartition("/")
    return opened.assignments(OF_TASK, {"plan": plan_id, "period": period, "number": number})


def facts(found: Kindred, item: Assignment, today: date, names: dict[str, str]) -> list[tuple[str, str]]:
    """Labels and what they say, for `wsyf show`; what is not so is left out."""
    came = _("came from: ") if is_follow_up(item.number) else _("took over from: ")
    said = [(came, _named(item.origin or "", found.origin, today)) if item.origin else ("", "")]
    said += [(_("taken over by: "), _named(each.key, (each,), today)) for each in found.takers]
    said += [(_("waits for: "), _named(item.after, found.awaited, today)) if item.after else ("", "")]
    said += [(_("all departments: "), _jointly(found.together, names)) if found.together else ("", "")]
    return [(label, words) for label, words in said if words]


def _jointly(together: tuple[Assignment, ...], names: dict[str, str]) -> str:
    """`2 of 3 handed in; missing: 交通`."""
    missing = [names.get(each.department, each.department) for each in together if each.state is State.OPEN]
    words = _("{n} of {all} handed in").format(n=len(together) - len(missing), all=len(together))
    return words + (_("; missing: {names}").format(names=_(", ").join(missing)) if missing else "")


def _named(name: str, items: tuple[Assignment, ...], today: date) -> str:
    """`2023/5  中期评估 (298 days left)`; of a task of several, how many are closed."""
    if not items:
        return name
    if len(items) == 1:
        (one,) = items
        words = standing(one, today)
    else:
        closed = sum(each.state not in OWED for each in items)
        words = _("{n} of {all} closed").format(n=closed, all=len(items))
    return _("{name}  {title} ({words})").format(name=name, title=items[0].title, words=words)


def print_kindred(found: Kindred, item: Assignment, today: date, names: dict[str, str]) -> None:
    """The follow-ups of what it waits for that are still open, and its own, as tables."""
    if found.left_open:
        words = ngettext(
            "{task} left {n} follow-up open", "{task} left {n} follow-ups open", len(found.left_open)
        ).format(task=item.after, n=len(found.left_open))
        say(words, italic=True)
        print_table(found.left_open, today, names, bare=True)
    if found.begot:
        say(_("Follow-ups"), italic=True)
        print_table(found.begot, today, names, bare=True)
