"""Who held which post, as the office knew it at any past moment, and whom a server had refused by then.

Imports core and the values of store; light enough for commands that only look.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property

from wsyf_scheduler.core.people import Holder, Roster

Term = tuple[Holder, datetime | None, datetime | None]  # the holder, known from an instant on, until another
Refusal = tuple[str, datetime]


class Posts:
    """Rosters of the past. `terms` are holders with when they were entered and taken out; None: always, still."""

    def __init__(self, terms: Sequence[Term], refusals: Callable[[], Iterable[Refusal]]) -> None:
        """Keep what is known; `refusals` are read when first asked for."""
        self._terms, self._read = terms, refusals
        self._turns = sorted({at for _holder, *span in terms for at in span if at is not None})
        self._holders: dict[int, list[Holder]] = {}

    def holders(self, at: datetime) -> list[Holder]:
        """Every holder as the office knew them at an instant."""
        turn = bisect_right(self._turns, at)
        if turn not in self._holders:
            self._holders[turn] = [
                holder
                for holder, from_at, to_at in self._terms
                if (from_at is None or from_at <= at) and (to_at is None or at < to_at)
            ]
        return self._holders[turn]

    def roster(self, at: datetime, *, office: str, refused: bool = False) -> Roster:
        """Who could be reached at an instant; where `refused`, less the addresses servers had refused by then."""
        gone = frozenset(address for address, since_at in self._refusals if since_at <= at) if refused else frozenset()
        return Roster(self.holders(at), office=office, refused=gone)

    @cached_property
    def _refusals(self) -> tuple[Refusal, ...]:
        return tuple(self._read())
