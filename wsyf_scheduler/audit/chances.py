"""When the engine could act: a round ran, the window was open, and no guard held the queue. Imports core and store."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.store.uptime import LONGEST_PAUSE, Stretch

NEVER = datetime.max.replace(tzinfo=UTC)


class Held(NamedTuple):
    """The whole queue was held from an instant to another, not included."""

    from_at: datetime
    to_at: datetime


def held_spans(turns: Iterable[tuple[datetime, bool]]) -> list[Held]:
    """From when to when the queue was held; `turns` are the instants it was held (True) and let go, in order."""
    found: list[Held] = []
    since_at = None
    for at, is_held in turns:
        if is_held and since_at is None:
            since_at = at
        elif not is_held and since_at is not None:
            found.append(Held(since_at, at))
            since_at = None
    return [*found, Held(since_at, NEVER)] if since_at is not None else found


class Chances:
    """Answers when, from an instant on, the engine first could act.

    A stretch proves a round at its first instant, and from then on one within LONGEST_PAUSE of any instant in it.
    """

    def __init__(self, stretches: Iterable[Stretch], held: Sequence[Held]) -> None:
        """`stretches` in which rounds ran, by their beginning; those that overlap are one."""
        self.stretches: list[Stretch] = []
        for stretch in stretches:
            if self.stretches and stretch.from_at <= self.stretches[-1].to_at:
                last = self.stretches.pop()
                stretch = Stretch(last.from_at, max(last.to_at, stretch.to_at))  # noqa: PLW2901 - grown
            self.stretches.append(stretch)
        self._ends = [stretch.to_at for stretch in self.stretches]
        self._held = list(held)

    def first(self, instant: datetime, table: Timetable) -> datetime | None:
        """The first chance at or after an instant, or None where there has been none yet."""
        at = self._round(instant)
        while at is not None:
            free_at = self._let_go(table.hours.next_open(at, table.calendar))
            if free_at == at:
                return at
            at = self._round(free_at) if free_at < NEVER else None
        return None

    def is_held(self, instant: datetime) -> bool:
        """Whether the queue was held."""
        return self._let_go(instant) > instant

    def pause(self, instant: datetime) -> tuple[datetime | None, datetime | None] | None:
        """The pause an instant lies in: the last round before it and the first after it; None where rounds ran."""
        index = bisect_left(self._ends, instant)
        following = self.stretches[index] if index < len(self.stretches) else None
        if following is not None and following.from_at <= instant:
            return None
        return self._ends[index - 1] if index else None, following.from_at if following else None

    def _round(self, instant: datetime) -> datetime | None:
        """The first instant at or after this one by which a round is known to have run."""
        for stretch in self.stretches[bisect_left(self._ends, instant) :]:
            if stretch.from_at >= instant:
                return stretch.from_at
            if stretch.to_at >= instant + LONGEST_PAUSE:
                return instant
        return None

    def _let_go(self, instant: datetime) -> datetime:
        """The instant itself, or when the hold it lies in ended."""
        index = bisect_right(self._held, instant, key=lambda each: each.from_at) - 1
        return max(instant, self._held[index].to_at) if index >= 0 else instant


def within(first: datetime, second: datetime, span: timedelta) -> bool:
    """Whether two instants lie no further apart than so much."""
    return abs(second - first) <= span
