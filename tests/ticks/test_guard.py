"""The guards of RULES.md §6: too many letters at once, a clock that jumped, another host, a restored backup."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.cast import Office, at, brief, day, make_office, make_plan, task
from wsyf_scheduler.acts import close, let_go, try_again, write_off
from wsyf_scheduler.app import App
from wsyf_scheduler.errors import Forbidden, NotFound
from wsyf_scheduler.picking import Picked
from wsyf_scheduler.store import facts, holds
from wsyf_scheduler.store.holds import Hold, HoldReason
from wsyf_scheduler.ticks import deliver, digest, guard, remind

EVERYTHING = Picked()
MANY = make_plan(task(1, due=day("2023-02-28"), lead=["hrss", "emergency", "housing", "union"]))


def round_(office: Office, when: str, most: int = 20) -> list[list[str]]:
    """A round as the daemon does it, guards and all; what was sent, each with its rows."""
    office.go(when)
    hold = guard.run(office.app, office.now)
    remind.run(office.app, office.now, most=most)
    digest.run(office.app, office.now)
    deliver.run(office.app, office.now)
    with office.db.begin() as session:
        if hold is None:
            facts.put(session, facts.LAST_TICK_AT, office.now.isoformat())
    return [brief(line)[3] for line in office.news() if line["letter"] not in ("alert", "digest")]


def hold_of(office: Office) -> Hold | None:
    with office.db.read() as session:
        return holds.get(session)


def reason(office: Office) -> HoldReason | None:
    hold = hold_of(office)
    return None if hold is None else hold.reason


@pytest.fixture
def office() -> Office:
    """On the evening before the reminders of 2023-02-21, which four departments get."""
    found = make_office("2023-01-28 00:00", texts=MANY)
    found.live("2023-02-20 20:00")
    round_(found, "2023-02-20 20:00")
    found.mailer.sent.clear()
    return found


# --- Too many letters at one moment ------------------------------------------------------------------------------


def test_more_letters_than_the_office_allows_at_one_moment_are_all_held_and_the_coordinator_hears_once(office):
    assert round_(office, "2023-02-21 09:00", most=3) == []
    assert [row["state"] for row in office.messages(letter="reminder")[-4:]] == ["held"] * 4
    assert {row["held_for"] for row in office.messages(state="held")} == {"blast"}
    assert office.alerts() == ["一次待发4封，超过上限，已扣住"]
    assert len(office.events("message_held")) == 4
    assert round_(office, "2023-02-21 09:01", most=3) == []
    assert len(office.alerts()) == 1


def test_exactly_as_many_as_the_office_allows_go(office):
    assert len(round_(office, "2023-02-21 09:00", most=4)) == 4


def test_letters_of_several_plans_count_together():
    office = make_office("2023-01-28 00:00", texts=MANY)
    office.track(make_plan(task(1, due=day("2023-02-28"), lead=["hrss"]), plan_id="second"))
    office.live("2023-02-20 20:00")
    assert round_(office, "2023-02-21 09:00", most=4) == []
    assert len(office.messages(state="held")) == 5


def test_what_is_released_goes_and_what_was_closed_meanwhile_is_left_out(office):
    round_(office, "2023-02-21 09:00", most=3)
    office.act(close.act, keys=["2023/1/housing"])
    done = office.act(let_go.act, picked=EVERYTHING, reason="it is right")
    assert len(done.ids) == 4
    assert done.hold is None
    sent = round_(office, "2023-02-21 09:05")
    assert sorted(row for rows in sent for row in rows if "remind" in row) == [
        f"remind-7 2023/1/{name}" for name in ("emergency", "hrss", "union")
    ]
    (event, *_rest) = office.events("message_released")
    assert (event["from_state"], event["to_state"], event["why"]) == ("held", "queued", "it is right")


def test_one_department_can_be_released_and_another_written_off(office):
    round_(office, "2023-02-21 09:00", most=3)
    office.act(let_go.act, picked=Picked(department="union"))
    office.act(write_off.act, picked=Picked(department="hrss"), reason="by telephone")
    assert round_(office, "2023-02-21 09:05") == [["remind-7 2023/1/union"]]
    states = {row["department"]: row["state"] for row in office.messages(letter="reminder")[-4:]}
    assert states == {"hrss": "discarded", "emergency": "held", "housing": "held", "union": "sent"}


def test_a_newer_rung_takes_the_place_of_one_that_is_held(office):
    round_(office, "2023-02-21 09:00", most=3)
    assert len(round_(office, "2023-02-23 09:00")) == 4
    office.act(let_go.act, picked=EVERYTHING)
    assert round_(office, "2023-02-23 09:05") == []
    assert [row["state"] for row in office.messages(letter="reminder")[-8:-4]] == ["superseded"] * 4


def test_releasing_where_nothing_is_held_is_refused_and_says_so(office):
    for act in (let_go.act, write_off.act):
        with pytest.raises(Forbidden, match="no mail is held"):
            office.act(act, picked=EVERYTHING)


# --- The clock ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "held"),
    [
        ("2023-02-20 19:59:01", None),  # NTP took back a little
        ("2023-02-20 19:58", HoldReason.CLOCK_BACK),
        ("2022-02-21 09:00", HoldReason.CLOCK_BACK),
        ("2023-03-06 20:00", None),  # to the minute 14 days later
        ("2023-03-06 20:01", HoldReason.CLOCK_FORWARD),
        ("2033-02-21 09:00", HoldReason.CLOCK_FORWARD),
    ],
)
def test_a_clock_before_the_last_tick_or_14_days_after_it_holds_the_queue(office, when, held):
    round_(office, when)
    assert reason(office) is held


def test_while_the_clock_is_wrong_nothing_is_decided_and_only_the_alert_leaves(office):
    before = len(office.notices())
    assert round_(office, "2023-05-22 09:00") == []
    assert len(office.notices()) == before
    assert office.alerts() == ["时钟跳前超过14天，已停止发信"]
    assert [row["state"] for row in office.messages(letter="alert")] == ["sent"]
    (event,) = office.events("queue_held")
    assert event["why"] == "clock-forward"


def test_a_clock_that_is_put_right_ends_the_hold_by_itself_and_nothing_was_lost(office):
    round_(office, "2023-05-22 09:00")
    assert len(round_(office, "2023-02-21 09:00")) == 4
    assert hold_of(office) is None
    assert office.events("queue_released")[0]["why"] == "the clock is right again"


def test_after_a_long_downtime_the_coordinator_lets_it_go_and_each_gets_one_letter(office):
    round_(office, "2023-03-20 09:00")
    done = office.act(let_go.act, picked=EVERYTHING)
    assert done.hold is not None
    assert done.hold.reason is HoldReason.CLOCK_FORWARD
    sent = round_(office, "2023-03-20 09:05")
    assert sorted(row for rows in sent for row in rows if rows[0].startswith("escalate")) != []
    assert round_(office, "2023-03-20 09:06") == []


def test_what_a_long_downtime_left_owed_can_be_written_off_by_night(office):
    round_(office, "2023-03-19 22:00")
    remind.decide_owed(office.app, office.now)
    done = office.act(write_off.act, picked=EVERYTHING, reason="told by telephone")
    assert done.hold_ended
    assert round_(office, "2023-03-20 09:00") == []
    assert {row["state"] for row in office.messages(letter="escalation")} == {"discarded"}
    assert office.events("queue_written_off")


# --- Another host ------------------------------------------------------------------------------------------------


class Elsewhere(App):
    """The same office on another machine."""

    host = "other/0123456789ab"  # type: ignore[assignment]


def moved(office: Office) -> None:
    app = office.app
    office.app = Elsewhere(**{name: getattr(app, name) for name in app.__dataclass_fields__})


def test_a_database_that_was_last_run_on_another_host_comes_up_held(office):
    moved(office)
    assert round_(office, "2023-02-21 09:00") == []
    hold = hold_of(office)
    assert hold is not None
    assert hold.reason is HoldReason.HOST
    assert "/" not in hold.seen
    assert office.alerts() == ["数据库换了主机，已停止发信"]


def test_adopting_accepts_the_move(office):
    moved(office)
    round_(office, "2023-02-21 09:00")
    assert let_go.adopt(office.app, office.now, who="x").reason is HoldReason.HOST
    assert len(round_(office, "2023-02-21 09:01")) == 4
    assert let_go.adopt(office.app, office.now, who="x") is None


def test_adopting_before_the_first_round_on_the_new_host_is_as_good(office):
    moved(office)
    assert let_go.adopt(office.app, office.now, who="x") is None
    assert len(round_(office, "2023-02-21 09:00")) == 4
    assert [event["action"] for event in office.events("host_adopted")] == ["host_adopted"]


def test_releasing_accepts_the_host_too(office):
    moved(office)
    round_(office, "2023-02-21 09:00")
    office.act(let_go.act, picked=EVERYTHING)
    assert len(round_(office, "2023-02-21 09:01")) == 4


# --- A restored backup -------------------------------------------------------------------------------------------


def test_a_restored_backup_sends_nothing_until_it_is_released(office):
    with office.db.begin() as session:
        holds.place(session, HoldReason.RESTORED, office.now, office.now.isoformat())
    office.act(close.act, keys=["2023/1/hrss"])  # acts go on
    assert round_(office, "2023-02-21 09:00") == []
    assert office.alerts() == ["数据库由备份恢复，已停止发信"]
    assert [row["state"] for row in office.messages(letter="receipt")] == ["queued"]
    office.act(let_go.act, picked=EVERYTHING)
    assert len(round_(office, "2023-02-21 09:05")) == 4  # three reminders and the receipt


# --- Messages named ----------------------------------------------------------------------------------------------


def first_id(office: Office, **wanted: object) -> str:
    return str(office.messages(**wanted)[0]["id"])


def test_messages_are_named_by_id_or_by_the_beginning_of_their_message_id(office):
    row = office.messages(letter="start")[0]
    header = row["message_id"].strip("<>")
    done = office.act(try_again.act, picked=Picked(ids=(header[:8],)), again=True)
    assert len(done.repeats) == 1
    with pytest.raises(Forbidden, match=r"begins the Message-ID of \d+ messages"):
        office.act(try_again.act, picked=Picked(ids=(str(row["id"]) + ".",)), again=True)


@pytest.mark.parametrize("name", ["999", "no-such", "99999999999999999999"])
def test_a_message_that_is_not_there_is_named(office, name):
    with pytest.raises(NotFound, match=f"there is no message {name}"):
        office.act(let_go.act, picked=Picked(ids=(name,)))


def test_a_sent_message_is_tried_again_only_when_asked_for_and_then_byte_for_byte(office):
    message_id = first_id(office, letter="start")
    for act, given in ((try_again.act, {"again": False}), (let_go.act, {}), (write_off.act, {})):
        with pytest.raises(Forbidden, match=r"it was sent; `wsyf outbox retry \d+ --again`"):
            office.act(act, picked=Picked(ids=(message_id,)), **given)
    done = office.act(try_again.act, picked=Picked(ids=(message_id,)), again=True)
    round_(office, "2023-02-20 20:01")
    first, second = (office.messages(id=each)[0] for each in (int(message_id), *done.repeats))
    for name in ("raw", "raw_hash", "message_id", "to", "cc", "subject"):
        assert first[name] == second[name]
    assert (second["again_of"], second["state"]) == (first["id"], "sent")


def test_what_was_written_off_can_be_tried_again(office):
    round_(office, "2023-02-21 09:00", most=3)
    done = office.act(write_off.act, picked=Picked(department="union"))
    office.act(try_again.act, picked=Picked(ids=(str(done.ids[0]),)), again=False)
    assert round_(office, "2023-02-21 09:05") == [["remind-7 2023/1/union"]]


def test_what_is_held_is_released_and_not_tried_again(office):
    round_(office, "2023-02-21 09:00", most=3)
    held = first_id(office, state="held")
    with pytest.raises(Forbidden, match=f"it is held back; `wsyf outbox release {held}` lets it go"):
        office.act(try_again.act, picked=Picked(ids=(held,)), again=False)


def test_a_rehearsal_has_no_guards(office):
    with office.db.begin() as session:
        facts.put(session, facts.REHEARSAL, "yes")
    office.go("2033-02-21 09:00")
    assert guard.run(office.app, office.now) is None


def test_the_guard_says_the_same_thing_once(office):
    for minute in range(3):
        round_(office, f"2023-05-22 09:0{minute}")
    assert len(office.alerts()) == 1
    assert len(office.events("queue_held")) == 1
    assert at("2023-05-22 09:00") - hold_of(office).since_at < timedelta(minutes=1)
    assert replace(hold_of(office), since_at=office.now).seen == at("2023-02-20 20:00").isoformat()
