"""The tick that sends: what it claims, what it makes anew, what it sends byte for byte (RULES.md §4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cast import Office, brief, day, everybody, make_holder, make_office, make_plan, task
from wsyf_scheduler.acts import close
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.mail.letter import Deadline, Headers, Letter, Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.mail.writer import Written
from wsyf_scheduler.ticks import remind, rescue

KEY = "2023/1/emergency"
BOTH = make_plan(task(1, due=day("2023-02-28"), lead=["emergency", "housing"]))
SENT = Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
LATER = Sent(outcome=Outcome.RETRY, phase=Phase.RCPT, code=451, text="try again later")
MAYBE = Sent(outcome=Outcome.UNCERTAIN, phase=Phase.DOT)
NEVER = Sent(outcome=Outcome.REFUSED, phase=Phase.RCPT, code=550, text="no such user")


@pytest.fixture
def office() -> Office:
    """On the evening before the reminder of 2023-02-21, all earlier letters sent."""
    found = make_office("2023-01-28 00:00", texts=BOTH)
    found.live("2023-02-20 20:00")
    found.mailer.sent.clear()
    return found


def fates(office: Office, **by_department: Sent) -> None:
    """What becomes of letters to these departments; the others are sent."""

    def fate(outgoing: Outgoing) -> Sent:
        department = outgoing.recipients[0].split(".")[1].split("@")[0]
        return by_department.get(department, SENT)

    office.mailer.fate = fate


def states(office: Office, letter: str = "reminder") -> dict[str, str]:
    return {row["department"]: row["state"] for row in office.messages(letter=letter) if row["queued_at"].day == 21}


def test_a_letter_that_was_certainly_not_sent_is_tried_again_by_and_by(office: Office) -> None:
    fates(office, emergency=LATER)
    office.tick("2023-02-21 09:00")
    assert states(office) == {"emergency": "retry", "housing": "sent"}
    assert office.tick("2023-02-21 09:00:30") == []
    fates(office)
    assert [brief(line)[2] for line in office.tick("2023-02-21 09:01")] == ["emergency"]
    first, _housing, second = office.mailer.sent
    assert first.data == second.data  # the Message-ID stays over all attempts with the same rows
    (message,) = office.messages(letter="reminder", department="emergency", state="sent")[-1:]
    assert message["attempts"] == 2


def test_a_refused_letter_is_written_off_and_the_coordinator_hears(office: Office) -> None:
    fates(office, emergency=NEVER)
    office.tick("2023-02-21 09:00")
    assert states(office) == {"emergency": "discarded", "housing": "sent"}
    assert office.alerts() == ["发往应急的信函未能送达"]
    assert office.messages(state="discarded")[0]["trouble"] == "550 no such user"


def test_one_recipient_refused_is_told_though_the_letter_went(office: Office) -> None:
    office.mailer.fate = lambda outgoing: replace(
        SENT, refused=(Refusal(address=outgoing.recipients[0], code=550, text="gone"),)
    )
    office.tick("2023-02-21 09:00")
    assert set(states(office).values()) == {"sent"}
    assert set(office.alerts()) == {"应急联络员的邮箱地址被拒收", "住建联络员的邮箱地址被拒收"}


def test_a_letter_is_given_up_after_five_days_and_a_dozen_tries(office: Office) -> None:
    fates(office, emergency=LATER)
    office.go("2023-02-21 08:00")
    office.act(close.act, keys=[KEY])
    tries = ["2023-02-21 08:00", "2023-02-26 09:00", *(f"2023-02-26 {hour}:00" for hour in range(11, 20))]
    for when in tries:  # after a long holiday five days are over at once, and eleven tries are not enough
        office.tick(when)
        assert [row["state"] for row in office.messages(letter="receipt")] == ["retry"]
    office.tick("2023-02-26 21:00")
    assert [row["state"] for row in office.messages(letter="receipt")] == ["discarded"]
    assert office.alerts() == ["发往应急的信函未能送达"]


def test_what_may_have_been_sent_goes_again_byte_for_byte(office: Office) -> None:
    fates(office, emergency=MAYBE)
    office.tick("2023-02-21 17:30")
    assert states(office)["emergency"] == "uncertain"
    fates(office)
    office.tick("2023-02-22 09:00")  # another day: the letter would read "6 days" today
    emergency = [each.data for each in office.mailer.sent if "emergency" in each.recipients[0]]
    assert emergency[0] == emergency[1]


def test_what_was_certainly_not_sent_is_made_anew_on_another_day(office: Office) -> None:
    fates(office, emergency=LATER)
    office.tick("2023-02-21 17:30")
    fates(office)
    office.tick("2023-02-22 09:00")
    emergency = [each.data for each in office.mailer.sent if "emergency" in each.recipients[0]]
    assert emergency[0] != emergency[1]
    assert office.letter("reminder")[0].rows[0].days_left == 6


def test_what_may_have_been_sent_with_other_rows_becomes_a_new_message() -> None:
    office = make_office(
        "2023-01-28 00:00", texts=make_plan(task(1, due=day("2023-02-28")), task(2, due=day("2023-02-28")))
    )
    office.live("2023-02-20 20:00")
    fates(office, emergency=MAYBE)
    office.tick("2023-02-21 09:00")
    fates(office)
    office.go("2023-02-21 09:05")
    office.act(close.act, keys=[KEY])
    sent = [brief(line)[3] for line in office.tick() if line["letter"] == "reminder"]
    assert sent == [["remind-7 2023/2/emergency"]]
    first, second = [row for row in office.messages(letter="reminder") if row["queued_at"].day == 21]
    assert (first["state"], second["state"]) == ("superseded", "sent")
    assert first["message_id"] != second["message_id"]
    assert first["raw_hash"] is not None  # what may have been sent is kept as it was
    assert f"message {second['id']} takes its place" in first["trouble"]


def test_a_refused_login_stops_the_queue_and_gives_the_others_back(office: Office) -> None:
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.AUTH, phase=Phase.AUTH, code=535, text="wrong password")
    office.tick("2023-02-21 09:00")
    assert len(office.mailer.sent) == 1
    assert sorted(states(office).values()) == ["queued", "retry"]
    assert all(row["claimed_by"] is None for row in office.messages())


def test_a_letter_that_cannot_be_made_does_not_stop_the_others(office: Office) -> None:
    """A name that no header takes slipped into the database: that letter is written off, the others go."""

    class Strict(type(office.writer)):  # type: ignore[misc]
        def write(self, letter: Letter, headers: Headers, deadlines: list[Deadline], files: object = ()) -> Written:
            if any("emergency" in box.address for box in headers.to):
                raise MailTrouble("mail header To: control character U+000A is not allowed")
            written: Written = super().write(letter, headers, deadlines)
            return written

    office.app = replace(office.app, make_writer=Strict)
    office.tick("2023-02-21 09:00")
    assert states(office) == {"emergency": "discarded", "housing": "sent"}
    assert office.alerts() == ["发往应急的信函未能送达"]
    (message,) = office.messages(state="discarded")
    assert "U+000A" in message["trouble"]
    assert office.tick("2023-02-21 09:10") == []


def test_ladder_mail_waits_for_the_window_and_alerts_do_not(office: Office) -> None:
    remind.run(office.app, office.go("2023-02-21 17:30"))
    office.act(close.act, keys=["2023/1/housing"])
    assert [brief(line)[1] for line in office.tick("2023-02-21 17:30:01")] == ["receipt"]
    assert states(office) == {"emergency": "queued", "housing": "queued"}
    sent = [brief(line) for line in office.tick("2023-02-22 09:00")]
    assert sent == [("2023-02-22T09:00", "reminder", "emergency", [f"remind-7 {KEY}"])]
    assert states(office) == {"emergency": "sent", "housing": "cancelled"}


def test_a_queue_longer_than_a_batch_is_sent_to_its_end() -> None:
    departments = 4
    tasks = [task(number, lead=["hrss", "emergency", "housing", "union"], due=day("2023-02-28")) for number in (1, 2)]
    periods = {
        f"p{n}": "\n".join([f'[period]\nid = "p{n}"\nfirst_year = 2023\nlast_year = 2023\n', *tasks]) for n in range(2)
    }
    office = make_office("2023-02-20 10:00", texts=make_plan(periods=periods))
    for number in range(8):
        office.track(make_plan(periods=periods, plan_id=f"plan-{number}"))
    sent = [line for line in office.tick("2023-02-21 09:00") if line["letter"] == "reminder"]
    assert len(sent) == departments * 9 > office.mailer.room


def test_a_stop_between_two_messages_leaves_the_rest_queued(office: Office) -> None:
    office.app = replace(office.app, should_stop=lambda: len(office.mailer.sent) >= 1)
    office.tick("2023-02-21 09:00")
    assert sorted(states(office).values()) == ["queued", "sent"]
    office.app = replace(office.app, should_stop=lambda: False)
    office.tick("2023-02-21 09:01")
    assert set(states(office).values()) == {"sent"}


def test_a_claim_left_by_a_dead_process_is_taken_up_again(office: Office) -> None:
    """It died between claiming and the server's answer: maybe sent, so the same bytes go again."""

    def dies(outgoing: Outgoing) -> Sent:
        raise KeyboardInterrupt(outgoing.id)

    office.mailer.fate = dies
    with pytest.raises(KeyboardInterrupt):
        office.tick("2023-02-21 09:00")
    assert set(states(office).values()) == {"sending"}
    first = office.mailer.sent[0]
    office.mailer.fate = lambda _outgoing: SENT
    assert rescue.run(office.app, office.go("2023-02-21 09:05")) == 2
    assert set(states(office).values()) == {MessageState.UNCERTAIN.value}
    office.tick()
    assert set(states(office).values()) == {"sent"}
    assert first.data in [each.data for each in office.mailer.sent[1:]]
    assert len(office.events("message_rescued")) == 2


def test_the_office_is_copied_blind_where_it_wants_to_be() -> None:
    office = make_office("2023-01-28 00:00", texts=BOTH)
    mail = replace(office.app.config.mail, bcc=("archive@county.example",))
    office.settle(mail=mail)
    office.tick("2023-01-28 09:00")
    assert all(each.recipients[-1] == "archive@county.example" for each in office.mailer.sent)
    assert not any("archive" in str(line) for line in office.lines)


def test_one_person_in_two_departments_gets_a_letter_for_each_and_each_once() -> None:
    holders = [
        each for each in everybody() if each.role != "liaison" or each.department not in ("emergency", "housing")
    ]
    holders += [make_holder("liaison", name, email="both@county.example") for name in ("emergency", "housing")]
    office = make_office("2023-01-28 00:00", texts=BOTH, holders=holders)
    sent = [line for line in office.tick("2023-01-28 09:00") if line["letter"] == "start"]
    assert [(line["department"], line["to"]) for line in sent] == [
        ("emergency", ["both@county.example"]),
        ("housing", ["both@county.example"]),
    ]


def test_a_letter_says_who_was_told_before_and_which_letter_of_its_kind_it_is(office: Office) -> None:
    office.live("2023-03-17 00:00")
    rows = [
        (
            letter.kind.value,
            letter.on.isoformat()[5:],
            letter.rows[0].nth,
            [(f"{told.on:%m-%d}", told.kind.value, told.posts) for told in letter.rows[0].told],
        )
        for letter, headers, _deadlines in office.writer.written
        if letter.department_name == "示范县应急局" and letter.on > day("2023-02-28")
    ]
    assert [row[:3] for row in rows] == [
        ("chaser", "03-01", 1),
        ("escalation", "03-03", 1),
        ("escalation", "03-09", 2),
        ("escalation", "03-16", 3),
    ]
    assert rows[1][3][-1] == ("03-01", "chaser", ("liaison", "convener"))
    told = sorted((on, kind) for on, kind, _posts in rows[2][3])
    assert told[-3:] == [("03-01", "chaser"), ("03-03", "briefing"), ("03-03", "escalation")]


def test_a_thread_is_kept_by_the_root_of_each_row(office: Office) -> None:
    office.live("2023-02-24 00:00")
    roots = {
        headers.references for letter, headers, _d in office.writer.written if letter.department_name == "示范县应急局"
    }
    assert roots == {(office.item(KEY).root_id,)}
    ids = [headers.message_id for _letter, headers, _deadlines in office.writer.written]
    assert len(ids) == len(set(ids))


def test_the_first_letter_carries_the_deadline_and_reminders_do_not(office: Office) -> None:
    kinds = {letter.kind.value: len(deadlines) for letter, _headers, deadlines in office.writer.written}
    assert kinds["start"] == 1
    assert kinds["reminder"] == 0


def test_a_letter_says_whether_what_it_waits_for_is_closed() -> None:
    texts = make_plan(task(1, due=day("2023-02-28")), task(2, lead=["housing"], due=day("2023-03-10"), after="2023/1"))
    office = make_office("2023-02-20 10:00", texts=texts)
    office.live("2023-02-24 00:00")
    waiting = office.letter("reminder")[0].rows[0].after
    assert waiting is not None
    assert (waiting.key, waiting.title, waiting.closed) == ("2023/1", "任务1", False)
    office.act(close.act, keys=[KEY])
    office.live("2023-03-04 00:00")
    waiting = office.letter("reminder")[0].rows[0].after
    assert waiting is not None
    assert waiting.closed
