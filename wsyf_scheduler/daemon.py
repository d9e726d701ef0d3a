"""The daemon: APScheduler as an alarm clock over the ticks. The only module that imports apscheduler.

It owns no truth: a memory job store, one sweep a minute, one date job at the next moment of attention, each a
catch-up scan. What waits for others (a mail server, a command, a long look back) has a round of its own, so that it
never holds up deciding. Signals only set flags; the main thread acts on them. One process an office.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
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
from wsyf_scheduler.pinging import Pinger
from wsyf_scheduler.pulse import HEARTBEAT, SWEEP
from wsyf_scheduler.rounds import Troubles, send, sweep, upkeep
from wsyf_scheduler.store import assignments, facts, outbox, uptime
from wsyf_scheduler.ticks import digest, guard, hook

log = logging.getLogger(__name__)

CLOCK_STEP = 5.0  # seconds the wall clock may drift from the monotonic one between two looks before we re-arm
LOOK_EVERY = 1.0  # seconds between two looks of the main thread at its flags
LONGEST_SWEEP = 3600.0  # seconds a sweep may take (a long queue, a slow server) and still count as a sign of life
SAY_EVERY = 3600.0  # seconds before a fault of the database is told to the office's command again
JOB_DEFAULTS = {"coalesce": True, "max_instances": 2, "misfire_grace_time": None}  # one works, one waits its turn


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
        self._busy = {name: threading.Lock() for name in ("sweep", "send", "upkeep")}  # each held by its round
        self._sweeping_since: float | None = None
        self._beaten_at = steady()
        self._first, self._troubles = True, Troubles()
        self._said_at: dict[str, float] = {}  # faults of the database, as the office's command was told of them
        self._lock: int | None = None
        self._app = open_app(self._should_stop)
        self._pinger = Pinger(self._app)
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults=JOB_DEFAULTS)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; the messages in hand are finished first."""
        with _signals(self._on_signal), single_instance(self._app.config) as self._lock:
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
        """Let the rounds under way end; then mark the sign of life as the last one."""
        self._stopping = True
        notify("STOPPING=1")
        self._scheduler.pause()
        self._scheduler.get_jobs()  # waits until its round under way has ended: shutdown would pull its jobs away
        with ExitStack() as rounds:
            for busy in self._busy.values():
                rounds.enter_context(busy)
            self._scheduler.shutdown(wait=False)  # waiting would hold the scheduler's lock, which a round may want
            self._pinger.close()
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
        """Beat while a sweep takes long; not for ever, so that one that hangs is found."""
        since = self._sweeping_since
        if since is not None and ticked - since < LONGEST_SWEEP and ticked - self._beaten_at >= self._sweep_every:
            self._beat(self._troubles.all())

    def _sweep(self) -> None:
        """One sweep at a time: what wakes up meanwhile waits, and looks again. The other rounds follow it."""
        with self._busy["sweep"]:
            if self._stopping:
                return
            app, first = self._app, self._first
            self._sweeping_since = self._steady()
            try:
                trouble = sweep(app, app.clock.now(), first=first, troubles=self._troubles)
            finally:
                self._sweeping_since = None
            if app is self._app:
                self._first = first and "templates: " in trouble
            self._beat(self._troubles.all())
            self._pinger.after(self._troubles.all())
            self._arm(app)
            log.debug("swept", extra={"action": "swept"})
        if not self._troubles.has("guard"):
            self._wake("send", self._send)
        self._wake("upkeep", self._upkeep)

    def _send(self) -> None:
        """One round of sending at a time; a slow server holds up nothing else."""
        with self._busy["send"]:
            if not self._stopping:
                before = self._troubles.all()
                send(self._app, self._app.clock.now(), troubles=self._troubles)
                if self._troubles.all() != before:
                    self._beat(self._troubles.all())
                self._arm(self._app)
                log.debug("sent", extra={"action": "swept_outbox"})

    def _upkeep(self) -> None:
        """One round of what may take its time."""
        with self._busy["upkeep"]:
            if not self._stopping:
                upkeep(self._app, self._app.clock.now(), troubles=self._troubles)
                self._say_database_trouble()

    def _say_database_trouble(self) -> None:
        """What the database cannot take in cannot be an alert in it: the office's command hears of it directly."""
        trouble, self._troubles.database = self._troubles.database, ""
        now = self._steady()
        if trouble and now - self._said_at.get(trouble, -SAY_EVERY) >= SAY_EVERY:
            self._said_at[trouble] = now
            hook.say(self._app.config, "数据库发生故障，暂不能办理和发信", (trouble,), self._should_stop)

    def _wake(self, name: str = "", work: Callable[[], None] | None = None) -> None:
        """Begin a round at once, in a thread of the scheduler: a sweep, where none is named."""
        if not self._stopping:
            named: dict[str, Any] = {"id": name, "replace_existing": True} if name else {}
            self._scheduler.add_job(work or self._sweep, "date", **named)

    def _arm(self, app: App) -> None:
        """Set the alarm to the next moment of attention, if it comes before the next sweep would."""
        with suppress(WsyfError):
            at = next_moment(app, app.clock.now())
            job = self._scheduler.get_job("sweep")
            if at is not None and job is not None and job.next_run_time is not None and at < job.next_run_time:
                self._scheduler.add_job(self._sweep, "date", run_date=at, id="alarm", replace_existing=True)

    def _beat(self, trouble: str, *, stopped: bool = False) -> None:
        """Leave a sign of life for `wsyf status`, and for systemd's watchdog.

        In the lock file too, which takes it even where the database cannot.
        """
        now, self._beaten_at = self._app.clock.now(), self._steady()
        beat = {
            "at": now.isoformat(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "trouble": trouble,
            "stopped": stopped,
        }
        failed = self._troubles.run([("beat", lambda: self._record(now, json.dumps(beat, ensure_ascii=False)))])
        if self._lock is not None:
            sign(self._lock, at=now, trouble=trouble or failed)
        notify("WATCHDOG=1")

    def _record(self, now: datetime, beat: str) -> None:
        """The sign of life as the database has it."""
        with self._app.db.begin() as session:
            facts.put(session, HEARTBEAT, beat)
            if guard.is_well(self._app, session, now):  # a wrong clock must not become the last one known
                facts.put(session, facts.LAST_TICK_AT, now.isoformat())
                uptime.seen(session, now, self._app.host)

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
        app = replace(app, unrecorded=old.unrecorded, untried=old.untried)  # the same lists, whoever adds to them
        self._app, self._first = app, True
        self._pinger.close()
        self._pinger = Pinger(app)
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
def single_instance(config: Config) -> Iterator[int]:
    """Hold the office's daemon lock, as a descriptor; Forbidden, naming the holder, where another process has it."""
    with open_shared(lock_path(config, "daemon")) as handle:
        if not try_lock(handle):
            message = _("another daemon runs for this office already ({holder}); this one leaves")
            raise Forbidden(message.format(holder=holder_of(handle) or "?"))
        sign(handle)
        yield handle


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
