"""Reminding outside the ladder (`wsyf remind`): one more reminder, as soon as the window is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, last_deed
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import acted, notices, outbox
from wsyf_scheduler.store.acted import BY_HAND, Reminded
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import asked_for_at

LETTER = "reminder"


def act(app: App, now: datetime, *, keys: Sequence[str], who: str) -> list[Assignment]:
    """Queue a reminder about each for its liaison, all of one department in one message; all or none.

    Forbidden where nothing is to be said about one, or a reminder on it went that day or waits already.
    """
    with app.db.begin() as session:
        items = list({item.id: item for item in (find(session, key) for key in keys)}.values())
        for item in items:
            _check_speaks(app, session, now, item)
        _check_first_today(app, session, now, items)
        return [_remind(app, session, now, item, who) for item in items]


def _check_speaks(app: App, session: Session, now: datetime, item: Assignment) -> None:
    """What is silent stays silent; the error says what to do first."""
    if item.state is State.SUBMITTED:
        message = _("{key} was handed in and waits for you ({deed}): `wsyf done {key}` or `wsyf return {key}`")
    elif item.state is not State.OPEN:
        message = _("{key} is {state} ({deed}): there is nothing to remind of; `wsyf reopen {key}` opens it again")
    elif item.held:
        message = _("{key} is held: let it speak with `wsyf release {key}`, then remind")
    elif item.muted_until is not None and _leaves_on(app, session, now, item) < item.muted_until:
        message = _("{key} is muted until {day} ({deed}): take that back, or remind then")
    else:
        return
    deed = last_deed(app, session, now, item)
    raise Forbidden(message.format(key=item.key, state=_(item.state.value), day=item.muted_until, deed=deed))


def _leaves_on(app: App, session: Session, now: datetime, item: Assignment) -> date:
    """The day it is sent: another than today where the window has closed, or today is a day off."""
    table = app.plans(session)[item.plan_id].table
    return table.hours.day_of(asked_for_at(table, now))


def _check_first_today(app: App, session: Session, now: datetime, items: Sequence[Assignment]) -> None:
    """No second reminder on a day (CLI.md), by the day this one leaves, nor one while another waits."""
    by_id = {item.id: item for item in items}
    hours = {item.id: app.plans(session)[item.plan_id].table.hours for item in items}
    since = min((each.midnight(each.day_of(now)) for each in hours.values()), default=now)
    for found in acted.reminded(session, list(by_id), since):
        item, own = by_id[found.assignment_id], hours[found.assignment_id]
        if found.sent_at is None or own.day_of(found.sent_at) == _leaves_on(app, session, now, item):
            raise Forbidden(_said_already(item, found, own.zone))


def _said_already(item: Assignment, found: Reminded, zone: tzinfo) -> str:
    if found.sent_at is None:
        message = _("a reminder about {key} waits already: see `wsyf outbox show {id}`")
        return message.format(key=item.key, id=found.message_id)
    message = _("a reminder about {key} went today at {time} (`wsyf outbox show {id}`); remind again tomorrow")
    return message.format(key=item.key, id=found.message_id, time=f"{found.sent_at.astimezone(zone):%H:%M}")


def _remind(app: App, session: Session, now: datetime, item: Assignment, who: str) -> Assignment:
    message_id = outbox.waiting_like(session, plan_id=item.plan_id, letter=LETTER, department=item.department)
    if message_id is None:
        message_id = outbox.queue(
            session,
            plan_id=item.plan_id,
            letter=LETTER,
            department=item.department,
            audience="department",
            in_window=True,
            now=now,
            not_before=asked_for_at(app.plans(session)[item.plan_id].table, now),
        )
    assert message_id is not None  # no dedup key was given
    notices.add_row(
        session,
        message_id=message_id,
        assignment_id=item.id,
        letter=LETTER,
        due_on=item.due_on,
        receiver=item.department,
        to=("liaison",),
        cc=(),
        detail={BY_HAND: "yes"},
        now=now,
    )
    return apply(app, session, now, item, action="assignment_reminded", who=who)
