"""The appendix of a paper: each figure it rests on, who handed it in, when, from which paper, what it corrected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from wsyf_scheduler.core.assess import Assessment, Place
from wsyf_scheduler.core.rounding import percents
from wsyf_scheduler.mail.phrases import full
from wsyf_scheduler.papers import wording
from wsyf_scheduler.papers.gathering import Gathered, Known
from wsyf_scheduler.store.figures import FigureRow


def appendix(told: Gathered, sheets: Iterable[Assessment], *, whole: bool) -> list[dict[str, str]]:
    """The rows in the order of industries, measures and years: those the sheets use, or all there are."""
    wanted = None if whole else set(used(told, sheets))
    order = {name: place for place, name in enumerate(["", *told.industries])}
    measures = measure_names(told)
    known = [
        (place, each)
        for place, each in told.figures.items()
        if place.industry in order and place.measure in measures and (wanted is None or place in wanted)
    ]
    rank = list(measures)
    known.sort(key=lambda found: (order[found[0].industry], rank.index(found[0].measure), found[0].year))
    return [_row(told, place, each, measures[place.measure]) for place, each in known]


def used(told: Gathered, sheets: Iterable[Assessment]) -> Iterator[Place]:
    """The places the lines of sheets are worked out from, quotients by themselves among them."""
    for sheet in sheets:
        for line in sheet.lines:
            indicator = told.plan.measured.indicator(line.goal)
            industries = indicator.industries if line.industry == "all" else (line.industry,)
            for industry in industries:
                for year in {line.baseline_year or sheet.measure_year, sheet.measure_year}:
                    for measure in (*indicator.measures, indicator.id):
                        yield Place(industry, year, measure)


def measure_names(told: Gathered) -> dict[str, str]:
    """Measures with their parts, quotients handed in by themselves, and sizes: id to name, in the plan's order."""
    names: dict[str, str] = {}
    for measure in told.plan.measured.measures:
        names[measure.id] = measure.name
        names |= {part: PARTS.get(part, part) for part in measure.parts}
    names |= {each.id: each.name for each in told.plan.measured.indicators if each.alone}
    return names | {each.id: each.name for each in told.plan.measured.counts}


PARTS = {"deaths": "死亡人数", "injured": "受伤人数"}


def _row(told: Gathered, place: Place, known: Known, name: str) -> dict[str, str]:
    row = known.row
    return {
        "industry": told.industries.get(place.industry, wording.NONE),
        "measure": name,
        "year": str(place.year),
        "value": value(row) + ("*" if known.is_provisional else ""),
        "department": told.shorts.get(row.department, row.department),
        "day": told.day_of(row.given_at).isoformat(),
        "source": row.source or wording.NONE,
        "note": note(told, known),
    }


def value(row: FigureRow) -> str:
    """A count as it is; a quotient in percent."""
    return percents([row.value])[row.value] if isinstance(row.value, Fraction) else str(row.value)


def note(told: Gathered, known: Known) -> str:
    """暂定; what stood before each correction; why it is right where it was strange."""
    said = ["暂定"] if known.is_provisional else []
    for row in known.before:
        assert row.retired_at is not None  # it stood before
        said.append(f"原报{value(row)}，{full(told.day_of(row.retired_at))}更正")
    said += [f"说明：{known.row.why}"] if known.row.why else []
    return "；".join(said)
