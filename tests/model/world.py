"""An office that can die: a database file, a mail server with moods, and traps at its commits; opened anew after each death.

Everything is real but the network and the words of a letter: those are kept as JSON, so that they can be read back.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Any

from tests.cast import WHO, at, parse, small_config
from wsyf_scheduler.acts import staff, track
from wsyf_scheduler.app import App
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.errors import DatabaseTrouble, Fault
from wsyf_scheduler.mail import transport
from wsyf_scheduler.mail.letter import Deadline, Headers, Letter, Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.mail.mailer import Posting, SerialPosting
from wsyf_scheduler.mail.writer import Written
from wsyf_scheduler.rounds import send, sweep
from wsyf_scheduler.store import facts, holds, uptime
from wsyf_scheduler.store.db import Database, Session

FEW = 3  # ladder messages at one moment; more, and the guard holds them
DELAY = timedelta(minutes=10)
AN_INSTANT = timedelta(microseconds=1)  # between two things people do: no two happen at once
ROOM = 2  # messages claimed ahead: small, so that many commits lie between them


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


class Point(Enum):
    """Where a trap may stand."""

    BEFORE_COMMIT = auto()  # the process dies, the transaction with it
    AFTER_COMMIT = auto()  # the process dies, the transaction stands
    TROUBLE = auto()  # the database refuses the commit; the process lives


class Mood(Enum):
    """How the server takes the next message."""

    WELL = auto()
    LATER = auto()  # 451 to DATA
    CLOSING = auto()  # 421 to MAIL
    TOO_OFTEN = auto()  # a limit, said as 550
    REFUSED = auto()  # 554 to the message
    LOGIN = auto()  # 535
    LOST = auto()  # the connection breaks after the dot; the server has it not
    TAKEN = auto()  # the connection breaks after the dot; the server has it
    CRASH_BEFORE = auto()  # our process dies before the message leaves
    CRASH_AFTER = auto()  # our process dies between the server's yes and the record of it


ANSWERS = {
    Mood.LATER: Sent(outcome=Outcome.RETRY, phase=Phase.DATA, code=451, text="try later"),
    Mood.CLOSING: Sent(outcome=Outcome.RETRY, phase=Phase.MAIL, code=421, text="closing"),
    Mood.TOO_OFTEN: Sent(outcome=Outcome.RETRY, phase=Phase.MAIL, code=550, text="too many mails, too often"),
    Mood.REFUSED: Sent(outcome=Outcome.REFUSED, phase=Phase.REPLY, code=554, text="spam"),
    Mood.LOGIN: Sent(outcome=Outcome.AUTH, phase=Phase.AUTH, code=535, text="wrong password"),
    Mood.LOST: Sent(outcome=Outcome.UNCERTAIN, phase=Phase.DOT, text="no answer"),
    Mood.TAKEN: Sent(outcome=Outcome.UNCERTAIN, phase=Phase.DOT, text="no answer"),
}


@dataclass(slots=True)
class Trap:
    """Springs the n-th time its point is passed."""

    point: Point | None = None
    passes: int = 0

    def arm(self, point: Point, passes: int) -> None:
        self.point, self.passes = point, passes

    def disarm(self) -> None:
        self.point = None

    def spring(self, point: Point) -> None:
        if point is not self.point:
            return
        self.passes -= 1
        if self.passes <= 0:
            self.disarm()
            raise DatabaseTrouble("the disk is full") if point is Point.TROUBLE else Crash


class TrappedDatabase(Database):
    """A database whose commits may be the last thing a process does."""

    def __init__(self, path: Path, trap: Trap) -> None:
        super().__init__(f"sqlite:///{path}", durable=False)
        self._trap = trap

    def begin(self) -> AbstractContextManager[Session]:
        return self._trapped(super().begin())

    @contextmanager
    def _trapped(self, transaction: AbstractContextManager[Session]) -> Iterator[Session]:
        with transaction as session:
            yield session
            self._trap.spring(Point.TROUBLE)
            self._trap.spring(Point.BEFORE_COMMIT)
        self._trap.spring(Point.AFTER_COMMIT)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the server took: for whom, when, and whether it could say so."""

    at: datetime
    outgoing: Outgoing
    readers: frozenset[str]
    told: bool


@dataclass
class Server:
    """Takes messages by its moods, refuses some readers, and remembers. `watch` sees each attempt first."""

    now: Callable[[], datetime]
    watch: Callable[[Outgoing], None] = lambda _outgoing: None
    moods: deque[Mood] = field(default_factory=deque)
    dead: set[str] = field(default_factory=set)  # readers refused for good
    busy: set[str] = field(default_factory=set)  # readers refused for now
    tried: list[Outgoing] = field(default_factory=list)
    taken: list[Delivery] = field(default_factory=list)
    silent: set[int] = field(default_factory=set)  # messages after whose dot no answer came
    fault: AssertionError | None = None  # the first thing `watch` found; a round would only log it

    describe = "model"

    @contextmanager
    def post(self, may_leave: Callable[[Outgoing], bool]) -> Iterator[Posting]:
        posting = SerialPosting(self.answer, may_leave, room=ROOM)
        try:
            yield posting
        finally:
            posting.close()

    def probe(self) -> None:
        return

    def answer(self, outgoing: Outgoing) -> Sent:
        try:
            self.watch(outgoing)
        except AssertionError as error:
            self.fault = self.fault or error
        mood = self.moods.popleft() if self.moods else Mood.WELL
        if mood is Mood.CRASH_BEFORE:
            raise Crash
        self.tried.append(outgoing)
        if mood in ANSWERS and mood not in (Mood.LOST, Mood.TAKEN):
            return ANSWERS[mood]
        refused = tuple(each for address in outgoing.recipients if (each := self._refusal(address)) is not None)
        unsent = transport.undeliverable(refused, outgoing)
        if unsent is not None:
            return unsent
        if mood in (Mood.LOST, Mood.TAKEN):
            self.silent.add(outgoing.id)
        if mood is Mood.LOST:
            return ANSWERS[mood]
        readers = frozenset(outgoing.recipients) - {each.address for each in refused}
        self.taken.append(Delivery(self.now(), outgoing, readers, told=mood is Mood.WELL))
        if mood is Mood.CRASH_AFTER:
            raise Crash
        yes = Sent(outcome=Outcome.SENT, phase=Phase.REPLY, code=250, text="queued", refused=refused)
        return ANSWERS.get(mood, yes)

    def _refusal(self, address: str) -> Refusal | None:
        if address in self.dead:
            return Refusal(address=address, code=550, text="no such user")
        return Refusal(address=address, code=452, text="mailbox full") if address in self.busy else None

    def recover(self) -> None:
        """All is well again."""
        self.moods.clear()
        self.dead.clear()
        self.busy.clear()


class PlainWriter:
    """The bytes say who, what and when, and nothing else."""

    def write(self, letter: Letter, headers: Headers, deadlines: Sequence[Deadline], files: object = ()) -> Written:
        said = {
            "id": headers.message_id,
            "kind": letter.kind.value,
            "on": str(letter.on),
            "rows": [[row.key, row.days_left, row.nth, row.role] for row in letter.rows],
            "lines": [letter.headline, *letter.lines],
            "to": [each.address for each in headers.to],
            "deadlines": [each.uid for each in deadlines],
        }
        return Written(subject=letter.kind.value, raw=json.dumps(said, ensure_ascii=False).encode())

    def faults(self) -> tuple[Fault, ...]:
        return ()


@cache
def _empty() -> bytes:
    """A database file with all tables, to be copied."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        db = Database(f"sqlite:///{path}", durable=False)
        db.create()
        db.close()
        return path.read_bytes()


class World:
    """One office on one file, its server, and the process that lives at the moment."""

    def __init__(self, begins: str, texts: dict[str, str], holders: Sequence[Holder]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wsyf-model-"))
        self.path.write_bytes(_empty())
        self.clock, self.trap, self.config = FixedClock(at(begins)), Trap(), small_config(max_messages=FEW)
        self.server = Server(self.clock.now)
        self.host, self.deaths = "one/1", 0
        self.app = self._open()
        self.act(staff.act, holders=holders, today=self.now.date())
        self.sync(texts)

    @property
    def path(self) -> Path:
        return self.folder / "office.db"

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def table(self) -> Timetable:
        return self.app.table("Asia/Shanghai")

    @property
    def held(self) -> bool:
        with self.app.db.read() as session:
            return holds.get(session) is not None

    def _open(self) -> App:
        app = App(
            config=self.config,
            clock=self.clock,
            db=TrappedDatabase(self.path, self.trap),
            make_mailer=lambda: self.server,
            make_writer=PlainWriter,
            who="wsyf",
            receipt_delay=DELAY,
        )
        app.__dict__["host"] = self.host
        return app

    def restart(self, *, host: str | None = None, **settings: Any) -> None:
        """Another process on the same file: perhaps elsewhere, perhaps with other settings."""
        self.app.db.close()
        self.host, self.config = host or self.host, replace(self.config, **settings)
        self.app = self._open()

    def act(self, verb: Callable[..., Any], **given: Any) -> Any:
        self.clock.instant += AN_INSTANT
        return verb(self.app, self.now, who=WHO, **given)

    def sync(self, texts: dict[str, str]) -> None:
        self.act(track.act, plan=parse(texts), texts=texts)

    def round(self) -> str:
        """What the daemon does in a minute; what it stumbled over."""
        return "; ".join(filter(None, (self.sweep(), self.send())))

    def sweep(self) -> str:
        trouble = sweep(self.app, self.now)
        with suppress(DatabaseTrouble), self.app.db.begin() as session:  # the daemon's sign of life
            if holds.get(session) is None:
                facts.put(session, facts.LAST_TICK_AT, self.now.isoformat())
                uptime.seen(session, self.now, self.app.host)
        return trouble

    def send(self) -> str:
        trouble = send(self.app, self.now)
        if self.server.fault is not None:
            raise self.server.fault
        return trouble

    def survive(self, work: Callable[[], object]) -> bool:
        """Do this; where the process dies of it, another takes over. Whether it lived."""
        try:
            work()
        except Crash:
            self.deaths += 1
            self.trap.disarm()
            self.restart()
            return False
        finally:
            self.trap.disarm()
        return True

    def close(self) -> None:
        self.app.db.close()
        shutil.rmtree(self.folder)
