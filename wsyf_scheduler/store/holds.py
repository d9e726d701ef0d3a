"""A hold on the whole queue: while it stands nothing is decided and nothing leaves but alerts (RULES.md §6)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wsyf_scheduler.store import events, facts
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import as_json

HOLD = "hold"


class HoldReason(StrEnum):
    """Why the queue is held."""

    CLOCK_BACK = "clock-back"  # the clock stands before the last tick
    CLOCK_FORWARD = "clock-forward"  # the clock stands more than 14 days after the last tick
    HOST = "host"  # the database was last run on another host
    RESTORED = "restored"  # the database is a backup put in the place of a live one


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why the queue is held, since when, and what was seen (the last tick, the other host, the backup's moment)."""

    reason: HoldReason
    since_at: datetime
    seen: str


def get(session: Session) -> Hold | None:
    """The hold that stands, or None."""
    return read(facts.get(session, HOLD))


def read(value: str | None) -> Hold | None:
    """A hold as its fact has it."""
    found = json.loads(value or "null")
    if found is None:
        return None
    since_at = datetime.fromisoformat(found["since_at"])
    return Hold(reason=HoldReason(found["reason"]), since_at=since_at, seen=found["seen"])


def place(session: Session, reason: HoldReason, now: datetime, seen: str) -> bool:
    """Hold the queue; False where it is held already: the first reason stands."""
    if get(session) is not None:
        return False
    facts.put(session, HOLD, as_json({"reason": reason.value, "since_at": now.isoformat(), "seen": seen}))
    return True


def end(session: Session, hold: Hold, *, now: datetime, host: str, who: str, action: str, why: str) -> None:
    """A person ends the hold: clock and host are right as they are; the event says which act did it."""
    lift(session)
    facts.put(session, facts.HOST, host)
    facts.put(session, facts.LAST_TICK_AT, now.isoformat())
    detail: dict[str, object] = {"hold": hold.reason.value, "seen": hold.seen}
    events.add(session, at=now, who=who, action=action, why=why, detail=detail)


def lift(session: Session) -> None:
    """End the hold."""
    facts.put(session, HOLD, "null")
