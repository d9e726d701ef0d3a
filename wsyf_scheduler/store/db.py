"""The database: engine, pragmas, transactions, schema version. Clear errors instead of the driver's."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store.tables import SCHEMA_VERSION, Base

Session = Connection  # what store functions take: one connection inside one transaction
BUSY_TIMEOUT = 30_000  # milliseconds
MEMORY = "sqlite://"


class Database:
    """One database. `begin()` is one write transaction; `read()` a read-only look at one moment."""

    def __init__(self, url: str, *, busy_timeout: int = BUSY_TIMEOUT) -> None:
        """Prepare the engine; nothing is opened yet. `sqlite://` keeps everything in memory."""
        self.url = url
        options: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
        if url == MEMORY:
            options["poolclass"] = StaticPool
        self._engine = create_engine(url, **options)
        event.listen(self._engine, "connect", _prepare(busy_timeout, in_memory=url == MEMORY))

    @property
    def path(self) -> Path | None:
        """The file, or None in memory."""
        return None if self.url == MEMORY else Path(self.url.removeprefix("sqlite:///"))

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One write transaction, taken at once; committed at the end, rolled back on any error."""
        with self._transaction("BEGIN IMMEDIATE") as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent look; nothing may be written."""
        with self._transaction("BEGIN") as session:
            yield session

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Session]:
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql(begin)
                try:
                    yield connection
                except BaseException:
                    connection.exec_driver_sql("ROLLBACK")
                    raise
                connection.exec_driver_sql("COMMIT")
        except DBAPIError as error:
            raise trouble(error.orig, self.url) from error

    def create(self) -> None:
        """Make all tables at once: for scratch databases; an office's database is made by its migrations."""
        Base.metadata.create_all(self._engine)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def require_schema(self) -> None:
        """Raise DatabaseTrouble unless the file exists and is of exactly this version's schema."""
        if self.path is not None and not self.path.exists():
            message = _("there is no database at {path}; run `wsyf upgrade` to create it").format(path=self.path)
            raise DatabaseTrouble(message)
        with self.read() as session:
            found = schema_version(session)
        check_version(found)


def check_version(found: str | None) -> None:
    """Raise DatabaseTrouble where a schema version is not the one this program speaks."""
    if found == SCHEMA_VERSION:
        return
    if found is not None and found > SCHEMA_VERSION:
        message = _("the database is of a newer version ({found}; this program knows {known}): update the program")
    else:
        message = _("the database is of an older version ({found}; this program needs {known}): run `wsyf upgrade`")
    raise DatabaseTrouble(message.format(found=found or "-", known=SCHEMA_VERSION))


def schema_version(session: Session) -> str | None:
    """The migration the database stands at, or None where it has none."""
    row = session.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").first()
    if row is None:
        return None
    found = session.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def trouble(error: BaseException | None, url: str) -> DatabaseTrouble:
    """The driver's complaint in words that say what to do."""
    text = str(error)
    where = url.removeprefix("sqlite:///")
    if "locked" in text or "busy" in text:
        message = _("the database {where} stayed locked by another program; try again in a moment")
    elif "readonly" in text or "read-only" in text:
        message = _("the database {where} is read-only for this user; check the owner and rights of the file and folder")
    elif "unable to open" in text:
        message = _("the database {where} cannot be opened; check that the folder exists and may be written")
    elif "full" in text:
        message = _("the disk of the database {where} is full; make room, nothing was changed")
    elif "not a database" in text or "malformed" in text:
        message = _("the file {where} is damaged or no database; restore a backup")
    else:
        message = _("the database {where} refused: {why}")
    return DatabaseTrouble(message.format(where=where, why=text))


def _prepare(busy_timeout: int, *, in_memory: bool) -> Any:
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout}")
        if not in_memory:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")

    return prepare


def make_folder(url: str) -> None:
    """The folder of a database file, shared by the group of the folder above (set-group-id is inherited)."""
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


def share_file(path: Path) -> None:
    """Give the group the rights the owner has, so that CLI and daemon may run as two users of one group.

    SQLite makes its -wal and -shm files with the rights of the database file.
    """
    with contextlib.suppress(PermissionError):  # another user's file: the office has set its rights already
        path.chmod(0o660)
