"""`wsyf data show`: what is handed in, by whom, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.figure_words import Names, missing_words, number, plain
from wsyf_scheduler.cli.output import say, state_name, table
from wsyf_scheduler.cli.params import KEY, PERIOD, CompletedType
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from datetime import datetime

    from wsyf_scheduler.reports.figures import Collected
    from wsyf_scheduler.store.figures import FigureRow


class PeriodOrKeyType(CompletedType):
    """A period of a plan, or an assignment as `KEY` names one; which of them, the command finds out."""

    name = "period or key"

    def words(self, config: str | None, incomplete: str, plan: str | None) -> list[tuple[str, str]]:
        """Periods, then keys, ids and `last`."""
        return [*PERIOD.words(config, incomplete, plan), *KEY.words(config, incomplete, plan)]


PERIOD_OR_KEY = PeriodOrKeyType()


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
            _("{n} of {all} in").format(n=len(each.asked) - len(each.lacking), all=len(each.asked)),
            state_name(each.item.state.value),
        )
        for each in found
    ]
    headers = (_("key"), _("assignment"), _("year"), _("due"), _("figures"), _("state"))
    table(headers, rows, keep=(0, 2, 3, 4), tight=True)


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
            say(_not_counting(each), fg="yellow")
        if each.provisional:
            say(_("* provisional: handed in before its year had ended; `wsyf data confirm` makes it final"))


def _not_counting(each: Collected) -> str:
    """Why figures that are whole do not count."""
    if each.item.state is State.OPEN:
        words = _(
            "all figures are in, and do not count while the assignment is open: hand in what is right"
            " (`wsyf data submit`, the same figures too), or close it (`wsyf done {key}`)"
        )
        return words.format(key=each.item.key)
    return _("these figures do not count: the assignment is {state}").format(state=state_name(each.item.state.value))


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
    """One assignment's figures for programs; instants are in the plan's zone."""
    zone = ZoneInfo(each.plan.zone)
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
                "given_at": _instant(row.given_at, zone),
                "who": row.who,
                "source": row.source or None,
                "why": row.why or None,
                "provisional": row.id in each.provisional and row.retired_at is None,
                "confirmed_at": _instant(row.confirmed_at, zone),
                "corrected_at": _instant(row.retired_at, zone),
            }
            for row in each.rows
        ],
        "missing": [{"industry": industry or None, "measure": measure.id} for industry, measure in each.lacking],
    }


def _instant(at: datetime | None, zone: ZoneInfo) -> str | None:
    return at.astimezone(zone).isoformat() if at else None
