"""Forms go out as spreadsheets and come back: what is written is read, however people write their numbers."""

from __future__ import annotations

import zipfile
from fractions import Fraction

import pytest

from tests.figures.papers import KEY, WHOLE, blank, edited, fill, filled, gaoping, the_form
from wsyf_scheduler.acts import close, hand_in
from wsyf_scheduler.files import filled as forms_back
from wsyf_scheduler.files import form_pages, numerals
from wsyf_scheduler.files.sheets import Stamp, named, placed, read


@pytest.fixture
def office():
    return gaoping()


def test_what_is_filled_in_is_read_back_with_its_cells(office, tmp_path):
    more = {"D8": 2, "E8": 3, "F8": "含1起跨年", "B12": "李某", "B13": "电话见名册", "B14": "2022年5月25日"}
    found = forms_back.read(filled(office, tmp_path / "a.xlsx", WHOLE | more))
    assert (found.plan, found.key, found.department, found.data_year) == (
        "gaoping-2021-2025",
        KEY,
        "emergency",
        2021,
    )
    assert found.handed["coal"] == {"accidents": 3, "casualties": 5, "deaths": 2, "injured": 3}
    assert list(found.handed) == ["hazchem", "coal", "noncoal", "machinery"]
    assert found.cells["coal", "injured"] == "E8"
    assert (found.who, found.phone, found.date, found.notes) == (
        "李某",
        "电话见名册",
        "2022年5月25日",
        {"coal": "含1起跨年"},
    )


def test_the_same_form_gives_the_same_bytes(office):
    assert blank(office) == blank(office)


def test_only_the_departments_own_industries_stand_on_it(office):
    assert [row.name for row in the_form(office, "2022/1/housing").rows] == ["建筑施工"]


def test_the_last_year_collected_stands_beside(office, tmp_path):
    handed = {name: {"accidents": 3, "casualties": 5} for name in ("hazchem", "coal", "noncoal", "machinery")}
    office.act(hand_in.act, key=KEY, handed=handed)
    office.act(close.act, keys=[KEY])
    path = tmp_path / "next.xlsx"
    path.write_bytes(blank(office, "2023/1/emergency"))
    page = read(path)[0]
    assert page.cells[5, 1] == "2021年\n事故起数\n（已报送）"
    assert [page.cells[6, column] for column in (0, 1, 3)] == ["危险化学品", 3.0, 5.0]


def test_what_was_handed_in_already_stands_in_its_cells(office, tmp_path):
    office.act(hand_in.act, key=KEY, handed={"coal": {"accidents": 4, "casualties": 0}})
    path = tmp_path / "again.xlsx"
    path.write_bytes(blank(office))
    assert forms_back.read(path).handed == {"coal": {"accidents": 4, "casualties": 0}}


def test_a_ratio_alone_is_read_in_every_way_it_is_written(office, tmp_path):
    for written in (0.075, "7.5%", "７．５％", "3/40", "0.075"):
        path = filled(office, tmp_path / "r.xlsx", {"D7": written}, "2022/2/health")
        assert forms_back.read(path).handed == {"dust": {"ratio": Fraction(3, 40)}}


def test_the_size_of_a_pool_has_a_form_too(office, tmp_path):
    path = filled(office, tmp_path / "pool.xlsx", {"B7": 50}, "2022/5/hrss")
    assert forms_back.read(path).handed == {"": {"experts": 50}}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (0, 0),
        (12, 12),
        (12.0, 12),
        ("12", 12),
        ("１２", 12),
        ("1,234", 1234),
        ("１，２３４", 1234),
        (" 1 234 ", 1234),
        ("　12　起", 12),
        ("12起", 12),
        ("3 例", 3),
        ("50人", 50),
    ],
)
def test_numbers_are_understood_as_people_write_them(office, tmp_path, written, value):
    found = forms_back.read(filled(office, tmp_path / "n.xlsx", {"B7": written}))
    assert found.handed == {"hazchem": {"accidents": value}}


@pytest.mark.parametrize(
    "written",
    [
        3.5,
        -1,
        "-1",
        "三",
        "无",
        "12,34",
        "1e3",
        "约5",
        "—",
        "十",
        "12345678901",
        "3 5",
        "12 34",
        "1 2345",
        "5-6",
        "0x10",
        "²",
    ],
)
def test_what_is_no_whole_number_is_refused(written):
    with pytest.raises(ValueError, match="expected a whole number from 0 on"):
        numerals.whole(written if isinstance(written, str) else float(written))


@pytest.mark.parametrize(
    "written",
    [
        "7.5",
        "101%",
        "3/0",
        "4/3",
        "-1%",
        "比例",
        "",
        "1/2/3",
        "0.07 5",
        "3 /4 0",
        7.5,
        float("nan"),
        float("inf"),
        True,
    ],
)
def test_what_is_no_share_is_refused(written):
    with pytest.raises(ValueError, match="expected a percentage"):
        numerals.share(written)


def test_a_number_a_spreadsheet_took_for_a_date_is_named_as_one():
    with pytest.raises(ValueError, match="found the date 2022-03-05"):
        numerals.whole(Stamp("2022-03-05"))


def test_cells_have_the_names_spreadsheets_give_them():
    for place, name in {
        (0, 0): "A1",
        (6, 2): "C7",
        (0, 25): "Z1",
        (0, 26): "AA1",
        (1_048_575, 16_383): "XFD1048576",
    }.items():
        assert (named(place), placed(name)) == (name, place)


def test_rows_that_were_sorted_are_found_by_their_labels(office, tmp_path):
    def swap(text):
        return text.replace('r="7"', 'r="?"').replace('r="8"', 'r="7"').replace('r="?"', 'r="8"')

    def swapped(text):
        for column in "ABCDEF":
            text = (
                text.replace(f'"{column}7"', '"?"')
                .replace(f'"{column}8"', f'"{column}7"')
                .replace('"?"', f'"{column}8"')
            )
        return swap(text)

    data = edited(fill(blank(office), WHOLE | {"B7": 1, "B8": 2}), {"xl/worksheets/sheet1.xml": swapped})
    path = tmp_path / "sorted.xlsx"
    path.write_bytes(data)
    found = forms_back.read(path)
    assert (found.handed["hazchem"]["accidents"], found.cells["hazchem", "accidents"]) == (1, "B8")
    assert (found.handed["coal"]["accidents"], found.cells["coal", "accidents"]) == (2, "B7")


def test_text_that_begins_like_a_formula_stays_text(office, tmp_path):
    from dataclasses import replace

    form = the_form(office)
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x.example","x")']
    for text in hostile:
        rows = (form.rows[0]._replace(name=text), *form.rows[1:])
        path = tmp_path / "hostile.xlsx"
        path.write_bytes(form_pages.write(replace(form, title=text, plan_title=text, office=text, rows=rows)))
        book = read(path)
        assert all(not sheet.formulas for sheet in book)
        assert book[0].cells[6, 0] == text
        with zipfile.ZipFile(path) as archive:
            assert not any("hyperlink" in archive.read(name).decode() for name in archive.namelist())


def test_the_cells_to_fill_are_open_and_the_others_locked(office):
    import io
    import re

    with zipfile.ZipFile(io.BytesIO(blank(office))) as archive:
        page, styles = archive.read("xl/worksheets/sheet1.xml").decode(), archive.read("xl/styles.xml").decode()
        book = archive.read("xl/workbook.xml").decode()
    formats = re.findall(r"<xf [^>]*?(?:/>|>.*?</xf>)", styles.partition("<cellXfs")[2].partition("</cellXfs>")[0])
    opened = {
        name for name, style in re.findall(r'<c r="([A-Z]+\d+)" s="(\d+)"', page) if 'locked="0"' in formats[int(style)]
    }
    assert opened == {f"{column}{row}" for row in (7, 8, 9, 10) for column in "BCDEF"} | {"B12", "B13", "B14"}
    assert "<sheetProtection" in page
    assert 'state="veryHidden"' in book
    assert page.count("<dataValidation ") >= 1
    assert 'fitToPage="1"' in page
    assert 'paperSize="9"' in page
