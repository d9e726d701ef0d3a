"""The daemon: APScheduler as an alarm clock over the ticks. The only module that imports apscheduler.

It owns no truth: a memory job store, one sweep a minute, one date job at the next moment of attention, each a
catch-up scan. Signals only set flags; the main thread acts on them. One process an office (a lock beside the
database); the second says who holds it, and leaves.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from wsyf_scheduler.app import App
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.config import Config
from wsyf_scheduler.errors import Forbidden, WsyfError
from wsyf_scheduler.i18n import _
from wsyf_scheduler.opening import lock_path, open_shared
from wsyf_scheduler.pulse import HEARTBEAT, SWEEP
from wsyf_scheduler.store import assignments, facts, outbox
from wsyf_scheduler.ticks import deliver, digest, remind, rescue

log = logging.getLogger(__name__)

CLOCK_STEP = 5.0  # seconds the wall clock may drift from the monotonic one between two looks before we re-arm
LOOK_EVERY = 1.0  # seconds between two looks of the main thread at its flags
JOB_DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


def sweep(app: App, now: datetime, *, first: bool = False) -> str:
    """One round of everything; returns what it stumbled over, empty when all went well. Nothing here may end the daemon."""
    steps: list[tuple[str, Callable[[], object]]] = [
        ("remind", lambda: remind.run(app, now)),
        ("digest", lambda: digest.run(app, now)),
        ("deliver", lambda: deliver.run(app, now)),
    ]
    if first:
        steps.insert(0, ("rescue", lambda: rescue.run(app, now)))
    trouble = [words for name, step in steps if (words := _try(name, step))]
    return "; ".join(trouble)


def _try(name: str, step: Callable[[], object]) -> str:
    """Run one tick; an error is logged and told by `wsyf status`, and the next sweep tries again."""
    try:
        step()
    except WsyfError as error:
        log.error("%s failed: %s", name, error, extra={"action": "tick_failed", "tick": name})  # noqa: TRY400 - said in full
        return f"{name}: {error}"
    except Exception as error:
        log.exception("%s failed", name, extra={"action": "tick_failed", "tick": name})
        return f"{name}: {type(error).__name__}"
    return ""


class Daemon:
    """One running daemon. `open_app` is called at the start and at every SIGHUP, so that config and templates are new."""

    def __init__(self, open_app: Callable[[Callable[[], bool]], App]) -> None:
        """Nothing runs yet."""
        self._open_app = open_app
        self._stop = threading.Event()
        self._reload = threading.Event()
        self._first = True
        self._app = open_app(self._stop.is_set)
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults=JOB_DEFAULTS)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; the message in hand is finished first."""
        with _signals(self._on_signal), single_instance(self._app.config):
            self._scheduler.add_job(self._sweep, "interval", seconds=SWEEP.total_seconds(), id="sweep")
            self._scheduler.start()
            notify("READY=1")
            log.info("the daemon is running", extra={"action": "daemon_started"})
            self._wake()
            try:
                self._watch()
            finally:
                notify("STOPPING=1")
                self._scheduler.shutdown(wait=True)
                self._beat("", stopped=True)
                log.info("the daemon has left", extra={"action": "daemon_stopped"})

    def _watch(self) -> None:
        """The main thread: look at the flags each second, and at the wall clock for a step."""
        wall, steady = self._app.clock.now(), monotonic()
        while not self._stop.wait(LOOK_EVERY):
            now, ticked = self._app.clock.now(), monotonic()
            drift = (now - wall).total_seconds() - (ticked - steady)
            wall, steady = now, ticked
            if self._reload.is_set():
                self._reload.clear()
                self._reopen()
            if abs(drift) > CLOCK_STEP:
                log.warning("the clock was moved by %.0f s", drift, extra={"action": "clock_stepped"})
                self._scheduler.reschedule_job("sweep", trigger="interval", seconds=SWEEP.total_seconds())
                self._wake()

    def _sweep(self) -> None:
        app, first = self._app, self._first
        now = app.clock.now()
        trouble = sweep(app, now, first=first)
        self._first = self._first and "rescue" in trouble
        self._beat(trouble)
        self._arm(app)

    def _wake(self) -> None:
        """Sweep at once, in the scheduler's thread; never two at a time."""
        self._scheduler.modify_job("sweep", next_run_time=self._app.clock.now())

    def _arm(self, app: App) -> None:
        """Set the alarm to the next moment of attention, if it comes before the next sweep would."""
        with suppress(WsyfError):
            at = next_moment(app, app.clock.now())
            job = self._scheduler.get_job("sweep")
            if at is not None and job is not None and job.next_run_time is not None and at < job.next_run_time:
                self._scheduler.add_job(self._alarm, "date", run_date=at, id="alarm", replace_existing=True)

    def _alarm(self) -> None:
        self._wake()

    def _beat(self, trouble: str, *, stopped: bool = False) -> None:
        """Leave a sign of life for `wsyf status`, and for systemd's watchdog."""
        now = self._app.clock.now()
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
        try:
            app = self._open_app(self._stop.is_set)
        except WsyfError as error:
            log.error("the config was not taken over: %s", error, extra={"action": "reload_failed"})  # noqa: TRY400
            return
        self._app = app
        log.info("config and templates were read anew", extra={"action": "reloaded"})
        self._wake()

    def _on_signal(self, number: int, _frame: object) -> None:
        (self._reload if number == signal.SIGHUP else self._stop).set()


def next_moment(app: App, now: datetime) -> datetime | None:
    """The nearest moment after `now` at which something is to be decided or sent."""
    with app.db.read() as session:
        moments = [assignments.next_attention(session), outbox.next_due(session), digest.next_at(app, session, now)]
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


@contextmanager
def single_instance(config: Config) -> Iterator[None]:
    """Hold the office's daemon lock; Forbidden, naming the holder, where another process has it."""
    with open_shared(lock_path(config, "daemon")) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
            message = _("another daemon runs for this office already ({holder}); this one leaves")
            raise Forbidden(message.format(holder=holder or "?")) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{socket.gethostname()}, pid {os.getpid()}\n".encode(), 0)
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
    """Tell systemd, where it listens (sd_notify(3))."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.sendto(message.encode(), address)
