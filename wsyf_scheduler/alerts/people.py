"""Alerts about people and what reaches them: a vacant post, a refused address, a lost letter, a ladder at its end.

Imports core, mail and the words of alerts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from wsyf_scheduler.alerts.words import Alert, chinese, local, moment, post_name, typed
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.people import Post
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.mail.letter import LetterKind
from wsyf_scheduler.mail.phrases import LETTERS


def vacancy(plan: Plan, post: Post, day: date) -> Alert:
    """A post nobody holds, once a day (RULES.md §3)."""
    name = post_name(plan, post)
    return Alert(
        dedup=f"vacant:{plan.id}:{post.role}/{post.department}:{day}",
        headline=f"{name}空缺",
        lines=(
            f"{chinese(day)}发信时，{name}一职无人担任。",
            "主送该职务的信函已改送上一级职务，抄送该职务的未抄送。",
            (
                f"请用 wsyf people hand-over {typed(post)} --to 邮箱地址 --name 姓名 录入任职人员，"
                "或修改人员名单后用 wsyf people import 导入。"
            ),
        ),
    )


def spent(plan: Plan, item: Assignment) -> Alert:
    """The ladder of an assignment has sent its last letter (RULES.md §3)."""
    department = next((each.short for each in plan.departments if each.id == item.department), item.department)
    return Alert(
        dedup=f"spent:{plan.id}:{item.key}:{item.due_on}:{item.counted_from or item.due_on}",
        headline=f"{department}“{item.title}”督办已发完",
        lines=(
            f"责任事项 {item.key}（{department}，{item.title}）应于{chinese(item.due_on)}前完成，至今未办结。",
            "催办阶梯规定的督办至此已全部发出，此后不再自动发信，该事项仍列入每周工作周报。",
            "请人工联系，或以 wsyf extend 延期、wsyf waive 免办、wsyf done 办结。",
        ),
    )


def undelivered(plan: Plan, message_id: int, department: str, letter: str, trouble: str, now: datetime) -> Alert:
    """A message was refused for good, or given up. Once a day."""
    names = {each.id: each.short for each in plan.departments}
    receiver = names.get(department, department or "领导或经办人")
    return Alert(
        dedup=f"undelivered:{plan.id}:{message_id}:{local(plan, now).date()}",
        headline=f"发往{receiver}的信函未能送达",
        lines=(
            f"信函 {message_id}（{LETTERS.get(LetterKind(letter), letter)}，发往{receiver}）未能送达，不再自动重发。",
            f"原因：{trouble or '未说明'}",
            "请先电话告知对方，并核对地址。",
            f"重发：wsyf outbox retry {message_id}；发送经过：wsyf outbox show {message_id}。",
        ),
    )


def refused_address(
    plan: Plan,
    address: str,
    posts: Sequence[Post],
    text: str,
    now: datetime,
    *,
    served: Sequence[Post] = (),
    others_have_it: bool = False,
) -> Alert:
    """A server refused an address for good: whose it is (`posts`), and who is `served` in their stead, if anyone.

    `others_have_it` where the letter went to its other readers all the same.
    """
    names = "、".join(post_name(plan, post) for post in posts) or "一位收件人"
    instead = "、".join(post_name(plan, post) for post in served)
    if instead:
        fate = f"该信函已改送{instead}。"
    else:
        fate = "该信函的其他收件人已收到。" if others_have_it else "该信函没有其他收件人，尚未送达任何人。"
    return Alert(
        dedup=f"refused:{plan.id}:{address.lower()}:{local(plan, now).date()}",
        headline=f"{names}的邮箱地址被拒收",
        lines=(
            f"{moment(plan, now)}，邮件服务器拒收发往 {address}（{names}）的信函，答复：{text}",
            fate,
            "地址改正之前，发往该地址的信函均照此办理。",
            _mend(address, posts),
            f"如地址无误，待邮箱恢复后用 wsyf check --mail {address} 试发一封，收下后即恢复使用。",
        ),
    )


def _mend(address: str, posts: Sequence[Post]) -> str:
    """What to do about a refused address; only that of a post can be handed over."""
    file = "在人员名单中改正地址后用 wsyf people import 导入"
    if not posts:
        return f"请{file}。"
    return f"如已换人，请用 wsyf people hand-over {address} --to 新地址 --name 姓名 录入；如地址有误，请{file}。"
