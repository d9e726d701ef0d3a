"""What a paper about a plan is written from: goals assessed, figures with their sources, assignments; nothing else.

Imports core, figuring, reports.assessing and store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from wsyf_scheduler.core.assess import ANNEX, Assessment, Place
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.plan import Period, Plan
from wsyf_scheduler.errors import NotFound
from wsyf_scheduler.figuring import is_provisional, standing
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports import assessing
from wsyf_scheduler.reports.assessing import Assessed, Size
from wsyf_scheduler.store import assignments, figures
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.figures import FigureRow

EVALUATION = "evaluation"


class PaperKind(StrEnum):
    """Which paper; its value names the template, `midterm.docx`."""

    MIDTERM = "midterm"  # 中期评估
    YEARLY = "yearly"  # 年度工作情况
    FINAL = "final"  # 全面总结
    REPORT = "report"  # the yearly report to the next level up


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A figure that counts, whether it is provisional, and what stood there before it was corrected, oldest first."""

    row: FigureRow
    is_provisional: bool
    before: tuple[FigureRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All a paper may say. `assessed` holds every period and Annex 1; sizes of pools are figures of no industry."""

    assessed: Assessed
    figures: Mapping[Place, Known]
    items: tuple[Assignment, ...]
    now: datetime

    @property
    def plan(self) -> Plan:
        """The plan it is about."""
        return self.assessed.plan

    @property
    def today(self) -> date:
        """The day of the paper, in the plan's zone."""
        return self.day_of(self.now)

    @property
    def zone(self) -> ZoneInfo:
        """Where the plan's days begin."""
        return ZoneInfo(self.plan.zone)

    def day_of(self, instant: datetime) -> date:
        """The day of an instant in the plan's zone."""
        return instant.astimezone(self.zone).date()

    @property
    def shorts(self) -> dict[str, str]:
        """Department id to short name."""
        return {each.id: each.short for each in self.plan.departments}

    @property
    def industries(self) -> dict[str, str]:
        """Industry id to name."""
        return {each.id: each.name for each in self.plan.industries}

    def period(self, name: str) -> Period:
        """The period of that id; NotFound names those there are."""
        for period in self.plan.periods:
            if period.id == name:
                return period
        message = _("there is no period {name}; there is {known}")
        known = ", ".join(period.id for period in self.plan.periods)
        raise NotFound(message.format(name=name, known=known))

    def sheet(self, name: str) -> Assessment | None:
        """The assessed sheet of a period, or of Annex 1."""
        return next((each for each in self.assessed.assessments if each.period == name), None)

    @property
    def last_sheet(self) -> Assessment:
        """What the whole plan is judged by: Annex 1, else its last period."""
        return self.sheet(ANNEX) or self.assessed.assessments[-1]

    def sizes(self) -> Iterable[tuple[str, str, tuple[Size, ...]]]:
        """Each pool the plan watches with its name, its unit and its size period by period."""
        for count in self.plan.measured.counts:
            name = count.name + (f"（{count.aim}）" if count.aim else "")
            yield name, count.unit, self.assessed.sizes[count.id]


def gather(session: Session, plan_id: str, now: datetime) -> Gathered:
    """Everything about a plan as it counts now; NotFound where it is not tracked."""
    assessed = assessing.look(session, plan_id)
    rows = figures.of_plan(session, plan_id, retired=True)
    return Gathered(
        assessed=assessed,
        figures=_known(assessed.plan, rows),
        items=tuple(assignments.of_plan(session, plan_id)),
        now=now,
    )


def _known(plan: Plan, rows: list[FigureRow]) -> dict[Place, Known]:
    earlier: dict[tuple[int, Place], list[FigureRow]] = {}
    for row in rows:
        if row.retired_at is not None:
            place = Place(row.industry, row.year, row.measure)
            earlier.setdefault((row.assignment_id, place), []).append(row)
    return {
        place: Known(
            row=row,
            is_provisional=is_provisional(plan, row),
            before=tuple(earlier.get((row.assignment_id, place), ())),
        )
        for place, row in standing(rows).items()
    }


def kind_of(period: Period) -> PaperKind:
    """What is written about a period: a mid-term evaluation where the plan asks for one then."""
    is_evaluated = any(task.kind == EVALUATION for task in period.tasks)
    return PaperKind.MIDTERM if is_evaluated else PaperKind.YEARLY
