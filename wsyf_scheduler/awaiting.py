"""What a letter says of other assignments: the task a row waits for and what that left open, where a follow-up is from,
how far the departments are that owe one task together.

Imports core, mail.letter and store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.follow_up import findings, is_follow_up
from wsyf_scheduler.core.kind import Kind
from wsyf_scheduler.mail.letter import Letter, Waiting
from wsyf_scheduler.store import assignments
from wsyf_scheduler.store.db import Session

GONE = (State.DONE, State.WAIVED, State.WITHDRAWN)
TELLS_OF_OTHERS = ("escalation", "briefing")  # of a task several departments owe: who has handed in, who has not
OfPlan = tuple[str, str]  # a plan, and a task or key of it


def tasks(session: Session, items: Iterable[Assignment]) -> dict[OfPlan, Waiting | None]:
    """The tasks these wait for, each looked up once; None for one that is not tracked."""
    wanted = {(item.plan_id, item.after) for item in items if item.after is not None}
    begotten = {plan_id: assignments.with_origin(session, plan_id) for plan_id in {each[0] for each in wanted}}
    origins_of = {plan_id: {item.origin for item in found} for plan_id, found in begotten.items()}
    return {
        (plan_id, task): _waiting(session, plan_id, task, begotten[plan_id], origins_of[plan_id])
        for plan_id, task in wanted
    }


def waiting(session: Session, plan_id: str, task: str) -> Waiting | None:
    """One task `period/number`, or None where it is not tracked."""
    begotten = assignments.with_origin(session, plan_id)
    return _waiting(session, plan_id, task, begotten, {item.origin for item in begotten})


def _waiting(
    session: Session, plan_id: str, task: str, begotten: list[Assignment], origins_of: set[str | None]
) -> Waiting | None:
    """`begotten` is all of the plan that came of another, read once for all tasks; `origins_of` what it came of."""
    found = assignments.of_task(session, plan_id, task)
    if not found:
        return None
    left: list[Assignment] = []
    if not origins_of.isdisjoint({task, *(item.key for item in found)}):
        known = {item.id: item for item in (*found, *begotten)}
        left = sorted(findings(list(known.values()), task), key=lambda item: (item.due_on, item.key))
    return Waiting(
        key=task,
        title=found[0].title,
        closed=all(item.state in GONE for item in found),
        open=tuple(item.title for item in left),
    )


def origins(session: Session, items: Iterable[Assignment]) -> dict[OfPlan, str]:
    """What these follow-ups came from, in words: `2022/3/hrss 隐患排查和调研、召开联席会议`."""
    wanted = {(item.plan_id, item.origin) for item in items if item.origin is not None and is_follow_up(item.number)}
    return {(plan_id, origin): _named(session, plan_id, origin) for plan_id, origin in wanted}


def _named(session: Session, plan_id: str, origin: str) -> str:
    found = assignments.of_task(session, plan_id, origin) or assignments.by_prefix(session, origin)
    titles = [item.title for item in found if item.plan_id == plan_id]
    return f"{origin} {titles[0]}" if titles else origin


def joined(session: Session, letter: Letter, items: Sequence[Assignment], shorts: Mapping[str, str]) -> Letter:
    """The letter with each row of a task of several departments saying who has handed in, and who has not."""
    tasks = {(item.plan_id, item.task): assignments.of_task(session, item.plan_id, item.task) for item in items}
    rows = {item.key: joint(item, tasks[item.plan_id, item.task], shorts) for item in items}
    return replace(letter, rows=tuple(replace(row, joint=rows.get(row.key, "")) for row in letter.rows))


def joint(item: Assignment, of_task: Sequence[Assignment], shorts: Mapping[str, str]) -> str:
    """`3个部门中2个已报送，未报：交通`, or nothing for what one department owes alone."""
    together = [
        each for each in of_task if each.part == item.part and each.state not in (State.WAIVED, State.WITHDRAWN)
    ]
    if len(together) < 2:  # noqa: PLR2004 - one alone
        return ""
    missing = [shorts.get(each.department, each.department) for each in together if each.state is State.OPEN]
    verb = "报送" if item.kind == Kind.DATA else "完成"
    return f"{len(together)}个部门中{len(together) - len(missing)}个已{verb}，未{verb}：{'、'.join(missing)}"
