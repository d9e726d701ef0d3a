"""Is the daemon alive and well: its heartbeat and last tick, as the database has them. Light; imports store.glance.

The daemon writes the fact `heartbeat` after each sweep; what is older than three sweeps is no sign of life.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wsyf_scheduler.i18n import _
from wsyf_scheduler.store.glance import Glance

SWEEP = timedelta(seconds=60)
PATIENCE = 3 * SWEEP
HEARTBEAT = "heartbeat"
DEFAULT_ZONE = "Asia/Shanghai"  # where no plan is tracked yet


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
    """Read it."""
    beat = json.loads(opened.fact(HEARTBEAT) or "{}")
    beat_at = datetime.fromisoformat(beat["at"]) if beat else None
    return Pulse(
        running=bool(beat) and not beat["stopped"] and beat_at is not None and abs(now - beat_at) <= PATIENCE,
        rehearsal=opened.fact("rehearsal") == "yes",
        beat_at=beat_at,
        host=str(beat.get("host", "")),
        pid=beat.get("pid"),
        trouble=str(beat.get("trouble", "")),
        zone=ZoneInfo(next(iter(opened.zones().values()), DEFAULT_ZONE)),
    )
