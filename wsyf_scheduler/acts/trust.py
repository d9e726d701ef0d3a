"""Trusting an address again that a server had refused for good: a test letter to it was taken (`wsyf check --mail`)."""

from __future__ import annotations

from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.store import events, refusals


def act(app: App, now: datetime, *, address: str, who: str) -> bool:
    """End its mark; False where it has none."""
    with app.db.begin() as session:
        found = refusals.clear(session, [address]) > 0
        if found:
            events.add(session, at=now, who=who, action="address_trusted")
    return found
