"""Ladder, hours or working days are others from now on: kept for the auditor, every next attention worked out anew.

Shared by the tick that finds them changed and by the act that changes them. Imports app, audit.regime, store.
"""

from __future__ import annotations

from datetime import datetime

from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.audit import regime
from wsyf_scheduler.core.decide import NOTHING_DECIDED, next_attention
from wsyf_scheduler.store import assignments, events, facts, notices, regimes
from wsyf_scheduler.store.db import Session


def is_due(app: App, session: Session) -> bool:
    """Whether the rules in force are others than those the database last knew of."""
    return facts.get(session, facts.REGIME) != app.regime_of(session)


def follow(app: App, session: Session, now: datetime, *, who: str) -> None:
    """Keep the rules in force from now on, so that a past day can be judged by those of its time, and go by them."""
    before = regimes.latest(session)
    days, mark = app.calendar_of(session).years, facts.get(session, facts.CALENDAR)
    after = regime.content(app.config, days, regimes.years(session, now), imported=mark)
    facts.put(session, facts.REGIME, app.regime_of(session))
    regimes.add(session, fingerprint=app.regime_of(session), since_at=now, content=after)
    for plan_id, tracked in app.plans(session).items():
        _replan(session, now, plan_id, tracked)
    if before is not None:
        detail: dict[str, object] = {"changed": regime.changed(before, after)}
        events.add(session, at=now, who=who, action="regime_changed", detail=detail)


def _replan(session: Session, now: datetime, plan_id: str, tracked: TrackedPlan) -> None:
    for items in assignments.pages(session, plan_id):
        decided = notices.decided(session, [item.id for item in items])
        found = [(item, decided.get(item.id, NOTHING_DECIDED)) for item in items]
        attention = [(item.id, next_attention(item, before, tracked.table, now)) for item, before in found]
        assignments.set_attention(session, attention)
