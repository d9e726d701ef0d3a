"""What `wsyf status` makes of the daemon's pulse and the outbox: fine, a warning, or broken."""

from __future__ import annotations

from dataclasses import dataclass, field

from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.pulse import Pulse
from wsyf_scheduler.store.glance import Glance

COUNTS = "SELECT state, count(*) AS n FROM message WHERE state != 'sent' GROUP BY state"
HELD = "SELECT count(*) AS n FROM assignment WHERE held AND state = 'open'"
WARNS = ("retry", "uncertain", "discarded", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """0 fine, 1 warning, 2 broken; with the sentences that say why. `error`: the office could not even be opened."""

    code: int
    lines: list[str]
    pulse: Pulse | None = None
    outbox: dict[str, int] = field(default_factory=dict)
    held: int = 0
    error: str = ""

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "status": ("fine", "warning", "broken")[self.code],
            "daemon": self.pulse.as_json() if self.pulse else None,
            "outbox": self.outbox,
            "held_assignments": self.held,
            "error": self.error or None,
        }


def broken(error: str) -> Health:
    """Config or database cannot be used: a monitor must hear of it as it hears of a dead daemon."""
    return Health(code=2, lines=error.splitlines(), error=error)


def health(opened: Glance, pulse: Pulse) -> Health:
    """Judge it."""
    outbox = {row["state"]: row["n"] for row in opened.rows(COUNTS)}
    held = int(opened.rows(HELD)[0]["n"])
    troubled = sum(outbox.get(state, 0) for state in WARNS)
    lines = [pulse.words()]
    if troubled:
        words = ngettext("{n} message is in trouble", "{n} messages are in trouble", troubled).format(n=troubled)
        lines.append(words + _(": see `wsyf outbox list`"))
    waiting = outbox.get("queued", 0)
    if waiting:
        lines.append(
            ngettext("{n} message waits to be sent", "{n} messages wait to be sent", waiting).format(n=waiting)
        )
    code = 2 if not pulse.is_well else 1 if troubled else 0
    return Health(code=code, lines=lines, pulse=pulse, outbox=outbox, held=held)
