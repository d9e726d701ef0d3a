"""Trying mail again at once (`wsyf outbox retry`): what waits, what was given up; what was sent only when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.core.message import WAITING, Message, MessageState
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.i18n import _
from wsyf_scheduler.picking import Picked, note, pick
from wsyf_scheduler.store import events, messages, pauses, refusals
from wsyf_scheduler.store.db import Session

TRIABLE = (*WAITING, MessageState.DISCARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """The ids of the messages that are tried again, and those of new messages that repeat a sent one."""

    ids: tuple[int, ...]
    repeats: tuple[int, ...]


def act(app: App, now: datetime, *, picked: Picked, again: bool, who: str, reason: str = "") -> Retried:
    """Let them leave when the window is open; addresses that were refused are tried anew, and a pause is over.

    `again` repeats a sent message: the same bytes and Message-ID to the same readers, as a message of its own. Raises
    Forbidden for a sent message without it, and for one that is held or has nothing left to say. Filters alone mean
    what waits; what was discarded comes back by id, or where that state is asked for. A letter whose time has not
    come (a receipt that can still be taken back, a hand-over letter) goes before it only where it is named.
    """
    states: tuple[MessageState, ...] = (*TRIABLE, MessageState.SENT) if again and picked.ids else TRIABLE
    if not picked.ids and MessageState.DISCARDED not in picked.states:
        states = WAITING  # what was given up or written off, perhaps long ago, comes back only when it is named
    with app.db.begin() as session:
        items = pick(session, picked, states, verb=_("tried again"))
        items = [item for item in items if picked.ids or not _is_to_come(item, now)]
        if not items:
            raise Forbidden(_("no mail waits for another try; `wsyf outbox list` shows what became of each message"))
        repeats = [_repeat(session, now, item, who, reason) for item in items if item.state is MessageState.SENT]
        done = [
            item for item in items if item.state is not MessageState.SENT and messages.try_again(session, item, now)
        ]
        marked = refusals.of_messages(session, [item.id for item in items])
        refusals.clear(session, marked | {address for item in items for address in (*item.to, *item.cc)})
        pauses.end(session)
        note(session, now, done, "message_retried", None, who=who, why=reason)
    return Retried(ids=tuple(item.id for item in done), repeats=tuple(repeats))


def _is_to_come(item: Message, now: datetime) -> bool:
    """Whether nothing ails it: it was not tried yet, and waits for its own time."""
    return item.state is MessageState.QUEUED and item.attempts == 0 and item.not_before > now


def _repeat(session: Session, now: datetime, item: Message, who: str, reason: str) -> int:
    whole = messages.by_id(session, item.id)
    if whole is None or whole.raw is None:
        raise Forbidden(_("the bytes of message {id} are no longer kept").format(id=item.id))
    new_id = messages.repeat(session, item, now)
    events.add(
        session,
        at=now,
        who=who,
        action="message_repeated",
        plan_id=item.plan_id,
        message_id=new_id,
        why=reason,
        detail={"again_of": item.id},
    )
    return new_id
