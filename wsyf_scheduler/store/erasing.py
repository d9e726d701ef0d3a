"""One person's contact details out of people, outbox and ledger: an address becomes its hash, name and phone nothing.

docs/decisions/0013 says what stays: plans and assignments as they are written, and the trail, which names people by
number and is never changed.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

from sqlalchemy import Table, delete, func, or_, select, update

from wsyf_scheduler.core import erased
from wsyf_scheduler.core.message import WAITING, MessageState
from wsyf_scheduler.store import facts, pseudonyms
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import ATTEMPT, EVENT, FACT, MESSAGE, NOTICE, PERSON, REFUSED_ADDRESS, as_json

TEXTS: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (MESSAGE, ("to", "cc", "taken", "payload", "trouble", "dedup", "subject")),
    (ATTEMPT, ("text", "refused")),
    (NOTICE, ("detail",)),
    (FACT, ("value",)),
)
LETTER = (MESSAGE.c.id, MESSAGE.c.raw, MESSAGE.c.raw_hash, MESSAGE.c.to, MESSAGE.c.cc)
PAGE = 200  # letters read at a time
Looked = dict[int, tuple[str | None, bool]]  # letters by id: the hash of their bytes, whether they are of the address
UNSETTLED = [each.value for each in (*WAITING, MessageState.SENDING, MessageState.HELD)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many entries, messages and kept letters were touched; how many events name the address still."""

    entries: int
    messages: int
    letters: int
    old_events: int


def hashed(address: str) -> str:
    """What stands in the place of an erased address."""
    return erased.hashed(address)


def is_known(session: Session, address: str) -> bool:
    """Whether the address was ever entered, as a holder's or a deputy's, or a message was made for it."""
    folded = address.casefold()
    if folded in {each.casefold() for each in pseudonyms.known(session)}:
        return True
    wanted = or_(*(_has(MESSAGE.c[name], address) for name in ("to", "cc")))
    rows = session.execute(select(MESSAGE.c.to, MESSAGE.c.cc).where(wanted)).all()
    return any(folded == each.casefold() for row in rows for text in row for each in json.loads(text or "[]"))


def waiting(session: Session, address: str) -> list[int]:
    """Messages that have not left and name the address."""
    found = session.execute(select(MESSAGE).where(MESSAGE.c.state.in_(UNSETTLED))).mappings()
    names = _Names(session, address)
    return [int(row["id"]) for row in found if any(names.stand_in(row[name]) for name in ("to", "cc", "payload"))]


def speaking(session: Session, address: str, *, after: int) -> tuple[Looked, int | None]:
    """A page of the kept letters after an id: which speak of the address; and the last id, None where none was left.

    Reading them takes long where years of letters are kept: it is done before the write lock is taken.
    """
    query = select(*LETTER).where(MESSAGE.c.raw.is_not(None), MESSAGE.c.id > after).order_by(MESSAGE.c.id)
    names = _Names(session, address)
    rows = session.execute(query.limit(PAGE)).all()
    looked = {int(row.id): (row.raw_hash, _is_of(row, names)) for row in rows}
    return looked, max(looked, default=None)


def erase(session: Session, address: str, looked: Looked | None = None) -> Erased:
    """Replace it everywhere; what is freed is overwritten (SQLite's secure_delete).

    `looked` is what `speaking` found of the letters before; those made since then are read now.
    """
    if session.dialect.name == "sqlite":
        session.exec_driver_sql("PRAGMA secure_delete = ON")
    names = _Names(session, address)
    letters = _let_go(session, names, looked or {})
    touched = {table.name: _replace(session, table, columns, names) for table, columns in TEXTS}
    entries = _entries(session, address)
    same = REFUSED_ADDRESS.c.address == address.casefold()
    if session.execute(select(REFUSED_ADDRESS.c.address).where(same)).first() is not None:
        # refused and erased once before: the later refusal stands for both
        session.execute(delete(REFUSED_ADDRESS).where(REFUSED_ADDRESS.c.address == hashed(address)))
    session.execute(update(REFUSED_ADDRESS).where(same).values(address=hashed(address), text=""))
    old = select(EVENT.c.why, EVENT.c.detail).where(or_(*(_has(EVENT.c[name], address) for name in ("why", "detail"))))
    count = sum(any(map(names.stand_in, row)) for row in session.execute(old).all())
    facts.renew(session, facts.PEOPLE)
    return Erased(entries=entries, messages=touched["message"], letters=letters, old_events=count)


def _entries(session: Session, address: str) -> int:
    own, deputy = (func.lower(PERSON.c[name]) == address.casefold() for name in ("email", "deputy"))
    changed = session.execute(update(PERSON).where(own).values(name="", phone="", email=hashed(address))).rowcount
    return int(changed + session.execute(update(PERSON).where(deputy).values(deputy=hashed(address))).rowcount)


def _has(column: Any, address: str) -> Any:
    either = (address.casefold(), address.casefold().replace("@", "＠"))
    return or_(*(func.lower(column).contains(each, autoescape=True) for each in either))


class _Names:
    """Finds one address in texts, by itself: not within a longer one, as o'neil@ has neil@, that was ever entered."""

    def __init__(self, session: Session, address: str) -> None:
        self.address = address
        folded = address.casefold()
        longer = [each for each in pseudonyms.known(session) if folded in each.casefold() and folded != each.casefold()]
        kept = "|".join(map(pseudonyms.by_itself, longer))
        self._pattern = re.compile(f"(?:{kept or '(?!)'})|({pseudonyms.by_itself(address)})", re.IGNORECASE)

    def stand_in(self, text: str | None) -> bool:
        """Whether a column's text, JSON or not, has the address."""
        return bool(text) and self.without(text or "") != text

    def are_in(self, text: str) -> bool:
        """Whether plain text has the address."""
        return any(match.group(1) for match in self._pattern.finditer(text))

    def without(self, text: str) -> str:
        """A column's text with the hash in the address's place; of JSON each text, where no line break is an n."""
        if not text.startswith(("{", "[")):
            return self._cleaned(text)
        try:
            value = json.loads(text)
        except ValueError:
            return self._cleaned(text)
        cleaned = self._within(value)
        return text if cleaned == value else as_json(cleaned)

    def _within(self, value: object) -> object:
        match value:
            case str():
                return self._cleaned(value)
            case list():
                return [self._within(each) for each in value]
            case dict():
                return {self._cleaned(name): self._within(each) for name, each in value.items()}
            case _:
                return value

    def _cleaned(self, text: str) -> str:
        return self._pattern.sub(lambda match: hashed(self.address) if match.group(1) else match.group(), text)


def _replace(session: Session, table: Table, columns: tuple[str, ...], names: _Names) -> int:
    """How many rows had the address."""
    key, count = next(iter(table.primary_key)), 0
    wanted = or_(*(_has(table.c[name], names.address) for name in columns))
    for row in session.execute(select(key, *(table.c[name] for name in columns)).where(wanted)).all():
        said = zip(columns, row[1:], strict=True)
        texts = {name: names.without(text) for name, text in said if names.stand_in(text)}
        if texts:
            if "dedup" in texts and _is_taken(session, texts["dedup"]):
                texts["dedup"] += f":{row[0]}"  # erased twice on one day, and of two alerts about it
            session.execute(update(table).where(key == row[0]).values(texts))
            count += 1
    return count


def _is_taken(session: Session, dedup: str) -> bool:
    return session.execute(select(MESSAGE.c.id).where(MESSAGE.c.dedup == dedup)).first() is not None


def _let_go(session: Session, names: _Names, looked: Looked) -> int:
    """The bytes of letters that reached the address or speak of it; their hash stays."""
    count = 0
    kept = session.execute(select(MESSAGE.c.id, MESSAGE.c.raw_hash).where(MESSAGE.c.raw.is_not(None))).all()
    for row in kept:
        seen_hash, is_of = looked.get(row.id, (None, False))
        if seen_hash is None or seen_hash != row.raw_hash:  # made, or made anew, since it was looked at
            is_of = _is_of(session.execute(select(*LETTER).where(MESSAGE.c.id == row.id)).one(), names)
        if is_of:
            session.execute(update(MESSAGE).where(MESSAGE.c.id == row.id).values(raw=None))
            count += 1
    return count


def _is_of(row: Any, names: _Names) -> bool:
    reached = json.loads(row.to or "[]") + json.loads(row.cc or "[]")
    return any(each.casefold() == names.address.casefold() for each in reached) or _speaks_of(row.raw, names)


def _speaks_of(raw: bytes, names: _Names) -> bool:
    """Whether a letter to others has the address, as an alert about it has; names stand beside addresses only."""
    data = zlib.decompress(raw)
    if names.are_in(data.decode("utf-8", "replace")):
        return True
    parts = (part.get_payload(decode=True) for part in message_from_bytes(data).walk() if not part.is_multipart())
    return any(isinstance(part, bytes) and names.are_in(part.decode("utf-8", "replace")) for part in parts)
