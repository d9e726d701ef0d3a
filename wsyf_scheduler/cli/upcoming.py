"""The letters that come next, by light reads: what waits in the outbox, and what the ladder owes at its next moment.

The engine's own answer (`core.decide`), given the marks of the few assignments whose moment is the nearest; the days
are those the database was last run by. Imports core, audit.regime and store.glance.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from wsyf_scheduler.audit import regime
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.calendar import Hours
from wsyf_scheduler.core.decide import (
    NOTHING_DECIDED,
    Decided,
    Decision,
    Mark,
    Verdict,
    decide,
    next_attention,
    with_decisions,
)
from wsyf_scheduler.core.grouping import notices_of
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.core.people import Post
from wsyf_scheduler.files.holidays import work_calendar
from wsyf_scheduler.store.glance import Glance, instant

if TYPE_CHECKING:
    from wsyf_scheduler.config import Config

WAITING = """
SELECT plan_id, letter, department, audience, in_window, not_before FROM message
WHERE state = 'queued' AND letter <> 'alert' ORDER BY not_before, id
"""
KEPT = "SELECT since_at, content FROM regime ORDER BY id DESC LIMIT 1"
DECIDED = """
SELECT assignment_id, rung, repeat, due_on, counted_from, receiver, role, verdict, slot_at FROM notice
WHERE rung IS NOT NULL AND assignment_id IN ({ids})
"""
MOST = 500  # ids in one statement
ORDER = ("receipt", "change", "hand-over", "start", "reminder", "chaser", "escalation", "briefing", "digest")
Letters = dict[tuple[datetime, str, bool], dict[Post, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """Letters of one kind at one moment, in the plan's zone; a receiver's role is empty where it is a department.

    The moment is never a past one: what could go already goes now.
    """

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


@dataclass(frozen=True, slots=True)
class Rules:
    """What the ladder goes by, by plan; `are_new` where the database was not run by these settings yet."""

    tables: dict[str, Timetable]
    are_new: bool


def upcoming(
    opened: Glance, items: Sequence[Assignment], config: Config, zones: Mapping[str, str], now: datetime
) -> list[Upcoming]:
    """What waits in the outbox, and what the ladder will owe at the nearest moment at which it owes anything.

    `zones` are those of the plans that are looked at, the first of them the zone of the answer.
    """
    if not zones:
        return []
    found: Letters = {}
    rules = _rules(opened, config, zones)
    _add_waiting(found, opened, rules.tables, now)
    _add_owed(found, opened, items, rules, now)
    zone = ZoneInfo(next(iter(zones.values())))
    return [
        Upcoming(at=at.astimezone(zone), letter=letter, to=tuple(posts), is_queued=is_queued)
        for (at, letter, is_queued), posts in sorted(found.items(), key=lambda each: (each[0][0], _place(each[0][1])))
    ]


def _place(letter: str) -> int:
    return ORDER.index(letter) if letter in ORDER else len(ORDER)


def _add_waiting(found: Letters, opened: Glance, tables: Mapping[str, Timetable], now: datetime) -> None:
    """What is queued; a letter of the ladder waits for the window besides."""
    for row in opened.rows(WAITING):
        table = tables.get(row["plan_id"])
        if table is not None:
            at = max(instant(row["not_before"]), now)
            at = table.hours.next_open(at, table.calendar) if row["in_window"] else at
            post = Post("" if row["audience"] == "department" else row["audience"], row["department"])
            found.setdefault((at, row["letter"], True), {})[post] = None


# --- The rules -----------------------------------------------------------------------------------------------------


def _rules(opened: Glance, config: Config, zones: Mapping[str, str]) -> Rules:
    """Ladder and hours of the config; the days as they were kept with the rules last run by, if they still hold.

    To work the days out anew takes longer than all the rest of the desk.
    """
    notices = opened.year_notices()
    kept = [(instant(row["since_at"]), row["content"]) for row in opened.rows(KEPT)]
    last = regime.regimes(kept, config, notices).known[0]
    are_old = bool(kept) and _days_are_of(kept[0][1], config, opened.fact("calendar"))
    calendar = last.calendar
    if not are_old:
        calendar = work_calendar(extra_off=config.extra_off, extra_working=config.extra_working, imported=notices)
    send_at, send_until = config.send_at, config.send_until
    hours = {zone: Hours(zone=ZoneInfo(zone), send_at=send_at, send_until=send_until) for zone in zones.values()}
    return Rules(
        {plan_id: Timetable(config.ladder, calendar, hours[zone]) for plan_id, zone in zones.items()},
        not are_old or (last.ladder, last.send_at, last.send_until) != (config.ladder, send_at, send_until),
    )


def _days_are_of(content: str, config: Config, imported: str | None) -> bool:
    """Whether kept rules have the config's own days and the notices that are imported now."""
    kept = json.loads(content)
    own = [{day.isoformat() for day in days} for days in (config.extra_off, config.extra_working)]
    return [set(kept["off"]), set(kept["working"])] == own and kept.get("imported") == imported


# --- The ladder ----------------------------------------------------------------------------------------------------


def _add_owed(found: Letters, opened: Glance, items: Sequence[Assignment], rules: Rules, now: datetime) -> None:
    """From moment of attention to moment of attention, as a daemon would live them, up to the first that speaks."""
    tracked = (item for item in items if item.plan_id in rules.tables)
    speaking = {item.id: item for item in tracked if item.state is State.OPEN and not item.held}
    moments, decided = _moments(opened, speaking, rules, now)
    while moments:
        at, near = _take_nearest(moments)
        decided.update(decisions_of(opened, [item_id for item_id in near if item_id not in decided]))
        speaks = False
        for item in (speaking[item_id] for item_id in near):
            table, before = rules.tables[item.plan_id], decided.get(item.id, NOTHING_DECIDED)
            decisions = decide(item, before, table, at)
            for letter, post in _letters(item, decisions):
                found.setdefault((at, letter, False), {})[post] = None
                speaks = True
            decided[item.id] = after = with_decisions(before, item, decisions)
            later = next_attention(item, after, table, at)
            if later is not None:
                heappush(moments, (later, item.id))
        if speaks:
            return


def _letters(item: Assignment, decisions: Iterable[Decision]) -> Iterator[tuple[str, Post]]:
    """The letters of what was decided, each with its receiver."""
    for notice in (each for decision in decisions for each in notices_of(item, decision)):
        if notice.verdict is Verdict.NOTIFY:
            role = "" if notice.audience == "department" else notice.audience
            yield notice.letter, Post(role, notice.department)


def _moments(
    opened: Glance, items: Mapping[int, Assignment], rules: Rules, now: datetime
) -> tuple[list[tuple[datetime, int]], dict[int, Decided]]:
    """When each is looked at next, as a heap, and what had to be read of them for it.

    The database's own word, but under new rules, by which the next round will work it out for every one of them.
    """
    if rules.are_new:
        decided = decisions_of(opened, list(items))
        found = {
            item.id: next_attention(item, decided.get(item.id, NOTHING_DECIDED), rules.tables[item.plan_id], now)
            for item in items.values()
        }
    else:
        decided = {}
        opens_at = {each: table.hours.next_open(now, table.calendar) for each, table in rules.tables.items()}
        found = {
            item.id: opens_at[item.plan_id] if at <= now else at
            for item in items.values()
            if (at := item.next_attention_at) is not None
        }
    moments = [(at, item_id) for item_id, at in found.items() if at is not None]
    heapify(moments)
    return moments, decided


def _take_nearest(moments: list[tuple[datetime, int]]) -> tuple[datetime, list[int]]:
    """The nearest moment, and those that are looked at then, in the order they were entered."""
    at, first = heappop(moments)
    near = [first]
    while moments and moments[0][0] == at:
        near.append(heappop(moments)[1])
    return at, near


def decisions_of(opened: Glance, ids: Sequence[int]) -> dict[int, Decided]:
    """What has been decided of each, as `store.notices.decided` tells it to a tick; nothing: left out."""
    marks: dict[int, set[Mark]] = {}
    newest: dict[int, datetime] = {}
    for row in _rows_about(opened, ids):
        item_id, slot = row["assignment_id"], row["slot_at"]
        days = date.fromisoformat(row["due_on"]), date.fromisoformat(row["counted_from"])
        marks.setdefault(item_id, set()).add(Mark(row["rung"], row["repeat"], *days, row["receiver"]))
        if row["verdict"] == Verdict.NOTIFY and row["role"] == "lead" and slot is not None:
            newest[item_id] = max(instant(slot), newest.get(item_id, instant(slot)))
    return {
        item_id: Decided(marks=frozenset(found), newest_slot_at=newest.get(item_id)) for item_id, found in marks.items()
    }


def _rows_about(opened: Glance, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    for first in range(0, len(ids), MOST):
        some = ", ".join(str(int(item_id)) for item_id in ids[first : first + MOST])
        yield from opened.rows(DECIDED.format(ids=some))
