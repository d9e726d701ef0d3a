"""`wsyf mute`, `remind`, `note`, `undo`: what they do and say, what they refuse, and with which exit code."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.cast import day, make_office, make_plan, task
from tests.cli.office_fixtures import FIRST_MORNING, Desk, english, real_office, rehearsal_office
from wsyf_scheduler.acts import close, undo
from wsyf_scheduler.cli.silencing import lost

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)

KEY = "2022/1/emergency"
HELD = "2025/5/hrss"
MONDAY = "2022-05-23T10:00"


def last_event(desk: Desk) -> tuple[str, ...]:
    (row,) = desk.sql("SELECT action, who, why, detail FROM event ORDER BY id DESC LIMIT 1")
    return row


def test_a_mute_says_which_letters_fall_silent_and_when_it_speaks_again(desk):
    desk.wsyf("tick", at="2022-05-19T09:00")
    said = desk.wsyf("mute", KEY, "--until", "2022-05-28", "--reason", "上级检查", at=MONDAY).out
    assert said.splitlines() == [
        f"{KEY}  2021年度安全生产事故数据: muted until 2022-05-28",
        "  2 letters will not go: reminder 05-24, reminder 05-26",
        "  next: reminder on 2022-05-31 (remind-0)",
    ]
    shown = desk.wsyf("show", KEY, "--json", at=MONDAY).json
    assert shown["muted_until"] == "2022-05-28"
    assert "muted: 上级检查; until 2022-05-28" in desk.wsyf("log", KEY, COLUMNS="200").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--until", "2022-05-23", "--reason", "x"], 4, "2022-05-23 is not to come"),
        (["--until", "2022-05-30"], 2, "--reason"),
        (["--reason", "x"], 2, "--until"),
        (["--until", "下周", "--reason", "x"], 2, "is no date"),
    ],
)
def test_a_mute_that_makes_no_sense_is_refused_and_changes_nothing(desk, words, code, said):
    before = desk.sql("SELECT max(id) FROM event")
    assert said in desk.wsyf("mute", KEY, *words, at=MONDAY, code=code).err
    assert desk.sql("SELECT max(id) FROM event") == before


def test_what_is_closed_is_neither_muted_nor_reminded_of(desk):
    desk.wsyf("done", KEY, at=MONDAY)
    said = desk.wsyf("mute", KEY, "--until", "2022-05-30", "--reason", "x", at=MONDAY, code=4).err
    assert "there is nothing to mute" in said
    assert "wsyf reopen" in desk.wsyf("remind", KEY, at=MONDAY, code=4).err


def test_a_reminder_goes_once_a_day_to_each_liaison(desk):
    desk.wsyf("tick", at="2022-05-19T09:00")
    said = desk.wsyf("remind", KEY, "2022/1/housing", "2021-2022/4/housing", at=MONDAY).out
    assert said.count("a reminder is queued") == 3
    assert "reminder to 应急 liaison (liaison.emergency@gaoping.example) from 10:00" in said
    assert "waits already" in desk.wsyf("remind", KEY, at=MONDAY, code=4).err
    desk.wsyf("tick", at=MONDAY)
    shown = desk.wsyf("show", KEY, "--json").json["messages"][-1]
    assert (shown["letter"], shown["rung"], shown["state"]) == ("reminder", None, "sent")
    assert "went today at 10:00" in desk.wsyf("remind", KEY, at="2022-05-23T15:00", code=4).err
    assert desk.wsyf("audit", "--json", code=0).json["findings"] == []


def test_a_note_is_kept_and_shown(desk):
    assert "noted" in desk.wsyf("note", KEY, "已电话联系", at=MONDAY).out
    assert last_event(desk)[0:3:2] == ("assignment_noted", "已电话联系")
    assert "已电话联系" in desk.wsyf("show", KEY).out
    desk.wsyf("note", KEY, "told", "by", "telephone", at=MONDAY)
    assert last_event(desk)[2] == "told by telephone"
    assert "nothing to note" in desk.wsyf("note", KEY, " ", at=MONDAY, code=2).err


def test_undo_takes_back_the_last_act_and_its_receipt(today_desk):
    desk = today_desk
    desk.wsyf("done", HELD, "--note", "x")
    dry = desk.wsyf("undo", "--dry-run").out
    assert "taken back: closed; its letter does not go" in dry
    assert desk.state_of(HELD) == "done"
    assert desk.wsyf("undo").out + "nothing was changed\n" == dry
    shown = desk.wsyf("show", HELD, "--json").json
    assert (shown["state"], shown["held"], shown["closed_on"]) == ("open", True, None)
    assert desk.sql("SELECT letter, state FROM message") == [("receipt", "cancelled")]
    assert "an act taken back: closed" in desk.wsyf("log", HELD, COLUMNS="200").out
    assert desk.wsyf("audit", "--json").json["findings"] == []
    desk.wsyf("log", "--verify")


def test_undo_walks_back_through_several_and_stops_at_the_sync(today_desk):
    desk = today_desk
    before = desk.wsyf("list", "--json").json
    desk.wsyf("release", "--all")
    desk.wsyf("note", HELD, "x")
    (said,) = desk.wsyf("undo", "--json").json
    assert (said["key"], said["follows"]["come"]) == (HELD, [])
    assert len(desk.wsyf("undo", "--json").json) == 75
    assert desk.wsyf("list", "--json").json == before
    said = desk.wsyf("undo", code=4, COLUMNS="200").err
    assert "a plan sync is not undone: mend the plan's files and run `wsyf plan sync` again" in said


def test_undo_is_one_s_own(today_desk):
    desk = today_desk
    desk.wsyf("done", HELD, SUDO_USER="wang")
    assert "li has done nothing that could be undone" in desk.wsyf("undo", code=4, SUDO_USER="li").err
    desk.wsyf("undo", SUDO_USER="wang")
    assert desk.state_of(HELD) == "open"


def test_a_rehearsal_undoes_nothing(desk):
    desk.wsyf("note", KEY, "x", at=FIRST_MORNING)
    assert "in a rehearsal nothing waits" in desk.wsyf("undo", code=4).err


def test_taking_an_extension_back_the_ladder_goes_on_and_does_not_begin_anew(today_desk):
    desk = today_desk
    desk.wsyf("release", "2025/5/hrss")
    later = f"{date.today() + timedelta(days=200)}"  # noqa: DTZ011 - the real office goes by the machine's day
    assert (
        "the ladder begins anew"
        in desk.wsyf("extend", "2025/5/hrss", "--to", later, "--reason", "x", "--approved-by", "y", COLUMNS="200").out
    )
    said = desk.wsyf("undo", COLUMNS="200").out
    assert "the ladder goes on as before: " in said
    assert "anew" not in said


def test_undo_names_what_passed_meanwhile_and_what_goes_after_all():
    office = make_office("2023-01-28 00:00", texts=make_plan(task(due=day("2023-02-28"))), delay=timedelta(hours=1))
    office.act(close.act, "2023-02-21 08:58", keys=["2023/1/emergency"])
    office.live("2023-02-21 09:03")
    undone = office.act(undo.act)
    with english():
        assert list(lost(office.app, undone)) == [
            "remind-7 of 02-21 passed meanwhile and is not made up: `wsyf remind 2023/1/emergency`"
        ]
        assert list(lost(office.app, replace(undone, passed=(), again=(7,)))) == [
            "what the act had taken out of a letter goes after all, as mail 7"
        ]
