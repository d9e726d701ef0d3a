"""What templates are given: a letter as plain dicts of clean words, each row with the phrases that are said of it.

Made once for subject, text and HTML together. Pure; imports mail.letter, mail.phrases and mail.wrapping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from wsyf_scheduler.mail.letter import Letter, LetterKind, PlanFacts, Row, Section, Standing, Waiting
from wsyf_scheduler.mail.phrases import (
    LETTERS,
    basis,
    book,
    clean,
    clip,
    due,
    full,
    left,
    listed,
    numeral,
    post,
    told,
    verb,
)
from wsyf_scheduler.mail.wrapping import COLUMNS, width

Facts = Mapping[str, Any]

MONTHLY: Final = "工作月报"  # a digest that is not the coordinator's (RULES.md §4)
GLANCE: Final = 6  # rows named behind the subject in a phone's list
SIGNED_AT: Final = 14  # Han characters left free before the signature, where the office's name leaves room
OPEN_NAMED: Final = 3  # follow-ups still open that a row names
_NAMES = tuple(each.name for each in fields(Row))
_values = attrgetter(*_NAMES)
_TEXTS = tuple(each.name for each in fields(Row) if each.type == "str")


def facts(letter: Letter) -> dict[str, Any]:
    """The letter's fields, and `leads` and `supports` (its rows parted), `letter_name` and `reader` (the salutation).

    Rows, sections and the plan are dicts. A row has all its fields and their phrases besides (see `_row`); `told`
    stays as it is, since a row may have dozens of notices and templates say them by `told_before`.
    """
    on, kind = letter.on, letter.kind
    department, addressee = clean(letter.department_name), clean(letter.addressee)
    rows = [_row(row, on) for row in letter.rows]
    handed = kind is LetterKind.HAND_OVER
    if kind is LetterKind.BRIEFING or (handed and not department):
        rows = [row for group in by_department(rows) for row in group["rows"]]
    leads = _numbered([row for row in rows if row["role"] != "support"])
    supports = _numbered([row for row in rows if row["role"] == "support"])
    monthly = kind is LetterKind.DIGEST and addressee != "coordinator"
    return {
        "kind": kind.value,
        "letter_name": MONTHLY if monthly else LETTERS[kind],
        "plan": _plan(letter.plan),
        "on": on,
        "addressee": addressee,
        "department_name": department,
        "reader": department + post(addressee) if monthly or handed else department or post(addressee),
        "stand_in": clean(letter.stand_in),
        "rows": rows,
        "leads": leads,
        "supports": supports,
        "sections": [_section(section, on) for section in letter.sections],
        "standings": [_standing(each) for each in letter.standings],
        "lines": tuple(map(clean, letter.lines)),
        "headline": clean(letter.headline),
        "next_due": _row(letter.next_due, on) if letter.next_due else None,
    }


def nearest(rows: Sequence[Facts]) -> Facts:
    """The row that is due first; of several the first."""
    first: Facts = min(rows, key=_due_on)
    return first


def one_day(rows: Sequence[Facts]) -> bool:
    """Whether all rows are due on one day."""
    return len({row["due_on"] for row in rows}) == 1


def counted(rows: Sequence[Facts]) -> str:
    """（共3项）, or nothing for one row."""
    return f"（共{len(rows)}项）" if len(rows) > 1 else ""


def glance(rows: Sequence[Facts]) -> str:
    """What a phone's list shows behind the subject: the first rows' names and days left."""
    return "；".join([f"{clip(row['title'])}（{row['left']}）" for row in rows[:GLANCE]])


def by_department(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of each department together, departments in the order of their first rows, as `name` and `rows`."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["department"], []).append(row)
    return [{"name": name, "rows": group} for name, group in groups.items()]


def late(rows: Sequence[Facts]) -> list[Facts]:
    """The rows that are overdue."""
    return [row for row in rows if row["days_left"] < 0]


def today(rows: Sequence[Facts]) -> list[Facts]:
    """The rows due today."""
    return [row for row in rows if row["days_left"] == 0]


def longest(rows: Sequence[Facts]) -> str:
    """How long rows are overdue: 已逾期6天, several 均已逾期6天 or 最长已逾期20天."""
    days = [row["days_left"] for row in rows]
    several = "" if len(days) == 1 else "均" if len(set(days)) == 1 else "最长"
    return several + left(min(days))


def signed(office: str, on: date) -> str:
    """The office and the day, set to the right; the day stands under the middle of a long name."""
    day, wide = full(on), width(office)
    start = max(0, min(SIGNED_AT, (COLUMNS - wide) // 2))
    under = start + max(0, wide - width(day)) // 4
    return f"{'　' * start}{office}\n{'　' * under}{day}"


def _row(row: Row, on: date) -> dict[str, Any]:
    """A row's fields and their phrases: `due` 2月28日（周二，含当日）, `left` 还有7天, `verb` 提供.

    `original` is the first due date where it is another, `waits` what the row waits for, `told_before` who was told;
    `urgency` is late (due today or overdue), soon (within a week) or calm.
    """
    said: dict[str, Any] = dict(zip(_NAMES, _values(row), strict=True))
    for name in _TEXTS:
        if said[name]:
            said[name] = clean(said[name])
    support, original = tuple(map(clean, row.support)), row.original_due_on
    said["support"] = support
    said["after"] = _after(row.after) if row.after else None
    said["due"] = due(row.due_on, on)
    said["left"] = left(row.days_left)
    said["verb"] = verb(row.kind)
    said["basis"] = basis(said["due_basis"])
    said["original"] = due(original, on) if original and original != row.due_on else ""
    said["helpers"] = listed(support)
    said["waits"] = _waits(row.after) if row.after else ""
    said["told_before"] = told(row.told, on) if row.told else ""
    said["number"] = ""
    said["urgency"] = "late" if row.days_left <= 0 else "soon" if row.days_left <= 7 else "calm"  # noqa: PLR2004
    return said


def _numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with their `number`; who was told before is said once of rows of which it is the same (同第一项)."""
    said_at: dict[str, str] = {}
    for place, row in enumerate(rows, start=1):
        row["number"], told_before = numeral(place), row["told_before"]
        if told_before in said_at:
            row["told_before"] = f"同第{said_at[told_before]}项"
        elif told_before:
            said_at[told_before] = row["number"]
    return rows


def _after(after: Waiting) -> dict[str, Any]:
    return {"key": clean(after.key), "title": clean(after.title), "closed": after.closed, "open": _titles(after)}


def _waits(after: Waiting) -> str:
    state = "已办结" if after.closed else "尚未办结，本任务待其办结后进行"
    return f"{clean(after.key)} {clean(after.title)}（{state}）{_left_open(after)}"


def _left_open(after: Waiting) -> str:
    """；尚有5项交办事项未办结：工地脚手架整改、补发手册、应急演练等, or nothing."""
    if not after.open:
        return ""
    titles = list(dict.fromkeys(_titles(after)))
    more = "等" if len(titles) > OPEN_NAMED else ""
    return f"；尚有{len(after.open)}项交办事项未办结：{listed(map(clip, titles[:OPEN_NAMED]))}{more}"


def _titles(after: Waiting) -> tuple[str, ...]:
    return tuple(map(clean, after.open))


def _section(section: Section, on: date) -> dict[str, Any]:
    return {
        "name": clean(section.name),
        "rows": [_row(row, on) for row in section.rows],
        "lines": tuple(map(clean, section.lines)),
    }


def _standing(each: Standing) -> dict[str, Any]:
    """A department's fields; `words` says them in a line, `urgency` as of a row."""
    said: dict[str, Any] = {field.name: getattr(each, field.name) for field in fields(each)}
    department, title = clean(each.department), clean(each.title)
    rest = each.open - each.overdue - each.soon - each.submitted - each.held
    counts = {"14日内到期": each.soon, "已提交待确认": each.submitted, "暂缓通知": each.held, "其他未办结": rest}
    parts = [f"{words}{n}项" for words, n in counts.items() if n]
    if each.overdue:
        longest_one = "已逾期" if each.overdue == 1 else "最长已逾期"
        parts.insert(0, f"逾期{each.overdue}项，{longest_one}{each.days}天（{title}）")
    urgency = "late" if each.overdue else "soon" if each.soon else "calm"
    return {**said, "department": department, "title": title, "words": "；".join(parts), "urgency": urgency}


@lru_cache(maxsize=16)
def _plan(plan: PlanFacts) -> dict[str, Any]:
    """The plan's fields, and `cited`: its title and document number as letters refer to it."""
    contact = {name: clean(getattr(plan.contact, name)) for name in ("section", "phone", "email")}
    said = {name: clean(getattr(plan, name)) for name in ("id", "title", "document", "tag", "office")}
    document = f"（{said['document']}）" if said["document"] else ""
    return {**said, "contact": contact, "cited": book(said["title"]) + document}


def _due_on(row: Facts) -> date:
    due_on: date = row["due_on"]
    return due_on


ROW_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    each.__name__: each for each in (nearest, one_day, counted, glance, by_department, late, today, longest, signed)
}
