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

from wsyf_scheduler import settling
from wsyf_scheduler.app import App, Round
from wsyf_scheduler.core.message import Message
from wsyf_scheduler.drafting import gather
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Sent
from wsyf_scheduler.mail.mailer import Posting
from wsyf_scheduler.preparing import Ready, Unsent, prepare
from wsyf_scheduler.settling import Books, Tried
from wsyf_scheduler.store import holds, notices, outbox, pauses
from wsyf_scheduler.store.db import Session

log = logging.getLogger(__name__)

MINUTE = timedelta(minutes=1)
WORTH_A_CLAIM = 0.5  # of what the posting takes: claims are made for many at once


@dataclass(slots=True)
class Counts:
    """What one round did with the outbox."""

    sent: int = 0
    troubled: int = 0
    cancelled: int = 0


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
    _in_hand: dict[int, Ready] = field(default_factory=dict)
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

    def _turn(self, fates: Sequence[tuple[Outgoing, Sent | None]], wanted: int) -> list[Ready]:
        """One transaction. What the server has taken is remembered where the database cannot take it in (`rescue`)."""
        try:
            with self.app.db.begin() as session:
                return self._commit(session, fates, wanted)
        except BaseException:
            self._keep(fates)
            raise

    def remember(self, posting: Posting) -> None:
        """What became of the letters on their way when the database failed."""
        while posting.in_hand:
            self._keep(posting.fates())

    def _keep(self, fates: Sequence[tuple[Outgoing, Sent | None]]) -> None:
        self.app.unrecorded.extend(self._tried(fates))
        self.app.untried.extend(self._untried(fates))

    def _untried(self, fates: Sequence[tuple[Outgoing, Sent | None]]) -> list[Message]:
        return [self._in_hand[outgoing.id].message for outgoing, sent in fates if sent is None]

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

    def _commit(self, session: Session, fates: Sequence[tuple[Outgoing, Sent | None]], wanted: int) -> list[Ready]:
        """Record what became of those that went, give back those that did not, and claim the next."""
        books = Books(self.app, session, self.app.clock.now())
        settling.record(books, self._tried(fates))
        outbox.unclaim(session, self._untried(fates))
        claimed = self._claim(books, wanted) if wanted else []
        books.close()
        return claimed

    def _claim(self, books: Books, wanted: int) -> list[Ready]:
        """Claim up to so many messages and make their bytes; none where nothing may leave now."""
        app, session, now = self.app, books.session, books.now
        pause, mail = pauses.get(session), app.config.mail
        if pause is not None and pause.lasts(now):
            wanted = 0
        if mail.limits.per_minute:
            wanted = min(
                wanted, mail.limits.per_minute - outbox.tried_since(session, now - MINUTE, now) - len(self._in_hand)
            )
        messages = self._leaving(session, now, wanted) if wanted > 0 else []
        if not messages:
            self._dry = True
            return []
        messages = outbox.claim(session, messages, now=now, by=app.process)
        rows = notices.rows_of(session, [message.id for message in messages])
        facts = gather(app, session, now, [row for each in rows.values() for row in each])
        found = [prepare(books, facts, message, rows[message.id]) for message in messages]
        self.counts.cancelled += found.count(Unsent.SAID)
        self.counts.troubled += found.count(Unsent.FAILED)
        return [each for each in found if isinstance(each, Ready)]

    def _leaving(self, session: Session, now: datetime, wanted: int) -> list[Message]:
        round_ = Round(now=now, plans=self.app.plans(session))
        return outbox.leaving(
            session,
            now=now,
            open_plans=[plan_id for plan_id in round_.plans if round_.is_open(plan_id)],
            most=wanted,
            alerts_only=holds.get(session) is not None,
        )

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
