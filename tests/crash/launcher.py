"""Starts daemons and acts as processes of their own, each forked from here when asked, so that none waits for imports.

`python -m tests.crash.launcher` reads orders from stdin, a JSON line each, and answers with the pid, then with how the
process ended. Nothing of the program is changed but this: in a forked process `Database.begin` is wrapped from outside,
so that it can be killed right before or after a named commit, and the clock stands where the order puts it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import wsyf_scheduler.mail.smtp  # noqa: F401 - what a daemon imports when first used: here once for all of them
from tests.crash.points import AFTER, BEFORE, commit_name
from wsyf_scheduler import config as config_file
from wsyf_scheduler import log
from wsyf_scheduler.acts import close, reopen
from wsyf_scheduler.app import App
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.daemon import Daemon
from wsyf_scheduler.files import holidays
from wsyf_scheduler.mail.writer import LetterWriter
from wsyf_scheduler.opening import open_app
from wsyf_scheduler.share import TEMPLATES
from wsyf_scheduler.store.db import Database, Session
from wsyf_scheduler.ticks import deliver

LOOK_EVERY = 0.01  # seconds
WRITER = LetterWriter(packaged=TEMPLATES, office=None)


class MovedClock:
    """Goes on from the instant it was put to."""

    def __init__(self, since: datetime) -> None:
        self._since, self._began = since, monotonic()

    def now(self) -> datetime:
        return self._since + timedelta(seconds=monotonic() - self._began)


def main() -> None:
    """Take orders until stdin ends."""
    holidays.work_calendar().is_working(datetime.fromisoformat("2023-01-04").date())
    assert not WRITER.faults()  # its templates are compiled here, once
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(order)
        _say({"pid": pid})
        _pid, status = os.waitpid(pid, 0)
        _say({"pid": pid, "code": os.waitstatus_to_exitcode(status)})


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def _live(order: dict[str, Any]) -> None:
    """The forked process, to its end."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        handle = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        Watch(order).install()
        log.to_stderr(verbose=bool(order.get("verbose")))
        {"daemon": _daemon, "done": _done, "reopen": _reopen}[order["do"]](order)
        code = 0
    except BaseException:  # noqa: BLE001 - it is told, and the process ends
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _app(order: dict[str, Any], should_stop: Callable[[], bool] = lambda: False) -> App:
    config = config_file.load(Path(order["config"]))
    app = open_app(config, who="wsyf", should_stop=should_stop)
    return replace(app, clock=MovedClock(datetime.fromisoformat(order["at"])), make_writer=lambda: WRITER)


def _daemon(order: dict[str, Any]) -> None:
    sweep_every = timedelta(seconds=order["sweep_every"])
    Daemon(lambda stop: _app(order, stop), sweep_every=sweep_every, look_every=LOOK_EVERY).run()


def _done(order: dict[str, Any]) -> None:
    app = _app(order)
    close.act(app, app.clock.now(), keys=order["keys"], who="coordinator", without_figures=True)


def _reopen(order: dict[str, Any]) -> None:
    app = _app(order)
    reopen.act(app, app.clock.now(), key=order["keys"][0], who="coordinator", reason="材料不全")


class Watch:
    """Counts the commits of this process by name, writes each down, and kills the process at the one it was told."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._point, self._nth = order.get("point"), order.get("nth", 1)
        self._book = os.open(order["passes"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._passes: Counter[str] = Counter()
        self._turn: dict[str, int] = {}
        self._lock = threading.Lock()

    def install(self) -> None:
        """Wrap what opens transactions, and the turn of the tick that sends, which is one of several kinds."""
        begin, commit = Database.begin, deliver._Delivery._commit
        watch = self

        @contextmanager
        def watched(db: Database) -> Iterator[Session]:
            frame = sys._getframe(2)  # past contextlib
            with begin(db) as session:
                yield session
                name = commit_name(frame, watch._turn)
                watch.passes(f"commit: {name}, {BEFORE}")
            watch.passes(f"commit: {name}, {AFTER}")

        def told(self: Any, session: Session, fates: Any, wanted: int) -> Any:
            claimed = commit(self, session, fates, wanted)
            recorded = sum(sent is not None for _outgoing, sent in fates)
            counts = {"recorded": recorded, "given_back": len(fates) - recorded, "claimed": len(claimed)}
            watch._turn.update(counts)
            return claimed

        Database.begin = watched  # type: ignore[method-assign]
        deliver._Delivery._commit = told  # type: ignore[method-assign]

    def passes(self, point: str) -> None:
        """A thread has come to this point."""
        with self._lock:
            self._passes[point] += 1
            dies = point == self._point and self._passes[point] == self._nth
            os.write(self._book, f"{'KILL ' if dies else ''}{point}\n".encode())
            if dies:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()


if __name__ == "__main__":
    main()
