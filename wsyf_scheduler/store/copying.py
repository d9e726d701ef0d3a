"""A consistent copy of a database file while others write (VACUUM INTO), opened once to be sure of it.

A copy carries a hold, so that however it is put in place nothing is sent from it until the coordinator says so.
Imports sqlite3, errors, and of the store what is light.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wsyf_scheduler.errors import DatabaseTrouble, reason
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import chain, schema
from wsyf_scheduler.store.chain import Verified
from wsyf_scheduler.store.glance import PATIENCE, read_only

SHARED = 0o660
SHARED_FOLDER = 0o770
HOLD = "hold"  # as `store.holds` has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A copy that was written, opened and found sound; `unbroken`: the trail in it is as it was written."""

    bytes: int
    unbroken: bool


def copy(source: Path, target: Path, now: datetime) -> Copied:
    """Copy as it stands at one moment; the copy is held, as a backup put in place must be.

    Written beside the target, checked, and renamed at the end: a target is there as a whole or not at all.
    DatabaseTrouble where the source cannot be read, the target not be written, or the copy is not sound.
    """
    if not source.exists():
        raise schema.missing(source)
    part = target.with_name(target.name + ".part")
    with _writing(target, part):
        try:
            with closing(sqlite3.connect(read_only(source), uri=True, timeout=PATIENCE)) as connection:
                connection.execute("VACUUM INTO ?", (str(part),))
        except sqlite3.Error as error:
            raise copy_trouble(error, source, target) from error
        try:
            mark(part, now, now)
            verified = _checked(part)
        except sqlite3.Error as error:
            raise schema.trouble(error, target) from error
        part.chmod(SHARED)
        make_durable(part)
        part.replace(target)
        make_durable(target.parent)
        return Copied(bytes=target.stat().st_size, unbroken=verified is None or not verified.breaks)


@contextmanager
def _writing(target: Path, part: Path) -> Iterator[None]:
    """A part file, which is taken away whatever happens."""
    try:
        part.unlink(missing_ok=True)
        part.touch(SHARED)  # first, so that a folder that takes no file is named for what it is
        yield
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def unwritable(target: Path, error: OSError) -> DatabaseTrouble:
    """A copy cannot be written where it should be."""
    return DatabaseTrouble(_("{target} cannot be written: {why}").format(target=target, why=reason(error)))


def copy_trouble(error: sqlite3.Error, source: Path, target: Path) -> DatabaseTrouble:
    """A disk that is full is the copy's, all else is the source's."""
    if schema.code(error) == sqlite3.SQLITE_FULL:
        return DatabaseTrouble(
            _("the disk of {target} is full; make room, or copy to another disk").format(target=target)
        )
    return schema.trouble(error, source)


def mark(path: Path, seen: datetime, now: datetime) -> None:
    """Put the hold of a restored database into a copy nobody else has open; a rehearsal has no holds."""
    hold = {"reason": "restored", "seen": seen.isoformat(), "since_at": now.isoformat()}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if not version_of(connection):
            return  # nothing was ever made of it: there is nothing to hold
        if ("yes",) in connection.execute("SELECT value FROM fact WHERE name = 'rehearsal'"):
            return
        connection.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (HOLD, json.dumps(hold)))


def _checked(path: Path) -> Verified | None:
    """Open a copy; DatabaseTrouble unless it is sound. Its trail, where this program can read it."""
    with closing(sqlite3.connect(read_only(path), uri=True)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise DatabaseTrouble(_("the copy {path} is not sound: {why}").format(path=path, why=found))
        version = version_of(connection)
    return chain.verify(path) if version == schema.SCHEMA_VERSION else None


def version_of(connection: sqlite3.Connection) -> str:
    """The migration a database stands at; empty where it has none."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return ""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return "" if row is None else str(row[0])


def make_durable(path: Path) -> None:
    """Wait until the disk has a file, or a folder's entries."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """The folder of backups, for owner and group; one that is there stays as it is."""
    if folder.is_dir():
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(SHARED_FOLDER | (folder.stat().st_mode & stat.S_ISGID))
    except OSError as error:
        raise unwritable(folder, error) from error
