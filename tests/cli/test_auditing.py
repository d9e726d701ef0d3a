"""`wsyf audit`: clean or not, in words, as JSON, and by exit code."""

from __future__ import annotations

import unicodedata

import pytest

from tests.cli.office_fixtures import Desk, real_office

KEY = "2022/1/emergency"
real_desk = pytest.fixture(real_office)


def meddle(desk: Desk) -> int:
    """A chaser's row is deleted, and a message sent to somebody else; returns the message's id."""
    item = desk.sql("SELECT id FROM assignment WHERE key = ?", KEY)[0][0]
    desk.sql("DELETE FROM notice WHERE assignment_id = ? AND rung = 'chase-1w'", item)
    row = desk.sql("SELECT message_id FROM notice WHERE assignment_id = ? AND rung = 'remind-7'", item)
    desk.sql("""UPDATE message SET "to" = '["x@gaoping.example"]' WHERE id = ?""", row[0][0])
    return int(row[0][0])


def test_an_office_in_order_says_what_was_examined(lived_desk):
    said = lived_desk.wsyf("audit").out.strip()
    letters = lived_desk.sql("SELECT count(*) FROM message WHERE state = 'sent' AND letter NOT IN ('digest', 'alert')")
    assert said == (
        f"75 assignments, {letters[0][0]} letters, 2022-05-19 to 2022-07-15: nothing missing, nothing too many"
    )


def test_as_json_its_keys_are_stable(lived_desk):
    clean = lived_desk.wsyf("audit", "--json").json
    assert list(clean) == ["from", "until", "assignments", "letters", "findings"]
    assert (clean["from"], clean["until"][:10]) == ("2022-05-19T00:00:00+08:00", "2022-07-15")
    assert (clean["assignments"], clean["findings"]) == (75, [])
    message = meddle(lived_desk)
    wrong, missing = lived_desk.wsyf("audit", "--json", code=1).json["findings"]
    assert list(missing) == [
        "kind", "plan", "key", "letter", "rung", "repeat", "receiver", "day", "at", "message", "expected", "found",
    ]  # fmt: skip
    assert (missing["kind"], missing["key"], missing["rung"], missing["day"]) == (
        "missing",
        KEY,
        "chase-1w",
        "2022-06-01",
    )
    assert missing["expected"]["verdict"] == "notify"
    assert missing["found"] is None
    assert (wrong["kind"], wrong["message"], wrong["found"]["to"]) == ("wrong-address", message, ["x@gaoping.example"])


def test_what_is_wrong_is_said_in_plain_words_and_by_the_exit_code(lived_desk):
    meddle(lived_desk)
    said = lived_desk.wsyf("audit", code=1).out
    assert "chaser (chase-1w), 应急" in said
    words = " ".join(said.split())
    assert "owed, and never decided; decision: a letter; why: its slot had come; to: liaison; cc: convener" in words
    assert "its mail went to others than held the posts that day; to: x@gaoping.example (owed: liaison.emerg" in words
    assert said.strip().endswith("2022-05-19 to 2022-07-15: 2 faults")


def test_since_a_day_only_what_concerns_it_or_later_ones_counts(lived_desk):
    meddle(lived_desk)
    found = lived_desk.wsyf("audit", "--since", "2022-05-25", "--json", code=1).json["findings"]
    assert [each["kind"] for each in found] == ["missing"]
    assert "2022-06-02 to 2022-07-15: nothing missing" in lived_desk.wsyf("audit", "--since", "2022-06-02").out


def test_at_80_columns_no_line_is_wider(lived_desk):
    meddle(lived_desk)
    for line in lived_desk.wsyf("audit", code=1, COLUMNS="80").out.splitlines()[:-1]:
        assert sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line) <= 80


def test_it_changes_nothing(lived_desk):
    before = lived_desk.sql("SELECT count(*), max(hash) FROM event")
    lived_desk.wsyf("audit")
    assert lived_desk.sql("SELECT count(*), max(hash) FROM event") == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [(("--since", "2022-02-30"), 2, "2022-02-30"), (("--until", "2022-01-01"), 2, "--until"), (("x",), 2, "x")],
)
def test_bad_input_is_refused_in_words(lived_desk, words, code, said):
    answer = lived_desk.wsyf("audit", *words, code=code)
    assert said in answer.err


def test_an_office_without_a_plan_has_nothing_to_audit(real_desk):
    for table in ("event", "notice", "assignment", "plan_version"):
        real_desk.sql(f"DELETE FROM {table}")
    assert "0 assignments, 0 letters" in real_desk.wsyf("audit").out
