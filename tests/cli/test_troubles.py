"""What goes wrong around a command: database, config, disk, pipes. Clear words, the right exit code, never a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.cli.office_fixtures import (
    FIRST_MORNING,
    PROGRAM,
    Desk,
    bare_office,
    real_office,
    rehearsal_office,
    without_root_rights,
)
from wsyf_scheduler.cli import listing
from wsyf_scheduler.cli.main import COMMANDS, wsyf
from wsyf_scheduler.store import copying, glance
from wsyf_scheduler.store.db import Database

desk = pytest.fixture(real_office)
bare_desk = pytest.fixture(bare_office)
rehearsal_desk = pytest.fixture(rehearsal_office)

LOOKS = [[], ["list"], ["show", "1"], ["people", "list"], ["schedule"], ["plan", "diff"], ["tick", "--dry-run"]]
CHANGES = [
    ["done", "2025/5/hrss"],
    ["waive", "2025/5/hrss", "--reason", "x"],
    ["extend", "2025/5/hrss", "--to", "2099-01-01", "--reason", "x", "--approved-by", "y"],
    ["release", "--all"],
    ["tick"],
]
CLI = Path(glance.__file__).parents[1] / "cli"


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits half a minute for a lock in a test."""
    monkeypatch.setitem(Database.__init__.__kwdefaults__, "busy_timeout", 50)
    monkeypatch.setattr(glance, "PATIENCE", 0.05)
    monkeypatch.setattr(copying, "PATIENCE", 0.05)


@contextmanager
def locked(desk: Desk, how: str = "exclusive") -> Iterator[None]:
    """Another program has the database to itself, or is writing."""
    with closing(sqlite3.connect(desk.database, isolation_level=None)) as other:
        if how == "exclusive":
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("PRAGMA journal_mode = DELETE")
        other.execute(f"BEGIN {'EXCLUSIVE' if how == 'exclusive' else 'IMMEDIATE'}")
        other.execute("INSERT INTO fact (name, value) VALUES ('mine', 'yes')")
        yield


def one_line(said: str) -> str:
    assert said.count("\n") == 1
    assert said.startswith("wsyf: ")
    return said


# --- The database -------------------------------------------------------------


@pytest.mark.parametrize("words", LOOKS + CHANGES, ids=" ".join)
def test_a_missing_database_is_named_with_the_way_to_make_it(bare_desk, words):
    said = one_line(bare_desk.wsyf(*words, code=6).err)
    assert f"there is no database at {bare_desk.database}; run `wsyf plan sync`" in said
    assert not bare_desk.database.exists()


@pytest.mark.parametrize("words", LOOKS + CHANGES, ids=" ".join)
@pytest.mark.parametrize(
    ("version", "said"), [("9999", "update the program"), ("0000", "run `wsyf upgrade`"), (None, "run `wsyf upgrade`")]
)
def test_a_database_of_another_version_says_what_to_do(desk, words, version, said):
    desk.sql("UPDATE alembic_version SET version_num = ?", version) if version else desk.sql(
        "DROP TABLE alembic_version"
    )
    assert said in one_line(desk.wsyf(*words, code=6).err)


@pytest.mark.parametrize("words", [*LOOKS, *CHANGES, ["upgrade"]], ids=" ".join)
@pytest.mark.parametrize("content", [b"PK\x03\x04 a spreadsheet" * 500, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_database_is_named(desk, words, content):
    desk.database.write_bytes(content)
    said = one_line(desk.wsyf(*words, code=6).err)
    assert str(desk.database) in said
    assert "damaged or no database; restore a backup" in said


def test_a_database_whose_table_is_gone_is_trouble_and_no_traceback(desk):
    desk.sql("DROP TABLE fact")
    assert "fact" in one_line(desk.wsyf("list", code=6).err)


@pytest.mark.parametrize("words", [*LOOKS, *CHANGES, ["backup", "copy.db"], ["upgrade"]], ids=" ".join)
def test_a_database_another_program_has_to_itself_is_said_to_be_locked(desk, words, impatient, monkeypatch):
    monkeypatch.chdir(desk.folder)
    with locked(desk):
        assert "stayed locked by another program; try again in a moment" in one_line(desk.wsyf(*words, code=6).err)


@pytest.mark.parametrize("words", CHANGES, ids=" ".join)
def test_a_change_waits_for_another_writer_and_then_says_so(desk, words, impatient):
    with locked(desk, "writing"):
        assert "locked" in one_line(desk.wsyf(*words, code=6).err)
    desk.wsyf(*words)


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_a_look_does_not_wait_for_a_writer(desk, words, impatient):
    with locked(desk, "writing"):
        desk.wsyf(*words)


@pytest.mark.parametrize("words", CHANGES, ids=" ".join)
def test_a_read_only_database_is_named(desk, words):
    desk.database.chmod(0o444)
    with without_root_rights():
        assert "read-only for this user; check the owner and rights" in one_line(desk.wsyf(*words, code=6).err)


@pytest.mark.parametrize("words", [*LOOKS, *CHANGES], ids=" ".join)
def test_a_database_nobody_may_read_is_named(desk, words):
    desk.database.chmod(0)
    with without_root_rights():
        said = one_line(desk.wsyf(*words, code=6).err)
    assert str(desk.database) in said


@pytest.mark.parametrize("words", CHANGES, ids=" ".join)
def test_a_folder_that_may_not_be_written_is_named(desk, words):
    desk.database.parent.chmod(0o555)
    with without_root_rights():
        said = one_line(desk.wsyf(*words, code=6).err)
    desk.database.parent.chmod(0o755)
    assert str(desk.database.parent) in said


def test_a_database_cannot_be_made_where_nobody_may_write(bare_desk):
    bare_desk.folder.chmod(0o555)
    with without_root_rights():
        said = one_line(bare_desk.wsyf("plan", "sync", code=1).err)
    bare_desk.folder.chmod(0o755)
    assert "Permission denied" in said


def test_a_full_disk_is_named_and_nothing_is_changed(desk):
    (pages,) = desk.sql("PRAGMA page_count")[0]
    before = desk.wsyf("list", "--json").json

    def small(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", small)
    try:
        said = one_line(desk.wsyf("release", "--all", code=6).err)
    finally:
        event.remove(Engine, "connect", small)
    assert "is full; make room, nothing was changed" in said
    assert desk.wsyf("list", "--json").json == before


# --- --at ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [*LOOKS, *CHANGES, ["status"], ["plan", "sync"], ["plan", "show"], ["check"], ["backup", "x.db"]],
    ids=" ".join,
)
def test_a_real_database_takes_no_clock_and_nothing_is_done(desk, words, monkeypatch):
    monkeypatch.chdir(desk.folder)
    before = desk.sql("SELECT max(id) FROM event")
    said = one_line(desk.wsyf(*words, at="2026-01-05", code=4).err)
    assert "--at sets the clock of a rehearsal only" in said
    assert desk.sql("SELECT max(id) FROM event") == before
    assert not Path("x.db").exists()


def test_an_office_without_database_takes_no_clock_and_none_is_made(bare_desk):
    bare_desk.wsyf("plan", "sync", at="2022-05-19", code=4)
    assert not bare_desk.database.parent.exists()


@pytest.mark.parametrize(
    "at", ["tomorrow", "2022-13-01", "2023-02-29", "", "2022-05-19T25:00", "0001-01-01", "9999-12-31"]
)
def test_a_clock_that_is_no_time_is_wrong_usage(rehearsal_desk, at):
    assert "--at" in rehearsal_desk.wsyf("--at", at, "list", code=2).err


@pytest.mark.parametrize(
    ("at", "today"),
    [
        ("2022-05-24", "2022-05-24"),
        ("2022-05-24T23:59", "2022-05-24"),
        ("2022-05-24T16:00Z", "2022-05-25"),
        ("2022-05-24T23:00:00-01:00", "2022-05-25"),
        ("20220524", "2022-05-24"),
    ],
)
def test_a_clock_is_a_day_or_an_instant_in_the_plans_zone(rehearsal_desk, at, today):
    assert rehearsal_desk.wsyf("--json", at=at).json["today"] == today


def test_a_bare_day_is_the_opening_of_its_window(rehearsal_desk):
    rehearsal_desk.wsyf("tick", at=FIRST_MORNING)
    assert rehearsal_desk.sql("SELECT value FROM fact WHERE name = 'last_tick_at'") == [("2022-05-24T01:00:00+00:00",)]


def test_without_a_clock_a_rehearsal_stands_at_its_last_tick(rehearsal_desk):
    rehearsal_desk.wsyf("tick", at="2022-06-02")
    assert rehearsal_desk.wsyf("--json").json["today"] == "2022-06-02"
    rehearsal_desk.wsyf("done", "2022/1/housing")
    assert rehearsal_desk.wsyf("show", "2022/1/housing", "--json").json["closed_on"] == "2022-06-02"


# --- Config -------------------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["list"], ["done", "1"], ["plan", "sync"], ["tick"], ["daemon"]], ids=" ".join)
def test_a_faulty_config_is_named_with_line_key_and_what_was_expected(desk, words):
    desk.edit("config.toml", 'send_at = "09:00"', 'sent_at = "09:00"')
    said = desk.wsyf(*words, code=5).err
    assert re.search(r"config\.toml:[0-9]+: hours\.sent_at: .*did you mean send_at\?", said)


def test_no_config_anywhere_says_how_to_begin(tmp_path, desk, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = subprocess.run(
        [*PROGRAM, "list"], capture_output=True, text=True, env={**os.environ, "LANGUAGE": "en"}, check=False
    )
    if Path("/etc/wsyf/config.toml").exists():
        pytest.skip("this machine has an office")
    assert answer.returncode == 5
    assert "run `wsyf init DIR`" in answer.stderr


def test_a_config_nobody_may_read_is_named(desk):
    desk.config.chmod(0)
    with without_root_rights():
        said = one_line(desk.wsyf("list", code=5).err)
    assert "config.toml: cannot be read: Permission denied" in said


def test_a_config_is_found_by_folder_variable_or_working_folder(desk, monkeypatch):
    for given in (["--config", str(desk.folder), "list", "--json"], ["list", "--json"]):
        monkeypatch.chdir(desk.folder)
        assert len(_said(given)) == 75
    monkeypatch.chdir("/")
    monkeypatch.setenv("WSYF_CONFIG", str(desk.config))
    assert len(_said(["list", "--json"])) == 75


def _said(words: list[str]) -> list[object]:
    return list(json.loads(CliRunner().invoke(wsyf, words).output))


# --- Usage --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lst"], "there is no command lst; did you mean list"),
        (["list", "--perid", "2022"], "--period"),
        (["--json", "list"], "write: wsyf list --json"),
        (["done"], "KEYS"),
        (["list", "--due-before", "soon"], "soon is no date; write it as 2026-02-28"),
        (["rehearse", "--from", "2022-06-01", "--to", "2022-05-01"], "--to lies before --from"),
        (["schedule", "--days", "0"], "--days"),
        (["done", "1", "--without-figures"], "--without-figures needs --reason"),
    ],
)
def test_wrong_usage_is_exit_2_and_says_what_was_wrong(desk, words, said):
    assert said in desk.wsyf(*words, code=2).err


ASKING = {  # what cannot be taken back, or moves many letters, and the questions of `wsyf init`; of a terminal only
    "asking.py": "prompt",
    "calendar.py": "confirm",
    "copies.py": "confirm",
    "staffing.py": "confirm",
}


def test_nothing_is_asked_but_of_a_terminal_and_only_before_what_cannot_be_taken_back(desk):
    for path in CLI.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        if path.name in ASKING:
            source = source.replace(f"click.{ASKING[path.name]}", "", 1)
            assert "isatty()" in source or path.name == "asking.py"  # keeping.py asks whether to ask
        assert not re.search(
            r"\bclick\.(prompt|confirm|getchar|pause|edit)\b|\binput\(|prompt=|confirmation_option", source
        ), path


def test_help_is_given_for_every_command_without_an_office(tmp_path, monkeypatch, desk):
    monkeypatch.chdir(tmp_path)
    for name in COMMANDS:
        result = CliRunner().invoke(wsyf, [name, "--help"])
        assert (result.exit_code, result.exception) == (0, None), name


# --- Pipes and terminals ------------------------------------------------------


def test_a_reader_that_leaves_early_is_no_fault(desk):
    for words in (["list"], ["list", "--json"], ["plan", "show"]):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w") as gone, desk.start(*words, stdout=gone) as running:
            _out, err = running.communicate(timeout=60)
        assert (running.returncode, err) == (0, "")


def test_json_is_utf_8_and_tables_do_not_fail_whatever_the_terminal_speaks(desk):
    for encoding in ("ascii", "gbk", "latin-1"):
        env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
        with desk.start("list", "--json", env=env, text=False) as running:
            out, err = running.communicate(timeout=60)
        assert (running.returncode, err) == (0, b"")
        assert "尘肺病" in out.decode("utf-8")
    with desk.start("check", env={"PYTHONIOENCODING": "gbk", "PYTHONUTF8": "0"}, text=False) as running:
        out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, b"")
    assert "config" in out.decode("gbk")


def test_a_fault_of_the_program_says_so_and_how_to_report_it(desk, monkeypatch):
    monkeypatch.setattr(listing, "select", lambda *_args, **_more: 1 // 0)
    result = CliRunner().invoke(wsyf, ["--config", str(desk.config), "list"])
    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stderr
    assert "please report it with the lines above" in result.stderr.splitlines()[-1]


def test_an_office_of_another_folder_is_left_alone(desk, tmp_path):
    shutil.copytree(desk.folder, tmp_path / "other")
    Desk(tmp_path / "other").wsyf("release", "--all")
    assert all(item["held"] for item in desk.wsyf("list", "--json").json)
