"""Extending a due day, or shortening an extension (`wsyf extend`): the original is kept and shown (RULES.md §5)."""

from __future__ import annotations

from datetime import date, datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import BEFORE, apply, last_deed, today_of
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.errors import Forbidden, Usage
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import acted
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import tell


def act(app: App, now: datetime, *, key: str, to: date, reason: str, approved_by: str, who: str) -> Assignment:
    """Set a later due day; returns the assignment as it is now. Reason and approver are required.

    An extension that went too far is shortened the same way, down to the original due day.
    """
    with app.db.begin() as session:
        item = find(session, key)
        _check_words(item, reason, approved_by)
        _check_open(app, session, now, item)
        _check_day(item, to, today_of(app, session, item, now))
        is_back = to == item.original_due_on
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
            original_due_on=None if is_back else item.original_due_on or item.due_on,
            due_basis=_first_basis(session, item) if is_back else "office",
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
            happened="extended" if to > item.due_on else "due-changed",
            reason=reason,
            approved_by=approved_by,
            old_due_on=item.due_on.isoformat(),
        )
    return after


def _check_words(item: Assignment, reason: str, approved_by: str) -> None:
    if not reason.strip() or not approved_by.strip():
        message = _("an extension of {key} needs --reason TEXT (why) and --approved-by TEXT (who allowed it, by post)")
        raise Usage(message.format(key=item.key))


def _check_open(app: App, session: Session, now: datetime, item: Assignment) -> None:
    if item.state not in (State.OPEN, State.SUBMITTED):
        message = _("{key} is {state} ({deed}): only an open assignment can be extended")
        deed = last_deed(app, session, now, item)
        raise Forbidden(message.format(key=item.key, state=_(item.state.value), deed=deed))


def _check_day(item: Assignment, to: date, today: date) -> None:
    if to < today:
        message = _("{day} lies in the past; an extension of {key} (due {due}) goes to today, {today}, or later")
        raise Forbidden(message.format(day=to, key=item.key, due=item.due_on, today=today))
    if to > item.due_on:
        return
    if item.original_due_on is None or to == item.due_on:
        message = _("{day} is not later than the due day of {key}, {due}; --to takes a later day")
        raise Forbidden(message.format(day=to, key=item.key, due=item.due_on))
    if to < item.original_due_on:
        message = _("{day} lies before the original due day of {key}, {due}: an extension is shortened no further")
        raise Forbidden(message.format(day=to, key=item.key, due=item.original_due_on))


def _first_basis(session: Session, item: Assignment) -> str:
    """The basis of the due day before the first extension: what that act changed, as it was before it."""
    for each in acted.about(session, [item.id], after=0):
        before = each.detail.get(BEFORE, {})
        if each.action == "assignment_extended" and before.get("original_due_on", item.key) is None:
            return str(before.get("due_basis", item.due_basis))
    return item.due_basis
