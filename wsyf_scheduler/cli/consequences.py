"""What the acting verbs print: what was done, and what follows from it; for programs the same with `follows`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wsyf_scheduler.cli.output import clauses, listed, plain, print_json, say
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.reports import wording

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from wsyf_scheduler.app import App
    from wsyf_scheduler.following import Ahead, Following, Told
    from wsyf_scheduler.store.db import Session

TOLD_OF_EACH = 5  # of more, only how many letters there are in all
NAMED = 6  # letters named by their days

Pair = tuple[Assignment, Assignment]
Words = Callable[[Assignment], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a verb did: each assignment before and after, the letter that tells of it, and how it is said.

    `as_before`: it took an act back, so that what comes came before.
    """

    pairs: Sequence[Pair]
    letter: str | None
    words: Words
    as_json: bool
    dry_run: bool
    as_before: bool = False


def look(app: App, keys: Sequence[str]) -> list[Assignment]:
    """The assignments named, each once, as they are before the act; NotFound and Usage as `finding` raises them."""
    from wsyf_scheduler.finding import find

    with app.db.read() as session:
        return list({item.id: item for item in (find(session, key) for key in keys)}.values())


def held(app: App, plan_id: str | None) -> list[Assignment]:
    """Everything that is held, of one plan or of all."""
    from wsyf_scheduler.store import assignments

    with app.db.read() as session:
        items = [item for each in app.plans(session) for item in assignments.of_plan(session, each)]
    return [item for item in items if item.held and plan_id in (None, item.plan_id)]


def paired(before: Sequence[Assignment], after: Sequence[Assignment]) -> list[Pair]:
    """Each as it was, with how it is now."""
    was = {item.id: item for item in before}
    return [(was.get(item.id, item), item) for item in after]


def tell(app: App, now: datetime, done: Done) -> None:
    """Say what was done and what follows; or the assignments as `list --json` has them, each with `follows`."""
    from wsyf_scheduler.following import follow

    with app.db.read() as session:
        found = [follow(app, session, now, before, after, done.letter) for before, after in done.pairs]
        shorts = {each.after.id: _short(app, session, each.after) for each in found}
        zones = {each.after.id: app.plans(session)[each.after.plan_id].table.hours.zone for each in found}
    if done.as_json:
        print_json(
            [{**plain(each.after, each.today), "follows": _as_json(each, zones[each.after.id])} for each in found]
        )
        return
    for each in found:
        line = _("{key}  {title}: {said}")
        say(line.format(key=each.after.key, title=each.after.title, said=done.words(each.after)))
        if len(found) <= TOLD_OF_EACH:
            _say_following(each, shorts[each.after.id], now.astimezone(zones[each.after.id]), as_before=done.as_before)
        _warn_held(each.after)
    if len(found) > 1:
        say(_in_all(found))
    if done.dry_run:
        say(_("nothing was changed"), fg="yellow")


def _short(app: App, session: Session, item: Assignment) -> str:
    return app.plans(session)[item.plan_id].shorts.get(item.department, item.department)


def _say_following(each: Following, short: str, now: datetime, *, as_before: bool) -> None:
    """In a line or two; `now` is in the plan's zone."""
    said = [_letters(each, as_before=as_before), *_dropped(each)]
    if each.told is not None:
        said.append(_told(each.told, short, now))
    line = clauses(said)
    if line:
        say("  " + line)
    if not each.after.held:
        say("  " + _next(each, short))


def _letters(each: Following, *, as_before: bool) -> str:
    """How many letters of the ladder will not go, or lie ahead anew."""
    if as_before and each.comes:
        message = ngettext(
            "the ladder goes on as before: {n} letter lies ahead",
            "the ladder goes on as before: {n} letters lie ahead",
            len(each.ahead),
        )
        return message.format(n=len(each.ahead))
    if each.falls_away and each.comes:
        message = ngettext(
            "the ladder begins anew: {n} letter lies ahead",
            "the ladder begins anew: {n} letters lie ahead",
            len(each.ahead),
        )
        return message.format(n=len(each.ahead))
    if each.comes:
        message = ngettext("{n} more letter lies ahead", "{n} more letters lie ahead", len(each.comes))
        return message.format(n=len(each.comes))
    if not each.falls_away:
        return ""
    if each.ahead:
        named = listed(f"{wording.letter(one.letter)} {one.on:%m-%d}" for one in each.falls_away[:NAMED])
        more = len(each.falls_away) - NAMED
        named += _(" and {n} more").format(n=more) if more > 0 else ""
        message = ngettext("{n} letter will not go: {named}", "{n} letters will not go: {named}", len(each.falls_away))
        return message.format(n=len(each.falls_away), named=named)
    return _all_away(each)


def _all_away(each: Following) -> str:
    """Before the due day, those after it are told as such: they would go only if nothing were done."""
    before_due = [one for one in each.falls_away if one.on <= each.before.due_on]
    if each.before.is_overdue(each.today):
        n = len(each.falls_away)
        return ngettext("{n} letter will not go", "{n} letters will not go", n).format(n=n)
    if not before_due:
        return _("none will go after the due day")
    message = ngettext(
        "{n} letter will not go, nor any after the due day",
        "{n} letters will not go, nor any after the due day",
        len(before_due),
    )
    return message.format(n=len(before_due))


def _dropped(each: Following) -> list[str]:
    message = _("mail {id} ({letter}), which waits, says nothing of it")
    return [message.format(id=one.message_id, letter=wording.letter(one.letter)) for one in each.dropped]


def _told(told: Told, short: str, now: datetime) -> str:
    leaves_at = told.leaves_at.astimezone(now.tzinfo)
    when = f"{leaves_at:%H:%M}" if leaves_at.date() == now.date() else f"{leaves_at:%Y-%m-%d %H:%M}"
    readers = listed(
        f"{f'{short} ' if one.post.department else ''}{wording.role(one.post.role)} ({one.address})" for one in told.to
    )
    message = _("{letter} to {readers} from {when}")
    said = message.format(letter=wording.letter(told.letter), readers=readers, when=when)
    if told.cc:
        said += _(", copies to {readers}").format(readers=listed(one.address for one in told.cc))
    return said


def _next(each: Following, short: str) -> str:
    """The next letter about it; where none lies ahead, what the department owes next."""
    if each.ahead:
        one = each.ahead[0]
        said = _("next: {letter} on {day}").format(letter=wording.letter(one.letter), day=one.on)
        return said if one.rung == one.letter else f"{said} ({wording.rung(one.rung, one.repeat)})"
    if each.owed is None:
        return _("next: no letter lies ahead for {department}").format(department=short)
    message = _("next from {department}: {key} {title}, due {day}")
    return message.format(department=short, key=each.owed.key, title=each.owed.title, day=each.owed.due_on)


def _warn_held(item: Assignment) -> None:
    if item.held and item.state is State.OPEN:
        words = _("it is still held, and no reminder goes out about it: `wsyf release {key}` lets it speak")
        say("  " + words.format(key=item.key), fg="yellow")


def _in_all(found: Sequence[Following]) -> str:
    said = [ngettext("{n} assignment", "{n} assignments", len(found)).format(n=len(found))]
    if len(found) > TOLD_OF_EACH:
        away, comes = sum(len(each.falls_away) for each in found), sum(len(each.comes) for each in found)
        said.append(ngettext("{n} letter will not go", "{n} letters will not go", away).format(n=away) if away else "")
        more = ngettext("{n} more letter lies ahead", "{n} more letters lie ahead", comes)
        said.append(more.format(n=comes) if comes else "")
    return clauses(said)


def _as_json(each: Following, zone: tzinfo) -> dict[str, object]:
    told, owed = each.told, each.owed
    return {
        "fall_away": [_letter(one) for one in each.falls_away],
        "come": [_letter(one) for one in each.comes],
        "dropped": [{"message": one.message_id, "letter": one.letter} for one in each.dropped],
        "told": None
        if told is None
        else {
            "letter": told.letter,
            "to": sorted(one.address for one in told.to),
            "cc": sorted(one.address for one in told.cc),
            "from": told.leaves_at.astimezone(zone).isoformat(timespec="seconds"),
        },
        "next": _letter(each.ahead[0]) if each.ahead else None,
        "owed": None if owed is None else {"key": owed.key, "due_on": owed.due_on.isoformat()},
    }


def _letter(one: Ahead) -> dict[str, object]:
    return {"on": one.on.isoformat(), "rung": one.rung, "repeat": one.repeat, "letter": one.letter}
