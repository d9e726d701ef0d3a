"""What the auditor finds, as values: which letter, what the rules gave, what the ledger has. Imports core."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong."""

    MISSING = "missing"  # owed, and never decided
    LATE = "late"  # decided later than the engine could have
    NOT_OWED = "not-owed"  # decided, and the rules give no such thing
    OTHERWISE = "otherwise"  # decided otherwise than the rules say
    DROPPED = "dropped"  # taken out of its mail for a reason that did not hold
    NO_MAIL = "no-mail"  # decided, and its mail is gone
    UNSENT = "unsent"  # its mail still waits, long after its slot
    WRITTEN_OFF = "written-off"  # its mail was given up
    EARLY = "early"  # its mail left before its slot
    OUTSIDE_WINDOW = "outside-window"  # its mail left while the window was shut
    SILENT = "silent"  # its mail left though the assignment was closed, held or on another due day
    WRONG_ADDRESS = "wrong-address"  # its mail went to others than held the posts that day
    UNPROVEN = "unproven"  # its mail counts as sent, and no attempt says so
    NO_ROW = "no-row"  # a mail of the ladder went that is about nothing
    CHANGED = "changed"  # an assignment is not as its events tell
    NO_TRAIL = "no-trail"  # an assignment has no event
    NOT_TRACKED = "not-tracked"  # the plan asks for it, and it is not tracked so


Said = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be.

    `key` is the assignment's, empty for a mail that is about none; `on` the day it concerns, in the plan's zone, and
    `at` the instant it became a fault. `expected` and `found` are what the rules give and what the ledger has, by name.
    """

    kind: Kind
    plan_id: str
    key: str
    on: date
    at: datetime
    letter: str = ""
    rung: str = ""
    repeat: int = 0
    receiver: str = ""
    message_id: int | None = None
    expected: Said = field(default_factory=dict)
    found: Said = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Names it, so that it is told once."""
        parts = (self.kind, self.plan_id, self.key, self.rung, self.repeat, self.receiver, self.on, self.message_id)
        return "/".join("" if part is None else str(part) for part in parts)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "kind": self.kind.value,
            "plan": self.plan_id,
            "key": self.key or None,
            "letter": self.letter or None,
            "rung": self.rung or None,
            "repeat": self.repeat,
            "receiver": self.receiver or None,
            "day": self.on.isoformat(),
            "at": self.at.isoformat(),
            "message": self.message_id,
            "expected": self.expected or None,
            "found": self.found or None,
        }


def order(finding: Finding) -> tuple[object, ...]:
    """By plan, assignment, day."""
    return (
        finding.plan_id,
        finding.key,
        finding.on,
        finding.at,
        finding.rung,
        finding.repeat,
        finding.receiver,
        finding.kind,
    )
