"""Every step of one assignment's ladder: what was decided of it, as recorded, and what the rules say lies ahead.

The past is told by the rules of its time, from the assignment's life. Pure; imports core and values of reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.decide import Decided, Decision, Reason, Verdict, decide, is_before_ladder, landings
from wsyf_scheduler.core.grouping import Notice, notices_of
from wsyf_scheduler.core.ladder import LEADERS, Landing, Start, Timetable
from wsyf_scheduler.core.life import Life
from wsyf_scheduler.reports.recorded import Recorded, Sending, decided_of

UNDECIDED = "undecided"  # its slot has come, the window is open, and no tick has looked at it yet
RESTARTED = "restarted"  # the ladder began anew before its slot came
NEARLY = timedelta(minutes=3)  # an act and a round may have run into each other


class Rules(Protocol):
    """The rules of any moment: those of the settings in force now, and those of a past instant."""

    @property
    def now(self) -> datetime:
        """The present instant."""

    @property
    def present(self) -> Timetable:
        """The rules of now, and of what lies ahead."""

    def table(self, at: datetime) -> Timetable:
        """The rules in force at a past instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """One run of the ladder, from its beginning until it began anew; `item` as it stood then."""

    item: Assignment
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung for one receiver, with its day and what became of it.

    `ahead` marks what is not decided yet: then verdict and reason are what the rules would say if nothing changed.
    `landing` is None where today's ladder puts the rung on no such day. `era` counts from 0; `is_present` says that
    it belongs to the ladder as it runs now.
    """

    rung: str
    repeat: int
    letter: str
    audience: str
    receiver: str
    role: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    due_on: date
    counted_from: date
    on: date
    slot_at: datetime
    verdict: Verdict
    reason: str
    ahead: bool
    is_present: bool
    landing: Landing | None = None
    dropped: str | None = None
    decided_at: datetime | None = None
    message: Sending | None = None

    @property
    def department(self) -> str:
        """The department that receives; empty for a leader."""
        return self.receiver if self.audience == "department" else ""

    @property
    def is_main(self) -> bool:
        """Whether it is the lead department's own."""
        return self.audience == "department" and self.role == "lead"

    @property
    def speaks(self) -> bool:
        """Whether a letter went, waits, or would go."""
        return self.verdict is Verdict.NOTIFY and self.dropped is None

    @property
    def fate(self) -> str:
        """One word for what became of it: a message's state, or ahead, dropped, skipped, superseded."""
        if self.dropped is not None:
            return "dropped"
        if self.verdict is not Verdict.NOTIFY:
            return self.verdict.value
        return "ahead" if self.message is None else self.message.state


def steps(item: Assignment, rules: Rules, life: Life, rows: Sequence[Recorded]) -> list[Step]:
    """All steps, by slot, then in the order of the table; the department's own before supports and leaders.

    `rows` are those of this assignment. The past is told as it was recorded.
    """
    found = [_recorded(row, item, life, rules) for row in rows if row.rung is not None]
    found += _unrecorded(decided_of(rows, item.department), eras(item, life), rules)
    rank = {rung.name: index for index, rung in enumerate(rules.present.ladder.rungs)}
    return sorted(found, key=lambda step: (step.slot_at, rank.get(step.rung, -1), *_receiver_order(step)))


def _receiver_order(step: Step) -> tuple[bool, int, str]:
    """The lead department, departments in support, then leaders by their rank."""
    leader = LEADERS.index(step.audience) + 1 if step.audience in LEADERS else 0
    return not step.is_main, leader, step.receiver


def eras(item: Assignment, life: Life) -> list[Era]:
    """The runs of the ladder, oldest first; the last is the present one, as the assignment stands now."""
    found: list[Era] = []
    for stage in life.stages:
        if found and _run(found[-1].item) == _run(stage.item):
            found[-1] = Era(item=stage.item)
        else:
            found[-1:] = [replace(found[-1], until_at=stage.from_at)] if found else []
            found.append(Era(item=stage.item))
    return [*found[:-1], Era(item=item)]


def _run(item: Assignment) -> tuple[date, date | None, datetime]:
    return item.due_on, item.counted_from, item.ladder_from


def _recorded(row: Recorded, item: Assignment, life: Life, rules: Rules) -> Step:
    assert row.rung is not None
    table = rules.table(row.decided_at)
    then = [*life.between(row.decided_at - NEARLY, row.decided_at + NEARLY)]
    landing = next((each for one in then for each in landings(one, table) if _is_of(row, one, each)), None)
    slot_at = row.slot_at or row.decided_at
    present = item.due_on, item.counted_from or item.due_on
    return Step(
        rung=row.rung,
        repeat=row.repeat,
        letter=row.letter,
        audience=row.audience,
        receiver=row.receiver,
        role=row.role,
        to=row.to,
        cc=row.cc,
        due_on=row.due_on,
        counted_from=row.counted_from,
        on=table.hours.day_of(slot_at),
        slot_at=slot_at,
        verdict=row.verdict,
        reason=row.reason,
        ahead=False,
        is_present=row.letter == "start" or (row.due_on == present[0] and row.counted_from in present),
        landing=landing if landing is not None and landing.slot_at == slot_at else None,
        dropped=row.dropped,
        decided_at=row.decided_at,
        message=row.message,
    )


def _is_of(row: Recorded, item: Assignment, landing: Landing) -> bool:
    if (row.rung, row.repeat) != (landing.rung.name, landing.repeat):
        return False
    return isinstance(landing.rung.when, Start) or (row.due_on, row.counted_from) == (item.due_on, landing.counted_from)


def _unrecorded(decided: Decided, runs: Sequence[Era], rules: Rules) -> Iterator[Step]:
    """What was never decided: too early, cut off by a new run of the ladder, or still ahead."""
    seen: set[tuple[str, int, date, date]] = set()
    for era in reversed(runs):
        table = rules.present if era.until_at is None else rules.table(era.until_at)
        for landing in landings(era.item, table):
            mark = (landing.rung.name, landing.repeat, era.item.due_on, landing.counted_from)
            is_start = isinstance(landing.rung.when, Start)
            if mark in seen or (is_start and era.until_at is not None):
                continue
            seen.add(mark)
            for receiver in (era.item.department, *(era.item.support if is_start else ())):
                if not decided.has(landing, era.item.due_on, receiver):
                    yield from _judged(era, landing, receiver, table, decided, rules.now)


def _judged(
    era: Era,
    landing: Landing,
    receiver: str,
    table: Timetable,
    decided: Decided,
    now: datetime,
) -> Iterator[Step]:
    item = era.item
    if is_before_ladder(item, landing):
        early = Reason.BEFORE_TRACKING if landing.slot_at < item.tracked_from else Reason.BEFORE_RESTART
        yield from _silent(item, era, landing, receiver, early.value, table)
    elif era.until_at is not None:
        yield from _silent(item, era, landing, receiver, RESTARTED, table)
    else:
        yield from _forecast(item, era, landing, receiver, table, decided, now)


def _silent(
    item: Assignment, era: Era, landing: Landing, receiver: str, reason: str, table: Timetable
) -> Iterator[Step]:
    decision = Decision(landing=landing, receiver=receiver, verdict=Verdict.SKIPPED, reason=Reason.BEFORE_TRACKING)
    for notice in notices_of(item, decision):
        yield _step(replace(notice, reason=reason), era, landing, table, ahead=False)


def _forecast(
    item: Assignment, era: Era, landing: Landing, receiver: str, table: Timetable, decided: Decided, now: datetime
) -> Iterator[Step]:
    """What `core.decide` will say when the slot comes, as things stand now; at the next opening where it has passed."""
    at = landing.slot_at if landing.slot_at > now else table.hours.next_open(now, table.calendar)
    for decision in decide(item, decided, table, at):
        if (decision.landing, decision.receiver) == (landing, receiver):
            for notice in notices_of(item, decision):
                waits = (
                    Reason.AHEAD.value
                    if landing.slot_at > now
                    else UNDECIDED
                    if at == now
                    else Reason.WINDOW_SHUT.value
                )
                speaks = decision.verdict is Verdict.NOTIFY
                yield _step(replace(notice, reason=waits) if speaks else notice, era, landing, table, ahead=True)


def _step(notice: Notice, era: Era, landing: Landing, table: Timetable, *, ahead: bool) -> Step:
    return Step(
        rung=notice.rung,
        repeat=notice.repeat,
        letter=notice.letter,
        audience=notice.audience,
        receiver=notice.receiver,
        role=notice.role,
        to=notice.to,
        cc=notice.cc,
        due_on=notice.due_on,
        counted_from=notice.counted_from,
        on=table.hours.day_of(notice.slot_at),
        slot_at=notice.slot_at,
        verdict=notice.verdict,
        reason=notice.reason,
        ahead=ahead,
        is_present=era.until_at is None,
        landing=landing,
    )
