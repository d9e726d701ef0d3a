"""What a plan measures: the figures it collects, and the indicators its goals speak of (RULES.md §7). Pure.

A plan file declares both; one that declares none has the standard ones, those of the Gaoping plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar


class Rule(StrEnum):
    """How a goal is met."""

    BELOW = "below"  # lower than in the baseline year
    LOWER = "lower"  # at least so many percent lower than in the baseline year
    FALLING = "falling"  # lower than in the year collected before
    COVERAGE = "coverage"  # at least so many percent of the persons


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure that is handed in: a whole number an industry and year, collected with the tasks of its `form`.

    Where `parts` are given, all of them, the figure is their sum. It is at most the figure `at_most` names.
    """

    id: str
    name: str
    form: str
    industries: tuple[str, ...]
    unit: str = ""
    parts: tuple[str, ...] = ()
    at_most: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """What goals speak of: a measure as it is (`bottom` is None), or `top` over `bottom`.

    With `total` a period's goal is about the sum over its industries. With `alone` a department may hand in the
    quotient by itself where only that is known. `rules` are those that goals may judge it by.
    """

    id: str
    name: str
    top: str
    bottom: str | None = None
    industries: tuple[str, ...]
    rules: tuple[Rule, ...]
    total: bool = True
    alone: bool = False

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures it is made of, top first."""
        return (self.top,) if self.bottom is None else (self.top, self.bottom)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A size of the whole plan, of no industry, shown year by year: a pool of experts. `aim` is the paper's word."""

    id: str
    name: str
    unit: str = ""
    aim: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All a plan measures, in the order of its tables."""

    measures: tuple[Measure, ...]
    indicators: tuple[Indicator, ...]
    counts: tuple[Count, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms figures are collected with."""
        return tuple(dict.fromkeys(measure.form for measure in self.measures))

    def measure(self, name: str) -> Measure:
        """The measure of that id; KeyError where there is none."""
        return _of(self.measures, name)

    def indicator(self, name: str) -> Indicator:
        """The indicator of that id; KeyError where there is none."""
        return _of(self.indicators, name)

    def of_form(self, form: str, industries: Iterable[str]) -> tuple[tuple[str, Measure], ...]:
        """What a form asks of these industries, as industry and measure, industries first."""
        return tuple(
            (industry, measure)
            for industry in industries
            for measure in self.measures
            if measure.form == form and industry in measure.industries
        )


Known = TypeVar("Known", Measure, Indicator)


NOTHING_MEASURED = Measured(measures=(), indicators=())


def _of(known: tuple[Known, ...], name: str) -> Known:
    for each in known:
        if each.id == name:
            return each
    raise KeyError(name)


COMPARED = (Rule.BELOW, Rule.LOWER)


def standard(key: tuple[str, ...], dust: tuple[str, ...]) -> Measured:
    """The measures of RULES.md §7 over the key industries and those exposed to dust."""
    return Measured(measures=_standard_measures(key, dust), indicators=_standard_indicators(key, dust))


def _standard_measures(key: tuple[str, ...], dust: tuple[str, ...]) -> tuple[Measure, ...]:
    both = (*key, *dust)
    return (
        Measure(id="accidents", name="事故起数", unit="起", form="accidents", industries=key),
        Measure(
            id="casualties",
            name="伤亡人数",
            unit="人",
            form="accidents",
            industries=key,
            parts=("deaths", "injured"),
        ),
        Measure(
            id="early_cases",
            name="接尘工龄不足5年的劳动者新发尘肺病报告例数",
            unit="例",
            form="pneumoconiosis",
            industries=dust,
            at_most="cases",
        ),
        Measure(id="cases", name="年度报告总例数", unit="例", form="pneumoconiosis", industries=dust),
        Measure(id="persons", name="重点岗位人员数", unit="人", form="training", industries=both),
        Measure(id="trained", name="已培训人数", unit="人", form="training", industries=both, at_most="persons"),
    )


def _standard_indicators(key: tuple[str, ...], dust: tuple[str, ...]) -> tuple[Indicator, ...]:
    return (
        Indicator(id="accidents", name="事故起数", top="accidents", rules=COMPARED, industries=key),
        Indicator(id="casualties", name="伤亡人数", top="casualties", rules=COMPARED, industries=key),
        Indicator(
            id="ratio",
            name="尘肺病报告比例",
            top="early_cases",
            bottom="cases",
            rules=(Rule.FALLING,),
            industries=dust,
            total=False,
            alone=True,
        ),
        Indicator(
            id="safety_coverage",
            name="安全生产培训覆盖率",
            top="trained",
            bottom="persons",
            rules=(Rule.COVERAGE,),
            industries=key,
        ),
        Indicator(
            id="health_coverage",
            name="职业卫生培训覆盖率",
            top="trained",
            bottom="persons",
            rules=(Rule.COVERAGE,),
            industries=dust,
            total=False,
        ),
    )
