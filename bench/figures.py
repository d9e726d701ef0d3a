"""Assessing a country: the figures of 3,000 counties, 2019 to 2025, each against every goal of its plan."""

from __future__ import annotations

import random
from pathlib import Path
from time import perf_counter

from bench import measure
from wsyf_scheduler.core.assess import Figures, Given, Place, assess
from wsyf_scheduler.core.goals import sheets
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.files import plan as plan_files

COUNTIES = 3_000
YEARS = (2019, 2021, 2022, 2023, 2024, 2025)
PLAN = Path(__file__).parents[1] / "jobs" / "gaoping-2021-2025"


def run(scratch: Path) -> str:
    """All counties in one go; their figures are made up beforehand."""
    del scratch
    plan = plan_files.load(PLAN)
    counties = [_figures(plan, random.Random(seed)) for seed in range(COUNTIES)]
    departments = {industry.id: industry.department for industry in plan.industries}
    questions = sheets(plan)
    began = perf_counter()
    lines = sum(
        len(sheet.lines) for figures in counties for sheet in assess(questions, plan.measured, departments, figures)
    )
    took = perf_counter() - began
    rows = [(f"{COUNTIES:,} counties, {lines:,} goals judged", f"{took:.1f} s", "≤ 10 s")]
    return measure.table(("what", "time", "goal"), rows)


def _figures(plan: Plan, chance: random.Random) -> Figures:
    return {
        Place(industry, year, each.id): Given(chance.randrange(100))
        for each in plan.measured.measures
        for industry in each.industries
        for year in YEARS
    }
