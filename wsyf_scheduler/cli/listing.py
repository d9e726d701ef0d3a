"""`wsyf list` and `wsyf show`: assignments as tables and JSON, by light reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from wsyf_scheduler.cli import choosing
from wsyf_scheduler.cli.office import (
    DAY,
    DEPARTMENT,
    KEY,
    PERIOD,
    Office,
    json_option,
    pass_office,
    plan_option,
)
from wsyf_scheduler.cli.output import plain, print_json
from wsyf_scheduler.cli.params import WordType
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.kind import Kind
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from wsyf_scheduler.store.glance import Glance


@click.command("list", help=_("Assignments: who owes what by when; follow-ups below what they came from."))
@click.option("--period", type=PERIOD, help=_("only this period, such as 2023"))
@click.option("--department", type=DEPARTMENT, help=_("only this department, by id or short name"))
@click.option("--state", type=WordType([state.value for state in State]), help=_("only this state"))
@click.option("--overdue", is_flag=True, help=_("only what is overdue"))
@click.option("--held", is_flag=True, help=_("only what is held"))
@click.option("--due-before", type=DAY, help=_("only what is due before this day"))
@click.option("--kind", type=WordType([kind.value for kind in Kind]), help=_("only this kind of task"))
@click.option("--follow-ups", is_flag=True, help=_("only follow-ups"))
@click.option("--from", "origin", type=KEY, help=_("only the follow-ups that came of this assignment or task"))
@plan_option
@json_option
@pass_office
def list_(office: Office, /, as_json: bool, origin: str | None, **wanted: Any) -> None:  # noqa: FBT001 - click's way
    """Print the assignments that match."""
    with office.glance() as opened:
        today, names = today_of(office, opened), opened.departments()
        items = of_plan(opened, office.plan)
        if wanted["department"] is not None:
            wanted["department"] = choosing.department(wanted["department"], opened.called(office.plan))
        if origin is not None:
            items = _begotten(opened, items, origin, office.plan)
    items = select(items, today, **wanted)
    if as_json:
        print_json([plain(item, today) for item in items])
        return
    from wsyf_scheduler.cli.register import print_table

    print_table(items, today, names)


def today_of(office: Office, opened: Glance) -> date:
    """The calendar day of the command's clock, in the zone of the chosen plan, or of the first."""
    from zoneinfo import ZoneInfo

    from wsyf_scheduler.core.calendar import Hours

    zones = opened.zones()
    zone = zones.get(office.plan or "") or next(iter(zones.values()), "Asia/Shanghai")
    return Hours(zone=ZoneInfo(zone)).day_of(office.now(opened))


def of_plan(opened: Glance, plan_id: str | None) -> list[Assignment]:
    """All assignments of a plan, or of all plans, in the order of plans, due days, keys."""
    return opened.assignments() if plan_id is None else opened.assignments("plan_id = :plan", {"plan": plan_id})


def _begotten(opened: Glance, items: Sequence[Assignment], text: str, plan_id: str | None) -> list[Assignment]:
    from wsyf_scheduler.core.follow_up import come_from
    from wsyf_scheduler.store.lookup import origin

    found = origin(opened, text, plan_id)
    return come_from((item for item in items if item.plan_id == found.plan_id), found.roots(items))


def select(  # noqa: PLR0913 - the filters of the command
    items: Sequence[Assignment],
    today: date,
    *,
    period: str | None,
    department: str | None,
    state: str | None,
    overdue: bool,
    held: bool,
    due_before: date | None,
    kind: str | None,
    follow_ups: bool,
) -> list[Assignment]:
    """The assignments that pass every filter given; Usage for a period there is not."""
    if period is not None:
        choosing.period(period, {item.period for item in items})
    return [
        item
        for item in items
        if (period is None or item.period == period)
        and (department is None or item.department == department)
        and (state is None or item.state.value == state)
        and (not overdue or item.is_overdue(today))
        and (not held or item.held)
        and (due_before is None or item.due_on < due_before)
        and (kind is None or item.kind == kind)
        and (not follow_ups or item.kind == Kind.FOLLOW_UP)
    ]


@click.command(help=_("One assignment: where it stands, what came of it, its history, its messages, what comes next."))
@click.argument("key", type=KEY)
@plan_option
@json_option
@pass_office
def show(office: Office, key: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Print one assignment."""
    from wsyf_scheduler.cli import showing

    with office.glance() as opened:
        sight = showing.look(office, opened, key)
    if as_json:
        print_json(showing.as_json(sight))
    else:
        showing.print_sight(sight)
