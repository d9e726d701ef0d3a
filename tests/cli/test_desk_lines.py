"""What stands in the lines of the desk: whom to call, what goes next, which command acts; and what is cut."""

from __future__ import annotations

import json
import re

import click
import pytest

from tests.cli.conftest import live
from tests.cli.office_fixtures import PLAN, Desk, bare_office, rehearsal_office
from tests.cli.test_desk import message
from wsyf_scheduler.cli.grid import width

desk = pytest.fixture(rehearsal_office)
bare_desk = pytest.fixture(bare_office)

LADDER = ("start", "reminder", "chaser", "escalation", "briefing")
JUNE = "2022-06-02"


def person(desk: Desk, department: str, role: str = "liaison", **columns: object) -> None:
    """Change what is known of the holder of a post."""
    sets = ", ".join(f"{name} = ?" for name in columns)
    desk.sql(f"UPDATE person SET {sets} WHERE department = ? AND role = ?", *columns.values(), department, role)


def line_of(desk: Desk, key: str, **env: str) -> str:
    (line,) = [line for line in desk.wsyf(at=JUNE, **env).out.splitlines() if f" {key} " in line]
    return line


# --- Whom to call --------------------------------------------------------------------------------------------------


def test_the_liaison_s_telephone_stands_in_each_overdue_line(desk):
    person(desk, "housing", phone="0000-0000000")
    assert line_of(desk, "2022/1/housing", COLUMNS="80").endswith(" 0000-0000000")
    assert line_of(desk, "2022/1/housing", COLUMNS="120").endswith(" 住建局联络员 0000-0000000")


def test_without_a_telephone_the_name_and_once_the_address(desk):
    said = desk.wsyf(at=JUNE, COLUMNS="80").out
    assert line_of(desk, "2022/1/housing", COLUMNS="80").endswith(" 住建局联络员")
    assert said.count("no telephone: 住建 住建局联络员, liaison.housing@gaoping.example") == 1


def test_while_the_liaison_is_away_the_deputy_is_called(desk):
    away = {"away_since": "2022-06-01", "away_until": "2022-06-30"}
    person(desk, "housing", phone="1", deputy="Convener.Housing@gaoping.example", **away)
    person(desk, "housing", role="convener", phone="000-00000000")
    assert line_of(desk, "2022/1/housing").endswith(" 000-00000000 (deputy)")
    person(desk, "housing", deputy="somebody@gaoping.example")
    assert line_of(desk, "2022/1/housing").endswith(" somebody@gaoping.example (deputy)")
    found = desk.wsyf("--json", at=JUNE).json["contacts"]["housing"]
    unknown = {"role": "liaison", "name": None, "phone": None, "address": "somebody@gaoping.example", "deputy": True}
    assert found == [unknown]


def test_where_there_is_no_liaison_the_convener_is_called_and_the_post_is_named(desk):
    person(desk, "housing", until="2022-05-31")
    person(desk, "housing", role="convener", phone="000-00000000")
    assert line_of(desk, "2022/1/housing").endswith(" 000-00000000 (convener)")
    assert (
        "Vacant post: 住建 liaison; letters go to the next higher one: `wsyf people import FILE`"
        in desk.wsyf(at=JUNE).out
    )
    person(desk, "housing", role="convener", until="2022-05-31")
    assert line_of(desk, "2022/1/housing").endswith(" vacant")
    assert desk.wsyf("--json", at=JUNE).json["vacant"] == [
        {"role": "liaison", "department": "housing"},
        {"role": "convener", "department": "housing"},
    ]


def test_many_vacant_posts_are_counted(desk):
    desk.sql("UPDATE person SET until = '2022-05-31' WHERE role = 'convener'")
    desk.sql("UPDATE person SET until = '2022-05-31' WHERE role IN ('director', 'chief')")
    assert " and 1 more" in desk.wsyf(at=JUNE).out


# --- Lines and sections --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_an_assignment_takes_one_line_whatever_its_title(desk, columns):
    desk.sql("UPDATE assignment SET title = ?", "组织开展工伤预防宣传培训、隐患排查和专项调研" * 3)
    lines = desk.wsyf(at=JUNE, COLUMNS=str(columns)).out.split("Next letters")[0].splitlines()
    assert max(map(width, lines)) <= columns or columns == 60  # keys, days and telephones are never cut
    assert len([line for line in lines if "…" in line]) == 9
    assert all(line[1:].lstrip()[0].isdigit() for line in lines if "组织" in line)


def test_the_worst_stands_first_and_a_long_section_is_cut_with_the_command_for_the_rest(lived_desk):
    lived_desk.sql("UPDATE assignment SET due_on = '2022-07-01' WHERE due_on = '2022-12-31'")
    said = lived_desk.wsyf().out
    overdue = said.split("Overdue (")[1].split("…")[0]
    keys = re.findall(r"^ \d+ +(\S+)", overdue, re.MULTILINE)
    assert len(keys) == 10
    assert keys[0] == "2021-2022/4/emergency"
    assert re.search(r" … and \d+ more: `wsyf list --overdue`", said)


def test_each_section_names_the_commands_that_act_on_its_first_line(lived_desk):
    lived_desk.sql("UPDATE assignment SET state = 'submitted' WHERE key = '2022/1/housing'")
    lived_desk.sql("UPDATE assignment SET due_on = '2022-07-20' WHERE key = '2022/6/hrss'")
    ids = {key: id_ for id_, key in lived_desk.sql("SELECT id, key FROM assignment")}
    said = lived_desk.wsyf().out
    first, handed_in, soon = ids["2021-2022/4/emergency"], ids["2022/1/housing"], ids["2022/6/hrss"]
    assert f"Overdue (9)   wsyf done {first} · wsyf remind {first} · wsyf explain {first}\n" in said
    assert f"Waiting for confirmation (1)   wsyf done {handed_in} · wsyf return {handed_in}\n" in said
    assert f"Due within 14 days (1)   wsyf done {soon} · wsyf extend {soon}\n" in said
    assert said.index("Overdue (") < said.index("Waiting for") < said.index("Due within") < said.index("Next letters")


def test_where_a_day_is_not_the_document_s_it_is_marked(desk):
    assert re.search(r"2 days† ", line_of(desk, "2022/theme/hrss"))
    assert " † set by the office\n" in desk.wsyf(at=JUNE).out


def test_colour_is_for_terminals(desk):
    assert "\x1b" not in desk.wsyf(at=JUNE).out


def test_equal_alerts_are_told_once_with_their_number(desk):
    for _each in range(5):
        message(
            desk, "retry", letter="alert", audience="coordinator", payload=json.dumps({"headline": "一封信函未能送达"})
        )
    message(desk, "retry", letter="alert", audience="coordinator", payload=json.dumps({"headline": "队列暂停"}))
    said = desk.wsyf(at=JUNE).out
    assert said.count("一封信函未能送达") == 1
    assert "5 alerts, not mailed yet: 一封信函未能送达 (`wsyf outbox list --letter alert`)" in said
    assert "Alert, not mailed yet: 队列暂停 (`wsyf outbox show " in said


# --- Where there is nothing yet ------------------------------------------------------------------------------------


def test_an_office_without_a_plan_or_people_says_what_to_do_first(bare_desk):
    bare_desk.wsyf("upgrade")
    said = bare_desk.wsyf().out
    assert "No plan is tracked yet: look with `wsyf check`, then `wsyf plan sync`." in said
    assert "Nobody holds any post, so nobody can be written to: `wsyf people import FILE`." in said
    assert "Nothing is overdue" not in said
    assert bare_desk.wsyf("--json").json["next"] == []


# --- What goes next ------------------------------------------------------------------------------------------------


def ahead(desk: Desk) -> dict[str, set[str]]:
    """The letters of the ladder at the next moment that has any, as `wsyf schedule` works them out."""
    found = [each for each in desk.wsyf("schedule", "--days", "60", "--json").json if each["letter"] in LADDER]
    first = min(each["at"] for each in found)
    letters: dict[str, set[str]] = {"at": {first}}
    for each in found:
        if each["at"] == first:
            letters.setdefault(each["letter"], set()).add(each["department"] or each["audience"])
    return letters


def told(desk: Desk) -> dict[str, set[str]]:
    """The same, as the desk has them."""
    letters: dict[str, set[str]] = {}
    for each in desk.wsyf("--json").json["next"]:
        assert each["queued"] is False
        letters.setdefault("at", set()).add(each["at"])
        letters.setdefault(each["letter"], set()).update(to["department"] or to["role"] for to in each["to"])
    return letters


@pytest.mark.parametrize(
    "until", ["2022-05-31T08:00", "2022-06-01T08:00", "2022-06-02T12:00", "2022-06-10T12:00", "2022-06-28T12:00"]
)
def test_the_next_letters_are_those_the_schedule_works_out(desk, until):
    live(desk, "2022-05-19T00:00:00+08:00", f"{until}:00+08:00")
    assert told(desk) == ahead(desk)


def test_they_are_so_in_later_years_with_a_muted_and_a_held_assignment_and_an_extension(lived_desk):
    lived_desk.wsyf("extend", "2022/1/housing", "--to", "2022-09-30", "--reason", "x", "--approved-by", "y")
    lived_desk.wsyf("waive", "2022/campaign/hrss", "--reason", "x")
    lived_desk.sql("UPDATE assignment SET muted_until = '2022-12-01' WHERE key = '2022/theme/hrss'")
    lived_desk.sql("UPDATE assignment SET held = 1 WHERE key = '2021-2022/5/health'")
    live(lived_desk, "2022-07-16T00:00:00+08:00", "2022-08-29T00:00:00+08:00")
    assert told(lived_desk) == ahead(lived_desk)
    live(lived_desk, "2022-08-29T00:00:00+08:00", "2022-12-28T12:00:00+08:00")
    assert told(lived_desk) == ahead(lived_desk)
    live(lived_desk, "2022-12-28T12:00:00+08:00", "2023-01-31T12:00:00+08:00")
    assert told(lived_desk) == ahead(lived_desk)


def test_a_letter_that_waits_stands_there_with_its_moment(desk):
    message(desk, "queued", letter="receipt", not_before="2022-06-02 01:10:00.000000")
    said = desk.wsyf(at="2022-06-02T09:00").out
    assert " 06-02 Thursday 09:10  receipt: 住建\n" in said
    assert "`wsyf undo` takes the last act back" in said
    assert " at once  receipt: 住建\n" in desk.wsyf(at="2022-06-02T09:30").out


def test_under_a_hold_on_the_queue_none_is_promised(desk):
    words = "None of them leaves before the hold is lifted:"
    assert words not in desk.wsyf(at=JUNE).out
    hold = json.dumps({"reason": "host", "since_at": "2022-06-01T01:05:00+00:00", "seen": "office-2"})
    desk.sql("INSERT OR REPLACE INTO fact (name, value) VALUES ('hold', ?)", hold)
    assert f"Next letters   wsyf schedule\n {words}\n" in desk.wsyf(at=JUNE).out


def test_a_slot_gone_by_is_at_once_in_the_window_and_the_next_opening_outside_of_it(desk):
    for moment, when in (("2022-05-24T16:00", "at once"), ("2022-05-24T20:00", "05-25 Wednesday 09:00")):
        assert f" {when}  reminder: " in desk.wsyf(at=moment).out


def test_where_all_is_held_nothing_lies_ahead(desk):
    desk.sql("UPDATE assignment SET held = 1")
    said = desk.wsyf(at=JUNE).out
    assert "75 assignments are held" in said
    assert "The ladder owes no letter as things stand." in said


def test_only_the_chosen_plan_is_shown(desk):
    desk.sql("UPDATE assignment SET plan_id = 'another' WHERE key = '2022/1/housing'")
    assert "2022/1/housing" in desk.wsyf(at=JUNE).out
    assert "2022/1/housing" not in desk.wsyf("--plan", PLAN, at=JUNE).out


def test_a_letter_of_another_plan_is_not_told_beside_the_chosen_one(desk):
    message(desk, "queued", letter="receipt", in_window=0)
    assert "receipt: 住建" in desk.wsyf("--plan", PLAN, at=JUNE).out
    desk.sql("UPDATE message SET plan_id = 'another'")
    assert "receipt: 住建" not in desk.wsyf("--plan", PLAN, at=JUNE).out


def test_the_desk_reads_as_it_looks(desk):
    person(desk, "housing", phone="0000-0000000")
    lines = click.unstyle(desk.wsyf(at=JUNE, COLUMNS="80").out).splitlines()
    assert lines[:6] == [
        "2022-06-02, Thursday",
        "",
        "Overdue (9)   wsyf done 4 · wsyf remind 4 · wsyf explain 4",
        " #   key                    dept.  task                    overdue  liaison",
        " 4   2021-2022/4/emergency  应急   2019年度安全生产事故…   2 days   应急局联络员",
        " 5   2021-2022/4/housing    住建   2019年度安全生产事故…   2 days   0000-0000000",
    ]
