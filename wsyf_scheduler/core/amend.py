"""What a plan file changes against what is tracked: keys are unique and never change (RULES.md §1). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from wsyf_scheduler.core.assignment import Assignment, State, Verb, advance
from wsyf_scheduler.core.kind import FOLLOW_UP_NUMBER
from wsyf_scheduler.core.plan import Wanted, assignment_key, part_index, part_name

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
    reassigned: tuple[tuple[Assignment, Wanted], ...] = ()  # of withdrawn ones: which of the new takes it over

    def __bool__(self) -> bool:
        """Whether a sync would change anything that concerns anyone: the order of the lists does not."""
        return bool(self.added or self.moved or self.reworded or self.restored or self.withdrawn)

    @property
    def counts(self) -> dict[str, int]:
        """How much of each; what was given to another department counts as that, not as withdrawn and added."""
        taken, takers = len(self.reassigned), {want.key for _item, want in self.reassigned}
        return {
            "added": sum(want.key not in takers for want in self.added),
            "moved": len(self.moved),
            "reworded": len(self.reworded),
            "restored": sum(item.key not in takers for item, _want in self.restored),
            "withdrawn": len(self.withdrawn) - taken,
            "reassigned": taken,
        }


def compare(tracked: Iterable[Assignment], wanted: Iterable[Wanted]) -> Changes:
    """Hold what is tracked against what the file wants, task by task and department by department."""
    groups: dict[tuple[str, str, str], tuple[list[Assignment], list[Wanted]]] = {}
    for item in tracked:
        if not FOLLOW_UP_NUMBER.fullmatch(item.number):
            groups.setdefault((item.period, item.number, item.department), ([], []))[0].append(item)
    for want in wanted:
        groups.setdefault((want.period, want.number, want.department), ([], []))[1].append(want)
    found = [_compare_group(*group) for group in groups.values()]
    changes = Changes(
        added=tuple(sorted((want for each in found for want in each.added), key=lambda want: want.position)),
        moved=tuple(pair for each in found for pair in each.moved),
        reworded=tuple(pair for each in found for pair in each.reworded),
        restored=tuple(pair for each in found for pair in each.restored),
        withdrawn=tuple(item for each in found for item in each.withdrawn),
        reordered=tuple(pair for each in found for pair in each.reordered),
    )
    return replace(changes, reassigned=tuple(_handed_over(changes))) if changes.withdrawn else changes


def _handed_over(changes: Changes) -> Iterator[tuple[Assignment, Wanted]]:
    """Withdrawn ones and who takes them over, task by task: of equal due day first, then what is left in order.

    What comes back to a department that had it before takes over like what is new.
    """
    come: dict[tuple[str, str], list[Wanted]] = {}
    back = (replace(want, key=item.key, part=item.part) for item, want in changes.restored)  # it keeps its own key
    for want in (*changes.added, *back):
        come.setdefault((want.period, want.number), []).append(want)
    left: list[tuple[Assignment, list[Wanted]]] = []
    for item in sorted(changes.withdrawn, key=lambda item: (item.position, _by_part(item))):
        takers = come.get((item.period, item.number), [])
        same = next((want for want in takers if _takes(item, want) and want.due_on == item.file_due_on), None)
        if same is None:
            left.append((item, takers))
            continue
        takers.remove(same)
        yield item, same
    for item, takers in left:
        taker = next((want for want in takers if _takes(item, want)), None)
        if taker is not None:
            takers.remove(taker)
            yield item, taker


def _takes(item: Assignment, want: Wanted) -> bool:
    return want.department != item.department


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
        reworded=tuple(pair for pair in same if differing(*pair)),
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


def begun(
    plan_id: str,
    want: Wanted,
    now: datetime,
    today: date,
    *,
    before: Assignment | None = None,
    held: bool = False,
    root_id: str = "",
) -> Assignment:
    """The assignment as it is when its tracking begins; `before` is what it takes over from another department.

    That is linked, and held where it was. An overdue one goes on at its chaser, as if it had been reopened.
    """
    values = words_of(want) | due_day(want, before)
    item = Assignment(
        id=0,
        plan_id=plan_id,
        key=want.key,
        period=want.period,
        number=want.number,
        part=want.part,
        department=want.department,
        file_due_on=want.due_on,
        tracked_from=now,
        ladder_from=now,
        held=held or (before is not None and before.held),
        origin=before.key if before is not None else None,
        root_id=root_id,
        **values,  # type: ignore[arg-type]
    )
    return item if before is None else replace(item, counted_from=_onto(item.due_on, today))


def restored(item: Assignment, want: Wanted, now: datetime, today: date, taken: Assignment | None) -> Assignment:
    """A withdrawn assignment open again; an overdue one goes on at its chaser, as if it had been reopened.

    `taken` is what it takes over from the department that had it meanwhile: how that stood is how this goes on.
    """
    values = words_of(want) | due_day(want, taken or item)
    found = replace(
        item,
        state=advance(item.state, Verb.RESTORE),
        file_due_on=want.due_on,
        ladder_from=now,
        sequence=item.sequence + 1,
        **values,  # type: ignore[arg-type]
    )
    found = replace(found, counted_from=_onto(found.due_on, today))
    return found if taken is None else replace(found, held=taken.held, muted_until=None, origin=taken.key)


def moved(item: Assignment, want: Wanted, now: datetime) -> Assignment:
    """With a new due day of the file: an extension ends, the ladder starts anew; closed ones keep still."""
    values = words_of(want) | due_day(want, None)
    found = replace(item, file_due_on=want.due_on, **values)  # type: ignore[arg-type]
    if item.state not in LIVE:
        return found
    return replace(found, ladder_from=now, counted_from=None, sequence=item.sequence + 1)


def reworded(item: Assignment, want: Wanted) -> Assignment:
    """With other words or departments; an extension made the basis of the due day the office's, and it stays that."""
    return replace(item, **(words_of(want) | due_day(want, item)))  # type: ignore[arg-type]


def is_extended(item: Assignment) -> bool:
    """Whether an extension is in force."""
    return item.original_due_on is not None


def keeps_extension(want: Wanted, before: Assignment) -> bool:
    """Whether an extension in force goes along: only a due day that changed in the file ends it."""
    return is_extended(before) and before.file_due_on == want.due_on


def due_day(want: Wanted, before: Assignment | None) -> dict[str, object]:
    """Due day, the one before the first extension, and basis: the file's, or those of an extension that goes along."""
    if before is None or not keeps_extension(want, before):
        return {"due_on": want.due_on, "original_due_on": None, "due_basis": want.basis.value}
    return {"due_on": before.due_on, "original_due_on": before.original_due_on, "due_basis": before.due_basis}


def _onto(due_on: date, today: date) -> date | None:
    return today if today > due_on else None


def words_of(want: Wanted) -> dict[str, object]:
    """What a sync takes over without a letter."""
    return {
        "kind": want.kind.value,
        "title": want.title,
        "text": want.text,
        "due_basis": want.basis.value,
        "support": want.support,
        "data_year": want.data_year,
        "form": want.form,
        "after": want.after,
        "hand_in": want.hand_in,
        "begins_on": want.period_begins_on,
        "position": want.position,
    }


def differing(item: Assignment, want: Wanted) -> dict[str, tuple[object, object]]:
    """The words a sync would change: field to (as tracked, as the file has it); its place in the lists is none."""
    words = words_of(want)
    words.pop("position")
    if item.original_due_on is not None and item.file_due_on == want.due_on:
        words.pop("due_basis")  # an extension made it the office's
    return {name: (getattr(item, name), value) for name, value in words.items() if getattr(item, name) != value}
