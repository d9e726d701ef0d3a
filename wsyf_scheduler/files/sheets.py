"""Spreadsheets (XLSX) as cells, read by python-calamine in a process of its own.

A small file may unfold into gigabytes or hold a cell at the end of the world: the archive is looked into first, and the
reading process (`python -m wsyf_scheduler.files.opening_sheets FILE`) has limits of memory and time.
"""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsyf_scheduler.errors import Fault, Invalid
from wsyf_scheduler.i18n import _

MOST_PACKED = 5 * 2**20  # bytes of the file: a form has ten thousand
MOST_BYTES = 50 * 2**20  # of the unfolded archive
MOST_PARTS = 1000
MOST_SECONDS = 20
READER = "wsyf_scheduler.files.opening_sheets"
CONTENT_TYPES = "[Content_Types].xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, .et, and what is locked by a password
ZIP = b"PK"
BROKEN = (  # what a damaged archive raises
    *(OSError, EOFError, RuntimeError, ValueError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)
KINDS = {"num": float, "text": str, "bool": bool}

Place = tuple[int, int]  # row and column, from 0


class Stamp(str):
    """A date or a time, as text: what a spreadsheet makes of 3-5."""

    __slots__ = ()


Cell = str | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands on one sheet; cells with nothing in them are left out. A merged area is its first and last cell."""

    name: str
    cells: Mapping[Place, Cell]
    formulas: frozenset[Place]
    merged: tuple[tuple[Place, Place], ...]


def named(place: Place) -> str:
    """The name a spreadsheet shows: (6, 2) is C7."""
    row, column = place
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def placed(name: str) -> Place:
    """The inverse of named; ValueError where it is no name of a cell."""
    letters = name.rstrip("0123456789")
    digits = name[len(letters) :]
    if not (letters.isascii() and letters.isalpha() and letters.isupper() and digits):
        raise ValueError(name)
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(digits) - 1, column - 1


def rows(path: Path) -> list[list[str]]:
    """The rows of the first sheet, each cell as text; Invalid where it cannot be read safely."""
    sheet = read(path)[0]
    height = max((row for row, _column in sheet.cells), default=-1) + 1
    width = max((column for _row, column in sheet.cells), default=-1) + 1
    return [[text(sheet.cells.get((row, column), "")) for column in range(width)] for row in range(height)]


def text(cell: Cell) -> str:
    """A cell as a person reads it; whole numbers without a point."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def read(path: Path) -> list[Sheet]:
    """Every sheet with its cells; Invalid where the file is no spreadsheet, or cannot be read safely."""
    _look(path)
    command = [sys.executable, "-m", READER, str(path.absolute())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired:
        raise _unreadable(path, _("it took too long")) from None
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise _unreadable(path, reason[-1] if reason else _("the reader gave up"))
    return [_sheet(each) for each in json.loads(done.stdout)]


def _sheet(found: Mapping[str, Any]) -> Sheet:
    return Sheet(
        name=found["name"],
        cells={(row, column): KINDS.get(kind, Stamp)(value) for row, column, kind, value in found["cells"]},
        formulas=frozenset((row, column) for row, column in found["formulas"]),
        merged=tuple(((a, b), (c, d)) for (a, b), (c, d) in found["merged"]),
    )


def _look(path: Path) -> None:
    """Raise Invalid unless the file is a small enough archive that says it is a spreadsheet without macros."""
    try:
        if not path.is_file():
            kind = _("it is a folder") if path.is_dir() else _("it is no file")
            raise _unread(path, kind if path.exists() else _("there is no such file"))
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(len(OLE))
    except OSError as error:
        raise _unread(path, error.strerror or str(error)) from error
    if why := _other_kind(start):
        raise _unreadable(path, why)
    if size > MOST_PACKED:
        raise _unreadable(path, _("it has {size} MB").format(size=size // 2**20))
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            types = archive.read(CONTENT_TYPES)[:MOST_PACKED] if _is_small(archive) else b""
    except BROKEN as error:
        raise _unreadable(path, _("it is damaged, or only a part of it has arrived")) from error
    if why := _trouble(parts, types):
        raise _unreadable(path, why)


def _other_kind(start: bytes) -> str:
    """What the first bytes say it is, where that is no XLSX; nothing where it may be one."""
    if not start:
        return _("it is empty")
    if start.startswith(OLE):
        return _("it is an old .xls, or locked by a password")
    return "" if start.startswith(ZIP) else _("it is no spreadsheet, whatever its name says")


def _is_small(archive: zipfile.ZipFile) -> bool:
    try:
        return archive.getinfo(CONTENT_TYPES).file_size < MOST_PACKED
    except KeyError:
        return False


def _trouble(parts: list[zipfile.ZipInfo], types: bytes) -> str:
    size = sum(each.file_size for each in parts)
    names = [each.filename.casefold() for each in parts]
    if size > MOST_BYTES:
        return _("it unfolds to {size} MB").format(size=size // 2**20)
    if len(parts) > MOST_PARTS or len(set(names)) < len(names):
        return _("its parts are not those of a spreadsheet")
    if any(name.endswith("vbaproject.bin") for name in names) or b"macroEnabled" in types:
        return _("it holds macros")
    return "" if b"spreadsheetml.sheet.main" in types else _("it is an archive, but no XLSX spreadsheet")


def _unread(path: Path, why: str) -> Invalid:
    return Invalid([Fault(file=str(path), message=_("cannot be read: {why}").format(why=why))])


def _unreadable(path: Path, why: str) -> Invalid:
    message = _("not a readable XLSX file: {why}; save it again as .xlsx").format(why=why)
    return Invalid([Fault(file=str(path), message=message)])
