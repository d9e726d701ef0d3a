"""The tick of the digests: the coordinator's every week, the leaders' every month where set (RULES.md §4).

A monthly digest goes to a person, not to a post: who reads for several posts gets one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.core.calendar import Hours, WorkCalendar
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES
from wsyf_scheduler.core.people import Post, Roster
from wsyf_scheduler.digesting import as_text, from_text
from wsyf_scheduler.store import holds, messages, outbox, plans
from wsyf_scheduler.store.db import Session

RANK = ("chief", "director", "convener")  # who speaks for a person of several posts


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whoever reads for some posts; `since` is the first day of the week or month it is about."""

    posts: tuple[Post, ...]  # the post that speaks for the person first
    since: date

    def key(self, plan_id: str) -> str:
        """Once for each reader and week or month."""
        if self.posts[0].role == "coordinator":
            return f"digest:{plan_id}:coordinator/:{self.since}"
        return f"{_month_key(plan_id, self.since)}:{','.join(map(as_text, self.posts))}"


def run(app: App, now: datetime) -> int:
    """Queue the digests whose slot has come; returns how many. None while the queue is held."""
    with app.db.read() as session:
        if holds.get(session) is not None or not _all_due(app, session, now):
            return 0
    with app.db.begin() as session:  # looked at once more: another process may have been quicker
        return sum(_queue(session, now, plan_id, reader) for plan_id, reader in _all_due(app, session, now))


def next_at(app: App, session: Session, now: datetime) -> datetime | None:
    """The next moment a digest is due after `now`."""
    found: list[datetime] = []
    for tracked in app.plans(session).values():
        hours, calendar = tracked.table.hours, tracked.table.calendar
        today = hours.day_of(now)
        if app.config.weekly_digest:
            monday = today - timedelta(days=today.weekday())
            weeks = (week_slot(hours, calendar, monday + timedelta(weeks=week)) for week in range(8))
            found += islice((slot_at for slot_at in weeks if slot_at is not None and slot_at > now), 1)
        if app.config.monthly_digests:
            firsts = (today.replace(day=1), _next_month(today))
            found += [slot_at for slot_at in (_month_slot(hours, calendar, each) for each in firsts) if slot_at > now]
    return min(found, default=None)


def week_slot(hours: Hours, calendar: WorkCalendar, monday: date) -> datetime | None:
    """The first slot of a week, or None where the week has no working day."""
    for offset in range(7):
        if calendar.is_working(monday + timedelta(days=offset)):
            return hours.slot(monday + timedelta(days=offset))
    return None


def _month_slot(hours: Hours, calendar: WorkCalendar, first: date) -> datetime:
    return hours.slot(calendar.first_on_or_after(first))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _month_key(plan_id: str, first: date) -> str:
    return f"digest:{plan_id}:{first}"


def _all_due(app: App, session: Session, now: datetime) -> list[tuple[str, _Reader]]:
    return [
        (plan_id, reader)
        for plan_id, tracked in app.plans(session).items()
        if tracked.table.hours.is_open(now, tracked.table.calendar)
        for reader in _due(app, session, now, plan_id, tracked)
    ]


def _due(app: App, session: Session, now: datetime, plan_id: str, tracked: TrackedPlan) -> Iterator[_Reader]:
    hours, calendar = tracked.table.hours, tracked.table.calendar
    since_at, today = plans.first_synced_at(session, plan_id), hours.day_of(now)
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    week_at, month_at = week_slot(hours, calendar, monday), _month_slot(hours, calendar, first)
    if since_at is None:
        return
    if app.config.weekly_digest and week_at is not None and since_at <= week_at <= now:
        reader = _Reader((Post("coordinator"),), monday)
        yield from () if outbox.has_dedup(session, reader.key(plan_id)) else (reader,)
    if app.config.monthly_digests and since_at <= month_at <= now:
        served = _served(session, plan_id, first)
        posts = [post for post in _monthly_posts(app, tracked) if post not in served]
        yield from (_Reader(group, first) for group in _by_reader(posts, app.roster(session), today) if posts)


def _monthly_posts(app: App, tracked: TrackedPlan) -> Iterator[Post]:
    """The posts that get a monthly digest, those that speak for a person first."""
    for role in RANK:
        if role in app.config.monthly_digests:
            departments = [each.id for each in tracked.plan.departments] if role in DEPARTMENT_ROLES else [""]
            yield from (Post(role, department) for department in departments)


def _served(session: Session, plan_id: str, first: date) -> set[Post]:
    """The posts whose digest of the month stands in the outbox, alone or with others."""
    key = _month_key(plan_id, first)
    found = messages.dedups(session, f"{key}:", f"{key};")  # the sign after the colon
    return {from_text(text) for dedup in found for text in dedup.removeprefix(f"{key}:").split(",")}


def _by_reader(posts: Sequence[Post], roster: Roster, today: date) -> list[tuple[Post, ...]]:
    """The posts one person, or the same persons, read for; one that is held before one that fell to them."""
    groups: dict[frozenset[str], list[Post]] = {}
    for post in posts:
        readers = roster.address([post], [], today).to
        groups.setdefault(frozenset(each.address.casefold() for each in readers), []).append(post)
    return [tuple(sorted(group, key=lambda post: not roster.of(post, today))) for group in groups.values()]


def _queue(session: Session, now: datetime, plan_id: str, reader: _Reader) -> bool:
    speaker, *others = reader.posts
    message_id = outbox.queue(
        session,
        plan_id=plan_id,
        letter="digest",
        department="" if others else speaker.department,
        audience=speaker.role,
        in_window=True,
        now=now,
        not_before=now,
        payload={"posts": [as_text(post) for post in reader.posts]} if others else None,
        dedup=reader.key(plan_id),
    )
    return message_id is not None
