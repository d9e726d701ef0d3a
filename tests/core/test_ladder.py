"""Where the rungs land on the awkward days (RULES.md §3)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.cast import at, day, make_timetable
from wsyf_scheduler.core.ladder import CalendarDays, Every, Ladder, Rung, Start, Timetable, WorkingDays
from wsyf_scheduler.core.standard import STANDARD


def landed(table: Timetable, due_on: str, *, kind: str = "data", counted_from: str | None = None) -> dict[str, str]:
    found = table.landings(kind, day(due_on), day(counted_from or due_on))
    return {f"{each.rung.name}{each.repeat or ''}": each.on.isoformat()[5:] for each in found}


def first_rungs(due_on: str, kind: str = "data") -> dict[str, str]:
    return {name: on for name, on in landed(make_timetable(), due_on, kind=kind).items() if "-n" not in name}


def test_february_2023_lands_on_the_make_up_sunday() -> None:
    assert first_rungs("2023-02-28") == {
        "remind-30": "01-29",
        "remind-15": "02-13",
        "remind-7": "02-21",
        "remind-3w": "02-23",
        "remind-0": "02-28",
        "chase-1w": "03-01",
        "escalate-3w": "03-03",
        "escalate-7w": "03-09",
    }


def test_a_due_day_on_a_holiday_is_reminded_on_the_working_day_before() -> None:
    assert first_rungs("2022-12-31") == {
        "remind-30": "12-01",
        "remind-15": "12-16",
        "remind-7": "12-23",  # 12-24 is a Saturday
        "remind-3w": "12-28",
        "remind-0": "12-30",
        "chase-1w": "01-03",
        "escalate-3w": "01-05",
        "escalate-7w": "01-11",
    }


def test_leap_day_2024() -> None:
    assert first_rungs("2024-02-29") == {
        "remind-30": "01-30",
        "remind-15": "02-09",  # 02-14 lies in Spring Festival; 02-09, New Year's Eve, was worked
        "remind-7": "02-22",
        "remind-3w": "02-26",
        "remind-0": "02-29",
        "chase-1w": "03-01",
        "escalate-3w": "03-05",
        "escalate-7w": "03-11",
    }


def test_spring_festival_2025_pulls_reminders_before_it() -> None:
    found = first_rungs("2025-02-07")
    assert (found["remind-7"], found["remind-3w"]) == ("01-27", "01-27")
    assert (found["chase-1w"], found["escalate-3w"]) == ("02-08", "02-11")  # the make-up Saturday counts


def test_two_rungs_share_a_slot_before_national_day_2023() -> None:
    found = first_rungs("2023-10-06")
    assert (found["remind-7"], found["remind-3w"], found["remind-0"]) == ("09-28", "09-26", "09-28")


def test_long_kinds_are_reminded_from_ninety_days_before() -> None:
    found = first_rungs("2023-12-31", "evaluation")
    assert (found["remind-90"], found["remind-60"]) == ("09-28", "11-01")  # 10-02 is National Day
    assert "remind-90" not in first_rungs("2023-12-31", "campaign")


def test_repeated_escalations_are_numbered_and_stand_five_working_days_apart() -> None:
    table = make_timetable()
    found = landed(table, "2022-05-31")
    repeats = [found[f"escalate-n{number}"] for number in range(1, 13)]
    assert found["escalate-7w"] == "06-10"
    assert repeats[:2] == ["06-17", "06-24"]
    assert repeats[-1] == table.calendar.nth(day("2022-06-10"), 60).isoformat()[5:]
    assert "escalate-n13" not in found


def test_overdue_rungs_count_from_the_day_the_ladder_was_taken_up_again() -> None:
    found = landed(make_timetable(), "2023-02-28", counted_from="2023-06-01")
    assert (found["remind-0"], found["chase-1w"], found["escalate-3w"]) == ("02-28", "06-02", "06-06")
    assert found["escalate-7w"] == "06-12"
    assert found["escalate-n1"] == "06-19"


@pytest.mark.parametrize(
    ("begins_on", "tracked_from", "slot"),
    [
        ("2023-01-01", "2022-05-19 00:00", "2023-01-03 09:00"),  # the period begins on a holiday
        ("2022-01-01", "2022-05-19 00:00", "2022-05-19 09:00"),
        ("2022-01-01", "2022-05-19 09:00", "2022-05-19 09:00"),
        ("2022-01-01", "2022-05-19 09:01", "2022-05-20 09:00"),
        ("2022-01-01", "2022-05-20 18:00", "2022-05-23 09:00"),
    ],
)
def test_start_lands_on_the_first_slot_after_period_and_tracking(begins_on: str, tracked_from: str, slot: str) -> None:
    found = make_timetable().start("data", day(begins_on), at(tracked_from), day("2023-12-31"))
    assert found is not None
    assert found.slot_at == at(slot)


def test_a_ladder_without_start_has_none() -> None:
    ladder = Ladder(tuple(rung for rung in STANDARD.rungs if rung.name != "start"))
    assert make_timetable(ladder).start("data", day("2023-01-01"), at("2022-05-19 00:00"), day("2023-02-28")) is None


def test_a_rung_serves_the_kinds_it_names_less_those_it_excepts() -> None:
    rung = Rung(
        name="r", when=Start(), letter="start", to=("liaison",), kinds=("data", "meeting"), except_kinds=("meeting",)
    )
    assert [kind for kind in ("data", "meeting", "general") if rung.serves(kind)] == ["data"]


def test_every_counts_from_its_rung_though_that_is_for_another_kind() -> None:
    """docs/plan-format.md: whether or not it was sent, and whether or not it is for this kind."""
    base = Rung(name="base", when=WorkingDays(2), letter="chaser", to=("liaison",), kinds=("data",))
    again = Rung(name="again", when=Every(3, "base", 2), letter="chaser", to=("liaison",))
    table = make_timetable(Ladder((base, again)))
    assert landed(table, "2023-03-01", kind="meeting") == {"again1": "03-08", "again2": "03-13"}


def test_every_may_count_from_a_rung_before_the_due_day_and_then_stays_with_it() -> None:
    base = Rung(name="base", when=CalendarDays(-7), letter="reminder", to=("liaison",))
    again = Rung(name="again", when=Every(1, "base", 2), letter="reminder", to=("liaison",))
    table = make_timetable(Ladder((base, again)))
    assert landed(table, "2023-02-28", counted_from="2023-06-01") == {
        "base": "02-21",
        "again1": "02-22",
        "again2": "02-23",
    }


def test_a_calendar_offset_after_the_due_day_is_rolled_back_too() -> None:
    rung = Rung(name="later", when=CalendarDays(4), letter="chaser", to=("liaison",))
    assert landed(make_timetable(Ladder((rung,))), "2023-02-28") == {"later": "03-03"}  # 03-04 is a Saturday


def test_the_place_in_the_table_is_the_rank() -> None:
    ranks = [landing.rank for landing in make_timetable().landings("data", date(2023, 2, 28), date(2023, 2, 28))]
    assert ranks == sorted(ranks)
