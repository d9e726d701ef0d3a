"""`wsyf init`, `check`, `upgrade`, `completion`: setting an office up and keeping it well."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from wsyf_scheduler.cli.office import Office, json_option, pass_office, share_with_group
from wsyf_scheduler.cli.output import print_json, say
from wsyf_scheduler.i18n import _, ngettext


@click.command(
    help=_(
        "Lay out an office folder: config.toml, jobs/, templates/email/, people.csv.\n\n"
        "On a terminal it asks a few questions first and writes the answers into config.toml."
    )
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--rehearsal", is_flag=True, help=_("a database whose clock --at may set; asks nothing"))
@click.option("--yes", "-y", is_flag=True, help=_("ask nothing: the defaults, to be edited in config.toml"))
@click.option("--dry-run", is_flag=True, help=_("show the config.toml that would be written; make nothing"))
def init(folder: Path, rehearsal: bool, yes: bool, dry_run: bool) -> None:  # noqa: FBT001 - click's way
    """Ask, lay it out, and say what to do next."""
    from wsyf_scheduler.acts.lay_out import config_text, lay_out, require_empty
    from wsyf_scheduler.cli.asking import Settings, ask

    require_empty(folder)
    asks = sys.stdin.isatty() and sys.stdout.isatty() and not (rehearsal or yes)
    settings: Settings = ask() if asks else {}
    if dry_run:
        click.echo(config_text(settings), nl=False)
        return
    share_with_group(next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir()))
    lay_out(folder, rehearsal=rehearsal, settings=settings)
    say(_("The office is laid out in {folder}.").format(folder=folder), bold=True)
    say(_("Next, in that folder:"))
    for number, step in enumerate(_next_steps(settings), 1):
        say(f"  {number}. {step}", hang=3)


def _next_steps(settings: Mapping[tuple[str, str], str | int]) -> list[str]:
    """What is left to do by hand, in order."""
    password_file = settings.get(("mail.smtp", "password_file"))
    steps = [
        _("Write who holds which post into people.csv, then `wsyf people import people.csv`."),
        _("Look at jobs/: the plan as files; edit it or write your own beside it."),
        _("`wsyf check` names every fault."),
        _("`wsyf rehearse --from 2022-05-19 --to 2026-06-30` shows every letter of the plan and sends none."),
        _("`wsyf plan sync` begins tracking; what is overdue by then stays silent until `wsyf release`."),
        _("`wsyf daemon` runs for the office; as a service: `wsyf help operations`."),
    ]
    if password_file:
        words = _("Put the password (163, QQ: the authorization code) on one line into {file}; `chmod 600` it.")
        steps.insert(0, words.format(file=password_file))
        steps[3] = _("`wsyf check --mail ADDRESS` names every fault and sends a test letter.")
    elif settings:
        steps.append(_("Letters stay on this machine until [mail] in config.toml names a mail server."))
    else:
        steps.insert(0, _("Edit config.toml: the office's contact and mail."))
    return steps


@click.command(help=_("Check config, plans, people, calendar, templates, database and mail; names every fault."))
@click.option("--mail", "mail_to", metavar="ADDRESS", help=_("also send a test letter there"))
@json_option
@pass_office
def check(office: Office, mail_to: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Run every check; exit 1 where there is a fault."""
    from wsyf_scheduler.cli.checking import run_checks

    findings = run_checks(office, mail_to)
    if as_json:
        print_json([each.as_json() for each in findings])
    else:
        for each in findings:
            say(each.line(), hang=2, fg={"fault": "red", "warning": "red"}.get(each.level))
    faults = sum(each.level == "fault" for each in findings)
    if not as_json:
        click.echo(ngettext("{n} fault", "{n} faults", faults).format(n=faults) if faults else _("no fault"))
    sys.exit(1 if faults else 0)


@click.command(help=_("Bring the database up to this program's version: a backup first, then the migrations."))
@pass_office
def upgrade(office: Office) -> None:
    """Upgrade, or create what is not there."""
    from wsyf_scheduler.clock import SystemClock
    from wsyf_scheduler.store import upgrade as migrations
    from wsyf_scheduler.store.copying import copy
    from wsyf_scheduler.store.db import Database

    office.share()
    path = office.database_path
    db = Database(office.config.database)
    if not path.exists():
        migrations.create(db)
        click.echo(_("{path} created").format(path=path))
        return
    if migrations.is_current(db):
        click.echo(_("the database is up to date"))
        return
    now = SystemClock().now()
    saved = path.with_name(f"{path.stem}-before-{now:%Y%m%d-%H%M%S}.db")
    copy(path, saved, now)
    before, after = migrations.upgrade(db)
    click.echo(
        _("upgraded from {before} to {after}; the database as it was is in {saved}").format(
            before=before or "-", after=after, saved=saved
        )
    )


@click.command(help=_('Print the shell\'s completion script: put `eval "$(wsyf completion)"` into ~/.bashrc.'))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), required=False)
@click.pass_context
def completion(ctx: click.Context, shell: str | None) -> None:
    """Print it."""
    from click.shell_completion import get_completion_class

    shell = shell or Path(os.environ.get("SHELL", "bash")).name
    found = get_completion_class(shell) or get_completion_class("bash")
    assert found is not None  # click always has bash
    click.echo(found(ctx.find_root().command, {}, "wsyf", "_WSYF_COMPLETE").source())
