"""A period file: `[period]`, its goals, its tasks; docs/plan-format.md, "Period files".

Imports core, reading, files.
"""

from __future__ import annotations

import re

from wsyf_scheduler.core.measures import Measured
from wsyf_scheduler.core.plan import Goal, Period, Plan
from wsyf_scheduler.files.dues import Span
from wsyf_scheduler.files.tasks import Entry, read_task
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import Table
from wsyf_scheduler.values import shown, unknown_word

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
RESERVED = "annex-1"  # names Annex 1 in assessments
NEEDS = {  # which numbers go with a rule
    "below": ("baseline_year",),
    "lower": ("baseline_year", "percent"),
    "falling": (),
    "coverage": ("percent",),
}


def identifier(table: Table, key: str = "id") -> str:
    """Letters, digits and hyphens: what keys and file names are made of."""
    value = table.text(key)
    if value.strip() and not IDENTIFIER.fullmatch(value):
        table.fault(key, _("expected letters, digits and hyphens, found {found}").format(found=shown(value)))
    return value


def read_period(root: Table, plan: Plan) -> tuple[Period | None, list[Entry]]:
    """The period of a file and its tasks; None where it cannot be told which years it spans."""
    table = root.table("period")
    before = len(table.document.faults)
    name, first, last = identifier(table), table.year("first_year"), table.year("last_year")
    if name == RESERVED:
        table.fault("id", _("{name} is taken: it names Annex 1 in assessments").format(name=RESERVED))
    if len(table.document.faults) == before and last < first:
        table.fault("last_year", _("expected {first} or later, found {found}").format(first=first, found=last))
    is_sound = len(table.document.faults) == before
    period = Period(
        id=name,
        title=table.line("title", ""),
        first_year=first or 1,
        last_year=last or 1,
        measure_year=table.year("measure_year", last),
        goals=_goals(root.tables("goals"), plan.measured),
    )
    table.close()
    entries = _entries(root, plan, period.id, Span(period.begins_on, period.ends_on) if is_sound else None)
    root.close()
    return period if is_sound else None, entries


def _entries(root: Table, plan: Plan, period: str, span: Span | None) -> list[Entry]:
    if root.raw("tasks") in (None, []):
        root.fault("tasks" if root.has("tasks") else "", _("no [[tasks]] here"))
    return [Entry(read_task(table, plan, span), table, period) for table in root.tables("tasks")]


def _goals(tables: list[Table], measured: Measured) -> tuple[Goal, ...]:
    goals = tuple(_goal(table, measured) for table in tables)
    for index, (goal, table) in enumerate(zip(goals, tables, strict=True)):
        if goal.number and goal.number in [earlier.number for earlier in goals[:index]]:
            table.fault("number", _("duplicate: goal {number} stands here twice").format(number=goal.number))
    return goals


def _goal(table: Table, measured: Measured) -> Goal:
    rule = table.choice("rule", NEEDS)
    goal = Goal(
        number=table.integer("number", least=1),
        text=table.text("text"),
        rule=rule,
        measures=table.texts("measures"),
        baseline_year=table.year("baseline_year") if table.has("baseline_year") else None,
        percent=percent(table, "percent"),
    )
    is_known = table.raw("rule") == rule
    _check_measures(table, goal, measured, rule if is_known else None)
    for key in ("baseline_year", "percent") if is_known else ():
        _check_needed(table, key, rule)
    table.close()
    return goal


def _check_measures(table: Table, goal: Goal, measured: Measured, rule: str | None) -> None:
    known = [each.id for each in measured.indicators]
    allowed = [each.id for each in measured.indicators if rule is None or rule in each.rules]
    for index, measure in enumerate(goal.measures):
        if measure in known and measure not in allowed:
            expected = _('one of {known} with rule "{rule}"').format(known=", ".join(allowed), rule=goal.rule)
            message = _("expected {expected}, found {found}").format(expected=expected, found=shown(measure))
            table.fault("measures", message)
        elif measure not in known:
            table.fault("measures", unknown_word(measure, allowed))
        if measure in goal.measures[:index]:
            table.fault("measures", _("duplicate: {name} stands here twice").format(name=shown(measure)))
    if table.raw("measures") in (None, []):
        table.fault("measures", _("expected at least one of {known}").format(known=", ".join(allowed)))


def _check_needed(table: Table, key: str, rule: str) -> None:
    is_needed = key in NEEDS[rule]
    if is_needed and not table.has(key):
        expected = _("a year such as 2026") if key == "baseline_year" else _("a whole number")
        table.fault(key, _('missing: expected {expected} with rule "{rule}"').format(expected=expected, rule=rule))
    elif table.has(key) and not is_needed:
        table.fault(key, _('has no place beside rule "{rule}"').format(rule=rule))


def percent(table: Table, key: str) -> int | None:
    """A whole number from 0 to 100, or None where absent."""
    return table.integer(key, least=0, most=100) if table.has(key) else None
