"""A whole morning of the office: the daemon's sweeps from before nine, over a real SMTP server on loopback.

What must arrive is what the second reading of the rules says (tests/rehearsal/oracle.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from tests.cli.office_fixtures import Desk, rehearsal_office
from tests.mail.smtpd import Smtpd
from tests.rehearsal.oracle import DEFAULT_LADDER, Message, default_people, gaoping, simulate
from wsyf_scheduler import config as config_file
from wsyf_scheduler import opening
from wsyf_scheduler.app import App
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.mail.writer import BlankWriter
from wsyf_scheduler.opening import open_app
from wsyf_scheduler.rounds import send, sweep

desk = pytest.fixture(rehearsal_office)

SMTP = """
[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "plain"
timeout = 10

[guards]"""
WORDS = {"start": "任务告知", "reminder": "提醒", "chaser": "催办", "escalation": "督办", "briefing": "情况报告"}
NINE = datetime.fromisoformat("2022-06-10T09:00:00+08:00")  # reminders, escalations and both briefings in one slot


def expected(day: date) -> list[Message]:
    found = simulate(gaoping(), DEFAULT_LADDER, default_people(), date(2022, 5, 19), day, "never")
    return [message for message in found if message["at"].startswith(str(day))]


def use_smtp(desk: Desk, port: int) -> None:
    desk.edit("config.toml", 'transport = "maildir"', 'transport = "smtp"')
    desk.edit("config.toml", "\n[guards]", SMTP.format(port=port))


def letters_of(server: Smtpd) -> list[EmailMessage]:
    letters = [message_from_bytes(each.data, policy=policy.default) for each in server.received]
    assert all(isinstance(letter, EmailMessage) for letter in letters)
    return letters  # type: ignore[return-value]


def work(app: App, *, first: bool = False) -> str:
    """One sweep, and the round of sending that follows it; what they stumbled over."""
    now = app.clock.now()
    return sweep(app, now, first=first) + send(app, now)


@pytest.fixture
def live(desk, monkeypatch) -> Callable[..., None]:
    """Rounds of the days before, whose letters nobody reads."""

    def rounds(*days: str) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(opening, "writer", lambda _config: BlankWriter())
            for day in days:
                desk.wsyf("tick", at=day)

    return rounds


def test_at_nine_all_that_the_rules_owe_is_sent_and_nothing_before_or_after(desk, live):
    live("2022-05-19", "2022-05-24", "2022-05-26", "2022-05-31", "2022-06-01", "2022-06-06", "2022-06-09")
    with Smtpd() as server:
        use_smtp(desk, server.port)
        app = open_app(config_file.load(desk.config), who="daemon", at=NINE - timedelta(minutes=1))
        assert isinstance(app.clock, FixedClock)
        assert work(app, first=True) == ""
        assert server.received == []
        app.clock.instant = NINE
        assert work(app) == ""
        arrived = len(server.received)
        app.clock.instant += timedelta(minutes=1)
        assert work(app) == ""
        assert len(server.received) == arrived
        app.db.close()
    owed = expected(NINE.date())
    assert {message["letter"] for message in owed} >= {"escalation", "briefing"}
    assert Counter(tuple(sorted(each.recipients)) for each in server.received) == Counter(
        tuple(sorted({*message["to"], *message["cc"]})) for message in owed
    )
    assert server.connections <= 2  # reused for the whole batch
    for letter in letters_of(server):
        to, cc = ([each.addr_spec for each in letter[name].addresses] if letter[name] else [] for name in ("To", "Cc"))
        (message,) = [
            m
            for m in owed
            if (m["to"], m["cc"]) == (sorted(to), sorted(cc)) and WORDS[m["letter"]] in letter["Subject"]
        ]
        text = letter.get_body(("plain",)).get_content()
        assert all(row["key"] in text for row in message["rows"])
        assert letter["Date"].datetime == NINE
        assert letter["Auto-Submitted"] == "auto-generated"
    states = desk.sql("SELECT DISTINCT state, sent_at FROM message WHERE sent_at >= '2022-06-10'")
    assert [state for state, _at in states] == ["sent"]


def test_what_was_closed_before_nine_is_not_chased_and_gets_its_receipt(desk, live):
    live("2022-05-19", "2022-05-24", "2022-05-26", "2022-05-31")
    desk.wsyf(
        "done",
        "2022/1/housing",
        "2021-2022/4/housing",
        "--without-figures",
        "--reason",
        "材料已收",
        at="2022-06-01T08:55",
    )
    with Smtpd() as server:
        use_smtp(desk, server.port)
        app = open_app(config_file.load(desk.config), who="daemon", at=datetime.fromisoformat("2022-06-01T09:00+08:00"))
        assert work(app, first=True) == ""
        app.db.close()
    to_housing = [letter for letter in letters_of(server) if "liaison.housing@gaoping.example" in str(letter["To"])]
    assert len(to_housing) == 1
    assert WORDS["chaser"] not in to_housing[0]["Subject"]
    chased = {str(letter["To"]) for letter in letters_of(server) if WORDS["chaser"] in letter["Subject"]}
    assert len(chased) == 4  # emergency, transport, health, hrss


def test_a_server_that_is_down_is_no_trouble_of_the_sweep_and_loses_nothing(desk):
    with Smtpd() as server:
        use_smtp(desk, server.port)
    app = open_app(config_file.load(desk.config), who="daemon", at=datetime.fromisoformat("2022-05-19T09:00+08:00"))
    work(app, first=True)
    states = Counter(state for (state,) in desk.sql("SELECT state FROM message"))
    assert set(states) <= {"retry", "queued", "uncertain"}
    assert sum(states.values()) == len(expected(date(2022, 5, 19)))
    app.db.close()
