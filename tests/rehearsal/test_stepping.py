"""A rehearsal jumps from moment to moment; living through every day comes to the same (RULES.md §2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.cast import GAOPING, Office, at, day, everybody, ladder_lines, make_office, make_plan, task
from wsyf_scheduler import rehearsal
from wsyf_scheduler.acts import close, extend
from wsyf_scheduler.app import App
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.reports.sendings import Line
from wsyf_scheduler.store import facts

PLAN = make_plan(
    task(1, due=day("2023-02-28"), lead=["emergency", "housing"], support=["union"]),
    task(2, due=day("2023-03-31"), lead=["union"], support="others"),
    task(3, due="FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20230430"),
)


def day_by_day(office: Office, until: str, hours: tuple[int, ...] = (9,)) -> list[Line]:
    """A tick at these hours of each day, working day or not: `wsyf --at DAY tick`."""
    found = []
    moment = office.now
    while moment < at(until):
        for hour in hours:
            found += office.tick(moment + timedelta(hours=hour))
        moment += timedelta(days=1)
    return found


@pytest.mark.parametrize("hours", [(9,), (0, 9, 12, 18)])
def test_a_rehearsal_equals_day_by_day_ticks(hours: tuple[int, ...]) -> None:
    jumping, stepping = (make_office("2023-01-01 00:00", texts=PLAN) for _ in range(2))
    assert jumping.live("2023-03-10 00:00") == day_by_day(stepping, "2023-03-10 00:00", hours)


def test_what_a_person_does_on_the_way_counts_alike() -> None:
    """Done at 08:00, extended at 10:00: the script of a rehearsal, and the same by hand."""

    def closing(app: App, now: datetime) -> object:
        return close.act(app, now, keys=["2023/1/emergency"], who="x")

    def extending(app: App, now: datetime) -> object:
        words = {"reason": "r", "approved_by": "a", "who": "x"}
        return extend.act(app, now, key="2023/1/housing", to=day("2023-03-17"), **words)

    script = [
        rehearsal.Planned(at("2023-02-21 08:00"), closing),
        rehearsal.Planned(at("2023-02-22 10:00"), extending),
    ]
    jumping, stepping = (make_office("2023-01-01 00:00", texts=PLAN) for _ in range(2))
    found = ladder_lines(jumping.live("2023-03-05 00:00", script=script))
    wanted = day_by_day(stepping, "2023-02-21 00:00")
    closing(stepping.app, stepping.go("2023-02-21 08:00"))
    wanted += [line for when in ("2023-02-21 09:00", "2023-02-22 09:00") for line in stepping.tick(when)]
    extending(stepping.app, stepping.go("2023-02-22 10:00"))
    stepping.go("2023-02-23 00:00")
    wanted += day_by_day(stepping, "2023-03-05 00:00")
    assert found == ladder_lines(wanted)


def test_the_clock_of_a_rehearsal_stands_at_its_last_tick() -> None:
    office = make_office("2023-01-01 00:00", texts=PLAN)
    office.live("2023-01-04 00:00")
    with office.db.read() as session:
        assert facts.last_tick(session) == at("2023-01-03 09:00")


def test_on_time_closes_everything_before_its_last_reminder() -> None:
    plan = plan_files.load(GAOPING)
    office = make_office(texts={})
    table = office.app.table(plan.zone)
    script = rehearsal.on_time(plan, table, day("2022-05-19"))
    moments = {planned.at.astimezone(table.hours.zone).strftime("%Y-%m-%d %H:%M") for planned in script}
    assert "2022-12-30 08:00" in moments  # 12-31 is a day off
    assert "2024-02-29 08:00" in moments
    late = rehearsal.on_time(plan, table, day("2023-01-01"))
    assert late[0].at == table.hours.midnight(day("2023-01-01"))


def test_a_rehearsal_of_nothing_ends_at_once() -> None:
    office = make_office("2023-01-01 00:00", texts={}, holders=everybody())
    assert list(rehearsal.run(office.app, office.clock, until=datetime(2024, 1, 1, tzinfo=UTC))) == [
        at("2023-01-01 00:00")
    ]
