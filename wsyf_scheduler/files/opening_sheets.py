"""`python -m wsyf_scheduler.files.opening_sheets FILE`: the cells of a spreadsheet as JSON, under limits.

Run by files.sheets in a process of its own, which may be killed by what it reads. Imports files.sheets.
"""

from __future__ import annotations

import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat

from wsyf_scheduler.files.sheets import BROKEN, MOST_BYTES, MOST_SECONDS, Place, named, placed
from wsyf_scheduler.i18n import _

MOST_MEMORY = 2**30
MOST_ROWS = 5000
MOST_COLUMNS = 200
MOST_CELLS = 200_000
CHUNK = 2**16
WORKSHEET = "worksheet"
ERROR = "#ERROR"
KINDS = {str: "text", float: "num", int: "num", bool: "bool"}


class Seen:
    """The places of one worksheet's cells that hold something, and of its formulas; nothing is kept of the rest."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.held: list[Place] = []
        self.formulas: list[Place] = []
        self.errors: list[Place] = []  # #DIV/0! and their like, which the library takes for nothing
        self._is_error = False
        self._row, self._column = -1, -1

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins; a row or cell without its own name follows the one before."""
        match name.rpartition(":")[2]:
            case "row":
                self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
                self._column = -1
            case "c":
                place = placed(attributes["r"]) if "r" in attributes else (self._row, self._column + 1)
                self._row, self._column = place
                self._is_error = attributes.get("t") == "e"
            case "v" | "is":
                self._hold(self.errors if self._is_error else self.held)
            case "f":
                self._hold(self.formulas)

    def _hold(self, places: list[Place]) -> None:
        place = (self._row, self._column)
        if place[0] >= MOST_ROWS or place[1] >= MOST_COLUMNS:
            raise SystemExit(_("something stands in the far cell {cell}; clear it").format(cell=named(place)))
        if len(places) >= MOST_CELLS:
            raise SystemExit(_("the sheet has too many cells"))
        places.append(place)


def _parse(file: IO[bytes], start: Any) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _no_doctype
    left = MOST_BYTES
    while chunk := file.read(CHUNK):
        left -= len(chunk)
        if left < 0:
            raise SystemExit(_("it unfolds to {size} MB").format(size=f"> {MOST_BYTES // 2**20}"))
        parser.Parse(chunk)
    parser.Parse(b"", True)  # noqa: FBT003 - expat's way to say that this was all


def _no_doctype(*_declared: object) -> None:
    raise SystemExit(_("its parts are not those of a spreadsheet"))


def _worksheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name to the part it stands in."""
    targets: dict[str, str] = {}
    sheets: dict[str, str] = {}

    def relation(_name: str, attributes: dict[str, str]) -> None:
        if attributes.get("Type", "").endswith("/" + WORKSHEET):
            target = attributes.get("Target", "")
            targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "sheet":
            identity = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            sheets[attributes.get("name", "")] = identity

    for part, handler in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", sheet)):
        with archive.open(part) as file:
            _parse(file, handler)
    return {name: targets[identity] for name, identity in sheets.items() if identity in targets}


def _sheets(path: str) -> Iterator[dict[str, object]]:
    """Each sheet with its cells; what python-calamine does not tell (formulas) comes from a look of our own.

    That look is first: what would make the library ask for all the memory there is never reaches it.
    """
    with zipfile.ZipFile(path) as archive:
        seen: dict[str, Seen] = {}
        for name, part in _worksheets(archive).items():
            seen[name] = Seen()
            with archive.open(part) as file:
                _parse(file, seen[name].start)
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    with open(path, "rb") as file:  # noqa: PTH123 - the library takes no name that is bytes
        book = CalamineWorkbook.from_filelike(file)
    for about in book.sheets_metadata:
        if about.typ is not SheetTypeEnum.WorkSheet or about.name not in seen:
            continue
        sheet = book.get_sheet_by_name(about.name)
        cells = sheet.to_python(skip_empty_area=False)
        yield {
            "name": about.name,
            "cells": [
                *((row, column, "text", ERROR) for row, column in seen[about.name].errors),
                *(
                    (row, column, *_told(cell))
                    for row, line in enumerate(cells)
                    for column, cell in enumerate(line)
                    if cell != ""
                ),
            ],
            "formulas": seen[about.name].formulas,
            "merged": sheet.merged_cell_ranges or [],
        }


def _told(cell: object) -> tuple[str, object]:
    kind = KINDS.get(type(cell))
    return (kind, cell) if kind else ("stamp", str(cell))


def _main(path: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError

    try:
        found = list(_sheets(path))
    except (*BROKEN, KeyError, expat.ExpatError, CalamineError) as error:
        raise SystemExit(_("its parts are not those of a spreadsheet")) from error
    if not found:
        raise SystemExit(_("it has no sheet"))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    _main(sys.argv[1])
