"""The head of a message and the calendar entries that go along. Imports app, core and mail.letter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.message import Message, MessageRow
from wsyf_scheduler.core.people import Addressed, Reader
from wsyf_scheduler.mail.letter import Deadline, Headers, Letter, Mailbox

GONE = (State.DONE, State.WAIVED, State.WITHDRAWN)
MOVES_DEADLINE = ("extended", "due-changed", "reopened", "waived", "withdrawn", "reassigned")


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
