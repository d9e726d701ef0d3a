"""Versions of plans as they were synced: the exact texts of their files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import PLAN_VERSION, as_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version: `texts` is file name to text."""

    plan_id: str
    version: int
    texts: dict[str, str]
    synced_at: datetime
    who: str


def latest(session: Session, plan_id: str) -> Version | None:
    """The version that is in force, or None where the plan was never synced."""
    table = PLAN_VERSION.c
    query = select(PLAN_VERSION).where(table.plan_id == plan_id).order_by(table.version.desc()).limit(1)
    row = session.execute(query).first()
    if row is None:
        return None
    return Version(
        plan_id=plan_id, version=row.version, texts=json.loads(row.texts), synced_at=row.synced_at, who=row.who
    )


def ids(session: Session) -> list[str]:
    """Every plan ever synced, by id."""
    return list(session.execute(select(PLAN_VERSION.c.plan_id).distinct().order_by(PLAN_VERSION.c.plan_id)).scalars())


def marks(session: Session) -> dict[str, int]:
    """Plan id to the number of its version in force: changes when anything was synced."""
    table = PLAN_VERSION.c
    rows = session.execute(select(table.plan_id, func.max(table.version)).group_by(table.plan_id))
    return {row[0]: row[1] for row in rows}


def first_synced_at(session: Session, plan_id: str) -> datetime | None:
    """When the plan was first tracked, or None."""
    table = PLAN_VERSION.c
    query = select(func.min(table.synced_at)).where(table.plan_id == plan_id)
    found: datetime | None = session.execute(query).scalar()
    return found


def add(session: Session, *, plan_id: str, title: str, zone: str, texts: Mapping[str, str], at: datetime, who: str) -> int:
    """Add the next version; returns its number, from 1."""
    before = latest(session, plan_id)
    version = before.version + 1 if before else 1
    session.execute(
        insert(PLAN_VERSION).values(
            plan_id=plan_id,
            version=version,
            title=title,
            zone=zone,
            texts=as_json(dict(texts)),
            synced_at=at,
            who=who,
        )
    )
    return version
