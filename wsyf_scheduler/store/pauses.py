"""A pause of the mail queue: the server asked for one, or refused the login. Nothing leaves before it is over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from wsyf_scheduler.store import facts
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.rows import as_json

PAUSE = "pause"
LONGEST = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Until when the queue rests, why (the server's answer), and for how long it was told to."""

    until_at: datetime
    why: str
    length: timedelta

    def lasts(self, now: datetime) -> bool:
        """Whether the queue rests; a pause begun under a clock that ran ahead does not count."""
        return self.until_at - self.length <= now < self.until_at


def get(session: Session) -> Pause | None:
    """The last pause since a letter was taken, over or not; None where there is none."""
    return read(facts.get(session, PAUSE))


def read(value: str | None) -> Pause | None:
    """A pause as its fact has it."""
    found = json.loads(value or "null")
    if found is None:
        return None
    length = timedelta(seconds=found["length_s"])
    return Pause(until_at=datetime.fromisoformat(found["until_at"]), why=found["why"], length=length)


def begin(session: Session, now: datetime, *, first: timedelta, why: str) -> Pause:
    """Let the queue rest: `first` long, or twice as long as the pause before, where no letter was taken since."""
    before = get(session)
    length = first if before is None else max(first, min(2 * before.length, LONGEST))
    pause = Pause(until_at=now + length, why=why, length=length)
    said = {"until_at": pause.until_at.isoformat(), "why": why, "length_s": length.total_seconds()}
    facts.put(session, PAUSE, as_json(said))
    return pause


def end(session: Session) -> None:
    """The server takes letters again, or somebody asks for another try."""
    if get(session) is not None:
        facts.put(session, PAUSE, "null")
