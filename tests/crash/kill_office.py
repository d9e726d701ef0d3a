"""An office on disk whose daemon is killed again and again: its folder, its mornings, what the coordinator does there.

Its clock is the harness's: it goes on by itself, and is put forward to the next moment at which something is due.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from wsyf_scheduler import config as config_file
from wsyf_scheduler.acts import close, reopen, staff, track
from wsyf_scheduler.alerts import Alert
from wsyf_scheduler.app import App
from wsyf_scheduler.clock import FixedClock, monotonic
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.files import holidays
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.opening import open_app
from wsyf_scheduler.store.db import Database
from wsyf_scheduler.store.upgrade import create
from wsyf_scheduler.telling import alert

BEIJING = ZoneInfo("Asia/Shanghai")
PLAN_ID = "crash-2023"
DEPARTMENTS = tuple(f"d{number:02}" for number in range(1, 13))
TASKS = 2  # of each department
KEYS = tuple(f"2023/{number}/{name}" for number, name in enumerate(DEPARTMENTS * TASKS, start=1))
VACANT = ("liaison", "d12")  # so that there are alerts
TRACKED_AT = datetime(2023, 1, 3, 6, 0, tzinfo=UTC)  # a Tuesday afternoon in Beijing
BEGINS_AT = datetime(2023, 1, 4, 2, 5, tzinfo=UTC)  # the next morning at 10:05, when the auditor comes, too
PASSWORD = "not a secret"
LONGEST_LEAP = timedelta(days=13)  # the guard against a clock put forward wakes up after 14
UNDER_WAY = "('queued', 'retry', 'uncertain', 'sending')"

CONFIG = """\
[office]
section = "示范县安全生产领导小组办公室"
email = "office@county.example"

[templates]
dir = "templates"

[database]
url = "sqlite:///wsyf.db"

[hours]
receipt_delay = 0

[mail]
transport = "smtp"
from = "office@county.example"
keep_years = 5

[mail.limits]
connections = {connections}
per_connection = {per_connection}

[mail.smtp]
host = "127.0.0.1"
port = {port}
timeout = 20
{security}

[guards]
max_messages = 1000

[backup]
dir = "backups"
keep = 2

[alerts]
command = {command}

[calendar]
off = {off}
"""
PERIOD = '[period]\nid = "2023"\nfirst_year = 2023\nlast_year = 2023\n'
PLAIN = 'security = "plain"'
SECURE = 'security = "starttls"\nusername = "office"\npassword_file = "password"\nca_file = "ca.pem"\n'


@dataclass(slots=True)
class KillOffice:
    """One office in its folder."""

    folder: Path
    port: int
    secure: bool = False
    connections: int = 3
    commands: bool = False  # whether alerts are given to a command
    days_off: int = 0
    acted: list[tuple[str, str]] = field(default_factory=list)  # (verb, key) that took effect
    closed: set[str] = field(default_factory=set)
    _base: datetime = BEGINS_AT
    _since: float = field(default_factory=monotonic)
    _told: int = 0

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def database(self) -> Path:
        return self.folder / "wsyf.db"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def passes(self) -> Path:
        return self.folder / "passes"

    def now(self) -> datetime:
        return self._base + timedelta(seconds=monotonic() - self._since)

    def put(self, instant: datetime) -> None:
        """The clock goes on from there."""
        self._base, self._since = instant, monotonic()

    def write_config(self) -> None:
        days = [date(2099, 1, 1) + timedelta(days=each) for each in range(self.days_off)]
        text = CONFIG.format(
            port=self.port,
            connections=self.connections,
            per_connection=5 if self.secure else 100,
            security=SECURE if self.secure else PLAIN,
            command=json.dumps(["/bin/true"] if self.commands else []),
            off="[" + ", ".join(day.isoformat() for day in days) + "]",
        )
        self.config.write_text(text, encoding="utf-8")

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database, isolation_level=None, timeout=30)) as connection:
            return connection.execute(statement, values).fetchall()

    def under_way(self) -> int:
        """Messages that have not come to their end."""
        return int(self.sql(f"SELECT count(*) FROM message WHERE state IN {UNDER_WAY}")[0][0])

    def is_due(self) -> bool:
        """Whether something is to be decided by now."""
        return bool(self.sql("SELECT 1 FROM assignment WHERE next_attention_at <= ? LIMIT 1", stamp(self.now())))

    def next_morning(self) -> None:
        """Put the clock to five past ten of the next day on which something is due; a Monday, at the latest."""
        ((found,),) = self.sql("SELECT min(next_attention_at) FROM assignment WHERE next_attention_at IS NOT NULL")
        calendar, today = holidays.work_calendar(), self.now().astimezone(BEIJING).date()
        wanted = today + timedelta(days=1)
        if found is not None:
            wanted = max(wanted, datetime.fromisoformat(found).replace(tzinfo=UTC).astimezone(BEIJING).date())
        wanted = min(wanted, today + timedelta(days=7 - today.weekday()))  # digests come on Mondays
        while not calendar.is_working(wanted):
            wanted += timedelta(days=1)
        self.put(datetime.combine(wanted, time(10, 5), BEIJING).astimezone(UTC))

    def idle_keys(self, count: int) -> list[str]:
        """Assignments of as many departments, none of which has a letter under way."""
        busy = {name for (name,) in self.sql(f"SELECT department FROM message WHERE state IN {UNDER_WAY}")}
        keys = [key for key in KEYS if key.rpartition("/")[2] not in busy]
        least = sorted(keys, key=lambda key: (sum(key == done for _verb, done in self.acted), key))
        found: dict[str, str] = {}
        for key in least:
            found.setdefault(key.rpartition("/")[2], key)
        return list(found.values())[:count]

    def has_hook(self) -> bool:
        """Whether alerts are being given to a command."""
        return bool(self.sql("SELECT 1 FROM fact WHERE name = 'hooked_through' AND value != ''"))

    def state_of(self, key: str) -> str:
        return str(self.sql("SELECT state FROM assignment WHERE key = ?", key)[0][0])

    def act(self, verb: str, key: str) -> None:
        """What the coordinator does, in this process."""
        app = self.app()
        if verb == "done":
            close.act(app, self.now(), keys=[key], who="coordinator", without_figures=True)
        else:
            reopen.act(app, self.now(), key=key, who="coordinator", reason="材料不全")
        app.db.close()

    def tell(self, count: int) -> None:
        """So many alerts to the coordinator, of no matter what."""
        app = self.app()
        with app.db.begin() as session:
            for _each in range(count):
                self._told += 1
                what = Alert(dedup=f"crash:{self._told}", headline="演练告警", lines=("请勿理会。",))
                alert(session, PLAN_ID, self.now(), what)
        app.db.close()

    def app(self) -> App:
        app = open_app(config_file.load(self.config), who="coordinator")
        return replace(app, clock=FixedClock(self.now()))


def stamp(instant: datetime) -> str:
    """An instant as the database has it."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def lay_out(
    folder: Path,
    port: int,
    *,
    ca: bytes | None = None,
    connections: int = 3,
    like: Path | None = None,
    departments: Sequence[str] = DEPARTMENTS,
) -> KillOffice:
    """A new office that tracks its plan since yesterday; `like`: the database of one that was laid out before."""
    (folder / "templates").mkdir(parents=True)
    office = KillOffice(folder, port, secure=ca is not None, connections=connections)
    if ca is not None:
        (folder / "ca.pem").write_bytes(ca)
        (folder / "password").write_text(PASSWORD)
    office.write_config()
    if like is not None:
        shutil.copy(like, office.database)
        return office
    db = Database(f"sqlite:///{office.database}")
    create(db)
    db.close()
    office.put(TRACKED_AT)
    app, texts = office.app(), plan_texts(departments)
    staff.act(app, TRACKED_AT, holders=holders(departments), today=TRACKED_AT.date(), who="coordinator")
    track.act(app, TRACKED_AT, plan=plan_files.parse(texts, "jobs"), texts=texts, who="coordinator")
    app.db.close()
    office.put(BEGINS_AT)
    return office


def holders(departments: Sequence[str]) -> list[Holder]:
    posts = [(role, name) for name in departments for role in ("liaison", "convener") if (role, name) != VACANT]
    posts += [("director", ""), ("chief", ""), ("coordinator", "")]
    return [
        Holder(role=role, department=name, name=f"{name}{role}", email=address_of(role, name)) for role, name in posts
    ]


def address_of(role: str, department: str = "") -> str:
    return f"{role}.{department}@county.example" if department else f"{role}@county.example"


def plan_texts(departments: Sequence[str]) -> dict[str, str]:
    """A plan of a few tasks for each department, due on days of February to June that lie apart."""
    head = f"""\
id = "{PLAN_ID}"
title = "示范县安全生产行动计划"
tag = "安全生产"
document = "示安〔2022〕1号"
issued = 2022-05-19
zone = "Asia/Shanghai"
lead = "{departments[0]}"
office = "示范县安全生产领导小组办公室"

"""
    known = "\n".join(
        f'[[departments]]\nid = "{name}"\nshort = "{name}"\nname = "示范县{name}局"\n' for name in departments
    )
    found = [task_text(number, name) for number, name in enumerate([*departments] * TASKS, start=1)]
    return {"plan.toml": head + known, "2023.toml": "\n".join([PERIOD, *found])}


def task_text(number: int, department: str) -> str:
    due_on = date(2023, 2, 10) + timedelta(days=7 * number % 120)
    return f"""\
[[tasks]]
number = {number}
kind = "general"
title = "任务{number}"
lead = ["{department}"]
due = {due_on}
"""
