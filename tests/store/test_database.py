"""The database as a file: migrations equal the tables, and trouble has clear words (exit code 6)."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.store import facts, schema
from wsyf_scheduler.store.db import MEMORY, Database, schema_version
from wsyf_scheduler.store.glance import glance
from wsyf_scheduler.store.tables import Base
from wsyf_scheduler.store.upgrade import create, upgrade


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "wsyf.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    """A database made by its migrations; a locked one is given up on at once."""
    found = Database(f"sqlite:///{path}", busy_timeout=20)
    create(found)
    yield found
    found.close()


def as_sql(database: Database) -> dict[str, str | None]:
    with database.read() as session:
        rows = session.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%'").all()
    return {name: sql and " ".join(sql.replace('"', "").split()) for name, sql in rows}


def test_the_migrations_make_what_the_tables_say(db: Database) -> None:
    with db.read() as session:
        assert compare_metadata(MigrationContext.configure(session), Base.metadata) == []


def test_the_migrations_make_the_constraints_of_the_tables_too(db: Database) -> None:
    """Alembic does not compare CHECKs: a scratch database and a migrated one hold the same."""
    scratch = Database(MEMORY)
    scratch.create()
    found = {}
    for name, each in {"scratch": scratch, "migrated": db}.items():
        with each.read() as session:
            look = inspect(session)
            found[name] = {
                table: (
                    sorted((check["name"], check["sqltext"]) for check in look.get_check_constraints(table)),
                    sorted((unique["name"], unique["column_names"]) for unique in look.get_unique_constraints(table)),
                    sorted((index["name"], index["column_names"]) for index in look.get_indexes(table)),
                    sorted((key["constrained_columns"], key["referred_table"]) for key in look.get_foreign_keys(table)),
                )
                for table in sorted(look.get_table_names())
                if table != "alembic_version"
            }
    scratch.close()
    assert found["scratch"] == found["migrated"]


def test_a_new_database_is_of_this_programs_version(db: Database) -> None:
    db.require_schema()
    with db.read() as session:
        assert schema_version(session) == schema.SCHEMA_VERSION
        assert not facts.is_rehearsal(session)


def test_upgrading_what_is_up_to_date_changes_nothing(db: Database) -> None:
    before = as_sql(db)
    assert upgrade(db) == (schema.SCHEMA_VERSION, schema.SCHEMA_VERSION)
    assert as_sql(db) == before


def test_a_rehearsal_is_marked_as_one(path: Path) -> None:
    found = Database(f"sqlite:///{path}")
    create(found, rehearsal=True)
    with found.read() as session:
        assert facts.is_rehearsal(session)
    found.close()


def test_the_group_may_write_what_the_owner_may(db: Database, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_missing_database_is_named_with_what_makes_one(tmp_path: Path) -> None:
    missing = Database(f"sqlite:///{tmp_path}/nothing.db")
    with pytest.raises(DatabaseTrouble, match=r"there is no database at .*nothing\.db; run `wsyf") as caught:
        missing.require_schema()
    assert caught.value.exit_code == 6
    assert not (tmp_path / "nothing.db").exists()
    with pytest.raises(DatabaseTrouble, match="there is no database"), glance(tmp_path / "nothing.db"):
        pass


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("9999", "of a newer version \\(9999; this program knows"),
        ("0000", "of an older version \\(0000; .*`wsyf upgrade`"),
    ],
)
def test_another_version_is_refused_with_what_to_do(db: Database, path: Path, version: str, words: str) -> None:
    with db.begin() as session:
        session.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
    with pytest.raises(DatabaseTrouble, match=words):
        db.require_schema()
    with pytest.raises(DatabaseTrouble, match=words), glance(path):
        pass


def test_a_newer_database_is_not_touched_by_an_upgrade(db: Database) -> None:
    with db.begin() as session:
        session.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = as_sql(db)
    with pytest.raises(DatabaseTrouble, match="newer version"):
        upgrade(db)
    assert as_sql(db) == before


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    found = Database(f"sqlite:///{path}")
    with pytest.raises(DatabaseTrouble, match="older version"):
        found.require_schema()
    found.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program in the middle of a write."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield
    other.execute("ROLLBACK")
    other.close()


def test_a_locked_database_says_so(db: Database, path: Path) -> None:
    with locked(path), pytest.raises(DatabaseTrouble, match="stayed locked by another program; try again"), db.begin():
        pass
    with db.begin():
        pass


def test_readers_are_not_held_up_by_a_writer(db: Database, path: Path) -> None:
    with locked(path):
        db.require_schema()
        with glance(path) as opened:
            assert opened.assignments() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_says_so(db: Database, path: Path) -> None:
    db.close()
    path.chmod(0o440)
    with pytest.raises(DatabaseTrouble, match="read-only for this user"), db.begin():
        pass


def test_a_write_to_a_read_only_database_says_so(db: Database, path: Path) -> None:
    """As root, whom no mode of a file stops: the connection itself may not write."""
    with db.read() as session:
        session.exec_driver_sql("PRAGMA query_only = ON")
    with (
        pytest.raises(DatabaseTrouble, match="is read-only for this user; check the owner and rights"),
        db.begin() as session,
    ):
        facts.put(session, "x", "y")


def test_a_full_disk_says_that_nothing_was_changed(db: Database) -> None:
    with db.read() as session:
        pages = session.exec_driver_sql("PRAGMA page_count").scalar()
        session.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def write() -> None:
        with db.begin() as session:
            facts.put(session, "before", "x")
            facts.put(session, "big", "x" * 1_000_000)

    with pytest.raises(DatabaseTrouble, match="is full; make room, nothing was changed"):
        write()
    with db.read() as session:
        assert facts.get(session, "before") is None


def test_a_damaged_file_says_so(db: Database, path: Path) -> None:
    db.close()
    path.write_bytes(b"this is no database" * 1000)
    found = Database(f"sqlite:///{path}")
    with pytest.raises(DatabaseTrouble, match="is damaged or no database; restore a backup"):
        found.require_schema()
    found.close()
    with pytest.raises(DatabaseTrouble, match="is damaged or no database"), glance(path):
        pass


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    found = Database(f"sqlite:///{tmp_path}/no/such/folder.db")
    with pytest.raises(DatabaseTrouble, match="cannot be opened; check that the folder exists"), found.begin():
        pass


def test_an_office_is_durable_and_checks_foreign_keys(db: Database) -> None:
    with db.read() as session:
        pragmas = {
            name: session.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_foreign_keys_are_checked_again_after_a_migration(db: Database) -> None:
    upgrade(db)
    with db.read() as session:
        assert session.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_dry_run_writes_and_keeps_nothing(db: Database, path: Path) -> None:
    trial = Database(f"sqlite:///{path}", dry_run=True)
    with trial.begin() as session:
        facts.put(session, "tried", "yes")
        assert facts.get(session, "tried") == "yes"
    with trial.read() as session:
        assert facts.get(session, "tried") is None
    trial.close()
