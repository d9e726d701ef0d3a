"""Messages as `wsyf rehearse --json` and `wsyf schedule --json` print them (CLI.md, "JSON that others rely on")."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.grouping import row_order
from wsyf_scheduler.core.message import Message, MessageRow
from wsyf_scheduler.store import assignments, messages, notices
from wsyf_scheduler.store.db import Session

Line = dict[str, object]


class Sendings:
    """Follows an outbox: each call gives what was sent since the last, by time, department, letter, audience."""

    def __init__(self, app: App) -> None:
        """Begin after what has been sent already."""
        self._app = app
        self._items: dict[int, Assignment] = {}  # as first told: a line says of them what never changes
        with app.db.read() as session:
            self._told, self._floor = set(messages.sent_ids(session, 0)), 0
            self._floor = self._all_told_up_to(session)

    def new(self) -> list[tuple[Message, Line]]:
        """Messages sent since the last call, with their lines."""
        with self._app.db.read() as session:
            sent = [message for message in messages.sent_since(session, self._floor) if message.id not in self._told]
            rows = notices.rows_of(session, [message.id for message in sent])
            new = {row.assignment_id for each in rows.values() for row in each} - self._items.keys()
            self._items |= assignments.by_ids(session, sorted(new))
            zones = {plan_id: tracked.table.hours.zone for plan_id, tracked in self._app.plans(session).items()}
            self._told.update(message.id for message in sent)
            self._floor = self._all_told_up_to(session)
        self._told = {message_id for message_id in self._told if message_id > self._floor}
        lines = []
        for message in sent:
            assert message.sent_at is not None  # the database holds sent messages to that
            at = message.sent_at.astimezone(zones[message.plan_id])
            lines.append((message, line(message, at, rows[message.id], self._items)))
        return sorted(lines, key=_order)

    def _all_told_up_to(self, session: Session) -> int:
        """The id up to which nothing can be sent any more: one queued early may be sent late."""
        unsent = messages.first_unsent(session)
        return max(self._told, default=self._floor) if unsent is None else unsent - 1


def _order(found: tuple[Message, Line]) -> tuple[str, str, str, str]:
    each = found[1]
    return str(each["at"]), str(each["department"]), str(each["letter"]), str(each["audience"])


def line(message: Message, at: datetime, rows: Sequence[MessageRow], items: dict[int, Assignment]) -> Line:
    """One message; `at` is when it was sent, in the plan's zone."""
    pairs = [(row, items[row.assignment_id]) for row in rows]
    pairs.sort(
        key=lambda pair: row_order(
            audience=message.audience,
            role=pair[0].role,
            department=pair[1].department,
            due_on=pair[0].due_on,
            key=pair[1].key,
        )
    )
    return {
        "at": at.isoformat(),
        "letter": message.letter,
        "department": message.department,
        "audience": message.audience,
        "to": sorted(message.to),
        "cc": sorted(message.cc),
        "rows": [
            {
                "key": item.key,
                "due_on": row.due_on.isoformat(),
                "rung": row.rung,
                "repeat": row.repeat,
                "days_left": (row.due_on - at.date()).days,
                "role": row.role,
            }
            for row, item in pairs
        ],
    }
