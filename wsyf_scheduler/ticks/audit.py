"""The tick of the auditor: once a day, an hour after the window opened, what has happened since it looked last.

A small office is examined whole each day. In a large one, what moved, whatever a rung has landed on since, and a few
more in turn; so many a round that deciding and sending go on. Imports app, alerts, audit, store.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wsyf_scheduler import alerts
from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.audit import chinese, examine
from wsyf_scheduler.audit.finding import Finding
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.store import events, facts, history, touched
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import as_json
from wsyf_scheduler.store.touched import Ends, Shape
from wsyf_scheduler.telling import alert

log = logging.getLogger(__name__)

FACT = "audit"  # at, until and findings are for `wsyf status`, the rest is where the next one goes on
AFTER_OPENING = timedelta(hours=1)
SMALL = 500  # assignments of an office that is examined whole
MOST = 5000  # examined in one round
IN_TURN = 200  # examined each day though nothing seems to have happened to them
REMEMBERED = 2000  # findings that are not told again
TOLD = 10  # findings an alert names


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """Where the last audit ended. `until` is up to when all was examined, `findings` how many it found.

    While one is under way, `begun` is its moment, `reach` where trail and ledger ended then, and `cursor` the last
    assignment examined; `turn` is the last one examined in turn, and `known` what was told before.
    """

    at: str = ""
    until: str = ""
    findings: int = 0
    assignments: int = 0
    letters: int = 0
    ends: Sequence[int] = (0, 0, 0, 0)
    begun: str = ""
    reach: Sequence[int] = (0, 0, 0, 0)
    cursor: int = 0
    turn: int = 0
    known: Sequence[str] = ()


def run(app: App, now: datetime) -> Last | None:
    """Audit what is due, or go on with it; None where nothing is due."""
    with app.db.read() as session:
        last = _last(session)
        if not _is_due(app, session, now, last):
            return None
        found, after = _examine(app, session, now, last)
    with app.db.begin() as session:
        after = _tell(app, session, now, last, after, found)
        facts.put(session, FACT, as_json(asdict(after)))
        if not after.begun:
            counts: dict[str, object] = {name: getattr(after, name) for name in ("assignments", "letters", "findings")}
            events.add(session, at=now, who=app.who, action="audit_done", detail=counts)
    if found:
        log.warning("the audit found %d faults", len(found), extra={"action": "audit_done"})
    return after


def _last(session: Session) -> Last:
    value: dict[str, Any] = json.loads(facts.get(session, FACT) or "{}")
    return Last(**value)


def _is_due(app: App, session: Session, now: datetime, last: Last) -> bool:
    tables = [tracked.table for tracked in app.plans(session).values()]
    if last.begun or not last.until:
        return bool(tables)
    until = datetime.fromisoformat(last.until)
    return until > now or any(until < _due_at(table, now) for table in tables)  # a wrong clock may have dated it


def _due_at(table: Timetable, now: datetime) -> datetime:
    """The last moment an audit was due: an hour after the window opened, on a working day."""
    hours, calendar = table.hours, table.calendar
    day = calendar.roll_back(hours.day_of(now))
    due_at = hours.slot(day) + AFTER_OPENING
    return due_at if due_at <= now else hours.slot(calendar.nth(day, -1)) + AFTER_OPENING


def _examine(app: App, session: Session, now: datetime, last: Last) -> tuple[Sequence[Finding], Last]:
    ends = touched.ends(session)
    if ends.assignments <= SMALL:
        done = examine.whole(session, app.config, now)
        counted = replace(last, findings=0, assignments=done.assignments, letters=done.letters)
        return done.findings, _over(replace(counted, reach=tuple(ends)), done.findings, now)
    fresh = last if last.begun else _begin(last, now, ends)
    wanted = sorted(item for item in _wanted(app, session, now, fresh) if item > fresh.cursor)
    some = wanted[:MOST]
    done = examine.some(session, app.config, now, some, after=fresh.ends[2], every=False)
    counted = replace(fresh, assignments=fresh.assignments + done.assignments, letters=fresh.letters + done.letters)
    if len(wanted) > MOST:
        return done.findings, replace(counted, cursor=some[-1], findings=counted.findings + len(done.findings))
    turn = _in_turn(session, fresh)
    begun = datetime.fromisoformat(fresh.begun)
    return done.findings, replace(_over(counted, done.findings, begun), turn=turn[-1] if turn else 0)


def _begin(last: Last, now: datetime, ends: Ends) -> Last:
    return replace(last, begun=_stored(now), reach=tuple(ends), cursor=0, findings=0, assignments=0, letters=0)


def _over(last: Last, found: Sequence[Finding], until: datetime) -> Last:
    return replace(last, until=_stored(until), findings=last.findings + len(found), ends=last.reach, begun="", cursor=0)


def _wanted(app: App, session: Session, now: datetime, last: Last) -> set[int]:
    """What moved since the last audit, what a rung has landed on, and what is looked at in turn."""
    if not last.until:
        return set(_in_turn(session, last))  # the first audit of a large office begins with the day
    since_at = datetime.fromisoformat(last.until)
    plans = app.plans(session)
    landed = [shape for shape in touched.shapes(session) if _has_landed(shape, plans, since_at, now)]
    return touched.since(session, Ends(*last.ends)) | touched.of_shapes(session, landed) | set(_in_turn(session, last))


def _has_landed(shape: Shape, plans: dict[str, TrackedPlan], since_at: datetime, now: datetime) -> bool:
    """Whether the slot of any rung lies in the time since."""
    if shape.plan_id not in plans:
        return False
    table = plans[shape.plan_id].table
    start = table.start(shape.kind, shape.begins_on, shape.tracked_from, shape.due_on)
    landings = (*([start] if start else []), *table.landings(shape.kind, shape.due_on, shape.counted_from))
    return any(since_at < landing.slot_at <= now for landing in landings)


def _in_turn(session: Session, last: Last) -> list[int]:
    page = next(history.pages(session, size=IN_TURN, after=last.turn), [])
    return [item.id for item in page]


def _tell(app: App, session: Session, now: datetime, last: Last, after: Last, found: Sequence[Finding]) -> Last:
    """One alert a day to each plan's coordinator, of what was not told before."""
    marks = {_mark(each): each for each in found}
    new = [each for mark, each in marks.items() if mark not in set(last.known)]
    for plan_id, tracked in app.plans(session).items():
        own = [each for each in new if each.plan_id == plan_id]
        if own:
            zone = tracked.table.hours.zone
            assert isinstance(zone, ZoneInfo)
            lines = [chinese.sentence(each, tracked.shorts, zone) for each in own[:TOLD]]
            part = last.cursor  # a large office is audited in several rounds
            alert(session, plan_id, now, alerts.audit(tracked.plan, lines, len(own), now, part))
    known: Iterable[str] = [*marks, *(mark for mark in last.known if mark not in marks)]
    return replace(after, at=_stored(now), known=tuple(known)[:REMEMBERED])


def _mark(finding: Finding) -> str:
    """Names a finding for good; one that shows as of today (a row changed behind the trail) is the same tomorrow."""
    named = replace(finding, on=finding.on.min) if not finding.letter else finding
    return hashlib.sha256(named.mark.encode()).hexdigest()[:16]


def _stored(at: datetime) -> str:
    return at.isoformat()
