"""people.csv: what is accepted as offices write it, and every mistake named at once with its line (CLI.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cast import DEPARTMENTS, ROOT, day, everybody, make_holder, make_office
from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.files import people, people_out
from wsyf_scheduler.files.people import COLUMNS, parse

HEADER = "role,department,name,email,phone,since,until\n"
LIAISON = "liaison,emergency,应急联络员,liaison@county.example,,,\n"
CHINESE = "角色,部门,姓名,邮箱,电话,起,止\n联络员,应急,应急联络员,liaison@county.example,,2024-01-01,\n经办人,,经办人,c@county.example,,,\n"


def faults_of(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        parse(text, "people.csv", DEPARTMENTS)
    return [str(fault) for fault in caught.value.faults]


def test_one_line_is_one_holder() -> None:
    text = HEADER + "convener,emergency,应急召集人,Convener@County.example,0356-1,2024-01-01,2025-12-31\n"
    (holder,) = parse(text, "people.csv", DEPARTMENTS)
    assert holder == make_holder(
        "convener",
        "emergency",
        name="应急召集人",
        email="Convener@County.example",
        phone="0356-1",
        since=day("2024-01-01"),
        until=day("2025-12-31"),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_chinese_headers_roles_and_short_names_in_every_encoding_an_office_saves(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(CHINESE.encode(encoding))
    liaison, coordinator = people.load(path, DEPARTMENTS)
    assert (liaison.role, liaison.department, liaison.name) == ("liaison", "emergency", "应急联络员")
    assert liaison.since == day("2024-01-01")
    assert (coordinator.role, coordinator.department) == ("coordinator", "")


def test_two_holders_of_one_post_are_accepted() -> None:
    text = HEADER + LIAISON + LIAISON.replace("liaison@", "second@")
    assert [each.email for each in parse(text, "people.csv", DEPARTMENTS)] == [
        "liaison@county.example",
        "second@county.example",
    ]


@pytest.mark.parametrize(
    "text",
    [
        HEADER.replace("\n", "\r\n") + LIAISON.replace("\n", "\r\n"),
        HEADER + "\n,,,,,,\n" + LIAISON,  # empty lines
        HEADER.replace("\n", ",,\n") + LIAISON.replace("\n", ",,,\n"),  # lines filled up
        HEADER + "liaison,emergency,应急联络员,liaison@county.example\n",  # fewer cells than columns
        "email,role,department\nliaison@county.example, liaison ,emergency\n",  # other order, spaces
        HEADER.upper() + LIAISON,
        HEADER.replace("name", "Name") + '"liaison","emergency","应急,联络员",liaison@county.example,,2024/1/5,\n',
    ],
)
def test_what_spreadsheets_make_of_a_csv_is_accepted(text: str) -> None:
    (holder,) = parse(text, "people.csv", DEPARTMENTS)
    assert holder.email == "liaison@county.example"


MISTAKES = {
    "bad address": (
        LIAISON.replace("liaison@county.example", "liaison"),
        ['2: email: expected a mail address, found "liaison"'],
    ),
    "address without a dot": (
        LIAISON.replace("@county.example", "@county"),
        ['2: email: expected a mail address, found "liaison@county"'],
    ),
    "two addresses in one cell": (
        LIAISON.replace("liaison@county.example", "a@county.example;b@county.example"),
        ['2: email: expected a mail address, found "a@county.example;b@county.example"'],
    ),
    "no address": (LIAISON.replace("liaison@county.example", ""), ['2: email: expected a mail address, found ""']),
    "line break in a name": (
        LIAISON.replace("应急联络员", '"应急\r\nBcc: x@county.example"'),
        ["3: name: a line break or control character is not allowed here"],
    ),
    "line break in an address": (
        LIAISON.replace("liaison@county.example", '"liaison@county.example\r\nBcc: x@county.example"'),
        ["3: email: a line break or control character is not allowed here"],
    ),
    "until before since": (
        LIAISON.replace(",,,\n", ",,2024-05-01,2024-04-30\n"),
        ["2: until: 2024-04-30 is before since, 2024-05-01"],
    ),
    "no such day": (
        LIAISON.replace(",,,\n", ",,2023-02-29,soon\n"),
        [
            '2: since: expected a date such as 2026-12-31, found "2023-02-29"',
            '2: until: expected a date such as 2026-12-31, found "soon"',
        ],
    ),
    "unknown role": (
        LIAISON.replace("liaison,", "liason,"),
        [
            (
                '2: role: expected one of liaison, convener, director, chief, coordinator, found "liason";'
                " did you mean liaison?"
            )
        ],
    ),
    "unknown department": (
        LIAISON.replace("emergency", "emergancy"),
        ['2: department: expected one of hrss, emergency, housing, union, found "emergancy"; did you mean emergency?'],
    ),
    "a leader with a department": (
        "director,hrss,办公室主任,director@county.example,,,\n",
        ["2: department: expected nothing: director is a post of the plan"],
    ),
    "a liaison without one": (
        LIAISON.replace("emergency", ""),
        ['2: department: expected one of hrss, emergency, housing, union, found ""'],
    ),
    "too many cells": (LIAISON.replace("\n", ",x\n"), ["2: expected 7 columns, found 8"]),
    "a second header": (
        LIAISON + HEADER + LIAISON,
        ["3: a second header line; the file may have been pasted together"],
    ),
    "a second header, in capitals": (
        LIAISON + HEADER.upper(),
        ["3: a second header line; the file may have been pasted together"],
    ),
    "everything at once": (
        LIAISON.replace("liaison,", "boss,") + LIAISON + LIAISON.replace("@", "") + LIAISON.replace(",,,\n", ",,x,\n"),
        [
            '2: role: expected one of liaison, convener, director, chief, coordinator, found "boss"',
            '4: email: expected a mail address, found "liaisoncounty.example"',
            '5: since: expected a date such as 2026-12-31, found "x"',
        ],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_line_column_expected_and_found(name: str) -> None:
    text, expected = MISTAKES[name]
    assert faults_of(HEADER + text) == [f"people.csv:{line}" for line in expected]


def test_a_header_says_which_columns_there_are() -> None:
    assert faults_of("role,department,email,e-mail,role\n") == [
        (
            "people.csv:1: e-mail: expected one of role, department, name, email, phone, since, until, deputy, away_since,"
            ' away_until, found "e-mail"; did you mean email?'
        ),
        "people.csv:1: role: duplicate: role stands here twice",
    ]
    assert faults_of(LIAISON)[-2:] == ["people.csv:1: role: missing column", "people.csv:1: email: missing column"]
    assert faults_of("role,,email\n")[0].startswith("people.csv:1: expected one of role,")


def test_an_absence_ends_after_it_begins() -> None:
    text = "role,department,email,deputy,away_since,away_until\nliaison,emergency,a@county.example,x,2024-02-01,2024-01-31\n"
    assert faults_of(text) == [
        'people.csv:2: deputy: expected a mail address, found "x"',
        "people.csv:2: away_until: 2024-01-31 is before away_since, 2024-02-01",
    ]


@pytest.mark.parametrize("text", ["", "\n\n", ",,\n"])
def test_an_empty_file_is_named(text: str) -> None:
    assert faults_of(text) == ["people.csv: the file is empty"]


def test_something_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"role,department\xff\xff\x80\n")
    with pytest.raises(Invalid, match="UTF-8 or GB18030"):
        people.load(path, DEPARTMENTS)
    with pytest.raises(Invalid, match="cannot be read"):
        people.load(tmp_path / "nobody.csv", DEPARTMENTS)


def test_an_endless_cell_is_named() -> None:
    assert "not valid CSV" in faults_of(HEADER + '"' + "x" * 200_000)[0]


def test_what_is_exported_is_imported_as_it_was() -> None:
    holders = [
        make_holder("chief", deputy="d@county.example", away_since=day("2024-01-01"), away_until=day("2024-02-01")),
        make_holder("liaison", "emergency", phone="1", since=day("2024-01-01"), until=day("2024-12-31")),
    ]
    text = people_out.as_csv(people_out.table(holders, None))
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert sorted(parse(text, "x", DEPARTMENTS), key=str) == sorted(holders, key=str)


def test_the_packaged_people_hold_every_post_of_the_gaoping_plan() -> None:
    from wsyf_scheduler.files import plan

    departments = {each.id: each.short for each in plan.load(ROOT / "jobs" / "gaoping-2021-2025").departments}
    holders = people.load(ROOT / "people.csv", departments)
    assert len(holders) == 2 * 9 + 3
    assert all(each.email.endswith(".example") for each in holders)


def test_a_file_with_a_mistake_changes_nobody() -> None:
    office = make_office(holders=everybody())
    before = office.db_dump()
    with pytest.raises(Invalid):
        office.staff(parse(HEADER + LIAISON + LIAISON.replace("@", ""), "people.csv", DEPARTMENTS))
    assert office.db_dump() == before
