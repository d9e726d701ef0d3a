"""The tick that gives each alert to the office's command, so that someone hears of it even when mail is what broke.

No transaction is open while the command runs. At least once: a crash in between gives the alert to it again.
Imports app, alerts, calling, telling and store.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from wsyf_scheduler import alerts
from wsyf_scheduler.app import App
from wsyf_scheduler.calling import STOPPED, Call, call
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.config import Config
from wsyf_scheduler.store import alarms, events, facts
from wsyf_scheduler.store.alarms import Alarm
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import alert

log = logging.getLogger(__name__)

THROUGH = "hooked_through"  # the fact: id of the last message whose alert, if it is one, needs no more looking at
HOOK = "hook"  # the fact: how the last run went
TRIES = 3
APART = timedelta(minutes=1)  # at least, between two tries with the same alert
LONGEST_ROUND = 60.0  # seconds; a slow command must not keep the daemon from its next sweep
SKIPPED = 1000  # messages that are no alerts, before we remember having passed them


@dataclass(slots=True)
class Counts:
    """What one round gave to the command."""

    done: int = 0
    failed: int = 0
    given_up: int = 0


def run(app: App, now: datetime) -> Counts:
    """Give the alerts not given yet to the command, in order; one that fails is tried again at later rounds.

    A command set for the first time, or anew, begins with the alerts queued from this round on.
    """
    counts, began = Counts(), monotonic()
    if not begin(app, now):
        return counts
    while not app.should_stop() and monotonic() - began < LONGEST_ROUND:
        found, tries = _next(app, now)
        if found is None or not _give(app, now, found, tries, counts):
            break
    if counts.done:
        log.info("%d alerts given to the command", counts.done, extra={"action": "hook_done"})
    return counts


def say(config: Config, headline: str, lines: Iterable[str], should_stop: Callable[[], bool] = lambda: False) -> str:
    """Tell the command of a fault that cannot reach the database; returns what went wrong, empty where nothing did.

    Nothing is remembered: the caller sees to it that the same thing is not said every minute.
    """
    if not config.alerts.command:
        return ""
    said = Call(headline=headline, lines=tuple(lines))
    trouble = call(config.alerts, config.folder, said, should_stop)
    if trouble and trouble != STOPPED:
        log.warning("the command for alerts failed: %s", trouble, extra={"action": "hook_failed"})
    return trouble


def begin(app: App, now: datetime) -> bool:
    """Whether there is a command to give alerts to; remembers where it begins, and what it need not look at again."""
    with app.db.read() as session:
        through = facts.get(session, THROUGH) or ""
        wanted = bool(app.config.alerts.command) and not facts.is_rehearsal(session)
        newest = alarms.newest(session) if through and alarms.after(session, int(through)) is None else 0
    if wanted and through and newest - int(through) < SKIPPED:
        return True
    if wanted or through:
        with app.db.begin() as session:
            begins = newest or alarms.last_before(session, now)
            facts.put(session, THROUGH, str(begins) if wanted else "")
            if not (wanted and through):
                facts.put(session, HOOK, "null")
    return wanted


def _next(app: App, now: datetime) -> tuple[Alarm | None, int]:
    """The next alert for the command, None where none is due, and how often it was tried."""
    with app.db.read() as session:
        found = alarms.after(session, int(facts.get(session, THROUGH) or 0))
        last: dict[str, Any] = json.loads(facts.get(session, HOOK) or "null") or {}
    if found is None or last.get("message_id") != found.id:
        return found, 0
    waits = abs(now - datetime.fromisoformat(last["at"])) < APART
    return None if waits else found, int(last["tries"])


def _give(app: App, now: datetime, found: Alarm, tries: int, counts: Counts) -> bool:
    """Give one alert to the command and record how it went; False where the round ends with it."""
    trouble = ""
    if not found.dedup.startswith(alerts.HOOK):  # that the command fails is not told through the command
        said = Call(headline=found.headline, lines=found.lines, id=str(found.id), plan=found.plan_id)
        trouble = call(app.config.alerts, app.config.folder, said, app.should_stop)
    if trouble == STOPPED:
        return False
    given_up = bool(trouble) and tries + 1 >= TRIES
    with app.db.begin() as session:
        _record(session, now, found, trouble, tries + 1)
        if given_up:
            _tell(app, session, now, found, trouble)
    if not trouble:
        counts.done += 1
        return True
    counts.failed += 1
    counts.given_up += given_up
    extra = {"action": "hook_given_up" if given_up else "hook_failed", "message_id": found.id}
    log.warning("the command failed for alert %d (try %d): %s", found.id, tries + 1, trouble, extra=extra)
    return False


def _record(session: Session, now: datetime, found: Alarm, trouble: str, tries: int) -> None:
    if not trouble or tries >= TRIES:
        facts.put(session, THROUGH, str(found.id))
    if found.dedup.startswith(alerts.HOOK):  # it says nothing of how the command is
        return
    last = {"at": now.isoformat(), "ok": not trouble, "trouble": trouble, "message_id": found.id, "tries": tries}
    facts.put(session, HOOK, json.dumps(last, ensure_ascii=False))


def _tell(app: App, session: Session, now: datetime, found: Alarm, trouble: str) -> None:
    """Given up: an event, and an alert by mail once a day."""
    plan_id, message_id = found.plan_id, found.id
    events.add(
        session, at=now, who=app.who, action="hook_given_up", plan_id=plan_id, message_id=message_id, why=trouble
    )
    tracked = app.plans(session).get(plan_id)
    if tracked is not None:
        alert(session, plan_id, now, alerts.hook_failed(tracked.plan, found.headline, trouble, now))
