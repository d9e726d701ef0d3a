"""Importing a people file: a column it lacks changes nothing, circles are refused, and each change is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cast import BEIJING, DEPARTMENTS, WHO, Office, day, make_holder, make_office
from wsyf_scheduler.acts import hand_over, staff
from wsyf_scheduler.acts.hand_over import Successor
from wsyf_scheduler.acts.staff import Staffed
from wsyf_scheduler.core.people import Holder, circles
from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.files import people as people_file
from wsyf_scheduler.files import people_out
from wsyf_scheduler.store import people

ONE, TWO = "liaison.emergency@county.example", "liaison.housing@county.example"
AWAY = {"deputy": TWO, "away_since": day("2023-03-01"), "away_until": day("2023-03-31")}
LIAISON = make_holder("liaison", "emergency", phone="0356-1", since=day("2022-01-01"), **AWAY)
HOUSING = make_holder("liaison", "housing")


@pytest.fixture
def office() -> Office:
    found = make_office("2023-03-10 10:00", texts={}, holders=[])
    found.staff([LIAISON, HOUSING])
    return found


def take(office: Office, tmp_path: Path, text: str) -> Staffed:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    sheet = people_file.read(path, DEPARTMENTS)
    found: Staffed = staff.act(
        office.app,
        office.now,
        holders=sheet.holders,
        today=office.now.astimezone(BEIJING).date(),
        who=WHO,
        vacant=sheet.vacant,
        sheet=sheet,
    )
    return found


def entered(office: Office) -> list[Holder]:
    with office.db.read() as session:
        return people.all_of(session)


SHORT = "role,department,name,email\nliaison,emergency,应急liaison,liaison.emergency@county.example\n"


def test_a_file_without_the_columns_of_absences_telephones_and_days_leaves_them_as_they_are(
    office: Office, tmp_path: Path
) -> None:
    before = entered(office)
    assert take(office, tmp_path, SHORT) == Staffed(unchanged=1)
    assert entered(office) == before


def test_an_empty_cell_of_a_column_the_file_has_still_says_that_there_is_none(office: Office, tmp_path: Path) -> None:
    done = take(office, tmp_path, SHORT.replace("email\n", "email,phone\n"))
    assert done == Staffed(changed=1)
    (change,) = done.changes
    assert change.before == LIAISON
    assert change.after is not None
    assert (change.after.phone, change.after.deputy, change.after.since) == ("", TWO, day("2022-01-01"))


def test_whom_a_file_without_days_names_again_holds_the_post_again(office: Office, tmp_path: Path) -> None:
    office.staff([make_holder("liaison", "emergency", email="next@county.example")])
    take(office, tmp_path, SHORT)
    (found,) = [each for each in entered(office) if each.email == ONE]
    assert (found.until, found.since, found.phone) == (None, day("2022-01-01"), "0356-1")


def test_an_address_in_other_letters_is_the_same_person(office: Office, tmp_path: Path) -> None:
    done = take(office, tmp_path, SHORT.replace(ONE, ONE.upper().replace("COUNTY.EXAMPLE", "county.example")))
    assert done == Staffed(changed=1)
    assert len(entered(office)) == 2
    twice = SHORT + SHORT.splitlines()[1].replace(ONE, ONE.capitalize()) + "\n"
    take(office, tmp_path, twice)
    assert take(office, tmp_path, twice) == Staffed(unchanged=2)


CIRCLE = (
    "role,department,name,email,deputy,away_since,away_until\n"
    "director,,,director@county.example,,,\n"
    "liaison,housing,,liaison.housing@county.example,Liaison.emergency@county.example,2023-03-20,2023-04-20\n"
)


def test_a_circle_of_deputies_between_the_file_and_the_office_is_refused_with_names_and_rows(
    office: Office, tmp_path: Path
) -> None:
    before = office.db_dump()
    with pytest.raises(Invalid) as caught:
        take(office, tmp_path, CIRCLE)
    (fault,) = caught.value.faults
    assert (fault.line, fault.key) == (3, "deputy")
    assert TWO in fault.message
    assert ONE in fault.message.lower()
    assert office.db_dump() == before


def test_a_circle_within_a_file_names_both_rows_and_one_that_shares_no_day_is_none(
    office: Office, tmp_path: Path
) -> None:
    other = f"liaison,emergency,,{ONE},{TWO},2023-03-15,2023-03-20\n"
    with pytest.raises(Invalid, match=r"people\.csv:3: deputy: .*lines 3, 4"):
        take(office, tmp_path, CIRCLE + other)
    assert take(office, tmp_path, CIRCLE + other.replace("03-20", "03-19")).changed == 2


def test_a_circle_that_is_over_hinders_no_import(office: Office, tmp_path: Path) -> None:
    office.go("2023-05-01 09:00")
    assert take(office, tmp_path, CIRCLE).changed == 1
    assert circles(entered(office), day("2023-03-25")) == [(ONE, TWO, ONE.capitalize())]
    assert circles(entered(office), day("2023-04-01")) == []


def passed(office: Office) -> None:
    successor = Successor(address="new@county.example", name="新人")
    office.act(hand_over.act, meant="emergency/liaison", successor=successor, on=day("2023-03-10"), names=DEPARTMENTS)


def test_an_old_file_that_takes_a_hand_over_back_is_found_out(office: Office, tmp_path: Path) -> None:
    passed(office)
    done = take(office, tmp_path, SHORT)
    assert (done.changed, done.ended) == (1, 1)
    (back,) = done.reversed
    assert (back.post.department, back.on, back.who) == ("emergency", day("2023-03-10"), WHO)


def test_a_file_that_knows_of_the_hand_over_takes_nothing_back(office: Office, tmp_path: Path) -> None:
    passed(office)
    new = SHORT.splitlines()[0] + "\nliaison,emergency,新人,new@county.example\n"
    assert take(office, tmp_path, new).reversed == ()
    old = f"role,department,name,email,since,until\nliaison,emergency,旧,{ONE},2022-01-01,2023-03-09\n"
    done = take(office, tmp_path, old + "liaison,emergency,新人,new@county.example,2023-03-10,\n")
    assert (done.changed, done.ended, done.reversed) == (1, 0, ())


@pytest.mark.parametrize("header", ["代办人", "代理人"])
def test_the_deputy_s_column_is_read_under_both_its_names(header: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"角色,部门,邮箱,{header},外出起\n联络员,应急,{ONE},{TWO},2023-03-01\n", encoding="utf-8")
    (found,) = people_file.load(path, DEPARTMENTS)
    assert found.deputy == TWO
    assert "代办人" in people_out.table([found], DEPARTMENTS)[0]
    assert "代理人" not in people_out.table([found], DEPARTMENTS)[0]
