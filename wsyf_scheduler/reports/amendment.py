"""What a sync would change, and the letters that move with it, told before it is done. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.core import amend
from wsyf_scheduler.core.ahead import ahead, to_support
from wsyf_scheduler.core.amend import Changes
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.decide import NOTHING_DECIDED, Decided
from wsyf_scheduler.core.ladder import Landing, Timetable
from wsyf_scheduler.core.plan import Plan, expand
from wsyf_scheduler.store import acted, assignments, notices, plans
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import told_last


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The letters of one assignment that a sync moves, if nobody acts otherwise.

    `gone` would go without it, `come` go with it; `told` are the posts a change letter goes to, liaison first.
    `helpers_gone` and `helpers_come` are the supporting departments' `start` rows, each with its day.
    """

    key: str
    department: str
    told: tuple[str, ...] = ()
    gone: tuple[Landing, ...] = ()
    come: tuple[Landing, ...] = ()
    helpers_gone: tuple[tuple[str, date], ...] = ()
    helpers_come: tuple[tuple[str, date], ...] = ()

    def __bool__(self) -> bool:
        """Whether any letter moves, or anybody is told."""
        return bool(self.told or self.gone or self.come or self.helpers_gone or self.helpers_come)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What a sync would do to a plan; `version` is the one in force, 0 where it is not tracked yet.

    `shifts` by key, for what is moved, withdrawn, restored, added to a tracked plan, or reworded so that letters move;
    `held` how many of a plan that is not tracked yet are overdue already. `approved_by` says by key who approved the
    extension that is in force of what is moved, restored or taken over. `today` is the day in the plan's zone.
    """

    plan: Plan
    version: int
    changes: Changes
    shifts: dict[str, Shift]
    today: date
    held: int = 0
    approved_by: dict[str, str] = field(default_factory=dict)


def amendment(app: App, plan: Plan, now: datetime) -> Amendment:
    """Hold the files' plan against what is tracked."""
    table = app.table(plan.zone)
    today = table.hours.day_of(now)
    with app.db.read() as session:
        latest, tracked = plans.latest(session, plan.id), assignments.of_plan(session, plan.id)
        changes = amend.compare(tracked, expand(plan))
        if latest is None:
            held = sum(want.due_on < today for want in changes.added)
            return Amendment(plan=plan, version=0, changes=changes, shifts={}, today=today, held=held)
        shifts = {shift.key: shift for shift in _shifts(session, plan.id, changes, table, now) if shift}
        approved_by = _approvers(session, tracked, changes)
    return Amendment(
        plan=plan, version=latest.version, changes=changes, shifts=shifts, today=today, approved_by=approved_by
    )


def _approvers(session: Session, tracked: Iterable[Assignment], changes: Changes) -> dict[str, str]:
    """By key, who approved an extension in force; of one that was taken over, it stands with whoever had it before."""
    pairs = (*changes.moved, *changes.restored, *changes.reassigned)
    wanted = [item for item, _want in pairs if amend.is_extended(item)]
    of_key = {item.key: item for item in tracked} if wanted else {}
    found = {}
    for item in wanted:
        line = [item]
        while (origin := of_key.get(line[-1].origin or "")) is not None and origin not in line:
            line.append(origin)
        found[item.key] = next(filter(None, (_approver(session, each) for each in line)), "")
    return found


def _approver(session: Session, item: Assignment) -> str:
    acts = acted.about(session, [item.id], after=0)
    undone = {act.undoes for act in acts}
    extended = (act for act in acts if act.action == "assignment_extended" and act.id not in undone)
    return next((str(act.detail.get("approved_by", "")) for act in extended), "")


def _shifts(session: Session, plan_id: str, changes: Changes, table: Timetable, now: datetime) -> Iterator[Shift]:
    items = (*changes.withdrawn, *(item for item, _want in (*changes.moved, *changes.restored, *changes.reworded)))
    ids, today = [item.id for item in items], table.hours.day_of(now)
    decided = notices.decided(session, ids) if ids else {}
    earlier = notices.earlier(session, ids) if ids else {}
    taken = {want.key: item for item, want in changes.reassigned}

    def shift(item: Assignment, after: Assignment | None, *, quiet: bool = False) -> Shift:
        known = decided.get(item.id, NOTHING_DECIDED)
        told = () if quiet else tuple(dict.fromkeys(("liaison", *told_last(earlier.get(item.id, [])))))
        return _shift(item, item, after, known, table, now, told)

    for item in changes.withdrawn:
        yield shift(item, None)
    for item, want in changes.moved:
        if item.state in amend.LIVE:
            yield shift(item, amend.moved(item, want, now))
    for item, want in changes.restored:
        yield shift(item, amend.restored(item, want, now, today, taken.get(item.key)))
    for item, want in changes.reworded:
        if item.state in amend.LIVE:
            yield shift(item, amend.reworded(item, want), quiet=True)
    for want in changes.added:
        new = amend.begun(plan_id, want, now, today, before=taken.get(want.key))
        yield _shift(new, None, new, NOTHING_DECIDED, table, now)


def _shift(
    item: Assignment,
    before: Assignment | None,
    after: Assignment | None,
    known: Decided,
    table: Timetable,
    now: datetime,
    told: tuple[str, ...] = (),
) -> Shift:
    old, new = (ahead(each, known, table, now) if each is not None else () for each in (before, after))
    helped, helps = (_helpers(each, known, table, now) if each is not None else () for each in (before, after))
    return Shift(
        key=item.key,
        department=item.department,
        told=told,
        gone=_without(old, new),
        come=_without(new, old),
        helpers_gone=tuple(each for each in helped if each not in helps),
        helpers_come=tuple(each for each in helps if each not in helped),
    )


def _helpers(item: Assignment, known: Decided, table: Timetable, now: datetime) -> tuple[tuple[str, date], ...]:
    """Supporting departments and the day their `start` row goes: one that is late, when the window next opens."""
    late_on = table.hours.day_of(table.hours.next_open(now, table.calendar))
    return tuple(
        (department, landing.on if landing.slot_at > now else late_on)
        for department, landing in to_support(item, known, table)
    )


def _without(some: tuple[Landing, ...], others: tuple[Landing, ...]) -> tuple[Landing, ...]:
    """Those that do not stand among the others on the same day: what stays as it is does not move."""
    known = {(each.rung.name, each.repeat, each.on) for each in others}
    return tuple(each for each in some if (each.rung.name, each.repeat, each.on) not in known)
