"""Alerts to the coordinator, in words: each a headline, lines, and a key so that it is said once. Imports core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.people import Post
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.errors import Fault
from wsyf_scheduler.mail.letter import LetterKind
from wsyf_scheduler.mail.phrases import LETTERS

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


def vacancy(plan: Plan, post: Post, day: date) -> Alert:
    """A post nobody holds, once a day (RULES.md §3)."""
    name = post_name(plan, post)
    return Alert(
        dedup=f"vacant:{plan.id}:{post.role}/{post.department}:{day}",
        headline=f"{name}空缺",
        lines=(
            f"{_chinese(day)}发信时，{name}一职无人担任。",
            "主送该职务的信件已改送上一级职务，抄送该职务的未抄送。",
            "请修改人员名单后用 wsyf people import 导入。",
        ),
    )


def spent(plan: Plan, item: Assignment) -> Alert:
    """The ladder of an assignment has sent its last letter (RULES.md §3)."""
    department = next((each.short for each in plan.departments if each.id == item.department), item.department)
    return Alert(
        dedup=f"spent:{plan.id}:{item.key}:{item.due_on}:{item.counted_from or item.due_on}",
        headline=f"{department}“{item.title}”督办已发完",
        lines=(
            f"责任事项 {item.key}（{department}，{item.title}）应于{_chinese(item.due_on)}前完成，至今未办结。",
            "催办阶梯规定的督办至此已全部发出，此后不再自动发信，该事项仍列入每周工作周报。",
            "请人工联系，或以 wsyf extend 延期、wsyf waive 免办、wsyf done 办结。",
        ),
    )


def templates(plan: Plan, faults: Sequence[Fault], day: date) -> Alert:
    """The office's own templates failed and the packaged ones served."""
    return Alert(
        dedup=f"template:{plan.id}:{faults[0].file}:{day}",
        headline="信件模板有误，已改用程序自带模板",
        lines=("本办公室的信件模板不能使用，信件已用程序自带模板发出：", *(str(fault) for fault in faults[:5])),
    )


def undelivered(plan: Plan, message_id: int, department: str, letter: str, trouble: str) -> Alert:
    """A message was refused for good, or given up."""
    names = {each.id: each.short for each in plan.departments}
    return Alert(
        dedup=f"undelivered:{plan.id}:{message_id}",
        headline=f"发往{names.get(department, '领导或经办人')}的信件未能送达",
        lines=(
            f"信件 {message_id}（{LETTERS.get(LetterKind(letter), letter)}）未能送达：{trouble}",
            f"查看：wsyf outbox show {message_id}。请核对收件人地址，必要时另行通知。",
        ),
    )


def login_refused(plan: Plan, now: datetime, text: str) -> Alert:
    """The mail server refused the login; nothing leaves until that is mended. Once a day."""
    return Alert(
        dedup=f"login:{plan.id}:{now.date()}",
        headline="邮件服务器拒绝登录，信件暂不能发出",
        lines=(
            f"邮件服务器答复：{text}",
            "所有待发信件均保留在发件箱，每15分钟再试一次。",
            "请核对 config.toml 中的 username 和密码文件，再运行 wsyf check。",
        ),
    )


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
