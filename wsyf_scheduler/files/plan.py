"""Plan folders (plan.toml and one file a period) into core values; docs/plan-format.md is the contract.

Imports core, errors, reading, files. A plan is read from a mapping of file name to text, so that what was tracked can
be read again from the database exactly as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wsyf_scheduler.core.ladder import ROLES
from wsyf_scheduler.core.plan import (
    Department,
    Due,
    Industry,
    Period,
    Plan,
    assignment_key,
    part_name,
)
from wsyf_scheduler.errors import Fault, Invalid, reason
from wsyf_scheduler.files.dues import Span
from wsyf_scheduler.files.measures import read_measured, read_target
from wsyf_scheduler.files.periods import identifier, read_period
from wsyf_scheduler.files.tasks import Entry, read_task
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import Document, Table, decode
from wsyf_scheduler.values import shown, unknown_word

PLAN_FILE = "plan.toml"
EXAMPLE = ".example"


def folders(jobs: Path, *, named: str | None = None) -> list[Path]:
    """The plan folders below the jobs folder, by name; raises Invalid where there is none.

    Examples (`*.example`) are left out, but for the one that is `named`, with or without that ending.
    """
    every = sorted(path.parent for path in jobs.glob(f"*/{PLAN_FILE}"))
    found = [path for path in every if not is_example(path) or (named and named in (path.name, path.stem))]
    if not found:
        message = _("no plan here: expected a folder with a {name}").format(name=PLAN_FILE)
        raise Invalid([Fault(file=str(jobs), message=message)])
    return found


def is_example(folder: Path) -> bool:
    """Whether a folder shows how a plan may be written, and is looked at by name only."""
    return folder.name.endswith(EXAMPLE)


def read_texts(folder: Path) -> dict[str, str]:
    """The TOML files of a plan folder, name to text; raises Invalid where one cannot be read as UTF-8."""
    texts, faults = {}, []
    for path in sorted(folder.glob("*.toml")):
        try:
            text, fault = decode(path.read_bytes(), str(path))
        except OSError as error:
            text, fault = "", Fault(file=str(path), message=_("cannot be read: {why}").format(why=reason(error)))
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
    everything = [root, *documents.values()]
    if root.faults:  # no departments are known: the other files cannot be judged
        _raise_faults(everything)
    plan = _head(root.root)
    if plan.departments:
        plan = _with_periods(plan, root, list(documents.values()))
        root.root.close()
    _raise_faults(everything)
    return plan


def head(texts: Mapping[str, str], where: str) -> Plan:
    """What a plan that was read before says of itself in plan.toml; its periods and tasks are not looked at."""
    root = Document(texts[PLAN_FILE], f"{where}/{PLAN_FILE}")
    plan = _head(root.root)
    _raise_faults([root])
    return plan


def _raise_faults(documents: Sequence[Document]) -> None:
    faults = [fault for each in documents for fault in each.faults_by_line()]
    if faults:
        raise Invalid(faults)


def _head(root: Table) -> Plan:
    departments = tuple(_department(table) for table in root.tables("departments"))
    if not departments and root.raw("departments") in (None, []):
        root.fault("departments", _("expected at least one table [[departments]]"))
    _unique(root.tables("departments"), "id")
    known = [department.id for department in departments]
    industries = tuple(_industry(table, known) for table in root.tables("industries"))
    _unique(root.tables("industries"), "id")
    measured = read_measured(root, industries)
    targets = tuple(read_target(table, industries, measured) for table in root.tables("targets"))
    _unique(root.tables("targets"), "industry")
    roles = root.table("roles")
    plan = Plan(
        id=identifier(root),
        title=root.line("title"),
        tag=root.line("tag"),
        document=root.line("document", ""),
        issued=root.day("issued"),
        zone=_zone(root),
        lead=_one_of(root, "lead", known),
        office=root.line("office"),
        superior=root.line("superior", ""),
        departments=departments,
        industries=industries,
        measured=measured,
        targets=targets,
        roles=tuple((role, roles.line(role, "")) for role in ROLES),
        draft=root.boolean("draft", default=False),
    )
    roles.close()
    return plan


def _one_of(table: Table, key: str, known: list[str]) -> str:
    return table.choice(key, known) if known else table.text(key)


def _unique(tables: list[Table], key: str) -> None:
    seen: list[object] = []
    for table in tables:
        value = table.values.get(key)
        if value in seen and value is not None:
            table.fault(key, _("duplicate: {name} stands here twice").format(name=shown(value)))
        seen.append(value)


def _zone(root: Table) -> str:
    zone = root.text("zone", "Asia/Shanghai")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        root.fault("zone", _("expected a time zone such as Asia/Shanghai, found {found}").format(found=shown(zone)))
    return zone


def _department(table: Table) -> Department:
    department = Department(id=identifier(table), short=table.line("short"), name=table.line("name"))
    table.close()
    return department


def _industry(table: Table, departments: list[str]) -> Industry:
    answering = _one_of(table, "department", departments)
    industry = Industry(id=identifier(table), name=table.line("name"), department=answering)
    table.close()
    return industry


def _with_periods(plan: Plan, root: Document, documents: list[Document]) -> Plan:
    """Read the period files and the standing tasks, and check what crosses files where every file could be read."""
    if not documents:
        root.fault("", _("the plan has no period: expected a file such as 2026.toml beside it"))
    periods: list[Period] = []
    entries: list[Entry] = []
    for document in documents:
        if not document.faults:
            period, found = read_period(document.root, plan)
            periods += [period] if period else []
            entries += found
    plan = replace(plan, periods=tuple(sorted(periods, key=lambda p: (p.first_year, p.last_year, p.id))))
    is_sound = bool(periods) and len(periods) == len(documents)
    span = Span(min(p.begins_on for p in periods), max(p.ends_on for p in periods)) if is_sound else None
    for table in root.root.tables("standing"):
        task = read_task(table, plan, span, standing=True)
        parts = _by_period(plan, task.dues) if is_sound else {}
        entries += [Entry(replace(task, dues=dues), table, period) for period, dues in parts.items()]
    if is_sound and _check_periods(documents):
        _check_keys(entries)
        _check_after(entries)
    tasks = {period.id: tuple(entry.task for entry in entries if entry.period == period.id) for period in periods}
    return replace(plan, periods=tuple(replace(period, tasks=tasks[period.id]) for period in plan.periods))


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


def _check_periods(documents: list[Document]) -> bool:
    """Whether every file has a period of its own."""
    seen: set[str] = set()
    for document in documents:
        name = document.root.table("period").text("id")
        if name in seen:
            document.fault("period.id", _("duplicate: two files have the period {name}").format(name=shown(name)))
        seen.add(name)
    return len(seen) == len(documents)


def _check_keys(entries: list[Entry]) -> None:
    """Every task once in its period, and every assignment under a key of its own."""
    numbers: set[tuple[str, str]] = set()
    keys: dict[str, str] = {}
    for entry in entries:
        name = f"{entry.period}/{entry.task.number}"
        if (entry.period, entry.task.number) in numbers:
            entry.table.fault("number", _("duplicate: task {name} stands here twice").format(name=name))
            continue
        numbers.add((entry.period, entry.task.number))
        for key in _keys_of(entry):
            other = keys.setdefault(key, name)
            if other != name:
                message = _("duplicate: task {other} has the assignment {key} already")
                entry.table.fault("number", message.format(other=other, key=key))


def _keys_of(entry: Entry) -> list[str]:
    task = entry.task
    parts = [part_name(index) for index in range(len(task.dues))] if len(task.dues) > 1 else [""]
    leads = dict.fromkeys(task.lead)
    return [assignment_key(entry.period, task.number, part, lead) for part in parts for lead in leads]


def _check_after(entries: list[Entry]) -> None:
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
