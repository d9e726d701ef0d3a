"""The tick that sends: claim and make the bytes, commit, send, record, commit. No transaction is open while SMTP talks.

At least once: a crash between the server's yes and our commit is the one moment that can double a letter, and the
second carries the same Message-ID and the same bytes. Imports app, drafting, store, mail.letter.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from wsyf_scheduler import alerts
from wsyf_scheduler.app import App, Round, TrackedPlan
from wsyf_scheduler.core.message import Message, MessageRow, MessageState
from wsyf_scheduler.core.retry import next_attempt
from wsyf_scheduler.drafting import Draft, draft, stale
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Sent
from wsyf_scheduler.store import assignments, events, notices, outbox
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.telling import alert

log = logging.getLogger(__name__)

STATE_OF = {
    Outcome.SENT: MessageState.SENT,
    Outcome.RETRY: MessageState.RETRY,
    Outcome.AUTH: MessageState.RETRY,
    Outcome.REFUSED: MessageState.DISCARDED,
    Outcome.UNCERTAIN: MessageState.UNCERTAIN,
}


@dataclass(slots=True)
class Counts:
    """What one round did with the outbox."""

    sent: int = 0
    troubled: int = 0
    cancelled: int = 0


def run(app: App, now: datetime) -> Counts:
    """Send what may leave now. Each message reads the clock anew: a long batch must not run past the window."""
    del now
    counts = Counts()
    with app.delivery():
        for outgoing, fate in app.mailer.send_batch(_claims(app, counts)):
            _record(app, outgoing.id, fate, counts)
    if counts.sent:
        log.info("%d messages sent", counts.sent, extra={"action": "messages_sent"})
    return counts


def _claims(app: App, counts: Counts) -> Iterator[Outgoing]:
    """Claim messages one at a time, just before each is sent; stops between two when asked to."""
    while not app.should_stop():
        now = app.clock.now()
        with app.db.begin() as session:
            round_ = Round(now=now, plans=app.plans(session))
            open_plans = [plan_id for plan_id in round_.plans if round_.is_open(plan_id)]
            message = outbox.claim_next(session, now=now, open_plans=open_plans, by=app.process)
            outgoing = None if message is None else _prepare(app, session, round_, message, counts)
        if message is None:
            return
        if outgoing is not None:
            yield outgoing


def _prepare(app: App, session: Session, round_: Round, message: Message, counts: Counts) -> Outgoing | None:
    """The bytes of a claimed message, kept before they are sent; None where nothing is left to say."""
    tracked = round_.plans[message.plan_id]
    rows = notices.rows_of(session, message.id)
    kept = _still_standing(session, round_, tracked, rows)
    if rows and not kept or not rows and message.letter not in {"digest", "alert"}:
        outbox.settle(session, message.id, MessageState.CANCELLED, now=round_.now)
        _event(app, session, round_.now, message, "message_cancelled")
        counts.cancelled += 1
        return None
    if message.raw is not None and len(kept) == len(rows) and not _must_be_remade(message, tracked, round_.now):
        recipients = tuple(dict.fromkeys((*message.to, *message.cc, *app.config.mail.bcc)))
        return Outgoing(id=message.id, sender=app.config.mail.sender, recipients=recipients, data=message.raw)
    return _make(app, session, round_.now, tracked, message, kept)


def _still_standing(session: Session, round_: Round, tracked: TrackedPlan, rows: list[MessageRow]) -> list[MessageRow]:
    """Look at each row again at the moment of sending: what was closed meanwhile is taken out (RULES.md §4)."""
    today = tracked.table.hours.day_of(round_.now)
    items = assignments.by_ids(session, [row.assignment_id for row in rows])
    kept = []
    for row in rows:
        why = stale(items[row.assignment_id], row, today)
        if why is None:
            kept.append(row)
        else:
            notices.drop(session, [row.notice_id], why)
    return kept


def _must_be_remade(message: Message, tracked: TrackedPlan, now: datetime) -> bool:
    """Certainly not sent, and made on an earlier day: its days left are no longer true."""
    day_of = tracked.table.hours.day_of
    return message.state is MessageState.RETRY and day_of(message.not_before) != day_of(now)


def _make(
    app: App, session: Session, now: datetime, tracked: TrackedPlan, message: Message, rows: list[MessageRow]
) -> Outgoing:
    made = draft(app, session, now, tracked, message, rows)
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
    )
    _tell_vacancies(session, now, tracked, message, made)
    if written.faults:
        day = tracked.table.hours.day_of(now)
        alert(session, message.plan_id, now, alerts.templates(tracked.plan, written.faults, day))
    recipients = tuple(dict.fromkeys((*to, *cc, *app.config.mail.bcc)))
    return Outgoing(id=message.id, sender=app.config.mail.sender, recipients=recipients, data=written.raw)


def _addresses(made: Draft) -> tuple[list[str], list[str]]:
    addressed = made.addressed
    return sorted(reader.address for reader in addressed.to), sorted(reader.address for reader in addressed.cc)


def _tell_vacancies(session: Session, now: datetime, tracked: TrackedPlan, message: Message, made: Draft) -> None:
    if message.letter == "alert":
        return
    for post in made.addressed.vacant:
        alert(session, message.plan_id, now, alerts.vacancy(tracked.plan, post, made.letter.on))


def _record(app: App, message_id: int, fate: Sent, counts: Counts) -> None:
    now = app.clock.now()
    with app.db.begin() as session:
        message = outbox.by_id(session, message_id)
        assert message is not None  # messages are never deleted
        outbox.add_attempt(
            session,
            message_id,
            at=now,
            phase=fate.phase.value,
            outcome=fate.outcome.value,
            code=fate.code,
            text=fate.text,
            refused=[(each.address, each.code, each.text) for each in fate.refused],
        )
        _settle(app, session, now, message, fate)
    if fate.outcome is Outcome.SENT:
        counts.sent += 1
    else:
        counts.troubled += 1
        extra = {"action": "message_not_sent", "message": message_id, "outcome": fate.outcome.value}
        log.warning("message %d was not sent: %s", message_id, fate.outcome.value, extra=extra)


def _settle(app: App, session: Session, now: datetime, message: Message, fate: Sent) -> None:
    state = STATE_OF[fate.outcome]
    trouble = None if state is MessageState.SENT else f"{fate.code or ''} {fate.text}".strip()
    again_at = next_attempt(message.attempts + 1, message.queued_at, now)
    if state in (MessageState.RETRY, MessageState.UNCERTAIN) and again_at is None:
        state = MessageState.DISCARDED
    outbox.settle(session, message.id, state, now=now, not_before=again_at or now, trouble=trouble)
    _event(app, session, now, message, f"message_{state.value}", why=trouble or "")
    refused = "；".join(f"{each.address} {each.code}" for each in fate.refused)
    if state is MessageState.DISCARDED or (state is MessageState.SENT and refused):
        if message.letter != "alert":
            why = refused or trouble or ""
            what = alerts.undelivered(_plan(app, session, message), message.id, message.department, message.letter, why)
            alert(session, message.plan_id, now, what)


def _plan(app: App, session: Session, message: Message) -> alerts.Plan:
    return app.plans(session)[message.plan_id].plan


def _event(app: App, session: Session, now: datetime, message: Message, action: str, why: str = "") -> None:
    events.add(
        session, at=now, who=app.who, action=action, plan_id=message.plan_id, message_id=message.id, why=why
    )
