"""`wsyf plan new`: the next cycle's files as a draft to edit."""

from __future__ import annotations

from pathlib import Path

import click

from wsyf_scheduler import share
from wsyf_scheduler.cli.office import Office, dry_run_option, pass_office
from wsyf_scheduler.cli.output import nothing_changed, say
from wsyf_scheduler.core.plan import expand
from wsyf_scheduler.errors import Invalid, NotFound
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.i18n import _, ngettext


@click.command(help=_("Write the next cycle's files as a draft: years moved, goals and numbers marked to be set."))
@click.argument("plan_id", metavar="ID")
@click.option("--from", "source", required=True, help=_("the plan to begin from, by its id or folder"))
@click.option("--first-year", type=click.IntRange(2000, 2999), required=True, help=_("the first year of the new cycle"))
@dry_run_option
@pass_office
def new(office: Office, plan_id: str, source: str, first_year: int, dry_run: bool) -> None:  # noqa: FBT001
    """Write a draft."""
    from wsyf_scheduler.acts import new_plan

    jobs = office.config.jobs
    done = new_plan.act(jobs, _find(jobs, source), plan_id=plan_id, first_year=first_year, dry_run=dry_run)
    files, n = (
        ", ".join(sorted(done.texts, key=lambda name: (name != plan_files.PLAN_FILE, name))),
        len(expand(done.plan)),
    )
    words = _("{folder} would be written: {files}") if dry_run else _("{folder} is written: {files}")
    say(words.format(folder=_shown(done.folder, office.config.folder), files=files), fg="green")
    say("  " + ngettext("{n} assignment", "{n} assignments", n).format(n=n) + _later(done.years))
    if done.years != done.length and done.years:
        words = _(
            "the cycle before spans {length} years, and this one begins {years} years later: is the first year right?"
        )
        say("  " + words.format(length=done.length, years=done.years), fg="yellow")
    for line in _next(plan_id, first_year, first_year + done.length - 1) if not dry_run else ():
        say(line)
    nothing_changed(dry_run=dry_run)


def _shown(folder: Path, home: Path) -> Path:
    """A folder as somebody standing in the office's own names it."""
    return folder.relative_to(home) if folder.is_relative_to(home) else folder


def _later(years: int) -> str:
    if not years:
        return ""
    return ngettext(", dates moved by {n} year", ", dates moved by {n} years", years).format(n=years)


def _next(plan_id: str, first: int, last: int) -> tuple[str, ...]:
    """What is to be done next, in the order it is done."""
    return (
        _("What to do next:"),
        _("  1. Edit the files: the new paper's words and numbers; look for 待填 and 待定."),
        "  2. wsyf check",
        f"  3. wsyf rehearse --plan {plan_id} --from {first}-01-01 --to {last}-12-31",
        _("  4. Set draft = false in plan.toml, then wsyf plan sync {plan}").format(plan=plan_id),
    )


def _find(jobs: Path, name: str) -> Path:
    """A plan's folder: by path, by its name among the office's or the packaged ones, or by the id in it."""
    if (Path(name) / plan_files.PLAN_FILE).is_file():
        return Path(name)
    known: list[str] = []
    for home in (jobs, share.JOBS):
        every = sorted(path.parent for path in home.glob(f"*/{plan_files.PLAN_FILE}"))
        for folder in every:
            if name in (folder.name, folder.name.removesuffix(plan_files.EXAMPLE)):
                return folder
        for folder in every:
            if name == _id_of(folder):
                return folder
        known += [folder.name for folder in every if folder.name not in known]
    raise NotFound(_("there is no plan {name}; there is {known}").format(name=name, known=", ".join(known)))


def _id_of(folder: Path) -> str | None:
    try:
        return plan_files.head(plan_files.read_texts(folder), str(folder)).id
    except Invalid:
        return None
