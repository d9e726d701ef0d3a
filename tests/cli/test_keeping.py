"""`wsyf init`, `upgrade`, `completion`: setting an office up and keeping it well."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from tests.cli.office_fixtures import (
    FIRST_MORNING,
    PLAN,
    PROGRAM,
    Desk,
    bare_office,
    real_office,
    rehearsal_office,
    without_root_rights,
)
from wsyf_scheduler.cli.main import COMMANDS, wsyf

desk = pytest.fixture(real_office)
bare_desk = pytest.fixture(bare_office)
rehearsal_desk = pytest.fixture(rehearsal_office)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


# --- init ---------------------------------------------------------------------


def test_init_lays_out_an_office_and_says_what_to_do_next(desk, tmp_path):
    folder = tmp_path / "a" / "new office"
    said = desk.wsyf("init", folder).out
    assert sorted(path.name for path in folder.iterdir()) == ["config.toml", "data", "jobs", "people.csv", "templates"]
    assert [path.name for path in (folder / "templates" / "email").iterdir()] == ["README"]
    assert (folder / "jobs" / PLAN / "plan.toml").is_file()
    for step in ("wsyf people import people.csv", "wsyf check", "wsyf plan sync"):
        assert step in said
    assert Desk(folder).wsyf("list", "--json").json == []


def test_init_takes_an_empty_folder(desk, tmp_path):
    (tmp_path / "empty").mkdir()
    desk.wsyf("init", tmp_path / "empty")


def test_init_refuses_a_folder_that_is_not_empty_and_changes_nothing(desk, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / ".hidden").write_text("mine")
    assert "is not an empty folder" in desk.wsyf("init", folder, code=4).err
    assert [path.name for path in folder.iterdir()] == [".hidden"]
    assert "is not an empty folder" in desk.wsyf("init", folder / ".hidden", code=4).err


def test_init_where_nobody_may_write_is_one_clear_line(desk, tmp_path):
    tmp_path.chmod(0o555)
    with without_root_rights():
        said = desk.wsyf("init", tmp_path / "new", code=1).err
    tmp_path.chmod(0o755)
    assert said == f"wsyf: {tmp_path / 'new'}: Permission denied\n"


def test_only_a_rehearsal_database_takes_a_clock(desk, tmp_path):
    desk.wsyf("init", "--rehearsal", tmp_path / "r")
    desk.wsyf("init", tmp_path / "real")
    Desk(tmp_path / "r").wsyf("list", at=FIRST_MORNING)
    Desk(tmp_path / "real").wsyf("list", at=FIRST_MORNING, code=4)


def test_init_asks_nothing_and_needs_no_office(tmp_path, desk):
    with subprocess.Popen(
        [*PROGRAM, "init", "office"], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as running:
        assert running.wait(30) == 0
    assert (tmp_path / "office" / "config.toml").exists()


def test_in_a_groups_folder_all_that_is_made_is_the_groups(desk, tmp_path):
    """An office that runs command line and daemon as two users: `install -d -m 2770` and one group."""
    group = 4321 if os.geteuid() == 0 else os.getegid()
    folder = tmp_path / "office"
    folder.mkdir()
    os.chown(folder, -1, group)
    folder.chmod(0o2770)
    office = Desk(folder)
    office.wsyf("init", folder)
    office.wsyf("people", "import", folder / "people.csv")
    office.wsyf("plan", "sync")
    os.umask(0o022)  # another command, in a process of its own, begins with the user's umask
    paper = tmp_path / "paper.txt"
    paper.write_text("x")
    office.edit("config.toml", "receipt_delay = 10", "receipt_delay = 0")
    office.wsyf("done", "2025/5/hrss", "--file", paper)
    os.umask(0o022)
    office.wsyf("tick")
    os.umask(0o022)
    office.wsyf("backup", folder / "data" / "copy.db")
    made = [path for path in folder.rglob("*") if not path.name.endswith(("-wal", "-shm"))]  # SQLite's own business
    assert {path.name for path in made} >= {"wsyf.db", "wsyf.deliver.lock", "mail", "evidence", "copy.db", "plan.toml"}
    for path in made:
        assert path.stat().st_gid == group, path
        assert mode(path) == (0o2770 if path.is_dir() else 0o660), path


def test_outside_a_groups_folder_the_users_umask_stands(desk, tmp_path):
    desk.wsyf("init", tmp_path / "office")
    assert mode(tmp_path / "office" / "config.toml") == 0o644
    assert mode(tmp_path / "office" / "data" / "wsyf.db") == 0o660


# --- upgrade ------------------------------------------------------------------


def test_upgrade_creates_the_database_where_there_is_none_and_is_idempotent(bare_desk):
    assert bare_desk.wsyf("upgrade").out == f"{bare_desk.database} created\n"
    assert bare_desk.wsyf("upgrade").out == "the database is up to date\n"
    assert mode(bare_desk.database) == 0o660
    assert [path.name for path in bare_desk.database.parent.glob("*before*")] == []
    bare_desk.wsyf("plan", "sync")


def test_upgrade_keeps_the_database_as_it_was_before_it_changes_it(bare_desk):
    bare_desk.database.parent.mkdir()
    with closing(sqlite3.connect(bare_desk.database)) as empty:
        empty.execute("PRAGMA journal_mode = WAL")
    assert "run `wsyf upgrade`" in bare_desk.wsyf("list", code=6).err
    said = bare_desk.wsyf("upgrade").out
    (saved,) = bare_desk.database.parent.glob("wsyf-before-*.db")
    assert str(saved) in said
    bare_desk.wsyf("plan", "sync")


def test_upgrade_refuses_a_newer_database_and_leaves_it_as_it_is(desk):
    desk.sql("UPDATE alembic_version SET version_num = '9999'")
    before = desk.database.read_bytes()
    assert "newer version (9999;" in desk.wsyf("upgrade", code=6).err
    assert desk.database.read_bytes() == before


# --- completion ---------------------------------------------------------------


def completions(desk: Desk, *words: str, incomplete: str) -> list[str]:
    complete = BashComplete(wsyf, {}, "wsyf", "_WSYF_COMPLETE")
    return [item.value for item in complete.get_completions(["--config", str(desk.config), *words], incomplete)]


def test_commands_options_and_words_are_completed(desk):
    assert completions(desk, incomplete="") == list(COMMANDS)
    assert completions(desk, incomplete="re") == [name for name in COMMANDS if name.startswith("re")]
    assert completions(desk, "plan", incomplete="s") == ["show", "sync"]
    assert "--reason" in completions(desk, "waive", incomplete="--")
    assert completions(desk, "list", "--state", incomplete="w") == ["waived", "withdrawn"]


def test_keys_are_completed_from_the_database(desk):
    assert completions(desk, "show", incomplete="2022/1/") == ["2022/1/emergency", "2022/1/housing", "2022/1/transport"]
    assert completions(desk, "done", "2022/1/housing", incomplete="2025/5") == ["2025/5/hrss"]
    assert len(completions(desk, "show", incomplete="")) == 75


def test_where_there_is_no_office_completion_is_silent(desk):
    desk.database.unlink()
    assert completions(desk, "show", incomplete="2022") == []
    desk.config.write_text("nonsense")
    assert completions(desk, "show", incomplete="2022") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_of_the_shell_asked_for(desk, shell):
    said = desk.wsyf("completion", shell).out
    assert f"_WSYF_COMPLETE={shell}_complete" in said
    assert said == desk.wsyf("completion", SHELL=f"/usr/bin/{shell}").out


def test_the_program_answers_what_the_script_asks(desk):
    env = {**os.environ, "_WSYF_COMPLETE": "bash_complete", "COMP_WORDS": "wsyf show 2025/5", "COMP_CWORD": "2"}
    answer = subprocess.run(
        PROGRAM, env={**env, "WSYF_CONFIG": str(desk.config)}, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "plain,2025/5/hrss\n"
