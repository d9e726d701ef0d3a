"""The desk's next letters are the engine's own answer: what a daemon queues next if nobody does anything."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime

import pytest

from tests.audit.random_life import moments_at_random
from tests.cast import BEIJING, Office, at, day, make_office, make_plan, task
from wsyf_scheduler.acts import mute
from wsyf_scheduler.cli.upcoming import upcoming
from wsyf_scheduler.core.ladder import LADDER_LETTERS, Ladder
from wsyf_scheduler.core.standard import STANDARD
from wsyf_scheduler.opening import scratch_app
from wsyf_scheduler.store import assignments, holds
from wsyf_scheduler.store.glance import Glance
from wsyf_scheduler.ticks import remind

LADDER = (*LADDER_LETTERS, "briefing")
OPEN = "state IN ('open', 'submitted')"
ESCALATED = ["briefing director", "escalation emergency"]
Told = set[tuple[datetime, str, str]]  # when, which letter, to which department or leader


def told(office: Office) -> Told:
    """What the desk says of the ladder."""
    with office.db.read() as session:
        opened = Glance(session.connection.driver_connection)
        found = upcoming(opened, opened.assignments(OPEN), office.app.config, opened.zones(), office.now)
    return {
        (each.at, each.letter, post.department or post.role) for each in found if not each.is_queued for post in each.to
    }


def queued(office: Office) -> Told:
    """What a daemon at work on a copy queues next, at the first moment at which it queues anything."""
    app, _clock = scratch_app(
        office.app.config,
        at=office.now,
        who="x",
        make_mailer=office.app.make_mailer,
        make_writer=office.app.make_writer,
    )
    with office.db.read() as session, app.db.begin() as copy:
        copy.connection.driver_connection.rollback()
        session.connection.driver_connection.backup(copy.connection.driver_connection)
        copy.connection.driver_connection.execute("BEGIN")
    other = replace(office, app=app)
    known, now = {row["id"] for row in other.messages()}, office.now
    with closing(app.db):
        while True:
            remind.run(app, now)
            new = [row for row in other.messages() if row["id"] not in known and row["letter"] in LADDER]
            if new:
                return {
                    (now, row["letter"], row["department"] if row["audience"] == "department" else row["audience"])
                    for row in new
                }
            with app.db.read() as session:
                following = assignments.next_attention(session)
            if following is None:
                return set()
            assert following > now
            now = following


def is_held(office: Office) -> bool:
    with office.db.read() as session:
        return holds.get(session) is not None


@pytest.mark.parametrize("seed", range(12))
def test_over_lives_at_random_the_desk_tells_what_the_daemon_queues(seed):
    looked = spoken = 0
    for step, office in enumerate(moments_at_random(seed)):
        if step % 3 == 0 and not is_held(office):
            found = told(office)
            assert found == queued(office), step
            looked, spoken = looked + 1, spoken + bool(found)
    assert looked > 5
    assert spoken > 0


# --- What the nearest rung alone does not tell ---------------------------------------------------------------------


def lines(office: Office) -> list[str]:
    return sorted(f"{moment.astimezone(BEIJING):%m-%d %H:%M} {letter} {who}" for moment, letter, who in told(office))


def plan(due: str = "2023-02-28", **keys: object) -> dict[str, str]:
    return make_plan(task(1, due=day(due), **keys))


def test_a_support_department_that_joins_a_started_task_gets_its_start_alone():
    office = make_office("2023-01-10 08:00", texts=plan())
    office.live("2023-01-20 20:00")
    office.track(plan(support=["union"]))
    assert lines(office) == ["01-28 09:00 start union"]  # after the Spring Festival


def test_what_passed_while_the_window_was_shut_is_told_for_the_day_it_goes_on():
    office = make_office("2023-01-10 08:00", texts=plan())
    office.live("2023-02-20 20:00")
    office.go("2023-02-21 20:00")  # nothing ran at nine
    assert lines(office) == ["02-22 09:00 reminder emergency"]
    office.go("2023-02-22 09:30")
    assert lines(office) == ["02-22 09:30 reminder emergency"]


def test_a_start_and_a_reminder_in_one_slot_are_both_told():
    office = make_office("2023-02-20 20:00", texts=plan())
    assert lines(office) == ["02-21 09:00 reminder emergency", "02-21 09:00 start emergency"]


def test_an_escalation_that_is_next_is_told_with_its_briefings():
    office = make_office("2023-01-10 08:00", texts=plan())
    office.live("2023-03-02 20:00")
    assert [line.split(maxsplit=2)[2] for line in lines(office)] == ESCALATED


def test_a_silent_moment_is_passed_over_for_the_next_that_speaks():
    office = make_office("2023-01-10 08:00", texts=plan())
    office.live("2023-02-20 20:00")
    office.act(mute.act, key="2023/1/emergency", until=day("2023-02-28"), reason="r")
    assert lines(office) == ["02-28 09:00 reminder emergency"]


def test_under_a_new_ladder_the_letters_are_told_by_it_before_any_round_was_run():
    office = make_office("2023-01-10 08:00", texts=plan())
    office.live("2023-02-20 20:00")
    office.settle(ladder=Ladder(tuple(rung for rung in STANDARD.rungs if rung.name != "remind-7")))
    assert lines(office) == ["02-23 09:00 reminder emergency"]
    office.settle(extra_off=frozenset({day("2023-02-23")}))
    assert lines(office) == ["02-22 09:00 reminder emergency"]


def test_a_queued_letter_of_the_ladder_waits_for_the_window():
    office = make_office("2023-01-10 08:00", texts=plan())
    office.live("2023-02-20 20:00")
    remind.run(office.app, office.go("2023-02-21 17:29"))
    office.go("2023-02-21 20:00")
    with office.db.read() as session:
        opened = Glance(session.connection.driver_connection)
        found = upcoming(opened, [], office.app.config, opened.zones(), office.now)
    assert [(each.at, each.letter, each.is_queued) for each in found] == [(at("2023-02-22 09:00"), "reminder", True)]
