"""Follow-ups as values: numbers, periods, and what came of what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import day, make_assignment
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.follow_up import come_from, findings, is_follow_up, next_number, parents, period_of
from wsyf_scheduler.core.plan import Period


def period(first: int, last: int) -> Period:
    name = str(first) if first == last else f"{first}-{last}"
    return Period(id=name, title=name, first_year=first, last_year=last, measure_year=last)


def made(item_id: int, number: str, origin: str | None = None, **more: object) -> Assignment:
    return make_assignment(id=item_id, number=number, origin=origin, **{"department": "housing", **more})


@pytest.mark.parametrize(
    ("taken", "number"),
    [([], "f1"), (["f1", "f3"], "f4"), (["1", "theme", "f2"], "f3"), (["f9", "f10"], "f11"), (["foo"], "f1")],
)
def test_the_next_number_is_above_all_that_were_ever_given(taken, number):
    assert next_number(taken) == number


@given(st.sets(st.integers(1, 99)))
def test_a_number_is_never_given_twice(taken):
    assert int(next_number(f"f{n}" for n in taken)[1:]) not in taken


def test_a_date_lies_in_the_shortest_period_around_it_and_else_in_the_last():
    periods = [period(2021, 2022), period(2022, 2022), period(2023, 2023)]
    days = {"2022-06-30": "2022", "2021-06-30": "2021-2022", "2023-01-01": "2023", "2019-01-01": "2023"}
    assert {text: period_of(periods, day(text)).id for text in days} == days
    assert period_of(periods, day("2031-01-01")).id == "2023"


def test_only_numbers_with_f_and_digits_are_follow_ups():
    assert [is_follow_up(each) for each in ("f1", "f22", "1", "f", "f1a", "theme")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


EVALUATION = made(1, "5")
FIRST = made(2, "f1", "2023/5/housing")
SECOND = made(3, "f2", "2023/f1/housing")
OF_TASK = made(4, "f3", "2023/5")
OTHER = made(5, "f4", "2023/4/housing")
TAKER = made(6, "6", "2023/5/housing")
ALL = [EVALUATION, FIRST, SECOND, OF_TASK, OTHER, TAKER]


def test_what_came_of_a_task_and_of_that_in_turn_is_found_and_nothing_else():
    assert come_from(ALL, {"2023/5", "2023/5/housing"}) == [FIRST, SECOND, OF_TASK]
    assert come_from(ALL, {"2023/5/housing"}) == [FIRST, SECOND]
    assert come_from(ALL, {"2023/9"}) == []


def test_findings_are_those_still_owed():
    closed = make_assignment(id=7, number="f5", origin="2023/5", department="housing", state=State.DONE)
    assert findings([*ALL, closed], "2023/5") == [FIRST, SECOND, OF_TASK]
    waiting = make_assignment(id=8, number="f6", origin="2023/5", department="housing", state=State.SUBMITTED)
    assert waiting in findings([*ALL, waiting], "2023/5")


def test_a_list_shows_each_follow_up_under_what_it_came_from():
    assert parents(ALL) == {2: 1, 3: 2, 4: 1}
    union = made(9, "5", department="union")
    assert parents([*ALL, union])[4] == 9  # of a task of several: under the last
    assert parents([SECOND, OTHER]) == {}
