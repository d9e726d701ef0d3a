"""Assignments: what is due for attention, guarded changes, look-ups by key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import ASSIGNMENT, assignment, assignment_values

COLUMN = ASSIGNMENT.c


def plans_due(session: Session, now: datetime) -> list[str]:
    """The plans with an assignment whose next attention has come; reads the index and nothing else."""
    query = select(COLUMN.plan_id).where(COLUMN.next_attention_at <= now).distinct()
    return sorted(session.execute(query).scalars())


def due(session: Session, plan_id: str, now: datetime) -> list[Assignment]:
    """Those of a plan whose next attention has come, by id."""
    mine = (COLUMN.next_attention_at <= now, COLUMN.plan_id == plan_id)
    query = select(ASSIGNMENT).where(*mine).order_by(COLUMN.id)
    return [assignment(row) for row in session.execute(query)]


def next_attention(session: Session) -> datetime | None:
    """The nearest moment any assignment needs attention."""
    found: datetime | None = session.execute(select(func.min(COLUMN.next_attention_at))).scalar()
    return found


def set_attention(session: Session, instants: Iterable[tuple[int, datetime | None]]) -> None:
    """Write when each assignment is to be looked at next."""
    values = [{"key_id": item_id, "at": at} for item_id, at in instants]
    if values:
        query = update(ASSIGNMENT).where(COLUMN.id == bindparam("key_id")).values(next_attention_at=bindparam("at"))
        session.execute(query, values)


def of_plan(session: Session, plan_id: str) -> list[Assignment]:
    """All of a plan, in the order of the plan."""
    query = select(ASSIGNMENT).where(COLUMN.plan_id == plan_id).order_by(COLUMN.position, COLUMN.id)
    return [assignment(row) for row in session.execute(query)]


def by_id(session: Session, item_id: int) -> Assignment | None:
    """One, or None."""
    row = session.execute(select(ASSIGNMENT).where(COLUMN.id == item_id)).first()
    return None if row is None else assignment(row)


def by_ids(session: Session, ids: Sequence[int]) -> dict[int, Assignment]:
    """Several, by id; unknown ones are left out."""
    rows = session.execute(select(ASSIGNMENT).where(COLUMN.id.in_(list(ids))))
    return {row.id: assignment(row) for row in rows}


def by_prefix(session: Session, prefix: str) -> list[Assignment]:
    """Those whose key is the prefix, else those whose key begins with it, by key."""
    exact = session.execute(select(ASSIGNMENT).where(COLUMN.key == prefix)).all()
    if exact:
        return [assignment(row) for row in exact]
    end = prefix + "\U0010ffff"
    query = select(ASSIGNMENT).where(COLUMN.key >= prefix, COLUMN.key < end).order_by(COLUMN.key)
    return [assignment(row) for row in session.execute(query)]


def keys(session: Session) -> list[str]:
    """Every key, for `did you mean`."""
    return list(session.execute(select(COLUMN.key).order_by(COLUMN.key)).scalars())


def of_task(session: Session, plan_id: str, task: str) -> list[Assignment]:
    """The assignments of `period/number`."""
    period, _, number = task.partition("/")
    query = select(ASSIGNMENT).where(COLUMN.plan_id == plan_id, COLUMN.period == period, COLUMN.number == number)
    return [assignment(row) for row in session.execute(query)]


def insert_all(session: Session, items: Iterable[Assignment]) -> None:
    """Enter assignments; their ids are given by the database."""
    values = [assignment_values(item) for item in items]
    if values:
        session.execute(insert(ASSIGNMENT), values)


def change(session: Session, before: Assignment, **values: Any) -> bool:
    """Change columns, guarded by the state and due day read before; False where another process was faster."""
    changed = session.execute(
        update(ASSIGNMENT)
        .where(COLUMN.id == before.id, COLUMN.state == before.state.value, COLUMN.due_on == before.due_on)
        .values(**values)
    )
    return changed.rowcount == 1
