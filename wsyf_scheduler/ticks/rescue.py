"""The tick that takes up what a dead process had claimed; under the delivery lock no living one can be sending.

What this very process has sent and could not record, since the database was in trouble, is recorded first.
"""

from __future__ import annotations

import logging
from datetime import datetime

from wsyf_scheduler import settling
from wsyf_scheduler.app import App
from wsyf_scheduler.settling import Books

log = logging.getLogger(__name__)


def run(app: App, now: datetime) -> int:
    """Give claimed messages back to the queue; returns how many. What may have been sent becomes `uncertain`."""
    with app.delivery():
        with app.db.begin() as session:
            books = Books(app, session, now)
            found = settling.take_up(books)
            books.close()
        app.unrecorded.clear()
        app.untried.clear()
    if found:
        log.warning("%d messages taken up again after a crash", len(found), extra={"action": "messages_rescued"})
    return len(found)
