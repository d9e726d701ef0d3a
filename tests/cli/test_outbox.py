"""`wsyf outbox list` and `show`: messages and their fate, as tables, JSON and exact bytes."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
import zlib
from datetime import datetime

import pytest

from tests.cli.office_fixtures import PROGRAM, Desk
from wsyf_scheduler import config
from wsyf_scheduler.acts import close
from wsyf_scheduler.opening import open_app
from wsyf_scheduler.ticks import remind

KEY = "2022/1/emergency"
MESSAGE_KEYS = [
    "id", "plan", "letter", "department", "audience", "state", "queued_at", "not_before", "sent_at", "tries", "message_id",
    "subject", "to", "cc", "trouble", "rows",
]  # fmt: skip


def listed(desk: Desk, *words: str):
    return desk.wsyf("outbox", "list", "--json", *words).json


def newest(desk: Desk, letter: str) -> int:
    return int(listed(desk, "--letter", letter)[-1]["id"])


def queue_the_22nd(desk: Desk) -> None:
    """Decide the morning of 2022-07-22 and send nothing."""
    at = datetime.fromisoformat("2022-07-22T09:00:00+08:00")
    app = open_app(config.load(desk.config), who="coordinator", at=at)
    remind.run(app, at)
    app.db.close()


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def test_alone_it_lists_what_has_not_left_and_the_last_20_sent_newest_last(lived_desk):
    total = lived_desk.sql("SELECT count(*) FROM message")[0][0]
    ids = [each["id"] for each in listed(lived_desk)]
    assert ids == list(range(total - 19, total + 1))
    queue_the_22nd(lived_desk)
    found = listed(lived_desk)
    assert [each["state"] for each in found[:20]] == ["sent"] * 20
    assert {each["state"] for each in found[20:]} == {"queued"}
    lived_desk.sql("UPDATE message SET state = 'discarded', sent_at = NULL WHERE id = 1")
    assert 1 in [each["id"] for each in listed(lived_desk)]


def test_the_json_of_a_message_has_stable_keys(lived_desk):
    (found,) = listed(lived_desk, "--letter", "chaser", "--limit", "1")
    assert list(found) == MESSAGE_KEYS
    assert found["to"] == ["liaison.hrss@gaoping.example"]
    assert found["cc"] == ["convener.hrss@gaoping.example"]
    assert found["sent_at"] == "2022-07-01T09:00:00+08:00"
    assert found["subject"].startswith("【工伤预防·催办】")
    assert found["rows"] == [
        {
            "key": "2022/campaign/hrss",
            "title": "年度集中宣传活动",
            "rung": "chase-1w",
            "repeat": 0,
            "role": "lead",
            "due_on": "2022-06-30",
            "reason": "due",
            "dropped": None,
        }
    ]


@pytest.mark.parametrize(
    ("words", "test"),
    [
        (("--state", "sent"), lambda each: each["state"] == "sent"),
        (("--letter", "digest"), lambda each: each["letter"] == "digest"),
        (("--since", "2022-07-01"), lambda each: each["sent_at"] >= "2022-07-01"),
        (("--since", "2022-07-01", "--letter", "briefing"), lambda each: each["letter"] == "briefing"),
    ],
)
def test_filters_leave_only_what_they_name_and_all_of_it(lived_desk, words, test):
    found = listed(lived_desk, *words)
    everything = listed(lived_desk, "--limit", "1000000")
    assert found
    assert all(map(test, found))
    since = "2022-07-01" if "--since" in words else ""
    assert found == [each for each in everything if test(each) and each["sent_at"] >= since]


def test_a_day_begins_at_midnight_of_the_plan_s_zone(lived_desk):
    assert listed(lived_desk, "--since", "2022-07-15")[0]["sent_at"] == "2022-07-15T09:00:00+08:00"
    assert listed(lived_desk, "--since", "2022-07-16") == []


def test_a_limit_takes_the_newest(lived_desk):
    assert listed(lived_desk, "--limit", "3") == listed(lived_desk)[-3:]


def test_what_had_nothing_left_to_say_is_counted_and_shown_when_asked_for(lived_desk):
    queue_the_22nd(lived_desk)
    app = open_app(config.load(lived_desk.config), who="coordinator")
    items = [each["key"] for each in lived_desk.wsyf("list", "--json", "--department", "emergency").json]
    close.act(app, app.clock.now(), keys=items, who="coordinator")
    app.db.close()
    lived_desk.wsyf("tick", at="2022-07-22T09:01+08:00")
    assert (
        "1 more had nothing left to say: --state cancelled, --state superseded" in lived_desk.wsyf("outbox", "list").out
    )
    (gone,) = listed(lived_desk, "--state", "cancelled")
    assert [row["dropped"] for row in gone["rows"]] == ["done", "done"]
    assert "taken out: it was closed by then" in lived_desk.wsyf("outbox", "show", gone["id"]).out


def test_the_table_fits_80_columns_and_says_what_waits_by_its_keys(lived_desk):
    queue_the_22nd(lived_desk)
    said = lived_desk.wsyf("outbox", "list", COLUMNS="80").out
    assert max(map(width, said.splitlines())) <= 80
    assert re.search(r"\d+ +waiting +escalation +应急 +07-22 09:00 +2021-2022/4/emergency", said)
    assert re.search(r"\d+ +sent +briefing +director +07-15 09:00", said)
    assert "督办】" not in said


def test_an_empty_outbox_says_so(lived_desk):
    assert lived_desk.wsyf("outbox", "list", "--state", "held").out == "0 messages\n"
    assert listed(lived_desk, "--state", "held") == []


def test_one_message_is_shown_with_headers_rows_attempts_and_text(lived_desk):
    said = lived_desk.wsyf("outbox", "show", newest(lived_desk, "escalation"), COLUMNS="100").out
    assert "escalation, 交通; sent, 2022-07-15 09:00" in said
    assert "From: 工伤预防工作办公室 <office@gaoping.example>" in said
    assert "To: 交通局召集人 <convener.transport@gaoping.example>" in said
    assert "Subject: 【工伤预防·督办】" in said
    assert re.search(r"2022/1/transport +escalate-n 5 +2022-05-31 +2021年度安全生产事故数据", said)
    assert re.search(r"2022-07-15 09:00:00 +reply +sent", said)
    assert "任务编号：2022/1/transport" in said


def test_the_json_of_one_message_adds_headers_attempts_and_text(lived_desk):
    message = lived_desk.wsyf("show", KEY, "--json").json["messages"][0]["id"]
    found = lived_desk.wsyf("outbox", "show", message, "--json").json
    assert list(found) == [*MESSAGE_KEYS, "attempts", "headers", "attachments", "text"]
    assert list(found["attempts"][0]) == ["at", "phase", "outcome", "code", "text", "refused"]
    assert found["headers"]["Message-ID"] == found["message_id"]
    keys = ("2021-2022-4", "2022-1", "2021-2022-7", "2022-4")
    assert set(found["attachments"]) == {"deadline.ics", *(f"数据报送表_{key}-emergency.xlsx" for key in keys)}
    assert found["text"].startswith("高平市")
    assert "\r" not in found["text"]


def test_trouble_and_refused_recipients_are_shown(lived_desk):
    message = newest(lived_desk, "chaser")
    lived_desk.sql(
        "UPDATE message SET state = 'retry', sent_at = NULL, trouble = '451 too often' WHERE id = ?", message
    )
    lived_desk.sql(
        "UPDATE attempt SET outcome = 'retry', phase = 'rcpt', code = 451, text = 'too often', refused = ? "
        "WHERE message_id = ?",
        '[["convener.hrss@gaoping.example", 550, "no such user"]]',
        message,
    )
    said = lived_desk.wsyf("outbox", "show", message, COLUMNS="200").out
    assert "not sent yet, tried again later" in said
    assert "trouble: 451 too often" in said
    assert re.search(
        r"rcpt +not sent, tried again +451 +too often; refused convener.hrss@gaoping.example: 550 no such", said
    )
    (attempt,) = lived_desk.wsyf("outbox", "show", message, "--json").json["attempts"]
    assert attempt["refused"] == [{"address": "convener.hrss@gaoping.example", "code": 550, "text": "no such user"}]


def test_raw_prints_the_exact_bytes(lived_desk):
    message = newest(lived_desk, "start")
    program = [*PROGRAM, "--config", str(lived_desk.config), "outbox", "show", str(message), "--raw"]
    out = subprocess.run(program, capture_output=True, check=True, timeout=60).stdout
    (packed,) = lived_desk.sql("SELECT raw FROM message WHERE id = ?", message)[0]
    assert out == zlib.decompress(packed)
    assert out.startswith(b"From: ")


def test_a_message_without_bytes_says_when_they_are_made(lived_desk):
    queue_the_22nd(lived_desk)
    message = listed(lived_desk, "--state", "queued")[0]["id"]
    assert "they are made when it leaves" in lived_desk.wsyf("outbox", "show", message).out
    assert "has no bytes yet" in lived_desk.wsyf("outbox", "show", message, "--raw", code=3).err
    found = lived_desk.wsyf("outbox", "show", message, "--json").json
    assert (found["headers"], found["text"], found["attempts"]) == (None, None, [])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "99999"), 3, "there is no message 99999; `wsyf outbox list` shows them"),
        (("show", "9" * 30), 3, "there is no message 9999"),
        (("show", "first"), 3, "there is no message first; `wsyf outbox list` shows them"),
        (("show", "1", "--raw", "--json"), 2, "--raw or --json, not both"),
        (("list", "--state", "lost"), 2, "'lost' is not one of"),
        (("list", "--letter", "remindr"), 2, "'remindr' is not one of"),
        (("list", "--since", "2023-02-29"), 2, "2023-02-29"),
        (("list", "--limit", "0"), 2, "0 is not in the range"),
    ],
)
def test_bad_input_is_refused_in_words(lived_desk, words, code, said):
    assert said in lived_desk.wsyf("outbox", *words, code=code).err.replace("\n", " ")


def test_looking_at_messages_imports_no_sql_library(lived_desk):
    program = (
        "import sys; from wsyf_scheduler.cli.main import wsyf; "
        f"base = ['--config', {str(lived_desk.config)!r}]; "
        "[wsyf.main([*base, *words, '--json'], standalone_mode=False) for words in "
        "(['outbox', 'list'], ['outbox', 'show', '1'], ['log'], ['explain', '2022/1/e'])]; "
        "sys.exit(bool({'sqlalchemy', 'sqlmodel', 'jinja2', 'rich'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL, check=False, timeout=60).returncode
        == 0
    )
