"""A form as an XLSX spreadsheet: one A4 page whose yellow cells are to be filled in, the others locked.

Which cell asks what is kept in a hidden sheet with a checksum. Imports the rest of files; XlsxWriter when it writes.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from wsyf_scheduler.files.form_cells import CELL, EXTRAS, HEAD, LABEL, NOTE, SHARE, SHEET, Key
from wsyf_scheduler.files.form_cells import KEY_SHEET as KEYS
from wsyf_scheduler.files.forms import Column, Form, Row
from wsyf_scheduler.files.numerals import MOST
from wsyf_scheduler.files.sheets import named

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

FIRST = 0  # the column of the industries' names
PORTRAIT = 5  # so many columns fit an upright page
WEEKDAYS = "一二三四五六日"
FONT = "宋体"
GREY, YELLOW, RED = "#EDEDED", "#FFF2CC", "#F8CBAD"
WIDTHS = {"label": 14, "count": 13, "earlier": 12, "note": 20}
LONG = 14  # characters of a name that needs more lines
NARROWEST = 84  # characters across, so that what stands above the table has room
TOP = 5  # rows above the head: title, plan, department, what it is, how to fill it in


def write(form: Form) -> bytes:
    """The spreadsheet; the same form gives the same bytes. No text in it is ever taken for a formula."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    made_at = datetime.combine(form.made_on, time(0), UTC).replace(tzinfo=None)
    book.set_properties({"title": form.title, "author": form.office, "created": made_at})
    sheet = book.add_worksheet(SHEET)
    key = _Page(form, book, sheet).draw()
    hidden = book.add_worksheet(KEYS)
    hidden.very_hidden()
    for number, row in enumerate(key.rows()):
        hidden.write_row(number, 0, row)
    hidden.protect()
    book.close()
    return out.getvalue()


class _Page:
    """The visible sheet, drawn from top to bottom; what is drawn to be filled in is noted in the key."""

    def __init__(self, form: Form, book: Workbook, sheet: Worksheet) -> None:
        self._form, self._book, self._sheet = form, book, sheet
        self._key = Key(plan=form.plan, key=form.key, department=form.department, data_year=form.data_year)
        self._places: dict[str, int] = {}
        self._earlier: dict[str, tuple[int, int]] = {}
        column = FIRST + 1
        for each in form.columns:
            years = [year for (_industry, measure), (year, _v) in form.earlier.items() if measure == each.measure]
            if years:
                self._earlier[each.measure] = column, max(years)
                column += 1
            self._places[each.measure] = column
            column += 1
        self._note = column
        self._formats: dict[tuple[tuple[str, object], ...], Format] = {}

    def draw(self) -> Key:
        self._head()
        first = TOP + 1
        for number, row in enumerate(self._form.rows):
            self._line(first + number, row)
        self._rules(first, first + len(self._form.rows) - 1)
        self._foot(first + len(self._form.rows) + 1)
        self._page(first)
        return self._key

    def _style(self, **values: object) -> Format:
        whole = {"font_name": FONT, "font_size": 11, "valign": "vcenter", "text_wrap": True} | values
        name = tuple(sorted(whole.items()))
        if name not in self._formats:
            self._formats[name] = self._book.add_format(dict(whole))
        return self._formats[name]

    def _across(self, row: int, text: str, height: int, **style: object) -> None:
        self._sheet.merge_range(row, FIRST, row, self._note, "", self._style(**style))
        self._sheet.write_string(row, FIRST, text, self._style(**style))
        self._sheet.set_row(row, height)

    def _head(self) -> None:
        form, due = self._form, self._form.due_on
        weekday = WEEKDAYS[due.weekday()]
        self._across(0, f"{form.title}报送表", 34, font_size=16, bold=True, align="center")
        document = f"（{form.document}）" if form.document else ""
        self._across(1, f"{form.plan_title}{document}", 32, align="center", font_size=10)
        about = f"报送部门：{form.department_name}　　数据年份：{form.data_year}年　　编号：{form.key}"
        self._across(2, about, 20)
        phone = f"（{form.phone}）" if form.phone else ""
        day = f"{due.year}年{due.month}月{due.day}日（星期{weekday}，含当日）"
        self._across(3, f"报送期限：{day}　　报送：{form.office}{phone}", 32)
        self._across(4, self._how(), 48, font_size=10, font_color="#7F6000")
        head = {"bold": True, "align": "center", "border": 1, "bg_color": "#D9E2F3", "font_size": 10}
        self._text(TOP, FIRST, "行业", HEAD, **head)
        for each in form.columns:
            if each.measure in self._earlier:
                column, year = self._earlier[each.measure]
                words = f"{year}年\n{each.name}\n（已报送）"
                self._sheet.write_string(TOP, column, words, self._style(**head | {"bg_color": GREY, "bold": False}))
            self._text(TOP, self._places[each.measure], self._title(each), HEAD, **head)
        self._text(TOP, self._note, "备注", HEAD, **head)
        longest = max(len(each.name) for each in form.columns)
        self._sheet.set_row(TOP, 66 if longest < LONG else 100)

    def _how(self) -> str:
        words = ["说明：只填黄色格，灰色格不用填。填整数，没有发生的填0，不要留空。"]
        for whole in dict.fromkeys(each.of for each in self._form.columns if each.of):
            parts = "、".join(each.name for each in self._form.columns if each.of == whole)
            name = next(each.name for each in self._form.columns if each.measure == whole)
            words.append(f"{parts}分开统计的，各栏都填，其和须等于{name}；不分开统计的不填。")
        words += [
            f"{each.name}一栏只在不知道例数、只知道比例时填（如7.5%），填了就不填例数。"
            for each in self._form.columns
            if each.is_share
        ]
        return "".join([*words, "填好后存为.xlsx，随邮件发回。"])

    def _title(self, column: Column) -> str:
        unit = "\n（%）" if column.is_share else f"\n（{column.unit}）" if column.unit else ""
        name = f"其中：{column.name}" if column.of else column.name
        return f"{self._form.data_year}年\n{name}{unit}"

    def _text(self, row: int, column: int, text: str, kind: str, **style: object) -> None:
        """A text by which the row or column is found again."""
        self._sheet.write_string(row, column, text, self._style(**style))
        self._key.add(kind, named((row, column)), text)

    def _line(self, row: int, line: Row) -> None:
        self._sheet.set_row(row, 26)
        self._text(row, FIRST, line.name, LABEL, border=1, align="center")
        for each in self._form.columns:
            if each.measure in self._earlier:
                self._earlier_value(row, line, each)
            self._cell(row, line, each)
        style = self._style(border=1, bg_color=YELLOW, locked=False, font_size=10)
        self._sheet.write_blank(row, self._note, None, style)
        self._key.add(NOTE, named((row, self._note)), line.industry)

    def _earlier_value(self, row: int, line: Row, each: Column) -> None:
        column, year = self._earlier[each.measure]
        style = self._style(border=1, align="center", bg_color=GREY, font_color="#595959", num_format=_shape(each))
        found = self._form.earlier.get((line.industry, each.measure))
        if found is None or found[0] != year:
            self._sheet.write_string(row, column, "—", style)
        else:
            self._sheet.write_number(row, column, float(found[1]), style)

    def _cell(self, row: int, line: Row, each: Column) -> None:
        column = self._places[each.measure]
        if (line.industry, each.of or each.measure) not in self._form.asked and not each.is_share:
            self._sheet.write_string(row, column, "—", self._style(border=1, align="center", bg_color=GREY))
            return
        style = self._style(border=1, align="center", bg_color=YELLOW, locked=False, num_format=_shape(each))
        value = self._form.standing.get((line.industry, each.measure))
        if value is None:
            self._sheet.write_blank(row, column, None, style)
        else:
            self._sheet.write_number(row, column, float(value), style)
        self._sheet.data_validation(row, column, row, column, _checked(each))
        self._key.add(CELL, named((row, column)), line.industry, each.measure, *([SHARE] if each.is_share else []))

    def _rules(self, first: int, last: int) -> None:
        """What cannot be is red at once: more than it may be at most."""
        for each in self._form.columns:
            if each.at_most in self._places:
                own, most = self._places[each.measure], self._places[each.at_most]
                mine, other = named((first, own)), named((first, most))
                rule = f"=AND(ISNUMBER({mine}),ISNUMBER({other}),{mine}>{other})"
                style = self._book.add_format({"bg_color": RED})
                self._sheet.conditional_format(
                    first, own, last, own, {"type": "formula", "criteria": rule, "format": style}
                )

    def _foot(self, row: int) -> None:
        """Who filled it in, one below the other: narrow forms have few columns."""
        for offset, (name, words) in enumerate(EXTRAS.items()):
            at = row + offset
            self._sheet.set_row(at, 24)
            self._sheet.write_string(at, FIRST, words, self._style(align="right"))
            style = self._style(bottom=1, bg_color=YELLOW, locked=False, num_format="@")
            if self._note - FIRST > 1:
                self._sheet.write_blank(at, FIRST + 1, None, style)
            self._key.add(name, named((at, FIRST + 1)))

    def _page(self, first: int) -> None:
        sheet, is_wide = self._sheet, self._note > PORTRAIT
        sheet.set_column(FIRST, FIRST, WIDTHS["label"])
        sheet.set_column(FIRST + 1, self._note - 1, WIDTHS["count"])
        for column, _year in self._earlier.values():
            sheet.set_column(column, column, WIDTHS["earlier"])
        taken = WIDTHS["label"] + WIDTHS["earlier"] * len(self._earlier) + WIDTHS["count"] * len(self._form.columns)
        sheet.set_column(self._note, self._note, max(WIDTHS["note"], NARROWEST - taken))
        sheet.freeze_panes(first, FIRST + 1)
        sheet.set_paper(9)  # A4
        if is_wide:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 1)
        sheet.center_horizontally()
        sheet.set_margins(left=0.6, right=0.6, top=0.8, bottom=0.8)
        sheet.set_footer(f"&L{_footer(self._form.key)}&R&P/&N")
        sheet.set_selection(first, self._places[self._form.columns[0].measure], first, self._note)
        sheet.protect("", {"format_columns": True, "format_rows": True})


def _footer(text: str) -> str:
    return text.replace("&", "&&")


def _shape(column: Column) -> str:
    return "0.00%" if column.is_share else "#,##0"


def _checked(column: Column) -> dict[str, Any]:
    """What a spreadsheet lets nobody type: no fraction of an accident, nothing below 0."""
    if column.is_share:
        return {
            "validate": "decimal",
            "criteria": "between",
            "minimum": 0,
            "maximum": 1,
            "input_title": "只知道比例时填",
            "input_message": "写成百分数，如7.5%；填了比例就不填例数。",
            "error_title": "填写有误",
            "error_message": "请填0%至100%之间的百分数，如7.5%。",
        }
    return {
        "validate": "integer",
        "criteria": "between",
        "minimum": 0,
        "maximum": MOST,
        "input_title": "填整数",
        "input_message": "没有发生的填0，不要留空。" if column.is_needed else "不分开统计的不填。",
        "error_title": "填写有误",
        "error_message": "请填0或大于0的整数，不带单位、小数和文字。",
    }
