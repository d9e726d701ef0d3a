"""The audit itself: page by page, every assignment's life replayed and held against the ledger.

Reads through store alone; changes nothing. Imports store, files and the rest of audit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from wsyf_scheduler.audit import mails, planned
from wsyf_scheduler.audit.background import Background, read
from wsyf_scheduler.audit.finding import Finding, Kind, order
from wsyf_scheduler.audit.mails import Ledger
from wsyf_scheduler.audit.replay import replay, signature
from wsyf_scheduler.config import Config
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.life import Life, differences, live
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.store import assignments, history, ledger
from wsyf_scheduler.store.db import Session

PAGE = 500  # assignments held in memory at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What was examined, and what was found; `first_at` is the first sync of any plan, None where there is none."""

    first_at: datetime | None
    until_at: datetime
    assignments: int
    letters: int
    findings: tuple[Finding, ...]


def whole(session: Session, config: Config, now: datetime, plan_id: str | None = None) -> Audited:
    """Examine everything there ever was, or all of one plan."""
    back = read(session, config, now, whole=True)
    if plan_id is not None:
        back = replace(back, versions={each: known for each, known in back.versions.items() if each == plan_id})
    desk = _Desk(session, back)
    for items in history.pages(session, size=PAGE):
        desk.examine(items)
    return desk.result(letters=ledger.letters(session, plan_id), complete=True, after=0)


def some(session: Session, config: Config, now: datetime, ids: Iterable[int], *, after: int, every: bool) -> Audited:
    """Examine these assignments, and mail with a higher id than `after` that is about nothing.

    `every`: these are all there are.
    """
    desk = _Desk(session, read(session, config, now, whole=every))
    wanted = sorted(ids)
    for first in range(0, len(wanted), PAGE):
        desk.examine(list(assignments.by_ids(session, wanted[first : first + PAGE]).values()))
    return desk.result(letters=len(desk.letters), complete=every, after=after)


@dataclass(slots=True)
class _Desk:
    """Work in hand: what was found so far, and the mail that was looked at."""

    session: Session
    back: Background
    found: list[Finding] = field(default_factory=list)
    letters: set[int] = field(default_factory=set)
    lives: dict[str, list[tuple[Assignment, Life]]] = field(default_factory=dict)
    clean: set[int] = field(default_factory=set)  # signatures of lives found without fault
    count: int = 0

    def examine(self, items: Sequence[Assignment]) -> None:
        """Examine some assignments, and the mail about them that was not looked at yet."""
        ids = [item.id for item in items]
        events, lines = history.events_of(self.session, ids), ledger.lines_about(self.session, ids)
        mail = self._ledger({line.message_id for each in lines.values() for line in each if line.message_id})
        off = frozenset(each.id for each in mail.mails.values() if each.state is MessageState.DISCARDED)
        for item in items:
            if item.plan_id not in self.back.versions:
                continue
            self.count += 1
            own = lines.get(item.id, [])
            if item.id not in events:
                self.found.append(self._of_row(item, Kind.NO_TRAIL))
                continue
            life = live(item, events[item.id], partial(self.back.day, item.plan_id))
            self.lives.setdefault(item.plan_id, []).append((item, life))
            self.found += self._row(item, life)
            alike = signature(life, own, off)
            if alike not in self.clean:
                wrong = replay(self.back, life, own, off)
                self.found += wrong
                self.clean |= set() if wrong else {alike}
            for line in own:
                self.found += mails.fate(self.back, life, line, own, mail)
        self.found += self._envelopes(mail, {item.id: item.key for item in items})

    def result(self, *, letters: int, complete: bool, after: int) -> Audited:
        """All that was found, in order. Where all was examined, the plans' files are held against it too."""
        self.found += self._rowless(after)
        if complete:
            for plan_id in self.back.versions:
                self.found += planned.untracked(self.session, self.back, plan_id, self.lives.get(plan_id, []))
        synced = [version.synced_at for each in self.back.versions.values() for version in each]
        return Audited(
            first_at=min(synced, default=None),
            until_at=self.back.now,
            assignments=self.count,
            letters=letters,
            findings=tuple(sorted(self.found, key=order)),
        )

    def _ledger(self, message_ids: set[int]) -> Ledger:
        ids = sorted(message_ids)
        found = ledger.mails(self.session, ids)
        off = [mail.id for mail in found.values() if mail.state is MessageState.DISCARDED]
        return Ledger(
            mails=found,
            rows=ledger.lines_in(self.session, [each for each in ids if each not in self.letters]),
            proofs=ledger.proofs(self.session, ids),
            discards=ledger.discards(self.session, off) if off else {},
        )

    def _row(self, item: Assignment, life: Life) -> Iterator[Finding]:
        """An assignment that is not as its events tell: somebody changed it behind the program's back."""
        wrong = differences(item, life.present)
        if wrong:
            expected = {name: told or None for name, (told, _stands) in wrong.items()}
            stands = {name: stands or None for name, (_told, stands) in wrong.items()}
            yield self._of_row(item, Kind.CHANGED, expected=expected, found=stands)

    def _of_row(
        self,
        item: Assignment,
        kind: Kind,
        *,
        expected: Mapping[str, object] | None = None,
        found: Mapping[str, object] | None = None,
    ) -> Finding:
        now = self.back.now
        return Finding(
            kind=kind,
            plan_id=item.plan_id,
            key=item.key,
            on=self.back.day(item.plan_id, now),
            at=now,
            expected=dict(expected or {}),
            found=dict(found or {}),
        )

    def _envelopes(self, known: Ledger, keys: dict[int, str]) -> Iterator[Finding]:
        for message_id, rows in known.rows.items():
            mail = known.mails.get(message_id)
            if mail is not None and mail.plan_id in self.back.versions:
                key = next((keys[row.assignment_id] for row in rows if row.assignment_id in keys), "")
                yield from mails.envelope(self.back, mail, rows, key, known)
                self.letters.add(message_id)

    def _rowless(self, after: int) -> Iterator[Finding]:
        for mail in ledger.mails(self.session, ledger.rowless(self.session, after)).values():
            if mail.plan_id in self.back.versions:
                yield mails.no_row(self.back, mail)
