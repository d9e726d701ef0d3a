"""Lists of follow-ups: UTF-8 or GB18030 CSV, or XLSX, with English or Chinese headers (`wsyf add --help`).

Imports core, errors. Every fault at once, each with its line and column.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from wsyf_scheduler.core.follow_up import FollowUp
from wsyf_scheduler.errors import Fault, Invalid, WsyfError, reason
from wsyf_scheduler.files import sheets
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import FIRST_YEAR, LAST_YEAR
from wsyf_scheduler.values import CONTROL, as_day, shown, unknown_word

COLUMNS = ("title", "department", "due", "support", "from", "hand_in", "text", "period", "note")
REQUIRED = ("title", "department", "due")
CHINESE = {
    "事项": "title",
    "交办事项": "title",
    "责任部门": "department",
    "牵头部门": "department",
    "期限": "due",
    "完成期限": "due",
    "配合部门": "support",
    "来源": "from",
    "提交内容": "hand_in",
    "要求": "text",
    "时期": "period",
    "备注": "note",
}
SEPARATORS = re.compile(r"[;；、,，\n]+")  # between several departments or dates in one cell
LONGEST_TITLE = 120  # characters, as acts.add has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a list is read against: what departments are called, today, what is owed already, where things come from.

    `owed` maps title, department and due day to a key. `origin` gives the name of what a key or task means, and
    raises a WsyfError where it means nothing. `periods` are those of the plan.
    """

    called: Mapping[str, str]
    today: date
    owed: Mapping[tuple[str, str, date], str]
    origin: Callable[[str], str]
    periods: Sequence[str]


def load(path: Path, ground: Ground) -> list[FollowUp]:
    """Read a list, CSV or XLSX; raises Invalid."""
    reader = _Reader(str(path), ground)
    try:
        for line, cells in _rows(path):
            reader.take(cells, line)
    except csv.Error as error:
        reader.fault(None, None, _("not valid CSV: {why}").format(why=error))
    return reader.finish()


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    if path.suffix.lower() == ".xlsx":
        yield from enumerate(sheets.rows(path), 1)
        return
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Invalid([Fault(file=str(path), message=_("cannot be read: {why}").format(why=reason(error)))]) from error
    lines = csv.reader(io.StringIO(_decoded(data, str(path)), newline=""))
    for cells in lines:
        yield lines.line_num, cells


def _decoded(data: bytes, file: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid([Fault(file=file, message=_("expected CSV text in UTF-8 or GB18030, or a .xlsx file"))])


class _Reader:
    """Collects follow-ups and faults, a row at a time."""

    def __init__(self, file: str, ground: Ground) -> None:
        self._file, self._ground = file, ground
        self._header: list[str] = []
        self._written: dict[str, str] = {}  # a column's name to how the file writes it
        self._faults: list[Fault] = []
        self._found: list[FollowUp] = []
        self._seen: dict[tuple[str, str, date], int] = {}

    def fault(self, line: int | None, column: str | None, message: str) -> None:
        key = None if column is None else self._written.get(column, column)
        self._faults.append(Fault(file=self._file, line=line, key=key, message=message))

    def take(self, row: Sequence[str], line: int) -> None:
        cells = [cell.strip(" \t\r\u3000") for cell in row]
        while cells and not cells[-1]:  # spreadsheets fill lines up with empty cells
            cells.pop()
        if not cells:
            return
        if not self._header:
            self._read_header(cells, line)
        elif len(cells) > len(self._header):
            self.fault(line, None, _("expected {n} columns, found {m}").format(n=len(self._header), m=len(cells)))
        else:
            self._read(dict(zip(self._header, cells, strict=False)), line)

    def finish(self) -> list[FollowUp]:
        if not self._header:
            self.fault(None, None, _("the file is empty"))
        elif not self._found and not self._faults:
            self.fault(None, None, _("the file has headers and no line below them"))
        if self._faults:
            raise Invalid(self._faults)
        return self._found

    def _read_header(self, cells: list[str], line: int) -> None:
        self._header = [CHINESE.get(cell, cell.casefold()) for cell in cells]
        self._written = dict(zip(self._header, cells, strict=True))
        for name in self._header:
            if name not in COLUMNS:
                known = (*CHINESE, *COLUMNS) if not self._written[name].isascii() else COLUMNS
                self.fault(line, name, unknown_word(self._written[name], known))
        for name in REQUIRED:
            if name not in self._header:
                self.fault(line, name, _("missing column"))
        for name in sorted({name for name in self._header if self._header.count(name) > 1}):
            self.fault(line, name, _("duplicate: {name} stands here twice").format(name=self._written[name]))

    def _read(self, cells: dict[str, str], line: int) -> None:
        before = len(self._faults)
        found = FollowUp(
            title=self._title(cells, line),
            departments=self._departments(cells, "department", line),
            dues=self._dues(cells, line),
            support=self._departments(cells, "support", line),
            origin=self._origin(cells, line),
            hand_in=self._line_of(cells, "hand_in", line),
            text=cells.get("text", ""),
            note=cells.get("note", ""),
            period=self._period(cells, line),
            where=f"{self._file}:{line}",
        )
        for both in sorted({*found.departments} & {*found.support}):
            self.fault(line, "support", _("{name} cannot lead and support at once").format(name=both))
        self._require_new(found, line)
        if len(self._faults) == before:
            self._found.append(found)

    def _title(self, cells: dict[str, str], line: int) -> str:
        title = self._line_of(cells, "title", line)
        if not title and "title" in self._header:
            self.fault(line, "title", _("say what is to be done: the title is empty"))
        if len(title) > LONGEST_TITLE:
            message = _("a title has at most {n} characters, this one has {found}; put the rest into the text")
            self.fault(line, "title", message.format(n=LONGEST_TITLE, found=len(title)))
        return title

    def _line_of(self, cells: dict[str, str], column: str, line: int) -> str:
        text = cells.get(column, "")
        if CONTROL.search(text):
            self.fault(line, column, _("a line break or control character is not allowed here"))
        return text

    def _departments(self, cells: dict[str, str], column: str, line: int) -> tuple[str, ...]:
        words = _split(cells.get(column, ""))
        if not words and column in REQUIRED and column in self._header:
            self.fault(line, column, _("expected a department, found nothing"))
        for word in words:
            if word not in self._ground.called:
                self.fault(line, column, unknown_word(word, self._shown(word)))
        return tuple(dict.fromkeys(self._ground.called.get(word, word) for word in words))

    def _shown(self, word: str) -> list[str]:
        """Ids for one who writes ids, short names for one who writes Chinese."""
        called = self._ground.called
        ids = dict.fromkeys(called.values())
        if word.isascii():
            return list(ids)
        return [min((name for name in called if called[name] == each and not name.isascii()), key=len) for each in ids]

    def _dues(self, cells: dict[str, str], line: int) -> tuple[date, ...]:
        words = _split(cells.get("due", ""))
        if not words and "due" in self._header:
            self.fault(line, "due", _("expected a date such as 2026-12-31, found nothing"))
        found = []
        for word in words:
            day = as_day(word)
            if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
                message = _("expected a date such as 2026-12-31, found {found}")
                self.fault(line, "due", message.format(found=shown(word)))
                continue
            found.append(day)
            if day < self._ground.today:
                message = _("{day} lies in the past: give a due date from today, {today}, on")
                self.fault(line, "due", message.format(day=day, today=self._ground.today))
        for day in sorted({day for day in found if found.count(day) > 1}):
            self.fault(line, "due", _("duplicate: {name} stands here twice").format(name=day))
        return tuple(found)

    def _origin(self, cells: dict[str, str], line: int) -> str | None:
        text = cells.get("from", "")
        if not text:
            return None
        try:
            return self._ground.origin(text)
        except WsyfError as error:
            self.fault(line, "from", str(error))
            return text

    def _period(self, cells: dict[str, str], line: int) -> str | None:
        text = cells.get("period", "")
        if text and text not in self._ground.periods:
            self.fault(line, "period", unknown_word(text, self._ground.periods))
        return text or None

    def _require_new(self, found: FollowUp, line: int) -> None:
        for department in found.departments:
            for day in dict.fromkeys(found.dues):
                same = (found.title, department, day)
                if same in self._seen:
                    message = _("the same stands in line {line} already")
                    self.fault(line, None, message.format(line=self._seen[same]))
                elif same in self._ground.owed:
                    message = _(
                        "{key} asks the same of the same department by the same day; --again adds it all the same"
                    )
                    self.fault(line, None, message.format(key=self._ground.owed[same]))
                self._seen.setdefault(same, line)


def _split(text: str) -> list[str]:
    return [word for part in SEPARATORS.split(text) if (word := part.strip())]
