"""What `wsyf status` makes of the daemon's pulse, the outbox and all the rest: fine, a warning, or broken."""

from __future__ import annotations

from dataclasses import dataclass, field

from wsyf_scheduler.cli.concerns import Concern, concerns
from wsyf_scheduler.cli.matters import Matters, look
from wsyf_scheduler.cli.office import Office
from wsyf_scheduler.i18n import ngettext
from wsyf_scheduler.pulse import Pulse, pulse
from wsyf_scheduler.store.glance import Glance

HELD = "SELECT count(*) AS n FROM assignment WHERE held AND state = 'open'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """0 fine, 1 warning, 2 broken; with the sentences that say why. `error`: the office could not even be opened."""

    code: int
    lines: list[str]
    pulse: Pulse | None = None
    held: int = 0
    matters: Matters = field(default_factory=Matters)
    concerns: tuple[Concern, ...] = ()
    error: str = ""

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "status": ("fine", "warning", "broken")[self.code],
            "daemon": self.pulse.as_json() if self.pulse else None,
            "outbox": self.matters.outbox,
            "held_assignments": self.held,
            "error": self.error or None,
            **self.matters.as_json(),
            "concerns": [each.as_json() for each in self.concerns],
        }


def broken(error: str) -> Health:
    """Config or database cannot be used: a monitor must hear of it as it hears of a dead daemon."""
    return Health(code=2, lines=error.splitlines(), error=error)


def health(office: Office, opened: Glance) -> Health:
    """Judge it: broken where the daemon is, or all mail is held; a warning for whatever somebody should look at."""
    now = office.now(opened)
    heart = pulse(opened, now)
    matters = look(office, opened, now, now.astimezone(heart.zone).date())
    found = concerns(matters, heart, now, opened.departments())
    lines = [heart.words(), *(each.text for each in found)]
    waiting = matters.outbox.get("queued", 0)
    if waiting:
        words = ngettext("{n} message waits to be sent", "{n} messages wait to be sent", waiting)
        lines.append(words.format(n=waiting))
    return Health(
        code=max([each.code for each in found], default=0) if heart.is_well else 2,
        lines=lines,
        pulse=heart,
        held=int(opened.rows(HELD)[0]["n"]),
        matters=matters,
        concerns=tuple(found),
    )
