"""Posts and who holds them; the database is the truth, a file is only imported."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, insert, or_, select, update

from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.store import facts
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import PERSON, holder

COLUMN = PERSON.c
AT: BindParameter[Any] = bindparam("at")
ALL = Prepared(select(PERSON).where(COLUMN.retired_at.is_(None)).order_by(COLUMN.id))
AS_OF = Prepared(
    select(PERSON)
    .where(
        or_(COLUMN.recorded_at.is_(None), COLUMN.recorded_at <= AT),
        or_(COLUMN.retired_at.is_(None), COLUMN.retired_at > AT),
    )
    .order_by(COLUMN.id)
)


def all_of(session: Session) -> list[Holder]:
    """Every holder, past ones too, as the office knows them now, in the order they were entered."""
    return [holder(row) for row in ALL.rows(session)]


def as_of(session: Session, at: datetime) -> list[Holder]:
    """Every holder as the office knew them at an instant."""
    return [holder(row) for row in AS_OF.rows(session, {"at": at})]


def add(session: Session, item: Holder, now: datetime) -> None:
    """Enter a holder."""
    session.execute(insert(PERSON).values(**asdict(item), recorded_at=now))
    facts.renew(session, facts.PEOPLE)


def replace(session: Session, old: Holder, new: Holder, now: datetime) -> None:
    """Put `new` in the place of `old`, which stays as what was known until now."""
    remove(session, old, now)
    add(session, new, now)


def remove(session: Session, item: Holder, now: datetime) -> None:
    """Take out a holder; the row stays, as what was known until now."""
    match = [getattr(COLUMN, name) == value for name, value in asdict(item).items()]
    session.execute(update(PERSON).where(COLUMN.retired_at.is_(None), *match).values(retired_at=now))
    facts.renew(session, facts.PEOPLE)
