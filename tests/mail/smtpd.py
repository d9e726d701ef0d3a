"""An SMTP server on loopback for tests, which can be told to go wrong at any point of the conversation.

Standard library only, a thread for each connection; `with Smtpd(...) as server:` joins them all at the end.
"""

from __future__ import annotations

import base64
import hmac
import socket
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Self


class Fault(Enum):
    """What a server may do instead of answering."""

    DROP = auto()  # hangs up
    STALL = auto()  # says nothing until the test is over
    TAKE = auto()  # takes the message (at DOT), but hangs up before saying so
    HOLD = auto()  # keeps its usual answer back, until it gives the next one: who waits for it waits in vain


Step = str | bytes | Fault
"""An answer (a line without its end; `\\n` inside makes it multi-line as written), raw bytes, or a fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as it came: the envelope, the bytes (dots undone, CRLF kept), whether TLS and who logged in."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    tls: bool
    login: str | None


@dataclass(slots=True, kw_only=True)
class Smtpd:
    """A server that answers well, except where `script` says otherwise.

    `script` maps a point of the conversation to the steps taken there, one each time it is reached, over all connections;
    afterwards it answers well again. Points: CONNECT (the banner), HANDSHAKE (of TLS), a verb (EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, RSET,
    QUIT), `RCPT <address>`, BODY (after its 354, a little of the message read), DOT (the final dot read), IDLE (a message
    has been taken). More than `most` connections at once (0: any number) are turned away. `at_once` tells how many there
    were, those turned away not counted.
    """

    script: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    tls_at_once: bool = False
    offers: tuple[str, ...] = ("SIZE 33554432", "8BITMIME")
    logins: Mapping[str, str] = field(default_factory=dict)
    methods: str = "PLAIN LOGIN"
    most: int = 0
    port: int = 0
    connections: int = 0
    at_once: int = 0
    on_stall: Callable[[], object] = bool
    lines: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    _steps: dict[str, deque[Step]] = field(default_factory=lambda: defaultdict(deque))
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _sockets: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._steps.update({point: deque(steps) for point, steps in self.script.items()})
        listener = socket.create_server(("127.0.0.1", 0))
        # Small, so that a long message cannot vanish into the system's buffers before a fault in the middle of it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port = listener.getsockname()[1]
        self._sockets.append(listener)
        self._start(self._accept, listener)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Hang up on everybody and wait for the threads."""
        self._over.set()
        for sock in self._sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()
        for sock in self._sockets:
            sock.close()

    @property
    def verbs(self) -> list[str]:
        """The verbs heard, in order."""
        return [line.split(" ")[0].split(":")[0].upper() for line in self.lines]

    def count(self, data: bytes) -> int:
        """How often these bytes have been taken."""
        return sum(received.data == data for received in self.received)

    def take(self, point: str) -> Step | None:
        """The next step of the script at this point."""
        steps = self._steps[point]
        return steps.popleft() if steps else None

    def next_is_yes(self, point: str) -> bool:
        """Whether the next step at this point, or the usual answer without one, takes what was offered."""
        steps = self._steps[point]
        return not steps or steps[0] is Fault.TAKE or str(steps[0]).startswith("2")

    def wait(self) -> None:
        """Say nothing until the test is over, or hangs up."""
        self._over.wait(10)

    def hang_up(self) -> None:
        """End every stall."""
        self._over.set()

    def join_conversations(self) -> None:
        """Wait until every conversation so far has ended."""
        for thread in self._threads[1:]:
            thread.join(5)

    def _start(self, target: Callable[[socket.socket], None], sock: socket.socket) -> None:
        thread = threading.Thread(target=target, args=(sock,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._over.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        conversation = _Conversation(self, sock)
        with self._lock:
            self._now += 1
            is_welcome = not self.most or self._now <= self.most
            self.at_once = max(self.at_once, self._now if is_welcome else 0)
        with suppress(OSError, HangUpError):
            conversation.run() if is_welcome else sock.sendall(b"421 4.7.0 too many connections\r\n")
        with self._lock:
            self._now -= 1
        conversation.close()


class HangUpError(Exception):
    pass


class _Conversation:
    def __init__(self, server: Smtpd, sock: socket.socket) -> None:
        self.server, self.sock = server, sock
        self.stream = sock.makefile("rb")
        self.tls = False
        self.login: str | None = None
        self.sender = ""
        self.recipients: list[str] = []
        self.held = b""

    def close(self) -> None:
        self.stream.close()
        self.sock.close()

    def run(self) -> None:
        if self.server.tls_at_once:
            self.start_tls()
        self.answer("CONNECT", "220 test.example ESMTP")
        while True:
            line = self.read_line()
            self.server.lines.append(line)
            getattr(self, f"on_{line.split(' ')[0].lower()}", self.on_unknown)(line)

    def read_line(self) -> str:
        line = self.stream.readline()
        if not line:
            raise HangUpError
        return line.decode("latin-1").rstrip("\r\n")

    def start_tls(self) -> None:
        assert self.server.context is not None
        self.stream.close()
        wrapped = self.server.context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        self.server._sockets.append(wrapped)  # so that the end of the test reaches it too
        self.sock = wrapped
        self.answer("HANDSHAKE", b"")
        wrapped.do_handshake()
        self.stream = wrapped.makefile("rb")
        self.tls = True

    def answer(self, point: str, usual: str | bytes) -> bool:
        """Take the script's step at this point, else answer as usual; tell whether all is as usual or accepted."""
        step = self.server.take(point)
        if step is None:
            step = usual
        if step in (Fault.DROP, Fault.TAKE):
            raise HangUpError
        if step is Fault.STALL:
            self.server.on_stall()
            self.server.wait()
            raise HangUpError
        if step is Fault.HOLD:
            assert isinstance(usual, str)
            self.held += usual.encode() + b"\r\n"
            return True
        raw = step if isinstance(step, bytes) else step.replace("\n", "\r\n").encode() + b"\r\n"
        held, self.held = self.held, b""
        self.sock.sendall(held + raw)
        return raw[:1] in b"23"

    def on_unknown(self, text: str) -> None:
        self.answer("UNKNOWN", f"500 unknown: {text}")

    def on_ehlo(self, text: str) -> None:
        offers = ["test.example", *self.server.offers]
        if self.server.context is not None and not self.tls:
            offers.append("STARTTLS")
        if self.server.logins:
            offers.append(f"AUTH {self.server.methods}")
        lines = [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]
        self.answer("EHLO", "\n".join(lines))

    def on_starttls(self, text: str) -> None:
        if self.answer("STARTTLS", "220 go ahead"):
            self.start_tls()

    def on_auth(self, text: str) -> None:
        match text.split(" "):
            case [_, "PLAIN", token]:
                _nobody, user, password = base64.b64decode(token).decode().split("\0")
                good = self.server.logins.get(user) == password
            case [_, "LOGIN", token]:
                user = base64.b64decode(token).decode()
                good = self.server.logins.get(user) == self.ask("Password:")
            case _:  # CRAM-MD5, RFC 2195
                user, digest = self.ask("<1@test.example>").split(" ")
                key = self.server.logins.get(user, "").encode()
                good = hmac.digest(key, b"<1@test.example>", "md5").hex() == digest
        if self.answer("AUTH", "235 welcome" if good else "535 5.7.8 wrong user or password"):
            self.login = user

    def ask(self, question: str) -> str:
        """Put a question of a login and read its answer, both in base64."""
        self.sock.sendall(b"334 " + base64.b64encode(question.encode()) + b"\r\n")
        line = self.read_line()
        self.server.lines.append(line)
        return base64.b64decode(line).decode()

    def on_mail(self, text: str) -> None:
        if self.answer("MAIL", "250 sender ok"):
            self.sender, self.recipients = text.partition("<")[2].partition(">")[0], []

    def on_rcpt(self, text: str) -> None:
        address = text.partition("<")[2].partition(">")[0]
        point = f"RCPT {address}" if self.server._steps.get(f"RCPT {address}") else "RCPT"
        if self.answer(point, "250 recipient ok"):
            self.recipients.append(address)

    def on_data(self, text: str) -> None:
        if not self.answer("DATA", "354 go on"):
            return
        if self.server._steps.get("BODY"):
            self.stream.read(64)
            self.answer("BODY", b"")
        lines = []
        while (line := self.stream.readline()) != b".\r\n":
            if not line:
                raise HangUpError
            lines.append(line[1:] if line.startswith(b".") else line)
        taken = Received(
            sender=self.sender, recipients=tuple(self.recipients), data=b"".join(lines), tls=self.tls, login=self.login
        )
        if self.server.next_is_yes("DOT"):  # first, so that it is there when the answer arrives
            self.server.received.append(taken)
        self.answer("DOT", f"250 queued as {len(self.server.received)}")
        if self.server._steps.get("IDLE"):
            self.answer("IDLE", b"")
            raise HangUpError

    def on_rset(self, text: str) -> None:
        self.answer("RSET", "250 forgotten")

    def on_noop(self, text: str) -> None:
        self.answer("NOOP", "250 here")

    def on_quit(self, text: str) -> None:
        self.answer("QUIT", "221 bye")
        raise HangUpError
