"""Versions of plans as they were synced: the exact texts of their files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import EVENT, PLAN_VERSION, as_json

COLUMN = PLAN_VERSION.c
LATEST = select(PLAN_VERSION).where(COLUMN.plan_id == bindparam("plan")).order_by(COLUMN.version.desc()).limit(1)
ALL = select(PLAN_VERSION).where(COLUMN.plan_id == bindparam("plan")).order_by(COLUMN.version)
SYNCS = (
    select(EVENT.c.why, EVENT.c.detail)
    .where(EVENT.c.plan_id == bindparam("plan"), EVENT.c.action == "plan_synced")
    .order_by(EVENT.c.id)
)
MARKS = Prepared(select(COLUMN.plan_id, func.max(COLUMN.version)).group_by(COLUMN.plan_id))
FIRST_SYNCED = Prepared(select(func.min(COLUMN.synced_at)).where(COLUMN.plan_id == bindparam("plan")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version: `texts` is file name to text."""

    plan_id: str
    version: int
    zone: str
    texts: dict[str, str]
    synced_at: datetime
    who: str


def latest(session: Session, plan_id: str) -> Version | None:
    """The version that is in force, or None where the plan was never synced."""
    row = session.execute(LATEST, {"plan": plan_id}).first()
    return None if row is None else _version(row)


def all_of(session: Session, plan_id: str) -> list[Version]:
    """Every version of a plan, oldest first; none where it was never synced."""
    return [_version(row) for row in session.execute(ALL, {"plan": plan_id})]


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """One sync as the trail has it: `changes` counts what it added, moved and so on, `files` are their names."""

    plan_id: str
    version: int
    zone: str
    at: datetime
    who: str
    why: str
    files: tuple[str, ...]
    changes: dict[str, int]


def synced(session: Session, plan_id: str) -> list[Synced]:
    """The syncs that made a version, oldest first; what the trail does not tell of an old one is left empty."""
    said = {}
    for why, text in session.execute(SYNCS, {"plan": plan_id}):
        detail = json.loads(text)
        said[detail.pop("version", 0)] = why, detail
    found = []
    for each in all_of(session, plan_id):
        why, counts = said.get(each.version, ("", {}))
        found.append(
            Synced(
                plan_id=plan_id,
                version=each.version,
                zone=each.zone,
                at=each.synced_at,
                who=each.who,
                why=why,
                files=tuple(sorted(each.texts)),
                changes=counts,
            )
        )
    return found


def _version(row: Any) -> Version:
    return Version(
        plan_id=row.plan_id,
        version=row.version,
        zone=row.zone,
        texts=json.loads(row.texts),
        synced_at=row.synced_at,
        who=row.who,
    )


def marks(session: Session) -> dict[str, int]:
    """Plan id to the number of its version in force: changes when anything was synced."""
    return {row[0]: row[1] for row in MARKS.rows(session)}


def first_synced_at(session: Session, plan_id: str) -> datetime | None:
    """When the plan was first tracked, or None."""
    found: datetime | None = FIRST_SYNCED.value(session, {"plan": plan_id})
    return found


def add(
    session: Session, *, plan_id: str, title: str, zone: str, texts: Mapping[str, str], at: datetime, who: str
) -> int:
    """Add the next version; returns its number, from 1."""
    before = latest(session, plan_id)
    version = before.version + 1 if before else 1
    row = {
        "plan_id": plan_id,
        "version": version,
        "title": title,
        "zone": zone,
        "texts": as_json(dict(texts)),
        "synced_at": at,
        "who": who,
    }
    session.execute(insert(PLAN_VERSION), row)
    return version
