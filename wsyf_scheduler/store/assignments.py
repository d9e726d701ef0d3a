"""Assignments: what is due for attention, guarded changes, look-ups by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, bindparam, false, func, insert, or_, select, update

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared, PreparedIn
from wsyf_scheduler.store.rows import ASSIGNMENT, assignment, assignment_values

COLUMN = ASSIGNMENT.c
NEVER = datetime.max.replace(tzinfo=UTC)
NOW: BindParameter[datetime] = bindparam("now")
PLAN: BindParameter[str] = bindparam("plan")

DUE = Prepared(select(COLUMN.plan_id, COLUMN.id).where(COLUMN.next_attention_at <= NOW))
NEXT_ATTENTION = Prepared(select(func.min(COLUMN.next_attention_at)))
SET_ATTENTION = Prepared(
    update(ASSIGNMENT).where(COLUMN.id == bindparam("item")).values(next_attention_at=bindparam("at"))
)
OF_PLAN = Prepared(select(ASSIGNMENT).where(COLUMN.plan_id == PLAN).order_by(COLUMN.position, COLUMN.id))
INSERT = Prepared(insert(ASSIGNMENT))
IDS = Prepared(select(COLUMN.key, COLUMN.id).where(COLUMN.plan_id == PLAN))
LAST_DUE = Prepared(select(func.max(COLUMN.due_on)).where(or_(COLUMN.state == "open", COLUMN.state == "submitted")))
PAGE_SIZE = 1024
PAGE = Prepared(
    select(ASSIGNMENT)
    .where(COLUMN.plan_id == PLAN, COLUMN.key > bindparam("after"))
    .order_by(COLUMN.key)
    .limit(bindparam("most"))
)
BY_IDS = PreparedIn(lambda ids: select(ASSIGNMENT).where(COLUMN.id.in_(ids)))
BY_KEY = Prepared(select(ASSIGNMENT).where(COLUMN.key == bindparam("wanted")).order_by(COLUMN.plan_id))
BY_PREFIX = Prepared(
    select(ASSIGNMENT).where(COLUMN.key >= bindparam("wanted"), COLUMN.key < bindparam("end")).order_by(COLUMN.key)
)
OF_TASK = Prepared(
    select(ASSIGNMENT).where(
        COLUMN.plan_id == PLAN,
        COLUMN.key >= bindparam("wanted"),  # the index finds them; `2023/1` begins `2023/10` too
        COLUMN.key < bindparam("end"),
        COLUMN.period == bindparam("in_period"),
        COLUMN.number == bindparam("as_number"),
    )
)
WITH_ORIGIN = Prepared(
    select(ASSIGNMENT).where(COLUMN.plan_id == PLAN, COLUMN.origin.is_not(None)).order_by(COLUMN.position, COLUMN.id)
)

NEXT_OWED = Prepared(
    select(ASSIGNMENT)
    .where(
        COLUMN.plan_id == PLAN,
        COLUMN.department == bindparam("of_department"),
        COLUMN.state == "open",
        COLUMN.held == false(),
        COLUMN.id != bindparam("but"),
    )
    .order_by(COLUMN.due_on, COLUMN.key)
    .limit(1)
)


def due_by_plan(session: Session, now: datetime) -> dict[str, list[int]]:
    """The ids of those whose next attention has come, by plan; reads the index and what is due, and nothing else."""
    found: dict[str, list[int]] = {}
    for plan_id, item_id in sorted(tuple(row) for row in DUE.rows(session, {"now": now})):
        found.setdefault(plan_id, []).append(item_id)
    return found


def due(session: Session, ids: Sequence[int], now: datetime) -> list[Assignment]:
    """Those of these whose next attention has come, by id; looked up one by one, whatever the plan's size."""
    found = by_ids(session, ids)
    return [found[item_id] for item_id in sorted(found) if (found[item_id].next_attention_at or NEVER) <= now]


def next_attention(session: Session) -> datetime | None:
    """The nearest moment any assignment needs attention."""
    found: datetime | None = NEXT_ATTENTION.value(session)
    return found


def set_attention(session: Session, instants: Iterable[tuple[int, datetime | None]]) -> None:
    """Write when each assignment is to be looked at next."""
    SET_ATTENTION.run_all(session, [{"item": item_id, "at": at} for item_id, at in instants])


def last_due(session: Session) -> date | None:
    """The last due day of what is not over, of all plans; None where all is."""
    found: date | None = LAST_DUE.value(session)
    return found


def of_plan(session: Session, plan_id: str) -> list[Assignment]:
    """All of a plan, in the order of the plan."""
    return [assignment(row) for row in OF_PLAN.rows(session, {"plan": plan_id})]


def ids_of_plan(session: Session, plan_id: str) -> dict[str, int]:
    """Key to id, for all of a plan."""
    return {row[0]: row[1] for row in IDS.rows(session, {"plan": plan_id})}


def pages(session: Session, plan_id: str, *, size: int = PAGE_SIZE) -> Iterator[list[Assignment]]:
    """All of a plan by key, so many at a time: for what must not hold a large plan in memory."""
    after = ""
    while found := [assignment(row) for row in PAGE.rows(session, {"plan": plan_id, "after": after, "most": size})]:
        yield found
        after = found[-1].key


def by_id(session: Session, item_id: int) -> Assignment | None:
    """One, or None."""
    return by_ids(session, [item_id]).get(item_id)


def by_ids(session: Session, ids: Sequence[int]) -> dict[int, Assignment]:
    """Several, by id; unknown ones are left out."""
    found = [assignment(row) for row in BY_IDS.rows(session, ids)]
    return {item.id: item for item in found}


def by_prefix(session: Session, prefix: str) -> list[Assignment]:
    """Those whose key is the prefix, else those whose key begins with it, by key."""
    exact = BY_KEY.rows(session, {"wanted": prefix})
    if exact:
        return [assignment(row) for row in exact]
    end = prefix + "\U0010ffff"
    return [assignment(row) for row in BY_PREFIX.rows(session, {"wanted": prefix, "end": end})]


def keys(session: Session, plan_id: str | None = None) -> list[str]:
    """Every key, or those of one plan, for `did you mean`."""
    query = select(COLUMN.key).order_by(COLUMN.key)
    return list(session.execute(query if plan_id is None else query.where(COLUMN.plan_id == plan_id)).scalars())


def of_task(session: Session, plan_id: str, task: str) -> list[Assignment]:
    """The assignments of `period/number`."""
    period, _, number = task.partition("/")
    wanted = {"plan": plan_id, "in_period": period, "as_number": number, "wanted": task, "end": task + "\U0010ffff"}
    return [assignment(row) for row in OF_TASK.rows(session, wanted)]


def with_origin(session: Session, plan_id: str) -> list[Assignment]:
    """Those of a plan that came of another assignment or task, in the order of the plan."""
    return [assignment(row) for row in WITH_ORIGIN.rows(session, {"plan": plan_id})]


def next_owed(session: Session, item: Assignment) -> Assignment | None:
    """What the department of an assignment owes next besides it: open, not held, the nearest due day."""
    wanted = {"plan": item.plan_id, "of_department": item.department, "but": item.id}
    return next((assignment(row) for row in NEXT_OWED.rows(session, wanted)), None)


def insert_all(session: Session, items: Iterable[Assignment]) -> None:
    """Enter assignments; their ids are given by the database."""
    INSERT.run_all(session, [assignment_values(item) for item in items])


def change(session: Session, before: Assignment, values: Mapping[str, Any]) -> bool:
    """Change columns, guarded by the state and due day read before; False where another process was faster."""
    guard = {"item": before.id, "from_state": before.state.value, "from_due_on": before.due_on}
    new = {f"new_{name}": value for name, value in values.items()}
    return _change(tuple(values)).run(session, {**guard, **new}) == 1


@cache
def _change(names: tuple[str, ...]) -> Prepared:
    guard = (
        COLUMN.id == bindparam("item"),
        COLUMN.state == bindparam("from_state"),
        COLUMN.due_on == bindparam("from_due_on"),
    )
    return Prepared(update(ASSIGNMENT).where(*guard).values({name: bindparam(f"new_{name}") for name in names}))
