"""`wsyf --watch`: the desk drawn again and again in the terminal's other screen, until q or Ctrl-C.

The terminal is left as it was found, whatever happens: its screen, its cursor, its way of reading keys.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

from wsyf_scheduler.cli import drawing
from wsyf_scheduler.cli.desk import see
from wsyf_scheduler.cli.office import Office
from wsyf_scheduler.cli.output import folded
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.errors import Usage, WsyfError
from wsyf_scheduler.i18n import _

EVERY = 30.0  # seconds from one drawing to the next, unless given
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"  # the other screen, the cursor hidden; and back
HOME, TO_LINE_END, TO_SCREEN_END = "\x1b[H", "\x1b[K", "\x1b[J"
SIGNALS = (signal.SIGWINCH, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # a new size; all the others end it
QUIT = (b"q", b"Q", b"\x1b", b"\x04")


def watch(office: Office, seconds: float) -> None:
    """Draw the desk every so many seconds; Usage where there is no terminal to draw on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Usage(_("--watch draws on a terminal, and this is none; plain `wsyf` prints the desk once"))
    with _screen() as wait:
        while _show(office) and not wait(seconds):
            pass


def _show(office: Office) -> bool:
    """Draw it once, as high and wide as the terminal is now."""
    size = os.get_terminal_size(sys.stdout.fileno())
    width, height = max(size.columns, 20), max(size.lines, 3)
    try:
        lines = drawing.draw(see(office), width)
    except WsyfError as error:  # a database locked or put back meanwhile: it may be well again the next time
        lines = [click.style(line, fg="red") for line in folded(str(error), width)]
    if len(lines) > height - 1:
        lines = [*lines[: height - 2], click.style("…", dim=True)]
    lines.append(click.style(_("q: leave; Enter: draw anew"), dim=True))
    if click.get_current_context().color is False:
        lines = [click.unstyle(line) for line in lines]
    sys.stdout.write(HOME + "\n".join(line + TO_LINE_END for line in lines) + TO_SCREEN_END)
    sys.stdout.flush()
    return True


@contextmanager
def _screen() -> Iterator[Callable[[float], bool]]:
    """The other screen; gives a function that waits for a key, a new size or the time, and says whether to leave."""
    keys = sys.stdin.fileno()
    before = termios.tcgetattr(keys)
    bell, ring = os.pipe()
    os.set_blocking(ring, False)
    ringing = signal.set_wakeup_fd(ring, warn_on_full_buffer=False)  # heard even just before select waits
    kept = {number: signal.signal(number, _heard) for number in SIGNALS}
    try:
        tty.setcbreak(keys)
        mode = termios.tcgetattr(keys)
        mode[6][termios.VSUSP] = b"\x00"  # Ctrl-Z would leave the shell on the other screen
        termios.tcsetattr(keys, termios.TCSANOW, mode)
        sys.stdout.write(ENTER)
        yield lambda seconds: _wait(keys, bell, seconds)
    finally:
        sys.stdout.write(LEAVE)
        sys.stdout.flush()
        termios.tcsetattr(keys, termios.TCSADRAIN, before)
        for number, handler in kept.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(ringing)
        os.close(bell)
        os.close(ring)


def _heard(_number: int, _frame: FrameType | None) -> None:
    """The bell has rung already."""


def _wait(keys: int, bell: int, seconds: float) -> bool:
    """Whether to leave; else it is time to draw again."""
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        ready, _write, _error = select.select([keys, bell], [], [], left)
        if bell in ready:
            return any(number != signal.SIGWINCH for number in os.read(bell, 64))
        if keys in ready:
            key = os.read(keys, 64)
            if not key or key in QUIT:
                return True
            if key in (b"\n", b"\r", b" "):
                return False
    return False
