"""The form of an assignment as things stand, and the assignment a form that came back belongs to.

Imports app, files, figuring and store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from wsyf_scheduler.app import App
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.measures import Measure
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.errors import Forbidden, NotFound
from wsyf_scheduler.figuring import WHOLE, asked_of, counting, lacking, whole_plan, year_of
from wsyf_scheduler.files import form_pages, forms
from wsyf_scheduler.files.filled import Filled
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import Attachment
from wsyf_scheduler.store import figures
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.figures import FigureRow
from wsyf_scheduler.values import CONTROL

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_WHO, MOST_NOTE = 40, 200  # characters kept of who filled a form in, and of a remark
ALL = "合计"  # what stands where an industry would, for a size of the whole plan


def form_of(app: App, session: Session, plan: Plan, item: Assignment, today: date) -> forms.Form:
    """What the department is to fill in; Forbidden where the assignment asks no figures."""
    asked, year = asked_of(plan, item), year_of(plan, item)
    if not asked or year is None:
        raise Forbidden(_("{key} collects no figures, so there is no form for it").format(key=item.key))
    standing = figures.of_assignment(session, item.id)
    return _form(app, plan, item, asked, year, figures.of_plan(session, item.plan_id), standing, today)


def attachments(
    app: App, session: Session, plan: Plan, items: Sequence[Assignment], today: date
) -> tuple[Attachment, ...]:
    """A form for each assignment that still lacks figures, in their order; `plan` may come without its periods."""
    asking = [item for item in dict.fromkeys(items) if asked_of(plan, item) and year_of(plan, item) is not None]
    rows = figures.of_plan(session, plan.id) if asking else []
    found = []
    for item in asking:
        standing = [row for row in rows if row.assignment_id == item.id]
        asked, year = asked_of(plan, item), year_of(plan, item)
        if year is not None and lacking(plan, item, standing):
            form = _form(app, plan, item, asked, year, rows, standing, today)
            found.append(Attachment(name=forms.file_name(item.key), kind=XLSX, data=form_pages.write(form)))
    return tuple(found)


def _form(
    app: App,
    plan: Plan,
    item: Assignment,
    asked: Sequence[tuple[str, Measure]],
    year: int,
    rows: Sequence[FigureRow],
    standing: Sequence[FigureRow],
    today: date,
) -> forms.Form:
    names = {industry.id: industry.name for industry in plan.industries} | {WHOLE: ALL}
    departments = {each.id: each.name for each in plan.departments}
    return forms.Form(
        plan=plan.id,
        plan_title=plan.title,
        document=plan.document,
        office=plan.office,
        phone=app.config.office.phone,
        key=item.key,
        title=item.title,
        department=item.department,
        department_name=departments.get(item.department, item.department),
        data_year=year,
        due_on=item.due_on,
        made_on=today,
        rows=tuple(forms.Row(each, names[each]) for each in dict.fromkeys(each for each, _measure in asked)),
        columns=forms.columns(plan.measured, asked),
        asked=frozenset((industry, measure.id) for industry, measure in asked),
        earlier=_earlier(plan, rows, year),
        standing={(row.industry, row.measure): row.value for row in standing if row.year == year},
    )


def _earlier(plan: Plan, rows: Sequence[FigureRow], year: int) -> dict[tuple[str, str], tuple[int, forms.Value]]:
    """Of each measure the figures of the last year collected before this one."""
    known = {place: given for place, given in counting(plan, rows).items() if place.year < year}
    last: dict[str, int] = {}
    for place in known:
        last[place.measure] = max(place.year, last.get(place.measure, place.year))
    return {
        (place.industry, place.measure): (place.year, given.value)
        for place, given in known.items()
        if place.year == last[place.measure]
    }


def assignment_of(session: Session, plans: Sequence[str], filled: Filled) -> Assignment:
    """Whose form it is; Forbidden where plan, department or year are not those tracked, naming both."""
    if filled.plan not in plans:
        message = _("{file} is a form of the plan {found}; tracked here: {known}")
        raise Forbidden(message.format(file=filled.file, found=filled.plan, known=", ".join(plans) or "-"))
    try:
        item = find(session, f"{filled.plan}:{filled.key}")
    except NotFound as error:
        raise Forbidden(f"{filled.file}: {error}") from error
    if item.key != filled.key:
        raise Forbidden(
            _("{file} is the form of {found}, which is not tracked").format(file=filled.file, found=filled.key)
        )
    return item


def require_own(plan: Plan, item: Assignment, filled: Filled) -> None:
    """Raise Forbidden where a form asks another department, or another year, than the assignment does by now."""
    year = year_of(plan, item)
    if filled.department != item.department:
        message = _("{file} is a form of the department {found}; {key} is {known}'s")
        names = {"found": filled.department, "known": item.department}
        raise Forbidden(message.format(file=filled.file, key=item.key, **names))
    if filled.data_year != year:
        message = _("{file} is a form of the year {found}; {key} asks for {known}")
        raise Forbidden(message.format(file=filled.file, key=item.key, found=filled.data_year, known=year))


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What one or more forms bring for one assignment. `cells` says where each figure stands: `file: C7`."""

    item: Assignment
    plan: Plan
    year: int
    handed: dict[str, dict[str, forms.Value]]
    cells: dict[tuple[str, str], str]
    source: str


def brought(session: Session, plans: Sequence[str], filled: Iterable[Filled]) -> list[Brought]:
    """What the forms bring, an assignment at a time, the oldest year first.

    Raises Forbidden where a form is not for what is tracked here, or two give one figure two values, naming both.
    """
    found: dict[int, Brought] = {}
    for each in filled:
        item = assignment_of(session, plans, each)
        plan = whole_plan(session, item.plan_id)
        require_own(plan, item, each)
        one = found.setdefault(
            item.id, Brought(item=item, plan=plan, year=each.data_year, handed={}, cells={}, source="")
        )
        for (industry, measure), cell in each.cells.items():
            _bring(one, industry, measure, each.handed[industry][measure], f"{each.file}: {cell}")
        source = "；".join(part for part in (one.source, _source(each)) if part)
        found[item.id] = replace(one, source=source)
    return sorted(found.values(), key=lambda one: (one.year, one.item.due_on, one.item.key))


def _bring(one: Brought, industry: str, measure: str, value: forms.Value, cell: str) -> None:
    values = one.handed.setdefault(industry, {})
    if values.get(measure, value) != value:
        message = _("{key} is given twice with different values: {first} has {value}, {second} has {other}")
        first = one.cells[industry, measure]
        said = {"first": first, "value": values[measure], "second": cell, "other": value}
        raise Forbidden(message.format(key=one.item.key, **said))
    values[measure] = value
    one.cells.setdefault((industry, measure), cell)


def _source(each: Filled) -> str:
    """The paper figures came from: the file, and who filled it in."""
    who = "，".join(_clipped(part, MOST_WHO) for part in (each.who, each.phone, each.date) if part)
    said = {industry: _clipped(note, MOST_NOTE) for industry, note in each.notes.items()}
    notes = "，".join(f"{industry}：{note}" if industry else note for industry, note in said.items())
    file = each.file.rpartition("/")[2].encode("utf-8", "replace").decode()  # a name may be bytes that are no text
    return file + (f"（{who}）" if who else "") + (f"［{notes}］" if notes else "")


def _clipped(text: str, most: int) -> str:
    """What a cell says, on one line and short enough to be kept with each figure."""
    text = " ".join(CONTROL.sub(" ", text).split())
    return text if len(text) <= most else text[: most - 1] + "…"
