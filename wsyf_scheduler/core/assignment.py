"""States of an assignment, one table of transitions, and the one function that applies it (RULES.md §5). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class State(StrEnum):
    """Where an assignment stands. Overdue is derived, never stored; held and muted are flags beside the state."""

    OPEN = "open"  # 办理中: owed; the only state in which the ladder speaks
    SUBMITTED = "submitted"  # 待确认: handed in, waits for the coordinator
    DONE = "done"  # 已办结: confirmed by the coordinator
    WAIVED = "waived"  # 已免办: no longer asked for; a reason is kept
    WITHDRAWN = "withdrawn"  # 已撤销: its task left the plan file


class Verb(StrEnum):
    """What moves an assignment from state to state."""

    SUBMIT = "submit"
    RETURN = "return"
    DONE = "done"
    WAIVE = "waive"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    RESTORE = "restore"  # the task came back into the plan file


TRANSITIONS: dict[tuple[State, Verb], State] = {
    (State.OPEN, Verb.SUBMIT): State.SUBMITTED,
    (State.OPEN, Verb.DONE): State.DONE,
    (State.OPEN, Verb.WAIVE): State.WAIVED,
    (State.OPEN, Verb.WITHDRAW): State.WITHDRAWN,
    (State.SUBMITTED, Verb.RETURN): State.OPEN,
    (State.SUBMITTED, Verb.DONE): State.DONE,
    (State.SUBMITTED, Verb.WAIVE): State.WAIVED,
    (State.SUBMITTED, Verb.WITHDRAW): State.WITHDRAWN,
    (State.DONE, Verb.REOPEN): State.OPEN,
    (State.WAIVED, Verb.REOPEN): State.OPEN,
    (State.WITHDRAWN, Verb.RESTORE): State.OPEN,
}

REASON_REQUIRED = frozenset({Verb.RETURN, Verb.WAIVE, Verb.REOPEN})


class Refused(ValueError):
    """The table has no such transition."""

    def __init__(self, state: State, verb: Verb) -> None:
        """Keep what was asked of which state."""
        super().__init__(f"{verb} is not possible while {state}")
        self.state, self.verb = state, verb


def advance(state: State, verb: Verb) -> State:
    """The state after the verb; raises Refused where the table has none."""
    try:
        return TRANSITIONS[state, verb]
    except KeyError:
        raise Refused(state, verb) from None


def is_overdue(state: State, due_on: date, today: date) -> bool:
    """Overdue from 00:00 of the day after the due day, while still open."""
    return state is State.OPEN and today > due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One department, one due date (责任事项): what is tracked, reminded and closed.

    Rungs whose slot lies before `ladder_from` are not sent: the start of tracking, or the last extension, release
    or reopening. `counted_from` is the day overdue rungs count from where that is not the due day. `file_due_on` is
    the due day the plan file states, `original_due_on` the one before the first extension. `sequence` counts the
    changes of the due day for the reader's calendar; `root_id` names the mail thread. `origin` is the key it came from:
    what begot a follow-up, or what it took over from another department.
    """

    id: int
    plan_id: str
    key: str
    period: str
    begins_on: date
    number: str
    part: str
    department: str
    kind: str
    title: str
    due_on: date
    file_due_on: date
    tracked_from: datetime
    ladder_from: datetime
    text: str = ""
    position: int = 0
    original_due_on: date | None = None
    due_basis: str = "document"
    support: tuple[str, ...] = ()
    data_year: int | None = None
    form: str | None = None
    after: str | None = None
    hand_in: str = ""
    state: State = State.OPEN
    held: bool = False
    muted_until: date | None = None
    closed_on: date | None = None
    counted_from: date | None = None
    sequence: int = 0
    root_id: str = ""
    next_attention_at: datetime | None = None
    origin: str | None = None

    @property
    def task(self) -> str:
        """`period/number`, as `after` names a task."""
        return f"{self.period}/{self.number}"

    def is_overdue(self, today: date) -> bool:
        """Overdue from 00:00 of the day after the due day, while still open."""
        return is_overdue(self.state, self.due_on, today)

    def days_left(self, today: date) -> int:
        """Due day less today; negative when overdue."""
        return (self.due_on - today).days
