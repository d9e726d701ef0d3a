"""`wsyf preview`: a letter as it would go out; nothing is queued, sent or recorded."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.cli.office_fixtures import Desk, bare_office
from tests.cli.test_explain import remove_holders
from wsyf_scheduler.mail.letter import LetterKind
from wsyf_scheduler.mail.phrases import LETTERS

KEY = "2022/1/emergency"
JSON_KEYS = [
    "letter", "key", "on", "from", "to", "cc", "subject", "text", "html", "attachments", "vacant", "sample", "faults",
]  # fmt: skip
bare_desk = pytest.fixture(bare_office)


def previewed(desk: Desk, *words: str):
    return desk.wsyf("preview", *words, "--json").json


def contents(desk: Desk) -> list[str]:
    with closing(sqlite3.connect(desk.database)) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("kind", list(LetterKind))
def test_every_letter_can_be_looked_at_without_a_key_and_leaves_no_trace(lived_desk, kind):
    before, letters = contents(lived_desk), lived_desk.letters()
    said = lived_desk.wsyf("preview", kind.value).out
    assert said.startswith("From: 工伤预防工作办公室 <office@gaoping.example>\nTo: ")
    assert f"\nSubject: 【工伤预防·{LETTERS[kind]}】" in said
    assert "联合领导小组办公室" in said
    assert (contents(lived_desk), lived_desk.letters()) == (before, letters)


def test_the_json_has_stable_keys(lived_desk):
    found = previewed(lived_desk, "chaser", KEY)
    assert list(found) == JSON_KEYS
    assert (found["letter"], found["key"], found["on"], found["sample"]) == ("chaser", KEY, "2022-07-15", False)
    assert found["to"] == [{"address": "liaison.emergency@gaoping.example", "name": "应急局联络员"}]
    assert found["cc"] == [{"address": "convener.emergency@gaoping.example", "name": "应急局召集人"}]
    assert found["text"] in lived_desk.wsyf("preview", "chaser", KEY).out + "\n"
    assert found["html"].startswith("<!DOCTYPE html>")


def test_a_letter_stands_as_the_next_one_would(lived_desk):
    """Six escalations have gone; the next is the seventh, and names who was told before."""
    went = lived_desk.wsyf("outbox", "list", "--letter", "escalation", "--json").json
    count = sum(KEY in {row["key"] for row in each["rows"]} for each in went)
    text = previewed(lived_desk, "escalation", KEY)["text"]
    assert f"第{count + 1}次督办" in text
    assert "此前告知" in text


def test_without_a_key_a_reminder_is_about_what_lies_ahead_and_a_chaser_about_what_is_overdue(lived_desk):
    items = {item["key"]: item for item in lived_desk.wsyf("list", "--json").json}
    assert items[previewed(lived_desk, "reminder")["key"]]["overdue"] is False
    for kind in ("chaser", "escalation", "briefing"):
        assert items[previewed(lived_desk, kind)["key"]]["overdue"] is True


def test_a_chaser_before_the_due_day_is_dated_when_its_rung_lands(lived_desk):
    answer = lived_desk.wsyf("preview", "chaser", "2022/6/hrss")
    assert "such a letter does not go today; this one is dated 2023-01-03" in answer.err
    assert "（已逾期3天）" in answer.out


def test_a_reminder_after_the_due_day_is_dated_when_the_last_one_went(lived_desk):
    assert previewed(lived_desk, "reminder", KEY)["on"] == "2022-05-31"


def test_a_start_carries_its_deadline_for_the_calendar(lived_desk):
    form = "数据报送表_2022-1-emergency.xlsx"
    assert previewed(lived_desk, "start", KEY)["attachments"] == ["deadline.ics", form]
    assert f"Attached: deadline.ics, {form}" in lived_desk.wsyf("preview", "start", KEY).out


@pytest.mark.parametrize("kind", ["receipt", "change", "alert"])
def test_what_has_not_happened_is_called_a_sample(lived_desk, kind):
    answer = lived_desk.wsyf("preview", kind, KEY)
    assert "a sample: what this letter tells has not happened" in answer.err
    assert "2021年度安全生产事故数据" in answer.out
    assert previewed(lived_desk, kind, KEY)["sample"] is True


def test_a_change_tells_whom_the_last_escalation_and_briefing_reached(lived_desk):
    cc = {box["address"] for box in previewed(lived_desk, "change", KEY)["cc"]}
    assert cc == {"convener.emergency@gaoping.example", "director@gaoping.example", "chief@gaoping.example"}


def test_html_is_written_to_a_file(lived_desk):
    path = lived_desk.folder / "letter.html"
    answer = lived_desk.wsyf("preview", "reminder", "--html", path)
    assert f"written: {path}" in answer.err
    assert path.read_text(encoding="utf-8") == previewed(lived_desk, "reminder")["html"]
    nowhere = lived_desk.folder / "no" / "letter.html"
    assert "cannot be written" in lived_desk.wsyf("preview", "reminder", "--html", nowhere, code=1).err


def test_the_office_s_own_template_is_used_and_a_mistake_in_it_is_named(lived_desk):
    own = lived_desk.folder / "templates" / "email" / "reminder.subject.txt"
    own.write_text("本办公室的主题", encoding="utf-8")
    assert previewed(lived_desk, "reminder")["subject"] == "本办公室的主题"
    own.write_text("{{ nonsense }}", encoding="utf-8")
    answer = lived_desk.wsyf("preview", "reminder")
    assert "a mistake in a template, the packaged ones serve" in answer.err
    assert "reminder.subject.txt" in answer.err
    assert "【工伤预防·提醒】" in answer.out


def test_a_vacant_post_is_named(lived_desk):
    remove_holders(lived_desk, "liaison.emergency@")
    answer = lived_desk.wsyf("preview", "chaser", KEY)
    assert "vacant: 应急 liaison" in answer.err
    assert "To: 应急局召集人" in answer.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("remindr",), 2, "there is no letter remindr"),
        (("remindr",), 2, "did you mean reminder?"),
        (("reminder", "2022/1/emergancy"), 3, "did you mean 2022/1/emergency"),
        (("reminder", "2022/1"), 2, "could mean 2022/1/emergency"),
        (("digest", KEY), 2, "a digest is about no single assignment"),
        (("test", KEY), 2, "a test is about no single assignment"),
        ((), 2, "Missing argument 'LETTER'"),
    ],
)
def test_bad_input_is_refused_in_words(lived_desk, words, code, said):
    assert said in lived_desk.wsyf("preview", *words, code=code).err.replace("\n", " ")


def test_where_nothing_is_open_it_asks_for_a_key(lived_desk):
    lived_desk.sql("UPDATE assignment SET state = 'waived'")
    assert "no open assignment gets a reminder" in lived_desk.wsyf("preview", "reminder", code=3).err
    assert previewed(lived_desk, "reminder", KEY)["key"] == KEY


def test_a_ladder_without_such_a_letter_says_so(lived_desk):
    path = lived_desk.config
    text = path.read_text(encoding="utf-8")
    blocks = [block for block in text.split("[[ladder]]") if 'letter = "chaser"' not in block]
    path.write_text("[[ladder]]".join(blocks), encoding="utf-8")
    assert "the ladder writes no chaser" in lived_desk.wsyf("preview", "chaser", KEY, code=4).err


def test_without_a_database_or_a_plan_it_says_what_to_do(bare_desk):
    assert "wsyf plan sync" in bare_desk.wsyf("preview", "test", code=6).err
    bare_desk.wsyf("upgrade")
    assert "no plan is tracked yet; run `wsyf plan sync`" in bare_desk.wsyf("preview", "digest", code=3).err
