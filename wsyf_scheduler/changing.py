"""Changing one assignment: guarded update, event and next attention together, in the caller's transaction.

What every act on an assignment has in common. Imports app, core and store.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from wsyf_scheduler.app import App
from wsyf_scheduler.core.assignment import REASON_REQUIRED, Assignment, Refused, State, Verb, advance
from wsyf_scheduler.core.decide import NOTHING_DECIDED, next_attention
from wsyf_scheduler.core.life import SET, Happened, unsaid
from wsyf_scheduler.errors import Forbidden, Usage
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import acted, assignments, events, notices
from wsyf_scheduler.store.acted import Deed
from wsyf_scheduler.store.db import Session

BEFORE = "before"  # in an event's detail: what the act changed, as it was before it, for `wsyf undo`
SAME_DAY, ANOTHER_DAY = "%H:%M", "%Y-%m-%d %H:%M"
LONGEST = 4000  # characters of a note or a reason; letters carry so many (mail.phrases.CLIP)
HALF = re.compile("[\ud800-\udfff]")  # what a terminal's bytes become that are no text


def state_after(app: App, session: Session, now: datetime, item: Assignment, verb: Verb, *, reason: str) -> State:
    """The state a verb leads to; Usage where a reason is missing.

    Forbidden where the state does not allow it: the error tells who brought it there, and when.
    """
    try:
        state = advance(item.state, verb)
    except Refused:
        raise Forbidden(_refusal(item, verb, last_deed(app, session, now, item))) from None
    if verb in REASON_REQUIRED and not reason.strip():
        raise Usage(_("a reason is required: add --reason TEXT"))
    return state


def _refusal(item: Assignment, verb: Verb, deed: str) -> str:
    if item.state is State.DONE and verb is Verb.DONE and item.closed_on is not None:
        message = _("{key} was closed already, as of {day} ({deed}); `wsyf reopen` opens it again")
        return message.format(key=item.key, day=item.closed_on, deed=deed)
    message = _("{key} is {state}: {verb} is not possible ({deed})")
    return message.format(key=item.key, state=_(item.state.value), verb=_verb_name(verb), deed=deed)


def _verb_name(verb: Verb) -> str:
    """What a verb is called."""
    names = {
        Verb.SUBMIT: _("handing in"),
        Verb.RETURN: _("returning"),
        Verb.DONE: _("closing"),
        Verb.WAIVE: _("waiving"),
        Verb.REOPEN: _("reopening"),
    }
    return names.get(verb, verb.value)


def last_deed(app: App, session: Session, now: datetime, item: Assignment) -> str:
    """Who changed an assignment last, how, and when: what whoever comes second is told."""
    found = acted.last_change(session, item.id)
    return _("nothing is recorded of it") if found is None else told_of(app, session, now, item, found)


def told_of(app: App, session: Session, now: datetime, item: Assignment, found: Deed) -> str:
    """One deed in words: what, by whom, and when, in the plan's zone."""
    hours = app.plans(session)[item.plan_id].table.hours
    form = SAME_DAY if hours.day_of(found.at) == hours.day_of(now) else ANOTHER_DAY
    when = found.at.astimezone(hours.zone).strftime(form)
    return _deeds().get(found.action, _("changed by {who}, {when}")).format(who=found.who, when=when)


def _deeds() -> dict[str, str]:
    return {
        "act_undone": _("an act taken back by {who}, {when}"),
        "assignment_done": _("closed by {who}, {when}"),
        "assignment_extended": _("extended by {who}, {when}"),
        "assignment_held": _("tracked by {who}, {when}, and held"),
        "assignment_muted": _("muted by {who}, {when}"),
        "assignment_noted": _("noted by {who}, {when}"),
        "assignment_released": _("released by {who}, {when}"),
        "assignment_reminded": _("reminded of by {who}, {when}"),
        "assignment_reopened": _("opened again by {who}, {when}"),
        "assignment_returned": _("returned by {who}, {when}"),
        "assignment_submitted": _("handed in by {who}, {when}"),
        "assignment_tracked": _("tracked by {who}, {when}"),
        "assignment_waived": _("waived by {who}, {when}"),
        "assignment_withdrawn": _("withdrawn by the plan sync of {who}, {when}"),
        "follow_up_added": _("added by {who}, {when}"),
    }


def apply(
    app: App,
    session: Session,
    now: datetime,
    item: Assignment,
    *,
    action: str,
    who: str,
    why: str = "",
    detail: dict[str, object] | None = None,
    **values: Any,
) -> Assignment:
    """Write the values, the event and the next attention; returns the assignment as it is now.

    The event keeps what its action alone does not tell, so that the trail tells the assignment's whole life. Without
    values (a note) nothing of the assignment is changed. Raises Forbidden where another program changed it since it was
    read, Usage where `why` is no text a letter can carry.
    """
    for said in (why, str((detail or {}).get("approved_by", ""))):
        require_sane(said)
    if values and not assignments.change(session, item, values):
        message = _("{key} was changed by another program meanwhile ({deed}); look again with `wsyf show {key}`")
        raise Forbidden(message.format(key=item.key, deed=last_deed(app, session, now, item)))
    after = assignments.by_id(session, item.id)
    assert after is not None  # assignments are never deleted
    before = {name: getattr(item, name) for name in values if getattr(item, name) != getattr(after, name)}
    decided = notices.decided(session, [item.id]).get(item.id, NOTHING_DECIDED)
    table = app.plans(session)[item.plan_id].table
    assignments.set_attention(session, [(item.id, next_attention(after, decided, table, now))])
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
        detail={**told(item, after, action, now, table.hours.day_of(now), why=why, detail=detail), BEFORE: before},
    )
    return after


def require_sane(text: str) -> None:
    """A note stands in letters and in the trail for good: a novel belongs into a file."""
    if len(text) > LONGEST:
        message = _(
            "a note or reason has at most {n} characters, this one has {found}; keep a paper with --file instead"
        )
        raise Usage(message.format(n=LONGEST, found=len(text)))
    if not text.isprintable() and HALF.search(text):
        raise Usage(_("a note or reason must be readable text; this one holds bytes that are no UTF-8"))


def told(
    before: Assignment,
    after: Assignment,
    action: str,
    now: datetime,
    today: date,
    *,
    why: str = "",
    detail: dict[str, object] | None = None,
) -> dict[str, object]:
    """An event's detail with all that the action itself does not tell of the change (core.life reads it back)."""
    event = Happened(
        assignment_id=before.id, at=now, action=action, to_state=after.state.value, why=why, detail=detail or {}
    )
    rest = unsaid(before, after, event, today)
    return {**(detail or {}), SET: rest} if rest else detail or {}


def today_of(app: App, session: Session, item: Assignment, now: datetime) -> date:
    """The calendar day in the zone of the assignment's plan."""
    return app.plans(session)[item.plan_id].table.hours.day_of(now)
