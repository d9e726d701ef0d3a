"""The tick that looks whether all is as it was left: the same host, a clock that went on (RULES.md §6).

Where it is not, the whole queue is held: nothing is decided and nothing leaves but alerts, until the coordinator lets
it go. A rehearsal has no guards. Imports app, alerts, store.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from wsyf_scheduler import alerts
from wsyf_scheduler.app import App
from wsyf_scheduler.store import events, facts, holds
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.holds import Hold, HoldReason
from wsyf_scheduler.telling import alert

log = logging.getLogger(__name__)

FORWARD = timedelta(days=14)
SLACK = timedelta(minutes=1)  # what NTP may take back without anybody being called
CLOCK_REASONS = (HoldReason.CLOCK_BACK, HoldReason.CLOCK_FORWARD)


def run(app: App, now: datetime) -> Hold | None:
    """Hold the queue where something is wrong; returns the hold that stands, new or old.

    A hold for the clock ends by itself once the clock stands where it should; the others are the coordinator's to end.
    """
    with app.db.read() as session:
        known = facts.get(session, facts.HOST)
        if (known is not None and is_well(app, session, now)) or facts.is_rehearsal(session):
            return None
    with app.db.begin() as session:
        if known is None:
            facts.put(session, facts.HOST, app.host)
        hold, reason = holds.get(session), _reason(app, session, now)
        if hold is None and reason is not None:
            _place(app, session, now, *reason)
        elif hold is not None and hold.reason in CLOCK_REASONS and reason is None:
            holds.lift(session)
            events.add(session, at=now, who=app.who, action="queue_released", why="the clock is right again")
        elif hold is not None:
            _tell(app, session, now, hold)
        return holds.get(session)


def seen(app: App, now: datetime) -> Hold | None:
    """The hold that stands, or the one a round would place now; changes nothing."""
    with app.db.read() as session:
        if facts.is_rehearsal(session):
            return None
        standing = holds.get(session)
        wrong = _reason(app, session, now) if facts.get(session, facts.HOST) is not None else None
        if standing is not None and (standing.reason not in CLOCK_REASONS or wrong is not None):
            return standing
        return Hold(reason=wrong[0], since_at=now, seen=wrong[1]) if wrong else None


def is_well(app: App, session: Session, now: datetime) -> bool:
    """Whether nothing holds the queue, and nothing would."""
    return holds.get(session) is None and _reason(app, session, now) is None


def _reason(app: App, session: Session, now: datetime) -> tuple[HoldReason, str] | None:
    """What is wrong, and what was seen."""
    host = facts.get(session, facts.HOST)
    if host != app.host:
        return HoldReason.HOST, (host or "").partition("/")[0]
    last = facts.last_tick(session)
    if last is None:
        return None
    if now < last - SLACK:
        return HoldReason.CLOCK_BACK, last.isoformat()
    return (HoldReason.CLOCK_FORWARD, last.isoformat()) if now > last + FORWARD else None


def _place(app: App, session: Session, now: datetime, reason: HoldReason, seen: str) -> None:
    holds.place(session, reason, now, seen)
    events.add(session, at=now, who=app.who, action="queue_held", why=reason.value, detail={"seen": seen})
    log.error("the queue is held: %s", reason.value, extra={"action": "queue_held"})
    hold = holds.get(session)
    assert hold is not None
    _tell(app, session, now, hold)


def _tell(app: App, session: Session, now: datetime, hold: Hold) -> None:
    """The coordinator of the first plan, once a hold: a restored backup brings its hold along untold."""
    for plan_id, tracked in list(app.plans(session).items())[:1]:
        alert(session, plan_id, now, alerts.held(tracked.plan, hold))
