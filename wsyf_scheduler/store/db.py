"""The database: engine, pragmas, transactions, schema version. Clear errors instead of the driver's."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.store import schema
from wsyf_scheduler.store.tables import Base

Session = Connection  # what store functions take: one connection inside one transaction
BUSY_TIMEOUT = 30_000  # milliseconds
FOLD_TIMEOUT = 2_000  # milliseconds to wait for readers before the log is left as it is
MEMORY = "sqlite://"
OPENED = "opened"  # of a connection: which files it has open


class Database:
    """One database. `begin()` is one write transaction; `read()` a read-only look at one moment."""

    def __init__(
        self, url: str, *, busy_timeout: int = BUSY_TIMEOUT, durable: bool = True, dry_run: bool = False
    ) -> None:
        """Prepare the engine; nothing is opened yet. `sqlite://` keeps everything in memory.

        A `durable` database waits for the disk at every commit; a rehearsal's need not, it only must not break.
        With `dry_run` a write transaction is rolled back where it would be committed: whoever acts sees what would
        follow, and nothing stays.
        """
        self.url = url
        self._at_end = "ROLLBACK" if dry_run else "COMMIT"
        options: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
        if url == MEMORY:
            options["poolclass"] = StaticPool
        self._was_there = False
        self._busy_timeout = busy_timeout
        self._engine = create_engine(url, **options)
        event.listen(self._engine, "do_connect", self._open_what_is_there)
        event.listen(self._engine, "connect", _prepare(self.path, busy_timeout, durable=durable))

    @property
    def path(self) -> Path | None:
        """The file, or None in memory."""
        return None if self.url == MEMORY else Path(self.url.removeprefix("sqlite:///"))

    def begin(self) -> AbstractContextManager[Session]:
        """One write transaction, taken at once; committed at the end, rolled back on any error."""
        return self._transaction("BEGIN IMMEDIATE")

    def read(self) -> AbstractContextManager[Session]:
        """One consistent look; nothing may be written."""
        return self._transaction("BEGIN")

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Session]:
        try:
            with self._connect() as connection:
                driver = connection.connection.driver_connection
                assert isinstance(driver, sqlite3.Connection)
                driver.execute(begin)
                try:
                    yield connection
                except BaseException:
                    driver.rollback()  # nothing where the driver's own error has rolled back already
                    raise
                driver.execute(self._at_end)
        except DBAPIError as error:
            raise self._trouble(error.orig) from error
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def _connect(self) -> Connection:
        """A connection to the file that has the name now: it may have been put in another's place meanwhile.

        What the write-ahead log of the other one still has is folded into it first: nothing is lost where only the
        log was taken away, and no log is left to be taken for the new file's.
        """
        if self.path is None:
            return self._engine.connect()
        if self._is_gone:
            self._engine.dispose()
            raise schema.gone(self.path)
        connection = self._engine.connect()
        if connection.info.get(OPENED) != _identity(self.path):
            with contextlib.suppress(DBAPIError):
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            self._engine.dispose()
            connection = self._engine.connect()
        self._was_there = True
        return connection

    @property
    def _is_gone(self) -> bool:
        """Whether the file was taken away under the running program."""
        return self._was_there and self.path is not None and not self.path.exists()

    def _open_what_is_there(self, _dialect: object, _record: object, where: list[str], how: dict[str, Any]) -> None:
        """A file that was there before is never made anew: SQLite would make an empty one of that name."""
        if self._was_there and self.path is not None:
            where[:] = [schema.address(self.path, "rw")]
            how["uri"] = True

    def _trouble(self, error: BaseException | None) -> DatabaseTrouble:
        """The error in words; after those that leave a connection in doubt, the next transaction opens anew."""
        if self.path is not None and schema.is_breaking(error):
            self._engine.dispose()
            if self._is_gone:
                return schema.gone(self.path)
        return schema.trouble(error, self.path)

    @contextmanager
    def exclusive(self) -> Iterator[Session]:
        """One write transaction for migrations: foreign keys are off, so that a rebuilt table keeps its children."""
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.exec_driver_sql("ROLLBACK")
                    raise
                else:
                    connection.exec_driver_sql("COMMIT")
                finally:
                    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        except DBAPIError as error:
            raise schema.trouble(error.orig, self.path) from error

    def create(self) -> None:
        """Make all tables at once: for scratch databases; an office's database is made by its migrations."""
        Base.metadata.create_all(self._engine)

    def copy_from(self, path: Path) -> None:
        """Fill this (in-memory) database with a copy of a file, taken at one moment while others may write."""
        source = sqlite3.connect(schema.address(path, "ro"), uri=True)
        try:
            target = self._engine.raw_connection()
            assert isinstance(target.driver_connection, sqlite3.Connection)
            source.backup(target.driver_connection)
            target.close()
        except sqlite3.Error as error:
            raise schema.trouble(error, path) from error
        finally:
            source.close()

    def fold_log(self) -> bool:
        """Empty the write-ahead log into the file, so that no page of before stays in it; False while others read."""
        if self.path is None:
            return True
        with self._connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {FOLD_TIMEOUT}")
            try:
                busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
            except DBAPIError:
                return False  # what was committed stands; the next checkpoint folds it
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {self._busy_timeout}")
        return not busy

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def require_schema(self) -> None:
        """Raise DatabaseTrouble unless the file exists and is of exactly this version's schema."""
        if self.path is not None and not self.path.exists():
            raise schema.missing(self.path)
        self._was_there = True
        with self.read() as session:
            found = schema_version(session)
        schema.check_version(found)


def schema_version(session: Session) -> str | None:
    """The migration the database stands at, or None where it has none."""
    row = session.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").first()
    if row is None:
        return None
    found = session.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def _identity(path: Path) -> tuple[object, ...]:
    """Which files stand under the names of a database and its write-ahead log; another one is another database."""
    found: list[object] = []
    for each in (path, schema.beside(path)[0]):
        try:
            known = each.stat()
        except OSError:
            found.append(None)
        else:
            found.append((known.st_dev, known.st_ino))
    return tuple(found)


def _prepare(path: Path | None, busy_timeout: int, *, durable: bool) -> Any:
    def prepare(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout}")
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            record.info[OPENED] = _identity(path)

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
