"""`wsyf assess`: are we on course; goals against figures, what is missing and who owes it, where it is heading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wsyf_scheduler.cli.office import Office, json_option, pass_office
from wsyf_scheduler.cli.output import print_json, say, table
from wsyf_scheduler.core.assess import ALL, ANNEX, Assessment, Line, Verdict
from wsyf_scheduler.errors import NotFound
from wsyf_scheduler.i18n import _, ngettext

if TYPE_CHECKING:
    from wsyf_scheduler.core.measures import Count
    from wsyf_scheduler.reports.assessing import Assessed, Heading

COLOURS = {Verdict.MET: "green", Verdict.MISSED: "red", Verdict.UNKNOWN: "yellow"}


FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(help=_("Goals against figures: met, missed, or what is lacking and who owes it; papers about it."))
@click.argument("period", required=False)
@click.option("--plan", "plan_id", metavar="PLAN", help=_("this plan only"))
@click.option("--xlsx", type=FILE, help=_("write figures and goals as a workbook with live formulas"))
@click.option("--docx", type=FILE, help=_("write the period's paper in Word: mid-term evaluation, or the year's work"))
@click.option("--final", is_flag=True, help=_("with --docx: the final summary of the whole plan"))
@click.option("--report", is_flag=True, help=_("with --docx: the period's report to the next level up"))
@json_option
@pass_office
def assess(office: Office, /, period: str | None, plan_id: str | None, as_json: bool, **files: Any) -> None:  # noqa: FBT001
    """Assess the plans; with a period, just that one (`annex-1` is Annex 1)."""
    from wsyf_scheduler.cli import papers
    from wsyf_scheduler.reports import assessing

    wanted = papers.Wanted(period=period, **files)
    wanted.check(as_json=as_json)
    app = office.app()
    with app.db.read() as session:
        known = sorted(app.plans(session))
        chosen = [each for each in known if plan_id in (None, each)]
        if not chosen:
            message = _("there is no plan {name}; there is {known}")
            raise NotFound(message.format(name=plan_id or "-", known=", ".join(known) or "-"))
        found = [] if wanted.is_any else [assessing.look(session, each, period) for each in chosen]
    if wanted.is_any:
        papers.write(app, chosen, wanted)
        return
    if as_json:
        print_json([assessing.plain(each, one.plan.id) for one in found for each in one.assessments])
        return
    for one in found:
        _print(one, in_full=period is not None)


def _print(one: Assessed, *, in_full: bool) -> None:
    click.secho(one.plan.title, bold=True)
    if in_full:
        for each in one.assessments:
            _print_in_full(one, each)
    else:
        _print_summary(one)
    for line in _owing(one):
        say(line, fg="yellow")
    for heading in one.headings:
        say(_heading(one, heading))
    for count in one.plan.measured.counts:
        say(_size(count, one.sizes[count.id]))


def _print_summary(one: Assessed) -> None:
    """A line a period and goal: over all where it is summed up, else how its industries stand."""
    rows = []
    for sheet in one.assessments:
        for goal in dict.fromkeys(line.goal for line in sheet.lines):
            lines = [line for line in sheet.lines if line.goal == goal]
            main = next((line for line in lines if line.industry == ALL or len(lines) == 1), None)
            rows.append(
                (_period(sheet), _goal(one, goal), *(_cells(main) if main else ("", "", "", "")), _count(lines))
            )
    headers = (_("period"), _("goal"), _("baseline"), _("value"), _("change in %"), _("bound"), _("verdict"))
    table(headers, rows, keep=(0, 2, 3, 4, 5))


def _print_in_full(one: Assessed, sheet: Assessment) -> None:
    names = {industry.id: industry.name for industry in one.plan.industries} | {ALL: _("all")}
    click.secho(_("{period}, measured by {year}").format(period=_period(sheet), year=sheet.measure_year), bold=True)
    rows = [
        (_goal(one, line.goal), names[line.industry], *_cells(line), _verdict(line.verdict) + _mark(line))
        for line in sheet.lines
    ]
    headers = (_("goal"), _("industry"), _("baseline"), _("value"), _("change in %"), _("bound"), _("verdict"))
    table(headers, rows, keep=(2, 3, 4, 5))
    if any(line.provisional for line in sheet.lines):
        say(_("* provisional: handed in before its year had ended; `wsyf data confirm` makes it final"))


def _period(sheet: Assessment) -> str:
    return _("Annex 1") if sheet.period == ANNEX else sheet.period


def _goal(one: Assessed, goal: str) -> str:
    return one.plan.measured.indicator(goal).name


def _cells(line: Line) -> tuple[str, str, str, str]:
    change = "" if line.change_pct is None else (f"{line.change_pct:+.1f}%" if line.change_pct else "0.0%")
    return _number(line.baseline), _number(line.value), change, _bound(line)


def _bound(line: Line) -> str:
    """The bound as people write it: ≤11.4, <6.3%, ≥70%."""
    if line.target is None:
        return ""
    sign = line.target.rstrip("0123456789/")
    bound = Fraction(line.target[len(sign) :])
    is_share = sign == ">=" or isinstance(line.baseline, Fraction)
    number = (
        f"{float(bound * 100):.1f}".removesuffix(".0") + "%" if is_share else f"{float(bound):.1f}".removesuffix(".0")
    )
    return sign.replace("<=", "≤").replace(">=", "≥") + number


def _number(value: int | Fraction | None) -> str:
    """A count as it is, a quotient in percent."""
    if value is None:
        return "–"
    return f"{float(value * 100):.1f}%" if isinstance(value, Fraction) else str(value)


def _verdict(verdict: Verdict) -> str:
    names = {Verdict.MET: _("met"), Verdict.MISSED: _("missed"), Verdict.UNKNOWN: _("cannot be said")}
    return names[verdict]


def _mark(line: Line) -> str:
    return "*" if line.provisional else ""


def _count(lines: list[Line]) -> str:
    """One line's verdict, or how many lines are met, missed and unknown."""
    main = next((line for line in lines if line.industry == ALL or len(lines) == 1), None)
    if main is not None:
        return _verdict(main.verdict) + _mark(main)
    parts = []
    for verdict in Verdict:
        n = sum(line.verdict is verdict for line in lines)
        parts += [f"{_verdict(verdict)} {n}"] if n else []
    return _(", ").join(parts)


def _owing(one: Assessed) -> Iterator[str]:
    """A line a department: how many figures it owes, and with which assignments."""
    shorts = {department.id: department.short for department in one.plan.departments}
    lacking = {each for sheet in one.assessments for line in sheet.lines for each in line.missing}
    for department in [each.id for each in one.plan.departments]:
        own = [each for each in lacking if each.department == department]
        if own:
            keys = sorted({one.owed[each] for each in own if each in one.owed})
            words = ngettext("{department} owes {n} figure", "{department} owes {n} figures", len(own))
            line = words.format(department=shorts[department], n=len(own))
            yield line + (_(": {keys}").format(keys=_(", ").join(keys)) if keys else "")


def _size(count: Count, sizes: Mapping[int, int]) -> str:
    """The size of a pool, year by year, beside the paper's words."""
    known = _(", ").join(f"{year}: {size}{count.unit}" for year, size in sizes.items())
    aim = _(" (the paper: {aim})").format(aim=count.aim) if count.aim else ""
    return _("{name}{aim}: {known}").format(name=count.name, aim=aim, known=known or "–")


def _heading(one: Assessed, heading: Heading) -> str:
    """Where it is heading: known years, the end year's bound, and what the line through them gives."""
    names = {industry.id: industry.name for industry in one.plan.industries}
    name = _goal(one, heading.indicator) + ("" if heading.industry == ALL else f" {names[heading.industry]}")
    is_share = one.plan.measured.indicator(heading.indicator).bottom is not None
    values = sorted(heading.trend.known.items())
    known = _(", ").join(f"{year}: {_value(value, is_share=is_share)}" for year, value in values)
    if heading.trend.projected is None:
        return _("{name}: {known}; too few years to say where it is heading").format(name=name, known=known or "–")
    words = _("{name}: {known}; going on so, {value} in {year}")
    said = words.format(
        name=name, known=known, value=_value(heading.trend.projected, is_share=is_share), year=heading.trend.end_year
    )
    if heading.trend.is_on_course is None:
        return said
    return said + (_(": on course") if heading.trend.is_on_course else _(": off course"))


def _value(value: Fraction, *, is_share: bool) -> str:
    """A share in percent, or a count; what is projected is no whole number."""
    if is_share:
        return f"{float(value * 100):.1f}%"
    return str(value) if value.denominator == 1 else f"{float(value):.1f}"
