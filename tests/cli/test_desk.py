"""`wsyf` alone, today's desk, and `wsyf status`, what a monitor asks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, Desk, bare_office, real_office, rehearsal_office
from tests.cli.test_listing import LIST_KEYS
from wsyf_scheduler.clock import SystemClock

desk = pytest.fixture(real_office)
bare_desk = pytest.fixture(bare_office)
rehearsal_desk = pytest.fixture(rehearsal_office)

DAEMON_KEYS = ["running", "rehearsal", "last_beat_at", "host", "pid", "trouble"]


def beat(desk: Desk, age: timedelta = timedelta(0), **other: object) -> None:
    """A sign of life as the daemon leaves it."""
    at = SystemClock().now() - age
    found = {"at": at.isoformat(), "host": "office-1", "pid": 42, "trouble": "", "stopped": False, **other}
    desk.sql("INSERT OR REPLACE INTO fact (name, value) VALUES ('heartbeat', ?)", json.dumps(found))


def message(desk: Desk, state: str) -> None:
    """A message in the outbox, in some state."""
    now = datetime(2022, 5, 24, 1, tzinfo=UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    sent_at = now if state == "sent" else None
    desk.sql(
        "INSERT INTO message (plan_id, letter, department, audience, state, in_window, queued_at, not_before, attempts, payload, sent_at)"
        " VALUES ('gaoping-2021-2025', 'alert', '', 'coordinator', ?, 0, ?, ?, 1, '{}', ?)",
        state,
        now,
        now,
        sent_at,
    )


# --- The desk -----------------------------------------------------------------


def test_the_desk_for_programs(rehearsal_desk):
    rehearsal_desk.wsyf("done", "2022/1/housing", at=FIRST_MORNING)
    found = rehearsal_desk.wsyf("--json", at="2022-06-02").json
    assert list(found) == ["today", "overdue", "due_soon", "submitted", "held", "mail", "daemon"]
    assert found["today"] == "2022-06-02"
    assert [item["key"] for item in found["overdue"]] == [
        "2021-2022/4/emergency",
        "2021-2022/4/housing",
        "2021-2022/4/transport",
        "2021-2022/5/health",
        "2022/1/emergency",
        "2022/1/transport",
        "2022/2/health",
        "2022/theme/hrss",
    ]
    assert list(found["overdue"][0]) == list(LIST_KEYS)
    assert found["due_soon"] == found["submitted"] == found["held"] == []
    assert list(found["daemon"]) == DAEMON_KEYS


def test_what_falls_due_within_14_days_is_due_soon(rehearsal_desk):
    def soon(at: str) -> set[str]:
        return {item["due_on"] for item in rehearsal_desk.wsyf("--json", at=at).json["due_soon"]}

    assert soon("2022-06-15") == set()
    assert soon("2022-06-16") == {"2022-06-30"}
    assert soon("2022-06-30") == {"2022-06-30"}
    assert soon("2022-07-01") == set()


def test_the_desk_for_people_says_what_to_do(rehearsal_desk):
    said = rehearsal_desk.wsyf(at="2022-06-02").out
    assert said.startswith("2022-06-02, Thursday\n")
    for words in ("Overdue", "2022/theme/hrss", "9 assignments, 9 overdue", "no daemon is needed"):
        assert words in said
    assert "Mail is kept in" in said
    quiet = rehearsal_desk.wsyf(at="2022-05-10").out
    assert "Nothing is overdue, nothing falls due within 14 days." in quiet


def test_the_desk_of_an_old_plan_shows_what_is_held_and_mail_in_trouble(desk):
    for state in ("retry", "discarded", "discarded", "sent", "queued"):
        message(desk, state)
    said = desk.wsyf().out
    assert "75 assignments are held: `wsyf list` shows them, `wsyf release` lets them speak" in said
    assert "2 messages undeliverable: see `wsyf outbox list`" in said
    assert "1 message not sent yet, tried again later" in said
    assert desk.wsyf("--json").json["mail"] == {"discarded": 2, "retry": 1}


# --- status -------------------------------------------------------------------


def status(desk: Desk, code: int) -> dict[str, object]:
    found = desk.wsyf("status", "--json", code=code).json
    assert list(found) == ["status", "daemon", "outbox", "held_assignments", "error"]
    assert found["status"] == ("fine", "warning", "broken")[code]
    return dict(found)


def test_a_fresh_beat_is_fine(desk):
    beat(desk)
    found = status(desk, 0)
    assert list(found["daemon"]) == DAEMON_KEYS
    assert (found["daemon"]["running"], found["daemon"]["host"], found["daemon"]["pid"]) == (True, "office-1", 42)
    assert found["held_assignments"] == 75
    assert desk.wsyf("status").out.startswith("The daemon is alive, last sweep ")


@pytest.mark.parametrize(
    ("age", "code"), [(timedelta(seconds=170), 0), (timedelta(seconds=190), 2), (timedelta(days=3), 2)]
)
def test_a_beat_older_than_three_sweeps_is_no_sign_of_life(desk, age, code):
    beat(desk, age)
    found = status(desk, code)
    assert found["daemon"]["running"] is (code == 0)
    if code:
        assert "The daemon is not running: its last sign of life was" in desk.wsyf("status", code=2).out


def test_a_daemon_that_never_ran_or_was_stopped_is_broken(desk):
    assert "has never run here" in desk.wsyf("status", code=2).out
    status(desk, 2)
    beat(desk, stopped=True)
    assert "is not running" in desk.wsyf("status", code=2).out


def test_a_daemon_in_trouble_is_broken_and_says_why(desk):
    beat(desk, trouble="deliver: no route to the mail server")
    assert status(desk, 2)["daemon"]["trouble"] == "deliver: no route to the mail server"
    assert "no route to the mail server" in desk.wsyf("status", code=2).out


@pytest.mark.parametrize("state", ["retry", "uncertain", "discarded", "held"])
def test_a_message_in_trouble_is_a_warning(desk, state):
    beat(desk)
    message(desk, state)
    assert status(desk, 1)["outbox"] == {state: 1}
    assert "1 message is in trouble: see `wsyf outbox list`" in desk.wsyf("status", code=1).out


def test_a_message_that_waits_is_none(desk):
    beat(desk)
    message(desk, "queued")
    assert status(desk, 0)["outbox"] == {"queued": 1}
    assert "1 message waits to be sent" in desk.wsyf("status").out


def test_a_rehearsal_needs_no_daemon(rehearsal_desk):
    assert status(rehearsal_desk, 0)["daemon"]["rehearsal"] is True
    message(rehearsal_desk, "retry")
    status(rehearsal_desk, 1)


def test_an_office_that_cannot_be_opened_is_broken_for_monitors_too(desk, bare_desk):
    assert "there is no database" in str(status(bare_desk, 2)["error"])
    desk.config.write_text("nonsense")
    assert "config.toml" in str(status(desk, 2)["error"])
    assert "config.toml" in desk.wsyf("status", code=2).out
