"""`wsyf people away / back / hand-over / export / erase`, typed."""

from __future__ import annotations

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, rehearsal_office
from tests.cli.test_listing import width

desk = pytest.fixture(rehearsal_office)
LIAISON = "liaison.emergency@gaoping.example"
NEXT_MORNING = "2022-05-25"


def test_a_deputy_is_put_in_and_what_follows_is_said(desk):
    words = ("people", "away", "应急/联络员", "--until", "2022-06-10", "--deputy", "liaison.housing@gaoping.example")
    tried = desk.wsyf(*words, "--dry-run", at=FIRST_MORNING, COLUMNS="80").out
    assert "nothing was changed" in tried
    assert not [each for each in desk.wsyf("people", "list", "--json", at=FIRST_MORNING).json if each["deputy"]]
    said = desk.wsyf(*words, at=FIRST_MORNING, COLUMNS="80").out
    assert "2022/1/emergency" in said
    assert max(width(line) for line in said.splitlines()) <= 80
    (away,) = [each for each in desk.wsyf("people", "list", "--json", at=FIRST_MORNING).json if each["deputy"]]
    assert (away["away_since"], away["away_until"]) == (FIRST_MORNING, "2022-06-10")
    assert "away 2022-05-24 to 2022-06-10" in desk.wsyf("people", "list", at=FIRST_MORNING).out
    assert "reads again" in desk.wsyf("people", "back", LIAISON, at="2022-05-30").out


def test_a_post_is_handed_over(desk):
    words = ("people", "hand-over", "emergency/liaison", "--to", "new@gaoping.example", "--name", "王某")
    assert "nothing was changed" in desk.wsyf(*words, "--dry-run", at=FIRST_MORNING).out
    said = desk.wsyf(*words, at=FIRST_MORNING, COLUMNS="80").out
    assert "hand-over letter" in said
    assert max(width(line) for line in said.splitlines()) <= 80
    assert "post handed over" in desk.wsyf("log", "--limit", "1", at=FIRST_MORNING).out
    assert "王某" in desk.wsyf("people", "list", at=FIRST_MORNING).out
    assert "holds this post already" in desk.wsyf(*words, at=FIRST_MORNING, code=4).err


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
@pytest.mark.parametrize("headers", ["zh", "en"])
def test_what_is_exported_is_imported_without_a_change(desk, name, headers):
    path = desk.folder / name
    desk.wsyf("people", "away", LIAISON, "--until", "2022-06-10", "--deputy", "d@x.example", at=FIRST_MORNING)
    desk.wsyf("people", "export", path, "--headers", headers, at=FIRST_MORNING)
    done = desk.wsyf("people", "import", path, "--json", at=FIRST_MORNING).json
    assert done == {"added": 0, "changed": 0, "ended": 0, "unchanged": 21}
    assert "--force" in desk.wsyf("people", "export", path, at=FIRST_MORNING, code=4).err


def test_a_file_may_leave_a_post_vacant(desk):
    path = desk.folder / "new.csv"
    path.write_text("角色,部门,姓名,邮箱\n联络员,应急,空缺,\n", encoding="gb18030")
    tried = desk.wsyf("people", "import", path, "--dry-run", at=FIRST_MORNING).out
    assert "nothing was changed" in tried
    said = desk.wsyf("people", "import", path, at=FIRST_MORNING).out
    assert "vacant, as the file says: liaison 应急" in said
    assert "1 ended" in said


def test_who_has_left_is_erased_and_the_trail_verifies(desk):
    words = ("people", "hand-over", "emergency/liaison", "--to", "new@gaoping.example", "--name", "王某")
    desk.wsyf(*words, at=FIRST_MORNING)
    assert "--yes" in desk.wsyf("people", "erase", LIAISON, "--reason", "离任", at=FIRST_MORNING, code=2).err
    said = desk.wsyf("people", "erase", LIAISON, "--reason", "离任", "--yes", at=FIRST_MORNING).out
    assert "still have the details" not in said, "nothing of his is kept there yet"
    assert "mail that has left" in said
    desk.wsyf("tick", at=FIRST_MORNING)
    again = ("people", "hand-over", "emergency/liaison", "--to", "next@gaoping.example", "--name", "李某")
    desk.wsyf(*again, at=NEXT_MORNING)
    said = desk.wsyf("people", "erase", "new@gaoping.example", "--reason", "离任", "--yes", at=NEXT_MORNING).out
    assert f"letters kept in a maildir still have the details: {desk.folder / 'data' / 'mail'}" in " ".join(
        said.split()
    )
    assert "erased" in desk.wsyf("people", "list", "--all", at=NEXT_MORNING).out
    desk.wsyf("log", "--verify")
    desk.wsyf("audit", at=NEXT_MORNING)


def test_an_absence_that_still_runs_is_replaced_only_when_told_so(desk):
    words = ("people", "away", "应急/联络员", "--deputy", "liaison.housing@gaoping.example")
    desk.wsyf(*words, "--until", "2022-06-10", at=FIRST_MORNING)
    later = (*words, "--since", "2022-07-01", "--until", "2022-07-05")
    err = desk.wsyf(*later, at=FIRST_MORNING, code=4, COLUMNS="80").err
    assert "is away 2022-05-24 to 2022-06-10" in err
    assert "wsyf people back" in err
    assert max(width(line) for line in err.splitlines()) <= 80
    said = desk.wsyf(*later, "--replace", at=FIRST_MORNING, COLUMNS="80").out
    assert "away 2022-07-01 to 2022-07-05" in said
    assert "takes the place of the absence 2022-05-24 to 2022-06-10" in " ".join(said.split())
    past = (*words, "--since", "2022-05-01", "--until", "2022-05-23")
    assert "is over already" in desk.wsyf(*past, at=FIRST_MORNING, code=2).err


def test_an_absence_that_outlasts_the_deputy_is_told_of(desk):
    deputy = "liaison.housing@gaoping.example"
    desk.wsyf("people", "away", "应急/联络员", "--until", "2022-06-10", "--deputy", deputy, at=FIRST_MORNING)
    path = desk.folder / "new.csv"
    path.write_text("角色,部门,姓名,邮箱,止\n联络员,住建,住建联络员,liaison.housing@gaoping.example,2022-06-01\n")
    for words in (("people", "import", path), ("people", "list"), ("check",)):
        said = desk.wsyf(*words, at=FIRST_MORNING, COLUMNS="80").out
        assert f"{deputy} leaves every post at the end of 2022-06-01" in " ".join(said.split())
        assert max(width(line) for line in said.splitlines() if str(desk.folder) not in line) <= 80


def test_a_successor_who_is_away_is_told_of(desk):
    successor, deputy = "liaison.housing@gaoping.example", "convener.housing@gaoping.example"
    desk.wsyf("people", "away", "住建/联络员", "--until", "2022-06-10", "--deputy", deputy, at=FIRST_MORNING)
    said = desk.wsyf("people", "hand-over", "应急/联络员", "--to", successor, at=FIRST_MORNING, COLUMNS="80").out
    assert f"in this post too {deputy} reads instead" in " ".join(said.split())
    assert f"goes to {deputy}, 2022-05-24" in " ".join(said.split())
