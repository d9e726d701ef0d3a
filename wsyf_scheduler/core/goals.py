"""The goals of a plan as questions to its figures: each period's, then Annex 1's (RULES.md §7). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from wsyf_scheduler.core.assess import ANNEX, Asked, Sheet
from wsyf_scheduler.core.measures import Indicator, Rule
from wsyf_scheduler.core.plan import Goal, Period, Plan, Target


def sheets(plan: Plan) -> tuple[Sheet, ...]:
    """A sheet a period in their order, then Annex 1's where the plan has targets."""
    found = [
        Sheet(period=period.id, measure_year=period.measure_year, asked=tuple(_of_period(plan, period)))
        for period in plan.periods
    ]
    if plan.targets:
        year = max(target.year for target in plan.targets)
        found.append(Sheet(period=ANNEX, measure_year=year, asked=tuple(_of_annex(plan))))
    return tuple(found)


def _of_period(plan: Plan, period: Period) -> Iterator[Asked]:
    """The goals of a period in the order of the plan's indicators."""
    for indicator in plan.measured.indicators:
        for goal in period.goals:
            if indicator.id in goal.measures:
                yield Asked(
                    indicator=indicator.id,
                    rule=Rule(goal.rule),
                    year=period.measure_year,
                    baseline_year=_baseline_year(plan, period, goal, indicator),
                    percent=goal.percent,
                    industries=indicator.industries,
                    total=indicator.total,
                )


def _baseline_year(plan: Plan, period: Period, goal: Goal, indicator: Indicator) -> int | None:
    """The year compared with: the goal's own, or the year collected before the period's measure year."""
    if goal.rule != Rule.FALLING:
        return goal.baseline_year
    years = collected(plan, plan.measured.measure(indicator.top).form)
    return max((year for year in years if year < period.measure_year), default=None)


def collected(plan: Plan, form: str) -> tuple[int, ...]:
    """The years whose figures the plan's tasks collect with a form, in order."""
    years = {
        due.data_year
        for period in plan.periods
        for task in period.tasks
        if task.form == form
        for due in task.dues
        if due.data_year is not None
    }
    return tuple(sorted(years))


def _of_annex(plan: Plan) -> Iterator[Asked]:
    for indicator in plan.measured.indicators:
        for industry in indicator.industries:
            for target in plan.targets:
                rule = _rule(target, indicator.id) if target.industry == industry else None
                if rule is not None:
                    yield Asked(
                        indicator=indicator.id,
                        rule=rule[0],
                        year=target.year,
                        baseline_year=target.baseline_year,
                        percent=rule[1],
                        industries=(industry,),
                    )


def _rule(target: Target, indicator: str) -> tuple[Rule, int | None] | None:
    """By which rule, and how much, a row of Annex 1 speaks of an indicator; None where it does not."""
    for name, rule, percent in target.aims:
        if name == indicator:
            return Rule(rule), percent
    return None
