"""The trail as the auditor reads it, and what else tells of the past: versions, holders, holds; as values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.life import Happened
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared, PreparedIn
from wsyf_scheduler.store.rows import (
    ASSIGNMENT,
    ATTEMPT,
    EVENT,
    NOTICE,
    PERSON,
    PLAN_VERSION,
    REFUSED_ADDRESS,
    assignment,
    holder,
)

QUEUE_HELD = "queue_held"
HOLDS = (QUEUE_HELD, "queue_released", "queue_written_off")
OFFICE = ""  # the chain of events that are no plan's
EVENTS = PreparedIn(
    lambda ids: (
        select(EVENT.c.assignment_id, EVENT.c.at, EVENT.c.action, EVENT.c.to_state, EVENT.c.why, EVENT.c.detail)
        .where(EVENT.c.assignment_id.in_(ids))
        .order_by(EVENT.c.id)
    )
)
TERMS = Prepared(select(PERSON).order_by(PERSON.c.id))
REFUSALS = Prepared(select(REFUSED_ADDRESS.c.address, REFUSED_ADDRESS.c.since_at))
REFUSED = Prepared(select(ATTEMPT.c.at, ATTEMPT.c.refused).where(ATTEMPT.c.refused != "[]"))
HELD = Prepared(
    select(EVENT.c.at, EVENT.c.action)
    .where(EVENT.c.chain == OFFICE, or_(*(EVENT.c.action == action for action in HOLDS)))
    .order_by(EVENT.c.id)
)
VERSIONS = Prepared(
    select(PLAN_VERSION.c.plan_id, PLAN_VERSION.c.version, PLAN_VERSION.c.zone, PLAN_VERSION.c.synced_at).order_by(
        PLAN_VERSION.c.synced_at, PLAN_VERSION.c.id
    )
)
TEXTS = Prepared(
    select(PLAN_VERSION.c.texts).where(
        PLAN_VERSION.c.plan_id == bindparam("plan"), PLAN_VERSION.c.version == bindparam("number")
    )
)
ROUNDS = Prepared(select(NOTICE.c.decided_at).where(NOTICE.c.decided_at < bindparam("before")).distinct())
PAGE = Prepared(
    select(ASSIGNMENT).where(ASSIGNMENT.c.id > bindparam("after")).order_by(ASSIGNMENT.c.id).limit(bindparam("most"))
)


class Term(NamedTuple):
    """A holder, as the office knew it from an instant (None: always) to another (None: still)."""

    holder: Holder
    from_at: datetime | None
    to_at: datetime | None


class Version(NamedTuple):
    """A version of a plan, without its texts."""

    plan_id: str
    number: int
    zone: str
    synced_at: datetime


def events_of(session: Session, ids: Sequence[int]) -> dict[int, list[Happened]]:
    """Every event about these assignments, by assignment, oldest first."""
    found: dict[int, list[Happened]] = {}
    for item_id, at, action, to_state, why, detail in EVENTS.rows(session, ids):
        event = Happened(
            assignment_id=item_id,
            at=at,
            action=action,
            to_state=to_state,
            why=why,
            detail=json.loads(detail) if detail != "{}" else {},
        )
        found.setdefault(item_id, []).append(event)
    return found


def terms(session: Session) -> list[Term]:
    """Every holder of a post as it was ever known."""
    names = [column.name for column in PERSON.columns]
    first, last = names.index("recorded_at"), names.index("retired_at")
    return [Term(holder(row), row[first], row[last]) for row in TERMS.rows(session)]


def refusals(session: Session) -> list[tuple[str, datetime]]:
    """Addresses refused for good, in lower case, since when; those mended meanwhile from the attempts."""
    marked = [(str(address), since_at) for address, since_at in REFUSALS.rows(session)]
    tried = [(str(each[0]).casefold(), at) for at, refused in REFUSED.rows(session) for each in json.loads(refused)]
    return [*marked, *tried]


def holds(session: Session) -> list[tuple[datetime, bool]]:
    """When the whole queue was held (True) or let go (False), oldest first."""
    return [(at, action == QUEUE_HELD) for at, action in HELD.rows(session)]


def versions(session: Session) -> list[Version]:
    """Every version of every plan, oldest first."""
    return [Version(*row) for row in VERSIONS.rows(session)]


def texts(session: Session, version: Version) -> dict[str, str]:
    """The exact texts of a version, by file name."""
    found: dict[str, str] = json.loads(TEXTS.value(session, {"plan": version.plan_id, "number": version.number}))
    return found


def rounds(session: Session, before: datetime) -> list[datetime]:
    """Instants before another at which something was decided: then, at least, a round of ticks ran."""
    return sorted(row[0] for row in ROUNDS.rows(session, {"before": before}))


def pages(session: Session, *, size: int, after: int = 0, most: int | None = None) -> Iterator[list[Assignment]]:
    """Assignments by id, so many at a time; `most` pages at most."""
    done = 0
    while most is None or done < most:
        found = [assignment(row) for row in PAGE.rows(session, {"after": after, "most": size})]
        if not found:
            return
        yield found
        after, done = found[-1].id, done + 1
