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
    assert line["detail"].pop("before")["due_on"] == "2022-05-31"
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


# --- --verify -------------------------------------------------------------------


def test_an_untouched_trail_is_unbroken_and_its_heads_can_be_noted(lived_desk):
    said = lived_desk.wsyf("log", "--verify").out
    count = lived_desk.sql("SELECT count(*) FROM event")[0][0]
    (seq, digest) = lived_desk.sql("SELECT seq, hash FROM chain_head WHERE chain = 'gaoping-2021-2025'")[0]
    assert said.startswith(f"{count} events in 2 chains, unbroken\n")
    assert f"head of gaoping-2021-2025: #{seq} {digest[:16]}\n" in said
    assert "head of the office: #" in said
    told = lived_desk.wsyf("log", "--verify", "--json").json
    assert told == {
        "unbroken": True,
        "events": count,
        "chains": [
            {"plan": plan or None, "seq": seq, "hash": digest}
            for plan, seq, digest in lived_desk.sql("SELECT chain, seq, hash FROM chain_head ORDER BY chain")
        ],
        "faults": [],
        "more_faults": 0,
    }
    lived_desk.wsyf("log", "--verify", "--expect", f"{seq}:{digest[:16]}")
    lived_desk.wsyf("log", "--verify", "--expect", f"#{seq}:{digest.upper()}", "--expect", f"{seq}:{digest[:8]}")


def test_a_changed_event_is_named_with_its_number_day_and_action(lived_desk):
    ((event_id, seq),) = lived_desk.sql(
        "SELECT id, seq FROM event WHERE action = 'assignment_tracked' AND seq > 3 ORDER BY id LIMIT 1"
    ) or lived_desk.sql("SELECT id, seq FROM event WHERE chain <> '' AND seq = 3")
    lived_desk.sql("UPDATE event SET who = 'nobody' WHERE id = ?", event_id)
    said = lived_desk.wsyf("log", "--verify", code=1).out
    first = said.splitlines()[0]
    assert first.startswith(f"gaoping-2021-2025 #{seq} (event {event_id}, 2022-05-19 00:00, ")
    assert "changed: its hash does not fit what it says" in first
    assert "BROKEN" in said
    told = lived_desk.wsyf("log", "--verify", "--json", code=1).json
    assert told["unbroken"] is False
    (fault,) = told["faults"]
    assert {name: fault[name] for name in ("fault", "plan", "seq", "last_seq", "event", "at")} == {
        "fault": "changed",
        "plan": "gaoping-2021-2025",
        "seq": seq,
        "last_seq": seq,
        "event": event_id,
        "at": "2022-05-19T00:00:00+08:00",
    }


def test_missing_events_are_named_by_number_in_the_middle_and_at_the_end(lived_desk):
    ((last,),) = lived_desk.sql("SELECT max(seq) FROM event WHERE chain <> ''")
    lived_desk.sql("DELETE FROM event WHERE chain <> '' AND (seq BETWEEN 5 AND 7 OR seq = ?)", last)
    said = lived_desk.wsyf("log", "--verify", code=1).out
    assert "gaoping-2021-2025 #5: missing: events #5 to #7 are gone\n" in said
    assert f"gaoping-2021-2025 #{last}: missing: the event is gone\n" in said


def test_a_noted_head_that_is_not_in_the_trail_is_said(lived_desk):
    said = lived_desk.wsyf("log", "--verify", "--expect", "5:0123456789", code=1).out
    assert "the noted head: no event #5 has the hash that was noted" in said


def test_control_characters_somebody_wrote_into_an_event_break_no_terminal(lived_desk):
    lived_desk.sql("UPDATE event SET at = ?, action = ? WHERE id = 7", "\x1b[2J", "\x1b]0;x\x07")
    said = lived_desk.wsyf("log", "--verify", code=1).out
    assert "\x1b" not in said
    assert "\x07" not in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--verify", "--expect", "5"), "as in 412:3fa9c0d2, found 5"),
        (("--verify", "--expect", "5:123"), "at least 8 digits"),
        (("--verify", "--expect", "x:12345678"), "expected a number"),
        (("--expect", "5:12345678"), "--expect goes with --verify"),
        (("--verify", "2022/1/emergency"), "give it alone"),
        (("--verify", "--limit", "5"), "give it alone"),
        (("--verify", "--since", "2022-05-19"), "give it alone"),
    ],
)
def test_what_verify_does_not_take_is_said(lived_desk, words, said):
    assert said in lived_desk.wsyf("log", *words, code=2).err.replace("\n", " ")
