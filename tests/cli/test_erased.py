"""After an erasure: the outbox and the trail call the erased person so, and every record still holds."""

from __future__ import annotations

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, Desk, rehearsal_office

desk = pytest.fixture(rehearsal_office)
LIAISON = "liaison.emergency@gaoping.example"
NOON = f"{FIRST_MORNING}T12:00"
LATER = "2022-05-27"
KEY = "2022/1/emergency"


@pytest.fixture
def erased(desk: Desk) -> Desk:
    """A letter reached the liaison, a note named the address, who then left and was erased."""
    desk.wsyf("tick", at=NOON)
    desk.wsyf("note", KEY, f"请把材料发到{LIAISON}并于周五前回复", at=NOON)
    desk.wsyf("people", "hand-over", "emergency/liaison", "--to", "new@gaoping.example", "--name", "王某", at=NOON)
    desk.wsyf("tick", at="2022-05-26T12:00")
    desk.wsyf("people", "erase", LIAISON, "--reason", f"{LIAISON}本人申请", "--yes", at=LATER)
    return desk


def of_the_erased(desk: Desk) -> int:
    (row,) = desk.sql("""SELECT min(id) FROM message WHERE "to" LIKE '%sha256:%' AND state = 'sent'""")
    return int(row[0])


def test_a_letter_of_the_outbox_calls_who_got_it_erased(erased: Desk) -> None:
    said = erased.wsyf("outbox", "show", str(of_the_erased(erased)), at=LATER, LANGUAGE="en").out
    assert "erased" in said
    assert "sha256:" not in said
    assert LIAISON not in said


@pytest.mark.parametrize("words", [(), (KEY,), ("--json",)])
def test_the_trail_names_nobody_by_address_or_its_hash(erased: Desk, words: tuple[str, ...]) -> None:
    said = erased.wsyf("log", *words, at=LATER, LANGUAGE="en", COLUMNS="200").out
    assert LIAISON not in said
    assert "sha256:" not in said
    assert "并于周五前回复" in said
    assert KEY in words or "erase" in said


def test_the_trail_verifies_and_the_auditor_finds_nothing(erased: Desk) -> None:
    assert "unbroken" in erased.wsyf("log", "--verify", at=LATER, LANGUAGE="en").out
    erased.wsyf("audit", at=LATER, LANGUAGE="en")


def test_an_export_says_who_is_left_out_and_is_taken_back_as_it_is(erased: Desk) -> None:
    path = erased.folder / "out.csv"
    said = erased.wsyf("people", "export", path, "--headers", "zh", at=LATER, LANGUAGE="en").out
    assert "1 entry of an erased person left out" in said
    assert "sha256:" not in path.read_text(encoding="utf-8-sig")
    assert "0 added, 0 changed, 0 ended" in erased.wsyf("people", "import", path, at=LATER, LANGUAGE="en").out
