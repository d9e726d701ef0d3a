"""Durable commits in one process: `done` with its event and receipt, against bare sqlite3 on the same disk in turn."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bench import measure, office
from wsyf_scheduler.acts import close, track
from wsyf_scheduler.store import assignments

TIMES = 600


def run(scratch: Path) -> str:
    app = office.app_on(scratch / "commits.db", office.WORKING_MORNING)
    plan, (_gaoping, texts) = office.large(TIMES), office.gaoping()
    track.act(app, office.TRACKED_AT, plan=plan, texts=texts, who="bench")
    with app.db.read() as session:
        keys = iter(assignments.ids_of_plan(session, plan.id))
    bare = _bare(scratch / "bare.db")
    ours, floor = measure.Times(), measure.Times()
    for _ in range(TIMES):
        one = measure.calls(lambda: close.act(app, office.WORKING_MORNING, keys=[next(keys)], who="bench"), times=1)
        two = measure.calls(lambda: _update_and_audit(bare), times=1)
        for all_, each in ((ours, one), (floor, two)):
            all_.wall += each.wall
            all_.cpu += each.cpu
    rows = [
        ("`done`, with event and receipt", *ours.columns(2), f"{TIMES / sum(ours.wall) * 1000:,.0f}", "≥ 1,500"),
        ("sqlite3: an update and a row of audit", *floor.columns(2), f"{TIMES / sum(floor.wall) * 1000:,.0f}", ""),
    ]
    text = measure.table(("WAL, synchronous FULL", *measure.COLUMNS, "a second", "goal"), rows)
    return f"{text}\n`done` takes {sum(ours.wall) / sum(floor.wall):.2f} times the bare commit, disk and all.\n"


def _bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, state TEXT)")
    connection.execute("CREATE TABLE audit (id INTEGER PRIMARY KEY, item INTEGER, what TEXT)")
    connection.execute("INSERT INTO item VALUES (1, 'open')")
    return connection


def _update_and_audit(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE item SET state = 'done' WHERE id = 1")
    connection.execute("INSERT INTO audit (item, what) VALUES (1, 'done')")
    connection.execute("COMMIT")
