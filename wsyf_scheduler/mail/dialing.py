"""Opening a connection: connect, protect, log in, each as the settings ask, never less.

The only module that imports aiosmtplib; imports conversation, wire, transport, errors and i18n. Importing it costs
about 100 ms: whoever uses it imports it where it is used.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import cached_property
from typing import cast

import aiosmtplib

from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.conversation import Unwelcome, farewell, fate_of
from wsyf_scheduler.mail.letter import Outcome, Phase, Sent
from wsyf_scheduler.mail.settings import Security, SmtpSettings
from wsyf_scheduler.mail.wire import Wire

QUIT_PATIENCE = 2.0  # seconds a server has to answer QUIT: a farewell must not hold up a stop
NO_SUCH_METHOD = 504  # a login method offered but not there after all: no password was looked at (RFC 4954 §4)


class Dialer:
    """Opens connections to one server, many at once but for the login: a wrong password is said once."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Remember the settings; nothing is connected yet."""
        self._settings = settings
        self._login = asyncio.Lock()
        self._refused: Sent | None = None

    async def dial(self) -> Wire | Sent:
        """Open a connection, or tell why that came to nothing, as the fate of the message it was to carry."""
        call = _Call(self._settings)
        try:
            await call.connect(self._tls_context)
            if self._settings.username is not None:
                async with self._login:
                    if self._refused is not None:
                        call.smtp.close()
                        return self._refused
                    await call.log_in(self._settings.username)
            return call.wire()
        except Exception as error:  # noqa: BLE001  whatever it is, the message can wait for a better connection
            fate = fate_of(_plain(error), _phase(error, call.phase), self._settings)
            if fate.outcome is Outcome.AUTH:
                self._refused = fate
        except BaseException:  # called off
            call.smtp.close()
            raise
        call.smtp.close()
        return fate

    @cached_property
    def _tls_context(self) -> ssl.SSLContext | None:
        return self._settings.tls_context()


async def leave(wire: Wire, settings: SmtpSettings) -> None:
    """Say goodbye where the line is in step, and hang up."""
    if wire.is_silent:
        await wire.hold(farewell(wire), min(settings.timeout, QUIT_PATIENCE))
    wire.drop()
    await asyncio.sleep(0)  # the transport's own farewell runs before the loop is closed


async def probe(settings: SmtpSettings) -> Sent | None:
    """Connect, protect, log in and leave; the fate a message would have met, None where all went well."""
    found = await Dialer(settings).dial()
    if isinstance(found, Sent):
        await asyncio.sleep(0)
        return found
    await leave(found, settings)
    return None


class _Connection(aiosmtplib.SMTP):
    """The library's connection, which knows its own address, and closes at once."""

    @property
    def own_address(self) -> str:
        """Who we are in EHLO, where the office gives no name (RFC 5321 §4.1.3)."""
        address = str(self.get_transport_info("sockname")[0]).partition("%")[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def close(self) -> None:
        """Close without flushing, nor does TLS wait for a farewell; the library itself comes here after a timeout."""
        transport = cast("asyncio.WriteTransport | None", self.transport)
        super().close()
        if transport is not None:
            transport.abort()


class _Call:
    """One attempt to open a connection; `phase` tells how far it got."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self.phase = Phase.CONNECT
        self.smtp = _Connection(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout,
            use_tls=settings.security is Security.TLS,
            start_tls=False,  # its default takes STARTTLS where offered, and goes on without it where not
            local_hostname=settings.local_hostname or "localhost",  # by default it asks the DNS, without a time limit
        )

    async def connect(self, context: ssl.SSLContext | None) -> None:
        """Connect, greet and protect."""
        smtp, settings = self.smtp, self._settings
        await smtp.connect(tls_context=context)
        if settings.local_hostname is None:
            smtp.local_hostname = smtp.own_address
        await smtp.ehlo()
        if settings.security is Security.STARTTLS:
            self.phase = Phase.TLS
            if not smtp.supports_extension("starttls"):
                raise MailTrouble(_("the server offers no STARTTLS, and nothing is sent without it"))
            await smtp.starttls()
            await smtp.ehlo()

    async def log_in(self, username: str) -> None:
        """Log in by one method: aiosmtplib's own login() tries each, and three wrong passwords can lock an account."""
        self.phase = Phase.AUTH
        smtp = self.smtp
        password = self._settings.password.reveal() if self._settings.password else ""
        methods = {"plain": smtp.auth_plain, "login": smtp.auth_login, "cram-md5": smtp.auth_crammd5}
        if self._settings.security is Security.PLAIN:  # then rather the one that keeps the password off the wire
            methods = {"cram-md5": smtp.auth_crammd5, **methods}
        refusal: Exception = MailTrouble(_("the server offers no way to log in that is known here"))
        for method in [call for name, call in methods.items() if name in smtp.server_auth_methods]:
            try:
                await method(username, password)
            except aiosmtplib.SMTPAuthenticationError as error:
                if error.code != NO_SUCH_METHOD:
                    raise
                refusal = error
            else:
                return
        raise refusal

    def wire(self) -> Wire:
        """Hand the connection over: the library, which waits for each answer, has no part in what follows."""
        protocol, transport = self.smtp.protocol, self.smtp.transport
        if protocol is None or transport is None:
            raise ConnectionResetError
        leftover = bool(getattr(protocol, "_buffer", None))
        return Wire(cast("asyncio.Transport", transport), frozenset(self.smtp.esmtp_extensions), leftover=leftover)


def _plain(error: Exception) -> Exception:
    """An error of the library in the words of conversation: an answer, or what stands behind it."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Unwelcome(error.code, error.message)
    if isinstance(error, aiosmtplib.SMTPConnectError) and isinstance(error.__cause__, Exception):
        return error.__cause__
    return error


def _phase(error: Exception, phase: Phase) -> Phase:
    return Phase.TLS if isinstance(error.__cause__, ssl.SSLError) and phase is Phase.CONNECT else phase
