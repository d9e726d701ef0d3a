"""How to reach a mail server, and SMTP's rules that need no network.

Imports the letters' values, errors and i18n, never aiosmtplib: whoever reads a refusal may import it.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import socket
import ssl
from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent

TEXT_LENGTH = 500
"""Characters kept of a server's answer."""

CLOSING = 421
"""The server says no and hangs up, to whatever was said."""

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


class Security(StrEnum):
    """How the connection to a mail server is protected; never less than what is asked for."""

    STARTTLS = "starttls"  # plain at first, then TLS; given up where the server does not offer it
    TLS = "tls"  # TLS from the first byte
    PLAIN = "plain"  # nothing; on loopback only, unless the office allows it


class Secret:
    """A password that cannot be shown by mistake: `reveal()` is the only way to its value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keep the value."""
        self._value = value

    def reveal(self) -> str:
        """Give the value itself, for the login alone."""
        return self._value

    def __eq__(self, other: object) -> bool:
        """Two secrets are equal when their values are, so that settings read anew can be compared."""
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        """As the value's."""
        return hash(self._value)

    def __repr__(self) -> str:
        """Stars: in f-strings, in logs and in the repr of whatever holds it."""
        return "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """How to reach a mail server: `timeout` in seconds for each answer; `ca_file` replaces the system's authorities.

    `connections` are open at once at most, `per_connection` messages go over each (0: no limit); with `stop_when_busy`
    nothing more is sent in a round after an answer that asks for a pause.
    """

    host: str
    port: int
    security: Security
    username: str | None = None
    password: Secret | None = None
    timeout: float = 30
    allow_plain: bool = False
    local_hostname: str | None = None
    ca_file: Path | None = None
    connections: int = 1
    per_connection: int = 0
    stop_when_busy: bool = True

    @property
    def where(self) -> str:
        """Host and port, as errors name them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def describe(self) -> str:
        """Where mail goes and how it is protected, for people."""
        return f"smtp://{self.where} ({'plain' if self.security is Security.PLAIN else self.security.upper()})"

    def tls_context(self) -> ssl.SSLContext | None:
        """Make what TLS verifies the server by; None where there is no TLS, MailTrouble for a bad `ca_file`."""
        if self.security is Security.PLAIN:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            trouble = _("cannot read certificates from {file}: {reason}")
            raise MailTrouble(trouble.format(file=self.ca_file, reason=error.strerror or explain(error))) from None

    def refuse_unsafe(self) -> None:
        """Raise MailTrouble where letters and password would cross a network unprotected, or a password is lacking."""
        if self.security is Security.PLAIN and not self.allow_plain and not _is_loopback(self.host):
            trouble = _(
                "{where}: letters and password would cross the network unprotected; set mail.smtp.security to"
                " starttls or tls, or accept the risk with mail.smtp.allow_plain = true"
            )
            raise MailTrouble(trouble.format(where=self.where))
        if self.username is not None and self.password is None:
            raise MailTrouble(_("{where}: there is a username but no password").format(where=self.where))

    def without_password(self, text: str) -> str:
        """Blot the password out: a server that lost the thread may quote the line it could not read."""
        password = self.password.reveal() if self.password else ""
        if not password:
            return text
        forms = (password, _base64(f"\0{self.username}\0{password}"), _base64(password))
        return re.sub("|".join(map(re.escape, forms)), "***", text, flags=re.IGNORECASE)


def _is_loopback(host: str) -> bool:
    """Told from the name alone: what the DNS says of another name can change after it was asked."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


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
    if _LIMITED.search(text):
        return Outcome.RETRY
    return Outcome.AUTH if phase is Phase.AUTH else Outcome.REFUSED


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
    """Whether the server wants to be left alone for a while: 421, 450, or "too often" in whatever code.

    Of a message that went to others, a recipient's 450 is that mailbox's affair; a refused login is more than a pause.
    """
    if sent.outcome is Outcome.AUTH or (sent.outcome is Outcome.SENT and not sent.refused):
        return False
    answers = [(refusal.code, refusal.text) for refusal in sent.refused]
    codes = () if sent.outcome is Outcome.SENT else (CLOSING, BUSY)
    return any(
        code in codes or (is_no(code) and _TOO_OFTEN.search(text)) for code, text in [(sent.code, sent.text), *answers]
    )


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
            words = error.strerror or str(error)
        case UnicodeError():
            words = _("a name that cannot be said in SMTP")
        case _:
            words = type(error).__name__
    return words
