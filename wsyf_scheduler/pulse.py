"""Is the daemon alive and well: its heartbeat as the database has it, and its lock file beside it. Light.

The daemon writes the fact `heartbeat` after each sweep; what is older than three sweeps is no sign of life. What the
database cannot take in, the lock file can: a block of fixed size, written over in place. Imports store.glance.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from wsyf_scheduler.i18n import _
from wsyf_scheduler.store.glance import Glance

SWEEP = timedelta(seconds=60)
PATIENCE = 3 * SWEEP
HEARTBEAT = "heartbeat"
DEFAULT_ZONE = "Asia/Shanghai"  # where no plan is tracked yet
BLOCK = 1024  # bytes of a lock file's word, whatever it says: a full disk takes it, since it has them already
LONGEST_TROUBLE = 600  # bytes of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What the holder of a lock file says of itself, when, and what it has stumbled over; `at` may be absent."""

    host: str
    pid: int
    at: datetime | None = None
    trouble: str = ""

    def block(self) -> bytes:
        """As it stands in the file: JSON in one line, filled up to BLOCK bytes."""
        trouble = self.trouble.encode(errors="replace")[:LONGEST_TROUBLE].decode(errors="ignore")
        at = self.at.isoformat() if self.at else None
        text = json.dumps({"host": self.host[:100], "pid": self.pid, "at": at, "trouble": trouble}, ensure_ascii=False)
        found = text.encode(errors="replace")
        if len(found) >= BLOCK:  # quotes and control characters, which JSON writes longer
            return replace(self, trouble=self.trouble[: len(self.trouble) // 2]).block()
        return found.ljust(BLOCK - 1) + b"\n"


def read_sign(handle: int) -> Sign | None:
    """What stands in a lock file; None where nothing can be made of it."""
    try:
        found = json.loads(os.pread(handle, BLOCK, 0))
        at = datetime.fromisoformat(found["at"]) if found["at"] else None
        return Sign(host=str(found["host"]), pid=int(found["pid"]), at=at, trouble=str(found["trouble"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What is known of the daemon; `trouble` is what its last sweep stumbled over, empty when all went well."""

    running: bool
    rehearsal: bool
    beat_at: datetime | None
    host: str
    pid: int | None
    trouble: str
    zone: ZoneInfo

    @property
    def is_well(self) -> bool:
        """Whether nothing need be done."""
        return self.rehearsal or (self.running and not self.trouble)

    def words(self) -> str:
        """One sentence."""
        if self.rehearsal:
            return _("This is a rehearsal: its clock is set by --at, no daemon is needed.")
        if self.beat_at is None:
            return _("The daemon has never run here: start it with `wsyf daemon`.")
        beat = f"{self.beat_at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"
        if not self.running:
            return _("The daemon is not running: its last sign of life was {when}.").format(when=beat)
        if self.trouble:
            return _("The daemon runs, with trouble: {trouble}").format(trouble=self.trouble)
        return _("The daemon is alive, last sweep {when}.").format(when=beat)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "running": self.running,
            "rehearsal": self.rehearsal,
            "last_beat_at": self.beat_at.isoformat() if self.beat_at else None,
            "host": self.host or None,
            "pid": self.pid,
            "trouble": self.trouble or None,
        }


def pulse(opened: Glance, now: datetime) -> Pulse:
    """Read it: from the heartbeat, and from the lock file where that knows better."""
    beat = json.loads(opened.fact(HEARTBEAT) or "{}")
    beat_at = datetime.fromisoformat(beat["at"]) if beat else None
    running = bool(beat) and not beat["stopped"] and beat_at is not None and abs(now - beat_at) <= PATIENCE
    host, pid, trouble = str(beat.get("host", "")), beat.get("pid"), str(beat.get("trouble", ""))
    held, sign = _lock(opened)
    if sign is not None and held and sign.at is not None and (beat_at is None or sign.at >= beat_at):
        running = abs(now - sign.at) <= PATIENCE
        host, pid, trouble, beat_at = sign.host, sign.pid, sign.trouble, sign.at
    elif sign is not None and not held and sign.pid == pid and sign.host == host:
        running = False  # it held the lock, and died
    return Pulse(
        running=running,
        rehearsal=opened.fact("rehearsal") == "yes",
        beat_at=beat_at,
        host=host,
        pid=pid,
        trouble=trouble,
        zone=ZoneInfo(next(iter(opened.zones().values()), DEFAULT_ZONE)),
    )


def lock_of(database: Path, name: str = "daemon") -> Path:
    """The lock file beside a database."""
    return database.with_suffix(f".{name}.lock")


def _lock(opened: Glance) -> tuple[bool, Sign | None]:
    """Whether a daemon holds its lock file, and what the file says; it is looked at and not taken."""
    file = next((str(row["file"]) for row in opened.rows("PRAGMA database_list") if row["name"] == "main"), "")
    try:
        handle = os.open(lock_of(Path(file)), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False, None
    try:
        return _is_held(handle), read_sign(handle)
    finally:
        os.close(handle)


def _is_held(handle: int) -> bool:
    """A shared lock that is let go at once; whoever wants the lock meanwhile tries again (`opening.try_lock`)."""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False
