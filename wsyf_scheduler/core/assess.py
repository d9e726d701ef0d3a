"""Goals against figures: met, missed, or what is lacking, in exact arithmetic (RULES.md §7). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import gcd
from typing import NamedTuple

from wsyf_scheduler.core.measures import Indicator, Measured, Rule

ALL = "all"
ANNEX = "annex-1"


class Verdict(StrEnum):
    """What can be said of a goal."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


class Place(NamedTuple):
    """Where a figure belongs."""

    industry: str
    year: int
    measure: str


class Given(NamedTuple):
    """A figure as it stands now; a quotient handed in by itself is a Fraction, under its indicator's id."""

    value: int | Fraction
    provisional: bool = False


Figures = Mapping[Place, Given]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One goal of a period, or of Annex 1: which indicator, by which rule, of which industries."""

    indicator: str
    rule: Rule
    year: int
    baseline_year: int | None = None
    percent: int | None = None
    industries: tuple[str, ...]  # each a line
    total: bool = False  # and a line on the sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The goals of one period, or of Annex 1, in their order."""

    period: str
    measure_year: int
    asked: tuple[Asked, ...]


class Missing(NamedTuple):
    """A figure nobody has handed in, and the department that answers for its industry."""

    industry: str
    year: int
    measure: str
    department: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One goal for one industry, or on the sums (`all`).

    `value` and `baseline` are integers for counts and Fractions for quotients, None where they are not known.
    `target` is the bound as RULES.md §7 writes it; `change_pct` has one decimal.
    """

    goal: str
    industry: str
    baseline_year: int | None
    baseline: int | Fraction | None
    value: int | Fraction | None
    target: str | None
    change_pct: float | None
    provisional: bool
    verdict: Verdict
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A sheet with what can be said of each goal."""

    period: str
    measure_year: int
    lines: tuple[Line, ...]


class OfDepartment(NamedTuple):
    """A goal over what one department answers for; the line is of `all` where it sums up several industries."""

    department: str
    line: Line


class _Table(NamedTuple):
    """What every line is worked out from; `order` is the place of each measure in the plan."""

    departments: Mapping[str, str]
    figures: Figures
    order: Mapping[str, int]


class _Sum(NamedTuple):
    """Top over bottom, summed over industries; `lacking` names what is missing of it."""

    top: int
    bottom: int
    provisional: bool
    lacking: tuple[Place, ...] = ()


def assess(
    sheets: Iterable[Sheet], measured: Measured, departments: Mapping[str, str], figures: Figures
) -> tuple[Assessment, ...]:
    """What the figures say of every goal; `departments` names who answers for each industry."""
    table = _table(measured, departments, figures)
    return tuple(
        Assessment(
            period=sheet.period,
            measure_year=sheet.measure_year,
            lines=tuple(
                line for asked in sheet.asked for line in _lines(asked, measured.indicator(asked.indicator), table)
            ),
        )
        for sheet in sheets
    )


def by_department(
    sheet: Sheet, measured: Measured, departments: Mapping[str, str], figures: Figures
) -> Iterator[OfDepartment]:
    """Each goal of a sheet for every department, by departments in the order of `departments`.

    What a period asks on the sums is asked here on the sums of a department's own industries; what it asks of each
    industry by itself, as Annex 1 does, stays so.
    """
    table = _table(measured, departments, figures)
    for department in dict.fromkeys(departments.values()):
        for asked in sheet.asked:
            own = [each for each in asked.industries if departments[each] == department]
            for group in filter(None, [own] if asked.total else [[each] for each in own]):
                name = ALL if len(group) > 1 else group[0]
                yield OfDepartment(department, _line(asked, measured.indicator(asked.indicator), name, group, table))


def _table(measured: Measured, departments: Mapping[str, str], figures: Figures) -> _Table:
    return _Table(departments, figures, {each.id: place for place, each in enumerate(measured.measures)})


def _lines(asked: Asked, indicator: Indicator, table: _Table) -> Iterator[Line]:
    for industry in asked.industries:
        yield _line(asked, indicator, industry, (industry,), table)
    if asked.total:
        yield _line(asked, indicator, ALL, asked.industries, table)


def _line(asked: Asked, indicator: Indicator, name: str, industries: Sequence[str], table: _Table) -> Line:
    value = _sum(indicator, industries, asked.year, table.figures)
    compared = asked.rule is not Rule.COVERAGE
    base = None
    if compared and asked.baseline_year is not None:
        base = _sum(indicator, industries, asked.baseline_year, table.figures)
    known = base if base is not None and not base.lacking else None
    lacking = sorted(
        (*(base.lacking if base else ()), *value.lacking),
        key=lambda place: (industries.index(place.industry), place.year, table.order[place.measure]),
    )
    is_known = not lacking and (known is not None or not compared)
    nothing_to_divide = not compared and value.bottom == 0  # no persons to train: met, with no value
    return Line(
        goal=asked.indicator,
        industry=name,
        baseline_year=asked.baseline_year if compared else None,
        baseline=_number(indicator, known),
        value=None if nothing_to_divide else _number(indicator, None if value.lacking else value),
        target=_target(asked, known),
        change_pct=_change(value, known) if is_known and known is not None else None,
        provisional=value.provisional or (base is not None and base.provisional),
        verdict=_verdict(asked, value, known) if is_known else Verdict.UNKNOWN,
        missing=tuple(_missing(place, table.departments) for place in lacking),
    )


def _missing(place: Place, departments: Mapping[str, str]) -> Missing:
    return Missing(**place._asdict(), department=departments[place.industry])


def _sum(indicator: Indicator, industries: Sequence[str], year: int, figures: Figures) -> _Sum:
    """The indicator of a year over industries; one handed in as a quotient stands for itself, and in no sum."""
    top = bottom = 0
    provisional, lacking = False, []
    for industry in industries:
        places = [Place(industry, year, measure) for measure in indicator.measures]
        found = [figures.get(place) for place in places]
        if None in found and indicator.alone and len(industries) == 1:
            alone = figures.get(Place(industry, year, indicator.id))
            if alone is not None:
                return _Sum(*Fraction(alone.value).as_integer_ratio(), alone.provisional)
        lacking += [place for place, given in zip(places, found, strict=True) if given is None]
        provisional |= any(given is not None and given.provisional for given in found)
        values = [0 if given is None else int(given.value) for given in found]
        top += values[0]
        bottom += values[1] if indicator.bottom is not None else 0
    return _Sum(top, 1 if indicator.bottom is None else bottom, provisional, tuple(lacking))


def _number(indicator: Indicator, found: _Sum | None) -> int | Fraction | None:
    if found is None:
        return None
    return found.top if indicator.bottom is None else _quotient(found)


def _quotient(found: _Sum) -> Fraction:
    """Top over bottom; nothing of nothing is 0."""
    return Fraction(found.top, found.bottom) if found.bottom else Fraction(0)


def _pair(found: _Sum) -> tuple[int, int]:
    return (found.top, found.bottom) if found.bottom else (0, 1)


def _verdict(asked: Asked, value: _Sum, base: _Sum | None) -> Verdict:
    if asked.rule is Rule.COVERAGE:
        met = value.top * 100 >= _percent(asked) * value.bottom
    else:
        assert base is not None  # what is compared is known
        (top, bottom), (old, under) = _pair(value), _pair(base)
        ours, theirs = top * under, old * bottom
        if asked.rule is Rule.LOWER:
            met = ours * 100 <= theirs * (100 - _percent(asked))
        else:
            met = ours < theirs or ours == theirs == 0
    return Verdict.MET if met else Verdict.MISSED


def _target(asked: Asked, base: _Sum | None) -> str | None:
    if asked.rule is Rule.COVERAGE:
        return f">={_reduced(_percent(asked), 100)}"
    if base is None:
        return None
    top, bottom = _pair(base)
    if top == 0:
        return "<=0"
    if asked.rule is Rule.LOWER:
        return f"<={_reduced(top * (100 - _percent(asked)), bottom * 100)}"
    return f"<{_reduced(top, bottom)}"


def _percent(asked: Asked) -> int:
    assert asked.percent is not None  # the loader asks for it where the rule needs it
    return asked.percent


def _reduced(top: int, bottom: int) -> str:
    by = gcd(top, bottom)
    return f"{top // by}" if bottom == by else f"{top // by}/{bottom // by}"


def _change(value: _Sum, base: _Sum) -> float | None:
    """Change against the baseline in percent, one decimal, half away from zero; None against 0."""
    (top, bottom), (old, under) = _pair(value), _pair(base)
    if old == 0:
        return None
    tenths, rest = divmod(abs(top * under - old * bottom) * 1000, old * bottom)
    tenths += 2 * rest >= old * bottom
    return -tenths / 10 if top * under < old * bottom and tenths else tenths / 10
