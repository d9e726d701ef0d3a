"""The tick that makes the nightly backup: a checked copy a night, the newest few kept.

A missed night is made up at the next round. Imports app, alerts, telling and store.
"""

from __future__ import annotations

import json
import logging
import re
from contextlib import suppress
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from wsyf_scheduler import alerts
from wsyf_scheduler.app import App
from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.pulse import DEFAULT_ZONE
from wsyf_scheduler.store import copying, events, facts
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import as_json
from wsyf_scheduler.telling import alert

log = logging.getLogger(__name__)

BACKUP = "backup"  # the fact: when the last one was made, its file, its bytes
FAILED = "backup_failed"  # the fact: when the last try failed, and why; null since one went well
PATIENCE = timedelta(minutes=15)  # between two tries
NAME = re.compile(r"wsyf-(\d{8})(?:-(\d+))?\.db", re.ASCII)  # a second one of a night: wsyf-20260302-2.db

# The last failure by database, where the database itself could not take it in.
_untold: dict[str, tuple[datetime, str]] = {}


def run(app: App, now: datetime) -> Path | None:
    """Make the backup that is due; returns its file, None where none is due.

    Raises DatabaseTrouble where it cannot be made, and at every round until it can; tries every 15 minutes.
    """
    source = app.db.path
    if source is None or not app.config.backup.keep:
        return None
    with app.db.read() as session:
        if facts.is_rehearsal(session):
            return None
        night = _night(app, now, _zone(app, session))
        last, failed = _last(session), _failed(app, session)
    if last is not None and night <= last <= now:  # one dated after now was made under a wrong clock
        return None
    if failed is not None and timedelta(0) <= now - failed[0] < PATIENCE:
        raise DatabaseTrouble(failed[1])
    with app.db.begin() as session:  # where the database itself takes nothing in, no copy is made, and nothing lingers
        facts.put(session, FAILED, facts.get(session, FAILED) or "null")
    try:
        return _make(app, source, now, night)
    except DatabaseTrouble as error:
        _remember(app, now, str(error), failed)
        raise


def _zone(app: App, session: Session) -> tzinfo:
    first = next(iter(app.plans(session).values()), None)
    return first.table.hours.zone if first else ZoneInfo(DEFAULT_ZONE)


def _night(app: App, now: datetime, zone: tzinfo) -> datetime:
    """The moment the last backup was due."""
    local = now.astimezone(zone)
    due = datetime.combine(local.date(), app.config.backup.at, zone)
    return due if due <= local else datetime.combine(local.date() - timedelta(days=1), app.config.backup.at, zone)


def _last(session: Session) -> datetime | None:
    found = json.loads(facts.get(session, BACKUP) or "null")
    return datetime.fromisoformat(found["at"]) if found else None


def _failed(app: App, session: Session) -> tuple[datetime, str] | None:
    """When the last try failed, and why."""
    found = json.loads(facts.get(session, FAILED) or "null")
    told = [(datetime.fromisoformat(found["at"]), str(found["why"]))] if found else []
    untold = [_untold[app.db.url]] if app.db.url in _untold else []
    return max(told + untold, default=None)


def _make(app: App, source: Path, now: datetime, night: datetime) -> Path:
    folder = app.config.backup.folder
    copying.make_folder(folder)
    target = _free_name(folder, night.date())
    copied = copying.copy(source, target, now)
    removed = _rotate(folder, app.config.backup.keep)
    detail: dict[str, object] = {"file": target.name, "bytes": copied.bytes, "removed": removed}
    with app.db.begin() as session:
        facts.put(
            session,
            BACKUP,
            as_json({"at": now.isoformat(), "file": str(target), "bytes": copied.bytes, "unbroken": copied.unbroken}),
        )
        facts.put(session, FAILED, "null")
        events.add(session, at=now, who=app.who, action="backup_made", detail=detail)
    _untold.pop(app.db.url, None)
    log.info("a backup was made, %d bytes", copied.bytes, extra={"action": "backup_made"})
    if not copied.unbroken:
        log.error("the trail is broken; see `wsyf log --verify`", extra={"action": "trail_broken"})
        with app.db.begin() as session:
            for plan_id, tracked in list(app.plans(session).items())[:1]:
                alert(session, plan_id, now, alerts.trail_broken(tracked.plan, now))
    return target


def _free_name(folder: Path, night: date) -> Path:
    """Never one that is there: after a restore, the night's backup may be of what was lost."""
    names = [f"wsyf-{night:%Y%m%d}.db", *(f"wsyf-{night:%Y%m%d}-{number}.db" for number in range(2, 1000))]
    found = next((folder / name for name in names if not (folder / name).exists()), None)
    if found is None:
        raise copying.unwritable(folder / names[0], FileExistsError())
    return found


def _rotate(folder: Path, keep: int) -> int:
    """Take away the oldest of our own making, by the night in their names; returns how many."""
    ours = [(found[1], int(found[2] or 1), path) for path in folder.iterdir() if (found := NAME.fullmatch(path.name))]
    old = [path for *_night, path in sorted(ours)[:-keep] if path.is_file() and not path.is_symlink()]
    for path in old:
        with suppress(OSError):  # another user's: it stays
            path.unlink()
    return len(old)


def _remember(app: App, now: datetime, why: str, before: tuple[datetime, str] | None) -> None:
    """So that the next rounds say it again without trying again; told once, and once a day to the coordinator."""
    _untold[app.db.url] = now, why
    with suppress(DatabaseTrouble), app.db.begin() as session:
        facts.put(session, FAILED, as_json({"at": now.isoformat(), "why": why}))
        if before is None or before[1] != why:
            events.add(session, at=now, who=app.who, action="backup_failed", why=why)
        for plan_id, tracked in list(app.plans(session).items())[:1]:
            alert(session, plan_id, now, alerts.backup_failed(tracked.plan, now, why))
