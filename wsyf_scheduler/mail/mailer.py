"""What every way of sending mail offers: a `Mailer` opens a round, a `Posting` takes messages and gives fates.

Imports the letters' values and transport: whoever holds a mailer may import it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from wsyf_scheduler.mail.letter import Outgoing, Sent
from wsyf_scheduler.mail.transport import asks_for_pause, stops_batch


class Posting(Protocol):
    """One round of sending, opened by `Mailer.post`: messages are put in, fates come out, in whatever order."""

    @property
    def room(self) -> int:
        """How many more messages it takes without letting them wait long; 0 once nothing can be sent any more."""
        ...

    @property
    def in_hand(self) -> int:
        """How many messages were put in whose fate has not been given yet."""
        ...

    def put(self, outgoing: Iterable[Outgoing]) -> None:
        """Take messages in; they leave in this order."""
        ...

    def fates(self) -> list[tuple[Outgoing, Sent | None]]:
        """Wait until at least one fate is known, and give all that are; empty where nothing is in hand.

        A message's failure is a fate, never an exception. None: it was not tried, because `may_leave` said no or
        because nothing can be sent at all (no connection, a refused login, a full disk): the fate of one other.
        """
        ...


class Mailer(Protocol):
    """A way of sending mail: over SMTP, or into a local maildir."""

    def post(self, may_leave: Callable[[Outgoing], bool]) -> AbstractContextManager[Posting]:
        """Open a round of sending. `may_leave` is asked right before each message is sent, perhaps in another thread.

        Leaving the round closes what was opened. What has been begun by then is finished first, the rest untried; the
        fates of both can still be asked for.
        """
        ...

    def probe(self) -> None:
        """Go as far as possible without sending anything; raise MailTrouble with a clear message where that fails."""
        ...

    @property
    def describe(self) -> str:
        """Where mail goes, for people: `smtp://mail.example:587 (STARTTLS)`, `maildir /path`; never credentials."""
        ...


class SerialPosting:
    """Sends in the caller's thread, one message after the other, when fates are asked for."""

    def __init__(
        self,
        send: Callable[[Outgoing], Sent],
        may_leave: Callable[[Outgoing], bool],
        *,
        room: int = 25,
        at_once: int = 1,
    ) -> None:
        """`at_once` messages are sent each time fates are asked for."""
        self._send, self._may_leave = send, may_leave
        self._most, self._at_once = room, at_once
        self._waiting: deque[Outgoing] = deque()
        self._over = False

    @property
    def room(self) -> int:
        """See `Posting.room`."""
        return 0 if self._over else self._most - len(self._waiting)

    @property
    def in_hand(self) -> int:
        """See `Posting.in_hand`."""
        return len(self._waiting)

    def put(self, outgoing: Iterable[Outgoing]) -> None:
        """See `Posting.put`."""
        self._waiting.extend(outgoing)

    def fates(self) -> list[tuple[Outgoing, Sent | None]]:
        """See `Posting.fates`."""
        count = len(self._waiting) if self._over else min(self._at_once, len(self._waiting))
        return [(each, self._fate(each)) for each in (self._waiting.popleft() for _ in range(count))]

    def close(self) -> None:
        """Send nothing more: what is still in hand comes back as untried."""
        self._over = True

    def _fate(self, message: Outgoing) -> Sent | None:
        if self._over or not self._may_leave(message):
            return None
        sent = self._send(message)
        self._over = stops_batch(sent) or asks_for_pause(sent)
        return sent


def send_each(mailer: Mailer, outgoing: Iterable[Outgoing]) -> list[tuple[Outgoing, Sent | None]]:
    """Send these, as one round; all their fates, in the order they came to be known."""
    found: list[tuple[Outgoing, Sent | None]] = []
    with mailer.post(lambda _each: True) as posting:
        posting.put(outgoing)
        while posting.in_hand:
            found += posting.fates()
    return found
