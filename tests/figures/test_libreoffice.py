"""A form goes through LibreOffice and comes back: filled in there, saved there, read here; and it fits one A4 page."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.figures.papers import blank, converted, fill, gaoping, needs_libreoffice, typed
from wsyf_scheduler.files import filled as forms_back

pytestmark = needs_libreoffice
CELLS = {"B7": 0, "C7": 0, "B8": 3, "C8": 5, "D8": 1, "E8": 4, "B9": "１２起", "C9": "1,234", "B10": 7, "C10": 9}
VALUES = {
    "hazchem": {"accidents": 0, "casualties": 0},
    "coal": {"accidents": 3, "casualties": 5, "deaths": 1, "injured": 4},
    "noncoal": {"accidents": 12, "casualties": 1234},
    "machinery": {"accidents": 7, "casualties": 9},
}


def test_a_form_filled_in_there_is_read_here(tmp_path):
    (tmp_path / "表.xlsx").write_bytes(blank(gaoping()))
    flat = converted(tmp_path / "表.xlsx", "fods", tmp_path / "lo")
    typed(flat, CELLS | {"B12": "李某"})
    found = forms_back.read(converted(flat, "xlsx", tmp_path / "lo"))
    assert found.handed == VALUES
    assert (found.key, found.who, found.cells["coal", "deaths"]) == ("2022/1/emergency", "李某", "D8")


def test_a_form_saved_again_there_is_read_here(tmp_path):
    (tmp_path / "表.xlsx").write_bytes(fill(blank(gaoping()), CELLS))
    assert forms_back.read(converted(tmp_path / "表.xlsx", "xlsx", tmp_path / "lo")).handed == VALUES


def test_an_xls_made_there_is_refused(tmp_path):
    (tmp_path / "表.xlsx").write_bytes(fill(blank(gaoping()), CELLS))
    with pytest.raises(Exception, match=r"an old \.xls"):
        forms_back.read(converted(tmp_path / "表.xlsx", "xls", tmp_path / "lo"))


@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="pdfinfo (poppler-utils) is not installed")
@pytest.mark.parametrize("key", ["2022/1/emergency", "2022/2/health", "2022/4/emergency", "2022/5/hrss"])
def test_every_form_prints_on_one_page(tmp_path, key):
    (tmp_path / "表.xlsx").write_bytes(blank(gaoping(), key))
    page = converted(tmp_path / "表.xlsx", "pdf", tmp_path / "lo")
    said = subprocess.run(["pdfinfo", str(page)], check=True, capture_output=True, text=True).stdout
    assert "Pages:           1\n" in said
    assert "(A4)" in said
