"""What a letter says of other assignments: the task a row waits for and what that left open, where a follow-up is from.

Imports core, mail.letter and store.
"""

from __future__ import annotations

from collections.abc import Iterable

from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.follow_up import findings, is_follow_up
from wsyf_scheduler.mail.letter import Waiting
from wsyf_scheduler.store import assignments
from wsyf_scheduler.store.db import Session

GONE = (State.DONE, State.WAIVED, State.WITHDRAWN)
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
