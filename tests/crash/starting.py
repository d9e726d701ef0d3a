"""The harness's side of the launcher, which starts daemons; and the mail server's manners that kill them.

A kill at a phase of SMTP is dealt by the server's own thread, which goes on only when the process is gone.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import trustme

from tests.crash import kill_office
from tests.crash.journal import Fault, Step
from tests.crash.mailhost import Conversation, MailHost, Tls

ROOT = Path(__file__).parents[2]
PATIENCE = 30  # seconds for what must come


class Launcher:
    """The process that starts daemons and acts; `ended` comes true when the one it started last has."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.crash.launcher"]
        env = {**os.environ, "LANGUAGE": "en"}
        for name in ("NOTIFY_SOCKET", "JOURNAL_STREAM"):
            env.pop(name, None)
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(command, cwd=ROOT, env=env, **pipes)
        self._heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.ended = threading.Event()
        self.pid, self.code = 0, 0

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = json.loads(line)
            if "code" in found:
                self.code = found["code"]
                self.ended.set()
            self._heard.put(found)

    def start(self, **order: Any) -> int:
        """Start one; its pid."""
        assert self._process.stdin is not None
        self.ended.clear()
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.pid = int(self._heard.get(timeout=PATIENCE)["pid"])
        return self.pid

    def wait(self) -> int:
        """How the one started last has ended."""
        return int(self._heard.get(timeout=PATIENCE)["code"])

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if self.pid and not self.ended.is_set():  # of a test that failed
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._process.stdout.close()


class Killer:
    """The mail server's manners: it kills the daemon at the named phase of SMTP, the nth time it is reached."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._lock = threading.Lock()
        self._point, self._left, self._signal = "", 0, signal.SIGKILL
        self.hit = False

    def aim(self, point: str, nth: int, number: signal.Signals = signal.SIGKILL) -> None:
        """At this point of the life that begins now; empty for none."""
        with self._lock:
            self._point, self._left, self._signal, self.hit = point, nth, number, False

    def __call__(self, point: str, _conversation: Conversation) -> Step | None:
        with self._lock:
            if self.hit and self._signal == signal.SIGKILL:
                return Fault.DROP  # to whoever still speaks: nothing after the death
            if point != self._point or self.hit:
                return None
            self._left -= 1
            if self._left > 0:
                return None
            self.hit = True
            with suppress(ProcessLookupError):
                os.kill(self._launcher.pid, self._signal)
        if self._signal == signal.SIGTERM:
            return None
        self._launcher.ended.wait(PATIENCE)
        return Fault.DROP


@contextmanager
def server(launcher: Launcher, ca: trustme.CA | None) -> Iterator[tuple[MailHost, Killer]]:
    killer = Killer(launcher)
    with MailHost(manners=killer, tls=tls(ca), logins={"office": kill_office.PASSWORD} if ca else {}) as host:
        yield host, killer


def tls(ca: trustme.CA | None) -> Tls | None:
    """A server's context with a certificate of this authority."""
    if ca is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    return Tls(good=context)
