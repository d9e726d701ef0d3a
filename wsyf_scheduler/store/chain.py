"""Whether the trail is what was once written: every chain walked from its first event to its head, row by row.

A light read: imports sqlite3 and no SQL library. What makes a chain stands in `store.events`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from wsyf_scheduler.store import blame, schema
from wsyf_scheduler.store.glance import PATIENCE, read_only

SAID = ("at", "who", "action", "plan_id", "assignment_id", "message_id", "from_state", "to_state", "why", "detail")
COLUMNS = f"SELECT id, chain, seq, hash, {', '.join(SAID)} FROM event"  # noqa: S608 - our own SQL
IDS = "SELECT id FROM event WHERE chain = ? AND typeof(seq) = 'integer' AND seq > 0 ORDER BY seq"
LOST_PLANS = "SELECT plan_id FROM plan_version EXCEPT SELECT chain FROM event EXCEPT SELECT chain FROM chain_head"
STEP = 10_000  # events between two words to `on_progress`
MOST = 500  # faults told one by one; a trail rewritten as a whole need not be told row by row


class Fault(StrEnum):
    """What is wrong with one event, or with a chain's head."""

    CHANGED = "changed"  # the event's hash does not fit what it says and the event before it
    MISSING = "missing"  # events between two others, or at the end
    REORDERED = "reordered"  # events stand in each other's place
    ADDED = "added"  # the chain's head does not know of it
    HEAD = "head"  # the head is gone, or is not the last event's
    NOTED = "noted"  # a head noted earlier is not in the trail


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One event as it stands in the table; nothing in it is trusted, so nothing is parsed."""

    id: int
    chain: str
    seq: int
    hash: str
    said: tuple[object, ...]  # the values of SAID

    @property
    def at(self) -> str:
        """The instant as it is stored: UTC without an offset."""
        return str(self.said[SAID.index("at")])

    @property
    def action(self) -> str:
        """What was done."""
        return str(self.said[SAID.index("action")])

    def digest(self, before: str) -> str:
        """The hash it should have after the event with the hash `before` (`store.events.digest`)."""
        try:
            text = json.dumps([self.chain, self.seq, *self.said], ensure_ascii=False)
        except TypeError:  # bytes, where the program writes text
            return ""
        return hashlib.sha256(f"{before}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a chain ends: the number and hash of its last event."""

    chain: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One thing that is wrong: events `seq` to `last_seq` of a chain; `row` where there is one to show."""

    fault: Fault
    chain: str
    seq: int
    last_seq: int
    row: Row | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a walk over all chains found; `unnamed` faults were found beyond those kept in `breaks`."""

    events: int
    heads: tuple[Head, ...]
    breaks: tuple[Break, ...]
    unnamed: int = 0


@dataclass(slots=True)
class _Found:
    """What the walk has found so far; `suspects` are rows that do not fit the hash before them."""

    wanted: dict[int, set[str]]
    heads: dict[str, Head] = field(default_factory=dict)
    events: int = 0
    breaks: list[Break] = field(default_factory=list)
    suspects: list[tuple[Row, str]] = field(default_factory=list)
    twisted: list[str] = field(default_factory=list)  # chains whose ids do not rise with the numbers
    astray: set[int] = field(default_factory=set)  # ids of rows that do not stand in the order they were written in
    unnamed: int = 0

    def add(self, fault: Fault, chain: str, seq: int, last_seq: int | None = None, row: Row | None = None) -> None:
        if len(self.breaks) + len(self.suspects) >= MOST:
            self.unnamed += 1
        else:
            last_seq = seq if last_seq is None else last_seq
            self.breaks.append(Break(fault=fault, chain=chain, seq=seq, last_seq=last_seq, row=row))

    def suspect(self, row: Row, before: str) -> None:
        if len(self.breaks) + len(self.suspects) >= MOST:
            self.unnamed += 1
        else:
            self.suspects.append((row, before))


def verify(
    path: Path,
    *,
    expected: Mapping[int, Sequence[str]] | None = None,
    on_progress: Callable[[int], None] | None = None,
    immutable: bool = False,
) -> Verified:
    """Walk every chain of a database of this schema, as it stands at one moment; DatabaseTrouble where it cannot.

    Each event is judged by the stored hash of the one before it, so one changed event is named once, and not all that
    follow. `expected`: event numbers to the beginnings of hashes noted earlier, each to be found in some chain.
    `on_progress` is told how many events were read, every so often. `immutable`: a file nobody writes, perhaps where
    nothing may be written.
    """
    address = read_only(path, immutable=immutable)
    found = _Found(wanted={seq: set(hashes) for seq, hashes in (expected or {}).items()})
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)) as connection:
            connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
            connection.execute("BEGIN")
            heads = {
                str(chain): Head(chain=str(chain), seq=seq, hash=str(digest))
                for chain, seq, digest in connection.execute("SELECT chain, seq, hash FROM chain_head")
            }
            _walk(found, heads, _rows(connection.execute(f"{COLUMNS} ORDER BY chain, seq"), on_progress))
            for chain in found.twisted:
                _look_at_order(found, connection, chain)
            for (plan_id,) in connection.execute(LOST_PLANS).fetchall():
                found.add(Fault.HEAD, str(plan_id), 0)
    except sqlite3.Error as error:
        raise schema.trouble(error, path) from error
    return _judged(found)


def _rows(cursor: sqlite3.Cursor, on_progress: Callable[[int], None] | None = None) -> Iterator[Row]:
    for count, row in enumerate(cursor, start=1):
        event_id, chain, seq, digest, *said = row
        if on_progress is not None and count % STEP == 0:
            on_progress(count)
        yield Row(id=event_id, chain=str(chain), seq=seq, hash=str(digest), said=tuple(said))


def _walk(found: _Found, heads: dict[str, Head], rows: Iterator[Row]) -> None:
    """Chain after chain; then the chains of which nothing but the head is left."""
    walk: _Chain | None = None
    for row in rows:
        found.events += 1
        if walk is None or walk.name != row.chain:
            if walk is not None:
                walk.close()
            walk = _Chain(found, row.chain, heads.pop(row.chain, None))
        walk.take(row)
    if walk is not None:
        walk.close()
    for head in heads.values():
        found.add(Fault.MISSING, head.chain, 1, _number(head.seq))


def _number(seq: object) -> int:
    """A number of the chain; 0 where somebody has put something else there."""
    return seq if isinstance(seq, int) else 0


class _Chain:
    """The walk along one chain."""

    def __init__(self, found: _Found, name: str, head: Head | None) -> None:
        self.name = name
        self._found, self._head = found, head
        self._last: Row | None = None

    def take(self, row: Row) -> None:
        """Judge one event by the one before it."""
        if not isinstance(row.seq, int) or row.seq < 1:
            self._found.add(Fault.ADDED, self.name, _number(row.seq), row=row)
            return
        if self._head is not None and row.seq > _number(self._head.seq) and self._head_stands():
            self._found.add(Fault.ADDED, self.name, row.seq, row=row)
            return
        before = self._last
        if before is not None and row.id < before.id and self.name not in self._found.twisted[-1:]:
            self._found.twisted.append(self.name)
        if row.seq != (before.seq if before else 0) + 1:
            self._found.add(Fault.MISSING, self.name, (before.seq if before else 0) + 1, row.seq - 1)
        elif row.digest(before.hash if before else "") != row.hash:
            self._found.suspect(row, before.hash if before else "")
        wanted = self._found.wanted.get(row.seq)
        if wanted:
            self._found.wanted[row.seq] = {each for each in wanted if not row.hash.startswith(each)}
        self._last = row

    def _head_stands(self) -> bool:
        """Whether the head is that of the event it names: then what comes after it was added."""
        return self._last is not None and self._head is not None and self._last.hash == self._head.hash

    def close(self) -> None:
        """Hold the end of the chain against its head."""
        last, head = self._last, self._head
        if last is None:
            if head is not None:
                self._found.add(Fault.MISSING, self.name, 1, _number(head.seq))
            return
        self._found.heads[self.name] = Head(chain=self.name, seq=last.seq, hash=last.hash)
        if head is None:
            self._found.add(Fault.HEAD, self.name, last.seq, row=last)
        elif _number(head.seq) > last.seq:
            self._close_short(last, head)
        elif (head.seq, head.hash) != (last.seq, last.hash) and not self._is_suspect(last):
            self._found.add(Fault.HEAD, self.name, last.seq, row=last)

    def _close_short(self, last: Row, head: Head) -> None:
        """The head counts further than the events go: the end is missing, or the head's number alone was changed."""
        if head.hash == last.hash:
            self._found.add(Fault.HEAD, self.name, last.seq, row=last)
        else:
            self._found.add(Fault.MISSING, self.name, last.seq + 1, head.seq)

    def _is_suspect(self, row: Row) -> bool:
        """Whether it is the last event that was changed, hash and all, while the head still has what it was."""
        suspects = self._found.suspects
        return bool(suspects) and suspects[-1][0] == row and self._head is not None and self._head.seq == row.seq


def _look_at_order(found: _Found, connection: sqlite3.Connection, chain: str) -> None:
    """Name the events of a chain that do not stand where they were written."""
    ids = [event_id for (event_id,) in connection.execute(IDS, (chain,))]
    for event_id in sorted(blame.astray(ids))[:MOST]:
        found.astray.add(event_id)
        for row in _rows(connection.execute(f"{COLUMNS} WHERE id = ?", (event_id,))):
            found.add(Fault.REORDERED, chain, row.seq, row=row)


def _judged(found: _Found) -> Verified:
    """Of the rows that do not fit, name those that were touched, and not their neighbours."""
    suspects = blame.to_blame(found.suspects, found.astray)
    named = {row.id for row, _before in suspects}
    breaks = [one for one in found.breaks if one.row is None or one.row.id not in named or one.fault is Fault.HEAD]
    for row, before in suspects:
        moved = row.id in found.astray or blame.stands_elsewhere(row, before, suspects)
        fault = Fault.REORDERED if moved else Fault.CHANGED
        breaks.append(Break(fault=fault, chain=row.chain, seq=row.seq, last_seq=row.seq, row=row))
    for seq, hashes in sorted(found.wanted.items()):
        breaks += [Break(fault=Fault.NOTED, chain="", seq=seq, last_seq=seq) for _each in sorted(hashes)]
    return Verified(
        events=found.events,
        heads=tuple(sorted(found.heads.values(), key=lambda head: head.chain)),
        breaks=tuple(sorted(breaks, key=lambda each: (each.chain, each.seq))),
        unnamed=found.unnamed,
    )
