"""The daemon: APScheduler as an alarm clock over the ticks. The only module that imports apscheduler.

It owns no truth: a memory job store, one sweep a minute, one date job at the next moment of attention, each a
catch-up scan. Signals only set flags; the main thread acts on them. One process an office (a lock beside the
database); the second says who holds it, and leaves.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from wsyf_scheduler.app import App
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.config import Config
from wsyf_scheduler.errors import Forbidden, WsyfError
from wsyf_scheduler.i18n import _
from wsyf_scheduler.opening import holder_of, lock_path, open_shared, sign, try_lock
from wsyf_scheduler.pulse import HEARTBEAT, SWEEP
from wsyf_scheduler.store import assignments, facts, outbox
from wsyf_scheduler.ticks import deliver, digest, remind, rescue, templates

log = logging.getLogger(__name__)

CLOCK_STEP = 5.0  # seconds the wall clock may drift from the monotonic one between two looks before we re-arm
LOOK_EVERY = 1.0  # seconds between two looks of the main thread at its flags
LONGEST_SWEEP = 3600.0  # seconds a sweep may take (a long queue, a slow server) and still count as a sign of life
JOB_DEFAULTS = {"coalesce": True, "max_instances": 2, "misfire_grace_time": None}  # one works, one waits its turn


def sweep(app: App, now: datetime, *, first: bool = False) -> str:
    """One round of everything; returns what it stumbled over, empty when all went well. No fault in it ends the daemon.

    `first`: since the start or a new config. Claims of the dead are looked for each time: a round by hand may die.
    """
    steps: list[tuple[str, Callable[[], object]]] = [
        ("rescue", lambda: rescue.run(app, now)),
        ("remind", lambda: remind.run(app, now)),
        ("digest", lambda: digest.run(app, now)),
        ("deliver", lambda: _deliver(app, now)),
    ]
    if first:
        steps.insert(1, ("templates", lambda: templates.run(app, now)))
    trouble = [words for name, step in steps if (words := _try(name, step))]
    return "; ".join(trouble)


def _deliver(app: App, now: datetime) -> None:
    """Make the mailer first: what its settings lack, a password file perhaps, must be found before a claim is made."""
    _made = app.mailer
    deliver.run(app, now)


def _try(name: str, step: Callable[[], object]) -> str:
    """Run one tick; an error is logged and told by `wsyf status`, and the next sweep tries again."""
    try:
        step()
    except (WsyfError, OSError) as error:
        log.error("%s failed: %s", name, error, extra={"action": "tick_failed", "tick": name})  # noqa: TRY400 - all said
        return f"{name}: {error}"
    except Exception as error:
        log.exception("%s failed", name, extra={"action": "tick_failed", "tick": name})
        return f"{name}: {type(error).__name__}"
    return ""


class Daemon:
    """One running daemon. `open_app` is called at the start and at every SIGHUP, for a new config and new templates."""

    def __init__(
        self,
        open_app: Callable[[Callable[[], bool]], App],
        *,
        sweep_every: timedelta = SWEEP,
        look_every: float = LOOK_EVERY,
        steady: Callable[[], float] = monotonic,
        idle: Callable[[float], object] = sleep,
    ) -> None:
        """Nothing runs yet. `look_every`, what `steady` gives and what `idle` takes are seconds."""
        self._open_app = open_app
        self._sweep_every, self._look_every = sweep_every.total_seconds(), look_every
        self._steady, self._idle = steady, idle
        self._stopping = self._reloading = False  # plain flags: a lock taken in a signal handler may never come free
        self._busy = threading.Lock()  # held by the sweep under way
        self._sweeping_since: float | None = None
        self._beaten_at = steady()
        self._first, self._trouble = True, ""
        self._app = open_app(self._should_stop)
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults=JOB_DEFAULTS)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; the message in hand is finished first."""
        with _signals(self._on_signal), single_instance(self._app.config):
            self._scheduler.add_job(self._sweep, "interval", seconds=self._sweep_every, id="sweep")
            self._scheduler.start()
            notify("READY=1")
            log.info("the daemon is running", extra={"action": "daemon_started"})
            self._wake()
            try:
                self._watch()
            finally:
                self._leave()

    def _leave(self) -> None:
        """Let the sweep under way end; then mark the sign of life as the last one."""
        self._stopping = True
        notify("STOPPING=1")
        self._scheduler.pause()
        with self._busy:
            self._scheduler.shutdown(wait=False)  # waiting would hold the scheduler's lock, which a sweep may want
            self._beat("", stopped=True)
            self._app.db.close()
        log.info("the daemon has left", extra={"action": "daemon_stopped"})

    def _should_stop(self) -> bool:
        return self._stopping

    def _watch(self) -> None:
        """The main thread: look at the flags each second, and at the wall clock for a step."""
        wall, steady = self._app.clock.now(), self._steady()
        while True:
            self._idle(self._look_every)
            if self._stopping:
                return
            now, ticked = self._app.clock.now(), self._steady()
            drift = (now - wall).total_seconds() - (ticked - steady)
            wall, steady = now, ticked
            if self._reloading:
                self._reloading = False
                self._reopen()
            if abs(drift) > CLOCK_STEP:
                log.warning("the clock was moved by %.0f s", drift, extra={"action": "clock_stepped"})
                self._scheduler.reschedule_job("sweep", trigger="interval", seconds=self._sweep_every)
                self._wake()
            self._show_life(ticked)

    def _show_life(self, ticked: float) -> None:
        """Beat while a sweep works through a long queue; not for ever, so that one that hangs is found."""
        since = self._sweeping_since
        if since is not None and ticked - since < LONGEST_SWEEP and ticked - self._beaten_at >= self._sweep_every:
            self._beat(self._trouble)

    def _sweep(self) -> None:
        """One sweep at a time: what wakes up meanwhile waits, and looks again."""
        with self._busy:
            if self._stopping:
                return
            app, first = self._app, self._first
            self._sweeping_since = self._steady()
            try:
                self._trouble = sweep(app, app.clock.now(), first=first)
            finally:
                self._sweeping_since = None
            if app is self._app:
                self._first = first and "templates: " in self._trouble
            self._beat(self._trouble)
            self._arm(app)
            log.debug("swept", extra={"action": "swept"})

    def _wake(self) -> None:
        """Sweep at once, in a thread of the scheduler."""
        self._scheduler.add_job(self._sweep, "date")

    def _arm(self, app: App) -> None:
        """Set the alarm to the next moment of attention, if it comes before the next sweep would."""
        with suppress(WsyfError):
            at = next_moment(app, app.clock.now())
            job = self._scheduler.get_job("sweep")
            if at is not None and job is not None and job.next_run_time is not None and at < job.next_run_time:
                self._scheduler.add_job(self._sweep, "date", run_date=at, id="alarm", replace_existing=True)

    def _beat(self, trouble: str, *, stopped: bool = False) -> None:
        """Leave a sign of life for `wsyf status`, and for systemd's watchdog."""
        now, self._beaten_at = self._app.clock.now(), self._steady()
        beat = {
            "at": now.isoformat(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "trouble": trouble,
            "stopped": stopped,
        }
        try:
            with self._app.db.begin() as session:
                facts.put(session, HEARTBEAT, json.dumps(beat, ensure_ascii=False))
                facts.put(session, facts.LAST_TICK_AT, now.isoformat())
        except WsyfError as error:
            log.error("no sign of life could be left: %s", error, extra={"action": "beat_failed"})  # noqa: TRY400
            return
        notify("WATCHDOG=1")

    def _reopen(self) -> None:
        """SIGHUP: new config and templates; a faulty config is named, and the old one goes on."""
        old = self._app
        try:
            app = self._open_app(self._should_stop)
            if app.config.database != old.config.database:
                raise Forbidden(_("the database cannot be changed while the daemon runs; restart it"))
        except (WsyfError, OSError) as error:
            log.error("the config was not taken over: %s", error, extra={"action": "reload_failed"})  # noqa: TRY400
            return
        self._app, self._first = app, True
        old.db.close()
        log.info("config and templates were read anew", extra={"action": "reloaded"})
        self._wake()

    def _on_signal(self, number: int, _frame: object) -> None:
        if number == signal.SIGHUP:
            self._reloading = True
        else:
            self._stopping = True


def next_moment(app: App, now: datetime) -> datetime | None:
    """The nearest moment after `now` at which something is to be decided or sent; a window that opens is one."""
    with app.db.read() as session:
        tables = [tracked.table for tracked in app.plans(session).values()]
        moments = [assignments.next_attention(session), outbox.next_due(session), digest.next_at(app, session, now)]
    moments += [table.hours.next_open(now, table.calendar) for table in tables]
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


@contextmanager
def single_instance(config: Config) -> Iterator[None]:
    """Hold the office's daemon lock; Forbidden, naming the holder, where another process has it."""
    with open_shared(lock_path(config, "daemon")) as handle:
        if not try_lock(handle):
            message = _("another daemon runs for this office already ({holder}); this one leaves")
            raise Forbidden(message.format(holder=holder_of(handle) or "?"))
        sign(handle)
        yield


@contextmanager
def _signals(handler: Callable[[int, Any], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def notify(message: str) -> None:
    """Tell systemd, where it listens (sd_notify(3)); never wait for it."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.sendto(message.encode(), socket.MSG_DONTWAIT, address)
