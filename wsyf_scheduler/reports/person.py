"""What one address was told on a day, and why it was not told of the rest. Imports core and the rest of reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.erased import hashed
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, PLAN_ROLES
from wsyf_scheduler.core.people import Holder, Post
from wsyf_scheduler.errors import NotFound, nearest
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports import recorded
from wsyf_scheduler.reports.addressee import address_of
from wsyf_scheduler.reports.days import Day, day_of
from wsyf_scheduler.reports.explain import Answer, Watch, answer, life_of, watch
from wsyf_scheduler.reports.ladder import Step, steps
from wsyf_scheduler.reports.past import Past
from wsyf_scheduler.reports.recorded import Known, Recorded, Sending
from wsyf_scheduler.store.glance import Glance


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message that was sent to the address, with its rows."""

    message: Sending
    rows: tuple[tuple[Recorded, Assignment], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A step about one assignment."""

    item: Assignment
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonExplanation:
    """The answer for one address and one day.

    `terms` are the posts it was ever entered for; `posts` those it reads for on the day, with `vacant` where it only
    stands in; `missed` steps of the day that concern its posts and did not reach it; `previous` is the last message
    it got before that day, `following` the next step that will reach it.
    """

    address: str
    books: Past
    day: Day
    terms: tuple[Holder, ...]
    posts: tuple[Watch, ...]
    received: tuple[Received, ...]
    missed: tuple[About, ...]
    previous: Sending | None
    following: About | None


def explain_person(opened: Glance, source: Past, address: str, on: date) -> PersonExplanation:
    """What an address was told on a day; NotFound where nobody with this address is known.

    A name or a post stands for the address that reads there on that day (`reports.addressee`).
    """
    address = address_of(source, opened.departments(), address, on)
    known = recorded.terms(opened)
    terms = _terms(known, address)
    received = _received(opened, source, address, on)
    is_office = _is(address, source.office)
    if not terms and not received and not is_office:
        erased = hashed(address)
        if _terms(known, erased) or recorded.last_to(opened, erased, source.present.hours.midnight(source.today)):
            return explain_person(opened, source, erased, on)
        raise NotFound(_unknown(address, nearest(address, [each.holder.email for each in known])))
    items = _concerned(opened, terms, everything=is_office)
    posts = _posts(source, address, on, items)
    every = [About(item=item, answer=each) for item in items for each in _answers(opened, source, item)]
    told = {each.message.id for each in received}
    missed = [
        each for each in every if each.answer.step.on == on and _concerns(each, posts) and not _was_told(each, told)
    ]
    return PersonExplanation(
        address=address,
        books=source,
        day=day_of(on, source.table_on(on)),
        terms=terms,
        posts=posts,
        received=received,
        missed=tuple(sorted(missed, key=_order)),
        previous=recorded.last_to(opened, address, source.present.hours.midnight(on)),
        following=_following(every, address, on),
    )


def _terms(known: Sequence[Known], address: str) -> tuple[Holder, ...]:
    """The posts an address is entered for; where it no longer is, those it was."""
    own = [each for each in known if _is(address, each.holder.email, each.holder.deputy)]
    present = [each.holder for each in own if each.retired_at is None]
    return tuple(present or dict.fromkeys(each.holder for each in own))


def _unknown(address: str, close: Sequence[str]) -> str:
    message = _("nobody with the address {address} is known here").format(address=address)
    return message + (_("; did you mean {names}?").format(names=", ".join(close)) if close else "")


def _is(address: str, *others: str) -> bool:
    return address.casefold() in {other.casefold() for other in others}


def _received(opened: Glance, source: Past, address: str, on: date) -> tuple[Received, ...]:
    since_at = source.present.hours.midnight(on)
    before_at = source.present.hours.midnight(on + timedelta(days=1))
    sent = recorded.messages_between(opened, since_at, before_at)
    return tuple(_with_rows(opened, each) for each in sent if _is(address, *each.to, *each.cc))


def _with_rows(opened: Glance, message: Sending) -> Received:
    rows = recorded.rows_where(opened, "n.message_id = :id AND n.dropped IS NULL", {"id": message.id})
    where = "id IN (SELECT assignment_id FROM notice WHERE message_id = :id)"
    items = {item.id: item for item in opened.assignments(where, {"id": message.id})}
    pairs = [(row, items[row.assignment_id]) for row in rows]
    return Received(message=message, rows=tuple(sorted(pairs, key=lambda pair: (pair[1].due_on, pair[1].key))))


def _concerned(opened: Glance, terms: Sequence[Holder], *, everything: bool) -> list[Assignment]:
    """The assignments whose letters can reach these posts."""
    if everything or any(each.role in PLAN_ROLES for each in terms):
        return opened.assignments()
    departments = {each.department for each in terms}
    return [item for item in opened.assignments() if item.department in departments or departments & {*item.support}]


def _posts(source: Past, address: str, on: date, items: Sequence[Assignment]) -> tuple[Watch, ...]:
    departments = sorted({name for item in items for name in (item.department, *item.support)})
    posts = [Post(role, department) for department in departments for role in DEPARTMENT_ROLES]
    watched = [watch(source, post, on) for post in (*posts, *(Post(role) for role in PLAN_ROLES))]
    return tuple(each for each in watched if _is(address, *(reader.address for reader in each.readers)))


def _answers(opened: Glance, source: Past, item: Assignment) -> list[Answer]:
    rows = recorded.rows_where(opened, "n.assignment_id = :id", {"id": item.id})
    life = life_of(opened, source, item)
    return [answer(source, item, life, step) for step in steps(item, source, life, rows)]


def _concerns(about: About, posts: Iterable[Watch]) -> bool:
    """Whether a step names a post the address reads for; a vacant one counts in To only."""
    step = about.answer.step
    to, cc = set(_named(about.item, step, step.to)), set(_named(about.item, step, step.cc))
    if not step.speaks and step.is_main and step.landing is not None:
        to |= {Post(role) for role in step.landing.rung.briefing}  # no briefing is recorded of a rung that is silent
    return any(each.post in to or (each.post in cc and not each.vacant) for each in posts)


def _named(item: Assignment, step: Step, roles: Iterable[str]) -> Iterable[Post]:
    department = step.department or item.department
    return (Post(role, department if role in DEPARTMENT_ROLES else "") for role in roles)


def _was_told(about: About, told: Iterable[int]) -> bool:
    message = about.answer.step.message
    return about.answer.step.speaks and message is not None and message.id in set(told)


def _following(every: Sequence[About], address: str, on: date) -> About | None:
    """The next step that reaches the address."""
    later = (each for each in sorted(every, key=_order) if each.answer.step.on > on and each.answer.step.speaks)
    return next(
        (each for each in later if _is(address, *(r.address for r in (*each.answer.to, *each.answer.cc)))), None
    )


def _order(about: About) -> tuple[object, ...]:
    return about.answer.step.slot_at, about.item.due_on, about.item.key, about.answer.step.receiver
