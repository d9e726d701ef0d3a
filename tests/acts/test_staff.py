"""Importing people: the file speaks for the posts it names, and nobody who held one is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import BEIJING, WHO, Office, day, make_holder, make_office, make_plan, task
from wsyf_scheduler.acts import staff
from wsyf_scheduler.acts.staff import Staffed
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.store import people

ONE = make_holder("liaison", "emergency", email="one@county.example")
TWO = make_holder("liaison", "emergency", email="two@county.example")


@pytest.fixture
def office() -> Office:
    return make_office("2023-03-10 10:00", texts={}, holders=[])


def enter(office: Office, *holders: Holder) -> Staffed:
    found: Staffed = staff.act(
        office.app, office.now, holders=holders, today=office.now.astimezone(BEIJING).date(), who=WHO
    )
    return found


def entered(office: Office) -> list[Holder]:
    with office.db.read() as session:
        return people.all_of(session)


def test_an_import_twice_is_an_import_once(office: Office) -> None:
    assert enter(office, ONE, make_holder("chief")) == Staffed(added=2)
    assert enter(office, ONE, make_holder("chief")) == Staffed(unchanged=2)
    assert len(entered(office)) == 2


def test_whom_the_file_leaves_out_ended_the_day_before(office: Office) -> None:
    enter(office, ONE)
    assert enter(office, TWO) == Staffed(added=1, ended=1)
    assert {each.email: each.until for each in entered(office)} == {
        "one@county.example": day("2023-03-09"),
        "two@county.example": None,
    }


def test_posts_the_file_does_not_name_stay_as_they_are(office: Office) -> None:
    enter(office, ONE, make_holder("chief"))
    assert enter(office, make_holder("director")) == Staffed(added=1)
    assert len(entered(office)) == 3


@pytest.mark.parametrize("since", ["2023-03-10", "2023-04-01"])
def test_a_successor_who_never_took_the_post_is_taken_out_and_not_in_office_for_a_day(
    office: Office, since: str
) -> None:
    """He was to begin today or later, and the new file does not name him: no letter may reach him."""
    enter(office, ONE, make_holder("liaison", "emergency", email="late@county.example", since=day(since)))
    assert enter(office, ONE) == Staffed(unchanged=1, ended=1)
    assert [each.email for each in entered(office)] == ["one@county.example"]


def test_a_term_that_ended_stays_as_it_was(office: Office) -> None:
    past = make_holder("liaison", "emergency", email="past@county.example", until=day("2022-12-31"))
    enter(office, past)
    assert enter(office, ONE) == Staffed(added=1)
    assert past in entered(office)


@pytest.mark.parametrize(
    "change", [{"name": "新联络员"}, {"phone": "1"}, {"until": day("2023-12-31")}, {"deputy": "d@county.example"}]
)
def test_other_facts_about_a_holder_are_taken_over(office: Office, change: dict[str, Any]) -> None:
    enter(office, ONE)
    changed = make_holder("liaison", "emergency", **{"email": "one@county.example"} | change)
    assert enter(office, changed) == Staffed(changed=1)
    assert entered(office) == [changed]


def test_a_second_term_is_a_line_of_its_own(office: Office) -> None:
    first = make_holder("chief", since=day("2020-01-01"), until=day("2021-12-31"))
    second = make_holder("chief", since=day("2023-01-01"))
    enter(office, first)
    assert enter(office, second) == Staffed(added=1)
    assert entered(office) == [first, second]


def test_who_holds_the_post_is_looked_up_on_the_day_of_the_letter() -> None:
    holders = [
        make_holder("liaison", "emergency", email="one@county.example", until=day("2023-01-29")),
        make_holder("liaison", "emergency", email="two@county.example", since=day("2023-01-30")),
    ]
    office = make_office("2023-01-28 00:00", texts=make_plan(task(1, due=day("2023-02-28"))), holders=holders)
    office.live("2023-02-14 00:00")
    reached = [(str(line["at"])[:10], line["to"]) for line in office.lines if line["department"] == "emergency"]
    assert reached == [
        ("2023-01-28", ["one@county.example"]),
        ("2023-01-29", ["one@county.example"]),
        ("2023-02-13", ["two@county.example"]),
    ]


def test_an_import_is_an_event(office: Office) -> None:
    enter(office, ONE)
    (event,) = office.events("people_imported")[-1:]
    assert (event["who"], event["detail"]) == ("coordinator", '{"added": 1, "changed": 0, "ended": 0}')
