"""What `wsyf assess` and `wsyf data show` say at the terminal: of which plan, with which digits, by how much."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.cast import make_plan, period, task
from tests.cli.office_fixtures import PLAN, TRACKED_AT, Desk, rehearsal_office
from wsyf_scheduler import i18n
from wsyf_scheduler.cli.grid import width
from wsyf_scheduler.core.assess import ALL, ANNEX, Given, Place, Verdict, by_department
from wsyf_scheduler.core.goals import sheets
from wsyf_scheduler.core.rounding import decimal, percents
from wsyf_scheduler.files import plan as plan_files

desk = pytest.fixture(rehearsal_office)
OTHER = "county-2023"
LATE = "2026-01-05T10:00"
GAOPING = plan_files.load(Path(__file__).parents[2] / "jobs" / PLAN)
DEPARTMENTS = {industry.id: industry.department for industry in GAOPING.industries}
CHOICES = [(("--plan", PLAN), {}), ((), {"WSYF_PLAN": PLAN})]


@pytest.fixture
def two(desk: Desk) -> Desk:
    """A second plan beside Gaoping's, with a period both have."""
    folder = desk.folder / "jobs" / OTHER
    folder.mkdir()
    for name, text in make_plan(periods={"2023": period(task(1), name="2023")}).items():
        (folder / name).write_text(text, encoding="utf-8")
    desk.wsyf("plan", "sync", at=TRACKED_AT)
    return desk


def submit(desk: Desk, key: str, *words: str) -> None:
    desk.wsyf("data", "submit", key, *words, "--confirm", "已核实", at=LATE)


def line_of(out: str, *words: str) -> str:
    return next(line for line in out.splitlines() if all(word in line for word in words))


# --- of which plan -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "env"), CHOICES)
def test_a_period_is_shown_and_assessed_with_a_plan_chosen(desk, words, env):
    keys = [each["key"] for each in desk.wsyf(*words, "data", "show", "2023", "--json", at=LATE, **env).json]
    assert "2023/1/emergency" in keys
    assert all(key.startswith("2023/") for key in keys)
    assert "2021-2022/4/housing" in desk.wsyf(*words, "data", "show", "2021-2022", at=LATE, **env).out
    (one,) = desk.wsyf(*words, "data", "show", "2023/1/housing", "--json", at=LATE, **env).json
    assert one["key"] == "2023/1/housing"


@pytest.mark.parametrize(("words", "env"), CHOICES)
def test_only_the_chosen_plan_is_assessed_and_shown(two, words, env):
    sheets_found = two.wsyf(*words, "assess", "--json", at=LATE, **env).json
    assert {each["plan"] for each in sheets_found} == {PLAN}
    rows = two.wsyf(*words, "data", "show", "--json", at=LATE, **env).json
    assert {each["plan"] for each in rows} == {PLAN}


def test_the_plan_of_the_config_is_heeded_and_all_goes_before_it(two):
    text = two.config.read_text(encoding="utf-8")
    line = next(each for each in text.splitlines() if each.lstrip("# ").startswith("plan = "))
    two.config.write_text(text.replace(line, f'plan = "{PLAN}"'), encoding="utf-8")
    assert {each["plan"] for each in two.wsyf("assess", "2023", "--json", at=LATE).json} == {PLAN}
    every = two.wsyf("assess", "2023", "--plan", "all", "--json", at=LATE).json
    assert [each["plan"] for each in every] == [OTHER, PLAN]


def test_a_plan_that_is_not_tracked_is_refused(desk):
    assert "no plan x is tracked" in desk.wsyf("assess", "--plan", "x", at=LATE, code=3).err
    assert "no plan x is tracked" in desk.wsyf("data", "show", "--plan", "x", at=LATE, code=3).err


def test_a_period_one_plan_lacks_is_answered_from_those_that_have_it(two, tmp_path):
    assert [each["plan"] for each in two.wsyf("assess", "2024", "--json", at=LATE).json] == [PLAN]
    assert [each["plan"] for each in two.wsyf("assess", "2023", "--json", at=LATE).json] == [OTHER, PLAN]
    assert "there is no period 2029" in two.wsyf("assess", "2029", at=LATE, code=3).err
    assert "there is no period 2024" in two.wsyf("--plan", OTHER, "assess", "2024", at=LATE, code=3).err
    two.wsyf("--plan", PLAN, "assess", "--xlsx", tmp_path / "数据.xlsx", at=LATE)
    assert "several plans" in two.wsyf("assess", "2023", "--xlsx", tmp_path / "x.xlsx", at=LATE, code=2).err


# --- by how much -------------------------------------------------------------------------------------------------


def test_what_is_missed_says_by_how_much_in_its_unit_or_in_points(desk):
    submit(desk, "2021-2022/4/transport", "accidents=20", "casualties=15")
    submit(desk, "2023/1/transport", "accidents=22", "casualties=15")
    submit(desk, "2022/1/transport", "accidents=20", "casualties=14")
    submit(desk, "2022/4/transport", "persons=40", "trained=31")
    out = desk.wsyf("assess", "2022", at=LATE).out
    assert line_of(out, "事故起数", "交通运输").endswith("missed by 3起")  # 19 asked
    assert line_of(out, "伤亡人数", "交通运输").endswith("missed by 0.75人")
    assert "≤14.25" in line_of(out, "伤亡人数", "交通运输")
    assert line_of(out, "覆盖率", "交通运输").endswith("missed by 2.5 points")
    before = desk.wsyf("assess", "2021-2022", at=LATE).out
    assert line_of(before, "事故起数", "交通运输").endswith("missed: at the bound, not below it")
    assert line_of(before, "伤亡人数", "交通运输").endswith(" met")


def test_a_value_is_shown_with_digits_that_keep_it_on_its_side_of_the_bound(desk):
    submit(desk, "2025/3/transport", "persons=3000", "trained=2999")
    submit(desk, "2021-2022/5/health", "ratio=1/16")
    submit(desk, "2022/2/health", "ratio=62499/1000000")
    out = desk.wsyf("assess", "2025", at=LATE).out
    line = line_of(out, "覆盖率", "交通运输")
    assert "99.97%" in line
    assert line.endswith("missed by 0.03 points")
    fell = line_of(desk.wsyf("assess", "2021-2022", at=LATE).out, "涉尘行业", "met").split()
    assert fell[2:4] == ["6.3%", "6.2%"]
    assert fell[-2:] == ["<6.3%", "met"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([Fraction(19, 5000), Fraction(9, 2500)], ["0.38%", "0.36%"]),
        ([Fraction(1, 16), Fraction(1, 16)], ["6.3%", "6.3%"]),
        ([Fraction(1), Fraction(999999999, 10**9)], ["100%", "99.9999999%"]),
        ([Fraction(1, 3)], ["33.3%"]),
        ([], []),
    ],
)
def test_shares_that_differ_look_different_and_round_half_away_from_zero(values, said):
    assert [percents(values)[each] for each in values] == said


def test_a_bound_rounds_half_away_from_zero():
    assert [decimal(Fraction(*each), 1) for each in ((209, 20), (57, 20), (1, 16), (-1, 20))] == [
        "10.5",
        "2.9",
        "0.1",
        "-0.1",
    ]


# --- department by department ------------------------------------------------------------------------------------


def figures_of(year: int, accidents: dict[str, int]) -> dict[Place, Given]:
    return {Place(industry, year, "accidents"): Given(value) for industry, value in accidents.items()}


def test_a_department_is_judged_by_the_sum_of_its_own_industries():
    old = {"hazchem": 10, "coal": 10, "noncoal": 0, "machinery": 0, "construction": 10}
    new = {"hazchem": 4, "coal": 14, "noncoal": 0, "machinery": 0, "construction": 10}
    sheet = next(each for each in sheets(GAOPING) if each.period == "2023")
    given = figures_of(2019, old) | figures_of(2023, new)
    found = {
        each.department: each.line
        for each in by_department(sheet, GAOPING.measured, DEPARTMENTS, given)
        if each.line.goal == "accidents"
    }
    assert list(found) == ["emergency", "housing", "transport"]
    emergency, housing = found["emergency"], found["housing"]
    assert (emergency.industry, emergency.baseline, emergency.value, emergency.target) == (ALL, 20, 18, "<=18")
    assert (emergency.verdict, housing.verdict, housing.industry) == (Verdict.MET, Verdict.MISSED, "construction")
    assert found["transport"].verdict is Verdict.UNKNOWN
    assert {each.department for each in found["transport"].missing} == {"transport"}


def test_annex_1_is_summed_up_for_no_department():
    sheet = next(each for each in sheets(GAOPING) if each.period == ANNEX)
    found = list(by_department(sheet, GAOPING.measured, DEPARTMENTS, {}))
    assert all(each.line.industry != ALL for each in found)
    assert len(found) == sum(len(asked.industries) for asked in sheet.asked)


def test_a_period_is_told_department_by_department_and_programs_get_no_word_of_it(desk):
    submit(desk, "2021-2022/4/transport", "accidents=20", "casualties=15")
    submit(desk, "2023/1/transport", "accidents=22", "casualties=15")
    out = desk.wsyf("assess", "2022", at=LATE).out
    told = out[out.index("each department") :]
    assert line_of(told, "应急", "事故起数").endswith("cannot be said")
    assert line_of(told, "交通", "事故起数").endswith("missed by 3起")
    assert "each department" not in desk.wsyf("assess", "annex-1", at=LATE).out
    (sheet,) = desk.wsyf("assess", "2022", "--json", at=LATE).json
    assert list(sheet) == ["plan", "period", "measure_year", "goals"]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_line_fits_a_narrow_screen(desk, language, monkeypatch):
    for key in ("2021-2022/4/transport", "2023/1/transport", "2025/1b/transport"):
        submit(desk, key, "accidents=20", "casualties=15")
    monkeypatch.setenv("LANGUAGE", language)
    i18n._catalogue.cache_clear()
    for words in (("assess",), ("assess", "2022"), ("assess", "annex-1"), ("data", "show"), ("data", "show", "2022")):
        out = desk.wsyf(*words, at=LATE, COLUMNS="80").out
        assert max(width(line) for line in out.splitlines()) <= 80, words


# --- pools, years known, figures that do not count ----------------------------------------------------------------


def test_two_sizes_of_a_pool_in_one_year_are_both_shown_by_their_periods(desk):
    submit(desk, "2021-2022/6/hrss", "experts=20")
    submit(desk, "2022/5/hrss", "experts=22")
    assert "2021-2022: 20人, 2022: 22人" in desk.wsyf("assess", at=LATE).out
    desk.wsyf("return", "2021-2022/6/hrss", "--reason", "请核对", at=LATE)
    assert ": 2022: 22人" in desk.wsyf("assess", at=LATE).out


def test_a_year_that_is_known_is_not_projected(desk):
    submit(desk, "2021-2022/5/health", "ratio=40%")
    submit(desk, "2025/2a/health", "ratio=30%")
    assert "going on so, 25.5% in 2025" not in desk.wsyf("assess", at=LATE).out
    assert "going on so" in desk.wsyf("assess", at=LATE).out
    submit(desk, "2025/2b/health", "ratio=33%")
    out = " ".join(desk.wsyf("assess", at=LATE).out.split())
    assert "2025: 33%; 2025 missed its goal" in out
    assert "33% in 2025" not in out


def test_whole_figures_of_what_was_returned_are_not_called_incomplete(desk):
    submit(desk, "2022/1/housing", "accidents=1", "casualties=1")
    desk.wsyf("return", "2022/1/housing", "--reason", "请核对", at=LATE)
    out = " ".join(desk.wsyf("data", "show", "2022/1/housing", at=LATE).out.split())
    assert "all figures are in, and do not count while the assignment is open" in out
    assert "`wsyf done 2022/1/housing`" in out
    desk.wsyf("waive", "2022/1/housing", "--reason", "x", at=LATE)
    out = " ".join(desk.wsyf("data", "show", "2022/1/housing", at=LATE).out.split())
    assert "these figures do not count: the assignment is waived" in out


def test_instants_of_figures_are_in_the_plans_zone(desk):
    desk.wsyf("data", "submit", "2025/1b/housing", "accidents=1", "casualties=2", at="2025-12-20T10:00")
    desk.wsyf("data", "confirm", "2025/1b/housing", at="2026-01-04T10:00")
    desk.wsyf("data", "submit", "2025/1b/housing", "accidents=2", at=LATE)
    (one,) = desk.wsyf("data", "show", "2025/1b/housing", "--json", at=LATE).json
    old = next(each for each in one["figures"] if each["measure"] == "accidents" and each["value"] == 1)
    assert old["given_at"] == "2025-12-20T10:00:00+08:00"
    assert old["confirmed_at"] == "2026-01-04T10:00:00+08:00"
    assert old["corrected_at"] == "2026-01-05T10:00:00+08:00"
