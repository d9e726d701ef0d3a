"""The State Council's notice as a file: what it says, and every fault with its line and key."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cast import ROOT, day
from wsyf_scheduler.core.calendar import YearNotice, YearStatus
from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.files import holidays, year_notice

NEW_YEAR = '[[holiday]]\nname = "元旦"\nfrom = 2094-01-01\nto = 2094-01-03\n'

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "2094.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def faults(path: Path, this_year: int = 2093) -> list[str]:
    with pytest.raises(Invalid) as found:
        year_notice.load(path, this_year=this_year)
    return [str(fault).replace(str(path), path.name) for fault in found.value.faults]


def test_a_notice_says_which_days_are_off_and_which_weekend_days_are_worked(write):
    text = f'year = 2094\nsource = "国办发明电"\nworking = [2094-01-10]\n{NEW_YEAR}working = [2094-01-09]\n'
    found = year_notice.load(write(text), this_year=2093)
    assert found == YearNotice(
        year=2094,
        off=frozenset({day("2094-01-01"), day("2094-01-02"), day("2094-01-03")}),
        working=frozenset({day("2094-01-09"), day("2094-01-10")}),
        names={
            day("2094-01-01"): "元旦",
            day("2094-01-02"): "元旦",
            day("2094-01-03"): "元旦",
            day("2094-01-09"): "元旦",
            day("2094-01-10"): "调休上班",
        },
        source="国办发明电",
    )


def test_the_holiday_of_new_year_may_begin_in_the_december_before(write):
    text = NEW_YEAR.replace("from = 2094-01-01", "from = 2093-12-31") + "working = [2093-12-26]\n"
    found = year_notice.load(write(f"year = 2094\n{text}"), this_year=2093)
    assert day("2093-12-31") in found.off
    days = holidays.work_calendar(imported={2094: found})
    assert not days.is_working(day("2093-12-31"))
    assert days.is_working(day("2093-12-26"))
    assert days.years[2093].status is YearStatus.PROVISIONAL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["2094.toml: the file is empty"]),
        ("year = 2094\n", ["2094.toml: holiday: missing: expected a table [[holiday]] for each holiday"]),
        (NEW_YEAR, ["2094.toml: year: missing: expected a whole number"]),
        ("year = 2194\n" + NEW_YEAR, ["2094.toml:1: year: expected a year from 2088 to 2095, found 2194"]),
        (
            "year = 2095\n" + NEW_YEAR,
            [
                (
                    "2094.toml:4: holiday[1].from: 2094-01-01 is no day of 2095:"
                    " expected one of that year, or of the December before it"
                ),
                (
                    "2094.toml:5: holiday[1].to: 2094-01-03 is no day of 2095:"
                    " expected one of that year, or of the December before it"
                ),
            ],
        ),
        (
            "year = 2094\n" + NEW_YEAR + "working = [2094-01-10, 2094-01-10]\n",
            ["2094.toml:6: holiday[1].working: 2094-01-10 (Sun) is given twice"],
        ),
        (
            "year = 2094\nworking = [2094-01-10]\n" + NEW_YEAR + "working = [2094-01-10]\n",
            ["2094.toml:7: holiday[1].working: 2094-01-10 (Sun) is given twice"],
        ),
        (
            "year = 2094\n" + NEW_YEAR + "working = [2094-01-05]\n",
            [
                (
                    "2094.toml:6: holiday[1].working: 2094-01-05 (Tue) is worked anyway:"
                    " working names weekend days worked in exchange for a holiday"
                )
            ],
        ),
        (
            "year = 2094\n" + NEW_YEAR + "working = [2094-01-03]\n",
            ["2094.toml:6: holiday[1].working: 2094-01-03 (Sun) is both off (元旦) and working"],
        ),
        (
            "year = 2094\n" + NEW_YEAR + "working = [2095-01-01]\n",
            [
                (
                    "2094.toml:6: holiday[1].working: 2095-01-01 is no day of 2094:"
                    " expected one of that year, or of the December before it"
                )
            ],
        ),
        (
            "year = 2094\n" + NEW_YEAR.replace("to = 2094-01-03", "to = 2093-12-31"),
            ["2094.toml:5: holiday[1].to: 2093-12-31 lies before from, 2094-01-01"],
        ),
        (
            "year = 2094\n" + NEW_YEAR.replace("to = 2094-01-03", "to = 2094-11-03"),
            ["2094.toml:5: holiday[1].to: expected a holiday of at most 16 days, found 307"],
        ),
        (
            "year = 2094\n"
            + NEW_YEAR.replace("from = 2094-01-01", "from = 2093-12-01").replace("2094-01-03", "2093-12-02"),
            [
                "2094.toml:5: holiday[1].to: ends in the December before: only the holiday of New Year's Day may begin there"
            ],
        ),
        (
            "year = 2094\n" + NEW_YEAR + NEW_YEAR.replace("to = 2094-01-03", "to = 2094-01-01"),
            ["2094.toml:8: holiday[2].from: 2094-01-01 (Fri) belongs to 元旦 already"],
        ),
        ("year = 2094\nyaer = 1\n" + NEW_YEAR, ["2094.toml:2: yaer: unknown key; did you mean year?"]),
        (
            "year = 2094\n" + NEW_YEAR.replace("2094-01-03", "2094-02-30"),
            ["2094.toml:5: there is no such day: 2094-02-30"],
        ),
        (
            "year = 2094\n" + NEW_YEAR.replace("2094-01-03", '"2094-01-03"'),
            ['2094.toml:5: holiday[1].to: expected a date such as 2026-12-31, found "2094-01-03"'],
        ),
    ],
)
def test_each_fault_is_named_with_file_line_and_key(write, text, said):
    assert faults(write(text)) == said


def test_every_fault_is_named_at_once(write):
    text = "year = 2094\n" + NEW_YEAR + "working = [2094-01-03, 2094-01-05]\nnmae = 1\n"
    assert [re.sub(r": .*", "", each) for each in faults(write(text))] == ["2094.toml:6", "2094.toml:6", "2094.toml:7"]


def test_a_missing_file_is_a_fault(tmp_path):
    assert faults(tmp_path / "no.toml") == ["no.toml: cannot be read: No such file or directory"]


def test_the_example_of_the_guide_is_a_notice_without_fault(tmp_path):
    text = (ROOT / "docs" / "calendar.md").read_text(encoding="utf-8")
    path = tmp_path / "2027.toml"
    path.write_text(text.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    found = year_notice.load(path, this_year=2026)
    assert (len(found.off), len(found.working)) == (28, 6)
    assert set(holidays.statutory_days(2027)) - found.off == set()


def test_an_import_takes_the_place_of_the_package_s_notice_and_the_config_goes_over_both():
    imported = YearNotice(year=2023, off=frozenset({day("2023-03-01")}))
    days = holidays.work_calendar(
        imported={2023: imported}, extra_off=[day("2023-03-02")], extra_working=[day("2023-03-01")]
    )
    assert days.is_working(day("2023-03-01"))
    assert not days.is_working(day("2023-03-02"))
    assert days.is_working(day("2023-01-24"))  # Spring Festival by the package's notice


def test_a_corrected_notice_leaves_the_next_year_s_december_days_alone():
    """31 December 2022 was off by the notice of 2023; one imported for 2022 says nothing of it."""
    imported = YearNotice(year=2022, off=frozenset({day("2022-10-01")}))
    assert day("2022-12-31") in holidays.work_calendar(imported={2022: imported}).years[2022].off
