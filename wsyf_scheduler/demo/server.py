"""The demo's mail server: SMTP on a free port of loopback, every letter it takes filed into a maildir.

The only module that imports aiosmtpd (extra `demo`); imports errors and i18n.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import re
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
PATIENCE = 10  # seconds for the server to come up, and to go

_ID = re.compile(rb"^message-id:\s*(<[^<>\r\n]+>)", re.IGNORECASE | re.MULTILINE)


def require() -> None:
    """Raise MailTrouble that says what to install where the server's library is missing."""
    if importlib.util.find_spec("aiosmtpd") is None:
        message = _("the demo's mail server needs aiosmtpd; run: pip install 'wsyf-scheduler[demo]'")
        raise MailTrouble(message)


def mark(message_id: str) -> str:
    """What stands in the name of the file a letter is kept in, by its Message-ID."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:16]


class LoopbackServer:
    """A mail server in a thread of its own, from `with` to the end of it; `port` is where it listens.

    `taken` counts the messages it said yes to. It files the bytes as they came, with the line ends of the system.
    """

    def __init__(self, maildir: Path) -> None:
        """Remember the folder; it is laid out when the server starts."""
        self._maildir = maildir
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), name="demo-smtp", daemon=True)
        self._up: Future[tuple[asyncio.AbstractEventLoop, int]] = Future()
        self._over = asyncio.Event()
        self.port = 0
        self.taken = 0

    def __enter__(self) -> Self:
        """Lay out the maildir and listen; MailTrouble where that is not possible."""
        try:
            for folder in ("tmp", "new", "cur"):
                (self._maildir / folder).mkdir(parents=True, exist_ok=True)
            self._thread.start()
            self._loop, self.port = self._up.result(PATIENCE)
        except (OSError, TimeoutError) as error:
            raise MailTrouble(_("the demo's mail server cannot start: {why}").format(why=error)) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and end the thread; connections still open are closed."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            listening = socket.create_server((HOST, 0))
        except OSError as error:
            self._up.set_exception(error)
            return
        with listening:
            listening.settimeout(0)
            self._up.set_result((loop, int(listening.getsockname()[1])))
            await self._answer(listening)

    async def _answer(self, listening: socket.socket) -> None:
        """Talk to whoever connects, until it is over.

        By hand, since asyncio's own server leaks who connects while it is being closed.
        """
        from aiosmtpd.smtp import SMTP

        loop = asyncio.get_running_loop()
        greetings: set[asyncio.Task[None]] = set()
        talks: WeakSet[asyncio.Transport] = WeakSet()

        async def greet(connection: socket.socket) -> None:
            smtp = SMTP(self, hostname="localhost", ident="WSYF demo", loop=loop)
            talk, _smtp = await loop.connect_accepted_socket(lambda: smtp, connection)
            talks.add(talk)

        def come() -> None:
            with suppress(OSError):  # whoever knocked has gone again
                connection, _address = listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer waits 40 ms
                greeting = loop.create_task(greet(connection))
                greetings.add(greeting)
                greeting.add_done_callback(greetings.discard)

        loop.add_reader(listening, come)
        await self._over.wait()
        loop.remove_reader(listening)
        await asyncio.gather(*greetings)
        for talk in talks:
            talk.abort()
        await asyncio.sleep(0)  # the transports' own farewell runs before the loop is closed

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """File one letter; what cannot be kept is refused for the time being, as a server with a full disk does."""
        del server, session
        data = envelope.content
        assert isinstance(data, bytes)  # decode_data is off
        try:
            self._keep(data)
        except OSError as error:
            return f"452 4.3.1 cannot keep mail: {error.strerror}"
        self.taken += 1
        return f"250 2.0.0 kept as {self.taken}"

    def _keep(self, data: bytes) -> None:
        """Write to tmp/ and rename into new/, so that a reader never sees half a letter."""
        found = _ID.search(data.partition(b"\r\n\r\n")[0])
        name = f"{self.taken + 1:06d}.{mark(found[1].decode() if found else '')}.demo"
        draft = self._maildir / "tmp" / name
        draft.write_bytes(data.replace(b"\r\n", b"\n"))
        draft.rename(self._maildir / "new" / name)
