"""What follows from an act on an assignment: letters that will not go, letters that will, who is told, what comes next.

Told from the assignment before and after, so that a dry run can say it too. Imports app, drafting, telling and store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from wsyf_scheduler.app import App
from wsyf_scheduler.core.ahead import ahead
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.decide import NOTHING_DECIDED
from wsyf_scheduler.core.ladder import Landing, Timetable
from wsyf_scheduler.core.message import MessageRow
from wsyf_scheduler.core.people import Post, Reader
from wsyf_scheduler.staleness import stale
from wsyf_scheduler.store import acted, assignments, notices, outbox
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import asked_for_at, told_last

LIVE = (State.OPEN, State.SUBMITTED)


class Ahead(NamedTuple):
    """One letter of the ladder that lies ahead: the day it goes, its slot, and on which rung."""

    on: date
    slot_at: datetime
    letter: str
    rung: str
    repeat: int


class Waiting(NamedTuple):
    """A letter of the ladder that waits in the outbox and will not say a word of the assignment."""

    message_id: int
    letter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who is told of the act: the letter, its readers as the posts are held today, and from when on it leaves."""

    letter: str
    to: tuple[Reader, ...]
    cc: tuple[Reader, ...]
    leaves_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What follows from one act. `ahead` is what lies ahead now, `owed` what the department owes next."""

    before: Assignment
    after: Assignment
    today: date
    falls_away: tuple[Ahead, ...]
    comes: tuple[Ahead, ...]
    dropped: tuple[Waiting, ...]
    told: Told | None
    ahead: tuple[Ahead, ...]
    owed: Assignment | None


def follow(
    app: App, session: Session, now: datetime, before: Assignment, after: Assignment, letter: str | None
) -> Following:
    """What follows where an assignment went from `before` to `after`, and `letter` (or none) tells its department."""
    table = app.plans(session)[after.plan_id].table
    decided = notices.decided(session, [after.id]).get(after.id, NOTHING_DECIDED)
    was, is_now = ([_told_of(each) for each in ahead(item, decided, table, now)] for item in (before, after))
    today = table.hours.day_of(now)
    return Following(
        before=before,
        after=after,
        today=today,
        falls_away=tuple(each for each in was if each not in is_now),
        comes=tuple(each for each in is_now if each not in was),
        dropped=tuple(_dropped(session, before, after, today)),
        told=None if letter is None else _told(app, session, now, after, letter, table),
        ahead=tuple(is_now),
        owed=None if is_now else assignments.next_owed(session, after),
    )


def _told_of(landing: Landing) -> Ahead:
    return Ahead(landing.on, landing.slot_at, landing.rung.letter, landing.rung.name, landing.repeat)


def _dropped(session: Session, before: Assignment, after: Assignment, today: date) -> Iterable[Waiting]:
    """Letters that wait with a row about it that stood before and does not stand any more."""
    for message_id, letter, row in acted.waiting_rows(session, after.id):
        if _stands(letter, before, row, today) and not _stands(letter, after, row, today):
            yield Waiting(message_id, letter)


def _stands(letter: str, item: Assignment, row: MessageRow, today: date) -> bool:
    return stale(letter, item, row, today) is None


def _told(app: App, session: Session, now: datetime, item: Assignment, letter: str, table: Timetable) -> Told:
    by_hand = letter == "reminder"
    roles = () if by_hand else told_last(notices.earlier(session, [item.id])[item.id])
    addressed = app.roster(session).address(
        [Post("liaison", item.department)], _posts(item.department, roles), table.hours.day_of(now)
    )
    leaves_at = asked_for_at(table, now) if by_hand else _leaves_at(app, session, now, item, letter)
    return Told(letter=letter, to=addressed.to, cc=addressed.cc, leaves_at=leaves_at)


def _posts(department: str, roles: Sequence[str]) -> list[Post]:
    return [Post(role, department if role in ("liaison", "convener") else "") for role in roles]


def _leaves_at(app: App, session: Session, now: datetime, item: Assignment, letter: str) -> datetime:
    """When the message that waits leaves; where it was rolled back, when it would have."""
    message_id = outbox.waiting_like(session, plan_id=item.plan_id, letter=letter, department=item.department)
    waits_until = None if message_id is None else acted.not_before(session, message_id)
    return waits_until or now + app.receipt_delay
