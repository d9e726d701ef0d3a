"""`wsyf people show`, and that who was erased is called so wherever people read."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, rehearsal_office
from tests.cli.test_listing import width
from wsyf_scheduler.core.erased import hashed
from wsyf_scheduler.store import db

desk = pytest.fixture(rehearsal_office)
LIAISON = "liaison.emergency@gaoping.example"
NOON = f"{FIRST_MORNING}T12:00"


def gone(desk):
    desk.wsyf("tick", at=NOON)
    desk.wsyf("people", "hand-over", "emergency/liaison", "--to", "new@gaoping.example", "--name", "王某", at=NOON)
    desk.wsyf("tick", at="2022-05-26T12:00")
    desk.wsyf("people", "erase", LIAISON, "--reason", "离任", "--yes", at="2022-05-27")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_posts_and_letters_fit_80_columns(desk, language):
    desk.wsyf("tick", at=NOON)
    said = desk.wsyf("people", "show", "应急/联络员", at=NOON, COLUMNS="80", LANGUAGE=language).out
    assert LIAISON in said
    assert "wsyf list --department emergency" in said
    assert "2022-05-24" in said
    assert max(width(line) for line in said.splitlines()) <= 80
    (found,) = desk.wsyf("people", "show", LIAISON, "--json", at=NOON).json
    assert {each["as"] for each in found["letters"]} == {"to"}
    assert "2022/1/emergency" in found["unfinished"]


def test_nobody_known_is_said(desk):
    desk.wsyf("people", "show", "nobody@gaoping.example", at=NOON, code=3)


def test_the_erased_are_called_so_and_what_they_got_is_kept(desk):
    gone(desk)
    for words in (("people", "show", LIAISON), ("explain", "--person", LIAISON), ("people", "list", "--all")):
        said = desk.wsyf(*words, at="2022-05-27").out
        assert "erased" in said
        assert "sha256:" not in said
    (found,) = desk.wsyf("people", "show", LIAISON, "--json", at="2022-05-27").json
    assert found["address"] == hashed(LIAISON)
    assert found["letters"]


def files_of(database: Path) -> bytes:
    return b"".join(path.read_bytes() for path in database.parent.glob("wsyf.db*")).lower()


def test_no_byte_of_the_database_and_its_log_has_the_address(desk):
    with closing(db.Database(f"sqlite:///{desk.database}")) as other:
        with other.read() as session:
            session.exec_driver_sql("SELECT 1 FROM person").first()
        assert LIAISON.encode() in files_of(desk.database)
        gone(desk)  # the other has it open, so that the log is not taken away by a last connection
        assert LIAISON.encode() not in files_of(desk.database)


def test_a_reader_does_not_stop_the_erasure(desk):
    with closing(db.Database(f"sqlite:///{desk.database}")) as other, other.read() as session:
        session.exec_driver_sql("SELECT 1 FROM person").first()
        words = ("people", "hand-over", "emergency/liaison", "--to", "new@gaoping.example", "--name", "王某")
        desk.wsyf(*words, at=FIRST_MORNING)
        said = desk.wsyf("people", "erase", LIAISON, "--reason", "离任", "--yes", at=FIRST_MORNING).out
    assert "-wal" in said
