"""The scripted coordinator: what is done on which day of the demo, all of it through acts. Imports acts and rehearsal.

Most assignments are done in time, on days that follow from their keys and so are the same in every run; the others
are named here. Texts that reach people are Chinese, as letters are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zlib import crc32

from wsyf_scheduler.acts import close, extend, reopen, waive
from wsyf_scheduler.app import App
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.rehearsal import Act, Planned
from wsyf_scheduler.store import assignments

COORDINATOR = "经办人"

NEVER = "2023/1/transport"
"""Nobody ever hands this in: its ladder climbs to the chief and is spent."""

LATE = {
    "2021-2022/4/housing": 2,
    "2022/1/transport": 5,
    "2022/4/health": 2,
    "2023/2/health": 1,
    "2023/3/housing": 4,
    "2024/1/emergency": 2,
    "2024/4/transport": 6,
    "2025/1a/housing": 8,
    "2025/3/transport": 4,
    "2025/5/hrss": 3,
}
"""Done after the due day, by so many working days."""

_OPENS, _MINUTES = time(9, 40), 6 * 60  # the coordinator registers things from 9:40 for six hours
_EARLIEST = 26  # days before the due day that anything is handed in
_SETTLING = timedelta(days=2)  # after tracking began, before anything is handed in


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """An assignment that gets more time, and is done by the later day."""

    asked_on: date
    to: date
    done_on: date
    reason: str
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """An assignment closed in time, found wanting, and closed again."""

    done_on: date
    reopened_on: date
    closed_on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """An assignment that is no longer asked for."""

    on: date
    reason: str


EXTENDED = {
    "2023/5/hrss": Extended(
        asked_on=date(2023, 12, 20),
        to=date(2024, 3, 29),
        done_on=date(2024, 3, 21),
        reason="评估报告尚在征求各成员单位意见",
        approved_by="总召集人",
    )
}
REOPENED = {
    "2024/1/housing": Reopened(
        done_on=date(2024, 2, 22),
        reopened_on=date(2024, 3, 12),
        closed_on=date(2024, 3, 18),
        reason="建筑施工伤亡人数与年报不一致，请核对后重新报送",
    )
}
WAIVED = {"2025/theme/hrss": Waived(on=date(2025, 3, 12), reason="沿用上一年度宣传主题，本年度不另行确定")}


def script(app: App, plan_id: str, first: date) -> list[Planned]:
    """Everything the coordinator does with a plan tracked on the day `first`."""
    with app.db.read() as session:
        table = app.plans(session)[plan_id].table
        items = assignments.of_plan(session, plan_id)
    return [planned for item in items for planned in _of_one(item, table, first)]


def _of_one(item: Assignment, table: Timetable, first: date) -> Iterator[Planned]:
    def at(day: date, act: Act) -> Planned:
        return Planned(_moment(item.key, day, table), act)

    if item.key == NEVER:
        return
    if waived := WAIVED.get(item.key):
        yield at(waived.on, _waiving(item, waived))
    elif extended := EXTENDED.get(item.key):
        yield at(extended.asked_on, _extending(item, extended))
        yield at(extended.done_on, _closing(item))
    elif reopened := REOPENED.get(item.key):
        yield at(reopened.done_on, _closing(item))
        yield at(reopened.reopened_on, _reopening(item, reopened))
        yield at(reopened.closed_on, _closing(item))
    elif item.key in LATE:
        yield at(table.calendar.nth(item.due_on, LATE[item.key]), _closing(item))
    else:
        yield at(_in_time(item, table, first), _closing(item))


def _in_time(item: Assignment, table: Timetable, first: date) -> date:
    """A working day before the due day: any from the day before it to some weeks earlier, by the key alone."""
    room = (item.due_on - first - _SETTLING).days
    ahead = 1 + crc32(item.key.encode()) % max(1, min(_EARLIEST, room))
    return table.calendar.roll_back(item.due_on - timedelta(days=ahead))


def _moment(key: str, day: date, table: Timetable) -> datetime:
    minutes = crc32(key.encode()) // _EARLIEST % _MINUTES
    return (datetime.combine(day, _OPENS, table.hours.zone) + timedelta(minutes=minutes)).astimezone(UTC)


def _name(item: Assignment) -> str:
    return f"{item.plan_id}:{item.key}"


def _closing(item: Assignment) -> Act:
    return lambda app, now: close.act(app, now, keys=[_name(item)], who=COORDINATOR, without_figures=True)


def _waiving(item: Assignment, what: Waived) -> Act:
    return lambda app, now: waive.act(app, now, key=_name(item), reason=what.reason, who=COORDINATOR)


def _reopening(item: Assignment, what: Reopened) -> Act:
    return lambda app, now: reopen.act(app, now, key=_name(item), reason=what.reason, who=COORDINATOR)


def _extending(item: Assignment, what: Extended) -> Act:
    return lambda app, now: extend.act(
        app, now, key=_name(item), to=what.to, reason=what.reason, approved_by=what.approved_by, who=COORDINATOR
    )
