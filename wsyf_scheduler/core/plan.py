"""A plan as frozen values, and its expansion into assignments (RULES.md §1). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from string import ascii_lowercase

from wsyf_scheduler.core.kind import Kind
from wsyf_scheduler.core.measures import NOTHING_MEASURED, Measured


class Basis(StrEnum):
    """Where a due date comes from."""

    DOCUMENT = "document"  # the paper states it
    PERIOD_END = "period-end"  # the paper states none: last day of the period
    OFFICE = "office"  # the office set it


class Form(StrEnum):
    """What figures a task collects, in the standard measures; a plan may declare its own."""

    ACCIDENTS = "accidents"
    PNEUMOCONIOSIS = "pneumoconiosis"
    TRAINING = "training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department: id, short name for tables, full title for letters."""

    id: str
    short: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Industry:
    """A key industry of Annex 1 and the department that answers for it."""

    id: str
    name: str
    department: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A row of Annex 1: what one industry is to reach by `year` against `baseline_year`, and by which rules."""

    industry: str
    baseline_year: int
    year: int
    aims: tuple[tuple[str, str, int | None], ...] = ()  # indicator, rule, percent
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A numbered goal of a period (工作目标); `rule` is below, lower, falling or coverage (RULES.md §7)."""

    number: int
    text: str
    rule: str
    measures: tuple[str, ...]
    baseline_year: int | None = None
    percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One due date of a task, and for data tasks the year the data are of."""

    on: date
    data_year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A numbered task (工作任务) of a period: leads are chased one by one, supports are told once."""

    number: str
    kind: Kind
    title: str
    text: str
    lead: tuple[str, ...]
    support: tuple[str, ...]
    dues: tuple[Due, ...]
    basis: Basis
    form: str | None = None
    after: str | None = None  # "period/number" of the task this one waits for
    hand_in: str = ""
    source: str = ""
    counts: str | None = None  # the size it reports, of the year it is due in
    closed_by: tuple[str, ...] = ()  # indicators: it is closed when its department's industries reach them all
    percent: int | None = None  # how much of each


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A row of Annex 2; from the first day of its first year to the last day of its last."""

    id: str
    title: str
    first_year: int
    last_year: int
    measure_year: int
    goals: tuple[Goal, ...] = ()
    tasks: tuple[Task, ...] = ()

    @property
    def begins_on(self) -> date:
        """The first day of the period."""
        return date(self.first_year, 1, 1)

    @property
    def ends_on(self) -> date:
        """The last day of the period."""
        return date(self.last_year, 12, 31)

    @property
    def length(self) -> int:
        """How many years it spans; of several periods a date lies in, it belongs to the shortest."""
        return self.last_year - self.first_year


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One document: departments, industries, Annex 1 targets, and periods with their tasks, standing ones included."""

    id: str
    title: str
    tag: str
    document: str
    issued: date
    zone: str
    lead: str
    office: str
    departments: tuple[Department, ...]
    industries: tuple[Industry, ...] = ()
    targets: tuple[Target, ...] = ()
    measured: Measured = NOTHING_MEASURED
    roles: tuple[tuple[str, str], ...] = ()
    superior: str = ""  # the next level up, whom the lead department reports to year by year
    periods: tuple[Period, ...] = ()
    draft: bool = False  # may be looked at and rehearsed, but not tracked

    def department(self, department_id: str) -> Department:
        """The department of that id; KeyError where there is none."""
        for department in self.departments:
            if department.id == department_id:
                return department
        raise KeyError(department_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An assignment as the plan wants it: one department, one due date (责任事项)."""

    key: str
    period: str
    period_begins_on: date
    number: str
    part: str
    department: str
    kind: Kind
    title: str
    text: str
    due_on: date
    basis: Basis
    support: tuple[str, ...] = ()
    data_year: int | None = None
    form: str | None = None
    after: str | None = None
    hand_in: str = ""
    position: int = field(default=0, compare=False)


def part_name(index: int) -> str:
    """The index-th part, from 0: a, b … z, aa, ab and so on."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = ascii_lowercase[rest] + name
    return name


def part_index(part: str) -> int:
    """The inverse of part_name; no part counts as the first."""
    index = 0
    for letter in part:
        index = index * 26 + ascii_lowercase.index(letter) + 1
    return max(index - 1, 0)


def assignment_key(period: str, number: str, part: str, department: str) -> str:
    """`{period}/{number}{part}/{department}`."""
    return f"{period}/{number}{part}/{department}"


def others(plan_departments: tuple[str, ...], lead: tuple[str, ...]) -> tuple[str, ...]:
    """Every department of the plan but the leads, in the plan's order."""
    return tuple(department for department in plan_departments if department not in lead)


def expand(plan: Plan) -> tuple[Wanted, ...]:
    """The assignments of a plan, in the order of its periods, tasks, parts and leads (62 for Gaoping's Annex 2)."""
    wanted = [item for period in plan.periods for task in period.tasks for item in _of_task(plan, period, task)]
    return tuple(replace(item, position=position) for position, item in enumerate(wanted))


def _of_task(plan: Plan, period: Period, task: Task) -> list[Wanted]:
    answering = {industry.department for industry in plan.industries}

    def worded(text: str, year: int | None) -> str:
        return text if year is None else text.replace("{data_year}", str(year))

    return [
        Wanted(
            key=assignment_key(period.id, task.number, part, department),
            period=period.id,
            period_begins_on=period.begins_on,
            number=task.number,
            part=part,
            department=department,
            kind=task.kind,
            title=worded(task.title, due.data_year),
            text=task.text,
            due_on=due.on,
            basis=task.basis,
            support=task.support,
            data_year=_data_year(period, task, due, department in answering),
            form=task.form if task.form != Form.TRAINING or department in answering else None,
            after=task.after,
            hand_in=worded(task.hand_in, due.data_year),
        )
        for index, due in enumerate(task.dues)
        for part in [part_name(index) if len(task.dues) > 1 else ""]
        for department in task.lead
    ]


def _data_year(period: Period, task: Task, due: Due, answering: bool) -> int | None:  # noqa: FBT001 - private
    """Training figures are asked only of departments that answer for an industry (RULES.md §7)."""
    if task.form == Form.TRAINING:
        return (due.data_year or period.measure_year) if answering else None
    return due.data_year
