"""How the trail names people: by the number of their first entry, an unknown address by a keyed hash; never by address.

docs/decisions/0013 says why. The key lies in the database and nowhere else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets

from sqlalchemy import bindparam, func, select, union

from wsyf_scheduler.core.life import SET
from wsyf_scheduler.store import facts
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import PERSON, as_json

KEY = "address_key"
DIGITS = 10
WORD = r"[A-Za-z0-9._%+-]"  # what a local part mostly is; "=", "/" and the like may also divide an address from words
START = rf"(?<!{WORD})(?<!{WORD}')"  # not within a longer address: o'neil@ has no neil@, 'neil@' in quotes is one
END = r"(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"
LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]"
LABEL = r"[A-Za-z0-9_-]*[A-Za-z0-9_]"  # ASCII: Chinese words follow an address without a space
ADDRESS = rf"{LOCAL}+[@＠](?:{LABEL}\.)+{LABEL}"
WHOLE = re.compile(ADDRESS)
ODD = re.compile(r"[@＠](?:[A-Za-z0-9_.-]*[^\x00-\x7f]|[A-Za-z0-9_-]+(?!\.?[A-Za-z0-9_-]))")  # may be more than ADDRESS
DIVIDED = re.compile(rf"[^A-Za-z0-9._%+'-]|(?<!{WORD})'")
KEPT = (SET, "before")  # of an event's detail: days, states and ids, which the program reads back
FIRST = Prepared(select(func.min(PERSON.c.id)).where(func.lower(PERSON.c.email) == bindparam("address")))
KNOWN = Prepared(union(select(PERSON.c.email), select(PERSON.c.deputy)))


def number(session: Session, address: str) -> int | None:
    """The number of the first entry of this address in the list of holders, which it keeps; None where it has none."""
    found = FIRST.value(session, {"address": address.casefold()})
    return None if found is None else int(found)


def of(session: Session, address: str) -> int | str:
    """What the trail calls an address: a person's number, or `address:` and a hash no list of addresses can undo."""
    found = number(session, address)
    return f"address:{_hashed(session, address)}" if found is None else found


def known(session: Session) -> list[str]:
    """Every address ever entered, of a holder or a deputy, longest first; not those that were erased."""
    found = {str(row[0]) for row in KNOWN.rows(session)}
    return sorted((each for each in found if "@" in each), key=lambda each: (-len(each), each))


def by_itself(address: str) -> str:
    """The pattern of an address that is not the end or the beginning of a longer one; the @ may be full-width."""
    return START + re.escape(address).replace("@", "[@＠]") + END


def masked(session: Session, text: str) -> str:
    """The text with each mail address in it replaced by what the trail calls it: `person:7`, `address:3f2a9c0b1d`.

    An address whose domain is not ASCII is seen only where it was ever entered: nobody can tell where it ends.
    """
    if not _may_name(text):
        return text
    odd = [each for each in known(session) if not WHOLE.fullmatch(each)] if ODD.search(text) else []
    pattern = "|".join([*map(by_itself, odd), ADDRESS])
    return re.sub(pattern, lambda match: _named(session, match.group()), text, flags=re.IGNORECASE)


def masked_detail(session: Session, detail: str) -> str:
    """The same for what an event says besides, as JSON: every text in it but what the program reads back (KEPT)."""
    if not _may_name(detail):
        return detail
    said: dict[str, object] = json.loads(detail)
    return as_json({name: each if name in KEPT else _within(session, each) for name, each in said.items()})


def _within(session: Session, value: object) -> object:
    match value:
        case str():
            return masked(session, value)
        case list():
            return [_within(session, each) for each in value]
        case dict():
            return {masked(session, name): _within(session, each) for name, each in value.items()}
        case _:
            return value


def _may_name(text: str) -> bool:
    return "@" in text or "＠" in text


def _named(session: Session, found: str) -> str:
    """What stands in the place of a match; words divided from the address stay: `rcpt=a@county.example`."""
    local, _at, domain = found.replace("＠", "@").partition("@")
    for start in (0, *(mark.end() for mark in DIVIDED.finditer(local))):
        person = number(session, f"{local[start:]}@{domain}")
        if person is not None:
            return f"{local[:start]}person:{person}"
    alone = local.rpartition("=")[2].lstrip("'`*/|{.") or local
    return f"{local.removesuffix(alone)}{of(session, f'{alone}@{domain}')}"


def _hashed(session: Session, address: str) -> str:
    key = facts.get(session, KEY)
    if key is None:
        key = secrets.token_hex(16)
        facts.put(session, KEY, key)
    return hmac.new(bytes.fromhex(key), address.casefold().encode(), hashlib.sha256).hexdigest()[:DIGITS]
