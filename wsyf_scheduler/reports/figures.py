"""What is handed in of each assignment that collects figures, and what is missing. Imports figuring and store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wsyf_scheduler.app import App
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.measures import Measure
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.errors import NotFound
from wsyf_scheduler.figuring import asked_of, is_provisional, lacking, whole_plan, year_of
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import assignments, figures
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.figures import COUNTING, FigureRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """One assignment with its figures, corrected ones among them; `provisional` are the ids of those not final yet."""

    item: Assignment
    plan: Plan
    year: int
    asked: tuple[tuple[str, Measure], ...]
    rows: tuple[FigureRow, ...]
    lacking: tuple[tuple[str, Measure], ...]
    provisional: frozenset[int]

    @property
    def counts(self) -> bool:
        """Whether its figures are counted (RULES.md §7)."""
        return self.item.state.value in COUNTING


def look(
    app: App, session: Session, what: str | None, plan_id: str | None, meant: Callable[[str], str] = str
) -> list[Collected]:
    """All assignments that collect figures, those of a period, or one by its key; by plan, due day and key.

    Of one plan, or of all where `plan_id` is None. What names no period of theirs is a key; `meant` makes of it what
    is to be found, and may raise NotFound or Forbidden.
    """
    plans = [whole_plan(session, each) for each in sorted(app.plans(session)) if plan_id in (None, each)]
    if what is None or any(what == period.id for plan in plans for period in plan.periods):
        return [one for plan in plans for one in _of_plan(session, plan, what)]
    item = find(session, meant(what))
    plan = whole_plan(session, item.plan_id)
    one = _collected(plan, item, figures.of_assignment(session, item.id, retired=True))
    if one is None:
        raise NotFound(_("{key} collects no figures").format(key=item.key))
    return [one]


def _of_plan(session: Session, plan: Plan, period: str | None) -> Iterator[Collected]:
    rows: dict[int, list[FigureRow]] = {}
    for row in figures.of_plan(session, plan.id, retired=True):
        rows.setdefault(row.assignment_id, []).append(row)
    items = assignments.of_plan(session, plan.id)
    for item in sorted(items, key=lambda item: (item.due_on, item.key)):
        one = _collected(plan, item, rows.get(item.id, [])) if period in (None, item.period) else None
        if one is not None:
            yield one


def _collected(plan: Plan, item: Assignment, rows: list[FigureRow]) -> Collected | None:
    asked, year = asked_of(plan, item), year_of(plan, item)
    if not asked or year is None:
        return None
    return Collected(
        item=item,
        plan=plan,
        year=year,
        asked=asked,
        rows=tuple(rows),
        lacking=tuple(lacking(plan, item, rows)),
        provisional=frozenset(row.id for row in rows if is_provisional(plan, row)),
    )
