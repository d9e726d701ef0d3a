"""The composition root: one frozen App that acts, ticks and reports work through. Imports all below."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from wsyf_scheduler import processes
from wsyf_scheduler.clock import Clock
from wsyf_scheduler.config import Config
from wsyf_scheduler.core.calendar import Hours, WorkCalendar
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.core.message import Message
from wsyf_scheduler.core.people import Roster
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.files import holidays
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.store import facts, people, plans, refusals, year_notices
from wsyf_scheduler.store.db import Database, Session

if TYPE_CHECKING:
    from wsyf_scheduler.mail.mailer import Mailer
    from wsyf_scheduler.mail.writer import Writer

NO_DELAY = timedelta(0)


@dataclass(frozen=True)
class TrackedPlan:
    """A plan as it is in force, and where its rungs land under this office's ladder, calendar and hours.

    What it says of itself is parsed when first asked for: an act needs no more than the table, a letter no more than
    that. Its periods and tasks are assignments by now.
    """

    read: Callable[[], Plan]
    table: Timetable

    @cached_property
    def plan(self) -> Plan:
        """What the plan says of itself: document, office, departments; without its periods."""
        return self.read()

    @cached_property
    def shorts(self) -> dict[str, str]:
        """Department id to short name."""
        return {department.id: department.short for department in self.plan.departments}


@dataclass(frozen=True, kw_only=True)
class App:
    """Everything a command or a tick needs. `who` signs the events; `receipt_delay` is 0 in a rehearsal.

    Mailer and writer are made when first used: an act needs neither. `delivery` gives the lock under which messages
    are claimed and sent, one process at a time; `should_stop` asks between two messages whether to leave.
    """

    config: Config
    clock: Clock
    db: Database
    make_mailer: Callable[[], Mailer]
    make_writer: Callable[[], Writer]
    who: str
    receipt_delay: timedelta
    delivery: Callable[[], AbstractContextManager[object]] = nullcontext
    should_stop: Callable[[], bool] = lambda: False
    unrecorded: list[Any] = field(default_factory=list, repr=False)  # settling.Tried, where the database was in trouble
    untried: list[Message] = field(default_factory=list, repr=False)  # claimed, and to be given back when it can be
    _plans: dict[tuple[str, int, str | None], TrackedPlan] = field(default_factory=dict, repr=False)
    _tables: dict[tuple[str, str | None], Timetable] = field(default_factory=dict, repr=False)
    _rosters: dict[str, Roster] = field(default_factory=dict, repr=False)

    @cached_property
    def mailer(self) -> Mailer:
        """Where mail goes."""
        return self.make_mailer()

    @cached_property
    def writer(self) -> Writer:
        """What letters are written with."""
        return self.make_writer()

    @cached_property
    def _calendars(self) -> dict[str | None, WorkCalendar]:
        """By what the notices imported by then say: of this App's config alone."""
        return {}

    def calendar_of(self, session: Session) -> WorkCalendar:
        """The working days, with what the office has imported; loaded by year when first asked for."""
        return self._calendar(session, facts.get(session, facts.CALENDAR))

    def _calendar(self, session: Session, mark: str | None) -> WorkCalendar:
        if mark not in self._calendars:
            imported = year_notices.all_of(session) if mark is not None else holidays.NO_NOTICES
            self._calendars[mark] = holidays.work_calendar(
                extra_off=self.config.extra_off, extra_working=self.config.extra_working, imported=imported
            )
        return self._calendars[mark]

    @cached_property
    def host(self) -> str:
        """Names this machine: its name, and a fingerprint of its systemd machine id where it has one."""
        return f"{socket.gethostname()}/{_machine()}"

    @cached_property
    def process(self) -> str:
        """Names this process in claims."""
        return processes.own()

    def table(self, zone: str) -> Timetable:
        """Where rungs land for plans of a zone, asked outside of a transaction."""
        with self.db.read() as session:
            return self.table_of(session, zone)

    def table_of(self, session: Session, zone: str) -> Timetable:
        """Where rungs land for plans of a zone, with the working days as they are known in this transaction."""
        return self._table(session, zone, facts.get(session, facts.CALENDAR))

    def _table(self, session: Session, zone: str, mark: str | None) -> Timetable:
        if (zone, mark) not in self._tables:
            hours = Hours(zone=ZoneInfo(zone), send_at=self.config.send_at, send_until=self.config.send_until)
            self._tables[zone, mark] = Timetable(self.config.ladder, self._calendar(session, mark), hours)
        return self._tables[zone, mark]

    def plans(self, session: Session) -> dict[str, TrackedPlan]:
        """Every tracked plan as it was last synced, by id; read once a version, and anew after an import of days."""
        mark = facts.get(session, facts.CALENDAR)
        found = {}
        for plan_id, version in plans.marks(session).items():
            if (plan_id, version, mark) not in self._plans:
                self._plans[plan_id, version, mark] = self._read_plan(session, plan_id, mark)
            found[plan_id] = self._plans[plan_id, version, mark]
        return found

    def _read_plan(self, session: Session, plan_id: str, mark: str | None) -> TrackedPlan:
        latest = plans.latest(session, plan_id)
        assert latest is not None  # the version was just seen in this transaction
        return TrackedPlan(
            lambda: plan_files.head(latest.texts, f"{plan_id}@{latest.version}"),
            self._table(session, latest.zone, mark),
        )

    def roster(self, session: Session) -> Roster:
        """Who holds which post, as the database has it now; read once a change, by whatever process."""
        mark = facts.get(session, facts.PEOPLE)
        if mark is None or mark not in self._rosters:
            self._rosters.clear()
            refused = refusals.all_of(session)
            roster = Roster(people.all_of(session), office=self.config.office.email, refused=refused)
            if mark is None:  # nothing was entered by this version yet
                return roster
            self._rosters[mark] = roster
        return self._rosters[mark]

    def regime_of(self, session: Session) -> str:
        """A fingerprint of what a past day is judged by: when it changes, every next attention is worked out anew.

        Ladder, hours and calendar, and the address of last resort; `audit.regime` keeps what they were.
        """
        mark = facts.get(session, facts.CALENDAR)
        return self._regime if mark is None else f"{self._regime}+{mark}"

    @cached_property
    def _regime(self) -> str:
        """What the settings and the packages make of it."""
        config = self.config
        parts = (
            "kept",
            config.office.email,
            config.ladder,
            config.send_at,
            config.send_until,
            sorted(config.extra_off),
            sorted(config.extra_working),
            holidays.source(),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of a tick: the moment it runs at, and the plans as they are in force then."""

    now: datetime
    plans: dict[str, TrackedPlan]

    def is_open(self, plan_id: str) -> bool:
        """Whether ladder mail of this plan may leave now."""
        table = self.plans[plan_id].table
        return table.hours.is_open(self.now, table.calendar)


def _machine() -> str:
    """A fingerprint of machine-id(5), which is not to be told as it stands; empty where the machine has none."""
    try:
        found = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return hashlib.sha256(f"wsyf {found}".encode()).hexdigest()[:12] if found else ""
