"""Reading the TOML files people edit: every fault at once, each with file, line, key, expected and found.

Imports errors, i18n, lines and values only; config and files read through it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from datetime import date, time
from pathlib import Path
from typing import Any, TypeVar

from wsyf_scheduler.errors import Fault, nearest, reason
from wsyf_scheduler.i18n import _
from wsyf_scheduler.lines import index
from wsyf_scheduler.values import CONTROL, is_address, is_kind, shown, unknown_word

Value = TypeVar("Value")
FIRST_YEAR, LAST_YEAR = 1000, 9998  # four digits, and a day after each of them


def decode(data: bytes, file: str) -> tuple[str, Fault | None]:
    """UTF-8 with or without BOM; otherwise a fault that says what the bytes look like."""
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    try:
        data.decode("gb18030")
        looks = _("it looks like GBK; save it again as UTF-8")
    except UnicodeDecodeError:
        looks = _("save it again as UTF-8")
    return "", Fault(file=file, line=line, message=_("expected UTF-8 text: {looks}").format(looks=looks))


class Document:
    """One TOML file being read: its text, its faults, and where each key stands."""

    def __init__(self, text: str, file: str) -> None:
        """Parse; a syntax error or an empty file becomes a fault and an empty table."""
        self.file = file
        self.faults: list[Fault] = []
        self._text = text
        self._lines: dict[str, int] | None = None
        self.root = Table(self, "", self._parse())

    @classmethod
    def read(cls, path: Path, file: str | None = None) -> Document:
        """Read a file; one that is missing or unreadable becomes a fault."""
        name = file or str(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            document = cls("#", name)
            document.faults = [Fault(file=name, message=_("cannot be read: {why}").format(why=reason(error)))]
            return document
        text, fault = decode(data, name)
        document = cls(text if fault is None else "#", name)
        document.faults = [fault] if fault is not None else document.faults
        return document

    def fault(self, key: str, message: str) -> None:
        """Record a mistake at a dotted key (empty: the file as a whole), once."""
        fault = Fault(file=self.file, key=key or None, line=self.line_of(key), message=message)
        if fault not in self.faults:
            self.faults.append(fault)

    def faults_by_line(self) -> list[Fault]:
        """The faults as somebody mending the file meets them; those of the whole file first."""
        return sorted(self.faults, key=lambda fault: fault.line or 0)

    def line_of(self, key: str) -> int | None:
        """The line a dotted key, or the nearest table above it, stands on."""
        if self._lines is None:
            self._lines = index(self._text)
        while key and key not in self._lines:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return self._lines.get(key)

    def _parse(self) -> dict[str, Any]:
        if not self._text.strip():
            self.faults.append(Fault(file=self.file, message=_("the file is empty")))
            return {}
        try:
            return tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            self.faults.append(self._syntax(str(error)))
        except RecursionError:
            self.faults.append(Fault(file=self.file, message=_("not valid TOML: nested too deep")))
        return {}

    def _syntax(self, text: str) -> Fault:
        found = re.search(r"\(at line ([0-9]+), column ([0-9]+)\)", text)
        line = int(found[1]) if found else self._text.count("\n") + 1
        day = self._impossible_day(line, int(found[2])) if found else None
        message = _("not valid TOML: {why}").format(why=text)
        if day is not None:
            message = _("there is no such day: {day}").format(day=day)
        return Fault(file=self.file, line=line, message=message)

    def _impossible_day(self, line: int, column: int) -> str | None:
        """2023-02-29: right in form, no such day."""
        found = re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", self._text.split("\n")[line - 1][column - 1 :])
        try:
            date.fromisoformat(found.group() if found else "1970-01-01")
        except ValueError:
            return found.group() if found else None
        return None


class Table:
    """One table of a document. Each getter names the key it wants; `close` reports the keys nobody asked for."""

    def __init__(self, document: Document, path: str, values: dict[str, Any]) -> None:
        """Wrap the parsed values standing at a dotted path."""
        self.document, self.path, self.values = document, path, values
        self._asked: dict[str, None] = {}

    def at(self, key: str) -> str:
        """The dotted path of a key of this table."""
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, message: str) -> None:
        """Record a mistake at a key of this table."""
        self.document.fault(self.at(key) if key else self.path, message)

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        self._asked[key] = None
        return key in self.values

    def raw(self, key: str) -> Any:
        """The value as parsed, or None."""
        return self.values[key] if self.has(key) else None

    def text(self, key: str, default: str | None = None) -> str:
        """A string; required where there is no default."""
        value = self._typed(key, str, _("text"), default, "")
        if isinstance(self.values.get(key), str) and default is None and not value.strip():
            self.fault(key, _("expected text, found nothing"))
        return value

    def line(self, key: str, default: str | None = None) -> str:
        """Text on one line, as it stands in subjects and mail headers; required where there is no default."""
        value = self.text(key, default)
        if CONTROL.search(value):
            self.fault(key, _("expected text on one line, found a line break or control character"))
        return value

    def integer(
        self, key: str, default: int | None = None, *, least: int | None = None, most: int | None = None
    ) -> int:
        """A whole number; required where there is no default."""
        value = self._typed(key, int, _("a whole number"), default, 0)
        if not is_kind(self.values.get(key), int):
            return value
        if least is not None and value < least:
            self.fault(key, _("expected at least {least}, found {found}").format(least=least, found=value))
            return least
        if most is not None and value > most:
            self.fault(key, _("expected at most {most}, found {found}").format(most=most, found=value))
            return most
        return value

    def year(self, key: str, default: int | None = None) -> int:
        """A year of four digits; required where there is no default."""
        value = self._typed(key, int, _("a year such as 2026"), default, 0)
        if is_kind(self.values.get(key), int) and not FIRST_YEAR <= value <= LAST_YEAR:
            self.fault(key, _("expected a year such as 2026, found {found}").format(found=value))
            return default or 0
        return value

    def address(self, key: str) -> str:
        """A mail address; required."""
        return self.check_address(key, self.text(key))

    def check_address(self, key: str, value: str) -> str:
        """The value; records a mistake where it is no mail address."""
        if value.strip() and not is_address(value):
            self.fault(key, _("expected a mail address, found {found}").format(found=shown(value)))
        return value

    def boolean(self, key: str, default: bool) -> bool:  # noqa: FBT001 - a default, as in the other getters
        """True or false."""
        return self._typed(key, bool, _("true or false"), default, default)

    def day(self, key: str) -> date:
        """A date; required."""
        return self._typed(key, date, _("a date such as 2026-12-31"), None, date(1970, 1, 1))

    def days(self, key: str) -> tuple[date, ...]:
        """A list of dates; none where absent."""
        return tuple(self._list(key, date, _("a list of dates such as [2026-02-15]")))

    def clock(self, key: str, default: time) -> time:
        """A time of day, as text "09:00" or as TOML's local time."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, time):
            return value
        try:
            if isinstance(value, str) and re.fullmatch(r"[0-9]{2}:[0-9]{2}", value):
                return time.fromisoformat(value)
        except ValueError:
            pass
        self.fault(key, _('expected a time of day such as "09:00", found {found}').format(found=shown(value)))
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; none where absent."""
        return tuple(self._list(key, str, _('a list of text such as ["hrss"]')))

    def words(self, key: str, known: Iterable[str]) -> tuple[str, ...]:
        """A list of words, each one of those known, with `did you mean`; none where absent."""
        known, found = list(known), self.texts(key)
        for word in found:
            if word not in known:
                self.fault(key, unknown_word(word, known))
        return found

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """One of a few words, with `did you mean`."""
        allowed = list(allowed)
        value = self.text(key, default)
        if key in self.values and isinstance(self.values[key], str) and value not in allowed:
            self.fault(key, unknown_word(value, allowed))
            return default if default is not None else allowed[0]
        return value if value in allowed else allowed[0]

    def table(self, key: str) -> Table:
        """A sub-table; empty where absent."""
        value = self.raw(key)
        if value is not None and not isinstance(value, dict):
            self.fault(key, _("expected a table [{key}], found {found}").format(key=key, found=shown(value)))
            value = None
        return Table(self.document, self.at(key), value or {})

    def tables(self, key: str) -> list[Table]:
        """An array of tables; empty where absent."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fault(key, _("expected tables [[{key}]], found {found}").format(key=key, found=shown(value)))
            return []
        return [Table(self.document, f"{self.at(key)}[{i}]", item) for i, item in enumerate(value, 1)]

    def close(self) -> None:
        """Report every key nobody asked for."""
        for key in self.values:
            if key not in self._asked:
                hint = nearest(key, self._asked, most=1)
                more = _("; did you mean {word}?").format(word=hint[0]) if hint else ""
                self.fault(key, _("unknown key") + more)

    def _typed(self, key: str, kind: type[Value], expected: str, default: Value | None, blank: Value) -> Value:
        value = self.raw(key)
        if key not in self.values:
            if default is None:
                self.fault(key, _("missing: expected {expected}").format(expected=expected))
            return blank if default is None else default
        if is_kind(value, kind):
            found: Value = value
            return found
        self.fault(key, _("expected {expected}, found {found}").format(expected=expected, found=shown(value)))
        return blank if default is None else default

    def _list(self, key: str, kind: type, expected: str) -> list[Any]:
        value = self.raw(key)
        if value is None:
            return []
        if isinstance(value, list) and all(is_kind(item, kind) for item in value):
            return value
        self.fault(key, _("expected {expected}, found {found}").format(expected=expected, found=shown(value)))
        return []
