"""`wsyf mute`, `release`, `remind`, `note`, `undo`: who hears of an assignment, what is kept of it, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import click

from wsyf_scheduler.cli.consequences import Done, held, look, paired, tell
from wsyf_scheduler.cli.office import (
    DAY,
    KEY,
    Office,
    dry_run_option,
    json_option,
    login_name,
    need,
    pass_office,
)
from wsyf_scheduler.cli.output import say
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from wsyf_scheduler.acts.undo import Undone
    from wsyf_scheduler.app import App


@click.command(help=_("Silence an assignment until a day, on which it speaks again by itself."))
@click.argument("key", type=KEY)
@click.option("--until", type=DAY, required=True, help=_("the day it speaks again"))
@click.option("--reason", default="", help=_("why"))
@dry_run_option
@json_option
@pass_office
def mute(office: Office, key: str, until: date, reason: str, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001
    """Mute it."""
    from wsyf_scheduler.acts import mute as verb

    app = office.app(dry_run=dry_run)
    now, before = app.clock.now(), look(app, [key])
    after = verb.act(app, now, key=str(before[0].id), until=until, reason=reason, who=login_name())
    pairs = paired(before, [after])
    tell(app, now, Done(pairs=pairs, letter=None, words=_muted, as_json=as_json, dry_run=dry_run))


def _muted(item: Assignment) -> str:
    return _("muted until {day}").format(day=item.muted_until)


@click.command(help=_("Let held assignments speak again; an overdue one goes on at its chaser, counted from today."))
@click.argument("keys", nargs=-1, type=KEY)
@click.option("--all", "everything", is_flag=True, help=_("everything that is held, of the chosen plan where one is"))
@dry_run_option
@json_option
@pass_office
def release(office: Office, keys: tuple[str, ...], everything: bool, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001
    """Release them all, or none."""
    from wsyf_scheduler.acts import release as verb

    need(bool(keys) != everything, _("name assignments to release, or say --all"))
    app = office.app(dry_run=dry_run)
    now, before = app.clock.now(), held(app, office.plan) if everything else look(app, keys)
    named = [] if everything else [str(item.id) for item in before]
    after = verb.act(app, now, keys=named, everything=everything, plan_id=office.plan, who=login_name())
    if not after and not as_json:
        say(_("nothing is held"))
        return
    pairs = paired(before, after)
    tell(app, now, Done(pairs=pairs, letter=None, words=_released, as_json=as_json, dry_run=dry_run))


def _released(_item: Assignment) -> str:
    return _("released")


@click.command(help=_("Send one more reminder, outside the ladder, as soon as the window is open."))
@click.argument("keys", nargs=-1, required=True, type=KEY)
@dry_run_option
@json_option
@pass_office
def remind(office: Office, keys: tuple[str, ...], dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Remind of them all, or of none."""
    from wsyf_scheduler.acts import remind as verb

    app = office.app(dry_run=dry_run)
    now, before = app.clock.now(), look(app, keys)
    after = verb.act(app, now, keys=[str(item.id) for item in before], who=login_name())
    pairs = paired(before, after)
    tell(app, now, Done(pairs=pairs, letter="reminder", words=_reminded, as_json=as_json, dry_run=dry_run))


def _reminded(_item: Assignment) -> str:
    return _("a reminder is queued")


@click.command(help=_("Keep a note in the trail of an assignment; nothing else changes."))
@click.argument("key", type=KEY)
@click.argument("text", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_office
def note(office: Office, key: str, text: tuple[str, ...], dry_run: bool, as_json: bool) -> None:  # noqa: FBT001
    """Note it."""
    from wsyf_scheduler.acts import note as verb

    app = office.app(dry_run=dry_run)
    now, before = app.clock.now(), look(app, [key])
    after = verb.act(app, now, key=str(before[0].id), text=" ".join(text), who=login_name())
    pairs = paired(before, [after])
    tell(app, now, Done(pairs=pairs, letter=None, words=_noted, as_json=as_json, dry_run=dry_run))


def _noted(_item: Assignment) -> str:
    return _("noted")


@click.command(help=_("Take back your last act, with all its assignments, while its letter still waits."))
@dry_run_option
@json_option
@pass_office
def undo(office: Office, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Take it back."""
    from wsyf_scheduler.acts import undo as verb
    from wsyf_scheduler.cli.trail import phrase

    app = office.app(dry_run=dry_run)
    now = app.clock.now()
    undone = verb.act(app, now, who=login_name(), plan_id=office.plan)
    words = _("taken back: {act}").format(act=phrase(undone.action))
    words += _("; its letter does not go") if undone.letters else ""
    done = Done(
        pairs=undone.items,
        letter=None,
        words=lambda item: words + _figures_stay(undone, item),
        as_json=as_json,
        dry_run=dry_run,
        as_before=True,
    )
    tell(app, now, done)
    for line in lost(app, undone) if not as_json else ():
        say("  " + line, fg="yellow")


def _figures_stay(undone: Undone, item: Assignment) -> str:
    """Of what was closed, perhaps in one go with its figures: these were handed in, and wait for `wsyf done` again."""
    stay = undone.action == "assignment_done" and item.state is State.SUBMITTED
    return _("; its figures stay, and wait for confirmation") if stay else ""


def lost(app: App, undone: Undone) -> Iterator[str]:
    """What the act did to letters while it stood: some leave after all, and rungs that passed are not made up."""
    from wsyf_scheduler.reports import wording

    for message_id in undone.again:
        yield _("what the act had taken out of a letter goes after all, as mail {id}").format(id=message_id)
    items = {after.id: after for _before, after in undone.items}
    with app.db.read() as session:
        zones = {each: tracked.table.hours.zone for each, tracked in app.plans(session).items()}
    for each in undone.passed:
        item = items[each.assignment_id]
        day = each.slot_at.astimezone(zones[item.plan_id]).date()
        message = _("{rung} of {day} passed meanwhile and is not made up: `wsyf remind {key}`")
        yield message.format(rung=wording.rung(each.rung, each.repeat), day=f"{day:%m-%d}", key=item.key)
