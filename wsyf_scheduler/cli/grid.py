"""Tables of text as wide as the screen, Chinese and all; light, where rich takes longer to load than a list to print.

Imports the standard library only; the numbers stand in docs/decisions/0007.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import category, east_asian_width

GAPS = ("   ", "  ")  # between columns, where there is room and where there is not
NARROW, NARROWEST = 8, 4  # columns of the screen to which cells are pressed, and if need be
MARKS = {"Mn", "Me", "Cf"}  # kinds of characters that take no column of their own
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # what could move the cursor or colour the screen
PIECE = re.compile(r"[!-~]+ *|.[，。、；：！？）》】”’]*", re.DOTALL)  # not parted: a word, a character and its stop


def grid(headers: Sequence[str], rows: Sequence[Sequence[str]], *, columns: int, keep: Sequence[int]) -> list[str]:
    """The lines of a table: headers, a rule, rows. Cells wrap to fit `columns`; those of `keep` as a last resort."""
    widths = [_widest(cells) for cells in zip(headers, *rows, strict=True)]
    gap = GAPS[1 + sum(widths) + len(GAPS[0]) * (len(widths) - 1) > columns]
    gaps = len(gap) * (len(widths) - 1)
    folding = [index for index in range(len(headers)) if index not in keep]
    for some, narrowest in ((folding, NARROW), (folding, NARROWEST), (range(len(headers)), NARROWEST)):
        _press(widths, some, narrowest, columns - 1 - gaps)
    rule = f" {'─' * (sum(widths) + gaps)}"
    return [*_row(headers, widths, gap), rule, *(line for row in rows for line in _row(row, widths, gap))]


def _press(widths: list[int], some: Sequence[int], narrowest: int, room: int) -> None:
    """Take from the widest of these columns, again and again, until all fit or none gives more."""
    while some and sum(widths) > room and widths[widest := max(some, key=widths.__getitem__)] > narrowest:
        widths[widest] -= 1


@lru_cache(maxsize=4096)
def width(text: str) -> int:
    """Columns on the screen: two for a wide character, none for a mark on another one."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(each) in "WF" else category(each) not in MARKS for each in text)


def fold(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns, parted between words, or between Chinese characters."""
    if width(text) <= columns and "\n" not in text:
        return [text]
    lines = [""]
    for piece in PIECE.findall(text):
        for part in [piece] if width(piece.rstrip()) <= columns else piece:  # a word wider than the column is parted
            if part == "\n" or width(lines[-1] + part.rstrip()) > columns:
                lines.append("")
            lines[-1] += part.lstrip("\n")
    return lines


def _widest(cells: Sequence[str]) -> int:
    return max(width(line) for cell in cells for line in cell.split("\n"))


def _row(cells: Sequence[str], widths: Sequence[int], gap: str) -> list[str]:
    folded = [fold(CONTROL.sub(" ", cell), columns) for cell, columns in zip(cells, widths, strict=True)]
    height = max(map(len, folded))
    filled = [lines + [""] * (height - len(lines)) for lines in folded]
    return [_line(parts, widths, gap) for parts in zip(*filled, strict=True)]


def _line(parts: Sequence[str], widths: Sequence[int], gap: str) -> str:
    padded = (part + " " * (columns - width(part)) for part, columns in zip(parts, widths, strict=True))
    return f" {gap.join(padded)}".rstrip()
