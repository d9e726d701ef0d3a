"""`wsyf assess --xlsx`: the workbook says what `wsyf assess` says, and goes on saying it when a figure is changed there."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from tests.figures.lived import midway, told
from tests.figures.papers import converted, edited, needs_libreoffice
from tests.figures.test_assess import PLAN as FILE
from tests.figures.test_assess import anything
from wsyf_scheduler.core.assess import Given, Place, Verdict, assess
from wsyf_scheduler.core.goals import sheets as goal_sheets
from wsyf_scheduler.errors import NotFound
from wsyf_scheduler.figuring import answering
from wsyf_scheduler.files import sheets
from wsyf_scheduler.papers import wording
from wsyf_scheduler.papers.book import book
from wsyf_scheduler.papers.gathering import Gathered, Known
from wsyf_scheduler.reports.assessing import Assessed

ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
"""


@pytest.fixture(scope="module")
def gathered():
    return told(midway())


def read(tmp_path, data, name="book.xlsx"):
    path = tmp_path / name
    path.write_bytes(data)
    return {each.name: each for each in sheets.read(path)}


def verdicts(book_, tabs):
    return [
        [tab.cells.get((row, 9)) for row in range(2, 2 + len(sheet.lines))]
        for sheet, tab in zip(book_, tabs, strict=True)
    ]


def expected(assessments):
    return [[wording.VERDICTS[line.verdict] for line in sheet.lines] for sheet in assessments]


def recalculated(tmp_path, data):
    """As LibreOffice works it out anew, whatever stands beside the formulas."""
    profile = tmp_path / "lo" / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS, encoding="utf-8")
    (tmp_path / "book.xlsx").write_bytes(data)
    return {each.name: each for each in sheets.read(converted(tmp_path / "book.xlsx", "xlsx", tmp_path / "lo"))}


def imagined(like, figures):
    """What would have been gathered, had these figures been handed in."""
    row = next(iter(like.figures.values())).row
    given = {Place(*place): Given(*each) for place, each in figures.items()}
    found = assess(goal_sheets(FILE), FILE.measured, answering(FILE), given)
    known = {
        place: Known(
            row=row._replace(industry=place.industry, year=place.year, measure=place.measure, value=each.value),
            is_provisional=each.provisional,
        )
        for place, each in given.items()
    }
    assessed = Assessed(plan=FILE, assessments=found, headings=(), figures=given, owed={}, sizes={}, departments={})
    return Gathered(assessed=assessed, figures=known, items=(), now=like.now)


def test_every_cell_of_a_goal_stands_beside_its_formula(gathered, tmp_path):
    tabs = read(tmp_path, book(gathered, None))
    assert list(tabs) == ["数据", "2021-2022", "2022", "2023", "2024", "2025", "附件1"]
    assessments = gathered.assessed.assessments
    assert verdicts(assessments, list(tabs.values())[1:]) == expected(assessments)
    for sheet, tab in zip(assessments, list(tabs.values())[1:], strict=True):
        for row, line in enumerate(sheet.lines, 2):
            assert {(row, 3), (row, 5), (row, 6), (row, 8), (row, 9)} <= tab.formulas
            assert tab.cells.get((row, 5)) == (None if line.value is None else pytest.approx(float(line.value)))
            assert tab.cells.get((row, 3)) == (None if line.baseline is None else pytest.approx(float(line.baseline)))
            assert tab.cells.get((row, 6)) == line.change_pct


def test_every_figure_stands_with_its_source_and_who_handed_it_in(gathered, tmp_path):
    tab = read(tmp_path, book(gathered, "2023"))["数据"]
    rows = [
        [tab.cells.get((row, column), "") for column in range(13)]
        for row in range(2, max(r for r, _c in tab.cells) + 1)
    ]
    (coal,) = [row for row in rows if row[:3] == ["煤矿", "事故起数", 2023.0]]
    assert coal[3:] == [
        26.0,
        "",
        "起",
        "应急",
        "coordinator",
        "2024-02-20 09:30",
        "emergency函〔2023〕1号",
        "",
        "说明：已核实",
        "2024/1/emergency",
    ]
    (lacking,) = [row for row in rows if row[:3] == ["建筑施工", "事故起数", 2023.0]]
    assert lacking[3] == ""


def test_one_period_has_one_sheet_and_an_unknown_one_is_named(gathered, tmp_path):
    assert list(read(tmp_path, book(gathered, "2023"))) == ["数据", "2023"]
    with pytest.raises(NotFound, match="2021-2022, 2022"):
        book(gathered, "2030")


def test_the_same_figures_are_the_same_bytes(gathered):
    assert book(gathered, None) == book(gathered, None)


@pytest.mark.parametrize("hostile", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A0", "<b>&", "a\x00\x1b\ufffe"])
def test_text_is_never_a_formula(gathered, tmp_path, hostile):
    known = {
        place: Known(row=each.row._replace(source=hostile, who=hostile, why=hostile), is_provisional=False)
        for place, each in gathered.figures.items()
    }
    tab = read(tmp_path, book(Gathered(assessed=gathered.assessed, figures=known, items=(), now=gathered.now), "2023"))[
        "数据"
    ]
    assert tab.formulas == frozenset()
    assert wording.tidy(hostile) in {cell for (_row, column), cell in tab.cells.items() if column == 9}


@needs_libreoffice
@pytest.mark.parametrize("gaps", [0, 0.1])
def test_libreoffice_works_out_the_same_verdicts(gathered, tmp_path, gaps):
    """Zeros, gaps, quotients by themselves: the formulas are the rules once more."""
    like = imagined(gathered, anything(random.Random(f"book {gaps}"), gaps))
    assessments = like.assessed.assessments
    assert {line.verdict for sheet in assessments for line in sheet.lines} >= {Verdict.MET, Verdict.MISSED}
    blind = edited(book(like, None), {f"xl/worksheets/sheet{n}.xml": without_values for n in range(2, 8)})
    tabs = list(recalculated(tmp_path, blind).values())[1:]
    assert verdicts(assessments, tabs) == expected(assessments)
    for sheet, tab in zip(assessments, tabs, strict=True):
        for row, line in enumerate(sheet.lines, 2):
            place = (sheet.period, line.goal, line.industry)
            assert (tab.cells.get((row, 6), "") or None) == (line.change_pct or None), place
            assert number(tab.cells.get((row, 5))) == (
                None if line.value is None else pytest.approx(float(line.value))
            ), place
            bound = wording.bound_of(line)
            assert number(tab.cells.get((row, 8))) == (None if bound is None else pytest.approx(float(bound[1]))), place


@needs_libreoffice
def test_a_figure_filled_in_there_changes_the_verdict(gathered, tmp_path):
    data = book(gathered, "2023")
    tab = read(tmp_path, data)["数据"]
    rows = [
        row
        for (row, column), cell in tab.cells.items()
        if column == 0 and cell == "建筑施工" and tab.cells.get((row, 2)) == 2023.0
    ]
    (row,) = [row for row in rows if tab.cells[row, 1] == "事故起数"]
    cell = f'<c r="D{row + 1}"'
    typed = edited(data, {"xl/worksheets/sheet1.xml": lambda text: fill_in(text, cell, 18)})
    goals = recalculated(tmp_path, typed)["2023"]
    assert [goals.cells[row, 9] for row in (5, 8)] == ["达到", "达到"]  # construction, and the sum
    assert goals.cells[8, 5] == 95.0


def without_values(text):
    import re

    return re.sub(r"</f><v>[^<]*</v>", "</f>", text).replace(' t="str"', "")


def fill_in(text, cell, value):
    import re

    found, n = re.subn(re.escape(cell) + r'( s="\d+")/>', cell + rf"\1><v>{value}</v></c>", text)
    assert n == 1
    return found


def number(cell):
    return None if cell in (None, "") else float(Fraction(str(cell)))
