"""A backup looked into before it is trusted, and put in the place of a live database.

Imports sqlite3, errors, and of the store what is light.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from wsyf_scheduler.errors import DatabaseTrouble, NotFound, reason
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import chain, schema
from wsyf_scheduler.store.chain import Verified
from wsyf_scheduler.store.copying import HOLD, SHARED, copy_trouble, make_durable, unwritable, version_of
from wsyf_scheduler.store.glance import PATIENCE, instant, read_only

OURS = ("alembic_version", "assignment", "event", "fact", "message", "notice", "person", "plan_version")
MAGIC = b"SQLite format 3\0"
LAST_SENT = "SELECT max(sent_at) FROM message WHERE sent_at IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a database file holds. `made_at`: when copied, None where it is no copy; `trail`: None before 0002."""

    path: Path
    version: str
    page_size: int
    rehearsal: bool
    made_at: datetime | None
    plans: tuple[str, ...]
    events: int
    last_event_at: datetime | None
    last_sent_at: datetime | None
    trail: Verified | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What one database knows and another does not: so many events, and letters sent."""

    events: int
    letters: int


def examine(path: Path, *, live: bool = False) -> Content:
    """What a file that may be a backup holds. Nothing is written, not even beside it; unless it is the `live` one.

    NotFound where there is none; DatabaseTrouble where it is no database, not sound, not of this program, or newer.
    """
    _look_at_file(path)
    try:
        address = read_only(path) if live else _as_it_lies(path)
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE)) as connection:
            return _content(connection, path, live=live)
    except sqlite3.Error as error:
        if not live and schema.is_damage(error):
            message = _("{path} is damaged or cut short: take another backup, nothing was changed")
            raise DatabaseTrouble(message.format(path=path)) from error
        raise schema.trouble(error, path) from error


def _look_at_file(path: Path) -> None:
    if not path.exists():
        raise NotFound(_("there is no file {path}").format(path=path))
    if not path.is_file():
        raise DatabaseTrouble(_("{path} is no file; name the backup's file").format(path=path))
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise DatabaseTrouble(_("{path} cannot be read: {why}").format(path=path, why=reason(error))) from error
    if not head:
        raise DatabaseTrouble(_("{path} is empty: no backup was ever finished here").format(path=path))
    if head != MAGIC:
        raise DatabaseTrouble(_("{path} is no SQLite database, so no backup of ours").format(path=path))


def _as_it_lies(path: Path) -> str:
    """The address of a file nobody writes; one copied by hand with its write-ahead log is read with it."""
    return read_only(path, immutable=not _has_log(path))


def _has_log(path: Path) -> bool:
    return schema.beside(path)[0].exists()


def _content(connection: sqlite3.Connection, path: Path, *, live: bool) -> Content:
    (sound,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if sound != "ok":
        words = _("{path} is damaged ({why}); take another backup")
        raise DatabaseTrouble(words.format(path=path, why=" ".join(str(sound).split())))
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    lacking = [name for name in OURS if name not in tables]
    if lacking:
        words = _("{path} is a database, but none of ours: it has no table {name}")
        raise DatabaseTrouble(words.format(path=path, name=lacking[0]))
    version = version_of(connection)
    if version > schema.SCHEMA_VERSION:
        schema.check_version(version)
    facts = {str(name): str(value) for name, value in connection.execute("SELECT name, value FROM fact")}
    events, last_event_at = connection.execute("SELECT count(*), max(at) FROM event").fetchone()
    (last_sent_at,) = connection.execute(LAST_SENT).fetchone()
    return Content(
        path=path,
        version=version,
        page_size=connection.execute("PRAGMA page_size").fetchone()[0],
        rehearsal=facts.get("rehearsal") == "yes",
        made_at=_made_at(facts.get(HOLD)),
        plans=tuple(
            str(each) for (each,) in connection.execute("SELECT DISTINCT plan_id FROM plan_version ORDER BY 1")
        ),
        events=events,
        last_event_at=instant(last_event_at) if last_event_at else None,
        last_sent_at=instant(last_sent_at) if last_sent_at else None,
        trail=chain.verify(path, immutable=not (live or _has_log(path))) if version >= schema.FIRST_CHAINED else None,
    )


def _made_at(hold: str | None) -> datetime | None:
    found = json.loads(hold or "null")
    return datetime.fromisoformat(found["seen"]) if found and found["reason"] == "restored" else None


def lost(present: Path, backup: Content) -> Lost:
    """What the present database knows and a backup does not; both are sound."""
    sent = "SELECT count(*) FROM message m WHERE sent_at IS NOT NULL AND NOT EXISTS ({same})"
    same = "SELECT 1 FROM backup.message o WHERE o.id = m.id AND o.sent_at = m.sent_at"
    event = "SELECT count(*) FROM event e WHERE NOT EXISTS ({same})"
    alike = "SELECT 1 FROM backup.event o WHERE o.id = e.id AND o.at = e.at AND o.action = e.action"
    with closing(sqlite3.connect(read_only(present), uri=True, timeout=PATIENCE)) as connection:
        connection.execute("ATTACH ? AS backup", (_as_it_lies(backup.path),))
        (events,) = connection.execute(event.format(same=alike)).fetchone()
        (letters,) = connection.execute(sent.format(same=same)).fetchone()
    return Lost(events=events, letters=letters)


def add_event_before_chains(path: Path, now: datetime, *, who: str, action: str, detail: str) -> None:
    """An event in a staged copy of schema 0001, where events form no chain yet; the upgrade chains it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO event (at, who, action, why, detail) VALUES (?, ?, ?, '', ?)",
            (f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}", who, action, detail),
        )


def stage(source: Path, part: Path) -> None:
    """A copy of a backup beside the live database, to be marked before it is put in; the backup stays as it is."""
    try:
        part.unlink(missing_ok=True)
        part.touch()
        part.chmod(SHARED)
    except OSError as error:
        raise unwritable(part, error) from error
    try:
        with closing(sqlite3.connect(_as_it_lies(source), uri=True, timeout=PATIENCE)) as connection:
            connection.execute("VACUUM INTO ?", (str(part),))
    except sqlite3.Error as error:
        raise copy_trouble(error, source, part) from error


def save_aside(path: Path, saved: Path) -> None:
    """A damaged database as it lies, with what SQLite keeps beside it, under another name."""
    pairs = zip((path, *schema.beside(path)), (saved, *schema.beside(saved)), strict=True)
    try:
        for each, target in pairs:
            if each.exists():
                shutil.copyfile(each, target)
                target.chmod(SHARED)
                make_durable(target)
        make_durable(saved.parent)
    except OSError as error:
        raise unwritable(saved, error) from error


def pour(source: Path, target: Path) -> None:
    """Put the pages of one database into another file, in one transaction: who reads there sees the old or the new.

    A kill in the middle leaves the old. DatabaseTrouble where another program keeps it locked, or the disk is full.
    """
    tries = 0

    def give_up(status: int, _remaining: int, _total: int) -> None:
        nonlocal tries
        tries += status == sqlite3.SQLITE_BUSY
        if tries > 1:  # each has waited for PATIENCE
            raise schema.trouble(sqlite3.OperationalError("database is locked"), target)

    try:
        with (
            closing(sqlite3.connect(read_only(source), uri=True)) as staged,
            closing(sqlite3.connect(target, timeout=PATIENCE, isolation_level=None)) as live,
        ):
            live.execute("PRAGMA journal_mode = WAL")
            live.execute("PRAGMA synchronous = FULL")
            staged.backup(live, progress=give_up)
    except sqlite3.Error as error:
        raise schema.trouble(error, target) from error


def put_in_place(source: Path, target: Path) -> None:
    """Rename one database into the place of another that is damaged or gone; whose write-ahead log goes first."""
    try:
        make_durable(source)
        for each in schema.beside(target):
            each.unlink(missing_ok=True)
        make_durable(target.parent)
        source.replace(target)
        make_durable(target.parent)
    except OSError as error:
        raise unwritable(target, error) from error
