"""Closing assignments (`wsyf done`): the coordinator confirms, the liaison gets a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, state_after, today_of
from wsyf_scheduler.core.assignment import Assignment, Verb
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.figuring import lacking
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import figures
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import tell


def act(
    app: App,
    now: datetime,
    *,
    keys: Sequence[str],
    who: str,
    on: date | None = None,
    note: str = "",
    detail: dict[str, object] | None = None,
    without_figures: bool = False,
) -> list[Assignment]:
    """Close all of them or none; returns them as they are now. `on` is the day it was handed in, today by default.

    Raises Forbidden where the figures an assignment collects are not whole, but `without_figures`.
    """
    with app.db.begin() as session:
        items = list({item.id: item for item in (find(session, key) for key in keys)}.values())
        closed = [_close(app, session, now, item, who=who, on=on, note=note, detail=detail) for item in items]
        for item in items if not without_figures else ():  # last: what else is wrong with the act is said first
            _require_figures(app, session, item)
        return closed


def _require_figures(app: App, session: Session, item: Assignment) -> None:
    """A data or training task is done when its figures are in (RULES.md §7)."""
    if item.form is None:
        return
    plan = app.plans(session)[item.plan_id].plan
    rest = lacking(plan, item, figures.of_assignment(session, item.id))
    if rest:
        names = {industry.id: industry.name for industry in plan.industries}
        missing = _(", ").join(f"{names.get(industry, industry)} {measure.name}" for industry, measure in rest)
        message = _(
            "{key} lacks figures: {missing}; `wsyf data import` or `wsyf data submit` takes them,"
            " --without-figures --reason TEXT closes it without them"
        )
        raise Forbidden(message.format(key=item.key, missing=missing))


def _close(
    app: App,
    session: Session,
    now: datetime,
    item: Assignment,
    *,
    who: str,
    on: date | None,
    note: str,
    detail: dict[str, object] | None,
) -> Assignment:
    state = state_after(app, session, now, item, Verb.DONE, reason=note)
    today = today_of(app, session, item, now)
    if on is not None:
        _check(app, session, item, on, today)
    after = apply(
        app,
        session,
        now,
        item,
        action="assignment_done",
        who=who,
        why=note,
        detail=detail,
        state=state.value,
        closed_on=on or today,
        held=False,
        muted_until=None,  # opened again, it speaks
    )
    tell(app, session, now, after, "receipt", happened="done", reason=note, on=str(on or today))
    return after


def _check(app: App, session: Session, item: Assignment, on: date, today: date) -> None:
    """Nothing is handed in on a day to come, nor before it could be known that it was owed."""
    if on > today:
        raise Forbidden(_("{day} has not come yet; --on takes a day up to today, {today}").format(day=on, today=today))
    if on >= item.begins_on:
        return
    issued = app.plans(session)[item.plan_id].plan.issued
    if on < issued:
        message = _(
            "{day} lies before {key} was owed: its plan was issued on {issued}, its period begins on {begins}; "
            "--on takes a day from {first} on"
        )
        first = min(issued, item.begins_on)
        raise Forbidden(message.format(day=on, key=item.key, issued=issued, begins=item.begins_on, first=first))
