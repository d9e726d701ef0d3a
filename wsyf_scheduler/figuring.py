"""The figures of a plan as they count today, and the plan they are measured by. Imports app, core and store.

What `acts`, `reports` and the command line share about figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from zoneinfo import ZoneInfo

from wsyf_scheduler.core.assess import Figures, Given, Place
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.measures import Measure
from wsyf_scheduler.core.plan import Form, Plan, Task
from wsyf_scheduler.errors import Forbidden, NotFound
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import plans
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.figures import COUNTING, FigureRow

WHOLE = ""  # where an industry would stand: the whole plan


def whole_plan(session: Session, plan_id: str) -> Plan:
    """The plan as it was last synced, with its periods and goals; NotFound where it is not tracked."""
    latest = plans.latest(session, plan_id)
    if latest is None:
        raise NotFound(_("the plan {plan} is not tracked yet: run `wsyf plan sync`").format(plan=plan_id))
    return plan_files.parse(latest.texts, f"{plan_id}@{latest.version}")


def answering(plan: Plan) -> dict[str, str]:
    """Industry to the department that answers for it."""
    return {industry.id: industry.department for industry in plan.industries}


def task_of(plan: Plan, item: Assignment) -> Task | None:
    """The task an assignment comes from; None for a follow-up, and for one whose task has left the plan."""
    for period in plan.periods:
        for task in period.tasks:
            if (period.id, task.number) == (item.period, item.number):
                return task
    return None


def year_of(plan: Plan, item: Assignment) -> int | None:
    """The year an assignment's figures are of: its data year; for the size of a pool the year it is due in.

    That is the plan file's due day: an extension beyond the year's end asks for no other year.
    """
    task = task_of(plan, item)
    return item.file_due_on.year if task is not None and task.counts is not None else item.data_year


def asked_of(plan: Plan, item: Assignment) -> tuple[tuple[str, Measure], ...]:
    """What an assignment asks of its department, as industry and measure; empty where it asks no figures.

    The size of a pool is of no industry, `""`.
    """
    task = task_of(plan, item)
    if task is not None and task.counts is not None:
        count = next(each for each in plan.measured.counts if each.id == task.counts)
        return ((WHOLE, Measure(id=count.id, name=count.name, unit=count.unit, form="", industries=(WHOLE,))),)
    if item.form is None:
        return ()
    own = [industry.id for industry in plan.industries if industry.department == item.department]
    return plan.measured.of_form(item.form, own)


def require_asked(plan: Plan, item: Assignment) -> tuple[tuple[str, Measure], ...]:
    """What `asked_of` says; Forbidden where the assignment asks for no figures."""
    asked = asked_of(plan, item)
    if not asked:
        raise Forbidden(_("{key} collects no figures; `wsyf done` closes it").format(key=item.key))
    return asked


def is_provisional(plan: Plan, row: FigureRow) -> bool:
    """Whether a figure was handed in before its year had ended, and nobody has confirmed it since (RULES.md §7).

    Training is counted by the end of the year and handed in with the year's own task, and the size of a pool is what
    it is on the day: neither is ever provisional.
    """
    if row.industry == WHOLE:
        return False
    form = next((each.form for each in plan.measured.measures if each.id == row.measure), None)
    return form != Form.TRAINING and row.confirmed_at is None and not has_ended(plan, row.year, row.given_at)


def has_ended(plan: Plan, year: int, at: datetime) -> bool:
    """Whether a year was over at an instant, in the plan's zone."""
    return at.astimezone(ZoneInfo(plan.zone)).date() > date(year, 12, 31)


def standing(rows: Iterable[FigureRow]) -> dict[Place, FigureRow]:
    """The row that counts at each place: those of submitted and done assignments.

    Where two assignments give one figure, that of the later due day counts, whichever was handed in first.
    """
    return {
        Place(row.industry, row.year, row.measure): row
        for row in sorted(rows, key=lambda row: (row.due_on, row.key))
        if row.state in COUNTING and row.retired_at is None
    }


def counting(plan: Plan, rows: Iterable[FigureRow]) -> Figures:
    """The figures that count, place by place."""
    return {place: Given(row.value, is_provisional(plan, row)) for place, row in standing(rows).items()}


def lacking(plan: Plan, item: Assignment, rows: Sequence[FigureRow]) -> list[tuple[str, Measure]]:
    """What is not handed in yet of what the form asks; a quotient by itself stands for what it is made of."""
    year = year_of(plan, item)
    given = {(row.industry, row.measure) for row in rows if row.retired_at is None and row.year == year}
    return lacking_beside(plan, item, given)


def lacking_beside(plan: Plan, item: Assignment, given: AbstractSet[tuple[str, str]]) -> list[tuple[str, Measure]]:
    """What would be lacking were these the figures of the assignment's year, as industry and measure or quotient."""
    alone = {
        (industry, measure)
        for indicator in plan.measured.indicators
        if indicator.alone
        for industry in indicator.industries
        if (industry, indicator.id) in given
        for measure in indicator.measures
    }
    return [(industry, each) for industry, each in asked_of(plan, item) if (industry, each.id) not in {*given, *alone}]
