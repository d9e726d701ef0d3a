"""What a digest lists: overdue, due soon, waiting for confirmation, undeliverable, held. Imports app, core, store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from wsyf_scheduler.alerts import post_name
from wsyf_scheduler.app import TrackedPlan
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.message import Message, MessageState
from wsyf_scheduler.core.people import Post
from wsyf_scheduler.mail.letter import LetterKind, Row, Section
from wsyf_scheduler.mail.phrases import LETTERS
from wsyf_scheduler.store import outbox
from wsyf_scheduler.store.db import Session

SOON = 14  # days
STATES = {MessageState.RETRY: "待重发", MessageState.UNCERTAIN: "是否送达不明", MessageState.HELD: "已扣住"}


def sections(
    session: Session,
    tracked: TrackedPlan,
    today: date,
    message: Message,
    items: Sequence[Assignment],
    row: dict[int, Row],
) -> tuple[Section, ...]:
    """The sections that have something to say, in the order of RULES.md §4."""
    tests: dict[str, Callable[[Assignment], bool]] = {
        "overdue": lambda item: not item.held and item.is_overdue(today),
        "due-soon": lambda item: _is_soon(item, today),
        "submitted": lambda item: item.state is State.SUBMITTED,
        "held": lambda item: item.held and item.state is State.OPEN,
    }
    found = {
        name: tuple(row[item.id] for item in sorted(items, key=_order) if test(item)) for name, test in tests.items()
    }
    lines = _undeliverable(session, tracked, message)
    listed = [Section(name=name, rows=rows) for name, rows in found.items() if rows]
    if lines:
        place = len([each for each in listed if each.name != "held"])
        listed.insert(place, Section(name="undeliverable", lines=lines))
    return tuple(listed)


def next_due(items: Sequence[Assignment], row: dict[int, Row], today: date) -> Row | None:
    """The next assignment to fall due, for a week in which all is quiet."""
    ahead = [item for item in sorted(items, key=_order) if item.state is State.OPEN and item.due_on >= today]
    return row[ahead[0].id] if ahead else None


def _is_soon(item: Assignment, today: date) -> bool:
    return item.state is State.OPEN and not item.held and 0 <= item.days_left(today) <= SOON


def _order(item: Assignment) -> tuple[date, str]:
    return item.due_on, item.key


def _undeliverable(session: Session, tracked: TrackedPlan, message: Message) -> tuple[str, ...]:
    if message.audience != "coordinator":
        return ()
    return tuple(
        f"信件 {each.id}（{LETTERS[LetterKind(each.letter)]}）：{_receiver(tracked, each)}，{_trouble(each)}"
        for each in outbox.in_trouble(session, message.plan_id)
    )


def _trouble(message: Message) -> str:
    return message.trouble or STATES.get(message.state, message.state.value)


def _receiver(tracked: TrackedPlan, message: Message) -> str:
    if message.to:
        return "、".join(message.to)
    return post_name(tracked.plan, Post("liaison" if message.department else message.audience, message.department))
