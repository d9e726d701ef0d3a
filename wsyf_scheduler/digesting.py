"""What a digest lists: overdue, due soon, waiting for confirmation, undeliverable, held, and what ails the system.

Leaders get one line a department instead. Whose digest it is stands in the message: one post, or several of one person.

Imports app, alerts, core and store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from wsyf_scheduler.alerts import post_name
from wsyf_scheduler.app import TrackedPlan
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.ladder import LEADERS
from wsyf_scheduler.core.message import Message, MessageState
from wsyf_scheduler.core.people import Addressed, Post, Roster
from wsyf_scheduler.mail.letter import Letter, LetterKind, Row, Section, Standing
from wsyf_scheduler.mail.phrases import LETTERS, day
from wsyf_scheduler.store import facts, holds, outbox, pauses, people, refusals, undelivered
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.holds import HoldReason

SOON = 14  # days
MOST = 30  # undelivered letters listed one by one
PENDING = (State.OPEN, State.SUBMITTED)
TOO_OLD = timedelta(days=3)  # of an audit or a backup
STATES = {MessageState.RETRY: "待重发", MessageState.UNCERTAIN: "结果不明"}
HOLDS = {
    HoldReason.CLOCK_BACK: "本机时钟早于上一次运行的时间",
    HoldReason.CLOCK_FORWARD: "本机时钟比上一次运行的时间晚14天以上",
    HoldReason.HOST: "数据库上一次在另一台主机运行",
    HoldReason.RESTORED: "数据库由备份恢复",
}


def as_text(post: Post) -> str:
    """A post as a message's payload has it: `convener/emergency`, `director/`."""
    return f"{post.role}/{post.department}"


def from_text(text: str) -> Post:
    """The post of such a text."""
    role, _slash, department = text.partition("/")
    return Post(role, department)


def posts(message: Message) -> tuple[Post, ...]:
    """The posts of one person that a digest is for, where they are several; the one that speaks for all first."""
    return tuple(map(from_text, cast("list[str]", message.payload.get("posts", []))))


def stand_in(message: Message, addressed: Addressed) -> Post | None:
    """The vacant post To is read for; none where the first of several posts is held."""
    several = posts(message)
    return None if several and several[0] not in addressed.vacant else addressed.stand_in


def departments(message: Message) -> tuple[str, ...]:
    """The departments a digest is about; none where it is about all."""
    found = tuple(post.department for post in posts(message)) or (message.department,)
    return () if message.audience in LEADERS else tuple(each for each in found if each)


def fill(
    session: Session,
    tracked: TrackedPlan,
    message: Message,
    letter: Letter,
    items: Sequence[Assignment],
    row: dict[int, Row],
) -> Letter:
    """The digest with what it lists of these assignments, all of which are in `row` unless they are closed."""
    found = sections(session, tracked, letter.on, message, items, row)
    is_soon = any(each.name == "due-soon" for each in found)
    leaders = message.audience in LEADERS
    return replace(
        letter,
        sections=() if leaders else found,
        standings=standings(tracked, items, letter.on) if leaders else (),
        next_due=None if is_soon else next_due(items, row, letter.on),
    )


def standings(tracked: TrackedPlan, items: Sequence[Assignment], today: date) -> tuple[Standing, ...]:
    """A line for every department of the plan: longest overdue first, then most overdue, then most due soon."""
    found = []
    for department in tracked.plan.departments:
        mine = [item for item in items if item.department == department.id and item.state in PENDING]
        held = [item for item in mine if item.held and item.state is State.OPEN]
        late = sorted((item for item in mine if item.is_overdue(today) and item not in held), key=_order)
        line = Standing(
            department=department.short,
            open=len(mine),
            overdue=len(late),
            days=-late[0].days_left(today) if late else 0,
            title=late[0].title if late else "",
            soon=sum(_is_soon(item, today) for item in mine),
            submitted=sum(item.state is State.SUBMITTED for item in mine),
            held=len(held),
        )
        found.append(line)
    return tuple(sorted(found, key=lambda each: (-each.days, -each.overdue, -each.soon)))


def sections(
    session: Session,
    tracked: TrackedPlan,
    today: date,
    message: Message,
    items: Sequence[Assignment],
    row: dict[int, Row],
) -> tuple[Section, ...]:
    """The sections that have something to say, in the order of RULES.md §4."""
    tests: dict[str, Callable[[Assignment], bool]] = {
        "overdue": lambda item: not item.held and item.is_overdue(today),
        "due-soon": lambda item: _is_soon(item, today),
        "submitted": lambda item: item.state is State.SUBMITTED,
        "held": lambda item: item.held and item.state is State.OPEN,
    }
    found = {
        name: tuple(row[item.id] for item in sorted(items, key=_order) if test(item)) for name, test in tests.items()
    }
    listed = [Section(name=name, rows=rows) for name, rows in found.items() if rows]
    if message.audience != "coordinator":
        return tuple(listed)
    noon = datetime.combine(today, time(12), tracked.table.hours.zone)
    told = {
        "undeliverable": _undeliverable(session, tracked, message, noon),
        "system": tuple(_ailments(session, tracked, message.plan_id, noon)),
    }
    place = len([each for each in listed if each.name != "held"])
    listed[place:place] = [Section(name=name, lines=lines) for name, lines in told.items() if lines]
    records = tuple(_records(session, noon))
    return (*listed, Section(name="records", lines=records)) if records else tuple(listed)


def next_due(items: Sequence[Assignment], row: dict[int, Row], today: date) -> Row | None:
    """The next assignment to fall due, for a week in which all is quiet."""
    ahead = [item for item in sorted(items, key=_order) if item.state is State.OPEN and item.due_on >= today]
    return row[ahead[0].id] if ahead else None


def _is_soon(item: Assignment, today: date) -> bool:
    return item.state is State.OPEN and not item.held and 0 <= item.days_left(today) <= SOON


def _order(item: Assignment) -> tuple[date, str]:
    return item.due_on, item.key


def _undeliverable(session: Session, tracked: TrackedPlan, message: Message, now: datetime) -> tuple[str, ...]:
    """Letters that did not arrive: of those given up, what `wsyf` lists too. What is held stands among the ailments."""
    given_up = undelivered.ids(session, now)
    found = [
        each
        for each in outbox.in_trouble(session, message.plan_id)
        if each.state in STATES or (each.state is MessageState.DISCARDED and each.id in given_up)
    ]
    lines = [_line(tracked, each) for each in found[-MOST:]]
    more = len(found) - MOST
    return (*lines, f"另有{more}件较早的信函，见 wsyf outbox list。") if more > 0 else tuple(lines)


def _line(tracked: TrackedPlan, each: Message) -> str:
    line = f"信函 {each.id}（{LETTERS[LetterKind(each.letter)]}）：{_receiver(tracked, each)}，{_trouble(each)}"
    return f"{line}；重发：wsyf outbox retry {each.id}" if each.state is MessageState.DISCARDED else line


def _trouble(message: Message) -> str:
    return message.trouble or STATES.get(message.state, message.state.value)


def _receiver(tracked: TrackedPlan, message: Message) -> str:
    if message.to:
        return "、".join(message.to)
    return post_name(tracked.plan, Post("liaison" if message.department else message.audience, message.department))


def _ailments(session: Session, tracked: TrackedPlan, plan_id: str, now: datetime) -> Iterator[str]:
    """What ails the system rather than the plan: each with the command that acts on it."""
    hold, pause = holds.get(session), pauses.get(session)
    if hold is not None:
        since = _words(hold.since_at, now)
        yield f"自{since}起停止发信：{HOLDS[hold.reason]}。查看和恢复：wsyf status，wsyf outbox release。"
    held = sum(each.state is MessageState.HELD for each in outbox.in_trouble(session, plan_id))
    if held:
        yield f"一次待发信函过多，{held}封已扣住。放行：wsyf outbox release；作废：wsyf outbox discard。"
    if pause is not None and pause.until_at > now:
        yield f"邮件服务器要求暂缓发信（{pause.why}）。立即再试：wsyf outbox retry --all。"
    roster = Roster(people.all_of(session), office="")
    for address, since_at in refusals.since(session).items():
        posts = roster.posts_of(address, now.date())
        if posts:
            names = "、".join(post_name(tracked.plan, post) for post in posts)
            refused = f"{names}的邮箱 {address} 自{_words(since_at, now)}起被拒收"
            yield f"{refused}。请用 wsyf people import 导入新地址；如地址无误，用 wsyf check --mail 试发。"
    yield from _of_the_records(session, now)


def _of_the_records(session: Session, now: datetime) -> Iterator[str]:
    audit, backup, hook, ping = (_fact(session, name) for name in ("audit", "backup", "hook", "ping"))
    if audit.get("findings"):
        yield f"{_words(audit['at'], now)}核对发现漏发、错发等问题{audit['findings']}处。查看：wsyf audit。"
    elif audit and _is_old(audit, now):
        yield f"自{_words(audit['at'], now)}以来未作核对。核对：wsyf audit。"
    if backup and _is_old(backup, now):
        yield f"自{_words(backup['at'], now)}以来未作备份。备份：wsyf backup FILE。"
    if hook and not hook["ok"]:
        yield f"告警外呼命令{_words(hook['at'], now)}执行失败（{hook['trouble']}）。检查：wsyf check。"
    if ping and not ping["ok"]:
        yield f"失联告警网址自{_words(ping['at'], now)}起访问失败（{ping['trouble']}）。检查：wsyf check。"


def _records(session: Session, now: datetime) -> Iterator[str]:
    """When all was last looked through and saved, where that went well: a quiet week says so too."""
    audit, backup = _fact(session, "audit"), _fact(session, "backup")
    if audit and not audit["findings"] and not _is_old(audit, now):
        yield f"最近一次核对：{_words(audit['at'], now)}，应发信函无遗漏、无错发。"
    if backup and not _is_old(backup, now):
        yield f"最近一次备份：{_words(backup['at'], now)}。"


def _fact(session: Session, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(facts.get(session, name) or "null") or {}
    return found


def _is_old(found: dict[str, Any], now: datetime) -> bool:
    return now - datetime.fromisoformat(found["at"]) > TOO_OLD


def _words(at: datetime | str, now: datetime) -> str:
    """The day of an instant in the plan's zone: 3月1日."""
    return day((datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(now.tzinfo).date(), now.date())
