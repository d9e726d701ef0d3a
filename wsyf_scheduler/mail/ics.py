"""Calendar files (RFC 5545, iTIP): a due day in the reader's own calendar. The only importer of icalendar.

Imports mail.letter. icalendar costs 0.2 s to import, so it is imported when the first calendar is made.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final, Literal

from wsyf_scheduler.mail.letter import Deadline

if TYPE_CHECKING:
    from icalendar import Alarm, Event

Method = Literal["PUBLISH", "CANCEL"]
PRODUCT: Final = "-//WSYF Scheduler//Deadlines//ZH"
# An all-day event begins at midnight wherever its reader is: 15 hours earlier is 09:00 of the day before.
ALARM_BEFORE: Final = timedelta(hours=-15)
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def calendar(deadlines: Sequence[Deadline], *, method: Method, organizer: str = "") -> bytes:
    """A VCALENDAR in UTF-8 with one all-day VEVENT for each deadline, in their order; same input, same bytes.

    An event keeps its UID over all changes and raises its SEQUENCE, so that a calendar replaces the older one. CANCEL,
    or a deadline that is cancelled, takes it out. `organizer` is the office's ASCII address, which iTIP asks for.
    Raises ValueError without a deadline or on a stamp without a time zone.
    """
    if not deadlines:
        raise ValueError("a calendar needs a deadline")
    from icalendar import Calendar  # 0.2 s, and most commands make no calendar

    whole = Calendar()
    for name, value in (("PRODID", PRODUCT), ("VERSION", "2.0"), ("CALSCALE", "GREGORIAN"), ("METHOD", method)):
        whole.add(name, value)
    for deadline in deadlines:
        whole.add_component(_event(deadline, cancelled=deadline.cancelled or method == "CANCEL", organizer=organizer))
    data: bytes = whole.to_ical()
    return data


def _event(deadline: Deadline, *, cancelled: bool, organizer: str) -> Event:
    from icalendar import Event

    if deadline.stamped_at.tzinfo is None:
        raise ValueError("stamped_at needs a time zone")
    event = Event()
    event.add("UID", _line(deadline.uid))
    event.add("SEQUENCE", deadline.sequence)
    event.add("DTSTAMP", deadline.stamped_at.astimezone(UTC).replace(microsecond=0))
    event.add("DTSTART", deadline.due_on)
    event.add("DTEND", deadline.due_on + timedelta(days=1))
    event.add("SUMMARY", _line(deadline.title))
    event.add("DESCRIPTION", _clean(deadline.description))
    event.add("TRANSP", "TRANSPARENT")
    event.add("STATUS", "CANCELLED" if cancelled else "CONFIRMED")
    if organizer:
        event.add("ORGANIZER", f"mailto:{organizer}")
    if not cancelled:
        event.add_component(_alarm(deadline))
    return event


def _alarm(deadline: Deadline) -> Alarm:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", _line(deadline.title))
    alarm.add("TRIGGER", ALARM_BEFORE)
    return alarm


def _line(text: str) -> str:
    """The same on one line."""
    return _clean(text).replace("\n", " ")


def _clean(text: str) -> str:
    """Text that a calendar may hold: line feeds stay (they are escaped), other control characters become spaces."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n"))
