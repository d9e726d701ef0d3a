"""`wsyf tick`: one round by hand, beside a daemon that sends, and without changing anything."""

from __future__ import annotations

import fcntl
import threading
from contextlib import contextmanager

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, Desk, real_office, rehearsal_office
from wsyf_scheduler import opening

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)

COUNTS = ["rescued", "queued", "silent", "sent", "not_sent", "cancelled", "hold"]


@contextmanager
def sending(desk: Desk):
    """Another process is sending."""
    with opening.open_shared(desk.database.with_suffix(".deliver.lock")) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        opening.sign(handle)
        yield handle


def test_one_round_decides_and_sends_what_is_due(desk):
    counts = desk.wsyf("tick", "--json", at=FIRST_MORNING).json
    assert list(counts) == COUNTS
    assert counts["queued"] == counts["sent"] == len(desk.letters()) > 0
    again = desk.wsyf("tick", "--json", at=FIRST_MORNING).json
    assert (again["queued"], again["sent"]) == (0, 0)
    assert desk.wsyf("tick", at="2022-05-24T10:00").out == "0 queued, 0 sent, 0 not sent, 0 cancelled\n"


def test_a_dry_run_says_what_a_round_would_queue_and_changes_nothing(desk):
    before = desk.sql(
        "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM notice), (SELECT count(*) FROM fact)"
    )
    would = desk.wsyf("tick", "--dry-run", "--json", at=FIRST_MORNING).json
    assert all(list(each) == ["plan", "letter", "department", "audience", "rows"] for each in would)
    assert f"{len(would)} messages would be queued" in desk.wsyf("tick", "--dry-run", at=FIRST_MORNING).out
    assert before == desk.sql(
        "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM notice), (SELECT count(*) FROM fact)"
    )
    assert desk.letters() == []
    desk.wsyf("tick", at=FIRST_MORNING)
    sent = desk.sql(
        "SELECT letter, department, audience FROM message WHERE letter IN ('start', 'reminder') ORDER BY id"
    )
    assert [(each["letter"], each["department"], each["audience"]) for each in would] == sent


def test_while_another_process_sends_a_round_says_so_waits_and_goes_on(desk):
    with sending(desk) as handle:
        timer = threading.Timer(0.3, fcntl.flock, (handle, fcntl.LOCK_UN))
        timer.start()
        answer = desk.wsyf("tick", at=FIRST_MORNING)
        timer.join()
    assert "another process is sending (" in answer.err
    assert f", pid {__import__('os').getpid()}); waiting for it, 30 seconds at most" in answer.err
    assert " sent, 0 not sent" in answer.out
    assert desk.letters()


def test_a_process_that_sends_for_too_long_ends_the_round_with_clear_words(desk, monkeypatch):
    monkeypatch.setitem(opening.delivery_lock.__wrapped__.__kwdefaults__, "patience", 0.2)
    with sending(desk):
        said = desk.wsyf("tick", at=FIRST_MORNING, code=7).err
    assert "another process is sending mail (" in said.splitlines()[-1]
    assert "try again later" in said.splitlines()[-1]
    assert desk.letters() == []
    desk.wsyf("tick", at=FIRST_MORNING)
    assert desk.letters()


def test_whoever_only_looks_or_changes_does_not_wait_for_the_mail(desk):
    with sending(desk):
        desk.wsyf("list", at=FIRST_MORNING)
        desk.wsyf("done", "2022/1/housing", at=FIRST_MORNING)
        desk.wsyf("tick", "--dry-run", at=FIRST_MORNING)


def test_a_round_on_a_real_office_sends_receipts_when_their_delay_is_over(today_desk):
    today_desk.edit("config.toml", "receipt_delay = 10", "receipt_delay = 0")
    today_desk.wsyf("done", "2025/5/hrss")
    counts = today_desk.wsyf("tick", "--json").json
    assert counts["sent"] >= 1
    assert any("工伤" in path.read_text(encoding="utf-8") or path.stat().st_size for path in today_desk.letters())
    (row,) = today_desk.sql("SELECT state, \"to\" FROM message WHERE letter = 'receipt'")
    assert row == ("sent", '["liaison.hrss@gaoping.example"]')


def test_a_claim_of_a_dead_process_is_taken_up(today_desk):
    today_desk.edit("config.toml", "receipt_delay = 10", "receipt_delay = 0")
    today_desk.wsyf("done", "2025/5/hrss")
    today_desk.sql(
        "UPDATE message SET state = 'sending', claimed_at = queued_at, claimed_by = 'gone:1' WHERE letter = 'receipt'"
    )
    counts = today_desk.wsyf("tick", "--json").json
    assert counts["rescued"] == 1
    assert today_desk.sql("SELECT state FROM message WHERE letter = 'receipt'") == [("sent",)]


def test_a_round_says_in_plain_words_what_stands_in_the_way(desk):
    desk.edit("config.toml", "max_messages = 20", "max_messages = 3")
    answer = desk.wsyf("tick", at=FIRST_MORNING)
    assert "messages are held by the guard against floods: `wsyf outbox release`" in answer.out
    assert answer.err == ""


def test_a_dry_run_mentions_a_hold_and_does_not_place_one(today_desk):
    before = today_desk.sql("SELECT name FROM fact ORDER BY name")
    today_desk.sql("INSERT OR REPLACE INTO fact VALUES ('host', 'office-2/somewhere')")
    said = today_desk.wsyf("tick", "--dry-run").out
    assert "All mail has been held since" in said
    assert "a round queues and sends nothing but alerts" in said
    after = today_desk.sql("SELECT name FROM fact ORDER BY name")
    assert [name for (name,) in after if (name,) not in before] in ([], ["host"])
    assert today_desk.sql("SELECT count(*) FROM fact WHERE name = 'hold'") == [(0,)]
