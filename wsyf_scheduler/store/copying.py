"""A consistent copy of a database file while others write (VACUUM INTO), opened once to be sure of it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import schema
from wsyf_scheduler.store.glance import PATIENCE, read_only

SHARED = 0o660


def copy(source: Path, target: Path) -> int:
    """Copy; returns the size in bytes. DatabaseTrouble where it cannot be read, written, or is not sound."""
    if not source.exists():
        raise schema.missing(source)
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        part.touch(SHARED)  # first, so that a folder that takes no file is named for what it is
        _vacuum(source, part)
        _verify(part)
        part.chmod(SHARED)
        _make_durable(part)
        part.replace(target)
        _make_durable(target.parent)
    except sqlite3.Error as error:
        raise schema.trouble(error, source) from error
    except OSError as error:
        message = _("{target} cannot be written: {why}").format(target=target, why=error.strerror)
        raise DatabaseTrouble(message) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return target.stat().st_size


def _vacuum(source: Path, target: Path) -> None:
    connection = sqlite3.connect(read_only(source), uri=True, timeout=PATIENCE)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()


def _verify(path: Path) -> None:
    connection = sqlite3.connect(read_only(path), uri=True)
    try:
        (found,) = connection.execute("PRAGMA integrity_check").fetchone()
    finally:
        connection.close()
    if found != "ok":
        raise DatabaseTrouble(_("the copy {path} is not sound: {why}").format(path=path, why=found))


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
