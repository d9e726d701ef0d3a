"""`wsyf people away / back / hand-over / erase`: what is done about people one by one."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli import people_handing
from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, dry_run_option, json_option, login_name, need, pass_office
from wsyf_scheduler.cli.output import nothing_changed, print_json, say
from wsyf_scheduler.cli.params import DAY
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.i18n import _, ngettext

if TYPE_CHECKING:
    from wsyf_scheduler.acts.away import Away
    from wsyf_scheduler.acts.hand_over import HandedOver
    from wsyf_scheduler.core.people import Holder

SHOWN = 8  # letters named one by one


def names_of(office: Office) -> dict[str, str]:
    """Department id to short name: of the tracked plans, and of the plan files beside them."""
    from wsyf_scheduler.cli.people import departments_of

    found = departments_of(office)
    if office.database_path.exists():
        with office.glance() as opened:
            found |= opened.departments()
    return found


def today(office: Office) -> date:
    """The office's day."""
    from wsyf_scheduler.cli.listing import today_of

    with office.glance() as opened:
        return today_of(office, opened)


def post_words(holder: Holder, names: dict[str, str]) -> str:
    """A post as people say it."""
    from wsyf_scheduler.cli.people import role_name

    return f"{names.get(holder.department, holder.department)} {role_name(holder.role)}".strip()


@click.command(
    help=_(
        "WHO is away, and a deputy reads instead. WHO is an address, a name, or a post such as emergency/liaison;"
        " all posts of the person are meant."
    ),
    short_help=_("a deputy while somebody is away"),
)
@click.argument("people_meant", metavar="WHO...", nargs=-1, required=True)
@click.option("--since", type=DAY, help=_("the first day away, today by default"))
@click.option("--until", type=DAY, help=_("the last day away"))
@click.option("--deputy", help=_("who reads instead: an address, a name, or a post"))
@click.option("--cancel", is_flag=True, help=_("not away after all, or back already"))
@click.option("--replace", "replacing", is_flag=True, help=_("in place of an absence that has not ended"))
@click.option("--reason", default="", help=_("why; it is kept in the trail"))
@dry_run_option
@pass_office
def away(  # noqa: PLR0913 - the options of the command
    office: Office,
    people_meant: tuple[str, ...],
    since: date | None,
    until: date | None,
    deputy: str | None,
    cancel: bool,  # noqa: FBT001 - click's way
    replacing: bool,  # noqa: FBT001 - click's way
    reason: str,
    dry_run: bool,  # noqa: FBT001 - click's way
) -> None:
    """Put a deputy in."""
    from wsyf_scheduler.acts import away as act

    if cancel:
        need(not (since or until or deputy or replacing), _("--cancel takes no days and no deputy"))
        _back(office, people_meant, reason, dry_run=dry_run)
        return
    need(until and deputy, _("give --until DATE and --deputy ADDRESS, or --cancel"))
    assert until is not None  # it was needed
    names, day = names_of(office), today(office)
    absence = act.Absence(since=since or day, until=until, deputy=deputy or "", is_replacing=replacing)
    app = office.app(dry_run=dry_run)
    done = act.act(
        app,
        app.clock.now(),
        people_meant=people_meant,
        absence=absence,
        names=names,
        today=day,
        who=login_name(),
        reason=reason,
    )
    _tell_away(done, day, names)
    nothing_changed(dry_run=dry_run)


def _tell_away(done: Away, day: date, names: dict[str, str]) -> None:
    for old, new in zip(done.before, done.after, strict=True):
        words = _("{post} ({name}): away {since} to {until}, {deputy} reads instead")
        said = words.format(
            post=post_words(new, names),
            name=new.name or new.email,
            since=new.away_since,
            until=new.away_until,
            deputy=new.deputy,
        )
        say(said)
        if old.deputy and (old.away_until is None or old.away_until >= day) and old != new:
            words = _("this takes the place of the absence {since} to {until} with {deputy}")
            since, until = old.away_since or "…", old.away_until or "…"
            say("  " + words.format(since=since, until=until, deputy=old.deputy), fg="yellow")
    if not done.is_known:
        say(_("nobody with the deputy's address holds a post here; letters go there all the same"), fg="yellow")
    count = len(done.letters)
    if not count:
        say(_("no ladder letter falls on those days as things stand"))
        return
    words = ngettext(
        "{n} letter goes to the deputy as things stand:", "{n} letters go to the deputy as things stand:", count
    )
    say(words.format(n=count))
    for each in done.letters[:SHOWN]:
        say(f"  {each.on}  {_letter(each.letter)}  {', '.join(each.keys)}")
    if count > SHOWN:
        say("  " + _("and {n} more; `wsyf schedule` shows all").format(n=count - SHOWN))


def _letter(kind: str) -> str:
    from wsyf_scheduler.reports import wording

    return wording.letter(kind)


@click.command(
    help=_("WHO is back: from today the person reads again, and not the deputy."), short_help=_("back again")
)
@click.argument("people_meant", metavar="WHO...", nargs=-1, required=True)
@click.option("--reason", default="", help=_("why; it is kept in the trail"))
@dry_run_option
@pass_office
def back(office: Office, people_meant: tuple[str, ...], reason: str, dry_run: bool) -> None:  # noqa: FBT001 - click's way
    """End an absence."""
    _back(office, people_meant, reason, dry_run=dry_run)


def _back(office: Office, people_meant: tuple[str, ...], reason: str, *, dry_run: bool) -> None:
    from wsyf_scheduler.acts import away as act

    names, on = names_of(office), today(office)
    app = office.app(dry_run=dry_run)
    done = act.back(
        app, app.clock.now(), people_meant=people_meant, on=on, names=names, who=login_name(), reason=reason
    )
    for old in done.before:
        words = _("{post} ({name}): reads again from {day}; {deputy} no longer stands in")
        day = max(on, old.away_since or on) if old.away_since and old.away_since > on else on
        say(words.format(post=post_words(old, names), name=old.name or old.email, day=day, deputy=old.deputy))
    nothing_changed(dry_run=dry_run)


@click.command(
    "hand-over",
    help=_(
        "POST passes to somebody else, who gets one letter with all that is open. POST is such as emergency/liaison,"
        " or the address or name of who holds a single one."
    ),
    short_help=_("a post passes to somebody else"),
)
@click.argument("meant", metavar="POST")
@click.option("--to", "address", required=True, metavar="ADDRESS", help=_("the successor's address"))
@click.option("--name", default="", help=_("the successor's name"))
@click.option("--phone", default="", help=_("the successor's telephone"))
@click.option("--on", type=DAY, help=_("the successor's first day, today by default"))
@click.option("--from", "leaver", default="", metavar="ADDRESS", help=_("whose place is taken, of several holders"))
@click.option("--reason", default="", help=_("why; it is kept in the trail"))
@dry_run_option
@pass_office
def hand_over(  # noqa: PLR0913 - the options of the command
    office: Office,
    meant: str,
    address: str,
    name: str,
    phone: str,
    on: date | None,
    leaver: str,
    reason: str,
    dry_run: bool,  # noqa: FBT001 - click's way
) -> None:
    """Hand a post over."""
    from wsyf_scheduler.acts import hand_over as act

    names, day = names_of(office), on or today(office)
    app = office.app(dry_run=dry_run)
    done = act.act(
        app,
        app.clock.now(),
        meant=meant,
        successor=act.Successor(address=address, name=name, phone=phone),
        on=day,
        names=names,
        who=login_name(),
        reason=reason,
        leaver=leaver,
    )
    with office.glance() as opened:
        zone = ZoneInfo(next(iter(opened.zones().values()), DEFAULT_ZONE))
    _tell_handed(done, day, names, zone)
    nothing_changed(dry_run=dry_run)


def _tell_handed(done: HandedOver, day: date, names: dict[str, str], zone: ZoneInfo) -> None:
    new = done.after
    people_handing.tell(done, day, post_words(new, names), zone)
    if new.deputy:
        words = _("{name} is away {since} to {until}: in this post too {deputy} reads instead")
        since, until = new.away_since or "…", new.away_until or "…"
        say(words.format(name=new.name, since=since, until=until, deputy=new.deputy), fg="yellow")
    for each in done.letters:
        words = ngettext(
            "hand-over letter {id} with {n} open assignment goes to {address}, {day} at the earliest",
            "hand-over letter {id} with {n} open assignments goes to {address}, {day} at the earliest",
            each.open,
        )
        reader = new.deputy if new.is_away_on(each.goes_on) else new.email
        say(words.format(id=each.message_id, n=each.open, address=reader, day=each.goes_on))
    if done.readdressed:
        count = len(done.readdressed)
        words = ngettext(
            "{n} message that waits goes to the successor: {ids}",
            "{n} messages that wait go to the successor: {ids}",
            count,
        )
        say(words.format(n=count, ids=", ".join(map(str, done.readdressed[:SHOWN]))))
    for each_away in done.stands_in_for:
        words = _("{name} ({post}) still has the predecessor for a deputy; enter another with `wsyf people away`")
        say(words.format(name=each_away.name or each_away.email, post=post_words(each_away, names)), fg="yellow")


@click.command(
    help=_(
        "Replace the contact details of somebody who has left by their hashes, everywhere in the database; the kept"
        " bytes of their letters are let go. This cannot be taken back."
    ),
    short_help=_("erase somebody's contact details for good"),
)
@click.argument("address")
@click.option("--reason", required=True, help=_("why; it is kept in the trail"))
@click.option("--yes", is_flag=True, help=_("do not ask"))
@dry_run_option
@json_option
@pass_office
def erase(office: Office, address: str, reason: str, yes: bool, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Erase a person."""
    from wsyf_scheduler.acts import erase as act

    if not (yes or dry_run):
        need(sys.stdin.isatty(), _("nothing was changed; add --yes to erase without being asked"))
        if not click.confirm(_("Erase {address} for good?").format(address=address), default=False):
            raise Forbidden(_("left as it was, nothing was changed"))
    day = today(office)
    app = office.app(dry_run=dry_run)
    done = act.act(app, app.clock.now(), address=address, today=day, who=login_name(), reason=reason)
    if as_json:
        print_json({"person": done.person, "entries": done.entries, "messages": done.messages, "bytes": done.letters})
        return
    words = _("erased: person {person}; {entries} entries, {messages} messages, the bytes of {letters} letters")
    say(words.format(person=done.person, entries=done.entries, messages=done.messages, letters=done.letters))
    if done.old_events:
        words = _("{n} events written before the trail masked it still name the address: the trail is never changed")
        say(words.format(n=done.old_events), fg="yellow")
    if not (done.is_log_empty or dry_run):
        words = _("another program is reading the database: its -wal file keeps the old pages until it has finished")
        say(words, fg="yellow")
    kept = (office.config.backup.folder, office.config.mail.maildir)
    if there := [str(folder) for folder in kept if folder.exists()]:
        words = _("Backups made before and letters kept in a maildir still have the details: {folders}")
        say(words.format(folders=", ".join(there)), fg="yellow")
    say(_("Files that were exported, and mail that has left, keep them too."), fg="yellow")
    nothing_changed(dry_run=dry_run)
