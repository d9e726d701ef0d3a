"""Handing in figures (`wsyf data submit`, `wsyf data import`): checked, kept with what they correct (RULES.md §7).

Figures that are whole make an open assignment `submitted`; the coordinator confirms it with `wsyf done`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, state_after
from wsyf_scheduler.core.assignment import Assignment, State, Verb
from wsyf_scheduler.core.measures import Measure
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.core.plausible import Doubt, completed, impossible, unlikely
from wsyf_scheduler.errors import Forbidden, Usage
from wsyf_scheduler.figuring import counting, lacking_beside, require_asked, whole_plan, year_of
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reaching import kept
from wsyf_scheduler.store import events, figures
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.figures import FigureRow

Value = int | Fraction
Handed = Mapping[str, Mapping[str, Value]]  # industry to measure to value
TAKES = (State.OPEN, State.SUBMITTED, State.DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure as it was (None: it was not there) and as it is now."""

    industry: str
    measure: str
    before: Value | None
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What handing in did. With `impossible` or unconfirmed `unlikely` doubts nothing was written.

    `fallen`: what figures had closed (培训全覆盖), and these no longer reach; it stays done.
    """

    item: Assignment
    changes: tuple[Change, ...] = ()
    lacking: tuple[tuple[str, Measure], ...] = ()
    impossible: tuple[Doubt, ...] = ()
    unlikely: tuple[Doubt, ...] = ()
    fallen: tuple[Assignment, ...] = ()
    is_written: bool = False
    is_taken: bool = True  # nothing stood against it, though nothing may have changed


class Given(NamedTuple):
    """What one form, or one telephone call, brings for an assignment."""

    key: str
    handed: Handed
    source: str = ""


def act(
    app: App, now: datetime, *, key: str, handed: Handed, who: str, source: str = "", confirm: str = ""
) -> HandedIn:
    """Take the figures, or say what is wrong with them. `confirm` says why unlikely ones are right all the same.

    Raises Forbidden where the assignment takes no figures, Usage where an industry or measure is none of its own.
    """
    with app.db.begin() as session:
        return _take(app, session, now, Given(key, handed, source), who=who, confirm=confirm)


def act_all(
    app: App, now: datetime, *, given: Sequence[Given], who: str, confirm: str = "", whole: bool = False
) -> list[HandedIn]:
    """Take what several forms bring, or nothing of any: with a doubt about one nothing is kept of the others either.

    With `whole` nothing is kept where a figure is still lacking. Raises as `act` does.
    """
    try:
        with app.db.begin() as session:
            found = [_take(app, session, now, each, who=who, confirm=confirm) for each in given]
            _require_all(found, whole=whole)
    except _NotAll as refused:
        return [replace(each, is_taken=False, is_written=False) for each in refused.found]
    return found


class _NotAll(Exception):
    """Rolls back what was written of the others."""

    def __init__(self, found: list[HandedIn]) -> None:
        self.found = found


def _require_all(found: list[HandedIn], *, whole: bool) -> None:
    if not all(each.is_taken and not (whole and each.lacking) for each in found):
        raise _NotAll(found)


def _take(app: App, session: Session, now: datetime, given: Given, *, who: str, confirm: str) -> HandedIn:
    item = find(session, given.key)
    plan = whole_plan(session, item.plan_id)
    handed = given.handed
    _check(item, plan, require_asked(plan, item), handed)
    year = year_of(plan, item)
    assert year is not None  # what asks figures has a year
    # Figures of another year are left alone: they stand there where a sync has changed the data year.
    standing = [row for row in figures.of_assignment(session, item.id) if row.year == year]
    entries = _entries(plan, handed, standing)
    doubts = [doubt for industry, entry in entries.items() for doubt in impossible(plan.measured, industry, entry)]
    if doubts:
        return HandedIn(item=item, impossible=tuple(doubts), is_taken=False)
    rest = _rest(plan, item, entries, standing)
    changes = tuple(_changes(entries, standing))
    strange = list(_unlikely(session, plan, item.plan_id, year, entries, changes))
    if strange and not confirm.strip():
        return HandedIn(item=item, unlikely=tuple(strange), is_taken=False)
    reached = kept(session, plan, item.department) if changes else []
    if changes:
        figures.retire(session, [row.id for row in standing if _is_replaced(row, entries)], now)
        _write(session, now, item, year, changes, who=who, source=given.source, why=confirm)
    if not rest and item.state is State.OPEN:
        state = state_after(app, session, now, item, Verb.SUBMIT, reason="")
        item = apply(app, session, now, item, action="assignment_submitted", who=who, state=state.value)
    still = {each.id for each in kept(session, plan, item.department)} if reached else set()
    return HandedIn(
        item=item,
        changes=changes,
        lacking=tuple(rest),
        unlikely=tuple(strange),
        fallen=tuple(each for each in reached if each.id not in still),
        is_written=bool(changes),
    )


def _check(item: Assignment, plan: Plan, asked: Sequence[tuple[str, Measure]], handed: Handed) -> None:
    if item.state not in TAKES:
        message = _("{key} is {state}: it takes no figures")
        if item.state is State.WAIVED:  # what was withdrawn is not opened again
            message = _("{key} is {state}: it takes no figures; `wsyf reopen` opens it again")
        raise Forbidden(message.format(key=item.key, state=_(item.state.value)))
    for industry, values in handed.items():
        known = list(dict.fromkeys(each for each, _measure in asked))
        if industry not in known:
            message = _("{key} has no industry {name}; it has {known}")
            raise Usage(message.format(key=item.key, name=industry, known=", ".join(known)))
        names = _names(plan, industry, asked)
        for name in values:
            if name not in names:
                message = _("{key} asks for no {name} of {industry}; it asks for {known}")
                raise Usage(message.format(key=item.key, name=name, industry=industry, known=", ".join(names)))


def _rest(
    plan: Plan, item: Assignment, entries: Mapping[str, Mapping[str, Value]], standing: Sequence[FigureRow]
) -> list[tuple[str, Measure]]:
    """What will be lacking. Forbidden where what is submitted or done would lack what it had: its figures count."""
    before = {(row.industry, row.measure) for row in standing}
    after = {place for place in before if place[0] not in entries}
    after |= {(industry, name) for industry, entry in entries.items() for name in entry}
    rest = lacking_beside(plan, item, after)
    lost = [each for each in rest if each not in lacking_beside(plan, item, before)]
    if item.state is State.OPEN or not lost:
        return rest
    industry, measure = lost[0]
    dropped = {name for place, name in before - after if place == industry}
    quotient = next(each for each in plan.measured.indicators if each.id in dropped and measure.id in each.measures)
    message = _(
        "nothing was taken: {key} is {state}, and would lack {missing};"
        " give {top} and {bottom} together, or {quotient} alone"
    )
    names = {each.id: each.name for each in plan.industries}
    missing = _(", ").join(f"{names.get(each, each)} {found.name}" for each, found in lost)
    asked = {"top": quotient.top, "bottom": quotient.bottom, "quotient": quotient.id}
    raise Forbidden(message.format(key=item.key, state=_(item.state.value), missing=missing, **asked))


def _names(plan: Plan, industry: str, asked: Sequence[tuple[str, Measure]]) -> list[str]:
    """What may be handed in of an industry: measures, their parts, and quotients that may come by themselves."""
    own = [measure for each, measure in asked if each == industry]
    ids = [measure.id for measure in own]
    quotients = [
        each.id for each in plan.measured.indicators if each.alone and all(name in ids for name in each.measures)
    ]
    return [*ids, *(part for measure in own for part in measure.parts), *quotients]


def _entries(plan: Plan, handed: Handed, standing: Sequence[FigureRow]) -> dict[str, dict[str, Value]]:
    """What would stand: the figures there are with those handed in over them, sums worked out anew.

    What is handed in as a quotient takes the place of what it is made of, and the other way round.
    """
    entries: dict[str, dict[str, Value]] = {}
    for industry, values in handed.items():
        entry = {row.measure: row.value for row in standing if row.industry == industry}
        for measure in plan.measured.measures:
            named = {measure.id, *measure.parts} & set(values)
            for name in (measure.id, *measure.parts) if named else ():
                entry.pop(name, None)
        for indicator in plan.measured.indicators:
            if indicator.alone and indicator.id in values:
                for name in indicator.measures:
                    entry.pop(name, None)
            elif indicator.alone and set(indicator.measures) & set(values):
                entry.pop(indicator.id, None)
        entries[industry] = completed(plan.measured, entry | dict(values))
    return entries


def _is_replaced(row: FigureRow, entries: Mapping[str, Mapping[str, Value]]) -> bool:
    """Whether a figure is taken back by what came in its place: counts by a quotient, a sum's parts by the sum."""
    return row.industry in entries and row.measure not in entries[row.industry]


def _changes(entries: Mapping[str, Mapping[str, Value]], standing: Sequence[FigureRow]) -> Iterator[Change]:
    old = {(row.industry, row.measure): row.value for row in standing}
    for industry, entry in entries.items():
        for name, value in entry.items():
            before = old.get((industry, name))
            if before != value or type(before) is not type(value):
                yield Change(industry=industry, measure=name, before=before, after=value)


def _unlikely(
    session: Session,
    plan: Plan,
    plan_id: str,
    year: int,
    entries: Mapping[str, Mapping[str, Value]],
    changes: Sequence[Change],
) -> Iterator[Doubt]:
    """What is strange about what changes: a figure that was confirmed once is not asked about again."""
    before: dict[str, dict[int, dict[str, Value]]] = {}
    for place, given in counting(plan, figures.of_plan(session, plan_id)).items():
        if place.year < year:
            before.setdefault(place.industry, {}).setdefault(place.year, {})[place.measure] = given.value
    changed = {(change.industry, change.measure) for change in changes}
    for industry, entry in entries.items():
        for doubt in unlikely(plan.measured, industry, entry, before.get(industry, {})):
            if changed & {(industry, doubt.measure), (industry, doubt.other)}:
                yield doubt


def _write(
    session: Session,
    now: datetime,
    item: Assignment,
    year: int,
    changes: Sequence[Change],
    *,
    who: str,
    source: str,
    why: str,
) -> None:
    for change in changes:
        figures.add(
            session,
            plan_id=item.plan_id,
            assignment_id=item.id,
            industry=change.industry,
            year=year,
            measure=change.measure,
            value=change.after,
            now=now,
            who=who,
            source=source,
            why=why,
        )
    said = [[each.industry, each.measure, _shown(each.before), _shown(each.after)] for each in changes]
    events.add(
        session,
        at=now,
        who=who,
        action="figures_handed_in",
        plan_id=item.plan_id,
        assignment_id=item.id,
        from_state=item.state.value,
        to_state=item.state.value,
        why=why,
        detail={"year": year, "source": source, "figures": said},
    )


def _shown(value: Value | None) -> str | None:
    return None if value is None else str(value)
