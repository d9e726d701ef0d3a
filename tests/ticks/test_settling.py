"""What an answer of the server means: refused addresses, partly taken letters, pauses, limits, a database in trouble."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.cast import Office, brief, day, everybody, make_holder, make_office, make_plan, task
from wsyf_scheduler.acts import close, try_again
from wsyf_scheduler.config import Limits
from wsyf_scheduler.core.message import TRANSITIONS, MessageState, may_become
from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.picking import Picked
from wsyf_scheduler.store import outbox, pauses, refusals
from wsyf_scheduler.ticks import deliver, rescue

KEY = "2023/1/emergency"
ONE = make_plan(task(1, due=day("2023-02-28")))
SENT = Sent(outcome=Outcome.SENT, phase=Phase.REPLY, code=250, text="queued")
LIAISON, CONVENER = "liaison.emergency@county.example", "convener.emergency@county.example"
GONE = (550, "no such user")
BUSY = (452, "mailbox full")


def refusing(**answers: tuple[int, str]):
    """A server that refuses these readers, by their role, and takes the rest."""

    def fate(outgoing: Outgoing) -> Sent:
        refused = tuple(
            Refusal(address=address, code=answers[role][0], text=answers[role][1])
            for address in outgoing.recipients
            if (role := address.split(".")[0].split("@")[0]) in answers
        )
        gone = {each.address for each in refused if each.code == 550}
        if len(refused) == len(outgoing.recipients) or (outgoing.needed and gone.issuperset(outgoing.needed)):
            outcome = (
                Outcome.REFUSED if len(gone) == len(refused) or gone.issuperset(outgoing.needed) else Outcome.RETRY
            )
            return Sent(
                outcome=outcome, phase=Phase.RCPT, code=refused[-1].code, text=refused[-1].text, refused=refused
            )
        return replace(SENT, refused=refused)

    return fate


@pytest.fixture
def office() -> Office:
    """On the evening before the reminder of 2023-02-21, all earlier letters sent."""
    found = make_office("2023-01-28 00:00", texts=ONE)
    found.live("2023-02-20 20:00")
    found.mailer.sent.clear()
    return found


@pytest.fixture
def late() -> Office:
    """On the morning of the chaser, which the convener gets a copy of."""
    found = make_office("2023-01-28 00:00", texts=ONE)
    found.live("2023-03-01 08:00")
    found.mailer.sent.clear()
    return found


def readers(office: Office) -> list[list[str]]:
    return [[address.split("@")[0] for address in each.recipients] for each in office.mailer.sent]


# --- Addresses refused for good ----------------------------------------------------------------------------------


def test_a_letter_whose_reader_is_refused_for_good_goes_to_the_next_role_at_once(office):
    office.mailer.fate = refusing(liaison=GONE)
    office.tick("2023-02-21 09:00")
    assert readers(office)[:2] == [["liaison.emergency"], ["convener.emergency"]]
    first, second = office.mailer.sent[:2]
    assert first.data != second.data  # a letter of its own, with an id of its own
    (message,) = office.messages(letter="reminder")[-1:]
    assert (message["state"], json.loads(message["to"])) == ("sent", [CONVENER])
    assert office.alerts() == ["应急联络员的邮箱地址被拒收"]
    lines = json.loads(office.messages(letter="alert")[0]["payload"])["lines"]
    assert "该信函已改送应急召集人。" in lines


def test_later_letters_leave_the_refused_address_out_without_asking_the_server_again(office):
    office.mailer.fate = refusing(liaison=GONE)
    office.tick("2023-02-21 09:00")
    office.mailer.sent.clear()
    office.tick("2023-02-23 09:00")
    assert readers(office)[0] == ["convener.emergency"]
    assert "应急联络员空缺" not in office.alerts()  # the post is held; its address is what fails


def test_where_nobody_can_be_reached_the_letter_is_written_off_and_shown(office):
    office.mailer.fate = refusing(liaison=GONE, convener=GONE, director=GONE, chief=GONE, coordinator=GONE, office=GONE)
    office.tick("2023-02-21 09:00")
    (message,) = office.messages(letter="reminder")[-1:]
    assert message["state"] == "discarded"
    assert "nobody is left to serve" in message["trouble"]
    assert len(office.mailer.sent) < 40  # and it ends


def test_a_copy_that_is_refused_is_told_of_and_the_letter_counts_as_sent(late):
    late.mailer.fate = refusing(convener=GONE)
    late.tick("2023-03-01 09:00")
    (message,) = late.messages(letter="chaser")
    assert (message["state"], readers(late)[0]) == ("sent", ["liaison.emergency", "convener.emergency"])
    assert late.alerts() == ["应急召集人的邮箱地址被拒收"]


def test_a_chaser_nobody_in_to_can_take_is_not_sent_to_the_copies_alone(late):
    late.mailer.fate = refusing(liaison=GONE)
    late.tick("2023-03-01 09:00")
    (message,) = late.messages(letter="chaser")
    assert (message["state"], json.loads(message["to"]), json.loads(message["cc"])) == ("sent", [CONVENER], [])


def test_an_address_that_is_tried_again_by_hand_counts_again(office):
    office.mailer.fate = refusing(liaison=GONE)
    office.tick("2023-02-21 09:00")
    office.mailer.fate = lambda _outgoing: SENT
    sent = office.messages(letter="start")[0]["id"]
    office.act(try_again.act, picked=Picked(ids=(str(sent),)), again=True)
    office.mailer.sent.clear()
    office.tick("2023-02-23 09:00")
    assert readers(office)[-1] == ["liaison.emergency"]


def test_a_person_with_a_new_address_is_reached_there(office):
    office.mailer.fate = refusing(liaison=GONE)
    office.tick("2023-02-21 09:00")
    office.staff([make_holder("liaison", "emergency", email="new.emergency@county.example")])
    office.mailer.sent.clear()
    office.tick("2023-02-23 09:00")
    assert readers(office)[0] == ["new.emergency"]


# --- Partly taken ------------------------------------------------------------------------------------------------


def test_who_was_refused_for_now_gets_the_same_bytes_later_and_nobody_gets_them_twice(late):
    late.mailer.fate = refusing(convener=BUSY)
    late.tick("2023-03-01 09:00")
    (message,) = late.messages(letter="chaser")
    assert message["state"] == "retry"
    assert list(json.loads(message["taken"])) == [LIAISON]
    late.mailer.fate = lambda _outgoing: SENT
    late.tick("2023-03-01 09:02")
    first, second = late.mailer.sent
    assert first.data == second.data
    assert second.recipients == (CONVENER,)
    (message,) = late.messages(letter="chaser")
    assert message["state"] == "sent"
    assert message["sent_at"] == late.app.clock.now() - timedelta(minutes=2)  # when the liaison was told


def test_the_rest_is_left_when_the_assignment_was_closed_meanwhile(late):
    late.mailer.fate = refusing(convener=BUSY)
    late.tick("2023-03-01 09:00")
    late.mailer.fate = lambda _outgoing: SENT
    late.act(close.act, keys=[KEY])
    late.tick("2023-03-01 09:02")
    (message,) = late.messages(letter="chaser")
    assert message["state"] == "sent"
    assert [each for each in late.mailer.sent[1:] if each.data == late.mailer.sent[0].data] == []
    assert [row["dropped"] for row in late.notices(letter="chaser")] == [None]  # it was told of before it was closed


def test_who_could_not_be_told_in_five_days_is_named_and_the_others_were_told(office):
    office.settle(mail=replace(office.app.config.mail, bcc=("archive@county.example",)))
    office.mailer.fate = refusing(archive=BUSY)
    office.act(close.act, keys=[KEY])
    told_at = office.now
    office.tick()
    while (message := office.messages(letter="receipt")[0])["state"] == "retry":
        office.tick(office.now + timedelta(hours=2))
    assert (message["state"], message["sent_at"]) == ("sent", told_at)
    assert timedelta(days=5) <= office.now - told_at < timedelta(days=5, hours=3)
    assert "发往应急的信函未能送达" in office.alerts()


def test_what_was_maybe_sent_waits_for_the_office_where_it_wants_that(office):
    office.settle(mail=replace(office.app.config.mail, resend_uncertain=False))
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.UNCERTAIN, phase=Phase.DOT)
    office.tick("2023-02-21 09:00")
    office.mailer.fate = lambda _outgoing: SENT
    office.tick("2023-02-21 12:00")
    (message,) = office.messages(letter="reminder")[-1:]
    assert (message["state"], len(office.mailer.sent)) == ("uncertain", 1)
    office.act(try_again.act, picked=Picked(ids=(str(message["id"]),)), again=False)
    office.tick("2023-02-21 12:01")
    first, second = office.mailer.sent
    assert first.data == second.data
    assert office.messages(letter="reminder")[-1]["state"] == "sent"


def test_what_was_maybe_sent_stays_so_when_a_later_try_clearly_fails(office):
    """Else, made anew on another day, the letter would have come twice under two ids."""
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.UNCERTAIN, phase=Phase.DOT)
    office.tick("2023-02-21 09:00")
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.RETRY, phase=Phase.RCPT, code=451, text="later")
    office.tick("2023-02-21 13:00")
    assert office.messages(letter="reminder")[-1]["state"] == "uncertain"
    office.mailer.fate = lambda _outgoing: SENT
    office.tick("2023-02-22 09:00")
    assert len({each.data for each in office.mailer.sent if "liaison" in each.recipients[0]}) == 1


# --- The queue rests ---------------------------------------------------------------------------------------------


def pause_of(office: Office):
    with office.db.read() as session:
        return pauses.get(session)


def test_a_server_that_asks_for_a_pause_gets_one_that_doubles_until_it_takes_letters_again(office):
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.RETRY, phase=Phase.MAIL, code=421, text="busy")
    lengths = []
    office.go("2023-02-21 09:00")
    for _ in range(7):
        tried = len(office.mailer.sent)
        office.tick()
        assert len(office.mailer.sent) == tried + 1
        office.tick(office.now + timedelta(seconds=10))
        assert len(office.mailer.sent) == tried + 1  # it rests
        lengths.append(pause_of(office).length / timedelta(minutes=1))
        office.go(office.now + timedelta(hours=1))
    assert lengths == [1, 2, 4, 8, 16, 30, 30]
    assert office.alerts()[:1] == ["邮件服务器一再要求暂缓，信函积压待发"]
    office.mailer.fate = lambda _outgoing: SENT
    office.tick("2023-02-21 17:00")
    assert pause_of(office) is None


def test_a_refused_login_rests_the_whole_queue_for_a_quarter_of_an_hour(office):
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.AUTH, phase=Phase.AUTH, code=535, text="wrong")
    for minute in (0, 1, 5, 14):
        office.tick(f"2023-02-21 09:{minute:02}")
    assert len(office.mailer.sent) == 1
    assert office.alerts() == ["邮件服务器拒绝登录，信函暂不能发出"]
    office.mailer.fate = lambda _outgoing: SENT
    office.tick("2023-02-21 09:16")
    assert office.messages(letter="reminder")[-1]["state"] == "sent"


def test_by_hand_a_pause_is_over_at_once(office):
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.AUTH, phase=Phase.AUTH, code=535, text="wrong")
    office.tick("2023-02-21 09:00")
    office.mailer.fate = lambda _outgoing: SENT
    waiting = str(office.messages(letter="reminder")[-1]["id"])
    office.act(try_again.act, picked=Picked(ids=(waiting,)), again=False)
    office.tick("2023-02-21 09:00:30")
    assert office.messages(letter="reminder")[-1]["state"] == "sent"


def test_no_more_letters_leave_in_a_minute_than_the_office_allows():
    tasks = [task(1, due=day("2023-02-28"), lead=["hrss", "emergency", "housing", "union"])]
    office = make_office("2023-01-28 00:00", texts=make_plan(*tasks))
    office.live("2023-02-20 20:00")
    limits = Limits(connections=1, per_connection=0, per_minute=3, pause=timedelta(0))
    office.settle(mail=replace(office.app.config.mail, limits=limits))
    sent = [len(office.tick(f"2023-02-21 09:0{minute}")) for minute in range(3)]
    assert sent == [3, 1, 0]


# --- A database in trouble ---------------------------------------------------------------------------------------


def test_what_the_server_took_and_the_database_could_not_take_in_is_recorded_later_and_not_sent_again(
    office, monkeypatch
):
    def full(*_given: object, **_more: object) -> None:
        raise DatabaseTrouble("the disk of the database is full")

    office.go("2023-02-21 09:00")
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "settle", full)
        with pytest.raises(DatabaseTrouble):
            office.tick()
    assert office.messages(letter="reminder")[-1]["state"] == "sending"
    rescue.run(office.app, office.now)
    assert office.messages(letter="reminder")[-1]["state"] == "sent"
    deliver.run(office.app, office.now)
    assert len(office.mailer.sent) == 1


def test_a_claim_that_is_no_longer_ours_cannot_be_settled(office):
    office.mailer.fate = lambda _outgoing: SENT
    office.tick("2023-02-21 09:00")
    message_id = office.messages(letter="reminder")[-1]["id"]
    fate = outbox.Fate(state=MessageState.RETRY, again_at=office.now)
    with office.db.begin() as session:
        for by in (office.app.process, "another:1"):
            assert not outbox.settle(session, message_id, fate, by=by)


def test_every_state_but_the_last_ones_can_be_left_and_nothing_leaves_those():
    last = {state for state, after in TRANSITIONS.items() if not after}
    assert last == {MessageState.SENT, MessageState.CANCELLED, MessageState.SUPERSEDED}
    assert set(TRANSITIONS) == set(MessageState)
    assert not may_become(MessageState.SENT, MessageState.QUEUED)
    reached = {after for each in TRANSITIONS.values() for after in each}
    assert reached == set(MessageState)


def test_the_refused_addresses_are_known_in_whatever_case(office):
    with office.db.begin() as session:
        assert refusals.mark(session, LIAISON.upper(), code=550, text="x", message_id=1, now=office.now)
        assert not refusals.mark(session, LIAISON, code=550, text="x", message_id=1, now=office.now)
    office.tick("2023-02-21 09:00")
    assert [brief(line)[2] for line in office.lines[-1:]]
    assert readers(office)[0] == ["convener.emergency"]
    with office.db.begin() as session:
        assert refusals.clear(session, [LIAISON.title()]) == 1


def test_every_post_is_held_in_the_cast():
    assert {holder.role for holder in everybody()} >= {"liaison", "convener", "director", "chief", "coordinator"}
