"""A plan declares its own measures: the Gaoping plan's are the standard ones, another's need no code."""

from dataclasses import replace
from pathlib import Path

import pytest

from wsyf_scheduler.core.assess import Given, Place, Verdict, assess
from wsyf_scheduler.core.goals import sheets
from wsyf_scheduler.core.measures import standard
from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.files import plan as plan_files

JOBS = Path(__file__).parents[2] / "jobs" / "gaoping-2021-2025"
PLAN = """
id = "next"
title = "下一周期"
tag = "工伤预防"
issued = 2026-03-02
lead = "hrss"
office = "办公室"
departments = [{ id = "hrss", short = "人社", name = "人社局" }]
industries = [
  { id = "coal", name = "煤矿", department = "hrss" },
  { id = "platform", name = "平台企业", department = "hrss" },
]

[[measures]]
id = "accidents"
name = "事故起数"
form = "accidents"
industries = ["coal", "platform"]

[[measures]]
id = "insured"
name = "参保人数"
form = "accidents"
industries = ["coal", "platform"]

[[indicators]]
id = "accident_rate"
name = "事故发生率"
of = "accidents"
over = "insured"
rules = ["below", "lower", "falling"]

[[targets]]
industry = "platform"
baseline_year = 2025
year = 2030
[[targets.aims]]
indicator = "accident_rate"
rule = "lower"
percent = 10
"""
PERIOD = """
[period]
id = "2030"
first_year = 2026
last_year = 2030

[[goals]]
number = 1
text = "事故发生率下降10%左右"
rule = "lower"
measures = ["accident_rate"]
baseline_year = 2025
percent = 10

[[tasks]]
number = 1
kind = "data"
title = "{data_year}年度数据"
lead = ["hrss"]
due = 2030-12-31
form = "accidents"
data_year = 2030
"""


def parse(plan=PLAN, period=PERIOD):
    return plan_files.parse({"plan.toml": plan, "2030.toml": period}, "next")


def test_the_measures_of_the_gaoping_plan_are_the_standard_ones():
    key = ("hazchem", "coal", "noncoal", "construction", "transportation", "machinery")
    measured = plan_files.load(JOBS).measured
    assert [each.id for each in measured.counts] == ["experts", "trainers"]
    assert replace(measured, counts=()) == standard(key, ("dust",))


def test_a_rate_with_the_insured_as_its_denominator_needs_no_code():
    plan = parse()
    figures = {}
    for industry, year, accidents, insured in (
        ("coal", 2025, 10, 1000),
        ("coal", 2030, 9, 1000),
        ("platform", 2025, 30, 500),
        ("platform", 2030, 30, 550),
    ):
        figures[Place(industry, year, "accidents")] = Given(accidents)
        figures[Place(industry, year, "insured")] = Given(insured)
    period, annex = assess(sheets(plan), plan.measured, {"coal": "hrss", "platform": "hrss"}, figures)
    found = {line.industry: (str(line.baseline), str(line.value), line.target, line.verdict) for line in period.lines}
    assert found == {
        "coal": ("1/100", "9/1000", "<=9/1000", Verdict.MET),
        "platform": ("3/50", "3/55", "<=27/500", Verdict.MISSED),
        "all": ("2/75", "39/1550", "<=3/125", Verdict.MISSED),
    }
    assert [(line.industry, line.verdict) for line in annex.lines] == [("platform", Verdict.MISSED)]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('over = "insured"', 'over = "insurd"', "did you mean"),
        ('rules = ["below", "lower", "falling"]', 'rules = ["coverage", "lowr"]', "did you mean"),
        ('form = "accidents"\nindustries = ["coal", "platform"]', 'form = "a b"\nindustries = ["coal"]', "lower-case"),
        ('id = "insured"', 'id = "accidents"', "stands here twice"),
        (
            'industries = ["coal", "platform"]\n\n[[indicators]]',
            'industries = ["col"]\n\n[[indicators]]',
            "did you mean",
        ),
        ('indicator = "accident_rate"', 'indicator = "accident"', "did you mean"),
        ("percent = 10\n", "", "missing"),
    ],
)
def test_a_slip_in_the_measures_is_named(before, after, words):
    assert before in PLAN
    with pytest.raises(Invalid, match=words):
        parse(PLAN.replace(before, after, 1))


def test_a_goal_takes_no_rule_its_indicator_does_not_know():
    with pytest.raises(Invalid, match="accident_rate"):
        parse(period=PERIOD.replace('rule = "lower"', 'rule = "coverage"').replace("baseline_year = 2025\n", ""))


def test_the_example_of_the_next_cycle_judges_by_rates():
    plan = plan_files.load(JOBS.with_name("national-2026-2030.example"))
    answering = {industry.id: industry.department for industry in plan.industries}
    figures = {}
    for year, harmed, covered in ((2025, 40, 800), (2030, 45, 1000)):
        figures[Place("delivery", year, "harmed")] = Given(harmed)
        figures[Place("delivery", year, "covered")] = Given(covered)
    annex = assess(sheets(plan), plan.measured, answering, figures)[-1]
    found = {line.industry: (line.goal, line.target, line.verdict) for line in annex.lines}
    assert found["delivery"] == ("harm_rate", "<=9/200", Verdict.MET)
    assert found["mining"] == ("injury_rate", None, Verdict.UNKNOWN)
    assert found["dust"] == ("new_cases", None, Verdict.UNKNOWN)
