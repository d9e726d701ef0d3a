"""Taking back one's last act (`wsyf undo`) while its letter still waits, or where it wrote none, as long.

All assignments of one command go back together (RULES.md §2), and what their letters lost by it. Imports no act.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import BEFORE, apply, today_of, told_of
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.decide import silence
from wsyf_scheduler.core.message import Message, MessageState
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.i18n import _
from wsyf_scheduler.picking import note
from wsyf_scheduler.staleness import stale
from wsyf_scheduler.store import acted, assignments, facts, lookup, lost, messages, outbox
from wsyf_scheduler.store.acted import TOLD, UNDONE, Act, Queued
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.lost import Passed, TakenOut
from wsyf_scheduler.telling import asked_for_at

PAGE = 256  # events read at once
FIRST = 2**62  # higher than any id
ADDED = "follow_up_added"
BY_A_TICK = "queue_held"
DAYS = ("due_on", "original_due_on", "closed_on", "counted_from", "muted_until")
INSTANTS = ("ladder_from",)
STILL_OPEN = (MessageState.QUEUED, MessageState.RETRY, MessageState.HELD)  # they take a row; nobody has them yet
UNSAID = ("assignment_muted", "assignment_noted", "assignment_reminded")  # the ladder's letters do not tell of them
KEPT = ("sequence",)  # a calendar may have seen it: it only rises
STAYS = ("figures_handed_in", "assignment_submitted")  # with --done only the closing is taken back, the figures stay


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What was taken back: the action, when it was done, each assignment before and after; letters that do not go.

    `passed` are the rungs that were passed over while the act stood: they are not made up (RULES.md §3). `again` are
    the messages that say again what the act had silenced.
    """

    action: str
    at: datetime
    items: tuple[tuple[Assignment, Assignment], ...]
    letters: tuple[str, ...]
    passed: tuple[Passed, ...] = ()
    again: tuple[int, ...] = ()


def act(app: App, now: datetime, *, who: str, plan_id: str | None = None) -> Undone:
    """Take back the last act of `who` that still stands, with all its assignments; figures it handed in stay.

    Forbidden in a rehearsal, after its letter went or its time is up, where another act came after it, where it is of
    a kind that is not undone, or about another plan than `plan_id`; the error says what reverses it instead.
    """
    with app.db.begin() as session:
        if facts.is_rehearsal(session):
            raise Forbidden(_("in a rehearsal nothing waits, and nothing is undone: act again instead"))
        whole = _last(session, who)
        last = [each for each in whole if each.action not in STAYS] or whole
        _check_kind(last, who)
        ids = [each.assignment_id for each in last if each.assignment_id is not None]
        items = assignments.by_ids(session, ids)
        for item in items.values():
            lookup.of_plan(item, plan_id)
        rows = acted.rows_of(session, ids, last[0].at)
        _check_in_time(app, session, now, last, rows, items)
        _check_last(app, session, now, last, items)
        changed = [_back(app, session, now, each, items[each.assignment_id or 0], who) for each in last]
        _call_off(session, now, rows, who)
        again = _again(app, session, now, changed, last[0].at)
        passed = _passed(app, session, changed, last[0].at)
    letters = tuple(dict.fromkeys(row.letter for row in rows))
    return Undone(
        action=last[0].action, at=last[0].at, items=tuple(changed), letters=letters, passed=passed, again=again
    )


def _last(session: Session, who: str) -> list[Act]:
    """All events of one's last act that was not undone yet, in the order they were written; Forbidden for none."""
    undone: set[int] = set()
    found: list[Act] = []
    before = FIRST
    while events := acted.by(session, who, before=before, most=PAGE):
        before = events[-1].id
        for event in events:
            if event.undoes is not None:
                undone.add(event.undoes)
            elif found and event.at != found[0].at:
                return found[::-1]
            elif event.id not in undone and _is_act(event):
                found.append(event)
    if not found:
        raise Forbidden(_("{who} has done nothing that could be undone").format(who=who))
    return found[::-1]


def _is_act(event: Act) -> bool:
    """What a person did by a command; not what a round of ticks did under the same name."""
    return event.assignment_id is not None or (event.action != BY_A_TICK and _room(event.action) in _instead())


def _room(action: str) -> str:
    return action.partition("_")[0]


def _instead() -> dict[str, str]:
    """What is not undone, by the first word of its action, and what to do instead."""
    people = _("people are not undone: enter them as they were (`wsyf people`)")
    calendar = _("the calendar is not undone: import the year as it was (`wsyf calendar import FILE`)")
    mail = _("what was done to mail is not undone: see `wsyf outbox list`")
    return {
        "plan": _("a plan sync is not undone: mend the plan's files and run `wsyf plan sync` again"),
        "people": people,
        "person": people,
        "post": people,
        "holder": people,
        "address": people,
        "calendar": calendar,
        "year": calendar,
        "figures": _("figures are not undone: hand in the right ones (`wsyf data submit`), the old ones are kept"),
        "queue": mail,
        "host": mail,
    }


def _reverse() -> dict[str, str]:
    """What is undone, and what reverses it later."""
    return {
        "assignment_done": _("`wsyf reopen {key} --reason TEXT` opens it again"),
        "assignment_extended": _("`wsyf extend {key}` gives another day"),
        "assignment_muted": _("`wsyf mute {key}` with another day takes its place"),
        "assignment_noted": _("`wsyf note {key}` adds what is right"),
        "assignment_released": _("`wsyf mute {key}` silences it for a time"),
        "assignment_reminded": _("it has been said, and cannot be unsaid"),
        "assignment_reopened": _("`wsyf done {key}` closes it"),
        "assignment_returned": _("`wsyf done {key}` closes it"),
        "assignment_waived": _("`wsyf reopen {key} --reason TEXT` opens it again"),
        ADDED: _("`wsyf waive {key} --reason TEXT` asks for it no longer"),
    }


def _check_kind(last: Sequence[Act], who: str) -> None:
    """Forbidden for a sync, people, the calendar, the outbox: whatever is not an act on assignments alone."""
    others = [each for each in last if each.action not in _reverse()]
    if not others:
        return
    whole = next((each for each in others if _room(each.action) in _instead()), others[0])
    words = _instead().get(_room(whole.action), _("this is not undone: see `wsyf log`"))
    message = _("the last thing {who} did cannot be taken back: {words}")
    raise Forbidden(message.format(who=who, words=words))


def _check_in_time(
    app: App, session: Session, now: datetime, last: Sequence[Act], rows: Sequence[Queued], items: dict[int, Assignment]
) -> None:
    """While the letter waits, and no other told of the act; one without a letter as long as a receipt would wait."""
    first = last[0]
    item = items[first.assignment_id or 0]
    gone = next((row for row in rows if row.state is not MessageState.QUEUED), None)
    why = None
    if gone is not None:
        item = items[gone.assignment_id]
        why = _why_gone(app, session, gone, item)
    elif first.action not in UNSAID and (
        sent := acted.sent_since(session, list(items), first.at, ladder_only=bool(rows))
    ):
        item = items[sent[0][0]]
        why = _("a letter about it went at {time}").format(time=_time(app, session, item, sent[0][2]))
    elif not rows and now > first.at + app.receipt_delay:
        minutes = int(app.receipt_delay.total_seconds() // 60)
        why = _("it can be taken back for {n} minutes only").format(n=minutes)
    if why is not None:
        deed = told_of(app, session, now, item, first.deed)
        instead = _reverse()[first.action].format(key=item.key)
        message = _("{key} ({deed}) cannot be taken back: {why}; {instead}")
        raise Forbidden(message.format(key=item.key, deed=deed, why=why, instead=instead))


def _why_gone(app: App, session: Session, row: Queued, item: Assignment) -> str:
    if row.sent_at is not None:
        message = _("its letter (mail {id}) went at {time}")
        return message.format(id=row.message_id, time=_time(app, session, item, row.sent_at))
    return _("its letter (mail {id}) waits no more; see `wsyf outbox show {id}`").format(id=row.message_id)


def _time(app: App, session: Session, item: Assignment, at: datetime) -> str:
    return f"{at.astimezone(app.plans(session)[item.plan_id].table.hours.zone):%Y-%m-%d %H:%M}"


def _check_last(app: App, session: Session, now: datetime, last: Sequence[Act], items: dict[int, Assignment]) -> None:
    """Nothing else was done to any of them since; what was taken back does not count."""
    later = acted.about(session, list(items), after=last[-1].id)
    undone = {each.undoes for each in later}
    for each in later:
        if each.undoes is None and each.id not in undone:
            item = items[each.assignment_id or 0]
            message = _(
                "{key} was changed after that ({deed}): undo takes back what was done last; see `wsyf log {key}`"
            )
            raise Forbidden(message.format(key=item.key, deed=told_of(app, session, now, item, each.deed)))


def _back(
    app: App, session: Session, now: datetime, event: Act, item: Assignment, who: str
) -> tuple[Assignment, Assignment]:
    values = dict(_values(event.detail.get(BEFORE, {})))
    if event.action == ADDED:
        values = {"state": State.WITHDRAWN.value}
    said = {"id": event.id, "action": event.action, "at": event.at.isoformat()}
    return item, apply(app, session, now, item, action=UNDONE, who=who, detail={TOLD: said}, **values)


def _values(before: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """The columns as they were, from the words of the trail."""
    for name, value in before.items():
        if name in DAYS:
            yield name, None if value is None else date.fromisoformat(value)
        elif name in INSTANTS:
            yield name, datetime.fromisoformat(value)
        elif name not in KEPT:
            yield name, value


def _call_off(session: Session, now: datetime, rows: Sequence[Queued], who: str) -> None:
    """Take the rows out of their messages; what has nothing left to say is cancelled."""
    empty = {row.message_id: acted.take_back(session, row) for row in rows}
    for message_id, says_more in empty.items():
        message = None if says_more else messages.by_id(session, message_id)
        if message is not None and messages.cancel(session, message):
            note(session, now, [message], "message_cancelled", MessageState.CANCELLED, who=who, why="")


def _again(
    app: App, session: Session, now: datetime, changed: Sequence[tuple[Assignment, Assignment]], since: datetime
) -> tuple[int, ...]:
    """What letters lost by the act stands again: where the letter still waits, in it, else in a new one."""
    pairs = {after.id: (before, after) for before, after in changed}
    found: dict[int, list[TakenOut]] = {}
    for each in lost.taken_out(session, list(pairs), since):
        today = today_of(app, session, pairs[each.row.assignment_id][1], now)
        by_act, stands = (stale(each.letter, item, each.row, today) for item in pairs[each.row.assignment_id])
        if each.why == by_act and stands is None:
            found.setdefault(each.message_id, []).append(each)
    again = []
    for message_id, rows in found.items():
        message = messages.by_id(session, message_id)
        assert message is not None  # messages are never deleted
        new_id = message.id if message.state in STILL_OPEN else _anew(app, session, now, message)
        for each in rows:
            lost.put_back(session, each, new_id)
        again.append(new_id)
    return tuple(dict.fromkeys(again))


def _anew(app: App, session: Session, now: datetime, message: Message) -> int:
    """A message like one that is over; a department's joins the one of its kind that waits."""
    if message.audience == "department":
        waiting = outbox.waiting_like(
            session, plan_id=message.plan_id, letter=message.letter, department=message.department
        )
        if waiting is not None:
            return waiting
    new_id = outbox.queue(
        session,
        plan_id=message.plan_id,
        letter=message.letter,
        department=message.department,
        audience=message.audience,
        in_window=message.in_window,
        now=now,
        not_before=asked_for_at(app.plans(session)[message.plan_id].table, now),
        payload=message.payload,
    )
    assert new_id is not None  # no dedup key was given
    return new_id


def _passed(
    app: App, session: Session, changed: Sequence[tuple[Assignment, Assignment]], since: datetime
) -> tuple[Passed, ...]:
    """The rungs that only the act silenced."""
    pairs = {after.id: (before, after) for before, after in changed}
    found = []
    for each in lost.passed(session, list(pairs), since):
        before, after = pairs[each.assignment_id]
        on = app.plans(session)[after.plan_id].table.hours.day_of(each.slot_at)
        by_act = silence(before, on)
        if by_act is not None and by_act.value == each.reason and silence(after, on) is None:
            found.append(each)
    return tuple(found)
