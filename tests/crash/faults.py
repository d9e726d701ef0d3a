"""The manners of a faulty mail server: every fault once by script, then at random; greylisting; dead addresses."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.crash.journal import (
    AUTH,
    BODY,
    CONNECT,
    DATA,
    DOT,
    EHLO,
    HANDSHAKE,
    MAIL,
    RCPT,
    STARTTLS,
    TAKEN,
    Answer,
    Fault,
    Garbage,
    Step,
)
from tests.crash.mailhost import Conversation

DROP, STALL = Fault.DROP, Fault.STALL
NONSENSE, STRANGE = Garbage(b"\x00\xff\xfehello\r\n"), Garbage(b"999 what?\r\n")
BUSY = Answer(421, "4.3.2 try again later")
NOT_NOW = (Answer(450, "4.2.0 mailbox busy"), Answer(451, "4.3.0 local error"), Answer(452, "4.3.1 no space left"))
TOO_OFTEN = Answer(550, "5.7.1 sender frequency limited")
NEVER = (Answer(552, "5.3.4 too much"), Answer(554, "5.7.1 rejected"), Answer(550, "5.7.1 content refused"))

# What may go wrong at each point; the last five kinds of fault are the whole connection's.
FAULTS: dict[str, tuple[Step, ...]] = {
    MAIL: (BUSY, *NOT_NOW, TOO_OFTEN, NEVER[0], DROP, STALL, NONSENSE),
    RCPT: (BUSY, *NOT_NOW, DROP, STALL, STRANGE),
    DATA: (BUSY, NOT_NOW[1], NOT_NOW[2], NEVER[1], DROP, STALL, NONSENSE),
    BODY: (DROP,),
    DOT: (BUSY, *NOT_NOW, TOO_OFTEN, *NEVER, DROP, STALL, NONSENSE, STRANGE),
    TAKEN: (DROP, STALL, NONSENSE),
    CONNECT: (BUSY, Answer(554, "5.3.2 no mail today"), DROP, STALL, NONSENSE, Fault.UNTRUSTED, Fault.BARE),
    EHLO: (BUSY, DROP, NONSENSE),
    STARTTLS: (Answer(454, "4.7.0 TLS not available"), DROP),
    HANDSHAKE: (DROP,),
    AUTH: (Answer(535, "5.7.8 wrong user or password"), Answer(454, "4.7.0 cannot check"), DROP),
}
EVERY = 7  # conversations or messages between two faults of the script
DEAD = Answer(550, "5.1.1 no such user")
GREY = Answer(451, "4.7.1 greylisted, come back in five minutes")
SLOW = 0.2  # of the stalls that chance brings: each costs the whole timeout
GREY_FOR = timedelta(minutes=5)


@dataclass(slots=True)
class FaultyManners:
    """`rate`: how likely each point goes wrong by chance. `now`: the office's clock, for the greylist."""

    seed: int
    now: Callable[[], datetime]
    rate: float = 0.006
    dead: Collection[str] = ()
    grey: Collection[str] = ()
    done: Counter[tuple[str, Step]] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    _draw: random.Random = field(init=False)
    _script: dict[str, list[Step]] = field(init=False)
    _first_seen: dict[str, datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    quiet: bool = False  # no more faults

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)
        self._script = {point: list(steps) for point, steps in FAULTS.items()}
        for steps in self._script.values():
            self._draw.shuffle(steps)

    @property
    def never(self) -> set[tuple[str, Step]]:
        """Faults that were not shown."""
        return {(point, step) for point, steps in FAULTS.items() for step in steps} - set(self.done)

    def __call__(self, point: str, conversation: Conversation) -> Step | None:
        with self._lock:
            step = self._of_address(conversation.address) if point == RCPT else None
            if step is not None or self.quiet or point not in FAULTS:
                return step
            step = self._choose(point)
            if step is None:
                return None
            self.done[point, step] += 1
        if step in (Fault.UNTRUSTED, Fault.BARE):
            conversation.flaw = step
            conversation.host.refuse(STARTTLS, step)
            return None
        return step

    def _of_address(self, address: str) -> Step | None:
        if address in self.dead:
            return DEAD
        if address in self.grey and self.now() - self._first_seen.setdefault(address, self.now()) < GREY_FOR:
            return GREY
        return None

    def _choose(self, point: str) -> Step | None:
        self.reached[point] += 1
        if self._script[point] and self.reached[point] % EVERY == 0:
            return self._script[point].pop()
        step = self._draw.choice(FAULTS[point]) if self._draw.random() < self.rate else None
        return step if step is not STALL or self._draw.random() < SLOW else None
