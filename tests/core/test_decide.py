"""Which letter is owed now, and why, or why none (RULES.md §3, "Which rungs go out")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.cast import at, day, make_assignment, make_timetable
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.decide import (
    NOTHING_DECIDED,
    Decided,
    Decision,
    Mark,
    Reason,
    decide,
    is_before_ladder,
    landings,
    next_attention,
    silence,
    undecided,
    with_decisions,
)

TABLE = make_timetable()
TRACKED = "2022-05-19 00:00"


def told(decisions: Iterable[Decision]) -> list[str]:
    return [f"{each.landing.rung.name}{each.landing.repeat or ''} {each.verdict}: {each.reason}" for each in decisions]


def before(item: Assignment, *moments: str) -> Decided:
    """What stands decided after ticks at these moments."""
    decided = NOTHING_DECIDED
    for moment in moments:
        decided = with_decisions(decided, item, decide(item, decided, TABLE, at(moment)))
    return decided


def later_from(moment: str, **overrides: Any) -> Assignment:
    """An assignment tracked from a moment within its period, so that nothing passed before."""
    return make_assignment(tracked_from=at(moment), **overrides)


def test_nothing_is_owed_before_the_first_slot() -> None:
    assert decide(make_assignment(), NOTHING_DECIDED, TABLE, at("2022-12-30 10:00")) == ()


def test_a_rung_goes_in_its_slot_and_once() -> None:
    item = later_from("2023-01-28 00:00")
    start = decide(item, NOTHING_DECIDED, TABLE, at("2023-01-28 09:00"))
    assert told(start) == ["start notify: due"]
    decided = with_decisions(NOTHING_DECIDED, item, start)
    assert decide(item, decided, TABLE, at("2023-01-28 09:00")) == ()
    assert told(decide(item, decided, TABLE, at("2023-01-29 09:00"))) == ["remind-30 notify: due"]


@pytest.mark.parametrize("moment", ["2023-02-28 08:59:59", "2023-02-28 17:30:01", "2023-02-26 12:00"])
def test_nothing_is_decided_while_the_window_is_shut(moment: str) -> None:
    assert decide(make_assignment(), NOTHING_DECIDED, TABLE, at(moment)) == ()


@pytest.mark.parametrize(("moment", "reason"), [("2023-02-28 17:30:00", "due"), ("2023-03-01 08:59", None)])
def test_to_the_last_second_of_the_window_it_is_in_time(moment: str, reason: str | None) -> None:
    item = later_from("2023-02-28 00:00", support=())
    decided = before(item, "2023-02-28 08:00")
    found = told(decide(item, decided, TABLE, at(moment)))
    assert found == ([f"start notify: {reason}", f"remind-0 notify: {reason}"] if reason else [])


def test_what_was_missed_goes_late_when_the_window_opens_again() -> None:
    item = make_assignment()
    decided = before(item, "2023-01-03 09:00")
    assert told(decide(item, decided, TABLE, at("2023-01-30 09:00"))) == ["remind-30 notify: late"]


def test_start_goes_beside_a_rung_of_the_same_slot() -> None:
    """Issued twelve days before it falls due: 2022-05-19 for 2022-05-31 (rule 3, `start` apart)."""
    item = make_assignment(begins_on=day("2022-01-01"), period="2022", due_on=day("2022-05-26"))
    assert told(decide(item, NOTHING_DECIDED, TABLE, at("2022-05-19 09:00"))) == [
        "start notify: due",
        "remind-7 notify: due",
    ]


def test_rungs_before_tracking_are_never_sent() -> None:
    item = make_assignment(begins_on=day("2022-01-01"), period="2022", due_on=day("2022-05-31"))
    assert told(decide(item, NOTHING_DECIDED, TABLE, at("2022-05-19 09:00"))) == ["start notify: due"]
    passed = [each for each in landings(item, TABLE) if is_before_ladder(item, each)]
    assert [each.rung.name for each in passed] == ["remind-30", "remind-15"]


def test_of_two_rungs_in_one_slot_the_later_in_the_table_goes() -> None:
    """2023-10-06 lies in National Day: remind-7 and remind-0 both land on 09-28, remind-3w before them."""
    item = later_from("2023-09-27 00:00", due_on=day("2023-10-06"))
    decided = before(item, "2023-09-27 09:00")
    assert told(decide(item, decided, TABLE, at("2023-09-28 09:00"))) == [
        "remind-7 superseded: same-slot",
        "remind-0 notify: due",
    ]


def test_after_downtime_only_the_latest_goes_start_among_them() -> None:
    item = make_assignment()
    found = decide(item, NOTHING_DECIDED, TABLE, at("2023-02-22 10:00"))
    assert told(found) == [
        "start superseded: newer-rung",
        "remind-30 superseded: newer-rung",
        "remind-15 superseded: newer-rung",
        "remind-7 notify: late",
    ]


def test_a_support_department_hears_its_start_though_later_rungs_went() -> None:
    item = make_assignment(support=("union", "housing"))
    found = decide(item, NOTHING_DECIDED, TABLE, at("2023-02-22 10:00"))
    assert [
        (each.receiver, f"{each.verdict}: {each.reason}") for each in found if each.landing.rung.name == "start"
    ] == [
        ("emergency", "superseded: newer-rung"),
        ("union", "notify: late"),
        ("housing", "notify: late"),
    ]


def test_a_new_support_department_hears_its_start_from_then_on() -> None:
    item = make_assignment()
    decided = before(item, "2023-01-03 09:00")
    joined = make_assignment(support=("union",))
    found = decide(joined, decided, TABLE, at("2023-02-01 09:00"))
    assert ("union", "start") in [(each.receiver, each.landing.rung.name) for each in found]


SILENCES: list[tuple[dict[str, Any], str]] = [
    ({"held": True}, "held"),
    ({"muted_until": day("2023-06-01")}, "muted"),
    ({"state": State.SUBMITTED}, "submitted"),
    ({"state": State.DONE}, "done"),
    ({"state": State.WAIVED}, "waived"),
    ({"state": State.WITHDRAWN}, "withdrawn"),
]


@pytest.mark.parametrize(("silent", "reason"), SILENCES)
def test_a_rung_that_passes_in_silence_is_skipped_and_says_why(silent: dict[str, Any], reason: str) -> None:
    item = make_assignment(support=("union",), **silent)
    found = decide(item, NOTHING_DECIDED, TABLE, at("2023-01-29 09:00"))
    assert told(found) == [f"start skipped: {reason}", f"remind-30 skipped: {reason}", f"start skipped: {reason}"]


def test_what_was_skipped_is_not_made_up() -> None:
    muted = make_assignment(muted_until=day("2023-02-14"))
    decided = before(muted, "2023-01-03 09:00", "2023-01-29 09:00", "2023-02-13 09:00")
    assert told(decide(muted, decided, TABLE, at("2023-02-20 09:00"))) == []
    assert told(decide(muted, decided, TABLE, at("2023-02-21 09:00"))) == ["remind-7 notify: due"]


def test_mute_ends_by_itself_on_its_day() -> None:
    item = make_assignment(muted_until=day("2023-02-21"))
    assert silence(item, day("2023-02-20")) is Reason.MUTED
    assert silence(item, day("2023-02-21")) is None


def test_a_rung_whose_day_was_muted_stays_skipped_when_the_tick_comes_after() -> None:
    """Mute is judged by the day of the rung, not by the day of the tick."""
    item = make_assignment(muted_until=day("2023-02-14"))
    found = told(decide(item, NOTHING_DECIDED, TABLE, at("2023-02-21 09:00")))
    assert found == [
        "start skipped: muted",
        "remind-30 skipped: muted",
        "remind-15 skipped: muted",
        "remind-7 notify: due",
    ]


def test_extension_starts_the_ladder_anew_from_what_lies_ahead() -> None:
    decided = before(make_assignment(), "2023-01-03 09:00", "2023-01-29 09:00", "2023-02-21 09:00", "2023-03-01 09:00")
    extended = make_assignment(due_on=day("2023-03-31"), ladder_from=at("2023-03-02 10:00"))
    ahead = [each.rung.name for each, _who in undecided(extended, decided, TABLE)]
    assert ahead[:3] == ["remind-15", "remind-7", "remind-3w"]  # start was told, remind-30 (03-01) has passed
    assert told(decide(extended, decided, TABLE, at("2023-03-16 09:00"))) == ["remind-15 notify: due"]


def test_a_released_assignment_goes_on_at_its_chaser_counted_from_that_day() -> None:
    item = make_assignment(ladder_from=at("2023-06-01 10:00"), counted_from=day("2023-06-01"))
    decided = Decided(marks=frozenset({Mark("start", 0, item.due_on, item.due_on, "emergency")}))
    assert next_attention(item, decided, TABLE, at("2023-06-01 10:00")) == at("2023-06-02 09:00")
    assert told(decide(item, decided, TABLE, at("2023-06-02 09:00"))) == ["chase-1w notify: due"]


def test_a_newer_slot_that_has_spoken_silences_an_older_one() -> None:
    """A tick that looks back (its older rung came into the ladder meanwhile) does not speak after the newer one."""
    item = make_assignment()
    decided = Decided(newest_slot_at=at("2023-02-21 09:00"))
    assert "remind-30 superseded: newer-rung" in told(decide(item, decided, TABLE, at("2023-02-22 09:00")))


def test_attention_is_due_at_the_nearest_undecided_slot() -> None:
    item = make_assignment()
    assert next_attention(item, NOTHING_DECIDED, TABLE, at(TRACKED)) == at("2023-01-03 09:00")
    decided = before(item, "2023-01-03 09:00")
    assert next_attention(item, decided, TABLE, at("2023-01-03 09:00")) == at("2023-01-29 09:00")


def test_attention_to_what_has_passed_is_due_when_the_window_opens() -> None:
    item = make_assignment()
    assert next_attention(item, NOTHING_DECIDED, TABLE, at("2023-01-03 18:00")) == at("2023-01-04 09:00")
    assert next_attention(item, NOTHING_DECIDED, TABLE, at("2023-01-04 11:11")) == at("2023-01-04 11:11")


def test_attention_ends_with_the_ladder() -> None:
    item = make_assignment()
    last = landings(item, TABLE)[-1].slot_at
    decided = with_decisions(NOTHING_DECIDED, item, decide(item, NOTHING_DECIDED, TABLE, last))
    assert next_attention(item, decided, TABLE, last) is None


#: Not given by decide: `wsyf explain` says so of rungs that need no decision.
TOLD_BY_EXPLAIN = {Reason.BEFORE_TRACKING, Reason.BEFORE_RESTART, Reason.AHEAD, Reason.WINDOW_SHUT, Reason.DECIDED}


def test_every_reason_can_be_met() -> None:
    """Each reason a decision can carry is met by one of these; the rest belong to `wsyf explain`."""
    cases = [make_assignment(**silent) for silent, _reason in SILENCES]
    cases += [make_assignment(), later_from("2023-09-27 00:00", due_on=day("2023-10-06"))]
    moments = [at(moment) for moment in ("2023-01-03 09:00", "2023-02-22 10:00", "2023-09-28 09:00")]
    met = {each.reason for item in cases for moment in moments for each in decide(item, NOTHING_DECIDED, TABLE, moment)}
    assert met == set(Reason) - TOLD_BY_EXPLAIN
