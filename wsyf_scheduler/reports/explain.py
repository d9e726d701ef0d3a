"""Why a letter about an assignment went, or did not go, on a day: from the record for the past, from the rules for what
lies ahead. Imports config, core, files, store.glance and the rest of reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from wsyf_scheduler.config import Config
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.calendar import Hours
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, LEADERS, Timetable
from wsyf_scheduler.core.people import Holder, Post, Reader, Roster
from wsyf_scheduler.files.holidays import work_calendar
from wsyf_scheduler.reports import days, recorded
from wsyf_scheduler.reports.ladder import RESTARTED, Step, steps
from wsyf_scheduler.reports.recorded import Recorded
from wsyf_scheduler.store.glance import Glance


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One step of the ladder, how it came to its day, and whom it reached or would reach.

    `to` and `cc` are who a message that was made went to; before that, and where none was made, who would be addressed
    on that day. `vacant` are posts nobody held then: To climbs to the next higher, Cc is left out.
    """

    step: Step
    way: days.Way | None
    to: tuple[Reader, ...] = ()
    cc: tuple[Reader, ...] = ()
    vacant: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who reads for one post on a day; where it is vacant, who stands in for it."""

    post: Post
    readers: tuple[Reader, ...]
    vacant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What answers are made from: the clock, the rules of one plan, who holds the posts, and the office's address."""

    now: datetime
    table: Timetable
    holders: tuple[Holder, ...]
    roster: Roster
    office: str

    @property
    def zone(self) -> ZoneInfo:
        """The plan's zone."""
        zone = self.table.hours.zone
        assert isinstance(zone, ZoneInfo)
        return zone

    @property
    def today(self) -> date:
        """The calendar day of the clock."""
        return self.table.hours.day_of(self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer for one assignment and one day.

    `landed` are the steps of that day; `others` rows of messages that left that day though no step of the day brought
    them (late ones, receipts, changes); `before` and `after` the nearest steps around it; `ladder` all steps that
    were decided, or belong to the ladder as it runs now.
    """

    item: Assignment
    books: Books
    day: days.Day
    landed: tuple[Answer, ...]
    others: tuple[Recorded, ...]
    before: Answer | None
    after: Answer | None
    posts: tuple[Watch, ...]
    ladder: tuple[Step, ...]

    @property
    def held_messages(self) -> tuple[int, ...]:
        """Messages with this assignment that a guard holds back."""
        held = (step.message.id for step in self.ladder if step.message and step.message.state == "held")
        return tuple(dict.fromkeys(held))


def books(opened: Glance, config: Config, zone: str, now: datetime) -> Books:
    """Read them."""
    hours = Hours(zone=ZoneInfo(zone), send_at=config.send_at, send_until=config.send_until)
    calendar = work_calendar(extra_off=config.extra_off, extra_working=config.extra_working)
    holders = tuple(recorded.holders(opened))
    return Books(
        now=now,
        table=Timetable(config.ladder, calendar, hours),
        holders=holders,
        roster=Roster(holders, office=config.office.email),
        office=config.office.email,
    )


def explain(opened: Glance, source: Books, item: Assignment, on: date) -> Explanation:
    """Why letters about an assignment went on a day, or why none."""
    rows = recorded.rows_where(opened, "n.assignment_id = :id", {"id": item.id})
    events = recorded.events_where(opened, "assignment_id = :id", {"id": item.id})
    every = steps(item, source.table, rows, events, source.now)
    before, after = _around(every, on)
    landed = [step for step in every if step.on == on]
    return Explanation(
        item=item,
        books=source,
        day=days.day_of(on, source.table),
        landed=tuple(answer(source, item, step) for step in landed),
        others=tuple(_others(source, rows, landed, on)),
        before=answer(source, item, before) if before else None,
        after=answer(source, item, after) if after else None,
        posts=watches(source, item.department, on),
        ladder=tuple(step for step in every if step.is_present or not _is_moot(step)),
    )


def answer(source: Books, item: Assignment, step: Step) -> Answer:
    """One step with its way and its readers."""
    way = days.way_of(step.landing, item, source.table) if step.landing is not None else None
    if not step.speaks:
        return Answer(step=step, way=way)
    addressed = source.roster.address(_posts(item, step, step.to), _posts(item, step, step.cc), step.on)
    message = step.message
    if message is None or not message.to:
        return Answer(step=step, way=way, to=addressed.to, cc=addressed.cc, vacant=addressed.vacant)
    known = {reader.address: reader for reader in (*addressed.cc, *addressed.to)}
    return Answer(step=step, way=way, to=_named(message.to, known), cc=_named(message.cc, known))


def watches(source: Books, department: str, on: date) -> tuple[Watch, ...]:
    """Who reads for the posts an assignment of a department can reach, on a day."""
    posts = [*(Post(role, department) for role in DEPARTMENT_ROLES), *(Post(role) for role in LEADERS)]
    return tuple(watch(source, post, on) for post in posts)


def watch(source: Books, post: Post, on: date) -> Watch:
    """Who reads for one post on a day."""
    addressed = source.roster.address([post], [], on)
    return Watch(post=post, readers=addressed.to, vacant=bool(addressed.vacant))


def _posts(item: Assignment, step: Step, roles: Iterable[str]) -> list[Post]:
    department = step.department or item.department
    return [Post(role, department if role in DEPARTMENT_ROLES else "") for role in roles]


def _named(addresses: Sequence[str], known: dict[str, Reader]) -> tuple[Reader, ...]:
    return tuple(known.get(address) or Reader(address, "", Post("")) for address in addresses)


def _is_moot(step: Step) -> bool:
    """Of a former run of the ladder, and never decided."""
    return step.decided_at is None


def _around(every: Sequence[Step], on: date) -> tuple[Step | None, Step | None]:
    """The nearest steps of the lead department before and after a day."""
    own = [step for step in every if step.is_main and step.reason != RESTARTED]
    before = [step for step in own if step.on < on]
    after = [step for step in own if step.on > on]
    return before[-1] if before else None, after[0] if after else None


def _others(source: Books, rows: Sequence[Recorded], landed: Sequence[Step], on: date) -> Iterable[Recorded]:
    told = {step.message.id for step in landed if step.message is not None}
    for row in rows:
        sent_at = row.message.sent_at if row.message else None
        left_on = None if sent_at is None else source.table.hours.day_of(sent_at)
        if row.message is not None and row.dropped is None and left_on == on and row.message.id not in told:
            yield row
