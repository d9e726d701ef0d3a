"""What happens while the demo runs, as lines worth reading: told from the event trail, never from memory.

Imports core, i18n and the store's light read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from wsyf_scheduler.demo import words
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.store.glance import Glance, instant

EVENTS = """
SELECT e.id, e.at, e.action, e.why, e.detail, a.key, a.due_on,
       m.letter, m.audience, m.department AS receiver, m.subject
FROM event e LEFT JOIN assignment a ON a.id = e.assignment_id LEFT JOIN message m ON m.id = e.message_id
WHERE e.id > :after ORDER BY e.id
"""
OVERDUE = """
SELECT count(*) AS n FROM assignment
WHERE due_on <= :last AND (closed_on IS NULL OR closed_on > :last) AND state <> 'withdrawn' AND NOT held
"""
TROUBLES = ("message_retry", "message_uncertain", "message_discarded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened; `new_year` is set on the line that opens a year."""

    on: date
    what: str
    text: str
    new_year: bool = False


@dataclass(slots=True)
class _Year:
    """What a year has come to so far."""

    sent: int = 0
    done: int = 0


class Storyteller:
    """Reads what is new in the trail after each moment, and says what is worth a line."""

    def __init__(self, opened: Glance, zone: ZoneInfo) -> None:
        """Begin after what has happened so far."""
        self._opened, self._zone = opened, zone
        self._departments: Mapping[str, str] = opened.departments()
        self._after = int(opened.rows("SELECT coalesce(max(id), 0) AS id FROM event")[0]["id"])
        self._told: set[tuple[int, str, str]] = set()
        self._year: int | None = None
        self._count = _Year()

    def new(self) -> Iterator[Line]:
        """The lines of what happened since the last call."""
        for event in self._opened.rows(EVENTS, {"after": self._after}):
            self._after = int(event["id"])
            on = instant(event["at"]).astimezone(self._zone).date()
            if on.year != self._year:
                yield from self.close_year(date(self._year or on.year, 12, 31))
                yield Line(on=on, what=str(on.year), text="", new_year=True)
                self._year, self._count = on.year, _Year()
            yield from self._of_event(event, on)

    def close_year(self, last: date) -> Iterator[Line]:
        """What the year in hand has come to by the end of its day `last`."""
        if self._year is None:
            return
        found = self._opened.rows(OVERDUE, {"last": last.isoformat()})
        count, overdue = self._count, int(found[0]["n"])
        text = ngettext("{n} letter", "{n} letters", count.sent).format(n=count.sent)
        text += ngettext(", {n} assignment done", ", {n} assignments done", count.done).format(n=count.done)
        text += _(", {n} overdue").format(n=overdue) if overdue else ""
        yield Line(on=last, what=words.acts()["year"], text=text)

    def _of_event(self, event: Mapping[str, Any], on: date) -> Iterator[Line]:
        action = str(event["action"])
        if action == "message_sent":
            self._count.sent += 1
            yield from self._of_letter(event, on)
        elif action in TROUBLES:
            about = event["subject"] or event["letter"]
            yield Line(on=on, what=words.acts()["trouble"], text=f"{about}: {event['why']}")
        elif action.startswith("assignment_"):
            yield from self._of_act(event, on)

    def _of_letter(self, event: Mapping[str, Any], on: date) -> Iterator[Line]:
        letter, audience = str(event["letter"]), str(event["audience"])
        what = words.firsts().get((letter, audience))
        if letter == "alert":
            yield Line(on=on, what=words.acts()["alert"], text=str(event["subject"]))
        elif what is not None and (on.year, letter, audience) not in self._told:
            self._told.add((on.year, letter, audience))
            receiver = self._departments.get(event["receiver"], "")
            yield Line(on=on, what=what, text=" ".join(filter(None, (receiver, event["subject"]))))

    def _of_act(self, event: Mapping[str, Any], on: date) -> Iterator[Line]:
        key, why, detail = str(event["key"]), str(event["why"]), json.loads(event["detail"])
        match event["action"]:
            case "assignment_done":
                self._count.done += 1
                late = (on - date.fromisoformat(event["due_on"])).days
                if late > 0:
                    days = ngettext("{n} day late", "{n} days late", late).format(n=late)
                    yield Line(on=on, what=words.acts()["late"], text=f"{key}  {days}")
            case "assignment_extended":
                words_ = _("{key}  to {day}, approved by {who}: {why}")
                text = words_.format(key=key, day=detail["to"], who=detail["approved_by"], why=why)
                yield Line(on=on, what=words.acts()["extended"], text=text)
            case "assignment_reopened":
                yield Line(on=on, what=words.acts()["reopened"], text=f"{key}  {why}")
            case "assignment_waived":
                yield Line(on=on, what=words.acts()["waived"], text=f"{key}  {why}")
