"""How the trail names people: by the number of their first entry, an unknown address by a keyed hash; never by address.

docs/decisions/0013 says why. The key lies in the database and nowhere else.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from sqlalchemy import bindparam, func, select

from wsyf_scheduler.store import facts
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import PERSON

KEY = "address_key"
DIGITS = 10
ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[\w-]+(?:\.[\w-]+)+")
FIRST = Prepared(select(func.min(PERSON.c.id)).where(func.lower(PERSON.c.email) == bindparam("address")))


def number(session: Session, address: str) -> int | None:
    """The number of the first entry of this address in the list of holders, which it keeps; None where it has none."""
    found = FIRST.value(session, {"address": address.casefold()})
    return None if found is None else int(found)


def of(session: Session, address: str) -> int | str:
    """What the trail calls an address: a person's number, or `address:` and a hash no list of addresses can undo."""
    found = number(session, address)
    return f"address:{_hashed(session, address)}" if found is None else found


def masked(session: Session, text: str) -> str:
    """The text with each mail address in it replaced by what the trail calls it: `person:7`, `address:3f2a9c0b1d`."""
    if "@" not in text:
        return text
    return ADDRESS.sub(lambda match: _word(of(session, match.group().strip("'."))), text)


def _word(name: int | str) -> str:
    return f"person:{name}" if isinstance(name, int) else name


def _hashed(session: Session, address: str) -> str:
    key = facts.get(session, KEY)
    if key is None:
        key = secrets.token_hex(16)
        facts.put(session, KEY, key)
    return hmac.new(bytes.fromhex(key), address.casefold().encode(), hashlib.sha256).hexdigest()[:DIGITS]
