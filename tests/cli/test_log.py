"""`wsyf log`: the event trail, as a table and as one JSON object a line."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest

from wsyf_scheduler.cli.trail import phrase
from wsyf_scheduler.core.message import MessageState

KEY = "2022/1/emergency"
KEYS = ["at", "who", "action", "plan", "key", "message", "from", "to", "why", "detail"]
EXTEND = ("extend", KEY, "--to", "2022-10-10", "--reason", "数据核对", "--approved-by", "办公室主任")
ON_EXTENSION = "2022-07-15T10:00+08:00"
PACKAGE = Path(__file__).parents[2] / "wsyf_scheduler"


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def test_every_event_is_one_json_object_a_line_oldest_first(lived_desk):
    lines = lived_desk.wsyf("log", "--json").lines
    assert len(lines) == lived_desk.sql("SELECT count(*) FROM event")[0][0]
    assert all(list(line) == KEYS for line in lines)
    instants = [datetime.fromisoformat(line["at"]) for line in lines]
    assert instants == sorted(instants)
    assert {line["at"][-6:] for line in lines} == {"+08:00"}


def test_an_event_word_for_word(lived_desk):
    lived_desk.wsyf(*EXTEND, at=ON_EXTENSION)
    line = lived_desk.wsyf("log", KEY, "--json", "--limit", "1").lines[0]
    assert line.pop("who")
    assert line == {
        "at": "2022-07-15T10:00:00+08:00",
        "action": "assignment_extended",
        "plan": "gaoping-2021-2025",
        "key": KEY,
        "message": None,
        "from": "open",
        "to": "open",
        "why": "数据核对",
        "detail": {"from": "2022-05-31", "to": "2022-10-10", "approved_by": "办公室主任"},
    }


def test_the_trail_of_one_assignment_holds_its_acts_and_its_mail(lived_desk):
    lived_desk.wsyf("done", KEY, "--note", "已收到", at=ON_EXTENSION)
    lived_desk.wsyf("tick", at=ON_EXTENSION)
    lines = lived_desk.wsyf("log", KEY, "--json").lines
    assert {line["key"] for line in lines} == {KEY, None}
    assert [line["action"] for line in lines if line["key"]] == ["assignment_tracked", "assignment_done"]
    mail = [line["message"] for line in lines if line["message"]]
    assert mail == [each["id"] for each in lived_desk.wsyf("show", KEY, "--json").json["messages"] if each["sent_at"]]
    said = lived_desk.wsyf("log", KEY).out
    assert re.search(r"2022-07-15 10:00 +\S+ +closed: 已收到", said)
    assert re.search(r"2022-07-15 10:00 +\S+ +mail \d+ +mail sent \(receipt\)", said)


def test_since_a_day_means_from_its_midnight_in_the_plan_s_zone(lived_desk):
    lines = lived_desk.wsyf("log", "--json", "--since", "2022-07-15").lines
    assert {line["at"] for line in lines} == {"2022-07-15T09:00:00+08:00"}
    assert lived_desk.wsyf("log", "--since", "2022-07-16").out == "nothing is recorded\n"
    assert lived_desk.wsyf("log", "--json", "--since", "2022-07-16").out == ""


def test_a_limit_takes_the_newest_and_still_prints_the_oldest_first(lived_desk):
    assert lived_desk.wsyf("log", "--json", "--limit", "5").lines == lived_desk.wsyf("log", "--json").lines[-5:]


def test_the_table_says_who_when_what_and_why_within_80_columns(lived_desk):
    lived_desk.wsyf(*EXTEND, at=ON_EXTENSION)
    said = lived_desk.wsyf("log", COLUMNS="80").out
    assert max(map(width, said.splitlines())) <= 80
    assert re.search(rf"2022-07-15 10:00 +\S+ +{KEY} +due day", said)
    wide = lived_desk.wsyf("log", "--limit", "1", COLUMNS="160").out
    assert "due day extended: 数据核对; 2022-05-31 → 2022-10-10; approved by 办公室主任" in wide
    assert "people imported: added 21" in lived_desk.wsyf("log", COLUMNS="160").out


def test_papers_kept_with_an_act_are_named(lived_desk):
    paper = lived_desk.folder / "数据表.txt"
    paper.write_text("1", encoding="utf-8")
    lived_desk.wsyf("done", KEY, "--file", paper, at=ON_EXTENSION)
    assert "papers: 数据表.txt" in lived_desk.wsyf("log", KEY).out


def test_every_action_that_is_ever_recorded_has_a_plain_phrase():
    """Whatever a module hands to the trail as its action."""
    written = {
        found
        for path in PACKAGE.rglob("*.py")
        for found in re.findall(r'(?:action=|_event\([^"\n]*)"([a-z]+_[a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert {"assignment_extended", "plan_synced", "due_day_changed"} <= written
    fates = set(MessageState) - {MessageState.QUEUED, MessageState.SENDING}
    for action in written | {f"message_{state.value}" for state in fates}:
        assert phrase(action) != action, action


def test_an_action_of_a_later_version_stands_as_it_is(lived_desk):
    lived_desk.sql("UPDATE event SET action = 'moon_landed' WHERE id = (SELECT max(id) FROM event)")
    assert "moon_landed" in lived_desk.wsyf("log", "--limit", "1").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("2022/1/emergancy",), 3, "did you mean 2022/1/emergency"),
        (("2022/1",), 2, "could mean 2022/1/emergency"),
        (("--since", "someday"), 2, "someday is no date"),
        (("--limit", "-1"), 2, "-1 is not in the range"),
    ],
)
def test_bad_input_is_refused_in_words(lived_desk, words, code, said):
    assert said in lived_desk.wsyf("log", *words, code=code).err.replace("\n", " ")
