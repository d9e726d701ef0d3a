"""Findings in Chinese, for the alert to the coordinator: plain, polite, exact. Imports core and mail's phrases."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from wsyf_scheduler.audit.finding import Finding, Kind
from wsyf_scheduler.mail.letter import LetterKind
from wsyf_scheduler.mail.phrases import LETTERS

LEADERS = {"director": "办公室主任", "chief": "总召集人"}
NOTIFY = "notify"
SILENCE_UNRECORDED = "{letter}应记为不发，未见记录。"
FAULTS = {
    Kind.MISSING: "应发{letter}，未发。",
    Kind.LATE: "{letter}迟至{when}才作处理。",
    Kind.NOT_OWED: "{letter}按规则不应发{mail}。",
    Kind.OTHERWISE: "{letter}的处理与规则不符{mail}。",
    Kind.DROPPED: "{letter}在发出前被撤下，理由查无依据{mail}。",
    Kind.NO_MAIL: "{letter}已定发出，但信函不存在。",
    Kind.UNSENT: "{letter}至今未发出{mail}。",
    Kind.WRITTEN_OFF: "{letter}已作废，未送达{mail}。",
    Kind.EARLY: "{letter}提前发出{mail}。",
    Kind.OUTSIDE_WINDOW: "{letter}在规定时间之外发出{mail}。",
    Kind.SILENT: "该事项当时已不应催办，{letter}仍然发出{mail}。",
    Kind.WRONG_ADDRESS: "{letter}的收件人与当日任职名单不符{mail}。",
    Kind.UNPROVEN: "{letter}记为已发，但没有发送记录{mail}。",
    Kind.NO_ROW: "{letter}已经发出，但不涉及任何事项。",
    Kind.CHANGED: "现状与事件记录不符（{fields}）。",
    Kind.NO_TRAIL: "没有任何事件记录。",
    Kind.NOT_TRACKED: "计划文件的要求与跟踪情况不符。",
}


def sentence(finding: Finding, shorts: dict[str, str], zone: ZoneInfo) -> str:
    """One finding: which assignment, which letter, what should have been and what is; `shorts` name departments."""
    what = f"责任事项 {finding.key}" if finding.key else f"信函 {finding.message_id}"
    return f"{_day(finding.on)}，{what}：{_fault(finding, _letter(finding, shorts), zone)}"


def _letter(finding: Finding, shorts: dict[str, str]) -> str:
    """发往应急的催办（chase-1w）."""
    if not finding.letter:
        return ""
    receiver = LEADERS.get(finding.receiver) or shorts.get(finding.receiver, finding.receiver)
    rung = f"（{finding.rung}{f' 第{finding.repeat}次' if finding.repeat else ''}）" if finding.rung else ""
    return f"发往{receiver}的{LETTERS.get(LetterKind(finding.letter), finding.letter)}{rung}"


def _fault(finding: Finding, letter: str, zone: ZoneInfo) -> str:
    words = FAULTS[finding.kind]
    if finding.kind is Kind.MISSING and finding.expected.get("verdict") != NOTIFY:
        words = SILENCE_UNRECORDED
    by = finding.found.get("by")
    mail = f"（信函 {finding.message_id}）" if finding.message_id is not None else ""
    when = _moment(str(by), zone) if by else ""
    return words.format(letter=letter, mail=mail, when=when, fields="、".join(finding.found))


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _moment(text: str, zone: ZoneInfo) -> str:
    local = datetime.fromisoformat(text).astimezone(zone)
    return f"{_day(local.date())}{local.hour}时{local.minute:02}分"
