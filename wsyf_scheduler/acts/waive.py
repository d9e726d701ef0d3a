"""Waiving an assignment (`wsyf waive`): it is no longer asked for; the reason is kept and told."""

from __future__ import annotations

from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, state_after, today_of
from wsyf_scheduler.core.assignment import Assignment, Verb
from wsyf_scheduler.finding import find
from wsyf_scheduler.telling import tell


def act(app: App, now: datetime, *, key: str, reason: str, who: str) -> Assignment:
    """Waive it; returns it as it is now. A reason is required."""
    with app.db.begin() as session:
        item = find(session, key)
        state = state_after(app, session, now, item, Verb.WAIVE, reason=reason)
        after = apply(
            app,
            session,
            now,
            item,
            action="assignment_waived",
            who=who,
            why=reason,
            state=state.value,
            closed_on=today_of(app, session, item, now),
            held=False,
            muted_until=None,  # opened again, it speaks
            sequence=item.sequence + 1,
        )
        tell(app, session, now, after, "change", happened="waived", reason=reason)
    return after
