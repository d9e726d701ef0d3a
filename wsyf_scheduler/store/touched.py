"""What is new since an audit: assignments whose trail, ledger or mail moved, and those on whose day a rung landed.

For an audit that costs what happened, and not what there is: shapes are found by the database, not one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam, func, or_, select, tuple_

from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.ledger import ON_LADDER
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import ASSIGNMENT, EVENT, MESSAGE, NOTICE

AFTER: BindParameter[int] = bindparam("after")
WAITING = (MessageState.QUEUED, MessageState.SENDING, MessageState.RETRY, MessageState.UNCERTAIN, MessageState.HELD)
MOST = 100  # shapes asked for at once
SHAPE = (
    ASSIGNMENT.c.plan_id,
    ASSIGNMENT.c.kind,
    ASSIGNMENT.c.due_on,
    func.coalesce(ASSIGNMENT.c.counted_from, ASSIGNMENT.c.due_on),
    ASSIGNMENT.c.period_begins_on,
    ASSIGNMENT.c.tracked_from,
)
SHAPES = Prepared(select(*SHAPE).distinct())
OF_ASSIGNMENT = Prepared(
    select(EVENT.c.assignment_id).where(EVENT.c.id > AFTER, EVENT.c.assignment_id.is_not(None)).distinct()
)
OF_DECISION = Prepared(select(NOTICE.c.assignment_id).where(NOTICE.c.id > AFTER, ON_LADDER).distinct())
NEWS = select(EVENT.c.message_id).where(EVENT.c.id > AFTER)
OF_MAIL = Prepared(select(NOTICE.c.assignment_id).where(NOTICE.c.message_id.in_(NEWS), ON_LADDER).distinct())
UNSENT = select(MESSAGE.c.id).where(or_(*(MESSAGE.c.state == state.value for state in WAITING)))
OF_UNSENT = Prepared(select(NOTICE.c.assignment_id).where(NOTICE.c.message_id.in_(UNSENT), ON_LADDER).distinct())
ENDS = Prepared(
    select(
        select(func.max(EVENT.c.id)).scalar_subquery(),
        select(func.max(NOTICE.c.id)).scalar_subquery(),
        select(func.max(MESSAGE.c.id)).scalar_subquery(),
        select(func.count()).select_from(ASSIGNMENT).scalar_subquery(),
    )
)


class Shape(NamedTuple):
    """All that decides on which days the rungs of an assignment land: many assignments share one."""

    plan_id: str
    kind: str
    due_on: date
    counted_from: date
    begins_on: date
    tracked_from: datetime


class Ends(NamedTuple):
    """The newest event, decision and message there are, and how many assignments."""

    event: int
    notice: int
    message: int
    assignments: int


def ends(session: Session) -> Ends:
    """Where the trail and the ledger end."""
    return Ends(*(int(value or 0) for value in ENDS.rows(session)[0]))


def since(session: Session, known: Ends) -> set[int]:
    """Assignments with events, decisions or news of their mail since then, or with mail still unsent."""
    found = {int(row[0]) for row in OF_UNSENT.rows(session)}
    for query, after in ((OF_ASSIGNMENT, known.event), (OF_DECISION, known.notice), (OF_MAIL, known.event)):
        found |= {int(row[0]) for row in query.rows(session, {"after": after})}
    return found


def shapes(session: Session) -> list[Shape]:
    """Every shape there is."""
    return [Shape(*row) for row in SHAPES.rows(session)]


def of_shapes(session: Session, wanted: Sequence[Shape]) -> set[int]:
    """The assignments of these shapes."""
    found: set[int] = set()
    for first in range(0, len(wanted), MOST):
        some = [tuple(shape) for shape in wanted[first : first + MOST]]
        found |= set(session.execute(select(ASSIGNMENT.c.id).where(tuple_(*SHAPE).in_(some))).scalars())
    return found
