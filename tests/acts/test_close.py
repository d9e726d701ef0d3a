"""Closing, waiving, reopening: what stops, what is told to whom, and how the ladder is taken up again (RULES.md §3-5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.cast import Office, brief, day, everybody, ladder_lines, make_office, make_plan, period, rungs, task
from wsyf_scheduler.acts import close, extend, reopen, waive
from wsyf_scheduler.changing import apply
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.errors import DatabaseTrouble, Forbidden, NotFound, Usage
from wsyf_scheduler.reports.sendings import Line
from wsyf_scheduler.ticks import remind

KEY = "2023/1/emergency"
FEBRUARY = make_plan(task(1, due=day("2023-02-28")), task(2, due=day("2023-02-28")), task(3, lead=["housing"]))
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def office() -> Office:
    return make_office("2023-01-28 00:00", texts=FEBRUARY)


class RunningClock(FixedClock):
    """Goes on a second whenever it is read."""

    def now(self) -> datetime:
        self.instant += timedelta(seconds=1)
        return self.instant


def off_ladder(office: Office, letter: str) -> list[Line]:
    return [line for line in office.lines if line["letter"] == letter]


def done(office: Office, *keys: str, when: str | None = None, **given: object) -> None:
    office.act(close.act, when, keys=list(keys or [KEY]), **given)


# --- Done --------------------------------------------------------------------------------------------------------


def test_what_is_done_is_chased_no_more_and_its_rungs_are_recorded_skipped(office: Office) -> None:
    done(office, when="2023-02-20 10:00")
    office.live("2023-03-01 10:00")
    assert rungs(office.lines)[-1] == "02-13 remind-15"
    skipped = [
        (row["rung"], row["reason"]) for row in office.notices(assignment_id=office.item(KEY).id, verdict="skipped")
    ]
    assert skipped == [("remind-7", "done"), ("remind-3w", "done"), ("remind-0", "done"), ("chase-1w", "done")]


def test_a_receipt_tells_the_liaison(office: Office) -> None:
    done(office, when="2023-02-20 10:00", note="已收齐")
    office.tick()
    (line,) = off_ladder(office, "receipt")
    assert brief(line) == ("2023-02-20T10:00", "receipt", "emergency", [f"None {KEY}"])
    assert (line["to"], line["cc"]) == (["liaison.emergency@county.example"], [])
    letter, _headers, deadlines = office.letter("receipt")
    assert (letter.rows[0].happened, letter.rows[0].reason, str(letter.rows[0].on)) == ("done", "已收齐", "2023-02-20")
    assert deadlines == ()


def test_a_receipt_goes_at_night_too_but_waits_its_delay() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY, delay=TEN_MINUTES)
    done(office, when="2023-02-25 23:00")  # a Saturday night
    assert [brief(line)[0] for line in office.live("2023-02-26 10:00")] == ["2023-02-25T23:10"]


def test_several_acts_on_one_department_within_the_delay_make_one_message() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY, delay=TEN_MINUTES)
    done(office, KEY, when="2023-02-20 10:00")
    done(office, "2023/3/housing", when="2023-02-20 10:04")
    done(office, "2023/2/emergency", when="2023-02-20 10:09")
    receipts = [brief(line) for line in office.live("2023-02-20 12:00") if line["letter"] == "receipt"]
    assert receipts == [
        ("2023-02-20T10:10", "receipt", "emergency", [f"None {KEY}", "None 2023/2/emergency"]),
        ("2023-02-20T10:14", "receipt", "housing", ["None 2023/3/housing"]),
    ]


def test_a_later_act_makes_a_message_of_its_own() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY, delay=TEN_MINUTES)
    done(office, KEY, when="2023-02-20 10:00")
    done(office, "2023/2/emergency", when="2023-02-20 10:11")
    receipts = [brief(line)[0] for line in office.live("2023-02-20 12:00") if line["letter"] == "receipt"]
    assert [brief(line)[0] for line in off_ladder(office, "receipt")] == ["2023-02-20T10:10", "2023-02-20T10:21"]
    assert receipts == ["2023-02-20T10:21"]


def test_several_are_closed_together_or_none(office: Office) -> None:
    done(office, "2023/2/emergency", when="2023-02-20 10:00")
    before = office.db_dump()
    with pytest.raises(Forbidden, match="2023/2/emergency was closed already, as of 2023-02-20"):
        done(office, KEY, "2023/2/emergency")
    assert office.db_dump() == before
    done(office, KEY, KEY)  # naming one twice is naming it
    assert office.item(KEY).state is State.DONE


def test_it_may_have_been_handed_in_earlier_but_not_tomorrow(office: Office) -> None:
    office.go("2023-02-20 10:00")
    with pytest.raises(Forbidden, match="2023-02-21 has not come yet"):
        done(office, on=day("2023-02-21"))
    done(office, on=day("2023-02-10"))
    assert office.item(KEY).closed_on == day("2023-02-10")


def test_nothing_was_handed_in_before_it_was_owed(office: Office) -> None:
    """Before the plan was issued or its period began, whichever is the earlier: here the plan, on 2022-05-19."""
    office.go("2023-02-20 10:00")
    said = "2022-05-18 lies before 2023/1/emergency was owed: its plan was issued on 2022-05-19, its period begins on"
    with pytest.raises(Forbidden, match=said):
        done(office, on=day("2022-05-18"))
    done(office, on=day("2022-05-19"))
    assert office.item(KEY).closed_on == day("2022-05-19")


def test_a_plan_issued_within_its_period_is_owed_from_the_period_s_first_day() -> None:
    office = make_office("2022-06-01 00:00", texts=make_plan(periods={"2022": period(task(1), name="2022")}))
    with pytest.raises(Forbidden, match="--on takes a day from 2022-01-01 on"):
        done(office, "2022/1/emergency", on=day("2021-12-31"))
    done(office, "2022/1/emergency", on=day("2022-01-01"))


def test_an_unknown_key_names_the_nearest(office: Office) -> None:
    with pytest.raises(NotFound, match=f"did you mean {KEY}"):
        done(office, "2023/1/emergancy")
    with pytest.raises(Usage, match="could mean"):
        done(office, "2023/")


def test_an_id_or_a_unique_prefix_does_as_well_as_the_key(office: Office) -> None:
    done(office, str(office.item(KEY).id))
    done(office, "2023/3")
    assert {office.item(KEY).state, office.item("2023/3/housing").state} == {State.DONE}


# --- What waits in the queue -------------------------------------------------------------------------------------


def decided_but_not_sent(office: Office, when: str) -> None:
    """The tick that decides, without the one that delivers: as if the mail server were away."""
    remind.run(office.app, office.go(when))


def test_done_while_a_reminder_waits_takes_its_row_out(office: Office) -> None:
    office.live("2023-02-21 08:00")
    decided_but_not_sent(office, "2023-02-21 09:00")
    office.go("2023-02-21 09:30")
    done(office, "2023/2/emergency")
    sent = [brief(line) for line in office.tick("2023-02-21 09:31") if line["letter"] == "reminder"]
    assert sent == [("2023-02-21T09:31", "reminder", "emergency", [f"remind-7 {KEY}"])]
    (row,) = [row for row in office.notices(rung="remind-7") if row["dropped"]]
    assert (row["dropped"], row["verdict"]) == ("done", "notify")


def test_a_message_without_rows_is_cancelled(office: Office) -> None:
    office.live("2023-02-21 08:00")
    decided_but_not_sent(office, "2023-02-21 09:00")
    done(office, KEY, "2023/2/emergency")
    sent = office.tick("2023-02-21 09:31")
    assert [line["letter"] for line in sent] == ["receipt"]
    (message,) = office.messages(letter="reminder", state="cancelled")
    assert [event["action"] for event in office.events() if event["message_id"] == message["id"]] == [
        "message_cancelled"
    ]


def test_a_newer_rung_takes_the_place_of_an_older_one_still_waiting(office: Office) -> None:
    """The mail server is away from 02-21 to 02-23: one letter goes, the newest, and the old message is superseded."""
    office.live("2023-02-21 08:00")
    decided_but_not_sent(office, "2023-02-21 09:00")
    sent = [brief(line) for line in office.tick("2023-02-23 09:00")]
    assert sent == [("2023-02-23T09:00", "reminder", "emergency", [f"remind-3w {KEY}", "remind-3w 2023/2/emergency"])]
    (message,) = office.messages(state="superseded")
    assert message["letter"] == "reminder"
    assert {row["verdict"] for row in office.notices(rung="remind-7")} == {"superseded"}


def test_an_extension_takes_out_what_waits_for_the_old_day(office: Office) -> None:
    office.live("2023-02-21 08:00")
    decided_but_not_sent(office, "2023-02-21 09:00")
    office.act(extend.act, key=KEY, to=day("2023-03-31"), reason="r", approved_by="a")
    sent = [brief(line)[3] for line in office.tick("2023-02-21 09:31") if line["letter"] == "reminder"]
    assert sent == [["remind-7 2023/2/emergency"]]


def test_a_start_that_waits_goes_though_the_day_was_extended_meanwhile() -> None:
    office = make_office("2023-01-28 00:00", texts=make_plan(task(1, due=day("2023-02-28"), support=["union"])))
    decided_but_not_sent(office, "2023-01-28 09:00")
    office.act(extend.act, key=KEY, to=day("2023-03-31"), reason="r", approved_by="a")
    sent = [brief(line)[1:3] for line in ladder_lines(office.tick("2023-01-28 09:31"))]
    assert sent == [("start", "emergency"), ("start", "union")]
    assert str(office.letter("start")[0].rows[0].due_on) == "2023-03-31"


# --- Who else is told --------------------------------------------------------------------------------------------


def test_whoever_the_last_escalation_and_briefing_reached_is_told_too(office: Office) -> None:
    done(office, when="2023-03-03 15:00")  # escalate-3w went to the convener, and briefed the director
    office.tick()
    (line,) = off_ladder(office, "receipt")
    assert line["to"] == ["liaison.emergency@county.example"]
    assert line["cc"] == ["convener.emergency@county.example", "director@county.example"]


def test_both_leaders_of_one_slot_are_told_though_their_briefings_left_seconds_apart(office: Office) -> None:
    """In a real office each message leaves at a moment of its own."""

    office.live("2023-03-09 08:00")
    standing, running = office.app, replace(office.app, clock=RunningClock(office.go("2023-03-09 09:00")))
    office.app = running
    office.tick()
    office.app = standing
    briefings = {
        row["sent_at"] for row in office.messages(letter="briefing") if row["audience"] in ("director", "chief")
    }
    assert len(briefings) == 3  # escalate-3w's, and two of escalate-7w
    done(office, when="2023-03-09 15:00")
    office.tick()
    (line,) = off_ladder(office, "receipt")
    assert line["cc"] == ["chief@county.example", "convener.emergency@county.example", "director@county.example"]


def test_a_reminded_assignment_has_a_receipt_for_its_liaison_alone(office: Office) -> None:
    done(office, when="2023-03-02 15:00")  # chased, with a copy for the convener: no escalation yet
    office.tick()
    assert off_ladder(office, "receipt")[0]["cc"] == []


# --- Waived ------------------------------------------------------------------------------------------------------


def test_waiving_wants_a_reason_stops_the_ladder_and_clears_the_calendar(office: Office) -> None:
    office.live("2023-02-20 10:00")
    with pytest.raises(Usage, match="reason"):
        office.act(waive.act, key=KEY, reason="")
    office.act(waive.act, key=KEY, reason="合并报送")
    assert [brief(line)[1] for line in office.tick()] == ["change"]
    letter, _headers, (deadline,) = office.letter("change")
    assert (letter.rows[0].happened, letter.rows[0].reason) == ("waived", "合并报送")
    assert (deadline.cancelled, deadline.sequence) == (True, 1)
    assert KEY not in str(ladder_lines(office.live("2023-03-15 00:00")))


def test_what_is_closed_cannot_be_closed_again(office: Office) -> None:
    office.act(waive.act, key=KEY, reason="r")
    with pytest.raises(Forbidden, match=f"{KEY} is waived: closing is not possible"):
        done(office)
    with pytest.raises(Forbidden, match=f"{KEY} is waived: waiving is not possible"):
        office.act(waive.act, key=KEY, reason="r")


# --- Reopened ----------------------------------------------------------------------------------------------------


def test_reopened_before_it_is_due_it_goes_on_where_the_ladder_stands(office: Office) -> None:
    done(office, when="2023-02-20 10:00")
    office.act(reopen.act, "2023-02-22 10:00", key=KEY, reason="数据有误")
    office.live("2023-03-01 10:00")
    assert rungs(office.lines)[-3:] == [
        "02-23 remind-3w",
        "02-28 remind-0",
        "03-01 chase-1w",
    ]  # remind-7 is not made up
    (line,) = off_ladder(office, "change")
    assert brief(line) == ("2023-02-22T10:00", "change", "emergency", [f"None {KEY}"])


def test_reopened_when_overdue_it_goes_on_at_its_chaser_counted_from_that_day(office: Office) -> None:
    done(office, when="2023-02-27 10:00")
    office.act(reopen.act, "2023-04-03 10:00", key=KEY, reason="数据有误")
    office.live("2023-04-22 00:00")
    found = [each for each in rungs(office.lines) if each >= "04"]
    assert found == ["04-04 chase-1w", "04-07 escalate-3w", "04-13 escalate-7w", "04-20 escalate-n1"]
    assert office.item(KEY).counted_from == day("2023-04-03")


def test_reopened_twice_it_is_chased_twice_for_one_due_day(office: Office) -> None:
    done(office, when="2023-03-02 10:00")
    office.act(reopen.act, "2023-03-06 10:00", key=KEY, reason="r")
    done(office, when="2023-03-08 10:00")
    office.act(reopen.act, "2023-03-13 10:00", key=KEY, reason="r")
    office.live("2023-03-14 10:00")
    assert [each for each in rungs(office.lines) if "chase" in each] == [
        "03-01 chase-1w",
        "03-07 chase-1w",
        "03-14 chase-1w",
    ]


def test_a_waived_deadline_reopened_comes_back_into_the_calendar_with_a_higher_sequence(office: Office) -> None:
    office.act(waive.act, "2023-02-20 10:00", key=KEY, reason="r")
    office.tick()
    (cancelled,) = office.letter("change")[2]
    office.act(reopen.act, "2023-02-20 11:00", key=KEY, reason="r")
    office.tick()
    (again,) = office.letter("change")[2]
    assert (cancelled.cancelled, again.cancelled) == (True, False)
    assert again.sequence > cancelled.sequence
    assert again.uid == cancelled.uid


def test_waived_and_reopened_within_a_delay_the_last_act_speaks_and_so_does_the_calendar() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY, delay=TEN_MINUTES)
    office.act(waive.act, "2023-02-20 10:00", key=KEY, reason="r")
    office.act(reopen.act, "2023-02-20 10:05", key=KEY, reason="r")
    office.live("2023-02-20 11:00")
    letter, _headers, (deadline,) = office.letter("change")
    assert [row.happened for row in letter.rows] == ["reopened"]
    assert not deadline.cancelled


@pytest.mark.parametrize("reason", ["", "  "])
def test_reopening_wants_a_reason(office: Office, reason: str) -> None:
    done(office)
    with pytest.raises(Usage, match="reason"):
        office.act(reopen.act, key=KEY, reason=reason)


def test_what_is_open_cannot_be_reopened(office: Office) -> None:
    with pytest.raises(Forbidden, match=f"{KEY} is open: reopening is not possible"):
        office.act(reopen.act, key=KEY, reason="r")


# --- Every change has its event ----------------------------------------------------------------------------------


def test_every_change_is_an_event_with_who_when_from_to_and_why(office: Office) -> None:
    done(office, when="2023-02-20 10:00", note="收到")
    office.act(reopen.act, "2023-02-20 11:00", key=KEY, reason="数据有误")
    office.act(waive.act, "2023-02-20 12:00", key=KEY, reason="合并")
    trail = [
        (row["action"], row["who"], row["from_state"], row["to_state"], row["why"])
        for row in office.events()
        if row["assignment_id"] == office.item(KEY).id
    ]
    assert trail == [
        ("assignment_tracked", "coordinator", "open", "open", ""),
        ("assignment_done", "coordinator", "open", "done", "收到"),
        ("assignment_reopened", "coordinator", "done", "open", "数据有误"),
        ("assignment_waived", "coordinator", "open", "waived", "合并"),
    ]


@pytest.mark.parametrize("verb", ["done", "waive", "extend"])
def test_without_its_event_no_change_stands(office: Office, verb: str) -> None:
    """The event row belongs to the transaction: where it cannot be written, nothing is."""
    office.go("2023-02-20 10:00")
    with office.db.begin() as session:
        session.exec_driver_sql(
            "CREATE TRIGGER no_events BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no event'); END"
        )
    before = office.db_dump()
    acts: dict[str, Callable[[], object]] = {
        "done": lambda: done(office),
        "waive": lambda: office.act(waive.act, key=KEY, reason="r"),
        "extend": lambda: office.act(extend.act, key=KEY, to=day("2023-03-31"), reason="r", approved_by="a"),
    }
    with pytest.raises(DatabaseTrouble, match="no event"):
        acts[verb]()
    assert office.db_dump() == before


def test_a_change_made_by_another_program_meanwhile_is_not_overwritten(office: Office) -> None:
    read = office.item(KEY)
    done(office)
    with pytest.raises(Forbidden, match="changed by another program"), office.db.begin() as session:
        apply(office.app, session, office.now, read, action="x", who="x", held=True)


def test_a_vacant_liaison_has_the_receipt_read_by_the_convener() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY, holders=everybody(("liaison", "emergency")))
    done(office, when="2023-02-20 10:00")
    office.tick()
    (line,) = off_ladder(office, "receipt")
    assert line["to"] == ["convener.emergency@county.example"]
    assert office.letter("receipt")[0].stand_in == "liaison"
