"""A machine's clock that leaps, is set back, or stood still while the machine slept (RULES.md §6): nothing lost, nothing twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.cast import at, day, everybody, make_plan, task
from tests.model.watch import Watch
from tests.model.world import World
from wsyf_scheduler.acts import let_go, write_off
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.daemon import Daemon
from wsyf_scheduler.picking import Picked
from wsyf_scheduler.store import holds
from wsyf_scheduler.store.holds import HoldReason
from wsyf_scheduler.store.rows import MESSAGE, NOTICE
from wsyf_scheduler.ticks import remind

EVERYTHING = Picked()
HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)
TEXTS = make_plan(task(1, due=day("2023-02-28"), lead=["emergency", "housing"]), task(2, due=day("2023-04-28")))
BEGINS = "2023-01-28 10:00"  # Saturday, a working day; the starts go at once
OFTEN = 5  # times the round is repeated at one moment: the second must find nothing to do


class Office:
    """An office with its guards, watched at every attempt and after every round."""

    def __init__(self) -> None:
        self.world = World(BEGINS, TEXTS, everybody())
        self.world.restart(max_messages=20)
        self.watch = Watch(self.world)

    def round(self, when: str | None = None, *, times: int = 1) -> list[str]:
        """Rounds at a moment, and what the ladder said in them: `rung key`, with the number of a repeat."""
        if when is not None:
            self.world.clock.instant = at(when)
        known = len(self.world.server.taken)
        for _ in range(times):
            assert self.world.round() == ""
            self.watch.step()
        return sorted(line for each in self.world.server.taken[known:] for line in self.said(each.outgoing.id))

    def said(self, message_id: int) -> list[str]:
        keys = {item.id: item.key for item in self.watch.items().values()}
        return [
            f"{row['rung']}{row['repeat'] or ''} {keys[row['assignment_id']]}"
            for row in self.watch.rows(NOTICE).values()
            if row["message_id"] == message_id and row["rung"] and row["dropped"] is None
        ]

    def live(self, until: str) -> list[str]:
        """A round every twelve hours from nine to nine."""
        found, ends = [], at(until)
        while self.world.now + ONE_DAY / 2 <= ends:
            self.world.clock.instant += ONE_DAY / 2
            found += self.round()
        return found

    @property
    def reason(self) -> HoldReason | None:
        with self.world.app.db.read() as session:
            hold = holds.get(session)
        return hold and hold.reason

    def spoken(self) -> Counter[str]:
        """How often each rung of each assignment reached its department."""
        sent = {row["id"] for row in self.watch.rows(MESSAGE).values() if row["state"] == "sent"}
        return Counter(line for key in sorted(sent) for line in self.said(key))


@pytest.fixture
def office() -> Iterator[Office]:
    """At 09:00 on 2023-02-20, the day before the reminders of 7 days; all that went before is sent."""
    found = Office()
    found.round()
    found.round("2023-01-28 21:00")
    found.live("2023-02-20 09:00")
    yield found
    found.world.close()


SEVEN_DAYS = ["remind-7 2023/1/emergency", "remind-7 2023/1/housing"]


# --- Forward -----------------------------------------------------------------------------------------------------


def test_an_hour_forward_is_nothing_special(office):
    assert office.round("2023-02-21 08:30") == []
    assert office.round("2023-02-21 09:30", times=OFTEN) == SEVEN_DAYS
    assert office.round("2023-02-21 10:30", times=OFTEN) == []
    assert office.reason is None


def test_an_hour_forward_over_the_end_of_the_window_leaves_the_letter_for_the_next_morning(office):
    office.round("2023-02-21 08:30")
    assert office.round("2023-02-21 17:31", times=OFTEN) == []
    assert office.round("2023-02-22 08:59") == []
    assert office.round("2023-02-22 09:00", times=OFTEN) == SEVEN_DAYS


def test_a_day_forward_and_right_again_says_nothing_twice(office):
    office.round("2023-02-20 16:00")
    early = office.round("2023-02-21 16:00")  # the clock says so
    assert early == SEVEN_DAYS
    assert office.round("2023-02-20 16:05", times=OFTEN) == []
    assert office.reason is HoldReason.CLOCK_BACK
    assert office.round("2023-02-21 15:59:30", times=OFTEN) == []
    assert office.reason is None, "within a minute of the last tick the clock is right again"
    assert office.live("2023-02-24 09:00") == ["remind-3w 2023/1/emergency", "remind-3w 2023/1/housing"]
    assert max(office.spoken().values()) == 1


@pytest.mark.parametrize("days", [15, 90, 3650])
def test_a_leap_over_14_days_holds_everything_and_heals_when_it_was_a_mistake(office, days):
    now = office.world.now
    office.world.clock.instant = now + timedelta(days=days)
    assert office.round(times=OFTEN) == []
    assert office.reason is HoldReason.CLOCK_FORWARD
    office.world.clock.instant = now + HOUR
    assert office.round() == []
    assert office.reason is None
    assert office.round("2023-02-21 09:00", times=OFTEN) == SEVEN_DAYS


def test_after_90_days_and_a_release_each_gets_its_latest_rung_and_no_older_one(office):
    office.round("2023-05-22 09:00", times=OFTEN)
    office.world.act(let_go.act, picked=EVERYTHING)
    # Working days after the due day, 02-28: 7 + 5 n, so the tenth was on 05-19. After 04-28: seven 05-10, twelve 05-17.
    latest = ["escalate-n10 2023/1/emergency", "escalate-n10 2023/1/housing", "escalate-n1 2023/2/emergency"]
    thrice = sorted(latest * 3)  # the convener's letter, and the director's and the chief's briefing
    assert office.round("2023-05-22 09:05", times=OFTEN) == thrice
    rows = [row for row in office.watch.rows(NOTICE).values() if row["rung"] and row["role"] == "lead"]
    older = [row for row in rows if row["verdict"] == "superseded"]
    assert {row["reason"] for row in older} <= {"newer-rung", "same-slot"}
    assert len(older) > 20
    assert office.live("2023-05-23 21:05") == []


def test_after_90_days_what_is_owed_can_be_written_off_and_the_ladder_goes_on(office):
    office.round("2023-05-22 10:00")
    remind.decide_owed(office.world.app, office.world.now)  # as `wsyf outbox discard` does
    office.world.act(write_off.act, picked=EVERYTHING)
    assert office.round("2023-05-22 10:01", times=OFTEN) == []
    said = office.live("2023-05-31 22:01")
    assert said
    assert all(line.startswith("escalate-n") for line in said)
    assert max(Counter(said).values()) <= 3  # the convener's letter and two briefings


# --- Back --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [timedelta(seconds=61), HOUR, ONE_DAY, timedelta(days=400)])
def test_a_clock_set_back_holds_everything_but_alerts_until_it_is_right_again(office, back):
    office.round("2023-02-21 09:00")
    before = office.world.now
    office.world.clock.instant = before - back
    assert office.round(times=OFTEN) == []
    assert office.reason is HoldReason.CLOCK_BACK
    letters = {row["letter"] for row in office.watch.rows(MESSAGE).values() if row["queued_at"] < before}
    assert letters >= {"start", "alert"} or "alert" in letters
    office.world.clock.instant = before + HOUR
    office.round()
    assert office.reason is None
    assert office.live("2023-02-24 10:00") == ["remind-3w 2023/1/emergency", "remind-3w 2023/1/housing"]


def test_what_ntp_takes_back_holds_nothing(office):
    assert office.round("2023-02-21 09:00:30") == SEVEN_DAYS
    assert office.round("2023-02-21 08:59:45", times=OFTEN) == []
    assert office.reason is None
    assert office.round("2023-02-21 09:00:10", times=OFTEN) == []
    assert max(office.spoken().values()) == 1


def test_a_clock_that_creeps_back_in_small_steps_says_nothing_twice(office):
    office.round("2023-02-21 09:10")
    for _ in range(40):
        office.world.clock.instant -= timedelta(seconds=50)
        assert office.round() == []
    assert max(office.spoken().values()) == 1


def test_a_clock_set_back_for_good_can_be_accepted_and_nothing_is_said_twice(office):
    """It had run a month ahead: once let go, the office lives through those days again."""
    office.live("2023-03-20 09:00")
    office.round("2023-02-20 09:00")
    assert office.reason is HoldReason.CLOCK_BACK
    office.world.act(let_go.act, picked=EVERYTHING)
    office.round("2023-02-20 09:01")
    said = office.live("2023-03-31 21:01")
    assert max(office.spoken().values()) <= 3, "a row of the letter, and one of each leader's briefing"
    assert said
    assert not any(line.startswith(("start", "remind")) for line in said if "2023/1/" in line)


# --- Asleep ------------------------------------------------------------------------------------------------------


def until(found: threading.Event, look: object, seconds: float = 30) -> None:
    ends = monotonic() + seconds
    while not look() and monotonic() < ends:
        found.wait(0.01)


def test_a_machine_that_slept_over_the_weekend_sends_once_it_wakes(office):
    """The daemon's own watch: the wall clock went on, the steady one stood; the next sweep would be an hour away."""
    world = office.world
    office.round("2023-02-20 18:00")
    known = len(world.server.taken)
    world.restart(database=f"sqlite:///{world.path}")  # whose locks the daemon takes
    daemon = Daemon(lambda _stop: world.app, sweep_every=HOUR, look_every=0.02)
    swept, said = threading.Event(), []

    def outside() -> None:
        try:
            until(swept, lambda: daemon._first is False)  # the first sweep finds nothing to say
            said.append(len(world.server.taken) - known)
            world.clock.instant = at("2023-02-21 11:00")
            until(swept, lambda: len(world.server.taken) - known >= 2)
            said.append(len(world.server.taken) - known)
        finally:
            daemon._stopping = True

    thread = threading.Thread(target=outside)
    thread.start()
    daemon.run()
    thread.join()
    assert said == [0, 2]
    office.watch.step()
    assert max(office.spoken().values()) == 1
