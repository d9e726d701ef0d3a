"""What can happen to the file under a running program: it says so, loses nothing, and goes on when the fault is gone."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.cast import at
from tests.cli.office_fixtures import without_root_rights
from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.store import chain, copying, events, facts
from wsyf_scheduler.store.db import Database
from wsyf_scheduler.store.glance import glance
from wsyf_scheduler.store.upgrade import create

NOW = at("2026-03-02 09:00")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "wsyf.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{path}", busy_timeout=20)
    create(found)
    yield found
    found.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, where this machine lets a test mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    given = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(given, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def write(db: Database, name: str, value: str = "x") -> None:
    """One change with its event."""
    with db.begin() as session:
        facts.put(session, name, value)
        events.add(session, at=NOW, who="x", action="note", why=name)


def read(db: Database, name: str) -> str | None:
    with db.read() as session:
        return facts.get(session, name)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """A limit of the system on what this process writes (setrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def fill(disk: Path) -> Path:
    """Take all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return ballast


# --- No room ---------------------------------------------------------------------------


def test_a_limit_on_file_size_is_said_changes_nothing_and_ends(db: Database, path: Path) -> None:
    write(db, "before")
    log = path.with_name("wsyf.db-wal")
    with no_file_larger_than(log.stat().st_size):
        for _again in range(3):
            with pytest.raises(DatabaseTrouble, match=r"the disk of the database .*wsyf\.db .*make room"):
                write(db, "meanwhile", "x" * 50_000)
        assert read(db, "before") == "x"
    assert read(db, "meanwhile") is None
    write(db, "after")
    assert chain.verify(path).breaks == ()
    assert chain.verify(path).events == 2


def test_a_full_disk_is_said_changes_nothing_and_ends(small_disk: Path) -> None:
    db = Database(f"sqlite:///{small_disk}/wsyf.db")
    create(db)
    write(db, "before")
    ballast = fill(small_disk)
    for _again in range(3):
        with pytest.raises(DatabaseTrouble, match=r"the disk of the database .*wsyf\.db is full; make room"):
            write(db, "meanwhile", "x" * 50_000)
    assert read(db, "before") == "x"
    ballast.unlink()
    assert read(db, "meanwhile") is None
    write(db, "after")
    db.close()
    assert chain.verify(small_disk / "wsyf.db").breaks == ()


def test_a_copy_onto_a_full_disk_names_that_disk_and_leaves_nothing_behind(
    db: Database, path: Path, small_disk: Path
) -> None:
    write(db, "big", "x" * 3_000_000)
    with pytest.raises(DatabaseTrouble, match=r"the disk of .*copy\.db is full; make room, or copy to another"):
        copying.copy(path, small_disk / "copy.db", NOW)
    assert list(small_disk.iterdir()) == []
    assert copying.copy(path, path.with_name("copy.db"), NOW).unbroken


# --- No right ---------------------------------------------------------------------------


def test_a_read_only_file_is_said_and_ends(db: Database, path: Path) -> None:
    write(db, "before")
    db.close()
    path.chmod(0o440)
    with without_root_rights():
        with pytest.raises(DatabaseTrouble, match="is read-only for this user; check the owner and rights"):
            write(db, "meanwhile")
        for each in path.parent.iterdir():  # what SQLite made meanwhile has the rights of the file
            each.chmod(0o660)
        write(db, "after")
    assert (read(db, "before"), read(db, "meanwhile")) == ("x", None)


def test_a_read_only_folder_is_said_and_ends(db: Database, path: Path) -> None:
    """SQLite must make its write-ahead log there."""
    write(db, "before")
    db.close()
    path.parent.chmod(0o550)
    with without_root_rights():
        with pytest.raises(DatabaseTrouble, match=r"check (that the folder exists and may be written|the owner)"):
            write(db, "meanwhile")
        path.parent.chmod(0o770)
        write(db, "after")


# --- Damage -----------------------------------------------------------------------------


def damage(path: Path) -> bytes:
    """Spoil every page but the first; returns what was there."""
    before = path.read_bytes()
    path.write_bytes(before[:4096] + b"\xa5" * (len(before) - 4096))
    return before


def test_a_corrupt_page_is_said_by_whatever_reads_it_and_mended_by_what_was_there(db: Database, path: Path) -> None:
    write(db, "before")
    db.close()
    before = damage(path)
    for work in (lambda: read(db, "before"), lambda: write(db, "meanwhile"), lambda: chain.verify(path)):
        with pytest.raises(DatabaseTrouble, match=r"wsyf\.db is damaged or no database; restore a backup"):
            work()
    with pytest.raises(DatabaseTrouble, match="is damaged"), glance(path) as opened:
        opened.fact("before")
    with pytest.raises(DatabaseTrouble, match="damaged"):
        copying.copy(path, path.with_name("copy.db"), NOW)
    path.write_bytes(before)  # under the open connection: its remembered pages must not be believed
    assert read(db, "before") == "x"
    write(db, "after")


# --- The file is another ------------------------------------------------------------------


def test_a_write_ahead_log_taken_away_under_a_running_program_loses_nothing(db: Database, path: Path) -> None:
    """What it held is folded into the file when the connection that still has it is closed."""
    write(db, "before")
    log = path.with_name("wsyf.db-wal")
    assert log.stat().st_size > 0
    log.unlink()
    write(db, "after")
    db.close()
    with closing(sqlite3.connect(path)) as other:
        names = {name for (name,) in other.execute("SELECT name FROM fact")}
    assert {"before", "after"} <= names
    assert chain.verify(path).breaks == ()
    assert chain.verify(path).events == 2


def test_a_write_ahead_log_lost_with_the_power_leaves_a_whole_database(
    db: Database, path: Path, tmp_path: Path
) -> None:
    """What was not folded in yet is gone; the trail ends earlier, and is whole."""
    write(db, "before")
    with db.read() as session:
        session.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    write(db, "after")
    copy = Path(shutil.copy(path, tmp_path / "copy.db"))
    with closing(sqlite3.connect(copy)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    found = chain.verify(copy)
    assert (found.events, found.breaks) == (1, ())


def test_a_file_that_is_gone_is_said_none_is_made_and_it_goes_on_when_it_is_back(db: Database, path: Path) -> None:
    write(db, "before")
    aside = path.with_name("aside.db")
    path.rename(aside)
    for _again in range(2):
        with pytest.raises(DatabaseTrouble, match=r"the database .*wsyf\.db is gone: .*put it back, or `wsyf restore`"):
            write(db, "meanwhile")
    assert not path.exists()
    aside.rename(path)
    write(db, "after")
    assert (read(db, "before"), read(db, "meanwhile"), read(db, "after")) == ("x", None, "x")
    assert chain.verify(path).breaks == ()


def test_a_file_that_vanishes_in_the_moment_it_is_opened_is_not_made_anew(db, path, monkeypatch):
    write(db, "before")
    db.close()
    path.rename(path.with_name("aside.db"))
    looks = iter([False])  # the look just before opening still finds it
    real = Database._is_gone.fget
    monkeypatch.setattr(Database, "_is_gone", property(lambda self: next(looks, None) is None and real(self)))
    with pytest.raises(DatabaseTrouble, match=r"wsyf\.db is gone"):
        read(db, "before")
    assert next(looks, None) is None
    assert not path.exists()
    path.with_name("aside.db").rename(path)
    assert read(db, "before") == "x"


def test_a_file_put_in_the_place_of_another_is_the_one_that_is_used(db: Database, path: Path, tmp_path: Path) -> None:
    """A backup renamed over it while the daemon runs: nothing is written into the file that has no name any more."""
    write(db, "before")
    copying.copy(path, tmp_path / "copy.db", NOW)
    write(db, "since")
    db_path_now = tmp_path / "copy.db"
    db_path_now.replace(path)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    assert read(db, "since") is None
    assert read(db, "hold") is not None
    write(db, "after")
    db.close()
    with closing(sqlite3.connect(path)) as other:
        names = {name for (name,) in other.execute("SELECT name FROM fact")}
    assert {"before", "after"} <= names
    assert "since" not in names


# --- Another program --------------------------------------------------------------------


def test_a_long_lock_is_said_and_ends(db: Database, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _again in range(2):
            with pytest.raises(DatabaseTrouble, match="stayed locked by another program; try again in a moment"):
                write(db, "meanwhile")
        other.execute("ROLLBACK")
    write(db, "after")
    assert read(db, "meanwhile") is None


def test_no_fault_leaves_files_open(db: Database, path: Path) -> None:
    """A daemon that stumbles each minute for a month must not run out of descriptors."""
    write(db, "before")
    aside = path.with_name("aside.db")

    def stumble() -> None:
        path.rename(aside)
        with pytest.raises(DatabaseTrouble):
            write(db, "meanwhile")
        aside.rename(path)
        write(db, "after")

    stumble()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _again in range(20):
        stumble()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
