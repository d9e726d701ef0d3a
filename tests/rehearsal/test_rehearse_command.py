"""`wsyf rehearse` and `wsyf schedule`: what they print, and that it is what the second reading of the rules says."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.cli.office_fixtures import Desk, bare_office, real_office, rehearsal_office
from tests.rehearsal.oracle import DEFAULT_LADDER, default_people, gaoping, simulate

desk = pytest.fixture(bare_office)
tracked_desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)

LADDER_LETTERS = ("start", "reminder", "chaser", "escalation", "briefing")
KEYS = ["at", "letter", "department", "audience", "to", "cc", "rows"]
ROW_KEYS = ["key", "due_on", "rung", "repeat", "days_left", "role"]
SPAN = ("2022-12-20", "2023-04-10")  # a year's turn, Spring Festival, make-up Sundays, reminders to last escalations


def rehearse(desk: Desk, first: str, last: str, assume: str = "never", *more: object) -> list[dict[str, object]]:
    return desk.wsyf("rehearse", "--from", first, "--to", last, "--assume", assume, "--json", *more).lines


@pytest.mark.parametrize("assume", ["never", "on-time"])
@pytest.mark.parametrize(("first", "last"), [("2022-05-19", "2022-08-31"), SPAN])
def test_every_ladder_message_is_as_the_second_reading_of_the_rules_has_it(desk, assume, first, last):
    days = date.fromisoformat(first), date.fromisoformat(last)
    wanted = simulate(gaoping(), DEFAULT_LADDER, default_people(), *days, assume)
    said = [line for line in rehearse(desk, first, last, assume) if line["letter"] in LADDER_LETTERS]
    assert said == wanted
    assert len(wanted) > 20


@pytest.mark.parametrize("assume", ["never", "on-time"])
def test_lines_have_the_keys_of_the_contract_in_its_order_and_are_sorted(desk, assume):
    lines = rehearse(desk, *SPAN, assume)
    for line in lines:
        assert list(line) == KEYS
        assert line["to"] == sorted(set(line["to"]))
        assert line["cc"] == sorted(set(line["cc"]))
        assert all(list(row) == ROW_KEYS for row in line["rows"])
    order = [(line["at"], line["department"], line["letter"], line["audience"]) for line in lines]
    assert order == sorted(order)
    assert {line["letter"] for line in lines} >= {"start", "reminder", "digest"} | (
        {"receipt"} if assume == "on-time" else {"escalation"}
    )


def test_the_example_of_the_contract_word_for_word(desk):
    lines = rehearse(desk, "2022-05-19", "2022-05-24")
    (line,) = [each for each in lines if each["at"].startswith("2022-05-24") and each["department"] == "emergency"]
    assert json.dumps(line, ensure_ascii=False) == (
        '{"at": "2022-05-24T09:00:00+08:00", "letter": "reminder", "department": "emergency", "audience": "department",'
        ' "to": ["liaison.emergency@gaoping.example"], "cc": [], "rows": [{"key": "2021-2022/4/emergency", "due_on": "2022-05-31",'
        ' "rung": "remind-7", "repeat": 0, "days_left": 7, "role": "lead"}, {"key": "2022/1/emergency", "due_on": "2022-05-31",'
        ' "rung": "remind-7", "repeat": 0, "days_left": 7, "role": "lead"}]}'
    )


def test_from_and_to_are_inclusive_and_a_day_off_is_silent(desk):
    assert [line["at"][:10] for line in rehearse(desk, "2022-05-24", "2022-05-24")]
    assert rehearse(desk, "2022-05-28", "2022-05-29") == []  # Saturday, Sunday
    late = rehearse(desk, "2025-12-31", "2025-12-31")
    assert {line["at"] for line in late if line["letter"] in LADDER_LETTERS} == {"2025-12-31T09:00:00+08:00"}


def test_what_is_overdue_on_the_first_day_is_held_and_silent_or_closed_at_once(desk):
    silent = rehearse(desk, "2026-02-02", "2026-06-30")
    assert not [line for line in silent if line["letter"] in LADDER_LETTERS]
    assert {line["letter"] for line in silent} == {"digest"}
    closed = rehearse(desk, "2026-02-02", "2026-02-02", "on-time")
    receipts = [line for line in closed if line["letter"] == "receipt"]
    assert {line["at"] for line in receipts} == {"2026-02-02T00:00:00+08:00"}
    assert sum(len(line["rows"]) for line in receipts) == 75


def test_people_come_from_the_database_once_somebody_was_imported(tracked_desk):
    (tracked_desk.folder / "people.csv").write_text("role,email\nchief,nobody@else.example\n")
    lines = rehearse(tracked_desk, "2022-05-24", "2022-05-24")
    assert {address for line in lines for address in line["to"]} >= {"liaison.emergency@gaoping.example"}


def test_without_anybody_every_letter_goes_to_the_office_and_that_is_said(desk):
    (desk.folder / "people.csv").unlink()
    answer = desk.wsyf("rehearse", "--from", "2022-05-24", "--to", "2022-05-24", "--json")
    assert "Nobody holds any post" in answer.err
    assert {address for line in answer.lines for address in line["to"]} == {"office@gaoping.example"}


def test_a_rehearsal_leaves_no_trace(tracked_desk):
    before = {path: path.read_bytes() for path in tracked_desk.folder.rglob("*.*") if path.is_file()}
    rehearse(tracked_desk, "2022-05-19", "2022-06-01", "on-time")
    after = {
        path: path.read_bytes()
        for path in tracked_desk.folder.rglob("*.*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }
    assert after == before


def test_letters_are_written_into_a_maildir_where_asked(desk, tmp_path):
    lines = rehearse(desk, "2022-05-19", "2022-05-24", "never", "--maildir", tmp_path / "mail")
    assert len(list((tmp_path / "mail" / "new").iterdir())) == len(lines)


def test_for_people_there_is_a_summary_by_kind_and_year(desk):
    answer = desk.wsyf("rehearse", "--from", "2022-12-01", "--to", "2023-01-31")
    assert answer.err == ""  # no progress bar where there is no terminal
    said = answer.out
    assert "2022" in said
    assert "2023" in said
    for word in ("start", "reminder", "chaser", "escalation", "briefing", "digest"):
        assert word in said
    assert f"{len(rehearse(desk, '2022-12-01', '2023-01-31'))} messages" in said


def test_a_faulty_plan_or_people_file_is_named_before_anything_is_lived_through(desk):
    desk.edit("people.csv", "liaison,hrss,", "liason,hrss,")
    assert "people.csv:2" in desk.wsyf("rehearse", "--from", "2022-05-19", "--to", "2022-05-24", code=5).err
    (Path(desk.folder) / "jobs" / "gaoping-2021-2025" / "2023.toml").write_text("")
    assert "2023.toml" in desk.wsyf("rehearse", "--from", "2022-05-19", "--to", "2022-05-24", code=5).err


# --- schedule -----------------------------------------------------------------


def test_the_schedule_is_what_the_coming_days_then_send(tracked_desk):
    """From 2022-05-24, 12:00, for 16 days: what the schedule foretold is what day-by-day rounds send."""
    desk = tracked_desk
    for day in ("2022-05-19", "2022-05-20", "2022-05-23", "2022-05-24"):
        desk.wsyf("tick", at=day)
    foretold = desk.wsyf("schedule", "--days", 16, "--json", at="2022-05-24T12:00").json
    assert foretold == desk.wsyf("schedule", "--days", 16, "--json", at="2022-05-24T12:00").json  # and nothing changed
    sent = [
        line
        for line in rehearse(desk, "2022-05-19", "2022-06-09")
        if "2022-05-24T12" < str(line["at"]) < "2022-06-09T12"
    ]
    assert foretold == sent


def test_what_is_closed_is_not_foretold(tracked_desk):
    def about_housing() -> list[dict[str, object]]:
        lines = tracked_desk.wsyf("schedule", "--days", 30, "--json", at="2022-05-24T12:00").json
        return [line for line in lines if any(row["key"] == "2022/1/housing" for row in line["rows"])]

    tracked_desk.wsyf("tick", at="2022-05-24")
    assert about_housing()
    tracked_desk.wsyf("done", "2022/1/housing", "--without-figures", "--reason", "材料已收", at="2022-05-24T12:00")
    assert [line["letter"] for line in about_housing()] in ([], ["receipt"])


def test_the_schedule_for_people_and_of_an_office_where_all_is_held(tracked_desk, today_desk):
    said = tracked_desk.wsyf("schedule", "--days", 8, at="2022-05-24T12:00").out
    assert "2022-05-26 Thu" in said
    assert "messages in the next 8 days" in said
    assert {line["letter"] for line in today_desk.wsyf("schedule", "--days", 40, "--json").json} <= {"digest"}
