"""The mailer of a rehearsal that keeps no letters: every message is taken, and goes nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Sent
from wsyf_scheduler.mail.mailer import Posting, SerialPosting

TAKEN = Sent(outcome=Outcome.SENT, phase=Phase.REPLY, text="rehearsal")


class NowhereMailer:
    """Takes everything, sends nothing."""

    @contextmanager
    def post(self, may_leave: Callable[[Outgoing], bool]) -> Iterator[Posting]:
        """Every message is taken; see `Mailer.post`."""
        with closing(SerialPosting(lambda _message: TAKEN, may_leave, room=1000, at_once=1000)) as posting:
            yield posting

    def probe(self) -> None:
        """Nothing can be wrong."""

    @property
    def describe(self) -> str:
        """Where mail goes, for people."""
        return "nowhere"
