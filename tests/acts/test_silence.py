"""Returning, muting, noting: what is said and kept, what falls silent and for how long, what is refused."""

from __future__ import annotations

import pytest

from tests.audit.auditing import faults
from tests.cast import Office, brief, day, make_office, make_plan, rungs, task
from wsyf_scheduler.acts import close, give_back, mute, note, reopen, waive
from wsyf_scheduler.changing import apply
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.errors import Forbidden, Usage

KEY = "2023/1/emergency"


@pytest.fixture
def office() -> Office:
    return make_office("2023-01-28 00:00", texts=make_plan(task(1, due=day("2023-02-28"))))


def hand_in(office: Office, when: str) -> None:
    """As a form that came in will do."""
    office.live(when)
    item = office.item()
    with office.db.begin() as session:
        apply(office.app, session, office.now, item, action="assignment_submitted", who="x", state="submitted")


# --- Returned ----------------------------------------------------------------------------------------------------


def test_what_is_returned_is_open_again_and_its_liaison_reads_why(office: Office) -> None:
    hand_in(office, "2023-02-20 10:00")
    office.act(give_back.act, "2023-02-21 10:00", key=KEY, reason="缺少盖章")
    assert office.item().state is State.OPEN
    assert [brief(line)[1] for line in office.tick()] == ["receipt"]
    letter, _headers, deadlines = office.letter("receipt")
    assert (letter.rows[0].happened, letter.rows[0].reason, deadlines) == ("returned", "缺少盖章", ())


def test_a_returned_assignment_keeps_its_due_day_and_goes_on_where_the_ladder_stands(office: Office) -> None:
    hand_in(office, "2023-02-20 10:00")
    office.act(give_back.act, "2023-02-22 10:00", key=KEY, reason="r")
    office.live("2023-03-03 10:00")
    assert rungs(office.lines)[-4:] == ["02-23 remind-3w", "02-28 remind-0", "03-01 chase-1w", "03-03 escalate-3w"]
    assert faults(office) == []


def test_returning_wants_a_reason_and_something_handed_in(office: Office) -> None:
    with pytest.raises(Forbidden, match=f"{KEY} is open: returning is not possible"):
        office.act(give_back.act, key=KEY, reason="r")
    hand_in(office, "2023-02-20 10:00")
    with pytest.raises(Usage, match="reason"):
        office.act(give_back.act, key=KEY, reason=" ")


# --- Muted -------------------------------------------------------------------------------------------------------


def test_a_muted_assignment_is_silent_until_its_day_and_speaks_again_by_itself(office: Office) -> None:
    office.act(mute.act, "2023-02-20 10:00", key=KEY, until=day("2023-02-28"), reason="上级检查")
    office.live("2023-03-01 10:00")
    assert rungs(office.lines)[-2:] == ["02-28 remind-0", "03-01 chase-1w"]
    silent = [(row["rung"], row["reason"]) for row in office.notices(verdict="skipped")]
    assert silent == [("remind-7", "muted"), ("remind-3w", "muted")]
    assert faults(office) == []


def test_a_second_mute_takes_the_place_of_the_first(office: Office) -> None:
    office.act(mute.act, "2023-02-20 10:00", key=KEY, until=day("2023-03-20"), reason="r")
    office.act(mute.act, "2023-02-20 11:00", key=KEY, until=day("2023-02-22"), reason="r")
    office.live("2023-02-24 10:00")
    assert rungs(office.lines)[-1] == "02-23 remind-3w"
    assert office.item().muted_until == day("2023-02-22")
    assert faults(office) == []


def test_a_mute_ends_when_the_assignment_is_closed_and_a_reopened_one_speaks(office: Office) -> None:
    for close_it, given in ((close.act, {"keys": [KEY]}), (waive.act, {"key": KEY, "reason": "r"})):
        office.act(mute.act, "2023-02-20 10:00", key=KEY, until=day("2023-03-20"), reason="r")
        office.act(close_it, **given)
        office.act(reopen.act, key=KEY, reason="r")
        assert office.item().muted_until is None
    office.live("2023-02-21 10:00")
    assert rungs(office.lines)[-1] == "02-21 remind-7"
    assert faults(office) == []


def test_nobody_is_written_to_about_a_mute_and_the_trail_has_it(office: Office) -> None:
    office.act(mute.act, "2023-02-20 10:00", key=KEY, until=day("2023-02-28"), reason="上级检查")
    assert office.tick() == []
    (event,) = office.events("assignment_muted")
    assert (event["why"], '"2023-02-28"' in event["detail"]) == ("上级检查", True)


@pytest.mark.parametrize("until", ["2023-02-20", "2023-02-19"])
def test_a_mute_ends_on_a_day_to_come(office: Office, until: str) -> None:
    office.live("2023-02-20 10:00")
    with pytest.raises(Forbidden, match=f"{until} is not to come"):
        office.act(mute.act, key=KEY, until=day(until), reason="r")


def test_what_is_closed_is_not_muted_and_a_mute_wants_a_reason(office: Office) -> None:
    with pytest.raises(Usage, match="reason"):
        office.act(mute.act, key=KEY, until=day("2023-02-28"), reason="")
    office.act(waive.act, key=KEY, reason="r")
    with pytest.raises(Forbidden, match=f"{KEY} is waived .waived by coordinator"):
        office.act(mute.act, key=KEY, until=day("2023-02-28"), reason="r")


# --- Noted -------------------------------------------------------------------------------------------------------


def test_a_note_stands_in_the_trail_whatever_the_state_and_changes_nothing(office: Office) -> None:
    office.act(note.act, "2023-02-20 10:00", key=KEY, text="已电话联系")
    office.act(close.act, keys=[KEY])
    before = office.item()
    office.act(note.act, "2023-02-20 11:00", key=KEY, text="原件存档")
    assert office.item() == before
    assert [row["why"] for row in office.events("assignment_noted")] == ["已电话联系", "原件存档"]
    assert [line["letter"] for line in office.lines if line["letter"] == "change"] == []
    office.live("2023-03-03 10:00")
    assert faults(office) == []


@pytest.mark.parametrize("text", ["", "  ", "x" * 5000])
def test_a_note_says_something_and_no_novel(office: Office, text: str) -> None:
    with pytest.raises(Usage):
        office.act(note.act, key=KEY, text=text)
    assert office.events("assignment_noted") == []
