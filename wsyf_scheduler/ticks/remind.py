"""The tick that decides: assignments whose moment has come, their letters into the outbox (RULES.md §3, §4).

Imports app, core, store. One transaction, so that the messages of one moment stand, or are held, together.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wsyf_scheduler import alerts, replanning
from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.decide import (
    NOTHING_DECIDED,
    Decision,
    Verdict,
    decide,
    next_attention,
    with_decisions,
)
from wsyf_scheduler.core.grouping import Notice, grouped, notices_of
from wsyf_scheduler.core.ladder import LADDER_LETTERS, Every
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.store import acted, assignments, events, holds, messages, notices, outbox
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import alert

log = logging.getLogger(__name__)

REMINDER = "reminder"
BLAST = "blast"  # why a message is held: too many at one moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one round did."""

    looked_at: int = 0
    queued: int = 0
    silent: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sum of two rounds."""
        return Counts(
            looked_at=self.looked_at + other.looked_at,
            queued=self.queued + other.queued,
            silent=self.silent + other.silent,
        )


def run(app: App, now: datetime, *, most: int | None = None) -> Counts:
    """Decide everything that is due; queue the messages. Nothing while the queue is held.

    Where one moment brings more than `most` messages, over all plans, all of them are held (RULES.md §6).
    """
    with app.db.read() as session:
        if holds.get(session) is not None:
            return Counts()
        is_new = replanning.is_due(app, session)
        due = {} if is_new else assignments.due_by_plan(session, now)
    if is_new:
        due = _follow_regime(app, now)
    return _decide_all(app, now, due, most=most) if due else Counts()


def decide_owed(app: App, now: datetime) -> Counts:
    """Decide whatever slot has passed, whether the window is open or the queue held: for what is to be written off."""
    with app.db.read() as session:
        tables = [tracked.table for tracked in app.plans(session).values()]
        opens_at = max((table.hours.next_open(now, table.calendar) for table in tables), default=now)
        due = assignments.due_by_plan(session, opens_at)
    return _decide_all(app, now, due, looked_to=opens_at)


def _decide_all(
    app: App,
    now: datetime,
    due: Mapping[str, Sequence[int]],
    *,
    most: int | None = None,
    looked_to: datetime | None = None,
) -> Counts:
    """One transaction for all plans, so that the messages of a moment are counted, and held, together."""
    counts = Counts()
    with app.db.begin() as session:
        plans = app.plans(session)
        for plan_id, ids in due.items():
            items = assignments.due(session, ids, looked_to or now)
            counts = counts.plus(_decide_plan(session, now, plans[plan_id], items, at_any_hour=looked_to is not None))
        if most is not None and counts.queued > most:
            _hold_blast(app, session, now, most)
    if counts.queued:
        log.info("%d messages queued", counts.queued, extra={"action": "messages_queued"})
    return counts


def _hold_blast(app: App, session: Session, now: datetime, most: int) -> None:
    """The blast guard: every ladder message of this moment waits for the coordinator, who hears of it once."""
    which = messages.Which(states=(MessageState.QUEUED,), letters=(*LADDER_LETTERS, "briefing"), queued_at=now)
    found = messages.select_all(session, which)
    for plan_id in dict.fromkeys(item.plan_id for item in found):
        held = [
            {"action": "message_held", "message_id": item.id, "from_state": "queued", "to_state": "held", "why": BLAST}
            for item in found
            if item.plan_id == plan_id and messages.hold(session, item, BLAST)
        ]
        events.add_each(session, held, at=now, who=app.who, plan_id=plan_id)
    first = found[0].plan_id
    alert(session, first, now, alerts.blast(app.plans(session)[first].plan, now, len(found), most))
    log.error("%d messages are held: more than %d", len(found), most, extra={"action": "messages_held"})


def due_now(app: App, now: datetime) -> dict[str, list[Notice]]:
    """What a round at `now` would decide, by plan; changes nothing."""
    found: dict[str, list[Notice]] = {}
    with app.db.read() as session:
        for plan_id, ids in assignments.due_by_plan(session, now).items():
            table = app.plans(session)[plan_id].table
            items = assignments.due(session, ids, now)
            decided = notices.decided(session, [item.id for item in items])
            found[plan_id] = [
                notice
                for item in items
                for decision in decide(item, decided.get(item.id, NOTHING_DECIDED), table, now)
                for notice in notices_of(item, decision)
            ]
    return found


def _decide_plan(
    session: Session, now: datetime, tracked: TrackedPlan, items: Sequence[Assignment], *, at_any_hour: bool
) -> Counts:
    decided = notices.decided(session, [item.id for item in items])
    found: list[Notice] = []
    attention: list[tuple[int, datetime | None]] = []
    newer: list[tuple[int, datetime]] = []
    for item in items:
        before = decided.get(item.id, NOTHING_DECIDED)
        decisions = decide(item, before, tracked.table, now, at_any_hour=at_any_hour)
        found += [notice for decision in decisions for notice in notices_of(item, decision)]
        after = with_decisions(before, item, decisions)
        at = next_attention(item, after, tracked.table, now)
        attention.append((item.id, at))
        newer += _newest_slot(item, decisions)
        _tell_spent(session, now, tracked, item, decisions)
    notices.supersede_queued(session, newer)
    assignments.set_attention(session, attention)
    queued = _queue(session, now, items[0].plan_id, found) if found else 0
    silent = [notice for notice in found if notice.verdict is not Verdict.NOTIFY]
    notices.record(session, silent, None, now)
    return Counts(looked_at=len(items), queued=queued, silent=len(silent))


def _queue(session: Session, now: datetime, plan_id: str, found: list[Notice]) -> int:
    messages = grouped(found)
    reminders: dict[str, tuple[int, list[Notice]]] = {}
    for group, rows in messages.items():
        message_id = outbox.queue(
            session,
            plan_id=plan_id,
            letter=group.letter,
            department=group.department,
            audience=group.audience,
            in_window=True,
            now=now,
            not_before=now,
        )
        notices.record(session, rows, message_id, now)
        if group.letter == REMINDER and message_id is not None:
            reminders[group.department] = (message_id, rows)
    if reminders:
        _take_in(session, plan_id, reminders)
    return len(messages)


def _take_in(session: Session, plan_id: str, reminders: Mapping[str, tuple[int, list[Notice]]]) -> None:
    """What `wsyf remind` asked for and still waits goes along: no department gets two reminders in one slot.

    An assignment the ladder reminds of now needs none besides.
    """
    for asked in acted.asked_for(session, plan_id):
        if asked.department in reminders:
            message_id, rows = reminders[asked.department]
            if any(row.assignment_id == asked.assignment_id for row in rows):
                notices.drop(session, [(asked.notice_id, notices.NEWER_RUNG)])
            elif asked.message_id != message_id:
                acted.put_into(session, asked, message_id)


def _newest_slot(item: Assignment, decisions: tuple[Decision, ...]) -> list[tuple[int, datetime]]:
    """The slot of the rung that speaks: an older one still unsent in the queue gives way to it."""
    slots = [
        each.landing.slot_at
        for each in decisions
        if each.verdict is Verdict.NOTIFY and each.receiver == item.department
    ]
    return [(item.id, max(slots))] if slots else []


def _tell_spent(
    session: Session, now: datetime, tracked: TrackedPlan, item: Assignment, decisions: tuple[Decision, ...]
) -> None:
    """After the last repeat of the last `every` rung the coordinator hears, once, that the ladder is spent."""
    serving = [rung for rung in tracked.table.ladder.rungs if isinstance(rung.when, Every) and rung.serves(item.kind)]
    for each in decisions:
        landing, when = each.landing, each.landing.rung.when
        is_last = isinstance(when, Every) and landing.rung == serving[-1] and landing.repeat == when.times
        if is_last and each.verdict is Verdict.NOTIFY:
            alert(session, item.plan_id, now, alerts.spent(tracked.plan, item))


def _follow_regime(app: App, now: datetime) -> dict[str, list[int]]:
    """Ladder, hours or calendar changed: what is due then, by plan."""
    with app.db.begin() as session:
        replanning.follow(app, session, now, who=app.who)
        return assignments.due_by_plan(session, now)
