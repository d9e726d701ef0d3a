"""Erasing somebody's contact details for good (`wsyf people erase`): who has left, and whom no letter waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from wsyf_scheduler import whom
from wsyf_scheduler.app import App
from wsyf_scheduler.errors import Forbidden, NotFound, nearest
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import erasing, events, people, pseudonyms
from wsyf_scheduler.store.db import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What was erased: the person as the trail names them, and how much was touched (see store.erasing).

    `is_log_empty` is False where another program was reading, and the write-ahead log still has pages of before.
    """

    person: int | str
    entries: int
    messages: int
    letters: int
    old_events: int
    is_log_empty: bool


def act(app: App, now: datetime, *, address: str, today: date, who: str, reason: str) -> Gone:
    """Replace the address by its hash everywhere but in the trail, which has none; name and phone by nothing.

    Forbidden while the person holds a post or stands in for somebody, today or later, while a letter to them waits,
    and for the office's own address; NotFound for an address nobody was ever entered with.
    """
    with app.db.read() as session:
        _require_gone(app, session, address, today)
    looked = _look(app, address)
    with app.db.begin() as session:
        _require_gone(app, session, address, today)
        person = pseudonyms.of(session, address)
        done = erasing.erase(session, address, looked)
        detail: dict[str, object] = {
            "person": person,
            "entries": done.entries,
            "messages": done.messages,
            "letters": done.letters,
        }
        events.add(session, at=now, who=who, action="person_erased", why=reason, detail=detail)
    return Gone(
        person=person,
        entries=done.entries,
        messages=done.messages,
        letters=done.letters,
        old_events=done.old_events,
        is_log_empty=app.db.fold_log(),
    )


def _look(app: App, address: str) -> erasing.Looked:
    """Every kept letter read page by page, without the write lock: the daemon goes on meanwhile."""
    looked: erasing.Looked = {}
    last: int | None = 0
    while last is not None:
        with app.db.read() as session:
            page, last = erasing.speaking(session, address, after=last)
        looked |= page
    return looked


def _require_gone(app: App, session: Session, address: str, today: date) -> None:
    folded = address.casefold()
    mail = app.config.mail
    if folded in {each.casefold() for each in (app.config.office.email, mail.sender, *mail.bcc)}:
        raise Forbidden(_("{address} is the office's own address, as the config has it").format(address=address))
    known = people.all_of(session)
    serving = whom.serving(known, today)
    if any(each.email.casefold() == folded for each in serving):
        words = _("{address} still holds a post; end it first: `wsyf people hand-over {address} --to ADDRESS`")
        raise Forbidden(words.format(address=address))
    if any(each.deputy.casefold() == folded and (each.away_until or today) >= today for each in serving):
        words = _("{address} still is somebody's deputy; enter another with `wsyf people away`")
        raise Forbidden(words.format(address=address))
    if found := erasing.waiting(session, address):
        words = _("mail to {address} still waits: {ids}; let it go or write it off first (`wsyf outbox discard ID`)")
        raise Forbidden(words.format(address=address, ids=", ".join(map(str, found[:5]))))
    if not erasing.is_known(session, address):
        close = nearest(address, pseudonyms.known(session))
        message = _("nobody was ever entered with the address {address}").format(address=address)
        raise NotFound(message + (_("; did you mean {names}?").format(names=", ".join(close)) if close else ""))
