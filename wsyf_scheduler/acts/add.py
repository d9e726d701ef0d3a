"""Adding follow-ups outside the paper (`wsyf add`): each has its own start letter, ladder and receipt (RULES.md §1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.changing import require_sane
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.decide import NOTHING_DECIDED, next_attention
from wsyf_scheduler.core.follow_up import OWED, FollowUp, next_number, period_of
from wsyf_scheduler.core.kind import Kind
from wsyf_scheduler.core.life import SET, first_words
from wsyf_scheduler.core.plan import Basis, Period, assignment_key, part_name
from wsyf_scheduler.errors import Forbidden, NotFound, Usage, WsyfError, nearest
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.finding import Origin, find_origin
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import assignments, events, plans
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.values import CONTROL

LONGEST_TITLE = 120  # characters: it stands in subjects


@dataclass(frozen=True, slots=True)
class _Ground:
    """The plan that follow-ups are added to, as it is in force, and what it holds already."""

    plan_id: str
    tracked: TrackedPlan
    periods: tuple[Period, ...]
    items: list[Assignment]
    now: datetime

    @property
    def today(self) -> date:
        return self.tracked.table.hours.day_of(self.now)


def act(
    app: App,
    now: datetime,
    *,
    follow_ups: Sequence[FollowUp],
    who: str,
    plan_id: str | None = None,
    again: bool = False,
) -> list[Assignment]:
    """Add them all or none; returns their assignments, by follow-up, part and department.

    Without `plan_id` it is that of the first origin, else the only plan. Raises Forbidden for a due date in the past
    and, unless `again`, for what is owed already with the same title, department and due date; Usage for what is
    incomplete; NotFound for an unknown plan, period, department or origin.
    """
    with app.db.begin() as session:
        ground = _ground(app, session, now, plan_id or _plan_of(session, follow_ups))
        return [item for each in follow_ups for item in _add(app, session, ground, each, who, again=again)]


def _plan_of(session: Session, follow_ups: Sequence[FollowUp]) -> str:
    known = sorted(plans.marks(session))
    if not known:
        raise Forbidden(_("no plan is tracked yet: run `wsyf plan sync` first"))
    if len(known) == 1:
        return known[0]
    for follow_up in follow_ups:
        if follow_up.origin is not None:
            return find_origin(session, follow_up.origin).plan_id
    raise Usage(_("several plans are tracked: say --plan {ids}").format(ids=" | ".join(known)))


def _ground(app: App, session: Session, now: datetime, plan_id: str) -> _Ground:
    tracked, latest = app.plans(session).get(plan_id), plans.latest(session, plan_id)
    if tracked is None or latest is None:
        raise NotFound(_("no plan {name} is tracked").format(name=plan_id))
    read = plan_files.parse(latest.texts, f"{plan_id}@{latest.version}")
    return _Ground(plan_id, tracked, read.periods, assignments.of_plan(session, plan_id), now)


def _add(app: App, session: Session, ground: _Ground, wanted: FollowUp, who: str, *, again: bool) -> list[Assignment]:
    try:
        _check(ground, wanted)
        origin = None if wanted.origin is None else _origin(session, ground, wanted.origin)
        items = _made(app, ground, wanted, origin)
        if not again:
            _require_new(ground, items)
    except WsyfError as error:
        if wanted.where:
            raise type(error)(f"{wanted.where}: {error}") from None
        raise
    found = _enter(session, ground, items, who, wanted.note)
    ground.items.extend(found)
    return found


def _origin(session: Session, ground: _Ground, text: str) -> Origin:
    found = find_origin(session, text, ground.plan_id)
    if found.plan_id != ground.plan_id:
        raise Forbidden(_("{key} is of another plan, {plan}").format(key=found.name, plan=found.plan_id))
    return found


def _check(ground: _Ground, wanted: FollowUp) -> None:
    _require_text(wanted)
    known = {each.id: each.short for each in ground.tracked.plan.departments}
    for department in (*wanted.departments, *wanted.support):
        if department not in known:
            close = nearest(department, known) or list(known)
            message = _("there is no department {name}") + _("; did you mean {names}?")
            raise NotFound(message.format(name=department, names=", ".join(close)))
    for department in sorted({*wanted.departments} & {*wanted.support}):
        raise Usage(_("{name} cannot lead and support at once").format(name=known[department]))
    for day in wanted.dues:
        if day < ground.today:
            message = _("{day} lies in the past: give a due date from today, {today}, on")
            raise Forbidden(message.format(day=day, today=ground.today))
    if len({*wanted.dues}) < len(wanted.dues):
        raise Usage(_("a due date stands here twice"))


def _require_text(wanted: FollowUp) -> None:
    if not wanted.title.strip():
        raise Usage(_("say what is to be done: the title is empty"))
    if len(wanted.title) > LONGEST_TITLE:
        message = _("a title has at most {n} characters, this one has {found}; put the rest into --text")
        raise Usage(message.format(n=LONGEST_TITLE, found=len(wanted.title)))
    if CONTROL.search(wanted.title) or CONTROL.search(wanted.hand_in):
        raise Usage(_("a title and what is to be handed in are one line each, without control characters"))
    for each in (wanted.title, wanted.hand_in, wanted.text, wanted.note):
        require_sane(each)
    if not wanted.departments:
        raise Usage(_("say who is to do it: --department"))
    if not wanted.dues:
        raise Usage(_("say by when: --due"))


def _period(ground: _Ground, wanted: FollowUp, origin: Origin | None) -> Period:
    named = {period.id: period for period in ground.periods}
    if wanted.period is not None:
        if wanted.period not in named:
            message = _("there is no period {name}") + _("; did you mean {names}?")
            close = nearest(wanted.period, named) or named
            raise NotFound(message.format(name=wanted.period, names=", ".join(close)))
        return named[wanted.period]
    if origin is not None and origin.item.period in named:
        return named[origin.item.period]
    return period_of(ground.periods, min(wanted.dues))


def _made(app: App, ground: _Ground, wanted: FollowUp, origin: Origin | None) -> list[Assignment]:
    """Its assignments, by part and department; their ids are the database's to give."""
    period = _period(ground, wanted, origin)
    number = next_number(item.number for item in ground.items if item.period == period.id)
    last = max((item.position for item in ground.items), default=0)
    shared: dict[str, Any] = {
        "plan_id": ground.plan_id,
        "period": period.id,
        "begins_on": period.begins_on,
        "number": number,
        "kind": Kind.FOLLOW_UP.value,
        "due_basis": Basis.OFFICE.value,
        "title": wanted.title.strip(),
        "text": wanted.text.strip(),
        "hand_in": wanted.hand_in.strip(),
        "support": tuple(dict.fromkeys(wanted.support)),
        "origin": origin.name if origin else None,
        "position": origin.item.position if origin else last + 1,
        "tracked_from": ground.now,
        "ladder_from": ground.now,
    }
    dues = [(due_on, part_name(at) if len(wanted.dues) > 1 else "") for at, due_on in enumerate(sorted(wanted.dues))]
    return [
        _planned(app, ground, shared, part, department, due_on)
        for due_on, part in dues
        for department in dict.fromkeys(wanted.departments)
    ]


def _planned(app: App, ground: _Ground, shared: dict[str, Any], part: str, department: str, due_on: date) -> Assignment:
    key = assignment_key(shared["period"], shared["number"], part, department)
    domain = app.config.mail.sender.rpartition("@")[2]
    item = Assignment(
        id=0,
        key=key,
        part=part,
        department=department,
        due_on=due_on,
        file_due_on=due_on,
        root_id=f"<{ground.plan_id}.{key.replace('/', '.')}.{ground.now:%Y%m%d%H%M%S}@{domain}>",
        **shared,
    )
    return replace(item, next_attention_at=next_attention(item, NOTHING_DECIDED, ground.tracked.table, ground.now))


def _require_new(ground: _Ground, items: Sequence[Assignment]) -> None:
    """Forbidden where the same is owed already: a list imported twice, a command typed twice."""
    owed = {(each.title, each.department, each.due_on): each.key for each in ground.items if each.state in OWED}
    for item in items:
        key = owed.get((item.title, item.department, item.due_on))
        if key is not None:
            message = _("{key} asks the same of the same department by the same day; --again adds it all the same")
            raise Forbidden(message.format(key=key))


def _enter(session: Session, ground: _Ground, items: Sequence[Assignment], who: str, note: str) -> list[Assignment]:
    assignments.insert_all(session, items)
    ids = assignments.ids_of_plan(session, ground.plan_id)
    found = [replace(item, id=ids[item.key]) for item in items]
    for item in found:
        events.add(
            session,
            at=ground.now,
            who=who,
            action="follow_up_added",
            plan_id=item.plan_id,
            assignment_id=item.id,
            from_state=item.state.value,
            to_state=item.state.value,
            why=note,
            detail={SET: first_words(item)} | ({"origin": item.origin} if item.origin else {}),
        )
    return found
