"""The daemon as the office runs it: a process of its own, started, spoken to, stopped and killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.cli.office_fixtures import Desk, real_office, rehearsal_office
from tests.daemon.running import HeldServer, daemon
from tests.mail.smtpd import Smtpd
from wsyf_scheduler.clock import SystemClock

rehearsal_desk = pytest.fixture(rehearsal_office)

SMTP = """
[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "plain"
timeout = 20

[guards]"""
# One assignment of each of three departments: closing them makes three receipts, which need no working day.
CLOSED = ("2025/5/hrss", "2025/1a/emergency", "2025/2a/health")


@pytest.fixture
def desk(tmp_path):
    """A real office whose receipts leave at once."""
    for office in real_office(tmp_path):
        office.edit("config.toml", "receipt_delay = 10", "receipt_delay = 0")
        yield office


def use_smtp(desk: Desk, port: int) -> None:
    desk.edit("config.toml", 'transport = "maildir"', 'transport = "smtp"')
    desk.edit("config.toml", "\n[guards]", SMTP.format(port=port))


def receipts(desk: Desk) -> list[str]:
    """The states of the receipts, oldest first."""
    return [state for (state,) in desk.sql("SELECT state FROM message WHERE letter = 'receipt' ORDER BY id")]


def heartbeat(desk: Desk) -> dict[str, object]:
    ((value,),) = desk.sql("SELECT value FROM fact WHERE name = 'heartbeat'")
    return dict(json.loads(value))


# --- Starting and stopping ----------------------------------------------------


def test_the_command_runs_tells_systemd_leaves_a_sign_of_life_and_ends_on_sigterm(desk):
    with daemon(desk, command=True) as running:
        running.wait_notified("READY=1")
        running.wait_notified("WATCHDOG=1")  # after the first sweep
        assert desk.wsyf("status").out.startswith("The daemon is alive, last sweep ")
        beat = heartbeat(desk)
        assert (beat["pid"], beat["host"], beat["stopped"]) == (running.process.pid, socket.gethostname(), False)
        assert SystemClock().now() - datetime.fromisoformat(str(beat["at"])) < timedelta(minutes=1)
        running.signal(signal.SIGTERM)
        running.wait_notified("STOPPING=1")
        assert running.wait() == 0
    assert heartbeat(desk)["stopped"] is True
    assert "is not running" in desk.wsyf("status", code=2).out
    assert "Traceback" not in running.log
    assert "action=daemon_stopped" in running.log


def test_sigint_ends_it_as_well_and_another_may_follow(desk):
    with daemon(desk) as first:
        first.wait_notified("READY=1")
        first.signal(signal.SIGINT)
        assert first.wait() == 0
    with daemon(desk) as second:
        second.wait_notified("WATCHDOG=1")
        assert second.stop() == 0


def test_a_second_daemon_is_refused_and_told_who_runs(desk):
    with daemon(desk) as running:
        running.wait_notified("WATCHDOG=1")
        said = desk.wsyf("daemon", code=4).err
        assert f"({socket.gethostname()}, pid {running.process.pid}); this one leaves" in said
        running.wait_swept()  # and the first goes on
        assert running.stop() == 0


def test_a_rehearsal_needs_no_daemon_and_gets_none(rehearsal_desk):
    said = rehearsal_desk.wsyf("daemon", code=4).err
    assert "its clock is set by --at" in said
    assert not list(rehearsal_desk.database.parent.glob("*.lock"))


def test_it_refuses_an_old_database_and_names_the_way(desk):
    desk.sql("UPDATE alembic_version SET version_num = '0000'")
    assert "run `wsyf upgrade`" in desk.wsyf("daemon", code=6).err


def test_it_refuses_to_begin_without_database_or_config(desk):
    shutil.rmtree(desk.folder / "data")
    desk.wsyf("daemon", code=6)
    desk.config.write_text("nonsense")
    desk.wsyf("daemon", code=5)


# --- Work ---------------------------------------------------------------------


def test_what_the_command_line_changes_is_seen_by_the_next_sweep(desk):
    with daemon(desk) as running:
        running.wait_notified("WATCHDOG=1")
        assert desk.letters() == []
        desk.wsyf("done", "2025/5/hrss")
        running.wait_for("1 messages sent")
        (letter,) = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in desk.letters()]
        assert letter["To"].addresses[0].addr_spec == "liaison.hrss@gaoping.example"
        assert running.stop() == 0
    assert receipts(desk) == ["sent"]


def test_trouble_is_logged_told_by_status_and_ends_when_it_is_mended(desk):
    with Smtpd(logins={"office": "x"}) as server:
        use_smtp(desk, server.port)
        desk.edit(
            "config.toml", 'security = "plain"', 'security = "plain"\nusername = "office"\npassword_file = "secret"'
        )
        desk.wsyf("done", "2025/5/hrss")
        with daemon(desk) as running:
            running.wait_for("deliver failed: the password file")
            running.wait_swept()
            said = desk.wsyf("status", code=2).out
            assert "The daemon runs, with trouble: deliver: the password file" in said
            assert receipts(desk) == ["queued"]  # nothing was claimed
            (desk.folder / "written").write_text("x")
            (desk.folder / "written").rename(desk.folder / "secret")  # whole at once: half of it is a wrong password
            running.wait_for("messages sent")
            running.wait_swept()
            desk.wsyf("status")
            assert running.stop() == 0
    assert "Traceback" not in running.log, running.log


def test_a_message_that_cannot_be_sent_now_is_tried_again_later_and_named_by_id(desk):
    use_smtp(desk, 1)  # nobody listens there
    desk.wsyf("done", "2025/5/hrss")
    with daemon(desk) as running:
        assert "message_id=" in running.wait_for("was not sent: ")
        running.wait_swept()
        assert desk.wsyf("status", "--json", code=1).json["outbox"] == {"retry": 1}
        assert running.stop() == 0
    assert "Traceback" not in running.log, running.log


def test_a_claim_left_by_a_round_that_died_is_taken_up_while_the_daemon_runs(desk):
    with daemon(desk) as running:
        running.wait_swept()
        desk.sql(
            "INSERT INTO message (plan_id, letter, department, audience, state, in_window, queued_at, not_before, attempts, payload,"
            " claimed_at, claimed_by) VALUES ('gaoping-2021-2025', 'alert', '', 'coordinator', 'sending', 0, ?, ?, 0,"
            """ '{"headline": "x", "lines": []}', ?, 'gone:1')""",
            *["2022-05-24 01:00:00.000000"] * 3,
        )
        running.wait_for("1 messages taken up again after a crash")
        running.wait_for("1 messages sent")
        assert running.stop() == 0


def test_a_sweep_over_a_locked_database_does_not_end_it(desk):
    desk.wsyf("done", "2025/5/hrss")
    with daemon(desk) as running:
        running.wait_for("messages sent")
        desk.sql("UPDATE alembic_version SET version_num = '9999'")  # somebody upgraded under it
        desk.sql("ALTER TABLE message RENAME TO gone")
        running.wait_for("deliver failed: the database")
        desk.sql("ALTER TABLE gone RENAME TO message")
        running.wait_swept()
        assert running.stop() == 0
    assert "Traceback" not in running.log


# --- SIGHUP -------------------------------------------------------------------


def test_sighup_takes_over_config_and_templates(desk):
    with daemon(desk) as running:
        running.wait_notified("WATCHDOG=1")
        desk.edit("config.toml", 'maildir = "data/mail"', 'maildir = "data/other"')
        (desk.folder / "templates" / "email" / "receipt.subject.txt").write_text(
            "本办公室自己的主题\n", encoding="utf-8"
        )
        running.signal(signal.SIGHUP)
        running.wait_for("action=reloaded")
        running.wait_swept()
        desk.wsyf("done", "2025/5/hrss")
        running.wait_for("messages sent")
        assert running.stop() == 0
    (path,) = (desk.folder / "data" / "other" / "new").iterdir()
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert letter["Subject"] == "本办公室自己的主题"
    assert desk.letters() == []


def test_sighup_with_a_faulty_config_names_the_fault_and_the_old_one_goes_on(desk):
    with daemon(desk) as running:
        running.wait_notified("WATCHDOG=1")
        good = desk.config.read_text(encoding="utf-8")
        desk.edit("config.toml", "max_messages", "max_mesages")
        running.signal(signal.SIGHUP)
        said = running.wait_for("the config was not taken over")
        assert "max_mesages" in said
        desk.config.write_text(good, encoding="utf-8")
        desk.wsyf("done", "2025/5/hrss")
        running.wait_for("messages sent")
        desk.config.unlink()
        running.signal(signal.SIGHUP)
        running.wait_for("the config was not taken over", times=2)
        running.wait_swept()
        assert running.stop() == 0
    assert receipts(desk) == ["sent"]


def test_sighup_never_moves_a_running_daemon_to_another_database(desk):
    shutil.copytree(desk.folder / "data", desk.folder / "elsewhere")
    with daemon(desk) as running:
        running.wait_notified("WATCHDOG=1")
        desk.edit("config.toml", "sqlite:///data/wsyf.db", "sqlite:///elsewhere/wsyf.db")
        running.signal(signal.SIGHUP)
        running.wait_for("the database cannot be changed while the daemon runs; restart it")
        running.wait_swept()
        assert running.stop() == 0


# --- Stopping and dying in the middle of sending ------------------------------


def test_sigterm_finishes_the_message_in_hand_and_leaves_the_rest_queued(desk):
    with HeldServer() as server:
        use_smtp(desk, server.port)
        desk.edit("config.toml", "connections = 2 ", "connections = 1 ")
        desk.wsyf("done", *CLOSED, "--without-figures", "--reason", "材料已收")
        with daemon(desk) as running:
            assert server.reached.wait(30)
            running.signal(signal.SIGTERM)
            running.wait_notified("STOPPING=1")
            server.go_on.set()
            assert running.wait() == 0
        assert len(server.received) == 1
    assert receipts(desk) == ["sent", "queued", "queued"]
    assert heartbeat(desk)["stopped"] is True
    assert desk.sql("SELECT count(*) FROM message WHERE claimed_by IS NOT NULL") == [(0,)]


def test_killed_while_sending_the_next_takes_up_its_claim_byte_for_byte(desk):
    """Its locks end with it, its claims do not."""
    with HeldServer() as server:
        use_smtp(desk, server.port)
        desk.edit("config.toml", "connections = 2 ", "connections = 1 ")
        desk.wsyf("done", *CLOSED, "--without-figures", "--reason", "材料已收")
        with daemon(desk) as running:
            assert server.reached.wait(30)
            running.signal(signal.SIGKILL)
            assert running.wait() == -signal.SIGKILL
        assert receipts(desk) == ["sending"] * 3
        server.go_on.set()
        with daemon(desk) as following:
            following.wait_for("3 messages taken up again after a crash")
            following.wait_for("3 messages sent")
            assert following.stop() == 0
        first, again, *others = server.received
        assert first == again  # envelope and bytes
        ids = [message_from_bytes(each.data)["Message-ID"] for each in server.received]
        assert ids[0] == ids[1]
        assert len(ids) == 4
        assert len(set(ids)) == 3
        assert {each.recipients for each in others}.isdisjoint({first.recipients})
    assert receipts(desk) == ["sent"] * 3


def test_a_round_by_hand_waits_for_the_daemon_that_sends_and_doubles_nothing(desk):
    with HeldServer() as server:
        use_smtp(desk, server.port)
        desk.wsyf("done", *CLOSED, "--without-figures", "--reason", "材料已收")
        with daemon(desk) as running:
            assert server.reached.wait(30)
            with desk.start("tick") as round_:
                assert round_.stderr is not None
                assert f"pid {running.process.pid}); waiting for it" in round_.stderr.readline()
                server.go_on.set()
                out, _err = round_.communicate(timeout=30)
            assert (round_.returncode, out) == (0, "0 queued, 0 sent, 0 not sent, 0 cancelled\n")
            assert running.stop() == 0
        assert len(server.received) == 3


def test_a_slow_server_holds_up_no_sweep(desk):
    """A letter waits for the server's word for longer than a beat may be old: sweeps, and beats, go on."""
    with HeldServer() as server:
        use_smtp(desk, server.port)
        desk.edit("config.toml", "connections = 2 ", "connections = 1 ")
        desk.wsyf("done", *CLOSED, "--without-figures", "--reason", "材料已收")
        with daemon(desk) as running:
            assert server.reached.wait(30)
            running.wait_notified("WATCHDOG=1", running.notified.count("WATCHDOG=1") + 3)
            running.wait_for("action=swept]", running.log.count("action=swept]") + 3)
            assert "action=swept_outbox" not in running.log
            assert server.received == server.received[:1]
            assert heartbeat(desk)["stopped"] is False
            server.go_on.set()
            running.wait_for("3 messages sent")
            assert running.stop() == 0


# --- Two users, one group -----------------------------------------------------


def test_all_that_the_command_makes_is_the_groups_whatever_the_umask(desk):
    desk.wsyf("done", "2025/5/hrss")
    os.umask(0o077)
    with daemon(desk, command=True) as running:
        running.wait_for("messages sent")
        locks = {path.name: path.stat().st_mode & 0o777 for path in desk.database.parent.glob("*.lock")}
        beside = {path.name: path.stat().st_mode & 0o777 for path in desk.database.parent.glob("wsyf.db*")}
        assert running.stop() == 0
    assert locks == {"wsyf.deliver.lock": 0o660, "wsyf.daemon.lock": 0o660}
    assert set(beside.values()) == {0o660}
    mail = desk.folder / "data" / "mail"
    assert {mode_of(path) for path in (mail, *mail.iterdir())} == {0o770}
    assert {mode_of(path) for path in desk.letters()} == {0o660}


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_lock_file_of_another_user_that_is_closed_to_us_is_named(desk):
    from tests.cli.office_fixtures import without_root_rights

    lock = desk.database.with_suffix(".daemon.lock")
    lock.touch(0o400)
    with without_root_rights():
        said = desk.wsyf("daemon", code=6).err
    assert f"the lock file {lock} cannot be opened (Permission denied)" in said


def test_events_of_the_daemon_carry_a_name(desk):
    desk.wsyf("done", "2025/5/hrss", SUDO_USER="jingbanren")
    with daemon(desk, SUDO_USER="wsyf") as running:
        running.wait_for("messages sent")
        assert running.stop() == 0
    query = "SELECT action, who FROM event WHERE action IN ('assignment_done', 'message_sent') ORDER BY id"
    assert desk.sql(query) == [("assignment_done", "jingbanren"), ("message_sent", "wsyf")]
