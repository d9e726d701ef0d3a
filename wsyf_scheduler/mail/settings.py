"""How to reach a mail server: host, protection, login, limits; never less protection than was asked for.

Imports errors and i18n.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import ssl
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.transport import explain


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
