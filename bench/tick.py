"""The tick among more and more assignments on an SQLite file: idle and with ten due; tracking and re-planning."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from bench import measure, office, peers
from wsyf_scheduler.acts import track
from wsyf_scheduler.store import assignments, facts
from wsyf_scheduler.ticks import remind, years

SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000
IDLE, DUE, TRACKED = 300, 30, 30_000
MOST_JOBS = 10_000  # APScheduler's store takes about a thousand jobs a second
HERE = Path(__file__).parent
Found = dict[str, float]


def run(scratch: Path, *, million: bool = False) -> str:
    sizes = [*SIZES, *([MILLION] if million else [])]
    found = {size: _measured(scratch / f"{size}.db", size) for size in sizes}
    rows = [_row(size, each) for size, each in found.items()]
    first, last = found[sizes[0]], found[sizes[-1]]
    head = ("assignments", "idle ms", "ten due ms", "rows/s filled", "bytes each", "re-plan, µs each")
    text = measure.table(head, rows)
    text += (
        f"\nAn idle tick among {sizes[-1]:,} costs {last['idle'] / first['idle']:.2f} times one among {sizes[0]:,}"
        f" (goal: ≤ 1.3, and under 0.5 ms), one with ten due {last['due'] / first['due']:.2f} times.\n"
    )
    tracked = _tracking(scratch)
    text += f"Tracking a plan of {TRACKED:,} assignments with their events: {tracked:,.0f} a second (goal: 20,000).\n"
    return f"{text}\n{_peers(scratch, sizes)}"


def _row(size: int, found: Found) -> tuple[str, ...]:
    names = (("idle", 3), ("due", 2), ("filled", 0), ("bytes", 0), ("replan", 0))
    return (f"{size:,}", *(f"{found[name]:,.{digits}f}" for name, digits in names))


def _measured(path: Path, size: int) -> Found:
    app = office.app_on(path, office.WORKING_MORNING)
    now = office.WORKING_MORNING
    begun = time.perf_counter()
    models = office.fill(app, size)
    filled = size / (time.perf_counter() - begun)
    remind.run(app, now)  # the first one takes the regime over
    idle = measure.calls(lambda: (remind.run(app, now), years.run(app, now)), times=IDLE)
    due = []
    for turn in range(DUE):
        with app.db.begin() as session:
            ids = models[turn * 2 : turn * 2 + 10]
            assignments.set_attention(session, [(item_id, now) for item_id in ids])
        due += measure.calls(lambda: remind.run(app, now), times=1).wall
    with app.db.begin() as session:
        facts.put(session, facts.REGIME, "another")
    replan = measure.calls(lambda: remind.run(app, now - timedelta(hours=12)), times=1)
    app.db.close()
    found = {"idle": median(idle.wall), "due": median(due), "filled": filled, "bytes": path.stat().st_size / size}
    path.unlink()
    return found | {"replan": replan.wall[0] / size * 1000}


def _tracking(scratch: Path) -> float:
    plan, (_gaoping, texts) = office.large(TRACKED), office.gaoping()
    app = office.app_on(scratch / "tracking.db", office.TRACKED_AT)
    begun = time.perf_counter()
    done = track.act(app, office.TRACKED_AT, plan=plan, texts=texts, who="bench")
    return len(done.changes.added) / (time.perf_counter() - begun)


def _peers(scratch: Path, sizes: list[int]) -> str:
    measures: dict[str, Callable[[int], float | None]] = {
        "APScheduler, its SQLite store: look for due jobs": lambda size: _apscheduler(scratch, size),
        "Celery beat: a tick": _celery,
    }
    rows = []
    for name, one in measures.items():
        found = [one(size) for size in sizes]
        rows.append((name, *("–" if each is None else f"{each:,.3f}" for each in found)))
    return measure.table(("idle, ms", *(f"{size:,}" for size in sizes)), rows)


def _apscheduler(scratch: Path, size: int) -> float | None:
    if size > MOST_JOBS:
        return None
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_jobstore(SQLAlchemyJobStore(url=f"sqlite:///{scratch / f'jobs{size}.db'}"), "default")
    scheduler.start(paused=True)
    later = datetime(2100, 1, 1, tzinfo=UTC)
    for index in range(size):
        scheduler.add_job(print, "date", run_date=later + timedelta(minutes=index))
    (store,) = scheduler._jobstores.values()  # noqa: SLF001 - what its own loop asks
    found = measure.calls(lambda: store.get_due_jobs(office.WORKING_MORNING), times=IDLE)
    scheduler.shutdown()
    return median(found.wall)


def _celery(size: int) -> float | None:
    if size > SIZES[-1] or not peers.install():
        return None
    command = [str(peers.PYTHON), str(HERE / "celery_beat.py"), str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return median(json.loads(done.stdout))
