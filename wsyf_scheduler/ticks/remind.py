"""The tick that decides: assignments whose moment has come, their letters into the outbox (RULES.md §3, §4).

Imports app, core, store. One transaction a plan, so that one department's rows stand in one message.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from wsyf_scheduler import alerts
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
from wsyf_scheduler.core.ladder import Every
from wsyf_scheduler.store import assignments, events, facts, notices, outbox
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import alert

log = logging.getLogger(__name__)


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


def run(app: App, now: datetime) -> Counts:
    """Decide everything that is due; queue the messages."""
    with app.db.read() as session:
        is_new = facts.get(session, facts.REGIME) != app.regime
        due = {} if is_new else assignments.due_by_plan(session, now)
    if is_new:
        due = _follow_regime(app, now)
    counts = Counts()
    for plan_id, ids in due.items():
        with app.db.begin() as session:
            counts = counts.plus(_decide_plan(app, session, now, plan_id, ids))
    if counts.queued:
        log.info("%d messages queued", counts.queued, extra={"action": "messages_queued"})
    return counts


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


def _decide_plan(app: App, session: Session, now: datetime, plan_id: str, ids: list[int]) -> Counts:
    tracked = app.plans(session)[plan_id]
    items = assignments.due(session, ids, now)
    decided = notices.decided(session, [item.id for item in items])
    found: list[Notice] = []
    attention: list[tuple[int, datetime | None]] = []
    newer: list[tuple[int, datetime]] = []
    for item in items:
        before = decided.get(item.id, NOTHING_DECIDED)
        decisions = decide(item, before, tracked.table, now)
        found += [notice for decision in decisions for notice in notices_of(item, decision)]
        after = with_decisions(before, item, decisions)
        at = next_attention(item, after, tracked.table, now)
        attention.append((item.id, at))
        newer += _newest_slot(item, decisions)
        _tell_spent(session, now, tracked, item, decisions)
    notices.supersede_queued(session, newer)
    assignments.set_attention(session, attention)
    queued = _queue(session, now, plan_id, found)
    silent = [notice for notice in found if notice.verdict is not Verdict.NOTIFY]
    notices.record(session, silent, None, now)
    return Counts(looked_at=len(items), queued=queued, silent=len(silent))


def _queue(session: Session, now: datetime, plan_id: str, found: list[Notice]) -> int:
    messages = grouped(found)
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
    return len(messages)


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
    """Ladder, hours or calendar changed: work out every next attention anew; returns what is due then, by plan."""
    with app.db.begin() as session:
        before = facts.get(session, facts.REGIME)
        facts.put(session, facts.REGIME, app.regime)
        for plan_id, tracked in app.plans(session).items():
            _replan(session, now, plan_id, tracked)
        if before is not None:
            events.add(session, at=now, who=app.who, action="regime_changed")
        return assignments.due_by_plan(session, now)


def _replan(session: Session, now: datetime, plan_id: str, tracked: TrackedPlan) -> None:
    for items in assignments.pages(session, plan_id):
        decided = notices.decided(session, [item.id for item in items])
        found = [(item, decided.get(item.id, NOTHING_DECIDED)) for item in items]
        attention = [(item.id, next_attention(item, before, tracked.table, now)) for item, before in found]
        assignments.set_attention(session, attention)
