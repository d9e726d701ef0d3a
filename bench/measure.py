"""Taking times on a noisy machine: all candidates in each of many rounds, the least of processor time to compare."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Times:
    """What one candidate took, round by round: on the wall and of the processor, in milliseconds."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def columns(self, digits: int = 0) -> tuple[str, ...]:
        """Wall min, median, max; least processor time."""
        found = (min(self.wall), statistics.median(self.wall), max(self.wall), min(self.cpu))
        return tuple(f"{each:,.{digits}f}" for each in found)


Command = Callable[[int], Sequence[str]]
COLUMNS = ("min ms", "median ms", "max ms", "CPU ms, least")


def processes(
    commands: Mapping[str, Command], *, rounds: int, folder: Path, env: Mapping[str, str]
) -> dict[str, Times]:
    """Run every command once a round, one after another, as whole processes; the first round only warms up."""
    found = {name: Times() for name in commands}
    for turn in range(-1, rounds):
        for name, command in commands.items():
            wall, cpu = _process(command(turn), folder, env)
            if turn >= 0:
                found[name].wall.append(wall)
                found[name].cpu.append(cpu)
    return found


def _process(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> tuple[float, float]:
    here = Path.cwd()
    os.chdir(folder)
    silent = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    begun = time.perf_counter()
    pid = os.posix_spawn(command[0], list(command), dict(env), file_actions=silent)
    _pid, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - begun
    os.chdir(here)
    if status != 0:
        raise SystemExit(f"bench: {' '.join(command)} failed ({os.waitstatus_to_exitcode(status)})")
    return wall * 1000, (used.ru_utime + used.ru_stime) * 1000


def calls(call: Callable[[], object], *, times: int) -> Times:
    """Call again and again in this process."""
    found = Times()
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        found.cpu.append((time.process_time() - cpu) * 1000)
        found.wall.append((time.perf_counter() - wall) * 1000)
    return found


def ratio(one: Times, other: Times) -> float:
    """How many times the other's least processor time one takes."""
    return min(one.cpu) / min(other.cpu)


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown; the first column is words, the others are numbers."""
    rule = ["---", *["---:"] * (len(headers) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (headers, rule, *rows)) + "\n"
