"""What became of the decisions that spoke: did their mail leave, when, to whom, and was it still right to send it.

Imports core and the values of store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wsyf_scheduler.audit.background import Background
from wsyf_scheduler.audit.finding import Finding, Kind, Said
from wsyf_scheduler.audit.replay import SLACK, decided_at_first
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.decide import Verdict, silence
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES
from wsyf_scheduler.core.life import Life
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.core.people import Post, Roster
from wsyf_scheduler.store.ledger import Discard, Line, Mail

HAND = timedelta(minutes=15)  # from the last look at a mail's rows until a slow server has taken it
SENT = "sent"  # what an attempt came to
NOTHING_LEFT = (MessageState.CANCELLED, MessageState.SUPERSEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The mail of some assignments: messages, their rows, what their attempts came to, who wrote them off."""

    mails: Mapping[int, Mail]
    rows: Mapping[int, Sequence[Line]]
    proofs: Mapping[int, set[str]]
    discards: Mapping[int, Discard]


def fate(back: Background, life: Life, line: Line, lines: Sequence[Line], ledger: Ledger) -> Iterable[Finding]:
    """What is wrong with what became of one decision; `lines` are all about its assignment."""
    if decided_at_first(line) != Verdict.NOTIFY:
        return
    mail = ledger.mails.get(line.message_id or 0)
    if mail is None:
        yield _finding(back, life, line, Kind.NO_MAIL, line.decided_at)
    elif line.dropped is not None:
        if not _is_justified(back, life, line, mail, lines):
            yield _finding(back, life, line, Kind.DROPPED, line.decided_at, found={"dropped": line.dropped})
    elif mail.state is MessageState.SENT:
        yield from _sent(back, life, line, mail)
    elif mail.state is MessageState.DISCARDED:
        gone = ledger.discards.get(mail.id)
        found: Said = {"state": mail.state.value, "trouble": mail.trouble}
        found |= {"who": gone.who, "why": gone.why} if gone else {}
        yield _finding(back, life, line, Kind.WRITTEN_OFF, gone.at if gone else line.decided_at, found=found)
    elif mail.state in NOTHING_LEFT:
        yield _finding(back, life, line, Kind.DROPPED, line.decided_at, found={"state": mail.state.value})
    else:
        yield from _unsent(back, life, line, mail)


def _sent(back: Background, life: Life, line: Line, mail: Mail) -> Iterable[Finding]:
    sent_at = mail.sent_at
    assert sent_at is not None  # the database holds sent messages to that
    said: Said = {"sent_at": sent_at.isoformat()}
    if line.slot_at is not None and sent_at < line.slot_at:
        yield _finding(back, life, line, Kind.EARLY, sent_at, found=said)
    seen = life.between(sent_at - HAND, sent_at)
    silences = [stale(item, line, back.day(mail.plan_id, sent_at)) for item in seen]
    if silences and None not in silences:
        yield _finding(back, life, line, Kind.SILENT, sent_at, expected={"reason": silences[-1]}, found=said)


def _unsent(back: Background, life: Life, line: Line, mail: Mail) -> Iterable[Finding]:
    """A mail may wait for a server, or for the coordinator, until the next working day has passed."""
    table = back.table(mail.plan_id, line.decided_at)
    following = table.hours.slot(table.calendar.nth(table.hours.day_of(line.decided_at), 1))
    chance = back.chances.first(following, table)
    if chance is None:
        return
    hours = table.hours
    shut_at = datetime.combine(hours.day_of(chance), hours.send_until, hours.zone)
    if back.now > shut_at:
        found: Said = {"state": mail.state.value, "held_for": mail.held_for, "trouble": mail.trouble}
        yield _finding(back, life, line, Kind.UNSENT, shut_at, found=found)


def stale(item: Assignment, line: Line, today: date) -> str | None:
    """Why nothing is to be said any more, or None while the decision stands (RULES.md §4)."""
    reason = silence(item, today)
    if reason is not None:
        return reason.value
    if line.letter == "start":
        return None
    if line.due_on != item.due_on:
        return "due-day-changed"
    restarted = item.ladder_from != item.tracked_from
    return "before-restart" if restarted and line.slot_at is not None and line.slot_at < item.ladder_from else None


def _is_justified(back: Background, life: Life, line: Line, mail: Mail, lines: Sequence[Line]) -> bool:
    """Whether a row was taken out of its mail for a reason that held at some moment before the mail left."""
    first, last = line.decided_at - SLACK, (mail.sent_at or back.now) + SLACK
    if line.dropped == "newer-rung":
        return any(_is_newer(each, line) and first <= each.decided_at <= last for each in lines)
    days = {back.day(mail.plan_id, line.decided_at), back.day(mail.plan_id, last - SLACK)}
    return any(stale(item, line, day) == line.dropped for item in life.between(first, last) for day in days)


def _is_newer(each: Line, line: Line) -> bool:
    speaks = decided_at_first(each) == Verdict.NOTIFY and each.role == "lead"
    return speaks and each.slot_at is not None and line.slot_at is not None and each.slot_at > line.slot_at


def _finding(
    back: Background,
    life: Life,
    line: Line,
    kind: Kind,
    at: datetime,
    *,
    expected: Said | None = None,
    found: Said | None = None,
) -> Finding:
    item = life.present
    return Finding(
        kind=kind,
        plan_id=item.plan_id,
        key=item.key,
        on=back.day(item.plan_id, line.slot_at or line.decided_at),
        at=at,
        letter=line.letter,
        rung=line.rung or "",
        repeat=line.repeat,
        receiver=line.receiver,
        message_id=line.message_id,
        expected=expected or {},
        found=found or {},
    )


def envelope(back: Background, mail: Mail, rows: Sequence[Line], key: str, ledger: Ledger) -> Iterable[Finding]:
    """What is wrong with a mail that was sent, as a whole; `key` names one assignment it is about."""
    sent_at = mail.sent_at
    if mail.state is not MessageState.SENT or sent_at is None:
        return
    if SENT not in ledger.proofs.get(mail.id, ()):
        yield _of_mail(back, mail, key, Kind.UNPROVEN, sent_at)
    tables = [*back.tables(mail.plan_id, sent_at), back.table(mail.plan_id, sent_at - HAND)]
    if not any(each.hours.is_open(at, each.calendar) for each in tables for at in (sent_at, sent_at - HAND)):
        yield _of_mail(back, mail, key, Kind.OUTSIDE_WINDOW, sent_at, found={"sent_at": sent_at.isoformat()})
    standing = [row for row in rows if row.dropped is None]
    if standing:
        yield from _addresses(back, mail, standing, key)
    else:
        yield no_row(back, mail)


def _addresses(back: Background, mail: Mail, rows: Sequence[Line], key: str) -> Iterable[Finding]:
    made_at = mail.made_at or mail.sent_at
    assert made_at is not None  # what was sent was made
    went = _folded(mail.to), _folded(mail.cc)
    first = None
    for at in (made_at, made_at - SLACK, made_at + SLACK):
        for refused in (False, True):
            roster = back.posts.roster(at, office=back.regimes.at(at).office, refused=refused)
            owed = _owed(roster, mail, rows, back.day(mail.plan_id, made_at))
            if (_folded(owed[0]), _folded(owed[1])) == went:
                return
            first = first or owed
    assert first is not None  # the loop ran
    expected: Said = {"to": sorted(first[0]), "cc": sorted(first[1])}
    found: Said = {"to": sorted(mail.to), "cc": sorted(mail.cc)}
    yield _of_mail(back, mail, key, Kind.WRONG_ADDRESS, mail.sent_at or made_at, expected=expected, found=found)


def _owed(roster: Roster, mail: Mail, rows: Sequence[Line], day: date) -> tuple[list[str], list[str]]:
    to = [_post(role, mail.department or row.receiver) for row in rows for role in row.to]
    cc = [_post(role, mail.department or row.receiver) for row in rows for role in row.cc]
    addressed = roster.address(dict.fromkeys(to), dict.fromkeys(cc), day)
    return [reader.address for reader in addressed.to], [reader.address for reader in addressed.cc]


def _post(role: str, department: str) -> Post:
    return Post(role, department if role in DEPARTMENT_ROLES else "")


def _folded(addresses: Iterable[str]) -> set[str]:
    return {address.casefold() for address in addresses}


def _of_mail(
    back: Background,
    mail: Mail,
    key: str,
    kind: Kind,
    at: datetime,
    *,
    expected: Said | None = None,
    found: Said | None = None,
) -> Finding:
    return Finding(
        kind=kind,
        plan_id=mail.plan_id,
        key=key,
        on=back.day(mail.plan_id, at),
        at=at,
        letter=mail.letter,
        receiver=mail.department or mail.audience,
        message_id=mail.id,
        expected=expected or {},
        found=found or {},
    )


def no_row(back: Background, mail: Mail) -> Finding:
    """A mail of the ladder that is about nothing."""
    return _of_mail(back, mail, "", Kind.NO_ROW, mail.sent_at or back.now)
