"""From the paper to assignments: parts, keys, and the Gaoping plan in numbers (RULES.md §1)."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.cast import GAOPING, day, make_plan, parse, period, task
from wsyf_scheduler.core.plan import assignment_key, expand, others, part_index, part_name
from wsyf_scheduler.files import plan as plan_files


@pytest.mark.parametrize(
    ("index", "name"),
    [(0, "a"), (1, "b"), (25, "z"), (26, "aa"), (27, "ab"), (51, "az"), (52, "ba"), (701, "zz"), (702, "aaa")],
)
def test_parts_go_a_to_z_then_aa(index: int, name: str) -> None:
    assert part_name(index) == name
    assert part_index(name) == index


def test_no_part_counts_as_the_first() -> None:
    assert part_index("") == part_index("a") == 0


def test_a_key_is_period_number_part_department() -> None:
    assert assignment_key("2025", "1", "a", "emergency") == "2025/1a/emergency"
    assert assignment_key("2021-2022", "4", "", "housing") == "2021-2022/4/housing"


def test_others_are_all_departments_but_the_leads() -> None:
    assert others(("a", "b", "c", "d"), ("b", "d")) == ("a", "c")


def test_the_gaoping_plan_is_28_tasks_62_assignments_and_13_standing_ones() -> None:
    plan = plan_files.load(GAOPING)
    wanted = expand(plan)
    annex = [item for item in wanted if item.number.isdigit()]
    assert sum(each.number.isdigit() for period in plan.periods for each in period.tasks) == 28
    assert Counter(item.period for item in annex) == {"2021-2022": 13, "2022": 12, "2023": 11, "2024": 11, "2025": 15}
    assert (len(annex), len(wanted)) == (62, 75)
    assert sum(item.kind == "data" for item in annex) == 24
    assert len({item.key for item in wanted}) == 75
    assert [item.position for item in wanted] == list(range(75))


def test_each_lead_and_each_due_date_is_an_assignment() -> None:
    dues = [{"on": day("2023-12-31"), "data_year": 2023}, {"on": day("2023-02-28"), "data_year": 2022}]
    text = task(1, lead=["housing", "emergency"], due=dues, title="{data_year}年度数据", hand_in="{data_year}年")
    wanted = expand(parse(make_plan(text)))
    assert [(each.key, str(each.due_on), each.data_year, each.title) for each in wanted] == [
        ("2023/1a/housing", "2023-02-28", 2022, "2022年度数据"),
        ("2023/1a/emergency", "2023-02-28", 2022, "2022年度数据"),
        ("2023/1b/housing", "2023-12-31", 2023, "2023年度数据"),
        ("2023/1b/emergency", "2023-12-31", 2023, "2023年度数据"),
    ]
    assert wanted[0].hand_in == "2022年"


def test_training_figures_are_asked_only_of_departments_that_answer_for_an_industry() -> None:
    industry = '[[industries]]\nid = "hazchem"\nname = "危险化学品"\ndepartment = "emergency"\n'
    text = task(1, kind="campaign", lead=["hrss", "emergency"], form="training")
    hrss, emergency = expand(parse(make_plan(text, extra=industry)))
    assert (hrss.form, hrss.data_year) == (None, None)
    assert (emergency.form, emergency.data_year) == ("training", 2023)


def test_a_task_due_monthly_takes_letters_beyond_z() -> None:
    text = task(1, due="FREQ=WEEKLY;BYDAY=MO")
    wanted = expand(parse(make_plan(text)))
    assert len(wanted) == 52
    assert (wanted[25].part, wanted[26].part, wanted[51].part) == ("z", "aa", "az")


def test_a_standing_task_goes_to_the_shortest_period_its_date_lies_in() -> None:
    standing = task("theme", due=[day("2022-05-31"), day("2021-03-31"), day("2030-01-01")], basis="office")
    periods = {
        "a": period(task(), name="2021-2022"),
        "b": period(task(), name="2022"),
        "c": period(task(), name="2023"),
    }
    texts = make_plan(periods=periods, extra=standing.replace("[[tasks]]", "[[standing]]"))
    keys = [each.key for each in expand(parse(texts)) if each.number == "theme"]
    assert keys == ["2021-2022/theme/emergency", "2022/theme/emergency", "2023/theme/emergency"]
