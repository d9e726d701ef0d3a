"""Releasing what was held (`wsyf release`): an overdue assignment goes on at its chaser, counted from today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, last_deed, today_of
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import assignments
from wsyf_scheduler.store.db import Session


def act(
    app: App, now: datetime, *, keys: Sequence[str], everything: bool, who: str, plan_id: str | None = None
) -> list[Assignment]:
    """Release these, or everything that is held (of one plan, where it is given); returns them as they are now.

    All or none.
    """
    with app.db.begin() as session:
        if everything:
            chosen = [each for each in app.plans(session) if plan_id in (None, each)]
            items = [item for each in chosen for item in assignments.of_plan(session, each)]
            items = [item for item in items if item.held and item.state is State.OPEN]
        else:
            items = list({item.id: item for item in (find(session, key) for key in keys)}.values())
        return [_release(app, session, now, item, who) for item in items]


def _release(app: App, session: Session, now: datetime, item: Assignment, who: str) -> Assignment:
    if not item.held or item.state is not State.OPEN:
        message = _("{key} is not held ({deed}): there is nothing to release")
        raise Forbidden(message.format(key=item.key, deed=last_deed(app, session, now, item)))
    today = today_of(app, session, item, now)
    return apply(
        app,
        session,
        now,
        item,
        action="assignment_released",
        who=who,
        held=False,
        ladder_from=now,
        counted_from=today if today > item.due_on else None,
    )
