"""The demo from the first day to the last: lay out, staff, track, live through, every letter over SMTP.

Imports acts, opening, rehearsal and what they stand on; prints nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from wsyf_scheduler import rehearsal
from wsyf_scheduler.acts import staff, track
from wsyf_scheduler.app import App
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.demo import office, script, server
from wsyf_scheduler.files import people as people_files
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.opening import open_app

PLAN = "gaoping-2021-2025"
FIRST_DAY = date(2022, 5, 19)
LAST_DAY = date(2026, 6, 30)
WHO = "demo"  # signs what happens by itself; the coordinator signs acts

_BEGINS = time(8, 30)  # before the window opens, so that the first letters leave that day
_ENDS = time(17, 0)  # a last look, so that the folder's clock stands on the last day


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A demo under way: `moments` lives through it as it is read; `mail` is the server all letters go to."""

    app: App
    plan: Plan
    zone: ZoneInfo
    mail: server.LoopbackServer
    moments: Iterator[datetime]


@contextmanager
def life(folder: Path, *, last_day: date, should_stop: Callable[[], bool]) -> Iterator[Life]:
    """Lay out an office in an empty folder, and give its life from FIRST_DAY to the end of `last_day`.

    Server and database are closed afterwards. `should_stop` is asked between two letters and between two moments.
    """
    config = office.set_up(folder)
    plan = plan_files.load(config.jobs / PLAN)
    zone = ZoneInfo(plan.zone)
    begins_at = datetime.combine(FIRST_DAY, _BEGINS, zone).astimezone(UTC)
    with server.LoopbackServer(config.mail.maildir) as mail:
        sending = office.over_smtp(config, server.HOST, mail.port)
        app = open_app(sending, who=WHO, at=begins_at, should_stop=should_stop)
        try:
            _begin(app, plan, config.jobs / PLAN, begins_at)
            moments = _live(app, plan, last_day, should_stop)
            yield Life(app=app, plan=plan, zone=zone, mail=mail, moments=moments)
        finally:
            app.db.close()


def _begin(app: App, plan: Plan, folder: Path, now: datetime) -> None:
    """The first morning: people are entered, and the plan is tracked."""
    names = {department.id: department.short for department in plan.departments}
    holders = people_files.load(app.config.people, names)
    staff.act(app, now, holders=holders, today=FIRST_DAY, who=script.COORDINATOR)
    track.act(app, now, plan=plan, texts=plan_files.read_texts(folder), who=script.COORDINATOR)


def _live(app: App, plan: Plan, last_day: date, should_stop: Callable[[], bool]) -> Iterator[datetime]:
    zone, clock = ZoneInfo(plan.zone), app.clock
    assert isinstance(clock, FixedClock)  # a rehearsal opened at an instant
    ends_at = datetime.combine(last_day + timedelta(days=1), time(0), zone).astimezone(UTC)
    look = rehearsal.Planned(datetime.combine(last_day, _ENDS, zone).astimezone(UTC), lambda _app, _now: None)
    planned = [*script.script(app, plan.id, FIRST_DAY), look]
    for moment in rehearsal.run(app, clock, until=ends_at, script=planned):
        yield moment
        if should_stop():
            return
