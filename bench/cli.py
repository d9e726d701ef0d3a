"""The command line: whole processes, from the shell's exec to the exit, on the Gaoping plan (75 assignments)."""

from __future__ import annotations

import sys
from pathlib import Path

from bench import measure, office, peers
from wsyf_scheduler.store.glance import glance

HERE = Path(__file__).parent
ROUNDS = 20
TODO_CONFIG = (
    'path = "{folder}/*"\ndate_format = "%Y-%m-%d"\ntime_format = "%H:%M"\ncache_path = "{folder}/cache.sqlite3"\n'
)
TODO_ITEM = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:bench\r
BEGIN:VTODO\r
UID:{number}@bench.example\r
DTSTAMP:20230103T010000Z\r
SUMMARY:{title}\r
DUE;VALUE=DATE:{due}\r
STATUS:NEEDS-ACTION\r
END:VTODO\r
END:VCALENDAR\r
"""

# command -> what it is held against, and how many times that it may take (None: a peer or a mark of comparison)
GOALS: dict[str, tuple[str, float]] = {
    "wsyf --help": ("import click", 1.5),
    "completion of a command": ("import click", 1.5),
    "completion of an option": ("import click", 1.5),
    "completion of a key": ("import click", 1.5),
    "wsyf": ("click + sqlite3", 2.5),
    "wsyf list": ("click + sqlite3", 2.5),
    "wsyf show KEY": ("click + sqlite3", 2.5),
    "wsyf done KEY": ("import sqlmodel", 1.2),
}


def run(scratch: Path, *, rounds: int = ROUNDS) -> str:
    folder = office.lay_out(scratch)
    env = office.environment(scratch)
    commands = _marks(folder) | _ours(folder)
    if peers.install():
        commands["todo list (todoman)"] = lambda _turn: [str(peers.TODO), "--porcelain", "list"]
        env |= _todos(scratch, folder)
    found = measure.processes(commands, rounds=rounds, folder=folder, env=env)
    rows = [(name, *times.columns(), *_against(name, found)) for name, times in found.items()]
    text = measure.table(("whole process", *measure.COLUMNS, "against", "times", "goal"), rows)
    peer = found.get("todo list (todoman)")
    if peer is not None:
        times = measure.ratio(found["wsyf list"], peer)
        text += f"\n`wsyf list` takes {times:.2f} times what `todo list` takes on as many items.\n"
    return text


def _against(name: str, found: dict[str, measure.Times]) -> tuple[str, str, str]:
    if name not in GOALS:
        return "", "", ""
    other, goal = GOALS[name]
    return other, f"{measure.ratio(found[name], found[other]):.2f}", f"≤ {goal}"


def _marks(folder: Path) -> dict[str, measure.Command]:
    """What nothing in Python can be quicker than."""
    codes = {"python -c pass": "pass"} | {
        f"import {each}": f"import {each}" for each in ("click", "sqlalchemy", "sqlmodel")
    }
    marks: dict[str, measure.Command] = {
        name: (lambda _turn, code=code: [sys.executable, "-c", code]) for name, code in codes.items()
    }
    script, database = str(HERE / "click_sqlite3.py"), str(folder / "data" / "wsyf.db")
    marks["click + sqlite3"] = lambda _turn: [sys.executable, script, database]
    return marks


def _ours(folder: Path) -> dict[str, measure.Command]:
    with glance(folder / "data" / "wsyf.db") as opened:
        keys = [item.key for item in opened.assignments() if item.form is None]  # `done` waits for figures
    return {
        "wsyf --help": lambda _turn: [office.WSYF, "--help"],
        "completion of a command": lambda _turn: _completion("wsyf sh", 1),
        "completion of an option": lambda _turn: _completion("wsyf list --", 2),
        "completion of a key": lambda _turn: _completion("wsyf show 2023", 2),
        "wsyf": lambda _turn: [office.WSYF],
        "wsyf list": lambda _turn: [office.WSYF, "list"],
        "wsyf list --json": lambda _turn: [office.WSYF, "list", "--json"],
        "wsyf show KEY": lambda _turn: [office.WSYF, "show", keys[0]],
        "wsyf done KEY": lambda turn: [office.WSYF, "done", keys[turn]],
    }


def _completion(words: str, number: int) -> list[str]:
    """As the shell asks for it (`env` adds half a millisecond)."""
    asked = ("_WSYF_COMPLETE=bash_complete", f"COMP_WORDS={words}", f"COMP_CWORD={number}")
    return ["/usr/bin/env", *asked, office.WSYF]


def _todos(scratch: Path, folder: Path) -> dict[str, str]:
    """As many items for todoman as the office has assignments, with the same titles and days."""
    items = scratch / "todo" / "items"
    items.mkdir(parents=True)
    with glance(folder / "data" / "wsyf.db") as opened:
        for item in opened.assignments():
            text = TODO_ITEM.format(number=item.id, title=item.title, due=f"{item.due_on:%Y%m%d}")
            (items / f"{item.id}.ics").write_text(text, encoding="utf-8", newline="")
    config = scratch / "todo" / "config.py"
    config.write_text(TODO_CONFIG.format(folder=items.parent), encoding="utf-8")
    return {"TODOMAN_CONFIG": str(config)}
