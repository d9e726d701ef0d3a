"""Assignments that are closed by figures: all their department's industries have reached what the paper asks.

Imports figuring, core and store.
"""

from __future__ import annotations

from wsyf_scheduler.core.assess import Asked, Sheet, Verdict, assess
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.measures import Rule
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.figuring import answering, counting, task_of
from wsyf_scheduler.store import assignments, figures
from wsyf_scheduler.store.db import Session


def reached(session: Session, plan: Plan, department: str) -> list[Assignment]:
    """The open assignments of a department whose figures say that they are done (培训全覆盖)."""
    items = [
        item
        for item in assignments.of_plan(session, plan.id)
        if item.department == department and item.state is State.OPEN
    ]
    return [item for item in items if verdict(session, plan, item) is Verdict.MET]


def kept(session: Session, plan: Plan, department: str, *, without: int | None = None) -> list[Assignment]:
    """The done assignments of a department that figures close, and whose figures reach what the paper asks.

    `without` leaves the figures of one assignment out, as if it were open.
    """
    items = [
        item
        for item in assignments.of_plan(session, plan.id)
        if item.department == department and item.state is State.DONE
    ]
    return [item for item in items if verdict(session, plan, item, without=without) is Verdict.MET]


def verdict(session: Session, plan: Plan, item: Assignment, *, without: int | None = None) -> Verdict | None:
    """What the figures of the year it is due in say of an assignment; None where no figures close it.

    `without` leaves the figures of one assignment out.
    """
    task = task_of(plan, item)
    if task is None or not task.closed_by:
        return None
    own = {industry.id for industry in plan.industries if industry.department == item.department}
    asked = [
        Asked(
            indicator=indicator.id,
            rule=Rule.COVERAGE,
            year=item.file_due_on.year,
            percent=task.percent,
            industries=tuple(each for each in indicator.industries if each in own),
        )
        for indicator in plan.measured.indicators
        if indicator.id in task.closed_by
    ]
    sheet = Sheet(period=item.period, measure_year=item.file_due_on.year, asked=tuple(asked))
    given = counting(plan, [row for row in figures.of_plan(session, plan.id) if row.assignment_id != without])
    (found,) = assess([sheet], plan.measured, answering(plan), given)
    verdicts = {line.verdict for line in found.lines}
    return next((each for each in (Verdict.UNKNOWN, Verdict.MISSED) if each in verdicts), Verdict.MET)
