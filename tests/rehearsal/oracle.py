"""A second reading of the rules: what the Gaoping plan must send, day by day.

It shares no code with the product. It is slow and plain on purpose; a difference
between it and `wsyf rehearse --json` is a fault in one of the two. Section numbers (§)
are those of the rules.

    python tests/rehearsal/oracle.py never|on-time [PEOPLE.json]
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal, TypedDict
from zoneinfo import ZoneInfo

import chinese_calendar  # type: ignore[import-untyped]
import holidays

Assume = Literal["never", "on-time"]
# (role, department or "") -> address; absent = vacant
People = Mapping[tuple[str, str], str]
ONE_DAY = timedelta(days=1)


# --- The plan (§1) ------------------------------------------------------------


@dataclass(frozen=True)
class Assignment:
    key: str
    period: str
    department: str
    kind: str
    due_on: date
    support: tuple[str, ...]
    period_start: date
    period_end: date


FOUR = "emergency housing transport health"
FIVE = f"hrss {FOUR}"  # 宣传、培训: "the same five"
ACCIDENTS = "emergency housing transport"
PLAN = f"{FIVE} miit finance union insurance"
ALL_OTHERS = "all others"  # every department of the plan but the lead

# period, number and part, kind, lead, support, due
Line = tuple[str, str, str, str, str, str]

ANNEX_2: tuple[Line, ...] = (
    ("2021-2022", "1", "general", "hrss", "", "2022-12-31"),
    ("2021-2022", "2", "general", "hrss", "finance", "2022-12-31"),
    ("2021-2022", "3", "meeting", "hrss", ALL_OTHERS, "2022-12-31"),
    ("2021-2022", "4", "data", ACCIDENTS, "", "2022-05-31"),
    ("2021-2022", "5", "data", "health", "", "2022-05-31"),
    ("2021-2022", "6", "general", "hrss", "", "2022-12-31"),
    ("2021-2022", "7", "campaign", FIVE, "union", "2022-12-31"),
    ("2022", "1", "data", ACCIDENTS, "", "2022-05-31"),
    ("2022", "2", "data", "health", "", "2022-05-31"),
    ("2022", "3", "inspection", "hrss", FOUR, "2022-12-31"),
    ("2022", "4", "campaign", FIVE, "union", "2022-12-31"),
    ("2022", "5", "general", "hrss", "", "2022-12-31"),
    ("2022", "6", "general", "hrss", "emergency", "2022-12-31"),
    ("2023", "1", "data", ACCIDENTS, "", "2023-02-28"),
    ("2023", "2", "data", "health", "", "2023-02-28"),
    ("2023", "3", "campaign", FIVE, "union", "2023-12-31"),
    ("2023", "4", "general", "hrss", "", "2023-12-31"),
    ("2023", "5", "evaluation", "hrss", ALL_OTHERS, "2023-12-31"),
    ("2024", "1", "data", ACCIDENTS, "", "2024-02-29"),
    ("2024", "2", "data", "health", "", "2024-02-29"),
    ("2024", "3", "meeting", "hrss", ALL_OTHERS, "2024-12-31"),
    ("2024", "4", "campaign", FIVE, "union", "2024-12-31"),
    ("2024", "5", "general", "hrss", "", "2024-12-31"),
    ("2025", "1a", "data", ACCIDENTS, "", "2025-02-28"),
    ("2025", "1b", "data", ACCIDENTS, "", "2025-12-31"),
    ("2025", "2a", "data", "health", "", "2025-02-28"),
    ("2025", "2b", "data", "health", "", "2025-12-31"),
    ("2025", "3", "campaign", FIVE, "union", "2025-12-31"),
    ("2025", "4", "general", "hrss", "", "2025-12-31"),
    ("2025", "5", "summary", "hrss", ALL_OTHERS, "2025-12-31"),
)

STANDING: tuple[Line, ...] = (
    ("2022", "theme", "campaign", "hrss", "", "2022-05-31"),
    ("2023", "theme", "campaign", "hrss", "", "2023-03-31"),
    ("2024", "theme", "campaign", "hrss", "", "2024-03-31"),
    ("2025", "theme", "campaign", "hrss", "", "2025-03-31"),
    ("2022", "campaign", "campaign", "hrss", ALL_OTHERS, "2022-06-30"),
    ("2023", "campaign", "campaign", "hrss", ALL_OTHERS, "2023-06-30"),
    ("2024", "campaign", "campaign", "hrss", ALL_OTHERS, "2024-06-30"),
    ("2025", "campaign", "campaign", "hrss", ALL_OTHERS, "2025-06-30"),
    ("2025", "coverage", "general", FOUR, "", "2025-12-31"),
    ("2025", "trainers", "general", "hrss", "", "2025-12-31"),
)


def assignments_of(lines: Sequence[Line]) -> list[Assignment]:
    """One assignment for each lead department of each line (§1)."""
    found = []
    for period, number, kind, lead, support, due in lines:
        for department in lead.split():
            if support == ALL_OTHERS:
                helpers = tuple(each for each in PLAN.split() if each != department)
            else:
                helpers = tuple(support.split())
            found.append(
                Assignment(
                    key=f"{period}/{number}/{department}",
                    period=period,
                    department=department,
                    kind=kind,
                    due_on=date.fromisoformat(due),
                    support=helpers,
                    # §2: first day of its first year, last day of its last.
                    period_start=date(int(period[:4]), 1, 1),
                    period_end=date(int(period[-4:]), 12, 31),
                )
            )
    return found


def gaoping() -> list[Assignment]:
    return assignments_of(ANNEX_2) + assignments_of(STANDING)


def check_counts() -> None:
    """The totals that §1 states."""
    annex = assignments_of(ANNEX_2)
    assert len({(line[0], line[1].rstrip("ab")) for line in ANNEX_2}) == 28
    assert Counter(each.period for each in annex) == {
        "2021-2022": 13,
        "2022": 12,
        "2023": 11,
        "2024": 11,
        "2025": 15,
    }
    assert len(annex) == 62
    assert sum(each.kind == "data" for each in annex) == 24
    assert len(assignments_of(STANDING)) == 13
    assert len({each.key for each in gaoping()}) == 75


# --- The ladder (§3) ----------------------------------------------------------


@dataclass(frozen=True)
class When:
    """The day of a rung. `n` counts days; `base` and `times` are for `every` alone."""

    how: Literal["start", "before", "after", "w-before", "w-after", "due", "every"]
    n: int = 0
    base: str = ""
    times: int = 0


@dataclass(frozen=True)
class Rung:
    name: str
    when: When
    letter: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    briefing: tuple[str, ...] = ()
    kinds: tuple[str, ...] | None = None  # None: every kind
    except_kinds: tuple[str, ...] = ()

    def is_for(self, kind: str) -> bool:
        wanted = self.kinds is None or kind in self.kinds
        return wanted and kind not in self.except_kinds


LIAISON = ("liaison",)
CONVENER = ("convener",)
DIRECTOR = ("director",)
LEADERS = ("director", "chief")
EVERY_FIVE = When("every", 5, base="escalate-7w", times=12)
LONG = ("evaluation", "summary")

DEFAULT_LADDER: tuple[Rung, ...] = (
    Rung("start", When("start"), "start", LIAISON),
    Rung("remind-90", When("before", 90), "reminder", LIAISON, kinds=LONG),
    Rung("remind-60", When("before", 60), "reminder", LIAISON, kinds=LONG),
    Rung("remind-30", When("before", 30), "reminder", LIAISON),
    Rung("remind-15", When("before", 15), "reminder", LIAISON),
    Rung("remind-7", When("before", 7), "reminder", LIAISON),
    Rung("remind-3w", When("w-before", 3), "reminder", LIAISON),
    Rung("remind-0", When("due"), "reminder", LIAISON),
    Rung("chase-1w", When("w-after", 1), "chaser", LIAISON, CONVENER),
    Rung("escalate-3w", When("w-after", 3), "escalation", CONVENER, LIAISON, DIRECTOR),
    Rung("escalate-7w", When("w-after", 7), "escalation", CONVENER, LIAISON, LEADERS),
    Rung("escalate-n", EVERY_FIVE, "escalation", CONVENER, LIAISON, LEADERS),
)


# --- Days (§2) ----------------------------------------------------------------


@dataclass(frozen=True)
class Days:
    extra_working: frozenset[date] = frozenset()
    extra_off: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        # What the office sets goes over the package.
        if day in self.extra_off:
            return False
        if day in self.extra_working:
            return True
        if 2004 <= day.year <= 2026:
            return bool(chinese_calendar.is_workday(day))
        # No notice yet: Monday to Friday less the statutory days, and no make-up days.
        statutory = holidays.country_holidays("CN", years=day.year)
        return day.weekday() < 5 and day not in statutory

    def roll_back(self, day: date) -> date:
        while not self.is_working(day):
            day -= ONE_DAY
        return day

    def first_working(self, day: date) -> date:
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def working_days_from(self, day: date, n: int) -> date:
        """The n-th working day after `day` (n < 0: before); `day` does not count."""
        step = ONE_DAY if n > 0 else -ONE_DAY
        left = abs(n)
        while left > 0:
            day += step
            if self.is_working(day):
                left -= 1
        return day


def rung_days(
    rung: Rung, ladder: Sequence[Rung], assignment: Assignment, days: Days, first: date
) -> list[tuple[int, date]]:
    """Each (repeat, day) of one rung; repeat is 0 but on `every` (§3)."""
    due, n = assignment.due_on, rung.when.n
    match rung.when.how:
        case "start":
            # First slot at or after the later of period start and start of tracking.
            return [(0, days.first_working(max(assignment.period_start, first)))]
        case "before":
            return [(0, days.roll_back(due - n * ONE_DAY))]
        case "after":
            return [(0, days.roll_back(due + n * ONE_DAY))]
        case "due":
            return [(0, days.roll_back(due))]
        # §2: working days count from the due day itself, not from a rolled-back one.
        case "w-before":
            return [(0, days.working_days_from(due, -n))]
        case "w-after":
            return [(0, days.working_days_from(due, n))]
        case "every":
            base = next(other for other in ladder if other.name == rung.when.base)
            ((_, begin),) = rung_days(base, ladder, assignment, days, first)
            repeats = range(1, rung.when.times + 1)
            return [(k, days.working_days_from(begin, k * n)) for k in repeats]


# --- People (§3) --------------------------------------------------------------

ROLES_UPWARDS = ("liaison", "convener", "director", "chief", "coordinator")


def holder(people: People, role: str, department: str) -> str | None:
    in_department = role in ("liaison", "convener")
    return people.get((role, department if in_department else "")) or None


def to_address(people: People, role: str, department: str) -> set[str]:
    """§3: a vacant role goes to the next higher, in the end to the coordinator."""
    for higher in ROLES_UPWARDS[ROLES_UPWARDS.index(role) :]:
        address = holder(people, higher, department)
        if address is not None:
            return {address}
    return set()


def cc_address(people: People, role: str, department: str) -> set[str]:
    """§3: a vacant Cc is left out."""
    address = holder(people, role, department)
    return set() if address is None else {address}


# --- Messages (§4) ------------------------------------------------------------


class Row(TypedDict):
    key: str
    due_on: str
    rung: str
    repeat: int
    days_left: int
    role: str


class Message(TypedDict):
    at: str
    letter: str
    department: str
    audience: str
    to: list[str]
    cc: list[str]
    rows: list[Row]


@dataclass(frozen=True)
class Due:
    """One rung of one assignment that goes out today."""

    assignment: Assignment
    rung: Rung
    repeat: int


def row_of(item: Due, today: date, role: str) -> Row:
    return {
        "key": item.assignment.key,
        "due_on": item.assignment.due_on.isoformat(),
        "rung": item.rung.name,
        "repeat": item.repeat,
        "days_left": (item.assignment.due_on - today).days,
        "role": role,
    }


def by_due_and_key(item: Due) -> tuple[date, str]:
    return item.assignment.due_on, item.assignment.key


def by_department(item: Due) -> tuple[str, date, str]:
    return item.assignment.department, item.assignment.due_on, item.assignment.key


def climb(assignment: Assignment, ladder: Sequence[Rung], days: Days, first: date) -> list[tuple[date, Due]]:
    """Every rung of one assignment with its day, in the order of the table."""
    return [
        (day, Due(assignment, rung, repeat))
        for rung in ladder
        if rung.is_for(assignment.kind)
        for repeat, day in rung_days(rung, ladder, assignment, days, first)
    ]


def due_today(climbed: Sequence[tuple[date, Due]], today: date) -> list[Due]:
    """The rungs of one assignment whose slot is today's, after §3 rule 3."""
    here = [item for day, item in climbed if day == today]
    starts = [item for item in here if item.rung.when.how == "start"]
    others = [item for item in here if item.rung.when.how != "start"]
    # Rule 3: of several in one slot the later in the table goes; `start` stands apart.
    return starts + others[-1:]


def department_messages(items: Sequence[Due], people: People, at: datetime) -> list[Message]:
    """§4: one message for each department and letter kind."""
    messages: list[Message] = []
    departments = {item.assignment.department for item in items}
    departments |= {helper for item in items for helper in item.assignment.support}
    for department in sorted(departments):
        for letter in sorted({item.rung.letter for item in items}):
            of_letter = [x for x in items if x.rung.letter == letter and x.rung.to]
            leads = [x for x in of_letter if x.assignment.department == department]
            # §3 `start`: support departments are told once, in their own start message.
            supports = [x for x in of_letter if x.rung.when.how == "start" and department in x.assignment.support]
            # The rows it leads, then those it supports, each by due date then key.
            ordered = [(x, "lead") for x in sorted(leads, key=by_due_and_key)]
            ordered += [(x, "support") for x in sorted(supports, key=by_due_and_key)]
            if not ordered:
                continue
            # To and Cc are unions over the rows; who stands in To is not in Cc.
            to: set[str] = set()
            cc: set[str] = set()
            for item, _ in ordered:
                for role in item.rung.to:
                    to |= to_address(people, role, department)
                for role in item.rung.cc:
                    cc |= cc_address(people, role, department)
            messages.append(
                {
                    "at": at.isoformat(),
                    "letter": letter,
                    "department": department,
                    "audience": "department",
                    "to": sorted(to),
                    "cc": sorted(cc - to),
                    "rows": [row_of(item, at.date(), role) for item, role in ordered],
                }
            )
    return messages


def briefings(items: Sequence[Due], people: People, at: datetime) -> list[Message]:
    """§3: one message a leader, with the rows of all departments that reached them."""
    messages: list[Message] = []
    for leader in LEADERS:
        reached = [item for item in items if leader in item.rung.briefing]
        if reached:
            messages.append(
                {
                    "at": at.isoformat(),
                    "letter": "briefing",
                    "department": "",
                    "audience": leader,  # kept where the post is vacant
                    "to": sorted(to_address(people, leader, "")),
                    "cc": [],
                    "rows": [row_of(item, at.date(), "lead") for item in sorted(reached, key=by_department)],
                }
            )
    return messages


# --- The rehearsal ------------------------------------------------------------


def simulate(
    assignments: Sequence[Assignment],
    ladder: Sequence[Rung],
    people: People,
    first: date,
    last: date,
    assume: Assume,
    send_at: time = time(9, 0),
    zone: str = "Asia/Shanghai",
    extra_working: Collection[date] = (),
    extra_off: Collection[date] = (),
) -> list[Message]:
    """Every ladder message from `first` 00:00 (tracking begins) to `last` 24:00."""
    days = Days(frozenset(extra_working), frozenset(extra_off))
    # §5: what is overdue at first tracking is held; held is silent (§3 rule 1).
    tracked = [(each, climb(each, ladder, days, first)) for each in assignments if each.due_on >= first]
    # §3 rule 2: no slot before tracking began; the loop begins with `first`.
    messages: list[Message] = []
    today = first
    while today <= last:
        # §2: mail leaves on working days; every ladder day is one.
        if days.is_working(today):
            at = datetime.combine(today, send_at, tzinfo=ZoneInfo(zone))
            items = [
                item
                for each, climbed in tracked
                if not is_closed(each, days, first, at, assume)
                for item in due_today(climbed, today)
            ]
            messages += department_messages(items, people, at)
            messages += briefings(items, people, at)
        today += ONE_DAY
    return sorted(messages, key=place)


def place(message: Message) -> tuple[str, str, str, str]:
    department, letter = message["department"], message["letter"]
    return message["at"], department, letter, message["audience"]


def is_closed(each: Assignment, days: Days, first: date, at: datetime, assume: Assume) -> bool:
    """On time: 08:00 of the due day rolled back, or FROM if that 08:00 is past."""
    if assume == "never":
        return False
    closing_day = days.roll_back(each.due_on)
    closed_at = datetime.combine(closing_day, time(8, 0), tzinfo=at.tzinfo)
    tracked_from = datetime.combine(first, time(0, 0), tzinfo=at.tzinfo)
    return at >= max(closed_at, tracked_from)


def default_people() -> dict[tuple[str, str], str]:
    people = {
        (role, department): f"{role}.{department}@gaoping.example"
        for role in ("liaison", "convener")
        for department in PLAN.split()
    }
    for role in ("director", "chief", "coordinator"):
        people[role, ""] = f"{role}@gaoping.example"
    return people


def read_people(path: Path) -> dict[tuple[str, str], str]:
    """Keys are `role/department` or `role/`; a post not named is vacant."""
    people = {}
    for post, address in json.loads(path.read_text(encoding="utf-8")).items():
        role, department = post.split("/")
        people[role, department] = str(address)
    return people


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in ("never", "on-time") or len(arguments) > 2:
        print("usage: oracle.py never|on-time [PEOPLE.json]", file=sys.stderr)
        return 2
    check_counts()
    assume: Assume = "never" if arguments[0] == "never" else "on-time"
    people = read_people(Path(arguments[1])) if len(arguments) == 2 else default_people()
    first, last = date(2022, 5, 19), date(2026, 6, 30)
    for message in simulate(gaoping(), DEFAULT_LADDER, people, first, last, assume):
        print(json.dumps(message, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
