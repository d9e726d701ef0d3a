"""Ctrl-C during the demo: the first finishes the letter in hand and leaves, the second leaves at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EXIT_CODE = 128 + signal.SIGINT  # what a shell expects of a program that Ctrl-C ended


@contextmanager
def on_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Give a question that answers whether Ctrl-C was pressed; the old handler is put back afterwards."""
    asked = threading.Event()

    def handler(number: int, frame: object) -> None:
        del number, frame
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():  # where Python allows no handler
        yield asked.is_set
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
