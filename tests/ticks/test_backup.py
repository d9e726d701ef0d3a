"""The nightly backup: once a night from its hour on, checked, the newest few kept, a failure said and tried again."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cast import at, everybody, make_office, make_plan, parse, small_config
from wsyf_scheduler.acts import staff, track
from wsyf_scheduler.app import NO_DELAY, App
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.config import BackupSettings
from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.store import chain, copying, facts
from wsyf_scheduler.store.db import Database
from wsyf_scheduler.store.rows import EVENT, MESSAGE
from wsyf_scheduler.store.upgrade import create
from wsyf_scheduler.ticks import backup

NIGHT = "2023-02-10 02:00"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An office in a file, tracked since the 9th of February 2023; a backup each night from two o'clock, three kept."""
    db = Database(f"sqlite:///{tmp_path}/data/wsyf.db", busy_timeout=50)
    create(db)
    settings = BackupSettings(folder=tmp_path / "backups", at=time(2), keep=3)
    office = make_office(texts={})
    found = replace(office.app, db=db, clock=FixedClock(at("2023-02-09 09:00")), config=small_config(backup=settings))
    found = replace(found, receipt_delay=NO_DELAY, _plans={}, _tables={})
    now = found.clock.now()
    staff.act(found, now, who="x", holders=everybody(), today=now.date())
    track.act(found, now, who="x", plan=parse(make_plan()), texts=make_plan())
    yield found
    db.close()


def names(app: App) -> list[str]:
    return sorted(path.name for path in app.config.backup.folder.iterdir())


def fact(app: App, name: str) -> dict[str, Any] | None:
    with app.db.read() as session:
        found: dict[str, Any] | None = json.loads(facts.get(session, name) or "null")
    return found


def happened(app: App, action: str) -> list[Any]:
    with app.db.read() as session:
        return list(session.execute(EVENT.select().where(EVENT.c.action == action)).mappings())


def alerts(app: App) -> list[Any]:
    with app.db.read() as session:
        rows = session.execute(MESSAGE.select().where(MESSAGE.c.letter == "alert")).mappings()
        return [json.loads(row["payload"])["headline"] for row in rows]


def test_the_first_round_makes_one_and_then_once_a_night(app: App) -> None:
    """Every half hour for three days; the first is made up at once, for the night before."""
    made = []
    now = at("2023-02-09 10:00")
    while now < at("2023-02-12 10:00"):
        if backup.run(app, now):
            made.append(now)
        now += timedelta(minutes=30)
    assert made == [at("2023-02-09 10:00"), at(NIGHT), at("2023-02-11 02:00"), at("2023-02-12 02:00")]
    assert names(app) == ["wsyf-20230210.db", "wsyf-20230211.db", "wsyf-20230212.db"]


def test_a_backup_is_whole_held_shared_and_told(app: App) -> None:
    now = at(NIGHT)
    path = backup.run(app, now)
    assert path == app.config.backup.folder / "wsyf-20230210.db"
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o777 == 0o770
    assert chain.verify(path).breaks == ()
    with closing(sqlite3.connect(path)) as copy:
        ((hold,),) = copy.execute("SELECT value FROM fact WHERE name = 'hold'")
    assert json.loads(hold) == {"reason": "restored", "seen": now.isoformat(), "since_at": now.isoformat()}
    assert fact(app, "hold") is None
    assert fact(app, "backup") == {
        "at": now.isoformat(),
        "file": str(path),
        "bytes": path.stat().st_size,
        "unbroken": True,
    }
    (event,) = happened(app, "backup_made")
    assert json.loads(event["detail"]) == {"file": path.name, "bytes": path.stat().st_size, "removed": 0}
    assert event["who"] == app.who


def test_a_missed_night_is_made_up_at_the_next_round(app: App) -> None:
    backup.run(app, at(NIGHT))
    assert backup.run(app, at("2023-02-11 01:59")) is None
    assert backup.run(app, at("2023-02-13 15:20")) == app.config.backup.folder / "wsyf-20230213.db"
    assert backup.run(app, at("2023-02-13 23:00")) is None


def test_the_hour_is_the_plans(app: App) -> None:
    backup.run(app, at(NIGHT))
    assert backup.run(app, at("2023-02-10 18:00", "UTC") - timedelta(seconds=1)) is None
    assert backup.run(app, at("2023-02-10 18:00", "UTC")) is not None


def test_what_is_there_is_never_written_over(app: App) -> None:
    """After a restore the database no longer knows that the night's backup was made; it is of what was lost."""
    folder = app.config.backup.folder
    folder.mkdir()
    (folder / "wsyf-20230210.db").write_text("of what was lost")
    (folder / "wsyf-20230210-2.db").mkdir()
    assert backup.run(app, at(NIGHT)) == folder / "wsyf-20230210-3.db"
    assert (folder / "wsyf-20230210.db").read_text() == "of what was lost"


def test_rotation_takes_away_the_oldest_of_its_own_names_and_nothing_else(app: App) -> None:
    folder = app.config.backup.folder
    folder.mkdir()
    mine = ["wsyf-20230201.db", "wsyf-20230202.db", "wsyf-20230202-2.db", "wsyf-20230202-10.db"]
    others = [
        "wsyf-20200101.db.gz",
        "wsyf-before.db",
        "xwsyf-20200101.db",
        "wsyf-2020010.db",
        "wsyf-２０２００１０１.db",
    ]
    for name in mine + others:
        (folder / name).write_text(name)
    backup.run(app, at(NIGHT))
    assert set(names(app)) == {*others, "wsyf-20230202-2.db", "wsyf-20230202-10.db", "wsyf-20230210.db"}


def test_keep_zero_a_rehearsal_and_a_database_in_memory_make_none(app: App) -> None:
    off = replace(app, config=replace(app.config, backup=replace(app.config.backup, keep=0)))
    assert backup.run(off, at(NIGHT)) is None
    with app.db.begin() as session:
        facts.put(session, facts.REHEARSAL, "yes")
    assert backup.run(app, at(NIGHT)) is None
    assert backup.run(make_office(backup=app.config.backup).app, at(NIGHT)) is None
    assert not app.config.backup.folder.exists()


def test_a_failure_is_told_once_tried_every_fifteen_minutes_and_ends(app: App) -> None:
    folder = app.config.backup.folder
    folder.write_text("a file, where the folder should be")
    now = at(NIGHT)

    def fails(when: datetime) -> None:
        with pytest.raises(DatabaseTrouble, match="backups cannot be written"):
            backup.run(app, when)

    fails(now)
    folder.unlink()
    fails(now + timedelta(minutes=14))  # not tried: it would go well
    folder.write_text("again")
    fails(now + timedelta(minutes=15))
    assert [event["why"] for event in happened(app, "backup_failed")] == [f"{folder} cannot be written: File exists"]
    assert alerts(app) == ["数据库备份失败"]
    folder.unlink()
    assert backup.run(app, now + timedelta(minutes=30)) is not None
    assert fact(app, "backup_failed") is None
    folder_of_next = app.config.backup.folder
    shutil.rmtree(folder_of_next)
    folder_of_next.write_text("once more")
    fails(now + timedelta(days=1))
    assert len(happened(app, "backup_failed")) == 2


def test_where_the_database_takes_nothing_in_no_copy_is_made_and_nothing_lingers(app: App) -> None:
    assert app.db.path is not None
    with closing(sqlite3.connect(app.db.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseTrouble, match="stayed locked"):
            backup.run(app, at(NIGHT))
        other.execute("ROLLBACK")
    assert not app.config.backup.folder.exists()
    assert backup.run(app, at(NIGHT)) is not None


def test_a_failure_the_database_cannot_take_in_any_more_is_remembered_all_the_same(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app.db.path is not None
    with closing(sqlite3.connect(app.db.path, isolation_level=None)) as other, monkeypatch.context() as patch:

        def locked_meanwhile(folder: Path) -> None:
            other.execute("BEGIN IMMEDIATE")
            raise DatabaseTrouble(f"{folder} cannot be written")

        patch.setattr(copying, "make_folder", locked_meanwhile)
        with pytest.raises(DatabaseTrouble, match="cannot be written"):
            backup.run(app, at(NIGHT))
        other.execute("ROLLBACK")
    with pytest.raises(DatabaseTrouble, match="cannot be written"):
        backup.run(app, at(NIGHT) + timedelta(minutes=1))
    assert backup.run(app, at(NIGHT) + timedelta(minutes=15)) is not None


def test_a_part_of_a_backup_is_never_left_behind(app: App) -> None:
    backup.run(app, at(NIGHT))
    assert app.db.path is not None
    app.db.close()
    content = bytearray(app.db.path.read_bytes())
    content[8192:32768] = b"\xa5" * (32768 - 8192)
    app.db.path.write_bytes(content)
    with pytest.raises(DatabaseTrouble):
        backup.run(app, at("2023-02-11 02:00"))
    assert names(app) == ["wsyf-20230210.db"]
