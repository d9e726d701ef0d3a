"""The life of one assignment as its events tell it: how it stood at any past moment, as far as the ladder goes. Pure.

An event says what it did by its action; what an action alone does not tell, its detail holds under `set`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from wsyf_scheduler.core.assignment import Assignment, State

SET = "set"  # in an event's detail: fields the action itself does not tell, as they were from then on
FIRST = ("assignment_tracked", "assignment_held", "follow_up_added")
CLOSING = ("assignment_done", "assignment_waived")
RESTORED = "assignment_restored"
ONTO_TODAY = ("assignment_released", "assignment_reopened", RESTORED)  # an overdue one goes on from there
DAYS = ("due_on", "counted_from", "muted_until", "begins_on")
INSTANTS = ("tracked_from", "ladder_from")
FIELDS = ("state", "held", "kind", "support", *DAYS, *INSTANTS)  # all that bears on which letter is owed
LIVE = (State.OPEN, State.SUBMITTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event about an assignment, as the trail has it."""

    assignment_id: int
    at: datetime
    action: str
    to_state: str | None = None
    why: str = ""
    detail: Mapping[str, Any]


class Stage(NamedTuple):
    """How the assignment stood from an instant on."""

    from_at: datetime
    item: Assignment


@dataclass(frozen=True, slots=True)
class Life:
    """The stages of an assignment, oldest first; there was nothing to remind of before the first."""

    stages: tuple[Stage, ...]

    @property
    def present(self) -> Assignment:
        """As the trail leaves it."""
        return self.stages[-1].item

    def at(self, instant: datetime) -> Assignment | None:
        """How it stood at an instant, after what happened at that very instant; None before it was tracked."""
        index = bisect_right(self.stages, instant, key=lambda stage: stage.from_at)
        return self.stages[index - 1].item if index else None

    def between(self, first: datetime, last: datetime) -> list[Assignment]:
        """Every way it stood from one instant to another, both included."""
        after = bisect_right(self.stages, last, key=lambda stage: stage.from_at)
        before = bisect_right(self.stages, first, key=lambda stage: stage.from_at)
        return [stage.item for stage in self.stages[max(before - 1, 0) : after]]


def live(row: Assignment, events: Sequence[Happened], day_of: Callable[[datetime], date]) -> Life:
    """The life of an assignment from its events, oldest first; `row` lends what never changes, and words.

    Where the first event does not tell how it began (one of an earlier version of the program), later events and the
    row do, as far as they can. `day_of` gives the calendar day of an instant.
    """
    if not events:
        return Life((Stage(row.tracked_from, row),))
    item = _born(row, events)
    stages = [Stage(events[0].at, item)]
    is_old = SET not in events[0].detail
    for index, event in enumerate(events[1:], start=2):
        if (
            is_old and event.action == RESTORED and SET not in event.detail
        ):  # it may have come back with another due day
            item = replace(item, due_on=_due_at_first(row, events[index:]))
        item = _with_set(inferred(item, event, day_of(event.at)), event.detail.get(SET, {}))
        stages.append(Stage(event.at, item))
    return Life(tuple(stages))


def inferred(item: Assignment, event: Happened, today: date) -> Assignment:
    """What an event says by its action alone."""
    state = State(event.to_state) if event.to_state else item.state
    item = replace(item, state=state)
    if event.action in CLOSING:
        return replace(item, held=False)
    if event.action in ONTO_TODAY:
        onto = today if today > item.due_on else None
        held = item.held and event.action != "assignment_released"
        return replace(item, held=held, ladder_from=event.at, counted_from=onto)
    if event.action == "assignment_extended":
        due_on = date.fromisoformat(str(event.detail["to"]))
        return replace(item, due_on=due_on, ladder_from=event.at, counted_from=None)
    if event.action == "due_day_changed":
        due_on = date.fromisoformat(event.why.rpartition(" ")[2])
        item = replace(item, due_on=due_on)
        return replace(item, ladder_from=event.at, counted_from=None) if state in LIVE else item
    return item


def unsaid(before: Assignment, after: Assignment, event: Happened, today: date) -> dict[str, object]:
    """What an event's detail must hold under `set` so that `after` can be told from `before`; empty for nothing."""
    said = inferred(before, event, today)
    return {name: getattr(after, name) for name in FIELDS if getattr(after, name) != getattr(said, name)}


def first_words(item: Assignment) -> dict[str, object]:
    """What the event that begins the tracking of an assignment holds under `set`."""
    found: dict[str, object] = {"begins_on": item.begins_on, "due_on": item.due_on, "kind": item.kind}
    found |= {"counted_from": item.counted_from} if item.counted_from else {}
    return found | ({"support": item.support} if item.support else {})


def differences(row: Assignment, told: Assignment) -> dict[str, tuple[str, str]]:
    """Where a row is not as the trail tells: field to (as told, as it stands)."""
    pairs = {name: (_word(getattr(told, name)), _word(getattr(row, name))) for name in FIELDS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _word(value: object) -> str:
    match value:
        case None:
            return ""
        case tuple():
            return ",".join(map(str, value))
        case datetime():
            return value.isoformat()
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def _born(row: Assignment, events: Sequence[Happened]) -> Assignment:
    first = events[0]
    item = replace(
        row,
        state=State.OPEN,
        held=first.action == "assignment_held",
        due_on=_due_at_first(row, events),
        tracked_from=first.at,
        ladder_from=first.at,
        counted_from=None,
        muted_until=None,
    )
    said = first.detail.get(SET)
    return item if said is None else _with_set(replace(item, support=()), said)


def _due_at_first(row: Assignment, events: Iterable[Happened]) -> date:
    """The due day up to the first event that names an old one."""
    for event in events:
        if event.action == "assignment_extended":
            return date.fromisoformat(str(event.detail["from"]))
        if event.action == "due_day_changed":
            return date.fromisoformat(event.why.partition(" ")[0])
    return row.due_on


def _with_set(item: Assignment, said: Mapping[str, Any]) -> Assignment:
    return replace(item, **{name: _value(name, value) for name, value in said.items()}) if said else item


def _value(name: str, value: Any) -> Any:
    if name == "support":
        return tuple(value)
    if name == "state":
        return State(value)
    if value is not None and name in DAYS:
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if name in INSTANTS else value
