"""A post handed over by two people, to somebody else than was entered, or long after the fact."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import BEIJING, DEPARTMENTS, Office, day, make_holder, make_office, make_plan, task
from wsyf_scheduler.acts import hand_over
from wsyf_scheduler.acts.hand_over import HandedOver, Successor
from wsyf_scheduler.core.people import Holder, Post
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.store import people

FIRST = Successor(address="first@county.example", name="甲")
SECOND = Successor(address="second@county.example", name="乙")


@pytest.fixture
def office() -> Office:
    found = make_office("2023-01-03 08:00", texts=make_plan(task(1, due=day("2023-12-31"))))
    found.go("2023-03-03 08:00")
    return found


def pass_on(office: Office, successor: Successor, on: str = "", who: str = "li", **given: Any) -> HandedOver:
    first = day(on) if on else office.now.astimezone(BEIJING).date()
    found: HandedOver = hand_over.act(
        office.app,
        office.now,
        meant="emergency/liaison",
        successor=successor,
        on=first,
        names=DEPARTMENTS,
        who=who,
        **given,
    )
    return found


def terms(office: Office) -> list[tuple[str, object, object]]:
    with office.db.read() as session:
        found: list[Holder] = people.all_of(session)
    liaisons = [each for each in found if Post(each.role, each.department) == Post("liaison", "emergency")]
    return [(each.email.partition("@")[0], each.since, each.until) for each in liaisons]


def test_the_second_on_one_day_learns_who_handed_it_over_before(office: Office) -> None:
    assert pass_on(office, FIRST, who="zhang").undone is None
    done = pass_on(office, SECOND)
    assert done.undone is not None
    assert (done.undone.who, done.undone.at, done.undone.on) == ("zhang", office.now, day("2023-03-03"))
    assert terms(office) == [
        ("liaison.emergency", None, day("2023-03-02")),
        ("second", day("2023-03-03"), None),
    ]
    with pytest.raises(Forbidden, match="holds this post already: li handed it over from 2023-03-03 on"):
        pass_on(office, SECOND, who="wang")


def test_whoever_is_to_come_later_is_not_among_those_whose_place_is_taken_today(office: Office) -> None:
    pass_on(office, FIRST, on="2023-04-01", who="zhang")
    done = pass_on(office, SECOND)
    assert done.before is not None
    assert (done.before.email, done.undone) == ("liaison.emergency@county.example", None)
    assert terms(office) == [
        ("first", day("2023-04-01"), None),
        ("liaison.emergency", None, day("2023-03-02")),
        ("second", day("2023-03-03"), day("2023-03-31")),
    ]


def test_a_vacant_post_is_filled_until_the_one_to_come(office: Office) -> None:
    late = make_holder("liaison", "emergency", email="late@county.example", since=day("2023-04-01"))
    office.staff([make_holder("liaison", "emergency", until=day("2023-02-28")), late])
    done = pass_on(office, SECOND)
    assert (done.before, done.after.until) == (None, day("2023-03-31"))


def test_whoever_is_to_come_is_replaced_where_named(office: Office) -> None:
    pass_on(office, FIRST, on="2023-04-01", who="zhang")
    done = pass_on(office, SECOND, on="2023-04-01", leaver="first@county.example")
    assert done.undone is not None
    assert done.undone.who == "zhang"
    assert [name for name, _since, _until in terms(office)] == ["liaison.emergency", "second"]


def test_one_who_goes_when_nobody_follows_is_followed_without_an_end(office: Office) -> None:
    office.staff([make_holder("liaison", "emergency", until=day("2023-03-31"))])
    assert pass_on(office, SECOND).after.until is None


def test_a_first_day_more_than_a_month_ago_is_refused(office: Office) -> None:
    before = office.db_dump()
    with pytest.raises(Forbidden, match="2023-01-30 is 32 days ago"):
        pass_on(office, FIRST, on="2023-01-30")
    assert office.db_dump() == before
    assert pass_on(office, FIRST, on="2023-01-31").after.since == day("2023-01-31")
