"""Writing mail off (`wsyf outbox discard`): it is not sent; nor, where the whole queue is held, what is owed by now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from wsyf_scheduler import settling
from wsyf_scheduler.app import App
from wsyf_scheduler.core.message import WAITING, MessageState
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.i18n import _
from wsyf_scheduler.picking import Picked, note, pick
from wsyf_scheduler.settling import Books
from wsyf_scheduler.store import holds, messages

NOT_LEFT = (*WAITING, MessageState.HELD)
SETTLED = (
    *NOT_LEFT,
    MessageState.DISCARDED,
)  # of messages named: one that reached nobody is settled, and no longer shown


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenOff:
    """The ids of the messages that were written off, and whether a hold on the whole queue was ended by it."""

    ids: tuple[int, ...]
    hold_ended: bool


def act(
    app: App,
    now: datetime,
    *,
    picked: Picked,
    who: str,
    reason: str = "",
    decide: Callable[[App, datetime], object] = lambda _app, _now: None,
) -> WrittenOff:
    """Write these off; where nothing in particular is picked, everything that is held.

    While the whole queue is held that is all that waits, too: then `decide` first queues what the ladder owes by now.
    Raises Forbidden where a message named has left, or nothing is held.
    """
    with app.delivery():  # not while one of them is being sent
        with app.db.read() as session:
            whole = picked.is_everything and holds.get(session) is not None
        if whole:
            decide(app, now)
        return _write_off(app, now, picked, who=who, reason=reason, whole=whole)


def _write_off(app: App, now: datetime, picked: Picked, *, who: str, reason: str, whole: bool) -> WrittenOff:
    with app.db.begin() as session:
        books = Books(app, session, now)
        settling.take_up(books)  # what a dead process had claimed waits, too
        books.close()
        states = SETTLED if picked.ids else NOT_LEFT if whole or not picked.is_everything else (MessageState.HELD,)
        items = [
            item for item in pick(session, picked, states, verb=_("written off")) if not whole or item.letter != "alert"
        ]
        if not items and not whole:
            raise Forbidden(_("no mail is held; name what to write off, `wsyf outbox list` shows what waits"))
        done = [item for item in items if messages.discard(session, item)]
        note(session, now, done, "message_discarded", MessageState.DISCARDED, who=who, why=reason)
        if whole and (hold := holds.get(session)) is not None:  # one for the clock may just have ended by itself
            holds.end(session, hold, now=now, host=app.host, who=who, action="queue_written_off", why=reason)
    app.unrecorded.clear()
    app.untried.clear()
    return WrittenOff(ids=tuple(item.id for item in done), hold_ended=whole)
