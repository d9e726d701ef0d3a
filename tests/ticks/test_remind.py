"""The tick that decides: downtime, support rows, vacancies, spent ladders, a changed regime (RULES.md §2-4)."""

from __future__ import annotations

from collections import Counter
from datetime import time

import pytest

from tests.cast import (
    Office,
    brief,
    day,
    everybody,
    ladder_lines,
    make_holder,
    make_office,
    make_plan,
    make_timetable,
    rungs,
    task,
)
from wsyf_scheduler.acts import close
from wsyf_scheduler.core.ladder import CalendarDays, Every, Ladder, Rung, WorkingDays
from wsyf_scheduler.core.standard import STANDARD

KEY = "2023/1/emergency"
FEBRUARY = make_plan(task(1, due=day("2023-02-28")))


@pytest.fixture
def office() -> Office:
    return make_office("2022-12-20 10:00", texts=FEBRUARY)


# --- Downtime ----------------------------------------------------------------------------------------------------


def test_after_downtime_only_the_latest_rung_goes_start_among_those_it_replaces(office: Office) -> None:
    """Nobody ran the daemon from December to 2023-02-22: start, remind-30, -15 and -7 have passed."""
    sent = ladder_lines(office.tick("2023-02-22 10:30"))
    assert [brief(line) for line in sent] == [("2023-02-22T10:30", "reminder", "emergency", [f"remind-7 {KEY}"])]
    recorded = {row["rung"]: (row["verdict"], row["reason"]) for row in office.notices()}
    assert recorded == {
        "start": ("superseded", "newer-rung"),
        "remind-30": ("superseded", "newer-rung"),
        "remind-15": ("superseded", "newer-rung"),
        "remind-7": ("notify", "late"),
    }


def test_a_tick_in_the_night_after_downtime_waits_for_the_window(office: Office) -> None:
    assert office.tick("2023-02-25 12:00") == []  # a Saturday
    assert office.notices() == []
    assert rungs(office.live("2023-02-27 10:00")) == ["02-27 remind-3w"]


def test_after_downtime_a_support_department_still_hears_its_start() -> None:
    texts = make_plan(task(1, due=day("2023-02-28"), support=["union", "housing"]))
    office = make_office("2022-12-20 10:00", texts=texts)
    sent = [brief(line)[1:] for line in ladder_lines(office.tick("2023-02-22 10:30"))]
    assert sent == [
        ("reminder", "emergency", [f"remind-7 {KEY}"]),
        ("start", "housing", [f"start {KEY}"]),
        ("start", "union", [f"start {KEY}"]),
    ]


def test_a_start_message_lists_what_is_led_then_what_is_supported() -> None:
    texts = make_plan(
        task(1, due=day("2023-03-31"), lead=["union"]),
        task(2, due=day("2023-02-28"), lead=["emergency"], support=["union"]),
        task(3, due=day("2023-02-28"), lead=["union", "housing"]),
    )
    office = make_office("2022-12-20 10:00", texts=texts)
    lines = {str(line["department"]): line["rows"] for line in ladder_lines(office.live("2023-01-03 10:00"))}
    assert [(row["key"], row["role"]) for row in lines["union"]] == [  # type: ignore[attr-defined]
        ("2023/3/union", "lead"),
        ("2023/1/union", "lead"),
        ("2023/2/emergency", "support"),
    ]


def test_a_tick_twice_in_one_minute_does_nothing_the_second_time(office: Office) -> None:
    office.live("2023-01-29 09:30")
    before = {name: rows for name, rows in office.db_dump().items() if name not in ("fact", "uptime")}
    assert office.tick() == []
    assert {name: rows for name, rows in office.db_dump().items() if name not in ("fact", "uptime")} == before


def test_the_next_attention_is_the_next_slot(office: Office) -> None:
    table = make_timetable()
    for until, slot in [("2022-12-21 00:00", "2023-01-03"), ("2023-01-29 12:00", "2023-02-13")]:
        office.live(until)
        assert office.item(KEY).next_attention_at == table.hours.slot(day(slot))


# --- Vacant posts ------------------------------------------------------------------------------------------------


def test_a_vacant_post_is_alerted_once_a_day() -> None:
    texts = make_plan(task(1, due=day("2023-02-28"), lead=["emergency", "housing"]))
    office = make_office("2023-02-27 10:00", texts=texts, holders=everybody(("convener", "emergency")))
    office.live("2023-03-02 00:00")
    assert office.alerts() == ["应急召集人空缺"]  # 03-01: the chaser's copy
    office.live("2023-03-04 00:00")
    assert office.alerts() == ["应急召集人空缺"] * 2  # 03-03: the escalation's To
    (escalation,) = [
        line for line in office.lines if line["letter"] == "escalation" and line["department"] == "emergency"
    ]
    assert escalation["to"] == ["director@county.example"]
    assert escalation["cc"] == ["liaison.emergency@county.example"]


def test_several_letters_of_one_day_make_one_alert_a_post() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY, holders=everybody(("liaison", "emergency")))
    office.track(make_plan(task(1, due=day("2023-02-28"), lead=["emergency"]), plan_id="other-2023"))
    office.live("2023-01-28 12:00")
    assert Counter(office.alerts()) == {"应急联络员空缺": 2}  # once for each plan
    assert len(ladder_lines(office.lines)) == 2


def test_nobody_anywhere_the_office_itself_reads_everything() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY, holders=[])
    office.live("2023-01-28 12:00")
    assert {str(line["to"]) for line in office.lines} == {"['office@gaoping.example']"}
    posts = ["应急联络员", "应急召集人", "办公室主任", "总召集人", "经办人"]
    assert sorted(office.alerts()) == sorted(f"{post}空缺" for post in posts)


def test_the_deputy_reads_while_the_holder_is_away() -> None:
    away = make_holder(
        "liaison", "emergency", deputy="d@county.example", away_since=day("2023-02-01"), away_until=day("2023-02-20")
    )
    office = make_office("2023-01-28 00:00", texts=FEBRUARY, holders=[away])
    office.live("2023-02-22 00:00")
    to = [str(line["to"][0]).split("@")[0] for line in ladder_lines(office.lines)]  # type: ignore[index]
    assert to == ["liaison.emergency", "liaison.emergency", "d", "liaison.emergency"]


# --- The end of the ladder ---------------------------------------------------------------------------------------


def test_after_the_last_escalation_the_coordinator_hears_once_that_the_ladder_is_spent(office: Office) -> None:
    office.live("2023-07-31 00:00")
    found = rungs(office.lines)
    assert found[-1].endswith("escalate-n12")
    assert office.alerts() == ["应急“任务1”督办已发完"]
    (alert,) = office.messages(letter="alert")
    last = [line for line in office.lines if line["letter"] == "escalation"][-1]
    assert str(alert["sent_at"].isoformat())[:10] == str(last["at"])[:10]
    assert office.item(KEY).next_attention_at is None


def test_the_spent_alert_comes_with_the_last_repeat_though_a_rung_lies_beyond() -> None:
    ladder = Ladder(
        (
            Rung(name="chase", when=WorkingDays(1), letter="chaser", to=("liaison",)),
            Rung(name="again", when=Every(1, "chase", 2), letter="escalation", to=("convener",)),
            Rung(name="late", when=CalendarDays(60), letter="escalation", to=("convener",)),
        )
    )
    office = make_office("2023-02-20 00:00", texts=FEBRUARY, ladder=ladder)
    office.live("2023-03-02 10:00")
    assert office.alerts() == []
    office.live("2023-03-03 10:00")
    assert office.alerts() == ["应急“任务1”督办已发完"]
    office.live("2023-06-01 10:00")
    assert len(office.alerts()) == 1


def test_a_ladder_that_ends_in_silence_is_not_spent(office: Office) -> None:
    office.act(close.act, "2023-03-01 10:00", keys=[KEY])
    office.live("2023-07-31 00:00")
    assert office.alerts() == []


# --- Another regime ----------------------------------------------------------------------------------------------


def test_a_new_day_off_plans_every_next_attention_anew(office: Office) -> None:
    """The mayor gives 2023-01-29 off: remind-30 of 2023-02-28 moves to the Saturday before."""
    office.live("2023-01-20 12:00")
    hours = make_timetable().hours
    assert office.item(KEY).next_attention_at == hours.slot(day("2023-01-29"))
    office.settle(extra_off=frozenset({day("2023-01-29")}))
    office.tick()
    assert office.item(KEY).next_attention_at == hours.slot(day("2023-01-28"))
    assert rungs(office.live("2023-01-31 00:00")) == ["01-28 remind-30"]
    (event,) = office.events("regime_changed")
    assert event["who"] == "wsyf"


def test_other_hours_move_the_slots(office: Office) -> None:
    office.live("2023-01-20 12:00")
    office.settle(send_at=time(14), send_until=time(16))
    found = [brief(line)[0] for line in ladder_lines(office.live("2023-01-31 00:00"))]
    assert found == ["2023-01-29T14:00"]


def test_what_was_told_under_the_old_regime_is_not_told_again(office: Office) -> None:
    office.live("2023-01-29 12:00")
    for ladder in (Ladder(STANDARD.rungs[:-1]), STANDARD):
        office.settle(ladder=ladder)
        office.tick()
    assert rungs(office.lines) == ["01-03 start", "01-29 remind-30"]
    assert len(office.events("regime_changed")) == 2


def test_settings_changed_between_the_first_sync_and_the_first_tick_count_too() -> None:
    office = make_office("2023-01-20 12:00", texts=FEBRUARY)
    office.settle(extra_off=frozenset({day("2023-01-28"), day("2023-01-29")}))
    office.live("2023-02-01 00:00")
    assert rungs(office.lines) == ["01-30 start"]  # remind-30 now lands on 01-20, before tracking
    assert office.events("regime_changed") == []  # nothing changed since the last tick: there was none
