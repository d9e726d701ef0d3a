"""What a plan file changes against what is tracked: keys are unique and never change (RULES.md §1). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.plan import FOLLOW_UP_NUMBER, Wanted, assignment_key, part_index, part_name

LIVE = (State.OPEN, State.SUBMITTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a sync does: new assignments, and tracked ones paired with what the file now says of them."""

    added: tuple[Wanted, ...] = ()
    moved: tuple[tuple[Assignment, Wanted], ...] = ()  # another due day
    reworded: tuple[tuple[Assignment, Wanted], ...] = ()  # same due day, other words or departments
    restored: tuple[tuple[Assignment, Wanted], ...] = ()  # withdrawn before, and back in the file
    withdrawn: tuple[Assignment, ...] = ()
    reordered: tuple[tuple[Assignment, Wanted], ...] = ()  # another place in the lists, and nothing else

    def __bool__(self) -> bool:
        """Whether a sync would change anything that concerns anyone: the order of the lists does not."""
        return bool(self.added or self.moved or self.reworded or self.restored or self.withdrawn)


def compare(tracked: Iterable[Assignment], wanted: Iterable[Wanted]) -> Changes:
    """Hold what is tracked against what the file wants, task by task and department by department."""
    groups: dict[tuple[str, str, str], tuple[list[Assignment], list[Wanted]]] = {}
    for item in tracked:
        if not FOLLOW_UP_NUMBER.fullmatch(item.number):
            groups.setdefault((item.period, item.number, item.department), ([], []))[0].append(item)
    for want in wanted:
        groups.setdefault((want.period, want.number, want.department), ([], []))[1].append(want)
    found = [_compare_group(*group) for group in groups.values()]
    return Changes(
        added=tuple(sorted((want for each in found for want in each.added), key=lambda want: want.position)),
        moved=tuple(pair for each in found for pair in each.moved),
        reworded=tuple(pair for each in found for pair in each.reworded),
        restored=tuple(pair for each in found for pair in each.restored),
        withdrawn=tuple(item for each in found for item in each.withdrawn),
        reordered=tuple(pair for each in found for pair in each.reordered),
    )


def _compare_group(tracked: list[Assignment], wanted: list[Wanted]) -> Changes:
    """Equal days first, then what is left in order; further days take the next letters, further keys are withdrawn."""
    if not tracked:
        return Changes(added=tuple(wanted))
    live = sorted((item for item in tracked if item.state is not State.WITHDRAWN), key=_by_part)
    gone = sorted((item for item in tracked if item.state is State.WITHDRAWN), key=_by_part)
    same, live, rest = _pair_by_day(live, wanted)
    moved = list(zip(live, rest, strict=False))
    live, rest = live[len(moved) :], rest[len(moved) :]
    back, gone, rest = _pair_by_day(gone, rest)
    returning = list(zip(gone, rest, strict=False))
    rest = rest[len(returning) :]
    return Changes(
        added=tuple(_named(tracked, rest)),
        moved=tuple(moved),
        reworded=tuple(pair for pair in same if _differs(*pair)),
        restored=(*back, *returning),
        withdrawn=tuple(item for item in live if item.state in LIVE),
        reordered=tuple((item, want) for item, want in same if item.position != want.position),
    )


def _by_part(item: Assignment) -> int:
    return part_index(item.part)


def _pair_by_day(
    tracked: Sequence[Assignment], wanted: Sequence[Wanted]
) -> tuple[list[tuple[Assignment, Wanted]], list[Assignment], list[Wanted]]:
    pairs: list[tuple[Assignment, Wanted]] = []
    left = list(tracked)
    rest = []
    for want in sorted(wanted, key=lambda want: want.due_on):
        match = next((item for item in left if item.file_due_on == want.due_on), None)
        if match is None:
            rest.append(want)
        else:
            left.remove(match)
            pairs.append((match, want))
    return pairs, left, rest


def _named(tracked: list[Assignment], wanted: list[Wanted]) -> list[Wanted]:
    """New parts: the next letters after those that are tracked already."""
    after = max(part_index(item.part) for item in tracked) + 1
    return [_with_part(want, part_name(after + index)) for index, want in enumerate(wanted)]


def _with_part(want: Wanted, part: str) -> Wanted:
    return replace(want, part=part, key=assignment_key(want.period, want.number, part, want.department))


def words_of(want: Wanted) -> dict[str, object]:
    """What a sync takes over without a letter."""
    return {
        "kind": want.kind.value,
        "title": want.title,
        "text": want.text,
        "due_basis": want.basis.value,
        "support": want.support,
        "data_year": want.data_year,
        "form": want.form.value if want.form else None,
        "after": want.after,
        "hand_in": want.hand_in,
        "begins_on": want.period_begins_on,
        "position": want.position,
    }


def _differs(item: Assignment, want: Wanted) -> bool:
    words = words_of(want)
    words.pop("position")
    if item.original_due_on is not None:
        words.pop("due_basis")  # an extension made it the office's
    return any(getattr(item, name) != value for name, value in words.items())
