"""`wsyf tick`, `wsyf daemon`, `wsyf status`: one round by hand, the rounds by themselves, and are they well."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from wsyf_scheduler.cli.concerns import hold_words
from wsyf_scheduler.cli.office import SHARED_UMASK, Office, json_option, login_name, pass_office
from wsyf_scheduler.cli.output import listed, print_json, say
from wsyf_scheduler.errors import Forbidden, WsyfError
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.pulse import pulse

if TYPE_CHECKING:
    from wsyf_scheduler.app import App

OF_MAIL = ("hold", "held", "pause", "undeliverable", "uncertain", "retry", "refused-address", "disk")


@click.command(help=_("One round of what the daemon does: decide what is due, send what may leave."))
@click.option("--dry-run", is_flag=True, help=_("only say what would be decided; change and send nothing"))
@json_option
@pass_office
def tick(office: Office, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Run one round."""
    from wsyf_scheduler import log
    from wsyf_scheduler.rehearsal import round_of_ticks
    from wsyf_scheduler.ticks import guard, rescue, templates

    log.only_tracebacks()
    app = office.app(on_wait=_say_wait)
    if dry_run:
        _dry_run(office, app, as_json=as_json)
        return
    hold = guard.run(app, app.clock.now())
    rescued = rescue.run(app, app.clock.now())
    faults = 0
    if any(path.suffix for path in app.config.templates.glob("*")):  # trying them all takes its time
        faults = templates.run(app, app.clock.now())
    reminded, digests, delivered = round_of_ticks(app, app.clock.now(), most=app.config.max_messages)
    counts = {
        "rescued": rescued,
        "queued": reminded.queued + digests,
        "silent": reminded.silent,
        "sent": delivered.sent,
        "not_sent": delivered.troubled,
        "cancelled": delivered.cancelled,
    }
    if as_json:
        print_json({**counts, "hold": hold.reason.value if hold else None})
        return
    say(_("{queued} queued, {sent} sent, {not_sent} not sent, {cancelled} cancelled").format(**counts))
    if rescued:
        words = ngettext("{n} message was taken up again after a crash", "{n} messages were taken up again", rescued)
        say(words.format(n=rescued))
    if faults:
        words = ngettext(
            "{n} fault in the templates: `wsyf check`", "{n} faults in the templates: `wsyf check`", faults
        )
        say(words.format(n=faults), fg="yellow")
    _say_trouble(office)


def _say_trouble(office: Office) -> None:
    """What stands in the way of mail now, in the sentences of `wsyf status`."""
    from wsyf_scheduler.cli.health import health

    with office.glance() as opened:
        found = health(office, opened).concerns
    for each in found:
        if each.name in OF_MAIL:
            say(each.text, hang=2, fg="red" if each.level == "broken" else "yellow")


def _say_wait(holder: str) -> None:
    """The daemon, or another round by hand, is sending at this moment."""
    from wsyf_scheduler.opening import PATIENCE

    words = _("another process is sending ({holder}); waiting for it, {n} seconds at most")
    say(words.format(holder=holder or "?", n=PATIENCE), err=True)


def _dry_run(office: Office, app: App, *, as_json: bool) -> None:
    from wsyf_scheduler.core.grouping import grouped
    from wsyf_scheduler.reports import wording
    from wsyf_scheduler.ticks import guard, remind

    hold = guard.seen(app, app.clock.now())
    groups: list[dict[str, Any]] = [
        {
            "plan": plan_id,
            "letter": group.letter,
            "department": group.department,
            "audience": group.audience,
            "rows": [{"key": row.key, "rung": row.rung, "repeat": row.repeat} for row in rows],
        }
        for plan_id, notices in remind.due_now(app, app.clock.now()).items()
        for group, rows in grouped(notices).items()
    ]
    if as_json:
        print_json(groups)
        return
    with office.glance() as opened:
        names, heart = opened.departments(), pulse(opened, app.clock.now())
    for each in groups:
        keys = listed(row["key"] for row in each["rows"])
        receiver = names.get(each["department"]) or wording.role(each["audience"])
        say(f"{wording.letter(each['letter'])}  {receiver}  {keys}", hang=2)
    say(ngettext("{n} message would be queued", "{n} messages would be queued", len(groups)).format(n=len(groups)))
    if hold:
        say(hold_words({"reason": hold.reason.value, "since_at": hold.since_at.isoformat(), "seen": hold.seen}, heart))
        say(_("As long as that is so, a round queues and sends nothing but alerts."))


@click.command(
    help=_(
        "Run for the office: watch the due days, send the letters."
        " SIGTERM ends it, SIGHUP reads config and templates anew."
    )
)
@click.option("--adopt", is_flag=True, help=_("accept that the database has moved to this host"))
@click.option("-v", "--verbose", is_flag=True, help=_("log more"))
@click.pass_context
def daemon(ctx: click.Context, adopt: bool, verbose: bool) -> None:  # noqa: FBT001 - click's way
    """Run until told to stop."""
    import os

    from wsyf_scheduler import log
    from wsyf_scheduler.acts import let_go
    from wsyf_scheduler.daemon import Daemon

    os.umask(SHARED_UMASK)
    log.to_stderr(verbose=verbose)
    path = ctx.obj.config.path

    def open_app(should_stop: Callable[[], bool]) -> App:
        office = Office(str(path), None)
        with office.glance() as opened:
            if opened.fact("rehearsal") == "yes":
                raise Forbidden(
                    _("this database is a rehearsal's: its clock is set by --at; use `wsyf --at WHEN tick`")
                )
        return office.app(should_stop=should_stop)

    if adopt:
        app = open_app(lambda: False)
        let_go.adopt(app, app.clock.now(), who=login_name())
        app.db.close()
    Daemon(open_app).run()


@click.command(help=_("Is the daemon alive and well? Exit code 0 fine, 1 warning, 2 broken."))
@json_option
@pass_office
def status(office: Office, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Say how it is, and exit as a monitor expects."""
    from wsyf_scheduler.cli.health import broken, health

    try:
        with office.glance() as opened:
            found = health(office, opened)
    except WsyfError as error:
        found = broken(str(error))
    if as_json:
        print_json(found.as_json())
    else:
        for line in found.lines:
            say(line, hang=2)
    sys.exit(found.code)
