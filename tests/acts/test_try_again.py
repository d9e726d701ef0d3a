"""`wsyf outbox retry`: what repeats a sent letter takes nothing in, and what waits for its own time goes on waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.audit.auditing import faults
from tests.cast import DEPARTMENTS, Office, brief, day, make_office, make_plan, task
from wsyf_scheduler.acts import close, hand_over, remind, try_again, undo
from wsyf_scheduler.acts.hand_over import Successor
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.mail.letter import Outcome, Phase, Sent
from wsyf_scheduler.picking import Picked

KEY, SECOND, THIRD = "2023/1/emergency", "2023/2/emergency", "2023/3/housing"
PLAN = make_plan(*(task(n, lead=[lead], due=day("2023-02-28")) for n, lead in enumerate(["emergency"] * 2, start=1)))
MINUTE = timedelta(minutes=1)
NEW = "new@county.example"


@pytest.fixture
def office() -> Office:
    office = make_office("2023-01-28 00:00", texts=PLAN, delay=10 * MINUTE)
    office.live("2023-02-20 10:00")
    return office


def retry(office: Office, *ids: int, again: bool = False) -> try_again.Retried:
    found: try_again.Retried = office.act(
        try_again.act, picked=Picked(ids=tuple(str(each) for each in ids)), again=again
    )
    return found


def last_sent(office: Office, letter: str) -> int:
    return int(office.messages(letter=letter, state="sent", department="emergency")[-1]["id"])


def test_a_receipt_is_written_while_a_repeated_one_waits(office: Office) -> None:
    office.act(close.act, keys=[SECOND])
    office.live("2023-02-20 11:00")
    retry(office, last_sent(office, "receipt"), again=True)
    office.act(close.act, keys=[KEY])
    office.live("2023-02-20 12:00")
    written = [[row.key for row in letter.rows] for letter, *_ in office.writer.written if letter.kind == "receipt"]
    assert written == [[SECOND], [KEY]]
    assert len(office.messages(letter="receipt", state="sent")) == 3
    assert faults(office) == []


def test_a_reminder_asked_for_is_written_while_a_repeated_one_waits(office: Office) -> None:
    retry(office, last_sent(office, "reminder"), again=True)
    office.act(remind.act, keys=[KEY])
    office.tick()
    letter, *_ = office.letter("reminder")
    assert (letter.on, [row.key for row in letter.rows]) == (day("2023-02-20"), [KEY])
    assert faults(office) == []


def hand_on(office: Office) -> int:
    given = {"meant": "emergency/liaison", "on": day("2023-03-01"), "names": DEPARTMENTS}
    office.act(hand_over.act, successor=Successor(address=NEW, name="新联络员"), **given)
    return int(office.messages(letter="hand-over")[0]["id"])


def handed(office: Office) -> list[tuple[str, object]]:
    return [(str(line["at"])[:16], line["to"]) for line in office.lines if line["letter"] == "hand-over"]


def test_trying_all_again_leaves_alone_what_waits_for_its_own_time(office: Office) -> None:
    hand_on(office)
    office.go("2023-02-20 10:01")
    office.act(close.act, keys=[KEY])
    with pytest.raises(Forbidden, match="no mail waits for another try"):
        retry(office)
    office.tick()
    undo.act(office.app, office.now, who="coordinator")
    assert office.item(KEY).state is State.OPEN
    office.live("2023-03-02 12:00")
    assert handed(office) == [("2023-03-01T09:00", [NEW])]
    assert faults(office) == []


def test_what_a_server_put_off_is_tried_at_once(office: Office) -> None:
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.RETRY, phase=Phase.CONNECT)
    office.tick("2023-02-21 09:00")
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
    office.act(close.act, keys=[SECOND])
    (waiting,) = office.messages(state="retry")
    assert retry(office).ids == (waiting["id"],)
    assert [brief(line)[3] for line in office.tick()] == [[f"remind-7 {KEY}"]]


def test_a_hand_over_letter_that_is_named_goes_before_its_day_to_the_successor_alone(office: Office) -> None:
    retry(office, hand_on(office))
    office.tick("2023-02-20 10:01")
    assert handed(office) == [("2023-02-20T10:01", [NEW])]
    assert faults(office) == []
