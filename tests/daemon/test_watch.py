"""The main thread of the daemon: what it does when the clock is moved, and while a sweep takes long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from tests.cli.office_fixtures import Desk, real_office, rehearsal_office
from wsyf_scheduler import config as config_file
from wsyf_scheduler.acts import close
from wsyf_scheduler.clock import FixedClock, SystemClock, monotonic
from wsyf_scheduler.daemon import LONGEST_SWEEP, Daemon, next_moment, notify
from wsyf_scheduler.opening import open_app

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)

BEGINS_AT = datetime.fromisoformat("2022-05-24T08:30:00+08:00")
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
LONGEST = timedelta(seconds=LONGEST_SWEEP)


@dataclass(slots=True)
class Time:
    """Wall clock and steady clock, and what happens at each look of the main thread."""

    clock: FixedClock
    seconds: float = 0.0
    looks: list[Callable[[], None]] = field(default_factory=list)
    daemon: Daemon | None = None

    def steady(self) -> float:
        return self.seconds

    def idle(self, _seconds: float) -> None:
        """One look: the next thing happens, or the daemon is told to stop."""
        if self.looks:
            self.looks.pop(0)()
        else:
            assert self.daemon is not None
            self.daemon._stopping = True

    def passes(self, step: timedelta) -> Callable[[], None]:
        def happen() -> None:
            self.clock.instant += step
            self.seconds += step.total_seconds()

        return happen

    def is_set(self, step: timedelta) -> Callable[[], None]:
        """Somebody moves the wall clock, while a second passes."""

        def happen() -> None:
            self.passes(SECOND)()
            self.clock.instant += step

        return happen


@pytest.fixture
def time(desk: Desk) -> Iterator[Time]:
    app = open_app(config_file.load(desk.config), who="test", at=BEGINS_AT)
    assert isinstance(app.clock, FixedClock)
    time = Time(app.clock)
    time.daemon = Daemon(lambda _stop: app, sweep_every=HOUR, look_every=0.0, steady=time.steady, idle=time.idle)
    scheduler = time.daemon._scheduler
    scheduler.add_job(time.daemon._sweep, "interval", hours=1, id="sweep")
    scheduler.start(paused=True)
    yield time
    scheduler.shutdown(wait=False)
    app.db.close()


def wakes(time: Time, *looks: Callable[[], None]) -> int:
    """How often the daemon wakes up for an unplanned sweep while these things happen."""
    assert time.daemon is not None
    time.looks[:] = looks
    time.daemon._watch()
    return len([job for job in time.daemon._scheduler.get_jobs() if job.id != "sweep"])


def test_time_that_passes_wakes_nobody(time):
    assert wakes(time, *[time.passes(SECOND)] * 5, time.passes(HOUR), time.passes(timedelta(days=3))) == 0


@pytest.mark.parametrize("step", [timedelta(days=1), -timedelta(days=1), timedelta(seconds=30), -timedelta(seconds=30)])
def test_a_clock_that_is_moved_wakes_it_once(time, step):
    assert wakes(time, time.passes(SECOND), time.is_set(step), time.passes(SECOND), time.passes(SECOND)) == 1


def test_a_clock_that_is_corrected_by_a_little_wakes_nobody(time):
    assert wakes(time, *[time.is_set(timedelta(seconds=2)), time.is_set(-timedelta(seconds=2))] * 3) == 0


def test_after_a_step_the_next_sweep_is_counted_from_now(time):
    job = time.daemon._scheduler.get_job("sweep")
    before = job.next_run_time
    wakes(time, time.is_set(-timedelta(days=1)))
    now = SystemClock().now()  # the scheduler lives by the machine's clock
    assert before <= time.daemon._scheduler.get_job("sweep").next_run_time <= now + HOUR


@pytest.mark.parametrize(
    ("sweeping_for", "beaten_ago", "beats"),
    [
        (None, 2 * HOUR, False),  # no sweep is under way: its own beat speaks
        (30 * SECOND, 2 * HOUR, True),
        (30 * SECOND, 30 * SECOND, False),  # not more often than sweeps do
        (LONGEST, 2 * HOUR, False),  # it hangs
    ],
)
def test_a_long_sweep_is_a_sign_of_life_but_not_too_often_and_not_for_ever(desk, time, sweeping_for, beaten_ago, beats):
    time.seconds = 100_000.0
    time.daemon._beaten_at = time.seconds - beaten_ago.total_seconds()
    time.daemon._sweeping_since = None if sweeping_for is None else time.seconds - sweeping_for.total_seconds()
    wakes(time, time.passes(SECOND))
    assert len(desk.sql("SELECT value FROM fact WHERE name = 'heartbeat'")) == beats


@dataclass(slots=True)
class MovedClock:
    """The machine's clock, moved."""

    by: timedelta = timedelta(0)

    def now(self) -> datetime:
        return SystemClock().now() + self.by


def letters_within(desk: Desk, seconds: float) -> int:
    """How many letters are kept once one is: the sending follows the sweep."""
    ends = monotonic() + seconds
    while not desk.letters() and monotonic() < ends:
        threading.Event().wait(0.01)
    return len(desk.letters())


def test_a_step_makes_a_running_daemon_sweep(today_desk, tmp_path, monkeypatch):
    """The whole daemon in this process: a receipt waits its ten minutes, then the clock is moved by eleven."""
    clock = MovedClock()
    app = replace(open_app(config_file.load(today_desk.config), who="test"), clock=clock)
    daemon = Daemon(lambda _stop: app, sweep_every=HOUR, look_every=0.02)
    kept: list[int] = []
    today_desk.wsyf("done", "2025/5/hrss")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "n"))
        channel.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n"))

        def outside() -> None:
            try:
                assert channel.recv(100) == b"READY=1"
                assert channel.recv(100) == b"WATCHDOG=1"
                kept.append(len(today_desk.letters()))
                clock.by += timedelta(minutes=11)
                assert channel.recv(100) == b"WATCHDOG=1"
                kept.append(letters_within(today_desk, 30))
            finally:
                daemon._stopping = True

        thread = threading.Thread(target=outside)
        thread.start()
        daemon.run()
        thread.join()
    assert kept == [0, 1]


@pytest.mark.parametrize(
    ("now", "following"),
    [
        ("2022-05-24T08:30+08:00", "2022-05-24T09:00+08:00"),  # the window opens
        ("2022-05-24T09:00+08:00", "2022-05-26T09:00+08:00"),  # remind-3w
        ("2022-05-27T18:00+08:00", "2022-05-30T09:00+08:00"),  # a Friday evening; Monday's window
    ],
)
def test_the_alarm_is_set_to_the_nearest_moment(desk, now, following):
    at = datetime.fromisoformat(now)
    desk.wsyf("tick", at=at.isoformat())
    app = open_app(config_file.load(desk.config), who="test", at=at)
    assert next_moment(app, at) == datetime.fromisoformat(following)
    app.db.close()


def test_the_alarm_is_set_to_a_receipt_that_waits_to_be_sent(desk):
    at = datetime.fromisoformat("2022-05-24T20:00+08:00")
    desk.wsyf("tick", at=at.isoformat())
    app = replace(open_app(config_file.load(desk.config), who="test", at=at), receipt_delay=timedelta(minutes=10))
    close.act(app, at, keys=["2022/1/housing"], who="test", without_figures=True)
    assert next_moment(app, at) == at + timedelta(minutes=10)
    app.db.close()


def test_without_systemd_nobody_is_told_and_a_deaf_one_is_not_waited_for(monkeypatch, tmp_path):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "deaf"))
        for _ in range(1000):
            notify("WATCHDOG=1")


def test_an_abstract_socket_is_spoken_to(monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(f"\0wsyf-test-{id(channel)}")
        channel.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@wsyf-test-{id(channel)}")
        notify("READY=1")
        assert channel.recv(100) == b"READY=1"
