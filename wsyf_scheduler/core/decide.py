"""Which letter is owed now for one assignment, to which roles, and why, or why none (RULES.md §3).

Pure: what was decided before is handed in, the answer is a value with a reason, and the caller records both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.calendar import ONE_DAY
from wsyf_scheduler.core.ladder import Landing, Start, Timetable


class Verdict(StrEnum):
    """What became of one rung for one receiver."""

    NOTIFY = "notify"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"


class Reason(StrEnum):
    """Why a letter goes, or why none; stored, logged and shown by `wsyf explain`."""

    DUE = "due"  # its slot has come
    LATE = "late"  # its slot passed while the daemon or the window was shut; it goes now
    SAME_SLOT = "same-slot"  # a later rung of the table shares its slot
    NEWER_RUNG = "newer-rung"  # a rung with a later slot goes, or has gone, instead
    BEFORE_TRACKING = "before-tracking"  # its slot lay before tracking began
    BEFORE_RESTART = "before-restart"  # its slot lay before the extension, release or reopening
    HELD = "held"
    MUTED = "muted"
    SUBMITTED = "submitted"
    DONE = "done"
    WAIVED = "waived"
    WITHDRAWN = "withdrawn"
    AHEAD = "ahead"  # its slot has not come yet
    WINDOW_SHUT = "window-shut"  # its slot has come, and the window is shut
    DECIDED = "decided"  # decided before


class Mark(NamedTuple):
    """What was decided before: one rung, one receiver, for one due day and one day counted from."""

    rung: str
    repeat: int
    due_on: date
    counted_from: date
    receiver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What has been decided of an assignment, and the latest slot that sent something for its present due day."""

    marks: frozenset[Mark] = frozenset()
    newest_slot_at: datetime | None = None

    def has(self, landing: Landing, due_on: date, receiver: str) -> bool:
        """Whether the landing was decided for this receiver; `start` is decided once, whatever the due day."""
        if isinstance(landing.rung.when, Start):
            return any(mark.rung == landing.rung.name and mark.receiver == receiver for mark in self.marks)
        return (landing.rung.name, landing.repeat, due_on, landing.counted_from, receiver) in self.marks


NOTHING_DECIDED = Decided()
Passed = list[tuple[Landing, str]]  # undecided landings whose slot has come, each with its receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One landing, its receiver (the lead department or, on `start`, a support department), verdict and reason."""

    landing: Landing
    receiver: str
    verdict: Verdict
    reason: Reason


def decide(
    item: Assignment, decided: Decided, table: Timetable, now: datetime, *, at_any_hour: bool = False
) -> tuple[Decision, ...]:
    """What to record for this assignment at `now`: letters to send, rungs skipped or superseded; empty for none.

    Nothing is decided while the window is shut: what became ready goes when it next opens. `at_any_hour` decides all
    the same, for what is to be written off.
    """
    if not at_any_hour and not table.hours.is_open(now, table.calendar):
        return ()
    passed = [(landing, receiver) for landing, receiver in undecided(item, decided, table) if landing.slot_at <= now]
    return (*_of_lead(item, passed, decided, now), *_of_support(item, passed, now))


def with_decisions(decided: Decided, item: Assignment, decisions: Iterable[Decision]) -> Decided:
    """What stands decided once these decisions are recorded."""
    marks, newest = set(decided.marks), decided.newest_slot_at
    for each in decisions:
        landing = each.landing
        marks.add(Mark(landing.rung.name, landing.repeat, item.due_on, landing.counted_from, each.receiver))
        if each.verdict is Verdict.NOTIFY and each.receiver == item.department:
            newest = max(newest or landing.slot_at, landing.slot_at)
    return Decided(marks=frozenset(marks), newest_slot_at=newest)


def next_attention(item: Assignment, decided: Decided, table: Timetable, now: datetime) -> datetime | None:
    """When to look at this assignment next: its nearest undecided slot, or the window's next opening; None if over."""
    pending = list(undecided(item, decided, table))
    if not pending:
        return None
    nearest = min(landing.slot_at for landing, _ in pending)
    return nearest if nearest > now else table.hours.next_open(now, table.calendar)


def undecided(item: Assignment, decided: Decided, table: Timetable) -> Iterable[tuple[Landing, str]]:
    """Every landing still to be decided, with its receiver, passed or ahead."""
    for landing in landings(item, table):
        if not decided.has(landing, item.due_on, item.department) and not is_before_ladder(item, landing):
            yield landing, item.department
        if isinstance(landing.rung.when, Start):
            for department in item.support:
                if not decided.has(landing, item.due_on, department):
                    yield landing, department


def landings(item: Assignment, table: Timetable) -> tuple[Landing, ...]:
    """Where the rungs of this assignment land for its present due day, `start` first."""
    start = table.start(item.kind, item.begins_on, item.tracked_from, item.due_on)
    rungs = table.landings(item.kind, item.due_on, item.counted_from or item.due_on)
    return rungs if start is None else (start, *rungs)


def is_before_ladder(item: Assignment, landing: Landing) -> bool:
    """Whether the slot lies strictly before the ladder began; `start` is the exception by its own definition."""
    return not isinstance(landing.rung.when, Start) and landing.slot_at < item.ladder_from


def silence(item: Assignment, on: date) -> Reason | None:
    """Why nothing is said about this assignment on a day, or None where the ladder speaks."""
    if item.state is not State.OPEN:
        return Reason(item.state.value)
    if item.held:
        return Reason.HELD
    if item.muted_until is not None and on < item.muted_until:
        return Reason.MUTED
    return None


def _of_lead(item: Assignment, passed: Passed, decided: Decided, now: datetime) -> list[Decision]:
    own = [landing for landing, receiver in passed if receiver == item.department]
    reasons = [(landing, silence(item, landing.on)) for landing in own]
    skipped = [_decision(item, landing, Verdict.SKIPPED, reason) for landing, reason in reasons if reason is not None]
    return skipped + _latest_of(item, [landing for landing, reason in reasons if reason is None], decided, now)


def _latest_of(item: Assignment, live: list[Landing], decided: Decided, now: datetime) -> list[Decision]:
    """Rules 3 and 4: of several passed slots the latest speaks; in it `start`, and the last rung of the table."""
    if not live:
        return []
    latest_at = max(landing.slot_at for landing in live)
    if decided.newest_slot_at is not None:
        latest_at = max(latest_at, decided.newest_slot_at)
    last_rank = max((landing.rank for landing in live if _competes(landing, latest_at)), default=-1)
    return [_judge(item, landing, latest_at, last_rank, now) for landing in live]


def _competes(landing: Landing, latest_at: datetime) -> bool:
    return landing.slot_at == latest_at and not isinstance(landing.rung.when, Start)


def _judge(item: Assignment, landing: Landing, latest_at: datetime, last_rank: int, now: datetime) -> Decision:
    if landing.slot_at < latest_at:
        return _decision(item, landing, Verdict.SUPERSEDED, Reason.NEWER_RUNG)
    if _competes(landing, latest_at) and landing.rank < last_rank:
        return _decision(item, landing, Verdict.SUPERSEDED, Reason.SAME_SLOT)
    return _decision(item, landing, Verdict.NOTIFY, timeliness(landing, now))


def timeliness(landing: Landing, now: datetime) -> Reason:
    """DUE on the day of the slot, LATE after it."""
    return Reason.DUE if now - landing.slot_at < ONE_DAY else Reason.LATE


def _of_support(item: Assignment, passed: Passed, now: datetime) -> list[Decision]:
    """A support department's row of `start` is not swallowed by later rungs: it goes late, while all is open."""
    found = []
    for landing, receiver in passed:
        if receiver != item.department:
            reason = silence(item, landing.on)
            verdict = Verdict.NOTIFY if reason is None else Verdict.SKIPPED
            reason = reason or timeliness(landing, now)
            found.append(Decision(landing=landing, receiver=receiver, verdict=verdict, reason=reason))
    return found


def _decision(item: Assignment, landing: Landing, verdict: Verdict, reason: Reason) -> Decision:
    return Decision(landing=landing, receiver=item.department, verdict=verdict, reason=reason)
