"""Chinese phrases the letters are made of: days, due dates, posts, who was told, and clean text.

Pure functions over plain values, offered to the templates as filters. Imports only mail.letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from wsyf_scheduler.mail.letter import LetterKind, Told

POSTS: Final = {
    "liaison": "联络员",
    "convener": "召集人",
    "director": "办公室主任",
    "chief": "总召集人",
    "coordinator": "经办人",
}
LETTERS: Final = {
    LetterKind.START: "任务告知",
    LetterKind.REMINDER: "提醒",
    LetterKind.CHASER: "催办",
    LetterKind.ESCALATION: "督办",
    LetterKind.BRIEFING: "情况报告",
    LetterKind.RECEIPT: "回执",
    LetterKind.CHANGE: "变更告知",
    LetterKind.HAND_OVER: "工作交接告知",
    LetterKind.DIGEST: "工作周报",
    LetterKind.ALERT: "系统告警",
    LetterKind.TEST: "测试",
}
BASES: Final = {"document": "", "period-end": "期末（文件未写明时限，按期末计）", "office": "办公室确定"}
SECTIONS: Final = {
    "overdue": "逾期未完成",
    "due-soon": "14日内到期",
    "submitted": "已提交待确认",
    "undeliverable": "信函未送达",
    "held": "暂缓通知",
    "system": "系统运行",
    "records": "运行记录",
}
HAPPENED: Final = {
    "done": "办结",
    "returned": "退回",
    "extended": "延期",
    "waived": "免予办理",
    "withdrawn": "撤销",
    "reassigned": "转交",
    "reopened": "恢复办理",
    "due-changed": "期限调整",
}
HAND_IN: Final = {  # where the plan file does not say what to hand in (docs/plan-format.md)
    "data": "相关数据",
    "campaign": "宣传、培训工作开展情况",
    "general": "办理情况",
    "meeting": "会议纪要和议定事项",
    "inspection": "检查、调研情况",
    "evaluation": "评估报告",
    "summary": "总结报告",
    "follow-up": "办理情况",
}
DIGITS: Final = "零一二三四五六七八九"
TOLD_IN_FULL: Final = 6  # earlier notices named day by day; of more, each kind's first and latest day are
CLIP: Final = 4000  # characters kept of one value: a pasted novel must not make a letter nobody can open

_ORDER: Final = {kind: place for place, kind in enumerate(LETTERS)}  # the ladder's order
_HAN = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
_LINE_ENDS = "\n\r\t\v\f\x1c-\x1f\x85\u2028\u2029"
_LINE_BREAK = re.compile(rf"(?<=[{_HAN}])[ ]*[{_LINE_ENDS}]+[ ]*(?=[{_HAN}])")
_SPACES = re.compile(rf"[ {_LINE_ENDS}]*[{_LINE_ENDS}][ {_LINE_ENDS}]*")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNCLEAN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    """The text on one line without control characters, direction marks or half characters, at most CLIP long."""
    return _scrub(text if len(text) <= CLIP else text[:CLIP] + "……（略）")


def clean_block(text: str) -> str:
    """The same for text of several lines, which stay, and of any length."""
    return "\n".join([_scrub(line) for line in text.split("\n")])


def _scrub(text: str) -> str:
    """A line break between two Han characters goes without a trace, any other becomes one space."""
    if text.isprintable() or not _UNCLEAN.search(text):  # the first is quick, and nothing unclean is printable
        return text
    text = _SPACES.sub(" ", _LINE_BREAK.sub("", text))
    return _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", text))


def day(value: date, on: date) -> str:
    """5月31日; with its year where that is not the year of the letter's day `on`."""
    return f"{value.month}月{value.day}日" if value.year == on.year else full(value)


def full(value: date) -> str:
    """2022年5月31日."""
    return f"{value.year}年{value.month}月{value.day}日"


def weekday(value: date) -> str:
    """周二."""
    return "周" + "一二三四五六日"[value.weekday()]


@lru_cache(maxsize=1024)  # the rows of a digest fall due on a few days
def due(value: date, on: date) -> str:
    """5月31日（周二，含当日）: a due day counts to its end (RULES.md §2)."""
    return f"{day(value, on)}（{weekday(value)}，含当日）"


def left(days_left: int) -> str:
    """还有7天, 今日到期 or 已逾期3天."""
    if days_left == 0:
        return "今日到期"
    return f"还有{days_left}天" if days_left > 0 else f"已逾期{-days_left}天"


def verb(kind: str) -> str:
    """The paper's 提供 for data, 完成 for every other kind of task."""
    return "提供" if kind == "data" else "完成"


def basis(value: str) -> str:
    """Where a due date comes from, empty for one that the paper states (RULES.md §1)."""
    return BASES.get(value, value)


def post(role: str) -> str:
    """The Chinese name of a post; a name that is none of the roles is taken as it stands."""
    return POSTS.get(role, role)


def letter(kind: str) -> str:
    """The Chinese name of a kind of letter."""
    return LETTERS[LetterKind(kind)]


def section(name: str) -> str:
    """The heading of a digest's section."""
    return SECTIONS.get(name, name)


def happened(act: str) -> str:
    """What was done to an assignment, in a word."""
    return HAPPENED.get(act, act)


def listed(values: Iterable[str]) -> str:
    """Names in a row: 财政、住建."""
    return "、".join(values)


def clip(text: str, most: int = 40) -> str:
    """The text, shortened to `most` characters where it is longer."""
    return text if len(text) <= most else text[: most - 1] + "…"


def numeral(n: int) -> str:
    """一, 十二, 七十五; digits from 100 on."""
    if n not in range(1, 100):
        return str(n)
    tens, ones = divmod(n, 10)
    head = ("" if tens == 1 else DIGITS[tens]) + "十" if tens else ""
    return head + (DIGITS[ones] if ones else "")


def book(title: str) -> str:
    """A document's title in its marks, once: 《…》."""
    return title if title.startswith("《") else f"《{title}》"


def week(on: date) -> str:
    """The letter's week, Monday to Sunday: 5月23日至29日."""
    monday = on - timedelta(days=on.weekday())
    sunday = monday + timedelta(days=6)
    end = f"{sunday.day}日" if sunday.month == monday.month else day(sunday, monday)
    return f"{day(monday, on)}至{end}"


def told(notices: Iterable[Told], on: date) -> str:
    """Who was told before, and when, by kind: 提醒2次（联络员）：2月21日、2月28日；催办1次（联络员、召集人）：3月1日.

    After more than TOLD_IN_FULL notices a kind gives its count, first and latest day: 督办13次（召集人、联络员）：首次
    1月5日，最近一次4月3日.
    """
    groups: dict[tuple[LetterKind, tuple[str, ...]], list[date]] = {}
    for notice in notices:
        groups.setdefault((notice.kind, notice.posts), []).append(notice.on)
    in_full = sum(map(len, groups.values())) <= TOLD_IN_FULL
    return "；".join(
        f"{LETTERS[kind]}{len(days)}次（{listed([clean(post(each)) for each in posts])}）："
        f"{_days(days, on) if in_full else _span(days, on)}"
        for (kind, posts), days in sorted(groups.items(), key=lambda group: _ORDER[group[0][0]])
    )


def _days(days: Iterable[date], on: date) -> str:
    """Days in a row; a year stands once for all days that follow it in the same year."""
    said, words = on, []
    for each in days:
        words.append(day(each, said))
        said = each
    return listed(words)


def _span(days: Sequence[date], on: date) -> str:
    """The first and the latest day, and both with their years; one or two days are named as they are."""
    if len(days) <= 2:  # noqa: PLR2004 - a first and a latest
        return _days(days, on)
    return f"首次{day(days[0], on)}，最近一次{day(days[-1], on)}"


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    each.__name__: each
    for each in (
        *(day, full, weekday, due, left, verb, basis, post, letter),
        *(section, happened, listed, clip, numeral, book, week, told),
    )
}
