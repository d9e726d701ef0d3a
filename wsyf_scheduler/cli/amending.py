"""`wsyf plan diff / sync`: what the files change against what is tracked, and making it so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wsyf_scheduler.cli.changes import Block, as_json_of, blocks
from wsyf_scheduler.cli.folders import folders, plan_argument, warn_of_lost
from wsyf_scheduler.cli.office import Office, dry_run_option, json_option, login_name, need, pass_office
from wsyf_scheduler.cli.output import nothing_changed, print_json, say
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.i18n import _, ngettext

if TYPE_CHECKING:
    from wsyf_scheduler.acts.track import Tracked
    from wsyf_scheduler.app import App
    from wsyf_scheduler.reports.amendment import Amendment

MOST = 10  # changes of one kind shown without --all
all_option = click.option("--all", "everything", is_flag=True, help=_("show every change, however many there are"))


@click.command(help=_("What a sync would change, in the paper's words, and the letters that move; changes nothing."))
@plan_argument
@all_option
@json_option
@pass_office
def diff(office: Office, plan_id: str | None, everything: bool, as_json: bool) -> None:  # noqa: FBT001
    """Compare files and database."""
    from wsyf_scheduler.reports.amendment import amendment

    app = office.app()
    found = [amendment(app, each, app.clock.now()) for _folder, each in folders(office, plan_id)]
    if as_json:
        print_json([{"plan": each.plan.id, **as_json_of(each)} for each in found])
    for line in warn_of_lost(office) if plan_id is None else ():
        say(line, fg="yellow", err=True)
    for each in found if not as_json else ():
        say(_head(each), bold=True)
        _print_amendment(app, each, everything=everything)
        if each.changes and not each.plan.draft:
            say("  " + _("`wsyf plan sync --reason TEXT` makes it so"))


def _head(each: Amendment) -> str:
    if each.plan.draft:
        return _("{plan}, a draft").format(plan=each.plan.id)
    if not each.version:
        return _("{plan}, not tracked yet").format(plan=each.plan.id)
    return _("{plan}, version {version}").format(plan=each.plan.id, version=each.version)


def _print_amendment(app: App, each: Amendment, *, everything: bool) -> None:
    if not each.version and not everything:
        n = len(each.changes.added)
        say(ngettext("  {n} assignment would be tracked", "  {n} assignments would be tracked", n).format(n=n))
        if each.held:
            words = ngettext(
                "  {n} is overdue already and would be held", "  {n} are overdue already and would be held", each.held
            )
            say(words.format(n=each.held), fg="yellow")
        return
    _print_blocks(blocks(each), everything=everything)
    if not each.changes:
        click.echo("  " + _("nothing to change"))
    _print_letters(app, each)


def _print_blocks(sections: Iterator[list[Block]], *, everything: bool) -> None:
    for section in sections:
        shown = section if everything else section[:MOST]
        for block in shown:
            say("  " + block.head, fg=block.colour)
            for line in block.lines:
                say("      " + line)
        if rest := len(section) - len(shown):
            say(
                ngettext(
                    "  … and {n} more like this; --all shows it", "  … and {n} more like these; --all shows them", rest
                ).format(n=rest)
            )


def _print_letters(app: App, each: Amendment) -> None:
    """Which departments get a change letter, and when."""
    names = {department.id: department.short for department in each.plan.departments}
    told = dict.fromkeys(shift.department for shift in each.shifts.values() if shift.told)
    if not told:
        return
    minutes = int(app.receipt_delay.total_seconds() // 60)
    words = ngettext(
        "  {n} change letter, to {departments}", "  {n} change letters, to {departments}", len(told)
    ).format(n=len(told), departments=", ".join(names.get(name, name) for name in told))
    if minutes:
        words += ngettext("; it waits {n} minute", "; they wait {n} minutes", minutes).format(n=minutes)
    say(words)


@click.command(help=_("Make the database say what the plan files say; run twice, it changes nothing."))
@plan_argument
@click.option("--reason", default="", help=_("why the plan changes; stands in the trail and the change letters"))
@click.option("--go-back", is_flag=True, help=_("allow files that are those of an earlier version"))
@all_option
@dry_run_option
@json_option
@pass_office
def sync(
    office: Office,
    plan_id: str | None,
    reason: str,
    go_back: bool,  # noqa: FBT001
    everything: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Track the plans."""
    from wsyf_scheduler.acts import track
    from wsyf_scheduler.reports.amendment import amendment

    found_folders = list(folders(office, plan_id))
    _refuse_examples(folder for folder, _each in found_folders)
    read = [(plan_files.read_texts(folder), each) for folder, each in found_folders]
    chosen = _trackable(read, plan_id, as_json=as_json)  # every file is read before the first change is made
    need(not dry_run or office.database_path.exists(), _("there is no database yet: see `wsyf plan show`"))
    app = office.app(create=not dry_run, dry_run=dry_run)
    now, who = app.clock.now(), login_name()
    for texts, each in chosen if not go_back else ():
        track.require_new(app, each, texts)
    done = []
    for texts, each in chosen:
        found = amendment(app, each, now)
        tracked = track.act(app, now, plan=each, texts=texts, who=who, reason=reason, go_back=go_back)
        done.append((found, tracked))
    for line in warn_of_lost(office) if plan_id is None else ():
        say(line, fg="yellow", err=True)
    if as_json:
        print_json([_tracked(*pair) for pair in done])
        return
    for found, tracked in done:
        _print_tracked(app, found, tracked, everything=everything)
    nothing_changed(dry_run=dry_run)
    if not (dry_run or reason) and any(tracked.changes and not tracked.first for _found, tracked in done):
        say(_("No reason was given; with --reason TEXT it stands in the trail and the letters next time."))


def _refuse_examples(chosen: Iterable[Path]) -> None:
    for folder in chosen:
        if plan_files.is_example(folder):
            message = _(
                "{folder} is an example and is not tracked; "
                "`wsyf plan new ID --from {folder} --first-year YEAR` makes a plan of your own from it"
            )
            raise Forbidden(message.format(folder=folder.name))


def _trackable(
    read: Sequence[tuple[dict[str, str], Plan]], plan_id: str | None, *, as_json: bool
) -> list[tuple[dict[str, str], Plan]]:
    """All but drafts, which are named; a draft or an example that was asked for by name is refused."""
    drafts = [each for _texts, each in read if each.draft]
    if plan_id is not None and drafts:
        message = _("{plan} is a draft: set draft = false in its plan.toml first")
        raise Forbidden(message.format(plan=drafts[0].id))
    for each in drafts if not as_json else ():
        say(_("{plan} is a draft and is left out; `wsyf rehearse --plan {plan}` tries it").format(plan=each.id))
    return [(texts, each) for texts, each in read if not each.draft]


def _tracked(found: Amendment, each: Tracked) -> dict[str, object]:
    return {"plan": each.plan_id, "version": each.version, "held": each.held, **as_json_of(found)}


def _print_tracked(app: App, found: Amendment, each: Tracked, *, everything: bool) -> None:
    say(_("{plan}, version {version}").format(plan=each.plan_id, version=each.version), bold=True)
    if not each.first:
        _print_amendment(app, found, everything=everything)
        return
    n = len(each.changes.added)
    say("  " + ngettext("{n} assignment is tracked now", "{n} assignments are tracked now", n).format(n=n))
    if each.held:
        say("  " + _held_words(each.held), fg="yellow")


def _held_words(n: int) -> str:
    words = ngettext(
        "{n} assignment was overdue already: it is held, and no letter goes out about it.",
        "{n} assignments were overdue already: they are held, and no letter goes out about them.",
        n,
    ).format(n=n)
    what_to_do = _(
        "Close what is done with `wsyf done KEY…`; let the rest speak with `wsyf release KEY…` or `wsyf release --all`."
    )
    return f"{words} {what_to_do}"
