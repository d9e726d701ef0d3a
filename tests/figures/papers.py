"""Forms of the Gaoping plan, and what people and programs do to them before they come back."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest

from tests.cast import Office, make_office
from wsyf_scheduler.figuring import whole_plan
from wsyf_scheduler.files import form_pages, forms
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.finding import find
from wsyf_scheduler.forming import form_of

JOBS = Path(__file__).parents[2] / "jobs" / "gaoping-2021-2025"
PLAN = "gaoping-2021-2025"
KEY = "2022/1/emergency"  # B accidents, C casualties, D deaths, E injured, F a note; rows 7 to 10
PAGE, KEYS = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"
WHOLE = {
    f"{column}{row}": value for row in (7, 8, 9, 10) for column, value in (("B", 3), ("C", 5))
}  # hazchem, coal, noncoal, machinery
SOFFICE = shutil.which("soffice")


def gaoping(when: str = "2022-05-20 08:00", **settings: object) -> Office:
    return make_office(when, texts=plan_files.read_texts(JOBS), **settings)


def the_form(office: Office, key: str = KEY) -> forms.Form:
    with office.db.read() as session:
        item = find(session, key)
        return form_of(office.app, session, whole_plan(session, item.plan_id), item, office.now.date())


def blank(office: Office, key: str = KEY) -> bytes:
    return form_pages.write(the_form(office, key))


def filled(office: Office, path: Path, cells: Mapping[str, object] = WHOLE, key: str = KEY) -> Path:
    """The form of an assignment with cells filled in, as a file."""
    path.write_bytes(fill(blank(office, key), cells))
    return path


def fill(data: bytes, cells: Mapping[str, object], *, part: str = PAGE) -> bytes:
    """Type values into cells: numbers, text, `=formulas`."""
    return edited(data, {part: lambda text: _filled(text, cells)})


def edited(data: bytes, changes: Mapping[str, Callable[[str], str] | None]) -> bytes:
    """The archive with parts changed; a part without a function is left out, a new one made from an empty text."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in [*old.namelist(), *(name for name in changes if name not in old.namelist())]:
            text = old.read(name).decode() if name in old.namelist() else ""
            change = changes.get(name, lambda same: same)
            if change is not None:
                new.writestr(name, change(text))
    return out.getvalue()


def _filled(text: str, cells: Mapping[str, object]) -> str:
    for name, value in cells.items():
        match value:
            case str() if value.startswith("="):
                inner, kind = f"<f>{escape(value[1:])}</f><v>7</v>", ""
            case str():
                inner, kind = f"<is><t>{escape(value)}</t></is>", ' t="inlineStr"'
            case _:
                inner, kind = f"<v>{value}</v>", ""
        text, n = re.subn(
            rf'<c r="{name}"( s="\d+")?[^>/]*(?:/>|>.*?</c>)', rf'<c r="{name}"\1{kind}>{inner}</c>', text
        )
        assert n == 1, f"no cell {name}"
    return text


# --- LibreOffice --------------------------------------------------------------------------------------------------

needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")
NAMES = {
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
}


def converted(path: Path, kind: str, folder: Path) -> Path:
    """The file as LibreOffice saves it."""
    assert SOFFICE is not None
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    folder.mkdir(exist_ok=True)
    command = [SOFFICE, profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return folder / f"{path.stem}.{kind}"


def typed(path: Path, cells: Mapping[str, object]) -> None:
    """Type values into the first sheet of a flat OpenDocument file."""
    for prefix, uri in NAMES.items():
        ET.register_namespace(prefix, uri)
    tree = ET.parse(path)
    sheet = tree.getroot().find(".//table:table", NAMES)
    assert sheet is not None
    grid = [_spread(row, "number-columns-repeated", 50) for row in _spread_rows(sheet)]
    for name, value in cells.items():
        column, row = ord(name[0]) - ord("A"), int(name[1:]) - 1
        cell = grid[row][column]
        if isinstance(value, str):
            cell.set(f"{{{NAMES['office']}}}value-type", "string")
            ET.SubElement(cell, f"{{{NAMES['text']}}}p").text = value
        else:
            cell.set(f"{{{NAMES['office']}}}value-type", "float")
            cell.set(f"{{{NAMES['office']}}}value", str(value))
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _spread_rows(sheet: ET.Element) -> list[ET.Element]:
    for holder in [sheet, *sheet.iter(f"{{{NAMES['table']}}}table-header-rows")]:
        _spread(holder, "number-rows-repeated", 30)
    return list(sheet.iter(f"{{{NAMES['table']}}}table-row"))


def _spread(holder: ET.Element, attribute: str, most: int) -> list[ET.Element]:
    """Cells (or rows) that stand for several are written out one by one, as far as the form goes."""
    name = f"{{{NAMES['table']}}}{attribute}"
    for child in list(holder):
        n = int(child.attrib.get(name, "1"))
        if 1 < n <= most:
            del child.attrib[name]
            at = list(holder).index(child)
            for _n in range(n - 1):
                holder.insert(at, ET.fromstring(ET.tostring(child)))
    return list(holder)
