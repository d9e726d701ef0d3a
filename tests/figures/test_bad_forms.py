"""Forms that cannot be taken are refused in words, with the cell named; nothing is half-stored, the process lives."""

from __future__ import annotations

import io
import os
import random
import re
import struct
import zipfile

import pytest
import xlsxwriter

from tests.cli.office_fixtures import without_root_rights
from tests.figures.papers import KEYS, PAGE, PLAN, WHOLE, blank, edited, fill, filled, gaoping
from wsyf_scheduler.errors import Forbidden, Invalid
from wsyf_scheduler.files import filled as forms_back
from wsyf_scheduler.files.form_cells import Key
from wsyf_scheduler.forming import brought

ERROR = r'(<c r="B7" s="\d+")><v>3</v>'


@pytest.fixture
def office():
    return gaoping()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "表.xlsx"


def refused(path):
    with pytest.raises(Invalid) as error:
        forms_back.read(path)
    return [str(fault).removeprefix(f"{path}: ") for fault in error.value.faults]


def bring(office, *paths):
    with office.db.read() as session:
        return brought(session, sorted(office.app.plans(session)), [forms_back.read(each) for each in paths])


# --- Whose form it is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        (PLAN, "other-2026-2030", f"a form of the plan other-2026-2030; tracked here: {PLAN}"),
        ("2022/1/emergency", "2022/1/finance", "there is no assignment gaoping-2021-2025:2022/1/finance"),
        ("emergency", "housing", "a form of the department housing; 2022/1/emergency is emergency's"),
        ("2021", "2019", "a form of the year 2019; 2022/1/emergency asks for 2021"),
    ],
)
def test_a_form_of_another_plan_department_or_year_is_refused_naming_both(office, path, was, becomes, words):
    from dataclasses import replace

    form = forms_back.read(filled(office, path))
    fields = {"plan": form.plan, "key": form.key, "department": form.department, "data_year": form.data_year}
    name = next(name for name, value in fields.items() if str(value) == was)
    with office.db.read() as session, pytest.raises(Forbidden, match=re.escape(words)):
        brought(session, [PLAN], [replace(form, **{name: type(fields[name])(becomes)})])


def test_two_forms_for_one_key_with_different_values_are_refused_naming_both_cells(office, tmp_path):
    one = filled(office, tmp_path / "a.xlsx")
    two = filled(office, tmp_path / "b.xlsx", WHOLE | {"B8": 4})
    with pytest.raises(Forbidden, match=r"a\.xlsx: B8 has 3, .*b\.xlsx: B8 has 4"):
        bring(office, one, two)
    (same,) = bring(office, one, filled(office, tmp_path / "c.xlsx"))
    assert same.handed["coal"] == {"accidents": 3, "casualties": 5}


def test_a_form_without_its_key_sheet_is_refused(office, path):
    data = fill(blank(office), WHOLE)
    data = edited(data, {"xl/workbook.xml": lambda text: re.sub(r'<sheet name="wsyf"[^>]*/>', "", text)})
    path.write_bytes(data)
    assert refused(path) == [
        "no form of ours: the hidden sheet that says whose it is is missing; write it anew: wsyf data form KEY"
    ]


def test_a_changed_key_sheet_is_refused(office, path):
    path.write_bytes(fill(fill(blank(office), WHOLE), {"B5": "2022"}, part=KEYS))
    assert refused(path) == [
        "the hidden sheet that says whose form this is was changed; write it anew: wsyf data form KEY"
    ]


def test_any_other_spreadsheet_is_no_form(path):
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet().write(0, 0, "people")
    book.close()
    assert "no form of ours" in refused(path)[0]


# --- What people do to cells --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"B7": "三"}, 'B7: expected a whole number from 0 on (0 where there was none), found "三"'),
        ({"C8": 2.5}, "C8: expected a whole number from 0 on (0 where there was none), found 2.5"),
        ({"C8": -2}, "C8: expected a whole number from 0 on (0 where there was none), found -2"),
        ({"B9": "=1+2"}, "B9: a formula stands here; type the number itself"),
        ({"A8": "煤炭"}, 'A8: expected the row of "煤矿", found "煤炭"; it stands nowhere else either'),
        ({"A8": "危险化学品"}, 'A8: "危险化学品" stands here a second time'),
        (
            {"C6": "事故"},
            'C6: expected the column "2021年伤亡人数（人）", found "事故"; columns must stay where they are',
        ),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_cell(office, path, cells, words):
    assert words in refused(filled(office, path, WHOLE | cells))


def test_an_error_of_the_spreadsheet_is_not_taken_for_nothing(office, path):
    data = edited(fill(blank(office), WHOLE), {PAGE: lambda text: re.sub(ERROR, r'\1 t="e"><v>#DIV/0!</v>', text)})
    path.write_bytes(data)
    assert refused(path) == ['B7: expected a whole number from 0 on (0 where there was none), found "#ERROR"']


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e300])
def test_a_number_beyond_all_numbers_is_refused(office, path, value):
    assert refused(filled(office, path, WHOLE | {"B7": value}))[0].startswith("B7: expected a whole number")


def test_every_fault_is_named_at_once(office, path):
    found = refused(filled(office, path, {"B7": "三", "C7": "=1", "B8": 1.5, "C8": 0}))
    assert [fault.partition(":")[0] for fault in found] == ["B7", "C7", "B8"]


def test_merged_cells_are_refused_naming_them(office, path):
    def merge(text):
        return re.sub(r'<mergeCells count="(\d+)">', '<mergeCells count="9"><mergeCell ref="B7:B8"/>', text)

    path.write_bytes(edited(fill(blank(office), WHOLE), {PAGE: merge}))
    assert refused(path) == [
        "B7: merged with others (B7:B8): each cell is to be filled by itself",
        "B8: merged with others (B7:B8): each cell is to be filled by itself",
    ]


def test_a_form_with_nothing_filled_in_is_refused(office, path):
    path.write_bytes(blank(office))
    assert refused(path) == ["nothing is filled in"]


def test_a_far_cell_is_refused_by_name_and_does_not_eat_the_memory(office, path):
    def far(text):
        return text.replace("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')

    path.write_bytes(edited(fill(blank(office), WHOLE), {PAGE: far}))
    assert "something stands in the far cell XFD1048576; clear it" in refused(path)[0]


def test_far_cells_that_are_only_coloured_do_no_harm(office, path):
    def far(text):
        return text.replace("</sheetData>", '<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>')

    path.write_bytes(edited(fill(blank(office), WHOLE), {PAGE: far}))
    assert len(forms_back.read(path).cells) == 8


# --- What is no form ----------------------------------------------------------------------------------------------


def test_macros_are_refused(office, path):
    path.write_bytes(edited(fill(blank(office), WHOLE), {"xl/vbaProject.bin": lambda _none: "x"}))
    assert "it holds macros" in refused(path)[0]

    def enabled(text):
        return text.replace("spreadsheetml.sheet.main+xml", "sheet.macroEnabled.main+xml")

    path.write_bytes(edited(fill(blank(office), WHOLE), {"[Content_Types].xml": enabled}))
    assert "it holds macros" in refused(path)[0]


def test_a_zip_bomb_is_refused_before_it_unfolds(office, path):
    path.write_bytes(edited(fill(blank(office), WHOLE), {"xl/media/big.bin": lambda _none: "0" * (60 * 2**20)}))
    assert path.stat().st_size < 2**20
    assert "it unfolds to" in refused(path)[0]


def test_a_bomb_that_lies_about_its_size_is_refused(office, path):
    data = edited(fill(blank(office), WHOLE), {PAGE: lambda text: text + " " * (60 * 2**20)})
    lying = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo(PAGE).file_size
    at = lying.find(struct.pack("<I", size))
    while at >= 0:
        lying[at : at + 4] = struct.pack("<I", 5000)
        at = lying.find(struct.pack("<I", size))
    path.write_bytes(lying)
    assert len(refused(path)) == 1


def test_a_file_of_50_mb_is_refused_unread(path):
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(50 * 2**20)
    assert "it has 50 MB" in refused(path)[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "it is an old .xls, or locked by a password"),
        ("行业,事故起数\n煤矿,3\n".encode("gb18030"), "it is no spreadsheet, whatever its name says"),
        (b"%PDF-1.7\n", "it is no spreadsheet, whatever its name says"),
        (b"PK\x03\x04 broken", "not a readable XLSX file"),
    ],
)
def test_a_file_that_is_no_xlsx_is_refused_in_words(path, content, words):
    path.write_bytes(content)
    assert words in refused(path)[0]


def test_another_kind_of_archive_is_refused(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert "it is an archive, but no XLSX spreadsheet" in refused(path)[0]


def test_a_damaged_form_is_refused(office, path):
    data = fill(blank(office), WHOLE)
    for cut in (100, 1000, len(data) - 40):
        path.write_bytes(data[:cut])
        assert "it is damaged, or only a part of it has arrived" in refused(path)[0]
    path.write_bytes(edited(data, {PAGE: lambda text: text[: len(text) // 2]}))
    assert "its parts are not those of a spreadsheet" in refused(path)[0]
    path.write_bytes(edited(data, {"xl/workbook.xml": None}))
    assert "its parts are not those of a spreadsheet" in refused(path)[0]


@pytest.mark.parametrize("seed", range(30))
def test_a_form_damaged_anywhere_is_refused_or_read_right(office, path, seed):
    chance = random.Random(seed)
    data = bytearray(fill(blank(office), WHOLE))
    for _n in range(chance.choice((1, 3, 20))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(data)
    try:
        found = forms_back.read(path)
    except Invalid:
        return
    assert all(values == {"accidents": 3, "casualties": 5} for values in found.handed.values())
    assert len(found.handed) == 4


def test_entities_are_not_unfolded(office, path):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'

    def poisoned(text):
        return text.replace("<worksheet", bomb + "<worksheet", 1)

    path.write_bytes(edited(fill(blank(office), WHOLE), {PAGE: poisoned}))
    assert "its parts are not those of a spreadsheet" in refused(path)[0]


def test_a_folder_a_missing_file_a_pipe_and_one_without_rights_are_refused(office, path, tmp_path):
    assert "it is a folder" in refused(tmp_path)[0]
    assert "there is no such file" in refused(path)[0]
    os.mkfifo(tmp_path / "pipe.xlsx")
    assert "it is no file" in refused(tmp_path / "pipe.xlsx")[0]
    filled(office, path).chmod(0)
    with without_root_rights():
        assert "Permission denied" in refused(path)[0]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (lambda key: setattr(key, "data_year", "二〇二一"), False),
        (lambda key: key.entries.append(("cell", "7C", "coal", "accidents")), False),
        (lambda key: key.entries.append(("cell", "C7")), False),
        (lambda key: key.entries.append(("spell", "C7", "x")), False),
        (lambda key: key.entries.append(("cell", "B30", "coal", "accidents")), True),
    ],
)
def test_a_forged_key_with_a_right_checksum_breaks_nothing(office, path, monkeypatch, change, kept):
    rows = Key.rows

    def forged(key):
        change(key)
        return rows(key)

    monkeypatch.setattr(Key, "rows", forged)
    data = blank(office)
    path.write_bytes(fill(data, WHOLE))
    if kept:
        assert forms_back.read(path).handed["coal"] == {"accidents": 3, "casualties": 5}
    else:
        assert "was changed" in refused(path)[0]


def test_what_a_form_says_of_itself_is_kept_short_and_on_one_line(office, tmp_path):
    path = tmp_path / os.fsdecode(b"\xb1\xed.xlsx")
    filled(office, path, WHOLE | {"F7": "长" * 5000, "B12": "李\n某"})
    (one,) = bring(office, path)
    assert "李 某" in one.source
    assert len(one.source) < 300
    one.source.encode()
