"""Names of processes in claims, and whether the process of a name still lives. Imports nothing of ours."""

from __future__ import annotations

import os
import socket
from pathlib import Path

GONE = ("Z", "X")  # states of proc(5) in which a process does nothing any more


def own() -> str:
    """This process: machine, number, and when it began, since numbers come again."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def is_alive(name: str) -> bool:
    """Whether the process of that name runs on this machine; one on another machine counts as gone."""
    host, _colon, rest = name.partition(":")
    number, _colon, began = rest.partition(":")
    if host != socket.gethostname() or not number.isdigit():
        return False
    return bool(began) and _began(int(number)) == began


def _began(number: int) -> str:
    """When a process began, in the system's ticks; empty where it is gone, or the system does not tell."""
    try:
        found = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if found[0] in GONE else found[19]
