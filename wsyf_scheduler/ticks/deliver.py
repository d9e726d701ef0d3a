"""The tick that sends: claim and make the bytes, commit, send, record, commit. No transaction is open while SMTP talks.

At least once: a crash between the server's yes and our commit is the one moment that can double a letter, and the
second carries the same Message-ID and the same bytes. Imports app, drafting, store, mail.letter.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wsyf_scheduler import alerts
from wsyf_scheduler.app import App, Round, TrackedPlan
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.core.message import Message, MessageRow, MessageState
from wsyf_scheduler.core.retry import next_attempt
from wsyf_scheduler.drafting import Draft, Facts, draft, gather, stale
from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Sent
from wsyf_scheduler.mail.transport import Mailer
from wsyf_scheduler.store import events, notices, outbox
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


WITHOUT_ROWS = ("digest", "alert", "test")
AFTER_REFUSED_LOGIN = timedelta(minutes=15)  # a wrong password said every minute gets the account locked
BATCH = 25  # claimed and made in one commit; a message waits at most for so many others after its rows were checked


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
    """Send what may leave now. Each batch reads the clock anew: a long queue must not run past the window."""
    del now
    counts = Counts()
    mailer = app.mailer  # a missing password is told before anything is claimed
    with app.delivery():
        while not app.should_stop():
            claimed = _claim(app, counts)
            if claimed is None or not _send(app, mailer, claimed, counts):
                break
    if counts.sent:
        log.info("%d messages sent", counts.sent, extra={"action": "messages_sent"})
    return counts


def _claim(app: App, counts: Counts) -> list[_Claimed] | None:
    """Claim a batch and make its bytes; None where nothing waits that may leave."""
    now = app.clock.now()
    with app.db.begin() as session:
        round_ = Round(now=now, plans=app.plans(session))
        open_plans = [plan_id for plan_id in round_.plans if round_.is_open(plan_id)]
        messages = outbox.leaving(session, now=now, open_plans=open_plans, most=BATCH)
        if not messages:
            return None
        outbox.claim(session, messages, now=now, by=app.process)
        rows = notices.rows_of(session, [message.id for message in messages])
        facts = gather(app, session, now, [row for each in rows.values() for row in each])
        prepared = [_prepare(app, session, facts, message, rows[message.id], counts) for message in messages]
    return [each for each in prepared if each is not None]


def _send(app: App, mailer: Mailer, claimed: list[_Claimed], counts: Counts) -> bool:
    """Send a batch, recording each fate before the next goes out; False where the mailer or a stop ended it early."""
    waiting = {each.outgoing.id: each for each in claimed}
    for outgoing, fate in mailer.send_batch(_until_stopped(app, claimed)):
        _record(app, waiting.pop(outgoing.id).message, fate, counts)
    if waiting:
        with app.db.begin() as session:
            outbox.unclaim(session, [each.message for each in waiting.values()])
    return not waiting


def _until_stopped(app: App, claimed: list[_Claimed]) -> Iterator[Outgoing]:
    """Between two messages: leave when told to, and when the window has closed over a slow server."""
    for each in claimed:
        if app.should_stop() or (
            each.message.in_window and not each.table.hours.is_open(app.clock.now(), each.table.calendar)
        ):
            return
        yield each.outgoing


def _prepare(
    app: App, session: Session, facts: Facts, message: Message, rows: list[MessageRow], counts: Counts
) -> _Claimed | None:
    """The bytes of a claimed message, kept before they are sent; None where nothing is left to say."""
    table = facts.plans[message.plan_id].table
    kept = _still_standing(session, facts, message, rows)
    if not kept and message.letter not in WITHOUT_ROWS:
        state = MessageState.CANCELLED if rows else MessageState.SUPERSEDED  # newer rungs had taken every row
        outbox.settle(session, message.id, state, now=facts.now, again_at=facts.now, tried=False)
        _event(app, session, facts.now, message, f"message_{state.value}")
        counts.cancelled += 1
        return None
    if message.raw is not None and _may_go_again(facts, message, kept):
        return _Claimed(message, _outgoing(app, message.id, message.to, message.cc, message.raw), table)
    try:
        return _Claimed(message, _make(app, session, facts, message, kept), table)
    except MailTrouble as error:  # an address or a name that no header takes: it must not stop the others
        _give_up(app, session, facts, message, str(error))
        counts.troubled += 1
        return None


def _still_standing(session: Session, facts: Facts, message: Message, rows: list[MessageRow]) -> list[MessageRow]:
    """Look at each row again at the moment of sending: what was closed meanwhile is taken out (RULES.md §4)."""
    today = facts.today(message.plan_id)
    judged = [(row, stale(message.letter, facts.items[row.assignment_id], row, today)) for row in rows]
    notices.drop(session, [(row.notice_id, why) for row, why in judged if why is not None])
    return [row for row, why in judged if why is None]


def _may_go_again(facts: Facts, message: Message, kept: list[MessageRow]) -> bool:
    """Byte for byte: the same rows, and maybe sent before, or certainly not sent but made today."""
    if message.made_rows != len(kept) or message.made_at is None:
        return False
    made_on = facts.plans[message.plan_id].table.hours.day_of(message.made_at)
    return message.state is MessageState.UNCERTAIN or made_on == facts.today(message.plan_id)


def _make(app: App, session: Session, facts: Facts, message: Message, rows: list[MessageRow]) -> Outgoing:
    made = draft(app, session, facts, message, rows)
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
    _tell_vacancies(session, facts.now, tracked, message, made)
    if written.faults:
        what = alerts.templates(tracked.plan, written.faults, facts.today(message.plan_id))
        alert(session, message.plan_id, facts.now, what)
    return _outgoing(app, message.id, to, cc, written.raw)


def _outgoing(app: App, message_id: int, to: Sequence[str], cc: Sequence[str], raw: bytes) -> Outgoing:
    mail = app.config.mail
    recipients = tuple(dict.fromkeys((*to, *cc, *mail.bcc)))
    return Outgoing(id=message_id, sender=mail.sender, recipients=recipients, data=raw)


def _addresses(made: Draft) -> tuple[list[str], list[str]]:
    addressed = made.addressed
    return sorted(reader.address for reader in addressed.to), sorted(reader.address for reader in addressed.cc)


def _tell_vacancies(session: Session, now: datetime, tracked: TrackedPlan, message: Message, made: Draft) -> None:
    if message.letter == "alert":
        return
    for post in made.addressed.vacant:
        alert(session, message.plan_id, now, alerts.vacancy(tracked.plan, post, made.letter.on))


def _record(app: App, message: Message, fate: Sent, counts: Counts) -> None:
    now = app.clock.now()
    with app.db.begin() as session:
        outbox.add_attempt(
            session,
            message.id,
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
        extra = {"action": "message_not_sent", "message_id": message.id, "outcome": fate.outcome.value}
        log.warning("message %d was not sent: %s", message.id, fate.outcome.value, extra=extra)


def _settle(app: App, session: Session, now: datetime, message: Message, fate: Sent) -> None:
    state = STATE_OF[fate.outcome]
    trouble = None if state is MessageState.SENT else f"{fate.code or ''} {fate.text}".strip()
    again_at = next_attempt(message.attempts + 1, message.queued_at, now)
    if state in (MessageState.RETRY, MessageState.UNCERTAIN) and again_at is None:
        state = MessageState.DISCARDED
    outbox.settle(session, message.id, state, now=now, again_at=again_at or now, trouble=trouble)
    _event(app, session, now, message, f"message_{state.value}", why=trouble or "")
    if fate.outcome is Outcome.AUTH:
        outbox.postpone(session, now + AFTER_REFUSED_LOGIN)
        alert(
            session,
            message.plan_id,
            now,
            alerts.login_refused(app.plans(session)[message.plan_id].plan, now, fate.text),
        )
    refused = "；".join(f"{each.address} {each.code}" for each in fate.refused)
    if state is MessageState.DISCARDED or (state is MessageState.SENT and refused):
        _tell_undelivered(app, session, now, message, refused or trouble or "")


def _give_up(app: App, session: Session, facts: Facts, message: Message, why: str) -> None:
    """A message that cannot be made is written off, and the coordinator told."""
    now = facts.now
    outbox.settle(session, message.id, MessageState.DISCARDED, now=now, again_at=now, trouble=why, tried=False)
    _event(app, session, now, message, "message_discarded", why=why)
    _tell_undelivered(app, session, now, message, why)
    extra = {"action": "message_not_made", "message_id": message.id}
    log.warning("message %d cannot be made: %s", message.id, why, extra=extra)


def _tell_undelivered(app: App, session: Session, now: datetime, message: Message, why: str) -> None:
    if message.letter != "alert":
        plan = app.plans(session)[message.plan_id].plan
        what = alerts.undelivered(plan, message.id, message.department, message.letter, why)
        alert(session, message.plan_id, now, what)


def _event(app: App, session: Session, now: datetime, message: Message, action: str, why: str = "") -> None:
    events.add(session, at=now, who=app.who, action=action, plan_id=message.plan_id, message_id=message.id, why=why)
