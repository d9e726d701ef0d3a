"""`wsyf data show`: what is handed in, by whom, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.figure_words import Names, missing_words, number, plain
from wsyf_scheduler.cli.output import say, state_name, table
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from wsyf_scheduler.reports.figures import Collected
    from wsyf_scheduler.store.figures import FigureRow


def print_overview(found: Sequence[Collected]) -> None:
    """A line an assignment: how many of its figures are in."""
    if not found:
        click.echo(_("no assignment collects figures"))
        return
    rows = [
        (
            each.item.key,
            each.item.title,
            str(each.year),
            each.item.due_on.isoformat(),
            _("{n} of {all}").format(n=len(each.asked) - len(each.lacking), all=len(each.asked)),
            state_name(each.item.state.value),
        )
        for each in found
    ]
    table((_("key"), _("what"), _("year"), _("due"), _("handed in"), _("state")), rows, keep=(0, 2, 3, 4))


def print_figures(found: Sequence[Collected]) -> None:
    """Every figure with who handed it in, when and from which paper; what was corrected is marked."""
    for each in found:
        names = Names(each.plan)
        title = f"{each.item.key} {each.item.title} ({state_name(each.item.state.value)})"
        if each.rows:
            zone = ZoneInfo(each.plan.zone)
            headers = (_("industry"), _("measure"), _("value"), _("handed in"), _("who"), _("source, and why"))
            order = {name: at for at, (name, _measure) in enumerate(reversed(each.asked))}
            rows = sorted(each.rows, key=lambda row: (-order.get(row.industry, 0), row.id))
            table(headers, [_line(each, names, row, zone) for row in rows], title=title, keep=(2, 3))
        else:
            say(title)
        if each.lacking:
            say(_("missing: {missing}").format(missing=missing_words(each.plan, each.lacking)), fg="yellow")
        elif not each.counts:
            say(_("these figures do not count while the assignment is not handed in"), fg="yellow")
        if each.provisional:
            say(_("* provisional: handed in before its year had ended; `wsyf data confirm` makes it final"))


def _line(each: Collected, names: Names, row: FigureRow, zone: ZoneInfo) -> tuple[str, ...]:
    mark = "*" if row.id in each.provisional and row.retired_at is None else ""
    said = [row.source, row.why]
    if row.retired_at is not None:
        said.append(_("corrected {day}").format(day=row.retired_at.astimezone(zone).date()))
    if row.confirmed_at is not None:
        said.append(_("confirmed {day}").format(day=row.confirmed_at.astimezone(zone).date()))
    return (
        names.industry(row.industry),
        names.measure(row.measure),
        number(row.value) + mark,
        row.given_at.astimezone(zone).date().isoformat(),
        row.who,
        "; ".join(part for part in said if part),
    )


def as_values(each: Collected) -> dict[str, object]:
    """One assignment's figures for programs."""
    return {
        "key": each.item.key,
        "plan": each.item.plan_id,
        "year": each.year,
        "state": each.item.state.value,
        "counts": each.counts,
        "figures": [
            {
                "industry": row.industry or None,
                "measure": row.measure,
                "value": plain(row.value),
                "given_at": row.given_at.isoformat(),
                "who": row.who,
                "source": row.source or None,
                "why": row.why or None,
                "provisional": row.id in each.provisional and row.retired_at is None,
                "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else None,
                "corrected_at": row.retired_at.isoformat() if row.retired_at else None,
            }
            for row in each.rows
        ],
        "missing": [{"industry": industry or None, "measure": measure.id} for industry, measure in each.lacking],
    }
