"""`wsyf add` and what shows follow-ups: typed or from a list, listed below what they came from, shown with it."""

from __future__ import annotations

from typing import Any

import pytest
import xlsxwriter

from tests.cli.conftest import live
from tests.cli.office_fixtures import Desk, real_office, rehearsal_office
from tests.cli.test_listing import LIST_KEYS, width

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)

NOW = "2023-03-08T10:00"
SCAFFOLD = "工地脚手架整改"
LIST = """\
事项,责任部门,期限,配合部门,来源,提交内容,要求
整改台账,住建；应急,2023-06-30、2023/9/30,总工会,2022/3,台账,逐项销号
演练,emergency,2023年7月31日,,,,
"""


def add(desk: Desk, *words: object, at: str = NOW, **given: Any) -> Any:
    return desk.wsyf("add", *words, "--json", at=at, **given).json


def scaffold(desk: Desk, *words: object, **given: Any) -> Any:
    return add(desk, SCAFFOLD, "--department", "住建", "--due", "2023-06-30", *words, **given)


def keys(items: list[dict[str, Any]]) -> list[str]:
    return [str(item["key"]) for item in items]


# --- Typed -------------------------------------------------------------------------------------------------------


def test_a_follow_up_is_added_in_one_line_and_listed_with_the_keys_others_rely_on(desk):
    (item,) = scaffold(desk, "--support", "总工会", "--from", "2022/3")
    assert list(item) == list(LIST_KEYS)
    assert (item["key"], item["kind"], item["due_basis"], item["state"]) == (
        "2022/f1/housing",
        "follow-up",
        "office",
        "open",
    )
    assert (item["support"], item["number"], item["part"], item["data_year"]) == (["union"], "f1", None, None)
    assert item in desk.wsyf("list", "--json", at=NOW).json


@pytest.mark.parametrize("name", ["housing", "住建", "高平市住房和城乡建设局"])
def test_a_department_is_named_by_id_short_or_full_name(desk, name):
    assert keys(add(desk, "x", "--department", name, "--due", "2023/6/30")) == ["2023/f1/housing"]


def test_stages_of_a_project_are_one_follow_up_with_three_due_dates(desk):
    dues = [word for day in ("2023-03-31", "2023年6月30日", "2023-09-30") for word in ("--due", day)]
    found = add(desk, "示范工地建设", "--department", "住建", *dues)
    assert [(item["key"], item["due_on"]) for item in found] == [
        ("2023/f1a/housing", "2023-03-31"),
        ("2023/f1b/housing", "2023-06-30"),
        ("2023/f1c/housing", "2023-09-30"),
    ]
    assert "事前" in desk.wsyf("add", "--help").out


def test_the_answer_shows_the_assignment_and_when_who_is_told(desk):
    said = desk.wsyf("add", SCAFFOLD, "--department", "住建", "--support", "union", "--due", "2023-06-30", at=NOW).out
    assert "2023/f1/housing" in said
    assert said.splitlines()[-1] == "start letters go on 2023-03-09 to 住建, 总工会"


def test_a_dry_run_shows_it_and_changes_nothing(desk):
    said = desk.wsyf("add", SCAFFOLD, "--department", "住建", "--due", "2023-06-30", "--dry-run", at=NOW).out
    assert "2023/f1/housing" in said
    assert said.splitlines()[-1] == "nothing was changed"
    assert len(desk.wsyf("list", "--json", at=NOW).json) == 75


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["x", "--due", "2023-06-30"], 2, "--department"),
        (["x", "--department", "住建"], 2, "--due"),
        ([], 2, "TITLE"),
        (["x", "--import", "y.csv"], 2, "TITLE"),
        (["x", "--department", "住健", "--due", "2023-06-30"], 2, "did you mean 卫健"),
        (["x", "--department", "住建", "--due", "2023-03-07"], 4, "lies in the past"),
        (["x", "--department", "住建", "--due", "2023-02-30"], 2, "is no date"),
        (["x", "--department", "住建", "--due", "2023-06-30", "--from", "2022/33"], 3, "did you mean 2022/3/hrss"),
        (["x", "--department", "住建", "--due", "2023-06-30", "--period", "2032"], 3, "did you mean 202"),
        (["--import", "y.csv", "--due", "2023-06-30"], 2, "leave out --due"),
        (["--import", "y.csv"], 5, "No such file"),
    ],
)
def test_what_is_missing_or_wrong_is_named(desk, words, code, said):
    assert said in desk.wsyf("add", *words, at=NOW, code=code).err
    assert len(desk.wsyf("list", "--json", at=NOW).json) == 75


def test_the_same_typed_twice_is_refused_the_second_time_unless_it_is_meant(desk):
    scaffold(desk)
    said = desk.wsyf("add", SCAFFOLD, "--department", "住建", "--due", "2023-06-30", at=NOW, code=4).err
    assert "2023/f1/housing asks the same" in said.replace("\n", " ").replace("  ", " ")
    assert keys(scaffold(desk, "--again")) == ["2023/f2/housing"]


def test_a_rehearsal_of_the_plan_says_the_same_with_follow_ups_and_without(desk):
    words = ("rehearse", "--from", "2023-01-01", "--to", "2023-03-10", "--json")
    before = desk.wsyf(*words).out
    scaffold(desk)
    assert desk.wsyf(*words).out == before


def test_its_whole_life_from_start_to_receipt_is_clean(desk):
    live(desk, "2022-05-19T00:00:00+08:00", "2023-03-08T10:00:00+08:00")
    scaffold(desk)
    live(desk, "2023-03-08T10:00:00+08:00", "2023-07-12T10:00:00+08:00")
    desk.wsyf("done", "2023/f1/housing", "--note", "已整改", at="2023-07-12T10:00")
    desk.wsyf("tick", at="2023-07-12T10:00")
    shown = desk.wsyf("show", "2023/f1/housing", "--json", at="2023-07-12T11:00").json
    assert [each["rung"] or each["letter"] for each in shown["messages"] if each["role"] == "lead"] == [
        "start",
        "remind-30",
        "remind-15",
        "remind-7",
        "remind-3w",
        "remind-0",
        "chase-1w",
        "escalate-3w",
        "escalate-3w",  # the director's row
        "escalate-7w",
        "escalate-7w",
        "escalate-7w",
        "receipt",
    ]
    assert {each["state"] for each in shown["messages"]} == {"sent"}
    desk.wsyf("audit", at="2023-07-12T11:00")


def test_where_the_ladder_has_no_rung_for_follow_ups_the_answer_says_so(desk):
    before, _ladder, _rungs = desk.config.read_text(encoding="utf-8").partition("[[ladder]]")
    rung = 'rung = "start"\nwhen = "start"\nletter = "start"\nto = ["liaison"]\nkinds = ["data"]\n'
    desk.config.write_text(f"{before}[[ladder]]\n{rung}", encoding="utf-8")
    said = desk.wsyf("add", SCAFFOLD, "--department", "住建", "--due", "2023-06-30", at=NOW).out
    assert said.splitlines()[-1] == "no letter goes out about them: the config's [[ladder]] has no rung for follow-ups"


# --- From a list -------------------------------------------------------------------------------------------------


def test_a_list_is_imported_whole_from_csv_of_either_encoding(desk, tmp_path):
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "gb18030"), 1):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(
            LIST.replace("整改台账", f"整改台账{number}").replace("演练", f"演练{number}").encode(encoding)
        )
        found = add(desk, "--import", path)
        assert keys(found) == [
            *(f"2022/f{number}{part}/{name}" for part in "ab" for name in ("housing", "emergency")),
            f"2023/f{number}/emergency",
        ]
    assert desk.wsyf("show", "2022/f3a/housing", "--json", at=NOW).json["hand_in"] == "台账"


def test_a_list_is_imported_from_a_spreadsheet_with_its_dates(desk, tmp_path):
    path = tmp_path / "list.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy/m/d"})
    sheet.write_row(0, 0, ["事项", "责任部门", "期限"])
    sheet.write_row(1, 0, ["甲", "住建"])
    sheet.write_number(1, 2, 45107, day)
    sheet.write_row(2, 0, ["乙", "住建", 45108])
    sheet.write_row(3, 0, ["丙", "住建", "2023年7月2日"])
    book.close()
    assert [item["due_on"] for item in add(desk, "--import", path)] == ["2023-06-30", "2023-07-01", "2023-07-02"]


def test_a_list_imported_twice_is_refused_line_by_line_unless_it_is_meant(desk, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(LIST, encoding="utf-8")
    assert "nothing was changed" in desk.wsyf("add", "--import", path, "--dry-run", at=NOW).out
    assert len(add(desk, "--import", path)) == 5
    said = desk.wsyf("add", "--import", path, at=NOW, code=5).err
    assert f"{path}:2:" in said
    assert f"{path}:3: 2023/f1/emergency asks the same" in said
    assert len(add(desk, "--import", path, "--again")) == 5


def test_one_wrong_line_of_a_list_keeps_all_of_it_out(desk, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(LIST + "坏,住健,2023-06-31,,2022/33,,\n", encoding="utf-8")
    said = desk.wsyf("add", "--import", path, at=NOW, code=5).err
    assert [line.split(": ")[2] for line in said.splitlines()] == ["责任部门", "期限", "来源"]
    assert len(desk.wsyf("list", "--json", at=NOW).json) == 75


# --- Listed and shown --------------------------------------------------------------------------------------------


def line_of(said: str, key: str) -> tuple[int, str]:
    return next((number, line) for number, line in enumerate(said.splitlines()) if f" {key} " in line)


def test_the_table_puts_follow_ups_below_what_they_came_from_and_json_keeps_the_order_of_due_days(desk):
    scaffold(desk, "--from", "2022/3")
    add(desk, "补发手册", "--department", "union", "--due", "2023-05-31", "--from", "last")
    said = desk.wsyf("list", at=NOW).out
    parent, child, grandchild = (line_of(said, key) for key in ("2022/3/hrss", "2022/f1/housing", "2022/f2/union"))
    assert (child[0], grandchild[0]) == (parent[0] + 1, parent[0] + 2)
    assert "└ 工地脚手架整改" in child[1]
    assert "  └ 补发手册" in grandchild[1]
    items = desk.wsyf("list", "--json", at=NOW).json
    assert [(item["due_on"], item["key"]) for item in items] == sorted((item["due_on"], item["key"]) for item in items)
    alone = desk.wsyf("list", "--follow-ups", "--department", "union", at=NOW).out
    assert "└" not in alone  # what it came from is not shown


def test_what_came_of_a_whole_task_stands_below_the_last_of_it(desk):
    add(desk, "补课", "--department", "health", "--due", "2023-05-31", "--from", "2022/4")
    said = desk.wsyf("list", "--period", "2022", at=NOW).out
    assert line_of(said, "2022/f1/health")[0] == line_of(said, "2022/4/transport")[0] + 1


def test_follow_ups_are_listed_alone_and_by_what_they_came_from(desk):
    scaffold(desk, "--from", "2022/3")
    add(desk, "补课", "--department", "health", "--due", "2023-05-31", "--from", "2022/4")
    add(desk, "再补", "--department", "health", "--due", "2023-06-30", "--from", "last")

    def listed(*words: str) -> set[str]:
        return set(keys(desk.wsyf("list", "--json", *words, at=NOW).json))

    assert listed("--follow-ups") == {"2022/f1/housing", "2022/f2/health", "2022/f3/health"}
    assert listed("--kind", "follow-up") == listed("--follow-ups")
    assert listed("--from", "2022/3") == {"2022/f1/housing"}
    assert listed("--from", "2022/4") == {"2022/f2/health", "2022/f3/health"}
    assert listed("--from", "2022/4/health") == {"2022/f2/health", "2022/f3/health"}
    assert listed("--from", "2022/f2") == {"2022/f3/health"}


def test_what_waits_shows_the_findings_that_are_still_open(desk):
    (first,) = scaffold(desk, "--from", "2023/5")
    (second,) = add(desk, "补发手册", "--department", "union", "--due", "2024-05-31", "--from", "last")
    shown = desk.wsyf("show", "2024/3", "--json", at=NOW).json
    assert keys(shown["waits_for"]) == ["2023/5/hrss"]
    assert keys(shown["left_open"]) == [first["key"], second["key"]]
    said = desk.wsyf("show", "2024/3", at=NOW).out
    assert "2023/5 left 2 follow-ups open" in said
    assert "waits for: 2023/5  五年行动计划中期评估" in said
    desk.wsyf("done", first["key"], second["key"], at=NOW)
    shown = desk.wsyf("show", "2024/3", "--json", at=NOW).json
    assert (keys(shown["waits_for"]), shown["left_open"]) == (["2023/5/hrss"], [])


def test_show_names_what_it_came_from_and_what_came_of_it(desk):
    scaffold(desk, "--from", "2022/3", "--hand-in", "整改照片")
    said = desk.wsyf("show", "2022/f1", at=NOW).out
    assert "came from: 2022/3/hrss  隐患排查和调研、召开联席会议" in said
    assert "整改照片" in said
    assert desk.wsyf("show", "2022/f1", "--json", at=NOW).json["origin"] == "2022/3/hrss"
    shown = desk.wsyf("show", "2022/3", "--json", at=NOW).json
    assert keys(shown["follow_ups"]) == ["2022/f1/housing"]
    assert "└" not in desk.wsyf("show", "2022/3", at=NOW).out
    assert SCAFFOLD in desk.wsyf("show", "2022/3", at=NOW).out


def test_show_lists_papers_with_name_type_size_and_notes(desk, tmp_path):
    paper = tmp_path / "纪要.pdf"
    paper.write_bytes(b"%PDF" + b"x" * 3000)
    desk.wsyf("done", "2022/3", "--file", paper, at=NOW)
    shown = desk.wsyf("show", "2022/3", "--json", at=NOW).json
    (kept,) = shown["papers"]
    assert (kept["name"], kept["type"], kept["bytes"]) == ("纪要.pdf", "application/pdf", 3004)
    said = desk.wsyf("show", "2022/3", at=NOW).out
    assert "application/pdf" in said
    assert "3 KB" in said


def test_show_names_whom_to_call_while_it_is_owed(desk):
    desk.sql("UPDATE person SET phone = '0000-0000000' WHERE role = 'liaison' AND department = 'housing'")
    assert "0000-0000000 (liaison)" in desk.wsyf("show", "2022/1/housing", at=NOW).out
    desk.wsyf("done", "2022/1/housing", at=NOW)
    assert "0000-0000000" not in desk.wsyf("show", "2022/1/housing", at=NOW).out


def test_what_took_over_from_another_department_is_linked_both_ways(desk):
    desk.sql("UPDATE assignment SET state = 'withdrawn' WHERE key = '2023/1/housing'")
    desk.sql("UPDATE assignment SET origin = '2023/1/housing' WHERE key = '2023/1/transport'")
    desk.sql("UPDATE assignment SET state = 'withdrawn' WHERE key = '2023/1/housing'")
    assert "taken over by: 2023/1/transport" in desk.wsyf("show", "2023/1/housing", at=NOW).out
    assert "took over from: 2023/1/housing" in desk.wsyf("show", "2023/1/transport", at=NOW).out
    assert desk.wsyf("show", "2023/1/housing", "--json", at=NOW).json["taken_over_by"] == ["2023/1/transport"]


def test_the_list_of_a_period_fits_80_columns_and_folds_no_title(desk):
    scaffold(desk, "--from", "2023/5")
    items = desk.wsyf("list", "--period", "2023", "--json", at=NOW).json
    lines = desk.wsyf("list", "--period", "2023", at=NOW, COLUMNS="80").out.splitlines()
    assert max(map(width, lines)) <= 80
    for item in items:
        assert item["title"] in line_of("\n".join(lines), item["key"])[1]


def test_in_a_narrow_table_a_year_all_share_heads_the_days(desk):
    said = desk.wsyf("list", "--period", "2022", at=NOW, COLUMNS="70").out
    assert "due 2022" in said.splitlines()[0]
    assert " 12-31°" in said
    assert "2022-12-31" in desk.wsyf("list", "--period", "2022", at=NOW, COLUMNS="120").out


def test_undo_takes_back_what_was_added(today_desk):
    today_desk.wsyf("add", "x", "--department", "住建", "--due", "2099-06-30")
    today_desk.wsyf("undo")
    assert today_desk.state_of("2025/f1/housing") == "withdrawn"
    today_desk.wsyf("add", "x", "--department", "住建", "--due", "2099-06-30")
    assert today_desk.state_of("2025/f2/housing") == "open"


# --- A task and its beginning --------------------------------------------------------------------------------------


def test_a_task_is_meant_though_another_begins_with_it(desk):
    for at in range(10):
        add(desk, f"事项{at}", "--department", "住建", "--due", "2023-06-30")
    (item,) = add(desk, "x", "--department", "应急", "--due", "2023-06-30", "--from", "2023/f1")
    assert desk.wsyf("show", item["key"], "--json", at=NOW).json["origin"] == "2023/f1/housing"
    assert desk.wsyf("show", "2023/f1", "--json", at=NOW).json["key"] == "2023/f1/housing"
    assert "could mean" in desk.wsyf("show", "2023/f", at=NOW, code=2).err


# --- Due before its start letter -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW, "due before the start letter can go: `wsyf remind 2023/f1/housing` tells them today"),
        ("2023-03-08T18:00", "no reminder goes before it: tell them of 2023/f1/housing yourself"),
    ],
)
def test_what_is_due_before_its_start_letter_is_pointed_out(desk, at, words):
    said = desk.wsyf("add", "x", "--department", "住建", "--due", "2023-03-08", at=at).out
    assert words in " ".join(said.split())
    assert "due before" not in desk.wsyf("add", "y", "--department", "住建", "--due", "2023-03-09", at=at).out
    desk.wsyf("remind", "2023/f1/housing", at=at)
