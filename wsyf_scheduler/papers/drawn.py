"""The pictures a paper takes: for each goal that is compared, where its indicator is heading. Imports papers alone."""

from __future__ import annotations

from itertools import count

from wsyf_scheduler.core.assess import ALL
from wsyf_scheduler.papers import pictures, wording
from wsyf_scheduler.papers.gathering import Gathered
from wsyf_scheduler.papers.goals import Words

ENOUGH = 2  # years, for a line


def draw_all(told: Gathered, words: Words) -> None:
    """Put a picture under each goal with two years known; the words tell its caption."""
    numbers = count(1)
    for goal in words["goals"]:
        for heading in told.assessed.headings:
            if heading.indicator != goal["id"] or len(heading.trend.known) < ENOUGH:
                continue
            indicator = told.plan.measured.indicator(heading.indicator)
            unit = wording.unit_of(told.plan.measured, indicator) or "%"
            name = "" if heading.industry == ALL else wording.named(heading.industry, told.industries)
            said = {"unit": unit, "known": "报送数", "path": "年度目标上限", "projected": "线性趋势推算"}
            goal["pictures"].append(
                {
                    "image": pictures.draw(heading.trend, said, is_share=indicator.bottom is not None),
                    "caption": wording.tidy(f"图{next(numbers)}　{name}{indicator.name}变化趋势（单位：{unit}）"),
                }
            )
