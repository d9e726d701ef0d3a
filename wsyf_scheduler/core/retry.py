"""When a message that was certainly not sent is tried again. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least 4-5 days
FEWEST_ATTEMPTS = 12  # a letter waits out a long holiday, in which nobody tries, and is still tried in earnest


def next_attempt(attempts: int, queued_at: datetime, now: datetime) -> datetime | None:
    """The instant of the next try after `attempts` failed ones (doubling waits); None to give up."""
    if now - queued_at >= GIVE_UP_AFTER and attempts >= FEWEST_ATTEMPTS:
        return None
    doublings = min(max(attempts - 1, 0), 10)
    return now + min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
