"""People files as XLSX: the same columns, and nothing a spreadsheet can do harms the reader."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.files import people

DEPARTMENTS = {"emergency": "应急"}


def _write(path: Path, rows: list[list[object]]) -> Path:
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return path


def test_a_sheet_with_chinese_headers_and_real_dates_is_read(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "people.xlsx",
        [
            ["角色", "部门", "姓名", "邮箱", "电话", "起", "止"],
            ["联络员", "应急", "应急局联络员", "liaison@gaoping.example", 3560000, datetime(2024, 1, 1), ""],  # noqa: DTZ001
        ],
    )
    (holder,) = people.load(path, DEPARTMENTS)
    assert (holder.role, holder.department, holder.phone, str(holder.since)) == (
        "liaison",
        "emergency",
        "3560000",
        "2024-01-01",
    )


def test_a_fault_in_a_sheet_names_its_row(tmp_path: Path) -> None:
    path = _write(tmp_path / "people.xlsx", [["role", "department", "email"], ["liaison", "emergency", "no address"]])
    with pytest.raises(Invalid, match=r"people\.xlsx:2: email"):
        people.load(path, DEPARTMENTS)


def test_one_far_cell_is_refused_and_does_not_eat_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet().write(1_048_575, 16_383, "x")
    book.add_worksheet()
    book.close()
    with pytest.raises(Invalid, match="not a readable XLSX file"):
        people.load(path, DEPARTMENTS)


def test_something_else_under_the_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    path.write_text("role,email\n", encoding="utf-8")
    with pytest.raises(Invalid, match="not a readable XLSX file"):
        people.load(path, DEPARTMENTS)
