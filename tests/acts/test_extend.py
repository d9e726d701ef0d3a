"""Extensions: the old day is kept and shown, the ladder starts anew from what lies ahead (RULES.md §3.5, §5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import Office, brief, day, ladder_lines, make_office, make_plan, rungs, task
from wsyf_scheduler.acts import close, extend
from wsyf_scheduler.audit.examine import whole
from wsyf_scheduler.errors import Forbidden, NotFound, Usage

FEBRUARY = make_plan(task(1, due=day("2023-02-28")))


@pytest.fixture
def office() -> Office:
    return make_office("2023-01-28 00:00", texts=FEBRUARY)


def put_off(office: Office, to: str, when: str | None = None, **given: str) -> None:
    words = {"key": "2023/1/emergency", "reason": "数据核对", "approved_by": "办公室主任"} | given
    office.act(extend.act, when, to=day(to), **words)


def test_an_extended_assignment_climbs_anew_from_the_rungs_that_lie_ahead(office: Office) -> None:
    before = rungs(office.live("2023-03-04 10:00"))
    assert before == [
        "01-28 start",
        "01-29 remind-30",
        "02-13 remind-15",
        "02-21 remind-7",
        "02-23 remind-3w",
        "02-28 remind-0",
        "03-01 chase-1w",
        "03-03 escalate-3w",
    ]
    put_off(office, "2023-03-31", "2023-03-06 10:00")
    after = rungs(office.live("2023-04-05 10:00"))
    # remind-30 (03-01) has passed; start is told once
    assert after == ["03-16 remind-15", "03-24 remind-7", "03-28 remind-3w", "03-31 remind-0", "04-03 chase-1w"]


def test_the_original_day_is_kept_over_several_extensions(office: Office) -> None:
    put_off(office, "2023-03-31", "2023-02-01 10:00")
    put_off(office, "2023-04-28", "2023-03-01 10:00")
    item = office.item()
    assert (str(item.due_on), str(item.original_due_on), item.due_basis) == ("2023-04-28", "2023-02-28", "office")
    assert item.sequence == 2
    events = office.events("assignment_extended")
    assert [(event["who"], event["why"]) for event in events] == [("coordinator", "数据核对")] * 2
    assert '"approved_by": "办公室主任"' in events[0]["detail"]


def test_the_change_is_told_with_the_day_before_and_who_approved(office: Office) -> None:
    put_off(office, "2023-03-31", "2023-02-01 10:00")
    (line,) = [line for line in office.tick() if line["letter"] == "change"]
    assert brief(line) == ("2023-02-01T10:00", "change", "emergency", ["None 2023/1/emergency"])
    letter, headers, deadlines = office.letter("change")
    (row,) = letter.rows
    assert (row.happened, row.reason, row.approved_by) == ("extended", "数据核对", "办公室主任")
    assert str(row.due_on) == "2023-03-31"
    assert str(row.original_due_on) == "2023-02-28"
    (deadline,) = deadlines
    assert (str(deadline.due_on), deadline.sequence, deadline.cancelled) == ("2023-03-31", 1, False)
    assert headers.references == (office.item().root_id,)


def test_two_extensions_within_a_delay_are_one_letter_one_row_and_one_calendar_entry(office: Office) -> None:
    delayed = make_office("2023-01-28 00:00", texts=FEBRUARY, delay=timedelta(minutes=10))
    put_off(delayed, "2023-03-31", "2023-02-01 10:00")
    put_off(delayed, "2023-04-28", "2023-02-01 10:05")
    (line,) = [line for line in delayed.live("2023-02-01 11:00") if line["letter"] == "change"]
    assert [row["key"] for row in line["rows"]] == ["2023/1/emergency"]  # type: ignore[attr-defined]
    (deadline,) = delayed.letter("change")[2]
    assert (str(deadline.due_on), deadline.sequence) == ("2023-04-28", 2)


def test_two_extensions_within_a_delay_are_told_with_the_last_day_that_was_told(office: Office) -> None:
    delayed = make_office("2023-01-28 00:00", texts=FEBRUARY, delay=timedelta(minutes=10))
    put_off(delayed, "2023-03-31", "2023-02-01 10:00")
    put_off(delayed, "2023-04-28", "2023-02-01 10:05")
    delayed.live("2023-02-01 11:00")
    put_off(delayed, "2023-05-31")
    delayed.live("2023-02-01 12:00")
    told = [
        (str(row.original_due_on), str(row.due_on))
        for letter, *_ in delayed.writer.written
        for row in letter.rows
        if letter.kind == "change"
    ]
    assert told == [("2023-02-28", "2023-04-28"), ("2023-04-28", "2023-05-31")]


def test_an_extension_of_an_extension_does_not_repeat_rungs_of_the_same_day(office: Office) -> None:
    put_off(office, "2023-03-01", "2023-02-20 10:00")
    put_off(office, "2023-03-02", "2023-02-20 10:01")
    found = rungs(office.live("2023-03-03 10:00"))
    assert found == ["02-23 remind-7", "02-27 remind-3w", "03-02 remind-0", "03-03 chase-1w"]


@pytest.mark.parametrize(
    ("to", "given", "error", "words"),
    [
        ("2023-02-28", {}, Forbidden, "is not later than the due day"),
        ("2023-02-15", {}, Forbidden, "is not later than the due day"),
        ("2023-01-31", {}, Forbidden, "lies in the past"),
        ("2023-03-31", {"reason": " "}, Usage, "--reason"),
        ("2023-03-31", {"approved_by": ""}, Usage, "--approved-by"),
        ("2023-03-31", {"key": "2023/9/emergency"}, NotFound, "did you mean 2023/1/emergency"),
    ],
)
def test_what_may_not_be_extended_is_refused_and_changes_nothing(
    office: Office, to: str, given: dict[str, str], error: type[Exception], words: str
) -> None:
    office.go("2023-02-01 10:00")
    before = office.db_dump()
    with pytest.raises(error, match=words):
        put_off(office, to, **given)
    assert office.db_dump() == before


def test_an_extension_that_went_too_far_is_shortened_and_told_as_a_changed_day(office: Office) -> None:
    put_off(office, "2024-03-31", "2023-02-01 10:00")
    office.tick()
    put_off(office, "2023-03-31", "2023-02-02 10:00", reason="年份误写")
    item = office.item()
    assert (str(item.due_on), str(item.original_due_on), item.due_basis) == ("2023-03-31", "2023-02-28", "office")
    office.tick()
    (row,) = office.letter("change")[0].rows
    assert (row.happened, row.reason, row.approved_by) == ("due-changed", "年份误写", "办公室主任")
    assert rungs(office.live("2023-04-04 00:00"))[-2:] == ["03-31 remind-0", "04-03 chase-1w"]


def test_shortened_to_the_original_day_it_is_as_if_it_had_never_been_extended(office: Office) -> None:
    put_off(office, "2023-03-31", "2023-02-01 10:00")
    put_off(office, "2023-04-28", "2023-02-01 10:01")
    put_off(office, "2023-02-28", "2023-02-01 10:02")
    item = office.item()
    assert (str(item.due_on), item.original_due_on, item.due_basis) == ("2023-02-28", None, "document")
    assert not office.track(FEBRUARY).changes
    found = rungs(office.live("2023-03-02 00:00"))
    assert found == ["02-13 remind-15", "02-21 remind-7", "02-23 remind-3w", "02-28 remind-0", "03-01 chase-1w"]
    with office.db.read() as session:
        assert whole(session, office.app.config, office.now).findings == ()


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("2023-02-27", "lies before the original due day of 2023/1/emergency, 2023-02-28"),
        ("2023-03-31", "is not later than the due day"),
        ("2023-02-05", "lies in the past"),
    ],
)
def test_an_extension_is_shortened_to_no_day_before_the_original_one(office: Office, to: str, words: str) -> None:
    put_off(office, "2023-03-31", "2023-02-06 10:00")
    before = office.db_dump()
    with pytest.raises(Forbidden, match=words):
        put_off(office, to)
    assert office.db_dump() == before


def test_only_what_is_owed_can_be_extended(office: Office) -> None:
    office.act(close.act, "2023-02-01 10:00", keys=["2023/1/emergency"])
    with pytest.raises(Forbidden, match="2023/1/emergency is done"):
        put_off(office, "2023-03-31")


def test_an_overdue_assignment_extended_is_no_longer_overdue(office: Office) -> None:
    put_off(office, "2023-03-31", "2023-03-08 10:00")
    assert not office.item().is_overdue(day("2023-03-31"))
    assert ladder_lines(office.live("2023-03-15 00:00")) == []
