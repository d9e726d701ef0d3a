"""Offices to measure in: the Gaoping plan laid out in a folder, and databases of as many assignments as wanted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wsyf_scheduler import config, share
from wsyf_scheduler.acts import track
from wsyf_scheduler.app import NO_DELAY, App
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.mail.nowhere import NowhereMailer
from wsyf_scheduler.mail.writer import BlankWriter
from wsyf_scheduler.store import assignments
from wsyf_scheduler.store.db import Database

BIN = Path(sys.executable).parent
WSYF = str(BIN / "wsyf")
FOLDER = share.JOBS / "gaoping-2021-2025"
TRACKED_AT = datetime(2023, 1, 3, 1, 0, tzinfo=UTC)
WORKING_MORNING = datetime(2023, 3, 6, 1, 30, tzinfo=UTC)  # half past nine in Beijing, a Monday
BATCH = 5000


def environment(scratch: Path) -> dict[str, str]:
    """What the measured processes see: no one's config, English, and byte code kept for all of them alike."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8", "COLUMNS": "100", "PYTHONPYCACHEPREFIX": str(scratch / "pycache")}


def lay_out(scratch: Path) -> Path:
    """An office's folder with the Gaoping plan tracked and people imported, as a newcomer makes it."""
    folder = scratch / "office"
    for command in (["init", str(folder)], ["people", "import", "people.csv"], ["plan", "sync"]):
        where = scratch if command[0] == "init" else folder
        subprocess.run([WSYF, *command], cwd=where, env=environment(scratch), check=True, capture_output=True)
    return folder


def gaoping() -> tuple[Plan, dict[str, str]]:
    """The plan and the texts of its files."""
    return plan_files.load(FOLDER), dict(plan_files.read_texts(FOLDER))


def large(count: int) -> Plan:
    """A plan of about so many assignments: one data task of 2023 again and again, without figures to wait for."""
    plan, _texts = gaoping()
    period = next(each for each in plan.periods if each.id == "2023")
    task = replace(period.tasks[0], form=None)
    tasks = tuple(replace(task, number=str(number)) for number in range(1, count // len(task.lead) + 1))
    return replace(plan, periods=(replace(period, tasks=tasks),))


def app_on(path: Path, at: datetime) -> App:
    """An App on a new database file that sends and writes nothing."""
    db = Database(f"sqlite:///{path}")
    db.create()
    return App(
        config=config.load(share.CONFIG),
        clock=FixedClock(at),
        db=db,
        make_mailer=NowhereMailer,
        make_writer=BlankWriter,
        who="bench",
        receipt_delay=NO_DELAY,
    )


def fill(app: App, count: int) -> list[int]:
    """Track the Gaoping plan and enter copies of its assignments up to `count`, none due yet; the ids of the plan."""
    plan, texts = gaoping()
    track.act(app, TRACKED_AT, plan=plan, texts=texts, who="bench")
    later = WORKING_MORNING + timedelta(days=365)
    with app.db.begin() as session:
        models = assignments.of_plan(session, plan.id)
        assignments.set_attention(session, [(item.id, later) for item in models])
        batch: list[Assignment] = []
        for item in _copies(models, count, later):
            batch.append(item)
            if len(batch) == BATCH:
                assignments.insert_all(session, batch)
                batch.clear()
        assignments.insert_all(session, batch)
    return [item.id for item in models]


def _copies(models: list[Assignment], count: int, later: datetime) -> Iterator[Assignment]:
    for index in range(count - len(models)):
        model = models[index % len(models)]
        at = later + timedelta(minutes=index % 10_000)
        yield replace(model, key=f"{model.period}/x{index}/{model.department}", next_attention_at=at)
