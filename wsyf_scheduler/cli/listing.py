"""`wsyf list` and `wsyf show`: assignments as tables and JSON, by light reads."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from wsyf_scheduler.cli.office import DAY, KEY, Office, json_option, pass_office
from wsyf_scheduler.cli.output import days_words, plain, print_json, state_words, table
from wsyf_scheduler.cli.params import WordType
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.kind import Kind
from wsyf_scheduler.errors import Usage, nearest
from wsyf_scheduler.i18n import _, ngettext

if TYPE_CHECKING:
    from wsyf_scheduler.store.glance import Glance


EXTENDED = "*"
MARKS = {"period-end": "°", "office": "†"}


@click.command("list", help=_("Assignments: who owes what by when."))
@click.option("--period", help=_("only this period, such as 2023"))
@click.option("--department", help=_("only this department, by id or short name"))
@click.option("--state", type=WordType([state.value for state in State]), help=_("only this state"))
@click.option("--overdue", is_flag=True, help=_("only what is overdue"))
@click.option("--held", is_flag=True, help=_("only what is held"))
@click.option("--due-before", type=DAY, help=_("only what is due before this day"))
@click.option("--kind", type=WordType([kind.value for kind in Kind]), help=_("only this kind of task"))
@json_option
@pass_office
def list_(office: Office, /, as_json: bool, **wanted: Any) -> None:  # noqa: FBT001 - click's way
    """Print the assignments that match."""
    with office.glance() as opened:
        today = today_of(office, opened)
        names = opened.departments()
        items = select(opened.assignments(), today, names, **wanted)
    if as_json:
        print_json([plain(item, today) for item in items])
    else:
        print_table(items, today, names)


def today_of(office: Office, opened: Glance) -> date:
    """The calendar day of the command's clock, in the zone of the first plan."""
    from zoneinfo import ZoneInfo

    from wsyf_scheduler.core.calendar import Hours

    zone = next(iter(opened.zones().values()), "Asia/Shanghai")
    return Hours(zone=ZoneInfo(zone)).day_of(office.now(opened))


def select(  # noqa: PLR0913 - the filters of the command
    items: list[Assignment],
    today: date,
    names: dict[str, str],
    *,
    period: str | None,
    department: str | None,
    state: str | None,
    overdue: bool,
    held: bool,
    due_before: date | None,
    kind: str | None,
) -> list[Assignment]:
    """The assignments that pass every filter given; Usage where a filter names nothing there is."""
    department = _department(department, names)
    _known(period, {item.period for item in items}, _("there is no period {name}"))
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
    ]


def _department(text: str | None, names: dict[str, str]) -> str | None:
    if text is None:
        return None
    ids = {short: department for department, short in names.items()}
    _known(text, {*names, *ids}, _("there is no department {name}"))
    return ids.get(text, text)


def _known(text: str | None, known: set[str], message: str) -> None:
    if text is not None and known and text not in known:
        close = nearest(text, sorted(known), most=3) or sorted(known)
        raise Usage(message.format(name=text) + _("; did you mean {names}?").format(names=", ".join(close)))


def print_table(items: list[Assignment], today: date, names: dict[str, str]) -> None:
    """The list as people read it."""
    rows: list[tuple[str, ...]] = [
        (str(item.id), item.key, names.get(item.department, item.department), item.title, *_due(item, today))
        for item in items
    ]
    headers = [_("id"), _("key"), _("dept."), _("task"), _("due"), _("state")]
    keep: tuple[int, ...] = (0, 1, 2, 4)
    if len({item.plan_id for item in items}) > 1:
        headers.insert(1, _("plan"))
        rows = [(row[0], item.plan_id, *row[1:]) for item, row in zip(items, rows, strict=True)]
        keep = (0, 1, 2, 3, 5)
    if rows:
        table(headers, rows, keep=keep)
        for line in _legend(items):
            click.echo(line)
    overdue = sum(item.is_overdue(today) for item in items)
    held = sum(item.held for item in items)
    line = ngettext("{n} assignment", "{n} assignments", len(items)).format(n=len(items))
    line += _(", {n} overdue").format(n=overdue) if overdue else ""
    line += _(", {n} held").format(n=held) if held else ""
    click.echo(line)


def _due(item: Assignment, today: date) -> tuple[str, str]:
    words = state_words(item, today)
    if item.state is State.OPEN and not item.held and not item.is_overdue(today):
        words = days_words(item, today)
    return f"{item.due_on}{_mark(item)}", words


def _mark(item: Assignment) -> str:
    """What stands behind a due day that is not simply the document's."""
    return EXTENDED if item.original_due_on else MARKS.get(item.due_basis, "")


def _legend(items: list[Assignment]) -> list[str]:
    meanings = {
        EXTENDED: _("* extended"),
        MARKS["period-end"]: _("° end of the period: the document states no day"),
        MARKS["office"]: _("† set by the office"),
    }
    used = {_mark(item) for item in items}
    return [meaning for mark, meaning in meanings.items() if mark in used]


@click.command(help=_("One assignment: where it stands, its history, its messages, and what comes next."))
@click.argument("key", type=KEY)
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
