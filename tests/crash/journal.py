"""What a mail server may do at which point, and what it writes down of that and of what it has taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

# Points of a conversation, each reached before the server answers; TAKEN: the message is kept, the yes not said yet;
# YES: it has been said.
CONNECT, EHLO, STARTTLS, HANDSHAKE, AUTH = "connect", "EHLO", "STARTTLS", "handshake", "AUTH"
MAIL, RCPT, DATA, BODY, DOT, TAKEN, YES, RSET, QUIT = (
    *("MAIL", "RCPT", "DATA", "half of the message", "final dot", "taken", "yes", "RSET", "QUIT"),
)


class Fault(Enum):
    """What the server may do instead of answering."""

    DROP = "hangs up"
    STALL = "says nothing"
    UNTRUSTED = "shows a certificate nobody vouches for"
    BARE = "offers no STARTTLS"


@dataclass(frozen=True, slots=True)
class Answer:
    """A refusal. After 421 the server hangs up."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Garbage:
    """What is no SMTP."""

    raw: bytes


Step = Answer | Garbage | Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something other than yes: where, the code (0: none), and to whom, as far as known. `number` stands in the text."""

    number: int
    point: str
    code: int
    address: str = ""
    header_id: str = ""
    step: Step


@dataclass(slots=True)
class Transaction:
    """One MAIL and what followed: what was said other than yes; whether a message was taken, and that was said."""

    header_id: str = ""
    recipients: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    taken: Taken | None = None


@dataclass(slots=True, kw_only=True)
class Taken:
    """A message the server has taken, from which conversation on; `said_yes`, where it came to say so."""

    epoch: int
    conversation: int
    header_id: str
    sender: str
    recipients: tuple[str, ...]
    data: bytes
    said_yes: bool = False
