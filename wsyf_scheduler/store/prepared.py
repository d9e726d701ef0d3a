"""Statements made ready once: SQLAlchemy's words and types, without its work at every call (docs/decisions/0008).

For what a tick says thousands of times. Lists of values (`IN`) stay with SQLAlchemy, which says them at each call anew.
Imports store.db's session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, Dialect, Insert
from sqlalchemy.sql.expression import ReturnsRows

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


def _cursor(session: Session) -> Any:
    """The driver's own, on the session's connection and in its transaction."""
    return session.connection.cursor()


def _make_ready(statement: ClauseElement, dialect: Dialect, values: Values) -> _Ready:
    columns = list(values) if isinstance(statement, Insert) else None
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns, compile_kwargs={"render_postcompile": True})
    names = tuple(compiled.positiontup if compiled.positional else compiled.params)
    puts = {name: compiled.binds[name].type.dialect_impl(dialect) for name in names if name in compiled.binds}
    reads = statement.exported_columns if isinstance(statement, ReturnsRows) else ()
    put = [(name, kind.bind_processor(dialect)) for name, kind in puts.items()]
    read = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in reads]
    return _Ready(
        sql=str(compiled),
        names=names,
        positional=compiled.positional,
        constants={name: compiled.params[name] for name in names if name not in values},
        put=tuple((name, process) for name, process in put if process is not None),
        read=tuple((index, process) for index, process in enumerate(read) if process is not None),
    )
