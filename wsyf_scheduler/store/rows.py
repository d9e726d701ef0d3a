"""Rows into core values and back: the one place that knows how lists and instants are stored."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Table

from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.message import Message, MessageRow, MessageState
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.store import records, tables

ASSIGNMENT: Table = tables.Assignment.__table__  # type: ignore[attr-defined]
ATTEMPT: Table = tables.Attempt.__table__  # type: ignore[attr-defined]
CHAIN_HEAD: Table = records.ChainHead.__table__  # type: ignore[attr-defined]
EVENT: Table = records.Event.__table__  # type: ignore[attr-defined]
FACT: Table = records.Fact.__table__  # type: ignore[attr-defined]
FIGURE: Table = records.Figure.__table__  # type: ignore[attr-defined]
MESSAGE: Table = tables.Message.__table__  # type: ignore[attr-defined]
NOTICE: Table = tables.NoticeRow.__table__  # type: ignore[attr-defined]
PERSON: Table = tables.Person.__table__  # type: ignore[attr-defined]
PLAN_VERSION: Table = tables.PlanVersion.__table__  # type: ignore[attr-defined]
REFUSED_ADDRESS: Table = tables.RefusedAddress.__table__  # type: ignore[attr-defined]
REGIME: Table = records.Regime.__table__  # type: ignore[attr-defined]
UPTIME: Table = records.Uptime.__table__  # type: ignore[attr-defined]
YEAR_NOTICE: Table = records.YearNotice.__table__  # type: ignore[attr-defined]


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


def assignment(row: Sequence[Any]) -> Assignment:
    """One assignment, from a row of all columns in their order."""
    values = dict(zip(ASSIGNMENT_FIELDS, row, strict=True))
    values["support"] = split(values["support"])
    values["state"] = State(values["state"])
    return Assignment(**values)


ASSIGNMENT_COLUMNS = tuple(column.name for column in ASSIGNMENT.columns)[1:]
ASSIGNMENT_GETTER = attrgetter(*ASSIGNMENT_FIELDS[1:])


def assignment_values(item: Assignment) -> dict[str, Any]:
    """The columns of an assignment, without its id."""
    values = dict(zip(ASSIGNMENT_COLUMNS, ASSIGNMENT_GETTER(item), strict=True))
    values["support"], values["state"] = words(item.support), item.state.value
    return values


MESSAGE_FIELDS = tuple(column.name for column in MESSAGE.columns)
OF_THE_OUTBOX_ALONE = ("dedup", "claimed_by", "claimed_at", "raw_hash")


def message(row: Sequence[Any]) -> Message:
    """One message, from a row of all columns in their order."""
    values = dict(zip(MESSAGE_FIELDS, row, strict=True))
    for name in OF_THE_OUTBOX_ALONE:
        del values[name]
    values["state"] = MessageState(values["state"])
    values["payload"] = json.loads(values["payload"])
    values["to"] = tuple(json.loads(values["to"] or "[]"))
    values["cc"] = tuple(json.loads(values["cc"] or "[]"))
    values["raw"] = None if values["raw"] is None else zlib.decompress(values["raw"])
    taken = json.loads(values["taken"] or "{}")
    values["taken"] = {address: datetime.fromisoformat(at) for address, at in taken.items()}
    return Message(**values)


MESSAGE_ROW = tuple(
    NOTICE.c[name]
    for name in (
        "id",
        "assignment_id",
        "rung",
        "repeat",
        "due_on",
        "receiver",
        "role",
        "to_roles",
        "cc_roles",
        "slot_at",
        "detail",
    )
)


def message_row(row: Sequence[Any]) -> MessageRow:
    """One row of a message, from the columns MESSAGE_ROW in their order."""
    notice_id, assignment_id, rung, repeat, due_on, receiver, role, to_roles, cc_roles, slot_at, detail = row
    return MessageRow(
        notice_id=notice_id,
        assignment_id=assignment_id,
        rung=rung,
        repeat=repeat,
        due_on=due_on,
        receiver=receiver,
        role=role,
        to=split(to_roles),
        cc=split(cc_roles),
        slot_at=slot_at,
        detail=json.loads(detail),
    )


HOLDER_FIELDS = tuple(column.name for column in PERSON.columns)


def holder(row: Sequence[Any]) -> Holder:
    """One holder of a post, from a row of all columns in their order."""
    values = dict(zip(HOLDER_FIELDS, row, strict=True))
    for name in ("id", "recorded_at", "retired_at"):
        del values[name]
    return Holder(**values)
