"""A deputy while somebody is away (`wsyf people away`, `back`): all the person's posts, one absence at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from wsyf_scheduler import whom
from wsyf_scheduler.app import App
from wsyf_scheduler.core.ahead import ahead
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.decide import NOTHING_DECIDED
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, Landing
from wsyf_scheduler.core.people import Holder, Post, circle
from wsyf_scheduler.errors import Forbidden, Usage
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import assignments, events, notices, people, pseudonyms, refusals
from wsyf_scheduler.store.db import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A letter that would reach the deputy if nobody does anything: its day, kind, and the key it is about."""

    on: date
    letter: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """What was entered: each post as it was and as it is now, the letters of those days, and who else is meant by it.

    `is_known` says whether the deputy's address is that of a holder of any post.
    """

    before: tuple[Holder, ...]
    after: tuple[Holder, ...]
    letters: tuple[Coming, ...]
    is_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """From which day to which, both included, and who reads instead: an address, a name, or a post."""

    since: date
    until: date
    deputy: str


def act(
    app: App,
    now: datetime,
    *,
    people_meant: Sequence[str],
    absence: Absence,
    names: Mapping[str, str],
    who: str,
    reason: str = "",
) -> Away:
    """Put the deputy in. Whoever was to be away at another time is away at this one instead.

    Usage for days the wrong way round; NotFound where nobody is meant; Forbidden where the deputy is the person, has
    left, cannot be reached, or would be stood in for, on a day of the absence, by the very person who is away.
    """
    if absence.until < absence.since:
        words = _("away until {until} is before away since {since}")
        raise Usage(words.format(until=absence.until, since=absence.since))
    with app.db.begin() as session:
        known = people.all_of(session)
        before = _meant(known, people_meant, names, absence.since)
        deputy = whom.address(known, absence.deputy, names, absence.since)
        _require_reachable(session, known, deputy, absence)
        after = [replace(each, deputy=deputy, away_since=absence.since, away_until=absence.until) for each in before]
        _require_no_circle(known, before, after)
        for old, new in zip(before, after, strict=True):
            people.replace(session, old, new, now)
        detail: dict[str, object] = {
            **_named(session, after),
            "deputy": pseudonyms.of(session, deputy),
            "since": absence.since,
            "until": absence.until,
        }
        events.add(session, at=now, who=who, action="people_away", why=reason, detail=detail)
        letters = tuple(_letters(app, session, now, after))
    is_known = any(each.email.casefold() == deputy.casefold() for each in known)
    return Away(before=tuple(before), after=tuple(after), letters=letters, is_known=is_known)


def back(
    app: App,
    now: datetime,
    *,
    people_meant: Sequence[str],
    on: date,
    names: Mapping[str, str],
    who: str,
    reason: str = "",
) -> Away:
    """End an absence: from `on` the person reads again; one that was still to come is taken out."""
    with app.db.begin() as session:
        known = people.all_of(session)
        found = _meant(known, people_meant, names, on)
        before = [each for each in found if each.deputy and (each.away_until is None or each.away_until >= on)]
        if not before:
            names_said = ", ".join(dict.fromkeys(each.name or each.email for each in found))
            raise Forbidden(_("{names} is not away, now or later").format(names=names_said))
        after = [_ended(each, on) for each in before]
        for old, new in zip(before, after, strict=True):
            people.replace(session, old, new, now)
        detail = {**_named(session, after), "on": on}
        events.add(session, at=now, who=who, action="people_back", why=reason, detail=detail)
    return Away(before=tuple(before), after=tuple(after), letters=())


def _meant(known: Sequence[Holder], texts: Sequence[str], names: Mapping[str, str], day: date) -> list[Holder]:
    found = [each for text in texts for each in whom.find(known, text, names, day)]
    return list(dict.fromkeys(found))


def _ended(holder: Holder, on: date) -> Holder:
    if holder.away_since is not None and holder.away_since >= on:
        return replace(holder, deputy="", away_since=None, away_until=None)
    return replace(holder, away_until=on - timedelta(days=1))


def _named(session: Session, holders: Iterable[Holder]) -> dict[str, object]:
    """Who, as the trail may say it: numbers and posts."""
    found = list(holders)
    return {
        "people": list(dict.fromkeys(pseudonyms.number(session, each.email) for each in found)),
        "posts": ["/".join(filter(None, (each.department, each.role))) for each in found],
    }


def _require_reachable(session: Session, known: Sequence[Holder], deputy: str, absence: Absence) -> None:
    """A deputy who has left, or whose mailbox is refused, would be told in the person's stead and not hear of it."""
    if deputy.casefold() in refusals.all_of(session):
        words = _(
            "a server refused {address}: letters to it would not arrive. Where it is right, `wsyf check --mail"
            " {address}` tries it; then enter the deputy again"
        )
        raise Forbidden(words.format(address=deputy))
    terms = [each for each in known if each.email.casefold() == deputy.casefold()]
    last = max((each.until for each in terms if each.until is not None), default=None)
    if terms and last is not None and all(each.until is not None for each in terms) and last < absence.since:
        words = _("{address} left at the end of {day}; name a deputy who is there")
        raise Forbidden(words.format(address=deputy, day=last))


def _require_no_circle(known: Sequence[Holder], before: Sequence[Holder], after: Sequence[Holder]) -> None:
    others = [each for each in known if each not in before]
    for new in after:
        if new.deputy.casefold() == new.email.casefold():
            raise Forbidden(_("{address} cannot be the deputy of the same person").format(address=new.email))
        if found := circle([*others, *after], new):
            words = _("a circle of deputies: {addresses}; on those days nobody of them would be there. Name another")
            raise Forbidden(words.format(addresses=" → ".join(found)))


def _letters(app: App, session: Session, now: datetime, holders: Sequence[Holder]) -> Iterable[Coming]:
    """The letters that name one of these posts on a day of the absence, if nobody does anything; oldest first."""
    posts = {Post(each.role, each.department) for each in holders}
    found = []
    for plan_id, tracked in app.plans(session).items():
        items = [each for each in assignments.of_plan(session, plan_id) if each.state is State.OPEN]
        decided = notices.decided(session, [each.id for each in items])
        for item in items:
            for landing in ahead(item, decided.get(item.id, NOTHING_DECIDED), tracked.table, now):
                on = tracked.table.hours.day_of(max(landing.slot_at, now))
                if posts & _posts(item, landing) and any(each.is_away_on(on) for each in holders):
                    found.append(Coming(on=on, letter=landing.rung.letter, key=item.key))
    return sorted(found, key=lambda each: (each.on, each.key))


def _posts(item: Assignment, landing: Landing) -> set[Post]:
    roles = (*landing.rung.to, *landing.rung.cc, *landing.rung.briefing)
    return {Post(role, item.department if role in DEPARTMENT_ROLES else "") for role in roles}
