"""What the demo comes to, read back from the database it leaves: letters by year, one late assignment's whole story.

Imports core, the demo's words and the store's light read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.people import Holder, Post, Roster
from wsyf_scheduler.demo import words
from wsyf_scheduler.store.glance import Glance, instant

SENT = "SELECT letter, sent_at FROM message WHERE state = 'sent'"
LATE = "state = 'open' AND NOT held AND due_on < :today"
ABOUT = """
SELECT m.id, m.letter, m.audience, m.sent_at, m.message_id, m.subject, m."to", m.cc, n.due_on
FROM message m JOIN notice n ON n.message_id = m.id
WHERE n.assignment_id = :id AND n.dropped IS NULL AND m.state = 'sent'
UNION
SELECT m.id, m.letter, m.audience, m.sent_at, m.message_id, m.subject, m."to", m.cc, :due_on
FROM message m WHERE m.state = 'sent' AND m.dedup LIKE :spent
ORDER BY 4
"""
DIGESTS = """
SELECT count(*) AS n FROM message
WHERE letter = 'digest' AND audience = 'coordinator' AND state = 'sent' AND sent_at > :at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter of the late assignment's story; `days_left` is negative when it was overdue."""

    id: int
    on: date
    kind: str
    audience: str
    to: tuple[Post, ...]
    cc: tuple[Post, ...]
    days_left: int
    message_id: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """The assignment that is overdue longest, and every letter about it; `digests` counts weekly digests after them."""

    item: Assignment
    letters: tuple[Letter, ...]
    digests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the database says: `sent` counts letters by (kind, year), `late` is None where nothing is overdue."""

    sent: Mapping[tuple[str, int], int]
    late: Late | None
    departments: Mapping[str, str]

    @property
    def total(self) -> int:
        """Every letter the ledger has as sent."""
        return sum(self.sent.values())


def read(opened: Glance, zone: ZoneInfo, today: date) -> Summary:
    """Read it back."""
    sent = Counter((str(row["letter"]), instant(row["sent_at"]).astimezone(zone).year) for row in opened.rows(SENT))
    overdue = opened.assignments(LATE, {"today": today.isoformat()})
    late = min(overdue, key=lambda item: item.due_on, default=None)
    return Summary(
        sent=sent,
        late=None if late is None else _story(opened, zone, late),
        departments=opened.departments(),
    )


def _story(opened: Glance, zone: ZoneInfo, item: Assignment) -> Late:
    values = {
        "id": item.id,
        "due_on": item.due_on.isoformat(),
        "spent": f"spent:{item.plan_id}:{item.key}:%",
    }
    rows, roster = opened.rows(ABOUT, values), _roster(opened)
    letters = sorted((_letter(row, zone, roster) for row in rows), key=_order)
    last_at = rows[-1]["sent_at"] if rows else ""
    digests = int(opened.rows(DIGESTS, {"at": last_at})[0]["n"])
    return Late(item=item, letters=tuple(letters), digests=digests)


def _letter(row: Mapping[str, Any], zone: ZoneInfo, roster: Roster) -> Letter:
    on = instant(row["sent_at"]).astimezone(zone).date()
    return Letter(
        id=int(row["id"]),
        on=on,
        kind=str(row["letter"]),
        audience=str(row["audience"]),
        to=_posts(json.loads(row["to"]), roster, on),
        cc=_posts(json.loads(row["cc"]), roster, on),
        days_left=(date.fromisoformat(row["due_on"]) - on).days,
        message_id=str(row["message_id"]),
        subject=str(row["subject"]),
    )


def _order(letter: Letter) -> tuple[date, int, bool, int]:
    """By day, then as the ladder climbs: the department, the director, the chief; alerts last."""
    return letter.on, list(words.letters()).index(letter.kind), letter.audience == "chief", letter.id


def _posts(addresses: Iterable[str], roster: Roster, day: date) -> tuple[Post, ...]:
    return tuple(post for address in addresses for post in roster.posts_of(address, day))


def _roster(opened: Glance) -> Roster:
    rows = opened.rows(
        "SELECT role, department, name, email, since, until FROM person WHERE retired_at IS NULL ORDER BY id"
    )
    holders = [Holder(**row | {"since": _day(row["since"]), "until": _day(row["until"])}) for row in rows]
    return Roster(holders, office="")


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
