"""Running the office's command for alerts: no shell, bounded in time and in what it may say, without our secrets.

Imports clock, config, errors, i18n and the phrases of mail.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.config import AlertSettings
from wsyf_scheduler.errors import reason
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.phrases import clean, clip

# Secrets of ours, and what ties a process to systemd: none of it is the command's business.
KEPT_BACK = (
    b"WSYF_SMTP_PASSWORD",
    b"CREDENTIALS_DIRECTORY",
    b"NOTIFY_SOCKET",
    b"WATCHDOG_PID",
    b"WATCHDOG_USEC",
    b"LISTEN_PID",
    b"LISTEN_FDS",
)
LAST_WORDS = 5.0  # seconds it may still take when the daemon is told to leave
LOOK_EVERY = 0.05  # seconds between two looks whether it is done
REAPED = 5.0  # seconds a killed process is waited for
CHUNK = 4096  # bytes read at once; so much of what it says on stderr is kept, the newest
DRAINED = 64 * CHUNK  # bytes still read after its end: a child of its own may go on talking
SHOWN = 200  # characters of a headline in the environment, and of its last words
STOPPED = "stopped"  # the daemon left meanwhile: no fault of the command


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the command is told: on stdin the headline and the lines, in the environment the rest."""

    headline: str
    lines: tuple[str, ...]
    id: str = ""
    plan: str = ""


def call(settings: AlertSettings, folder: Path, said: Call, should_stop: Callable[[], bool] = lambda: False) -> str:
    """Run the command in `folder`; returns what went wrong: empty for exit code 0, STOPPED where we had to leave.

    After `settings.timeout` its whole process group is killed. Of what it says only the last line on stderr is kept.
    """
    try:
        with _stdin(said) as given:
            process = subprocess.Popen(  # noqa: S603 - the office's own command, without a shell
                settings.command,
                stdin=given,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=_environment(said),
                cwd=folder,
                start_new_session=True,
            )
    except (OSError, ValueError) as error:  # ValueError: a NUL in the command
        return _("it cannot be started: {why}").format(
            why=reason(error) if isinstance(error, OSError) else type(error).__name__
        )
    assert process.stderr is not None
    with process.stderr:
        return _attend(process, process.stderr, settings.timeout.total_seconds(), should_stop)


@contextmanager
def _stdin(said: Call) -> Iterator[int]:
    """The text as a file in memory: a command that reads nothing blocks no one, and a full disk does not matter."""
    handle = os.memfd_create("alert", os.MFD_CLOEXEC)
    try:
        text = "\n".join([clean(said.headline), *map(clean, said.lines), ""]).encode()
        while text:
            text = text[os.write(handle, text) :]
        os.lseek(handle, 0, os.SEEK_SET)
        yield handle
    finally:
        os.close(handle)


def _environment(said: Call) -> dict[bytes, bytes]:
    kept = {name: value for name, value in os.environb.items() if name not in KEPT_BACK}
    given = {"ID": said.id, "HEADLINE": clip(clean(said.headline), SHOWN), "PLAN": said.plan}
    return kept | {f"WSYF_ALERT_{name}".encode(): value.encode() for name, value in given.items()}


def _attend(
    process: subprocess.Popen[bytes], stderr: IO[bytes], timeout: float, should_stop: Callable[[], bool]
) -> str:
    """Wait for its end, reading what it says, so that it never waits for us."""
    os.set_blocking(stderr.fileno(), False)
    ends_at, stopping, words, hears = monotonic() + timeout, False, b"", True
    while process.poll() is None:
        if should_stop() and not stopping:
            stopping, ends_at = True, min(ends_at, monotonic() + LAST_WORDS)
        if monotonic() >= ends_at:
            _kill(process)
            return STOPPED if stopping else _("no end after {n} s; it was killed").format(n=f"{timeout:g}")
        if hears:
            words, hears = _listen(stderr, words, LOOK_EVERY)
        else:
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_EVERY)
    for _round in range(DRAINED // CHUNK):
        before = words
        words, hears = _listen(stderr, words, 0)
        if not hears or words is before:
            break
    return "" if process.returncode == 0 else _ending(process.returncode, words)


def _listen(stderr: IO[bytes], words: bytes, patience: float) -> tuple[bytes, bool]:
    """What it has said so far, the newest of it; and whether it may say more."""
    ready, _writable, _failed = select.select([stderr], [], [], patience)
    if not ready:
        return words, True
    try:
        heard = os.read(stderr.fileno(), CHUNK)
    except BlockingIOError:
        return words, True
    return (words + heard)[-CHUNK:] if heard else words, bool(heard)


def _ending(code: int, words: bytes) -> str:
    how = _("exit code {code}").format(code=code) if code > 0 else _("signal {n}").format(n=-code)
    lines = [line.strip() for line in words.decode(errors="replace").splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    return f"{how}: {clip(clean(last), SHOWN)}" if last else how


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The whole group, for what it has started too."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(REAPED)
