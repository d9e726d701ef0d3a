"""The demo from end to end: real SMTP into a fresh folder, and a folder that answers afterwards."""

from __future__ import annotations

import email
import json
import mailbox
import os
import re
import signal
import subprocess
import sys
import zlib
from contextlib import closing
from datetime import date
from pathlib import Path
from sqlite3 import connect

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from wsyf_scheduler import config
from wsyf_scheduler.cli.main import main, wsyf
from wsyf_scheduler.demo.living import FIRST_DAY, LAST_DAY
from wsyf_scheduler.demo.script import EXTENDED, LATE, NEVER, REOPENED, WAIVED

RUN = "from wsyf_scheduler.cli.main import main; main()"
ENGLISH = {**os.environ, "LANGUAGE": "en", "LC_ALL": "C.UTF-8"}


def rows(folder: Path, sql: str, *values: object) -> list[tuple]:
    with closing(connect(folder / "data" / "wsyf.db")) as database:
        return database.execute(sql, values).fetchall()


def ask(folder: Path, *words: str) -> object:
    answer = CliRunner().invoke(wsyf, ["--config", str(folder), *words, "--json"], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def letters(folder: Path) -> dict[str, bytes]:
    """Message-ID to the bytes in the maildir."""
    files = [path.read_bytes() for path in (folder / "mail" / "new").iterdir()]
    found = {re.search(rb"(?mi)^message-id:\s*(\S+)", data)[1].decode(): data for data in files}
    assert len(found) == len(files)
    return found


def test_every_letter_of_the_ledger_crossed_the_wire_once_byte_for_byte(short_demo):
    assert short_demo.whole
    sent = rows(short_demo.folder, "SELECT message_id, raw FROM message WHERE state = 'sent'")
    assert len(sent) > 50
    assert {each: zlib.decompress(raw).replace(b"\r\n", b"\n") for each, raw in sent} == letters(short_demo.folder)
    assert rows(short_demo.folder, "SELECT count(*) FROM message WHERE state <> 'sent'") == [(0,)]


def test_a_server_took_them_over_smtp_and_answered_each(short_demo):
    answers = rows(short_demo.folder, "SELECT phase, outcome, code, text FROM attempt ORDER BY id")
    assert {(phase, outcome, code) for phase, outcome, code, _text in answers} == {("reply", "sent", 250)}
    assert [text.rpartition(" ")[2] for *_rest, text in answers] == [str(n + 1) for n in range(len(answers))]


def test_any_reader_of_maildirs_opens_the_letters(short_demo):
    with closing(mailbox.Maildir(short_demo.folder / "mail", create=False)) as box:
        assert len(box) == len(letters(short_demo.folder))
        assert all(message["Subject"] and ".example" in message["To"] for message in box)


def test_the_folder_answers_as_of_its_last_day(short_demo):
    items = ask(short_demo.folder, "list")
    assert len(items) == 75
    by_key = {item["key"]: item for item in items}
    assert by_key["2022/1/transport"]["state"] == "done"
    assert by_key[NEVER]["days_left"] == (date(2023, 2, 28) - date(2022, 9, 30)).days
    assert ask(short_demo.folder, "list", "--overdue") == []
    assert ask(short_demo.folder, "show", "2022/1/transport")["messages"]


def test_the_folder_keeps_its_mail_to_itself_afterwards(short_demo):
    settings = config.load(short_demo.folder / "config.toml")
    assert settings.mail.transport == "maildir"
    assert settings.mail.maildir == short_demo.folder / "mail"
    assert settings.mail.smtp is None


def test_it_shows_what_happens_in_lines_that_fit(short_demo):
    story = short_demo.printed.partition("\n2022\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in story] == sorted(line.split()[0] for line in story)
    assert any("2022/1/transport" in line for line in story)
    assert any("【工伤预防·督办】" in line for line in story)
    assert all(cell_len(line) <= 80 for line in story)
    assert "\x1b" not in short_demo.printed


def test_the_tables_line_up_within_80_columns(short_demo):
    table = [line for line in short_demo.printed.splitlines() if re.fullmatch(r".*\S +\d+ +\d+ *", line)]
    assert len(table) >= 5
    assert len({cell_len(line.rstrip()) for line in table}) == 1
    assert cell_len(table[0]) <= 80


def test_a_second_run_is_the_same_and_leaves_the_first_alone(short_demo, run_demo, tmp_path):
    until = date(2022, 6, 10)
    first = run_demo(tmp_path / "office", until)
    before = {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()}
    second = run_demo(tmp_path / "office", until)
    assert {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()} == before
    sql = 'SELECT sent_at, letter, department, audience, subject, "to", cc FROM message ORDER BY id'
    assert rows(tmp_path / "office-2", sql) == rows(tmp_path / "office", sql) != []
    assert "office-2" in second.printed


def test_it_talks_to_loopback_and_to_nothing_else(tmp_path):
    watched = """
import sys
seen = set()
sys.addaudithook(lambda name, args: seen.add(args[1][0]) if name == "socket.connect" else None)
sys.addaudithook(lambda name, args: seen.add(name) if name.startswith(("socket.gethostby", "socket.getaddr")) else None)
from datetime import date
from pathlib import Path
from wsyf_scheduler.demo import showing
showing.show(Path("office"), program="wsyf", last_day=date(2022, 5, 25))
print(sorted(seen), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", watched], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "['127.0.0.1']"


def test_ctrl_c_finishes_the_letter_in_hand_and_leaves_with_a_sentence(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", RUN, "demo"],
        cwd=tmp_path,
        env=ENGLISH,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert any("05-24" in line for line in running.stdout)
        running.send_signal(signal.SIGINT)
        printed, complaints = running.communicate(timeout=60)
    assert running.returncode == 130
    assert complaints == ""
    assert printed.splitlines()[-1].startswith("Stopped on 2022-")
    assert "wsyf-demo" in printed.splitlines()[-1]
    folder = tmp_path / "wsyf-demo"
    assert rows(folder, "SELECT count(*) FROM message WHERE state NOT IN ('sent', 'queued')") == [(0,)]
    assert len(letters(folder)) == rows(folder, "SELECT count(*) FROM message WHERE state = 'sent'")[0][0]
    assert len(ask(folder, "list")) == 75


def test_without_its_mail_server_it_says_what_to_install_and_touches_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "aiosmtpd", None)
    monkeypatch.setattr(sys, "argv", ["wsyf", "demo"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 7
    assert "pip install 'wsyf-scheduler[demo]'" in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_the_whole_demo_tells_its_story(run_demo, tmp_path):
    ran = run_demo(tmp_path / "office", LAST_DAY)
    folder = ran.folder
    assert ran.whole
    assert len(letters(folder)) == rows(folder, "SELECT count(*) FROM message WHERE state = 'sent'")[0][0] > 500
    assert [item["key"] for item in ask(folder, "list", "--overdue")] == [NEVER]

    items = {item["key"]: item for item in ask(folder, "list")}
    assert {item["state"] for item in items.values()} == {"open", "done", "waived"}
    assert {key for key, item in items.items() if item["state"] == "open"} == {NEVER}
    assert {key for key, item in items.items() if item["state"] == "waived"} == set(WAIVED)
    assert {key for key, item in items.items() if item["original_due_on"]} == set(EXTENDED)
    reopened = (
        "SELECT a.key FROM event e JOIN assignment a ON a.id = e.assignment_id WHERE action = 'assignment_reopened'"
    )
    assert rows(folder, reopened) == [(key,) for key in REOPENED]
    late = "SELECT key FROM assignment WHERE closed_on > due_on"
    assert {key for (key,) in rows(folder, late)} == {*LATE, *REOPENED}

    told = [(each["letter"], each["audience"]) for each in ask(folder, "show", NEVER)["messages"]]
    assert told.count(("escalation", "department")) == 2 + 12
    assert told.count(("briefing", "director")) == 2 + 12
    assert told.count(("briefing", "chief")) == 1 + 12
    assert rows(folder, "SELECT count(*) FROM message WHERE letter = 'alert'") == [(1,)]
    for key in (NEVER, *EXTENDED, *REOPENED, *WAIVED, *LATE):
        assert key in ran.printed
    for year in range(FIRST_DAY.year, LAST_DAY.year + 1):
        assert f"\n{year}\n" in ran.printed
    story = [line for line in ran.printed.splitlines() if re.match(r"(2023-|\s{10} {3}\w)", line)]
    assert len(story) == len(told) + 1


@pytest.mark.long
def test_what_nobody_hands_in_stays_in_every_digest(run_demo, tmp_path):
    folder = run_demo(tmp_path / "office", date(2023, 9, 30)).folder
    sql = "SELECT raw FROM message WHERE letter = 'digest' AND sent_at > '2023-03-01' ORDER BY id"
    digests = [zlib.decompress(raw) for (raw,) in rows(folder, sql)]
    assert len(digests) > 25
    for raw in digests:
        text = next(part for part in email.message_from_bytes(raw).walk() if part.get_content_type() == "text/plain")
        assert NEVER in text.get_payload(decode=True).decode()
