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
from wsyf_scheduler.core.people import Holder, Post, Roster, circle
from wsyf_scheduler.errors import Forbidden, Usage
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import LetterKind
from wsyf_scheduler.store import assignments, events, notices, people, pseudonyms, refusals
from wsyf_scheduler.store.db import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A letter that would reach the deputy if nobody does anything: its day, kind, and the keys it is about.

    What a department, or a leader, gets of one kind on one day is one letter (RULES.md §4).
    """

    on: date
    letter: str
    keys: tuple[str, ...]


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
    """From which day to which, both included, and who reads instead: an address, a name, or a post.

    `is_replacing`: it may take the place of one that has days left which this one has not.
    """

    since: date
    until: date
    deputy: str
    is_replacing: bool = False


def act(
    app: App,
    now: datetime,
    *,
    people_meant: Sequence[str],
    absence: Absence,
    names: Mapping[str, str],
    today: date,
    who: str,
    reason: str = "",
) -> Away:
    """Put the deputy in, in all posts of the person. One absence at a time is kept.

    Usage for days the wrong way round or past; NotFound where nobody is meant; Forbidden where a post has several
    holders, where another absence would lose days it still has, and where the deputy is the person, leaves before the
    absence ends, cannot be reached, or would be stood in for, on a day of it, by the very person who is away.
    """
    _require_days(absence, today)
    with app.db.begin() as session:
        known = people.all_of(session)
        before = _meant(known, people_meant, names, absence.since)
        if not absence.is_replacing:
            _require_none_cut(before, absence, today)
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
    found = [each for text in texts for each in whom.person(known, text, names, day)]
    return list(dict.fromkeys(found))


def _require_days(absence: Absence, today: date) -> None:
    if absence.until < absence.since:
        words = _("away until {until} is before away since {since}")
        raise Usage(words.format(until=absence.until, since=absence.since))
    if absence.until < today:
        words = _("away until {until} is over already: today is {today}")
        raise Usage(words.format(until=absence.until, today=today))


def _require_none_cut(before: Sequence[Holder], absence: Absence, today: date) -> None:
    """No other absence loses days that are still to come: on those the person would be written to, and not there."""
    for each in before:
        first, last = max(each.away_since or date.min, today), each.away_until or date.max
        has_days = each.deputy and (each.away_since or each.away_until) and first <= last
        if has_days and not (absence.since <= first and last <= absence.until):
            words = _(
                "{name} is away {since} to {until} and {deputy} reads instead; one absence at a time is kept. Enter"
                " the other one when this has ended, or one that covers both; `wsyf people back` ends this one today;"
                " with --replace the new one takes its place, and on its other days {name} reads"
            )
            raise Forbidden(
                words.format(
                    name=each.name or each.email,
                    since=each.away_since or "…",
                    until=each.away_until or "…",
                    deputy=each.deputy,
                )
            )


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
    if last is None or any(each.until is None for each in terms):
        return
    if last < absence.since:
        words = _("{address} left at the end of {day}; name a deputy who is there")
        raise Forbidden(words.format(address=deputy, day=last))
    if last < absence.until:
        words = _(
            "{address} leaves at the end of {day}, and the absence ends on {until}: name a deputy who is there all the"
            " time, or end the absence on {day}"
        )
        raise Forbidden(words.format(address=deputy, day=last, until=absence.until))


def _require_no_circle(known: Sequence[Holder], before: Sequence[Holder], after: Sequence[Holder]) -> None:
    others = [each for each in known if each not in before]
    for new in after:
        if new.deputy.casefold() == new.email.casefold():
            raise Forbidden(_("{address} cannot be the deputy of the same person").format(address=new.email))
        if found := circle([*others, *after], new):
            words = _("a circle of deputies: {addresses}; on those days nobody of them would be there. Name another")
            raise Forbidden(words.format(addresses=" → ".join(found)))


def _letters(app: App, session: Session, now: datetime, holders: Sequence[Holder]) -> Iterable[Coming]:
    """The letters somebody else reads on account of this absence, if nobody does anything; oldest first.

    Those the person would have read as the deputy of others are among them.
    """
    entries = people.all_of(session)
    found: dict[tuple[date, str, str, str], list[str]] = {}
    with_them = Roster([replace(each, deputy="") if each in holders else each for each in entries], office="")
    without = Roster(entries, office="")
    for plan_id, tracked in app.plans(session).items():
        items = [each for each in assignments.of_plan(session, plan_id) if each.state is State.OPEN]
        decided = notices.decided(session, [each.id for each in items])
        for item in items:
            for landing in ahead(item, decided.get(item.id, NOTHING_DECIDED), tracked.table, now):
                hours, calendar = tracked.table.hours, tracked.table.calendar
                on = hours.day_of(hours.next_open(max(landing.slot_at, now), calendar))  # a late one, when it can go
                for letter, receiver, posts in _sheets(item, landing):
                    if any(with_them.of(post, on) != without.of(post, on) for post in posts):
                        found.setdefault((on, letter, plan_id, receiver), []).append(item.key)
    return [Coming(on=on, letter=letter, keys=tuple(sorted(keys))) for (on, letter, *_), keys in sorted(found.items())]


def _sheets(item: Assignment, landing: Landing) -> Iterable[tuple[str, str, list[Post]]]:
    """The letters a rung makes: its kind, whose it is (a department's, or a leader's briefing), and who reads it."""
    rung = landing.rung
    posts = [Post(role, item.department if role in DEPARTMENT_ROLES else "") for role in (*rung.to, *rung.cc)]
    yield rung.letter, item.department, posts
    for leader in rung.briefing:
        yield LetterKind.BRIEFING.value, leader, [Post(leader)]
