"""When a message that was certainly not sent is tried again. Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least 4-5 days
FEWEST_ATTEMPTS = 12  # a letter waits out a long holiday, in which nobody tries, and is still tried in earnest
JITTER = 0.25  # of each wait, so that what failed together is not tried together again


def next_attempt(attempts: int, queued_at: datetime, now: datetime, *, message_id: int) -> datetime | None:
    """The instant of the next try after `attempts` failed ones; None to give up.

    Waits double from a minute to an hour; each is up to a quarter shorter, by a share that differs from message to
    message and from try to try, and is the same whenever it is worked out.
    """
    if now - queued_at >= GIVE_UP_AFTER and attempts >= FEWEST_ATTEMPTS:
        return None
    doublings = min(max(attempts - 1, 0), 10)
    wait = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
    return now + wait * (1 - JITTER * _share(message_id, attempts))


def _share(message_id: int, attempts: int) -> float:
    """A number from 0 to 1 that looks random and is not."""
    return hashlib.sha256(f"{message_id}/{attempts}".encode()).digest()[0] / 255
