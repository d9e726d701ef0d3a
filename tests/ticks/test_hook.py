"""The office's command for alerts: each alert once, in order, bounded, and never silent when the command fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cast import PLAN_ID, Office, make_office
from wsyf_scheduler import calling
from wsyf_scheduler.alerts import Alert
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.config import AlertSettings
from wsyf_scheduler.store import facts
from wsyf_scheduler.telling import alert
from wsyf_scheduler.ticks import hook

KEEPS = """
import json, os, sys
said = {name: value for name, value in os.environ.items() if name.startswith("WSYF_ALERT")}
with open("heard", "a") as file:
    print(json.dumps({"text": sys.stdin.buffer.read().decode(), "cwd": os.getcwd(), **said}), file=file)
"""
MORNING = "2023-03-01 09:00"


def office(folder: Path, *code: str, timeout: float = 10, command: Iterable[str] | None = None) -> Office:
    """An office whose command runs this Python in its folder; its plan brings no alert by itself."""
    made = make_office(MORNING)
    run = (sys.executable, "-c", "\n".join(code)) if command is None else tuple(command)
    settings = AlertSettings(command=run, timeout=timedelta(seconds=timeout), ping_url=None)
    made.settle(alerts=settings, folder=folder)
    return made


def queue(made: Office, *headlines: str) -> None:
    with made.db.begin() as session:
        for each in headlines:
            what = Alert(dedup=f"test:{each}", headline=each, lines=("发生了什么。", "怎么办。"))
            alert(session, PLAN_ID, made.now, what)


def run(made: Office, after: timedelta = timedelta(0)) -> hook.Counts:
    made.go(made.now + after)
    return hook.run(made.app, made.now)


def heard(folder: Path) -> list[dict[str, str]]:
    file = folder / "heard"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def last(made: Office) -> dict[str, object]:
    with made.db.read() as session:
        found: dict[str, object] = json.loads(facts.get(session, "hook") or "null")
    return found


MINUTE = timedelta(minutes=1)


def test_each_alert_is_given_once_and_in_order(tmp_path):
    made = office(tmp_path, KEEPS)
    queue(made, "一", "二")
    assert run(made).done == 2
    assert run(made).done == 0
    queue(made, "三")
    assert run(made).done == 1
    assert [each["WSYF_ALERT_HEADLINE"] for each in heard(tmp_path)] == ["一", "二", "三"]
    assert [int(each["WSYF_ALERT_ID"]) for each in heard(tmp_path)] == [m["id"] for m in made.messages(letter="alert")]


def test_it_hears_headline_and_lines_on_stdin_and_runs_beside_the_config(tmp_path):
    made = office(tmp_path, KEEPS)
    queue(made, "邮件未送达")
    run(made)
    (said,) = heard(tmp_path)
    assert said["text"] == "邮件未送达\n发生了什么。\n怎么办。\n"
    assert said["WSYF_ALERT_PLAN"] == PLAN_ID
    assert said["cwd"] == str(tmp_path)


def test_neither_the_password_nor_systemds_own_are_handed_on(tmp_path, monkeypatch):
    for name in ("WSYF_SMTP_PASSWORD", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"):
        monkeypatch.setenv(name, "secret")
    made = office(tmp_path, "import os, sys", "sys.exit('secret' in os.environ.values())")
    queue(made, "一")
    assert run(made).done == 1


def test_a_command_set_today_does_not_hear_of_the_alerts_of_years(tmp_path):
    made = office(tmp_path, KEEPS)
    queue(made, "去年的")
    assert run(made, timedelta(days=365)).done == 0
    queue(made, "今天的")
    assert run(made).done == 1
    made.settle(alerts=AlertSettings(command=(), timeout=MINUTE, ping_url=None))
    queue(made, "停用期间的")
    run(made)
    made.settle(alerts=AlertSettings(command=(sys.executable, "-c", KEEPS), timeout=MINUTE, ping_url=None))
    run(made, MINUTE)
    queue(made, "重新启用后的")
    run(made)
    assert [each["WSYF_ALERT_HEADLINE"] for each in heard(tmp_path)] == ["今天的", "重新启用后的"]


def test_without_a_command_nothing_is_written(tmp_path):
    made = office(tmp_path, command=())
    queue(made, "一")
    before = made.db_dump()
    assert run(made) == hook.Counts()
    assert made.db_dump() == before


def test_what_is_no_alert_is_passed_and_not_looked_at_again(tmp_path, monkeypatch):
    monkeypatch.setattr(hook, "SKIPPED", 2)
    made = office(tmp_path, KEEPS)
    run(made)
    made.live("2023-03-20 00:00")
    newest = max(each["id"] for each in made.messages())
    assert newest >= 2
    run(made)
    with made.db.read() as session:
        assert facts.get(session, "hooked_through") == str(newest)
    queue(made, "之后的")
    assert run(made).done == 1


def test_a_failing_command_is_tried_three_times_a_minute_apart_then_given_up(tmp_path):
    made = office(tmp_path, "import sys", "print('noise', file=sys.stderr)", "sys.exit('短信网关无应答')")
    queue(made, "一")
    assert run(made).failed == 1
    assert run(made).failed == 0  # not at once again
    assert run(made, timedelta(seconds=59)).failed == 0
    assert run(made, timedelta(seconds=1)).failed == 1
    assert made.events("hook_given_up") == []
    assert run(made, MINUTE).given_up == 1
    assert run(made, MINUTE).failed == 0
    (event,) = made.events("hook_given_up")
    assert event["why"] == "exit code 1: 短信网关无应答"
    assert last(made)["ok"] is False
    assert last(made)["trouble"] == "exit code 1: 短信网关无应答"
    assert made.alerts() == ["一", "告警外呼命令执行失败"]


def test_that_it_failed_is_not_told_through_the_command_itself(tmp_path):
    made = office(tmp_path, KEEPS, "import sys", "sys.exit(3)")
    queue(made, "一")
    run(made)
    for _each in range(6):
        run(made, MINUTE)
    assert [each["WSYF_ALERT_HEADLINE"] for each in heard(tmp_path)] == ["一", "一", "一"]
    assert len(made.alerts()) == 2
    assert last(made)["ok"] is False  # still what status shows


def test_after_one_given_up_the_next_is_given_and_status_is_well_again(tmp_path):
    made = office(tmp_path, KEEPS, "import sys", "sys.exit(os.environ['WSYF_ALERT_HEADLINE'] == '坏的')")
    queue(made, "坏的", "好的")
    run(made)
    for _each in range(4):
        run(made, MINUTE)
    assert [each["WSYF_ALERT_HEADLINE"] for each in heard(tmp_path)] == ["坏的"] * 3 + ["好的"]
    assert last(made)["ok"] is True


def test_a_hanging_command_is_killed_with_all_it_started(tmp_path):
    made = office(
        tmp_path,
        "import subprocess, sys, time",
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])",
        "open('pid', 'w').write(str(child.pid))",
        "time.sleep(600)",
        timeout=2,
    )
    queue(made, "一")
    began = monotonic()
    assert run(made).failed == 1
    assert monotonic() - began < 30
    assert last(made)["trouble"] == "no end after 2 s; it was killed"
    pid = int((tmp_path / "pid").read_text())
    until = monotonic() + 30
    while is_running(pid) and monotonic() < until:  # a busy machine takes its time to end what was killed
        pass
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_one_that_fills_both_its_outputs_and_reads_nothing_does_no_harm(tmp_path):
    made = office(
        tmp_path, "import os", "for n in range(300):", "    os.write(1, b'x' * 65536)", "    os.write(2, b'y' * 65536)"
    )
    queue(made, "一" * 70_000)
    assert run(made).done == 1


def test_a_child_that_lives_on_and_talks_does_not_keep_us(tmp_path):
    talks = "import os, time\nfor n in range(3000):\n    os.write(2, b'z' * 1000)"
    made = office(
        tmp_path,
        "import subprocess, sys",
        f"subprocess.Popen([sys.executable, '-c', {talks!r}], stdout=subprocess.DEVNULL, start_new_session=True)",
    )
    queue(made, "一")
    assert run(made).done == 1


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("no-such-program-here",), "it cannot be started: No such file or directory"),
        (("./notes.txt",), "it cannot be started: Permission denied"),
        (("a\0b",), "it cannot be started: ValueError"),
        (("sh", "-c", "kill -TERM $$"), "signal 15"),
        (("sh", "-c", "printf 'a\\000\\033[31m\\377' >&2; exit 7"), "exit code 7: a[31m\ufffd"),
    ],
)
def test_what_went_wrong_is_said_in_words(tmp_path, command, says):
    (tmp_path / "notes.txt").write_text("no program")
    made = office(tmp_path, command=command)
    queue(made, "一")
    assert run(made).failed == 1
    assert last(made)["trouble"] == says


def test_no_shell_reads_the_headline(tmp_path):
    made = office(tmp_path, KEEPS)
    queue(made, "$(touch hacked); `touch hacked`\n\0\u202e尾")
    assert run(made).done == 1
    assert not (tmp_path / "hacked").exists()
    assert heard(tmp_path)[0]["WSYF_ALERT_HEADLINE"] == "$(touch hacked); `touch hacked` 尾"


def test_no_transaction_is_open_while_it_runs(tmp_path):
    made = office(tmp_path, KEEPS)
    queue(made, "一")
    before = made.app.should_stop

    def look() -> bool:  # asked while the command runs
        with made.db.begin() as session:
            facts.put(session, "seen", "yes")
        return before()

    object.__setattr__(made.app, "should_stop", look)
    assert run(made).done == 1


def test_a_daemon_that_leaves_waits_a_moment_only_and_the_alert_is_not_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(calling, "LAST_WORDS", 0.2)
    made = office(tmp_path, "import time", "open('began', 'w')", "time.sleep(600)", timeout=600)
    queue(made, "一")
    run_through = made.app.should_stop
    object.__setattr__(made.app, "should_stop", (tmp_path / "began").exists)
    assert run(made) == hook.Counts()
    assert last(made) is None
    object.__setattr__(made.app, "should_stop", run_through)
    made.settle(alerts=AlertSettings(command=(sys.executable, "-c", KEEPS), timeout=MINUTE, ping_url=None))
    assert run(made).done == 1


def test_a_rehearsal_calls_no_one(tmp_path):
    made = office(tmp_path, KEEPS)
    with made.db.begin() as session:
        facts.put(session, facts.REHEARSAL, "yes")
    queue(made, "一")
    assert run(made) == hook.Counts()
    assert heard(tmp_path) == []


def test_a_fault_that_cannot_reach_the_database_is_said_without_it(tmp_path, caplog):
    made = office(tmp_path, KEEPS)
    assert hook.say(made.app.config, "数据库无法使用", ["磁盘已满。"]) == ""
    (said,) = heard(tmp_path)
    assert said["text"] == "数据库无法使用\n磁盘已满。\n"
    assert (said["WSYF_ALERT_ID"], said["WSYF_ALERT_PLAN"]) == ("", "")
    broken = office(tmp_path, command=("no-such-program-here",))
    assert "No such file" in hook.say(broken.app.config, "数据库无法使用", [])
    assert "No such file" in caplog.text
    assert hook.say(office(tmp_path, command=()).app.config, "数据库无法使用", []) == ""
