"""Holders written to a file, CSV or XLSX, so that `files.people` reads back exactly what was written.

Imports core, files.people, errors, i18n. No cell of it is ever a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from wsyf_scheduler.core.erased import is_erased
from wsyf_scheduler.core.ladder import ROLES
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.errors import WsyfError, reason
from wsyf_scheduler.files.people import CHINESE, COLUMNS, ROLE_NAMES, guarded
from wsyf_scheduler.i18n import _

CHINESE_HEADERS = {column: name for name, column in CHINESE.items()}
CHINESE_ROLES = {role: name for name, role in ROLE_NAMES.items()}


def write(path: Path, holders: Iterable[Holder], *, names: Mapping[str, str] | None) -> int:
    """Write the holders, sorted by post; in Chinese where `names`, short names by department id, are given.

    Returns how many. CSV is UTF-8 with a byte order mark, without which Chinese spreadsheets misread it. WsyfError
    where it cannot be written.
    """
    rows = table(holders, names)
    try:
        if path.suffix.lower() == ".xlsx":
            _write_sheet(path, rows)
        else:
            path.write_text(as_csv(rows), encoding="utf-8-sig", newline="")
    except OSError as error:
        raise WsyfError(_("{path} cannot be written: {why}").format(path=path, why=reason(error))) from error
    return len(rows) - 1


def table(holders: Iterable[Holder], names: Mapping[str, str] | None) -> list[list[str]]:
    """Headers and rows as text; a short name that two departments share gives way to their ids.

    Who was erased is left out, as holder and as deputy: an import does not touch what it does not name.
    """
    headers = list(COLUMNS) if names is None else [CHINESE_HEADERS[column] for column in COLUMNS]
    shorts = dict(names or {})
    known = list(shorts.values())
    rows = []
    for holder in sorted(_present(holders), key=lambda each: (ROLES.index(each.role), each.department, each.email)):
        row = [str(getattr(holder, column) or "") for column in COLUMNS]
        if names is not None:
            row[0] = CHINESE_ROLES[holder.role]
            short = shorts.get(holder.department, "")
            row[1] = short if known.count(short) == 1 else holder.department
        rows.append(row)
    return [headers, *rows]


def _present(holders: Iterable[Holder]) -> Iterator[Holder]:
    for each in holders:
        if not is_erased(each.email):
            yield replace(each, deputy="", away_since=None, away_until=None) if is_erased(each.deputy) else each


def as_csv(rows: Iterable[Iterable[str]]) -> str:
    """The rows as CSV; a cell a spreadsheet would take for a formula begins with an apostrophe, which import drops."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue()


def _write_sheet(path: Path, rows: list[list[str]]) -> None:
    """Text cells only: no formula, no number that loses its zeros, no link."""
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import XlsxWriterException

    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    try:
        with Workbook(str(path), options) as book:
            sheet = book.add_worksheet("people")
            text = book.add_format({"num_format": "@"})
            for line, row in enumerate(rows):
                for place, cell in enumerate(row):
                    sheet.write_string(line, place, cell, text)
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(rows[0]) - 1, 16, text)
    except XlsxWriterException as error:
        raise WsyfError(_("{path} cannot be written: {why}").format(path=path, why=error)) from error
