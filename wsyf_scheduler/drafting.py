"""From an outbox message to its letter: what each row says, whom it reaches, which deadlines go along.

Facts are gathered when the message is sent, so that it says how things stand then. Imports app, core, store, mail.letter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import cast

from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.decide import silence
from wsyf_scheduler.core.grouping import row_order
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, LADDER_LETTERS
from wsyf_scheduler.core.message import Message, MessageRow
from wsyf_scheduler.core.people import Addressed, Post, Reader
from wsyf_scheduler.mail.letter import (
    Contact,
    Deadline,
    Headers,
    Letter,
    LetterKind,
    Mailbox,
    PlanFacts,
    Row,
    Told,
    Waiting,
)
from wsyf_scheduler.store import assignments, notices
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.notices import Earlier

ON_LADDER = (*LADDER_LETTERS, "briefing")
TELLS_WHO_WAS_TOLD = ("chaser", "escalation", "briefing")
GONE = (State.DONE, State.WAIVED, State.WITHDRAWN)
MOVES_DEADLINE = {"extended": False, "due-changed": False, "reopened": False, "waived": True, "withdrawn": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A letter with its head and deadlines, ready to be written; `addressed` also names vacant posts."""

    letter: Letter
    headers: Headers
    deadlines: tuple[Deadline, ...]
    addressed: Addressed


def stale(item: Assignment, row: MessageRow, today: date) -> str | None:
    """Why a row of a ladder letter is taken out before it is sent, or None while it still stands."""
    if row.rung is None:
        return None
    reason = silence(item, today)
    if reason is not None:
        return reason.value
    if row.due_on != item.due_on:
        return "due-day-changed"
    if row.slot_at is not None and row.slot_at < item.ladder_from and row.role == "lead" and item.tracked_from != item.ladder_from:
        return "before-restart"
    return None


def draft(
    app: App, session: Session, now: datetime, tracked: TrackedPlan, message: Message, rows: Sequence[MessageRow]
) -> Draft:
    """The letter of a message as things stand now."""
    today = tracked.table.hours.day_of(now)
    items = assignments.by_ids(session, [row.assignment_id for row in rows])
    ordered = sorted(rows, key=lambda row: _order(message, row, items[row.assignment_id]))
    addressed = app.roster(session).address(*_posts(message, ordered, items), today)
    letter = Letter(
        kind=LetterKind(message.letter),
        plan=plan_facts(app, tracked),
        on=today,
        addressee=_addressee(message, ordered),
        department_name=_title(tracked, message.department),
        stand_in=addressed.stand_in.role if addressed.stand_in else "",
        rows=_rows(session, tracked, today, message, ordered, items),
        lines=tuple(cast("list[str]", message.payload.get("lines", []))),
        headline=str(message.payload.get("headline", "")),
    )
    if message.letter == "digest":
        letter = _with_sections(session, tracked, today, message, letter)
    deadlines = tuple(_deadlines(now, tracked, message, letter, ordered, items))
    return Draft(
        letter=letter,
        headers=_headers(app, now, message, addressed, [items[row.assignment_id] for row in ordered]),
        deadlines=deadlines,
        addressed=addressed,
    )


def plan_facts(app: App, tracked: TrackedPlan) -> PlanFacts:
    """What letters say of the plan and the office."""
    office, plan = app.config.office, tracked.plan
    return PlanFacts(
        id=plan.id,
        title=plan.title,
        document=plan.document,
        tag=plan.tag,
        office=plan.office,
        contact=Contact(section=office.section, phone=office.phone, email=office.email),
    )


def _order(message: Message, row: MessageRow, item: Assignment) -> tuple[str, bool, date, str, int]:
    order = row_order(
        audience=message.audience, role=row.role, department=item.department, due_on=item.due_on, key=item.key
    )
    return (*order, row.notice_id)


def _posts(
    message: Message, rows: Sequence[MessageRow], items: dict[int, Assignment]
) -> tuple[list[Post], list[Post]]:
    """The posts in To and Cc: the unions over the rows; letters without rows go to their audience."""
    if not rows:
        return [_post(message.audience, message.department)], []

    def posts(row: MessageRow, roles: Iterable[str]) -> list[Post]:
        return [_post(role, message.department or items[row.assignment_id].department) for role in roles]

    to = [post for row in rows for post in posts(row, row.to)]
    cc = [post for row in rows for post in posts(row, row.cc)]
    return list(dict.fromkeys(to)), list(dict.fromkeys(cc))


def _post(role: str, department: str) -> Post:
    return Post(role, department if role in DEPARTMENT_ROLES else "")


def _addressee(message: Message, rows: Sequence[MessageRow]) -> str:
    if message.audience != "department" or not rows:
        return message.audience
    return rows[0].to[0]


def _title(tracked: TrackedPlan, department: str) -> str:
    return tracked.plan.department(department).name if department else ""


def _short(tracked: TrackedPlan, department: str) -> str:
    known = {each.id: each.short for each in tracked.plan.departments}
    return known.get(department, department)


def _rows(
    session: Session,
    tracked: TrackedPlan,
    today: date,
    message: Message,
    rows: Sequence[MessageRow],
    items: dict[int, Assignment],
) -> tuple[Row, ...]:
    history: dict[int, list[Earlier]] = {}
    if message.letter in ON_LADDER:
        for each in notices.earlier(session, list(items)):
            history.setdefault(each.assignment_id, []).append(each)
    waiting = {after: _waiting(session, message.plan_id, after) for after in _afters(items.values())}
    return tuple(
        _row(tracked, today, message, row, items[row.assignment_id], history.get(row.assignment_id, []), waiting)
        for row in rows
    )


def _afters(items: Iterable[Assignment]) -> list[str]:
    return list(dict.fromkeys(item.after for item in items if item.after is not None))


def _waiting(session: Session, plan_id: str, task: str) -> Waiting | None:
    found = assignments.of_task(session, plan_id, task)
    if not found:
        return None
    return Waiting(key=task, title=found[0].title, closed=all(item.state in GONE for item in found))


def _row(  # noqa: PLR0913 - what one row of a letter is made of
    tracked: TrackedPlan,
    today: date,
    message: Message,
    row: MessageRow,
    item: Assignment,
    history: list[Earlier],
    waiting: dict[str, Waiting | None],
) -> Row:
    facts = assignment_row(tracked, item, today)
    told = _told(tracked, item, history) if message.letter in TELLS_WHO_WAS_TOLD else ()
    same = [
        each
        for each in history
        if (each.letter, each.receiver, each.due_on) == (message.letter, row.receiver, item.due_on)
        and each.notice_id != row.notice_id
    ]
    detail = row.detail
    old_due_on = detail.get("old_due_on")
    return replace(
        facts,
        nth=len(same) + 1,
        role=row.role,
        told=told,
        after=waiting.get(item.after or ""),
        happened=detail.get("happened", ""),
        reason=detail.get("reason", ""),
        approved_by=detail.get("approved_by", ""),
        on=date.fromisoformat(detail["on"]) if "on" in detail else None,
        original_due_on=date.fromisoformat(old_due_on) if old_due_on else facts.original_due_on,
    )


def assignment_row(tracked: TrackedPlan, item: Assignment, today: date) -> Row:
    """An assignment as any letter lists it."""
    return Row(
        key=item.key,
        title=item.title,
        text=item.text,
        kind=item.kind,
        department=_short(tracked, item.department),
        due_on=item.due_on,
        days_left=item.days_left(today),
        original_due_on=item.original_due_on,
        due_basis=item.due_basis,
        support=tuple(_short(tracked, department) for department in item.support),
        hand_in=item.hand_in,
    )


def _told(tracked: TrackedPlan, item: Assignment, history: list[Earlier]) -> tuple[Told, ...]:
    """Who was told of this due day before, oldest first: the posts each letter was for."""
    found = []
    for each in history:
        if each.due_on == item.due_on and each.role == "lead" and each.letter in ON_LADDER:
            roles = [role for text in (each.to_roles, each.cc_roles) for role in text.split(",") if role]
            on = tracked.table.hours.day_of(each.sent_at)
            found.append(Told(on=on, kind=LetterKind(each.letter), posts=tuple(roles)))
    return tuple(found)


def _with_sections(
    session: Session, tracked: TrackedPlan, today: date, message: Message, letter: Letter
) -> Letter:
    from wsyf_scheduler.digesting import next_due, sections

    items = [
        item
        for item in assignments.of_plan(session, message.plan_id)
        if not message.department or item.department == message.department
    ]
    row = {item.id: assignment_row(tracked, item, today) for item in items if item.state not in GONE}
    return replace(
        letter,
        sections=sections(session, tracked, today, message, items, row),
        next_due=next_due(items, row, today),
    )


def _headers(
    app: App, now: datetime, message: Message, addressed: Addressed, items: Sequence[Assignment]
) -> Headers:
    mail, office = app.config.mail, app.config.office
    domain = mail.sender.rpartition("@")[2]
    seed = f"{message.plan_id}|{message.id}|{message.letter}|{message.queued_at.isoformat()}|{now.isoformat()}"
    token = hashlib.sha256(seed.encode()).hexdigest()[:20]
    oldest = sorted({item.id: item for item in items}.values(), key=lambda item: (item.tracked_from, item.id))
    return Headers(
        sender=Mailbox(address=mail.sender, name=office.sender_name),
        to=tuple(_mailbox(reader) for reader in addressed.to),
        cc=tuple(_mailbox(reader) for reader in addressed.cc),
        reply_to=Mailbox(address=office.email, name=office.sender_name),
        message_id=f"<{message.id}.{token}@{domain}>",
        references=tuple(item.root_id for item in oldest),
        date=now,
    )


def _mailbox(reader: Reader) -> Mailbox:
    return Mailbox(address=reader.address, name=reader.name)


def _deadlines(
    now: datetime,
    tracked: TrackedPlan,
    message: Message,
    letter: Letter,
    rows: Sequence[MessageRow],
    items: dict[int, Assignment],
) -> Iterable[Deadline]:
    """A calendar entry for each deadline the liaison hears of first, or whose day has changed or fallen away."""
    for row, words in zip(rows, letter.rows, strict=True):
        item = items[row.assignment_id]
        is_new = message.letter == "start" and row.role == "lead"
        is_change = message.letter == "change" and words.happened in MOVES_DEADLINE
        if is_new or is_change:
            cancelled = is_change and MOVES_DEADLINE[words.happened]
            yield Deadline(
                uid=item.root_id.strip("<>"),
                title=f"【{tracked.plan.tag}】{item.title}",
                description=f"{item.key} {item.hand_in or item.text}".strip(),
                due_on=item.due_on,
                sequence=item.sequence + cancelled,
                stamped_at=now,
                cancelled=cancelled,
            )
