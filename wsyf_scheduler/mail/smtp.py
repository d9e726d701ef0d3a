"""The mailer that speaks SMTP, over several connections at once, as whoever posts letters sees it.

Imports dialing, lanes, mailer, transport, the letters' values and errors. Importing it costs about 100 ms: whoever uses
it imports it where it is used.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty

from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.mail import dialing
from wsyf_scheduler.mail.lanes import Round
from wsyf_scheduler.mail.letter import Outgoing, Sent
from wsyf_scheduler.mail.mailer import Posting
from wsyf_scheduler.mail.settings import Secret, Security, SmtpSettings

__all__ = ["Secret", "Security", "SmtpMailer", "SmtpSettings"]

AHEAD = 16  # messages taken in for each connection: enough to keep it busy while the caller commits


class SmtpMailer:
    """Sends mail through one server; raises MailTrouble at once for settings that would expose letters or password."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Check the settings; nothing is connected yet."""
        settings.refuse_unsafe()
        self._settings = settings

    @property
    def describe(self) -> str:
        """Where mail goes and how it is protected, for people."""
        return self._settings.describe

    @contextmanager
    def post(self, may_leave: Callable[[Outgoing], bool]) -> Iterator[Posting]:
        """Send over connections opened when messages come, in a thread of their own; see `Mailer.post`.

        Leaving the round finishes what has been begun; the fates then found, and None for what was not begun, can
        still be asked for. What `may_leave` raises ends the round and is raised on leaving it.
        """
        posting = LanePosting(self._settings, may_leave)
        try:
            yield posting
        finally:
            posting.close()
        posting.raise_trouble()

    def probe(self) -> None:
        """Connect, protect, log in and leave; raise MailTrouble that names server, phase and reason."""
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            failure = runner.run(dialing.probe(self._settings))
        if failure is not None:
            answer = f"{self._settings.where} ({failure.phase}): {failure.code} {failure.text}"
            raise MailTrouble(answer if failure.code else failure.text)


class LanePosting:
    """A round over up to `settings.connections` connections; the thread begins with the first message put in."""

    def __init__(self, settings: SmtpSettings, may_leave: Callable[[Outgoing], bool]) -> None:
        """Remember how to send; nothing is connected yet."""
        self._round = Round(settings, may_leave)
        self._most = settings.connections * AHEAD
        self._in_hand = 0
        self._thread: threading.Thread | None = None

    @property
    def room(self) -> int:
        """See `Posting.room`."""
        return 0 if self._round.is_over else max(0, self._most - len(self._round.waiting))

    @property
    def in_hand(self) -> int:
        """See `Posting.in_hand`."""
        return self._in_hand

    def put(self, outgoing: Iterable[Outgoing]) -> None:
        """See `Posting.put`."""
        messages = list(outgoing)
        self._in_hand += len(messages)
        self._round.put(messages)
        if messages and self._thread is None:
            self._thread = threading.Thread(target=self._round.run, name="wsyf-smtp")
            self._thread.start()

    def fates(self) -> list[tuple[Outgoing, Sent | None]]:
        """See `Posting.fates`."""
        if not self._in_hand:
            return []
        known = self._round.known
        found = [known.get()]
        with suppress(Empty):
            while True:
                found.append(known.get_nowait())
        self._in_hand -= len(found)
        return found

    def close(self) -> None:
        """Finish what has been begun, give the rest back as untried, hang up, and wait for all that."""
        self._round.close()
        if self._thread is not None:
            self._thread.join()

    def raise_trouble(self) -> None:
        """Raise what `may_leave` raised, or what went wrong with the thread itself."""
        if self._round.trouble is not None:
            raise self._round.trouble
