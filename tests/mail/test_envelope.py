"""Recipients refused and recipients taken, with PIPELINING and without."""

from __future__ import annotations

import dataclasses
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.mail.smtpd import Fault, Smtpd
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.mail.mailer import send_each
from wsyf_scheduler.mail.smtp import Security, SmtpMailer, SmtpSettings
from wsyf_scheduler.mail.transport import asks_for_pause

LIAISON, CONVENER, DIRECTOR = "liaison@emergency.example", "convener@emergency.example", "director@gaoping.example"
BODY = b"Subject: a\r\n\r\nb\r\n"
OFFERS = [(), ("PIPELINING",)]
NOBODY, FULL = "550 5.1.1 nobody of that name", "452 4.2.2 full just now"


def make_message(to: tuple[str, ...], needed: tuple[str, ...] = (), number: int = 1) -> Outgoing:
    return Outgoing(id=number, sender="office@gaoping.example", recipients=to, data=BODY, needed=needed)


def send(server: Smtpd, *messages: Outgoing, **overrides: Any) -> list[Sent]:
    settings = SmtpSettings(host="127.0.0.1", port=server.port, security=Security.PLAIN, timeout=5)
    mailer = SmtpMailer(dataclasses.replace(settings, **overrides))
    return [sent for _, sent in send_each(mailer, messages) if sent is not None]


def refuses(**answers: str) -> dict[str, list[str]]:
    names = {"liaison": LIAISON, "convener": CONVENER, "director": DIRECTOR}
    return {f"RCPT {names[name]}": [answer] for name, answer in answers.items()}


# Those who must have it


@pytest.mark.parametrize("offers", OFFERS)
def test_nothing_goes_to_the_others_where_all_who_must_have_it_are_refused_for_good(offers: tuple[str, ...]) -> None:
    with Smtpd(script=refuses(liaison=NOBODY), offers=offers) as server:
        first, second = send(
            server,
            make_message((LIAISON, CONVENER), needed=(LIAISON,)),
            make_message((CONVENER,), needed=(CONVENER,), number=2),
        )
    assert (first.outcome, first.phase, first.code, first.text) == (
        Outcome.REFUSED,
        Phase.RCPT,
        550,
        "5.1.1 nobody of that name",
    )
    assert first.refused == (Refusal(address=LIAISON, code=550, text="5.1.1 nobody of that name"),)
    assert second.outcome is Outcome.SENT
    assert [each.recipients for each in server.received] == [(CONVENER,)]
    assert server.verbs.count("RSET") == 1
    assert server.connections == 1


@pytest.mark.parametrize("offers", OFFERS)
def test_it_goes_where_one_of_those_who_must_have_it_is_taken(offers: tuple[str, ...]) -> None:
    with Smtpd(script=refuses(liaison=NOBODY), offers=offers) as server:
        (sent,) = send(server, make_message((LIAISON, CONVENER, DIRECTOR), needed=(LIAISON, CONVENER)))
    assert (sent.outcome, [each.address for each in sent.refused]) == (Outcome.SENT, [LIAISON])
    assert server.received[0].recipients == (CONVENER, DIRECTOR)


@pytest.mark.parametrize("offers", OFFERS)
def test_it_goes_to_the_others_where_one_who_must_have_it_is_refused_for_now(offers: tuple[str, ...]) -> None:
    """Those refused for now get the same bytes later."""
    with Smtpd(script=refuses(liaison=FULL), offers=offers) as server:
        (sent,) = send(server, make_message((LIAISON, CONVENER), needed=(LIAISON,)))
    assert sent.outcome is Outcome.SENT
    assert sent.refused == (Refusal(address=LIAISON, code=452, text="4.2.2 full just now"),)
    assert server.received[0].recipients == (CONVENER,)


@pytest.mark.parametrize("offers", OFFERS)
def test_who_must_have_it_decides_where_nobody_is_taken(offers: tuple[str, ...]) -> None:
    with Smtpd(script=refuses(liaison=NOBODY, convener=FULL), offers=offers) as server:
        (sent,) = send(server, make_message((LIAISON, CONVENER), needed=(LIAISON,)))
    assert (sent.outcome, sent.code, len(sent.refused)) == (Outcome.REFUSED, 550, 2)
    with Smtpd(script=refuses(liaison=FULL, convener=NOBODY), offers=offers) as server:
        (sent,) = send(server, make_message((LIAISON, CONVENER), needed=(LIAISON,)))
    assert (sent.outcome, len(sent.refused)) == (Outcome.RETRY, 2)


@pytest.mark.parametrize("offers", OFFERS)
def test_one_who_must_have_it_but_cannot_be_named_counts_as_refused_for_good(offers: tuple[str, ...]) -> None:
    with Smtpd(offers=offers) as server:
        (sent,) = send(server, make_message(("联络员@b.example", CONVENER), needed=("联络员@b.example",)))
    assert (sent.outcome, sent.code, server.received) == (Outcome.REFUSED, 0, [])


# In one go


def test_the_envelope_goes_out_in_one_go_where_the_server_offers_it() -> None:
    """A server that answers all at once, after the last recipient: who waits for each answer waits in vain."""
    script = {"MAIL": [Fault.HOLD], "RCPT": [Fault.HOLD]}
    with Smtpd(script=script, offers=("PIPELINING",)) as server:
        (sent,) = send(server, make_message((LIAISON, CONVENER)))
    assert sent.outcome is Outcome.SENT
    with Smtpd(script=script, offers=()) as server:
        (sent,) = send(server, make_message((LIAISON, CONVENER)), timeout=0.2)
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.MAIL)


def test_data_is_said_only_when_every_recipient_has_been_answered() -> None:
    with Smtpd(script={f"RCPT {CONVENER}": [Fault.STALL]}, offers=("PIPELINING",)) as server:
        (sent,) = send(server, make_message((LIAISON, CONVENER)), timeout=0.2)
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.RCPT)
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "RCPT"]


def test_answers_belong_to_the_recipients_in_their_order() -> None:
    to = tuple(f"r{number}@x.example" for number in range(100))
    script = {"RCPT": [f"550 5.1.1 no {n}" if n % 3 == 0 else "250-yes\n250 of two lines" for n in range(100)]}
    with Smtpd(script=script, offers=("PIPELINING",)) as server:
        (sent,) = send(server, make_message(to))
    assert [(each.address, each.text) for each in sent.refused] == [
        (f"r{n}@x.example", f"5.1.1 no {n}") for n in range(0, 100, 3)
    ]
    assert server.received[0].recipients == tuple(f"r{n}@x.example" for n in range(100) if n % 3)


@pytest.mark.parametrize("answer", ["452 4.3.1 no room", "552 5.3.4 too long", "421 4.7.0 closing", "?"])
def test_a_refused_sender_leaves_no_answer_behind_for_the_next_message(answer: str) -> None:
    with Smtpd(script={"MAIL": [answer]}, offers=("PIPELINING",)) as server:
        first, second = send(
            server,
            make_message((LIAISON, CONVENER)),
            make_message((LIAISON,), number=2),
            stop_when_busy=False,
        )
    assert first.phase is Phase.MAIL
    assert second == Sent(outcome=Outcome.SENT, phase=Phase.REPLY, code=250, text="queued as 1")


@pytest.mark.parametrize("offers", OFFERS)
def test_an_answer_too_many_within_the_envelope_ends_the_attempt(offers: tuple[str, ...]) -> None:
    with Smtpd(script={"RCPT": ["250 yes\n250 and yes"]}, offers=offers) as server:
        first, second = send(server, make_message((LIAISON,)), make_message((CONVENER,), number=2))
    assert first.outcome is Outcome.RETRY
    assert second.outcome is Outcome.SENT
    assert server.count(BODY) == 1


@pytest.mark.parametrize("flood", [b"250" + b"x" * 100_000, b"250-more\r\n" * 10_000, b"250 " + b"x" * 9_000 + b"\r\n"])
@pytest.mark.parametrize(("point", "outcome"), [("MAIL", Outcome.RETRY), ("DOT", Outcome.UNCERTAIN)])
def test_an_answer_without_end_is_not_listened_to(point: str, outcome: Outcome, flood: bytes) -> None:
    with Smtpd(script={point: [flood]}, offers=("PIPELINING",)) as server:
        first, second = send(server, make_message((LIAISON,)), make_message((CONVENER,), number=2), timeout=20)
    assert (first.outcome, second.outcome) == (outcome, Outcome.SENT)
    assert len(first.text) <= 500
    assert server.connections == 2


def test_an_answer_in_pieces_is_one_answer() -> None:
    """The server's own sends are put together, or taken apart, by the network as it likes."""
    with Smtpd(
        script={"MAIL": [b"25"], "RCPT": [b"0-yes\r\n250 sender\r\n250 recipi", b"ent\r\n250 two\r\n"]}
    ) as server:
        server.offers = ("PIPELINING",)
        (sent,) = send(server, make_message((LIAISON, CONVENER)))
    assert sent.outcome is Outcome.SENT


def test_a_protected_connection_is_no_different(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    script = {"MAIL": [Fault.HOLD], "RCPT": [Fault.HOLD], f"RCPT {DIRECTOR}": [NOBODY]}
    with Smtpd(script=script, offers=("PIPELINING",), context=context, tls_at_once=True) as server:
        (sent,) = send(
            server,
            make_message((LIAISON, CONVENER, DIRECTOR)),
            security=Security.TLS,
            ca_file=tmp_path / "ca.pem",
        )
    assert (sent.outcome, [each.address for each in sent.refused]) == (Outcome.SENT, [DIRECTOR])


# What asks for a pause


@pytest.mark.parametrize(
    ("outcome", "code", "text", "refused", "pause"),
    [
        (Outcome.RETRY, 421, "4.3.2 closing", (), True),
        (Outcome.RETRY, 450, "4.2.0 greylisted", (), True),
        (Outcome.RETRY, 550, "Sender frequency limited", (), True),
        (Outcome.RETRY, 550, "发信过于频繁，请稍后再试", (), True),
        (Outcome.RETRY, 554, "MI:STC 163 smtp1,aBc", (), True),
        (Outcome.RETRY, 452, "5.5.3 too many recipients", (), False),
        (Outcome.RETRY, 451, "4.3.0 try again later", (), False),
        (Outcome.RETRY, 0, "127.0.0.1:25 (mail): an answer that makes no sense: too many", (), False),
        (Outcome.REFUSED, 550, "5.1.1 nobody", (), False),
        (Outcome.AUTH, 535, "login frequency limited", (), False),
        (Outcome.SENT, 250, "too often, but yes", (), False),
        (Outcome.SENT, 250, "ok", ((450, "4.2.1 full just now"),), False),
        (Outcome.SENT, 250, "ok", ((550, "Domain frequency limited"),), True),
        (Outcome.RETRY, 452, "full", ((450, "4.2.0 greylisted"), (452, "full")), True),
    ],
)
def test_what_asks_for_a_pause(
    outcome: Outcome,
    code: int,
    text: str,
    refused: tuple[tuple[int, str], ...],
    pause: bool,
) -> None:
    refusals = tuple(Refusal(address=LIAISON, code=each, text=words) for each, words in refused)
    sent = Sent(outcome=outcome, phase=Phase.REPLY, code=code, text=text, refused=refusals)
    assert asks_for_pause(sent) is pause


@pytest.mark.parametrize("point", ["DATA", "DOT"])
def test_who_was_refused_stands_in_the_ledger_though_the_message_failed_later(point: str) -> None:
    with Smtpd(script=refuses(convener=NOBODY) | {point: ["451 4.3.0 not now"]}) as server:
        (sent,) = send(server, make_message((LIAISON, CONVENER)))
    assert (sent.outcome, sent.code) == (Outcome.RETRY, 451)
    assert [each.address for each in sent.refused] == [CONVENER]
