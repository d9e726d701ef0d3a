"""Ten thousand letters through a faulty mail server, and the ledger held against the server's own journal.

The ticks run in this process on a real database file; the clock stands still in a round and is moved on between rounds.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import trustme

from tests.crash import kill_office
from tests.crash.balancing import Books, Result
from tests.crash.faults import FaultyManners
from tests.crash.kill_office import KillOffice, address_of, lay_out
from tests.crash.mailhost import MailHost, Tls
from wsyf_scheduler import config as config_file
from wsyf_scheduler.app import App
from wsyf_scheduler.clock import FixedClock, monotonic
from wsyf_scheduler.opening import mailer, open_app
from wsyf_scheduler.store import assignments, outbox, pauses
from wsyf_scheduler.ticks import deliver, digest, remind, rescue

TIMEOUT = 1.5  # seconds the office waits for an answer: a busy machine must not count as a fault of the server
LETTERS_OF_A_DEPARTMENT = 30  # in the whole year, about
FEWEST = 24  # departments
RATE = 0.006
MOMENT = timedelta(seconds=20)


def faulty_year(folder: Path, *, letters: int, seed: int, rate: float = RATE) -> Books:
    """Live until so many letters were queued, then until all have come to their end; then hold the books together."""
    began = monotonic()
    count = max(letters // LETTERS_OF_A_DEPARTMENT, FEWEST)
    departments = [f"d{number:03}" for number in range(1, count + 1)]
    ca, clock = trustme.CA(), FixedClock(kill_office.BEGINS_AT)
    manners = FaultyManners(
        seed, clock.now, rate=rate, dead=dead_addresses(departments), grey=grey_addresses(departments)
    )
    tls = Tls(good=context(ca), bad=context(trustme.CA()))
    with MailHost(manners=manners, tls=tls, logins={"office": kill_office.PASSWORD}) as host:
        office = lay_out(folder / "office", host.port, ca=ca.cert_pem.bytes(), departments=departments)
        app = opened(office, clock)
        year = Year(app, clock, manners, Result(seed))
        year.live(letters)
        app.db.close()
        host.join()
    books = Books(office, host, manners, year.result)
    books.balance()
    books.result.seconds = monotonic() - began
    return books


def context(ca: trustme.CA) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(found)
    return found


def dead_addresses(departments: list[str]) -> set[str]:
    """A liaison here and there; of two departments the convener too; and the chief."""
    dead = {address_of("liaison", name) for name in departments[3::20]}
    return dead | {address_of("convener", name) for name in departments[3::20][:2]} | {address_of("chief")}


def grey_addresses(departments: list[str]) -> set[str]:
    return {address_of("liaison", name) for name in departments[5::10]}


def opened(office: KillOffice, clock: FixedClock, timeout: float = TIMEOUT) -> App:
    """The office's App, which waits so many seconds for an answer."""
    config = config_file.load(office.config)
    assert config.mail.smtp is not None
    mail = replace(
        config.mail,
        smtp=replace(config.mail.smtp, timeout=timeout),
        limits=replace(config.mail.limits, per_connection=50),
    )
    config = replace(config, mail=mail)
    return replace(open_app(config, who="wsyf"), clock=clock, make_mailer=lambda: mailer(config))


@dataclass(slots=True)
class Year:
    """An office whose clock is moved on from moment to moment."""

    app: App
    clock: FixedClock
    manners: FaultyManners
    result: Result

    def live(self, letters: int) -> None:
        """Decide until so many letters are queued, and send until none is under way."""
        deciding = True
        while True:
            now = self.clock.now()
            if deciding:
                remind.run(self.app, now)
                digest.run(self.app, now)
            rescue.run(self.app, now)
            deliver.run(self.app, now)
            self.result.rounds += 1
            assert self.result.rounds < 40 * max(letters, 500), "it never ends"
            deciding = deciding and self.count() < letters
            following = self.following(deciding=deciding)
            if following is None:
                return
            self.result.days += following.date() != now.date()
            self.clock.instant = following

    def count(self) -> int:
        with self.app.db.read() as session:
            return int(session.exec_driver_sql("SELECT count(*) FROM message").scalar_one())

    def following(self, *, deciding: bool) -> datetime | None:
        """The next moment at which something may be sent or is to be decided; None when all is over."""
        now = self.clock.now()
        with self.app.db.read() as session:
            pause, due = pauses.get(session), outbox.next_due(session)
            attention = assignments.next_attention(session) if deciding else None
            table = next(iter(self.app.plans(session).values())).table
        moments = [] if attention is None else [max(attention, now + MOMENT)]
        if due is not None:
            moments.append(max(due, now + MOMENT, pause.until_at if pause is not None else now))
        return table.hours.next_open(min(moments), table.calendar) if moments else None
