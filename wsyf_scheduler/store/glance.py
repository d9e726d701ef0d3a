"""A light look at the database for `wsyf`, `wsyf list` and `wsyf show`: plain SQL, without an SQL library to import.

Imports sqlite3 and core. The SQL is such that PostgreSQL takes it too; the reasons stand in docs/decisions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from wsyf_scheduler.core.assignment import Assignment, State
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

    def departments(self) -> dict[str, str]:
        """Department id to short name, over all plans in force."""
        import json
        import tomllib

        sql = "SELECT plan_id, texts FROM plan_version ORDER BY version"
        latest = {row["plan_id"]: row["texts"] for row in self.rows(sql)}
        tables = [tomllib.loads(json.loads(texts)["plan.toml"]).get("departments", []) for texts in latest.values()]
        return {str(each["id"]): str(each["short"]) for table in tables for each in table}

    def assignments(self, where: str = "1 = 1", values: Mapping[str, object] | None = None) -> list[Assignment]:
        """Assignments in the order of plans, due days, keys; `where` is SQL over the columns of `assignment`."""
        sql = f"SELECT * FROM assignment WHERE {where} ORDER BY plan_id, due_on, key"  # noqa: S608 - our own SQL
        return [_assignment(row) for row in self.rows(sql, values)]


def titles(path: str, prefix: str, most: int) -> list[tuple[str, str]]:
    """Keys that begin with a prefix, and their titles, by key; none where the database cannot be read at once."""
    sql = "SELECT key, title FROM assignment WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
    try:
        connection = sqlite3.connect(read_only(path), uri=True, timeout=1)
        try:
            return connection.execute(sql, (prefix, prefix + "\U0010ffff", most)).fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return []


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
    address = f"file:{str(path).replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=ro"
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


def instant(text: str) -> datetime:
    """An instant as it is stored: UTC without an offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stored(at: datetime) -> str:
    """The inverse of instant: UTC without an offset, to the microsecond."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
