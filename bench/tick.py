"""The tick among many: an idle round and one with ten due, among more and more assignments on an SQLite file."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wsyf_scheduler import config as config_file
from wsyf_scheduler import share
from wsyf_scheduler.acts import track
from wsyf_scheduler.app import App
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.mail.nowhere import NowhereMailer
from wsyf_scheduler.mail.writer import BlankWriter
from wsyf_scheduler.store import assignments
from wsyf_scheduler.store.db import Database
from wsyf_scheduler.store.upgrade import create
from wsyf_scheduler.ticks import remind

BEGINS_AT = datetime(2022, 5, 19, 1, tzinfo=UTC)  # 09:00 in Gaoping
FOLDER = share.JOBS / "gaoping-2021-2025"
IDLE, DUE = 200, 20
CHUNK = 10_000


def measure(sizes: list[int]) -> str:
    """Milliseconds of an idle tick and of one with ten due, for each size; how fast the rows went in, and the file."""
    lines = [
        "## A tick among many (ms, median)",
        "",
        "| assignments | idle tick | ten due | rows/s entered | file, MB |",
        "|--:|--:|--:|--:|--:|",
    ]
    found = [_one(size) for size in sizes]
    lines += [
        f"| {size:,} | {idle:.3f} | {due:.2f} | {speed:,.0f} | {megabytes:.0f} |"
        for size, idle, due, speed, megabytes in found
    ]
    lines += ["", f"Idle, largest against smallest: {found[-1][1] / found[0][1]:.2f}.", ""]
    return "\n".join(lines)


def _one(size: int) -> tuple[int, float, float, float, float]:
    with tempfile.TemporaryDirectory(prefix="wsyf-bench-") as scratch:
        path = Path(scratch) / "wsyf.db"
        app = _app(path)
        began = time.perf_counter()
        _fill(app, size)
        speed = size / (time.perf_counter() - began)
        remind.run(app, app.clock.now())  # the first round settles the regime
        idle = statistics.median(_timed(app) for _ in range(IDLE))
        due = statistics.median(_timed_due(app, number) for number in range(DUE))
        app.db.close()
        return size, idle, due, speed, path.stat().st_size / 2**20


def _app(path: Path) -> App:
    config = replace(config_file.load(share.CONFIG.absolute()), database=f"sqlite:///{path}")
    db = Database(config.database)
    create(db)
    app = App(
        config=config,
        clock=FixedClock(BEGINS_AT),
        db=db,
        make_mailer=NowhereMailer,
        make_writer=BlankWriter,
        who="bench",
        receipt_delay=timedelta(0),
    )
    track.act(app, BEGINS_AT, plan=plan_files.load(FOLDER), texts=plan_files.read_texts(FOLDER), who="bench")
    with db.begin() as session:  # the plan itself keeps still
        ids = [item.id for item in assignments.of_plan(session, "gaoping-2021-2025")]
        assignments.set_attention(session, [(item_id, None) for item_id in ids])
    return app


def _fill(app: App, size: int) -> None:
    with app.db.read() as session:
        like = assignments.of_plan(session, "gaoping-2021-2025")[0]
    far_off = BEGINS_AT + timedelta(days=365)
    for first in range(0, size, CHUNK):
        items = [
            replace(like, key=f"2022/n{number}/hrss", number=f"n{number}", next_attention_at=far_off)
            for number in range(first, min(first + CHUNK, size))
        ]
        with app.db.begin() as session:
            assignments.insert_all(session, items)


def _timed(app: App) -> float:
    began = time.perf_counter()
    remind.run(app, app.clock.now())
    return (time.perf_counter() - began) * 1000


def _timed_due(app: App, number: int) -> float:
    """Ten others become due each time; their `start` is decided and queued."""
    with app.db.begin() as session:
        items = [assignments.by_prefix(session, f"2022/n{number * 10 + each}/hrss")[0] for each in range(10)]
        assignments.set_attention(session, [(item.id, BEGINS_AT) for item in items])
    return _timed(app)
