"""Entering who holds which post (`wsyf people import`): the file speaks for the posts it names, and only for those."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from wsyf_scheduler.app import App
from wsyf_scheduler.core.erased import is_erased
from wsyf_scheduler.core.people import Holder, Post, circles
from wsyf_scheduler.errors import Fault, Invalid
from wsyf_scheduler.files.people import COLUMNS, Sheet
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import events, people, pseudonyms
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.people import Passed

KEY = ("role", "department", "email")  # which entry a line is about; what a file lacks of the others stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry: as it was (None: it is new) and as it is now (None: it was to begin, and was taken out)."""

    before: Holder | None
    after: Holder | None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffed:
    """What an import did: holders entered, changed, ended, and left as they were; each change, in the file's order.

    `reversed` are the hand-overs entered by command that no longer stand.
    """

    added: int = 0
    changed: int = 0
    ended: int = 0
    unchanged: int = 0
    changes: tuple[Change, ...] = field(default=(), compare=False)
    reversed: tuple[Passed, ...] = field(default=(), compare=False)


def act(
    app: App,
    now: datetime,
    *,
    holders: Sequence[Holder],
    today: date,
    who: str,
    vacant: Sequence[Post] = (),
    sheet: Sheet | None = None,
) -> Staffed:
    """Enter the holders. Of a post the file names, holders it leaves out are ended the day before.

    `vacant` are posts it names as vacant. Of the file they came from, `sheet`, a column it lacks changes nothing, and a
    circle of deputies in it raises Invalid; without it the holders are taken as they are, whole.

    Whoever held a post is never deleted; one who was to begin today or later, and now is not, never held it.
    """
    columns = COLUMNS if sheet is None else sheet.columns
    with app.db.begin() as session:
        known = people.all_of(session)
        posts = {Post(holder.role, holder.department) for holder in holders} | {*vacant}
        pairs = _paired(known, holders, columns, today)
        if sheet is not None:
            _require_no_circle(known, pairs, sheet, today)
        changes = [Change(before=old, after=new) for old, new in pairs if old != new]
        for each in changes:
            _enter(session, each, now)
        ended = [old for old in known if _is_left_out(old, pairs, posts, today)]
        changes += [_end(session, old, today, now) for old in ended]
        added = sum(old is None for old, _new in pairs)
        done = Staffed(
            added=added,
            changed=len(changes) - len(ended) - added,
            ended=len(ended),
            unchanged=len(holders) - len(changes) + len(ended),
            changes=tuple(changes),
            reversed=tuple(_reversed(session, changes, today)),
        )
        detail: dict[str, object] = {"added": done.added, "changed": done.changed, "ended": done.ended}
        events.add(session, at=now, who=who, action="people_imported", detail=detail)
    return done


def _paired(
    known: Sequence[Holder], holders: Sequence[Holder], columns: Container[str], today: date
) -> list[tuple[Holder | None, Holder]]:
    """Each holder of the file, whole, after the entry it is about."""
    exact = set(known) & set(holders)
    pairs: list[tuple[Holder | None, Holder]] = []
    for each in holders:
        old = each if each in exact else _meant([old for old in known if old not in exact], each, columns, today)
        pairs.append((old, each if old is None else _whole(old, each, columns, today)))
    return pairs


def _meant(known: Iterable[Holder], holder: Holder, columns: Container[str], today: date) -> Holder | None:
    """The entry a line is about; without days in the file the present term, or else the latest."""
    terms = [each for each in known if _is_entry_of(each, holder)]
    terms.sort(key=lambda each: each.email != holder.email)  # written the same way before written otherwise
    if "since" in columns:
        return next((each for each in terms if _same(each, holder)), None)
    present = (each for each in terms if each.until is None or each.until >= today)
    return next(present, max(terms, key=lambda each: each.until or date.max, default=None))


def _whole(old: Holder, new: Holder, columns: Container[str], today: date) -> Holder:
    """The new entry, with what the file has no column for as it was; whom it names again has not ended."""
    kept: dict[str, Any] = {name: getattr(old, name) for name in COLUMNS if name not in KEY and name not in columns}
    if old.until is not None and old.until < today:
        kept.pop("until", None)
    if is_erased(old.deputy) and not (new.deputy or new.away_since or new.away_until):
        # an export leaves out a deputy who was erased, with the absence
        kept |= {"deputy": old.deputy, "away_since": old.away_since, "away_until": old.away_until}
    return replace(new, **kept)


def _is_entry_of(old: Holder, new: Holder) -> bool:
    return (old.role, old.department, old.email.casefold()) == (new.role, new.department, new.email.casefold())


def _same(old: Holder, new: Holder) -> bool:
    """One person in one post, entered before: same address, and not a second term."""
    return _is_entry_of(old, new) and (
        old.since == new.since or old.until is None or (new.since is not None and new.since <= old.until)
    )


def _enter(session: Session, change: Change, now: datetime) -> None:
    assert change.after is not None  # a line of the file
    if change.before is None:
        people.add(session, change.after, now)
    else:
        people.replace(session, change.before, change.after, now)


def _is_left_out(
    old: Holder, pairs: Sequence[tuple[Holder | None, Holder]], posts: Container[Post], today: date
) -> bool:
    named = Post(old.role, old.department) in posts
    is_serving = old.until is None or old.until >= today
    return named and is_serving and not any(old == before or _same(old, new) for before, new in pairs)


def _end(session: Session, old: Holder, today: date, now: datetime) -> Change:
    if old.since is not None and old.since >= today:
        people.remove(session, old, now)
        return Change(before=old, after=None, ended=True)
    new = replace(old, until=today - timedelta(days=1))
    people.replace(session, old, new, now)
    return Change(before=old, after=new, ended=True)


def _require_no_circle(
    known: Sequence[Holder], pairs: Sequence[tuple[Holder | None, Holder]], sheet: Sheet, today: date
) -> None:
    """Deputies who stand in for each other on one day leave nobody to read; each fault names them and the rows."""
    replaced = {old for old, _new in pairs if old is not None}
    entries = [*(each for each in known if each not in replaced), *(new for _old, new in pairs)]
    lines = {new.email.casefold(): line for (_old, new), line in zip(pairs, sheet.lines, strict=True) if new.deputy}
    faults = []
    for found in circles(entries, today):
        rows = sorted({lines[each.casefold()] for each in found if each.casefold() in lines})
        words = _("a circle of deputies: {addresses} (lines {lines}); on those days nobody of them would be there")
        message = words.format(addresses=" → ".join(found), lines=", ".join(map(str, rows)) or "–")
        faults.append(Fault(file=sheet.file, line=rows[0] if rows else None, key="deputy", message=message))
    if faults:
        raise Invalid(faults)


def _reversed(session: Session, changes: Sequence[Change], today: date) -> Iterable[Passed]:
    """The latest hand-over of a post, entered by command, whose successor is ended or whose predecessor is back."""
    latest = {each.post: each for each in people.handed_over(session)}
    for post, passed in latest.items():
        for each in changes:
            entry = each.before or each.after
            assert entry is not None  # a change has one or the other
            if Post(entry.role, entry.department) != post:
                continue
            number = pseudonyms.number(session, entry.email)
            is_back = number == passed.number_before and each.after is not None and not each.ended
            if (each.ended and number == passed.number) or (is_back and _serves_longer(each, passed, today)):
                yield passed
                break


def _serves_longer(change: Change, passed: Passed, today: date) -> bool:
    """Whether an entry reaches past the day it was handed over on, and did not before."""
    assert change.after is not None  # whoever is back has an entry
    before, after = change.before, change.after
    last = max(passed.on, today)
    return (after.until is None or after.until >= last) and (
        before is None or (before.until is not None and before.until < last)
    )
