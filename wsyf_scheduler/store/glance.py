"""A light look at the database for `wsyf`, `wsyf list` and `wsyf show`: plain SQL, without an SQL library to import.

Imports sqlite3 and core. The SQL is such that PostgreSQL takes it too; the reasons stand in docs/decisions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.calendar import Imported, YearNotice
from wsyf_scheduler.store import schema

if TYPE_CHECKING:
    from pathlib import Path

DAYS = (
    "due_on",
    "original_due_on",
    "file_due_on",
    "muted_until",
    "closed_on",
    "counted_from",
    "begins_on",
)
PATIENCE = 30.0  # seconds to wait for a database another program has locked
INSTANTS = ("tracked_from", "ladder_from", "next_attention_at")


class Glance:
    """A read-only connection to an SQLite file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use `glance()` to open one."""
        self._connection = connection

    def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Rows as dicts; `:name` stands for a value."""
        cursor = self._connection.execute(sql, dict(values or {}))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def fact(self, name: str) -> str | None:
        """What the database knows of itself, or None."""
        found = self.rows("SELECT value FROM fact WHERE name = :name", {"name": name})
        return None if not found else str(found[0]["value"])

    def zones(self) -> dict[str, str]:
        """Plan id to the zone of its version in force."""
        sql = "SELECT plan_id, zone FROM plan_version ORDER BY version"
        return {row["plan_id"]: row["zone"] for row in self.rows(sql)}

    def imported_years(self) -> dict[int, Imported]:
        """The notices of holidays the office imported, by year."""
        sql = "SELECT year, days, source, imported_at, who FROM year_notice ORDER BY year"
        return {
            row["year"]: Imported(
                notice=year_notice(row["year"], row["days"], row["source"]),
                at=instant(row["imported_at"]),
                who=row["who"],
            )
            for row in self.rows(sql)
        }

    def year_notices(self) -> dict[int, YearNotice]:
        """The same without who imported them."""
        return {year: each.notice for year, each in self.imported_years().items()}

    def departments(self) -> dict[str, str]:
        """Department id to short name, over all plans in force."""
        sql = "SELECT plan_id, texts FROM plan_version ORDER BY version"
        return _departments((row["plan_id"], row["texts"]) for row in self.rows(sql))

    def called(self, plan_id: str | None = None) -> dict[str, str]:
        """All that departments are called, of one plan or of all: id, short name, full name; each to the id."""
        sql = "SELECT plan_id, texts FROM plan_version WHERE :plan IS NULL OR plan_id = :plan ORDER BY version"
        tables = _tables((row["plan_id"], row["texts"]) for row in self.rows(sql, {"plan": plan_id}))
        return {str(each[name]): str(each["id"]) for name in ("name", "short", "id") for each in tables}

    def assignments(self, where: str = "1 = 1", values: Mapping[str, object] | None = None) -> list[Assignment]:
        """Assignments in the order of plans, due days, keys; `where` is SQL over the columns of `assignment`."""
        sql = f"SELECT * FROM assignment WHERE {where} ORDER BY plan_id, due_on, key"  # noqa: S608 - our own SQL
        return [_assignment(row) for row in self.rows(sql, values)]


def quick(path: str, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """Rows for a shell that completes a word; none where the database cannot be read at once."""
    if not path:
        return []
    try:
        connection = sqlite3.connect(read_only(path), uri=True, timeout=1)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return []


def short_names(path: str, plan_id: str) -> dict[str, str]:
    """Department id to short name of one plan, or of all (""), for completion; see `quick`."""
    sql = "SELECT plan_id, texts FROM plan_version WHERE ? = '' OR plan_id = ? ORDER BY version"
    return _departments(quick(path, sql, (plan_id, plan_id)))


def _departments(versions: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {str(each["id"]): str(each["short"]) for each in _tables(versions)}


def _tables(versions: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The departments' tables of the newest of these versions of each plan, which come oldest first."""
    import json
    import tomllib

    newest = dict(versions).values()
    return [each for texts in newest for each in tomllib.loads(json.loads(texts)["plan.toml"]).get("departments", [])]


@contextmanager
def glance(path: Path) -> Iterator[Glance]:
    """Open the database for reading; DatabaseTrouble where it is missing, damaged, locked or of another version."""
    if not path.exists():
        raise schema.missing(path)
    try:
        connection = sqlite3.connect(read_only(path), uri=True, timeout=PATIENCE, isolation_level=None)
        try:
            opened = Glance(connection)
            schema.check_version(_version(opened))
            yield opened
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise schema.trouble(error, path) from error


def read_only(path: Path | str, *, immutable: bool = False) -> str:
    """The address at which sqlite3 opens a file for reading only; `immutable`: one that nobody writes meanwhile."""
    address = schema.address(path, "ro")
    return f"{address}&immutable=1" if immutable else address


def _version(opened: Glance) -> str | None:
    if not opened.rows("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"):
        return None
    found = opened.rows("SELECT version_num FROM alembic_version")
    return None if not found else str(found[0]["version_num"])


def _assignment(row: dict[str, Any]) -> Assignment:
    row["begins_on"] = row.pop("period_begins_on")
    row["support"] = tuple(row["support"].split(",")) if row["support"] else ()
    row["state"] = State(row["state"])
    row["held"] = bool(row["held"])
    for name in DAYS:
        row[name] = None if row[name] is None else date.fromisoformat(row[name])
    for name in INSTANTS:
        row[name] = None if row[name] is None else instant(row[name])
    return Assignment(**row)


def year_notice(year: int, days: str, source: str) -> YearNotice:
    """A notice from its row: `days` is a JSON object of `off`, `working` and `names`."""
    import json

    kept = json.loads(days)
    return YearNotice(
        year=year,
        off=frozenset(map(date.fromisoformat, kept["off"])),
        working=frozenset(map(date.fromisoformat, kept["working"])),
        names={date.fromisoformat(day): name for day, name in kept["names"].items()},
        source=source,
    )


def instant(text: str) -> datetime:
    """An instant as it is stored: UTC without an offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stored(at: datetime) -> str:
    """The inverse of instant: UTC without an offset, to the microsecond."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
