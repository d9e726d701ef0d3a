"""Statements made ready once: SQLAlchemy's words and types, without its work at every call (docs/decisions/0008).

For what a tick says thousands of times. Imports store.db's session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, Dialect, Insert, bindparam
from sqlalchemy.sql.expression import ReturnsRows
from sqlmodel.sql.sqltypes import UTCDateTime

from wsyf_scheduler.store.db import Session

Values = Mapping[str, Any]
Process = Callable[[Any], Any]
NOTHING: Values = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A statement as one driver takes it: its values in order, and how our types are put and read back."""

    sql: str
    names: tuple[str, ...]
    positional: bool
    constants: Values
    put: tuple[tuple[str, Process], ...]
    read: tuple[tuple[int, Process], ...]

    def values(self, given: Values) -> Any:
        """The values as the driver takes them."""
        found = {**self.constants, **given}
        for name, process in self.put:
            found[name] = process(found[name])
        return tuple([found[name] for name in self.names]) if self.positional else found

    def row(self, row: Sequence[Any]) -> Sequence[Any]:
        """A row of the driver's as our types have it."""
        found = list(row)
        for index, process in self.read:
            found[index] = process(found[index])
        return found


class Prepared:
    """One statement, made ready for a dialect when first said there. An insert keeps to the columns first given."""

    def __init__(self, statement: ClauseElement) -> None:
        """Keep the statement."""
        self._statement = statement
        self._ready: dict[str, _Ready] = {}

    def run(self, session: Session, values: Values = NOTHING) -> int:
        """Say it; returns how many rows it touched."""
        ready, cursor = self._for(session, values), _cursor(session)
        cursor.execute(ready.sql, ready.values(values))
        return int(cursor.rowcount)

    def run_all(self, session: Session, many: Sequence[Values]) -> None:
        """Say it with each of these values, all of the same names; not at all where there are none."""
        if many:
            ready = self._for(session, many[0])
            _cursor(session).executemany(ready.sql, [ready.values(values) for values in many])

    def rows(self, session: Session, values: Values = NOTHING) -> Sequence[Sequence[Any]]:
        """Say it and read every row, its columns in their order."""
        ready, cursor = self._for(session, values), _cursor(session)
        cursor.execute(ready.sql, ready.values(values))
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return [ready.row(row) for row in found] if ready.read else found

    def value(self, session: Session, values: Values = NOTHING) -> Any:
        """The first value of the first row; None where there is no row."""
        rows = self.rows(session, values)
        return rows[0][0] if rows else None

    def _for(self, session: Session, values: Values) -> _Ready:
        ready = self._ready.get(session.dialect.name)
        if ready is None:
            ready = self._ready[session.dialect.name] = _make_ready(self._statement, session.dialect, values)
        return ready


class PreparedIn:
    """A statement about each of many values (`IN`), made ready once for each power of two of them.

    More than `MOST` values are said in several goes, since databases take only so many; rows are in order within a go.
    """

    MOST = 1024

    def __init__(self, of: Callable[[list[BindParameter[Any]]], ClauseElement]) -> None:
        """Keep what makes the statement of the values."""
        self._of = of
        self._prepared: dict[int, tuple[tuple[str, ...], Prepared]] = {}

    def rows(self, session: Session, many: Sequence[object], values: Values = NOTHING) -> Iterator[Sequence[Any]]:
        """Say it and read every row; not at all where there are no values."""
        for first in range(0, len(many), self.MOST):
            some = many[first : first + self.MOST]
            names, prepared = self._for(len(some))
            filled = [*some, *repeat(some[-1], len(names) - len(some))]  # the last again, up to a power of two
            yield from prepared.rows(session, {**dict(zip(names, filled, strict=True)), **values})

    def _for(self, count: int) -> tuple[tuple[str, ...], Prepared]:
        size = 1 << (count - 1).bit_length()
        if size not in self._prepared:
            names = tuple(f"in_{index}" for index in range(size))
            self._prepared[size] = names, Prepared(self._of([bindparam(name) for name in names]))
        return self._prepared[size]


def _cursor(session: Session) -> Any:
    """The driver's own, on the session's connection and in its transaction."""
    return session.connection.cursor()


def _put(kind: Any, dialect: Dialect) -> Process | None:
    """How a value of a type is put; SQLite's instants without the detours of two layers of types."""
    return _instant_to_text if _is_sqlite_instant(kind, dialect) else kind.dialect_impl(dialect).bind_processor(dialect)


def _read(kind: Any, dialect: Dialect) -> Process | None:
    if _is_sqlite_instant(kind, dialect):
        return _instant_from_text
    found: Process | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return found


def _is_sqlite_instant(kind: Any, dialect: Dialect) -> bool:
    return isinstance(kind, UTCDateTime) and dialect.name == "sqlite"


def _instant_to_text(at: datetime | None) -> str | None:
    if at is None:
        return None
    if at.tzinfo is None:
        raise ValueError(at)  # an instant without its zone is no instant
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _instant_from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text + "+00:00")


def _make_ready(statement: ClauseElement, dialect: Dialect, values: Values) -> _Ready:
    columns = list(values) if isinstance(statement, Insert) else None
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
    names = tuple(compiled.positiontup if compiled.positional else compiled.params)
    reads = statement.exported_columns if isinstance(statement, ReturnsRows) else ()
    put = [(name, _put(compiled.binds[name].type, dialect)) for name in dict.fromkeys(names)]  # each once
    read = [_read(column.type, dialect) for column in reads]
    return _Ready(
        sql=str(compiled),
        names=names,
        positional=compiled.positional,
        constants={name: compiled.params[name] for name in names if name not in values},
        put=tuple((name, process) for name, process in put if process is not None),
        read=tuple((index, process) for index, process in enumerate(read) if process is not None),
    )
