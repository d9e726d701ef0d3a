"""Plans in zones whose clocks are changed twice a year: a slot is an hour on the wall, on both sides of the change."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.cast import Office, ladder_lines, make_office, make_plan, task
from wsyf_scheduler.reports.sendings import Line

# The days, in 2023, on which clocks go forward and back: by an hour, and on Lord Howe by half of one.
CHANGES = {
    "Europe/Berlin": (date(2023, 3, 26), date(2023, 10, 29)),
    "America/New_York": (date(2023, 3, 12), date(2023, 11, 5)),
    "Australia/Lord_Howe": (date(2023, 10, 1), date(2023, 4, 2)),
}
ZONES = list(CHANGES)
SWITCHES = [(zone, day) for zone, days in CHANGES.items() for day in days]
ONE_DAY = timedelta(days=1)


def office_around(zone: str, change: date, **settings: object) -> Office:
    """An office three weeks before the change, which falls on a working day; one thing is due on that very day."""
    texts = make_plan(
        task(1, due=change), task(2, due=change + 4 * ONE_DAY), task(3, due=change - 9 * ONE_DAY), zone=zone
    )
    begins = datetime.combine(change - 21 * ONE_DAY, time(0), ZoneInfo(zone)).astimezone(ZoneInfo("Asia/Shanghai"))
    return make_office(
        begins.strftime("%Y-%m-%d %H:%M"), texts=texts, extra_working=frozenset({change, change - ONE_DAY}), **settings
    )


def live(office: Office, every: timedelta, days: int = 40) -> list[Line]:
    """A tick again and again, by a clock that knows no zones."""
    ends, found = office.now + timedelta(days=days), []
    while office.now < ends:
        found += office.tick(office.now + every)
    return ladder_lines(found)


def local(line: Line, zone: str) -> datetime:
    return datetime.fromisoformat(str(line["at"])).astimezone(ZoneInfo(zone))


def what(line: Line, zone: str) -> tuple[object, ...]:
    return local(line, zone).date(), line["letter"], line["department"], line["audience"], str(line["rows"])


@pytest.mark.parametrize(("zone", "change"), SWITCHES)
def test_a_slot_is_nine_o_clock_on_both_sides_of_a_switch(zone, change):
    office = office_around(zone, change)
    found = ladder_lines(office.live(office.now + timedelta(days=40)))
    assert {local(line, zone).time() for line in found} == {time(9)}
    days = {local(line, zone).date() for line in found}
    assert min(days) < change - ONE_DAY
    assert change in days
    assert max(days) > change
    assert len({local(line, zone).utcoffset() for line in found}) == 2


@pytest.mark.parametrize(("zone", "change"), SWITCHES)
def test_over_a_switch_nothing_is_doubled_and_nothing_lost(zone, change):
    """The same days, letters and rows as where clocks are never changed."""
    office, plain = office_around(zone, change), office_around("Asia/Shanghai", change)
    moved = ladder_lines(office.live(office.now + timedelta(days=40)))
    still = ladder_lines(plain.live(plain.now + timedelta(days=40)))
    assert [what(line, zone) for line in moved] == [what(line, "Asia/Shanghai") for line in still]
    assert max(Counter(what(line, zone) for line in moved).values()) == 1


@pytest.mark.parametrize(("zone", "change"), SWITCHES)
@pytest.mark.parametrize(
    ("send_at", "send_until"),
    [
        (time(2, 15), time(2, 45)),  # in the hole, or in the hour that comes twice
        (time(1, 15), time(1, 50)),  # on Lord Howe half of it comes twice
        (time(0), time(23, 59)),
    ],
)
def test_a_window_in_the_hole_or_in_the_hour_that_comes_twice_says_all_of_it_once(zone, change, send_at, send_until):
    office = office_around(zone, change, send_at=send_at, send_until=send_until)
    plain = office_around("Asia/Shanghai", change, send_at=send_at, send_until=send_until)
    office.live(datetime.combine(change - ONE_DAY, time(12), ZoneInfo(zone)))
    plain.live(datetime.combine(change - ONE_DAY, time(12), ZoneInfo("Asia/Shanghai")))
    moved, still = (live(each, timedelta(minutes=15), days=2) for each in (office, plain))
    assert [what(line, zone) for line in moved] == [what(line, "Asia/Shanghai") for line in still]
    assert max(Counter(what(line, zone) for line in moved).values()) == 1
