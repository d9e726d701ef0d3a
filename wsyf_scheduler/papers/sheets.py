"""One period's goals on a sheet of the workbook: each line's cells are formulas over the sheet of figures.

The values stored beside the formulas are those of core.assess, for readers that do not calculate. Imports papers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from wsyf_scheduler.core.assess import ALL, Asked, Assessment, Line, Place
from wsyf_scheduler.core.measures import Indicator, Rule
from wsyf_scheduler.papers import wording
from wsyf_scheduler.papers.formulas import Cells, instead, total
from wsyf_scheduler.papers.gathering import Gathered
from wsyf_scheduler.papers.goals import missing_words

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from wsyf_scheduler.papers.book import Looks, Spot

HEADS = (
    *("目标", "行业", "基准年", "基准", "年份", "数值", "变化（%）", "", "界限", "结论", "暂定", "尚缺的数据"),
    *("要求（%）", "基准分子", "基准分母", "分子", "分母"),
)
WIDTHS = (22, 14, 8, 10, 8, 10, 10, 4, 10, 12, 6, 44, 10, 10, 10, 10, 10)
PERCENT, BASE, UNDER, TOP, BOTTOM = "MNOPQ"
VERDICT = 9
FIRST = 2
LINE = 15.0  # points
MOST_CELLS = 200  # of a sum: a formula is at most 8192 characters long; of more, the sum itself stands there
COLOURS = {"达到": "#C6E0B4", "未达到": "#F8CBAD", "暂不能判定": "#FFF2CC"}


class GoalSheet:
    """The lines of one assessment, with what was asked."""

    def __init__(
        self,
        told: Gathered,
        sheet: Assessment,
        asked: Sequence[Asked],
        spots: Mapping[Place, Spot],
        looks: Looks,
    ) -> None:
        self._told, self._sheet, self._spots, self._looks = told, sheet, spots, looks
        self._asked = [
            (each, name)
            for each in asked
            for name in (*each.industries, *((ALL,) if each.total else ()))
        ]  # one a line, in the order of core.assess  # fmt: skip

    def draw(self, tab: Worksheet) -> None:
        """Heads, then a row a line."""
        periods = {period.id: period for period in self._told.plan.periods}
        name = wording.sheet_name(self._sheet.period, periods)
        title = f"{self._told.plan.title}：{name}目标，以{self._sheet.measure_year}年数据衡量"
        tab.merge_range(0, 0, 0, len(HEADS) - 1, wording.tidy(title), self._looks.title)
        for column, (head, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
            tab.write_string(1, column, head, self._looks.head)
            tab.set_column(column, column, width)
        for number, (line, (asked, _name)) in enumerate(zip(self._sheet.lines, self._asked, strict=True), FIRST):
            self._line(tab, number, line, asked)
        last = FIRST + len(self._sheet.lines)
        for word, colour in COLOURS.items():
            rule = {"type": "cell", "criteria": "==", "value": f'"{word}"'}
            tab.conditional_format(FIRST, VERDICT, last, VERDICT, {**rule, "format": self._looks(bg_color=colour)})
        tab.freeze_panes(FIRST, 2)
        tab.set_landscape()
        tab.set_paper(9)
        tab.fit_to_pages(1, 0)
        tab.set_footer("&C— &P —")

    def _line(self, tab: Worksheet, number: int, line: Line, asked: Asked) -> None:
        indicator = self._told.plan.measured.indicator(line.goal)
        cells = Cells(
            **{name: f"{letter}{number + 1}" for name, letter in zip(NAMES, LETTERS, strict=True)},
            rule=asked.rule,
            is_quotient=indicator.bottom is not None,
            is_comparable=line.baseline_year is not None,
        )
        plain, grey = self._looks(text_wrap=True), self._looks(font_color="#7F7F7F", num_format="0")
        tab.write_string(number, 0, wording.tidy(indicator.name), plain)
        tab.write_string(number, 1, wording.tidy(wording.named(line.industry, self._told.industries)), plain)
        _years(tab, number, line, self._sheet.measure_year, self._looks(align="center"))
        digits = self._looks(num_format="0.0#%" if indicator.bottom else "General")
        self._formulas(tab, number, line, cells, digits)
        tab.write_string(number, 10, "是" if line.provisional else "", self._looks(align="center"))
        lacking = wording.tidy(self._lacking(line))
        tab.write_string(number, 11, lacking, plain)
        tab.set_row(number, height((lacking, WIDTHS[11]), (indicator.name, WIDTHS[0])))
        if asked.percent is not None:
            tab.write_number(number, 12, asked.percent, self._looks(bg_color="#FFF2CC"))
        else:
            tab.write_blank(number, 12, None, grey)
        for column, (formula, value) in enumerate(self._parts(line, asked, indicator), 13):
            tab.write_formula(number, column, f"={formula}", grey, "" if value is None else value)

    def _formulas(self, tab: Worksheet, number: int, line: Line, cells: Cells, digits: Any) -> None:
        limit = wording.bound_of(line)
        tab.write_formula(number, 3, cells.baseline, digits, _number(line.baseline))
        tab.write_formula(number, 5, cells.value, digits, _number(line.value))
        one = self._looks(num_format="0.0")
        tab.write_formula(number, 6, cells.change, one, "" if line.change_pct is None else line.change_pct)
        sign = self._looks(align="center")
        if cells.sign.startswith("="):
            tab.write_formula(number, 7, cells.sign, sign, wording.SIGNS[limit[0]] if limit else "")
        else:
            tab.write_string(number, 7, cells.sign, sign)
        tab.write_formula(number, 8, cells.bound, digits, _number(limit[1]) if limit else "")
        bold = self._looks(bold=True, align="center")
        tab.write_formula(number, VERDICT, cells.verdict, bold, wording.VERDICTS[line.verdict])

    def _parts(self, line: Line, asked: Asked, indicator: Indicator) -> list[tuple[str, int | None]]:
        """Formula and present value of baseline top and bottom, value top and bottom."""
        industries = asked.industries if line.industry == ALL else (line.industry,)
        found: list[tuple[str, int | None]] = []
        compared = line.baseline_year if asked.rule is not Rule.COVERAGE else None
        for year in (compared, asked.year):
            found += [('""', None), ('""', None)] if year is None else self._sums(indicator, industries, year)
        return found

    def _sums(self, indicator: Indicator, industries: Sequence[str], year: int) -> list[tuple[str, int | None]]:
        def cells(measure: str) -> list[str]:
            return [self._spots[Place(each, year, measure)].value for each in industries]

        if len(industries) > MOST_CELLS:
            known = [self._known(industries, year, measure) for measure in indicator.measures]
            values = known if len(known) > 1 else [*known, 1]
            return [('""' if value is None else str(value), value) for value in values]
        top = cells(indicator.top)
        if indicator.bottom is None:
            return [(total(top), self._known(industries, year, indicator.top)), ("1", 1)]
        bottom = cells(indicator.bottom)
        values = [self._known(industries, year, measure) for measure in indicator.measures]
        if not indicator.alone or len(industries) > 1:
            return list(zip((total(top), total(bottom)), values, strict=True))
        spot, wanted = self._spots[Place(industries[0], year, indicator.id)], [*top, *bottom]
        alone = self._told.figures.get(Place(industries[0], year, indicator.id))
        if None in values and alone is not None:
            values = list(Fraction(alone.row.value).as_integer_ratio())
        return [
            (instead(wanted, top[0], spot, spot.value), values[0]),
            (instead(wanted, bottom[0], spot, spot.under), values[1]),
        ]

    def _known(self, industries: Sequence[str], year: int, measure: str) -> int | None:
        found = [self._told.figures.get(Place(each, year, measure)) for each in industries]
        return None if None in found else sum(int(each.row.value) for each in found if each)

    def _lacking(self, line: Line) -> str:
        owing = dict.fromkeys(each.department for each in line.missing)
        return "；".join(
            f"{self._told.shorts[department]}："
            + missing_words(self._told, [each for each in line.missing if each.department == department])
            for department in owing
        )


NAMES = ("base", "under", "top", "bottom", "percent")
LETTERS = (BASE, UNDER, TOP, BOTTOM, PERCENT)


def height(*texts: tuple[str, int]) -> float:
    """How high a row must be, in points, for texts in columns so many characters wide; Chinese counts two."""
    lines = [-(-sum(1 + (ord(each) > 0x2E7F) for each in text) // (width - 1)) for text, width in texts]  # noqa: PLR2004 - where Chinese begins
    return LINE * max(1, *lines)


def _years(tab: Worksheet, number: int, line: Line, year: int, look: Any) -> None:
    tab.write_blank(number, 2, None, look)
    if line.baseline_year is not None:
        tab.write_number(number, 2, line.baseline_year, look)
    tab.write_number(number, 4, year, look)


def _number(value: int | Fraction | None) -> int | float | str:
    """As a spreadsheet stores it beside the formula."""
    return "" if value is None else float(value) if isinstance(value, Fraction) else value
