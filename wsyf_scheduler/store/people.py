"""Posts and who holds them; the database is the truth, a file is only imported."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete, insert, select

from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import PERSON, holder

ALL = Prepared(select(PERSON).order_by(PERSON.c.id))


def all_of(session: Session) -> list[Holder]:
    """Every holder, past ones too, in the order they were entered."""
    return [holder(row) for row in ALL.rows(session)]


def add(session: Session, item: Holder) -> None:
    """Enter a holder."""
    session.execute(insert(PERSON).values(**asdict(item)))


def replace(session: Session, old: Holder, new: Holder) -> None:
    """Put `new` in the place of `old`."""
    remove(session, old)
    add(session, new)


def remove(session: Session, item: Holder) -> None:
    """Take out a holder."""
    match = [getattr(PERSON.c, name) == value for name, value in asdict(item).items()]
    session.execute(delete(PERSON).where(*match))
