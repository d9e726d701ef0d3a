"""What figures close: the training of a department's industries at 100 % closes its 培训全覆盖; joint tasks say who is missing."""

from datetime import date
from pathlib import Path

import pytest

from tests.cast import make_office
from wsyf_scheduler.acts import close, close_reached, extend, hand_in
from wsyf_scheduler.awaiting import joint
from wsyf_scheduler.core.assess import Verdict
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.figuring import whole_plan, year_of
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.reaching import verdict
from wsyf_scheduler.store import assignments

JOBS = Path(__file__).parents[2] / "jobs" / "gaoping-2021-2025"
PLAN = "gaoping-2021-2025"
TRAINING, COVERAGE = "2025/3/emergency", "2025/coverage/emergency"
FOUR = ("hazchem", "coal", "noncoal", "machinery")


@pytest.fixture
def office():
    return make_office("2025-11-03 10:00", texts=plan_files.read_texts(JOBS))


def item(office, key):
    with office.app.db.read() as session:
        return assignments.by_prefix(session, key)[0]


def trained(office, last):
    handed = {name: {"persons": 40, "trained": 40 if name != "coal" else last} for name in FOUR}
    office.act(hand_in.act, key=TRAINING, handed=handed, confirm="已核实")
    office.act(close.act, keys=[TRAINING])
    return office.act(close_reached.act, plan_id=PLAN, department="emergency")


def test_full_coverage_in_every_industry_of_a_department_closes_it_with_a_receipt(office):
    assert [each.key for each in trained(office, 40)] == [COVERAGE]
    assert item(office, COVERAGE).state is State.DONE
    assert item(office, "2025/coverage/housing").state is State.OPEN


def test_one_person_short_leaves_it_open(office):
    assert trained(office, 39) == []
    late = item(office, COVERAGE)
    with office.app.db.read() as session:
        assert verdict(session, whole_plan(session, PLAN), late) is Verdict.MISSED


def test_an_extension_beyond_the_year_asks_for_the_figures_of_no_other_year(office):
    for key in (COVERAGE, "2025/trainers/hrss"):
        office.act(extend.act, key=key, to=date(2026, 1, 30), reason="等年报", approved_by="主任")
    pool = item(office, "2025/trainers/hrss")
    with office.app.db.read() as session:
        assert year_of(whole_plan(session, PLAN), pool) == 2025
    assert [each.key for each in trained(office, 40)] == [COVERAGE]


def test_no_figures_close_what_the_plan_does_not_say_so_of(office):
    pool = item(office, "2025/trainers/hrss")
    with office.app.db.read() as session:
        assert verdict(session, whole_plan(session, PLAN), pool) is None


def test_a_task_of_three_departments_says_who_has_handed_in_and_who_has_not(office):
    shorts = {"emergency": "应急", "housing": "住建", "transport": "交通"}
    office.act(close.act, keys=["2025/1a/emergency", "2025/1a/housing"], without_figures=True)
    with office.app.db.read() as session:
        together = assignments.of_task(session, PLAN, "2025/1")
    late = item(office, "2025/1a/transport")
    assert joint(late, together, shorts) == "3个部门中2个已报送，未报送：交通"
    assert joint(item(office, "2025/4/hrss"), [item(office, "2025/4/hrss")], shorts) == ""
