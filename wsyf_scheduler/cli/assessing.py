"""`wsyf assess`: are we on course; goals against figures, what is missing and who owes it, where it is heading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wsyf_scheduler.cli.office import Office, json_option, pass_office, plan_option
from wsyf_scheduler.cli.output import print_json, say, table
from wsyf_scheduler.core.assess import ALL, ANNEX, Assessment, Line, Verdict
from wsyf_scheduler.core.rounding import decimal, percents
from wsyf_scheduler.errors import NotFound
from wsyf_scheduler.i18n import _, ngettext

if TYPE_CHECKING:
    from wsyf_scheduler.core.measures import Count, Indicator
    from wsyf_scheduler.reports.assessing import Assessed, Heading, Size

SIGNS = {"<=": "≤", ">=": "≥", "<": "<"}
POINT = 100  # percentage points of a whole
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(help=_("Goals against figures: met, missed, or what is lacking and who owes it; papers about it."))
@click.argument("period", required=False)
@plan_option
@click.option("--xlsx", type=FILE, help=_("write figures and goals as a workbook with live formulas"))
@click.option("--docx", type=FILE, help=_("write the period's paper in Word: mid-term evaluation, or the year's work"))
@click.option("--final", is_flag=True, help=_("with --docx: the final summary of the whole plan"))
@click.option("--report", is_flag=True, help=_("with --docx: the period's report to the next level up"))
@json_option
@pass_office
def assess(office: Office, /, period: str | None, as_json: bool, **files: Any) -> None:  # noqa: FBT001
    """Assess the plans; with a period, just that one (`annex-1` is Annex 1) of those that have it."""
    from wsyf_scheduler.cli import papers
    from wsyf_scheduler.reports import assessing

    wanted = papers.Wanted(period=period, **files)
    wanted.check(as_json=as_json)
    app = office.app()
    with app.db.read() as session:
        chosen = [each for each in sorted(app.plans(session)) if office.plan in (None, each)]
        if not chosen:
            raise NotFound(_("no plan is tracked yet: run `wsyf plan sync` first"))
        found = assessing.look_all(session, chosen, period)
    if wanted.is_any:
        papers.write(app, [one.plan.id for one in found], wanted)
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
            _print_departments(one, each)
    else:
        _print_summary(one)
    for line in _owing(one):
        say(line, fg="yellow")
    for heading in one.headings:
        say(_heading(one, heading))
    for count in one.plan.measured.counts:
        say(_size(count, one.sizes[count.id]))


def _indicator(one: Assessed, line: Line) -> Indicator:
    return one.plan.measured.indicator(line.goal)


def _print_summary(one: Assessed) -> None:
    """A line a period and goal: over all where it is summed up, else how its industries stand."""
    rows = []
    for sheet in one.assessments:
        for goal in dict.fromkeys(line.goal for line in sheet.lines):
            lines = [line for line in sheet.lines if line.goal == goal]
            main = next((line for line in lines if line.industry == ALL or len(lines) == 1), None)
            rows.append(
                (
                    _period(sheet),
                    _goal(one, goal),
                    *(_cells(main, _indicator(one, main)) if main else ("", "", "", "")),
                    _count(one, lines),
                )
            )
    headers = (_("period"), _("goal"), _("baseline"), _("value"), _("change in %"), _("bound"), _("verdict"))
    table(headers, rows, keep=(0, 2, 3, 4, 5), tight=True)


def _print_in_full(one: Assessed, sheet: Assessment) -> None:
    names = {industry.id: industry.name for industry in one.plan.industries} | {ALL: _("all")}
    click.secho(_("{period}, measured by {year}").format(period=_period(sheet), year=sheet.measure_year), bold=True)
    rows = [
        (_goal(one, line.goal), names[line.industry], *_cells(line, _indicator(one, line)), _judged(one, line))
        for line in sheet.lines
    ]
    headers = (_("goal"), _("industry"), _("baseline"), _("value"), _("change in %"), _("bound"), _("verdict"))
    table(headers, rows, keep=(2, 3, 4, 5), tight=True)
    if any(line.provisional for line in sheet.lines):
        say(_("* provisional: handed in before its year had ended; `wsyf data confirm` makes it final"))


def _print_departments(one: Assessed, sheet: Assessment) -> None:
    """The goals once more on the sums of each department's own industries; nothing where none has more than one."""
    found = one.departments[sheet.period]
    if all(each.line.industry != ALL for each in found):
        return
    shorts = {department.id: department.short for department in one.plan.departments}
    names = {industry.id: industry.name for industry in one.plan.industries}
    several = Counter((each.department, each.line.goal) for each in found)
    rows = []
    for department, line in found:
        name = shorts[department]
        if several[department, line.goal] > 1:  # what is in no sum, or is asked of each industry by itself
            name += "" if line.industry == ALL else f" {names[line.industry]}"
        rows.append((name, _goal(one, line.goal), *_cells(line, _indicator(one, line)), _judged(one, line)))
    headers = (_("department"), _("goal"), _("baseline"), _("value"), _("change in %"), _("bound"), _("verdict"))
    table(headers, rows, title=_("each department, over its own industries"), keep=(0, 2, 3, 4, 5), tight=True)


def _period(sheet: Assessment) -> str:
    return _("Annex 1") if sheet.period == ANNEX else sheet.period


def _goal(one: Assessed, goal: str) -> str:
    return one.plan.measured.indicator(goal).name


def _cells(line: Line, indicator: Indicator) -> tuple[str, str, str, str]:
    """Baseline, value, change and bound (≤11.4, <6.3%, ≥70%); those in percent with digits that tell them apart."""
    change = "" if line.change_pct is None else (f"{line.change_pct:+.1f}%" if line.change_pct else "0.0%")
    sign, limit = _limit(line) or ("", None)
    exact = [None if each is None else Fraction(each) for each in (line.baseline, line.value, limit)]
    shown = _numbers([each for each in exact if each is not None], indicator)
    baseline, value, bound = ("–" if each is None else shown[each] for each in exact)
    return baseline, value, change, SIGNS[sign] + bound if sign else ""


def _limit(line: Line) -> tuple[str, Fraction] | None:
    """Sign and bound; None where the baseline is unknown."""
    if line.target is None:
        return None
    sign = line.target.rstrip("0123456789/")
    return sign, Fraction(line.target[len(sign) :])


def _numbers(values: Sequence[Fraction], indicator: Indicator) -> dict[Fraction, str]:
    """A quotient in percent; a count as it is, the bound of one, which need not be whole, with two digits."""
    return {each: decimal(each, 2) for each in values} if indicator.bottom is None else percents(values)


def _judged(one: Assessed, line: Line) -> str:
    """The verdict; of what is missed by how much, in the count's unit or in percentage points."""
    return (_missed(one, line) or _verdict(line.verdict)) + _mark(line)


def _missed(one: Assessed, line: Line) -> str:
    limit = _limit(line)
    if line.verdict is not Verdict.MISSED or limit is None or line.value is None:
        return ""
    gap, indicator = abs(line.value - limit[1]), _indicator(one, line)
    if not gap:
        return _("missed: at the bound, not below it")
    if indicator.bottom is None:
        unit = one.plan.measured.measure(indicator.top).unit
        return _("missed by {gap}").format(gap=decimal(gap, 2) + unit)
    points = next((said for n in (1, 2) if (said := decimal(gap * POINT, n)) != "0"), None)
    if points is None:
        return _("missed by less than 0.01 points")
    return _("missed by {gap} points").format(gap=points)


def _verdict(verdict: Verdict) -> str:
    names = {Verdict.MET: _("met"), Verdict.MISSED: _("missed"), Verdict.UNKNOWN: _("cannot be said")}
    return names[verdict]


def _mark(line: Line) -> str:
    return "*" if line.provisional else ""


def _count(one: Assessed, lines: list[Line]) -> str:
    """One line's verdict, or how many lines are met, missed and unknown."""
    main = next((line for line in lines if line.industry == ALL or len(lines) == 1), None)
    if main is not None:
        return _judged(one, main)
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


def _size(count: Count, sizes: Iterable[Size]) -> str:
    """The size of a pool, period by period, beside the paper's words."""
    known = _(", ").join(f"{size.period}: {size.value}{count.unit}" for size in sizes)
    aim = _(" (the paper: {aim})").format(aim=count.aim) if count.aim else ""
    return _("{name}{aim}: {known}").format(name=count.name, aim=aim, known=known or "–")


def _heading(one: Assessed, heading: Heading) -> str:
    """Where it is heading: known years, the end year's bound, and what the line through them gives."""
    names = {industry.id: industry.name for industry in one.plan.industries}
    name = _goal(one, heading.indicator) + ("" if heading.industry == ALL else f" {names[heading.industry]}")
    is_share = one.plan.measured.indicator(heading.indicator).bottom is not None
    way = heading.trend
    known = _(", ").join(f"{year}: {_value(value, is_share=is_share)}" for year, value in sorted(way.known.items()))
    words = _("{name}: {known}; going on so, {value} in {year}")
    ends = {True: _(": on course"), False: _(": off course"), None: ""}
    if way.projected is None:
        words, ends = _("{name}: {known}; too few years to say where it is heading"), {None: ""}
    elif way.end_year in way.known:
        words = _("{name}: {known}")
        ends = {True: _("; {year} reached its goal"), False: _("; {year} missed its goal"), None: ""}
    value = "" if way.projected is None else _value(way.projected, is_share=is_share)
    return (words + ends[way.is_on_course]).format(name=name, known=known or "–", value=value, year=way.end_year)


def _value(value: Fraction, *, is_share: bool) -> str:
    """A share in percent, or a count; what is projected is no whole number."""
    return decimal(value * 100, 1) + "%" if is_share else decimal(value, 1)
