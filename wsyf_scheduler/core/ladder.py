"""The ladder (催办阶梯) as values, and the days its rungs land on (RULES.md §3). Pure.

A Timetable binds a ladder to a calendar and sending hours and remembers what it has worked out, since many
assignments share a due day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import assert_never

from wsyf_scheduler.core.calendar import ONE_DAY, Hours, WorkCalendar

DEPARTMENT_ROLES = ("liaison", "convener")
PLAN_ROLES = ("director", "chief", "coordinator")
ROLES = DEPARTMENT_ROLES + PLAN_ROLES
LEADERS = ("director", "chief")
LADDER_LETTERS = ("start", "reminder", "chaser", "escalation")
NEXT_HIGHER = {"liaison": "convener", "convener": "director", "director": "chief", "chief": "coordinator"}


@dataclass(frozen=True, slots=True)
class Start:
    """The first slot at or after the later of period start and the moment tracking began."""


@dataclass(frozen=True, slots=True)
class CalendarDays:
    """So many calendar days after the due day (negative: before; 0: the due day), rolled back."""

    n: int


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """So many working days after the due day (negative: before), counted from the due day itself."""

    n: int


@dataclass(frozen=True, slots=True)
class Every:
    """Every n working days after another rung, `times` times, numbered from 1."""

    n: int
    after: str
    times: int


When = Start | CalendarDays | WorkingDays | Every


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One rung: when it lands, which letter it sends, to which roles; `briefing` are leaders who get a row."""

    name: str
    when: When
    letter: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    briefing: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()  # empty: all kinds
    except_kinds: tuple[str, ...] = ()

    def serves(self, kind: str) -> bool:
        """Whether tasks of this kind climb this rung."""
        return (not self.kinds or kind in self.kinds) and kind not in self.except_kinds


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs in the order of the table; a later one wins in one slot."""

    rungs: tuple[Rung, ...]

    def rung(self, name: str) -> Rung | None:
        """The rung of that name, or None."""
        return next((rung for rung in self.rungs if rung.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """A rung as it lands for one due day: `repeat` counts from 1 on Every and is 0 elsewhere.

    `rank` is its place in the table. `counted_from` is the day it was counted from: the due day, or the day an
    overdue assignment was released, reopened or taken over. `nominal_on` is the day before it was rolled back.
    """

    rung: Rung
    repeat: int
    rank: int
    on: date
    nominal_on: date
    counted_from: date
    slot_at: datetime


@dataclass(slots=True)
class Timetable:
    """A ladder bound to a calendar and hours; answers where each rung lands."""

    ladder: Ladder
    calendar: WorkCalendar
    hours: Hours
    _landings: dict[tuple[str, date, date], tuple[Landing, ...]] = field(default_factory=dict, repr=False)
    _starts: dict[tuple[str, date, datetime, date], Landing | None] = field(default_factory=dict, repr=False)

    def landings(self, kind: str, due_on: date, counted_from: date) -> tuple[Landing, ...]:
        """Where every rung but `start` lands, in the order of the table.

        `counted_from` is the day overdue rungs count from: the due day, unless the ladder was taken up again late.
        """
        key = (kind, due_on, counted_from)
        if key not in self._landings:
            self._landings[key] = tuple(self._compute(kind, due_on, counted_from))
        return self._landings[key]

    def start(self, kind: str, begins_on: date, tracked_from: datetime, due_on: date) -> Landing | None:
        """Where `start` lands: the first slot at or after the later of period start and the start of tracking."""
        key = (kind, begins_on, tracked_from, due_on)
        if key not in self._starts:
            self._starts[key] = self._start(*key)
        return self._starts[key]

    def _start(self, kind: str, begins_on: date, tracked_from: datetime, due_on: date) -> Landing | None:
        for rank, rung in enumerate(self.ladder.rungs):
            if isinstance(rung.when, Start) and rung.serves(kind):
                slot_at = self.hours.first_slot(max(self.hours.midnight(begins_on), tracked_from), self.calendar)
                on = self.hours.day_of(slot_at)
                return Landing(
                    rung=rung, repeat=0, rank=rank, on=on, nominal_on=on, counted_from=due_on, slot_at=slot_at
                )
        return None

    def _compute(self, kind: str, due_on: date, counted_from: date) -> list[Landing]:
        found = []
        for rank, rung in enumerate(self.ladder.rungs):
            if rung.serves(kind) and not isinstance(rung.when, Start):
                base = counted_from if self._is_after_due(rung) else due_on
                for repeat, nominal_on, on in self._days(rung, base):
                    slot_at = self.hours.slot(on)
                    found.append(
                        Landing(
                            rung=rung,
                            repeat=repeat,
                            rank=rank,
                            on=on,
                            nominal_on=nominal_on,
                            counted_from=base,
                            slot_at=slot_at,
                        )
                    )
        return found

    def _is_after_due(self, rung: Rung) -> bool:
        """Whether the rung counts forward from the due day, so that a late start of the ladder moves it."""
        match rung.when:
            case Start():
                return False
            case CalendarDays(n) | WorkingDays(n):
                return n > 0
            case Every():
                base = self.ladder.rung(rung.when.after)
                return base is not None and self._is_after_due(base)
            case _:
                assert_never(rung.when)

    def _days(self, rung: Rung, base: date) -> list[tuple[int, date, date]]:
        """(repeat, nominal day, day) for each landing of a rung counted from `base`."""
        match rung.when:
            case Start():
                return []
            case CalendarDays(n):
                nominal_on = base + n * ONE_DAY
                return [(0, nominal_on, self.calendar.roll_back(nominal_on))]
            case WorkingDays(n):
                on = self.calendar.nth(base, n)
                return [(0, on, on)]
            case Every(n, after, times):
                origin = self.ladder.rung(after)
                days = self._days(origin, base) if origin else []
                return self._repeats(days[-1][2], n, times) if days else []
            case _:
                assert_never(rung.when)

    def _repeats(self, day: date, n: int, times: int) -> list[tuple[int, date, date]]:
        found = []
        for repeat in range(1, times + 1):
            day = self.calendar.nth(day, n)
            found.append((repeat, day, day))
        return found
