"""What lies ahead of an assignment if nobody acts is what the ladder then says (RULES.md §3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import at, day, ladder_lines, make_assignment, make_office, make_plan, make_timetable, rungs, task
from wsyf_scheduler.core.ahead import ahead
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.core.decide import NOTHING_DECIDED, decide, with_decisions
from wsyf_scheduler.store import notices

TABLE = make_timetable()


def told(now: str, **overrides: Any) -> list[str]:
    found = ahead(make_assignment(**overrides), NOTHING_DECIDED, TABLE, at(now))
    return [f"{landing.on:%m-%d} {landing.rung.name}{landing.repeat or ''}" for landing in found]


def test_every_letter_of_the_ladder_lies_ahead_before_it_begins() -> None:
    found = told("2022-12-31 00:00")
    assert found[:4] == ["01-03 start", "01-29 remind-30", "02-13 remind-15", "02-21 remind-7"]
    assert found[-1].endswith("escalate-n12")
    assert len(found) == 6 + 3 + 12


def test_what_was_decided_lies_behind() -> None:
    item, now = make_assignment(), at("2023-02-13 09:00")
    decided = with_decisions(NOTHING_DECIDED, item, decide(item, NOTHING_DECIDED, TABLE, now))
    found = ahead(item, decided, TABLE, now)
    assert [landing.rung.name for landing in found[:3]] == ["remind-7", "remind-3w", "remind-0"]


def test_after_downtime_only_the_latest_of_what_passed_goes() -> None:
    assert told("2023-02-22 10:00")[:2] == ["02-21 remind-7", "02-23 remind-3w"]


def test_what_a_shut_window_delays_is_swallowed_by_the_next_slot() -> None:
    assert told("2023-02-22 20:00")[0] == "02-23 remind-3w"


@pytest.mark.parametrize("overrides", [{"state": State.DONE}, {"state": State.SUBMITTED}, {"held": True}])
def test_nothing_lies_ahead_of_what_is_closed_or_held(overrides: dict[str, Any]) -> None:
    assert told("2023-01-01 00:00", **overrides) == []


def test_muted_days_are_left_out() -> None:
    assert told("2023-02-01 00:00", muted_until=day("2023-02-22"))[0] == "02-23 remind-3w"


def test_it_is_what_the_office_then_sends() -> None:
    office = make_office("2022-05-19 00:00", texts=make_plan(task(1, due=day("2023-02-28"), support=["union"])))
    office.live("2023-01-30 12:00")
    item = office.item()
    with office.db.read() as session:
        found = ahead(item, notices.decided(session, [item.id])[item.id], TABLE, office.now)
    sent = rungs(ladder_lines(office.live("2023-12-31 00:00")))
    assert [f"{each.on:%m-%d} {each.rung.name}{each.repeat or ''}" for each in found] == sent
