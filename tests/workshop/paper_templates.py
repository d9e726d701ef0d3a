"""Makes the packaged templates of the papers, templates/papers/*.docx, laid out as GB/T 9704 asks as far as Word goes.

    python -m tests.workshop.paper_templates        writes them; running it again changes nothing

An office changes a copy in Word; we change this.
"""

from __future__ import annotations

import io
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from wsyf_scheduler.papers.word import repacked

FOLDER = Path(__file__).parents[2] / "templates" / "papers"
LONG_AGO = datetime(2026, 1, 1)  # noqa: DTZ001 - a document's properties know no zone
SONG, FANG, HEI, KAI = "宋体", "仿宋", "黑体", "楷体"
BIAO = "方正小标宋简体"
LATIN = "Times New Roman"
LINE = Pt(29)  # 22 lines on 225 mm
THREE, FOUR, FIVE = Pt(16), Pt(14), Pt(10.5)  # 3号, 4号, 5号
TWO = Pt(22)
BODY, SIGNED, FIRST, SECOND, TABLE, CAPTION, NOTE, FIGURE = (
    "公文正文", "公文落款", "Heading 1", "Heading 2", "公文表格", "公文表题", "公文附注", "公文图",
)  # fmt: skip


def build(kind: str) -> bytes:
    """One template; `kind` is the paper's."""
    made = Template()
    made.head(is_report=kind == "report")
    made.summary()
    made.goals()
    if kind in {"midterm", "final"}:
        made.overview()
    made.tasks()
    made.problems()
    made.onwards()
    made.end(is_report=kind == "report")
    made.appendix()
    return made.saved()


class Template:
    """A document being written from top to bottom."""

    def __init__(self) -> None:
        self.doc = Document()
        self.body = self.doc.element.body
        for each in list(self.body):
            if not each.tag.endswith("sectPr"):
                self.body.remove(each)
        self._page()
        self._styles()
        self._page_numbers()

    # --- page ---

    def _page(self) -> None:
        section = self.doc.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.bottom_margin = Mm(37), Mm(35)
        section.left_margin, section.right_margin = Mm(28), Mm(26)
        section.footer_distance = Mm(25)
        section.start_type = WD_SECTION.NEW_PAGE
        grid = section._sectPr.find(qn("w:docGrid"))
        if grid is None:
            grid = OxmlElement("w:docGrid")
            section._sectPr.append(grid)
        grid.set(qn("w:type"), "lines")
        grid.set(qn("w:linePitch"), "580")
        self.doc.settings.odd_and_even_pages_header_footer = True

    def _page_numbers(self) -> None:
        """— 1 —, outside: on the right of odd pages, on the left of even ones, one character in."""
        section = self.doc.sections[0]
        for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
            footer.is_linked_to_previous = False
            p = footer.paragraphs[0]
            for text in ("— ", None, " —"):
                run = p.add_run(text or "")
                if text is None:
                    field(run)
                font(run, SONG, FOUR)
            p.alignment = WD_ALIGN_PARAGRAPH.RIGHT if side == "right" else WD_ALIGN_PARAGRAPH.LEFT
            setattr(p.paragraph_format, f"{side}_indent", FOUR)

    # --- styles ---

    def _styles(self) -> None:
        normal = self.doc.styles["Normal"]
        shape(normal, FANG, THREE, line=LINE)
        title = self.doc.styles["Title"]
        shape(title, BIAO, TWO, line=Pt(35), align="center", after=LINE)
        border = title.element.find(f".//{qn('w:pBdr')}")
        if border is not None:
            border.getparent().remove(border)
        shape(self.doc.styles[FIRST], HEI, THREE, line=LINE, indent=2, keep=True)
        shape(self.doc.styles[SECOND], KAI, THREE, line=LINE, indent=2, keep=True)
        for name, eastern, size, more in (
            (BODY, FANG, THREE, {"line": LINE, "indent": 2, "align": "both"}),
            (SIGNED, FANG, THREE, {"line": LINE, "align": "right", "right": 4, "left": 3}),
            (TABLE, FANG, FIVE, {"line": Pt(15), "align": "center"}),
            (CAPTION, HEI, Pt(12), {"line": Pt(24), "align": "center", "keep": True}),
            (NOTE, FANG, FIVE, {"line": Pt(16), "align": "both"}),
            (FIGURE, FANG, FIVE, {"align": "center", "keep": True, "before": Pt(6)}),
        ):
            style = self.doc.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            style.base_style = normal
            shape(style, eastern, size, **more)

    # --- pieces ---

    def p(self, text: str, style: str = BODY, *, bold: bool = False) -> Any:
        found = self.doc.add_paragraph(style=style)
        run = found.add_run(text)
        run.bold = bold or None
        return found

    def tag(self, text: str) -> None:
        """A paragraph that is gone when the template is filled in."""
        self.p("{%p " + text + " %}")

    def loop(self, name: str, items: str, text: str, style: str = BODY) -> None:
        self.tag(f"for {name} in {items}")
        self.p(text, style)
        self.tag("endfor")

    def table(self, heads: list[str], cells: list[str], widths: list[int], rows: str, *, left: tuple[int, ...]) -> None:
        """A table with a head that is repeated on each page, and a row for each of `rows`."""
        table = self.doc.add_table(rows=4, cols=len(heads))
        table.style = "Table Grid"
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Mm(width)
        lines = [heads, ["{%tr for row in " + rows + " %}"], cells, ["{%tr endfor %}"]]
        for row, texts in zip(table.rows, lines, strict=True):
            mark(row._tr.get_or_add_trPr(), "w:cantSplit")
            for place, cell in enumerate(row.cells):
                cell.width = Mm(widths[place])
                paragraph = cell.paragraphs[0]
                paragraph.style = self.doc.styles[TABLE]
                run = paragraph.add_run(texts[place] if place < len(texts) else "")
                if texts is heads:
                    font(run, HEI, FIVE)
                elif texts is cells and place in left:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
        mark(table.rows[0]._tr.get_or_add_trPr(), "w:tblHeader")
        margins(table)

    # --- parts of a paper ---

    def head(self, *, is_report: bool) -> None:
        """The number; on a paper to the next level up it stands on the left, who signs it on the right."""
        number = self.p("{{ number }}\t签发人：{{ blank }}" if is_report else "{{ number }}")
        number.alignment = WD_ALIGN_PARAGRAPH.LEFT if is_report else WD_ALIGN_PARAGRAPH.CENTER
        number.paragraph_format.first_line_indent = THREE if is_report else Pt(0)
        number.paragraph_format.tab_stops.add_tab_stop(Mm(156) - THREE, WD_TAB_ALIGNMENT.RIGHT)
        number.paragraph_format.space_after = LINE
        self.p("{{ title }}", "Title")
        if is_report:
            to = self.p("{{ addressee }}：")
            to.paragraph_format.first_line_indent = Pt(0)

    def summary(self) -> None:
        self.p("一、总体情况", FIRST)
        self.loop("text", "summary", "{{ text }}")

    def goals(self) -> None:
        self.p("二、目标完成情况", FIRST)
        self.tag("for goal in goals")
        self.p("{{ goal.heading }}", SECOND)
        self.tag("if goal.text")
        self.p("目标：{{ goal.text }}。")
        self.tag("endif")
        self.p("{{ goal.sentence }}")
        self.p("{{ goal.caption }}", CAPTION)
        heads = ["行业", "{{ goal.baseline }}", "{{ goal.value }}", "变化", "目标", "结论", "数据来源"]
        keys = ("industry", "baseline", "value", "change", "bound", "verdict", "source")
        cells = ["{{ row." + key + " }}" for key in keys]
        self.tag("if goal.compared")
        self.table(heads, cells, [25, 18, 18, 18, 20, 22, 35], "goal.rows", left=())
        self.tag("else")
        heads, cells = [[each for at, each in enumerate(of) if at not in {1, 3}] for of in (heads, cells)]
        self.table(heads, cells, [32, 28, 28, 26, 42], "goal.rows", left=())
        self.tag("endif")
        self.loop("text", "goal.notes", "{{ text }}", NOTE)
        self.loop("text", "goal.trend", "{{ text }}")
        self.tag("for picture in goal.pictures")
        self.p("{{ picture.image }}", FIGURE)
        self.p("{{ picture.caption }}", CAPTION)
        self.tag("endfor")
        self.tag("endfor")
        self.tag("if sizes")
        self.p("专家库建设情况如下：")
        self.loop("text", "sizes", "{{ text }}")
        self.tag("endif")

    def overview(self) -> None:
        self.tag("if overview")
        self.p("各时期目标完成情况", CAPTION)
        heads = ["时期", "目标", "数值", "变化", "要求", "结论"]
        cells = ["{{ row." + key + " }}" for key in ("period", "goal", "value", "change", "bound", "verdict")]
        self.table(heads, cells, [33, 43, 19, 19, 19, 23], "overview", left=())
        self.p("注：变化指与该目标的对比年份相比。带*的含暂定数。", NOTE)
        self.tag("endif")

    def tasks(self) -> None:
        self.p("三、工作任务完成情况", FIRST)
        self.p("{{ tasks_text }}")
        self.tag("for group in tasks")
        self.p("{{ group.heading }}", SECOND)
        self.tag("if group.rows")
        cells = ["{{ row." + key + " }}" for key in ("number", "title", "department", "due", "state")]
        heads = ["任务", "责任事项", "责任部门", "期限", "办理情况"]
        self.table(heads, cells, [13, 51, 18, 37, 37], "group.rows", left=(1,))
        self.tag("else")
        self.p("没有责任事项。")
        self.tag("endif")
        self.tag("endfor")

    def problems(self) -> None:
        self.p("四、存在的问题", FIRST)
        self.tag("for problem in problems")
        self.p("{{ problem.heading }}", SECOND)
        self.loop("text", "problem.points", "{{ text }}")
        self.tag("endfor")

    def onwards(self) -> None:
        self.p("五、下一步工作", FIRST)
        self.p("{{ next_text }}")
        self.loop("text", "next", "{{ text }}")
        self.tag("if next")
        self.p("{{ blank }}")
        self.tag("endif")

    def end(self, *, is_report: bool) -> None:
        if is_report:
            self.p("特此报告。")
        attached = self.p("附表：本文所用数据及其来源")
        attached.paragraph_format.space_before = LINE
        signed = self.p("{{ signature }}", SIGNED)
        signed.paragraph_format.space_before = LINE * 2
        signed.paragraph_format.keep_with_next = True
        self.p("{{ day }}", SIGNED)

    def appendix(self) -> None:
        mark_page = self.p("附表")
        mark_page.paragraph_format.page_break_before = True
        mark_page.paragraph_format.first_line_indent = Pt(0)
        font(mark_page.runs[0], HEI, THREE)
        self.p("本文所用数据及其来源", CAPTION)
        heads = ["行业", "数据", "年份", "数值", "部门", "报送日期", "依据", "备注"]
        keys = ("industry", "measure", "year", "value", "department", "day", "source", "note")
        cells = ["{{ row." + key + " }}" for key in keys]
        self.table(heads, cells, [22, 25, 14, 12, 12, 25, 26, 20], "figures", left=(1, 6, 7))
        self.tag("if not figures")
        self.p("尚没有报送的数据。", NOTE)
        self.tag("endif")

    def saved(self) -> bytes:
        properties = self.doc.core_properties
        properties.created = properties.modified = LONG_AGO
        properties.author = properties.last_modified_by = "WSYF Scheduler"
        properties.title = properties.comments = ""
        out = io.BytesIO()
        self.doc.save(out)
        return repacked(out.getvalue())


def shape(
    style: Any,
    eastern: str,
    size: Any,
    *,
    line: Any = None,
    indent: int = 0,
    align: str = "",
    keep: bool = False,
    before: Any = None,
    after: Any = None,
    left: int = 0,
    right: int = 0,
) -> None:
    """What a style looks like; indents are in characters of its own size."""
    style.font.name, style.font.size = LATIN, size
    style.font.bold = style.font.italic = False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    fonts.set(qn("w:eastAsia"), eastern)
    fonts.set(qn("w:cs"), LATIN)
    form = style.paragraph_format
    form.space_before, form.space_after = before or Pt(0), after or Pt(0)
    form.keep_with_next = keep or None
    form.widow_control = True
    if size < THREE:
        grid = OxmlElement("w:snapToGrid")
        grid.set(qn("w:val"), "0")
        style.element.pPr.find(qn("w:spacing")).addprevious(grid)
    if line is not None:
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, line
    else:
        form.line_spacing_rule = WD_LINE_SPACING.SINGLE
    form.first_line_indent = size * indent
    form.left_indent, form.right_indent = size * left, size * right
    places = {
        "center": WD_ALIGN_PARAGRAPH.CENTER,
        "both": WD_ALIGN_PARAGRAPH.JUSTIFY,
        "right": WD_ALIGN_PARAGRAPH.RIGHT,
    }
    form.alignment = places.get(align)
    for name in ("firstLineChars", "rightChars"):
        n = {"firstLineChars": indent, "rightChars": right}[name]
        indented = style.element.pPr.find(qn("w:ind"))
        if n and indented is not None:
            indented.set(qn(f"w:{name}"), str(n * 100))


def font(run: Any, eastern: str, size: Any) -> None:
    run.font.size, run.font.name = size, LATIN
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), eastern)


def field(run: Any) -> None:
    """The number of the page."""
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def mark(properties: Any, name: str) -> None:
    properties.append(OxmlElement(name))


def margins(table: Any) -> None:
    """Little room at the sides of a cell: the tables are full."""
    found = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        each = OxmlElement(f"w:{side}")
        each.set(qn("w:w"), "60")
        each.set(qn("w:type"), "dxa")
        found.append(each)
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(found)


KINDS = ("midterm", "yearly", "final", "report")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        (FOLDER / f"{kind}.docx").write_bytes(build(kind))
        sys.stdout.write(f"{FOLDER / kind}.docx\n")


if __name__ == "__main__":
    main()
