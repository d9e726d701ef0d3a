"""`wsyf schedule`: the coming weeks by day, with days off drawn, so that one sees why nothing goes."""

from __future__ import annotations

import json

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, Desk, real_office, rehearsal_office
from wsyf_scheduler.cli.grid import width

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)


def lines(desk: Desk, *words: str, at: str | None = FIRST_MORNING) -> list[str]:
    return desk.wsyf("schedule", *words, at=at, COLUMNS="80").out.splitlines()


def test_each_day_has_its_letters_by_department_and_today_comes_first(desk):
    desk.wsyf("tick", at="2022-05-19T09:00+08:00")
    said = lines(desk, "--days", "3")
    assert said[0] == "2022-05-24 Tue  (today)"
    assert said[1] == "  09:00  应急  reminder  2021-2022/4/emergency, 2022/1/emergency"
    assert [line.split()[1] for line in said[1:6]] == ["应急", "卫健", "住建", "人社", "交通"]
    assert said[-1] == "11 messages in the next 3 days"  # ten of the ladder, and the digest of the week


def test_days_off_are_drawn_with_the_holiday_they_belong_to(desk):
    said = lines(desk, "--days", "20")
    assert "2022-05-28 Sat – 05-29 Sun  off" in said
    assert "2022-06-03 Fri – 06-05 Sun  off: 端午" in said


def test_a_make_up_day_is_drawn_though_nothing_goes(desk):
    said = lines(desk, "--days", "9", at="2022-10-03T10:00+08:00")
    assert said[0] == "2022-10-03 Mon  (today)  off: 国庆节"
    assert "2022-10-08 Sat  make-up working day" in said
    assert "2022-10-09 Sun  make-up working day" in said


def test_far_ahead_plain_weekends_are_left_out_and_holidays_stay(desk):
    said = lines(desk, "--days", "90")
    assert "2022-05-28 Sat – 05-29 Sun  off" not in said
    assert "2022-06-03 Fri – 06-05 Sun  off: 端午" in said


def test_what_is_not_the_ladder_s_is_one_line_a_day(desk):
    said = lines(desk, "--days", "7")
    assert said[said.index("2022-05-30 Mon") + 1] == "  also: digest → coordinator"


def test_many_alerts_of_a_day_are_one_line(desk):
    desk.sql("DELETE FROM person WHERE role = 'liaison'")
    said = lines(desk, "--days", "1")
    (alerts,) = [line for line in said if "alert" in line]
    assert "alert → coordinator ×" in alerts


def test_more_letters_at_one_moment_than_the_guard_lets_go_are_announced(desk):
    desk.edit("config.toml", "max_messages = 20", "max_messages = 4")
    said = " ".join(" ".join(lines(desk, "--days", "1")).split())
    assert "letters at 09:00, more than max_messages = 4: they will wait for `wsyf outbox release`" in said


def test_it_fits_80_columns_and_no_key_is_parted(desk):
    said = lines(desk, "--days", "60")
    assert max(map(width, said)) <= 80
    assert "2022/campaign/hrss" in "\n".join(said)


def test_a_held_queue_is_said(today_desk):
    hold = {"reason": "restored", "since_at": "2026-01-01T00:00:00+00:00", "seen": "2026-01-01T00:00:00+00:00"}
    today_desk.sql("INSERT INTO fact (name, value) VALUES ('hold', ?)", json.dumps(hold))
    assert "All mail is held" in " ".join(lines(today_desk, "--days", "1", at=None))


def test_only_the_letters_of_the_plan_that_is_chosen(desk):
    assert desk.wsyf("schedule", "--plan", "gaoping-2021-2025", "--json", at=FIRST_MORNING).json
    desk.wsyf("schedule", "--plan", "no-such-plan", at=FIRST_MORNING, code=3)


def test_the_json_is_one_array_of_the_messages_as_a_rehearsal_has_them(desk):
    found = desk.wsyf("schedule", "--days", "1", "--json", at=FIRST_MORNING).json
    assert list(found[0]) == ["at", "letter", "department", "audience", "to", "cc", "rows"]


def test_nothing_is_changed(desk):
    before = desk.sql("SELECT count(*) FROM message")
    lines(desk)
    assert desk.sql("SELECT count(*) FROM message") == before
