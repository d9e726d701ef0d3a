"""From an outbox message to its letter: what each row says, whom it reaches, which deadlines go along.

Facts are gathered when the message is sent, so that it says how things stand then. Imports app and below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import cast

from wsyf_scheduler import awaiting, digesting, handing
from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.grouping import row_order
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, LADDER_LETTERS
from wsyf_scheduler.core.message import Message, MessageRow
from wsyf_scheduler.core.people import Addressed, Post, Roster
from wsyf_scheduler.enveloping import GONE, deadlines, files, headers, noted
from wsyf_scheduler.mail.letter import (
    Attachment,
    Contact,
    Deadline,
    Headers,
    Letter,
    LetterKind,
    PlanFacts,
    Row,
    Told,
    Waiting,
)
from wsyf_scheduler.mail.phrases import HAND_IN
from wsyf_scheduler.mail.writer import BlankWriter
from wsyf_scheduler.store import assignments, notices
from wsyf_scheduler.store.acted import BY_HAND
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.notices import Earlier

ON_LADDER = (*LADDER_LETTERS, "briefing")
TELLS_WHO_WAS_TOLD = ("chaser", "escalation", "briefing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A letter with its head, deadlines and forms, ready to be written; `addressed` also names vacant posts."""

    letter: Letter
    headers: Headers
    deadlines: tuple[Deadline, ...]
    addressed: Addressed
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What letters are made of, read once for a batch: who holds the posts, the assignments, who was told before.

    `blank` where nothing is written (BlankWriter): then what only a reader would see is neither read nor drafted.
    """

    now: datetime
    plans: dict[str, TrackedPlan]
    roster: Roster
    items: dict[int, Assignment]
    history: dict[int, list[Earlier]]
    waiting: dict[tuple[str, str], Waiting | None]
    newest: dict[int, datetime]  # the slot of the newest rung that was decided to speak, by assignment
    blank: bool = False
    origins: dict[tuple[str, str], str] = field(default_factory=dict)  # plan and key to what a follow-up came from
    told: dict[int, tuple[Told, ...]] = field(default_factory=dict)  # worked out once a batch: leaders read it again

    def today(self, plan_id: str) -> date:
        """The calendar day in the plan's zone."""
        return self.plans[plan_id].table.hours.day_of(self.now)


def gather(app: App, session: Session, now: datetime, rows: Iterable[MessageRow]) -> Facts:
    """Read the facts for these rows."""
    rows = list(rows)
    ids = list(dict.fromkeys(row.assignment_id for row in rows))
    items = assignments.by_ids(session, ids) if ids else {}
    plans, roster = app.plans(session), app.roster(session)
    on_ladder = list(dict.fromkeys(row.assignment_id for row in rows if row.rung is not None or BY_HAND in row.detail))
    newest = notices.newest_slots(session, on_ladder) if on_ladder else {}
    if isinstance(app.writer, BlankWriter):
        return Facts(
            now=now, plans=plans, roster=roster, items=items, history={}, waiting={}, newest=newest, blank=True
        )
    return Facts(
        now=now,
        plans=plans,
        roster=roster,
        items=items,
        history=notices.earlier(session, on_ladder) if on_ladder else {},
        waiting=awaiting.tasks(session, items.values()),
        origins=awaiting.origins(session, items.values()),
        newest=newest,
    )


def draft(app: App, session: Session, facts: Facts, message: Message, rows: Sequence[MessageRow]) -> Draft:
    """The letter of a message as things stand now."""
    tracked, today = facts.plans[message.plan_id], facts.today(message.plan_id)
    ordered = sorted(rows, key=lambda row: _order(message, row, facts.items[row.assignment_id]))
    items = [facts.items[row.assignment_id] for row in ordered]
    addressed = readers(facts, message, ordered)
    stand_in = digesting.stand_in(message, addressed)
    letter = Letter(
        kind=LetterKind(message.letter),
        plan=plan_facts(app, tracked),
        on=today,
        addressee=addressed.to[0].post.role if stand_in else _addressee(message, ordered),
        department_name="、".join(_title(tracked, each) for each in digesting.departments(message)),
        stand_in=stand_in.role if stand_in else "",
        rows=() if facts.blank else _rows(facts, message, ordered, items),
        lines=tuple(cast("list[str]", message.payload.get("lines", []))),
        headline=str(message.payload.get("headline", "")),
    )
    if message.letter == "digest" and not facts.blank:
        letter = _with_sections(session, tracked, message, letter)
    dues = () if facts.blank else tuple(deadlines(facts.now, tracked, message, letter, ordered, items))
    if message.letter == handing.LETTER and not facts.blank:
        letter = replace(letter, rows=_handed(session, tracked, message, today))
    if message.letter in awaiting.TELLS_OF_OTHERS and not facts.blank:
        letter = awaiting.joined(session, letter, items, tracked.shorts)
    attached = () if facts.blank else files(app, session, tracked, message, ordered, items, today)
    return Draft(
        letter=noted(letter, attached),
        headers=headers(app, facts.now.astimezone(tracked.table.hours.zone), message, addressed, items),
        deadlines=dues,
        addressed=addressed,
        files=attached,
    )


def readers(facts: Facts, message: Message, rows: Sequence[MessageRow]) -> Addressed:
    """Whom the message reaches as things stand now: who holds the posts of its rows today."""
    today = facts.today(message.plan_id)
    found = facts.roster.address(*_posts(message, rows, facts.items), today)
    return handing.narrowed(facts.roster, message, found, today)


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


def _posts(message: Message, rows: Sequence[MessageRow], items: dict[int, Assignment]) -> tuple[list[Post], list[Post]]:
    """The posts in To and Cc: the unions over the rows; letters without rows go to their audience."""
    if not rows:
        return list(digesting.posts(message)) or [_post(message.audience, message.department)], []

    def posts(row: MessageRow, roles: Iterable[str]) -> list[Post]:
        return [_post(role, message.department or items[row.assignment_id].department) for role in roles]

    to = [post for row in rows for post in posts(row, row.to)]
    cc = [post for row in rows for post in posts(row, row.cc)]
    return list(dict.fromkeys(to)), list(dict.fromkeys(cc))


def _post(role: str, department: str) -> Post:
    return Post(role, department if role in DEPARTMENT_ROLES else "")


def _addressee(message: Message, rows: Sequence[MessageRow]) -> str:
    """The post the letter speaks to, where that is held."""
    if message.audience != "department" or not rows:
        return message.audience
    return rows[0].to[0]


def _title(tracked: TrackedPlan, department: str) -> str:
    known = {each.id: each.name for each in tracked.plan.departments}
    return known.get(department, department)  # one that left the plan is told of it under its id


def _short(tracked: TrackedPlan, department: str) -> str:
    return tracked.shorts.get(department, department)


def _rows(facts: Facts, message: Message, rows: Sequence[MessageRow], items: Sequence[Assignment]) -> tuple[Row, ...]:
    return tuple(_row(facts, message, row, item) for row, item in zip(rows, items, strict=True))


def _row(facts: Facts, message: Message, row: MessageRow, item: Assignment) -> Row:
    tracked, history = facts.plans[message.plan_id], facts.history.get(item.id, [])
    words = assignment_row(tracked, item, facts.today(message.plan_id))
    if message.letter in TELLS_WHO_WAS_TOLD and item.id not in facts.told:
        facts.told[item.id] = _told(tracked, item, history)
    detail = row.detail
    old_due_on = detail.get("old_due_on")
    return replace(
        words,
        nth=1 + sum(_is_same_letter(each, message, row, item) for each in history),
        role=row.role,
        told=facts.told[item.id] if message.letter in TELLS_WHO_WAS_TOLD else (),
        after=facts.waiting.get((item.plan_id, item.after or "")),
        origin=facts.origins.get((item.plan_id, item.origin or ""), ""),
        happened=detail.get("happened", ""),
        reason=detail.get("reason", ""),
        approved_by=detail.get("approved_by", ""),
        handed_to=detail.get("handed_to", ""),
        on=date.fromisoformat(detail["on"]) if "on" in detail else None,
        original_due_on=date.fromisoformat(old_due_on) if old_due_on else words.original_due_on,
    )


def _is_same_letter(earlier: Earlier, message: Message, row: MessageRow, item: Assignment) -> bool:
    """Whether an earlier row was of this kind, for this due day and this receiver: they are counted 第n次."""
    same = (earlier.letter, earlier.receiver, earlier.due_on) == (message.letter, row.receiver, item.due_on)
    return same and earlier.notice_id != row.notice_id


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
        hand_in=item.hand_in or HAND_IN.get(item.kind, "办理情况"),
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


def _with_sections(session: Session, tracked: TrackedPlan, message: Message, letter: Letter) -> Letter:
    wanted, found = digesting.departments(message), assignments.of_plan(session, message.plan_id)
    items = [item for item in found if not wanted or item.department in wanted]
    row = {item.id: assignment_row(tracked, item, letter.on) for item in items if item.state not in GONE}
    return digesting.fill(session, tracked, message, letter, items, row)


def _handed(session: Session, tracked: TrackedPlan, message: Message, today: date) -> tuple[Row, ...]:
    """What a successor takes over, each with its history."""
    found = handing.items(session, message, today)
    history, waiting = notices.earlier(session, [item.id for item in found]), awaiting.tasks(session, found)
    return tuple(
        replace(
            assignment_row(tracked, item, today),
            role=handing.role(message, item),
            told=handing.told(tracked, message, item, history[item.id]),
            standing=handing.standing(item, today),
            after=waiting.get((item.plan_id, item.after or "")),
        )
        for item in found
    )
