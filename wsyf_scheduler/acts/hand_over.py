"""A post passes to somebody else (`wsyf people hand-over`): one letter to the successor; waiting mail follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from wsyf_scheduler import handing, whom
from wsyf_scheduler.app import App
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES
from wsyf_scheduler.core.message import WAITING, MessageState
from wsyf_scheduler.core.people import Holder, Post, last_day
from wsyf_scheduler.errors import Forbidden, NotFound, Usage
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import events, messages, notices, outbox, people, pseudonyms, refusals
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.people import Passed
from wsyf_scheduler.values import CONTROL, is_address

OPEN = (*WAITING, MessageState.HELD)
LONGEST_BACK = 31  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """Who takes over; the name may be left out where the address is known already."""

    address: str
    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A hand-over letter: its message, when it goes at the earliest, and how many assignments are open now.

    `goes_on` is the day, in the plan's zone, on which the window is open for it first.
    """

    message_id: int
    plan_id: str
    not_before: datetime
    goes_on: date
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What was done: the entry that ended (None: the post was vacant), the new one, its letters.

    `undone` is the hand-over that had given the post to `before`, of the same day or a later one: it never was.
    `readdressed` are messages that wait and reach the successor now; `stands_in_for` are those who still name the
    predecessor as their deputy.
    """

    before: Holder | None
    after: Holder
    undone: Passed | None
    letters: tuple[Queued, ...]
    readdressed: tuple[int, ...]
    stands_in_for: tuple[Holder, ...]


def act(  # noqa: PLR0913 - what, to whom, from when, by whom and why
    app: App,
    now: datetime,
    *,
    meant: str,
    successor: Successor,
    on: date,
    names: Mapping[str, str],
    who: str,
    reason: str = "",
    leaver: str = "",
) -> HandedOver:
    """From `on` the successor holds the post; whoever held it ends the day before.

    `meant` is a post, or the address or name of who holds a single one; `leaver` names one of several holders.
    Forbidden for a successor who holds it already, has left, or cannot be reached, and where it is not clear whose
    place is taken.
    """
    with app.db.begin() as session:
        known = people.all_of(session)
        today = on if not app.plans(session) else _today(app, session, now)
        _require_recent(on, today)
        post, before = _whose(known, meant, leaver, names, on, today)
        after = replace(_entry(known, post, successor, on), until=last_day(known, post, before, on))
        _require_terms_kept(before, after, on, today)
        _require_free(session, known, after, on)
        if before is not None:
            _end(session, before, on, now)
        people.add(session, after, now)
        undone = None if before is None or (before.since or date.min) < on else people.handed_to(session, before)
        letters = tuple(_letters(app, session, now, after, on))
        readdressed = _waiting_for(session, post) if on <= today else ()
        detail: dict[str, object] = {
            "post": "/".join(filter(None, (post.department, post.role))),
            "person_before": None if before is None else pseudonyms.number(session, before.email),
            "person": pseudonyms.number(session, after.email),
            "on": on,
        }
        events.add(session, at=now, who=who, action="post_handed_over", why=reason, detail=detail)
    return HandedOver(
        before=before,
        after=after,
        undone=undone,
        letters=letters,
        readdressed=readdressed,
        stands_in_for=tuple(_deputed(known, before, on)),
    )


def _whose(
    known: Sequence[Holder], meant: str, leaver: str, names: Mapping[str, str], on: date, today: date
) -> tuple[Post, Holder | None]:
    """The post, and whose place is taken; nobody's where it is vacant."""
    post = whom.post(meant, names)
    serving = whom.serving(known, on)
    if post is None:
        found = whom.find(known, meant, names, on)
        posts = {handing.post_of(each) for each in found}
        if len(posts) > 1:
            words = _("{name} holds {n} posts: {posts}; name one of them")
            raise Forbidden(words.format(name=meant, n=len(posts), posts=", ".join(_said(found))))
        return handing.post_of(found[0]), found[0]
    found = [each for each in serving if handing.post_of(each) == post]
    if leaver:
        found = [each for each in found if leaver.casefold() in (each.email.casefold(), each.name.casefold())]
        if not found:
            raise NotFound(_("{name} does not hold {post}").format(name=leaver, post=meant))
    else:  # whoever is to take over later is meant only by name
        found = [each for each in found if each.holds_on(on)] or [each for each in found if each.holds_on(today)]
    if len(found) > 1:
        words = _("{post} has {n} holders: {addresses}; say whose place is taken with --from ADDRESS")
        raise Forbidden(words.format(post=meant, n=len(found), addresses=", ".join(each.email for each in found)))
    return post, found[0] if found else None


def _require_recent(on: date, today: date) -> None:
    """Letters of the days since then went to the predecessor, and that is not unsaid for more than a month."""
    if (today - on).days > LONGEST_BACK:
        words = _(
            "{on} is {n} days ago, and the letters since then went to whoever held the post: name a day of the last"
            " {most} days with --on; a term that was entered wrongly is put right with `wsyf people import FILE`"
        )
        raise Forbidden(words.format(on=on, n=(today - on).days, most=LONGEST_BACK))


def _said(found: Sequence[Holder]) -> list[str]:
    return ["/".join(filter(None, (each.department, each.role))) for each in found]


def _entry(known: Sequence[Holder], post: Post, successor: Successor, on: date) -> Holder:
    """The new holder; name and phone of a known address are taken over where they are not given."""
    if not is_address(successor.address):
        raise Usage(_("{address} is no mail address").format(address=successor.address))
    same = [each for each in known if each.email.casefold() == successor.address.casefold()]
    name = successor.name or next((each.name for each in reversed(same) if each.name), "")
    phone = successor.phone or next((each.phone for each in reversed(same) if each.phone), "")
    if not name:
        raise Usage(_("{address} is not known yet: give --name").format(address=successor.address))
    if CONTROL.search(name + phone):
        raise Usage(_("a line break or control character is not allowed here"))
    away = next((each for each in same if _is_away_from(each, on)), None)
    return Holder(
        role=post.role,
        department=post.department,
        name=name,
        email=successor.address,
        phone=phone,
        since=on,
        deputy=away.deputy if away else "",  # whoever is away is away in all posts, in a new one too
        away_since=away.away_since if away else None,
        away_until=away.away_until if away else None,
    )


def _is_away_from(holder: Holder, on: date) -> bool:
    """Whether an absence runs that day or is to come; one without days never runs."""
    has_days = holder.away_since is not None or holder.away_until is not None
    return bool(holder.deputy) and has_days and (holder.away_until is None or holder.away_until >= on)


def _require_free(session: Session, known: Sequence[Holder], after: Holder, on: date) -> None:
    terms = [each for each in known if each.email.casefold() == after.email.casefold()]
    present = whom.serving(terms, on)
    if held := next((each for each in present if handing.post_of(each) == handing.post_of(after)), None):
        raise Forbidden(_held_already(session, held, on))
    if terms and not present:
        last = max(each.until for each in terms if each.until is not None)
        words = _("{address} left at the end of {day}; whoever has come back is entered with `wsyf people import FILE`")
        raise Forbidden(words.format(address=after.email, day=last))
    if after.email.casefold() in refusals.all_of(session):
        words = _(
            "a server refused {address}: letters to it would not arrive. Where it is right, `wsyf check --mail"
            " {address}` tries it; then hand over again"
        )
        raise Forbidden(words.format(address=after.email))


def _held_already(session: Session, held: Holder, on: date) -> str:
    passed = people.handed_to(session, held)
    if passed is not None:
        words = _("{address} holds this post already: {who} handed it over from {day} on")
        return words.format(address=held.email, who=passed.who, day=passed.on)
    if held.since is not None and held.since > on:
        return _("{address} is to hold this post already, from {day} on").format(address=held.email, day=held.since)
    return _("{address} holds this post already").format(address=held.email)


def _require_terms_kept(before: Holder | None, after: Holder, on: date, today: date) -> None:
    """Whoever has held the post since some day has held it: that is not unsaid, but for what was entered today."""
    since = None if before is None else before.since
    if before is not None and since is not None and on <= since <= today and not on == since == today:
        words = _(
            "{name} holds this post since {since}: handed over on {on}, nothing would be left of that term. Name a"
            " later day with --on; where the entry was wrong, `wsyf people import FILE` puts it right"
        )
        raise Forbidden(words.format(name=before.name or before.email, since=since, on=on))
    if after.until is not None and after.until < today:
        words = _("somebody else holds this post since {day}: handed over on {on}, it would be over. Name a later day")
        raise Forbidden(words.format(day=after.until + timedelta(days=1), on=on))


def _end(session: Session, before: Holder, on: date, now: datetime) -> None:
    """Whoever was to begin that day or later never held the post."""
    if before.since is not None and before.since >= on:
        people.remove(session, before, now)
    else:
        people.replace(session, before, replace(before, until=on - timedelta(days=1)), now)


def _today(app: App, session: Session, now: datetime) -> date:
    return next(iter(app.plans(session).values())).table.hours.day_of(now)


def _letters(app: App, session: Session, now: datetime, after: Holder, on: date) -> list[Queued]:
    """One letter from each plan that knows the post, in the first slot from that day on."""
    found = []
    for plan_id, tracked in app.plans(session).items():
        if after.department and after.department not in tracked.shorts:
            continue
        hours, calendar = tracked.table.hours, tracked.table.calendar
        not_before = max(hours.slot(calendar.first_on_or_after(on)), now)
        message_id = outbox.queue(
            session,
            plan_id=plan_id,
            letter=handing.LETTER,
            department=after.department,
            audience=after.role,
            in_window=True,
            now=now,
            not_before=not_before,
            payload=handing.payload(tracked.plan, after, on),
            dedup=_dedup(session, plan_id, after, on),
        )
        if message_id is None:  # handed over, back, and over again on one day: the first letter says it all
            continue
        message = messages.by_id(session, message_id)
        assert message is not None  # it was queued just now
        count = len(handing.items(session, message, hours.day_of(not_before)))
        goes_on = hours.day_of(hours.next_open(not_before, calendar))
        queued = Queued(message_id=message_id, plan_id=plan_id, not_before=not_before, goes_on=goes_on, open=count)
        found.append(queued)
    return found


def _dedup(session: Session, plan_id: str, after: Holder, on: date) -> str:
    number = pseudonyms.number(session, after.email)
    return f"hand-over:{plan_id}:{after.role}/{after.department}:{on}:{number}"


def _waiting_for(session: Session, post: Post) -> tuple[int, ...]:
    """Messages that wait and are for this post: whom they reach is looked up when they leave."""
    found = [
        each for each in messages.select_all(session, messages.Which(states=OPEN)) if each.letter != handing.LETTER
    ]
    rows = notices.rows_of(session, [each.id for each in found])
    ids = []
    for each in found:
        if not rows[each.id]:
            concerned = (each.audience, each.department) == (post.role, post.department)
        else:
            named = {role for row in rows[each.id] for role in (*row.to, *row.cc)}
            concerned = post.role in named and (each.department == post.department or post.role not in DEPARTMENT_ROLES)
        ids += [each.id] if concerned else []
    return tuple(ids)


def _deputed(known: Sequence[Holder], before: Holder | None, on: date) -> list[Holder]:
    """Who still has the predecessor for a deputy on that day or later."""
    if before is None:
        return []
    return [
        each
        for each in whom.serving(known, on)
        if each.deputy.casefold() == before.email.casefold() and (each.away_until is None or each.away_until >= on)
    ]
