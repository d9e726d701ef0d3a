"""The tick that lets go of the bytes of old letters, where the office keeps them for so many years only.

The ledger stays: who was told what and when, every attempt, and the hash of the bytes. Imports app and store.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from wsyf_scheduler.app import App
from wsyf_scheduler.store import events, facts, messages

log = logging.getLogger(__name__)

FORGOT = "forgot_at"  # the fact: when this tick last looked
EVERY = timedelta(days=1)


def run(app: App, now: datetime) -> int:
    """Once a day: drop the bytes of letters sent more than `keep_years` ago; returns how many."""
    years = app.config.mail.keep_years
    if not years:
        return 0
    with app.db.read() as session:
        last = facts.get(session, FORGOT)
    if last is not None and now - datetime.fromisoformat(last) < EVERY:
        return 0
    with app.db.begin() as session:
        facts.put(session, FORGOT, now.isoformat())
        count = messages.forget_bytes(session, _years_before(now, years))
        if count:
            events.add(
                session, at=now, who=app.who, action="bytes_forgotten", detail={"letters": count, "years": years}
            )
    if count:
        log.info("the bytes of %d old letters were let go", count, extra={"action": "bytes_forgotten"})
    return count


def _years_before(now: datetime, years: int) -> datetime:
    """The same day so many years earlier; the 29th of February becomes the 28th."""
    year = now.year - years
    return now.replace(year=year, day=28) if (now.month, now.day) == (2, 29) else now.replace(year=year)
