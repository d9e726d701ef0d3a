"""The contents of a paper, as its template gets them: plain texts, lists and rows (docs/figures.md names them).

Nothing stands in a paper that the database does not hold; what only the office can say is 【待填】.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wsyf_scheduler.core.assess import ALL, Assessment, Verdict
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.plan import Period, expand
from wsyf_scheduler.mail.phrases import full
from wsyf_scheduler.papers import wording
from wsyf_scheduler.papers.gathering import Gathered, PaperKind
from wsyf_scheduler.papers.goals import GoalWords, Words, by_goal, judged, main_line, overview, owed, shortfalls, tally
from wsyf_scheduler.papers.sources import appendix
from wsyf_scheduler.papers.wording import BLANK, numeral

DONE_WORDS = {
    State.DONE: "已办结",
    State.SUBMITTED: "已提交待确认",
    State.OPEN: "尚未办结",
    State.WAIVED: "免予办理",
}


class Paper:
    """One paper: which periods it speaks of, by which sheet it judges, and its parts in words."""

    def __init__(self, told: Gathered, kind: PaperKind, period: Period | None) -> None:
        """The final paper has no period: it speaks of all."""
        self._told, self._kind, self._period, self._plan = told, kind, period, told.plan
        every = told.plan.periods
        if period is None:
            self._periods = list(every)
            sheet: Assessment | None = told.last_sheet
        else:
            upto = [each for each in every if each.last_year <= period.last_year]
            self._periods = upto if kind is PaperKind.MIDTERM else [period]
            sheet = told.sheet(period.id)
        assert sheet is not None  # every period has one
        self._sheet = sheet
        self._sheets = [each for each in told.assessed.assessments if each.period in {p.id for p in self._periods}]
        self._items = [item for item in told.items if item.period in {each.id for each in self._periods}]

    def words(self) -> Words:
        """Everything the template may use, every text clean; pictures are put in by who draws them."""
        told = self._told
        sheets = [self._sheet, *self._sheets]
        found: Words = tidy_words(
            {
                "plan": self._plan.title,
                "document": self._plan.document,
                "title": self._title(),
                "number": f"{BLANK}〔{told.today.year}〕{BLANK}号",
                "addressee": (self._plan.superior or BLANK) if self._kind is PaperKind.REPORT else "",
                "summary": list(self._summary()),
                "goals": self._goals(),
                "overview": overview(told, self._sheets) if len(self._periods) > 1 else [],
                "sizes": list(self._sizes()),
                "tasks_text": self._tasks_text(),
                "tasks": list(self._tasks()),
                "problems": list(self._problems(sheets)),
                "next": list(self._next()),
                "next_text": self._next_text(),
                "figures": appendix(told, sheets, whole=self._period is None),
                "signature": self._signature(),
                "day": full(told.today),
                "blank": BLANK,
            }
        )
        return found

    # --- title and end ---

    def _title(self) -> str:
        name = wording.period_name(self._period) if self._period else ""
        year = name + ("度" if name.endswith("年") and "-" not in name else "")
        of = f"《{self._plan.title}》"
        return {
            PaperKind.MIDTERM: f"关于{of}中期评估情况的报告",
            PaperKind.YEARLY: f"关于{of}{year}工作情况的报告",
            PaperKind.FINAL: f"关于{of}实施情况的全面总结",
            PaperKind.REPORT: f"关于{of}{year}实施情况的报告",
        }[self._kind]

    def _signature(self) -> str:
        """The lead department reports to the next level up; the other papers are the office's."""
        is_report = self._kind is PaperKind.REPORT
        return self._plan.department(self._plan.lead).name if is_report else self._plan.office

    # --- 一、总体情况 ---

    def _summary(self) -> Iterator[str]:
        span = self._span()
        paper = f"（{self._plan.document}）" if self._plan.document else ""
        verb = {PaperKind.MIDTERM: "中期评估", PaperKind.FINAL: "全面总结"}.get(self._kind, "总结")
        yield (
            f"根据《{self._plan.title}》{paper}，对{span}工作目标和工作任务完成情况进行了{verb}。"
            f"本文数据由各责任部门报送，截至{full(self._told.today)}。"
        )
        lines = judged(self._sheet)
        of = "附件1量化目标" if self._period is None else f"{wording.period_name(self._period)}工作目标"
        yield f"{of}共{len(lines)}项，{tally(lines)}。" if lines else f"{of}没有可以用数据衡量的项目。"
        words = GoalWords(self._told, self._sheet)
        for goal, of_goal in by_goal(self._sheet).items():
            main = main_line(of_goal)
            name = self._plan.measured.indicator(goal).name
            yield words.sentence(main) if main else f"{name}：共{len(of_goal)}项，{tally(of_goal)}。"
        yield self._tasks_text()

    def _span(self) -> str:
        first, last = self._periods[0].first_year, self._periods[-1].last_year
        if self._period is not None and len(self._periods) == 1:
            return wording.period_name(self._period)
        return f"{first}年至{last}年"

    # --- 二、目标完成情况 ---

    def _goals(self) -> list[Words]:
        found = list(GoalWords(self._told, self._sheet).sections())
        for each in found:
            each["trend"] = [
                said for heading in self._told.assessed.headings if heading.indicator == each["id"]
                for said in [self._heading(heading)] if said
            ]  # fmt: skip
        return found

    def _heading(self, heading: Any) -> str:
        """按现有数据的线性趋势推算…; empty where the end year is known or nothing is projected."""
        way = heading.trend
        if way.projected is None or way.end_year in way.known:
            return ""
        indicator = self._plan.measured.indicator(heading.indicator)
        unit = wording.unit_of(self._plan.measured, indicator)
        name = "" if heading.industry == ALL else wording.named(heading.industry, self._told.industries)
        said = f"{name}{indicator.name}按已报年度的线性趋势推算，{way.end_year}年约为"
        if way.is_on_course is None:
            (projected,) = wording.levels([way.projected], indicator)
            return said + f"{projected}{unit}。"
        projected, goal = wording.levels([way.projected, way.path[way.end_year]], indicator)
        return (
            said
            + f"{projected}{unit}，当年目标上限为{goal}{unit}，{'预计可以达到' if way.is_on_course else '预计达不到'}。"
        )

    def _sizes(self) -> Iterator[str]:
        for name, unit, known in self._told.sizes():
            periods = {each.id: wording.period_name(each) for each in self._periods}
            said = [f"{periods[size.period]}{size.value}{unit}" for size in known if size.period in periods]
            yield f"{name}：{'，'.join(said) if said else '尚未报送'}。"

    # --- 三、工作任务完成情况 ---

    def _tasks_text(self) -> str:
        items = [item for item in self._items if item.state is not State.WITHDRAWN]
        if not items:
            return "没有责任事项。"
        counts = {state: sum(item.state is state for item in items) for state in DONE_WORDS}
        late = sum(item.is_overdue(self._told.today) for item in items)
        parts = [f"{word}{counts[state]}项" for state, word in DONE_WORDS.items() if counts[state]]
        parts += [f"其中逾期{late}项"] if late and counts[State.OPEN] else []
        extended = sum(item.original_due_on not in (None, item.due_on) for item in items)
        parts += [f"办理中经批准延期的{extended}项"] if extended else []
        return f"{self._span()}共有责任事项{len(items)}项，{'，'.join(parts)}。"

    def _tasks(self) -> Iterator[Words]:
        for number, period in enumerate(self._periods, 1):
            items = [item for item in self._items if item.period == period.id]
            yield {
                "heading": f"（{numeral(number)}）{wording.period_name(period)}",
                "rows": [self._task(item) for item in items],
            }

    def _task(self, item: Assignment) -> Words:
        return {
            "number": wording.task_number(item),
            "title": item.title,
            "department": self._told.shorts.get(item.department, item.department),
            "due": wording.due(item),
            "state": wording.state(item, self._told.today),
        }

    # --- 四、存在的问题 ---

    def _problems(self, sheets: list[Assessment]) -> Iterator[Words]:
        others = [each for each in self._sheets if each.period != self._sheet.period]
        looked_at = [*((each, judged(each)) for each in others), (self._sheet, self._sheet.lines)]
        missed = dict.fromkeys(said for sheet, lines in looked_at for said in shortfalls(self._told, sheet, lines))
        unknown = sum(line.verdict is Verdict.UNKNOWN for _sheet, lines in looked_at for line in lines)
        none = f"没有已判定为未达到的目标；另有{unknown}项因缺少数据暂不能判定。" if unknown else "没有未达到的目标。"
        late = [item for item in self._items if item.is_overdue(self._told.today)]
        yield _problem(1, "未达到的目标", list(missed), none)
        yield _problem(2, "逾期未办结的责任事项", [self._late(item) for item in late], "没有逾期未办结的责任事项。")
        yield _problem(3, "尚缺的数据", owed(self._told, sheets), "各责任部门应报送的数据已报齐。")
        yield _problem(4, "其他问题", [], BLANK)

    def _late(self, item: Assignment) -> str:
        department = self._told.shorts.get(item.department, item.department)
        return f"{department}：{item.title}，期限{wording.due(item)}，已逾期{-item.days_left(self._told.today)}天。"

    # --- 五、下一步工作 ---

    def _following(self) -> Period | None:
        if self._period is None:
            return None
        place = self._plan.periods.index(self._period) + 1
        return self._plan.periods[place] if place < len(self._plan.periods) else None

    def _next_text(self) -> str:
        following = self._following()
        if following is None:
            return BLANK
        return f"按照《{self._plan.title}》，{wording.period_name(following)}工作任务如下："

    def _next(self) -> Iterator[str]:
        following = self._following()
        tasks: dict[tuple[str, str], list[Any]] = {}
        for wanted in expand(self._plan):
            if following is not None and wanted.period == following.id:
                tasks.setdefault((wanted.number, wanted.part), []).append(wanted)
        for number, (_key, same) in enumerate(tasks.items(), 1):
            who = "、".join(self._told.shorts[each.department] for each in same)
            yield f"{number}．{same[0].title}（{who}，{full(same[0].due_on)}前完成）。"


def _problem(number: int, heading: str, items: list[str], none: str) -> Words:
    numbered = [f"{place}．{each}" for place, each in enumerate(items, 1)] if len(items) > 1 else items
    return {"heading": f"（{numeral(number)}）{heading}", "points": numbered or [none]}


def tidy_words(found: Words) -> Words:
    """Every text clean."""
    tidied: Words = wording.tidy(found)
    return tidied
