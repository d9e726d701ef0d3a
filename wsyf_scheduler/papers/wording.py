"""Chinese words of the papers: numbers, bounds, changes, verdicts, states. Pure; imports core and mail.phrases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from wsyf_scheduler.core.assess import ALL, ANNEX, Line, Verdict
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.kind import FOLLOW_UP_NUMBER
from wsyf_scheduler.core.measures import Indicator, Measured
from wsyf_scheduler.core.plan import Period
from wsyf_scheduler.core.rounding import decimal, percents
from wsyf_scheduler.mail.phrases import clean, full

BLANK = "【待填】"
NONE = "—"
TOTAL = "合计"
NUMERALS = "一二三四五六七八九"
VERDICTS = {Verdict.MET: "达到", Verdict.MISSED: "未达到", Verdict.UNKNOWN: "暂不能判定"}
SIGNS = {"<=": "≤", ">=": "≥", "<": "<"}
BOUNDS = {"<=": "不高于", ">=": "不低于", "<": "低于"}
NO_XML = dict.fromkeys([0xFFFE, 0xFFFF], None)


def tidy(value: Any) -> Any:
    """The same with every text clean, however deep: on one line, without what a document cannot hold."""
    match value:
        case str():
            return clean(value).translate(NO_XML)
        case list() | tuple():
            return [tidy(each) for each in value]
        case Mapping():
            return {key: tidy(each) for key, each in value.items()}
    return value


def numeral(number: int) -> str:
    """1 is 一, 12 is 十二; headings go to 99."""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else NUMERALS[tens - 1]) + ("十" if tens else "") + (NUMERALS[ones - 1] if ones else "")  # noqa: PLR2004 - 十, not 一十


def number(value: int | Fraction | None, line: Line) -> str:
    """A value or baseline of a line: a count as it is, a quotient in percent, nothing as a dash."""
    if value is None:
        return NONE
    return _shares(line)[value] if isinstance(value, Fraction) else str(value)


def _shares(line: Line) -> dict[Fraction, str]:
    """A line's shares in percent, with digits enough to tell them apart."""
    found = bound_of(line)
    sides = [each for each in (line.baseline, line.value) if isinstance(each, Fraction)]
    return percents([*sides, found[1]] if found else sides)


def bound_of(line: Line) -> tuple[str, Fraction] | None:
    """Sign and bound of a line; None where the baseline is unknown."""
    if line.target is None:
        return None
    sign = line.target.rstrip("0123456789/")
    return sign, Fraction(line.target[len(sign) :])


def bound(line: Line, indicator: Indicator) -> str:
    """≤11.4, <6.3%, ≥70%."""
    found = bound_of(line)
    return NONE if found is None else SIGNS[found[0]] + _level(line, found[1], indicator)


def _level(line: Line, value: Fraction, indicator: Indicator) -> str:
    return decimal(value, 2) if indicator.bottom is None else _shares(line)[value]


def levels(values: Sequence[Fraction], indicator: Indicator) -> list[str]:
    """A projection and its goal: counts need not be whole, shares are told apart."""
    if indicator.bottom is None:
        return [decimal(each, 2) for each in values]
    shares = percents(values)
    return [shares[each] for each in values]


def shown(line: Line) -> str:
    """The value of a line, with a star where it is provisional."""
    return number(line.value, line) + ("*" if line.provisional else "")


def change(line: Line) -> str:
    """-10.0%, as `wsyf assess` has it; a dash where there is none."""
    return NONE if line.change_pct is None else f"{line.change_pct:+.1f}%".replace("+0.0%", "0.0%")


def changed(line: Line) -> str:
    """下降10.0%, 上升3.2% or 持平; empty where it cannot be said."""
    if line.change_pct is None:
        return ""
    if line.value == line.baseline:
        return "持平"
    word = "下降" if Fraction(line.value or 0) < Fraction(line.baseline or 0) else "上升"
    return f"{word}{abs(line.change_pct):.1f}%" if line.change_pct else f"{word}不足0.1%"


def asked(line: Line, indicator: Indicator, unit: str) -> str:
    """不高于54起; empty where the baseline is unknown."""
    found = bound_of(line)
    return "" if found is None else BOUNDS[found[0]] + _level(line, found[1], indicator) + unit


def unit_of(measured: Measured, indicator: Indicator) -> str:
    """起, 人; none for a quotient, which is in percent."""
    return measured.measure(indicator.top).unit if indicator.bottom is None else ""


def named(industry: str, names: Mapping[str, str]) -> str:
    """An industry's name, or 合计."""
    return TOTAL if industry == ALL else names.get(industry, industry)


def period_name(period: Period) -> str:
    """The paper's own words for a period: 2023年; its years where it has none."""
    years = f"{period.first_year}年" + (f"-{period.last_year}年" if period.length else "")
    return period.title or years


def sheet_name(name: str, periods: Mapping[str, Period]) -> str:
    """A period's words, or 附件1."""
    return "附件1" if name == ANNEX else period_name(periods[name]) if name in periods else name


def task_number(item: Assignment) -> str:
    """As numbered in the paper; 常设 and 交办 for what Annex 2 does not number."""
    if item.number.isdecimal():
        return item.number + item.part
    return "交办" if FOLLOW_UP_NUMBER.fullmatch(item.number) else "常设"


def due(item: Assignment) -> str:
    """The due day; after an extension the one before it, too."""
    if item.original_due_on is None or item.original_due_on == item.due_on:
        return full(item.due_on)
    return f"{full(item.due_on)}（原{full(item.original_due_on)}，已延期）"


def state(item: Assignment, today: date) -> str:
    """How an assignment stands, with its days."""
    closed = "" if item.closed_on is None else full(item.closed_on)
    match item.state:
        case State.DONE:
            late = (item.closed_on - item.due_on).days if item.closed_on else 0
            return f"{closed}办结" + (f"（逾期{late}天）" if late > 0 else "")
        case State.SUBMITTED:
            return "已提交，待确认"
        case State.WAIVED:
            return f"{closed}免予办理"
        case State.WITHDRAWN:
            return "已撤销"
    if item.is_overdue(today):
        return f"逾期{-item.days_left(today)}天未办结"
    return "办理中"
