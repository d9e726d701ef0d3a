"""Plan folders (plan.toml and one file a period) into core values; docs/plan-format.md is the contract.

Imports core, errors, reading. A plan is read from a mapping of file name to text, so that what was tracked can be
read again from the database exactly as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wsyf_scheduler.core.plan import (
    FOLLOW_UP_NUMBER,
    Basis,
    Department,
    Due,
    Form,
    Goal,
    Industry,
    Kind,
    Period,
    Plan,
    Target,
    Task,
    others,
)
from wsyf_scheduler.errors import Fault, Invalid
from wsyf_scheduler.files.dues import DUE_FORMS, Span, read_dues
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import Document, Table, decode, shown, unknown_word

PLAN_FILE = "plan.toml"
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
NUMBER = re.compile(r"[0-9]+|[a-z]{2,}[a-z0-9-]*")
KINDS = tuple(kind.value for kind in Kind if kind is not Kind.FOLLOW_UP)
RULES = ("below", "lower", "falling", "coverage")
MEASURES = ("accidents", "casualties", "ratio", "safety_coverage", "health_coverage")


@dataclass(slots=True)
class _Entry:
    """A task as read, where it stands, and the period it was written for (None: a standing task)."""

    task: Task
    table: Table
    period: str | None


def folders(jobs: Path) -> list[Path]:
    """The plan folders below the jobs folder, by name; raises Invalid where there is none."""
    found = sorted(path.parent for path in jobs.glob(f"*/{PLAN_FILE}"))
    if not found:
        message = _("no plan here: expected a folder with a {name}").format(name=PLAN_FILE)
        raise Invalid([Fault(file=str(jobs), message=message)])
    return found


def read_texts(folder: Path) -> dict[str, str]:
    """The TOML files of a plan folder, name to text; raises Invalid where one cannot be read as UTF-8."""
    texts, faults = {}, []
    for path in sorted(folder.glob("*.toml")):
        text, fault = decode(path.read_bytes(), str(path))
        faults += [fault] if fault else []
        texts[path.name] = text
    if faults:
        raise Invalid(faults)
    return texts


def load(folder: Path) -> Plan:
    """Read a plan folder; raises Invalid with every fault of every file."""
    return parse(read_texts(folder), str(folder))


def parse(texts: Mapping[str, str], where: str) -> Plan:
    """Read a plan from its files' texts; `where` is named before the file in errors."""
    documents = {name: Document(text, f"{where}/{name}") for name, text in texts.items()}
    if PLAN_FILE not in documents:
        raise Invalid([Fault(file=f"{where}/{PLAN_FILE}", message=_("there is no such file"))])
    root = documents.pop(PLAN_FILE)
    plan = _head(root.root)
    entries: list[_Entry] = []
    periods = [_period(document.root, plan, entries) for document in documents.values() if not document.faults]
    plan = replace(plan, periods=tuple(sorted(periods, key=lambda p: (p.first_year, p.last_year, p.id))))
    if not documents:
        root.fault("", _("the plan has no period: expected a file such as 2026.toml beside it"))
    elif periods:
        plan = _with_tasks(plan, entries, root.root)
    root.root.close()
    faults = [fault for document in (root, *documents.values()) for fault in document.faults]
    if faults:
        raise Invalid(faults)
    return plan


def _head(root: Table) -> Plan:
    departments = tuple(_department(table) for table in root.tables("departments"))
    if not departments:
        root.fault("departments", _("expected at least one table [[departments]]"))
    _unique(root.tables("departments"), [d.id for d in departments])
    known = [department.id for department in departments]
    industries = tuple(_industry(table, known) for table in root.tables("industries"))
    _unique(root.tables("industries"), [industry.id for industry in industries])
    roles = root.table("roles")
    plan = Plan(
        id=_identifier(root, "id"),
        title=root.text("title"),
        tag=root.text("tag"),
        document=root.text("document", ""),
        issued=root.day("issued"),
        zone=_zone(root),
        lead=root.choice("lead", known or ["-"]),
        office=root.text("office"),
        departments=departments,
        industries=industries,
        targets=tuple(_target(table, [industry.id for industry in industries]) for table in root.tables("targets")),
        roles=tuple(
            (role, roles.text(role, "")) for role in ("liaison", "convener", "director", "chief", "coordinator")
        ),
    )
    roles.close()
    return plan


def _identifier(table: Table, key: str) -> str:
    value = table.text(key)
    if value and not IDENTIFIER.fullmatch(value):
        table.fault(key, _("expected letters, digits and hyphens, found {found}").format(found=shown(value)))
    return value


def _unique(tables: list[Table], ids: list[str]) -> None:
    for index, (table, name) in enumerate(zip(tables, ids, strict=True)):
        if name in ids[:index]:
            table.fault("id", _("duplicate: {name} stands here twice").format(name=shown(name)))


def _zone(root: Table) -> str:
    zone = root.text("zone", "Asia/Shanghai")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        root.fault("zone", _("expected a time zone such as Asia/Shanghai, found {found}").format(found=shown(zone)))
    return zone


def _department(table: Table) -> Department:
    department = Department(id=_identifier(table, "id"), short=table.text("short"), name=table.text("name"))
    table.close()
    return department


def _industry(table: Table, departments: list[str]) -> Industry:
    industry = Industry(
        id=_identifier(table, "id"), name=table.text("name"), department=table.choice("department", departments or ["-"])
    )
    table.close()
    return industry


def _optional(table: Table, key: str) -> int | None:
    return table.integer(key, least=0) if table.has(key) else None


def _target(table: Table, industries: list[str]) -> Target:
    target = Target(
        industry=table.choice("industry", industries or ["-"]),
        baseline_year=table.integer("baseline_year"),
        year=table.integer("year"),
        reduction_pct=_optional(table, "reduction_pct"),
        ratio=table.choice("ratio", ("falling",)) if table.has("ratio") else None,
        safety_coverage_pct=_optional(table, "safety_coverage_pct"),
        health_coverage_pct=_optional(table, "health_coverage_pct"),
        text=table.text("text", ""),
    )
    table.close()
    return target


def _period(root: Table, plan: Plan, entries: list[_Entry]) -> Period:
    table = root.table("period")
    first, last = table.integer("first_year"), table.integer("last_year")
    period = Period(
        id=_identifier(table, "id"),
        title=table.text("title", ""),
        first_year=min(max(first, 1), 9999),
        last_year=min(max(last, 1), 9999),
        measure_year=table.integer("measure_year", last),
        goals=tuple(_goal(goal) for goal in root.tables("goals")),
    )
    if last < first:
        table.fault("last_year", _("expected {first} or later").format(first=first))
    if not root.has("tasks"):
        root.fault("", _("no [[tasks]] here"))
    span = Span(period.begins_on, period.ends_on)
    entries += [_Entry(_task(item, plan, span), item, period.id) for item in root.tables("tasks")]
    table.close()
    root.close()
    return period


def _goal(table: Table) -> Goal:
    measures = table.texts("measures")
    for measure in measures:
        if measure not in MEASURES:
            table.fault("measures", unknown_word(measure, MEASURES))
    goal = Goal(
        number=table.integer("number"),
        text=table.text("text"),
        rule=table.choice("rule", RULES),
        measures=measures,
        baseline_year=_optional(table, "baseline_year"),
        percent=_optional(table, "percent"),
    )
    table.close()
    return goal


def _task(table: Table, plan: Plan, span: Span, *, standing: bool = False) -> Task:
    lead = _departments(table, "lead", plan)
    if not lead and "lead" in table.values:
        table.fault("lead", _("expected at least one department"))
    elif not lead:
        table.fault("lead", _('missing: expected {expected}').format(expected=_('a list of text such as ["hrss"]')))
    kind = Kind(table.choice("kind", KINDS))
    dues, basis = _dues(table, span, standing)
    form = Form(table.choice("form", [form.value for form in Form])) if table.has("form") else None
    task = Task(
        number=_number(table),
        kind=kind,
        title=table.text("title"),
        text=table.text("text", ""),
        lead=lead,
        support=_support(table, plan, lead),
        dues=dues,
        basis=basis,
        form=form,
        after=table.text("after", "") or None,
        hand_in=table.text("hand_in", ""),
        source=table.text("source", ""),
    )
    table.close()
    return task


def _number(table: Table) -> str:
    raw = table.raw("number")
    value = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else table.text("number")
    if value and not NUMBER.fullmatch(value):
        expected = _("a number, or a word of at least two lower-case letters")
        table.fault("number", _("expected {expected}, found {found}").format(expected=expected, found=shown(value)))
    if FOLLOW_UP_NUMBER.fullmatch(value):
        table.fault("number", _("f1, f2 … are kept for follow-ups"))
    return value


def _departments(table: Table, key: str, plan: Plan) -> tuple[str, ...]:
    known = [department.id for department in plan.departments]
    names = table.texts(key)
    for index, name in enumerate(names):
        if name not in known:
            table.fault(key, unknown_word(name, known))
        if name in names[:index]:
            table.fault(key, _("duplicate: {name} stands here twice").format(name=shown(name)))
    return names


def _support(table: Table, plan: Plan, lead: tuple[str, ...]) -> tuple[str, ...]:
    if table.raw("support") == "others":
        return others(tuple(department.id for department in plan.departments), lead)
    support = _departments(table, "support", plan)
    for name in support:
        if name in lead:
            table.fault("support", _("{name} leads this task already").format(name=shown(name)))
    return support


def _dues(table: Table, span: Span, standing: bool) -> tuple[tuple[Due, ...], Basis]:  # noqa: FBT001 - private
    if table.has("due"):
        basis = Basis(table.choice("basis", (Basis.DOCUMENT.value, Basis.OFFICE.value), Basis.DOCUMENT.value))
        return read_dues(table, span, bounded=not standing), basis
    if standing:
        table.fault("due", _("missing: expected {expected}").format(expected=DUE_FORMS()))
    if table.has("basis"):
        table.choice("basis", (Basis.PERIOD_END.value,))
    year = table.integer("data_year") if isinstance(table.raw("data_year"), int) else None
    if isinstance(table.raw("data_year"), str):
        year = span.last.year - (table.choice("data_year", ("previous", "same")) == "previous")
    return (Due(on=span.last, data_year=year),), Basis.PERIOD_END


def _with_tasks(plan: Plan, entries: list[_Entry], root: Table) -> Plan:
    """Put every task into its period, standing ones by the days of their dates, and check what crosses files."""
    span = Span(min(p.begins_on for p in plan.periods), max(p.ends_on for p in plan.periods))
    for table in root.tables("standing"):
        task = _task(table, plan, span, standing=True)
        entries += [
            _Entry(replace(task, dues=dues), table, period) for period, dues in _by_period(plan, task.dues).items()
        ]
    _check_keys(plan, entries)
    _check_after(entries)
    periods = [
        replace(period, tasks=tuple(entry.task for entry in entries if entry.period == period.id))
        for period in plan.periods
    ]
    return replace(plan, periods=tuple(periods))


def period_of(plan: Plan, day: date) -> Period:
    """The period a day belongs to: the shortest of those it lies in, the last where it lies in none (RULES.md §1)."""
    inside = [period for period in plan.periods if period.begins_on <= day <= period.ends_on]
    return min(inside, key=lambda p: (p.length, p.first_year)) if inside else plan.periods[-1]


def _by_period(plan: Plan, dues: tuple[Due, ...]) -> dict[str, tuple[Due, ...]]:
    found: dict[str, tuple[Due, ...]] = {}
    for due in dues:
        period = period_of(plan, due.on).id
        found[period] = (*found.get(period, ()), due)
    return found


def _check_keys(plan: Plan, entries: list[_Entry]) -> None:
    periods = [period.id for period in plan.periods]
    seen: set[tuple[str | None, str]] = set()
    for entry in entries:
        name = (entry.period, entry.task.number)
        if name in seen:
            message = _("duplicate: task {name} stands here twice").format(name=f"{entry.period}/{entry.task.number}")
            entry.table.fault("number", message)
        seen.add(name)
        if entry.period is not None and periods.count(entry.period) > 1:
            message = _("duplicate: two files have the period {name}").format(name=shown(entry.period))
            entry.table.document.fault("period.id", message)
            periods = [period for period in periods if period != entry.period]


def _check_after(entries: list[_Entry]) -> None:
    waits = {f"{entry.period}/{entry.task.number}": entry.task.after for entry in entries}
    for entry in entries:
        name, after = f"{entry.period}/{entry.task.number}", entry.task.after
        if after is None:
            continue
        if after not in waits:
            entry.table.fault("after", unknown_word(after, waits))
            continue
        chain = [name]
        while after is not None and after not in chain:
            chain.append(after)
            after = waits.get(after)
        if after == name:
            message = _("waits in a circle: {chain}").format(chain=" → ".join([*chain, name]))
            entry.table.fault("after", message)
