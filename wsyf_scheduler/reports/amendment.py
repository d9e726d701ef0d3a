"""What a sync would change, and the letters that move with it, told before it is done. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.core import amend
from wsyf_scheduler.core.ahead import ahead
from wsyf_scheduler.core.amend import Changes
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.decide import NOTHING_DECIDED
from wsyf_scheduler.core.ladder import Landing, Timetable
from wsyf_scheduler.core.plan import Plan, Wanted, expand
from wsyf_scheduler.store import assignments, notices, plans
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import told_last


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The letters of one assignment that a sync moves, if nobody acts otherwise.

    `gone` would go without it, `come` go with it; `told` are the posts a change letter goes to, liaison first.
    """

    key: str
    department: str
    told: tuple[str, ...] = ()
    gone: tuple[Landing, ...] = ()
    come: tuple[Landing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What a sync would do to a plan; `version` is the one in force, 0 where it is not tracked yet.

    `shifts` by key, for what is moved, withdrawn, restored and added to a tracked plan; `held` how many of a plan
    that is not tracked yet are overdue already.
    """

    plan: Plan
    version: int
    changes: Changes
    shifts: dict[str, Shift]
    held: int = 0


def amendment(app: App, plan: Plan, now: datetime) -> Amendment:
    """Hold the files' plan against what is tracked."""
    table = app.table(plan.zone)
    with app.db.read() as session:
        latest = plans.latest(session, plan.id)
        changes = amend.compare(assignments.of_plan(session, plan.id), expand(plan))
        if latest is None:
            today = table.hours.day_of(now)
            held = sum(want.due_on < today for want in changes.added)
            return Amendment(plan=plan, version=0, changes=changes, shifts={}, held=held)
        shifts = {shift.key: shift for shift in _shifts(session, plan.id, changes, table, now)}
    return Amendment(plan=plan, version=latest.version, changes=changes, shifts=shifts)


def _shifts(session: Session, plan_id: str, changes: Changes, table: Timetable, now: datetime) -> Iterator[Shift]:
    pairs = (*changes.moved, *changes.restored)
    ids = [item.id for item in (*changes.withdrawn, *(item for item, _want in pairs))]
    decided = notices.decided(session, ids) if ids else {}
    earlier = notices.earlier(session, ids) if ids else {}

    def shift(item: Assignment, after: Assignment | None) -> Shift:
        known = decided.get(item.id, NOTHING_DECIDED)
        old = ahead(item, known, table, now)
        new = ahead(after, known, table, now) if after is not None else ()
        return Shift(
            key=item.key,
            department=item.department,
            told=tuple(dict.fromkeys(("liaison", *told_last(earlier.get(item.id, []))))),
            gone=_without(old, new),
            come=_without(new, old),
        )

    for item in changes.withdrawn:
        yield shift(item, None)
    for item, want in pairs:
        if item.state in (*amend.LIVE, State.WITHDRAWN):
            yield shift(item, _after(item, want, table, now))
    held = {want.key: item.held for item, want in changes.reassigned}
    for want in changes.added:
        new = amend.begun(plan_id, want, now, held=held.get(want.key, False))
        yield Shift(key=want.key, department=want.department, come=ahead(new, NOTHING_DECIDED, table, now))


def _after(item: Assignment, want: Wanted, table: Timetable, now: datetime) -> Assignment:
    """As a sync would leave what it moves or restores (acts.track), as far as the ladder goes."""
    after = replace(item, due_on=want.due_on, kind=want.kind.value, ladder_from=now, begins_on=want.period_begins_on)
    if item.state is State.WITHDRAWN:
        today = table.hours.day_of(now)
        return replace(after, state=State.OPEN, counted_from=today if today > want.due_on else None)
    return replace(after, counted_from=None)


def _without(some: tuple[Landing, ...], others: tuple[Landing, ...]) -> tuple[Landing, ...]:
    """Those that do not stand among the others on the same day: what stays as it is does not move."""
    known = {(each.rung.name, each.repeat, each.on) for each in others}
    return tuple(each for each in some if (each.rung.name, each.repeat, each.on) not in known)
