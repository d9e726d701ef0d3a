"""The tick that takes up what a dead process had claimed; under the delivery lock no living one can be sending."""

from __future__ import annotations

import logging
from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.store import events, outbox

log = logging.getLogger(__name__)


def run(app: App, now: datetime) -> int:
    """Give claimed messages back to the queue; returns how many. What may have been sent becomes `uncertain`."""
    with app.delivery(), app.db.begin() as session:
        ids = outbox.rescue(session)
        for message_id in ids:
            events.add(session, at=now, who=app.who, action="message_rescued", message_id=message_id)
    if ids:
        log.warning("%d messages taken up again after a crash", len(ids), extra={"action": "messages_rescued"})
    return len(ids)
