"""`wsyf` alone, today's desk, and `wsyf status`, what a monitor asks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, PLAN, Desk, bare_office, real_office, rehearsal_office
from tests.cli.test_listing import LIST_KEYS
from wsyf_scheduler.cli import matters
from wsyf_scheduler.cli.grid import width
from wsyf_scheduler.clock import SystemClock
from wsyf_scheduler.store.glance import stored

desk = pytest.fixture(real_office)
bare_desk = pytest.fixture(bare_office)
rehearsal_desk = pytest.fixture(rehearsal_office)

DAEMON_KEYS = ["running", "rehearsal", "last_beat_at", "host", "pid", "trouble"]
MATTERS_KEYS = [
    *("hold", "pause", "undeliverable", "refused_addresses", "alerts"),
    *("audit", "backup", "hook", "ping", "disk_free", "year_in_doubt", "concerns"),
]


def beat(desk: Desk, age: timedelta = timedelta(0), **other: object) -> None:
    """A sign of life as the daemon leaves it."""
    at = SystemClock().now() - age
    found = {"at": at.isoformat(), "host": "office-1", "pid": 42, "trouble": "", "stopped": False, **other}
    desk.sql("INSERT OR REPLACE INTO fact (name, value) VALUES ('heartbeat', ?)", json.dumps(found))


def message(desk: Desk, state: str, age: timedelta = timedelta(0), **other: object) -> int:
    """A message in the outbox, in some state."""
    now = stored(SystemClock().now() - age)
    row = {
        "plan_id": PLAN,
        "letter": "reminder",
        "department": "housing",
        "audience": "department",
        "state": state,
        "in_window": 1,
        "queued_at": now,
        "not_before": now,
        "attempts": 1,
        "payload": "{}",
        "sent_at": now if state == "sent" else None,
        "raw_hash": "x",
        "held_for": "guard" if state == "held" else None,
        "trouble": "550 no such user" if state in ("discarded", "retry", "uncertain") else None,
        **other,
    }
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    ((id_,),) = desk.sql(f"INSERT INTO message ({names}) VALUES ({marks}) RETURNING id", *row.values())
    return int(id_)


def fact(desk: Desk, name: str, **value: object) -> None:
    desk.sql("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", name, json.dumps(value, ensure_ascii=False))


def ago(**how: float) -> str:
    return (SystemClock().now() - timedelta(**how)).isoformat()


def concerns(desk: Desk, code: int) -> dict[str, str]:
    """The concerns of `wsyf status`, by name; the desk has the same, and no line of either is too wide."""
    found = status(desk, code)["concerns"]
    assert isinstance(found, list)
    assert desk.wsyf("--json").json["concerns"] == found
    for said in (desk.wsyf("status", code=code, COLUMNS="80").out, desk.wsyf(COLUMNS="80").out):
        assert max(map(width, said.split("Mail is kept in")[0].splitlines())) <= 80
        for each in found:
            assert "".join(each["text"].split()) in "".join(said.split())
            for command in re.findall(r"`[^`]*`", each["text"]):
                assert command in said  # in one piece, to be copied
    return {each["name"]: each["text"] for each in found}


# --- The desk -----------------------------------------------------------------


def test_the_desk_for_programs(rehearsal_desk):
    rehearsal_desk.wsyf("done", "2022/1/housing", at=FIRST_MORNING)
    found = rehearsal_desk.wsyf("--json", at="2022-06-02").json
    assert list(found) == [
        *("today", "overdue", "due_soon", "submitted", "held", "mail", "daemon"),
        *MATTERS_KEYS,
        *("contacts", "vacant", "next"),
    ]
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
    for words in ("Overdue (9)", "2022/theme/hrss", "wsyf done 4", "no daemon is needed"):
        assert words in said
    assert "Mail is kept in" in said
    quiet = rehearsal_desk.wsyf(at="2022-05-10").out
    assert "Nothing is overdue, nothing falls due within 14 days." in quiet
    assert "Next to fall due: 9 assignments on 2022-05-31 (Tuesday), `wsyf list --due-before 2022-06-01`" in quiet


def test_the_desk_of_an_old_plan_shows_what_is_held_and_mail_in_trouble(desk):
    for state in ("retry", "discarded", "discarded", "sent", "queued"):
        message(desk, state)
    said = desk.wsyf().out
    assert "75 assignments are held: `wsyf list --held` shows them, `wsyf release ID` lets one speak" in said
    assert "2 messages (reminder) did not reach 住建, last on 20" in said
    assert "1 message is not sent yet, it is tried again: `wsyf outbox list --state retry`" in said
    assert desk.wsyf("--json").json["mail"] == {"discarded": 2, "retry": 1}


# --- status -------------------------------------------------------------------


def status(desk: Desk, code: int) -> dict[str, object]:
    found = desk.wsyf("status", "--json", code=code).json
    assert list(found) == ["status", "daemon", "outbox", "held_assignments", "error", *MATTERS_KEYS]
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
    assert concerns(desk, 1).keys() == {"undeliverable" if state == "discarded" else state}


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


# --- What both show ------------------------------------------------------------


HOLDS = [
    ("clock-back", "the clock stands before the last round (2026-03-01 09:00)", "`wsyf outbox release`"),
    ("clock-forward", "more than 14 days after the last round (2026-03-01 09:00)", "`wsyf outbox discard`"),
    ("host", "the database was last run on another host (office-2)", "`wsyf daemon --adopt`"),
    ("restored", "the database was restored from a backup of 2026-03-01 09:00", "`wsyf outbox release`"),
]


@pytest.mark.parametrize(("reason", "why", "command"), HOLDS)
def test_a_hold_on_the_whole_queue_is_broken_and_says_why_and_what_to_do(desk, reason, why, command):
    beat(desk)
    seen = "office-2" if reason == "host" else "2026-03-01T01:00:00+00:00"
    fact(desk, "hold", reason=reason, since_at="2026-03-02T01:05:00+00:00", seen=seen)
    text = concerns(desk, 2)["hold"]
    assert "All mail has been held since 2026-03-02 09:05" in text
    assert why in text
    assert command in text
    assert desk.wsyf("--json").json["hold"]["reason"] == reason


def test_messages_held_by_the_guard_are_a_warning(desk):
    beat(desk)
    for _each in range(3):
        message(desk, "held")
    text = concerns(desk, 1)["held"]
    assert text.startswith("3 messages are held by the guard")
    assert "`wsyf outbox release`" in text
    assert "`wsyf outbox discard`" in text


def test_a_pause_is_shown_until_it_is_over(desk):
    beat(desk)
    fact(desk, "pause", until_at=ago(minutes=-5), why="421 too many connections", length_s=600)
    assert "the server said “421 too many connections”" in concerns(desk, 1)["pause"]
    fact(desk, "pause", until_at=ago(minutes=1), why="421 too many connections", length_s=600)
    assert status(desk, 0)["pause"] is None


def test_an_undelivered_letter_is_named_with_reader_day_trouble_and_command(desk):
    beat(desk)
    id_ = message(desk, "discarded", to='["liaison.housing@gaoping.example"]', trouble="550 no such user")
    text = concerns(desk, 1)["undeliverable"]
    assert f"Mail {id_} (reminder) did not reach liaison.housing@gaoping.example, 20" in text
    assert text.endswith(f": 550 no such user; `wsyf outbox retry {id_}`")
    (found,) = status(desk, 1)["undeliverable"]
    assert list(found) == ["id", "letter", "department", "audience", "to", "at", "trouble"]


def test_what_the_coordinator_wrote_off_is_no_concern(desk):
    beat(desk)
    message(desk, "discarded", trouble=None)
    assert concerns(desk, 0) == {}


def test_an_old_undelivered_letter_counts_until_a_later_one_about_it_arrives(desk):
    beat(desk)
    old = message(desk, "discarded", timedelta(days=40))
    assert concerns(desk, 0) == {}  # about nothing that is still open
    desk.sql("UPDATE assignment SET held = 0 WHERE key = '2025/1b/housing'")
    insert = (
        "INSERT INTO notice (assignment_id, message_id, letter, rung, repeat, due_on, counted_from, receiver, role,"
        " to_roles, cc_roles, decided_at, verdict, reason, detail) SELECT id, ?, 'reminder', ?, 0, due_on, due_on,"
        " 'housing', 'lead', 'liaison', '', ?, 'send', 'due', '{}' FROM assignment WHERE key = '2025/1b/housing'"
    )
    at = stored(SystemClock().now() - timedelta(days=40))
    desk.sql(insert, old, "remind-7", at)
    assert concerns(desk, 1).keys() == {"undeliverable"}
    desk.sql(insert, message(desk, "sent"), "remind-0", at)
    assert concerns(desk, 0) == {}


def test_of_many_undelivered_letters_ten_are_named(desk):
    beat(desk)
    for n in range(12):
        message(desk, "discarded", trouble=f"550 no user {n}")
    assert concerns(desk, 1)["undeliverable"] == "… and 2 more: `wsyf outbox list --state discarded`"
    assert len(status(desk, 1)["undeliverable"]) == 12


def test_a_refused_address_is_named_with_its_posts_until_it_is_mended(desk):
    beat(desk)
    ((email,),) = desk.sql("SELECT email FROM person WHERE role = 'liaison' AND department = 'housing'")
    insert = "INSERT INTO refused_address (address, since_at, code, text) VALUES (?, ?, 550, 'no such user')"
    desk.sql(insert, email.lower(), "2026-03-01 01:00:00.000000")
    desk.sql(insert, "someone.gone@gaoping.example", "2026-03-01 01:00:00.000000")
    text = concerns(desk, 1)["refused-address"]
    assert text.startswith(f"{email} (住建 liaison) is refused since 2026-03-01")
    (found,) = status(desk, 1)["refused_addresses"]
    assert found["posts"] == [{"role": "liaison", "department": "housing"}]
    desk.sql("UPDATE person SET email = 'new.one@gaoping.example' WHERE email = ?", email)
    assert concerns(desk, 0) == {}


def test_the_offices_own_address_refused_is_named_too(desk):
    beat(desk)
    desk.edit("config.toml", "bcc = []", 'bcc = ["archive@gaoping.example"]')
    insert = "INSERT INTO refused_address (address, since_at, code, text) VALUES (?, ?, 550, 'no such user')"
    desk.sql(insert, "archive@gaoping.example", "2026-03-01 01:00:00.000000")
    assert "(the office itself)" in concerns(desk, 1)["refused-address"]


def test_an_audit_with_findings_or_none_for_days_is_a_warning(desk):
    beat(desk)
    fact(desk, "audit", at=ago(hours=1), until=ago(hours=1), findings=2)
    assert concerns(desk, 1)["audit"].endswith("found 2 faults: `wsyf audit`")
    fact(desk, "audit", at=ago(days=2), until=ago(days=2), findings=0)
    assert concerns(desk, 0) == {}
    fact(desk, "audit", at=ago(days=4), until=ago(days=4), findings=0)
    assert "There was no audit since" in concerns(desk, 1)["audit"]
    beat(desk, stopped=True)
    assert "audit" not in concerns(desk, 2)


def test_no_backup_for_days_is_a_warning_where_the_office_wants_one_each_night(desk):
    beat(desk)
    fact(desk, "backup", at=ago(days=2), file="wsyf-20260301.db", bytes=4096)
    assert concerns(desk, 0) == {}
    fact(desk, "backup", at=ago(days=4), file="wsyf-20260301.db", bytes=4096)
    assert "There was no backup since" in concerns(desk, 1)["backup"]
    desk.edit("config.toml", "keep = 14", "keep = 0")
    assert concerns(desk, 0) == {}


def test_a_failing_hook_or_ping_is_a_warning_while_the_config_has_it(desk):
    beat(desk)
    fact(desk, "hook", at=ago(hours=1), ok=False, trouble="exit code 1: no such number", message_id=1, tries=3)
    fact(desk, "ping", at=ago(hours=1), ok=False, trouble="https://hc.example answered 503")
    assert concerns(desk, 0) == {}
    desk.edit("config.toml", "command = []", 'command = ["true"]')
    desk.edit("config.toml", 'ping_url = ""', 'ping_url = "https://hc.example/x"')
    found = concerns(desk, 1)
    assert "exit code 1: no such number" in found["hook"]
    assert "https://hc.example answered 503" in found["ping"]


@pytest.mark.parametrize(("free", "code"), [(64, 0), (63, 1), (8, 1), (7, 2)])
def test_a_disk_nearly_full_is_a_warning_and_a_full_one_broken(desk, monkeypatch, free, code):
    beat(desk)
    monkeypatch.setattr(matters, "_free", lambda _office: free * 1024 * 1024)
    assert bool(concerns(desk, code)) is bool(code)


def test_an_alert_whose_mail_has_not_left_is_told_at_the_desk(desk):
    headline = "住建联络员的邮箱地址被拒收" * 4
    id_ = message(desk, "retry", letter="alert", audience="coordinator", payload=json.dumps({"headline": headline}))
    message(desk, "sent", letter="alert", payload=json.dumps({"headline": "寄出的"}))
    said = desk.wsyf().out
    assert headline in "".join(said.split())
    assert f"`wsyf outbox show {id_}`" in said
    assert "寄出的" not in said
    assert desk.wsyf("--json").json["alerts"] == [{"id": id_, "headline": headline}]


def test_what_a_server_says_moves_no_cursor(desk):
    message(desk, "discarded", trouble="550 \x1b[2J\x1b]0;owned\x07 no")
    assert "\x1b" not in desk.wsyf().out


def test_the_desk_stays_a_light_read(desk):
    code = "import sys; from wsyf_scheduler.cli.main import wsyf; wsyf(sys.argv[1:], standalone_mode=False);"
    code += (
        "print({name for name in sys.modules if name in ('sqlalchemy', 'sqlmodel', 'jinja2', 'rich', 'aiosmtplib')})"
    )
    given = [sys.executable, "-W", "ignore", "-c", code, "--config", str(desk.config)]
    assert subprocess.run(given, capture_output=True, text=True, check=True).stdout.endswith("set()\n")
