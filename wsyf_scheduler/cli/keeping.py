"""`wsyf init`, `check`, `upgrade`, `completion`: setting an office up and keeping it well."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from wsyf_scheduler.cli.office import Office, json_option, pass_office, share_with_group
from wsyf_scheduler.cli.output import print_json
from wsyf_scheduler.i18n import _, ngettext


@click.command(help=_("Lay out an office folder: config.toml, jobs/, templates/email/, people.csv."))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--rehearsal", is_flag=True, help=_("a database whose clock --at may set"))
def init(folder: Path, rehearsal: bool) -> None:  # noqa: FBT001 - click's way
    """Lay it out, and say what to do next."""
    from wsyf_scheduler.acts.lay_out import lay_out

    share_with_group(next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir()))
    lay_out(folder, rehearsal=rehearsal)
    click.secho(_("The office is laid out in {folder}.").format(folder=folder), bold=True)
    steps = (
        _("1. Edit config.toml (the office's contact and mail) and people.csv (who holds which post)."),
        _("2. Look at jobs/: the plan as files; edit it or write your own beside it."),
        _("3. wsyf people import people.csv"),
        _("4. wsyf check"),
        _("5. wsyf plan sync"),
        _("6. wsyf rehearse --from 2026-01-01 --to 2026-12-31, then wsyf daemon"),
    )
    click.echo(_("Next, in that folder:"))
    for step in steps:
        click.echo(f"  {step}")


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
            click.secho(each.line(), fg={"fault": "red", "warning": "red"}.get(each.level))
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
