"""`wsyf list` and `wsyf show`: the JSON others rely on, the filters, and tables that line up with Chinese in them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from itertools import takewhile

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, PLAN, Desk, real_office, rehearsal_office

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)

# CLI.md, "JSON that others rely on": names in their order, and what stands there.
LIST_KEYS: dict[str, tuple[type, ...]] = {
    "id": (int,),
    "key": (str,),
    "plan": (str,),
    "period": (str,),
    "number": (str,),
    "part": (str, type(None)),
    "department": (str,),
    "kind": (str,),
    "title": (str,),
    "due_on": (str,),
    "original_due_on": (str, type(None)),
    "due_basis": (str,),
    "state": (str,),
    "overdue": (bool,),
    "days_left": (int,),
    "held": (bool,),
    "muted_until": (str, type(None)),
    "support": (list,),
    "data_year": (int, type(None)),
}


def width(text: str) -> int:
    """Columns a text takes on a terminal: Chinese takes two each."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def keys_of(desk: Desk, *filters: object) -> set[str]:
    return {item["key"] for item in desk.wsyf("list", "--json", *filters, at=FIRST_MORNING).json}


def test_every_assignment_is_listed_with_the_keys_and_types_others_rely_on(desk):
    items = desk.wsyf("list", "--json", at=FIRST_MORNING).json
    assert len(items) == 75
    for item in items:
        assert list(item) == list(LIST_KEYS)
        for name, types in LIST_KEYS.items():
            assert type(item[name]) in types, (name, item[name])
        date.fromisoformat(item["due_on"])


def test_one_assignment_of_the_list_word_for_word(desk):
    (item,) = [each for each in desk.wsyf("list", "--json", at=FIRST_MORNING).json if each["key"] == "2025/1a/housing"]
    assert item == {
        "id": item["id"],
        "key": "2025/1a/housing",
        "plan": PLAN,
        "period": "2025",
        "number": "1",
        "part": "a",
        "department": "housing",
        "kind": "data",
        "title": item["title"],
        "due_on": "2025-02-28",
        "original_due_on": None,
        "due_basis": "document",
        "state": "open",
        "overdue": False,
        "days_left": (date(2025, 2, 28) - date(2022, 5, 24)).days,
        "held": False,
        "muted_until": None,
        "support": [],
        "data_year": 2024,
    }


def test_the_list_shows_what_changed(desk):
    desk.wsyf(
        "extend",
        "2022/1/emergency",
        "--to",
        "2022-06-30",
        "--reason",
        "数据核对",
        "--approved-by",
        "办公室主任",
        at=FIRST_MORNING,
    )
    desk.wsyf("done", "2022/1/housing", at=FIRST_MORNING)
    items = {item["key"]: item for item in desk.wsyf("list", "--json", at="2022-06-02").json}
    extended, done, late = (items[f"2022/1/{name}"] for name in ("emergency", "housing", "transport"))
    assert (extended["due_on"], extended["original_due_on"], extended["due_basis"]) == (
        "2022-06-30",
        "2022-05-31",
        "office",
    )
    assert (extended["overdue"], extended["days_left"]) == (False, 28)
    assert (done["state"], done["overdue"]) == ("done", False)
    assert (late["state"], late["overdue"], late["days_left"]) == ("open", True, -2)


def test_a_due_day_ends_at_midnight_in_the_plans_zone(desk):
    def overdue(at: str) -> bool:
        (item,) = [each for each in desk.wsyf("list", "--json", at=at).json if each["key"] == "2022/1/housing"]
        return bool(item["overdue"])

    assert not overdue("2022-05-31T23:59:59")
    assert overdue("2022-06-01T00:00")
    assert overdue("2022-05-31T16:00:00+00:00")


@pytest.mark.parametrize(
    ("filters", "n"),
    [
        (["--period", "2022"], 14),
        (["--period", "2021-2022"], 13),
        (["--department", "health"], 12),
        (["--department", "卫健"], 12),
        (["--department", "miit"], 0),
        (["--state", "open"], 75),
        (["--state", "done"], 0),
        (["--kind", "data"], 24),
        (["--due-before", "2022-06-30"], 9),
        (["--due-before", "2022-07-01"], 10),
        (["--overdue"], 0),
        (["--kind", "data", "--period", "2025", "--department", "emergency"], 2),
    ],
)
def test_filters_narrow_the_list(desk, filters, n):
    assert len(keys_of(desk, *filters)) == n


def test_overdue_lists_what_is_late_be_it_held_or_not(desk, today_desk):
    late = {item["key"] for item in desk.wsyf("list", "--json", "--overdue", at="2022-06-01").json}
    assert late == keys_of(desk, "--due-before", "2022-06-01")
    assert len(today_desk.wsyf("list", "--json", "--overdue").json) == 75
    assert len(today_desk.wsyf("list", "--json", "--held").json) == 75
    today_desk.wsyf("release", "2025/5/hrss")
    assert len(today_desk.wsyf("list", "--json", "--overdue").json) == 75
    assert "2025/5/hrss" not in {item["key"] for item in today_desk.wsyf("list", "--json", "--held").json}


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["--period", "2033"], "did you mean 2023"),
        (["--department", "emergncy"], "did you mean emergency?"),
        (["--department", "卫建"], "did you mean 卫健"),
        (["--state", "opne"], "did you mean open?"),
        (["--kind", "metting"], "did you mean meeting?"),
    ],
)
def test_a_mistyped_filter_names_what_may_have_been_meant(desk, words, meant):
    assert meant in desk.wsyf("list", *words, at=FIRST_MORNING, code=2).err


def test_a_mistyped_filter_that_is_near_nothing_names_all_there_is(desk):
    said = desk.wsyf("list", "--department", "zzz", at=FIRST_MORNING, code=2).err
    assert all(name in said for name in ("hrss", "emergency", "insurance"))


def test_the_table_says_the_state_in_words_and_marks_an_extension(desk):
    desk.wsyf("extend", "2022/1/housing", "--to", "2022-06-30", "--reason", "x", "--approved-by", "y", at=FIRST_MORNING)
    desk.wsyf("done", "2022/1/transport", at=FIRST_MORNING)
    said = desk.wsyf("list", "--period", "2022", at="2022-06-02").out
    rows = {words[1]: words[4:] for words in (line.split() for line in said.splitlines()) if len(words) > 4}
    assert rows["2022/1/emergency"] == ["2022-05-31", "overdue", "2", "days"]
    assert rows["2022/1/housing"] == ["2022-06-30*", "28", "days", "left"]
    assert rows["2022/1/transport"] == ["2022-05-31", "done"]
    assert said.splitlines()[-1] == "14 assignments, 3 overdue"


@pytest.mark.parametrize("columns", [80, 100, 200])
@pytest.mark.parametrize("words", [["list"], ["plan", "show"], ["people", "list"], ["show", "2021-2022/2/hrss"]])
def test_tables_fit_the_terminal_with_chinese_in_them(desk, columns, words):
    lines = desk.wsyf(*words, at="2022-06-02", COLUMNS=str(columns)).out.splitlines()
    rules = [number for number, line in enumerate(lines) if set(line.strip()) == {"─"}]
    assert rules
    for number in rules:
        rows = takewhile(lambda line: line.startswith(" "), lines[number + 1 :])
        assert max(width(line) for line in rows) <= width(lines[number]) <= columns


@pytest.mark.parametrize("words", [["list"], ["plan", "show"]])
def test_columns_line_up_and_keys_and_days_are_never_folded(desk, words):
    lines = desk.wsyf(*words, at=FIRST_MORNING, COLUMNS="80").out.splitlines()
    keys = [item["key"] for item in desk.wsyf("list", "--json", at=FIRST_MORNING).json]
    rows = [line for line in lines if any(f" {key} " in line for key in keys)]
    assert len(rows) == 75
    days = [re.search(r" (20[0-9]{2}-[0-9]{2}-[0-9]{2})\b", row) for row in rows]
    assert len({width(row[: day.start(1)]) for row, day in zip(rows, days, strict=True)}) == 1


def test_a_table_for_a_file_is_wide(desk):
    assert max(width(line) for line in desk.wsyf("list", at=FIRST_MORNING).out.splitlines()) > 80


def test_show_gives_all_of_one_assignment(desk):
    desk.wsyf("tick", at=FIRST_MORNING)
    desk.wsyf("done", "2022/1/housing", "--note", "收到", at="2022-05-25T10:00")
    desk.wsyf("tick", at="2022-05-25T10:00")
    shown = desk.wsyf("show", "2022/1/housing", "--json", at="2022-05-25T10:00").json
    assert list(shown)[: len(LIST_KEYS)] == list(LIST_KEYS)
    assert list(shown)[len(LIST_KEYS) :] == [
        "text",
        "hand_in",
        "after",
        "closed_on",
        "tracked_from",
        "events",
        "messages",
        "next",
        "origin",
        "taken_over_by",
        "follow_ups",
        "waits_for",
        "left_open",
        "together",
        "papers",
        "contacts",
    ]
    assert shown["tracked_from"] == "2022-05-19T00:00:00+08:00"
    assert shown["closed_on"] == "2022-05-25"
    assert [(each["action"], each["why"]) for each in shown["events"]] == [
        ("assignment_tracked", None),
        ("assignment_done", "收到"),
    ]
    sent = [(each["letter"], each["rung"], each["state"], each["sent_at"]) for each in shown["messages"]]
    assert ("reminder", "remind-7", "sent", "2022-05-24T09:00:00+08:00") in sent
    assert sent[-1] == ("receipt", None, "sent", "2022-05-25T10:00:00+08:00")
    assert shown["messages"][-1]["to"] == ["liaison.housing@gaoping.example"]
    assert shown["next"] == []  # closed: nothing comes


def test_show_says_what_comes_next_while_it_stays_open(desk):
    desk.wsyf("tick", at="2022-05-24T09:00")
    coming = desk.wsyf("show", "2022/1/housing", "--json", at="2022-05-24T12:00").json["next"]
    assert [(each["rung"], each["on"], each["letter"]) for each in coming][:5] == [
        ("remind-3w", "2022-05-26", "reminder"),
        ("remind-0", "2022-05-31", "reminder"),
        ("chase-1w", "2022-06-01", "chaser"),
        ("escalate-3w", "2022-06-06", "escalation"),
        ("escalate-7w", "2022-06-10", "escalation"),
    ]
    assert [each["repeat"] for each in coming] == [0] * 5 + list(range(1, 13))


def test_show_leaves_out_letters_that_will_not_go(desk):
    desk.wsyf("tick", at="2022-05-24T09:00")
    desk.wsyf("mute", "2022/1/housing", "--until", "2022-06-01", "--reason", "x", at="2022-05-24T12:00")
    coming = desk.wsyf("show", "2022/1/housing", "--json", at="2022-05-24T12:00").json["next"]
    assert [each["rung"] for each in coming][:2] == ["chase-1w", "escalate-3w"]
    shown = desk.wsyf("show", "2022/1/housing", at="2022-05-24T12:00").out
    assert "chase-1w" in shown
    assert "remind-3w" not in shown


def test_show_names_the_day_on_which_a_late_letter_goes(desk):
    coming = desk.wsyf("show", "2022/1/housing", "--json", at="2022-05-27T18:00").json["next"]
    assert [(each["rung"], each["on"]) for each in coming][:2] == [
        ("remind-3w", "2022-05-30"),
        ("remind-0", "2022-05-31"),
    ]


def test_show_for_people_names_department_due_day_history_and_next(desk):
    desk.wsyf("tick", at=FIRST_MORNING)
    said = desk.wsyf("show", "2021-2022/7/union", at=FIRST_MORNING, code=3).err
    assert "did you mean 2021-2022/7/" in said
    said = desk.wsyf("show", "2021-2022/7/hrss", at="2022-05-24T12:00").out
    for words in ("人社", "总工会", "2022-12-31", "liaison.hrss@gaoping.example", "remind-30"):
        assert words in said
