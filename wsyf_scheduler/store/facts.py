"""What the database knows of itself, by name."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import FACT

REHEARSAL = "rehearsal"
LAST_TICK_AT = "last_tick_at"
REGIME = "regime"
HOST = "host"
PEOPLE = "people"
CALENDAR = "calendar"

GET = Prepared(select(FACT.c.value).where(FACT.c.name == bindparam("wanted")))
SET = Prepared(update(FACT).where(FACT.c.name == bindparam("wanted")).values(value=bindparam("new")))


def get(session: Session, name: str) -> str | None:
    """The value, or None."""
    value = GET.value(session, {"wanted": name})
    return None if value is None else str(value)


def put(session: Session, name: str, value: str) -> None:
    """Set the value."""
    if SET.run(session, {"wanted": name, "new": value}) == 0:
        session.execute(insert(FACT), {"name": name, "value": value})


def forget(session: Session, name: str) -> None:
    """Know it no longer."""
    session.execute(delete(FACT).where(FACT.c.name == name))


def renew(session: Session, name: str) -> None:
    """Give a fact a value it never had: what was read under the old one is out of date, for every process."""
    put(session, name, secrets.token_hex(8))


def is_rehearsal(session: Session) -> bool:
    """Whether the clock of this database may be set by `--at`."""
    return get(session, REHEARSAL) == "yes"


def last_tick(session: Session) -> datetime | None:
    """The instant of the last tick, or None."""
    value = get(session, LAST_TICK_AT)
    return None if value is None else datetime.fromisoformat(value)
