"""`wsyf people list / import`: posts and who holds them."""

from __future__ import annotations

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, Desk, bare_office, rehearsal_office
from tests.cli.test_listing import width

desk = pytest.fixture(rehearsal_office)
bare_desk = pytest.fixture(bare_office)

CHINESE = """\
角色,部门,姓名,邮箱,电话,起,止
联络员,应急,应急联络员,yingji@gaoping.example,,2022-06-01,
召集人,应急,应急召集人,zhaojiren@gaoping.example,,,
经办人,,经办人甲,jingban@gaoping.example,,,
"""
ENGLISH = "role,department,name,email\n"


def write(desk: Desk, text: str, encoding: str = "utf-8") -> str:
    path = desk.folder / "new.csv"
    path.write_bytes(text.encode(encoding))
    return str(path)


def holders(desk: Desk, at: str = FIRST_MORNING) -> list[dict[str, object]]:
    return list(desk.wsyf("people", "list", "--json", at=at).json)


def test_the_list_for_programs_names_every_holder(desk):
    found = holders(desk)
    assert len(found) == 21
    assert found[0] == {
        "role": "liaison",
        "department": "hrss",
        "name": "人社局联络员",
        "email": "liaison.hrss@gaoping.example",
        "phone": None,
        "since": None,
        "until": None,
        "holds_today": True,
        "deputy": None,
        "away_since": None,
        "away_until": None,
        "refused": False,
    }
    assert [each["role"] for each in found if each["department"] is None] == ["director", "chief", "coordinator"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_in_any_of_the_offices_encodings_is_entered(desk, encoding):
    done = desk.wsyf("people", "import", write(desk, CHINESE, encoding), "--json", at=FIRST_MORNING).json
    assert done == {"added": 3, "changed": 0, "ended": 3, "unchanged": 0}
    (new,) = [each for each in holders(desk) if each["email"] == "yingji@gaoping.example"]
    assert (new["name"], new["department"], new["since"], new["holds_today"]) == (
        "应急联络员",
        "emergency",
        "2022-06-01",
        False,
    )


def test_the_file_speaks_for_the_posts_it_names_and_who_left_is_kept_as_ended(desk):
    desk.wsyf("people", "import", write(desk, CHINESE), at=FIRST_MORNING)
    by_address = {each["email"]: each for each in holders(desk)}
    assert by_address["liaison.emergency@gaoping.example"]["until"] == "2022-05-23"
    assert by_address["liaison.hrss@gaoping.example"]["until"] is None
    done = desk.wsyf("people", "import", write(desk, CHINESE), "--json", at=FIRST_MORNING).json
    assert done == {"added": 0, "changed": 0, "ended": 0, "unchanged": 3}


def test_two_holders_of_one_post_are_accepted_and_both_hold_it(desk):
    text = ENGLISH + "liaison,union,甲,a@union.example\nliaison,union,乙,b@union.example\n"
    desk.wsyf("people", "import", write(desk, text), at=FIRST_MORNING)
    assert {
        each["email"]
        for each in holders(desk)
        if each["department"] == "union" and each["role"] == "liaison" and each["holds_today"]
    } == {
        "a@union.example",
        "b@union.example",
    }


def test_a_vacancy_is_warned_of_at_import_and_in_the_list(desk):
    said = desk.wsyf("people", "import", write(desk, CHINESE), at=FIRST_MORNING).out
    assert "3 added, 0 changed, 3 ended, 0 as before" in said
    assert "vacant: liaison 应急" in said  # the new one begins in June
    assert "vacant: liaison 应急" in desk.wsyf("people", "list", at=FIRST_MORNING).out
    assert "vacant" not in desk.wsyf("people", "list", at="2022-06-01").out


def test_all_faults_of_a_file_are_named_with_their_lines_and_nothing_is_entered(desk):
    text = (
        CHINESE
        + "联络员,水利,甲,a@b.example,,,\n联络员,应急,乙,not an address,,,\n召集人,应急,丙,c@d.example,,2023-01-01,2022-01-01\n"
    )
    said = desk.wsyf("people", "import", write(desk, text), at=FIRST_MORNING, code=5).err
    assert [line.split("new.csv:")[1].split(":")[0] for line in said.splitlines()] == ["5", "6", "7"]
    assert len(holders(desk)) == 21


def test_a_missing_people_file_is_named(desk):
    assert "nobody.csv" in desk.wsyf("people", "import", desk.folder / "nobody.csv", at=FIRST_MORNING, code=5).err


def test_people_may_be_imported_before_the_plan_is_tracked(bare_desk):
    assert (
        bare_desk.wsyf("people", "import", bare_desk.folder / "people.csv").out
        == "21 added, 0 changed, 0 ended, 0 as before\n"
    )
    assert "人社" in bare_desk.wsyf("people", "list").out or "hrss" in bare_desk.wsyf("people", "list").out


def test_the_import_stands_in_the_trail_under_the_login_name(desk):
    desk.wsyf("people", "import", write(desk, CHINESE), at=FIRST_MORNING, SUDO_USER="jingbanren")
    assert desk.sql("SELECT action, who FROM event ORDER BY id DESC LIMIT 1") == [("people_imported", "jingbanren")]


def test_terms_are_shown_where_there_are_any_and_fit_80_columns(desk):
    assert "from – to" not in desk.wsyf("people", "list", at=FIRST_MORNING, COLUMNS="80").out
    desk.wsyf("people", "import", write(desk, CHINESE), at=FIRST_MORNING)
    said = desk.wsyf("people", "list", at=FIRST_MORNING, COLUMNS="80").out
    assert "2022-06-01" in said
    assert max(width(line) for line in said.splitlines()) <= 80
