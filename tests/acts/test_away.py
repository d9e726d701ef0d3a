"""A deputy while somebody is away: who reads, what is refused, and what the trail says."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.cast import BEIJING, DEPARTMENTS, Office, day, everybody, make_holder, make_office, make_plan, task
from wsyf_scheduler.acts import away
from wsyf_scheduler.acts.away import Absence, Away
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.errors import Forbidden, NotFound, Usage
from wsyf_scheduler.store import people, refusals

LIAISON, CONVENER = "liaison.emergency@county.example", "convener.emergency@county.example"
HOUSING = "liaison.housing@county.example"


@pytest.fixture
def office() -> Office:
    return make_office("2023-01-03 08:00", texts=make_plan(task(1, due=day("2023-02-28"))))


def leave(office: Office, *meant: str, since: str = "2023-02-10", until: str = "2023-02-20", **given: Any) -> Away:
    deputy, is_replacing = given.pop("deputy", CONVENER), given.pop("is_replacing", False)
    absence = Absence(since=day(since), until=day(until), deputy=deputy, is_replacing=is_replacing)
    today = office.now.astimezone(BEIJING).date()
    found: Away = office.act(
        away.act, people_meant=meant or (LIAISON,), absence=absence, names=DEPARTMENTS, today=today, **given
    )
    return found


def come_back(office: Office, *meant: str) -> Away:
    on = office.now.astimezone(BEIJING).date()
    found: Away = office.act(away.back, people_meant=meant, on=on, names=DEPARTMENTS)
    return found


def entered(office: Office) -> list[Holder]:
    with office.db.read() as session:
        return people.all_of(session)


def readers(office: Office, since: str) -> list[tuple[str, list[str]]]:
    return [
        (str(line["at"])[:10], line["to"])  # type: ignore[misc]
        for line in office.lines
        if line["department"] == "emergency" and str(line["at"]) >= since
    ]


def test_letters_go_to_the_deputy_on_those_days_and_to_nobody_else_s_cost(office: Office) -> None:
    done = leave(office, deputy="deputy@county.example")
    office.live("2023-03-01 00:00")
    assert readers(office, "2023-01-29") == [
        ("2023-01-29", [LIAISON]),
        ("2023-02-13", ["deputy@county.example"]),
        ("2023-02-21", [LIAISON]),
        ("2023-02-23", [LIAISON]),
        ("2023-02-28", [LIAISON]),
    ]
    assert [(each.on, each.letter, each.keys) for each in done.letters] == [
        (day("2023-02-13"), "reminder", ("2023/1/emergency",))
    ]
    assert not done.is_known


@pytest.mark.parametrize("meant", ["emergency/liaison", "应急/联络员", "应急联络员", LIAISON.upper(), "应急liaison"])
def test_a_person_may_be_named_by_post_address_or_name(office: Office, meant: str) -> None:
    (found,) = leave(office, meant).after
    assert (found.email, found.deputy, found.away_until) == (LIAISON, CONVENER, day("2023-02-20"))


def test_all_posts_of_a_person_are_stood_in_for(office: Office) -> None:
    office.staff([*everybody(), make_holder("director", email=LIAISON)])
    assert [each.role for each in leave(office).after] == ["liaison", "director"]


def test_a_post_means_the_person_who_holds_it_with_all_posts(office: Office) -> None:
    office.staff([*everybody(), make_holder("director", email=LIAISON)])
    assert [each.role for each in leave(office, "emergency/liaison").after] == ["liaison", "director"]
    office.live("2023-02-12 08:00")
    assert [each.role for each in come_back(office, "emergency/liaison").after] == ["liaison", "director"]


def test_a_post_with_two_holders_names_nobody(office: Office) -> None:
    office.staff([*everybody(), make_holder("liaison", "emergency", email="second@county.example")])
    with pytest.raises(Forbidden, match=f"has 2 holders: {LIAISON}, second@county.example; name the address"):
        leave(office, "emergency/liaison")
    assert [each.email for each in leave(office, "second@county.example").after] == ["second@county.example"]


def test_a_post_handed_over_later_means_who_holds_it_when_the_absence_begins(office: Office) -> None:
    old = make_holder("liaison", "emergency", until=day("2023-02-28"))
    new = make_holder("liaison", "emergency", email="new@county.example", since=day("2023-03-01"))
    office.staff([old, new])
    assert [each.email for each in leave(office, "emergency/liaison").after] == [LIAISON]
    later = leave(office, "emergency/liaison", since="2023-03-02", until="2023-03-10")
    assert [each.email for each in later.after] == ["new@county.example"]
    leave(office, HOUSING, deputy="emergency/liaison", since="2023-02-21", until="2023-02-28")
    assert [each.deputy for each in entered(office) if each.email == HOUSING] == [LIAISON]


CUTTING = [("2023-02-25", "2023-03-01"), ("2023-02-10", "2023-02-15"), ("2023-02-15", "2023-02-28")]


@pytest.mark.parametrize("days", CUTTING)
def test_an_absence_does_not_silently_end_another_before_its_last_day(office: Office, days: tuple[str, str]) -> None:
    leave(office)
    office.live("2023-02-11 08:00")
    before = office.db_dump()
    with pytest.raises(Forbidden, match=r"away 2023-02-10 to 2023-02-20 and .* one absence at a time"):
        leave(office, since=days[0], until=days[1])
    assert office.db_dump() == before
    (found,) = leave(office, since=days[0], until=days[1], is_replacing=True).after
    assert (found.away_since, found.away_until) == (day(days[0]), day(days[1]))


def test_an_absence_is_drawn_out_and_another_follows_one_that_has_ended(office: Office) -> None:
    leave(office)
    office.live("2023-02-11 08:00")
    (found,) = leave(office, since="2023-02-11", until="2023-02-22", deputy=HOUSING).after
    assert (found.deputy, found.away_until) == (HOUSING, day("2023-02-22"))
    office.live("2023-02-23 08:00")
    (found,) = leave(office, since="2023-03-01", until="2023-03-02").after
    assert found.away_since == day("2023-03-01")


def test_an_absence_that_is_over_is_not_entered(office: Office) -> None:
    office.go("2023-02-21 00:30")
    with pytest.raises(Usage, match="over already: today is 2023-02-21"):
        leave(office)


def test_a_deputy_who_leaves_before_the_absence_ends_is_refused_with_the_day(office: Office) -> None:
    office.staff([*everybody(), make_holder("director", email="leaving@county.example", until=day("2023-02-19"))])
    with pytest.raises(Forbidden, match="leaves at the end of 2023-02-19, and the absence ends on 2023-02-20"):
        leave(office, deputy="leaving@county.example")
    (found,) = leave(office, deputy="leaving@county.example", until="2023-02-19").after
    assert found.deputy == "leaving@county.example"


def test_a_letter_that_is_late_is_told_for_the_day_it_can_go(office: Office) -> None:
    """On a Saturday a reminder has not gone: it goes on Monday, when the absence is over."""
    office.go("2023-02-25 10:00")
    done = leave(office, since="2023-02-25", until="2023-02-26")
    assert done.letters == ()


def test_the_letters_told_are_those_that_will_come_each_with_all_its_rows() -> None:
    """One message for each department, kind and slot; a leader's are briefings."""
    tasks = (task(1, due=day("2023-02-28")), task(2, due=day("2023-02-28")), task(3, due=day("2023-02-20")))
    office = make_office("2023-01-03 08:00", texts=make_plan(*tasks))
    done = leave(office, deputy="deputy@county.example", since="2023-02-10", until="2023-03-10")
    leaders = leave(office, "director", deputy="acting@county.example", since="2023-02-10", until="2023-03-10")
    office.live("2023-03-11 00:00")
    for address, told in (("deputy@county.example", done), ("acting@county.example", leaders)):
        came = [
            (str(line["at"])[:10], line["letter"], sorted({row["key"] for row in line["rows"]}))  # type: ignore[attr-defined]
            for line in office.lines
            if address in (*line["to"], *line["cc"])  # type: ignore[misc]
        ]
        assert came
        assert sorted((each.on.isoformat(), each.letter, list(each.keys)) for each in told.letters) == sorted(came)


def test_letters_are_told_of_the_posts_held_on_their_day(office: Office) -> None:
    coming = make_holder("liaison", "emergency", since=day("2023-03-01"))
    office.staff([make_holder("liaison", "emergency", email="now@county.example", until=day("2023-02-28")), coming])
    office.staff([make_holder("liaison", "housing", email=LIAISON)])
    assert leave(office, LIAISON).letters == ()


def test_the_deputy_of_an_absent_deputy_reads(office: Office) -> None:
    leave(office, deputy=HOUSING)
    leave(office, HOUSING, deputy="third@county.example", since="2023-02-12", until="2023-02-14")
    office.live("2023-02-14 00:00")
    assert readers(office, "2023-02-13") == [("2023-02-13", ["third@county.example"])]


def test_back_again_the_person_reads_at_once(office: Office) -> None:
    leave(office)
    office.live("2023-02-12 08:00")
    (found,) = come_back(office, LIAISON).after
    assert found.away_until == day("2023-02-11")
    office.live("2023-02-14 00:00")
    assert readers(office, "2023-02-13") == [("2023-02-13", [LIAISON])]


def test_an_absence_still_to_come_is_taken_out_whole(office: Office) -> None:
    before = entered(office)
    leave(office)
    come_back(office, "应急/联络员")
    assert sorted(entered(office), key=str) == sorted(before, key=str)


REFUSED = [
    ({"since": "2023-02-21"}, Usage, "is before away since"),
    ({"deputy": LIAISON.upper()}, Forbidden, "same person"),
    ({"deputy": "emergency/liaison"}, Forbidden, "same person"),
    ({"deputy": "nowhere"}, NotFound, "nobody is known"),
    ({"deputy": "a@b@c"}, Usage, "no mail address"),
    ({"deputy": "gone@county.example"}, Forbidden, "left at the end of 2022-12-31"),
    ({"deputy": "refused@county.example"}, Forbidden, "a server refused"),
]


@pytest.mark.parametrize(("given", "error", "words"), REFUSED)
def test_a_deputy_who_cannot_read_is_refused_and_nothing_changes(
    office: Office, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    office.staff([make_holder("chief"), make_holder("chief", email="gone@county.example", until=day("2022-12-31"))])
    office.tick("2023-01-03 09:00")
    with office.db.begin() as session:
        refusals.mark(session, "refused@county.example", code=550, text="no", message_id=1, now=office.now)
    before = office.db_dump()
    with pytest.raises(error, match=words):
        leave(office, **given)
    assert office.db_dump() == before


@pytest.mark.parametrize("meant", ["liaison.emergancy@county.example", "emergency/liasion"])
def test_an_unknown_person_is_asked_back(office: Office, meant: str) -> None:
    with pytest.raises(NotFound, match="did you mean"):
        leave(office, meant)


def test_a_name_of_two_people_is_not_guessed(office: Office) -> None:
    office.staff([*everybody(), make_holder("director", name="应急liaison", email="other@county.example")])
    with pytest.raises(Forbidden, match="name of 2 people"):
        leave(office, "应急liaison")


@pytest.mark.parametrize("length", [2, 3, 4])
def test_deputies_in_a_circle_of_any_length_are_refused(office: Office, length: int) -> None:
    ring = [LIAISON, HOUSING, "liaison.hrss@county.example", "liaison.union@county.example"][:length]
    for person, deputy in pairwise(ring):
        leave(office, person, deputy=deputy)
    with pytest.raises(Forbidden, match="circle"):
        leave(office, ring[-1], deputy=ring[0], since="2023-02-20", until="2023-02-25")
    leave(office, ring[-1], deputy=ring[0], since="2023-02-21", until="2023-02-25")  # no day in common


def test_a_circle_that_came_in_by_a_file_hangs_no_letter(office: Office) -> None:
    days = {"away_since": day("2023-02-01"), "away_until": day("2023-02-28")}
    office.staff(
        [
            make_holder("liaison", "emergency", deputy=HOUSING, **days),
            make_holder("liaison", "housing", deputy=LIAISON, **days),
        ]
    )
    office.live("2023-02-14 00:00")
    assert readers(office, "2023-02-13") == [("2023-02-13", [HOUSING])]


def test_who_is_not_away_cannot_come_back(office: Office) -> None:
    with pytest.raises(Forbidden, match="is not away"):
        come_back(office, LIAISON)


def test_the_trail_has_numbers_and_no_addresses(office: Office) -> None:
    leave(office, deputy="stranger@county.example", reason="出差，急事找 stranger@county.example")
    (event,) = office.events("people_away")
    detail = json.loads(event["detail"])
    assert detail["posts"] == ["emergency/liaison"]
    assert detail["people"] == [3]
    assert detail["deputy"].startswith("address:")
    assert event["why"] == f"出差，急事找 {detail['deputy']}"
    assert "@" not in event["detail"]


def test_a_person_keeps_the_number_over_every_change(office: Office) -> None:
    leave(office)
    come_back(office, LIAISON)
    numbers = [json.loads(each["detail"])["people"] for each in office.events("people_away", "people_back")]
    assert numbers == [[3], [3]]
