"""Entering who holds which post (`wsyf people import`): the file speaks for the posts it names, and only for those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from wsyf_scheduler.app import App
from wsyf_scheduler.core.people import Holder, Post
from wsyf_scheduler.store import events, people
from wsyf_scheduler.store.db import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffed:
    """What an import did: holders entered, changed, ended, and left as they were."""

    added: int = 0
    changed: int = 0
    ended: int = 0
    unchanged: int = 0


def act(
    app: App, now: datetime, *, holders: Sequence[Holder], today: date, who: str, vacant: Sequence[Post] = ()
) -> Staffed:
    """Enter the holders. Of a post the file names, holders it leaves out are ended the day before.

    `vacant` are posts it names as vacant.

    Whoever held a post is never deleted; one who was to begin today or later, and now is not, never held it.
    """
    with app.db.begin() as session:
        known = people.all_of(session)
        posts = {Post(holder.role, holder.department) for holder in holders} | {*vacant}
        counts = [_enter(session, known, holder, now) for holder in holders]
        ended = [old for old in known if _is_left_out(old, holders, posts, today)]
        for old in ended:
            _end(session, old, today, now)
        done = Staffed(
            added=counts.count("added"),
            changed=counts.count("changed"),
            ended=len(ended),
            unchanged=counts.count("unchanged"),
        )
        detail: dict[str, object] = {"added": done.added, "changed": done.changed, "ended": done.ended}
        events.add(session, at=now, who=who, action="people_imported", detail=detail)
    return done


def _enter(session: Session, known: list[Holder], holder: Holder, now: datetime) -> str:
    if holder in known:
        return "unchanged"
    old = next((each for each in known if _same(each, holder)), None)
    if old is None:
        people.add(session, holder, now)
        return "added"
    people.replace(session, old, holder, now)
    return "changed"


def _same(old: Holder, new: Holder) -> bool:
    """One person in one post, entered before: same address, and not a second term."""
    return (old.role, old.department, old.email) == (new.role, new.department, new.email) and (
        old.since == new.since or old.until is None or (new.since is not None and new.since <= old.until)
    )


def _is_left_out(old: Holder, holders: Sequence[Holder], posts: set[Post], today: date) -> bool:
    named = Post(old.role, old.department) in posts
    return named and (old.until is None or old.until >= today) and not any(_same(old, new) for new in holders)


def _end(session: Session, old: Holder, today: date, now: datetime) -> None:
    if old.since is not None and old.since >= today:
        people.remove(session, old, now)
    else:
        people.replace(session, old, replace(old, until=today - timedelta(days=1)), now)
