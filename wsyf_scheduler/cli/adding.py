"""`wsyf add`: follow-ups outside the paper, one typed or many from a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wsyf_scheduler.cli import choosing
from wsyf_scheduler.cli.office import (
    DAY,
    DEPARTMENT,
    KEY,
    PERIOD,
    Office,
    dry_run_option,
    json_option,
    login_name,
    need,
    pass_office,
    plan_option,
)
from wsyf_scheduler.cli.output import plain, print_json, say
from wsyf_scheduler.core.follow_up import OWED, FollowUp
from wsyf_scheduler.core.kind import Kind
from wsyf_scheduler.errors import Forbidden, Usage
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from wsyf_scheduler.app import TrackedPlan
    from wsyf_scheduler.core.assignment import Assignment
    from wsyf_scheduler.store.glance import Glance

EXAMPLE = """\b
  wsyf add 示范工地建设 --department 住建 --from 2022/3 \\
    --due 2023-03-31 --due 2023-06-30 --due 2023-09-30"""
HELP = "\n\n".join(
    (
        _(
            "Add a follow-up outside the paper: what a meeting, an inspection or the evaluation asked for. It has a"
            " start letter, reminders, escalations and a receipt of its own, like any task of the paper."
        ),
        _(
            "Several --department make one assignment each; several --due are its stages. A project's stages before,"
            " during and after (事前、事中、事后) are one follow-up with three due dates:"
        ),
        EXAMPLE,
        _(
            "A list for --import has the columns title, department, due and, where they are wanted, support, from,"
            " hand_in, text, period, note; or 事项、责任部门、期限、配合部门、来源、提交内容、要求、时期、备注."
            " Several departments or dates in one cell are separated by a semicolon or 、."
        ),
    )
)


@click.command(help=HELP)
@click.argument("title", required=False)
@click.option("--department", "departments", type=DEPARTMENT, multiple=True, help=_("who is to do it; may be repeated"))
@click.option("--due", "dues", type=DAY, multiple=True, help=_("by when; several are stages: parts a, b and so on"))
@click.option("--from", "origin", type=KEY, help=_("the assignment or task it comes from: a key, an id, or `last`"))
@click.option("--support", type=DEPARTMENT, multiple=True, help=_("who is to help; may be repeated"))
@click.option("--hand-in", default="", help=_("what is to be handed in"))
@click.option("--text", default="", help=_("what is asked for, in full"))
@click.option("--period", type=PERIOD, help=_("the period it is counted to; else that of --from, or of the due date"))
@click.option("--note", default="", help=_("a note for the trail"))
@click.option("--import", "file", type=click.Path(path_type=Path), help=_("a list of follow-ups, CSV or XLSX"))
@click.option("--again", is_flag=True, help=_("add it though the same is owed already"))
@plan_option
@dry_run_option
@json_option
@pass_office
def add(
    office: Office,
    /,
    title: str | None,
    file: Path | None,
    again: bool,  # noqa: FBT001 - click's way
    dry_run: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    **said: Any,
) -> None:
    """Add what was typed, or what the list holds; all of it or nothing."""
    from wsyf_scheduler.acts import add as verb

    need((title is None) != (file is None), _("say what is to be done, as TITLE, or give a list with --import FILE"))
    with office.glance() as opened:
        plan_id = _plan(office, opened, said["origin"])
        called = opened.called(plan_id)
        wanted = [_typed(title, said, called)] if title is not None else []
        if file is not None:
            _require_bare(said)
            wanted = _read(office, opened, plan_id, file, called, again=again)
    app = office.app(dry_run=dry_run)
    now = app.clock.now()
    items = verb.act(app, now, follow_ups=wanted, who=login_name(), plan_id=plan_id, again=again)
    with app.db.read() as session:
        tracked = app.plans(session)[plan_id]
    today = tracked.table.hours.day_of(now)
    if as_json:
        print_json([plain(item, today) for item in items])
        return
    _tell(tracked, items, now)
    if dry_run:
        say(_("nothing was changed"), fg="yellow")


def _plan(office: Office, opened: Glance, origin: str | None) -> str:
    """The plan it is added to: the chosen one, the origin's, or the only one there is."""
    from wsyf_scheduler.store import lookup

    known = list(opened.zones())
    if not known:
        raise Forbidden(_("no plan is tracked yet: run `wsyf plan sync` first"))
    if origin is not None:
        return lookup.origin(opened, origin, office.plan).plan_id
    if office.plan is None and len(known) > 1:
        raise Usage(_("several plans are tracked: say --plan {ids}").format(ids=" | ".join(known)))
    return office.plan or known[0]


def _typed(title: str, said: Mapping[str, Any], called: Mapping[str, str]) -> FollowUp:
    need(said["departments"], _("say who is to do it: --department"))
    need(said["dues"], _("say by when: --due"))
    return FollowUp(
        title=title,
        departments=tuple(choosing.department(each, called) for each in said["departments"]),
        dues=said["dues"],
        support=tuple(choosing.department(each, called) for each in said["support"]),
        origin=said["origin"],
        hand_in=said["hand_in"],
        text=said["text"],
        note=said["note"],
        period=said["period"],
    )


def _require_bare(said: Mapping[str, Any]) -> None:
    """A list says all by itself."""
    given = [name for name, value in said.items() if value]
    names = {"departments": "--department", "dues": "--due", "origin": "--from", "hand_in": "--hand-in"}
    if given:
        words = ", ".join(names.get(name, f"--{name}") for name in given)
        raise Usage(_("with --import the list says it: leave out {options}").format(options=words))


def _read(
    office: Office, opened: Glance, plan_id: str, file: Path, called: Mapping[str, str], *, again: bool
) -> list[FollowUp]:
    from zoneinfo import ZoneInfo

    from wsyf_scheduler.files.follow_ups import Ground, load
    from wsyf_scheduler.store import lookup

    items = opened.assignments("plan_id = :plan", {"plan": plan_id})
    owed = (
        {} if again else {(each.title, each.department, each.due_on): each.key for each in items if each.state in OWED}
    )
    ground = Ground(
        called=called,
        today=office.now(opened).astimezone(ZoneInfo(opened.zones()[plan_id])).date(),
        owed=owed,
        origin=lambda text: lookup.origin(opened, text, plan_id).name,
        periods=list(dict.fromkeys(each.period for each in items)),
    )
    return load(file, ground)


def _tell(tracked: TrackedPlan, items: Sequence[Assignment], now: datetime) -> None:
    """The assignments, and when whose departments are told."""
    from wsyf_scheduler.cli.register import print_table

    names = tracked.shorts
    print_table(items, tracked.table.hours.day_of(now), names)
    if not any(rung.serves(Kind.FOLLOW_UP) for rung in tracked.table.ladder.rungs):
        say(_("no letter goes out about them: the config's [[ladder]] has no rung for follow-ups"), fg="yellow")
    told: dict[date, list[str]] = {}
    late: list[str] = []
    for item in items:
        start = tracked.table.start(item.kind, item.begins_on, item.tracked_from, item.due_on)
        if start is not None:
            told.setdefault(start.on, []).extend(names.get(each, each) for each in (item.department, *item.support))
            late += [item.key] if start.on > item.due_on else []
    for day, departments in sorted(told.items()):
        words = _("start letters go on {day} to {departments}")
        say(words.format(day=day, departments=", ".join(dict.fromkeys(departments))))
    if late:
        words = _("due before the start letter can go, and no reminder goes before it: tell them of {keys} yourself")
        if tracked.table.hours.is_open(now, tracked.table.calendar):
            words = _("due before the start letter can go: `wsyf remind {keys}` tells them today")
        say(words.format(keys=" ".join(late)), fg="yellow")
