"""The tick that tries the office's own templates, before anything is queued with them: faults are told, once a day.

A letter whose template fails goes out on the packaged one; this is how the coordinator hears of it early.
"""

from __future__ import annotations

import logging
from datetime import datetime

from wsyf_scheduler import alerts
from wsyf_scheduler.app import App
from wsyf_scheduler.telling import alert

log = logging.getLogger(__name__)


def run(app: App, now: datetime) -> int:
    """Alert the coordinator of every plan where a template has faults; returns how many faults there are."""
    faults = app.writer.faults()
    if not faults:
        return 0
    log.warning("%d faults in the office's templates", len(faults), extra={"action": "template_faults"})
    with app.db.begin() as session:
        for plan_id, tracked in app.plans(session).items():
            alert(session, plan_id, now, alerts.templates(tracked.plan, faults, tracked.table.hours.day_of(now)))
    return len(faults)
