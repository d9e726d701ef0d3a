"""`wsyf outbox release`, `discard`, `retry` at the terminal: what they say, what they refuse, what programs read."""

from __future__ import annotations

import pytest

from tests.cli.office_fixtures import Desk, rehearsal_office

desk = pytest.fixture(rehearsal_office)
MORNING = "2022-05-19T09:00"


@pytest.fixture
def held(desk: Desk) -> Desk:
    """The first morning of the plan brought more letters than the office allows at once."""
    desk.edit("config.toml", "max_messages = 20 ", "max_messages = 2 ")
    counts = desk.wsyf("tick", "--json", at=MORNING).json
    assert counts["queued"] > 2
    return desk


def states(desk: Desk) -> set[str]:
    return {state for (state,) in desk.sql("SELECT state FROM message WHERE letter != 'alert'")}


def test_a_blast_is_held_and_the_desk_names_the_command_that_lets_it_go(held):
    assert states(held) == {"held"}
    assert "wsyf outbox release" in held.wsyf(at=MORNING).out
    shown = held.wsyf("outbox", "show", "1", at=MORNING).out
    assert "held back" in shown


def test_released_it_goes_with_the_next_round(held):
    count = len(held.sql("SELECT 1 FROM message WHERE state = 'held'"))
    assert held.wsyf("outbox", "release", at=MORNING).out.startswith(f"{count} messages released: 1, ")
    held.wsyf("tick", at="2022-05-19T09:01")
    assert states(held) == {"sent"}


def test_for_programs_each_act_prints_ids(held):
    ids = [message_id for (message_id,) in held.sql("SELECT id FROM message WHERE state = 'held' ORDER BY id")]
    assert held.wsyf("outbox", "discard", "--department", "housing", "--json", at=MORNING).json["hold_ended"] is False
    assert held.wsyf("outbox", "retry", "--state", "discarded", "--all", "--json", at=MORNING, code=2).out == ""
    retried = held.wsyf("outbox", "retry", "--state", "discarded", "--json", at=MORNING).json
    assert set(retried) == {"retried", "repeats", "dry_run"}
    released = held.wsyf("outbox", "release", "--json", at=MORNING).json
    left = [each for each in ids if each not in retried["retried"]]
    assert released == {"released": left, "hold_ended": None, "dry_run": False}


def test_an_act_is_written_into_the_trail_in_words(held):
    held.wsyf("outbox", "release", "--letter", "start", "--reason", "checked", at=MORNING)
    log = held.wsyf("log", at=MORNING).out
    assert "mail let go" in log
    assert "checked" in log


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (["release", "999"], 3, "there is no message 999"),
        (["release", "--all", "1"], 2, "--all, or particular messages, not both"),
        (["discard", "1", "--letter", "start"], 2, "by id, or by filters, not both"),
        (["retry"], 2, "name messages, filters, or --all"),
        (["retry", "--again", "--all"], 2, "--again needs the messages named"),
        (["retry", "1"], 4, "it is held back; `wsyf outbox release 1` lets it go"),
        (["release", "--letter", "receipt"], 4, "no mail is held"),
        (["release", "--letter", "letter"], 2, "'letter' is not one of"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(held, given, code, words):
    before = held.sql("SELECT id, state FROM message ORDER BY id")
    refused = held.wsyf("outbox", *given, at=MORNING, code=code)
    assert words in refused.err
    assert held.sql("SELECT id, state FROM message ORDER BY id") == before


def test_a_sent_letter_is_repeated_only_with_again(held):
    held.wsyf("outbox", "release", at=MORNING)
    held.wsyf("tick", at="2022-05-19T09:01")
    refused = held.wsyf("outbox", "retry", "1", at="2022-05-19T09:02", code=4)
    assert "`wsyf outbox retry 1 --again` sends the same letter once more" in refused.err
    new = held.wsyf("outbox", "retry", "1", "--again", "--json", at="2022-05-19T09:02").json["repeats"]
    held.wsyf("tick", at="2022-05-19T09:03")
    first, second = held.sql("SELECT message_id, raw FROM message WHERE id IN (1, ?) ORDER BY id", *new)
    assert first == second


@pytest.mark.parametrize("words", [("release",), ("discard",), ("discard", "--department", "housing")])
def test_a_dry_run_says_what_would_follow_and_changes_nothing(held, words):
    tables = "SELECT state, count(*) FROM message GROUP BY state UNION ALL SELECT 'events', count(*) FROM event"
    before = held.sql(tables)
    said = held.wsyf("outbox", *words, "--dry-run", at=MORNING).out
    assert said.endswith("nothing was changed\n")
    would = held.wsyf("outbox", *words, "--dry-run", "--json", at=MORNING).json
    assert would.pop("dry_run") is True
    assert held.sql(tables) == before
    done = held.wsyf("outbox", *words, "--json", at=MORNING).json
    assert done.pop("dry_run") is False
    assert done == would


def test_a_dry_run_of_a_retry_changes_nothing(held):
    held.wsyf("outbox", "discard", "--department", "housing", at=MORNING)
    before = held.sql("SELECT id, state FROM message ORDER BY id")
    assert "nothing was changed" in held.wsyf("outbox", "retry", "--state", "discarded", "--dry-run", at=MORNING).out
    assert held.sql("SELECT id, state FROM message ORDER BY id") == before
