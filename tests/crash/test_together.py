"""Processes that work on one office at once: nothing lost, nothing doubled, and nobody hears that a database is locked."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.cli.office_fixtures import Desk, real_office
from tests.crash.mailhost import MailHost
from tests.daemon.running import PATIENCE, daemon
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.store import chain

SMTP = """
[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "plain"
timeout = 20

[guards]"""


@pytest.fixture
def host():
    with MailHost(manners=lambda _point, _conversation: None) as found:
        yield found


@pytest.fixture
def desk(tmp_path, host):
    """A real office that sends to that server; receipts leave at once."""
    for office in real_office(tmp_path):
        office.edit("config.toml", "receipt_delay = 10", "receipt_delay = 0")
        office.edit("config.toml", 'transport = "maildir"', 'transport = "smtp"')
        office.edit("config.toml", "\n[guards]", SMTP.format(port=host.port))
        yield office


def keys(desk: Desk) -> list[str]:
    return [key for (key,) in desk.sql("SELECT key FROM assignment ORDER BY id")]


def finish(processes: Sequence[subprocess.Popen[str]], codes: Sequence[int] = (0,)) -> str:
    """What they said, together; each has ended as it may."""
    said = [process.communicate(timeout=PATIENCE) for process in processes]
    words = "\n".join(out + err for out, err in said)
    assert {process.returncode for process in processes} <= set(codes), words
    assert "locked" not in words
    assert "Traceback" not in words
    return words


def check(desk: Desk, host: MailHost, log: str) -> None:
    """Every message arrived once, the trail is whole, nobody complained."""
    assert "locked" not in log
    assert "Traceback" not in log
    states = Counter(dict(desk.sql("SELECT state, count(*) FROM message GROUP BY 1")))
    assert set(states) == {"sent"}, states
    arrived = Counter(taken.header_id for taken in host.taken)
    wanted = {name for (name,) in desk.sql("SELECT message_id FROM message")}
    assert set(arrived) == wanted
    assert arrived.total() == len(wanted)
    assert chain.verify(desk.database).breaks == ()


def wait_until_sent(desk: Desk) -> None:
    limit = monotonic() + PATIENCE
    while desk.sql("SELECT 1 FROM message WHERE state NOT IN ('sent', 'cancelled', 'superseded') LIMIT 1"):
        assert monotonic() < limit, desk.sql("SELECT id, letter, state, trouble FROM message")
        os.sched_yield()


def test_twenty_close_at_once_while_the_daemon_runs_and_each_is_told_once(desk, host):
    chosen = keys(desk)[:20]
    with daemon(desk, sweep_every=0.3) as running:
        running.wait_notified("WATCHDOG=1")
        finish([desk.start("done", key, "--without-figures", "--reason", "材料已收") for key in chosen])
        running.wait_swept()
        wait_until_sent(desk)
        assert running.stop() == 0
    check(desk, host, running.log)
    done = [key for (key,) in desk.sql("SELECT key FROM assignment WHERE state = 'done'")]
    assert sorted(done) == sorted(chosen)
    told = desk.sql(
        "SELECT a.key, count(*) FROM notice n JOIN assignment a ON a.id = n.assignment_id"
        " JOIN message m ON m.id = n.message_id WHERE m.letter = 'receipt' GROUP BY 1"
    )
    assert dict(told) == dict.fromkeys(chosen, 1)


def test_one_assignment_closed_by_six_at_once_is_closed_once(desk, host):
    key = keys(desk)[0]
    with daemon(desk, sweep_every=0.3) as running:
        running.wait_notified("WATCHDOG=1")
        processes = [desk.start("done", key, "--without-figures", "--reason", "材料已收") for _each in range(6)]
        finish(processes, codes=(0, 4))
        running.wait_swept()
        wait_until_sent(desk)
        assert running.stop() == 0
    check(desk, host, running.log)
    assert [process.returncode for process in processes].count(0) == 1
    assert desk.sql("SELECT count(*) FROM event WHERE action = 'assignment_done'") == [(1,)]


def test_the_command_line_and_the_daemon_write_together(desk, host):
    """Three people close and reopen, each in a corner of their own, while the daemon sends."""
    corners = [keys(desk)[first : first + 2] for first in (0, 10, 20)]
    with daemon(desk, sweep_every=0.1) as running:
        running.wait_notified("WATCHDOG=1")
        for _turn in range(2):
            finish(
                [
                    desk.start("done", corner[0], corner[1], "--without-figures", "--reason", "材料已收")
                    for corner in corners
                ]
            )
            finish([desk.start("reopen", corner[0], "--reason", "材料不全") for corner in corners])
            finish([desk.start("reopen", corner[1], "--reason", "材料不全") for corner in corners])
        running.wait_swept()
        wait_until_sent(desk)
        assert running.stop() == 0
    check(desk, host, running.log)
    counts = dict(desk.sql("SELECT action, count(*) FROM event WHERE action LIKE 'assignment%' GROUP BY 1"))
    assert (counts["assignment_done"], counts["assignment_reopened"]) == (12, 12)


def test_of_three_daemons_started_at_once_one_works_and_the_others_name_it_and_leave(desk, host):
    started = [desk.start("daemon") for _each in range(3)]
    limit = monotonic() + PATIENCE
    while sum(each.poll() is None for each in started) > 1:
        assert monotonic() < limit
        os.sched_yield()
    (stays,) = [each for each in started if each.poll() is None]
    left = [each for each in started if each is not stays]
    desk.wsyf("done", keys(desk)[0], "--without-figures", "--reason", "材料已收")
    said = [each.communicate(timeout=PATIENCE)[1] for each in left]
    assert [each.returncode for each in left] == [4, 4]
    assert all(re.search(rf"\({re.escape(socket.gethostname())}, pid {stays.pid}\)|\(\?\)", words) for words in said)
    stays.send_signal(signal.SIGTERM)
    words = finish([stays])
    assert "the daemon has left" in words


def test_rounds_by_hand_while_the_daemon_sends_send_nothing_twice(desk, host):
    chosen = keys(desk)
    with daemon(desk, sweep_every=0.1) as running:
        running.wait_notified("WATCHDOG=1")
        for first in range(0, 24, 8):
            writing = [desk.start("done", *chosen[first : first + 8], "--without-figures", "--reason", "材料已收")]
            finish([*writing, *(desk.start("tick") for _each in range(2))])
        running.wait_swept()
        wait_until_sent(desk)
        assert running.stop() == 0
    check(desk, host, running.log)
