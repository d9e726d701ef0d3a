"""Extending a due day (`wsyf extend`): the old one is kept and shown, the ladder starts anew (RULES.md §5)."""

from __future__ import annotations

from datetime import date, datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, today_of
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.errors import Forbidden, Usage
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _
from wsyf_scheduler.telling import tell


def act(app: App, now: datetime, *, key: str, to: date, reason: str, approved_by: str, who: str) -> Assignment:
    """Set a later due day; returns the assignment as it is now. Reason and approver are required."""
    if not reason.strip() or not approved_by.strip():
        raise Usage(_("an extension needs --reason and --approved-by"))
    with app.db.begin() as session:
        item = find(session, key)
        _check(item, to, today_of(app, session, item, now))
        after = apply(
            app,
            session,
            now,
            item,
            action="assignment_extended",
            who=who,
            why=reason,
            detail={"from": item.due_on, "to": to, "approved_by": approved_by},
            due_on=to,
            original_due_on=item.original_due_on or item.due_on,
            due_basis="office",
            ladder_from=now,
            counted_from=None,
            sequence=item.sequence + 1,
        )
        tell(
            app,
            session,
            now,
            after,
            "change",
            happened="extended",
            reason=reason,
            approved_by=approved_by,
            old_due_on=item.due_on.isoformat(),
        )
    return after


def _check(item: Assignment, to: date, today: date) -> None:
    if item.state not in (State.OPEN, State.SUBMITTED):
        message = _("{key} is {state}: only an open assignment can be extended")
        raise Forbidden(message.format(key=item.key, state=_(item.state.value)))
    if to < today:
        raise Forbidden(_("{day} lies in the past; an extension goes to today or later").format(day=to))
    if to <= item.due_on:
        raise Forbidden(_("{day} is not later than the due day, {due}").format(day=to, due=item.due_on))
