"""The mailer that speaks SMTP, phase by phase, over one connection for a batch.

The only module that imports aiosmtplib, and the only one with async in it; imports the letters' values, transport,
errors and i18n. Importing it costs about 100 ms: whoever uses it imports it where it is used.
"""

from __future__ import annotations

import asyncio
import logging
import select
import ssl
from collections.abc import Generator, Iterable
from contextlib import closing, suppress
from typing import cast

import aiosmtplib

from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail import transport as rules
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.mail.transport import Secret, Security, SmtpSettings

__all__ = ["Secret", "Security", "SmtpMailer", "SmtpSettings"]

QUIT_PATIENCE = 2.0  # seconds a server has to answer QUIT: a farewell must not hold up a stop
CHUNK = 64 * 1024  # bytes of a message handed over at a time; each chunk has the full timeout to leave
NO_SUCH_METHOD = 504  # a login method offered but not there after all: no password was looked at (RFC 4954 §4)

_log = logging.getLogger(__name__)


class SmtpMailer:
    """Sends mail through one server; raises MailTrouble at once for settings that would expose letters or password."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Check the settings; nothing is connected yet."""
        settings.refuse_unsafe()
        self._settings = settings

    @property
    def describe(self) -> str:
        """Where mail goes and how it is protected, for people."""
        return self._settings.describe

    def send_batch(self, outgoing: Iterable[Outgoing]) -> Generator[tuple[Outgoing, Sent], None, None]:
        """Send messages one by one over a connection opened when the first is taken; see `Mailer.send_batch`."""
        session = _Session(self._settings)
        # A loop of our own, made when first used; the thread's own event loop, if there is one, stays as it is.
        with closing(asyncio.Runner(loop_factory=asyncio.new_event_loop)) as runner:
            try:
                for message in outgoing:
                    sent = runner.run(session.send(message))
                    yield message, sent
                    if rules.stops_batch(sent):
                        return
            finally:
                if session.is_open:
                    runner.run(session.leave())

    def probe(self) -> None:
        """Connect, protect, log in and leave; raise MailTrouble that names server, phase and reason."""
        session = _Session(self._settings)
        with closing(asyncio.Runner(loop_factory=asyncio.new_event_loop)) as runner:
            failure = runner.run(session.probe())
        if failure is not None:
            answer = f"{self._settings.where} ({failure.phase}): {failure.code} {failure.text}"
            raise MailTrouble(answer if failure.code else failure.text)


class _Connection(aiosmtplib.SMTP):
    """The library's connection, which can tell whether it is in step, and closes at once."""

    @property
    def is_silent(self) -> bool:
        """Whether the connection stands and the server says nothing, as it must while nothing has been asked.

        What can be read now, or came together with an earlier answer, is a farewell (421, or the end of the stream) or
        would be taken for the answer to what is said next.
        """
        if not self.is_connected or getattr(self.protocol, "_buffer", None):
            return False
        ear = select.poll()
        ear.register(self.get_transport_info("socket"), select.POLLIN)
        return not ear.poll(0)

    @property
    def own_address(self) -> str:
        """Who we are in EHLO, where the office gives no name (RFC 5321 §4.1.3)."""
        address = str(self.get_transport_info("sockname")[0]).partition("%")[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def close(self) -> None:
        """Close without flushing; the library itself comes here after a timeout and after 421.

        What has not left by then, the final dot above all, must not leave later; nor does TLS wait for a farewell.
        """
        transport = cast("asyncio.WriteTransport | None", self.transport)
        super().close()
        if transport is not None:
            transport.abort()


class _Session:
    """A batch's connection: opened when needed, kept while clean, opened anew after anything that is not."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._smtp: _Connection | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._phase = Phase.CONNECT
        self._clean = False  # between two transactions, nothing outstanding on either side

    @property
    def is_open(self) -> bool:
        return self._smtp is not None

    async def send(self, message: Outgoing) -> Sent:
        try:
            smtp = self._reusable() or await self._open()
            self._clean = False
            sent = await self._transact(smtp, message)
        except Exception as error:  # noqa: BLE001  whatever it is, it is this message's fate and not the batch's end
            sent = self._failure(error)
        if not self._clean:
            self._drop()
        return sent

    async def probe(self) -> Sent | None:
        try:
            await self._open()
        except Exception as error:  # noqa: BLE001  as in send
            return self._failure(error)
        finally:
            await self.leave()
        return None

    async def leave(self) -> None:
        if self._smtp is not None and self._clean:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._smtp.quit(timeout=min(self._settings.timeout, QUIT_PATIENCE))
        self._drop()
        await asyncio.sleep(0)  # the transport's own farewell runs before the loop is closed

    async def _open(self) -> _Connection:
        self._drop()
        settings, self._phase = self._settings, Phase.CONNECT
        smtp = self._smtp = _Connection(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout,
            use_tls=settings.security is Security.TLS,
            start_tls=False,  # its default takes STARTTLS where offered, and goes on without it where not
            tls_context=settings.tls_context(),
            local_hostname=settings.local_hostname or "localhost",  # by default it asks the DNS, without a time limit
        )
        await smtp.connect()
        if settings.local_hostname is None:
            smtp.local_hostname = smtp.own_address
        await smtp.ehlo()
        if settings.security is Security.STARTTLS:
            await self._start_tls(smtp)
        if settings.username is not None:
            await self._login(smtp, settings.username)
        self._clean = True
        return smtp

    async def _start_tls(self, smtp: _Connection) -> None:
        self._phase = Phase.TLS
        if not smtp.supports_extension("starttls"):
            raise MailTrouble(_("the server offers no STARTTLS, and nothing is sent without it"))
        await smtp.starttls()
        await smtp.ehlo()

    async def _login(self, smtp: _Connection, username: str) -> None:
        """Log in by one method: aiosmtplib's own login() tries each, and three wrong passwords can lock an account."""
        self._phase = Phase.AUTH
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

    def _reusable(self) -> _Connection | None:
        return self._smtp if self._smtp is not None and self._clean and self._smtp.is_silent else None

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp, self._writer, self._clean = None, None, False

    async def _transact(self, smtp: _Connection, message: Outgoing) -> Sent:
        data = rules.dotted(message.data)
        await self._say_sender(smtp, message.sender, data)
        refused = await self._say_recipients(smtp, message.recipients)
        if len(refused) == len(message.recipients):
            with suppress(aiosmtplib.SMTPException, OSError):
                self._clean = rules.is_yes((await smtp.execute_command(b"RSET")).code)
            return rules.all_refused(refused)
        await self._say_data(smtp, data)
        answer = await self._say_dot(smtp)
        self._clean = True
        text = self._text(answer.message)
        return Sent(outcome=Outcome.SENT, phase=Phase.REPLY, code=answer.code, text=text, refused=refused)

    async def _say_sender(self, smtp: _Connection, sender: str, data: bytes) -> None:
        self._phase = Phase.MAIL
        answer = await smtp.execute_command(rules.mail_command(sender, data, smtp.esmtp_extensions))
        if not rules.is_yes(answer.code):
            raise aiosmtplib.SMTPResponseException(*answer)

    async def _say_recipients(self, smtp: _Connection, recipients: tuple[str, ...]) -> tuple[Refusal, ...]:
        """Name each recipient; return those refused by themselves, raise what concerns the connection or the login."""
        self._phase = Phase.RCPT
        refused = []
        for recipient in recipients:
            try:
                line = b"RCPT TO:" + rules.path(recipient)
            except MailTrouble as error:
                refused.append(Refusal(address=recipient, code=0, text=str(error)))
                continue
            answer = await smtp.execute_command(line)
            if rules.is_yes(answer.code):
                continue
            text = self._text(answer.message)
            if not rules.is_of_recipient(answer.code, text):
                raise aiosmtplib.SMTPResponseException(*answer)
            refused.append(Refusal(address=recipient, code=answer.code, text=text))
        return tuple(refused)

    # aiosmtplib's own data() says DATA, message and final dot in one go, and fails alike before and after the dot. So
    # they are said apart, with the protocol's public write() and read_response(): everything up to the dot is handed to
    # the system first, and only then the dot. Until that is written the server cannot have taken the message (RETRY);
    # from then on only its answer can tell (UNCERTAIN where none comes).

    async def _say_data(self, smtp: _Connection, data: bytes) -> None:
        self._phase = Phase.DATA
        answer = await smtp.execute_command(b"DATA")
        if answer.code != aiosmtplib.SMTPStatus.start_input:
            raise aiosmtplib.SMTPResponseException(*answer)
        writer = self._writer_on(smtp)
        for start in range(0, len(data), CHUNK):
            writer.write(data[start : start + CHUNK])
            async with asyncio.timeout(self._settings.timeout):
                await writer.drain()
        if not smtp.is_silent:
            raise MailTrouble(_("the server answered or hung up before the message was complete"))

    async def _say_dot(self, smtp: _Connection) -> aiosmtplib.SMTPResponse:
        if smtp.protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        smtp.protocol.write(b".\r\n")
        self._phase = Phase.DOT
        answer = await smtp.protocol.read_response(timeout=self._settings.timeout)
        if rules.is_no(answer.code):
            self._phase = Phase.REPLY
        if not rules.is_yes(answer.code):
            raise aiosmtplib.SMTPResponseException(*answer)
        return answer

    def _writer_on(self, smtp: _Connection) -> asyncio.StreamWriter:
        """Make or take the connection's writer, whose drain() returns once all has been handed to the system."""
        if self._writer is None:
            if smtp.protocol is None or smtp.transport is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            transport = cast("asyncio.WriteTransport", smtp.transport)
            transport.set_write_buffer_limits(high=1)  # 0 would mean "always full" to TLS
            self._writer = asyncio.StreamWriter(transport, smtp.protocol, None, asyncio.get_running_loop())
        return self._writer

    def _failure(self, error: Exception) -> Sent:
        """Make an error the fate of the message in hand, by how far that had got."""
        cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPConnectError) else None
        phase = Phase.TLS if isinstance(cause, ssl.SSLError) else self._phase
        if isinstance(error, aiosmtplib.SMTPResponseException):
            text = self._text(error.message)
            if rules.is_no(error.code):
                return Sent(outcome=rules.judge(phase, error.code, text), phase=phase, code=error.code, text=text)
            answer = f"{error.code} {text}" if error.code > 0 else text
            error = MailTrouble(_("an answer that makes no sense: {answer}").format(answer=answer))
        elif not isinstance(error, aiosmtplib.SMTPException | OSError | ValueError | MailTrouble):
            _log.error("Sending failed in a way nobody foresaw", exc_info=error)
        reason = rules.explain(cause if isinstance(cause, Exception) else error)
        text = self._text(f"{self._settings.where} ({phase}): {reason}")
        return Sent(outcome=Outcome.UNCERTAIN if phase is Phase.DOT else Outcome.RETRY, phase=phase, text=text)

    def _text(self, text: str) -> str:
        return rules.readable(self._settings.without_password(text))
