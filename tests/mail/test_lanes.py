"""A round of sending over several connections: who carries what, what ends it, and that nothing is left behind."""

from __future__ import annotations

import dataclasses
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.mail.smtpd import Fault, Smtpd
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Sent
from wsyf_scheduler.mail.mailer import Posting, send_each
from wsyf_scheduler.mail.smtp import Secret, Security, SmtpMailer, SmtpSettings

PASSWORD = "kept-to-itself"
LOGIN: dict[str, Any] = {"username": "office", "password": Secret(PASSWORD)}
Fates = list[tuple[Outgoing, Sent | None]]


def make_message(number: int = 1) -> Outgoing:
    data = b"Subject: %d\r\n\r\n" % number
    return Outgoing(id=number, sender="office@gaoping.example", recipients=("liaison@x.example",), data=data)


def make_messages(count: int) -> list[Outgoing]:
    return [make_message(number) for number in range(1, count + 1)]


def make_mailer(server: Smtpd, **overrides: Any) -> SmtpMailer:
    settings = SmtpSettings(host="127.0.0.1", port=server.port, security=Security.PLAIN, timeout=5, connections=4)
    return SmtpMailer(dataclasses.replace(settings, **overrides))


def drain(posting: Posting) -> Fates:
    found: Fates = []
    while posting.in_hand:
        found += posting.fates()
    return found


def outcomes(fates: Fates) -> dict[int, Outcome | None]:
    return {message.id: sent and sent.outcome for message, sent in fates}


def senders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "wsyf-smtp"]


def anything(_message: Outgoing) -> bool:
    return True


# Who carries what


def test_many_messages_go_over_as_many_connections_as_are_allowed_each_once() -> None:
    with Smtpd() as server:
        fates = send_each(make_mailer(server), make_messages(60))
    assert outcomes(fates) == dict.fromkeys(range(1, 61), Outcome.SENT)
    assert sorted(each.data for each in server.received) == sorted(each.data for each in make_messages(60))
    assert server.connections == 4
    assert server.verbs.count("QUIT") == 4


def test_one_letter_opens_one_connection() -> None:
    with Smtpd() as server:
        send_each(make_mailer(server), make_messages(1))
    assert server.connections == 1


def test_letters_that_come_one_by_one_go_over_the_connection_that_is_open() -> None:
    with Smtpd() as server, make_mailer(server).post(anything) as posting:
        for message in make_messages(10):
            posting.put([message])
            assert outcomes(drain(posting)) == {message.id: Outcome.SENT}
    assert server.connections == 1


def test_one_connection_carries_them_in_the_order_put_in_and_tells_in_that_order() -> None:
    with Smtpd() as server:
        fates = send_each(make_mailer(server, connections=1), make_messages(20))
    assert [message.id for message, _ in fates] == list(range(1, 21))
    assert [each.data for each in server.received] == [each.data for each in make_messages(20)]


def test_a_connection_is_left_after_so_many_messages() -> None:
    with Smtpd() as server:
        fates = send_each(make_mailer(server, connections=1, per_connection=2), make_messages(5))
    assert set(outcomes(fates).values()) == {Outcome.SENT}
    assert server.connections == 3
    assert server.verbs.count("QUIT") == 3


def test_a_slow_letter_holds_up_nobody_on_another_connection() -> None:
    with Smtpd(script={"DOT": [Fault.STALL]}) as server, make_mailer(server, timeout=30).post(anything) as posting:
        posting.put(make_messages(10))
        fates: Fates = []
        while len(fates) < 9:
            fates += posting.fates()
        assert posting.in_hand == 1
        assert set(outcomes(fates).values()) == {Outcome.SENT}
        server.hang_up()
        assert list(outcomes(drain(posting)).values()) == [Outcome.UNCERTAIN]


# A server that limits connections


def test_where_the_server_takes_two_connections_two_carry_everything() -> None:
    with Smtpd(most=2) as server:
        fates = send_each(make_mailer(server, connections=8), make_messages(100))
    assert outcomes(fates) == dict.fromkeys(range(1, 101), Outcome.SENT)
    assert server.at_once == 2


@pytest.mark.parametrize("step", ["421 too many connections", "554 no", Fault.DROP])
@pytest.mark.parametrize("point", ["CONNECT", "EHLO"])
def test_a_second_connection_that_cannot_be_had_is_nobodys_failure(point: str, step: str | Fault) -> None:
    usual = "220 test" if point == "CONNECT" else "250 test"
    with Smtpd(script={point: [usual, step]}) as server:
        fates = send_each(make_mailer(server, connections=2), make_messages(30))
    assert outcomes(fates) == dict.fromkeys(range(1, 31), Outcome.SENT)
    assert server.connections == 2


def test_a_last_connection_that_cannot_be_had_again_ends_the_round() -> None:
    script = {"CONNECT": ["220 test", "421 shutting down"], "DOT": [Fault.DROP]}
    with Smtpd(script=script) as server:
        fates = send_each(make_mailer(server, connections=1), make_messages(4))
    assert outcomes(fates) == {1: Outcome.UNCERTAIN, 2: Outcome.RETRY, 3: None, 4: None}
    assert fates[1][1] is not None
    assert (fates[1][1].phase, fates[1][1].code) == (Phase.CONNECT, 421)


# The login


def test_the_first_connection_logs_in_alone() -> None:
    """Whatever is wrong with the login is found once, however many connections are allowed."""
    for answer, outcome in [("535 5.7.8 no", Outcome.AUTH), ("454 4.7.0 not now", Outcome.RETRY)]:
        with Smtpd(logins={"office": PASSWORD}, script={"AUTH": [answer] * 9}) as server:
            fates = send_each(make_mailer(server, connections=8, **LOGIN), make_messages(30))
        assert list(outcomes(fates).values()) == [outcome] + [None] * 29
        assert server.verbs.count("AUTH") == server.connections == 1


def test_a_password_changed_meanwhile_is_tried_once_more_and_ends_the_round() -> None:
    script = {"AUTH": ["235 welcome"] + ["535 5.7.8 no longer"] * 9}
    with Smtpd(logins={"office": PASSWORD}, script=script) as server:
        fates = send_each(make_mailer(server, connections=8, **LOGIN), make_messages(500))
    assert server.verbs.count("AUTH") == 2
    found = list(outcomes(fates).values())
    assert found.count(Outcome.AUTH) == 1
    assert None in found
    assert set(found) <= {Outcome.SENT, Outcome.AUTH, None}


# What ends a round


@pytest.mark.parametrize("point", ["MAIL", "RCPT", "DOT"])
@pytest.mark.parametrize("answer", ["421 4.7.0 closing", "450 MI:CEL too many errors", "550 Ip frequency limited"])
def test_after_an_answer_that_asks_for_a_pause_nothing_more_is_sent(point: str, answer: str) -> None:
    with Smtpd(script={point: [answer]}) as server, make_mailer(server, connections=1).post(anything) as posting:
        posting.put(make_messages(3))
        fates = drain(posting)
        assert posting.room == 0
        posting.put([make_message(4)])
        fates += drain(posting)
    assert outcomes(fates) == {1: Outcome.RETRY, 2: None, 3: None, 4: None}


def test_where_nobody_pauses_the_round_goes_on() -> None:
    with Smtpd(script={"MAIL": ["421 4.7.0 closing"]}) as server:
        fates = send_each(make_mailer(server, connections=1, stop_when_busy=False), make_messages(2))
    assert outcomes(fates) == {1: Outcome.RETRY, 2: Outcome.SENT}


def test_who_may_not_leave_is_not_sent_and_connects_to_nothing() -> None:
    asked: list[int] = []

    def may_leave(message: Outgoing) -> bool:
        asked.append(message.id)
        return False

    with Smtpd() as server, make_mailer(server, connections=1).post(may_leave) as posting:
        posting.put(make_messages(3))
        fates = drain(posting)
    assert outcomes(fates) == {1: None, 2: None, 3: None}
    assert (asked, server.connections) == ([1, 2, 3], 0)


def test_what_the_question_raises_ends_the_round_and_reaches_whoever_posts() -> None:
    def may_leave(message: Outgoing) -> bool:
        if message.id == 2:
            raise LookupError
        return True

    fates: Fates = []

    def post_all() -> None:
        with make_mailer(server, connections=1).post(may_leave) as posting:
            posting.put(make_messages(3))
            fates.extend(drain(posting))

    with Smtpd() as server:
        with pytest.raises(LookupError):
            post_all()
        server.join_conversations()
    assert outcomes(fates) == {1: Outcome.SENT, 2: None, 3: None}
    assert server.verbs[-1] == "QUIT"


# Leaving


def test_what_is_in_hand_when_the_caller_fails_is_finished_and_the_rest_comes_back() -> None:
    begun = threading.Event()

    def may_leave(message: Outgoing) -> bool:
        if message.id == 3:
            begun.set()
        return True

    def fail() -> None:
        with make_mailer(server, connections=1).post(may_leave) as posting:
            postings.append(posting)
            posting.put(make_messages(500))
            begun.wait(5)
            raise LookupError

    postings: list[Posting] = []
    with Smtpd() as server:
        with pytest.raises(LookupError):
            fail()
        server.join_conversations()
    (posting,) = postings
    found = outcomes(drain(posting))
    assert list(found) == list(range(1, 501))
    sent = [number for number, outcome in found.items() if outcome is Outcome.SENT]
    assert sent == list(range(1, len(server.received) + 1))
    assert set(list(found.values())[len(sent) :]) == {None}
    assert (posting.room, posting.in_hand, posting.fates()) == (0, 0, [])
    assert len(sent) >= 3
    assert server.verbs[-1] == "QUIT"
    assert senders() == []


@pytest.mark.parametrize("point", ["CONNECT", "EHLO", "AUTH", "STARTTLS", "HANDSHAKE"])
def test_leaving_does_not_wait_for_a_connection_that_does_not_come(
    point: str, context: ssl.SSLContext, ca_file: Path
) -> None:
    reached = threading.Event()
    with Smtpd(script={point: [Fault.STALL]}, logins={"office": PASSWORD}, context=context) as server:
        server.on_stall = reached.set
        with make_mailer(server, timeout=60, security=Security.STARTTLS, ca_file=ca_file, **LOGIN).post(
            anything
        ) as posting:
            posting.put(make_messages(3))
            assert reached.wait(5)
        assert outcomes(drain(posting)) == {1: None, 2: None, 3: None}
        assert senders() == []


def test_leaving_waits_for_the_answer_to_a_final_dot() -> None:
    reached = threading.Event()
    with Smtpd(script={"DOT": [Fault.STALL]}) as server:
        server.on_stall = reached.set
        with make_mailer(server, timeout=0.3, connections=1).post(anything) as posting:
            posting.put(make_messages(2))
            assert reached.wait(5)
        assert outcomes(drain(posting)) == {1: Outcome.UNCERTAIN, 2: None}


def test_where_nothing_is_put_in_no_thread_is_started() -> None:
    with Smtpd() as server, make_mailer(server).post(anything) as posting:
        posting.put([])
        assert (posting.in_hand, posting.fates(), senders()) == (0, [], [])
        assert posting.room > 0
    assert server.connections == 0


def test_no_thread_outlives_its_round() -> None:
    with Smtpd() as server, make_mailer(server).post(anything) as posting:
        posting.put(make_messages(5))
        assert len(senders()) == 1
    assert senders() == []


def test_there_is_room_again_as_soon_as_messages_are_taken() -> None:
    with Smtpd() as server, make_mailer(server, connections=2).post(anything) as posting:
        most = posting.room
        posting.put(make_messages(most))
        assert posting.room <= most
        drain(posting)
        assert posting.room == most


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_several_protected_connections_log_in_and_carry_everything(context: ssl.SSLContext, ca_file: Path) -> None:
    with Smtpd(context=context, logins={"office": PASSWORD}, offers=("PIPELINING",)) as server:
        mailer = make_mailer(server, security=Security.STARTTLS, ca_file=ca_file, **LOGIN)
        fates = send_each(mailer, make_messages(40))
    assert outcomes(fates) == dict.fromkeys(range(1, 41), Outcome.SENT)
    assert {(each.tls, each.login) for each in server.received} == {(True, "office")}
    assert server.at_once == 4
