"""What a letter says, as frozen values: the contract between the ticks, which gather facts, and the templates.

Pure values; imports nothing of ours but core.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class LetterKind(StrEnum):
    """Kinds of letters (RULES.md §4)."""

    START = "start"  # 任务告知
    REMINDER = "reminder"  # 提醒
    CHASER = "chaser"  # 催办
    ESCALATION = "escalation"  # 督办
    BRIEFING = "briefing"  # 情况报告
    RECEIPT = "receipt"  # 回执
    CHANGE = "change"  # 变更告知
    HAND_OVER = "hand-over"  # 工作交接告知
    DIGEST = "digest"  # 周报
    ALERT = "alert"  # 告警
    TEST = "test"  # 测试


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How to reach the office; an empty string means not given."""

    section: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """What letters say of the plan: `tag` opens each subject (【工伤预防·提醒】), `office` signs."""

    id: str
    title: str
    document: str
    tag: str
    office: str
    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One earlier notice about an assignment: the day it went, its kind, and to which posts (联络员, 召集人 …)."""

    on: date
    kind: LetterKind
    posts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The task an assignment waits for (`after` in the plan), whether that is closed, and what it left open.

    `open` holds the titles of the follow-ups that came of it and are still owed, by due date.
    """

    key: str
    title: str
    closed: bool
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a letter's table: an assignment as it stands for this letter.

    `days_left` is due day less the letter's day, negative when overdue. `nth` is which letter of this kind this
    is for this due date, from 1. `role` is `lead`, or `support` on a support department's row of a start letter.
    `happened` (receipts and changes) says what was done, `reason` and `approved_by` why and by whom allowed.
    """

    key: str
    title: str
    text: str
    kind: str
    department: str  # short name of the lead department
    due_on: date
    days_left: int
    original_due_on: date | None = None  # where extended
    due_basis: str = "document"  # document | period-end | office
    nth: int = 1
    role: str = "lead"
    support: tuple[str, ...] = ()  # short names
    hand_in: str = ""  # what to hand in
    after: Waiting | None = None
    told: tuple[Told, ...] = ()  # oldest first
    happened: str = ""  # done | returned | extended | waived | withdrawn | reassigned | reopened | due-changed
    reason: str = ""
    approved_by: str = ""
    on: date | None = None  # the day it was done, or mattered
    joint: str = ""  # of a task several departments owe: how many have handed in, who has not
    origin: str = ""  # of a follow-up: the key it came from, with its title
    handed_to: str = ""  # reassigned: the short name of the department that takes it over
    previous_due_on: date | None = None  # changes: the due date before this one, where that is not the original
    standing: str = ""  # hand-overs: 已提交，待确认; 暂缓通知; 静默至…; empty where letters go


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A block of a digest: a heading and its rows (or plain lines where there are no assignments)."""

    name: str  # overdue | due-soon | submitted | undeliverable | system | held | records
    rows: tuple[Row, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One line of a leader's digest: how a department (its short name) stands; counts of assignments.

    `open` counts all that is not closed, the others too; `days` and `title` are of what is overdue longest.
    """

    department: str
    open: int = 0
    overdue: int = 0
    days: int = 0
    title: str = ""
    soon: int = 0
    submitted: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message before it is rendered.

    `department_name` is the full title of the department addressed, `""` for leaders and the coordinator.
    `addressee` is the post the letter speaks to: liaison, convener, director, chief or coordinator.
    `stand_in` names the vacant post this letter really was for, where the next higher role reads it.
    """

    kind: LetterKind
    plan: PlanFacts
    on: date
    addressee: str
    department_name: str = ""
    stand_in: str = ""
    rows: tuple[Row, ...] = ()
    sections: tuple[Section, ...] = ()  # digests
    standings: tuple[Standing, ...] = ()  # leaders' digests: a line a department, the worst first
    lines: tuple[str, ...] = ()  # alerts: what happened; one paragraph a line
    headline: str = ""  # alerts: the subject's words
    next_due: Row | None = None  # digests: what falls due next, when all is quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A name and an address; the name may be empty."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What a message's head says. `message_id` and `references` carry their angle brackets; `date` is aware."""

    sender: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...] = ()
    reply_to: Mailbox | None = None
    subject: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()
    date: datetime
    extra: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A due day for the reader's calendar. `sequence` rises with every change; `cancelled` takes it out."""

    uid: str
    title: str
    description: str
    due_on: date
    sequence: int
    stamped_at: datetime
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes along: its name, which may be Chinese, its media type and its bytes."""

    name: str
    kind: str
    data: bytes


class Phase(StrEnum):
    """How far a sending attempt got."""

    CONNECT = "connect"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"  # the final dot went out, no answer came
    REPLY = "reply"  # the server answered after the final dot


class Outcome(StrEnum):
    """What can have happened to one message."""

    SENT = "sent"  # accepted for every recipient that was not refused by itself
    RETRY = "retry"  # certainly not sent; worth another try
    REFUSED = "refused"  # certainly not sent; refused for good
    UNCERTAIN = "uncertain"  # the connection broke after the final dot: maybe sent
    AUTH = "auth"  # the login was refused: stop the queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to send: our own id of it, the envelope and the exact bytes.

    Where every recipient of `needed` (those in To) is refused for good, nothing is sent to the others either, and the
    message counts as refused: it is then made anew for whoever is next.
    """

    id: int
    sender: str
    recipients: tuple[str, ...]
    data: bytes
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One recipient refused: the server's code and text."""

    address: str
    code: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The fate of one attempt: outcome, phase reached, the server's last code (0: none) and text."""

    outcome: Outcome
    phase: Phase
    code: int = 0
    text: str = ""
    refused: tuple[Refusal, ...] = ()
