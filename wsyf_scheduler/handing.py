"""What a hand-over letter lists, and whom it is for: the successor alone, with all that is open in the post.

Looked up when the letter is sent, like a digest. Imports app, alerts, core and store.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from wsyf_scheduler.alerts import post_name
from wsyf_scheduler.app import TrackedPlan
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES
from wsyf_scheduler.core.message import Message
from wsyf_scheduler.core.people import Addressed, Holder, Post, Roster
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.mail.letter import LetterKind, Told
from wsyf_scheduler.store import assignments
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.notices import Earlier

LETTER = LetterKind.HAND_OVER.value
LIVE = (State.OPEN, State.SUBMITTED)
SOON = 14  # days, as in a digest


def payload(plan: Plan, holder: Holder, since: date) -> dict[str, object]:
    """What a hand-over letter keeps of itself until it is written: whose it is, and its first sentence."""
    name = post_name(plan, post_of(holder))
    line = f"自{since.year}年{since.month}月{since.day}日起，{name}一职由您接任。"
    return {"holder": holder.email, "lines": [line]}


def post_of(holder: Holder) -> Post:
    """The post of an entry."""
    return Post(holder.role, holder.department)


def items(session: Session, message: Message, today: date) -> list[Assignment]:
    """What is open in the post: of a department what it leads, then what it supports; of the plan what presses.

    For a leader and the coordinator: overdue, due soon, or waiting for confirmation, by department.
    """
    found = [each for each in assignments.of_plan(session, message.plan_id) if each.state in LIVE]
    if message.audience not in DEPARTMENT_ROLES:
        pressing = [each for each in found if each.state is State.SUBMITTED or each.days_left(today) <= SOON]
        return sorted(pressing, key=lambda each: (each.department, each.due_on, each.key))
    own = [each for each in found if message.department in (each.department, *each.support)]
    return sorted(own, key=lambda each: (role(message, each) == "support", each.due_on, each.key))


def role(message: Message, item: Assignment) -> str:
    """`lead`, or `support` where another department leads."""
    leads = message.audience not in DEPARTMENT_ROLES or item.department == message.department
    return "lead" if leads else "support"


def standing(item: Assignment, today: date) -> str:
    """What the ladder does not say of itself: handed in, held, muted; empty where letters go."""
    if item.state is State.SUBMITTED:
        return "已提交，待确认"
    if item.held:
        return "暂缓通知"
    if item.muted_until is not None and today < item.muted_until:
        return f"静默至{item.muted_until.year}年{item.muted_until.month}月{item.muted_until.day}日，其间不发通知"
    return ""


def told(tracked: TrackedPlan, message: Message, item: Assignment, history: list[Earlier]) -> tuple[Told, ...]:
    """Every letter about it so far, receipts and changes too; of a supported one, those its own department got."""
    leads = role(message, item) == "lead"
    own = item.department if leads else message.department
    return tuple(
        Told(
            on=tracked.table.hours.day_of(each.sent_at),
            kind=LetterKind(each.letter),
            posts=tuple(name for text in (each.to_roles, each.cc_roles) for name in text.split(",") if name),
        )
        for each in history
        if each.receiver == own or (leads and each.role == "lead")
    )


def is_void(roster: Roster, message: Message, today: date) -> bool:
    """Whether a hand-over letter has nothing left to say: the post went to somebody else before it left.

    One that is sent before its day has all to say: the successor's term lies ahead.
    """
    return message.letter == LETTER and roster.serves_from(_post(message), _holder(message), today) is None


def narrowed(roster: Roster, message: Message, found: Addressed, today: date) -> Addressed:
    """Of a hand-over letter the successor alone, or the deputy; who cannot be reached is stood in for as ever."""
    if message.letter != LETTER:
        return found
    on = roster.serves_from(_post(message), _holder(message), today) or today
    reader = roster.reader_of(_post(message), _holder(message), on)
    return found if reader is None else replace(found, to=(reader,), cc=(), vacant=(), stand_in=None)


def _post(message: Message) -> Post:
    return Post(message.audience, message.department if message.audience in DEPARTMENT_ROLES else "")


def _holder(message: Message) -> str:
    return str(message.payload.get("holder", ""))
