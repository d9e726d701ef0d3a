"""The goals of a sheet in words and rows: how each stands, by which figures, from whom. Imports core and papers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wsyf_scheduler.core.assess import ALL, Assessment, Line, Missing, Place, Verdict
from wsyf_scheduler.core.measures import Indicator
from wsyf_scheduler.core.rounding import decimal
from wsyf_scheduler.papers import wording
from wsyf_scheduler.papers.gathering import Gathered, Known

Words = dict[str, Any]


def by_goal(sheet: Assessment) -> dict[str, list[Line]]:
    """The lines of each goal, in their order."""
    found: dict[str, list[Line]] = {}
    for line in sheet.lines:
        found.setdefault(line.goal, []).append(line)
    return found


def main_line(lines: list[Line]) -> Line | None:
    """The line that is the period's goal: on the sums, or the only one; None where each industry has its own."""
    return next((line for line in lines if line.industry == ALL or len(lines) == 1), None)


def tally(lines: list[Line]) -> str:
    """达到4项、未达到1项、暂不能判定1项."""
    counts = {verdict: sum(line.verdict is verdict for line in lines) for verdict in Verdict}
    return "、".join(f"{wording.VERDICTS[verdict]}{n}项" for verdict, n in counts.items() if n)


def judged(sheet: Assessment) -> list[Line]:
    """What a sheet counts as its goals: the main line of each, else each industry's."""
    found: list[Line] = []
    for lines in by_goal(sheet).values():
        main = main_line(lines)
        found += lines if main is None else [main]
    return found


class GoalWords:
    """The goals of one sheet, in words."""

    def __init__(self, told: Gathered, sheet: Assessment) -> None:
        self._told, self._sheet, self._plan = told, sheet, told.plan
        self._period = next((each for each in told.plan.periods if each.id == sheet.period), None)

    def text(self, indicator: str) -> str:
        """The paper's words of the goal; none in Annex 1."""
        if self._period is None:
            return ""  # Annex 1 is a table of numbers, shown as bounds
        return "；".join(goal.text for goal in self._period.goals if indicator in goal.measures)

    def sentence(self, line: Line) -> str:
        """How a line stands, in a sentence: 事故起数：2023年为54起，2019年为60起，下降10.0%；目标为不高于54起，达到."""
        indicator = self._plan.measured.indicator(line.goal)
        name = ("" if line.industry == ALL else wording.named(line.industry, self._told.industries)) + indicator.name
        if line.verdict is Verdict.UNKNOWN:
            return f"{name}：{self._lacking(line)}，暂不能判定。"
        unit = wording.unit_of(self._plan.measured, indicator)
        if line.value is None:
            return f"{name}：{self._sheet.measure_year}年没有应培训人员，视为达到。"
        parts = [f"{self._sheet.measure_year}年为{wording.shown(line).rstrip('*')}{unit}"]
        if line.baseline is not None:
            parts.append(f"{line.baseline_year}年为{wording.number(line.baseline, line)}{unit}")
            parts += [wording.changed(line)] if line.change_pct is not None else []
        provisional = "（含暂定数）" if line.provisional else ""
        asked = wording.asked(line, indicator, unit)
        return f"{name}：{'，'.join(parts)}{provisional}；目标为{asked}，{wording.VERDICTS[line.verdict]}。"

    def _lacking(self, line: Line) -> str:
        if not line.missing:
            return "没有可比的年份"
        years = "、".join(f"{year}年" for year in sorted({each.year for each in line.missing}))
        owing = "、".join(dict.fromkeys(self._told.shorts[each.department] for each in line.missing))
        return f"缺少{years}数据（{owing}）"

    def sections(self) -> Iterator[Words]:
        """A section a goal: heading, the paper's words, a table, notes; the trend is added by who draws it."""
        for number, (goal, lines) in enumerate(by_goal(self._sheet).items(), 1):
            indicator = self._plan.measured.indicator(goal)
            unit = wording.unit_of(self._plan.measured, indicator)
            compared = lines[0].baseline_year is not None
            main = main_line(lines)
            yield {
                "id": goal,
                "heading": f"（{wording.numeral(number)}）{indicator.name}",
                "text": self.text(goal),
                "sentence": self.sentence(main) if main else f"{indicator.name}：{tally(lines)}。",
                "caption": f"表{number}　{indicator.name}完成情况" + (f"（单位：{unit}）" if unit else ""),
                "compared": compared,
                "baseline": f"{lines[0].baseline_year}年" if compared else "基准",
                "value": f"{self._sheet.measure_year}年",
                "rows": [self._row(line, indicator) for line in lines],
                "notes": ["注：带*的含暂定数，即所属年度结束前报送、尚未确认的数。"]
                if any(line.provisional for line in lines)
                else [],
                "trend": [],
                "pictures": [],
            }

    def _row(self, line: Line, indicator: Indicator) -> Words:
        return {
            "industry": wording.named(line.industry, self._told.industries),
            "baseline": wording.number(line.baseline, line),
            "value": wording.shown(line),
            "change": wording.change(line),
            "bound": wording.bound(line, indicator),
            "verdict": wording.VERDICTS[line.verdict],
            "source": self._source(line, indicator),
        }

    def _source(self, line: Line, indicator: Indicator) -> str:
        """Who handed the year's figure in, and when; who owes it where it is missing."""
        lacking = [each for each in line.missing if each.year == self._sheet.measure_year]
        if lacking:
            return "缺：" + "、".join(dict.fromkeys(self._told.shorts[each.department] for each in lacking))
        if line.industry == ALL:
            return "各行业汇总"
        found = list(self._known(line.industry, indicator))
        who = "、".join(dict.fromkeys(self._told.shorts.get(each.row.department, "") for each in found))
        day = max((self._told.day_of(each.row.given_at) for each in found), default=None)
        return f"{who} {day.isoformat()}" if day else wording.NONE

    def _known(self, industry: str, indicator: Indicator) -> Iterator[Known]:
        for measure in (*indicator.measures, indicator.id):
            place = Place(industry, self._sheet.measure_year, measure)
            if place in self._told.figures:
                yield self._told.figures[place]


def overview(told: Gathered, sheets: list[Assessment]) -> list[Words]:
    """A row a period and goal, for papers that look at several periods."""
    periods = {period.id: period for period in told.plan.periods}
    rows = []
    for sheet in sheets:
        for goal, lines in by_goal(sheet).items():
            indicator, main = told.plan.measured.indicator(goal), main_line(lines)
            rows.append(
                {
                    "period": wording.sheet_name(sheet.period, periods),
                    "goal": indicator.name,
                    "value": wording.shown(main) if main else wording.NONE,
                    "change": wording.change(main) if main else wording.NONE,
                    "bound": wording.bound(main, indicator) if main else wording.NONE,
                    "verdict": wording.VERDICTS[main.verdict] if main else tally(lines),
                }
            )
    return rows


def shortfalls(told: Gathered, sheet: Assessment, lines: Sequence[Line]) -> list[str]:
    """Each of these lines of a sheet that is missed, and by how much."""
    found = []
    for line in lines:
        limit = wording.bound_of(line)
        if line.verdict is not Verdict.MISSED or limit is None or line.value is None:
            continue
        indicator = told.plan.measured.indicator(line.goal)
        unit = wording.unit_of(told.plan.measured, indicator)
        name = wording.named(line.industry, told.industries)
        gap = abs(line.value - limit[1])
        words = (
            f"相差{decimal(gap * 100, 2) if gap * 10000 >= 1 else '不足0.01'}个百分点"
            if indicator.bottom
            else f"相差{decimal(gap, 2)}{unit}"
        )
        if not gap:
            words = "与上限持平，没有低于上限"
        value = wording.shown(line).rstrip("*")
        found.append(
            f"{name}{indicator.name}：{sheet.measure_year}年为{value}{unit}，"
            f"目标为{wording.asked(line, indicator, unit)}，{words}。"
        )
    return found


def owed(told: Gathered, sheets: list[Assessment]) -> list[str]:
    """What is missing, a line a department, with the assignments that are to bring it."""
    lacking = dict.fromkeys(each for sheet in sheets for line in sheet.lines for each in line.missing)
    found = []
    for department in told.plan.departments:
        own = [each for each in lacking if each.department == department.id]
        if own:
            keys = sorted({told.assessed.owed[each] for each in own if each in told.assessed.owed})
            by = f"责任事项：{'、'.join(keys)}" if keys else "没有收集这些数据的责任事项"
            found.append(f"{department.name}：{missing_words(told, own)}（{by}）。")
    return found


def missing_words(told: Gathered, own: list[Missing]) -> str:
    """2023年煤矿、非煤矿山的事故起数、伤亡人数; years in order."""
    names = {each.id: each.name for each in told.plan.measured.measures}
    industries: dict[tuple[int, str], list[str]] = {}
    for each in own:
        name = told.industries.get(each.industry, each.industry)
        industries.setdefault((each.year, names.get(each.measure, each.measure)), []).append(name)
    measures: dict[tuple[int, str], list[str]] = {}
    for (year, measure), of in industries.items():
        measures.setdefault((year, "、".join(dict.fromkeys(of))), []).append(measure)
    return "；".join(f"{year}年{of}的{'、'.join(what)}" for (year, of), what in sorted(measures.items()))
