"""What a row says of the task it waits for, and of the follow-ups that task left open."""

from __future__ import annotations

import sqlite3

import pytest

from tests.cast import PLAN_ID, day, make_office, make_plan, task
from wsyf_scheduler import awaiting
from wsyf_scheduler.acts import add
from wsyf_scheduler.core.follow_up import FollowUp
from wsyf_scheduler.mail.facts import _waits
from wsyf_scheduler.mail.letter import Waiting
from wsyf_scheduler.store import assignments


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ((), "2023/5 中期评估（已办结）"),
        (("甲",), "2023/5 中期评估（已办结）；尚有1项交办事项未办结：甲"),
        (("甲", "甲", "乙"), "2023/5 中期评估（已办结）；尚有3项交办事项未办结：甲、乙"),
        (("甲", "乙", "丙", "丁", "戊"), "2023/5 中期评估（已办结）；尚有5项交办事项未办结：甲、乙、丙等"),
        (("长" * 50,), f"2023/5 中期评估（已办结）；尚有1项交办事项未办结：{'长' * 39}…"),
        (("一\n二\u202e",), "2023/5 中期评估（已办结）；尚有1项交办事项未办结：一二"),
    ],
)
def test_it_says_how_many_follow_ups_are_open_and_names_the_first_three(left, said):
    assert _waits(Waiting(key="2023/5", title="中期评估", closed=True, open=left)) == said


def test_an_open_task_says_so_first():
    said = _waits(Waiting(key="2023/5", title="中期评估", closed=False, open=("甲",)))
    assert said == "2023/5 中期评估（尚未办结，本任务待其办结后进行）；尚有1项交办事项未办结：甲"


def test_the_follow_ups_of_a_plan_are_read_once_for_all_that_waits():
    """Not once a task: that made a round of ticks quadratic."""
    tasks = [task(n, due=day("2023-03-31"), **({"after": f"2023/{n - 1}"} if n > 1 else {})) for n in range(1, 6)]
    office = make_office("2023-01-28 00:00", texts=make_plan(*tasks))
    asked = [
        FollowUp(title=f"整改{n}", departments=("housing",), dues=(day("2023-06-30"),), origin="2023/2") for n in (1, 2)
    ]
    office.act(add.act, follow_ups=asked)
    read: list[str] = []
    with office.db.read() as session:
        items = assignments.of_plan(session, PLAN_ID)
        driver = session.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(read.append)
        found = awaiting.tasks(session, items)
    assert sum("origin IS NOT NULL" in each for each in read) == 1
    assert {task: each.open for (_plan, task), each in found.items() if each is not None} == {
        "2023/1": (),
        "2023/2": ("整改1", "整改2"),
        "2023/3": (),
        "2023/4": (),
    }
