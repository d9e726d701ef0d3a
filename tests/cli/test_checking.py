"""`wsyf check`: names every fault, warns of what is not yet the real thing, exit 1 where there is a fault."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.office_fixtures import Desk, bare_office, real_office, rehearsal_office
from tests.mail.smtpd import Smtpd

desk = pytest.fixture(real_office)
bare_desk = pytest.fixture(bare_office)
rehearsal_desk = pytest.fixture(rehearsal_office)

SMTP = """
[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "plain"
timeout = 5
"""


def use_smtp(desk: Desk, port: int, more: str = "") -> None:
    desk.edit("config.toml", 'transport = "maildir"', 'transport = "smtp"')
    desk.edit("config.toml", "[guards]", SMTP.format(port=port) + more + "\n[guards]")


def found(desk: Desk, *words: str, code: int = 0) -> list[dict[str, str]]:
    return list(desk.wsyf("check", *words, "--json", code=code).json)


def texts(desk: Desk, level: str, *words: str, code: int = 0) -> list[str]:
    return [each["text"] for each in found(desk, *words, code=code) if each["level"] == level]


def test_a_sound_office_has_no_fault_and_is_warned_of_maildir_and_invented_addresses(desk):
    said = desk.wsyf("check").out
    assert said.endswith("no fault\n")
    warnings = texts(desk, "warning")
    assert any("maildir" in text for text in warnings)
    assert any("office@gaoping.example is an invented address" in text for text in warnings)
    assert any("21 holders have invented addresses" in text for text in warnings)


def test_warnings_and_faults_are_red_on_a_terminal(desk):
    from click.testing import CliRunner

    from wsyf_scheduler.cli.main import wsyf

    desk.edit("config.toml", '[jobs]\ndir = "jobs"', '[jobs]\ndir = "none"')
    result = CliRunner().invoke(wsyf, ["--config", str(desk.config), "check"], color=True)
    red = [line for line in result.output.splitlines() if line.startswith("\x1b[31m")]
    assert any("maildir" in line for line in red)
    assert any("no plan here" in line for line in red)
    assert not any("✓" in line for line in red)


def test_for_programs_each_finding_has_its_check_level_and_text(desk):
    findings = found(desk)
    assert all(list(each) == ["check", "level", "text"] for each in findings)
    assert {each["check"] for each in findings} == {
        "config",
        "database",
        "plans",
        "people",
        "calendar",
        "templates",
        "mail",
        "backup",
    }
    assert {each["level"] for each in findings} == {"ok", "warning"}


def test_before_the_first_sync_there_is_no_fault_but_word_of_what_is_missing(bare_desk):
    warnings = texts(bare_desk, "warning")
    assert any("there is no database yet" in text for text in warnings)
    assert any("nobody has been imported yet: run `wsyf people import people.csv`" in text for text in warnings)
    assert not bare_desk.database.exists()


def test_a_rehearsal_database_is_named_as_one(rehearsal_desk):
    assert any("rehearsal database" in text for text in texts(rehearsal_desk, "warning"))


def test_a_faulty_config_is_named_with_every_fault(desk):
    desk.edit("config.toml", 'send_at = "09:00"', 'send_at = "25:00"')
    desk.edit("config.toml", "receipt_delay", "reciept_delay")
    faults = texts(desk, "fault", code=1)
    assert len(faults) == 2
    assert any("did you mean" in text and "reciept_delay" in text for text in faults)


def test_a_missing_config_is_a_fault(desk):
    desk.config.unlink()
    assert "no such config file" in desk.wsyf("check", code=1).out


def test_a_faulty_plan_is_named_once_and_the_other_checks_still_speak(desk):
    path = desk.folder / "jobs" / "gaoping-2021-2025" / "2023.toml"
    path.write_text("numbr = 1\n", encoding="utf-8")
    faults = texts(desk, "fault", code=1)
    assert faults
    assert len(faults) == len(set(faults))
    assert all("2023.toml" in text for text in faults)
    assert "templates of every letter" in texts(desk, "ok", code=1)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("reminder.txt", "{{ nobody.knows.this }}", "reminder.txt"),
        ("reminder.subject.txt", "{% if %}", "reminder.subject.txt"),
        ("chaser.html", "{% for row in %}", "chaser.html"),
    ],
)
def test_a_faulty_template_is_named(desk, name, text, said):
    (desk.folder / "templates" / "email" / name).write_text(text, encoding="utf-8")
    faults = texts(desk, "fault", code=1)
    assert faults
    assert all(said in fault for fault in faults)


def test_nobody_to_write_to_is_a_fault(bare_desk):
    (bare_desk.folder / "people.csv").unlink()
    (fault,) = texts(bare_desk, "fault", code=1)
    assert "nobody holds any post" in fault


def test_a_vacant_post_is_warned_of(bare_desk):
    bare_desk.edit("people.csv", "chief,,总召集人,chief@gaoping.example,,,\n", "")
    assert "vacant: chief convener" in texts(bare_desk, "warning")


def test_a_faulty_people_file_is_named_while_it_is_the_one_in_use(bare_desk):
    bare_desk.edit("people.csv", "liaison,hrss,", "liason,hrss,")
    (fault,) = texts(bare_desk, "fault", code=1)
    assert "people.csv:2: role" in fault
    assert "did you mean liaison?" in fault


def test_a_newer_database_is_named_once(desk):
    desk.sql("UPDATE alembic_version SET version_num = '9999'")
    (fault,) = texts(desk, "fault", code=1)
    assert "newer version (9999;" in fault


def test_a_damaged_database_is_named(desk):
    desk.database.write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    assert any("damaged" in text for text in texts(desk, "fault", code=1))


def test_a_maildir_that_cannot_be_written_is_a_fault(desk):
    (desk.folder / "data" / "mail").write_text("a file stands in the way")
    assert any("data/mail" in text for text in texts(desk, "fault", code=1))


def test_the_mail_server_is_tried_and_nothing_is_sent_unasked(desk):
    with Smtpd() as server:
        use_smtp(desk, server.port)
        assert any(str(server.port) in text for text in texts(desk, "ok"))
        assert server.connections > 0
        assert server.received == []
    assert not any("maildir" in text for text in texts(desk, "warning", code=1))  # it is gone now: a fault


def test_a_test_letter_goes_where_it_was_asked_to_go(desk):
    with Smtpd() as server:
        use_smtp(desk, server.port)
        assert "a test letter was sent to me@gaoping.example" in texts(desk, "ok", "--mail", "me@gaoping.example")
    (letter,) = server.received
    assert letter.recipients == ("me@gaoping.example",)
    assert b"Auto-Submitted: auto-generated" in letter.data


def test_a_refused_test_letter_and_a_dead_server_are_faults(desk):
    with Smtpd(script={"RCPT": ["550 no such user"]}) as server:
        use_smtp(desk, server.port)
        (fault,) = texts(desk, "fault", "--mail", "me@gaoping.example", code=1)
        assert "550" in fault
    (fault,) = texts(desk, "fault", code=1)
    assert str(server.port) in fault


def test_a_wrong_password_is_a_fault_that_does_not_repeat_it(desk):
    (desk.folder / "secret").write_text("hunter2\n")
    with Smtpd(logins={"office": "other"}) as server:
        use_smtp(desk, server.port, 'username = "office"\npassword_file = "secret"\n')
        said = desk.wsyf("check", code=1)
        assert "hunter2" not in said.out + said.err
        assert "535" in said.out
        (desk.folder / "secret").unlink()
        assert any("secret cannot be read" in text for text in texts(desk, "fault", code=1))


def test_the_office_is_left_as_it_was(desk, tmp_path):
    shutil.copytree(desk.folder, tmp_path / "before")
    desk.wsyf("check")
    after, before = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
        for folder in (desk.folder, tmp_path / "before")
    )
    for leftover in ("wal", "shm"):  # of a reader, who may not tidy up
        after.pop(Path(f"data/wsyf.db-{leftover}"), None)
    assert after == before


def test_the_command_for_alerts_must_be_there_and_is_not_run(desk):
    program = desk.folder / "notify"
    program.write_text("#!/bin/sh\ntouch ran\n")
    desk.edit("config.toml", "command = []", 'command = ["./notify", "--loud"]')
    (fault,) = texts(desk, "fault", code=1)
    assert fault == "config [alerts] command: ./notify is not there, or must not be run"
    program.chmod(0o755)
    assert "alerts are given to the command ./notify" in texts(desk, "ok")
    assert not (desk.folder / "ran").exists()
    desk.edit("config.toml", '"./notify"', '"no-such-program-here"')
    assert "no-such-program-here" in texts(desk, "fault", code=1)[0]


def test_the_ping_is_shown_without_its_secret(desk):
    desk.edit("config.toml", 'ping_url = ""', 'ping_url = "https://user:5f3c@hc.example/5f3c-secret"')
    said = desk.wsyf("check").out
    assert "clean rounds are told to https://hc.example" in said
    assert "5f3c" not in said
    desk.edit("config.toml", "user:5f3c@hc.example", "")
    assert "config [alerts] ping_url names no host" in texts(desk, "fault", code=1)


def test_where_the_backups_go_is_said_and_no_backups_is_a_warning(desk):
    assert any(text.startswith("nightly backups go to ") for text in texts(desk, "ok"))
    desk.edit("config.toml", 'dir = "data/backups"', 'dir = "people.csv/backups"')
    assert any("is no folder this user may write into" in text for text in texts(desk, "fault", code=1))
    desk.edit("config.toml", "keep = 14", "keep = 0")
    assert "no nightly backup is made (config [backup] keep = 0)" in texts(desk, "warning")
