"""The small fixed cast of the tests: one county office, four departments, holders by post; and makers of values.

Everything is real (calendar, ladder, tables in memory) but the mailer, which remembers what it was given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from wsyf_scheduler import config as config_file
from wsyf_scheduler import rehearsal
from wsyf_scheduler.acts import staff, track
from wsyf_scheduler.app import NO_DELAY, App
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.config import Config
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.calendar import Hours, WorkCalendar
from wsyf_scheduler.core.ladder import Ladder, Timetable
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.core.standard import STANDARD
from wsyf_scheduler.errors import Fault
from wsyf_scheduler.files import holidays
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.mail.letter import Attachment, Deadline, Headers, Letter, Outcome, Outgoing, Phase, Sent
from wsyf_scheduler.mail.mailer import Posting, SerialPosting
from wsyf_scheduler.mail.writer import Written
from wsyf_scheduler.opening import scratch_app
from wsyf_scheduler.reports.sendings import Line, Sendings
from wsyf_scheduler.store import assignments
from wsyf_scheduler.store.db import Database
from wsyf_scheduler.store.rows import EVENT, MESSAGE, NOTICE
from wsyf_scheduler.store.tables import Base

ROOT = Path(__file__).parents[1]
GAOPING = ROOT / "jobs" / "gaoping-2021-2025"
BEIJING = ZoneInfo("Asia/Shanghai")
WHO = "coordinator"
DEPARTMENTS = {"hrss": "人社", "emergency": "应急", "housing": "住建", "union": "总工会"}
PLAN_ID = "county-2023"


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    """`2023-02-28 09:00` in a zone, as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


# --- Values of the core ------------------------------------------------------------------------------------------


@cache
def calendar(*, off: tuple[date, ...] = (), working: tuple[date, ...] = ()) -> WorkCalendar:
    return holidays.work_calendar(extra_off=off, extra_working=working)


def make_timetable(
    ladder: Ladder = STANDARD,
    *,
    zone: str = "Asia/Shanghai",
    send_at: time = time(9),
    send_until: time = time(17, 30),
    off: Iterable[date] = (),
    working: Iterable[date] = (),
) -> Timetable:
    hours = Hours(zone=ZoneInfo(zone), send_at=send_at, send_until=send_until)
    return Timetable(ladder, calendar(off=tuple(off), working=tuple(working)), hours)


def make_assignment(**overrides: Any) -> Assignment:
    """2023/1/emergency, due 2023-02-28, tracked from 2022-05-19 00:00: overrides change any of it."""
    values: dict[str, Any] = {
        "id": 1,
        "plan_id": PLAN_ID,
        "period": "2023",
        "begins_on": date(2023, 1, 1),
        "number": "1",
        "part": "",
        "department": "emergency",
        "kind": "data",
        "title": "2022年度安全生产事故数据",
        "due_on": date(2023, 2, 28),
        "tracked_from": at("2022-05-19 00:00"),
        "root_id": "<root.1@office.example>",
    }
    values |= overrides
    values.setdefault("key", f"{values['period']}/{values['number']}{values['part']}/{values['department']}")
    values.setdefault("file_due_on", values["due_on"])
    values.setdefault("ladder_from", values["tracked_from"])
    return Assignment(**values)


def make_holder(role: str, department: str = "", **overrides: Any) -> Holder:
    name = f"{DEPARTMENTS.get(department, department)}{role}"
    values: dict[str, Any] = {
        "role": role,
        "department": department,
        "name": name,
        "email": f"{role}.{department}@county.example" if department else f"{role}@county.example",
    }
    return Holder(**values | overrides)


def everybody(*vacant: tuple[str, str]) -> list[Holder]:
    """One holder for every post but those named (role, department)."""
    posts = [(role, department) for department in DEPARTMENTS for role in ("liaison", "convener")]
    posts += [("director", ""), ("chief", ""), ("coordinator", "")]
    return [make_holder(*post) for post in posts if post not in vacant]


# --- Plan files --------------------------------------------------------------------------------------------------


def toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat()
        case dict():
            return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(toml(each) for each in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def task(number: int | str = 1, **keys: object) -> str:
    """One `[[tasks]]`: task 1 of kind general, led by emergency; keys change or add to it, None takes one out."""
    values = {"number": number, "kind": "general", "title": f"任务{number}", "lead": ["emergency"]} | keys
    lines = [f"{key} = {toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join(["[[tasks]]", *lines, ""])


def period(*tasks: str, name: str = "2023", first: int | None = None, last: int | None = None) -> str:
    years = f"first_year = {first or int(name[:4])}\nlast_year = {last or int(name[-4:])}"
    return "\n".join([f'[period]\nid = "{name}"\n{years}\n', *tasks])


def plan_toml(*, zone: str = "Asia/Shanghai", extra: str = "", plan_id: str = PLAN_ID) -> str:
    departments = "\n".join(
        f'[[departments]]\nid = "{name}"\nshort = "{short}"\nname = "示范县{short}局"\n'
        for name, short in DEPARTMENTS.items()
    )
    return f"""\
id = "{plan_id}"
title = "示范县安全生产行动计划"
tag = "安全生产"
document = "示安〔2022〕1号"
issued = 2022-05-19
zone = "{zone}"
lead = "hrss"
office = "示范县安全生产领导小组办公室"

{departments}
{extra}"""


def make_plan(*tasks: str, periods: Mapping[str, str] | None = None, **head: Any) -> dict[str, str]:
    """The texts of a plan: period 2023 with these tasks, or these period files."""
    files = {f"{name}.toml": text for name, text in (periods or {"2023": period(*tasks or (task(),))}).items()}
    return {"plan.toml": plan_toml(**head)} | files


# --- The office --------------------------------------------------------------------------------------------------


class RecordingMailer:
    """Takes every message and remembers it; `fate` may say otherwise, for one message at a time."""

    describe = "recording"
    room = 25

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.fate: Callable[[Outgoing], Sent] = lambda _outgoing: Sent(outcome=Outcome.SENT, phase=Phase.REPLY)

    @contextmanager
    def post(self, may_leave: Callable[[Outgoing], bool]) -> Iterator[Posting]:
        yield SerialPosting(self._send, may_leave, room=self.room)

    def _send(self, outgoing: Outgoing) -> Sent:
        self.sent.append(outgoing)
        return self.fate(outgoing)

    def probe(self) -> None:
        return


@dataclass
class RecordingWriter:
    """Remembers what was to be written; the bytes are the Message-ID."""

    written: list[tuple[Letter, Headers, Sequence[Deadline]]] = field(default_factory=list)
    files: list[Sequence[Attachment]] = field(default_factory=list)

    def write(
        self, letter: Letter, headers: Headers, deadlines: Sequence[Deadline], files: Sequence[Attachment] = ()
    ) -> Written:
        self.files.append(files)
        self.written.append((letter, headers, deadlines))
        return Written(subject=letter.kind.value, raw=headers.message_id.encode())

    def faults(self) -> tuple[Fault, ...]:
        return ()


def small_config(**changes: Any) -> Config:
    """The packaged settings, ladder of RULES.md §3 and all, with some fields changed."""
    return replace(_packaged(), **changes)


@cache
def _packaged() -> Config:
    return config_file.load(ROOT / "config.toml")


@dataclass
class Office:
    """An office in memory whose clock stands where it is put."""

    app: App
    clock: FixedClock
    mailer: RecordingMailer
    writer: RecordingWriter
    _sendings: Sendings
    lines: list[Line] = field(default_factory=list)  # everything sent so far

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def db(self) -> Database:
        return self.app.db

    def go(self, when: str | datetime) -> datetime:
        """Put the clock; nothing happens by that."""
        self.clock.instant = at(when) if isinstance(when, str) else when
        return self.clock.instant

    def tick(self, when: str | datetime | None = None) -> list[Line]:
        """One round of ticks, now or then; what was sent."""
        if when is not None:
            self.go(when)
        rehearsal.round_of_ticks(self.app, self.now)
        return self.news()

    def live(self, until: str | datetime, *, script: Sequence[rehearsal.Planned] = ()) -> list[Line]:
        """From moment of attention to moment of attention; what was sent. The clock is put to the end."""
        end = at(until) if isinstance(until, str) else until
        found = [line for _ in rehearsal.run(self.app, self.clock, until=end, script=script) for line in self.news()]
        self.go(end)
        return found

    def news(self) -> list[Line]:
        """What was sent since the last call."""
        found = [line for _message, line in self._sendings.new()]
        self.lines += found
        return found

    def act(self, verb: Callable[..., Any], when: str | None = None, **given: Any) -> Any:
        """Do something as the coordinator, now or when the office has lived until then."""
        if when is not None:
            self.live(when)
        return verb(self.app, self.now, who=WHO, **given)

    def track(self, texts: Mapping[str, str], when: str | None = None) -> track.Tracked:
        plan = parse(texts)
        found: track.Tracked = self.act(track.act, when, plan=plan, texts=texts)
        return found

    def staff(self, holders: Sequence[Holder]) -> None:
        self.act(staff.act, holders=holders, today=self.now.astimezone(BEIJING).date())

    def settle(self, **changes: Any) -> None:
        """Other settings, read anew as after SIGHUP."""
        self.app = replace(self.app, config=replace(self.app.config, **changes), _plans={}, _tables={})

    def item(self, key: str = "2023/1/emergency") -> Assignment:
        with self.db.read() as session:
            (found,) = assignments.by_prefix(session, key)
        return found

    def events(self, *actions: str) -> list[dict[str, Any]]:
        return [row for row in self.rows(EVENT) if not actions or row["action"] in actions]

    def notices(self, **wanted: object) -> list[dict[str, Any]]:
        return [row for row in self.rows(NOTICE) if wanted.items() <= row.items()]

    def messages(self, **wanted: object) -> list[dict[str, Any]]:
        return [row for row in self.rows(MESSAGE) if wanted.items() <= row.items()]

    def letter(self, kind: str) -> tuple[Letter, Headers, Sequence[Deadline]]:
        """The last letter of this kind that was written."""
        return [each for each in self.writer.written if each[0].kind.value == kind][-1]

    def alerts(self) -> list[str]:
        return [json.loads(row["payload"])["headline"] for row in self.messages(letter="alert")]

    def db_dump(self) -> dict[str, list[dict[str, Any]]]:
        """Everything the database holds."""
        return {table.name: self.rows(table) for table in Base.metadata.sorted_tables}

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.db.read() as session:
            return [dict(row._mapping) for row in session.execute(table.select().order_by(*table.primary_key))]


def parse(texts: Mapping[str, str]) -> Plan:
    return plan_files.parse(texts, "jobs")


def make_office(
    when: str = "2022-05-19 00:00",
    *,
    texts: Mapping[str, str] | None = None,
    holders: Sequence[Holder] | None = None,
    delay: timedelta = NO_DELAY,
    **settings: Any,
) -> Office:
    """An office that tracks a plan (or none, with `texts={}`) from a moment on, with every post held."""
    mailer, writer = RecordingMailer(), RecordingWriter()
    app, clock = scratch_app(
        small_config(**settings), at=at(when), who="wsyf", make_mailer=lambda: mailer, make_writer=lambda: writer
    )
    app = replace(app, receipt_delay=delay)
    office = Office(app, clock, mailer, writer, Sendings(app))
    office.staff(everybody() if holders is None else holders)
    if texts or texts is None:
        office.track(texts or make_plan())
    return office


# --- What was sent, in short -------------------------------------------------------------------------------------


def ladder_lines(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line["letter"] in ("start", "reminder", "chaser", "escalation", "briefing")]


def brief(line: Line) -> tuple[str, str, str, list[str]]:
    """When, letter, department (or leader), and the rung of each row with its key."""
    rows = line["rows"]
    assert isinstance(rows, list)
    who = str(line["department"] or line["audience"])
    return str(line["at"])[:16], str(line["letter"]), who, [f"{row['rung']} {row['key']}" for row in rows]


def rungs(lines: Iterable[Line], key: str = "2023/1/emergency") -> list[str]:
    """`MM-DD rung` for each row about one assignment that its own department got."""
    return [
        f"{str(line['at'])[5:10]} {row['rung']}{row['repeat'] or ''}"
        for line in lines
        if line["audience"] == "department"
        for row in line["rows"]  # type: ignore[attr-defined]
        if row["key"] == key and row["role"] == "lead" and row["rung"]
    ]
