"""A plan's files rewritten for a later cycle, as text, so that comments stay (`wsyf plan new`; docs/plan-format.md).

Years and dates move by the same number of years; numbers that are to be set anew are marked. Standard library only.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

PLAN_FILE = "plan.toml"
TO_BE_SET = "待定"
TO_BE_FILLED = {"document": "待填：新文件的文号", "issued": "待填：新文件的印发日期"}
YEARS = frozenset({"first_year", "last_year", "measure_year", "baseline_year", "year", "data_year"})
NUMBERS = frozenset({"percent", "reduction_pct", "safety_coverage_pct", "health_coverage_pct", "ratio"})
DATES = frozenset({"due", "on", "issued"})
YEARS_IN_WORDS = frozenset({"title", "office", "hand_in"})  # the office's words; `text` is the paper's and stays
YEAR = re.compile(r"(?<![0-9])(?:19|20|21)[0-9]{2}(?![0-9])")
DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
UNTIL = re.compile(r"(UNTIL=)([0-9]{4})([0-9]{2})([0-9]{2})", re.IGNORECASE)
TOKEN = re.compile(
    r'(?P<comment>#[^\n]*)|(?P<block>"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5})'
    r'|(?P<text>"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\')|(?P<bare>[A-Za-z0-9_.:+-]+)|(?P<other>.)',
    re.DOTALL,
)
EQUALS = re.compile(r"[ \t]*=")
HEADER = re.compile(r"[ \t]*\[\[?([^\[\]\n]+)\]\]?")
NOTE = """\
# 【草稿】本计划由 wsyf plan new 依据 {source} 生成，年份和日期已顺延{years}年。逐条核对、改好以后再登记：
# 1. 标有“待填”的（文号、印发日期）按新文件填写；标有“待定”的（百分比、目标）按新文件核定，现在的数是上一周期的。
# 2. text（任务、目标的原文）和说明文字仍是上一周期的，没有改动，其中的年份也没有改；请换成新文件的原文。
# 3. 牵头部门、配合部门、期限逐条对照新文件，增删任务；期限的依据（basis）按新文件改。
# 4. 改的过程中用 wsyf check 查错，用 wsyf plan show {plan} 和 wsyf rehearse --plan {plan} 查看、演练。
# 5. 全部改好后，把 draft = true 改成 draft = false，再运行 wsyf plan sync {plan}。
"""
DRAFT = "draft = true   # 草稿：可以查看、演练，不能登记\n\n"


def moved(texts: Mapping[str, str], *, plan_id: str, source: str, years: int) -> dict[str, str]:
    """The files of the next cycle, name to text; names move with the years in them."""
    found = {}
    for name, text in texts.items():
        rewriting = _Rewriting(plan_id=plan_id, years=years, is_head=name == PLAN_FILE)
        new = rewriting.text(text.replace("\r\n", "\n"))
        if name == PLAN_FILE:
            note = NOTE.format(source=source, plan=plan_id, years=years) + ("" if rewriting.has_draft else DRAFT)
            new = note + new
        found[name if name == PLAN_FILE else later_years(name, years)] = new
    return found


def later_years(text: str, years: int) -> str:
    """The text with every year of four digits moved: 2021-2022 becomes 2026-2027."""
    return YEAR.sub(lambda found: str(int(found.group()) + years), text)


def later_day(year: int, month: int, day: int, years: int) -> tuple[int, int, int]:
    """The same day so many years later; an end of February stays one, in leap years too."""
    last = day == monthrange(year, month)[1]
    target = year + years
    if month == 2 and (last or (day == 29 and not isleap(target))):  # noqa: PLR2004 - February
        return target, month, monthrange(target, month)[1]
    return target, month, day


@dataclass
class _Rewriting:
    """One file on its way through, token by token: which table and key it stands at, what the line wants said."""

    plan_id: str
    years: int
    is_head: bool
    has_draft: bool = False
    _table: str = ""
    _key: str = ""
    _depth: int = 0
    _outer: str = ""
    _mark: str = ""
    _done: list[str] = field(default_factory=list)

    def text(self, source: str) -> str:
        at = 0
        while at < len(source):
            header = self._header(source, at)
            if header is not None:
                self._done.append(header.group())
                at = header.end()
                continue
            found = TOKEN.match(source, at)
            assert found is not None  # the last alternative takes any character
            at = found.end()
            self._done.extend(self._token(found, source))
        self._done.extend(self._marked("\n" if self._mark else ""))
        return "".join(self._done)

    def _header(self, source: str, at: int) -> re.Match[str] | None:
        """A table's header where one stands at the beginning of a line."""
        if self._depth or (at and source[at - 1] != "\n"):
            return None
        found = HEADER.match(source, at)
        if found is not None:
            self._table, self._key = found[1].strip(), ""
        return found

    def _token(self, found: re.Match[str], source: str) -> Iterator[str]:
        word, kind = found.group(), found.lastgroup
        if kind == "comment":
            yield f"# {self._mark}；{word[1:].strip()}" if self._mark else word
            self._mark = ""
        elif kind in ("text", "bare") and EQUALS.match(source, found.end()):
            self._name(word.strip("\"'").rpartition(".")[2])
            yield word
        elif kind in ("text", "bare"):
            yield self._value(word)
        elif word == "\n":
            yield from self._marked(word)
        else:
            self._depth += (word in "[{") - (word in "]}")
            yield word

    def _marked(self, end: str) -> Iterator[str]:
        if self._mark:
            yield f"   # {self._mark}"
        self._mark = ""
        yield end

    def _name(self, key: str) -> None:
        """A key begins; at the top of nested values it names what they stand in."""
        self._key = key
        if not self._depth:
            self._outer = key

    def _value(self, word: str) -> str:
        key = self._key
        if key == "draft" and self._place == "" and self.is_head:
            self.has_draft = True
            return "true"
        if key in NUMBERS:
            self._mark = TO_BE_SET
            return word
        if key in TO_BE_FILLED and self._place == "" and self.is_head:
            self._mark = TO_BE_FILLED[key]
            return '""' if key == "document" else self._dates(word)
        return self._moved(key, word)

    @property
    def _place(self) -> str:
        """The table a value stands in: by its header, or by the key of an inline table."""
        return self._outer if self._depth else self._table

    def _moved(self, key: str, word: str) -> str:
        if key == "id" and self._place in ("", "period"):
            new = f'"{self.plan_id}"' if self._place == "" else later_years(word, self.years)
            return new if self._place == "period" or self.is_head else word
        if key in YEARS:
            return later_years(word, self.years)
        if key in DATES:
            return self._dates(word)
        if key == "after":
            period, slash, number = word.partition("/")
            return later_years(period, self.years) + slash + number
        return later_years(word, self.years) if key in YEARS_IN_WORDS else word

    def _dates(self, word: str) -> str:
        word = DATE.sub(lambda found: "{:04}-{:02}-{:02}".format(*self._later(found, 1)), word)
        return UNTIL.sub(lambda found: found[1] + "{:04}{:02}{:02}".format(*self._later(found, 2)), word)

    def _later(self, found: re.Match[str], first: int) -> tuple[int, int, int]:
        year, month, day = (int(found[group]) for group in range(first, first + 3))
        return later_day(year, month, day, self.years)
