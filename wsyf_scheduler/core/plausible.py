"""What a department's figures can be: impossible is refused, unlikely is asked back (docs/figures.md). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import partial

from wsyf_scheduler.core.measures import Indicator, Measure, Measured

MANY = 5  # so many a year, and none is worth a question
JUMP = Fraction(1, 2)  # of the year before: a change by more is worth a question

Entry = Mapping[str, int | Fraction]  # what is handed in for one industry: measure, part or quotient, to value


class Oddity(StrEnum):
    """What is wrong, or strange, with a figure."""

    NEGATIVE = "negative"
    NOT_WHOLE = "not-whole"  # half an accident
    ABOVE = "above"  # more than the figure it is at most: trained above persons
    NOT_THE_SUM = "not-the-sum"  # casualties are deaths and injured
    PARTS_MISSING = "parts-missing"  # deaths without injured
    BOTH = "both"  # a quotient beside the figures it is made of
    NO_SHARE = "no-share"  # a quotient below 0 or above 1
    JUMP = "jump"  # more than half up or down on the year before
    NONE_AFTER_MANY = "none-after-many"
    HARMED_WITHOUT_ACCIDENT = "harmed-without-accident"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One figure that cannot be, or hardly: `than` is the figure it was held against, `year` of which year."""

    industry: str
    measure: str
    oddity: Oddity
    value: int | Fraction
    than: int | Fraction | None = None
    other: str = ""
    year: int | None = None


def completed(measured: Measured, entry: Entry) -> dict[str, int | Fraction]:
    """The entry with each sum worked out where its parts are given and it is not."""
    whole = dict(entry)
    for measure in measured.measures:
        if measure.parts and measure.id not in whole and all(part in whole for part in measure.parts):
            whole[measure.id] = sum((whole[part] for part in measure.parts), start=0)
    return whole


def impossible(measured: Measured, industry: str, entry: Entry) -> Iterator[Doubt]:
    """What cannot be true of one industry and year; `entry` is completed."""
    quotients = {each.id for each in measured.indicators if each.alone}
    for name, value in entry.items():
        if value < 0:
            yield Doubt(industry=industry, measure=name, oddity=Oddity.NEGATIVE, value=value)
        if name not in quotients and not isinstance(value, int):
            yield Doubt(industry=industry, measure=name, oddity=Oddity.NOT_WHOLE, value=value)
    for measure in measured.measures:
        yield from _impossible_measure(measure, industry, entry)
    for indicator in measured.indicators:
        yield from _impossible_quotient(indicator, industry, entry)


def _impossible_measure(measure: Measure, industry: str, entry: Entry) -> Iterator[Doubt]:
    given = [part for part in measure.parts if part in entry]
    if given and len(given) < len(measure.parts):
        lacking = next(part for part in measure.parts if part not in entry)
        yield Doubt(
            industry=industry, measure=given[0], oddity=Oddity.PARTS_MISSING, value=entry[given[0]], other=lacking
        )
    if measure.id not in entry:
        return
    value = entry[measure.id]
    if measure.parts and len(given) == len(measure.parts):
        total = sum((entry[part] for part in measure.parts), start=0)
        if value != total:
            yield Doubt(industry=industry, measure=measure.id, oddity=Oddity.NOT_THE_SUM, value=value, than=total)
    if measure.at_most is not None and value > entry.get(measure.at_most, value):
        most = entry[measure.at_most]
        yield Doubt(
            industry=industry, measure=measure.id, oddity=Oddity.ABOVE, value=value, than=most, other=measure.at_most
        )


def _impossible_quotient(indicator: Indicator, industry: str, entry: Entry) -> Iterator[Doubt]:
    if not indicator.alone or indicator.id not in entry:
        return
    value = entry[indicator.id]
    if any(measure in entry for measure in indicator.measures):
        yield Doubt(industry=industry, measure=indicator.id, oddity=Oddity.BOTH, value=value)
    if not 0 <= value <= 1:
        yield Doubt(industry=industry, measure=indicator.id, oddity=Oddity.NO_SHARE, value=value)


def unlikely(measured: Measured, industry: str, entry: Entry, before: Mapping[int, Entry]) -> Iterator[Doubt]:
    """What is worth asking back; `before` holds what stands of the industry's earlier years.

    Each figure is held against the last year it is known of; a quotient by itself against that year's cases, too.
    """
    for measure in measured.measures:
        yield from _compared(measure.id, industry, entry, before, partial(_figure, measure))
    for indicator in measured.indicators:
        if indicator.alone:
            yield from _compared(indicator.id, industry, entry, before, partial(_quotient, indicator))
    accidents, harmed = entry.get("accidents"), entry.get("casualties")
    if accidents == 0 and harmed:
        yield Doubt(
            industry=industry,
            measure="casualties",
            oddity=Oddity.HARMED_WITHOUT_ACCIDENT,
            value=harmed,
            than=0,
            other="accidents",
        )


def _figure(measure: Measure, entry: Entry) -> int | Fraction | None:
    return entry.get(measure.id)


def _quotient(indicator: Indicator, entry: Entry) -> int | Fraction | None:
    """The quotient of a year: of its counts where they are known, else as it was handed in by itself."""
    counts = [entry[name] for name in indicator.measures if name in entry]
    if len(counts) < len(indicator.measures):
        return entry.get(indicator.id)
    top, bottom = counts
    return Fraction(top, bottom) if bottom else Fraction(0)


def _compared(
    name: str,
    industry: str,
    entry: Entry,
    before: Mapping[int, Entry],
    known: Callable[[Entry], int | Fraction | None],
) -> Iterator[Doubt]:
    """The figure of that name, where it is handed in, against the last year `known` says one of."""
    earlier = {year: than for year in before if (than := known(before[year])) is not None}
    if name not in entry or not earlier:
        return
    year = max(earlier)
    value, than = entry[name], earlier[year]
    oddity = None
    if value == 0 and than >= MANY:
        oddity = Oddity.NONE_AFTER_MANY
    elif abs(Fraction(value) - than) > JUMP * than:
        oddity = Oddity.JUMP
    if oddity is not None:
        yield Doubt(industry=industry, measure=name, oddity=oddity, value=value, than=than, year=year)
