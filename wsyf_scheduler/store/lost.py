"""What letters lost while an act stood: rows taken out of them, and rungs passed over; for undo. Imports core."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select, update

from wsyf_scheduler.core.decide import Verdict
from wsyf_scheduler.core.message import MessageRow, MessageState
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared, PreparedIn
from wsyf_scheduler.store.rows import MESSAGE, MESSAGE_ROW, NOTICE, message_row

# A message that was sent or made again without the row, or settled for want of it (then `not_before` is that moment),
# was so after the act; one that was given back untried tells nothing of when.
TOUCHED = or_(
    MESSAGE.c.not_before >= bindparam("since"),
    MESSAGE.c.sent_at >= bindparam("since"),
    MESSAGE.c.made_at >= bindparam("since"),
    MESSAGE.c.state == MessageState.QUEUED.value,
)
TAKEN_OUT = PreparedIn(
    lambda ids: (
        select(MESSAGE.c.id, MESSAGE.c.letter, NOTICE.c.dropped, *MESSAGE_ROW)
        .select_from(NOTICE)
        .join(MESSAGE, NOTICE.c.message_id == MESSAGE.c.id)
        .where(
            NOTICE.c.assignment_id.in_(ids),
            NOTICE.c.dropped.is_not(None),
            or_(NOTICE.c.rung.is_not(None), NOTICE.c.letter == "reminder"),
            TOUCHED,
        )
        .order_by(NOTICE.c.id)
    )
)
PUT_BACK = Prepared(
    update(NOTICE).where(NOTICE.c.id == bindparam("notice")).values(dropped=None, message_id=bindparam("to_message"))
)
PASSED = PreparedIn(
    lambda ids: (
        select(NOTICE.c.assignment_id, NOTICE.c.rung, NOTICE.c.repeat, NOTICE.c.slot_at, NOTICE.c.reason)
        .where(
            NOTICE.c.assignment_id.in_(ids),
            NOTICE.c.rung.is_not(None),
            NOTICE.c.role == "lead",
            NOTICE.c.verdict == Verdict.SKIPPED.value,
            NOTICE.c.decided_at >= bindparam("since"),
        )
        .order_by(NOTICE.c.slot_at, NOTICE.c.id)
    )
)


class TakenOut(NamedTuple):
    """A row of a letter of the ladder, or of a reminder asked for, that was taken out of it, and why."""

    message_id: int
    letter: str
    why: str
    row: MessageRow


class Passed(NamedTuple):
    """A rung that was recorded `skipped`, and why."""

    assignment_id: int
    rung: str
    repeat: int
    slot_at: datetime
    reason: str


def taken_out(session: Session, assignment_ids: Sequence[int], since: datetime) -> list[TakenOut]:
    """Rows about these assignments that were taken out of letters since an instant."""
    found = TAKEN_OUT.rows(session, assignment_ids, {"since": since})
    return [TakenOut(row[0], row[1], row[2], message_row(row[3:])) for row in found]


def put_back(session: Session, lost: TakenOut, message_id: int) -> None:
    """Let a row stand again, in this message."""
    PUT_BACK.run(session, {"notice": lost.row.notice_id, "to_message": message_id})


def passed(session: Session, assignment_ids: Sequence[int], since: datetime) -> list[Passed]:
    """Rungs about these assignments that were recorded `skipped` since an instant, by slot."""
    return [Passed(*row) for row in PASSED.rows(session, assignment_ids, {"since": since})]
