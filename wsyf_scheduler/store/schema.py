"""Which schema this program speaks, and the driver's complaints in words. Light: imports sqlite3 and no SQL library."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.i18n import _

SCHEMA_VERSION = "0004"
FIRST_CHAINED = "0002"  # from this version on, events form chains
PRIMARY = 0xFF  # of SQLite's result codes; the rest says more of the same kind
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# After these the pages may be others than a connection remembers, or the rights others than it was opened with.
BREAKING = (*DAMAGED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)

TEXTS = {  # of errors that bring no code
    sqlite3.SQLITE_BUSY: ("locked", "busy"),
    sqlite3.SQLITE_READONLY: ("readonly", "read-only"),
    sqlite3.SQLITE_CANTOPEN: ("unable to open",),
    sqlite3.SQLITE_FULL: ("full",),
    sqlite3.SQLITE_CORRUPT: ("not a database", "malformed"),
}


def check_version(found: str | None) -> None:
    """Raise DatabaseTrouble where a schema version is not the one this program speaks."""
    if found == SCHEMA_VERSION:
        return
    if found is not None and found > SCHEMA_VERSION:
        message = _("the database is of a newer version ({found}; this program knows {known}): update the program")
    else:
        message = _("the database is of an older version ({found}; this program needs {known}): run `wsyf upgrade`")
    raise DatabaseTrouble(message.format(found=found or "-", known=SCHEMA_VERSION))


def missing(path: object) -> DatabaseTrouble:
    """There is no database file yet; or no more, where a daemon has left its lock file beside it."""
    lock = Path(str(path)).with_suffix(".daemon.lock")
    if lock.exists():
        words = _(
            "the database {path} is gone, though a daemon ran on it ({lock}): put it back, or `wsyf restore` a backup;"
            " to begin anew, delete that file first"
        )
        return DatabaseTrouble(words.format(path=path, lock=lock.name))
    message = _("there is no database at {path}; run `wsyf plan sync` (or `wsyf upgrade`) to create it")
    return DatabaseTrouble(message.format(path=path))


def gone(path: object) -> DatabaseTrouble:
    """The database file was taken away under a running program."""
    message = _("the database {path} is gone: it was there before; put it back, or `wsyf restore` a backup")
    return DatabaseTrouble(message.format(path=path))


def trouble(error: BaseException | None, where: object) -> DatabaseTrouble:
    """The driver's complaint in words that say what to do."""
    return DatabaseTrouble(_words(error).format(where=where, why=error))


def code(error: BaseException | None) -> int:
    """SQLite's primary result code of an error; 0 where it has none."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & PRIMARY


def is_damage(error: BaseException | None) -> bool:
    """Whether the file itself is at fault, or the disk under it."""
    return code(error) in (*DAMAGED, sqlite3.SQLITE_IOERR)


def is_breaking(error: BaseException | None) -> bool:
    """Whether connections should be opened anew before the next try."""
    return code(error) in BREAKING


def _words(error: BaseException | None) -> str:
    """By SQLite's result code, and by its text where an error brings no code."""
    text, found = str(error), code(error)
    words = {
        sqlite3.SQLITE_BUSY: _("the database {where} stayed locked by another program; try again in a moment"),
        sqlite3.SQLITE_READONLY: _(
            "the database {where} is read-only for this user;"
            " check the owner and rights of the file, of those named -wal and -shm beside it, and of the folder"
        ),
        sqlite3.SQLITE_CANTOPEN: _(
            "the database {where} cannot be opened; check that the folder exists and may be written"
        ),
        sqlite3.SQLITE_FULL: _("the disk of the database {where} is full; make room, nothing was changed"),
        sqlite3.SQLITE_CORRUPT: _("the file {where} is damaged or no database; restore a backup"),
        sqlite3.SQLITE_IOERR: _(
            "the disk of the database {where} cannot be read or written ({why}); make room on it,"
            " check it and the limits on file size; nothing was changed"
        ),
    }
    same = {sqlite3.SQLITE_LOCKED: sqlite3.SQLITE_BUSY, sqlite3.SQLITE_NOTADB: sqlite3.SQLITE_CORRUPT}
    said = next((each for each, texts in TEXTS.items() if any(one in text for one in texts)), 0)
    return words.get(same.get(found, found)) or words.get(said) or _("the database {where} refused: {why}")


def address(path: Path | str, mode: str) -> str:
    """The address at which sqlite3 opens a file that is there: "ro" for reading only, "rw" for writing too."""
    return f"file:{str(path).replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode={mode}"


def beside(path: Path) -> tuple[Path, Path]:
    """The files SQLite keeps beside a database: its write-ahead log, and the index of it."""
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")
