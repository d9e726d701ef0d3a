"""Goals against figures: our arithmetic equals a second, independent reading of the rules, whatever the figures."""

import random
from fractions import Fraction
from pathlib import Path

import pytest

from tests.figures import oracle
from wsyf_scheduler.core.assess import Given, Place, assess
from wsyf_scheduler.core.goals import sheets
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.reports.assessing import plain

PLAN = plan_files.load(Path(__file__).parents[2] / "jobs" / "gaoping-2021-2025")
DEPARTMENTS = {industry.id: industry.department for industry in PLAN.industries}
YEARS = (2019, 2021, 2022, 2023, 2024, 2025)


def ours(figures):
    given = {Place(*place): Given(*each) for place, each in figures.items()}
    return [plain(each, PLAN.id) for each in assess(sheets(PLAN), PLAN.measured, DEPARTMENTS, given)]


def anything(chance, gaps):
    """Figures of every industry and year: some missing, some zero, some provisional."""
    figures = {}

    def put(place, value):
        if chance.random() >= gaps:
            figures[place] = value, chance.random() < 0.1

    for year in YEARS:
        for industry in oracle.KEY:
            put((industry, year, "accidents"), chance.choice([0, 1, 2, 19, 20, chance.randrange(60)]))
            put((industry, year, "casualties"), chance.choice([0, 3, 8, 9, 10, chance.randrange(90)]))
        for industry in (*oracle.KEY, "dust"):
            persons = chance.choice([0, 10, 20, chance.randrange(500)])
            put((industry, year, "persons"), persons)
            put((industry, year, "trained"), chance.randint(persons * 7 // 10, persons))
        cases = chance.choice([0, 10, 40, chance.randrange(80)])
        put(("dust", year, "cases"), cases)
        put(("dust", year, "early_cases"), chance.randint(0, cases))
        if chance.random() < 0.2:
            put(("dust", year, "ratio"), Fraction(chance.randint(0, 20), 100))
    return figures


@pytest.mark.parametrize("gaps", [0, 0.02, 0.2, 0.6, 1])
def test_every_cell_is_that_of_a_second_reading_of_the_rules(gaps):
    for seed in range(60):
        figures = anything(random.Random(f"{gaps} {seed}"), gaps)
        assert ours(figures) == [{"plan": PLAN.id, **sheet} for sheet in oracle.assess(figures)], (gaps, seed)


def line(figures, period, goal, industry):
    sheet = next(each for each in ours(figures) if each["period"] == period)
    return next(each for each in sheet["goals"] if (each["goal"], each["industry"]) == (goal, industry))


def test_the_example_of_the_rules_five_percent_below_twelve_is_fifty_seven_fifths():
    figures = {("coal", 2019, "accidents"): (12, False), ("coal", 2022, "accidents"): (11, False)}
    found = line(figures, "2022", "accidents", "coal")
    assert (found["target"], found["change_pct"], found["verdict"]) == ("<=57/5", -8.3, "met")
    assert line(figures, "2021-2022", "accidents", "coal")["target"] == "<12"


def test_a_change_rounds_half_away_from_zero_and_is_never_minus_nothing():
    old, places = 2000, {}
    for industry, new in (("coal", 1999), ("hazchem", 2001), ("noncoal", 2000), ("machinery", 1998)):
        places[industry, 2019, "accidents"] = old, False
        places[industry, 2022, "accidents"] = new, False
    found = [
        line(places, "2022", "accidents", name)["change_pct"] for name in ("coal", "hazchem", "noncoal", "machinery")
    ]
    assert [str(each) for each in found] == ["-0.1", "0.1", "0.0", "-0.1"]


def test_the_goals_of_each_year_are_quoted_right():
    asked = {
        sheet.period: {(a.indicator, a.rule.value, a.baseline_year, a.percent) for a in sheet.asked}
        for sheet in sheets(PLAN)
    }
    assert asked["2021-2022"] == {
        ("accidents", "below", 2019, None),
        ("casualties", "below", 2019, None),
        ("ratio", "falling", 2019, None),
        ("safety_coverage", "coverage", None, 70),
        ("health_coverage", "coverage", None, 70),
    }
    steps = {"2022": (5, 80, 2021), "2023": (10, 90, 2022), "2024": (15, 95, 2023), "2025": (20, 100, 2024)}
    for period, (lower, coverage, before) in steps.items():
        assert asked[period] == {
            ("accidents", "lower", 2019, lower),
            ("casualties", "lower", 2019, lower),
            ("ratio", "falling", before, None),
            ("safety_coverage", "coverage", None, coverage),
            ("health_coverage", "coverage", None, coverage),
        }
    assert ("ratio", "falling", 2019, None) in asked["annex-1"]


def test_a_third_of_a_percent_is_no_percent():
    """-0.04 % rounds to 0.0, and is still lower."""
    figures = {("coal", 2019, "accidents"): (2501, False), ("coal", 2021, "accidents"): (2500, False)}
    found = line(figures, "2021-2022", "accidents", "coal")
    assert (str(found["change_pct"]), found["verdict"]) == ("0.0", "met")
