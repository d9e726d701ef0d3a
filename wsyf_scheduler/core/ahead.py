"""The letters that lie ahead of one assignment if nobody does anything (RULES.md §3). Pure.

What `decide` will say at one moment of attention after the other, so that it can be told before it happens.
"""

from __future__ import annotations

from datetime import datetime

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.decide import Decided, Verdict, decide, next_attention, silence, undecided, with_decisions
from wsyf_scheduler.core.ladder import Landing, Timetable


def ahead(item: Assignment, decided: Decided, table: Timetable, now: datetime) -> tuple[Landing, ...]:
    """Where the letters about this assignment to its own department will land, oldest first.

    One a slot (`start` goes beside another); silent days are left out, and rungs that a later one swallows. A rung
    whose slot has passed undecided is among them, with that slot: it goes late. Support departments' rows are not.
    """
    found: list[Landing] = []
    at = next_attention(item, decided, table, now)
    while at is not None:
        decisions = decide(item, decided, table, at)
        if not decisions:  # no window ever opens there
            break
        speaking = [each for each in decisions if each.verdict is Verdict.NOTIFY and each.receiver == item.department]
        found += sorted((each.landing for each in speaking), key=lambda landing: (landing.slot_at, landing.rank))
        decided = with_decisions(decided, item, decisions)
        at = next_attention(item, decided, table, at)
    return tuple(found)


def to_support(item: Assignment, decided: Decided, table: Timetable) -> tuple[tuple[str, Landing], ...]:
    """The supporting departments that are still to get their `start` row, each with where it lands.

    One whose slot has passed goes late, as above.
    """
    return tuple(
        (receiver, landing)
        for landing, receiver in undecided(item, decided, table)
        if receiver != item.department and silence(item, landing.on) is None
    )
