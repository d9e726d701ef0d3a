"""Figures and goals as a workbook: a sheet of figures, and a sheet a period whose verdicts are formulas over it.

Change a figure there and the verdicts follow. No text in it is ever taken for a formula. Imports papers; XlsxWriter.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from wsyf_scheduler.core.assess import Assessment, Place
from wsyf_scheduler.core.goals import sheets as goal_sheets
from wsyf_scheduler.errors import NotFound
from wsyf_scheduler.i18n import _
from wsyf_scheduler.papers import wording
from wsyf_scheduler.papers.gathering import Gathered, Known
from wsyf_scheduler.papers.sheets import GoalSheet, height
from wsyf_scheduler.papers.sources import measure_names, note, used

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

FIGURES = "数据"
FONT = "宋体"
MOST_LETTERS = 31  # of a sheet's name
FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
HEADS = (
    *("行业", "数据", "年份", "数值", "分母", "单位", "报送部门", "经手", "报送时间", "依据", "暂定"),
    *("更正和说明", "责任事项"),
)
WIDTHS = (14, 30, 8, 10, 8, 6, 12, 14, 18, 28, 6, 40, 26)
VALUE, UNDER = 3, 4
FIRST = 2  # rows above the figures: what it is, the heads
HINT = (
    "{plan}：各行业报送的数据。黄色的是数值，改动或补填后，各期工作表的结论随之变化（只影响本表格，不改动系统里的数据）。"
    "只报比例的，数值写分子，分母写分母。"
)


class Spot(NamedTuple):
    """Where a figure stands: its cell, and that of the bottom of a quotient handed in by itself."""

    value: str
    under: str


def book(told: Gathered, period: str | None) -> bytes:
    """The workbook of all periods and Annex 1, or of one of them; NotFound names those there are."""
    import xlsxwriter

    chosen = [each for each in told.assessed.assessments if period in {None, each.period}]
    if not chosen:
        message = _("there is no period {name}; there is {known}")
        known = ", ".join(each.period for each in told.assessed.assessments)
        raise NotFound(message.format(name=period, known=known))
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    made = xlsxwriter.Workbook(out, options)
    made_at = datetime.combine(told.today, time(0), UTC).replace(tzinfo=None)
    made.set_properties({"title": wording.tidy(told.plan.title), "created": made_at})
    looks = Looks(made)
    figures = made.add_worksheet(FIGURES)
    tabs = [(each, made.add_worksheet(name)) for each, name in zip(chosen, _tabs(chosen), strict=True)]
    spots = _Figures(told, figures, looks, chosen).draw()
    asked = {sheet.period: sheet.asked for sheet in goal_sheets(told.plan)}
    for each, tab in tabs:
        GoalSheet(told, each, asked[each.period], spots, looks).draw(tab)
    tabs[0][1].activate()
    made.close()
    return out.getvalue()


def _tabs(chosen: list[Assessment]) -> Iterator[str]:
    """A name a sheet: its period's, as a spreadsheet allows it, each once whatever its case."""
    seen = {FIGURES.casefold()}
    for each in chosen:
        name = wording.sheet_name(each.period, {}) if each.period == "annex-1" else each.period
        plain = FORBIDDEN.sub("-", name)[:MOST_LETTERS] or "-"
        number = 1
        while plain.casefold() in seen:
            number += 1
            plain = f"{plain[: MOST_LETTERS - 4]}({number})"
        seen.add(plain.casefold())
        yield plain


class Looks:
    """Formats of cells, each made once."""

    def __init__(self, made: Workbook) -> None:
        self._made = made
        self._known: dict[tuple[tuple[str, Any], ...], Format] = {}

    def __call__(self, **how: Any) -> Format:
        """The format that looks so."""
        key = tuple(sorted(how.items()))
        if key not in self._known:
            base = {"font_name": FONT, "font_size": 10.5, "valign": "vcenter", "border": 1}
            self._known[key] = self._made.add_format({**base, **how})
        return self._known[key]

    @property
    def head(self) -> Format:
        """Heads of columns."""
        return self(bold=True, align="center", text_wrap=True, bg_color="#EDEDED")

    @property
    def title(self) -> Format:
        """What a sheet is."""
        return self(border=0, text_wrap=True, bold=True)


class _Figures:
    """The sheet of figures: one row for every figure a goal needs, those nobody has handed in among them."""

    def __init__(self, told: Gathered, sheet: Worksheet, looks: Looks, chosen: list[Assessment]) -> None:
        self._told, self._sheet, self._looks = told, sheet, looks
        self._names = measure_names(told)
        self._units = {each.id: each.unit for each in told.plan.measured.measures}
        self._units |= {each.id: each.unit for each in told.plan.measured.counts}
        order = {name: number for number, name in enumerate(["", *told.industries])}
        rank = {name: number for number, name in enumerate(self._names)}
        places = {place for place in used(told, chosen) if place.measure in rank} | {
            place for place in told.figures if place.industry in order and place.measure in rank
        }
        self._places = sorted(places, key=lambda p: (order[p.industry], rank[p.measure], p.year))

    def draw(self) -> dict[Place, Spot]:
        """Draw it; where each figure stands."""
        hint = wording.tidy(HINT.format(plan=self._told.plan.title))
        self._sheet.merge_range(0, 0, 0, len(HEADS) - 1, hint, self._looks.title)
        self._sheet.set_row(0, 34)
        for column, (head, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
            self._sheet.write_string(1, column, head, self._looks.head)
            self._sheet.set_column(column, column, width)
        spots = {}
        for number, place in enumerate(self._places, FIRST):
            self._row(number, place, self._told.figures.get(place))
            spots[place] = Spot(f"'{FIGURES}'!$D${number + 1}", f"'{FIGURES}'!$E${number + 1}")
        self._sheet.freeze_panes(FIRST, 3)
        self._sheet.autofilter(1, 0, max(FIRST, FIRST + len(self._places) - 1), len(HEADS) - 1)
        _printed(self._sheet)
        return spots

    def _row(self, number: int, place: Place, known: Known | None) -> None:
        told = self._told
        name = told.industries.get(place.industry, wording.NONE)
        words = {0: name, 1: self._names[place.measure], 5: self._units.get(place.measure, "")}
        if known is not None:
            row = known.row
            at = row.given_at.astimezone(told.zone)
            words |= {6: told.shorts.get(row.department, row.department), 7: row.who, 8: f"{at:%Y-%m-%d %H:%M}"}
            words |= {9: row.source, 10: "是" if known.is_provisional else "", 11: note(told, known), 12: row.key}
        for column in range(len(HEADS)):
            self._sheet.write_string(number, column, wording.tidy(words.get(column, "")), self._looks(text_wrap=True))
        self._sheet.set_row(number, height(*((wording.tidy(words.get(at, "")), WIDTHS[at]) for at in (1, 9, 11, 12))))
        self._sheet.write_number(number, 2, place.year, self._looks(align="center"))
        value = known.row.value if known else None
        self._number(number, VALUE, value.numerator if isinstance(value, Fraction) else value)
        if isinstance(value, Fraction) or place.measure in self._alone:
            self._number(number, UNDER, value.denominator if isinstance(value, Fraction) else None)

    @property
    def _alone(self) -> set[str]:
        return {each.id for each in self._told.plan.measured.indicators if each.alone}

    def _number(self, row: int, column: int, value: int | None) -> None:
        yellow = self._looks(bg_color="#FFF2CC", num_format="0")
        if value is None:
            self._sheet.write_blank(row, column, None, yellow)
        else:
            self._sheet.write_number(row, column, value, yellow)


def _printed(sheet: Worksheet) -> None:
    """On A4 across, as wide as the page, heads on each."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(1)
    sheet.set_footer("&C— &P —")
