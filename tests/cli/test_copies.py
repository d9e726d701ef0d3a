"""`wsyf backup` and `wsyf restore`: a copy that is whole, and a copy in the place of the database, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.office_fixtures import Desk, bare_office, real_office, rehearsal_office
from wsyf_scheduler.store import chain, glance

desk = pytest.fixture(real_office)
bare_desk = pytest.fixture(bare_office)
rehearsal_desk = pytest.fixture(rehearsal_office)

KEY = "2025/5/hrss"
PATIENCE = 60  # seconds


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def sql(path: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def hold(path: Path) -> dict[str, str] | None:
    found = sql(path, "SELECT value FROM fact WHERE name = 'hold'")
    return json.loads(str(found[0][0])) if found else None


def files(desk: Desk) -> dict[str, bytes]:
    """All that lies beside the database, but the locks."""
    folder = desk.database.parent
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.suffix != ".lock"}


@pytest.fixture
def copy(desk, tmp_path):
    """A backup of the office, in which the assignment KEY is still open; in the office it has been closed since."""
    target = tmp_path / "copy.db"
    desk.edit("config.toml", "receipt_delay = 10", "receipt_delay = 0")
    desk.wsyf("backup", target)
    desk.wsyf("done", KEY)
    desk.wsyf("tick")
    assert desk.state_of(KEY) == "done"
    return target


# --- backup -------------------------------------------------------------------


def test_a_backup_is_a_whole_database_that_opens(desk, tmp_path):
    target = tmp_path / "copy.db"
    said = desk.wsyf("backup", target).out
    assert said.startswith(f"{target} written and checked, ")
    before = desk.wsyf("list", "--json").json
    shutil.rmtree(desk.folder / "data")
    (desk.folder / "data").mkdir()
    shutil.copy(target, desk.database)
    assert desk.wsyf("list", "--json").json == before
    desk.wsyf("tick")
    assert mode(target) == 0o660
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_a_backup_while_another_writes_has_what_was_committed_and_nothing_else(desk, tmp_path):
    with closing(sqlite3.connect(desk.database, isolation_level=None)) as writer:
        writer.execute("INSERT INTO fact (name, value) VALUES ('before', 'yes')")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO fact (name, value) VALUES ('within', 'yes')")
        desk.wsyf("backup", tmp_path / "copy.db")
        writer.execute("COMMIT")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        names = {name for (name,) in copy.execute("SELECT name FROM fact")}
    assert "before" in names
    assert "within" not in names


def test_backups_under_a_stream_of_writes_are_sound(desk, tmp_path):
    over = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(desk.database, isolation_level=None, timeout=10)) as connection:
            number = 0
            while not over.is_set():
                number += 1
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT OR REPLACE INTO fact (name, value) VALUES ('one', ?)", (str(number),))
                connection.execute("INSERT OR REPLACE INTO fact (name, value) VALUES ('two', ?)", (str(number),))
                connection.execute("COMMIT")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(3):
            desk.wsyf("backup", tmp_path / f"{number}.db")
    finally:
        over.set()
        thread.join()
    for number in range(3):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as copy:
            facts = dict(copy.execute("SELECT name, value FROM fact"))
            assert facts.get("one") == facts.get("two")


def test_a_backup_never_overwrites(desk, tmp_path):
    target = tmp_path / "copy.db"
    target.write_text("mine")
    assert "is there already" in desk.wsyf("backup", target, code=4).err
    assert target.read_text() == "mine"
    assert "is there already" in desk.wsyf("backup", tmp_path, code=4).err


def test_a_backup_into_no_folder_names_the_target(desk, tmp_path):
    said = desk.wsyf("backup", tmp_path / "none" / "copy.db", code=6).err
    assert said == f"wsyf: {tmp_path / 'none' / 'copy.db'} cannot be written: No such file or directory\n"


def test_a_backup_of_nothing_or_of_a_damaged_file_leaves_nothing_behind(desk, tmp_path):
    desk.database.write_bytes(b"this is no database, whatever its name is" * 100)
    assert "damaged" in desk.wsyf("backup", tmp_path / "copy.db", code=6).err
    desk.database.unlink()
    assert "there is no database" in desk.wsyf("backup", tmp_path / "copy.db", code=6).err
    assert not list(tmp_path.glob("copy*"))


def test_a_backup_of_an_office_with_an_odd_name(desk, tmp_path):
    odd = Desk(tmp_path / "50% #1 ?=办公室")
    shutil.copytree(desk.folder, odd.folder)
    odd.wsyf("backup", tmp_path / "copy #2?.db")
    assert (tmp_path / "copy #2?.db").stat().st_size > 0
    assert len(odd.wsyf("list", "--json").json) == 75


# --- What a backup carries ---------------------------------------------------------


def test_a_backup_is_held_however_it_is_put_in_place_and_the_database_it_is_of_is_not(desk, tmp_path):
    target = tmp_path / "copy.db"
    desk.edit("config.toml", "receipt_delay = 10", "receipt_delay = 0")
    desk.wsyf("done", KEY)
    desk.wsyf("backup", target)
    assert hold(desk.database) is None
    found = hold(target)
    assert found is not None
    assert found["reason"] == "restored"
    assert found["seen"] == found["since_at"]
    for name in ("wsyf.db", "wsyf.db-wal", "wsyf.db-shm"):
        (desk.database.parent / name).unlink(missing_ok=True)
    shutil.copy(target, desk.database)
    desk.wsyf("tick")
    assert desk.sql("SELECT letter FROM message WHERE state = 'sent'") == [("alert",)]  # that all mail is held
    assert desk.sql("SELECT state FROM message WHERE letter = 'receipt'") == [("queued",)]
    assert "restored from a backup" in " ".join(desk.wsyf("status", code=2).out.split())


def test_a_rehearsals_copy_is_not_held(rehearsal_desk, tmp_path):
    rehearsal_desk.wsyf("backup", tmp_path / "copy.db")
    assert hold(tmp_path / "copy.db") is None


def test_a_backup_of_a_broken_trail_is_made_and_says_so(desk, tmp_path):
    desk.sql("UPDATE event SET who = 'nobody' WHERE id = 3")
    assert "the trail in it is broken" in desk.wsyf("backup", tmp_path / "copy.db").err
    assert [each.seq for each in chain.verify(tmp_path / "copy.db").breaks]


# --- restore ------------------------------------------------------------------------


def test_restore_says_what_it_is_and_what_is_lost_saves_the_present_one_and_holds_all_mail(desk, copy):
    said = desk.wsyf("restore", copy, "--yes").out
    assert f"The backup: {copy}; of 20" in said
    assert "gaoping-2021-2025" in said
    assert "no letter sent" in said
    assert "last letter sent 20" in said
    assert "1 letter sent" in said
    assert "All mail is held" in said
    (saved,) = desk.database.parent.glob("wsyf-before-restore-*.db")
    assert str(saved) in said
    assert sql(saved, "SELECT state FROM assignment WHERE key = ?", KEY) == [("done",)]
    assert desk.state_of(KEY) == "open"
    found = hold(desk.database)
    assert found is not None
    assert found["reason"] == "restored"
    assert found["seen"] == hold(copy)["seen"]
    assert found["since_at"] > found["seen"]
    last = desk.wsyf("log", "--json", "--limit", "1").lines[0]
    assert last["action"] == "database_restored"
    assert last["detail"]["letters_lost"] == 1
    assert last["detail"]["saved"] == saved.name
    assert desk.wsyf("log", "--verify").out.startswith(f"{desk.sql('SELECT count(*) FROM event')[0][0]} events")
    assert mode(desk.database) == mode(saved) == 0o660
    assert not list(desk.database.parent.glob("*.restoring*"))


def test_what_is_restored_sends_nothing_until_it_is_released(desk, copy):
    desk.wsyf("restore", copy, "--yes")
    desk.wsyf("done", KEY)
    letters = desk.letters()
    desk.wsyf("tick")
    assert desk.sql("SELECT state FROM message WHERE letter = 'receipt'") == [("queued",)]
    desk.wsyf("outbox", "release")
    desk.wsyf("tick")
    assert desk.sql("SELECT state FROM message WHERE letter = 'receipt'") == [("sent",)]
    assert len(desk.letters()) > len(letters)


def test_the_backup_itself_is_not_touched(desk, copy):
    before = copy.read_bytes(), sorted(copy.parent.iterdir())
    desk.wsyf("restore", copy, "--yes")
    assert (copy.read_bytes(), sorted(copy.parent.iterdir())) == before


def test_without_a_terminal_it_is_told_and_left_as_it_was(desk, copy):
    before = files(desk)
    answer = desk.wsyf("restore", copy, code=2)
    assert "The backup:" in answer.out
    assert "add --yes" in answer.err
    assert files(desk) == before


def test_open_readers_go_on_and_see_the_new_database(desk, copy):
    with closing(sqlite3.connect(desk.database, isolation_level=None)) as reader:
        state = "SELECT state FROM assignment WHERE key = ?"
        reader.execute("BEGIN")
        assert reader.execute(state, (KEY,)).fetchone() == ("done",)
        desk.wsyf("restore", copy, "--yes")
        assert reader.execute(state, (KEY,)).fetchone() == ("done",)
        reader.execute("COMMIT")
        assert reader.execute(state, (KEY,)).fetchone() == ("open",)


def test_where_there_is_no_database_it_is_put_there(bare_desk, desk, copy):
    said = bare_desk.wsyf("restore", copy, "--yes").out
    assert "there is none" in said
    assert "What will be lost cannot be told" in said
    assert bare_desk.state_of(KEY) == "open"
    assert mode(bare_desk.database) == 0o660


@pytest.mark.parametrize("content", [b"no database" * 999, b"", b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_database_is_kept_aside_as_it_lies_and_replaced(desk, copy, content):
    desk.database.write_bytes(content)
    log = desk.database.with_name("wsyf.db-wal")
    log.write_bytes(b"of another database")
    said = desk.wsyf("restore", copy, "--yes").out
    assert "damaged" in said
    (saved,) = desk.database.parent.glob("wsyf-before-restore-*.db")
    assert saved.read_bytes() == content
    if content:  # SQLite itself takes away the write-ahead log of an empty file
        assert saved.with_name(f"{saved.name}-wal").read_bytes() == b"of another database"
    assert desk.state_of(KEY) == "open"
    assert desk.wsyf("log", "--json", "--limit", "1").lines[0]["action"] == "database_restored"


def test_a_copy_made_by_hand_with_its_write_ahead_log_is_taken_with_it(desk, copy, tmp_path):
    """As somebody takes one who did not know `wsyf backup`."""
    raw = tmp_path / "raw.db"
    with closing(sqlite3.connect(desk.database)) as other:
        other.execute("SELECT count(*) FROM fact").fetchone()
        desk.wsyf("reopen", KEY, "--reason", "x")  # stays in the write-ahead log while another has the file open
        for end in ("", "-wal"):
            shutil.copy(f"{desk.database}{end}", f"{raw}{end}")
    desk.wsyf("restore", copy, "--yes")
    desk.wsyf("done", KEY)
    desk.wsyf("restore", raw, "--yes")
    assert len(list(desk.database.parent.glob("wsyf-before-restore-*.db"))) == 2  # in one second, perhaps
    assert desk.state_of(KEY) == "open"
    assert "assignment_reopened" in {line["action"] for line in desk.wsyf("log", "--json").lines}


def test_a_backup_of_an_older_schema_is_restored_and_the_upgrade_named(desk, copy, tmp_path):
    from alembic import command

    from wsyf_scheduler.store.db import Database
    from wsyf_scheduler.store.upgrade import config

    old = tmp_path / "old.db"
    db = Database(f"sqlite:///{old}")
    with db.exclusive() as connection:
        command.upgrade(config(connection), "0001")
    db.close()
    assert "run `wsyf upgrade` now" in desk.wsyf("restore", old, "--yes").out
    assert "run `wsyf upgrade`" in desk.wsyf("list", code=6).err
    desk.wsyf("upgrade")
    assert [line["action"] for line in desk.wsyf("log", "--json").lines] == ["database_restored"]
    assert hold(desk.database) is not None
    desk.wsyf("log", "--verify")


def damaged(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    content[4096:40960] = b"\xa5" * (40960 - 4096)
    copy.write_bytes(content)


def newer(copy: Path) -> None:
    sql(copy, "UPDATE alembic_version SET version_num = '9999'")


def a_folder(copy: Path) -> None:
    copy.unlink()
    copy.mkdir()


def of_another(copy: Path) -> None:
    copy.unlink()
    sql(copy, "CREATE TABLE t (x)")


def broken(copy: Path) -> None:
    sql(copy, "UPDATE event SET who = 'nobody' WHERE id = 3")


BAD = {
    "missing": (Path.unlink, 3, "there is no file"),
    "empty": (lambda copy: copy.write_bytes(b""), 6, "is empty"),
    "no database": (lambda copy: copy.write_bytes(b"PK\3\4" * 999), 6, "no SQLite database"),
    "cut off": (lambda copy: os.truncate(copy, 20_000), 6, "damaged"),
    "header only": (lambda copy: os.truncate(copy, 100), 6, "damaged"),
    "damaged": (damaged, 6, "damaged"),
    "of another program": (of_another, 6, "none of ours"),
    "newer": (newer, 6, "newer version (9999"),
    "a folder": (a_folder, 6, "is no file"),
    "a broken trail": (broken, 4, "first at event #"),
}


@pytest.mark.parametrize(("spoil", "code", "words"), BAD.values(), ids=BAD)
def test_what_is_no_sound_backup_is_refused_and_nothing_is_changed(desk, copy, spoil, code, words):
    spoil(copy)
    before = files(desk)
    said = desk.wsyf("restore", copy, "--yes", code=code).err
    assert words in said
    assert str(copy) in said or words.startswith("newer")
    assert files(desk) == before


def test_a_broken_trail_is_restored_when_told_to_and_the_event_says_so(desk, copy):
    broken(copy)
    assert "The trail in the backup is broken." in desk.wsyf("restore", copy, "--yes", "--broken").out
    assert desk.wsyf("log", "--json", "--limit", "1").lines[0]["detail"]["broken"] is True
    desk.wsyf("log", "--verify", code=1)


def test_the_live_database_is_no_backup_of_itself(desk, tmp_path):
    assert "the live database itself" in desk.wsyf("restore", desk.database, "--yes", code=4).err
    (tmp_path / "link.db").symlink_to(desk.database)
    assert "the live database itself" in desk.wsyf("restore", tmp_path / "link.db", "--yes", code=4).err


def test_a_rehearsal_and_an_office_do_not_take_each_others_place(desk, rehearsal_desk, copy, tmp_path):
    rehearsal_desk.wsyf("backup", tmp_path / "rehearsal.db")
    assert "cannot take each other's place" in desk.wsyf("restore", tmp_path / "rehearsal.db", "--yes", code=4).err
    assert "cannot take each other's place" in rehearsal_desk.wsyf("restore", copy, "--yes", code=4).err


@pytest.mark.parametrize(
    ("lock", "words"), [("daemon", "the daemon runs (x, pid 7)"), ("deliver", "mail is being sent")]
)
def test_while_the_daemon_runs_or_mail_is_sent_it_is_refused(desk, copy, lock, words):
    from wsyf_scheduler.opening import open_shared, try_lock
    from wsyf_scheduler.pulse import Sign

    before = files(desk)
    with open_shared(desk.database.with_suffix(f".{lock}.lock")) as handle:
        assert try_lock(handle)
        os.pwrite(handle, Sign(host="x", pid=7).block(), 0)
        assert words in desk.wsyf("restore", copy, "--yes", code=4).err
    assert files(desk) == before
    desk.wsyf("restore", copy, "--yes")


def test_a_database_another_program_keeps_locked_is_left_as_it_is(desk, copy, monkeypatch):
    from wsyf_scheduler.store import copying, restoring

    for module in (copying, restoring, chain, glance):
        monkeypatch.setattr(module, "PATIENCE", 0.05)
    with closing(sqlite3.connect(desk.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "stayed locked" in desk.wsyf("restore", copy, "--yes", code=6).err
        other.execute("ROLLBACK")
    assert desk.state_of(KEY) == "done"
    assert not list(desk.database.parent.glob("*.restoring*"))


# --- kill -9 in the middle of it -----------------------------------------------------

# `wsyf restore`, killed when it is about to do the nth thing of its own.
KILLED = """
import os, signal, sys
from wsyf_scheduler.cli.main import wsyf

wanted, count = int(sys.argv[1]), 0

def look(frame, event, arg):
    global count
    name = frame.f_code.co_filename
    if event in ("call", "return", "c_call", "c_return") and name.endswith(("/restore.py", "/restoring.py", "/copying.py")):
        count += 1
        if count == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

sys.setprofile(look)
try:
    wsyf(["--config", sys.argv[2], "restore", sys.argv[3], "--yes"], standalone_mode=False)
finally:
    sys.setprofile(None)
    print("steps", count)
"""


def killed(desk: Desk, copy: Path, step: int) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "LANGUAGE": "en"}
    given = [sys.executable, "-c", KILLED, str(step), str(desk.config), str(copy)]
    return subprocess.run(given, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.parametrize("damage", [False, True], ids=["over a sound database", "over a damaged one"])
def test_a_restore_killed_at_any_step_leaves_the_old_or_the_new_database_whole(desk, copy, tmp_path, damage):
    if damage:
        desk.database.write_bytes(b"no database" * 999)
    office = tmp_path / "as it was"
    shutil.copytree(desk.folder, office)
    whole = killed(desk, copy, 0)
    steps = int(whole.stdout.rpartition("steps ")[2])
    assert steps > 100
    seen = set()
    for step in sorted({round(steps * part / 14) for part in range(1, 15)}):
        shutil.rmtree(desk.folder)
        shutil.copytree(office, desk.folder)
        assert killed(desk, copy, step).returncode == -signal.SIGKILL
        if damage and desk.database.exists() and desk.database.read_bytes().startswith(b"no database"):
            seen.add("old")
        else:
            assert sql(desk.database, "PRAGMA integrity_check") == [("ok",)]
            assert chain.verify(desk.database).breaks == ()
            state = desk.state_of(KEY)
            assert (hold(desk.database) is None) == (state == "done")
            seen.add({"done": "old", "open": "new"}[state])
        desk.wsyf("restore", copy, "--yes")  # what was left does not stand in the way
        assert desk.state_of(KEY) == "open"
        assert not list(desk.database.parent.glob("*.restoring*"))
    assert seen == {"old", "new"}


def test_a_restore_killed_while_the_pages_go_in_leaves_the_old_database(desk, copy, tmp_path):
    """A large one, so that there is time: killed when the write-ahead log has grown by some of it."""
    big = tmp_path / "big.db"
    shutil.copy(copy, big)
    sql(big, "INSERT INTO fact (name, value) VALUES ('big', printf('%.*c', 40000000, 'x'))")
    log = desk.database.with_name("wsyf.db-wal")
    with desk.start("restore", str(big), "--yes") as running:
        while running.poll() is None:
            if log.exists() and log.stat().st_size > 10_000_000:
                running.kill()
                break
        running.wait(PATIENCE)
    assert running.returncode == -signal.SIGKILL
    assert sql(desk.database, "PRAGMA integrity_check") == [("ok",)]
    assert desk.state_of(KEY) == "done"
    desk.wsyf("restore", big, "--yes")
    assert desk.state_of(KEY) == "open"


# --- For programs, and on trial ---------------------------------------------------------------------------------


def test_backup_and_restore_for_programs(desk, tmp_path):
    target = tmp_path / "copy.db"
    told = desk.wsyf("backup", target, "--json").json
    assert told == {"file": str(target), "bytes": target.stat().st_size, "unbroken": True}
    desk.wsyf("done", KEY)
    assert "add --yes, or --dry-run" in desk.wsyf("restore", target, "--json", code=2).err
    told = desk.wsyf("restore", target, "--json", "--yes").json
    assert (told["file"], told["database"]) == (str(target), str(desk.database))
    assert told["lost"] == {"events": 1, "letters": 0}
    assert Path(told["saved"]).exists()
    assert (told["mail_held"], told["upgrade_needed"], told["damaged"], told["dry_run"]) == (True, False, False, False)
    assert desk.state_of(KEY) == "open"


def test_a_dry_run_of_a_restore_says_what_would_be_lost_and_changes_nothing(desk, copy):
    before = files(desk)
    said = desk.wsyf("restore", copy, "--dry-run").out
    assert "Lost will be" in said
    assert said.endswith("nothing was changed\n")
    assert desk.wsyf("restore", copy, "--dry-run", "--json").json["dry_run"] is True
    assert files(desk) == before
    assert desk.state_of(KEY) == "done"


def test_a_backup_cut_short_is_called_that_and_another_one_asked_for(desk, copy):
    os.truncate(copy, 20_000)
    said = desk.wsyf("restore", copy, "--yes", code=6).err
    assert "is damaged or cut short: take another backup, nothing was changed" in said
    assert "restore a backup" not in said
