"""The tick that takes up what a dead process had claimed; under the delivery lock no living one can be sending.

What this very process has sent and could not record, since the database was in trouble, is recorded first.
"""

from __future__ import annotations

import logging
from datetime import datetime

from wsyf_scheduler import settling
from wsyf_scheduler.app import App
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.settling import Books
from wsyf_scheduler.store import events, outbox

log = logging.getLogger(__name__)


def run(app: App, now: datetime) -> int:
    """Give claimed messages back to the queue; returns how many. What may have been sent becomes `uncertain`."""
    with app.delivery(), app.db.begin() as session:
        books = Books(app, session, now)
        settling.record(books, app.unrecorded)
        books.close()
        found = outbox.rescue(session, resend_uncertain=app.config.mail.resend_uncertain)
        for message_id, plan_id, state in found:
            events.add(
                session,
                at=now,
                who=app.who,
                action="message_rescued",
                plan_id=plan_id,
                message_id=message_id,
                from_state=MessageState.SENDING.value,
                to_state=state.value,
            )
    app.unrecorded.clear()
    if found:
        log.warning("%d messages taken up again after a crash", len(found), extra={"action": "messages_rescued"})
    return len(found)
