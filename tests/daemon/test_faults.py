"""What can happen to disk and database under a running daemon: it says so once, goes on, and so does the office after."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.cli.office_fixtures import Desk, real_office
from tests.daemon.running import Running, daemon
from wsyf_scheduler.cli.main import wsyf
from wsyf_scheduler.store import chain
from wsyf_scheduler.store.schema import beside

KEY, OTHER = "2025/5/hrss", "2025/1a/emergency"


@pytest.fixture
def desk(tmp_path):
    """A real office whose receipts leave at once."""
    for office in real_office(tmp_path):
        office.edit("config.toml", "receipt_delay = 10", "receipt_delay = 0")
        yield office


@pytest.fixture
def small_disk(desk: Desk) -> Iterator[Path]:
    """The office's data on a disk of six megabytes, where this machine lets a test mount one."""
    data = desk.database.parent
    kept = data.with_name("kept")
    data.rename(kept)
    data.mkdir()
    given = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(data)]
    if shutil.which("mount") is None or subprocess.run(given, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        shutil.copytree(kept, data, dirs_exist_ok=True)
        yield data
    finally:
        subprocess.run(["umount", "-l", str(data)], check=True)


def status(desk: Desk) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of `wsyf status`."""
    found = CliRunner().invoke(wsyf, ["--config", str(desk.config), "status", "--json"])
    return found.exit_code, json.loads(found.stdout)


def trouble(desk: Desk) -> str:
    """What `wsyf status`, which must be red, says is wrong."""
    code, found = status(desk)
    assert code == 2, found
    return str(found["error"] or (found["daemon"] or {})["trouble"])


@contextmanager
def no_room(running: Running, desk: Desk) -> Iterator[None]:
    """The daemon may make no file larger than its write-ahead log is now (prlimit(2))."""
    pid, limits = running.process.pid, resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (beside(desk.database)[0].stat().st_size, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def begin(running: Running) -> None:
    """It sweeps, and its first backup is made."""
    running.wait_for("action=backup_made")
    running.wait_swept()


def said(running: Running, words: str) -> list[str]:
    return [line for line in running.lines if words in line]


def is_said_once(running: Running, words: str) -> bool:
    """Each tick that stumbles says so in one line, and anew only after it has worked again."""
    news = [line.split(" ", 3)[3] for line in running.lines if words in line or "action=tick_works" in line]
    said_of: dict[str, str] = {}  # by tick: the last thing it said
    for line in news:
        tick = line.split(" ", 1)[0]
        if said_of.get(tick) == line:
            return False
        said_of[tick] = line
    return any(words in line for line in news)


def is_well_again(running: Running, desk: Desk, key: str = OTHER) -> None:
    """Sweeps go well, status is green but for what the office itself owes, and a letter leaves."""
    running.wait_swept()
    found = status(desk)[1]
    assert found["daemon"]["running"], found
    assert found["daemon"]["trouble"] is None, found
    sent = len(desk.letters())
    desk.wsyf("done", key, "--without-figures", "--reason", "材料已收")
    running.wait_for("1 messages sent", len(said(running, "1 messages sent")) + 1)
    assert len(desk.letters()) > sent
    assert running.stop() == 0
    assert "Traceback" not in running.log
    assert chain.verify(desk.database).breaks == ()


def test_a_full_disk_is_said_once_shown_red_and_left_behind(desk, small_disk):
    with daemon(desk) as running:
        begin(running)
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        running.wait_for("is full; make room")
        assert (
            "is full; make room, nothing was changed"
            in desk.wsyf("done", KEY, "--without-figures", "--reason", "材料已收", code=6).err
        )
        for _sweep in range(3):
            running.wait_swept()
        assert "is full" in trouble(desk)
        assert is_said_once(running, "is full")
        ballast.unlink()
        is_well_again(running, desk)
    assert desk.state_of(KEY) == "open"


def test_a_limit_on_file_size_is_said_once_shown_red_and_left_behind(desk):
    with daemon(desk) as running:
        begin(running)
        with no_room(running, desk):
            running.wait_for("cannot be read or written")
            for _sweep in range(3):
                running.wait_swept()
            assert "make room on it" in trouble(desk)
            assert is_said_once(running, "cannot be read or written")
        is_well_again(running, desk)


def test_a_corrupt_page_is_said_once_shown_red_and_left_behind(desk):
    with daemon(desk) as running:
        begin(running)
        with closing(sqlite3.connect(desk.database, isolation_level=None)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            other.execute("BEGIN IMMEDIATE")  # nobody writes while it is spoilt, as while a disk is failing
            before = desk.database.read_bytes()
            desk.database.write_bytes(before[:4096] + b"\xa5" * (len(before) - 4096))
            other.execute("ROLLBACK")
        running.wait_for("damaged or no database")
        for _sweep in range(3):
            running.wait_for("action=swept]", running.log.count("action=swept]") + 3)
        assert "damaged or no database" in trouble(desk)
        assert (
            "damaged or no database; restore a backup"
            in desk.wsyf("done", KEY, "--without-figures", "--reason", "材料已收", code=6).err
        )
        assert is_said_once(running, "damaged or no database")
        running.process.kill()
    assert "Traceback" not in running.log


def test_a_file_taken_away_is_said_once_shown_red_and_used_again_when_it_is_back(desk):
    aside = desk.database.with_name("aside.db")
    with daemon(desk) as running:
        begin(running)
        desk.database.rename(aside)
        running.wait_for("is gone")
        for _sweep in range(3):
            running.wait_for("action=swept]", running.log.count("action=swept]") + 3)
        assert "is gone" in trouble(desk)
        assert not desk.database.exists()
        assert is_said_once(running, "is gone")
        aside.rename(desk.database)
        is_well_again(running, desk)


def test_a_backup_put_in_its_place_by_hand_is_used_at_once_and_held(desk, tmp_path):
    desk.wsyf("backup", tmp_path / "copy.db")
    with daemon(desk) as running:
        begin(running)
        shutil.copy(tmp_path / "copy.db", desk.database.with_name("new.db"))
        for each in beside(desk.database):
            each.unlink()
        desk.database.with_name("new.db").replace(desk.database)
        running.wait_swept()
        desk.wsyf("done", KEY, "--without-figures", "--reason", "材料已收")
        running.wait_swept()
        assert desk.sql("SELECT state FROM message WHERE letter = 'receipt'") == [("queued",)]
        assert status(desk)[1]["hold"]["reason"] == "restored"
        assert running.stop() == 0
    assert chain.verify(desk.database).breaks == ()


def test_a_write_ahead_log_taken_away_loses_nothing(desk):
    with daemon(desk) as running:
        begin(running)
        desk.wsyf("done", KEY, "--without-figures", "--reason", "材料已收")
        running.wait_for("1 messages sent")
        running.wait_swept()
        beside(desk.database)[0].unlink()
        running.wait_swept()
        is_well_again(running, desk)
    assert desk.state_of(KEY) == "done"
    assert desk.sql("SELECT count(*) FROM message WHERE letter = 'receipt' AND state = 'sent'") == [(2,)]


def test_a_daemon_that_was_killed_is_seen_to_be_gone_at_once(desk):
    with daemon(desk) as running:
        running.wait_notified("WATCHDOG=1")
        assert status(desk)[1]["daemon"]["running"]
        running.process.kill()
        running.wait()
        code, found = status(desk)
    assert code == 2
    assert not found["daemon"]["running"]


def test_who_looks_at_the_lock_does_not_keep_a_daemon_from_starting(desk):
    with daemon(desk) as first:
        first.wait_notified("WATCHDOG=1")
        first.stop()
    for _again in range(3):
        looks = [desk.start("status") for _look in range(3)]
        with daemon(desk) as running:
            running.wait_notified("WATCHDOG=1")
            assert running.stop() == 0
        for each in looks:
            each.communicate(timeout=30)
