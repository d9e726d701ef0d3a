"""Is the plan on course: its goals against the figures, who owes what is missing, and where it is heading.

The arithmetic is core.assess's and core.trend's; docs/figures.md shows it. Imports core, figuring and store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from wsyf_scheduler.core.assess import (
    ALL,
    ANNEX,
    Asked,
    Assessment,
    Figures,
    Line,
    Missing,
    OfDepartment,
    Sheet,
    assess,
    by_department,
)
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.goals import sheets
from wsyf_scheduler.core.measures import Rule
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.core.trend import Trend, trend
from wsyf_scheduler.errors import NotFound
from wsyf_scheduler.figuring import WHOLE, answering, counting, whole_plan
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import assignments, figures
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.figures import COUNTING, FigureRow

OWED = (State.OPEN, State.SUBMITTED, State.DONE)  # a figure may still come, or be corrected


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Where one indicator is heading: of one industry, or over all."""

    indicator: str
    industry: str
    trend: Trend


class Size(NamedTuple):
    """How large a pool was, and the period whose task asked for it: two of one year are two sizes."""

    period: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """A plan with what its figures say.

    `owed` is the key of the assignment that is to bring a missing figure; `sizes` are the counts by id, by due day;
    `departments` is each assessed sheet by its period once more, department by department.
    """

    plan: Plan
    assessments: tuple[Assessment, ...]
    headings: tuple[Heading, ...]
    figures: Figures
    owed: Mapping[Missing, str]
    sizes: Mapping[str, tuple[Size, ...]]
    departments: Mapping[str, tuple[OfDepartment, ...]]


def look(session: Session, plan_id: str) -> Assessed:
    """All periods in order and then Annex 1; NotFound where the plan is not tracked."""
    return _look(session, whole_plan(session, plan_id), None)


def look_all(session: Session, plan_ids: Iterable[str], period: str | None = None) -> list[Assessed]:
    """The plans, or with a period those of them that have it, with just its sheet; NotFound where none has."""
    plans = [whole_plan(session, each) for each in plan_ids]
    known = {plan.id: [sheet.period for sheet in sheets(plan)] for plan in plans}
    having = [plan for plan in plans if period is None or period in known[plan.id]]
    if period is not None and not having:
        names = list(dict.fromkeys(name for each in known.values() for name in each))
        message = _("there is no period {name}; there is {known}")
        raise NotFound(message.format(name=period, known=", ".join(names)))
    return [_look(session, plan, period) for plan in having]


def _look(session: Session, plan: Plan, period: str | None) -> Assessed:
    rows = figures.of_plan(session, plan.id)
    given = counting(plan, rows)
    every = sheets(plan)
    chosen = [sheet for sheet in every if period in (None, sheet.period)]
    found = assess(chosen, plan.measured, answering(plan), given)
    lacking = {each for sheet in found for line in sheet.lines for each in line.missing}
    return Assessed(
        plan=plan,
        assessments=found,
        headings=tuple(_headings(plan, every, given)),
        figures=given,
        owed=_owed(plan, assignments.of_plan(session, plan.id), lacking),
        sizes={each.id: tuple(_sizes(each.id, rows)) for each in plan.measured.counts},
        departments={
            sheet.period: tuple(by_department(sheet, plan.measured, answering(plan), given)) for sheet in chosen
        },
    )


def _sizes(count: str, rows: Iterable[FigureRow]) -> Iterator[Size]:
    """The size of a pool, task by task: what counts of it."""
    for row in sorted(rows, key=lambda row: (row.due_on, row.key)):
        is_size = (row.industry, row.measure) == (WHOLE, count)
        if is_size and row.state in COUNTING and row.retired_at is None:
            yield Size(row.key.partition("/")[0], int(row.value))


def _owed(plan: Plan, items: list[Assignment], lacking: set[Missing]) -> dict[Missing, str]:
    """The assignment that collects each missing figure: of its year and form, led by its department."""
    form_of = {measure.id: measure.form for measure in plan.measured.measures}
    keys = {
        (item.form, item.data_year, item.department): item.key
        for item in sorted(items, key=lambda item: (item.due_on, item.key))
        if item.state in OWED
    }
    places = {each: (form_of.get(each.measure), each.year, each.department) for each in lacking}
    return {each: keys[place] for each, place in places.items() if place in keys}


def _headings(plan: Plan, every: tuple[Sheet, ...], given: Figures) -> Iterator[Heading]:
    """Of every indicator that is compared: over all where it is summed up, else of each industry.

    The path is what the periods ask, year by year; the known years begin with the baseline.
    """
    periods = [sheet for sheet in every if sheet.period != ANNEX]
    for indicator in plan.measured.indicators:
        asked = [each for sheet in periods for each in sheet.asked if each.indicator == indicator.id]
        asked = [each for each in asked if each.rule is not Rule.COVERAGE]
        for industry in (ALL,) if indicator.total else indicator.industries if asked else ():
            if asked:
                yield Heading(indicator=indicator.id, industry=industry, trend=_trend(plan, asked, industry, given))


def _trend(plan: Plan, asked: list[Asked], industry: str, given: Figures) -> Trend:
    known: dict[int, Fraction] = {}
    path: dict[int, Fraction] = {}
    one = [Sheet(period="", measure_year=each.year, asked=(each,)) for each in asked]
    for sheet, found in zip(one, assess(one, plan.measured, answering(plan), given), strict=True):
        line = next(each for each in found.lines if each.industry == industry)
        for year, value in ((line.baseline_year, line.baseline), (sheet.measure_year, line.value)):
            if year is not None and value is not None:
                known[year] = Fraction(value)
        if line.target is not None:
            path[sheet.measure_year] = Fraction(line.target.lstrip("<="))
    last = max(asked, key=lambda each: each.year)
    return trend(known, path, last.year, is_strict=last.rule is not Rule.LOWER)


def plain(each: Assessment, plan_id: str) -> dict[str, object]:
    """One sheet as programs read it; counts are integers, quotients reduced fractions as text (RULES.md §7)."""
    return {
        "plan": plan_id,
        "period": each.period,
        "measure_year": each.measure_year,
        "goals": [_line(line) for line in each.lines],
    }


def _line(line: Line) -> dict[str, object]:
    return {
        "goal": line.goal,
        "industry": line.industry,
        "baseline_year": line.baseline_year,
        "baseline": _number(line.baseline),
        "value": _number(line.value),
        "target": line.target,
        "change_pct": line.change_pct,
        "provisional": line.provisional,
        "verdict": line.verdict.value,
        "missing": [each._asdict() for each in line.missing],
    }


def _number(value: int | Fraction | None) -> int | str | None:
    return str(value) if isinstance(value, Fraction) else value
