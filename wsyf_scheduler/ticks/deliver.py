"""The tick that sends: claim and make the bytes, commit, send, record, commit. No transaction is open while SMTP talks.

At least once: a crash between the server's yes and our commit is the one moment that can double a letter, and the
second carries the same Message-ID and the same bytes. Imports app, drafting, settling, store, mail.letter.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wsyf_scheduler import alerts, settling
from wsyf_scheduler.app import App, Round, TrackedPlan
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.core.message import Message, MessageRow, MessageState
from wsyf_scheduler.drafting import Draft, Facts, draft, gather, stale
from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Sent
from wsyf_scheduler.mail.mailer import Posting
from wsyf_scheduler.settling import Books, Tried
from wsyf_scheduler.store import holds, notices, outbox, pauses
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.outbox import Fate
from wsyf_scheduler.telling import alert

log = logging.getLogger(__name__)

WITHOUT_ROWS = ("digest", "alert", "test")
MINUTE = timedelta(minutes=1)
WORTH_A_CLAIM = 0.5  # of what the posting takes: claims are made for many at once


@dataclass(slots=True)
class Counts:
    """What one round did with the outbox."""

    sent: int = 0
    troubled: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class _Claimed:
    message: Message
    outgoing: Outgoing
    table: Timetable


def run(app: App, now: datetime) -> Counts:
    """Send what may leave now. Each claim reads the clock anew: a long queue must not run past the window."""
    del now
    delivery = _Delivery(app)
    mailer = app.mailer  # a missing password is told before anything is claimed
    with app.delivery(), ExitStack() as leaving:
        posting = leaving.enter_context(mailer.post(delivery.may_leave))
        try:
            delivery.run(posting)
        except BaseException:
            leaving.close()  # what was on its way is finished first
            delivery.remember(posting)
            raise
    if delivery.counts.sent:
        log.info("%d messages sent", delivery.counts.sent, extra={"action": "messages_sent"})
    return delivery.counts


@dataclass(slots=True)
class _Delivery:
    """One round: messages are claimed as the posting has room, fates recorded as they come, in one commit together."""

    app: App
    counts: Counts = field(default_factory=Counts)
    _in_hand: dict[int, _Claimed] = field(default_factory=dict)
    _dry: bool = False  # nothing more is to leave in this round

    def run(self, posting: Posting) -> None:
        most = max(posting.room, 1)
        while True:
            fates = posting.fates() if posting.in_hand else []
            room = 0 if self._dry or self.app.should_stop() else posting.room
            wanted = room if not posting.in_hand or room >= WORTH_A_CLAIM * most else 0
            if not fates and not wanted:
                return
            if fates and wanted:  # first what the server has answered: writing the next letters takes its time
                self._turn(fates, 0)
                self._settled(fates)
                fates = []
            claimed = self._turn(fates, wanted)
            self._settled(fates)
            self._in_hand |= {each.message.id: each for each in claimed}
            posting.put([each.outgoing for each in claimed])
            if not posting.in_hand and not claimed and (self._dry or not posting.room):
                return

    def _turn(self, fates: Sequence[tuple[Outgoing, Sent | None]], wanted: int) -> list[_Claimed]:
        """One transaction. What the server has taken is remembered where the database cannot take it in (`rescue`)."""
        try:
            with self.app.db.begin() as session:
                return self._commit(session, fates, wanted)
        except BaseException:
            self.app.unrecorded.extend(self._tried(fates))
            raise

    def remember(self, posting: Posting) -> None:
        """What became of the letters on their way when the database failed."""
        while posting.in_hand:
            self.app.unrecorded.extend(self._tried(posting.fates()))

    def _tried(self, fates: Sequence[tuple[Outgoing, Sent | None]]) -> list[Tried]:
        return [
            Tried(message=self._in_hand[outgoing.id].message, outgoing=outgoing, sent=sent)
            for outgoing, sent in fates
            if sent
        ]

    def may_leave(self, outgoing: Outgoing) -> bool:
        """Between two messages: not when told to leave, nor when the window has closed over a slow server."""
        each = self._in_hand[outgoing.id]
        return not self.app.should_stop() and (
            not each.message.in_window or each.table.hours.is_open(self.app.clock.now(), each.table.calendar)
        )

    def _commit(self, session: Session, fates: Sequence[tuple[Outgoing, Sent | None]], wanted: int) -> list[_Claimed]:
        """Record what became of those that went, give back those that did not, and claim the next."""
        books = Books(self.app, session, self.app.clock.now())
        settling.record(books, self._tried(fates))
        outbox.unclaim(session, [self._in_hand[outgoing.id].message for outgoing, sent in fates if sent is None])
        claimed = self._claim(books, wanted) if wanted else []
        books.close()
        return claimed

    def _claim(self, books: Books, wanted: int) -> list[_Claimed]:
        """Claim up to so many messages and make their bytes; none where nothing may leave now."""
        app, session, now = self.app, books.session, books.now
        pause, mail = pauses.get(session), app.config.mail
        if pause is not None and now < pause.until_at:
            wanted = 0
        if mail.limits.per_minute:
            wanted = min(
                wanted, mail.limits.per_minute - outbox.tried_since(session, now - MINUTE) - len(self._in_hand)
            )
        messages = self._leaving(session, now, wanted) if wanted > 0 else []
        if not messages:
            self._dry = True
            return []
        messages = outbox.claim(session, messages, now=now, by=app.process)
        rows = notices.rows_of(session, [message.id for message in messages])
        facts = gather(app, session, now, [row for each in rows.values() for row in each])
        prepared = [self._prepare(books, facts, message, rows[message.id]) for message in messages]
        return [each for each in prepared if each is not None]

    def _leaving(self, session: Session, now: datetime, wanted: int) -> list[Message]:
        round_ = Round(now=now, plans=self.app.plans(session))
        return outbox.leaving(
            session,
            now=now,
            open_plans=[plan_id for plan_id in round_.plans if round_.is_open(plan_id)],
            most=wanted,
            alerts_only=holds.get(session) is not None,
        )

    def _prepare(self, books: Books, facts: Facts, message: Message, rows: list[MessageRow]) -> _Claimed | None:
        """The bytes of a claimed message, kept before they are sent; None where nothing is left to say."""
        table = facts.plans[message.plan_id].table
        kept = _still_standing(books.session, facts, message, rows)
        has_said_all = not kept and message.letter not in WITHOUT_ROWS and message.again_of is None
        if message.taken and (has_said_all or not _owed(self.app, message)):
            settling.finish(books, message)
            return None
        if has_said_all:
            state = MessageState.CANCELLED if rows else MessageState.SUPERSEDED  # newer rungs had taken every row
            books.settle(message, Fate(state=state, again_at=facts.now, tried=False))
            self.counts.cancelled += 1
            return None
        if message.raw is not None and _may_go_again(facts, message, kept):
            return _Claimed(message, _outgoing(self.app, message, message.to, message.cc, message.raw), table)
        try:
            return _Claimed(message, _make(self.app, books.session, facts, message, kept), table)
        except MailTrouble as error:  # an address or a name that no header takes: it must not stop the others
            settling.give_up(books, message, str(error))
            self.counts.troubled += 1
            extra = {"action": "message_not_made", "message_id": message.id}
            log.warning("message %d cannot be made", message.id, extra=extra)
            return None

    def _settled(self, fates: Sequence[tuple[Outgoing, Sent | None]]) -> None:
        """These are recorded, and no longer in hand."""
        for outgoing, sent in fates:
            del self._in_hand[outgoing.id]
            if sent is None:
                continue
            if sent.outcome is Outcome.SENT:
                self.counts.sent += 1
            else:
                self.counts.troubled += 1
                extra = {"action": "message_not_sent", "message_id": outgoing.id, "outcome": sent.outcome.value}
                log.warning("message %d was not sent: %s", outgoing.id, sent.outcome.value, extra=extra)


def _still_standing(session: Session, facts: Facts, message: Message, rows: list[MessageRow]) -> list[MessageRow]:
    """Look at each row again at the moment of sending: what was closed meanwhile is taken out (RULES.md §4)."""
    today = facts.today(message.plan_id)
    judged = [(row, stale(message.letter, facts.items[row.assignment_id], row, today)) for row in rows]
    if not message.taken:  # of a letter some have already, nothing can be taken out any more
        notices.drop(session, [(row.notice_id, why) for row, why in judged if why is not None])
    return [row for row, why in judged if why is None]


def _may_go_again(facts: Facts, message: Message, kept: list[MessageRow]) -> bool:
    """Byte for byte: what some readers have already, and what repeats a sent letter; else where the rows are the same.

    With the same rows: what was maybe sent before, or certainly not sent but made today.
    """
    if message.taken or message.again_of is not None:
        return True
    if message.made_rows != len(kept) or message.made_at is None:
        return False
    made_on = facts.plans[message.plan_id].table.hours.day_of(message.made_at)
    return message.state is MessageState.UNCERTAIN or made_on == facts.today(message.plan_id)


def _make(app: App, session: Session, facts: Facts, message: Message, rows: list[MessageRow]) -> Outgoing:
    made = draft(app, session, facts, message, rows)
    if all(facts.roster.is_refused(reader.address) for reader in made.addressed.to):
        trouble = _("nobody is left to serve: {addresses} were refused for good")
        addresses = ", ".join(reader.address for reader in made.addressed.to)
        raise MailTrouble(trouble.format(addresses=addresses))
    written = app.writer.write(made.letter, made.headers, made.deadlines)
    to, cc = _addresses(made)
    outbox.keep_bytes(
        session,
        message.id,
        header_id=made.headers.message_id,
        subject=written.subject,
        to=to,
        cc=cc,
        raw=written.raw,
        rows=len(rows),
        now=facts.now,
    )
    tracked = facts.plans[message.plan_id]
    _tell_vacancies(session, facts, tracked, message, made)
    if written.faults:
        what = alerts.templates(tracked.plan, written.faults, facts.today(message.plan_id))
        alert(session, message.plan_id, facts.now, what)
    return _outgoing(app, message, to, cc, written.raw)


def _outgoing(app: App, message: Message, to: Sequence[str], cc: Sequence[str], raw: bytes) -> Outgoing:
    """To whoever does not have it yet; `needed` are those in To, where none of them has."""
    recipients = [address for address in _recipients(app, to, cc) if address not in message.taken]
    needed = () if any(address in message.taken for address in to) else tuple(to)
    return Outgoing(id=message.id, sender=app.config.mail.sender, recipients=tuple(recipients), data=raw, needed=needed)


def _recipients(app: App, to: Sequence[str], cc: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*to, *cc, *app.config.mail.bcc)))


def _owed(app: App, message: Message) -> bool:
    return any(address not in message.taken for address in _recipients(app, message.to, message.cc))


def _addresses(made: Draft) -> tuple[list[str], list[str]]:
    addressed = made.addressed
    return sorted(reader.address for reader in addressed.to), sorted(reader.address for reader in addressed.cc)


def _tell_vacancies(session: Session, facts: Facts, tracked: TrackedPlan, message: Message, made: Draft) -> None:
    """A post nobody holds; one whose address is refused was told of when that happened."""
    if message.letter == "alert":
        return
    for post in made.addressed.vacant:
        if not facts.roster.refused_on(post, made.letter.on):
            alert(session, message.plan_id, facts.now, alerts.vacancy(tracked.plan, post, made.letter.on))
