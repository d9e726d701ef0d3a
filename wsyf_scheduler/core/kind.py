"""Kinds of tasks. Pure; a room of its own, since settings and lists speak of kinds and of nothing else of a plan."""

from __future__ import annotations

import re
from enum import StrEnum

FOLLOW_UP_NUMBER = re.compile(r"f[0-9]+")  # f1, f2 and so on: no task of the paper has such a number


class Kind(StrEnum):
    """Kinds of tasks; each may have a ladder of its own."""

    DATA = "data"  # 数据报送
    CAMPAIGN = "campaign"  # 宣传培训
    GENERAL = "general"  # 一般任务
    MEETING = "meeting"  # 会议
    INSPECTION = "inspection"  # 检查调研
    EVALUATION = "evaluation"  # 评估
    SUMMARY = "summary"  # 总结
    FOLLOW_UP = "follow-up"  # 议定事项
