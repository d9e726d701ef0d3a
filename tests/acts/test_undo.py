"""`wsyf undo`: an act is as if it had not been, while its letter waits; what is past, or another's, is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.audit.auditing import audit, faults, said
from tests.cast import Office, at, brief, day, everybody, make_office, make_plan, rungs, task
from wsyf_scheduler.acts import (
    add,
    close,
    extend,
    give_back,
    mute,
    note,
    release,
    remind,
    reopen,
    staff,
    track,
    undo,
    waive,
)
from wsyf_scheduler.changing import apply
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.follow_up import FollowUp
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.mail.letter import Outcome, Phase, Sent
from wsyf_scheduler.store import facts

KEY, SECOND, THIRD = "2023/1/emergency", "2023/2/emergency", "2023/3/housing"
PLAN = make_plan(
    task(1, due=day("2023-02-28")), task(2, due=day("2023-02-28")), task(3, lead=["housing"], due=day("2023-02-28"))
)
TEN_MINUTES = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def office() -> Office:
    office = make_office("2023-01-28 00:00", texts=PLAN, delay=TEN_MINUTES)
    office.live("2023-02-20 10:00")
    return office


def later(office: Office, minutes: float = 1) -> None:
    office.go(office.now + minutes * MINUTE)


def undone(office: Office, who: str = "coordinator") -> undo.Undone:
    later(office)
    return undo.act(office.app, office.now, who=who)


def as_it_was(item: Assignment) -> Assignment:
    """All but what only ever rises."""
    return replace(item, sequence=0, next_attention_at=None)


def submit(office: Office) -> None:
    item = office.item()
    with office.db.begin() as session:
        apply(office.app, session, office.now, item, action="assignment_submitted", who="x", state="submitted")
    later(office)


ACTS: dict[str, tuple[Callable[[Office], object], ...]] = {
    "done": (lambda office: office.act(close.act, keys=[KEY], on=day("2023-02-10")),),
    "waived": (lambda office: office.act(waive.act, key=KEY, reason="r"),),
    "extended": (lambda office: office.act(extend.act, key=KEY, to=day("2023-04-28"), reason="r", approved_by="a"),),
    "muted": (lambda office: office.act(mute.act, key=KEY, until=day("2023-03-28"), reason="r"),),
    "noted": (lambda office: office.act(note.act, key=KEY, text="x"),),
    "reminded": (lambda office: office.act(remind.act, keys=[KEY]),),
    "returned": (submit, lambda office: office.act(give_back.act, key=KEY, reason="r")),
    "reopened": (
        lambda office: office.act(close.act, keys=[KEY]),
        lambda office: later(office, 60),
        lambda office: office.act(reopen.act, key=KEY, reason="r"),
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_each_act_is_taken_back_as_if_it_had_not_been(office: Office, name: str) -> None:
    *first, act = ACTS[name]
    for each in first:
        each(office)
    office.tick()
    before = office.item()
    act(office)
    result = undone(office)
    assert as_it_was(office.item()) == as_it_was(before)
    assert [as_it_was(after) for _before, after in result.items] == [as_it_was(before)]
    assert office.messages(state="queued") == []
    assert office.live(office.now + TEN_MINUTES * 3) == []
    office.live("2023-03-13 10:00")
    assert faults(office) == []


def test_its_ladder_goes_on_as_before(office: Office) -> None:
    office.act(close.act, keys=[KEY])
    undone(office)
    office.live("2023-03-01 10:00")
    assert rungs(office.lines)[-4:] == ["02-21 remind-7", "02-23 remind-3w", "02-28 remind-0", "03-01 chase-1w"]


def test_all_that_one_command_did_goes_back_together(office: Office) -> None:
    office.act(close.act, keys=[KEY, SECOND, THIRD])
    result = undone(office)
    assert [after.key for _before, after in result.items] == [KEY, SECOND, THIRD]
    assert {office.item(key).state for key in (KEY, SECOND, THIRD)} == {State.OPEN}
    assert {row["state"] for row in office.messages(letter="receipt")} == {"cancelled"}


def test_a_letter_that_tells_of_other_acts_too_goes_without_it(office: Office) -> None:
    office.act(close.act, keys=[SECOND])
    later(office)
    office.act(close.act, keys=[KEY])
    undone(office)
    (line,) = office.live("2023-02-20 10:30")
    assert brief(line)[1:] == ("receipt", "emergency", [f"None {SECOND}"])
    (row,) = office.notices(dropped="taken-back")
    assert row["assignment_id"] == office.item(KEY).id


def test_the_act_before_speaks_again_where_the_last_had_taken_its_place(office: Office) -> None:
    office.act(waive.act, key=KEY, reason="并入")
    later(office)
    office.act(reopen.act, key=KEY, reason="误")
    undone(office)
    (line,) = office.live("2023-02-20 10:30")
    letter, _headers, (deadline,) = office.letter("change")
    assert [(row.happened, row.reason) for row in letter.rows] == [("waived", "并入")]
    assert deadline.cancelled
    assert line["letter"] == "change"


def test_undoing_twice_walks_back_and_nothing_is_undone_twice(office: Office) -> None:
    before = office.item()
    office.act(note.act, key=KEY, text="x")
    later(office)
    office.act(close.act, keys=[KEY])
    assert [undone(office).action, undone(office).action] == ["assignment_done", "assignment_noted"]
    assert as_it_was(office.item()) == as_it_was(before)
    with pytest.raises(Forbidden, match="the last thing coordinator did cannot be taken back: "):
        undone(office)
    assert len(office.events("act_undone")) == 2


def test_what_was_undone_can_be_done_again(office: Office) -> None:
    office.act(close.act, keys=[KEY])
    undone(office)
    later(office)
    office.act(close.act, keys=[KEY], note="再次")
    (line,) = office.live("2023-02-20 11:00")
    assert (line["letter"], office.letter("receipt")[0].rows[0].reason) == ("receipt", "再次")
    assert faults(office) == []


def test_after_its_letter_went_it_is_refused_and_what_reverses_it_is_named(office: Office) -> None:
    office.act(close.act, keys=[KEY])
    office.live("2023-02-20 10:30")
    before = office.db_dump()
    with pytest.raises(Forbidden, match=r"its letter \(mail \d+\) went at 2023-02-20 10:10; `wsyf reopen 2023/1"):
        undone(office)
    assert office.db_dump() == before


def test_a_letter_that_still_waits_after_its_delay_is_taken_back(office: Office) -> None:
    """As under a hold of the queue, or while no daemon runs."""
    office.act(close.act, keys=[KEY])
    later(office, 300)
    undone(office)
    assert office.item().state is State.OPEN


def test_an_act_without_a_letter_is_undone_as_long_as_a_receipt_waits(office: Office) -> None:
    office.act(mute.act, key=KEY, until=day("2023-03-28"), reason="r")
    later(office, 10)
    with pytest.raises(Forbidden, match="it can be taken back for 10 minutes only; `wsyf mute 2023/1/emergency`"):
        undone(office)
    assert office.item().muted_until == day("2023-03-28")


def test_what_somebody_else_did_is_left_to_them(office: Office) -> None:
    close.act(office.app, office.now, keys=[KEY], who="wang")
    with pytest.raises(Forbidden, match="li has done nothing"):
        undone(office, who="li")
    later(office)
    office.act(note.act, key=KEY, text="核对过")
    with pytest.raises(Forbidden, match=f"{KEY} was changed after that .noted by coordinator, 10:0"):
        undone(office, who="wang")
    undone(office)
    undone(office, who="wang")
    assert office.item().state is State.OPEN


def test_a_released_assignment_is_held_again(office: Office) -> None:
    late = make_office("2023-03-28 10:00", texts=PLAN, delay=TEN_MINUTES)
    before = late.item()
    later(late)
    late.act(release.act, keys=[], everything=True)
    assert len(undone(late).items) == 3
    assert as_it_was(late.item()) == as_it_was(before)
    late.live("2023-04-10 10:00")
    assert rungs(late.lines) == []
    assert said(audit(late).findings) == []


def test_a_reminder_asked_for_does_not_go(office: Office) -> None:
    office.act(remind.act, keys=[KEY])
    undone(office)
    assert office.tick() == []
    office.act(remind.act, keys=[KEY])
    office.tick()
    with pytest.raises(Forbidden, match="cannot be unsaid"):
        undone(office)


def test_a_reminder_that_joined_the_ladder_s_own_is_taken_out_of_it(office: Office) -> None:
    office.act(remind.act, "2023-02-20 20:00", keys=[SECOND, THIRD])
    undone(office)
    sent = [brief(line)[3] for line in office.live("2023-02-21 09:30") if line["letter"] == "reminder"]
    assert sent == [[f"remind-7 {KEY}", f"remind-7 {SECOND}"], [f"remind-7 {THIRD}"]]
    assert faults(office) == []


def test_people_and_plans_are_not_undone(office: Office) -> None:
    office.act(staff.act, holders=everybody(("director", "")), today=day("2023-02-20"))
    with pytest.raises(Forbidden, match="people are not undone"):
        undone(office)
    texts = make_plan(task(1, due=day("2023-03-20")))
    office.act(track.act, plan=office_plan(texts), texts=texts)
    with pytest.raises(Forbidden, match="a plan sync is not undone: mend the plan's files"):
        undone(office)


def office_plan(texts: dict[str, str]) -> object:
    from tests.cast import parse

    return parse(texts)


def test_in_a_rehearsal_nothing_is_undone(office: Office) -> None:
    office.act(note.act, key=KEY, text="x")
    with office.db.begin() as session:
        facts.put(session, "rehearsal", "yes")
    with pytest.raises(Forbidden, match="in a rehearsal nothing waits"):
        undone(office)


def test_while_the_ladder_spoke_of_what_was_released_it_stays_released(office: Office) -> None:
    late = make_office("2023-03-28 08:00", texts=PLAN, delay=timedelta(days=2))
    later(late)
    late.act(release.act, keys=[KEY], everything=False)
    late.live("2023-03-29 09:30")
    with pytest.raises(Forbidden, match="a letter about it went at 2023-03-28 09:00"):
        undone(late)


def added(office: Office) -> Assignment:
    (item,) = office.act(
        add.act, follow_ups=[FollowUp(title="整改通道堵塞", departments=("housing",), dues=(day("2023-04-28"),))]
    )
    return office.item(item.key)


def test_a_follow_up_that_was_added_is_withdrawn_without_a_word(office: Office) -> None:
    office.go("2023-02-20 20:00")
    item = added(office)
    undone(office)
    assert office.item(item.key).state is State.WITHDRAWN
    office.live("2023-05-20 10:00")
    assert [line for line in office.lines if item.key in str(line["rows"])] == []
    assert faults(office) == []


def test_a_follow_up_whose_start_letter_went_is_not_undone(office: Office) -> None:
    office.go("2023-02-20 08:59")
    item = added(office)
    office.live("2023-02-20 09:02")
    with pytest.raises(Forbidden, match=f"a letter about it went at 2023-02-20 09:00; `wsyf waive {item.key} --reason"):
        undone(office)


# --- What letters lost while the act stood -----------------------------------------------------------------------

SILENCING: dict[str, Callable[[Office, str], object]] = {
    "done": lambda office, key: office.act(close.act, keys=[key]),
    "waived": lambda office, key: office.act(waive.act, key=key, reason="r"),
    "muted": lambda office, key: office.act(mute.act, key=key, until=day("2023-03-28"), reason="r"),
    "extended": lambda office, key: office.act(extend.act, key=key, to=day("2023-04-28"), reason="r", approved_by="a"),
}


def down_until(office: Office, when: str) -> None:
    """The server takes nothing before that."""
    up_at = at(when)
    office.mailer.fate = lambda _outgoing: (
        Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
        if office.now >= up_at
        else Sent(outcome=Outcome.RETRY, phase=Phase.RCPT, code=451, text="later")
    )


@pytest.fixture
def patient() -> Office:
    """An office whose receipts wait an hour, so that an act can be undone as long."""
    office = make_office("2023-01-28 00:00", texts=PLAN, delay=TEN_MINUTES * 6)
    office.live("2023-02-20 10:00")
    return office


@pytest.mark.parametrize("name", SILENCING)
def test_a_letter_that_waited_and_was_called_off_by_the_act_goes_after_all(patient: Office, name: str) -> None:
    down_until(patient, "2023-02-21 09:02")
    patient.live("2023-02-21 09:01")
    (waiting,) = patient.messages(letter="reminder", department="housing", state="retry")
    SILENCING[name](patient, THIRD)
    patient.live("2023-02-21 09:40")
    assert patient.messages(id=waiting["id"])[0]["state"] == "cancelled"
    result = undone(patient)
    assert (len(result.again), result.passed) == (1, ())
    assert waiting["id"] not in result.again
    patient.live("2023-02-21 10:30")
    assert rungs(patient.lines, THIRD)[-1] == "02-21 remind-7"
    patient.live("2023-03-13 10:00")
    assert faults(patient) == []


def test_the_row_of_a_letter_that_went_without_it_goes_in_one_of_its_own(patient: Office) -> None:
    down_until(patient, "2023-02-21 09:02")
    patient.live("2023-02-21 09:01")
    SILENCING["done"](patient, KEY)
    patient.live("2023-02-21 09:40")
    undone(patient)
    sent = [brief(line) for line in patient.live("2023-02-21 10:30")]
    assert sent == [("2023-02-21T09:41", "reminder", "emergency", [f"remind-7 {KEY}"])]
    patient.live("2023-03-13 10:00")
    assert faults(patient) == []


def test_a_row_stands_again_in_a_letter_that_still_waits(patient: Office) -> None:
    down_until(patient, "2023-02-21 09:50")
    patient.live("2023-02-21 09:01")
    SILENCING["done"](patient, KEY)
    patient.live("2023-02-21 09:40")
    (waiting,) = patient.messages(letter="reminder", department="emergency", state="retry")
    assert undone(patient).again == (waiting["id"],)
    patient.live("2023-02-21 11:00")
    sent = [brief(line)[3] for line in patient.lines if line["department"] == "emergency"]
    assert sent[-1] == [f"remind-7 {KEY}", f"remind-7 {SECOND}"]
    assert faults(patient) == []


def test_a_reminder_asked_for_goes_after_all(office: Office) -> None:
    office.act(remind.act, "2023-02-21 18:00", keys=[THIRD])
    office.act(close.act, "2023-02-22 09:00", keys=[THIRD])
    office.live("2023-02-22 09:05")
    assert office.messages(letter="reminder", department="housing", state="cancelled") != []
    undone(office)
    (line,) = office.live("2023-02-22 10:00")
    assert brief(line)[1:] == ("reminder", "housing", [f"None {THIRD}"])
    assert faults(office) == []


def test_a_rung_that_passed_while_the_act_stood_is_named_and_not_made_up(office: Office) -> None:
    office.act(close.act, "2023-02-21 08:58", keys=[KEY])
    office.live("2023-02-21 09:03")
    result = undone(office)
    assert [(each.rung, each.slot_at) for each in result.passed] == [("remind-7", at("2023-02-21 09:00"))]
    assert result.again == ()
    office.live("2023-02-23 10:00")
    assert "02-21 remind-7" not in rungs(office.lines)
    assert faults(office) == []


def test_what_was_silent_before_the_act_too_is_not_called_passed_by_it(office: Office) -> None:
    office.act(mute.act, "2023-02-20 12:00", key=KEY, until=day("2023-02-22"), reason="r")
    office.act(close.act, "2023-02-21 08:58", keys=[KEY])
    office.live("2023-02-21 09:03")
    assert undone(office).passed == ()


def test_an_act_about_another_plan_than_the_chosen_one_is_not_undone(office: Office) -> None:
    office.act(close.act, keys=[KEY])
    with pytest.raises(Forbidden, match=f"{KEY} is of another plan, county-2023"):
        undo.act(office.app, office.now, who="coordinator", plan_id="other")
    assert undo.act(office.app, office.now, who="coordinator", plan_id="county-2023").items


# --- Across a slot -----------------------------------------------------------------------------------------------

QUIETLY = ("done", "waived", "extended", "muted")  # the ladder says nothing about it in the next slot


@pytest.mark.parametrize("name", QUIETLY)
def test_each_act_is_taken_back_after_a_slot_too_and_the_ladder_goes_on(office: Office, name: str) -> None:
    office.live("2023-02-21 08:56")
    before = office.item()
    SILENCING[name](office, KEY)
    office.tick("2023-02-21 09:00")
    undone(office)
    assert as_it_was(office.item()) == as_it_was(before)
    office.live("2023-03-01 10:00")
    assert rungs(office.lines)[-3:] == ["02-23 remind-3w", "02-28 remind-0", "03-01 chase-1w"]
    assert faults(office) == []


def test_an_extension_the_ladder_has_told_of_stays(office: Office) -> None:
    office.live("2023-02-21 08:56")
    office.act(extend.act, key=KEY, to=day("2023-03-23"), reason="r", approved_by="a")
    office.tick("2023-02-21 09:00")  # remind-30 of the new due day
    with pytest.raises(Forbidden, match="a letter about it went at 2023-02-21 09:00; `wsyf extend 2023/1/emergency`"):
        undone(office)
    assert office.item().due_on == day("2023-03-23")


def test_what_was_reopened_and_reminded_of_stays_open(office: Office) -> None:
    office.act(close.act, keys=[KEY])
    office.act(reopen.act, "2023-02-21 08:56", key=KEY, reason="r")
    office.tick("2023-02-21 09:00")
    with pytest.raises(Forbidden, match="a letter about it went at 2023-02-21 09:00; `wsyf done 2023/1/emergency`"):
        undone(office)
    assert office.item().state is State.OPEN


def test_a_note_is_taken_back_whatever_the_ladder_said(office: Office) -> None:
    office.act(note.act, "2023-02-21 08:56", key=KEY, text="x")
    office.tick("2023-02-21 09:00")
    assert undone(office).action == "assignment_noted"
