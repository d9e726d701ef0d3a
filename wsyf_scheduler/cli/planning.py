"""`wsyf plan show / diff / sync`: what the files say, what a sync would change, and making it so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from wsyf_scheduler.cli.office import Office, json_option, login_name, pass_office
from wsyf_scheduler.cli.output import print_json, table
from wsyf_scheduler.core.amend import Changes
from wsyf_scheduler.core.plan import Plan, Wanted, expand
from wsyf_scheduler.errors import Fault, Invalid, NotFound
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.i18n import _, ngettext


@click.group(help=_("The plan files: what they say, what a sync would change, making it so."))
def plan() -> None:
    """Plan files."""


def folders(office: Office, plan_id: str | None) -> Iterator[tuple[Path, Plan]]:
    """The plan folders of the office with their plans; with an id, just that one. Invalid names every fault of all."""
    found: list[tuple[Path, Plan]] = []
    faults: list[Fault] = []
    for folder in plan_files.folders(office.config.jobs):
        try:
            found.append((folder, plan_files.load(folder)))
        except Invalid as error:
            faults += error.faults
    faults += _twins(found)
    if faults:
        raise Invalid(faults)
    chosen = [(folder, each) for folder, each in found if plan_id in (None, each.id, folder.name)]
    if not chosen:
        names = ", ".join(each.id for _folder, each in found)
        raise NotFound(_("there is no plan {name}; there is {known}").format(name=plan_id, known=names))
    return iter(chosen)


def _twins(found: list[tuple[Path, Plan]]) -> Iterator[Fault]:
    """Two folders with one id would undo each other at every sync."""
    first: dict[str, Path] = {}
    for folder, each in found:
        if each.id in first:
            message = _("{id} is the id of {folder} already").format(id=each.id, folder=first[each.id])
            yield Fault(file=str(folder / plan_files.PLAN_FILE), key="id", message=message)
        first.setdefault(each.id, folder)


@plan.command(help=_("What the plan files say: every assignment they ask for."))
@click.argument("plan_id", required=False)
@json_option
@pass_office
def show(office: Office, plan_id: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Print the plans as expanded."""
    plans = [each for _folder, each in folders(office, plan_id)]
    if as_json:
        print_json([_plain(each) for each in plans])
        return
    for each in plans:
        _print_plan(each)


def _plain(each: Plan) -> dict[str, object]:
    return {
        "plan": each.id,
        "title": each.title,
        "document": each.document or None,
        "issued": each.issued.isoformat(),
        "zone": each.zone,
        "departments": {department.id: department.short for department in each.departments},
        "assignments": [_wanted(want) for want in expand(each)],
    }


def _wanted(want: Wanted) -> dict[str, object]:
    return {
        "key": want.key,
        "period": want.period,
        "department": want.department,
        "kind": want.kind.value,
        "title": want.title,
        "due_on": want.due_on.isoformat(),
        "due_basis": want.basis.value,
        "support": list(want.support),
        "data_year": want.data_year,
        "after": want.after,
    }


def _print_plan(each: Plan) -> None:
    from wsyf_scheduler.reports.wording import basis as basis_words

    click.secho(f"{each.id}  {each.title}", bold=True)
    click.echo(
        _("  {document}, issued {issued}, zone {zone}").format(
            document=each.document, issued=each.issued, zone=each.zone
        )
    )
    names = {department.id: department.short for department in each.departments}
    wanted = expand(each)
    rows = [
        (
            want.key,
            names[want.department],
            want.title,
            str(want.due_on),
            "" if want.basis == "document" else basis_words(want.basis),
        )
        for want in wanted
    ]
    table((_("key"), _("dept."), _("task"), _("due"), _("basis")), rows, keep=(0, 1, 3))
    tasks = len({(want.period, want.number) for want in wanted})
    click.echo(_("{tasks} tasks, {n} assignments").format(tasks=tasks, n=len(wanted)))


def warn_of_lost(office: Office) -> list[str]:
    """A sentence for each plan that is tracked though its folder is gone: its letters go on."""
    if not office.database_path.exists():
        return []
    known = {each.id for _folder, each in folders(office, None)}
    with office.glance() as opened:
        lost = sorted(set(opened.zones()) - known)
    words = _("{plan} is tracked, but its folder is gone from {jobs}: its letters go on")
    return [words.format(plan=plan_id, jobs=office.config.jobs) for plan_id in lost]


@plan.command(help=_("What a sync would change; changes nothing."))
@click.argument("plan_id", required=False)
@json_option
@pass_office
def diff(office: Office, plan_id: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Compare files and database."""
    from wsyf_scheduler.acts import track

    app = office.app()
    found = [(each, track.preview(app, each)) for _folder, each in folders(office, plan_id)]
    if as_json:
        print_json([{"plan": each.id, **_changes(changes)} for each, changes in found])
    for line in warn_of_lost(office) if plan_id is None else ():
        click.secho(line, fg="yellow", err=True)
    for each, changes in found if not as_json else ():
        click.secho(each.id, bold=True)
        _print_changes(changes)


def _changes(changes: Changes) -> dict[str, object]:
    return {
        "added": [want.key for want in changes.added],
        "moved": [
            {"key": item.key, "from": item.due_on.isoformat(), "to": want.due_on.isoformat()}
            for item, want in changes.moved
        ],
        "reworded": [item.key for item, _want in changes.reworded],
        "restored": [item.key for item, _want in changes.restored],
        "withdrawn": [item.key for item in changes.withdrawn],
    }


def _print_changes(changes: Changes) -> None:
    for want in changes.added:
        click.secho(f"  + {want.key}  {want.title}  {want.due_on}", fg="green")
    for item, want in changes.moved:
        click.secho(f"  ~ {item.key}  {item.title}  {item.due_on} → {want.due_on}", fg="yellow")
    reworded, restored, withdrawn = _("reworded"), _("restored"), _("withdrawn, never deleted")
    for item, want in changes.reworded:
        click.secho(f"  ~ {item.key}  {want.title}  {reworded}", fg="yellow")
    for item, want in changes.restored:
        click.secho(f"  + {item.key}  {want.title}  {restored}", fg="green")
    for item in changes.withdrawn:
        click.secho(f"  - {item.key}  {item.title}  {withdrawn}", fg="red")
    if not changes:
        click.echo("  " + _("nothing to change"))


@plan.command(help=_("Make the database say what the plan files say; run twice, it changes nothing."))
@click.argument("plan_id", required=False)
@json_option
@pass_office
def sync(office: Office, plan_id: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Track the plans."""
    from wsyf_scheduler.acts import track

    chosen = list(folders(office, plan_id))  # every file is read before the first change is made
    app = office.app(create=True)
    done = [
        track.act(app, app.clock.now(), plan=each, texts=plan_files.read_texts(folder), who=login_name())
        for folder, each in chosen
    ]
    for line in warn_of_lost(office) if plan_id is None else ():
        click.secho(line, fg="yellow", err=True)
    if as_json:
        print_json(
            [
                {"plan": each.plan_id, "version": each.version, "held": each.held, **_changes(each.changes)}
                for each in done
            ]
        )
        return
    for each in done:
        _print_tracked(each)


def _print_tracked(each: object) -> None:
    from wsyf_scheduler.acts.track import Tracked

    assert isinstance(each, Tracked)
    click.secho(_("{plan}, version {version}").format(plan=each.plan_id, version=each.version), bold=True)
    if not each.first:
        _print_changes(each.changes)
        return
    n = len(each.changes.added)
    click.echo("  " + ngettext("{n} assignment is tracked now", "{n} assignments are tracked now", n).format(n=n))
    if each.held:
        click.secho("  " + _held_words(each.held), fg="yellow")


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
