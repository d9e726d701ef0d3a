"""Figures handed in with assignments: what stands now, and what stood before each correction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update

from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import ASSIGNMENT, FIGURE

COLUMN = FIGURE.c
COUNTING = (State.SUBMITTED.value, State.DONE.value)  # figures of a returned or waived assignment do not count


class FigureRow(NamedTuple):
    """One figure as it was handed in; `retired_at` is when a correction took its place."""

    id: int
    assignment_id: int
    key: str
    department: str
    due_on: date
    state: str
    industry: str
    year: int
    measure: str
    value: int | Fraction
    given_at: datetime
    who: str
    source: str
    why: str
    confirmed_at: datetime | None
    retired_at: datetime | None


ROW = select(
    COLUMN.id,
    COLUMN.assignment_id,
    ASSIGNMENT.c.key,
    ASSIGNMENT.c.department,
    ASSIGNMENT.c.due_on,
    ASSIGNMENT.c.state,
    COLUMN.industry,
    COLUMN.year,
    COLUMN.measure,
    COLUMN.value,
    COLUMN.given_at,
    COLUMN.who,
    COLUMN.source,
    COLUMN.why,
    COLUMN.confirmed_at,
    COLUMN.retired_at,
).join(ASSIGNMENT, COLUMN.assignment_id == ASSIGNMENT.c.id)


def _row(found: Any) -> FigureRow:
    row = FigureRow._make(found)
    return row._replace(value=number(str(row.value)))


def number(text: str) -> int | Fraction:
    """A value as it is stored: an integer, or a quotient."""
    return Fraction(text) if "/" in text else int(text)


def stored(value: int | Fraction) -> str:
    """The inverse of number; a quotient keeps its stroke, so that it is read as one."""
    return f"{value.numerator}/{value.denominator}" if isinstance(value, Fraction) else str(value)


def of_plan(session: Session, plan_id: str, *, retired: bool = False) -> list[FigureRow]:
    """Every figure of a plan in the order it was handed in; with `retired` those corrected since, too."""
    wanted = ROW.where(COLUMN.plan_id == plan_id).order_by(COLUMN.id)
    return [_row(row) for row in session.execute(wanted if retired else wanted.where(COLUMN.retired_at.is_(None)))]


def of_assignment(session: Session, assignment_id: int, *, retired: bool = False) -> list[FigureRow]:
    """Every figure of an assignment in the order it was handed in."""
    wanted = ROW.where(COLUMN.assignment_id == assignment_id).order_by(COLUMN.id)
    return [_row(row) for row in session.execute(wanted if retired else wanted.where(COLUMN.retired_at.is_(None)))]


def add(  # noqa: PLR0913 - one figure has so many facts
    session: Session,
    *,
    plan_id: str,
    assignment_id: int,
    industry: str,
    year: int,
    measure: str,
    value: int | Fraction,
    now: datetime,
    who: str,
    source: str,
    why: str,
) -> None:
    """Enter a figure; one that stands there already is retired."""
    place = (COLUMN.assignment_id == assignment_id, COLUMN.industry == industry, COLUMN.year == year)
    standing = (*place, COLUMN.measure == measure, COLUMN.retired_at.is_(None))
    session.execute(update(FIGURE).where(*standing).values(retired_at=now))
    session.execute(
        insert(FIGURE).values(
            plan_id=plan_id,
            assignment_id=assignment_id,
            industry=industry,
            year=year,
            measure=measure,
            value=stored(value),
            given_at=now,
            who=who,
            source=source,
            why=why,
        )
    )


def retire(session: Session, ids: Sequence[int], now: datetime) -> None:
    """Take figures back; the rows stay, as what was handed in until now."""
    session.execute(update(FIGURE).where(COLUMN.id.in_(ids)).values(retired_at=now))


def confirm(session: Session, ids: Sequence[int], now: datetime) -> None:
    """Say that figures handed in before their year had ended are final."""
    session.execute(update(FIGURE).where(COLUMN.id.in_(ids)).values(confirmed_at=now))
