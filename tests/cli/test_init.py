"""`wsyf init` on a terminal: a few questions, each looked at at once, and a config with the answers in their places."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click import unstyle

from tests.cli.office_fixtures import PROGRAM, Desk, real_office
from wsyf_scheduler import config as config_file
from wsyf_scheduler.acts import lay_out as laying_out
from wsyf_scheduler.cli.grid import width

desk = pytest.fixture(real_office)
PATIENCE = 30  # seconds
SMTP = ("安全科", "0000-0000000", "gzb@county.example", "smtp", "mail.county.example", "587", "", "", "08:30", "")


@dataclass
class Terminal:
    """Somebody at a terminal 80 columns wide."""

    running: subprocess.Popen[bytes]
    screen: int
    seen: str = ""
    asked: int = field(default=0)

    def read_until(self, wanted: str) -> str:
        """Wait for a text, or for the end where it is empty."""
        data = b""
        while not (wanted and wanted in data.decode("utf-8", "replace")):
            ready, _writing, _odd = select.select([self.screen], [], [], PATIENCE)
            assert ready, f"waited for {wanted!r}, saw {data.decode('utf-8', 'replace')}"
            try:
                some = os.read(self.screen, 4096)
            except OSError:  # the other end has gone
                some = b""
            if not some:
                break
            data += some
        self.seen += data.decode("utf-8", "replace")
        return data.decode("utf-8", "replace")

    def answer(self, *lines: str) -> None:
        for line in lines:
            self.read_until("> ")
            os.write(self.screen, f"{line}\n".encode())

    def wait_until_it_waits(self) -> None:
        """Until the program sleeps, as it does in reading (proc(5))."""
        while Path(f"/proc/{self.running.pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] in "RD":
            os.sched_yield()

    def end(self) -> int:
        self.read_until("")
        return self.running.wait(PATIENCE)


def _heeds_interrupts() -> None:
    """As in a terminal: whoever is started in the background is born ignoring Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def terminal(folder: Path, *words: object, language: str = "en", command: str = "init") -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    env = {
        **os.environ,
        "LANGUAGE": language,
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "80",
        "PYTHONWARNINGS": "ignore",
        "TERM": "dumb",
    }
    typed_in = [*PROGRAM, command, *(str(word) for word in words)]
    with subprocess.Popen(
        typed_in,
        cwd=folder,
        env=env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_heeds_interrupts,  # noqa: PLW1509 - no thread runs here
    ) as running:
        os.close(theirs)
        try:
            yield Terminal(running, ours)
        finally:
            os.close(ours)
            if running.poll() is None:
                running.kill()


def typed(tmp_path: Path, answers: Sequence[str], *words: object) -> Terminal:
    with terminal(tmp_path, *words) as at_it:
        at_it.answer(*answers)
        assert at_it.end() == 0, at_it.seen
        return at_it


def test_enter_all_the_way_gives_the_office_of_the_defaults(tmp_path):
    said = typed(tmp_path, [""] * 6, "office").seen
    config = config_file.load(tmp_path / "office" / "config.toml")
    assert config.mail.transport == "maildir"
    assert config.office.email == config.mail.sender == "office@gaoping.example"
    assert "1. Write who holds which post into people.csv" in said
    assert "Letters stay on this machine" in said


def test_answers_stand_in_a_commented_config(tmp_path):
    said = typed(tmp_path, SMTP, "office").seen
    path = tmp_path / "office" / "config.toml"
    config, text = config_file.load(path), path.read_text(encoding="utf-8")
    assert (config.office.section, config.office.phone) == ("安全科", "0000-0000000")
    assert config.office.email == config.mail.sender == "gzb@county.example"
    assert config.mail.smtp is not None
    assert (config.mail.smtp.host, config.mail.smtp.port, config.mail.smtp.security) == (
        "mail.county.example",
        587,
        "starttls",
    )
    assert config.mail.smtp.username == "gzb@county.example"
    assert config.mail.smtp.password_file == path.parent / "smtp-password"
    assert f"{config.send_at:%H:%M}" == "08:30"
    assert "# 联系单位，写在信末" in text
    assert text.count("[mail.smtp]") == 1
    assert "1. Put the password" in said
    assert not (path.parent / "smtp-password").exists()


def test_a_wrong_answer_is_named_at_once_and_asked_again(tmp_path):
    answers = ["", "", "no address", "", "smpt", "smtp", "not a host", "exmail", "0", "70000", "2525", "ssl", "tls"]
    answers += ["", "abcdefghijklmnop", "./secret", "25:00", "18:00", "9:15", ""]
    said = typed(tmp_path, answers, "office").seen
    for words in (
        "expected a mail address",
        "did you mean smtp?",
        "expected a host name",
        "expected a port from 1 to 65535, found",
        "expected one of tls, starttls, plain",
        "the password itself has no place here",
        "expected a time of day",
        "expected a time before 17:30",
    ):
        assert words in said.replace("\r\n", " ").replace("  ", " "), words
    config = config_file.load(tmp_path / "office" / "config.toml")
    assert config.mail.smtp is not None
    assert (config.mail.smtp.host, config.mail.smtp.port, config.mail.smtp.security) == (
        "smtp.exmail.qq.com",
        2525,
        "tls",
    )
    assert config.mail.limits.per_minute == 30
    assert f"{config.send_at:%H:%M}" == "09:15"


def test_a_password_typed_for_its_file_is_kept_nowhere(tmp_path):
    answers = [*SMTP[:7], "", "hunter2hunter2", "", "", ""]
    typed(tmp_path, answers, "office")
    for path in (tmp_path / "office").rglob("*"):
        assert not path.is_file() or b"hunter2" not in path.read_bytes(), path


def test_quotes_and_backslashes_in_answers_stay_what_they_are(tmp_path):
    typed(tmp_path, ['安全"科\\一', *[""] * 5], "office")
    assert config_file.load(tmp_path / "office" / "config.toml").office.section == '安全"科\\一'


@pytest.mark.parametrize("leave", ["\x03", "\x04"])
def test_leaving_halfway_leaves_nothing_behind(tmp_path, leave):
    with terminal(tmp_path, "a/office") as at_it:
        at_it.answer("", "")
        at_it.read_until("> ")
        if leave == "\x03":
            at_it.wait_until_it_waits()  # what comes between the prompt and the reading is heeded at the next key only
            at_it.running.send_signal(signal.SIGINT)  # the session has no controlling terminal to send it
        else:
            os.write(at_it.screen, leave.encode())
        assert at_it.end() == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused_before_the_first_question(tmp_path):
    (tmp_path / "office").mkdir()
    (tmp_path / "office" / "mine").write_text("x")
    with terminal(tmp_path, "office") as at_it:
        assert at_it.end() == 4
    assert "> " not in at_it.seen


@pytest.mark.parametrize("words", [("--yes",), ("--rehearsal",)])
def test_asked_to_ask_nothing_it_takes_the_defaults(tmp_path, words):
    with terminal(tmp_path, *words, "office") as at_it:
        assert at_it.end() == 0
    assert "> " not in at_it.seen
    assert (tmp_path / "office" / "config.toml").exists()


def test_a_dry_run_shows_the_config_and_makes_nothing(desk, tmp_path):
    said = desk.wsyf("init", tmp_path / "new", "--dry-run").out
    assert tomllib.loads(said)["mail"]["transport"] == "maildir"
    assert not (tmp_path / "new").exists()


def test_through_a_pipe_nothing_is_asked(tmp_path):
    done = subprocess.run(
        [*PROGRAM, "init", "office"], cwd=tmp_path, input="no\nanswers\n", capture_output=True, text=True, check=True
    )
    assert "> " not in done.stdout
    assert (tmp_path / "office" / "config.toml").exists()


def test_in_chinese_no_line_is_wider_than_the_screen(tmp_path):
    with terminal(tmp_path, "o", language="zh_CN") as at_it:
        at_it.answer("", "", "", "smtp", "", "", "", "", "", "")
        assert at_it.end() == 0
    assert {line for line in unstyle(at_it.seen).splitlines() if width(line.rstrip("\r")) > 80} == set()


def test_broken_off_while_it_writes_it_takes_away_what_it_made(tmp_path, monkeypatch):
    def full(*_args, **_words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(laying_out, "create", full)
    with pytest.raises(OSError, match="No space"):
        laying_out.lay_out(tmp_path / "a" / "office", rehearsal=False)
    (tmp_path / "mine").mkdir()
    with pytest.raises(OSError, match="No space"):
        laying_out.lay_out(tmp_path / "mine", rehearsal=False)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine"]


def test_the_config_without_answers_is_the_packaged_one():
    assert laying_out.config_text({}) == laying_out.share.CONFIG.read_text(encoding="utf-8")


def test_an_office_gets_no_example_plans(desk):
    assert [path.name for path in (desk.folder / "jobs").iterdir()] == ["gaoping-2021-2025"]


def test_the_desk_of_an_answered_office_opens(tmp_path):
    typed(tmp_path, SMTP, "office")
    assert Desk(tmp_path / "office").wsyf("list", "--json").json == []
