"""What follows from an act, told from before and after: letters that will not go, letters that will, who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.cast import BEIJING, Office, at, brief, day, make_office, make_plan, rungs, task
from wsyf_scheduler import following
from wsyf_scheduler.acts import close, extend, mute, note, release, remind, reopen, undo, waive
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.following import Following
from wsyf_scheduler.ticks import remind as remind_tick

KEY, SECOND = "2023/1/emergency", "2023/2/emergency"
PLAN = make_plan(task(1, due=day("2023-02-28")), task(2, due=day("2023-06-30")), task(3, lead=["housing"]))
BEFORE_DUE = ["02-21 remind-7", "02-23 remind-3w", "02-28 remind-0"]


@pytest.fixture
def office() -> Office:
    office = make_office("2023-01-28 00:00", texts=PLAN, delay=timedelta(minutes=10))
    office.live("2023-02-20 10:00")
    return office


def follows(office: Office, act: Callable[[], object], letter: str | None = None, key: str = KEY) -> Following:
    before: Assignment = office.item(key)
    act()
    after = office.item(key)
    with office.db.read() as session:
        return following.follow(office.app, session, office.now, before, after, letter)


def names(found: tuple[following.Ahead, ...]) -> list[str]:
    return [f"{each.on:%m-%d} {each.rung}{each.repeat or ''}" for each in found]


def test_closing_ends_its_ladder_sends_a_receipt_and_turns_to_what_the_department_owes_next(office: Office) -> None:
    found = follows(office, lambda: office.act(close.act, keys=[KEY]), "receipt")
    assert names(found.falls_away)[:4] == [*BEFORE_DUE, "03-01 chase-1w"]
    assert (len(found.falls_away), found.comes, found.ahead) == (3 + 3 + 12, (), ())
    assert found.told is not None
    assert [reader.address for reader in found.told.to] == ["liaison.emergency@county.example"]
    assert (found.told.cc, found.told.leaves_at) == ((), at("2023-02-20 10:10"))
    assert found.owed is not None
    assert found.owed.key == SECOND


def test_what_it_says_will_not_go_is_what_would_have_gone(office: Office) -> None:
    """The same office lived on without the act sends just that, one letter a slot."""
    found = follows(office, lambda: office.act(close.act, keys=[KEY]))
    other = make_office("2023-01-28 00:00", texts=PLAN)
    other.live("2023-02-20 10:00")
    other.lines.clear()
    other.live("2023-08-01 00:00")
    rows = [
        f"{str(line['at'])[5:10]} {row['rung']}{row['repeat'] or ''}"
        for line in other.lines
        if line["audience"] == "department"
        for row in line["rows"]  # type: ignore[attr-defined]
        if row["key"] == KEY and row["rung"]
    ]
    assert names(found.falls_away) == rows


def test_whoever_was_escalated_to_is_told_too(office: Office) -> None:
    office.live("2023-03-10 10:00")
    found = follows(office, lambda: office.act(close.act, keys=[KEY]), "receipt")
    assert found.told is not None
    announced = sorted(reader.address for reader in found.told.cc)
    (receipt,) = [line for line in office.live("2023-03-10 11:00") if line["letter"] == "receipt"]
    assert receipt["cc"] == announced
    assert str(receipt["at"])[:16] == f"{found.told.leaves_at.astimezone(BEIJING):%Y-%m-%dT%H:%M}"


def test_a_second_act_in_the_delay_goes_with_the_first_one_s_letter(office: Office) -> None:
    office.act(close.act, keys=[SECOND])
    office.go("2023-02-20 10:06")
    found = follows(office, lambda: office.act(close.act, keys=[KEY]), "receipt")
    assert found.told is not None
    assert found.told.leaves_at == at("2023-02-20 10:10")


def test_an_extension_moves_the_ladder(office: Office) -> None:
    act = lambda: office.act(extend.act, key=KEY, to=day("2023-03-31"), reason="r", approved_by="a")  # noqa: E731
    found = follows(office, act, "change")
    assert names(found.falls_away)[:3] == BEFORE_DUE
    assert names(found.comes)[:2] == ["03-01 remind-30", "03-16 remind-15"]
    assert found.ahead == found.comes


def test_a_mute_silences_what_falls_into_it_and_no_more(office: Office) -> None:
    found = follows(office, lambda: office.act(mute.act, key=KEY, until=day("2023-02-28"), reason="r"))
    assert names(found.falls_away) == BEFORE_DUE[:2]
    assert names(found.ahead)[0] == "02-28 remind-0"
    assert found.told is None


def test_reopening_and_undoing_bring_letters_back(office: Office) -> None:
    office.act(close.act, keys=[KEY])
    office.go("2023-02-20 10:01")
    found = follows(office, lambda: office.act(undo.act))
    assert (names(found.comes)[:3], found.falls_away) == (BEFORE_DUE, ())
    office.act(waive.act, key=KEY, reason="r")
    found = follows(office, lambda: office.act(reopen.act, key=KEY, reason="r"), "change")
    assert names(found.comes)[:3] == BEFORE_DUE


def test_releasing_begins_at_the_chaser(office: Office) -> None:
    late = make_office("2023-03-28 10:00", texts=PLAN)
    late.tick("2023-03-29 09:00")
    found = follows(late, lambda: late.act(release.act, "2023-03-29 10:00", keys=[KEY], everything=False))
    assert names(found.comes)[:2] == ["03-30 chase-1w", "04-03 escalate-3w"]


def test_a_reminder_that_waits_is_named_where_it_loses_its_row(office: Office) -> None:
    office.live("2023-02-21 08:00")
    remind_tick.run(office.app, office.go("2023-02-21 09:00"))
    (message,) = office.messages(letter="reminder", department="emergency", state="queued")
    found = follows(office, lambda: office.act(close.act, keys=[KEY]))
    assert found.dropped == ((message["id"], "reminder"),)


def test_a_note_changes_nothing_and_a_reminder_asked_for_leaves_with_the_window(office: Office) -> None:
    found = follows(office, lambda: office.act(note.act, key=KEY, text="x"))
    assert (found.falls_away, found.comes, found.dropped, found.told) == ((), (), (), None)
    office.go("2023-02-20 18:00")
    found = follows(office, lambda: office.act(remind.act, keys=[SECOND]), "reminder", SECOND)
    assert found.told is not None
    assert found.told.leaves_at == at("2023-02-21 09:01")
    (line,) = [line for line in office.live("2023-02-20 23:00") if line["letter"] == "reminder"] or [None]
    assert line is None


def test_what_is_said_to_leave_leaves_then(office: Office) -> None:
    office.go("2023-02-22 18:00")
    office.tick()
    found = follows(office, lambda: office.act(remind.act, keys=["2023/3/housing"]), "reminder", "2023/3/housing")
    assert found.told is not None
    sent = [brief(line)[0] for line in office.live("2023-02-23 10:00") if line["department"] == "housing"]
    assert sent == [f"{found.told.leaves_at.astimezone(BEIJING):%Y-%m-%dT%H:%M}"]


def test_after_downtime_what_will_not_go_is_what_would_be_sent_and_no_rung_that_is_swallowed(office: Office) -> None:
    """The engine stood still from before remind-7 to after the window of remind-3w: of the two the later would go."""
    office.go("2023-02-23 10:00")
    found = follows(office, lambda: office.act(close.act, keys=[KEY]))
    other = make_office("2023-01-28 00:00", texts=PLAN)
    other.live("2023-02-20 10:00")
    other.lines.clear()
    other.go("2023-02-23 10:00")
    other.live("2023-08-01 00:00")
    assert names(found.falls_away) == rungs(other.lines)
    assert names(found.falls_away)[:2] == ["02-23 remind-3w", "02-28 remind-0"]


def test_a_slot_that_passed_while_the_window_is_shut_is_swallowed_by_the_next(office: Office) -> None:
    office.go("2023-02-22 20:00")  # remind-7 of the 21st was never decided; when the window opens remind-3w speaks
    found = follows(office, lambda: office.act(close.act, keys=[KEY]))
    assert names(found.falls_away)[:2] == ["02-23 remind-3w", "02-28 remind-0"]
