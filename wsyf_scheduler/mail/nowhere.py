"""The mailer of a rehearsal that keeps no letters: every message is taken, and goes nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Sent

TAKEN = Sent(outcome=Outcome.SENT, phase=Phase.REPLY, text="rehearsal")


class NowhereMailer:
    """Takes everything, sends nothing."""

    def send_batch(self, outgoing: Iterable[Outgoing]) -> Iterator[tuple[Outgoing, Sent]]:
        """Every message is taken; see `Mailer.send_batch`."""
        for message in outgoing:
            yield message, TAKEN

    def probe(self) -> None:
        """Nothing can be wrong."""

    @property
    def describe(self) -> str:
        """Where mail goes, for people."""
        return "nowhere"
