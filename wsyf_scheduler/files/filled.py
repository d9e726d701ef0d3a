"""A form as it came back: what was filled in, or every fault with its cell. Imports files.sheets and files.form_cells.

Rows may have been moved or sorted: they are found by their labels. Columns may not; nor may a cell to fill be merged,
or hold a formula, whose value may be stale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from wsyf_scheduler.errors import Fault, Invalid
from wsyf_scheduler.files import numerals, sheets
from wsyf_scheduler.files.form_cells import (
    CELL,
    EXTRAS,
    FORMAT,
    HEAD,
    KEY_SHEET,
    LABEL,
    NOTE,
    SHARE,
    SHEET,
    VERSION,
    Key,
    plain,
    understood,
)
from wsyf_scheduler.files.sheets import Place, Sheet, named, placed
from wsyf_scheduler.i18n import _
from wsyf_scheduler.values import shown

Value = int | Fraction
LENGTHS = {CELL: (4, 5), LABEL: (3,), HEAD: (3,), NOTE: (2, 3)} | dict.fromkeys(EXTRAS, (2,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """One form that came back. `handed` is industry to measure to value; `cells` where each of them stands."""

    file: str
    plan: str
    key: str
    department: str
    data_year: int
    handed: Mapping[str, Mapping[str, Value]]
    cells: Mapping[tuple[str, str], str]
    notes: Mapping[str, str]
    who: str = ""
    phone: str = ""
    date: str = ""


def read(path: Path) -> Filled:
    """What was filled in; Invalid with every fault where it cannot be understood."""
    book = sheets.read(path)
    hidden, key = _key(book, str(path))
    pages = [each for each in book if each is not hidden]
    page = next((each for each in pages if each.name == SHEET), pages[0] if pages else None)
    if page is None:
        raise _refused(path, _("the sheet to fill in is missing"))
    reader = _Reader(str(path), key, page)
    return reader.read()


def _refused(path: Path | str, message: str) -> Invalid:
    return Invalid([Fault(file=str(path), message=message)])


def _key(book: list[Sheet], file: str) -> tuple[Sheet, Key]:
    """The hidden sheet, and what it says."""
    hidden = next((each for each in book if each.name == KEY_SHEET or each.cells.get((0, 0)) == FORMAT), None)
    if hidden is None:
        words = _(
            "no form of ours: the hidden sheet that says whose it is is missing; write it anew: wsyf data form KEY"
        )
        raise _refused(file, words)
    height = max((row for row, _column in hidden.cells), default=-1) + 1
    width = max((column for _row, column in hidden.cells), default=0) + 1
    rows = [[sheets.text(hidden.cells.get((row, at), "")) for at in range(width)] for row in range(height)]
    try:
        key = understood([_without_end(row) for row in rows])
    except (KeyError, ValueError, IndexError):  # somebody has worked a checksum out over something else
        key = None
    if key is None or not all(_is_entry(entry) for entry in key.entries):
        words = _("the hidden sheet that says whose form this is was changed; write it anew: wsyf data form KEY")
        raise _refused(file, words)
    if key.version != VERSION:
        words = _("a form of version {found}; this program reads version {known}; write it anew: wsyf data form KEY")
        raise _refused(file, words.format(found=key.version, known=VERSION))
    return hidden, key


def _is_entry(entry: tuple[str, ...]) -> bool:
    """Whether an entry names a cell, and as much as its kind needs."""
    try:
        placed(entry[1])
    except (IndexError, ValueError):
        return False
    return len(entry) in LENGTHS.get(entry[0], ())


def _without_end(row: list[str]) -> list[str]:
    while len(row) > 2 and not row[-1]:  # noqa: PLR2004 - an industry may be empty, a name and its value not
        row = row[:-1]
    return row


class _Reader:
    """Finds the cells of one page and reads them; collects the faults."""

    def __init__(self, file: str, key: Key, page: Sheet) -> None:
        self._file, self._key, self._page = file, key, page
        self._faults: list[Fault] = []
        self._rows: dict[int, int] = {}  # a row as it was written to where it stands now

    def read(self) -> Filled:
        self._find_rows()
        self._check_columns()
        if self._faults:
            raise Invalid(self._faults)
        found = dict(self._values())
        if not found and not self._faults:
            self._faults.append(Fault(file=self._file, message=_("nothing is filled in")))
        if self._faults:
            raise Invalid(self._faults)
        handed: dict[str, dict[str, Value]] = {}
        for (industry, measure), (_place, value) in found.items():
            handed.setdefault(industry, {})[measure] = value
        extras = {name: self._extra(name) for name in EXTRAS}
        return Filled(
            file=self._file,
            plan=self._key.plan,
            key=self._key.key,
            department=self._key.department,
            data_year=self._key.data_year,
            handed=handed,
            cells={where: named(place) for where, (place, _value) in found.items()},
            notes=dict(self._notes()),
            **extras,
        )

    def _fault(self, place: Place, message: str) -> None:
        self._faults.append(Fault(file=self._file, key=named(place), message=message))

    def _text(self, place: Place) -> str:
        return plain(sheets.text(self._page.cells.get(place, "")))

    def _find_rows(self) -> None:
        """Each label's row, wherever it stands by now."""
        for cell, label in self._key.of(LABEL):
            row, column = placed(cell)
            standing = sorted(r for r, c in self._page.cells if c == column and self._text((r, c)) == label)
            if len(standing) == 1:
                self._rows[row] = standing[0]
            elif standing:
                message = _("{label} stands here a second time")
                self._fault((standing[1], column), message.format(label=shown(label)))
            else:
                found = shown(sheets.text(self._page.cells.get((row, column), "")))
                message = _("expected the row of {label}, found {found}; it stands nowhere else either")
                self._fault((row, column), message.format(label=shown(label), found=found))

    def _check_columns(self) -> None:
        """Each head must stand in its column, above the rows."""
        first = min(self._rows.values(), default=0)
        for cell, head in self._key.of(HEAD):
            row, column = placed(cell)
            if not any(self._text((above, column)) == head for above in range(first)):
                found = shown(sheets.text(self._page.cells.get((row, column), "")))
                message = _("expected the column {head}, found {found}; columns must stay where they are")
                self._fault((row, column), message.format(head=shown(head), found=found))

    def _now(self, cell: str) -> Place:
        """Where a cell of a row stands now."""
        row, column = placed(cell)
        return self._rows.get(row, row), column

    def _values(self) -> Iterator[tuple[tuple[str, str], tuple[Place, Value]]]:
        for cell, industry, measure, *kind in self._key.of(CELL):
            place = self._now(cell)
            if self._is_sound(place) and self._text(place):
                yield from self._value(place, industry, measure, is_share=kind == [SHARE])

    def _value(
        self, place: Place, industry: str, measure: str, *, is_share: bool
    ) -> Iterator[tuple[tuple[str, str], tuple[Place, Value]]]:
        given = self._page.cells[place]
        try:
            value: Value = numerals.share(given) if is_share else numerals.whole(given)
        except ValueError as error:
            self._fault(place, str(error))
        else:
            yield (industry, measure), (place, value)

    def _is_sound(self, place: Place) -> bool:
        """A cell to fill is by itself, and holds what was typed there."""
        for (top, left), (bottom, right) in self._page.merged:
            if top <= place[0] <= bottom and left <= place[1] <= right:
                area = f"{named((top, left))}:{named((bottom, right))}"
                self._fault(
                    place, _("merged with others ({area}): each cell is to be filled by itself").format(area=area)
                )
                return False
        if place in self._page.formulas:
            self._fault(place, _("a formula stands here; type the number itself"))
            return False
        return True

    def _notes(self) -> Iterator[tuple[str, str]]:
        for cell, *about in self._key.of(NOTE):
            if said := sheets.text(self._page.cells.get(self._now(cell), "")).strip():
                yield (about[0] if about else ""), said

    def _extra(self, name: str) -> str:
        """Who filled it in: beside its words, wherever these stand by now."""
        for (cell,) in self._key.of(name):
            row, column = placed(cell)
            words = plain(EXTRAS[name])
            rows = [r for r, c in self._page.cells if c == column - 1 and self._text((r, c)) == words] or [row]
            return sheets.text(self._page.cells.get((rows[0], column), "")).strip()
        return ""
