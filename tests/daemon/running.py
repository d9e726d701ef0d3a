"""A daemon in a process of its own, and its word to systemd: a test waits for what it says, never for a time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.cli.office_fixtures import PROGRAM, Desk
from tests.mail.smtpd import Smtpd, Step

PATIENCE = 30  # seconds; a busy machine is slow

# `wsyf daemon` with its minute made short.
QUICK = """
import os, sys
from datetime import timedelta
from wsyf_scheduler import log
from wsyf_scheduler.cli.office import Office
from wsyf_scheduler.daemon import Daemon

log.to_stderr(verbose=True)
Daemon(
    lambda should_stop: Office(sys.argv[1], None).app(should_stop=should_stop),
    sweep_every=timedelta(seconds=float(sys.argv[2])),
    look_every=0.02,
).run()
"""


@dataclass(slots=True)
class Running:
    """A daemon at work: what it logged, what it notified."""

    process: subprocess.Popen[str]
    channel: socket.socket
    lines: list[str] = field(default_factory=list)
    notified: list[str] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def read_log(self) -> None:
        """Follow its log to the end; a thread of its own does."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._tell(self.lines, line)

    def read_channel(self) -> None:
        """Be its systemd, until an empty word."""
        while word := self.channel.recv(100).decode():
            self._tell(self.notified, word)

    def _tell(self, where: list[str], what: str) -> None:
        with self._news:
            where.append(what)
            self._news.notify_all()

    def wait_for(self, words: str, times: int = 1) -> str:
        """The log line with these words, when it has come so many times."""

        def found() -> list[str]:
            return [line for line in self.lines if words in line]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= times, PATIENCE), f"{words!r} never came:\n{self.log}"
            return found()[times - 1]

    def wait_notified(self, word: str, times: int = 1) -> None:
        """Until systemd has been told this so many times."""
        with self._news:
            came = self._news.wait_for(lambda: self.notified.count(word) >= times, PATIENCE)
        assert came, f"{word} was never notified, but {self.notified}:\n{self.log}"

    def wait_swept(self) -> None:
        """Until a sweep that begins now, and the sending after it, have ended: what ends next may have begun before."""
        self.wait_for("action=swept_outbox", self.log.count("action=swept_outbox") + 3)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Its exit code."""
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()


@contextmanager
def daemon(desk: Desk, *, sweep_every: float = 0.2, command: bool = False, **env: str) -> Iterator[Running]:
    """A daemon for this office; `command` starts it as `wsyf daemon`, minutes and all."""
    path = str(desk.folder / "n")
    Path(path).unlink(missing_ok=True)
    given = [*PROGRAM, "--config", str(desk.config), "daemon"]
    if not command:
        given = [sys.executable, "-c", QUICK, str(desk.config), str(sweep_every)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(path)
        variables = {**os.environ, "LANGUAGE": "en", "NOTIFY_SOCKET": path, **env}
        variables.pop("JOURNAL_STREAM", None)
        process = subprocess.Popen(given, env=variables, text=True, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        running = Running(process, channel)
        threads = [threading.Thread(target=each) for each in (running.read_log, running.read_channel)]
        for thread in threads:
            thread.start()
        try:
            yield running
        finally:
            process.kill()
            process.wait(PATIENCE)
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as over:
                over.sendto(b"", path)
            for thread in threads:
                thread.join(PATIENCE)
            assert process.stderr is not None
            process.stderr.close()


class HeldServer:
    """An SMTP server that takes a message and says yes only when it is let go."""

    def __init__(self, hold: int = 1) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._held = _Held(server=self, hold=hold)

    def __enter__(self) -> Self:
        self._held.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.go_on.set()
        self._held.__exit__(kind, error, tb)

    @property
    def port(self) -> int:
        return self._held.port

    @property
    def received(self) -> list[Any]:
        return self._held.received


class _Held(Smtpd):
    __slots__ = ("_hold", "_owner")

    def __init__(self, *, server: HeldServer, hold: int) -> None:
        super().__init__()
        self._owner, self._hold = server, hold

    def take(self, point: str) -> Step | None:
        if point == "DOT" and self._hold:
            self._hold -= 1
            self._owner.reached.set()
            self._owner.go_on.wait(PATIENCE)
        return super().take(point)
