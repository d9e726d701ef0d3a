"""The trail: every change an event row, in the same transaction as the change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert

from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import EVENT, as_json

ADD = Prepared(insert(EVENT))


def add(  # noqa: PLR0913 - one event has so many facts
    session: Session,
    *,
    at: datetime,
    who: str,
    action: str,
    plan_id: str | None = None,
    assignment_id: int | None = None,
    message_id: int | None = None,
    from_state: str | None = None,
    to_state: str | None = None,
    why: str = "",
    detail: dict[str, object] | None = None,
) -> None:
    """Add one event."""
    event = {
        "at": at,
        "who": who,
        "action": action,
        "plan_id": plan_id,
        "assignment_id": assignment_id,
        "message_id": message_id,
        "from_state": from_state,
        "to_state": to_state,
        "why": why,
        "detail": as_json(detail) if detail else "{}",
    }
    ADD.run(session, event)


def add_each(
    session: Session, actions: Iterable[tuple[int, str]], *, at: datetime, who: str, plan_id: str, state: str
) -> None:
    """Add an event for each of many assignments of a plan, which stay in their state: (assignment, action) each."""
    shared = {
        "at": at,
        "who": who,
        "plan_id": plan_id,
        "message_id": None,
        "from_state": state,
        "to_state": state,
        "why": "",
        "detail": "{}",
    }
    ADD.run_all(session, [{**shared, "assignment_id": item_id, "action": action} for item_id, action in actions])
