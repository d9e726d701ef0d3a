"""`wsyf --watch` on a terminal: draws, goes on, and leaves the terminal as it was."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.cli.office_fixtures import Desk, real_office, rehearsal_office

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)

PATIENCE = 30.0
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
HIDDEN, SHOWN = b"\x1b[?25l", b"\x1b[?25h"


@dataclass
class Terminal:
    """The near end of a pseudo-terminal, and who draws on the far one."""

    near: int
    far: int
    process: subprocess.Popen[bytes]
    said: bytes = b""

    def until(self, wanted: bytes, times: int = 1) -> bytes:
        """Read until it has been said so often."""
        deadline = time.monotonic() + PATIENCE
        while self.said.count(wanted) < times:
            left = deadline - time.monotonic()
            assert left > 0, self.said
            if select.select([self.near], [], [], min(left, 0.2))[0]:
                self.said += os.read(self.near, 65536)
            elif self.process.poll() is not None:
                assert self.said.count(wanted) >= times, self.said
        return self.said

    def ended(self) -> int:
        self.until(LEAVE)
        return self.process.wait(PATIENCE)

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self.far, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@contextmanager
def watching(desk: Desk, *words: str, env: dict[str, str] | None = None) -> Iterator[Terminal]:
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(far)
    given = {"stdin": far, "stdout": far, "stderr": far, "start_new_session": True, "text": False}
    process = desk.start(*words, env={"TERM": "xterm", **(env or {})}, **given)
    terminal = Terminal(near, far, process)
    try:
        yield terminal
        assert termios.tcgetattr(far) == before
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(near)
        os.close(far)


@pytest.mark.parametrize("key", [b"q", b"Q", b"\x1b", b"\x04"])
def test_a_key_ends_it_and_the_terminal_is_as_it_was(desk, key):
    with watching(desk, "--at", "2022-06-02", "--watch") as terminal:
        said = terminal.until(b"q: leave")
        assert said.index(ENTER) < said.index(b"2022-06-02, Thursday")
        os.write(terminal.near, key)
        assert terminal.ended() == 0
        assert terminal.said.index(HIDDEN) < terminal.said.index(SHOWN) < terminal.said.index(LEAVE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_too(desk, number):
    with watching(desk, "--watch") as terminal:
        terminal.until(b"q: leave")
        terminal.process.send_signal(number)
        assert terminal.ended() == 0


def test_it_draws_again_after_so_many_seconds_and_sees_what_changed(desk):
    with watching(desk, "--at", "2022-06-02", "--watch", "1") as terminal:
        terminal.until(b"Overdue (9)")
        desk.wsyf("done", "2022/1/housing", at="2022-06-02")
        terminal.until(b"Overdue (8)")
        os.write(terminal.near, b"q")
        assert terminal.ended() == 0


def test_it_draws_at_once_when_the_window_changes_and_never_more_than_fits(desk):
    with watching(desk, "--at", "2022-06-02", "--watch", "600") as terminal:
        terminal.until(b"q: leave")
        first = terminal.said.count(b"\r\n")
        terminal.resize(6, 40)
        terminal.process.send_signal(signal.SIGWINCH)  # the kernel sends it to a controlling terminal's foreground only
        terminal.until(b"q: leave", 2)
        assert terminal.said.count(b"\r\n") - first == 5
        os.write(terminal.near, b"q")
        assert terminal.ended() == 0


def test_trouble_with_the_database_is_shown_and_the_desk_comes_back(desk):
    aside = desk.database.with_suffix(".aside")
    with watching(desk, "--at", "2022-05-10", "--watch", "1") as terminal:
        terminal.until(b"q: leave")
        desk.database.rename(aside)
        terminal.until(b"there is no database")
        aside.rename(desk.database)
        drawn = terminal.said.count(b"no daemon is needed")
        terminal.until(b"no daemon is needed", drawn + 1)
        os.write(terminal.near, b"q")
        assert terminal.ended() == 0


def test_an_error_leaves_the_terminal_as_it_was(desk):
    with watching(desk, "--watch", "1") as terminal:
        terminal.until(b"q: leave")
        desk.database.write_bytes(b"nonsense" * 1024)  # trouble, told on the screen
        terminal.until(b"damaged")
        os.write(terminal.near, b"q")
        assert terminal.ended() == 0


def test_colours_go_where_they_are_not_wanted(desk):
    with watching(desk, "--at", "2022-06-02", "--watch", env={"NO_COLOR": "1"}) as terminal:
        said = terminal.until(b"q: leave")
        assert b"\x1b[31m" not in said
        assert b"\x1b[1m" not in said
        os.write(terminal.near, b"q")
        terminal.ended()
    with watching(desk, "--at", "2022-06-02", "--watch") as terminal:
        assert b"\x1b[31m" in terminal.until(b"q: leave")
        os.write(terminal.near, b"q")
        terminal.ended()


def test_without_a_terminal_it_says_so(desk):
    assert "--watch draws on a terminal" in desk.wsyf("--watch", code=2).err


def test_it_goes_with_no_command_and_no_json(desk):
    assert "it goes with no command" in desk.wsyf("--watch", "--json", code=2).err
    assert "it goes with no command" in desk.wsyf("--watch", "5", "list", code=2).err
    assert desk.wsyf("--watch", "0.5", code=2).err


def test_a_real_office_takes_no_at_here_either(today_desk):
    assert "--at sets the clock of a rehearsal only" in today_desk.wsyf("--watch", at="2022-06-02", code=4).err
