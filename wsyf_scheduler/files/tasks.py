"""The tasks as a plan's files state them: `[[tasks]]` of a period and `[[standing]]`; docs/plan-format.md, "Tasks".

Imports core, reading, files.dues.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wsyf_scheduler.core.kind import FOLLOW_UP_NUMBER, Kind
from wsyf_scheduler.core.plan import Basis, Due, Form, Plan, Task, others
from wsyf_scheduler.files.dues import DUE_FORMS, NO_DAY, Span, read_data_year, read_dues
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import Table
from wsyf_scheduler.values import is_kind, shown, unknown_word

WORD = re.compile(r"[a-z]{2,}")
KINDS = tuple(kind.value for kind in Kind if kind is not Kind.FOLLOW_UP)


@dataclass(frozen=True, slots=True)
class Entry:
    """A task as read, where it stands, and the period it belongs to."""

    task: Task
    table: Table
    period: str


def read_task(table: Table, plan: Plan, span: Span | None, *, standing: bool = False) -> Task:
    """One task. `span` is the first and last day of its period, of the whole plan for a standing one; None: unknown."""
    lead = _lead(table, plan)
    kind = Kind(table.choice("kind", KINDS))
    before = len(table.document.faults)
    dues, basis = _dues(table, span, standing=standing)
    form = _form(table, plan) if table.has("form") else None
    if (
        form not in (None, Form.TRAINING)
        and len(table.document.faults) == before
        and any(due.data_year is None for due in dues)
    ):
        message = _('missing: expected the year the figures are of, such as 2022, or "previous" or "same"')
        table.fault("data_year", message)
    task = Task(
        number=_number(table),
        kind=kind,
        title=table.line("title"),
        text=table.text("text", ""),
        lead=lead,
        support=_support(table, plan, lead),
        dues=dues,
        basis=basis,
        form=form,
        after=table.line("after", "") or None,
        hand_in=table.text("hand_in", ""),
        source=table.line("source", ""),
        counts=_counts(table, plan) if table.has("counts") else None,
        closed_by=table.words("closed_by", [each.id for each in plan.measured.indicators]),
        percent=table.integer("percent", least=0, most=100) if table.has("percent") else None,
    )
    if task.closed_by and task.percent is None:
        table.fault("percent", _("missing: expected {expected}").format(expected=_("a whole number")))
    table.close()
    return task


def _counts(table: Table, plan: Plan) -> str:
    known = [each.id for each in plan.measured.counts]
    if not known:
        table.fault("counts", _("the plan declares no [[counts]]"))
    return table.choice("counts", known) if known else table.text("counts")


def _form(table: Table, plan: Plan) -> str:
    known = plan.measured.forms
    return table.choice("form", known) if known else table.text("form")


def _number(table: Table) -> str:
    raw = table.raw("number")
    if raw is None:
        return table.text("number")
    if is_kind(raw, int) and raw >= 1:
        return str(raw)
    if isinstance(raw, str) and FOLLOW_UP_NUMBER.fullmatch(raw):
        table.fault("number", _("f1, f2 … are kept for follow-ups"))
    elif not isinstance(raw, str) or not WORD.fullmatch(raw):
        expected = _("a number from 1 on without quotes, or a word of at least two lower-case letters")
        table.fault("number", _("expected {expected}, found {found}").format(expected=expected, found=shown(raw)))
    return str(raw)


def _lead(table: Table, plan: Plan) -> tuple[str, ...]:
    lead = _departments(table, "lead", plan)
    if table.raw("lead") == []:
        table.fault("lead", _("expected at least one department"))
    elif not table.has("lead"):
        table.fault("lead", _("missing: expected {expected}").format(expected=_('a list of text such as ["hrss"]')))
    return lead


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
    raw = table.raw("support")
    if raw == "others":
        return others(tuple(department.id for department in plan.departments), lead)
    if isinstance(raw, str):
        expected = _('a list of departments, or "others"')
        table.fault("support", _("expected {expected}, found {found}").format(expected=expected, found=shown(raw)))
        return ()
    support = _departments(table, "support", plan)
    for name in dict.fromkeys(support):
        if name in lead:
            table.fault("support", _("{name} leads this task already").format(name=shown(name)))
    return support


def _dues(table: Table, span: Span | None, *, standing: bool) -> tuple[tuple[Due, ...], Basis]:
    if table.has("due"):
        basis = Basis(table.choice("basis", (Basis.DOCUMENT.value, Basis.OFFICE.value), Basis.DOCUMENT.value))
        return read_dues(table, span, bounded=not standing), basis
    if standing:
        table.fault("due", _("missing: expected {expected}").format(expected=DUE_FORMS()))
        table.has("basis")
    elif table.has("basis") and table.raw("basis") != Basis.PERIOD_END.value:
        message = _('expected "period-end" where due is left out, found {found}')
        table.fault("basis", message.format(found=shown(table.raw("basis"))))
    last = span.last if span else NO_DAY
    return (Due(on=last, data_year=read_data_year(table, last)),), Basis.PERIOD_END
