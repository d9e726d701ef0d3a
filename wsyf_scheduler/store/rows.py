"""Rows into core values and back: the one place that knows how lists and instants are stored."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table

from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.message import Message, MessageRow, MessageState
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.store import tables

ASSIGNMENT: Table = tables.Assignment.__table__  # type: ignore[attr-defined]
ATTEMPT: Table = tables.Attempt.__table__  # type: ignore[attr-defined]
EVENT: Table = tables.Event.__table__  # type: ignore[attr-defined]
FACT: Table = tables.Fact.__table__  # type: ignore[attr-defined]
MESSAGE: Table = tables.Message.__table__  # type: ignore[attr-defined]
NOTICE: Table = tables.NoticeRow.__table__  # type: ignore[attr-defined]
PERSON: Table = tables.Person.__table__  # type: ignore[attr-defined]
PLAN_VERSION: Table = tables.PlanVersion.__table__  # type: ignore[attr-defined]


def words(items: Iterable[str]) -> str:
    """A list of ids as it is stored."""
    return ",".join(items)


def split(text: str) -> tuple[str, ...]:
    """The inverse of words."""
    return tuple(text.split(",")) if text else ()


def as_json(value: object) -> str:
    """JSON text with sorted keys, so that equal values are equal texts."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


ASSIGNMENT_FIELDS = tuple(
    "begins_on" if column.name == "period_begins_on" else column.name for column in ASSIGNMENT.columns
)


def assignment(row: Row[Any]) -> Assignment:
    """One assignment, from a row of all columns in their order."""
    values = dict(zip(ASSIGNMENT_FIELDS, row, strict=True))
    values["support"] = split(values["support"])
    values["state"] = State(values["state"])
    return Assignment(**values)


def assignment_values(item: Assignment) -> dict[str, Any]:
    """The columns of an assignment, without its id."""
    names = [column.name for column in ASSIGNMENT.columns if column.name not in {"id", "period_begins_on"}]
    values = {name: getattr(item, name) for name in names}
    values |= {"period_begins_on": item.begins_on, "support": words(item.support), "state": item.state.value}
    return values


def message(row: Row[Any]) -> Message:
    """One message."""
    return Message(
        id=row.id,
        plan_id=row.plan_id,
        letter=row.letter,
        department=row.department,
        audience=row.audience,
        state=MessageState(row.state),
        in_window=row.in_window,
        queued_at=row.queued_at,
        not_before=row.not_before,
        payload=json.loads(row.payload),
        attempts=row.attempts,
        sent_at=row.sent_at,
        message_id=row.message_id,
        subject=row.subject,
        to=tuple(json.loads(row.to or "[]")),
        cc=tuple(json.loads(row.cc or "[]")),
        raw=None if row.raw is None else zlib.decompress(row.raw),
        made_at=row.made_at,
        made_rows=row.made_rows,
        trouble=row.trouble,
    )


def message_row(row: Row[Any]) -> MessageRow:
    """One row of a message."""
    return MessageRow(
        notice_id=row.id,
        assignment_id=row.assignment_id,
        rung=row.rung,
        repeat=row.repeat,
        due_on=row.due_on,
        receiver=row.receiver,
        role=row.role,
        to=split(row.to_roles),
        cc=split(row.cc_roles),
        slot_at=row.slot_at,
        detail=json.loads(row.detail),
    )


def holder(row: Row[Any]) -> Holder:
    """One holder of a post."""
    values = row._asdict()
    values.pop("id")
    return Holder(**values)
