"""Posts and who holds them; the database is the truth, a file is only imported."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, insert, or_, select, update

from wsyf_scheduler.core.people import Holder, Post
from wsyf_scheduler.store import facts, pseudonyms
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import EVENT, PERSON, holder

COLUMN = PERSON.c
AT: BindParameter[Any] = bindparam("at")
ALL = Prepared(select(PERSON).where(COLUMN.retired_at.is_(None)).order_by(COLUMN.id))
HANDED_OVER = Prepared(
    select(EVENT.c.at, EVENT.c.who, EVENT.c.detail).where(EVENT.c.action == "post_handed_over").order_by(EVENT.c.id)
)
AS_OF = Prepared(
    select(PERSON)
    .where(
        or_(COLUMN.recorded_at.is_(None), COLUMN.recorded_at <= AT),
        or_(COLUMN.retired_at.is_(None), COLUMN.retired_at > AT),
    )
    .order_by(COLUMN.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A hand-over as the trail has it: the post, the persons' numbers, the first day, when it was entered and by whom.

    `number_before` is None where the post was vacant.
    """

    post: Post
    number_before: int | None
    number: int
    on: date
    at: datetime
    who: str


def all_of(session: Session) -> list[Holder]:
    """Every holder, past ones too, as the office knows them now, in the order they were entered."""
    return [holder(row) for row in ALL.rows(session)]


def as_of(session: Session, at: datetime) -> list[Holder]:
    """Every holder as the office knew them at an instant."""
    return [holder(row) for row in AS_OF.rows(session, {"at": at})]


def handed_over(session: Session) -> list[Passed]:
    """Every hand-over entered by command, oldest first."""
    found = []
    for at, who, text in HANDED_OVER.rows(session):
        said = json.loads(text)
        department, _slash, role = said["post"].rpartition("/")
        found.append(
            Passed(
                post=Post(role, department),
                number_before=said["person_before"],
                number=said["person"],
                on=date.fromisoformat(said["on"]),
                at=at,
                who=who,
            )
        )
    return found


def handed_to(session: Session, item: Holder) -> Passed | None:
    """The hand-over by command that gave a holder the post; None where there was none."""
    wanted = (Post(item.role, item.department), pseudonyms.number(session, item.email), item.since)
    passed = reversed(handed_over(session))
    return next((each for each in passed if (each.post, each.number, each.on) == wanted), None)


def add(session: Session, item: Holder, now: datetime) -> None:
    """Enter a holder.

    Whom a rehearsal enters before its first tick it knew from the beginning: only then does its clock stand anywhere.
    """
    is_from_the_beginning = facts.is_rehearsal(session) and facts.last_tick(session) is None
    session.execute(insert(PERSON).values(**asdict(item), recorded_at=None if is_from_the_beginning else now))
    facts.renew(session, facts.PEOPLE)


def replace(session: Session, old: Holder, new: Holder, now: datetime) -> None:
    """Put `new` in the place of `old`, which stays as what was known until now."""
    remove(session, old, now)
    add(session, new, now)


def remove(session: Session, item: Holder, now: datetime) -> None:
    """Take out a holder; the row stays, as what was known until now."""
    match = [getattr(COLUMN, name) == value for name, value in asdict(item).items()]
    session.execute(update(PERSON).where(COLUMN.retired_at.is_(None), *match).values(retired_at=now))
    facts.renew(session, facts.PEOPLE)
