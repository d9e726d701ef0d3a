"""The next cycle's files: years moved, comments kept, numbers marked (docs/plan-format.md, "Writing the next plan")."""

from __future__ import annotations

import re
import tomllib
from calendar import monthrange
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import GAOPING, ROOT, make_plan, task
from wsyf_scheduler.core.plan import expand
from wsyf_scheduler.files import next_cycle, plan

SHIPPED = sorted(path.parent for path in (ROOT / "jobs").glob("*/plan.toml"))


def moved(texts: dict[str, str], years: int = 5) -> dict[str, str]:
    return next_cycle.moved(texts, plan_id="new-plan", source="old-plan", years=years)


def head(text: str, years: int = 5) -> str:
    """plan.toml, without what is written above it."""
    return moved({"plan.toml": text}, years)["plan.toml"].partition(next_cycle.DRAFT)[2]


def line(text: str, years: int = 5) -> str:
    """One line of a period file."""
    return moved({"2023.toml": text}, years)["2028.toml"]


@pytest.mark.parametrize("years", [1, 4, 5, 8])
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_every_shipped_plan_loads_as_a_draft_of_its_next_cycle(folder, years):
    before = plan.load(folder)
    found = plan.parse(moved(plan.read_texts(folder), years), "jobs/new-plan")
    assert (found.id, found.draft, found.document) == ("new-plan", True, "")
    assert [period.first_year - years for period in found.periods] == [period.first_year for period in before.periods]
    assert [target.year - years for target in found.targets] == [target.year for target in before.targets]
    old, new = expand(before), expand(found)
    assert [(want.due_on.year - years, want.due_on.month) for want in new] == [
        (want.due_on.year, want.due_on.month) for want in old
    ]
    assert [want.data_year and want.data_year - years for want in new] == [want.data_year for want in old]
    assert [(want.number, want.part, want.department, want.text) for want in new] == [
        (want.number, want.part, want.department, want.text) for want in old
    ]


def test_the_gaoping_plan_moves_as_the_paper_would():
    found = plan.parse(moved(plan.read_texts(GAOPING)), "jobs")
    assert [period.id for period in found.periods] == ["2026-2027", "2027", "2028", "2029", "2030"]
    wanted = {want.key: want for want in expand(found)}
    assert str(wanted["2028/1/emergency"].due_on) == "2028-02-29"  # an end of February stays one
    assert str(wanted["2029/1/emergency"].due_on) == "2029-02-28"
    assert wanted["2029/1/emergency"].title == "2028年度安全生产事故数据"
    assert wanted["2029/3/hrss"].after == "2028/5"
    assert found.title == "高平市工伤预防五年行动计划（2026-2030年）实施方案"


def test_comments_are_kept_to_the_letter():
    before, after = plan.read_texts(GAOPING), moved(plan.read_texts(GAOPING))
    comments = [each for text in before.values() for each in re.findall(r"# .*", text)]
    said = "\n".join(after.values())
    assert [each for each in comments if each not in said] == []


def test_what_is_to_be_set_is_marked_on_its_line():
    text = moved(plan.read_texts(GAOPING))["2028.toml"]
    numbers = [each for each in text.splitlines() if re.match(r"percent\s*=", each)]
    assert numbers
    assert all(each.endswith("# 待定") for each in numbers)
    said = moved(plan.read_texts(GAOPING))["plan.toml"]
    assert re.search(r'^document = ""   # 待填', said, re.MULTILINE)
    assert re.search(r"^issued = 2027-05-19   # 待填", said, re.MULTILINE)
    assert re.search(r"^reduction_pct = 20   # 待定$", said, re.MULTILINE)
    assert said.index("draft = true") < said.index("id = ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("due = 2024-02-29\n", "due = 2029-02-28\n"),
        ("due = 2023-02-28\n", "due = 2028-02-29\n"),
        ("due = 2024-02-28\n", "due = 2029-02-28\n"),
        ("due = [\n  2023-01-31, # 一月\n  2024-02-29,\n]\n", "due = [\n  2028-01-31, # 一月\n  2029-02-28,\n]\n"),
        (
            "due = [{ on = 2025-02-28, data_year = 2024 }]\n",
            "due = [{ on = 2030-02-28, data_year = 2029 }]\n",
        ),
        ('due = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"\n', 'due = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"\n'),
        ('due = "FREQ=YEARLY;UNTIL=20240229"\n', 'due = "FREQ=YEARLY;UNTIL=20290228"\n'),
        ('text = "2023年5月底前"\n', 'text = "2023年5月底前"\n'),
        ('text = """\n第一行 due = 2023-01-01\n"""\n', 'text = """\n第一行 due = 2023-01-01\n"""\n'),
        ('title = "2023年数据"  # 说明 2023\n', 'title = "2028年数据"  # 说明 2023\n'),
        ('after = "2023/5"\n', 'after = "2028/5"\n'),
        ('after = "2021-2022/theme"\n', 'after = "2026-2027/theme"\n'),
        ('data_year = "previous"\n', 'data_year = "previous"\n'),
        ("[period]\nid = '2023'\nfirst_year=2023\n", "[period]\nid = '2028'\nfirst_year=2028\n"),
        ("period = { id = '2023', last_year = 2023 }\n", "period = { id = '2028', last_year = 2028 }\n"),
        ("percent = 70\n", "percent = 70   # 待定\n"),
        ("percent = 70 # 原文\n", "percent = 70 # 待定；原文\n"),
        ("percent = 70", "percent = 70   # 待定\n"),
        ("percent = 70\r\ndue = 2023-01-31\r\n", "percent = 70   # 待定\ndue = 2028-01-31\n"),
        (
            "goals = [\n  { percent = 70, baseline_year = 2019 },\n]\n",
            "goals = [\n  { percent = 70, baseline_year = 2024 },   # 待定\n]\n",
        ),
        ('title = "有 # 号和 \\" 引号 2023"\n', 'title = "有 # 号和 \\" 引号 2028"\n'),
    ],
)
def test_each_line_is_rewritten_for_what_it_is(before, after):
    assert line(before) == after


def test_ids_of_departments_and_industries_stay():
    text = 'id = "a"\n[[departments]]\nid = "office-2023"\n[[industries]]\nid = "y2023"\n'
    assert head(text) == 'id = "new-plan"\n[[departments]]\nid = "office-2023"\n[[industries]]\nid = "y2023"\n'


def test_a_draft_of_a_draft_has_one_draft_line():
    text = moved({"plan.toml": 'id = "a"\ndraft = false\n'})["plan.toml"]
    assert text.count("\ndraft = true") == 1
    assert tomllib.loads(text) == {"id": "new-plan", "draft": True}


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2090, 12, 31)), st.integers(1, 9))
def test_a_moved_day_is_a_day_and_an_end_of_a_month_stays_one(day, years):

    later = date(*next_cycle.later_day(day.year, day.month, day.day, years))
    assert (later.year, later.month) == (day.year + years, day.month)
    was_last = day.day == monthrange(day.year, day.month)[1]
    is_last = later.day == monthrange(later.year, later.month)[1]
    assert not was_last or is_last
    assert abs(later.day - day.day) <= 1


def test_a_small_plan_moves_whole():
    texts = make_plan(task(1, due=date(2023, 2, 28), after=None))
    found = plan.parse(moved(texts), "jobs")
    assert [(want.key, str(want.due_on)) for want in expand(found)] == [("2028/1/emergency", "2028-02-29")]
