"""Lists of follow-ups: what people write in them is understood, and every fault is named with line and column."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import day
from wsyf_scheduler.core.follow_up import FollowUp
from wsyf_scheduler.errors import Invalid, NotFound
from wsyf_scheduler.files.follow_ups import Ground, load
from wsyf_scheduler.values import as_day

CALLED = {"示范县住建局": "housing", "住建": "housing", "housing": "housing", "总工会": "union", "union": "union"}
HEADER = "title,department,due,support,from,hand_in,text,period,note\n"


def origin(text: str) -> str:
    if text != "2023/5":
        raise NotFound(f"there is no assignment {text}")
    return "2023/5/hrss"


def read(tmp_path: Path, text: str, *, owed: dict[tuple[str, str, date], str] | None = None) -> list[FollowUp]:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    ground = Ground(called=CALLED, today=day("2023-03-08"), owed=owed or {}, origin=origin, periods=["2022", "2023"])
    return load(path, ground)


def faults(tmp_path: Path, text: str, **more: dict[tuple[str, str, date], str]) -> list[str]:
    with pytest.raises(Invalid) as caught:
        read(tmp_path, text, **more)
    return [f"{each.line} {each.key}: {each.message}" for each in caught.value.faults]


def test_every_column_is_understood(tmp_path):
    (found,) = read(
        tmp_path,
        HEADER + '整改,"住建、union",2023-06-30；2023/9/30,,2023/5,照片,"第一行\n第二行",2022,会议纪要第3号\n',
    )
    assert found == FollowUp(
        title="整改",
        departments=("housing", "union"),
        dues=(day("2023-06-30"), day("2023-09-30")),
        origin="2023/5/hrss",
        hand_in="照片",
        text="第一行\n第二行",
        period="2022",
        note="会议纪要第3号",
        where=f"{tmp_path / 'list.csv'}:3",
    )


def test_chinese_headers_in_any_order_mean_the_same(tmp_path):
    (found,) = read(tmp_path, "期限,事项,责任部门,配合部门\n2023年6月30日,整改,示范县住建局,总工会\n")
    assert (found.title, found.departments, found.support, found.dues) == (
        "整改",
        ("housing",),
        ("union",),
        (day("2023-06-30"),),
    )


def test_every_fault_is_named_at_once_with_line_and_column_as_the_file_writes_it(tmp_path):
    text = "事项,责任部门,期限,来源,配合部门\n,住健,2023-02-30,2029/1,\n整改,住建,2023-03-07,,住建\n"
    assert faults(tmp_path, text) == [
        "2 事项: say what is to be done: the title is empty",
        '2 责任部门: expected one of 住建, 总工会, found "住健"; did you mean 住建?',
        '2 期限: expected a date such as 2026-12-31, found "2023-02-30"',
        "2 来源: there is no assignment 2029/1",
        "3 期限: 2023-03-07 lies in the past: give a due date from today, 2023-03-08, on",
        "3 配合部门: housing cannot lead and support at once",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "None None: the file is empty"),
        ("title,department,due\n", "None None: the file has headers and no line below them"),
        ("title,departmet,due\nx,住建,2023-06-30\n", "did you mean department?"),
        ("title,due\nx,2023-06-30\n", "1 department: missing column"),
        ("title,title,department,due\n", "1 title: duplicate"),
        ("title,department,due\nx,住建,2023-06-30,y\n", "2 None: expected 3 columns, found 4"),
        ("title,department,due\nx,,2023-06-30\n", "2 department: expected a department, found nothing"),
        ("title,department,due\nx,住建,\n", "2 due: expected a date such as 2026-12-31, found nothing"),
        ("title,department,due\nx,住建,9999-12-31\n", "2 due: expected a date"),
        ("title,department,due\nx,住建,2023-06-30;2023/6/30\n", "2 due: duplicate: 2023-06-30 stands here twice"),
        ('title,department,due\n"a\nb",住建,2023-06-30\n', "3 title: a line break"),
        (f"title,department,due\n{'x' * 121},住建,2023-06-30\n", "2 title: a title has at most 120 characters"),
        (HEADER + "x,住建,2023-06-30,,,,,2032,\n", 'found "2032"; did you mean 202'),
        ("title,department,due\nx,住建,2023-06-30\nx,housing,2023/6/30\n", "3 None: the same stands in line 2 already"),
        ('title,department,due\n"x,住建,2023-06-30\n', "2 title: a line break"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, said):
    found = "\n".join(faults(tmp_path, text))
    assert said in found


def test_what_is_owed_already_is_named_by_its_key(tmp_path):
    owed = {("x", "housing", day("2023-06-30")): "2023/f1/housing"}
    assert (
        "2 None: 2023/f1/housing asks the same"
        in faults(tmp_path, "title,department,due\nx,住建,2023-06-30\n", owed=owed)[0]
    )


def test_neither_text_nor_spreadsheet_is_refused_in_words(tmp_path):
    path = tmp_path / "list.xlsx"
    path.write_bytes(b"PK nonsense")
    ground = Ground(called=CALLED, today=day("2023-03-08"), owed={}, origin=origin, periods=["2023"])
    with pytest.raises(Invalid, match="not a readable XLSX"):
        load(path, ground)
    (tmp_path / "list.csv").write_bytes(b"\xff\xff\x80")
    with pytest.raises(Invalid, match="UTF-8 or GB18030"):
        load(tmp_path / "list.csv", ground)
    with pytest.raises(Invalid, match="cannot be read"):
        load(tmp_path, ground)


def test_a_spreadsheets_line_is_its_row(tmp_path):
    path = tmp_path / "list.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["事项", "责任部门", "期限"])
    sheet.write_row(4, 0, ["甲", "住健", "2023-06-30"])
    book.close()
    ground = Ground(called=CALLED, today=day("2023-03-08"), owed={}, origin=origin, periods=["2023"])
    with pytest.raises(Invalid) as caught:
        load(path, ground)
    assert [(each.line, each.key) for each in caught.value.faults] == [(5, "责任部门")]


@given(st.dates(date(1983, 1, 1), date(2118, 1, 1)))
def test_a_day_is_read_back_from_every_form_it_is_written_in(when):
    forms = (
        when.isoformat(),
        f"{when.year}/{when.month}/{when.day}",
        f"{when.year}年{when.month}月{when.day}日",
        f"{when.year}.{when.month:02}.{when.day:02}",
        f"{when} 00:00:00",
        str((when - date(1899, 12, 30)).days),
    )
    assert {as_day(form) for form in forms} == {when}


@pytest.mark.parametrize(
    "text", ["", "2023", "2023-13-01", "2023-02-29", "30.6.2023", "6月30日", "12345", "2023-06-30x"]
)
def test_what_is_no_day_is_none(text):
    assert as_day(text) is None
