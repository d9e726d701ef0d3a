"""`wsyf backup` and `wsyf restore`: a copy of the database, and a copy in its place."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, dry_run_option, json_option, login_name, need, pass_office
from wsyf_scheduler.cli.output import clauses, listed, print_json, say
from wsyf_scheduler.errors import Forbidden, WsyfError
from wsyf_scheduler.i18n import _, ngettext

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from wsyf_scheduler.acts.restore import Ready
    from wsyf_scheduler.store.restoring import Content


@click.command(help=_("A consistent copy of the database, while the daemon runs."))
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@pass_office
def backup(office: Office, file: Path, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Write the copy, and open it once to be sure."""
    from wsyf_scheduler.clock import SystemClock
    from wsyf_scheduler.store.copying import copy

    if file.exists():
        raise Forbidden(_("{file} is there already; choose another name, nothing was changed").format(file=file))
    copied = copy(office.database_path, file, SystemClock().now())
    if as_json:
        print_json({"file": str(file), "bytes": copied.bytes, "unbroken": copied.unbroken})
    else:
        say(_("{file} written and checked, {size} kB").format(file=file, size=copied.bytes // 1024))
    if not copied.unbroken:
        say(_("the trail in it is broken, as in the database: see `wsyf log --verify`"), err=True, fg="red")


@click.command(
    help=_(
        "Put a backup in the place of the database. The daemon must be stopped; the present database is saved"
        " aside; nothing is sent afterwards until `wsyf outbox release`."
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help=_("do not ask"))
@click.option("--broken", is_flag=True, help=_("also where the trail in the backup is broken"))
@dry_run_option
@json_option
@pass_office
def restore(
    office: Office,
    file: Path,
    yes: bool,  # noqa: FBT001 - click's way
    broken: bool,  # noqa: FBT001 - click's way
    dry_run: bool,  # noqa: FBT001 - click's way
    as_json: bool,  # noqa: FBT001 - click's way
) -> None:
    """Look into it, say what it is and what will be lost, ask, and put it in."""
    from wsyf_scheduler.acts.restore import act, prepare
    from wsyf_scheduler.clock import SystemClock

    office.share()
    with prepare(office.config, file, broken=broken) as ready:
        if not as_json:
            say("\n".join(_told(ready, _zone(office))), hang=2)
        saved = None
        if not dry_run:
            need(yes or not as_json, _("--json asks nothing: add --yes, or --dry-run"))
            _confirm(yes=yes)
            saved = act(ready, SystemClock().now(), who=login_name())
    if as_json:
        print_json(_shape(ready, _zone(office), saved, dry_run=dry_run))
    elif dry_run:
        say(_("nothing was changed"), fg="yellow")
    else:
        _say_done(ready, saved)


def _say_done(ready: Ready, saved: Path | None) -> None:
    """What stands there now, and what to do next."""
    say(_("{path} is what the backup has.").format(path=ready.database), bold=True)
    if saved:
        say(_("The database as it was is in {saved}.").format(saved=saved))
    if ready.is_older:
        say(_("It is of an older version: run `wsyf upgrade` now."))
    if ready.backup.rehearsal:
        return
    words = _(
        "All mail is held: look at `wsyf status` and `wsyf outbox list`, close what was handed in since, then start the"
        " daemon and let mail go with `wsyf outbox release`."
    )
    say(words)


def _shape(ready: Ready, zone: ZoneInfo, saved: Path | None, *, dry_run: bool) -> dict[str, object]:
    """For programs: what was put in, what is lost by it, where the database as it was is kept."""
    backup, lost = ready.backup, ready.lost
    return {
        "file": str(backup.path),
        "database": str(ready.database),
        "taken_at": ready.taken_at.astimezone(zone).isoformat() if ready.taken_at else None,
        "plans": list(backup.plans),
        "events": backup.events,
        "lost": {"events": lost.events, "letters": lost.letters} if lost else None,
        "damaged": ready.damaged,
        "saved": str(saved) if saved else None,
        "upgrade_needed": ready.is_older,
        "mail_held": not backup.rehearsal,
        "dry_run": dry_run,
    }


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    need(sys.stdin.isatty(), _("nothing was changed; add --yes to put it in without being asked"))
    if not click.confirm(_("Put it in the place of the present database?"), default=False):
        raise Forbidden(_("left as it was, nothing was changed"))


def _zone(office: Office) -> ZoneInfo:
    """The first plan's zone, where there is a database to ask."""
    from zoneinfo import ZoneInfo

    try:
        with office.glance() as opened:
            return ZoneInfo(next(iter(opened.zones().values()), DEFAULT_ZONE))
    except WsyfError:
        return ZoneInfo(DEFAULT_ZONE)


def _told(ready: Ready, zone: ZoneInfo) -> list[str]:
    """What the backup is, and what will be lost."""
    taken_at = ready.taken_at
    lines = [
        _("The backup: {what}").format(what=_what(ready.backup, zone, taken_at)),
        _("The database: {what}").format(what=_present(ready, zone)),
    ]
    if ready.backup.trail is not None and ready.backup.trail.breaks:
        lines.append(_("The trail in the backup is broken."))
    lost = ready.lost
    if lost is not None and (lost.events or lost.letters):
        events = ngettext("{n} event", "{n} events", lost.events).format(n=lost.events)
        letters = ngettext("{n} letter sent", "{n} letters sent", lost.letters).format(n=lost.letters)
        lines.append(_("Lost will be: {events}, {letters}").format(events=events, letters=letters))
    elif lost is not None:
        lines.append(_("Nothing will be lost."))
    else:
        lines.append(_("What will be lost cannot be told."))
    return lines


def _present(ready: Ready, zone: ZoneInfo) -> str:
    if ready.present is not None:
        return _what(ready.present, zone, None)
    return _("{path}, damaged").format(path=ready.database) if ready.damaged else _("there is none")


def _what(content: Content, zone: ZoneInfo, taken_at: datetime | None) -> str:
    """One line: which file, of when, which plans, how many events, the last letter."""
    parts = [str(content.path)]
    if taken_at is not None:
        parts.append(_("of {when}").format(when=_when(taken_at, zone)))
    parts.append(listed(content.plans) or _("no plan"))
    parts.append(ngettext("{n} event", "{n} events", content.events).format(n=content.events))
    sent_at = content.last_sent_at
    parts.append(_("last letter sent {when}").format(when=_when(sent_at, zone)) if sent_at else _("no letter sent"))
    return clauses(parts)


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
