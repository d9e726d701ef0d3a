"""The form a department fills its figures into: what stands on it. Imports core.

`files.form_pages` writes it as a spreadsheet, `files.filled` reads it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from wsyf_scheduler.core.measures import Measure, Measured

PART_NAMES = {"deaths": "死亡人数", "injured": "受伤人数"}
Value = int | Fraction


class Row(NamedTuple):
    """A line to fill in: an industry's id (empty: the whole plan) and its name."""

    industry: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column to fill in; `of` is the measure a part belongs to, `at_most` the one it may not exceed."""

    measure: str
    name: str
    unit: str = ""
    is_share: bool = False
    is_needed: bool = True
    of: str = ""
    at_most: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One assignment's form. `earlier` are figures collected before, with their year; `standing` what is in already."""

    plan: str
    plan_title: str
    document: str
    office: str
    phone: str
    key: str
    title: str
    department: str
    department_name: str
    data_year: int
    due_on: date
    made_on: date
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    asked: frozenset[tuple[str, str]]  # industry and measure
    earlier: Mapping[tuple[str, str], tuple[int, Value]]
    standing: Mapping[tuple[str, str], Value]


def columns(measured: Measured, asked: Sequence[tuple[str, Measure]]) -> tuple[Column, ...]:
    """What a form asks, measure by measure: each with its parts, then the quotients that may come by themselves."""
    measures = list(dict.fromkeys(measure for _industry, measure in asked))
    found: list[Column] = []
    for measure in measures:
        at_most = measure.at_most or ""
        found.append(Column(measure=measure.id, name=measure.name, unit=measure.unit, at_most=at_most))
        for part in measure.parts:
            name = PART_NAMES.get(part, part)
            found.append(Column(measure=part, name=name, unit=measure.unit, is_needed=False, of=measure.id))
    ids = [measure.id for measure in measures]
    quotients = [each for each in measured.indicators if each.alone and all(name in ids for name in each.measures)]
    found += [Column(measure=each.id, name=each.name, is_share=True, is_needed=False) for each in quotients]
    return tuple(found)


def file_name(key: str) -> str:
    """How a form is named: 数据报送表_2023-1-emergency.xlsx."""
    return f"数据报送表_{key.replace('/', '-')}.xlsx"
