"""Who a letter reaches on a day (RULES.md §3, "Roles")."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import day, everybody, make_holder
from wsyf_scheduler.core.people import Addressed, Holder, Post, Roster, leaving_deputies

OFFICE = "office@county.example"
LIAISON, CONVENER = Post("liaison", "emergency"), Post("convener", "emergency")
ON = day("2023-02-28")


def addressed(holders: list[Holder], to: list[Post], cc: list[Post] | None = None) -> Addressed:
    return Roster(holders, office=OFFICE).address(to, cc or [], ON)


def short(found: Addressed) -> tuple[list[str], list[str]]:
    return [each.address for each in found.to], [each.address for each in found.cc]


def test_posts_are_looked_up_by_department() -> None:
    found = addressed(everybody(), [LIAISON], [CONVENER, Post("director")])
    assert short(found) == (
        ["liaison.emergency@county.example"],
        ["convener.emergency@county.example", "director@county.example"],
    )
    assert (found.vacant, found.stand_in) == ((), None)


CLIMB = [
    ([("liaison", "emergency")], "convener.emergency@county.example", 1),
    ([("liaison", "emergency"), ("convener", "emergency")], "director@county.example", 2),
    ([("liaison", "emergency"), ("convener", "emergency"), ("director", "")], "chief@county.example", 3),
    (
        [("liaison", "emergency"), ("convener", "emergency"), ("director", ""), ("chief", "")],
        "coordinator@county.example",
        4,
    ),
    (
        [("liaison", "emergency"), ("convener", "emergency"), ("director", ""), ("chief", ""), ("coordinator", "")],
        OFFICE,
        5,
    ),
]


@pytest.mark.parametrize(("vacant", "reads", "passed"), CLIMB)
def test_a_vacant_post_is_read_by_the_next_higher(vacant: list[tuple[str, str]], reads: str, passed: int) -> None:
    found = addressed(everybody(*vacant), [LIAISON])
    assert short(found) == ([reads], [])
    assert found.vacant == tuple(Post(*post) for post in vacant[:passed])
    assert found.stand_in == LIAISON


def test_nobody_at_all_is_never_nobody() -> None:
    assert short(addressed([], [LIAISON], [CONVENER])) == ([OFFICE], [])


def test_a_vacant_copy_is_left_out_and_named() -> None:
    found = addressed(everybody(("convener", "emergency")), [LIAISON], [CONVENER])
    assert short(found) == (["liaison.emergency@county.example"], [])
    assert (found.vacant, found.stand_in) == ((CONVENER,), None)


def test_two_holders_are_both_addressed() -> None:
    holders = [*everybody(), make_holder("liaison", "emergency", email="second@county.example")]
    assert short(addressed(holders, [LIAISON]))[0] == ["liaison.emergency@county.example", "second@county.example"]


def test_one_person_in_two_roles_is_addressed_once_whatever_the_case() -> None:
    holders = [
        make_holder("liaison", "emergency", email="both@county.example"),
        make_holder("convener", "emergency", email="Both@County.example"),
        make_holder("director"),
    ]
    assert short(addressed(holders, [LIAISON, CONVENER], [CONVENER])) == (["both@county.example"], [])


def test_who_stands_in_to_is_not_repeated_in_cc() -> None:
    found = addressed(everybody(("liaison", "emergency")), [LIAISON], [CONVENER])
    assert short(found) == (["convener.emergency@county.example"], [])


@pytest.mark.parametrize(
    ("term", "holds"),
    [
        ({}, True),
        ({"since": ON}, True),
        ({"until": ON}, True),  # both days included
        ({"since": day("2023-03-01")}, False),
        ({"until": day("2023-02-27")}, False),
    ],
)
def test_a_post_is_held_from_the_first_to_the_last_day(term: dict[str, Any], holds: bool) -> None:
    assert make_holder("chief", **term).holds_on(ON) is holds


@pytest.mark.parametrize(
    ("away", "reads"),
    [
        ({}, "chief"),  # a deputy alone does not stand in
        ({"away_since": ON, "away_until": ON}, "deputy"),
        ({"away_since": day("2023-02-01")}, "deputy"),  # away until further notice
        ({"away_until": day("2023-02-27")}, "chief"),
        ({"away_since": day("2023-03-01")}, "chief"),
    ],
)
def test_the_deputy_reads_while_the_holder_is_away(away: dict[str, Any], reads: str) -> None:
    holder = make_holder("chief", deputy="deputy@county.example", **away)
    (reader,) = Roster([holder], office=OFFICE).of(Post("chief"), ON)
    assert reader.address == f"{reads}@county.example"
    assert reader.name == ("" if reads == "deputy" else holder.name)


def test_without_a_deputy_nobody_is_away() -> None:
    assert not make_holder("chief", away_since=ON).is_away_on(ON)


def test_the_posts_of_an_address_on_a_day() -> None:
    holders = [
        make_holder("liaison", "emergency", email="x@county.example", until=day("2023-02-27")),
        make_holder("convener", "emergency", email="X@county.example"),
    ]
    roster = Roster(holders, office=OFFICE)
    assert roster.posts_of("x@COUNTY.example", ON) == (CONVENER,)
    assert roster.posts_of("x@county.example", day("2023-02-27")) == (LIAISON, CONVENER)
    assert roster.known_addresses() == ("x@county.example", "X@county.example")


LEAVING = [
    ({}, {"until": day("2023-03-10")}, True),
    ({}, {"until": day("2023-03-20")}, False),
    ({}, {}, False),
    ({"until": day("2023-03-10")}, {"until": day("2023-03-10")}, False),  # both leave that day
    ({"away_until": None}, {"until": day("2023-03-10")}, True),
    ({"away_until": day("2023-02-27")}, {"until": day("2023-02-10")}, False),  # over
    ({"away_since": None, "away_until": None}, {"until": day("2023-03-10")}, False),  # no days, no absence
    ({"deputy": "stranger@county.example"}, {"until": day("2023-03-10")}, False),
]


@pytest.mark.parametrize(("away", "deputy", "leaves"), LEAVING)
def test_a_deputy_who_leaves_before_the_absence_ends_is_found(
    away: dict[str, Any], deputy: dict[str, Any], *, leaves: bool
) -> None:
    days = {"away_since": day("2023-02-20"), "away_until": day("2023-03-20")}
    absent = make_holder("liaison", "emergency", **{"deputy": "D@county.example", **days, **away})
    found = leaving_deputies([absent, make_holder("liaison", "housing", email="d@county.example", **deputy)], ON)
    assert found == ([(absent, day("2023-03-10"))] if leaves else [])


def test_a_deputy_with_another_post_stays() -> None:
    days = {"away_since": day("2023-02-20"), "away_until": day("2023-03-20")}
    absent = make_holder("liaison", "emergency", deputy="d@county.example", **days)
    left = make_holder("liaison", "housing", email="d@county.example", until=day("2023-02-28"))
    assert leaving_deputies([absent, left, make_holder("director", email="d@county.example")], ON) == []
