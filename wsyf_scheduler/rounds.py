"""The daemon's rounds: which ticks follow each other, and what they stumble over. Imports app, ticks and errors.

Three of them, so that what waits for others (a mail server, a command, a long look back) never holds up deciding.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from wsyf_scheduler.app import App
from wsyf_scheduler.errors import DatabaseTrouble, WsyfError
from wsyf_scheduler.ticks import audit, backup, deliver, digest, forget, guard, hook, remind, rescue, templates, years

log = logging.getLogger(__name__)

Step = tuple[str, Callable[[], object]]


class Troubles:
    """What the steps stumble over, each said in the log when it begins and when it ends, not every minute anew."""

    def __init__(self) -> None:
        """All is well."""
        self._now: dict[str, str] = {}
        self._telling = Lock()  # two rounds may stumble over one thing in one moment, each in a thread of its own
        self.database = ""  # the last complaint of the database, until it works again

    def run(self, steps: list[Step]) -> str:
        """Run these, one after the other; returns what they stumbled over, empty when all went well."""
        return "; ".join(words for name, step in steps if (words := self._try(name, step)))

    def has(self, name: str) -> bool:
        """Whether this step failed when it was last tried."""
        return name in self._now

    def all(self) -> str:
        """Everything that is wrong now."""
        return "; ".join(list(self._now.values()))  # at one moment: the rounds add to it, each in a thread of its own

    def _try(self, name: str, step: Callable[[], object]) -> str:
        """Run one tick; an error is logged and told by `wsyf status`, and the next round tries again."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - no fault of a tick ends the daemon
            with self._telling:
                return self._fails(name, error)
        with self._telling:
            if self._now.pop(name, None):
                log.info("%s works again", name, extra={"action": "tick_works", "tick": name})
        return ""

    def _fails(self, name: str, error: Exception) -> str:
        """Take note of an error of a tick; what is not a fault of this program is logged when it is news."""
        extra = {"action": "tick_failed", "tick": name}
        if not isinstance(error, WsyfError | OSError):
            words = f"{name}: {type(error).__name__}"
            log.error("%s failed", name, exc_info=error, extra=extra)
        else:
            words = f"{name}: {error}"
            if isinstance(error, DatabaseTrouble):
                self.database = str(error)
            if self._now.get(name) != words:
                log.error("%s failed: %s", name, error, extra=extra)
        self._now[name] = words
        return words


def sweep(app: App, now: datetime, *, first: bool = False, troubles: Troubles | None = None) -> str:
    """One round of all that never waits for others; returns what it stumbled over, empty when all went well.

    No fault in it ends the daemon. `first`: since the start or a new config.
    """
    troubles = troubles or Troubles()
    unguarded = troubles.run([("guard", lambda: guard.run(app, now))])
    if unguarded:  # without it nobody knows whether the host is right, and the clock
        return unguarded
    steps: list[Step] = [
        ("remind", lambda: remind.run(app, now, most=app.config.max_messages)),
        ("digest", lambda: digest.run(app, now)),
    ]
    if first:  # what this sweep queues is for the command, too
        steps[:0] = [("hook", lambda: hook.begin(app, now)), ("templates", lambda: templates.run(app, now))]
    return troubles.run(steps)


def send(app: App, now: datetime, *, troubles: Troubles | None = None) -> str:
    """One round of sending; returns what it stumbled over. Claims of the dead are looked for each time.

    The mailer is made first: what its settings lack, a password file perhaps, must be found before a claim is made.
    """
    steps: list[Step] = [
        ("rescue", lambda: rescue.run(app, now)),
        ("deliver", lambda: (app.mailer, deliver.run(app, now))),
    ]
    return (troubles or Troubles()).run(steps)


def upkeep(app: App, now: datetime, *, troubles: Troubles | None = None) -> str:
    """One round of what may take its time: alerts to the office's command, the nightly backup, the daily audit."""
    steps: list[Step] = [
        ("hook", lambda: hook.run(app, now)),
        ("backup", lambda: backup.run(app, now)),
        ("audit", lambda: audit.run(app, now)),
        ("forget", lambda: forget.run(app, now)),
        ("years", lambda: years.run(app, now)),
    ]
    return (troubles or Troubles()).run(steps)
