"""Measure everything, or the parts named, and write RESULTS.md: `python -m bench [PART …] [--million] [--rounds N]`."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

if __package__ in {None, ""}:  # `python bench/run.py`
    sys.path[0] = str(Path(__file__).parents[1])

from bench import cli, commits, delivery, figures, measure, memory, peers, rehearsal, tick

RESULTS = Path(__file__).with_name("RESULTS.md")
VERSIONS = (
    "click",
    "rich",
    "SQLAlchemy",
    "sqlmodel",
    "APScheduler",
    "Jinja2",
    "aiosmtplib",
    "todoman",
    "celery",
    "Django",
)
PARTS = {
    "cli": "Whole processes on the Gaoping plan, 75 assignments",
    "rehearsal": "The rehearsal of the Gaoping plan, four years",
    "tick": "A tick among many",
    "commits": "Durable commits",
    "delivery": "Letters a second, from due row to recorded",
    "memory": "The daemon, idle",
    "figures": "Assessing a country",
}


def main() -> None:
    """Measure, print, and write; parts that were not asked for keep what stood of them."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--million", action="store_true", help="the tick among a million too: minutes, and a gigabyte")
    parser.add_argument("--rounds", type=int, default=cli.ROUNDS, help="rounds of whole processes")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    measures: dict[str, Callable[[Path], str]] = {
        "cli": lambda scratch: cli.run(scratch, rounds=given.rounds),
        "rehearsal": rehearsal.run,
        "tick": lambda scratch: tick.run(scratch, million=given.million),
        "commits": commits.run,
        "delivery": delivery.run,
        "memory": memory.run,
        "figures": figures.run,
    }
    found = _standing()
    for name in given.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="wsyf-bench-") as scratch:
            found[PARTS[name]] = measures[name](Path(scratch)).strip()
        print(f"## {PARTS[name]}\n\n{found[PARTS[name]]}\n", flush=True)
        RESULTS.write_text(_page(found), encoding="utf-8")


def _standing() -> dict[str, str]:
    """The sections that stand in RESULTS.md, by heading."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    found = {head: body.strip() for head, _line, body in (each.partition("\n") for each in text.split("\n## ")[1:])}
    return {head: found[head] for head in PARTS.values() if head in found}


def _page(found: dict[str, str]) -> str:
    where = "Written by `make bench`; how each is measured stands in [README.md](README.md). Quote ratios, not times."
    head = f"# Results\n\n{where}\n\n"
    sections = [f"## {title}\n\n{found[title]}\n" for title in PARTS.values() if title in found]
    return head + "\n".join([_machine(), *sections])


def _machine() -> str:
    rows = [
        ("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {_processor()}"),
        ("Python, SQLite", f"{platform.python_version()}, {sqlite3.sqlite_version}"),
        ("libraries", ", ".join(peers.versions(*VERSIONS))),
    ]
    return measure.table(("measured on", ""), rows).replace("---:", "---")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor unknown"
    )


if __name__ == "__main__":
    main()
