"""From a claimed message to what goes out: rows looked at once more, readers looked up, bytes made and kept.

In the transaction that claims it. Imports app, drafting, settling, store and the values of mail.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from wsyf_scheduler import alerts, handing, settling
from wsyf_scheduler.app import App, TrackedPlan
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.core.message import Message, MessageRow, MessageState
from wsyf_scheduler.core.people import Addressed
from wsyf_scheduler.drafting import Draft, Facts, draft, readers
from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import Outgoing
from wsyf_scheduler.settling import Books
from wsyf_scheduler.staleness import stale
from wsyf_scheduler.store import notices, outbox
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.outbox import Fate
from wsyf_scheduler.telling import alert

log = logging.getLogger(__name__)

WITHOUT_ROWS = ("digest", "alert", "hand-over", "test")


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that may go: as it was claimed, with its readers; what goes out; and when its plan's window is open."""

    message: Message
    outgoing: Outgoing
    table: Timetable


class Unsent(StrEnum):
    """Why a claimed message does not go after all; its state says so too."""

    SAID = "said"  # nothing was left to say, or everybody who is owed it has it
    FAILED = "failed"  # it cannot be made
    REPLACED = "replaced"  # maybe sent, and changed since: a new message takes its place


def prepare(books: Books, facts: Facts, message: Message, rows: list[MessageRow]) -> Ready | Unsent:
    """The bytes of a claimed message, kept before they are sent; or why there is nothing to send, which is recorded."""
    app, table = books.app, facts.plans[message.plan_id].table
    kept = _still_standing(books.session, facts, message, rows)
    has_said_all = not kept and message.letter not in WITHOUT_ROWS and message.again_of is None
    has_said_all |= handing.is_void(facts.roster, message, facts.today(message.plan_id)) and message.again_of is None
    if message.taken and (has_said_all or not _owed(app, message)):
        settling.finish(books, message)
        return Unsent.SAID
    if has_said_all:
        overtaken = not rows and message.letter not in WITHOUT_ROWS  # newer rungs had taken every row
        state = MessageState.SUPERSEDED if overtaken else MessageState.CANCELLED
        books.settle(message, Fate(state=state, again_at=facts.now, tried=False))
        return Unsent.SAID
    if message.raw is not None and _may_go_again(facts, message, kept):
        return Ready(message, _outgoing(app, message, message.raw), table)
    if message.state is MessageState.UNCERTAIN:
        _put_in_its_place(books, message, kept)
        return Unsent.REPLACED
    try:
        message, raw = _make(app, books.session, facts, message, kept)
    except MailTrouble as error:  # an address or a name that no header takes: it must not stop the others
        settling.give_up(books, message, str(error))
        extra = {"action": "message_not_made", "message_id": message.id}
        log.warning("message %d cannot be made", message.id, extra=extra)
        return Unsent.FAILED
    return Ready(message, _outgoing(app, message, raw), table)


def _still_standing(session: Session, facts: Facts, message: Message, rows: list[MessageRow]) -> list[MessageRow]:
    """Look at each row again at the moment of sending: what was closed meanwhile is taken out (RULES.md §4).

    So is a rung that a newer one has overtaken while it was on its way, or lay with a dead process. Of a letter some
    have already nothing can be taken out any more.
    """
    today = facts.today(message.plan_id)
    judged = [(row, _why_out(facts, message, row, today)) for row in rows]
    if not message.taken:
        notices.drop(session, [(row.notice_id, why) for row, why in judged if why is not None])
    return [row for row, why in judged if why is None]


def _why_out(facts: Facts, message: Message, row: MessageRow, today: date) -> str | None:
    why = stale(message.letter, facts.items[row.assignment_id], row, today)
    if why is None and row.rung is not None and row.role == "lead" and row.slot_at is not None:
        overtaken = row.slot_at < facts.newest.get(row.assignment_id, row.slot_at)
        return notices.NEWER_RUNG if overtaken else None
    return why


def _may_go_again(facts: Facts, message: Message, kept: list[MessageRow]) -> bool:
    """Byte for byte: what some readers have already, and what repeats a sent letter; else where nothing has changed.

    The same rows with the same due days, and maybe sent before to those who are to read it still; or certainly not
    sent, but made today for the same readers.
    """
    if message.taken or message.again_of is not None:
        return True
    moved = any(row.rung is not None and row.due_on != facts.items[row.assignment_id].due_on for row in kept)
    if message.made_rows != len(kept) or message.made_at is None or moved:
        return False
    to, cc = _addresses(readers(facts, message, kept))
    if message.state is MessageState.UNCERTAIN:
        return set(message.to) <= set(to)
    made_on = facts.plans[message.plan_id].table.hours.day_of(message.made_at)
    return made_on == facts.today(message.plan_id) and (to, cc) == (message.to, message.cc)


def _put_in_its_place(books: Books, message: Message, rows: Sequence[MessageRow]) -> None:
    """What may have been sent keeps its bytes; since it can not go again as it is, a new message takes its rows."""
    new_id = outbox.queue(
        books.session,
        plan_id=message.plan_id,
        letter=message.letter,
        department=message.department,
        audience=message.audience,
        in_window=message.in_window,
        now=books.now,
        not_before=books.now,
        payload=message.payload,
    )
    assert new_id is not None  # no dedup key was given
    notices.move(books.session, rows, new_id)
    why = _("maybe sent; its rows or readers have changed: message {id} takes its place").format(id=new_id)
    books.settle(message, Fate(state=MessageState.SUPERSEDED, again_at=books.now, trouble=why, tried=False))


def _make(app: App, session: Session, facts: Facts, message: Message, rows: list[MessageRow]) -> tuple[Message, bytes]:
    """The message with its readers, and its bytes, which are kept."""
    made = draft(app, session, facts, message, rows)
    if all(facts.roster.is_refused(reader.address) for reader in made.addressed.to):
        trouble = _("nobody is left to serve: {addresses} were refused for good")
        addresses = ", ".join(reader.address for reader in made.addressed.to)
        raise MailTrouble(trouble.format(addresses=addresses))
    written = app.writer.write(made.letter, made.headers, made.deadlines, made.files)
    to, cc = _addresses(made.addressed)
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
    return replace(message, to=to, cc=cc), written.raw


def _outgoing(app: App, message: Message, raw: bytes) -> Outgoing:
    """To whoever does not have it yet; `needed` are those in To, where none of them has."""
    recipients = [address for address in _recipients(app, message.to, message.cc) if address not in message.taken]
    needed = () if any(address in message.taken for address in message.to) else message.to
    return Outgoing(id=message.id, sender=app.config.mail.sender, recipients=tuple(recipients), data=raw, needed=needed)


def _recipients(app: App, to: Sequence[str], cc: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*to, *cc, *app.config.mail.bcc)))


def _owed(app: App, message: Message) -> bool:
    return any(address not in message.taken for address in _recipients(app, message.to, message.cc))


def _addresses(addressed: Addressed) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """To and Cc, each in order."""
    to, cc = ((reader.address for reader in each) for each in (addressed.to, addressed.cc))
    return tuple(sorted(to)), tuple(sorted(cc))


def _tell_vacancies(session: Session, facts: Facts, tracked: TrackedPlan, message: Message, made: Draft) -> None:
    """A post nobody holds; one whose address is refused was told of when that happened."""
    if message.letter == "alert":
        return
    for post in made.addressed.vacant:
        if not facts.roster.refused_on(post, made.letter.on):
            alert(session, message.plan_id, facts.now, alerts.vacancy(tracked.plan, post, made.letter.on))
