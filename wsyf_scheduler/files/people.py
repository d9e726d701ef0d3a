"""people.csv: posts and who holds them, from UTF-8 or GB18030 text or XLSX, with English or Chinese headers (CLI.md).

Imports core, errors. Every fault at once, each with its line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, ROLES
from wsyf_scheduler.core.people import Holder, Post
from wsyf_scheduler.errors import Fault, Invalid, reason
from wsyf_scheduler.files import sheets
from wsyf_scheduler.i18n import _
from wsyf_scheduler.values import CONTROL, is_address, shown, unknown_word

COLUMNS = ("role", "department", "name", "email", "phone", "since", "until", "deputy", "away_since", "away_until")
CHINESE = {
    "角色": "role",
    "部门": "department",
    "姓名": "name",
    "邮箱": "email",
    "电话": "phone",
    "起": "since",
    "止": "until",
    "代办人": "deputy",
    "外出起": "away_since",
    "外出止": "away_until",
}
ALSO = {"代理人": "deputy"}  # as earlier versions wrote it
VACANT = ("空缺", "vacant")
FORMULA = re.compile(r"'*[=+@＝＋－＠-]")  # what a spreadsheet takes for a formula, and what was guarded before
ROLE_NAMES = {
    "联络员": "liaison",
    "召集人": "convener",
    "办公室主任": "director",
    "总召集人": "chief",
    "经办人": "coordinator",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a people file says: its holders, the line of each, the posts it leaves vacant, and the columns it has."""

    file: str
    holders: tuple[Holder, ...]
    lines: tuple[int, ...]
    vacant: tuple[Post, ...]
    columns: frozenset[str]


def guarded(cell: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The inverse of guarded."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def load(
    path: Path,
    departments: Mapping[str, str],
    elsewhere: list[int] | None = None,
    vacant: list[Post] | None = None,
) -> list[Holder]:
    """The holders of a people file; the posts it leaves vacant go to `vacant`. See `read`."""
    sheet = read(path, departments, elsewhere)
    if vacant is not None:
        vacant += sheet.vacant
    return list(sheet.holders)


def read(path: Path, departments: Mapping[str, str], elsewhere: list[int] | None = None) -> Sheet:
    """Read a people file, CSV or XLSX; `departments` maps id to short name, and either is accepted. Raises Invalid.

    A department nobody knows is a fault; where a list `elsewhere` is given, its lines are put there and left out.
    A line with a post and neither name nor address, or with 空缺, says that the post is vacant.
    """
    if path.suffix.lower() == ".xlsx":
        reader = _Reader(str(path), departments, elsewhere)
        for line, row in enumerate(sheets.rows(path), 1):
            reader.take(row, line)
        return reader.finish()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Invalid([Fault(file=str(path), message=_("cannot be read: {why}").format(why=reason(error)))]) from error
    return _parsed(_decode(data, str(path)), str(path), departments, elsewhere)


def _decode(data: bytes, file: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid([Fault(file=file, message=_("expected CSV text in UTF-8 or GB18030"))])


def parse(
    text: str,
    file: str,
    departments: Mapping[str, str],
    elsewhere: list[int] | None = None,
    vacant: list[Post] | None = None,
) -> list[Holder]:
    """The holders in a CSV text, in its order."""
    sheet = _parsed(text, file, departments, elsewhere)
    if vacant is not None:
        vacant += sheet.vacant
    return list(sheet.holders)


def _parsed(text: str, file: str, departments: Mapping[str, str], elsewhere: list[int] | None) -> Sheet:
    lines = csv.reader(io.StringIO(text, newline=""))
    reader = _Reader(file, departments, elsewhere)
    try:
        for row in lines:
            reader.take([unguarded(cell) for cell in row], lines.line_num)
    except csv.Error as error:
        reader.fault(lines.line_num, None, _("not valid CSV: {why}").format(why=error))
    return reader.finish()


def _is_vacant(cells: Mapping[str, str]) -> bool:
    return all(cells.get(key, "") in ("", *VACANT) for key in ("name", "email"))


def _columns(cells: list[str]) -> list[str]:
    return [CHINESE.get(cell) or ALSO.get(cell, cell.casefold()) for cell in cells]


class _Reader:
    """Collects holders and faults, a row at a time."""

    def __init__(self, file: str, departments: Mapping[str, str], elsewhere: list[int] | None) -> None:
        self._file, self._departments, self._elsewhere = file, departments, elsewhere
        self._vacant: list[Post] = []
        self._lines: list[int] = []
        self._header: list[str] | None = None
        self._faults: list[Fault] = []
        self._holders: list[Holder] = []

    def fault(self, line: int, key: str | None, message: str) -> None:
        self._faults.append(Fault(file=self._file, line=line, key=key, message=message))

    def take(self, row: list[str], line: int) -> None:
        cells = [cell.strip(" \t") for cell in row]
        while cells and not cells[-1]:  # spreadsheets fill lines up with empty cells
            cells.pop()
        if not cells:
            return
        if self._header is None:
            self._header = self._read_header(cells, line)
        elif _columns(cells) == self._header:
            self.fault(line, None, _("a second header line; the file may have been pasted together"))
        elif len(cells) > len(self._header):
            self.fault(line, None, _("expected {n} columns, found {m}").format(n=len(self._header), m=len(cells)))
        else:
            self._read_holder(dict(zip(self._header, cells, strict=False)), line)

    def finish(self) -> Sheet:
        if self._header is None:
            self._faults.append(Fault(file=self._file, message=_("the file is empty")))
        if self._faults:
            raise Invalid(self._faults)
        return Sheet(
            file=self._file,
            holders=tuple(self._holders),
            lines=tuple(self._lines),
            vacant=tuple(self._vacant),
            columns=frozenset(self._header or ()),
        )

    def _read_header(self, cells: list[str], line: int) -> list[str]:
        header = _columns(cells)
        for name in header:
            if name not in COLUMNS:
                self.fault(line, name, unknown_word(name, COLUMNS))
        for name in ("role", "email"):
            if name not in header:
                self.fault(line, name, _("missing column"))
        for name in sorted({name for name in header if header.count(name) > 1}):
            self.fault(line, name, _("duplicate: {name} stands here twice").format(name=name))
        return header

    def _read_holder(self, cells: dict[str, str], line: int) -> None:
        if self._elsewhere is not None and self._is_elsewhere(cells):
            self._elsewhere.append(line)
            return
        before = len(self._faults)
        for key, value in cells.items():
            if CONTROL.search(value):
                self.fault(line, key, _("a line break or control character is not allowed here"))
        role = self._role(cells, line)
        if _is_vacant(cells):
            self._vacant.append(Post(role, self._department(cells.get("department", ""), role, line)))
            return
        holder = Holder(
            role=role,
            department=self._department(cells.get("department", ""), role, line),
            name=cells.get("name", ""),
            email=self._address(cells, "email", line),
            phone=cells.get("phone", ""),
            since=self._day(cells, "since", line),
            until=self._day(cells, "until", line),
            deputy=self._address(cells, "deputy", line) if cells.get("deputy") else "",
            away_since=self._day(cells, "away_since", line),
            away_until=self._day(cells, "away_until", line),
        )
        terms = {"until": (holder.since, holder.until), "away_until": (holder.away_since, holder.away_until)}
        for key, (first, last) in terms.items():
            if first and last and last < first:
                message = _("{until} is before {key}, {since}")
                self.fault(line, key, message.format(until=last, key=key.replace("until", "since"), since=first))
        if len(self._faults) == before:
            self._holders.append(holder)
            self._lines.append(line)

    def _is_elsewhere(self, cells: dict[str, str]) -> bool:
        role = ROLE_NAMES.get(cells.get("role", ""), cells.get("role", ""))
        known = {*self._departments, *self._departments.values()}
        return role in DEPARTMENT_ROLES and cells.get("department", "") not in known

    def _role(self, cells: dict[str, str], line: int) -> str:
        text = cells.get("role", "")
        role = ROLE_NAMES.get(text, text)
        if role not in ROLES:
            self.fault(line, "role", unknown_word(text, ROLES))
        return role

    def _department(self, text: str, role: str, line: int) -> str:
        if role not in DEPARTMENT_ROLES:
            if text and role in ROLES:
                self.fault(line, "department", _("expected nothing: {role} is a post of the plan").format(role=role))
            return ""
        ids = {short: name for name, short in self._departments.items()}
        department = ids.get(text, text)
        if department not in self._departments:
            self.fault(line, "department", unknown_word(text, self._departments))
        return department

    def _address(self, cells: dict[str, str], key: str, line: int) -> str:
        address = cells.get(key, "")
        is_good = is_address(address) and "." in address.rpartition("@")[2]
        if not is_good and not CONTROL.search(address):
            self.fault(line, key, _("expected a mail address, found {found}").format(found=shown(address)))
        return address

    def _day(self, cells: dict[str, str], key: str, line: int) -> date | None:
        text = cells.get(key, "").replace("/", "-")
        if not text:
            return None
        try:
            year, month, day = (int(part) for part in text.split("-"))
            return date(year, month, day)
        except ValueError:
            self.fault(line, key, _("expected a date such as 2026-12-31, found {found}").format(found=shown(text)))
            return None
