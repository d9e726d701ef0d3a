"""Versions of plans as they were synced: the exact texts of their files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select

from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import PLAN_VERSION, as_json

COLUMN = PLAN_VERSION.c
LATEST = select(PLAN_VERSION).where(COLUMN.plan_id == bindparam("plan")).order_by(COLUMN.version.desc()).limit(1)
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
    if row is None:
        return None
    return Version(
        plan_id=plan_id,
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
