"""Where each key of a TOML text stands: dotted path to line number, so that a fault can name its line.

Reads only as much of TOML as places need; what the text says is tomllib's business. Imports nothing of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count

SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
BLANK = re.compile(r"[ \t]*")
KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
STRING = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""+|\'\'\'.*?\'\'\'+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''',
    re.DOTALL,
)
PLAIN = re.compile(r"[^,\]}\n#]*")
BRACKETS = re.compile(r"[\] \t]*")


def index(text: str) -> dict[str, int]:
    """Dotted path -> line, from 1; entries of arrays count from 1: `tasks[2].due[1].on`.

    A text that is no valid TOML gives what could be read of it.
    """
    scanner = _Scanner(text)
    scanner.run()
    return scanner.lines


class _Scanner:
    """Walks once over the text."""

    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {}
        self._text, self._at, self._table = text, 0, ""
        self._counts: dict[str, int] = {}  # entries so far of each array of tables
        self._line, self._counted_to = 1, 0

    def run(self) -> None:
        """Read to the end, or to where the text is no TOML."""
        self._skip(SPACE)
        while self._at < len(self._text):
            before = self._at
            if self._takes("["):
                self._header()
            else:
                self._pair(self._table)
            self._skip(SPACE)
            if self._at == before:
                return

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return self._line

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found.group() if found else ""

    def _takes(self, mark: str) -> bool:
        found = self._text.startswith(mark, self._at)
        self._at += len(mark) if found else 0
        return found

    def _header(self) -> None:
        line, doubled = self._here(), self._takes("[")
        path = ""
        for part in self._key():
            path = _join(self._latest(path), part)
            self.lines.setdefault(path, line)
        if doubled:
            self._counts[path] = self._counts.get(path, 0) + 1
            path = self._latest(path)
            self.lines.setdefault(path, line)
        self._table = path
        self._skip(BRACKETS)

    def _latest(self, path: str) -> str:
        """The entry of an array of tables that a header below it speaks of: the last one so far."""
        return f"{path}[{self._counts[path]}]" if path in self._counts else path

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip(BLANK)
            part = self._skip(KEY)
            if part:
                parts.append(part.strip("\"'"))
            self._skip(BLANK)
            if not part or not self._takes("."):
                return parts

    def _pair(self, path: str) -> None:
        line = self._here()
        for part in self._key():
            path = _join(path, part)
            self.lines.setdefault(path, line)
        if self._takes("="):
            self._skip(BLANK)
            self._value(path)

    def _value(self, path: str) -> None:
        if self._takes("["):
            self._entries("]", lambda entry: self._entry(f"{path}[{entry}]"))
        elif self._takes("{"):
            self._entries("}", lambda _entry: self._pair(path))
        elif not self._skip(STRING):
            self._skip(PLAIN)

    def _entries(self, close: str, read: Callable[[int], None]) -> None:
        """Entries of an array or pairs of an inline table, with commas between, up to the closing mark."""
        for entry in count(1):
            self._skip(SPACE)
            if self._takes(close):
                return
            before = self._at
            read(entry)
            self._skip(SPACE)
            if not self._takes(",") and self._at == before:
                return

    def _entry(self, path: str) -> None:
        self.lines.setdefault(path, self._here())
        self._value(path)


def _join(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part
