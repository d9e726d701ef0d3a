"""Importing the State Council's notice of a year (`wsyf calendar import`): working days, and what moves with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from wsyf_scheduler import replanning
from wsyf_scheduler.app import App
from wsyf_scheduler.core.ahead import ahead
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.calendar import ONE_DAY, WorkCalendar, YearNotice
from wsyf_scheduler.core.decide import NOTHING_DECIDED, Decided, landings
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.store import assignments, events, notices, year_notices
from wsyf_scheduler.store.db import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One letter that goes on another day than it would have gone; `nominal_on` is its day before it rolled back."""

    plan_id: str
    key: str
    rung: str
    repeat: int
    letter: str
    from_on: date
    to_on: date
    nominal_on: date

    @property
    def is_rolled_back(self) -> bool:
        """Whether the new day is not the one it was counted to."""
        return self.to_on != self.nominal_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: the days that changed from worked to off and back, and the letters that moved with them.

    `is_known`: the very notice had been imported before, and nothing was changed.
    """

    notice: YearNotice
    is_known: bool
    now_off: tuple[date, ...] = ()
    now_worked: tuple[date, ...] = ()
    moves: tuple[Move, ...] = ()


def act(app: App, now: datetime, *, notice: YearNotice, who: str, file_hash: str) -> Imported:
    """Put a notice in force; idempotent. `file_hash` is the SHA-256 of the file it was read from.

    What was sent stays as it is, and past days are judged by the calendar of their time (`audit.regime`).
    """
    with app.db.begin() as session:
        if year_notices.all_of(session).get(notice.year) == notice:
            return Imported(notice=notice, is_known=True)
        old = {plan_id: tracked.table for plan_id, tracked in app.plans(session).items()}
        before = app.calendar_of(session)
        year_notices.put(session, notice, at=now, who=who)
        new = {plan_id: tracked.table for plan_id, tracked in app.plans(session).items()}
        changed = tuple(_changed(before, app.calendar_of(session), notice.year))
        moves = [move for plan_id in old for move in _moves(session, now, plan_id, old[plan_id], new[plan_id])]
        detail: dict[str, object] = {
            "year": notice.year,
            "off": len(notice.off),
            "working": len(notice.working),
            "moved": len(moves),
            "file": file_hash,
        }
        events.add(session, at=now, who=who, action="calendar_imported", why=notice.source, detail=detail)
        replanning.follow(app, session, now, who=who)
    return Imported(
        notice=notice,
        is_known=False,
        now_off=tuple(day for day in changed if before.is_working(day)),
        now_worked=tuple(day for day in changed if not before.is_working(day)),
        moves=tuple(sorted(moves, key=lambda each: (each.from_on, each.to_on, each.rung, each.repeat, each.key))),
    )


def _changed(before: WorkCalendar, after: WorkCalendar, year: int) -> Iterator[date]:
    """The days a notice of the year may touch that are worked now and were not, or the other way round."""
    day = date(year - 1, 12, 1)
    while day.year <= year:
        if before.is_working(day) != after.is_working(day):
            yield day
        day += ONE_DAY


def _moves(session: Session, now: datetime, plan_id: str, old: Timetable, new: Timetable) -> Iterator[Move]:
    """The letters ahead of what is open and not silent, where their day changes."""
    for items in assignments.pages(session, plan_id):
        speaking = [item for item in items if item.state is State.OPEN and not item.held]
        decided = notices.decided(session, [item.id for item in speaking])
        for item in speaking:
            yield from _of_one(item, decided.get(item.id, NOTHING_DECIDED), now, old, new)


def _of_one(item: Assignment, decided: Decided, now: datetime, old: Timetable, new: Timetable) -> Iterator[Move]:
    """What would go by the old days and goes by the new ones, on another day; what has come due goes at once."""
    if landings(item, old) == landings(item, new):
        return
    due = {(each.rung.name, each.repeat): each for each in ahead(item, decided, new, now)}
    for was in ahead(item, decided, old, now):
        will = due.get((was.rung.name, was.repeat))
        if will is not None and will.on != was.on and was.slot_at > now:
            yield Move(
                plan_id=item.plan_id,
                key=item.key,
                rung=was.rung.name,
                repeat=was.repeat,
                letter=was.rung.letter,
                from_on=was.on,
                to_on=will.on,
                nominal_on=will.nominal_on,
            )
