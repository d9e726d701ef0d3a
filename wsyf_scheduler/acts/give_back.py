"""Giving back what was handed in (`wsyf return`): it is open again, its due day stays, the liaison is told why."""

from __future__ import annotations

from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, state_after
from wsyf_scheduler.core.assignment import Assignment, Verb
from wsyf_scheduler.finding import find
from wsyf_scheduler.telling import tell


def act(app: App, now: datetime, *, key: str, reason: str, who: str) -> Assignment:
    """Open what waits for confirmation again; returns it as it is now. A reason is required (RULES.md §5)."""
    with app.db.begin() as session:
        item = find(session, key)
        state = state_after(app, session, now, item, Verb.RETURN, reason=reason)
        after = apply(app, session, now, item, action="assignment_returned", who=who, why=reason, state=state.value)
        tell(app, session, now, after, "receipt", happened="returned", reason=reason)
    return after
