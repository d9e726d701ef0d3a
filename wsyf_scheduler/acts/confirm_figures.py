"""Confirming figures (`wsyf data confirm`): those handed in before their year had ended are final (RULES.md §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.figuring import has_ended, is_provisional, lacking, require_asked, whole_plan, year_of
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import events, figures
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.figures import FigureRow

HAS_FIGURES = (State.SUBMITTED, State.DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What was confirmed of one assignment; no rows where nothing was provisional any more."""

    item: Assignment
    rows: tuple[FigureRow, ...]


def act(app: App, now: datetime, *, keys: Sequence[str], who: str) -> list[Confirmed]:
    """Confirm all of them or none. Forbidden before the year has ended, and where no figures count."""
    with app.db.begin() as session:
        items = list({item.id: item for item in (find(session, key) for key in keys)}.values())
        return [_confirm(session, now, item, who) for item in items]


def _confirm(session: Session, now: datetime, item: Assignment, who: str) -> Confirmed:
    plan = whole_plan(session, item.plan_id)
    require_asked(plan, item)
    year = year_of(plan, item)
    assert year is not None  # what asks figures has a year
    _require_counting(session, plan, item)
    if not has_ended(plan, year, now):
        message = _("{year} has not ended yet: the figures of {key} can be confirmed from {day} on")
        raise Forbidden(message.format(year=year, key=item.key, day=f"{year + 1}-01-01"))
    rows = tuple(row for row in figures.of_assignment(session, item.id) if is_provisional(plan, row))
    if rows:
        figures.confirm(session, [row.id for row in rows], now)
        said = [[row.industry, row.measure, str(row.value)] for row in rows]
        events.add(
            session,
            at=now,
            who=who,
            action="figures_confirmed",
            plan_id=item.plan_id,
            assignment_id=item.id,
            from_state=item.state.value,
            to_state=item.state.value,
            detail={"year": year, "figures": said},
        )
    return Confirmed(item=item, rows=rows)


def _require_counting(session: Session, plan: Plan, item: Assignment) -> None:
    if item.state in HAS_FIGURES:
        return
    message = _("the figures of {key} are not whole yet; see `wsyf data show {key}`")
    if item.state is not State.OPEN:
        message = _("the figures of {key} do not count: it is {state}")
    elif not lacking(plan, item, figures.of_assignment(session, item.id)):
        message = _(
            "the figures of {key} are whole, and do not count while it is open: hand in what is right"
            " (`wsyf data submit`, the same figures too), or close it (`wsyf done {key}`)"
        )
    raise Forbidden(message.format(key=item.key, state=_(item.state.value)))
