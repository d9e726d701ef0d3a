"""How reliable delivery is: `python -m bench.reliability [PART …] [--kills N] [--letters N] [--seed S]`.

Writes RESULTS-reliability.md; exits 1 where a letter was lost, doubled without need, or the ledger tells otherwise.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sqlite3
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bench import measure, reliability_postfix
from tests.crash.balancing import Result
from tests.crash.faulty import faulty_year
from tests.crash.killing import Tally, campaign
from tests.crash.points import POINTS

RESULTS = Path(__file__).with_name("RESULTS-reliability.md")
PARTS = {
    "kills": "Kill -9 at every step",
    "faulty": "A faulty mail server",
    "postfix": "A sound mail server",
}


def main() -> None:
    """Run, print, and write; parts that were not asked for keep what stood of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.reliability")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--letters", type=int, default=10_000, help="through the faulty server")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    logging.disable(logging.WARNING)  # what a faulty server does is in the ledger
    os.environ["LANGUAGE"] = "en"
    runs: dict[str, Callable[[Path], tuple[str, bool]]] = {
        "kills": lambda folder: kills(folder, given.kills, given.seed),
        "faulty": lambda folder: faulty(folder, given.letters, given.seed),
        "postfix": reliability_postfix.run,
    }
    found, good = _standing(), True
    for name in given.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="wsyf-bench-") as scratch:
            Path(scratch).chmod(0o755)  # Postfix works there under other users
            text, is_good = runs[name](Path(scratch))
        found[PARTS[name]], good = text.strip(), good and is_good
        print(f"## {PARTS[name]}\n\n{text}\n", flush=True)
        RESULTS.write_text(_page(found), encoding="utf-8")
    raise SystemExit(not good)


def kills(folder: Path, count: int, seed: int) -> tuple[str, bool]:
    """So many kills; the table of hits."""
    tally = campaign(folder, kills=count, seed=seed, verbose=True)
    good = not tally.wrong and not tally.never and not tally.unknown
    rows = [(point, str(tally.hits[point]), str(tally.misses[point] or "")) for point in POINTS]
    return "\n".join(
        [_of_kills(tally), measure.table(("killed at", "kills", "not reached"), rows), _wrong(tally.wrong)]
    ), good


def _of_kills(tally: Tally) -> str:
    facts = (
        ("seed", tally.seed),
        ("kills", tally.kills),
        ("points never hit", len(tally.never)),
        ("offices", tally.offices),
        ("messages owed", tally.messages),
        ("arrivals", tally.taken),
        ("lost", tally.lost),
        ("doubles, each in doubt at a kill, with the same Message-ID and bytes", tally.doubles),
        ("broken promises", len(tally.wrong)),
        ("seconds", round(tally.seconds)),
    )
    return measure.table(("", "count"), [(name, f"{value:,}") for name, value in facts])


def faulty(folder: Path, letters: int, seed: int) -> tuple[str, bool]:
    """So many letters through a faulty server; what it did, and what became of them."""
    result = faulty_year(folder, letters=letters, seed=seed).result
    rows = [(point, f"{count:,}") for point, count in result.faults.items()]
    good = not result.wrong and not result.never
    return "\n".join([_of_faults(result), measure.table(("fault at", "times"), rows), _wrong(result.wrong)]), good


def _of_faults(result: Result) -> str:
    facts = [
        ("seed", result.seed),
        ("messages", result.messages),
        *((f"ended as {state}", count) for state, count in sorted(result.states.items())),
        ("attempts in the ledger, each in the server's journal", result.attempts),
        *((f"outcome {outcome}", count) for outcome, count in sorted(result.outcomes.items())),
        ("kinds of fault never shown", len(result.never)),
        ("lost", result.lost),
        ("copies beyond the first, all `uncertain`", result.doubles),
        ("broken promises", len(result.wrong)),
        ("rounds", result.rounds),
        ("days in the office", result.days),
        ("seconds", round(result.seconds)),
    ]
    return measure.table(("", "count"), [(name, f"{value:,}") for name, value in facts])


def _wrong(wrong: list[str]) -> str:
    return "".join(f"- {each}\n" for each in wrong)


def _standing() -> dict[str, str]:
    """The sections that stand in the results, by heading."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    found = {head: body.strip() for head, _line, body in (each.partition("\n") for each in text.split("\n## ")[1:])}
    return {head: found[head] for head in PARTS.values() if head in found}


def _page(found: dict[str, str]) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("SQLAlchemy", "APScheduler", "aiosmtplib"))
    rows = [
        ("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
        ("Python, SQLite", f"{platform.python_version()}, {sqlite3.sqlite_version}"),
        ("libraries", libraries),
    ]
    machine = measure.table(("measured on", ""), rows).replace("---:", "---")
    head = "# Results: reliability\n\nWritten by `python -m bench.reliability`; [README.md](README.md) says how.\n"
    sections = [f"## {title}\n\n{found[title]}\n" for title in PARTS.values() if title in found]
    return "\n".join([head, machine, *sections])


if __name__ == "__main__":
    main()
