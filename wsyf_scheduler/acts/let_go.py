"""Letting held mail go (`wsyf outbox release`), and the whole queue where a guard holds it (RULES.md §6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.i18n import _
from wsyf_scheduler.picking import Picked, note, pick
from wsyf_scheduler.store import events, facts, holds, messages
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.holds import Hold, HoldReason


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """The ids of the messages that were held, and the hold on the whole queue that was ended, if any."""

    ids: tuple[int, ...]
    hold: Hold | None


def act(app: App, now: datetime, *, picked: Picked, who: str, reason: str = "") -> LetGo:
    """Release these; where nothing in particular is picked, everything that is held and the hold on the queue.

    Raises Forbidden where a message named is not held, or nothing is.
    """
    with app.db.begin() as session:
        hold = lift(app, session, now, who=who, reason=reason) if picked.is_everything else None
        items = pick(session, picked, (MessageState.HELD,), verb=_("let go"))
        if not items and hold is None:
            raise Forbidden(_("no mail is held; `wsyf outbox list` shows what waits"))
        done = [item for item in items if messages.release(session, item, now)]
        note(session, now, done, "message_released", MessageState.QUEUED, who=who, why=reason)
    return LetGo(ids=tuple(item.id for item in done), hold=hold)


def lift(
    app: App, session: Session, now: datetime, *, who: str, reason: str, only: Sequence[HoldReason] = ()
) -> Hold | None:
    """End the hold on the queue (where its reason is one of `only`, if given): clock and host are right as they are."""
    hold = holds.get(session)
    if hold is None or (only and hold.reason not in only):
        return None
    holds.end(session, hold, now=now, host=app.host, who=who, action="queue_released", why=reason)
    return hold


def adopt(app: App, now: datetime, *, who: str) -> Hold | None:
    """Accept that the database has moved to this host (`wsyf daemon --adopt`); returns the hold that ended, if any."""
    with app.db.begin() as session:
        if facts.get(session, facts.HOST) == app.host:
            return None
        hold = lift(app, session, now, who=who, reason="adopted", only=(HoldReason.HOST,))
        if hold is None:
            facts.put(session, facts.HOST, app.host)
            events.add(session, at=now, who=who, action="host_adopted", detail={"host": app.host.partition("/")[0]})
        return hold
