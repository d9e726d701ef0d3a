"""Muting an assignment (`wsyf mute`): nothing of the ladder is said about it until a day; that ends by itself."""

from __future__ import annotations

from datetime import date, datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, last_deed, today_of
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.errors import Forbidden, Usage
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _


def act(app: App, now: datetime, *, key: str, until: date, reason: str, who: str) -> Assignment:
    """Silence it until a day, on which it speaks again; returns it as it is now. A second one takes the first's place.

    Usage where no reason is given; Forbidden for a day that is not to come, and for what is closed.
    """
    if not reason.strip():
        raise Usage(_("a reason is required: add --reason TEXT"))
    with app.db.begin() as session:
        item = find(session, key)
        if item.state not in (State.OPEN, State.SUBMITTED):
            message = _("{key} is {state} ({deed}): no letter goes out about it, and there is nothing to mute")
            deed = last_deed(app, session, now, item)
            raise Forbidden(message.format(key=item.key, state=_(item.state.value), deed=deed))
        today = today_of(app, session, item, now)
        if until <= today:
            message = _("{day} is not to come; --until takes the day it speaks again, from tomorrow on")
            raise Forbidden(message.format(day=until))
        return apply(
            app,
            session,
            now,
            item,
            action="assignment_muted",
            who=who,
            why=reason,
            detail={"until": until},
            muted_until=until,
        )
