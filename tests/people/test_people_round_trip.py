"""What is exported is imported as it was, in CSV and XLSX, in either language; no cell becomes a formula."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.cast import DEPARTMENTS, day, everybody, make_holder, make_office
from wsyf_scheduler.acts import staff
from wsyf_scheduler.core.people import Holder, Post
from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.files import people, people_out
from wsyf_scheduler.files.people import parse

ODD = [
    make_holder("liaison", "housing", name='带"引号",逗号', phone="+86 0356-1", email="a@county.example"),
    make_holder("liaison", "union", name="=1+1", phone="-1", email="b@county.example"),
    make_holder("convener", "union", name="'=已有撇号", phone="03560001234", email="+c@county.example"),
    make_holder("chief", name="𠮷龘＝", until=day("2022-12-31"), email="d@county.example"),
    make_holder(
        "chief",
        name="@总",
        since=day("2023-01-01"),
        deputy="=e@county.example",
        away_since=day("2024-03-01"),
        away_until=day("2024-03-31"),
    ),
]
HEADER = "role,department,name,email,phone,since,until\n"


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("names", [None, DEPARTMENTS], ids=["en", "zh"])
def test_export_then_import_changes_nothing(tmp_path: Path, suffix: str, names: dict[str, str] | None) -> None:
    path = tmp_path / f"people.{suffix}"
    holders: list[Holder] = [*everybody(("chief", "")), *ODD]
    people_out.write(path, holders, names=names)
    found = people.load(path, DEPARTMENTS)
    assert sorted(found, key=str) == sorted(holders, key=str)
    office = make_office("2024-01-05 09:00", texts={}, holders=holders)
    done = office.act(staff.act, holders=found, today=day("2024-01-05"))
    assert (done.added, done.changed, done.ended) == (0, 0, 0)


def test_no_cell_of_a_csv_begins_as_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    people_out.write(path, ODD, names=None)
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    cells = data.decode("utf-8-sig").replace('"', ",").replace("\r\n", ",").split(",")
    assert not [cell for cell in cells if cell[:1] in "=+-@＝" and cell]


def test_a_sheet_has_text_cells_only(tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    people_out.write(path, ODD, names=DEPARTMENTS)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert 't="s"' in sheet


@pytest.mark.parametrize("line", ["liaison,emergency,,,,,", "联络员,应急,空缺,,,,", "liaison,emergency,vacant,空缺,,,"])
def test_a_line_may_say_that_a_post_is_vacant(line: str) -> None:
    vacant: list[Post] = []
    assert parse(HEADER + line + "\n", "people.csv", DEPARTMENTS, vacant=vacant) == []
    assert vacant == [Post("liaison", "emergency")]


def test_a_name_without_an_address_is_still_a_mistake() -> None:
    with pytest.raises(Invalid, match="2: email"):
        parse(HEADER + "liaison,emergency,王某,,,,\n", "people.csv", DEPARTMENTS)


def test_a_post_said_to_be_vacant_is_ended() -> None:
    office = make_office("2024-01-05 09:00", texts={})
    done = office.act(staff.act, holders=[], today=day("2024-01-05"), vacant=[Post("liaison", "emergency")])
    assert done.ended == 1
