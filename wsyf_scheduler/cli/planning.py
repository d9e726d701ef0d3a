"""`wsyf plan …`: what the files say (`show`); what a sync changes, versions and new cycles in modules of their own."""

from __future__ import annotations

from typing import assert_never

import click

from wsyf_scheduler.cli.amending import diff, sync
from wsyf_scheduler.cli.folders import folders, plan_argument, warn_of_lost
from wsyf_scheduler.cli.next_cycle import new
from wsyf_scheduler.cli.office import Office, json_option, pass_office
from wsyf_scheduler.cli.output import print_json, say, table
from wsyf_scheduler.cli.versions import history
from wsyf_scheduler.core.plan import Basis, Plan, Wanted, expand
from wsyf_scheduler.i18n import _

__all__ = ["folders", "plan", "warn_of_lost"]


@click.group(help=_("The plan files: what they say, what a sync would change, making it so, earlier versions."))
def plan() -> None:
    """Plan files."""


@plan.command(help=_("What the plan files say: every assignment they ask for."))
@plan_argument
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
    } | ({"draft": True} if each.draft else {})


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
    say(f"{each.id}  {each.title}", bold=True)
    if each.draft:
        say("  " + _("a draft: it can be rehearsed, and is tracked once draft = false"), fg="yellow")
    words = _("  {document}, issued {issued}, zone {zone}") if each.document else _("  issued {issued}, zone {zone}")
    say(words.format(document=each.document, issued=each.issued, zone=each.zone))
    names = {department.id: department.short for department in each.departments}
    wanted = expand(each)
    rows = [
        (
            want.key,
            names[want.department],
            want.title,
            str(want.due_on),
            _basis(want.basis),
        )
        for want in wanted
    ]
    table((_("key"), _("dept."), _("task"), _("due"), _("basis")), rows, keep=(0, 1, 3))
    tasks = len({(want.period, want.number) for want in wanted})
    click.echo(_("{tasks} tasks, {n} assignments").format(tasks=tasks, n=len(wanted)))


def _basis(basis: Basis) -> str:
    """Where a due day comes from, where it is not the paper, as short as a table wants it."""
    match basis:
        case Basis.DOCUMENT:
            return ""
        case Basis.PERIOD_END:
            return _("period's end")
        case Basis.OFFICE:
            return _("the office")
        case _ as never:
            assert_never(never)


for command in (diff, sync, history, new):
    plan.add_command(command)
