"""One person's contact details out of every table but the trail: an address becomes its hash, name and phone nothing.

docs/decisions/0013 says what stays. The trail names people by number and is never changed.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

from sqlalchemy import Table, func, or_, select, update

from wsyf_scheduler.core import erased
from wsyf_scheduler.core.message import WAITING, MessageState
from wsyf_scheduler.store import facts
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import ATTEMPT, EVENT, FACT, MESSAGE, NOTICE, PERSON, REFUSED_ADDRESS

TEXTS: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (MESSAGE, ("to", "cc", "taken", "payload", "trouble", "dedup", "subject")),
    (ATTEMPT, ("text", "refused")),
    (NOTICE, ("detail",)),
    (FACT, ("value",)),
)
UNSETTLED = [each.value for each in (*WAITING, MessageState.SENDING, MessageState.HELD)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many entries, messages and kept letters were touched; events of earlier versions that still name them."""

    entries: int
    messages: int
    letters: int
    old_events: int


def hashed(address: str) -> str:
    """What stands in the place of an erased address."""
    return erased.hashed(address)


def waiting(session: Session, address: str) -> list[int]:
    """Messages that have not left and name the address."""
    found = session.execute(select(MESSAGE).where(MESSAGE.c.state.in_(UNSETTLED))).mappings()
    return [
        int(row["id"]) for row in found if any(_finder(address)(row[name] or "") for name in ("to", "cc", "payload"))
    ]


def erase(session: Session, address: str) -> Erased:
    """Replace it everywhere; what is freed is overwritten (SQLite's secure_delete)."""
    if session.dialect.name == "sqlite":
        session.exec_driver_sql("PRAGMA secure_delete = ON")
    letters = _let_go(session, address)
    touched = {table.name: _replace(session, table, columns, address) for table, columns in TEXTS}
    entries = _entries(session, address)
    same = REFUSED_ADDRESS.c.address == address.casefold()
    session.execute(update(REFUSED_ADDRESS).where(same).values(address=hashed(address), text=""))
    old = select(func.count()).where(or_(*(_has(EVENT.c[name], address) for name in ("why", "detail"))))
    count = int(session.execute(old).scalar_one())
    facts.renew(session, facts.PEOPLE)
    return Erased(entries=entries, messages=touched["message"], letters=letters, old_events=count)


def _entries(session: Session, address: str) -> int:
    own, deputy = (func.lower(PERSON.c[name]) == address.casefold() for name in ("email", "deputy"))
    changed = session.execute(update(PERSON).where(own).values(name="", phone="", email=hashed(address))).rowcount
    return int(changed + session.execute(update(PERSON).where(deputy).values(deputy=hashed(address))).rowcount)


def _has(column: Any, address: str) -> Any:
    return func.lower(column).contains(address.casefold(), autoescape=True)


def _finder(address: str) -> Callable[[str], re.Match[str] | None]:
    return _pattern(address).search


def _pattern(address: str) -> re.Pattern[str]:
    """The address by itself, not as the end or beginning of a longer one."""
    return re.compile(rf"(?<![A-Za-z0-9._%+-]){re.escape(address)}(?![A-Za-z0-9-]|\.[A-Za-z0-9])", re.IGNORECASE)


def _replace(session: Session, table: Table, columns: tuple[str, ...], address: str) -> int:
    key, pattern = next(iter(table.primary_key)), _pattern(address)
    wanted = or_(*(_has(table.c[name], address) for name in columns))
    rows = session.execute(select(key, *(table.c[name] for name in columns)).where(wanted)).all()
    for row in rows:
        texts = {name: pattern.sub(hashed(address), text) for name, text in zip(columns, row[1:], strict=True) if text}
        session.execute(update(table).where(key == row[0]).values(texts))
    return len(rows)


def _let_go(session: Session, address: str) -> int:
    """The bytes of letters that reached the address or speak of it; their hash stays."""
    count = 0
    query = select(MESSAGE.c.id, MESSAGE.c.raw, MESSAGE.c.to, MESSAGE.c.cc).where(MESSAGE.c.raw.is_not(None))
    for row in session.execute(query).all():
        reached = json.loads(row.to or "[]") + json.loads(row.cc or "[]")
        if any(each.casefold() == address.casefold() for each in reached) or _speaks_of(row.raw, address):
            session.execute(update(MESSAGE).where(MESSAGE.c.id == row.id).values(raw=None))
            count += 1
    return count


def _speaks_of(raw: bytes, address: str) -> bool:
    """Whether a letter to others has the address, as an alert about it has; names stand beside addresses only."""
    data, find = zlib.decompress(raw), _finder(address)
    if find(data.decode("utf-8", "replace")):
        return True
    parts = (part.get_payload(decode=True) for part in message_from_bytes(data).walk() if not part.is_multipart())
    return any(isinstance(part, bytes) and find(part.decode("utf-8", "replace")) for part in parts)
