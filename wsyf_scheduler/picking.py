"""Which messages an act on the outbox means: by id, by Message-ID, by filter; and the events it leaves.

What acts on mail have in common. Imports errors, i18n, core and store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wsyf_scheduler.core.message import Message, MessageState
from wsyf_scheduler.errors import Forbidden, NotFound
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import events, messages
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.messages import Which

SHOWN = 5  # ids named where a Message-ID begins several


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """Messages by id (a number, or the beginning of a Message-ID), or by filters; nothing given means everything."""

    ids: tuple[str, ...] = ()
    states: tuple[MessageState, ...] = ()
    letters: tuple[str, ...] = ()
    department: str | None = None
    plan_id: str | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing in particular is picked."""
        return not (self.ids or self.states or self.letters or self.department or self.plan_id)


def pick(session: Session, picked: Picked, states: Sequence[MessageState], *, verb: str) -> list[Message]:
    """The messages that are meant and in one of these states, by id.

    A message named that is in another state raises Forbidden, one that is not there NotFound.
    """
    if picked.ids:
        found = {item.id: item for item in (_named(session, name) for name in picked.ids)}
        for item in found.values():
            if item.state not in states:
                raise Forbidden(refusal(item, verb))
        return [item for item in found.values() if not picked.states or item.state in picked.states]
    wanted = tuple(state for state in states if not picked.states or state in picked.states)
    which = Which(states=wanted, letters=picked.letters, department=picked.department, plan_id=picked.plan_id)
    return messages.select_all(session, which)


def _named(session: Session, name: str) -> Message:
    message_id = int(name) if name.isascii() and name.isdigit() else _by_header(session, name)
    found = messages.by_id(session, message_id) if message_id < 2**63 else None
    if found is None:
        raise NotFound(_("there is no message {id}; `wsyf outbox list` shows them").format(id=name))
    return found


def _by_header(session: Session, prefix: str) -> int:
    found = messages.by_header(session, prefix)
    if not found:
        raise NotFound(_("there is no message {id}; `wsyf outbox list` shows them").format(id=prefix))
    if len(found) > 1:
        shown = ", ".join(str(message_id) for message_id in found[:SHOWN]) + ("…" if len(found) > SHOWN else "")
        words = _("{id} begins the Message-ID of {n} messages: {ids}; name one")
        raise Forbidden(words.format(id=prefix, n=len(found), ids=shown))
    return found[0]


def refusal(item: Message, verb: str) -> str:
    """Why a message in its state cannot be released, written off or tried again, and what can be done."""
    remedies = {
        MessageState.SENT: _("it was sent; `wsyf outbox retry {id} --again` sends the same letter once more"),
        MessageState.HELD: _("it is held back; `wsyf outbox release {id}` lets it go"),
        MessageState.SENDING: _("it is being sent at this moment; try again shortly"),
        MessageState.DISCARDED: _("it was written off; `wsyf outbox retry {id}` tries it again"),
        MessageState.CANCELLED: _("nothing was left to say in it"),
        MessageState.SUPERSEDED: _("newer letters took its place"),
    }
    why = remedies.get(item.state, _("it is not held back; it leaves by itself")).format(id=item.id)
    return _("message {id} cannot be {verb}: {why}").format(id=item.id, verb=verb, why=why)


def note(
    session: Session,
    now: datetime,
    items: Sequence[Message],
    action: str,
    after: MessageState | None,
    *,
    who: str,
    why: str,
) -> None:
    """One event for each message; `after` None where each has a state of its own."""
    for plan_id in dict.fromkeys(item.plan_id for item in items):
        found = [
            {
                "action": action,
                "message_id": item.id,
                "from_state": item.state.value,
                "to_state": after.value if after else _state_now(session, item),
                "why": why,
            }
            for item in items
            if item.plan_id == plan_id
        ]
        events.add_each(session, found, at=now, who=who, plan_id=plan_id)


def _state_now(session: Session, item: Message) -> str:
    found = messages.by_id(session, item.id)
    return (found or item).state.value
