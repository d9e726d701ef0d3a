"""What an alert is, and the words all alerts have: posts, days and moments in Chinese, in the plan's zone.

Imports core alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from wsyf_scheduler.core.people import Post
from wsyf_scheduler.core.plan import Plan

POSTS = {
    "liaison": "联络员",
    "convener": "召集人",
    "director": "办公室主任",
    "chief": "总召集人",
    "coordinator": "经办人",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing the coordinator must know."""

    dedup: str
    headline: str
    lines: tuple[str, ...]


def post_name(plan: Plan, post: Post) -> str:
    """A post in words: 应急联络员, 办公室主任."""
    known = {department.id: department.short for department in plan.departments}
    return f"{known.get(post.department, post.department)}{POSTS.get(post.role, post.role)}"


def typed(post: Post) -> str:
    """A post as commands take it: emergency/liaison, director."""
    return f"{post.department}/{post.role}" if post.department else post.role


def chinese(day: date) -> str:
    """2022年5月24日."""
    return f"{day.year}年{day.month}月{day.day}日"


def local(plan: Plan, at: datetime) -> datetime:
    """An instant in the plan's zone."""
    return at.astimezone(ZoneInfo(plan.zone))


def moment(plan: Plan, at: datetime) -> str:
    """2022年5月24日9时05分, in the plan's zone."""
    there = local(plan, at)
    return f"{chinese(there.date())}{there.hour}时{there.minute:02}分"
