"""From a letter's facts to the exact bytes of its message: templates, MIME, calendar entries together.

Imports the rest of mail, when it is used: jinja2 takes a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from wsyf_scheduler.errors import Fault
from wsyf_scheduler.mail.letter import Deadline, Headers, Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message ready to send; `faults` are mistakes in the office's templates, for which the packaged ones served."""

    subject: str
    raw: bytes
    faults: tuple[Fault, ...] = ()


class Writer(Protocol):
    """Writes one letter."""

    def write(self, letter: Letter, headers: Headers, deadlines: Sequence[Deadline]) -> Written:
        """The message as bytes; `headers.subject` is filled from the letter."""
        ...


class BlankWriter:
    """Writes nothing: for a rehearsal that only asks who would be told what, and when."""

    def write(self, letter: Letter, headers: Headers, deadlines: Sequence[Deadline]) -> Written:
        """An empty message."""
        del letter, headers, deadlines
        return Written(subject="", raw=b"")


class LetterWriter:
    """Writes letters with the office's templates over the packaged ones."""

    def __init__(self, *, packaged: Path, office: Path | None) -> None:
        """Read both folders; a new writer is made to read changed templates."""
        from wsyf_scheduler.mail.letters import Letters

        self._letters = Letters(packaged=packaged, office=office)

    def write(self, letter: Letter, headers: Headers, deadlines: Sequence[Deadline]) -> Written:
        """Render, attach the deadlines (cancelled ones in a calendar of their own), compose."""
        from wsyf_scheduler.mail.compose import Calendar, compose
        from wsyf_scheduler.mail.ics import calendar

        rendered = self._letters.render(letter)
        calendars = []
        if kept := [deadline for deadline in deadlines if not deadline.cancelled]:
            calendars.append(Calendar(name="deadline.ics", method="PUBLISH", data=calendar(kept, method="PUBLISH")))
        if ended := [deadline for deadline in deadlines if deadline.cancelled]:
            calendars.append(Calendar(name="cancelled.ics", method="CANCEL", data=calendar(ended, method="CANCEL")))
        headers = replace(headers, subject=rendered.subject)
        raw = compose(headers, rendered.text, rendered.html, calendars)
        return Written(subject=rendered.subject, raw=raw, faults=rendered.faults)

    def faults(self) -> tuple[Fault, ...]:
        """Every mistake in the office's templates."""
        return self._letters.check()
