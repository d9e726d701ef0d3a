"""What the plan in force asks for, from its exact texts, against what is tracked. Imports core, files and store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from wsyf_scheduler.audit.background import Background
from wsyf_scheduler.audit.finding import Finding, Kind
from wsyf_scheduler.core.amend import compare
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.life import Life
from wsyf_scheduler.core.plan import expand
from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.store import history
from wsyf_scheduler.store.db import Session


def untracked(
    session: Session, back: Background, plan_id: str, lives: Sequence[tuple[Assignment, Life]]
) -> Iterable[Finding]:
    """Where what was tracked right after the last sync was not what the plan's files asked for.

    `lives` are all assignments of the plan with their lives. Texts this version of the program cannot read are passed
    over: `wsyf check` names their faults.
    """
    version = back.versions[plan_id][-1]
    try:
        plan = plan_files.parse(history.texts(session, version), f"{plan_id}@{version.number}")
    except Invalid:
        return
    then = [(row, life.at(version.synced_at)) for row, life in lives]
    moving = {row.key for row, life in lives if any(stage.from_at == version.synced_at for stage in life.stages)}
    items = [replace(item, file_due_on=row.file_due_on) for row, item in then if item is not None]
    changes = compare(items, expand(plan))
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = [
        (want.key, {"due_on": want.due_on.isoformat()}, {}) for want in changes.added
    ]
    asked += [
        (item.key, {"due_on": want.due_on.isoformat()}, {"due_on": item.file_due_on.isoformat()})
        for item, want in changes.moved
    ]
    asked += [(item.key, {"state": "open"}, {"state": item.state.value}) for item, _want in changes.restored]
    asked += [(item.key, {"state": "withdrawn"}, {"state": item.state.value}) for item in changes.withdrawn]
    for key, expected, found in asked:
        if key in moving and "state" in expected:
            continue  # an act of that very instant may have come after the sync
        yield Finding(
            kind=Kind.NOT_TRACKED,
            plan_id=plan_id,
            key=key,
            on=back.day(plan_id, version.synced_at),
            at=version.synced_at,
            expected=dict(expected),
            found=dict(found),
        )
