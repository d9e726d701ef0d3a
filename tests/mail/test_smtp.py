"""Sending over SMTP: every way it can go, against a real server on loopback."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.mail.smtpd import Fault, Smtpd
from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.mail.mailer import Mailer, Posting, send_each
from wsyf_scheduler.mail.smtp import Secret, Security, SmtpMailer, SmtpSettings
from wsyf_scheduler.mail.transport import dotted, explain, is_for_good, judge, readable

LIAISON, CONVENER = "liaison@emergency.example", "convener@emergency.example"
BODY = b"Subject: =?utf-8?b?5o+Q6YaS?=\r\n\r\n" + "提醒：请于2月28日前提供。\r\n".encode()
LONG = b"Subject: long\r\n\r\n" + b"x" * 78 + b"\r\n" + (b"y" * 78 + b"\r\n") * 150_000  # 12 MB
PASSWORD = "kept-to-itself"


def make_message(number: int = 1, to: tuple[str, ...] = (LIAISON,), data: bytes = BODY) -> Outgoing:
    return Outgoing(id=number, sender="office@gaoping.example", recipients=to, data=data)


def make_settings(server: Smtpd, **overrides: Any) -> SmtpSettings:
    plain = SmtpSettings(host="127.0.0.1", port=server.port, security=Security.PLAIN, timeout=5)
    return dataclasses.replace(plain, **overrides)


def patience(step: object) -> float:
    """The timeout of a test, in seconds: short only where the server lets us wait, for a busy machine is slow too."""
    return 0.3 if step in (Fault.STALL, b"2") else 5


def send(server: Smtpd, *messages: Outgoing, **overrides: Any) -> list[Sent]:
    mailer: Mailer = SmtpMailer(make_settings(server, **overrides))
    return [sent for _, sent in send_each(mailer, messages) if sent is not None]


def drain(posting: Posting) -> list[tuple[Outgoing, Sent | None]]:
    """All fates of what is in hand."""
    found: list[tuple[Outgoing, Sent | None]] = []
    while posting.in_hand:
        found += posting.fates()
    return found


def send_one(server: Smtpd, message: Outgoing | None = None, **overrides: Any) -> Sent:
    (sent,) = send(server, message or make_message(), **overrides)
    return sent


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    return make_context(authority, "127.0.0.1")


def make_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


# What arrives


def test_a_message_arrives_as_it_is_with_its_envelope_and_the_servers_answer_is_kept() -> None:
    with Smtpd() as server:
        sent = send_one(server, make_message(to=(LIAISON, CONVENER)))
    assert sent == Sent(outcome=Outcome.SENT, phase=Phase.REPLY, code=250, text="queued as 1")
    (received,) = server.received
    assert received.sender == "office@gaoping.example"
    assert received.recipients == (LIAISON, CONVENER)
    assert received.data == BODY


def test_dots_and_bare_line_ends_arrive_right_and_end_no_message_early() -> None:
    data = b".first\n..second\r\n.\r\nQUIT\r.\rlast without an end"
    with Smtpd() as server:
        assert send_one(server, make_message(data=data)).outcome is Outcome.SENT
    assert server.received[0].data == b".first\r\n..second\r\n.\r\nQUIT\r\n.\r\nlast without an end\r\n"


@given(st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"\x0b", b"\xe6"])).map(b"".join))
@example(b"")
@settings(max_examples=200)
def test_what_data_carries_can_be_undone_to_the_same_lines_and_holds_no_lone_dot(data: bytes) -> None:
    carried = dotted(data)
    lines = carried.split(b"\r\n")
    assert lines.pop() == b""
    assert not any(line == b"." or b"\r" in line or b"\n" in line for line in lines)
    undone = [line.removeprefix(b".") for line in lines]
    assert undone == (data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n"))


def test_a_message_longer_than_any_buffer_arrives_whole() -> None:
    with Smtpd() as server:
        assert send_one(server, make_message(data=LONG)).outcome is Outcome.SENT
    assert server.received[0].data == LONG


def test_the_server_is_told_the_size_and_8bit_where_it_wants_to_know() -> None:
    with Smtpd() as server:
        send(server, make_message(data=BODY), make_message(2, data=b"Subject: a\r\n\r\nb\r\n"))
    first, second = (line for line in server.lines if line.startswith("MAIL"))
    assert first == f"MAIL FROM:<office@gaoping.example> SIZE={len(BODY)} BODY=8BITMIME"
    assert second == "MAIL FROM:<office@gaoping.example> SIZE=17"
    with Smtpd(offers=()) as server:
        send(server, make_message())
    assert "MAIL FROM:<office@gaoping.example>" in server.lines


def test_the_office_says_its_own_name_or_else_its_address() -> None:
    with Smtpd() as server:
        send_one(server, local_hostname="wsyf.gaoping.example")
        send_one(server)
    assert [line for line in server.lines if line.startswith("EHLO")] == [
        "EHLO wsyf.gaoping.example",
        "EHLO [127.0.0.1]",
    ]


# The batch


def test_a_batch_goes_over_one_connection_and_ends_with_a_farewell() -> None:
    with Smtpd() as server:
        fates = send(server, *map(make_message, range(1, 21)))
    assert [sent.outcome for sent in fates] == [Outcome.SENT] * 20
    assert server.connections == 1
    assert server.verbs.count("EHLO") == 1
    assert server.verbs[-1] == "QUIT"


def test_each_message_is_asked_for_right_before_it_is_sent() -> None:
    story = []

    def may_leave(message: Outgoing) -> bool:
        story.append(f"ask {message.id}, {len(server.received)} arrived")
        return message.id != 2

    with Smtpd() as server, SmtpMailer(make_settings(server)).post(may_leave) as posting:
        posting.put(map(make_message, (1, 2, 3)))
        fates = [(message.id, sent and sent.outcome) for message, sent in drain(posting)]
    assert story == ["ask 1, 0 arrived", "ask 2, 1 arrived", "ask 3, 1 arrived"]
    assert fates == [(1, Outcome.SENT), (2, None), (3, Outcome.SENT)]


def test_an_empty_queue_connects_to_nothing() -> None:
    with Smtpd() as server:
        assert send(server) == []
    assert server.connections == 0


def test_a_server_that_never_says_goodbye_does_not_hold_up_the_end() -> None:
    with Smtpd(script={"QUIT": [Fault.STALL]}) as server:
        assert send_one(server, timeout=0.3).outcome is Outcome.SENT


def test_a_batch_may_be_sent_from_any_thread() -> None:
    fates: list[Sent] = []
    with Smtpd() as server:
        thread = threading.Thread(target=lambda: fates.append(send_one(server)))
        thread.start()
        thread.join(5)
    assert [sent.outcome for sent in fates] == [Outcome.SENT]


@pytest.mark.parametrize("farewell", [Fault.DROP, "421 4.4.2 idle for too long"])
def test_a_connection_given_up_between_two_messages_is_opened_anew_without_a_failure(farewell: str | Fault) -> None:
    with (
        Smtpd(script={"IDLE": [farewell]}) as server,
        SmtpMailer(make_settings(server)).post(lambda _each: True) as posting,
    ):
        posting.put([make_message(1)])
        fates = drain(posting)
        server.join_conversations()
        posting.put([make_message(2)])
        fates += drain(posting)
    assert [sent and sent.outcome for _, sent in fates] == [Outcome.SENT, Outcome.SENT]
    assert server.connections == 2


# Phase by phase: (where, what the server does there) -> what it means

REFUSALS = [
    ("MAIL", "451 4.3.0 not now", Outcome.RETRY, Phase.MAIL, 451),
    ("MAIL", "421 4.7.0 closing", Outcome.RETRY, Phase.MAIL, 421),
    ("MAIL", "553 5.7.1 you are not that sender", Outcome.RETRY, Phase.MAIL, 553),  # of us, not of this letter
    ("MAIL", "552 5.3.4 too long", Outcome.REFUSED, Phase.MAIL, 552),
    ("MAIL", "552 5.3.4 too long", Outcome.REFUSED, Phase.MAIL, 552),
    ("MAIL", "550 Sender frequency limited", Outcome.RETRY, Phase.MAIL, 550),
    ("MAIL", Fault.DROP, Outcome.RETRY, Phase.MAIL, 0),
    ("MAIL", Fault.STALL, Outcome.RETRY, Phase.MAIL, 0),
    ("MAIL", "what is this?", Outcome.RETRY, Phase.MAIL, 0),
    ("MAIL", "354 go on", Outcome.RETRY, Phase.MAIL, 0),
    ("RCPT", "421 4.7.0 closing", Outcome.RETRY, Phase.RCPT, 421),
    ("RCPT", Fault.DROP, Outcome.RETRY, Phase.RCPT, 0),
    ("RCPT", Fault.STALL, Outcome.RETRY, Phase.RCPT, 0),
    ("RCPT", "999 beyond SMTP", Outcome.RETRY, Phase.RCPT, 0),
    ("DATA", "451 4.3.0 not now", Outcome.RETRY, Phase.DATA, 451),
    ("DATA", "554 5.5.1 no", Outcome.REFUSED, Phase.DATA, 554),
    ("DATA", "250 ok", Outcome.RETRY, Phase.DATA, 0),
    ("DATA", Fault.DROP, Outcome.RETRY, Phase.DATA, 0),
    ("DATA", Fault.STALL, Outcome.RETRY, Phase.DATA, 0),
    ("DOT", "451 4.7.1 greylisted", Outcome.RETRY, Phase.REPLY, 451),
    ("DOT", "452 4.3.1 disk full", Outcome.RETRY, Phase.REPLY, 452),
    ("DOT", "421 4.3.2 shutting down", Outcome.RETRY, Phase.REPLY, 421),
    ("DOT", "554 5.7.1 spam", Outcome.REFUSED, Phase.REPLY, 554),
    ("DOT", "550 Connection frequency limited", Outcome.RETRY, Phase.REPLY, 550),
    ("DOT", Fault.DROP, Outcome.UNCERTAIN, Phase.DOT, 0),
    ("DOT", Fault.TAKE, Outcome.UNCERTAIN, Phase.DOT, 0),
    ("DOT", Fault.STALL, Outcome.UNCERTAIN, Phase.DOT, 0),
    ("DOT", "hm?", Outcome.UNCERTAIN, Phase.DOT, 0),
    ("DOT", "354 go on", Outcome.UNCERTAIN, Phase.DOT, 0),
    ("DOT", b"2", Outcome.UNCERTAIN, Phase.DOT, 0),
]


@pytest.mark.parametrize("offers", [(), ("PIPELINING",)])
@pytest.mark.parametrize(("point", "step", "outcome", "phase", "code"), REFUSALS)
def test_each_failure_is_classed_by_how_far_it_had_got_and_the_next_message_has_a_fresh_connection(
    point: str, step: str | bytes | Fault, outcome: Outcome, phase: Phase, code: int, offers: tuple[str, ...]
) -> None:
    with Smtpd(script={point: [step]}, offers=offers) as server:
        first, second = send(server, make_message(1), make_message(2), timeout=patience(step), stop_when_busy=False)
    assert (first.outcome, first.phase, first.code) == (outcome, phase, code)
    if not code:
        assert first.text.startswith(f"127.0.0.1:{server.port} ({phase}): ")
    assert second.outcome is Outcome.SENT
    assert server.connections == 2


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.STALL])
def test_a_message_broken_off_before_its_final_dot_was_certainly_not_sent(fault: Fault) -> None:
    with Smtpd(script={"BODY": [fault]}) as server:
        first, second = send(server, make_message(1, data=LONG), make_message(2), timeout=patience(fault))
    assert (first.outcome, first.phase) == (Outcome.RETRY, Phase.DATA)
    assert second.outcome is Outcome.SENT
    assert len(server.received) == 1


@pytest.mark.parametrize("early", ["421 rather not", "250 taken already"])
def test_a_server_that_answers_before_the_dot_does_not_get_it_and_is_not_believed(early: str) -> None:
    with Smtpd(script={"DATA": [f"354 go on\n{early}"]}) as server:
        first, second = send(server, make_message(1), make_message(2))
    assert (first.outcome, first.phase) == (Outcome.RETRY, Phase.DATA)
    assert second.outcome is Outcome.SENT
    assert len(server.received) == 1


def test_an_answer_too_many_is_not_taken_for_the_answer_to_the_next_message() -> None:
    with Smtpd(script={"DOT": ["250 taken\n250 and again"], "MAIL": ["250 ok", "552 5.3.4 too long"]}) as server:
        first, second = send(server, make_message(1), make_message(2))
    assert (first.outcome, first.text) == (Outcome.SENT, "taken")
    assert (second.outcome, second.code) == (Outcome.REFUSED, 552)
    assert server.connections == 2


STEPS: dict[str, list[str | Fault]] = {
    "CONNECT": ["421 busy", Fault.DROP],
    "EHLO": ["550 no", Fault.DROP],
    "MAIL": ["451 later", "550 Sender frequency limited", "421 closing", "?", Fault.DROP],
    "RCPT": ["450 later", "550 5.1.1 nobody", "421 closing", "?", Fault.DROP],
    "DATA": ["451 later", "354 go on\n250 taken", "250 ok", Fault.DROP],
    "DOT": ["451 later", "554 spam", "354 what", "250 yes\n250 yes", "?", Fault.DROP, Fault.TAKE],
    "IDLE": ["421 idle", Fault.DROP],
    "RSET": ["500 what", Fault.DROP],
}
scripts = st.fixed_dictionaries({}, optional={at: st.lists(st.sampled_from(some)) for at, some in STEPS.items()})


@given(scripts, st.sampled_from([1, 1, 3]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_whatever_the_server_does_nothing_is_lost_and_nothing_doubled_but_the_uncertain(
    script: dict[str, list[str | Fault]],
    connections: int,
    pipelining: bool,
) -> None:
    pending = {number: make_message(number, data=b"Subject: %d\r\n\r\n" % number) for number in range(1, 6)}
    uncertain, refused = set(), set()
    with Smtpd(script=script, offers=("PIPELINING",) if pipelining else ()) as server:
        mailer = SmtpMailer(make_settings(server, connections=connections))
        while pending:
            for message, sent in send_each(mailer, list(pending.values())):
                if sent is None:
                    continue
                arrived = server.count(message.data)
                match sent.outcome:
                    case Outcome.SENT:
                        assert arrived >= 1
                    case Outcome.REFUSED:
                        refused.add(message.id)
                    case Outcome.UNCERTAIN:
                        uncertain.add(message.id)
                if sent.outcome in (Outcome.SENT, Outcome.REFUSED):
                    del pending[message.id]
                if message.id not in uncertain:
                    assert arrived == (sent.outcome is Outcome.SENT)
        for number in set(range(1, 6)) - refused - uncertain:
            assert server.count(b"Subject: %d\r\n\r\n" % number) == 1


# Recipients


def test_some_recipients_refused_and_others_taken_are_told_apart() -> None:
    script = {f"RCPT {CONVENER}": ["550 5.1.1 nobody of that name"], "RCPT c@d.example": ["450 4.2.0 greylisted"]}
    with Smtpd(script=script) as server:
        sent = send_one(server, make_message(to=(LIAISON, CONVENER, "c@d.example")))
    assert (sent.outcome, sent.phase, sent.code) == (Outcome.SENT, Phase.REPLY, 250)
    assert sent.refused == (
        Refusal(address=CONVENER, code=550, text="5.1.1 nobody of that name"),
        Refusal(address="c@d.example", code=450, text="4.2.0 greylisted"),
    )
    assert [is_for_good(refusal) for refusal in sent.refused] == [True, False]
    assert server.received[0].recipients == (LIAISON,)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (["550 5.1.1 nobody", "551 5.1.6 moved"], Outcome.REFUSED),
        (["550 5.1.1 nobody", "450 4.2.1 full just now"], Outcome.RETRY),
        (["550 Domain frequency limited", "550 5.1.1 nobody"], Outcome.RETRY),
    ],
)
def test_a_message_nobody_took_is_refused_only_if_each_was_for_good(answers: list[str], outcome: Outcome) -> None:
    with Smtpd(script={"RCPT": answers}) as server:
        first, second = send(server, make_message(1, to=(LIAISON, CONVENER)), make_message(2), stop_when_busy=False)
    assert (first.outcome, first.phase, len(first.refused)) == (outcome, Phase.RCPT, 2)
    assert second.outcome is Outcome.SENT
    assert "RSET" in server.verbs
    assert server.connections == 1


@pytest.mark.parametrize("step", ["421 had enough", Fault.DROP, Fault.STALL])
def test_a_refusal_for_good_stands_when_the_connection_fails_after_it(step: str | Fault) -> None:
    with Smtpd(script={"RCPT": ["550 5.1.1 nobody"], "RSET": [step]}) as server:
        first, second = send(server, make_message(1), make_message(2), timeout=patience(step))
    assert (first.outcome, first.code) == (Outcome.REFUSED, 550)
    assert second.outcome is Outcome.SENT
    assert server.connections == 2


@pytest.mark.parametrize(
    "address", ["a b@c.example", "a@b.example> NOTIFY=NEVER", "a@b.example\r\nDATA", "联络员@b.example"]
)
def test_an_address_that_smtp_cannot_say_is_refused_by_itself(address: str) -> None:
    with Smtpd() as server:
        sent = send_one(server, make_message(to=(address, LIAISON)))
    assert sent.outcome is Outcome.SENT
    (refusal,) = sent.refused
    assert (refusal.address, refusal.code, is_for_good(refusal)) == (address, 0, True)
    assert refusal.text.isprintable()
    assert server.received[0].recipients == (LIAISON,)


def test_a_message_to_nobody_is_refused() -> None:
    with Smtpd() as server:
        sent = send_one(server, make_message(to=()))
    assert (sent.outcome, sent.phase) == (Outcome.REFUSED, Phase.RCPT)


def test_a_sender_that_smtp_cannot_say_waits_for_better_settings() -> None:
    with Smtpd() as server:
        sent = send_one(server, dataclasses.replace(make_message(), sender="office\r\n@x.example"))
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.MAIL)
    assert "MAIL" not in server.verbs


# The connection


CONNECTING = [
    ("CONNECT", "421 4.3.2 too busy", Phase.CONNECT, 421),
    ("CONNECT", "554 5.3.2 no service here", Phase.CONNECT, 554),
    ("CONNECT", Fault.DROP, Phase.CONNECT, 0),
    ("CONNECT", Fault.STALL, Phase.CONNECT, 0),
    ("CONNECT", "SSH-2.0-OpenSSH", Phase.CONNECT, 0),
    ("EHLO", "550 5.7.1 not from there", Phase.CONNECT, 550),
    ("EHLO", "421 too many connections", Phase.CONNECT, 421),
    ("EHLO", Fault.DROP, Phase.CONNECT, 0),
]


@pytest.mark.parametrize(("point", "step", "phase", "code"), CONNECTING)
def test_a_connection_that_fails_leaves_the_message_for_later_and_takes_no_more(
    point: str, step: str | Fault, phase: Phase, code: int
) -> None:
    queue = map(make_message, (1, 2))
    with Smtpd(script={point: [step]}) as server:
        (_, sent), (_, untried) = send_each(SmtpMailer(make_settings(server, timeout=patience(step))), queue)
    assert sent is not None
    assert (sent.outcome, sent.phase, sent.code) == (Outcome.RETRY, phase, code)
    assert untried is None
    assert server.connections == 1


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_server_that_is_not_there_is_named() -> None:
    port = free_port()
    mailer = SmtpMailer(SmtpSettings(host="127.0.0.1", port=port, security=Security.PLAIN))
    (_, sent), (_, untried) = send_each(mailer, [make_message(), make_message(2)])
    assert sent is not None
    assert sent.outcome is Outcome.RETRY
    assert untried is None
    assert sent.text == f"127.0.0.1:{port} (connect): connection refused"
    with pytest.raises(MailTrouble, match=rf"127\.0\.0\.1:{port} \(connect\): connection refused"):
        mailer.probe()


def test_a_host_name_that_cannot_exist_is_a_fate_too() -> None:
    mailer = SmtpMailer(SmtpSettings(host="a" * 70 + ".example", port=25, security=Security.STARTTLS))
    ((_, sent),) = send_each(mailer, [make_message()])
    assert sent is not None
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.CONNECT)
    assert sent.text.endswith("a name that cannot be said in SMTP")


def test_a_probe_goes_as_far_as_the_login_and_sends_nothing() -> None:
    with Smtpd(logins={"office": PASSWORD}) as server:
        SmtpMailer(make_settings(server, username="office", password=Secret(PASSWORD))).probe()
        with pytest.raises(MailTrouble, match=r"\(auth\): 535 5\.7\.8 wrong user") as caught:
            SmtpMailer(make_settings(server, username="office", password=Secret("mistyped"))).probe()
    assert "MAIL" not in server.verbs
    assert "QUIT" in server.verbs
    assert PASSWORD not in str(caught.value)


# Protection


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_mail_goes_protected_and_the_server_is_verified(
    security: Security, context: ssl.SSLContext, ca_file: Path
) -> None:
    at_once = security is Security.TLS
    with Smtpd(context=context, tls_at_once=at_once, logins={"office": PASSWORD}) as server:
        overrides: dict[str, Any] = {
            "security": security,
            "ca_file": ca_file,
            "username": "office",
            "password": Secret(PASSWORD),
        }
        fates = send(server, make_message(1), make_message(2, data=LONG), **overrides)
        SmtpMailer(make_settings(server, **overrides)).probe()
    assert [sent.outcome for sent in fates] == [Outcome.SENT] * 2
    assert [(received.tls, received.login) for received in server.received] == [(True, "office")] * 2
    assert server.received[1].data == LONG
    assert server.connections == 2


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_nobody_vouches_for_is_refused(security: Security, context: ssl.SSLContext) -> None:
    with Smtpd(context=context, tls_at_once=security is Security.TLS) as server:
        sent = send_one(server, security=security)
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.TLS)
    assert "certificate is not to be trusted" in sent.text
    assert "MAIL" not in server.verbs


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_of_another_host_is_refused(security: Security, authority: trustme.CA, ca_file: Path) -> None:
    other = make_context(authority, "elsewhere.example")
    with Smtpd(context=other, tls_at_once=security is Security.TLS) as server:
        sent = send_one(server, security=security, ca_file=ca_file)
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.TLS)
    assert "mismatch" in sent.text


def test_without_starttls_nothing_is_said_in_the_clear() -> None:
    with Smtpd(logins={"office": PASSWORD}) as server:
        sent = send_one(server, security=Security.STARTTLS, username="office", password=Secret(PASSWORD))
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.TLS)
    assert "no STARTTLS" in sent.text
    assert server.verbs == ["EHLO"]


@pytest.mark.parametrize("step", ["454 4.7.0 not now", "501 5.5.4 no", Fault.DROP, Fault.STALL])
def test_a_starttls_that_fails_is_not_gone_on_without(step: str | Fault, context: ssl.SSLContext) -> None:
    with Smtpd(context=context, script={"STARTTLS": [step]}) as server:
        sent = send_one(server, security=Security.STARTTLS, timeout=patience(step))
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.TLS)
    assert server.verbs == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize("fault", [Fault.DROP, Fault.STALL])
def test_a_handshake_that_comes_to_nothing_ends_in_time(
    fault: Fault, security: Security, context: ssl.SSLContext, ca_file: Path
) -> None:
    with Smtpd(context=context, tls_at_once=security is Security.TLS, script={"HANDSHAKE": [fault]}) as server:
        sent = send_one(server, security=security, ca_file=ca_file, timeout=patience(fault))
    assert sent.outcome is Outcome.RETRY
    assert sent.phase in (Phase.CONNECT, Phase.TLS)


def test_tls_at_a_port_that_speaks_plain_says_so() -> None:
    with Smtpd() as server:
        sent = send_one(server, security=Security.TLS)
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.TLS)
    assert "TLS failed" in sent.text


@pytest.mark.parametrize("step", [Fault.DROP, Fault.STALL, "421 4.3.2 shutting down"])
@pytest.mark.parametrize("point", ["CONNECT", "EHLO", "MAIL", "DOT"])
def test_a_protected_connection_fails_as_cleanly(
    point: str, step: str | Fault, context: ssl.SSLContext, ca_file: Path
) -> None:
    with Smtpd(context=context, tls_at_once=True, script={point: [step]}) as server:
        sent, *_ = send(
            server, make_message(1), make_message(2), security=Security.TLS, ca_file=ca_file, timeout=patience(step)
        )
    certain = point != "DOT" or step == "421 4.3.2 shutting down"
    assert sent.outcome is (Outcome.RETRY if certain else Outcome.UNCERTAIN)


@pytest.mark.parametrize("content", [None, "this is no certificate"])
def test_a_bad_file_of_authorities_is_named(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "office-ca.pem"
    if content is not None:
        file.write_text(content)
    with Smtpd() as server, pytest.raises(MailTrouble, match=r"office-ca\.pem"):
        SmtpMailer(make_settings(server, security=Security.TLS, ca_file=file)).probe()


@pytest.mark.parametrize("host", ["mail.gaoping.example", "192.0.2.1", "2001:db8::1", "localhost.gaoping.example"])
def test_plain_mail_off_this_machine_is_refused_unless_the_office_allows_it(host: str) -> None:
    exposed = SmtpSettings(host=host, port=25, security=Security.PLAIN, username="office", password=Secret(PASSWORD))
    with pytest.raises(MailTrouble, match=r"mail\.smtp\.allow_plain") as caught:
        SmtpMailer(exposed)
    assert PASSWORD not in str(caught.value)
    SmtpMailer(dataclasses.replace(exposed, allow_plain=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST."])
def test_plain_mail_on_this_machine_is_allowed(host: str) -> None:
    SmtpMailer(SmtpSettings(host=host, port=25, security=Security.PLAIN))


# The login


@pytest.mark.parametrize("methods", ["PLAIN", "LOGIN", "CRAM-MD5", "GSSAPI LOGIN", "CRAM-MD5 PLAIN LOGIN"])
def test_the_login_uses_what_the_server_offers(methods: str) -> None:
    with Smtpd(logins={"office": PASSWORD}, methods=methods) as server:
        sent = send_one(server, username="office", password=Secret(PASSWORD))
    assert sent.outcome is Outcome.SENT
    assert server.received[0].login == "office"
    assert server.verbs.count("AUTH") == 1


def test_without_a_username_there_is_no_login_and_with_one_there_must_be_a_password() -> None:
    with Smtpd(logins={"office": PASSWORD}) as server:
        assert send_one(server).outcome is Outcome.SENT
        with pytest.raises(MailTrouble, match="no password"):
            SmtpMailer(make_settings(server, username="office"))
    assert "AUTH" not in server.verbs


def test_a_wrong_password_is_tried_once_and_stops_the_queue() -> None:
    with Smtpd(logins={"office": PASSWORD}, methods="CRAM-MD5 PLAIN LOGIN") as server:
        mailer = SmtpMailer(make_settings(server, username="office", password=Secret("wrong-one"), connections=4))
        (_, sent), *others = send_each(mailer, map(make_message, range(1, 9)))
    assert sent == Sent(outcome=Outcome.AUTH, phase=Phase.AUTH, code=535, text="5.7.8 wrong user or password")
    assert server.verbs.count("AUTH") == 1
    assert [sent for _, sent in others] == [None] * 7


QQ_535 = (
    "535 Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited,"
    " or system is busy."
)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (QQ_535, Outcome.AUTH),
        ("550 User has no permission", Outcome.AUTH),
        ("534 5.7.9 application-specific password required", Outcome.AUTH),
        ("454 4.7.0 temporary authentication failure", Outcome.RETRY),
        ("421 4.7.0 too many logins", Outcome.RETRY),
        ("550 Login frequency limited", Outcome.RETRY),
        (Fault.DROP, Outcome.RETRY),
        (Fault.STALL, Outcome.RETRY),
    ],
)
def test_a_login_refused_stops_the_queue_and_one_put_off_is_tried_later(answer: str | Fault, outcome: Outcome) -> None:
    with Smtpd(logins={"office": PASSWORD}, script={"AUTH": [answer]}) as server:
        fates = send(
            server,
            make_message(1),
            make_message(2),
            username="office",
            password=Secret(PASSWORD),
            timeout=patience(answer),
        )
    assert [(sent.outcome, sent.phase) for sent in fates] == [(outcome, Phase.AUTH)]


def test_a_method_offered_but_not_there_gives_way_to_the_next() -> None:
    with Smtpd(logins={"office": PASSWORD}, script={"AUTH": ["504 5.5.4 not here"]}) as server:
        sent = send_one(server, username="office", password=Secret(PASSWORD))
    assert sent.outcome is Outcome.SENT
    assert server.verbs.count("AUTH") == 2


def test_a_server_that_offers_no_login_known_here_is_not_used_without_one() -> None:
    with Smtpd(logins={"office": PASSWORD}, methods="GSSAPI") as server:
        sent = send_one(server, username="office", password=Secret(PASSWORD))
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.AUTH)
    assert "MAIL" not in server.verbs


@pytest.mark.parametrize(
    ("point", "answer"),
    [
        ("MAIL", "530 5.7.0 authentication required"),
        ("MAIL", "503 Error: need EHLO and AUTH first !"),
        ("MAIL", "553 authentication is required"),
        ("RCPT", "530 5.7.1 log in first"),
    ],
)
def test_a_server_that_wants_a_login_stops_the_queue_and_blames_no_recipient(point: str, answer: str) -> None:
    with Smtpd(script={point: [answer]}) as server:
        fates = send(server, make_message(1), make_message(2))
    assert [(sent.outcome, sent.refused) for sent in fates] == [(Outcome.AUTH, ())]


# Secrets


def test_a_password_shows_in_no_repr() -> None:
    secret = Secret(PASSWORD)
    holder = SmtpSettings(host="h", port=1, security=Security.TLS, username="office", password=secret)
    shown = f"{secret} {secret!r} {[secret]} {holder} {holder!r} {dataclasses.asdict(holder)} %s" % secret
    assert PASSWORD not in shown
    assert secret.reveal() == PASSWORD
    assert secret == Secret(PASSWORD)
    assert secret != Secret("other")
    assert hash(secret) == hash(Secret(PASSWORD))


@pytest.mark.parametrize("methods", ["PLAIN", "LOGIN"])
def test_a_server_that_quotes_the_login_back_puts_no_password_into_the_ledger(methods: str) -> None:
    """Seen with servers that lost the thread: 500 unknown command "AGFu…"."""
    tokens = ["AG9mZmljZQBrZXB0LXRvLWl0c2VsZg==", "a2VwdC10by1pdHNlbGY="]
    answer = f'500 unknown: "{tokens[0].upper()}" "{tokens[1]}" {PASSWORD}'
    with Smtpd(logins={"office": PASSWORD}, methods=methods, script={"AUTH": [answer]}) as server:
        sent = send_one(server, username="office", password=Secret(PASSWORD))
    assert sent.outcome is Outcome.AUTH
    assert sent.text == 'unknown: "***" "***" ***'


# Words


@pytest.mark.parametrize(
    ("phase", "code", "text", "outcome"),
    [
        (Phase.RCPT, 550, "5.1.1 no such user", Outcome.REFUSED),
        (Phase.REPLY, 550, "Ip frequency limited", Outcome.RETRY),
        (Phase.CONNECT, 550, "Connection frequency limited", Outcome.RETRY),
        (Phase.RCPT, 550, "Too many recipients", Outcome.RETRY),
        (Phase.RCPT, 552, "5.5.3 too many recipients", Outcome.RETRY),
        (Phase.REPLY, 554, "MI:STC 163 smtp1,aBc", Outcome.RETRY),
        (Phase.REPLY, 554, "DT:SPM 163 smtp1,aBc", Outcome.REFUSED),
        (Phase.REPLY, 550, "5.4.5 Daily user sending limit exceeded", Outcome.RETRY),
        (Phase.REPLY, 550, "发送频率过高", Outcome.RETRY),
        (Phase.REPLY, 550, "发信过于频繁，请稍后再试", Outcome.RETRY),
        (Phase.REPLY, 554, "5.4.6 too many hops", Outcome.REFUSED),
        (Phase.RCPT, 552, "5.2.2 mailbox full, quota exceeded", Outcome.REFUSED),
        (Phase.RCPT, 450, "4.2.0 greylisted", Outcome.RETRY),
        (Phase.MAIL, 451, "MI:SFQ 163 smtp1,aBc", Outcome.RETRY),
        (Phase.TLS, 554, "5.7.3 no", Outcome.RETRY),
        (Phase.DATA, 999, "nonsense", Outcome.RETRY),
    ],
)
def test_answers_are_judged_by_code_and_by_what_providers_mean(
    phase: Phase, code: int, text: str, outcome: Outcome
) -> None:
    assert judge(phase, code, text) is outcome


def test_answers_in_gbk_and_with_tricks_can_be_read_and_stored() -> None:
    with Smtpd(script={"MAIL": ["550 发送频率过高".encode("gbk") + b"\r\n"]}) as server:
        sent = send_one(server)
    assert (sent.outcome, sent.text) == (Outcome.RETRY, "发送频率过高")
    assert readable("two\nlines\x00\x1b[31m \u202eback") == "two lines [31m back"
    assert len(readable("x" * 10_000)) == 500


def test_answers_of_several_lines_are_kept_as_one() -> None:
    with Smtpd(script={"DOT": ["554-5.7.1 first\n554 5.7.1 second"]}) as server:
        assert send_one(server).text == "5.7.1 first 5.7.1 second"


def test_an_unforeseen_error_is_named_by_its_kind_alone() -> None:
    assert explain(RuntimeError(PASSWORD)) == "RuntimeError"
    assert explain(socket.gaierror(-2, "Name or service not known")) == "the host name cannot be found"


def test_a_mailer_says_where_it_sends_to() -> None:
    described = {
        SmtpMailer(SmtpSettings(host=host, port=port, security=security)).describe
        for host, port, security in [
            ("mail.example", 587, Security.STARTTLS),
            ("mail.example", 465, Security.TLS),
            ("::1", 25, Security.PLAIN),
        ]
    }
    assert described == {
        "smtp://mail.example:587 (STARTTLS)",
        "smtp://mail.example:465 (TLS)",
        "smtp://[::1]:25 (plain)",
    }


def test_holding_a_mailer_costs_no_smtp_library() -> None:
    code = (
        "import sys, wsyf_scheduler.mail.transport; sys.exit('aiosmtplib' in sys.modules or 'asyncio' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0


# A second opinion: a server that is not ours


class Keeper:
    """Keeps what an aiosmtpd server receives."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 kept"


def check_login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    return AuthResult(success=isinstance(data, LoginPassword) and data.password == PASSWORD.encode())


def test_a_server_of_other_hands_takes_a_batch_over_starttls_with_login(context: ssl.SSLContext, ca_file: Path) -> None:
    keeper = Keeper()
    server = Controller(
        keeper,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        authenticator=check_login,
        auth_required=True,
    )
    server.start()
    try:
        mailer = SmtpMailer(
            SmtpSettings(
                host="127.0.0.1",
                port=server.port,
                security=Security.STARTTLS,
                username="office",
                password=Secret(PASSWORD),
                ca_file=ca_file,
            )
        )
        fates = [sent for _, sent in send_each(mailer, map(make_message, range(1, 6))) if sent is not None]
    finally:
        server.stop()
    assert [(sent.outcome, sent.text) for sent in fates] == [(Outcome.SENT, "kept")] * 5
    assert [envelope.content for envelope in keeper.envelopes] == [BODY] * 5
