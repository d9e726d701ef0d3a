"""The ladder of one assignment lived through once more, and held against what was decided (RULES.md §3).

At each instant something was decided, and at each chance on which something ought to have been, `core.decide` says
again what was owed: from the assignment's life, never from when it was to be looked at. Imports core, values of store.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from wsyf_scheduler.audit.background import INSTANT, Background
from wsyf_scheduler.audit.finding import Finding, Kind, Said
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.decide import (
    NOTHING_DECIDED,
    Decided,
    Decision,
    Mark,
    Verdict,
    decide,
    undecided,
    with_decisions,
)
from wsyf_scheduler.core.grouping import Notice, notices_of
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.core.life import FIELDS, Life
from wsyf_scheduler.store.ledger import Line

SLACK = timedelta(minutes=3)  # between an act and a round that ran into each other, and between two rounds
PATIENCE = timedelta(hours=1)  # a round may take its time: a long queue, a slow server

Key = tuple[str, int, date, date, str]  # rung, repeat, due day, day counted from, receiver
Answer = tuple[Assignment, tuple[Decision, ...], dict[Key, Notice]]


class Rung(NamedTuple):
    """A decision as it is compared: of the rules, or of the ledger as it was made."""

    letter: str
    role: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    slot_at: datetime | None
    verdict: str
    reason: str


def decided_at_first(line: Line) -> str:
    """The verdict as it was made: a row that has a mail spoke, whatever became of it."""
    return Verdict.NOTIFY.value if line.message_id is not None else line.verdict


def replay(back: Background, life: Life, lines: Sequence[Line], written_off: frozenset[int]) -> list[Finding]:
    """What was decided otherwise than was owed. `written_off` are messages that were given up."""
    walk = _Walk(back, life, lines, written_off)
    begins = sorted({at for at in walk.turns if at >= life.stages[0].from_at})
    for begin, end in zip(begins, [*begins[1:], None], strict=True):
        walk.era(begin, end)
    walk.rest()
    return walk.found


def signature(life: Life, lines: Sequence[Line], written_off: frozenset[int]) -> int:
    """The same for lives that were the same to the ladder, of one department: what holds of one holds of the other."""
    first = life.present
    stages = tuple((stage.from_at, *(getattr(stage.item, name) for name in FIELDS)) for stage in life.stages)
    made = tuple((line.decided_at, _line_key(line), _of_line(line), line.message_id in written_off) for line in lines)
    return hash((first.plan_id, first.department, stages, made))


class _Walk:
    """One pass over the life of an assignment, oldest first."""

    def __init__(self, back: Background, life: Life, lines: Sequence[Line], written_off: frozenset[int]) -> None:
        self._back, self._life, self._written_off = back, life, written_off
        self._plan_id = life.present.plan_id
        self._rounds: dict[datetime, list[Line]] = {}
        for line in lines:
            self._rounds.setdefault(line.decided_at, []).append(line)
        self._instants = sorted(self._rounds)
        self._done = 0  # how many of these instants have been judged
        self._decided = NOTHING_DECIDED
        self._late: set[Key] = set()
        self.found: list[Finding] = []

    @property
    def turns(self) -> list[datetime]:
        """The instants from which another answer may be right."""
        return [*(stage.from_at for stage in self._life.stages), *self._back.turns(self._plan_id)]

    def era(self, begin: datetime, end: datetime | None) -> None:
        """From one turn to the next: the assignment and the rules stand still."""
        item = self._life.at(begin)
        assert item is not None  # an era begins within the life
        table, at = (
            self._back.table(self._plan_id, begin),
            begin + INSTANT,
        )  # a round of that instant may have come first
        while True:
            chance = self._chance(item, table, at, end)
            following = self._following()
            if following is not None and (end is None or following < end) and (chance is None or following <= chance):
                self._judge(following)
                at = max(at, following)
            elif chance is not None and not self._is_about_to(item, table, chance):
                self._missed(item, table, chance)
                at = chance
            elif chance is not None and following is not None and (end is None or following < end):
                self._judge(following)
                at = max(at, following)
            else:
                return

    def rest(self) -> None:
        """What was decided at an instant no era holds."""
        while self._following() is not None:
            self._judge(self._instants[self._done])

    def _following(self) -> datetime | None:
        return self._instants[self._done] if self._done < len(self._instants) else None

    def _chance(self, item: Assignment, table: Timetable, at: datetime, end: datetime | None) -> datetime | None:
        """When the engine must have decided what stands undecided; None where it may not have come to it."""
        until = self._back.now if end is None else end - SLACK
        slots = [landing.slot_at for landing, _receiver in undecided(item, self._decided, table)]
        if not slots or min(slots) > until:
            return None
        chance = self._back.chances.first(max(min(slots), at), table)
        return None if chance is None or chance > min(until, self._back.now - PATIENCE) else chance

    def _is_about_to(self, item: Assignment, table: Timetable, chance: datetime) -> bool:
        """Whether a round decided it soon after: it had much to do, or ran into an act."""
        wanted = {_key(notice) for notice in self._owed(item, table, chance)[2].values()}
        soon = self._instants[self._done : bisect_right(self._instants, chance + PATIENCE)]
        return any(_line_key(line) in wanted for instant in soon for line in self._rounds[instant])

    def _owed(self, item: Assignment, table: Timetable, at: datetime, *, at_any_hour: bool = False) -> Answer:
        decisions = decide(item, self._decided, table, at, at_any_hour=at_any_hour)
        notices = [notice for decision in decisions for notice in notices_of(item, decision)]
        return item, decisions, {_key(notice): notice for notice in notices}

    def _missed(self, item: Assignment, table: Timetable, chance: datetime) -> None:
        """Nothing was decided when it should have been."""
        _item, decisions, owed = self._owed(item, table, chance)
        later = {_line_key(line): line for at in self._instants[self._done :] for line in self._rounds[at]}
        for key, notice in owed.items():
            line = later.get(key)
            if line is None:
                self._report(Kind.MISSING, chance, notice=notice)
            else:
                self._report(Kind.LATE, chance, notice=notice, line=line)
                self._late.add(key)
        self._decided = with_decisions(self._decided, item, decisions)

    def _judge(self, at: datetime) -> None:
        """Hold what was decided at an instant against what was owed then."""
        self._done += 1
        lines = [line for line in self._rounds[at] if _line_key(line) not in self._late]
        made = {_line_key(line): _of_line(line) for line in lines}
        answers = self._answers(at, lines)
        for item, decisions, owed in answers:
            if {key: _of_notice(notice) for key, notice in owed.items()} == made:
                self._decided = with_decisions(self._decided, item, decisions)
                return
        if self._is_in_turn(at, made):
            return
        if answers:
            item, decisions, owed = answers[0]
            self._compare(at, owed, lines)
            self._decided = with_decisions(self._decided, item, decisions)
        else:
            self._compare(at, {}, lines)
        self._decided = _with_lines(self._decided, lines, self._life.present.department)

    def _answers(self, at: datetime, lines: Sequence[Line]) -> list[Answer]:
        """What was owed at an instant; then what was, had an act of that minute come sooner or later."""
        tables = self._back.tables(self._plan_id, at)  # before new rules too, if any
        off = all(line.message_id in self._written_off for line in lines if line.message_id is not None)
        item = self._life.at(at)
        items = ([] if item is None else [item]) + self._life.between(at - SLACK, at + SLACK)
        answers = [self._owed(each, table, at) for table in _distinct(tables) for each in items]
        if off:  # a queue that was written off while it was held: what was owed by then went with it
            answers += [self._owed(each, tables[0], at, at_any_hour=True) for each in items]
        return answers

    def _is_in_turn(self, at: datetime, made: dict[Key, Rung]) -> bool:
        """Whether several rounds of one instant explain it, with acts between them."""
        table, decided, left = self._back.table(self._plan_id, at), self._decided, dict(made)
        for item in self._life.between(at - SLACK, at + SLACK):
            decisions = decide(item, decided, table, at)
            owed = {_key(each): _of_notice(each) for decision in decisions for each in notices_of(item, decision)}
            if owed.items() <= left.items():
                decided = with_decisions(decided, item, decisions)
                left = {key: rung for key, rung in left.items() if key not in owed}
        if not left:
            self._decided = decided
        return not left

    def _compare(self, at: datetime, owed: dict[Key, Notice], lines: Sequence[Line]) -> None:
        made = {_line_key(line): line for line in lines}
        for key, notice in owed.items():
            line = made.pop(key, None)
            if line is None:
                self._report(Kind.MISSING, at, notice=notice)
            elif _of_line(line) != _of_notice(notice):
                self._report(Kind.OTHERWISE, at, notice=notice, line=line)
        for line in made.values():
            self._report(Kind.NOT_OWED, at, line=line)

    def _report(self, kind: Kind, at: datetime, *, notice: Notice | None = None, line: Line | None = None) -> None:
        told = notice or line
        assert told is not None  # one of them is always given
        table = self._back.table(self._plan_id, at)
        slot_at = told.slot_at or at
        self.found.append(
            Finding(
                kind=kind,
                plan_id=self._plan_id,
                key=self._life.present.key,
                on=table.hours.day_of(slot_at),
                at=at,
                letter=told.letter,
                rung=told.rung or "",
                repeat=told.repeat,
                receiver=told.receiver,
                message_id=line.message_id if line is not None else None,
                expected={} if notice is None else _said(_of_notice(notice), at),
                found={} if line is None else _said(_of_line(line), line.decided_at),
            )
        )


def _distinct(tables: Sequence[Timetable]) -> list[Timetable]:
    return [table for index, table in enumerate(tables) if all(table is not other for other in tables[:index])]


def _key(notice: Notice) -> Key:
    return notice.rung, notice.repeat, notice.due_on, notice.counted_from, notice.receiver


def _line_key(line: Line) -> Key:
    return line.rung or "", line.repeat, line.due_on, line.counted_from, line.receiver


def _of_notice(notice: Notice) -> Rung:
    return Rung(notice.letter, notice.role, notice.to, notice.cc, notice.slot_at, notice.verdict.value, notice.reason)


def _of_line(line: Line) -> Rung:
    return Rung(line.letter, line.role, line.to, line.cc, line.slot_at, decided_at_first(line), line.reason)


def _said(rung: Rung, at: datetime) -> Said:
    return {
        "verdict": rung.verdict,
        "reason": rung.reason,
        "slot_at": rung.slot_at.isoformat() if rung.slot_at else None,
        "by": at.isoformat(),
        "to": list(rung.to),
        "cc": list(rung.cc),
    }


def _with_lines(decided: Decided, lines: Iterable[Line], department: str) -> Decided:
    """What the ledger has is decided, rightly or not: it must not be missed again."""
    marks, newest = set(decided.marks), decided.newest_slot_at
    for line in lines:
        marks.add(Mark(*_line_key(line)))
        if decided_at_first(line) == Verdict.NOTIFY and line.receiver == department and line.slot_at is not None:
            newest = max(newest or line.slot_at, line.slot_at)
    return Decided(marks=frozenset(marks), newest_slot_at=newest)
