"""Tracking a plan: what its files say becomes assignments, once and again (`wsyf plan sync`; RULES.md §1, §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.changing import require_sane, told
from wsyf_scheduler.core import amend
from wsyf_scheduler.core.amend import Changes
from wsyf_scheduler.core.assignment import Assignment, State, Verb, advance
from wsyf_scheduler.core.decide import NOTHING_DECIDED, next_attention
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.core.life import SET, first_words
from wsyf_scheduler.core.plan import Plan, Wanted, expand
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import assignments, events, notices, plans
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import as_json, assignment_values
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


def act(
    app: App,
    now: datetime,
    *,
    plan: Plan,
    texts: Mapping[str, str],
    who: str,
    reason: str = "",
    go_back: bool = True,
) -> Tracked:
    """Make the database say what the files say; idempotent. `texts` are kept as the version's exact words.

    `reason` stands in the events and the change letters. Forbidden: a plan that is a draft; without `go_back`, texts
    that are those of an earlier version; Usage: a reason no letter can carry.
    """
    if plan.draft:
        raise Forbidden(_("{plan} is a draft: set draft = false in its plan.toml first").format(plan=plan.id))
    require_sane(reason)
    with app.db.begin() as session:
        table = app.table_of(session, plan.zone)
        if not go_back:
            _require_new(session, plan, texts, table)
        tracked = assignments.of_plan(session, plan.id)
        changes = amend.compare(tracked, expand(plan))
        latest = plans.latest(session, plan.id)
        if latest is not None and not changes and latest.texts == dict(texts):
            return Tracked(plan_id=plan.id, version=latest.version, first=False, changes=changes)
        version = plans.add(session, plan_id=plan.id, title=plan.title, zone=plan.zone, texts=texts, at=now, who=who)
        in_force = TrackedPlan(lambda: plan, table)
        edit = _Edit(app, session, now, in_force.table.hours.day_of(now), who, reason)
        held = _apply(edit, in_force, changes, first=latest is None)
        if tracked:
            _replan(session, now, in_force)
        events.add(
            session,
            at=now,
            who=who,
            action="plan_synced",
            plan_id=plan.id,
            why=reason,
            detail={"version": version, **changes.counts, "held": held},
        )
    return Tracked(plan_id=plan.id, version=version, first=latest is None, changes=changes, held=held)


def require_new(app: App, plan: Plan, texts: Mapping[str, str]) -> None:
    """Raise Forbidden where `act` without `go_back` would: asked of every plan before the first is changed."""
    with app.db.read() as session:
        _require_new(session, plan, texts, app.table_of(session, plan.zone))


def _require_new(session: Session, plan: Plan, texts: Mapping[str, str], table: Timetable) -> None:
    """Raise Forbidden where the files are those of a version that was replaced since: an old copy, most likely."""
    kept = plans.all_of(session, plan.id)
    old = next((each for each in reversed(kept[:-1]) if each.texts == dict(texts)), None)
    if old is None or kept[-1].texts == dict(texts):
        return
    message = _(
        "the files of {plan} are those of version {old} of {day}; version {new} is in force. Nothing was changed. "
        "If you mean to go back, add --go-back"
    )
    day = table.hours.day_of(old.synced_at)
    raise Forbidden(message.format(plan=plan.id, old=old.version, day=day, new=kept[-1].version))


@dataclass(frozen=True, slots=True)
class _Edit:
    """One sync in progress: its moment, its day in the plan's zone, who does it, and why."""

    app: App
    session: Session
    now: datetime
    today: date
    who: str
    reason: str

    def tell(self, item: Assignment, happened: str, **detail: str) -> None:
        """Queue a change letter to the liaison of an assignment."""
        because = {"reason": self.reason} if self.reason else {}
        tell(self.app, self.session, self.now, item, "change", happened=happened, **because, **detail)


def _apply(edit: _Edit, tracked: TrackedPlan, changes: Changes, *, first: bool) -> int:
    takes = {want.key: item for item, want in changes.reassigned}
    new = [
        _new(edit, tracked.plan.id, want, takes.get(want.key), late=first and want.due_on < edit.today)
        for want in changes.added
    ]
    assignments.insert_all(edit.session, _with_attention(new, tracked, edit.now))
    _record_added(edit, tracked.plan.id, new)
    taken = {item.id: want for item, want in changes.reassigned}
    for item in changes.withdrawn:
        _withdraw(edit, item, taken.get(item.id), tracked.shorts)
    for item, want in changes.restored:
        _restore(edit, item, want, takes.get(item.key))
    for item, want in changes.moved:
        _move(edit, item, want)
    for item, want in changes.reworded:
        _write_event(edit, item, amend.reworded(item, want), "assignment_reworded")
    for item, want in changes.reordered:
        assignments.change(edit.session, item, {"position": want.position})
    return sum(item.held for item in new)


def _new(edit: _Edit, plan_id: str, want: Wanted, before: Assignment | None, *, late: bool) -> Assignment:
    """A new assignment, with the root of its mail thread."""
    domain = edit.app.config.mail.sender.rpartition("@")[2]
    return amend.begun(
        plan_id,
        want,
        edit.now,
        edit.today,
        before=before,
        held=late,
        root_id=f"<{plan_id}.{want.key.replace('/', '.')}.{edit.now:%Y%m%d%H%M%S}@{domain}>",
    )


def _with_attention(new: Sequence[Assignment], tracked: TrackedPlan, now: datetime) -> Iterator[Assignment]:
    """When each needs attention first: what is tracked at one moment differs in nothing else that bears on it."""
    known: dict[tuple[str, date, date, date | None], datetime | None] = {}
    for item in new:
        key = item.kind, item.begins_on, item.due_on, item.counted_from
        if key not in known:
            known[key] = next_attention(item, NOTHING_DECIDED, tracked.table, now)
        yield replace(item, next_attention_at=known[key])


def _record_added(edit: _Edit, plan_id: str, new: Sequence[Assignment]) -> None:
    ids, state, began = assignments.ids_of_plan(edit.session, plan_id), State.OPEN.value, _Began()
    found = (
        {
            "assignment_id": ids[item.key],
            "action": "assignment_held" if item.held else "assignment_tracked",
            "from_state": state,
            "to_state": state,
            "why": edit.reason,
            "detail": began(item),
        }
        for item in new
    )
    events.add_each(edit.session, found, at=edit.now, who=edit.who, plan_id=plan_id)


class _Began(dict[tuple[object, ...], str]):
    """What the event that begins the tracking of an assignment tells, as JSON: made once for all that are alike."""

    def __call__(self, item: Assignment) -> str:
        key = item.begins_on, item.due_on, item.kind, item.support, item.origin, item.counted_from
        if key not in self:
            taken = {"origin": item.origin} if item.origin else {}
            self[key] = as_json({SET: first_words(item), **taken})
        return self[key]


def _withdraw(edit: _Edit, item: Assignment, taker: Wanted | None, shorts: Mapping[str, str]) -> None:
    """Out of the files; where another department took it over, the old one is told which."""
    after = replace(item, state=advance(item.state, Verb.WITHDRAW), sequence=item.sequence + 1)
    if taker is None:
        _write_event(edit, item, after, "assignment_withdrawn")
        edit.tell(item, "withdrawn")
        return
    _write_event(edit, item, after, "assignment_reassigned", **{"from": item.key, "to": taker.key})
    edit.tell(item, "reassigned", handed_to=shorts.get(taker.department, taker.department))


def _restore(edit: _Edit, item: Assignment, want: Wanted, taken: Assignment | None) -> None:
    """Open again, perhaps taken over from the department that had it meanwhile."""
    after = amend.restored(item, want, edit.now, edit.today, taken)
    _write_event(edit, item, after, "assignment_restored", **({"origin": taken.key} if taken is not None else {}))
    edit.tell(after, "reopened")


def _move(edit: _Edit, item: Assignment, want: Wanted) -> None:
    """A new due day in the file, of which whoever still owes it is told."""
    after = amend.moved(item, want, edit.now)
    _write_event(edit, item, after, "due_day_changed", why=f"{item.due_on} -> {want.due_on}")
    if item.state in amend.LIVE:
        edit.tell(after, "due-changed", old_due_on=item.due_on.isoformat())


def _write_event(
    edit: _Edit, item: Assignment, after: Assignment, action: str, *, why: str | None = None, **detail: object
) -> None:
    """Write what changes, and the event.

    `why` is the sync's reason, but for a changed day, of which core.life reads the days there.
    """
    before = assignment_values(item)
    values = {name: value for name, value in assignment_values(after).items() if value != before[name]}
    assignments.change(edit.session, item, values)
    why = edit.reason if why is None else why
    if edit.reason and why != edit.reason:
        detail["reason"] = edit.reason
    events.add(
        edit.session,
        at=edit.now,
        who=edit.who,
        action=action,
        plan_id=item.plan_id,
        assignment_id=item.id,
        from_state=item.state.value,
        to_state=after.state.value,
        why=why,
        detail=told(item, after, action, edit.now, edit.today, why=why, detail=detail),
    )


def _replan(session: Session, now: datetime, tracked: TrackedPlan) -> None:
    """Work out when each assignment of the plan needs attention next."""
    items: Sequence[Assignment] = assignments.of_plan(session, tracked.plan.id)
    decided = notices.decided(session, [item.id for item in items])
    assignments.set_attention(
        session,
        [(item.id, next_attention(item, decided.get(item.id, NOTHING_DECIDED), tracked.table, now)) for item in items],
    )
