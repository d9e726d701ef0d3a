"""What an attempt's outcome means: for the message, for refused addresses, for the queue, for the coordinator.

In the transaction of whoever records it. Imports app, alerts, telling, core, store and the values of mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from wsyf_scheduler import alerts, processes
from wsyf_scheduler.app import App
from wsyf_scheduler.core.message import Message, MessageState
from wsyf_scheduler.core.people import Post, Roster
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.core.retry import next_attempt
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.mail.transport import asks_for_pause, is_for_good
from wsyf_scheduler.store import events, outbox, pauses, refusals
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.outbox import Fate
from wsyf_scheduler.store.pauses import Pause
from wsyf_scheduler.telling import alert

AFTER_REFUSED_LOGIN = timedelta(minutes=15)  # a wrong password said every minute gets the account locked
PROCESS_ENDED = "the process ended before an answer was recorded"
LONG_PAUSE = timedelta(minutes=15)  # of which the coordinator is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt: the message as it was claimed, what went out, and what came of it."""

    message: Message
    outgoing: Outgoing
    sent: Sent


@dataclass(slots=True)
class Books:
    """One transaction's entries: events by plan are added together, so that each chain grows in one go."""

    app: App
    session: Session
    now: datetime
    _events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _rests: bool = True  # as far as is known

    def plan(self, message: Message) -> Plan:
        """The head of the message's plan."""
        return self.app.plans(self.session)[message.plan_id].plan

    def rest(self, *, first: timedelta, why: str) -> Pause:
        """Let the queue rest."""
        self._rests = True
        return pauses.begin(self.session, self.now, first=first, why=why)

    def go_on(self) -> None:
        """A letter was taken: the queue rests no more. Asked once, not for each letter."""
        if self._rests:
            pauses.end(self.session)
            self._rests = False

    def settle(self, message: Message, fate: Fate) -> None:
        """Record the fate of a claimed message, and its event."""
        if outbox.settle(self.session, message.id, fate, by=self.app.process):
            self.note(message.plan_id, f"message_{fate.state.value}", message.id, fate.state, fate.trouble or "")

    def note(self, plan_id: str, action: str, message_id: int, after: MessageState, why: str = "") -> None:
        """An event of a message that was `sending`."""
        event = {
            "action": action,
            "message_id": message_id,
            "from_state": MessageState.SENDING.value,
            "to_state": after.value,
            "why": why,
        }
        self._events.setdefault(plan_id, []).append(event)

    def tell(self, message: Message, what: alerts.Alert) -> None:
        """Tell the coordinator of the message's plan."""
        alert(self.session, message.plan_id, self.now, what)

    def close(self) -> None:
        """Add the events."""
        for plan_id, found in self._events.items():
            events.add_each(self.session, found, at=self.now, who=self.app.who, plan_id=plan_id)


def record(books: Books, tried: Sequence[Tried]) -> None:
    """Enter attempts into the ledger, and what follows from each."""
    outbox.add_attempts(books.session, [_attempt(each, books.now) for each in tried])
    for each in tried:
        _follow(books, each)


def take_up(books: Books) -> list[tuple[int, str, MessageState]]:
    """What is `sending` and nobody is sending: recorded, given back, or taken up after a crash; returns the last.

    For who holds the right to send. A process that lives settles its own claims: it remembers what it has sent.
    """
    app, session = books.app, books.session
    record(books, app.unrecorded)
    outbox.unclaim(session, app.untried)
    found = outbox.rescue(
        session,
        resend_uncertain=app.config.mail.resend_uncertain,
        spare=lambda by: by != app.process and processes.is_alive(by),
    )
    outbox.add_attempts(session, [_ended(each[0], books.now) for each in found if each[2] is MessageState.UNCERTAIN])
    for message_id, plan_id, state in found:
        books.note(plan_id, "message_rescued", message_id, state)
    return found


def _ended(message_id: int, now: datetime) -> dict[str, Any]:
    """A process that died leaves no word of its last attempt: the ledger says that there may have been one."""
    return {
        "message_id": message_id,
        "at": now,
        "phase": Phase.DOT.value,
        "outcome": Outcome.UNCERTAIN.value,
        "code": 0,
        "text": PROCESS_ENDED,
        "refused": [],
    }


def give_up(books: Books, message: Message, why: str) -> None:
    """A claimed message that cannot be made is written off, and the coordinator told."""
    books.settle(message, Fate(state=MessageState.DISCARDED, again_at=books.now, trouble=why, tried=False))
    _tell_undelivered(books, message, why)


def _attempt(each: Tried, now: datetime) -> dict[str, Any]:
    sent = each.sent
    return {
        "message_id": each.message.id,
        "at": now,
        "phase": sent.phase.value,
        "outcome": sent.outcome.value,
        "code": sent.code,
        "text": sent.text,
        "refused": [(refusal.address, refusal.code, refusal.text) for refusal in sent.refused],
    }


def _follow(books: Books, each: Tried) -> None:
    sent, message = each.sent, each.message
    match sent.outcome:
        case Outcome.SENT:
            _sent(books, each)
        case Outcome.REFUSED if sent.phase is Phase.RCPT and sent.refused and message.again_of is None:
            _next_role(books, each)
        case Outcome.REFUSED:
            _end(books, message, _trouble(sent))
        case _:
            _again(books, message, _trouble(sent), maybe=sent.outcome is Outcome.UNCERTAIN)
    _rest(books, message, sent)


def _sent(books: Books, each: Tried) -> None:
    """Taken, for all or for some: those refused only for now are still owed these very bytes."""
    message, sent = each.message, each.sent
    refused = {refusal.address for refusal in sent.refused}
    fresh = {address: books.now for address in each.outgoing.recipients if address not in refused}
    message = replace(message, taken=fresh | message.taken)
    later = [refusal for refusal in sent.refused if not is_for_good(refusal)]
    again_at = _next(message, books.now) if later else None
    if again_at is not None:
        fate = Fate(state=MessageState.RETRY, again_at=again_at, trouble=_refusals(later), taken=message.taken)
        books.settle(message, fate)
    elif later:
        _end(books, message, _refusals(later))
    else:
        books.settle(message, Fate(state=MessageState.SENT, again_at=books.now, sent_at=_told_at(message) or books.now))
    _mark(books, message, sent.refused, others_have_it=True)


def _told_at(message: Message) -> datetime | None:
    """When the first reader was told; the office's own blind copy is no reader."""
    return min((message.taken[each] for each in (*message.to, *message.cc) if each in message.taken), default=None)


def finish(books: Books, message: Message) -> None:
    """The others need not have it any more: sent since the first reader took it, or cancelled where none did."""
    sent_at = _told_at(message)
    state = MessageState.CANCELLED if sent_at is None else MessageState.SENT
    books.settle(message, Fate(state=state, again_at=books.now, sent_at=sent_at, tried=False))


def _next_role(books: Books, each: Tried) -> None:
    """Nobody in To can be reached: the addresses are marked, and the letter is made anew for the next role, at once.

    Where whoever is next turns out to be marked too, making it gives up (`drafting` finds nobody to serve).
    """
    message, sent = each.message, each.sent
    if not any(is_for_good(refusal) for refusal in sent.refused):
        _again(books, message, _trouble(sent), maybe=False)
        return
    if any(address in message.taken for address in message.to):
        _end(books, message, _refusals(sent.refused))
        _mark(books, message, sent.refused, others_have_it=True)
        return
    fate = Fate(state=MessageState.RETRY, again_at=books.now, trouble=_refusals(sent.refused), anew=True)
    books.settle(message, fate)
    _mark(books, message, sent.refused, others_have_it=False)


def _mark(books: Books, message: Message, refused: Iterable[Refusal], *, others_have_it: bool) -> None:
    """Remember addresses refused for good, and tell the coordinator of each, once."""
    found = [each for each in refused if is_for_good(each)]
    if not found:
        return
    known = books.app.roster(books.session)
    today = books.app.plans(books.session)[message.plan_id].table.hours.day_of(books.now)
    posts = {each.address: known.posts_of(each.address, today) for each in found}
    for each in found:
        refusals.mark(books.session, each.address, code=each.code, text=each.text, message_id=message.id, now=books.now)
    after = books.app.roster(books.session)
    plan = books.plan(message)
    for each in found:
        served = () if others_have_it else _served(after, posts[each.address], today, message.to)
        what = alerts.refused_address(
            plan,
            each.address,
            posts[each.address],
            f"{each.code} {each.text}".strip(),
            books.now,
            served=served,
            others_have_it=others_have_it,
        )
        if message.letter != "alert" or served:
            books.tell(message, what)


def _served(roster: Roster, posts: Sequence[Post], today: Any, to: Sequence[str]) -> tuple[Post, ...]:
    """Who reads for these posts now that their address is marked; nobody, where that is the same address again."""
    readers = roster.address(posts, [], today).to if posts else ()
    return tuple(reader.post for reader in readers if reader.address not in to)


def _again(books: Books, message: Message, trouble: str, *, maybe: bool) -> None:
    """Another try later, or none any more."""
    again_at = _next(message, books.now)
    if again_at is None:
        _end(books, message, trouble)
        return
    maybe = maybe or message.state is MessageState.UNCERTAIN  # that this try failed says nothing of the one before
    if maybe and not books.app.config.mail.resend_uncertain:
        again_at = outbox.BY_HAND
    state = MessageState.UNCERTAIN if maybe else MessageState.RETRY
    books.settle(message, Fate(state=state, again_at=again_at, trouble=trouble, taken=message.taken))


def _end(books: Books, message: Message, trouble: str) -> None:
    """No further try: written off, or sent where some have it; whoever has it not is named either way."""
    sent_at = _told_at(message)
    state = MessageState.DISCARDED if sent_at is None else MessageState.SENT
    books.settle(message, Fate(state=state, again_at=books.now, trouble=trouble, sent_at=sent_at))
    _tell_undelivered(books, message, trouble)


def _next(message: Message, now: datetime) -> datetime | None:
    return next_attempt(message.attempts + 1, message.queued_at, now, message_id=message.id)


def _rest(books: Books, message: Message, sent: Sent) -> None:
    """The queue rests where the server asked for it, or refused the login; it goes on once letters are taken."""
    first = books.app.config.mail.limits.pause
    if sent.outcome is Outcome.AUTH:
        books.rest(first=AFTER_REFUSED_LOGIN, why=_trouble(sent))
        books.tell(message, alerts.login_refused(books.plan(message), books.now, sent.text))
    elif asks_for_pause(sent) and first:
        pause = books.rest(first=first, why=_trouble(sent))
        if pause.length >= LONG_PAUSE:
            books.tell(message, alerts.paused(books.plan(message), books.now, pause.until_at, pause.why))
    elif sent.outcome is Outcome.SENT:
        books.go_on()


def _trouble(sent: Sent) -> str:
    return f"{sent.code or ''} {sent.text}".strip()


def _refusals(refused: Iterable[Refusal]) -> str:
    return "；".join(f"{each.address} {each.code} {each.text}".strip() for each in refused)


def _tell_undelivered(books: Books, message: Message, why: str) -> None:
    if message.letter != "alert":
        what = alerts.undelivered(books.plan(message), message.id, message.department, message.letter, why, books.now)
        books.tell(message, what)
