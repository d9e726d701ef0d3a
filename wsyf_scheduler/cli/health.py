"""What `wsyf status` makes of the daemon's pulse and the outbox: fine, a warning, or broken."""

from __future__ import annotations

from dataclasses import dataclass

from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.pulse import Pulse
from wsyf_scheduler.store.glance import Glance

COUNTS = "SELECT state, count(*) AS n FROM message WHERE state != 'sent' GROUP BY state"
HELD = "SELECT count(*) AS n FROM assignment WHERE held AND state = 'open'"
WARNS = ("retry", "uncertain", "discarded", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """0 fine, 1 warning, 2 broken; with the sentences that say why."""

    code: int
    lines: list[str]
    pulse: Pulse
    outbox: dict[str, int]
    held: int

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "status": ("fine", "warning", "broken")[self.code],
            "daemon": self.pulse.as_json(),
            "outbox": self.outbox,
            "held_assignments": self.held,
        }


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
        lines.append(ngettext("{n} message waits to be sent", "{n} messages wait to be sent", waiting).format(n=waiting))
    broken = not pulse.rehearsal and (not pulse.running or bool(pulse.trouble))
    return Health(code=2 if broken else 1 if troubled else 0, lines=lines, pulse=pulse, outbox=outbox, held=held)
