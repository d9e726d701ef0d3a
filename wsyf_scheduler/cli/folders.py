"""The plan folders of an office, read with every fault of every file at once. Imports files, share, cli.office."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from wsyf_scheduler import share
from wsyf_scheduler.cli.office import ALL_PLANS, PLAN, Office
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.errors import Fault, Invalid, NotFound, nearest
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.i18n import _


def plan_or_chosen(ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """The plan a command names, or the one of `wsyf --plan`; None for all."""
    chosen = value or ctx.find_root().params.get("plan_id")
    return None if chosen == ALL_PLANS else chosen


plan_argument = click.argument("plan_id", metavar="[PLAN]", required=False, type=PLAN, callback=plan_or_chosen)


def folders(office: Office, plan_id: str | None) -> Iterator[tuple[Path, Plan]]:
    """The plan folders of the office with their plans; with an id or a folder's name, just that one.

    Drafts are among them; examples (`*.example`), the office's and the packaged ones, only by name. Invalid names
    every fault of all.
    """
    found: list[tuple[Path, Plan]] = []
    faults: list[Fault] = []
    for folder in (*plan_files.folders(office.config.jobs, named=plan_id), *_packaged(office, plan_id)):
        try:
            found.append((folder, plan_files.load(folder)))
        except Invalid as error:
            faults += error.faults
    faults += _twins(found)
    if faults:
        raise Invalid(faults)
    chosen = [(folder, each) for folder, each in found if plan_id in (None, each.id, folder.name)]
    if not chosen:
        raise NotFound(_unknown(str(plan_id), [each.id for _folder, each in found]))
    return iter(chosen)


def _packaged(office: Office, plan_id: str | None) -> Iterator[Path]:
    """The packaged example of that name, where the office has none."""
    for folder in share.JOBS.glob(f"*{plan_files.EXAMPLE}") if plan_id is not None else ():
        if plan_id in (folder.name, folder.stem) and not (office.config.jobs / folder.name).exists():
            yield folder


def rehearsable(office: Office, plan_id: str | None) -> list[tuple[Plan, dict[str, str]]]:
    """The plans to live through, with their files' texts: the one named, draft or not, or all that are no drafts."""
    found = [(each, plan_files.read_texts(folder)) for folder, each in folders(office, plan_id)]
    chosen = [(each, texts) for each, texts in found if plan_id is not None or not each.draft]
    if not chosen:
        message = _("all plans here are drafts; name one: --plan {plan}")
        raise NotFound(message.format(plan=found[0][0].id))
    return chosen


def _unknown(name: str, known: list[str]) -> str:
    message = _("there is no plan {name}; there is {known}").format(name=name, known=", ".join(known))
    close = nearest(name, known, most=1)
    return message + (_("; did you mean {word}?").format(word=close[0]) if close else "")


def _twins(found: list[tuple[Path, Plan]]) -> Iterator[Fault]:
    """Two folders with one id would undo each other at every sync."""
    first: dict[str, Path] = {}
    for folder, each in found:
        if each.id in first and not plan_files.is_example(folder):
            message = _("{id} is the id of {folder} already").format(id=each.id, folder=first[each.id])
            yield Fault(file=str(folder / plan_files.PLAN_FILE), key="id", message=message)
        first.setdefault(each.id, folder)


def warn_of_lost(office: Office) -> list[str]:
    """A sentence for each plan that is tracked though its folder is gone: its letters go on."""
    if not office.database_path.exists():
        return []
    known = {each.id for _folder, each in folders(office, None)}
    with office.glance() as opened:
        lost = sorted(set(opened.zones()) - known)
    words = _("{plan} is tracked, but its folder is gone from {jobs}: its letters go on")
    return [words.format(plan=plan_id, jobs=office.config.jobs) for plan_id in lost]
