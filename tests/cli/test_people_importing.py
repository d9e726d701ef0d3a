"""`wsyf people import` as it is read: who is entered, changed, ended; `wsyf check` and the desk about deputies."""

from __future__ import annotations

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, Desk, rehearsal_office
from tests.cli.test_listing import width

desk = pytest.fixture(rehearsal_office)
LIAISON, HOUSING = "liaison.emergency@gaoping.example", "liaison.housing@gaoping.example"
AWAY = ("--until", "2022-06-10", "--deputy")
HEADER = "role,department,name,email\n"


def take(desk: Desk, text: str, *, code: int = 0) -> str:
    path = desk.folder / "new.csv"
    path.write_text(text, encoding="utf-8")
    done = desk.wsyf("people", "import", path, at=FIRST_MORNING, COLUMNS="80", code=code)
    return str(done.out if code == 0 else done.err)


def test_each_entry_that_is_entered_changed_or_ended_is_named_within_80_columns(desk):
    desk.wsyf("people", "away", LIAISON, *AWAY, HOUSING, at=FIRST_MORNING)
    said = take(
        desk,
        "role,department,name,email,deputy\n"
        f"liaison,emergency,应急局联络员,{LIAISON},\n"
        "liaison,union,新任工会联络员的一个相当长的名字,new.liaison.of.the.trade.union@gaoping.example,\n",
    )
    text = " ".join(said.split())
    assert f"changed: 应急 liaison, 应急局联络员 {LIAISON}: absence 2022-05-24 to 2022-06-10 with {HOUSING}" in text
    assert "entered: 总工会 liaison, 新任工会联络员的一个相当长的名字" in text
    assert "ended: 总工会 liaison" in text
    assert "at the end of 2022-05-23" in text
    assert max(width(line) for line in said.splitlines()) <= 80


def test_a_hand_over_the_file_takes_back_is_warned_of(desk):
    words = ("people", "hand-over", "emergency/liaison", "--to", "new@gaoping.example", "--name", "王某")
    desk.wsyf(*words, at=FIRST_MORNING, SUDO_USER="zhang")
    said = " ".join(take(desk, HEADER + f"liaison,emergency,应急局联络员,{LIAISON}\n").split())
    assert "应急 liaison was handed over from 2022-05-24 on" in said
    assert "zhang, 2022-05-24" in said


def test_a_circle_is_a_fault_of_the_file(desk):
    desk.wsyf("people", "away", LIAISON, *AWAY, HOUSING, at=FIRST_MORNING)
    text = HEADER.replace("email", "email,deputy,away_since") + f"liaison,housing,,{HOUSING},{LIAISON},2022-06-01\n"
    assert "new.csv:2: deputy: a circle of deputies" in " ".join(take(desk, text, code=5).split())


def test_a_circle_in_the_database_is_warned_of_by_check(desk):
    desk.sql("UPDATE person SET away_since = '2022-05-01', deputy = ? WHERE email = ?", LIAISON, HOUSING)
    desk.sql("UPDATE person SET away_since = '2022-05-01', deputy = ? WHERE email = ?", HOUSING, LIAISON)
    said = desk.wsyf("check", at=FIRST_MORNING).out
    assert said.count("a circle of deputies") == 1


def test_where_the_deputy_is_away_too_the_one_who_reads_is_called(desk):
    third = "liaison.hrss@gaoping.example"
    away = "UPDATE person SET away_since = '2022-05-01', deputy = ? WHERE email = ?"
    desk.sql(away, LIAISON, HOUSING)
    desk.sql(away, third, LIAISON)
    desk.sql("UPDATE person SET phone = '0000-3' WHERE email = ?", third)
    (found,) = desk.wsyf("--json", at="2022-06-02").json["contacts"]["housing"]
    assert (found["address"], found["phone"], found["deputy"]) == (third, "0000-3", True)


def test_the_second_of_two_who_hand_a_post_over_on_one_day_is_told_of_the_first(desk):
    words = ("people", "hand-over", "emergency/liaison", "--name", "王某", "--to")
    desk.wsyf(*words, "first@gaoping.example", at=FIRST_MORNING, SUDO_USER="zhang")
    said = " ".join(
        desk.wsyf(*words, "second@gaoping.example", at=FIRST_MORNING, SUDO_USER="li", COLUMNS="80").out.split()
    )
    assert "until the day before" not in said
    assert "never does" in said
    assert "zhang handed it over to 王某 on 2022-05-24" in said


def test_the_summary_of_people_names_what_it_can_do(desk):
    assert "away, hand-over, erase" in " ".join(desk.wsyf("--help").out.split())
