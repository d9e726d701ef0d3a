"""`make bench`: measured side by side in one run, interleaved; writes bench/RESULTS.md.

    python -m bench            all measures
    python -m bench --million  the tick among a million assignments too (some minutes, 1 GB of disk)

Only ratios within one run are worth quoting: machines are noisy.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bench import tick

ROUNDS = 7
HERE = Path(__file__).parent
WSYF = str(Path(sys.executable).parent / "wsyf")
LIST = """
import sqlite3, click
@click.command()
def show():
    rows = sqlite3.connect("data/wsyf.db").execute("SELECT id, key, department, title, due_on, state FROM assignment")
    for row in rows:
        click.echo("  ".join(str(cell) for cell in row))
show()
"""
Rows = list[tuple[str, list[float]]]


def whole_processes(office: Path, rounds: int) -> Rows:
    """Milliseconds of whole processes, the commands in turn in every round."""
    python = sys.executable
    commands = {
        "python -c pass": [python, "-c", "pass"],
        "import click": [python, "-c", "import click"],
        "click + sqlite3 list": [python, "-c", LIST],
        "import sqlalchemy": [python, "-c", "import sqlalchemy"],
        "import sqlmodel": [python, "-c", "import sqlmodel"],
        "wsyf --help": [WSYF, "--help"],
        "wsyf": [WSYF],
        "wsyf list": [WSYF, "list"],
        "wsyf show": [WSYF, "show", "2023/1/transport"],
    }
    found: dict[str, list[float]] = {name: [] for name in [*commands, "wsyf done"]}
    with sqlite3.connect(office / "data/wsyf.db") as opened:
        keys = [row[0] for row in opened.execute("SELECT key FROM assignment ORDER BY id DESC LIMIT ?", (rounds + 1,))]
    for number in range(rounds + 1):
        turn = {**commands, "wsyf done": [WSYF, "done", keys[number]]}
        for name, command in turn.items():
            took = timed(command, office)
            if number:  # the first round only warms up
                found[name].append(took)
    return list(found.items())


def timed(command: list[str], folder: Path) -> float:
    """Milliseconds of one process."""
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "LANGUAGE": "en"})
    return (time.perf_counter() - began) * 1000


def rehearsals(office: Path, rounds: int) -> Rows:
    """Milliseconds of the Gaoping plan, four years, without letters and with all of them written."""
    words = [WSYF, "rehearse", "--from", "2022-05-19", "--to", "2026-06-30"]
    found: dict[str, list[float]] = {"rehearse, no letters": [], "rehearse, all letters": []}
    for _ in range(rounds):
        found["rehearse, no letters"].append(timed([*words, "--json"], office))
        letters = office / "letters"
        found["rehearse, all letters"].append(timed([*words, "--maildir", str(letters)], office))
        shutil.rmtree(letters)
    return list(found.items())


def table(title: str, rows: Rows, base: str | None = None) -> str:
    """A table of min, median, max; the ratio of medians to a base row where one is named."""
    medians = {name: statistics.median(values) for name, values in rows}
    lines = [
        f"## {title}",
        "",
        f"| | min | median | max |{' ratio |' if base else ''}",
        f"|---|--:|--:|--:|{'--:|' if base else ''}",
    ]
    for name, values in rows:
        ratio = f" {medians[name] / medians[base]:.2f} |" if base else ""
        lines.append(f"| {name} | {min(values):.2f} | {medians[name]:.2f} | {max(values):.2f} |{ratio}")
    return "\n".join([*lines, ""])


def lay_out(folder: Path) -> Path:
    """A rehearsal office tracked on the first day."""
    for words in (["init", str(folder), "--rehearsal"],):
        subprocess.run([WSYF, *words], check=True, stdout=subprocess.DEVNULL)
    for words in (["people", "import", "people.csv"], ["--at", "2022-05-19", "plan", "sync"]):
        subprocess.run([WSYF, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--million", action="store_true")
    given = parser.parse_args()
    said = [heading()]
    measures: list[Callable[[Path], str]] = [
        lambda office: table(
            "Whole processes (ms), 75 assignments", whole_processes(office, given.rounds), "click + sqlite3 list"
        ),
        lambda office: table("Rehearsal of the Gaoping plan, 2022-05-19 to 2026-06-30 (ms)", rehearsals(office, 3)),
        lambda _office: tick.measure([1_000, 10_000, 100_000, *([1_000_000] if given.million else [])]),
    ]
    with tempfile.TemporaryDirectory(prefix="wsyf-bench-") as scratch:
        office = lay_out(Path(scratch) / "office")
        for measure in measures:
            said.append(measure(office))
            print(said[-1], flush=True)
    (HERE / "RESULTS.md").write_text("\n".join(said), encoding="utf-8")


def heading() -> str:
    """Machine and versions."""
    names = ("click", "sqlalchemy", "sqlmodel", "jinja2", "aiosmtplib")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return "\n".join(
        [
            "# Results",
            "",
            "Written by `make bench`; how each is measured stands in [README.md](README.md). Quote ratios, not times.",
            "",
            (
                f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
                f" Python {platform.python_version()}; {versions}."
            ),
            "",
        ]
    )


main()
