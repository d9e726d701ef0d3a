"""The head of a message, the calendar entries and forms that go along. Imports app, core, forming and mail.letter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.message import Message, MessageRow
from wsyf_scheduler.core.people import Addressed, Reader
from wsyf_scheduler.files.forms import file_name
from wsyf_scheduler.forming import attachments
from wsyf_scheduler.mail.letter import Attachment, Deadline, Headers, Letter, Mailbox
from wsyf_scheduler.store.db import Session

GONE = (State.DONE, State.WAIVED, State.WITHDRAWN)
MOVES_DEADLINE = ("extended", "due-changed", "reopened", "waived", "withdrawn", "reassigned")
CARRIES_FORMS = ("start", "reminder", "chaser", "escalation")  # what asks a department, not what tells its leaders
FORM_ATTACHED = "（报送表见附件）"


def headers(app: App, now: datetime, message: Message, addressed: Addressed, items: Sequence[Assignment]) -> Headers:
    """The head of a message, threaded by the root of each row's assignment, oldest first."""
    mail, office = app.config.mail, app.config.office
    domain = mail.sender.rpartition("@")[2]
    said = (
        message.plan_id,
        message.id,
        message.letter,
        message.queued_at.isoformat(),
        message.attempts,
        now.isoformat(),
    )
    readers = (reader.address for reader in addressed.to)  # made anew for the next role, it is another message
    token = hashlib.sha256("|".join(map(str, (*said, *readers))).encode()).hexdigest()[:20]
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


def deadlines(
    now: datetime,
    tracked: TrackedPlan,
    message: Message,
    letter: Letter,
    rows: Sequence[MessageRow],
    items: Sequence[Assignment],
) -> Iterable[Deadline]:
    """A calendar entry for each deadline the liaison hears of first, or whose day has changed or fallen away.

    Of several rows about one assignment the last speaks, as things stand now.
    """
    last = {item.id: (row, item, words) for row, item, words in zip(rows, items, letter.rows, strict=True)}
    for row, item, words in last.values():
        is_new = message.letter == "start" and row.role == "lead"
        is_change = message.letter == "change" and words.happened in MOVES_DEADLINE
        if is_new or is_change:
            cancelled = item.state in GONE
            yield Deadline(
                uid=item.root_id.strip("<>"),
                title=f"【{tracked.plan.tag}】{item.title}",
                description=f"{item.key} {item.hand_in or item.text}".strip(),
                due_on=item.due_on,
                sequence=item.sequence,
                stamped_at=now,
                cancelled=cancelled,
            )


def files(
    app: App,
    session: Session,
    tracked: TrackedPlan,
    message: Message,
    rows: Sequence[MessageRow],
    items: Sequence[Assignment],
    today: date,
) -> tuple[Attachment, ...]:
    """The forms of those rows whose figures are still to come; a department that only supports gets none."""
    if message.letter not in CARRIES_FORMS:
        return ()
    led = [item for row, item in zip(rows, items, strict=True) if row.role == "lead" and item.form is not None]
    return attachments(app, session, tracked.plan, led, today) if led else ()


def noted(letter: Letter, attached: Sequence[Attachment]) -> Letter:
    """The letter with a word on each row whose form goes along."""
    names = {each.name for each in attached}
    rows = (
        replace(row, hand_in=row.hand_in + FORM_ATTACHED) if file_name(row.key) in names else row for row in letter.rows
    )
    return replace(letter, rows=tuple(rows)) if names else letter
