"""Addresses a server refused for good, until they are mended: whoever reads there cannot be told (RULES.md §3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from wsyf_scheduler.store import facts
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import REFUSED_ADDRESS

COLUMN = REFUSED_ADDRESS.c
ALL = Prepared(select(COLUMN.address))
SINCE = Prepared(select(COLUMN.address, COLUMN.since_at).order_by(COLUMN.address))
FIND = Prepared(select(COLUMN.address).where(COLUMN.address == bindparam("wanted")))
OF_MESSAGE = Prepared(select(COLUMN.address).where(COLUMN.message_id == bindparam("message")))
ADD = Prepared(insert(REFUSED_ADDRESS))
CLEAR = Prepared(delete(REFUSED_ADDRESS).where(COLUMN.address == bindparam("wanted")))


def all_of(session: Session) -> frozenset[str]:
    """Every address that is refused, folded to lower case."""
    return frozenset(str(row[0]) for row in ALL.rows(session))


def since(session: Session) -> dict[str, datetime]:
    """The same, and since when each is refused."""
    return {str(address): since_at for address, since_at in SINCE.rows(session)}


def mark(session: Session, address: str, *, code: int, text: str, message_id: int, now: datetime) -> bool:
    """Remember that a server refused an address for good; False where that was known."""
    folded = address.casefold()
    if FIND.value(session, {"wanted": folded}) is not None:
        return False
    ADD.run(session, {"address": folded, "since_at": now, "code": code, "text": text, "message_id": message_id})
    facts.renew(session, facts.PEOPLE)
    return True


def of_messages(session: Session, message_ids: Iterable[int]) -> set[str]:
    """The addresses that were marked on account of these messages."""
    return {str(row[0]) for each in message_ids for row in OF_MESSAGE.rows(session, {"message": each})}


def clear(session: Session, addresses: Iterable[str]) -> int:
    """Forget refusals: the addresses are to be tried again. Returns how many were known."""
    count = sum(CLEAR.run(session, {"wanted": address.casefold()}) for address in addresses)
    if count:
        facts.renew(session, facts.PEOPLE)
    return count
