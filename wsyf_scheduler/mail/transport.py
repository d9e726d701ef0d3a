"""SMTP's rules that need no network: what to say, and what an answer means.

Imports the letters' values, errors and i18n, never aiosmtplib: whoever reads a refusal may import it.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Container

from wsyf_scheduler.errors import MailTrouble, reason
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent

TEXT_LENGTH = 500
"""Characters kept of a server's answer."""

CLOSING = 421
"""The server says no and hangs up, to whatever was said."""

TOO_LONG = 552
"""The message is longer than the server takes, or the mailbox has no room for it."""

BUSY = 450
"""The mailbox cannot be served just now; some providers mean the sender."""

# What may stand between the angle brackets of MAIL and RCPT: whatever closes them could add parameters of its own.
_ADDRESS = re.compile(r"[!-;=?-~]*")

# 530, 534, 535 and 538 speak of the login in any phase (RFC 4954 §6): every further message would meet the same wall.
_LOGIN_CODES = frozenset({530, 534, 535, 538})

# Servers that ask for a login by another code: QQ with 503 "need EHLO and AUTH first", NetEase with 553 "authentication
# is required". Taken for a refused recipient, it would mark every address of the office as dead.
_LOGIN_WANTED = re.compile(r"\bauth(?:entication)? (?:is )?(?:first|required)", re.IGNORECASE)

# "Too often" and "too many just now", which some providers say with a permanent code: QQ as 550 ("Sender frequency
# limited", "Too many connections"), NetEase as 554 MI:STC (the day's allowance), Google as 550 ("sending limit").
# A mail that goes in circles ("too many hops") is no such limit.
_TOO_OFTEN = re.compile(
    r"frequen(?:cy|tly)|频率|频繁|too (?:many(?! hops| recipients)|fast|often|quickly)|rate.?limit"
    r"|sending (?:quota|limit)|MI:S(?:TC|FQ)",
    re.IGNORECASE,
)
_LIMITED = re.compile(
    rf"{_TOO_OFTEN.pattern}|too many recipients|稍后|try again", re.IGNORECASE
)  # concerns this letter alone


# Policy (RFC 3463 X.7.Y) and a bad sender (X.1.7, X.1.8), a relay that is closed to us, blocklists: said of us. Postfix
# says them in answer to RCPT (smtpd_delay_reject); taken for dead recipients they would mark every address there is.
_OF_US = re.compile(
    r"^5\.(?:7\.\d+|1\.[78])\b|relay(?:ing)?\b|client host|sender address|blocked using|black.?list|spamhaus",
    re.IGNORECASE,
)


def path(address: str) -> bytes:
    """Put an address as MAIL and RCPT say it, in angle brackets (RFC 5321 §4.1.2); MailTrouble where they cannot."""
    if not _ADDRESS.fullmatch(address):
        raise MailTrouble(_("not an address that SMTP can say: {address}").format(address=ascii(address)))
    return f"<{address}>".encode("ascii")


def mail_command(sender: str, data: bytes, extensions: Container[str]) -> bytes:
    """Make the MAIL line of a message as DATA carries it, with what the server's extensions (lower case) want told."""
    line = b"MAIL FROM:" + path(sender)
    if "size" in extensions:
        line += b" SIZE=%d" % len(data)  # too long a message is refused now rather than after the transfer
    if "8bitmime" in extensions and not data.isascii():
        line += b" BODY=8BITMIME"
    return line


def dotted(data: bytes) -> bytes:
    """Make a message as DATA carries it, without the final dot (RFC 5321 §4.5.2): CRLF ends lines, first dots doubled.

    Every lone CR or LF becomes CRLF: what one server takes for the end of a message and another does not could smuggle
    in a second one.
    """
    lines = b"\r\n".join(data.splitlines()) + b"\r\n"
    return (b"." if lines.startswith(b".") else b"") + lines.replace(b"\r\n.", b"\r\n..")


def is_yes(code: int) -> bool:
    """Whether the server says yes."""
    return code in range(200, 300)


def is_no(code: int) -> bool:
    """Whether the server says no, for now or for good."""
    return code in range(400, 600)


def judge(phase: Phase, code: int, text: str) -> Outcome:
    """Tell what an answer other than the hoped-for one means for the message; certainly not sent in every case.

    RETRY: 4xx, a limit in whatever code, anything not SMTP, and whatever stands in the way before the login (that is
    the connection's failure, not the message's). AUTH: the login was refused or is wanted. REFUSED: every other 5xx.
    """
    if phase in (Phase.CONNECT, Phase.TLS) or code not in range(500, 600):
        return Outcome.RETRY
    # Before the words: QQ's ordinary answer to a wrong password, 535, names "login frequency limited" as one cause.
    if code in _LOGIN_CODES or (phase is not Phase.AUTH and _LOGIN_WANTED.search(text)):
        return Outcome.AUTH
    if _LIMITED.search(text) or is_of_us(phase, code, text):
        return Outcome.RETRY
    return Outcome.AUTH if phase is Phase.AUTH else Outcome.REFUSED


def is_of_us(phase: Phase, code: int, text: str) -> bool:
    """Whether a refusal for good is of the office or its server, not of a mailbox: no letter could fare better.

    Any 5xx to MAIL but 552, which is of the message's size; at RCPT, where servers say it too, what speaks of policy.
    """
    if code not in range(500, 600) or code == TOO_LONG:
        return False
    return phase is Phase.MAIL or (phase is Phase.RCPT and _OF_US.search(text) is not None)


def is_of_recipient(code: int, text: str) -> bool:
    """Whether an answer to RCPT refuses that recipient, rather than the connection or for want of a login."""
    return is_no(code) and code != CLOSING and judge(Phase.RCPT, code, text) is not Outcome.AUTH


def is_for_good(refusal: Refusal) -> bool:
    """Whether a recipient was refused for good; code 0 means that the address cannot even be said in SMTP."""
    return refusal.code == 0 or judge(Phase.RCPT, refusal.code, refusal.text) is Outcome.REFUSED


def undeliverable(refused: tuple[Refusal, ...], message: Outgoing) -> Sent | None:
    """The fate of a message of which these recipients were refused, where it is not sent to the others: else None.

    Refused where that was for good for all who must have it (`needed`), or for all; worth another try where nobody was
    taken, but one of them for now only.
    """
    if not message.recipients:
        return Sent(outcome=Outcome.REFUSED, phase=Phase.RCPT, text=_("the message has no recipient"))
    if not refused:
        return None
    dead = {refusal.address for refusal in refused if is_for_good(refusal)}
    in_vain = bool(message.needed) and dead.issuperset(message.needed)
    if not in_vain and len(refused) < len(message.recipients):
        return None
    outcome = Outcome.REFUSED if in_vain or len(dead) == len(refused) else Outcome.RETRY
    last = [refusal for refusal in refused if not in_vain or refusal.address in message.needed][-1]
    return Sent(outcome=outcome, phase=Phase.RCPT, code=last.code, text=last.text, refused=refused)


def stops_batch(sent: Sent) -> bool:
    """Whether this fate is the connection's: no other message of the batch could fare better."""
    return sent.outcome is Outcome.AUTH or sent.phase in (Phase.CONNECT, Phase.TLS, Phase.AUTH)


def asks_for_pause(sent: Sent) -> bool:
    """Whether to leave the server alone for a while: 421, 450, "too often" in whatever code, or a refusal of us.

    Of a message that went to others, a recipient's 450 is that mailbox's affair; a refused login is more than a pause.
    """
    if sent.outcome is Outcome.AUTH or (sent.outcome is Outcome.SENT and not sent.refused):
        return False
    codes = () if sent.outcome is Outcome.SENT else (CLOSING, BUSY)
    answers = [(sent.code, sent.text), *((refusal.code, refusal.text) for refusal in sent.refused)]
    if any(code in codes or (is_no(code) and _TOO_OFTEN.search(text)) for code, text in answers):
        return True
    return sent.outcome is not Outcome.SENT and is_of_us(sent.phase, sent.code, sent.text)


def readable(text: str) -> str:
    """Make one line of a server's answer that can be stored and shown: no control or bidi marks, cut at TEXT_LENGTH.

    Bytes that are not UTF-8 arrive as lone surrogates, which no database takes; from Chinese providers they are GBK.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:TEXT_LENGTH]
    raw = text.encode("utf-8", "surrogateescape")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:TEXT_LENGTH]


def explain(error: Exception) -> str:
    """Put a failure into words; never by an unforeseen exception's own text, which could hold what was sent."""
    match error:
        case MailTrouble():
            words = str(error)
        case ssl.SSLCertVerificationError():
            words = _("the server's certificate is not to be trusted: {reason}").format(reason=error.verify_message)
        case ssl.SSLError():
            words = _("TLS failed: {reason}").format(reason=error.reason or type(error).__name__)
        case TimeoutError():
            words = _("no answer in time")
        case socket.gaierror():
            words = _("the host name cannot be found")
        case ConnectionRefusedError():
            words = _("connection refused")
        case ConnectionError():
            words = _("the connection was lost")
        case OSError():
            words = reason(error)
        case UnicodeError():
            words = _("a name that cannot be said in SMTP")
        case _:
            words = type(error).__name__
    return words
