"""The hidden sheet of a form: whose it is, and which cell asks what, with a checksum over both. Pure.

The checksum finds what was changed by accident; it is no secret and no signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

FORMAT, VERSION = "wsyf-form", 1
SHEET, KEY_SHEET = "填报", "wsyf"
ABOUT = ("plan", "key", "department", "data_year")
CELL, LABEL, HEAD, NOTE = "cell", "label", "head", "note"
SHARE = "share"  # of a cell: a quotient is asked, no count
EXTRAS = {"who": "填报人：", "phone": "联系电话：", "date": "填报日期："}
CHECKSUM = "checksum"
WIDTH = 4  # columns of the sheet: a word, and up to three values


@dataclass(slots=True, kw_only=True)
class Key:
    """What the hidden sheet says. `entries` are the word, the cell's name, and what it is about."""

    plan: str
    key: str
    department: str
    data_year: int
    version: int = VERSION
    entries: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, kind: str, cell: str, *about: str) -> None:
        """Note a cell of the form."""
        self.entries.append((kind, cell, *(plain(each) for each in about)))

    def of(self, kind: str) -> Iterator[tuple[str, ...]]:
        """The entries of a kind: the cell's name, then what it is about."""
        return (entry[1:] for entry in self.entries if entry[0] == kind)

    def rows(self) -> list[tuple[str, ...]]:
        """The sheet's rows, the checksum last."""
        about = [(name, str(getattr(self, name))) for name in ABOUT]
        found = [(FORMAT, str(self.version)), *about, *self.entries]
        return [*found, (CHECKSUM, checksum(found))]


def plain(text: str) -> str:
    """A text as it is compared: spreadsheets treat line ends and spaces as they like."""
    return "".join(text.split())


def checksum(rows: Sequence[Sequence[str]]) -> str:
    """SHA-256 over the rows, without the empty cells at their ends."""
    lines = ["\t".join(row).rstrip("\t") for row in rows]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def understood(rows: Sequence[Sequence[str]]) -> Key | None:
    """The key in the rows of a sheet; None where they are no form's, or not as they were written."""
    if len(rows) < len(ABOUT) + 2 or rows[0][0] != FORMAT or rows[-1][0] != CHECKSUM:
        return None
    if rows[-1][1:2] != [checksum(rows[:-1])]:
        return None
    about = {row[0]: row[1] for row in rows[1 : len(ABOUT) + 1]}
    return Key(
        plan=about["plan"],
        key=about["key"],
        department=about["department"],
        data_year=int(about["data_year"]),
        version=int(rows[0][1]),
        entries=[tuple(row) for row in rows[len(ABOUT) + 1 : -1]],
    )
