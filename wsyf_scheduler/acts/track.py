"""Tracking a plan: what its files say becomes assignments, once and again (`wsyf plan sync`; RULES.md §1, §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.changing import told
from wsyf_scheduler.core import amend
from wsyf_scheduler.core.amend import Changes
from wsyf_scheduler.core.assignment import Assignment, State, Verb, advance
from wsyf_scheduler.core.decide import NOTHING_DECIDED, next_attention
from wsyf_scheduler.core.life import SET, first_words
from wsyf_scheduler.core.plan import Plan, Wanted, expand
from wsyf_scheduler.store import assignments, events, notices, plans
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import as_json
from wsyf_scheduler.telling import tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What a sync did; `held` counts assignments that were overdue when the plan was first tracked."""

    plan_id: str
    version: int
    first: bool
    changes: Changes
    held: int = 0


def preview(app: App, plan: Plan) -> Changes:
    """What a sync would change; changes nothing."""
    with app.db.read() as session:
        return amend.compare(assignments.of_plan(session, plan.id), expand(plan))


def act(app: App, now: datetime, *, plan: Plan, texts: Mapping[str, str], who: str) -> Tracked:
    """Make the database say what the files say; idempotent. `texts` are kept as the version's exact words."""
    with app.db.begin() as session:
        tracked = assignments.of_plan(session, plan.id)
        changes = amend.compare(tracked, expand(plan))
        latest = plans.latest(session, plan.id)
        if latest is not None and not changes and latest.texts == dict(texts):
            return Tracked(plan_id=plan.id, version=latest.version, first=False, changes=changes)
        version = plans.add(session, plan_id=plan.id, title=plan.title, zone=plan.zone, texts=texts, at=now, who=who)
        in_force = TrackedPlan(lambda: plan, app.table(plan.zone))
        held = _apply(app, session, now, in_force, changes, first=latest is None, who=who)
        if tracked:
            _replan(session, now, in_force)
        events.add(
            session,
            at=now,
            who=who,
            action="plan_synced",
            plan_id=plan.id,
            detail={"version": version, "added": len(changes.added), "held": held},
        )
    return Tracked(plan_id=plan.id, version=version, first=latest is None, changes=changes, held=held)


def _apply(
    app: App, session: Session, now: datetime, tracked: TrackedPlan, changes: Changes, *, first: bool, who: str
) -> int:
    today = tracked.table.hours.day_of(now)
    new = [_new(app, tracked.plan.id, want, now, held=first and want.due_on < today) for want in changes.added]
    assignments.insert_all(session, _with_attention(new, tracked, now))
    _record_added(session, tracked.plan.id, new, now, who)
    for item in changes.withdrawn:
        _withdraw(app, session, now, today, item, who)
    for item, want in changes.restored:
        _restore(app, session, now, today, item, want, who)
    for item, want in changes.moved:
        _move(app, session, now, today, item, want, who)
    for item, want in changes.reworded:
        values = _words(item, want)
        assignments.change(session, item, values)
        _event(session, now, today, who, item, "assignment_reworded", values)
    for item, want in changes.reordered:
        assignments.change(session, item, {"position": want.position})
    return sum(item.held for item in new)


def _new(app: App, plan_id: str, want: Wanted, now: datetime, *, held: bool) -> Assignment:
    domain = app.config.mail.sender.rpartition("@")[2]
    return Assignment(
        id=0,
        plan_id=plan_id,
        key=want.key,
        period=want.period,
        number=want.number,
        part=want.part,
        department=want.department,
        due_on=want.due_on,
        file_due_on=want.due_on,
        tracked_from=now,
        ladder_from=now,
        held=held,
        root_id=f"<{plan_id}.{want.key.replace('/', '.')}.{now:%Y%m%d%H%M%S}@{domain}>",
        **amend.words_of(want),  # type: ignore[arg-type]
    )


def _with_attention(new: Sequence[Assignment], tracked: TrackedPlan, now: datetime) -> Iterator[Assignment]:
    """When each needs attention first: what is tracked at one moment differs in nothing else that bears on it."""
    known: dict[tuple[str, date, date], datetime | None] = {}
    for item in new:
        key = item.kind, item.begins_on, item.due_on
        if key not in known:
            known[key] = next_attention(item, NOTHING_DECIDED, tracked.table, now)
        yield replace(item, next_attention_at=known[key])


def _record_added(session: Session, plan_id: str, new: Sequence[Assignment], now: datetime, who: str) -> None:
    ids, state, began = assignments.ids_of_plan(session, plan_id), State.OPEN.value, _Began()
    found = (
        {
            "assignment_id": ids[item.key],
            "action": "assignment_held" if item.held else "assignment_tracked",
            "from_state": state,
            "to_state": state,
            "detail": began(item),
        }
        for item in new
    )
    events.add_each(session, found, at=now, who=who, plan_id=plan_id)


class _Began(dict[tuple[object, ...], str]):
    """What the event that begins the tracking of an assignment tells, as JSON: made once for all that are alike."""

    def __call__(self, item: Assignment) -> str:
        key = item.begins_on, item.due_on, item.kind, item.support
        if key not in self:
            self[key] = as_json({SET: first_words(item)})
        return self[key]


def _withdraw(app: App, session: Session, now: datetime, today: date, item: Assignment, who: str) -> None:
    state = advance(item.state, Verb.WITHDRAW)
    values: dict[str, object] = {"state": state.value, "sequence": item.sequence + 1}
    assignments.change(session, item, values)
    _event(session, now, today, who, item, "assignment_withdrawn", values)
    tell(app, session, now, item, "change", happened="withdrawn")


def _restore(app: App, session: Session, now: datetime, today: date, item: Assignment, want: Wanted, who: str) -> None:
    """Open again; an overdue one goes on at its chaser, as if it had been reopened."""
    state = advance(item.state, Verb.RESTORE)
    values = _words(replace(item, original_due_on=None), want)
    values |= {"due_on": want.due_on, "file_due_on": want.due_on, "original_due_on": None}
    values |= {"state": state.value, "ladder_from": now, "counted_from": today if today > want.due_on else None}
    values |= {"sequence": item.sequence + 1}
    assignments.change(session, item, values)
    _event(session, now, today, who, item, "assignment_restored", values)
    tell(app, session, now, replace(item, due_on=want.due_on), "change", happened="reopened")


def _move(app: App, session: Session, now: datetime, today: date, item: Assignment, want: Wanted, who: str) -> None:
    """A new due day in the file starts the ladder anew; closed assignments keep still."""
    values = _words(replace(item, original_due_on=None), want)
    values |= {"due_on": want.due_on, "file_due_on": want.due_on, "original_due_on": None}
    live = item.state in amend.LIVE
    if live:
        values |= {"ladder_from": now, "counted_from": None, "sequence": item.sequence + 1}
    assignments.change(session, item, values)
    _event(session, now, today, who, item, "due_day_changed", values, why=f"{item.due_on} -> {want.due_on}")
    if live:
        moved = replace(item, due_on=want.due_on)
        tell(app, session, now, moved, "change", happened="due-changed", old_due_on=item.due_on.isoformat())


def _words(item: Assignment, want: Wanted) -> dict[str, object]:
    words = amend.words_of(want)
    if item.original_due_on is not None:
        words.pop("due_basis")
    words["period_begins_on"] = words.pop("begins_on")
    words["support"] = ",".join(want.support)
    return words


def _event(
    session: Session,
    now: datetime,
    today: date,
    who: str,
    item: Assignment,
    action: str,
    values: Mapping[str, object],
    *,
    why: str = "",
) -> None:
    after = _after(item, values)
    events.add(
        session,
        at=now,
        who=who,
        action=action,
        plan_id=item.plan_id,
        assignment_id=item.id,
        from_state=item.state.value,
        to_state=after.state.value,
        why=why,
        detail=told(item, after, action, now, today, why=why),
    )


def _after(item: Assignment, values: Mapping[str, object]) -> Assignment:
    """The assignment with columns changed, as far as the ladder goes."""
    fields: dict[str, Any] = {
        "begins_on" if name == "period_begins_on" else name: each for name, each in values.items()
    }
    if "support" in fields:
        fields["support"] = tuple(fields["support"].split(",")) if fields["support"] else ()
    if "state" in fields:
        fields["state"] = State(fields["state"])
    return replace(item, **fields)


def _replan(session: Session, now: datetime, tracked: TrackedPlan) -> None:
    """Work out when each assignment of the plan needs attention next."""
    items: Sequence[Assignment] = assignments.of_plan(session, tracked.plan.id)
    decided = notices.decided(session, [item.id for item in items])
    assignments.set_attention(
        session,
        [(item.id, next_attention(item, decided.get(item.id, NOTHING_DECIDED), tracked.table, now)) for item in items],
    )
