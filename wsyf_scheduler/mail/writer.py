"""From a letter's facts to the exact bytes of its message: templates, MIME, calendar entries together.

Imports the rest of mail, when it is used: jinja2 takes a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from wsyf_scheduler.errors import Fault
from wsyf_scheduler.mail.letter import Attachment, Deadline, Headers, Letter

if TYPE_CHECKING:
    from wsyf_scheduler.mail.ics import Method

# The calendar files a letter may carry: its name, its iTIP method, and whether it is for cancelled deadlines.
CALENDARS: Final[tuple[tuple[str, Method, bool], ...]] = (
    ("deadline.ics", "PUBLISH", False),
    ("cancelled.ics", "CANCEL", True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message ready to send; `faults` are mistakes in the office's templates, for which the packaged ones served."""

    subject: str
    raw: bytes
    faults: tuple[Fault, ...] = ()


class Writer(Protocol):
    """Writes one letter."""

    def write(
        self, letter: Letter, headers: Headers, deadlines: Sequence[Deadline], files: Sequence[Attachment] = ()
    ) -> Written:
        """The message as bytes; `headers.subject` is filled from the letter."""
        ...

    def faults(self) -> tuple[Fault, ...]:
        """Every mistake in the office's own templates."""
        ...


class BlankWriter:
    """Writes nothing: for a rehearsal that only asks who would be told what, and when."""

    def write(
        self, letter: Letter, headers: Headers, deadlines: Sequence[Deadline], files: Sequence[Attachment] = ()
    ) -> Written:
        """An empty message."""
        del letter, headers, deadlines, files
        return Written(subject="", raw=b"")

    def faults(self) -> tuple[Fault, ...]:
        """There are no templates to be faulty."""
        return ()


class LetterWriter:
    """Writes letters with the office's templates over the packaged ones."""

    def __init__(self, *, packaged: Path, office: Path | None) -> None:
        """Read both folders; a new writer is made to read changed templates."""
        from wsyf_scheduler.mail.letters import Letters

        self._letters = Letters(packaged=packaged, office=office)

    def write(
        self, letter: Letter, headers: Headers, deadlines: Sequence[Deadline], files: Sequence[Attachment] = ()
    ) -> Written:
        """Render, attach the deadlines (cancelled ones in a calendar of their own) and the files, compose."""
        from wsyf_scheduler.mail.compose import Calendar, compose, wire_address
        from wsyf_scheduler.mail.ics import calendar

        rendered = self._letters.render(letter)
        organizer = wire_address(headers.sender.address, header="From") if deadlines else ""
        calendars = [
            Calendar(name=name, method=method, data=calendar(found, method=method, organizer=organizer))
            for name, method, cancelled in CALENDARS
            if (found := [deadline for deadline in deadlines if deadline.cancelled is cancelled])
        ]
        headers = replace(headers, subject=rendered.subject)
        raw = compose(headers, rendered.text, rendered.html, calendars, files)
        return Written(subject=rendered.subject, raw=raw, faults=rendered.faults)

    def faults(self) -> tuple[Fault, ...]:
        """Every mistake in the office's templates."""
        return self._letters.check()
