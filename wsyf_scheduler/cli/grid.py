"""Tables of text as wide as the screen, Chinese and all; light, where rich takes longer to load than a list to print.

Imports the standard library only; the numbers stand in docs/decisions/0007.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from unicodedata import category, east_asian_width

GAPS = ("   ", "  ")  # between columns, where there is room and where there is not
TIGHT = " "  # where cells would be folded otherwise, in a table that asks for it
NARROW, NARROWEST = 8, 4  # columns of the screen to which cells are pressed, and if need be
MARKS = {"Mn", "Me", "Cf"}  # kinds of characters that take no column of their own
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # what could move the cursor or colour the screen
OPENING, CLOSING = (
    "（《“‘【〈「『〔",
    "，。、；：！？）》】”’〉」』〕…",
)  # never at the end, never at the start of a line
WORD = rf"[{OPENING}第]*(?:——|……|[!-~]+[年月日天个项封条号次时]?|[^\n])[{CLOSING}]* *"
# Not parted: a command between backticks; a word with its unit; a character; each with the marks that belong to it.
PIECE = re.compile(rf"\n|[{OPENING}(]*`[^`\n]*`[!-/:-@]*[{CLOSING}]* *|{WORD}")
INNER = re.compile(WORD)


def grid(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, columns: int, keep: Sequence[int], tight: bool = False
) -> list[str]:
    """The lines of a table: headers, a rule, rows. Cells wrap to fit `columns`; those of `keep` as a last resort.

    `tight` puts the columns close together rather than fold a cell.
    """
    widths = [_widest(cells) for cells in zip(headers, *rows, strict=True)]
    gaps_known = (*GAPS, TIGHT) if tight else GAPS
    gap = next((each for each in gaps_known if breadth(widths, each) <= columns), gaps_known[-1])
    gaps = len(gap) * (len(widths) - 1)
    folding = [index for index in range(len(headers)) if index not in keep]
    for some, narrowest in ((folding, NARROW), (folding, NARROWEST), (range(len(headers)), NARROWEST)):
        _press(widths, some, narrowest, columns - 1 - gaps)
    rule = f" {'─' * (sum(widths) + gaps)}"
    return [*_row(headers, widths, gap), rule, *(line for row in rows for line in _row(row, widths, gap))]


def breadth(widths: Sequence[int], gap: str = GAPS[-1]) -> int:
    """How wide a table of such columns is that folds nothing."""
    return 1 + sum(widths) + len(gap) * (len(widths) - 1)


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


def clip(text: str, columns: int) -> str:
    """The text in one line of at most so many columns; what does not fit gives way to a dot of three."""
    if width(text) <= columns:
        return text
    while text and width(text) >= columns:
        text = text[:-1]
    return text.rstrip(" " + OPENING) + "…"


def fold(text: str, columns: int, *, whole: bool = False) -> list[str]:
    """The text in lines of at most so many columns, parted between words, or between Chinese characters.

    A word wider than that is parted too; with `whole` it stands on a line of its own, to be copied in one piece.
    """
    if width(text) <= columns and "\n" not in text:
        return [text]
    lines = [""]
    for part in _parts(text, columns, whole=whole):
        if part == "\n" or (width(lines[-1] + part.rstrip()) > columns and (lines[-1] or not whole)):
            lines.append("")
        lines[-1] += part.lstrip("\n")
    return lines


def _parts(text: str, columns: int, *, whole: bool) -> Iterator[str]:
    """What is not parted: pieces; the words of a piece that is too wide; the characters of such a word."""
    for piece in PIECE.findall(text):
        if width(piece.rstrip()) <= columns:
            yield piece
            continue
        for word in INNER.findall(piece):
            if whole or width(word.rstrip()) <= columns:
                yield word
            else:
                yield from word


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
