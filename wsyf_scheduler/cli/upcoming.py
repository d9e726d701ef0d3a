"""The letters that come next, by light reads: what waits in the outbox, and the nearest moment of the ladder.

The moment and its departments are the database's own (`next_attention_at`). Which letter it is, is read from what was
decided before, not worked out anew: `wsyf schedule` does that, and takes its time. Imports core and store.glance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.ladder import CalendarDays, Every, Ladder, Rung, Start, WorkingDays
from wsyf_scheduler.core.people import Post
from wsyf_scheduler.store.glance import Glance, instant, stored

WAITING = """
SELECT letter, department, audience, not_before FROM message WHERE state = 'queued' AND letter <> 'alert'
ORDER BY not_before, id
"""
DECIDED = """
SELECT DISTINCT assignment_id, rung FROM notice n JOIN assignment a ON a.id = n.assignment_id
WHERE n.rung IS NOT NULL AND n.receiver = a.department AND (
  n.rung = 'start' OR (n.due_on = a.due_on AND n.counted_from = COALESCE(a.counted_from, a.due_on))
) AND a.next_attention_at = :at
"""
ORDER = ("receipt", "change", "hand-over", "start", "reminder", "chaser", "escalation", "briefing", "digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """Letters of one kind at one moment, in the plan's zone; a receiver's role is empty where it is a department."""

    at: datetime
    letter: str
    to: tuple[Post, ...]
    is_queued: bool

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "at": self.at.isoformat(),
            "letter": self.letter,
            "to": [{"department": post.department or None, "role": post.role or None} for post in self.to],
            "queued": self.is_queued,
        }


def upcoming(opened: Glance, items: Sequence[Assignment], ladder: Ladder, zone: ZoneInfo) -> list[Upcoming]:
    """What waits in the outbox, and what the ladder owes at the nearest moment at which it owes anything."""
    found: dict[tuple[datetime, str, bool], dict[Post, None]] = {}
    for row in opened.rows(WAITING):
        post = Post("" if row["audience"] == "department" else row["audience"], row["department"])
        found.setdefault((instant(row["not_before"]), row["letter"], True), {})[post] = None
    near = _nearest(items, zone)
    decided = _decided(opened, near)
    for item in near:
        assert item.next_attention_at is not None
        rung = _rung(item, item.next_attention_at.astimezone(zone).date(), decided.get(item.id, set()), ladder)
        for letter, post in _letters(item, rung) if rung else ():
            found.setdefault((item.next_attention_at, letter, False), {})[post] = None
    return [
        Upcoming(at=at.astimezone(zone), letter=letter, to=tuple(posts), is_queued=is_queued)
        for (at, letter, is_queued), posts in sorted(found.items(), key=lambda each: (each[0][0], _place(each[0][1])))
    ]


def _place(letter: str) -> int:
    return ORDER.index(letter) if letter in ORDER else len(ORDER)


def _nearest(items: Sequence[Assignment], zone: ZoneInfo) -> list[Assignment]:
    """The assignments that speak at the nearest moment at which any does."""
    speaking = [
        item
        for item in items
        if item.state is State.OPEN
        and not item.held
        and item.next_attention_at is not None
        and not (item.muted_until and item.next_attention_at.astimezone(zone).date() < item.muted_until)
    ]
    first = min((item.next_attention_at for item in speaking if item.next_attention_at), default=None)
    return [item for item in speaking if item.next_attention_at == first]


def _decided(opened: Glance, items: Sequence[Assignment]) -> dict[int, set[str]]:
    """The rungs decided of each, for its present due day and the day its overdue rungs count from."""
    found: dict[int, set[str]] = {}
    if items and items[0].next_attention_at:
        for row in opened.rows(DECIDED, {"at": stored(items[0].next_attention_at)}):
            found.setdefault(row["assignment_id"], set()).add(row["rung"])
    return found


def _rung(item: Assignment, on: date, decided: set[str], ladder: Ladder) -> Rung | None:
    """The rung that lands on that day: the nearest before the due day, after it the first that was not decided."""
    rungs = [rung for rung in ladder.rungs if rung.serves(item.kind)]
    starts = [rung for rung in rungs if isinstance(rung.when, Start) and rung.name not in decided]
    if starts and on >= item.begins_on:
        return starts[0]
    late = on > (item.counted_from or item.due_on)
    if not late:
        early = [(abs((_roughly(rung, item.due_on) - on).days), rung) for rung in rungs if _is_early(rung)]
        return min(early, key=lambda each: each[0], default=(0, None))[1]
    left = [rung for rung in rungs if not _is_early(rung) and not isinstance(rung.when, Start)]
    return next((rung for rung in left if rung.name not in decided or isinstance(rung.when, Every)), None)


def _is_early(rung: Rung) -> bool:
    return isinstance(rung.when, CalendarDays | WorkingDays) and rung.when.n <= 0


def _roughly(rung: Rung, due_on: date) -> date:
    """The day it lands on, but for days off; near enough to tell the rungs before the due day apart."""
    assert isinstance(rung.when, CalendarDays | WorkingDays)
    days = rung.when.n if isinstance(rung.when, CalendarDays) else rung.when.n * 7 // 5
    return due_on + timedelta(days=days)


def _letters(item: Assignment, rung: Rung) -> Iterator[tuple[str, Post]]:
    yield rung.letter, Post("", item.department)
    if isinstance(rung.when, Start):
        yield from ((rung.letter, Post("", department)) for department in item.support)
    for leader in rung.briefing:
        yield "briefing", Post(leader)
