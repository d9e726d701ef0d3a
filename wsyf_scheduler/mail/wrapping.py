"""Text lines that fit a screen, broken where Chinese may be broken. Pure; imports nothing of ours."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

COLUMNS: Final = 78  # of a text line; a Han character takes two
KEPT: Final = 400  # characters of a line worth remembering: letters repeat their sentences

_HEAD = re.compile(r" +(?:· |[^\s：]{2,4}：)?")  # an indent, and the bullet or label that follows it
_OPENING = "（《“‘【〔"  # never last on a line
_CLOSING = "，。；：、）》”’！？】〕…"  # never first on a line


def wrap(text: str, columns: int = COLUMNS) -> str:
    """Text lines no wider than `columns`, broken where Chinese may be.

    Lines that follow keep an indent of blanks and stand under what a label (任务要求：) introduces; a paragraph's
    first-line indent (　　) is not repeated.
    """
    return "\n".join([line if len(line) * 2 <= columns else _fitted(line, columns) for line in text.split("\n")])


def width(text: str) -> int:
    """Columns on the screen, as GBK counts bytes: one for ASCII, two for a Han character; one for what it lacks."""
    return len(text.encode("gbk", "replace"))


def _fitted(line: str, columns: int) -> str:
    return _remembered(line, columns) if len(line) <= KEPT else _broken(line, columns)


@lru_cache(maxsize=1024)
def _remembered(line: str, columns: int) -> str:
    return _broken(line, columns)


def _broken(line: str, columns: int) -> str:
    start = _HEAD.match(line)
    head = start.group() if start and len(start.group()) < columns // 2 else ""
    indent = " " * width(head)
    at, room = len(head), columns - len(indent)
    lines: list[str] = []
    while True:
        ahead = line[at : at + room + 1]  # as much as can matter: a character takes a column at least
        bytes_of = ahead.encode("gbk", "replace")
        if len(bytes_of) <= room:
            return head + f"\n{indent}".join([*lines, ahead])
        fitting = len(bytes_of[:room].decode("gbk", "ignore"))  # half a Han character at the end does not fit
        cut = _break(ahead, fitting)
        lines.append(ahead[:cut].rstrip(" "))
        at += cut
        while line.startswith(" ", at):
            at += 1


def _break(text: str, most: int) -> int:
    """The last place up to `most` where the text may be broken; `most` where there is none."""
    for cut in range(most, 0, -1):
        before, after = text[cut - 1], text[cut]
        in_word = "!" <= before <= "~" and "!" <= after <= "~"
        if not in_word and after not in _CLOSING and before not in _OPENING:
            return cut
    return most
