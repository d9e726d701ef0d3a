"""Working days, slots and windows on the awkward days (RULES.md §2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest

from tests.cast import at, calendar, day, make_timetable
from wsyf_scheduler.core.calendar import Hours, NoWorkingDay, WorkCalendar, YearDays, YearStatus

DAYS = calendar()


@pytest.mark.parametrize(
    ("on", "is_worked"),
    [
        ("2023-01-29", True),  # make-up Sunday before and after Spring Festival
        ("2023-01-28", True),
        ("2023-01-23", False),  # Spring Festival, a Monday
        ("2023-01-31", True),
        ("2022-12-31", False),  # New Year's holiday
        ("2024-02-29", True),
        ("2023-10-07", True),  # make-up Saturday after National Day
        ("2023-10-06", False),
        ("2025-01-26", True),  # make-up Sunday before Spring Festival
        ("2025-01-28", False),
        ("2025-02-04", False),
        ("2025-02-08", True),
        ("2026-10-10", True),
    ],
)
def test_a_day_is_worked_as_the_notice_says(on: str, is_worked: bool) -> None:
    assert DAYS.is_working(day(on)) is is_worked


def test_a_make_up_day_is_a_weekend_day_that_is_worked() -> None:
    assert DAYS.is_make_up(day("2023-01-29"))
    assert not DAYS.is_make_up(day("2023-01-30"))  # a Monday
    assert not DAYS.is_make_up(day("2023-02-05"))  # an ordinary Sunday


@pytest.mark.parametrize(
    ("on", "back"),
    [
        ("2023-01-29", "2023-01-29"),  # 30 days before 2023-02-28
        ("2022-12-31", "2022-12-30"),
        ("2023-10-06", "2023-09-28"),  # over Mid-Autumn and National Day
        ("2025-01-31", "2025-01-27"),  # within Spring Festival
        ("2025-02-04", "2025-01-27"),
        ("2024-03-02", "2024-03-01"),
    ],
)
def test_a_day_off_rolls_back_to_the_last_working_day(on: str, back: str) -> None:
    assert DAYS.roll_back(day(on)) == day(back)


@pytest.mark.parametrize(
    ("on", "n", "found"),
    [
        ("2022-12-31", -3, "2022-12-28"),  # counted from the day off itself
        ("2022-12-31", 1, "2023-01-03"),
        ("2022-12-31", 3, "2023-01-05"),
        ("2022-12-31", 7, "2023-01-11"),
        ("2024-02-29", 1, "2024-03-01"),
        ("2024-02-29", -3, "2024-02-26"),
        ("2025-01-27", 1, "2025-02-05"),  # over Spring Festival
        ("2025-02-05", 3, "2025-02-08"),  # the make-up Saturday counts
        ("2025-02-05", -1, "2025-01-27"),
        ("2023-10-06", -3, "2023-09-26"),
        ("2023-01-20", 2, "2023-01-29"),  # 28 and 29 are make-up days
        ("2023-01-20", 0, "2023-01-20"),
    ],
)
def test_working_days_count_from_the_day_itself(on: str, n: int, found: str) -> None:
    assert DAYS.nth(day(on), n) == day(found)


def test_a_year_without_a_notice_is_provisional_and_knows_the_statutory_days() -> None:
    assert DAYS.years[2026].status is YearStatus.PUBLISHED
    assert DAYS.years[2031].status is YearStatus.PROVISIONAL
    assert not DAYS.is_working(day("2031-01-01"))
    assert not DAYS.is_working(day("2031-10-01"))
    assert not DAYS.is_working(day("2031-01-23"))  # Spring Festival by the moon
    assert DAYS.is_working(day("2031-10-10"))
    assert not any(DAYS.is_make_up(date(2031, 1, 1) + timedelta(n)) for n in range(365))


@pytest.mark.parametrize("year", range(2007, 2027))
def test_a_second_package_agrees_on_every_published_day(year: int) -> None:
    other = holidays.country_holidays("CN", years=[year])
    days = [date(year, 1, 1) + timedelta(n) for n in range(365)]
    assert [each for each in days if DAYS.is_working(each) != other.is_working_day(each)] == []


def test_what_the_office_says_goes_over_the_notice() -> None:
    own = calendar(off=(day("2023-02-28"), day("2023-01-29")), working=(day("2023-03-04"), day("2023-01-23")))
    assert not own.is_working(day("2023-02-28"))
    assert not own.is_working(day("2023-01-29"))  # a make-up Sunday taken back
    assert own.is_working(day("2023-03-04"))  # a Saturday
    assert own.is_working(day("2023-01-23"))  # a statutory day off
    assert own.years[2023].status is YearStatus.PUBLISHED


def test_a_table_without_a_working_day_is_an_error_and_no_endless_search() -> None:
    class Never(dict[int, YearDays]):
        def __missing__(self, year: int) -> YearDays:
            first = date(year, 1, 1)
            return YearDays(off=frozenset(first + timedelta(n) for n in range(366)))

    with pytest.raises(NoWorkingDay):
        WorkCalendar(Never()).first_on_or_after(day("2023-01-01"))


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2023-02-28 08:59:59.999999", False),
        ("2023-02-28 09:00:00", True),
        ("2023-02-28 17:30:00", True),
        ("2023-02-28 17:30:01", False),
        ("2023-01-29 09:00:00", True),  # a make-up Sunday
        ("2023-02-26 10:00:00", False),  # a Sunday
        ("2022-12-31 10:00:00", False),
    ],
)
def test_the_window_is_open_from_send_at_to_send_until(when: str, is_open: bool) -> None:
    hours = make_timetable().hours
    assert hours.is_open(at(when), DAYS) is is_open


@pytest.mark.parametrize(
    ("when", "opens"),
    [
        ("2023-02-28 09:00:00", "2023-02-28 09:00:00"),
        ("2023-02-28 12:34:56", "2023-02-28 12:34:56"),  # open already
        ("2023-02-28 08:59:59", "2023-02-28 09:00:00"),
        ("2023-02-28 17:30:01", "2023-03-01 09:00:00"),
        ("2022-12-30 17:30:01", "2023-01-03 09:00:00"),
        ("2022-12-31 09:00:00", "2023-01-03 09:00:00"),
    ],
)
def test_what_is_ready_while_the_window_is_shut_waits_until_it_opens(when: str, opens: str) -> None:
    assert make_timetable().hours.next_open(at(when), DAYS) == at(opens)


@pytest.mark.parametrize(
    ("when", "slot"),
    [
        ("2023-01-01 00:00", "2023-01-03 09:00"),
        ("2023-01-03 09:00:00", "2023-01-03 09:00"),
        ("2023-01-03 09:00:00.000001", "2023-01-04 09:00"),  # the slot has passed, if by a breath
        ("2023-01-20 09:00:01", "2023-01-28 09:00"),
    ],
)
def test_the_first_slot_is_the_first_opening_at_or_after(when: str, slot: str) -> None:
    assert make_timetable().hours.first_slot(at(when), DAYS) == at(slot)


def test_slots_keep_the_wall_clock_where_the_clocks_change() -> None:
    hours = Hours(zone=ZoneInfo("America/New_York"), send_at=time(9))
    winter, summer = hours.slot(day("2025-03-07")), hours.slot(day("2025-03-10"))
    assert (winter, summer) == (
        datetime(2025, 3, 7, 14, tzinfo=UTC),
        datetime(2025, 3, 10, 13, tzinfo=UTC),
    )
    assert hours.is_open(summer, DAYS)
    assert hours.midnight(day("2025-03-10")) - hours.midnight(day("2025-03-09")) == timedelta(hours=23)


def test_a_slot_that_the_clocks_leap_over_still_has_its_window() -> None:
    """02:30 does not exist in New York on 2025-03-09; the calendar makes that Sunday a working day."""
    sunday = calendar(working=(day("2025-03-09"),))
    hours = Hours(zone=ZoneInfo("America/New_York"), send_at=time(2, 30), send_until=time(17))
    slot = hours.slot(day("2025-03-09"))
    assert hours.is_open(slot, sunday)
    assert hours.first_slot(slot, sunday) == slot


def test_a_day_begins_by_the_zone_of_the_plan() -> None:
    instant = at("2023-02-28 23:30")
    assert Hours(zone=ZoneInfo("Asia/Shanghai")).day_of(instant) == day("2023-02-28")
    assert Hours(zone=ZoneInfo("Pacific/Auckland")).day_of(instant) == day("2023-03-01")
