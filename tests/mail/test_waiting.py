"""What a row says of the task it waits for, and of the follow-ups that task left open."""

from __future__ import annotations

import pytest

from wsyf_scheduler.mail.facts import _waits
from wsyf_scheduler.mail.letter import Waiting


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
