"""Reopening a closed or waived assignment (`wsyf reopen`): an overdue one goes on at its chaser, counted from today."""

from __future__ import annotations

from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, state_after, today_of
from wsyf_scheduler.core.assignment import Assignment, Verb
from wsyf_scheduler.finding import find
from wsyf_scheduler.telling import tell


def act(app: App, now: datetime, *, key: str, reason: str, who: str) -> Assignment:
    """Open it again; returns it as it is now. A reason is required."""
    with app.db.begin() as session:
        item = find(session, key)
        state = state_after(app, session, now, item, Verb.REOPEN, reason=reason)
        today = today_of(app, session, item, now)
        after = apply(
            app,
            session,
            now,
            item,
            action="assignment_reopened",
            who=who,
            why=reason,
            state=state.value,
            closed_on=None,
            ladder_from=now,
            sequence=item.sequence + 1,
            counted_from=today if today > item.due_on else None,
        )
        tell(app, session, now, after, "change", happened="reopened", reason=reason)
    return after
