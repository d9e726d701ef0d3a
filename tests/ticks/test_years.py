"""The coordinator is asked for the next year's notice: in November, in December, and once when the year has begun."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.cast import Office, day, make_office, make_plan, period, task
from wsyf_scheduler.acts import close, import_calendar, reopen
from wsyf_scheduler.core.calendar import YearNotice
from wsyf_scheduler.store import assignments
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.ticks import years

KEY = "2094/1/emergency"


def office(when: str = "2093-09-01 00:00") -> Office:
    """A plan that reaches into a year no package will know for long."""
    texts = make_plan(periods={"2094": period(task(due=day("2094-06-30")), name="2094")})
    desk = make_office(when, texts=texts, extra_off=frozenset())
    known = YearNotice(year=2093, off=frozenset({day("2093-10-01")}))
    desk.act(import_calendar.act, notice=known, file_hash="abc")
    return desk


def asked(desk: Office, *moments: str) -> list[int | None]:
    return [years.run(desk.app, desk.go(moment)) for moment in moments]


def test_nothing_is_said_before_november():
    assert asked(office(), "2093-10-30 10:00") == [None]


def test_it_is_said_once_in_november_once_in_december_and_once_when_the_year_has_begun():
    desk = office()
    said = asked(
        desk, "2093-11-02 10:00", "2093-11-02 10:01", "2093-11-20 10:00", "2093-12-01 10:00", "2093-12-02 10:00"
    )
    assert said == [2094, None, None, 2094, None]
    assert asked(desk, "2094-01-05 10:00", "2094-02-02 10:00", "2094-06-01 10:00") == [2094, None, None]
    assert desk.alerts() == ["2094年放假调休安排尚未导入"] * 3


def test_it_is_said_while_somebody_reads():
    assert asked(office(), "2093-11-01 10:00", "2093-11-02 08:00") == [None, None]  # a Sunday; before hours


def test_an_imported_notice_ends_it():
    desk = office()
    desk.act(import_calendar.act, notice=YearNotice(year=2094, off=frozenset({day("2094-01-01")})), file_hash="abc")
    assert asked(desk, "2093-11-02 10:00", "2094-01-05 10:00") == [None, None]


def test_a_year_no_letter_reaches_is_none_to_worry_about():
    desk = office()
    desk.act(close.act, keys=[KEY])
    assert asked(desk, "2093-11-02 10:00") == [None]


def test_a_year_is_asked_for_while_the_one_before_it_is_still_in_doubt():
    texts = make_plan(periods={name: period(task(due=day(f"{name}-06-30")), name=name) for name in ("2093", "2094")})
    desk = make_office("2093-01-01 00:00", texts=texts, extra_off=frozenset())
    assert asked(desk, "2093-03-02 10:00", "2093-11-02 10:00", "2093-11-02 10:01") == [2093, 2094, None]


class Counting(Prepared):
    """Says how often it was asked for."""

    times = 0

    def rows(self, *given: object) -> Sequence[Sequence[object]]:  # type: ignore[override]
        self.times += 1
        return super().rows(*given)  # type: ignore[arg-type]


@pytest.fixture
def look_through(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """The one statement that reads every assignment."""
    counting = Counting(assignments.LAST_DUE._statement)
    monkeypatch.setattr(assignments, "LAST_DUE", counting)
    return counting


def test_the_assignments_are_not_looked_through_where_there_is_nothing_to_ask_for(look_through):
    desk = office()
    asked(desk, "2093-09-02 10:00", "2093-10-30 10:00")  # this year is known, the next is not asked for yet
    assert look_through.times == 0
    asked(desk, "2093-11-02 10:00")
    assert look_through.times == 1
    asked(desk, "2093-11-02 10:01", "2093-11-20 10:00")  # said already
    assert look_through.times == 1


def test_where_no_letter_reaches_the_year_they_are_looked_through_once_a_day(look_through):
    desk = office()
    desk.act(close.act, keys=[KEY])
    assert asked(desk, "2093-11-02 10:00", "2093-11-02 10:01", "2093-11-02 16:00") == [None] * 3
    assert look_through.times == 1
    desk.act(reopen.act, key=KEY, reason="r")
    assert asked(desk, "2093-11-02 16:30", "2093-11-03 10:00") == [None, 2094]
