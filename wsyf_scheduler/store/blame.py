"""Of events that do not fit their chain: which were touched, and which only stand beside those. Pure; no SQL."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsyf_scheduler.store.chain import Row

    Suspect = tuple[Row, str]  # an event that does not fit, and the stored hash of the one before it

WEIGHED = 100  # events weighed against each other; of more, each is named as it stands


def to_blame(suspects: Sequence[Suspect], displaced: set[int]) -> list[Suspect]:
    """Those that were touched, of events that do not fit; `displaced` are ids known to stand in a wrong place.

    A hash that was changed, or an event that was moved away, makes its successor look wrong: one that follows another
    suspect as it should is cleared. If that cleared all, none would be: somebody is to blame.
    """
    cleared = {row.id for row, _before in suspects[:WEIGHED] if _follows_another(row, suspects[:WEIGHED])} - displaced
    left = [each for each in suspects if each[0].id not in cleared]
    return left or list(suspects)


def _follows_another(row: Row, suspects: Sequence[Suspect]) -> bool:
    """Whether its hash fits after another suspect, by the hash that has or the one it should have."""
    return any(
        row.hash in (row.digest(other.hash), row.digest(other.digest(before)))
        for other, before in suspects
        if other.id != row.id
    )


def stands_elsewhere(row: Row, before: str, suspects: Sequence[Suspect]) -> bool:
    """Whether what another suspect says fits here: the two were swapped."""
    return any(
        other.id != row.id and replace(row, said=other.said).digest(before) == row.hash
        for other, _before in suspects[:WEIGHED]
    )


def astray(ids: Sequence[int]) -> set[int]:
    """Of ids that should rise, the fewest that explain why they do not: swapped ones, or ones moved elsewhere."""
    swapped = {one for one, other in zip(ids, sorted(ids), strict=True) if one != other}
    return min(swapped, set(ids) - set(_longest_rise(ids)), key=len)


def _longest_rise(ids: Sequence[int]) -> list[int]:
    """The longest rising run of ids, with gaps (patience sorting)."""
    tops: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for place, each in enumerate(ids):
        pile = bisect_left(tops, each)
        before.append(places[pile - 1] if pile else -1)
        tops[pile : pile + 1], places[pile : pile + 1] = [each], [place]
    rise, place = [], places[-1] if places else -1
    while place >= 0:
        rise.append(ids[place])
        place = before[place]
    return rise
