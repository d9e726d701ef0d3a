"""A mail server on loopback that keeps a journal of all it said and took, and asks at every point how to behave.

It takes a message before it says yes, as a server must. Standard library only, a thread for each connection.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.crash import journal
from tests.crash.journal import Answer, Fault, Garbage, Said, Step, Taken, Transaction

PATIENCE = 30  # seconds
CLOSING = 421  # said before hanging up
HALF = 20  # lines: less than any message has
HEADER_ID = re.compile(rb"^Message-ID: *(\S+)", re.MULTILINE | re.IGNORECASE)

Manners = Callable[[str, "Conversation"], Step | None]


@dataclass(slots=True, kw_only=True)
class Tls:
    """Contexts of a server: its own, and one whose certificate the office has no reason to trust."""

    good: ssl.SSLContext
    bad: ssl.SSLContext | None = None


@dataclass(slots=True, kw_only=True)
class MailHost:
    """`with MailHost(manners) as host:` listens on `host.port`. `epoch` marks what is taken from now on."""

    manners: Manners
    tls: Tls | None = None
    logins: Mapping[str, str] = field(default_factory=dict)
    offers: Sequence[str] = ("SIZE 33554432", "8BITMIME", "PIPELINING")
    epoch: int = 0
    port: int = 0
    said: list[Said] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    conversations: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _listener: socket.socket | None = None
    _open: dict[int, tuple[threading.Thread, Conversation]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._listener is not None
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for _thread, conversation in list(self._open.values()):
            conversation.hang_up()
        self.join()

    def join(self) -> None:
        """Wait until every conversation has ended: their clients are gone."""
        while True:
            with self._lock:
                threads = [thread for thread, _conversation in self._open.values()]
            if not threads:
                return
            for thread in threads:
                thread.join(PATIENCE)
                assert not thread.is_alive(), "a conversation does not end"

    def refuse(self, point: str, step: Step, *, address: str = "", header_id: str = "") -> Said:
        with self._lock:
            code = step.code if isinstance(step, Answer) else 0
            said = Said(
                number=len(self.said) + 1, point=point, code=code, address=address, header_id=header_id, step=step
            )
            self.said.append(said)
        return said

    def take(self, taken: Taken) -> None:
        with self._lock:
            self.taken.append(taken)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _address = listener.accept()
            except OSError:
                return
            with self._lock:
                self.conversations += 1
                conversation = Conversation(self, self.conversations, sock)
                thread = threading.Thread(target=self._serve, args=(conversation,), daemon=True)
                self._open[conversation.number] = (thread, conversation)
            thread.start()

    def _serve(self, conversation: Conversation) -> None:
        with suppress(OSError, HungUpError):
            conversation.run()
        conversation.close()
        with self._lock:
            del self._open[conversation.number]


class HungUpError(Exception):
    pass


class Conversation:
    """One connection: what the client said so far."""

    def __init__(self, host: MailHost, number: int, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host, self.number, self.sock = host, number, sock
        self.stream = sock.makefile("rb")
        self.is_secure = False
        self.flaw: Fault | None = None  # of TLS, for the whole connection
        self.sender, self.address, self.header_id = "", "", ""
        self.transaction: Transaction | None = None  # from MAIL to its end

    def run(self) -> None:
        self.answer(journal.CONNECT, "220 host.example ESMTP")
        while True:
            line = self.read_line()
            verb = line.partition(" ")[0].lower()
            getattr(self, f"on_{verb}", self.on_unknown)(line)

    def hang_up(self) -> None:
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self.stream.close()
        self.sock.close()

    def read_line(self) -> str:
        line = self.stream.readline()
        if not line.endswith(b"\n"):
            raise HungUpError
        return line.decode("latin-1").rstrip("\r\n")

    def answer(self, point: str, usual: str) -> bool:
        """Answer as the host's manners want it, else as usual; tells whether that was the usual answer."""
        step = self.host.manners(point, self)
        if step is None:
            self.sock.sendall(usual.encode() + b"\r\n")
            return True
        self.do(point, step)
        return False

    def do(self, point: str, step: Step) -> None:
        """Say or do this instead of the usual, and enter it into the journal first."""
        known = self.header_id if point in (journal.DOT, journal.TAKEN) else ""
        said = self.host.refuse(point, step, address=self.address if point == journal.RCPT else "", header_id=known)
        if self.transaction is not None:
            self.transaction.said.append(said)
        match step:
            case Answer(code, text):
                self.sock.sendall(f"{code} {text} [{said.number}]\r\n".encode())
                if code == CLOSING:
                    self.leave()
            case Garbage(raw):
                self.sock.sendall(raw)
                self.wait_for_the_end()
            case Fault.STALL:
                self.wait_for_the_end()
            case _:
                self.leave()

    def leave(self) -> None:
        """Hang up so that what was said still arrives: a reset could overtake it."""
        self.sock.shutdown(socket.SHUT_WR)
        self.wait_for_the_end()

    def wait_for_the_end(self) -> None:
        while self.stream.read(4096):
            pass
        raise HungUpError

    def on_unknown(self, line: str) -> None:
        self.sock.sendall(f"500 unknown: {line}\r\n".encode())

    def on_ehlo(self, _line: str) -> None:
        offers = ["host.example", *self.host.offers]
        if self.host.tls is not None and not self.is_secure and self.flaw is not Fault.BARE:
            offers.append("STARTTLS")
        if self.host.logins and self.is_secure:
            offers.append("AUTH PLAIN")
        lines = [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]
        self.answer(journal.EHLO, "\r\n".join(lines))

    def on_starttls(self, _line: str) -> None:
        assert self.host.tls is not None
        if not self.answer(journal.STARTTLS, "220 go ahead"):
            return
        step = self.host.manners(journal.HANDSHAKE, self)
        if step is not None:
            self.do(journal.HANDSHAKE, step)
        context = self.host.tls.bad if self.flaw is Fault.UNTRUSTED else self.host.tls.good
        assert context is not None
        self.stream.close()
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.stream = self.sock.makefile("rb")
        self.is_secure = True

    def on_auth(self, line: str) -> None:
        _nobody, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
        if self.host.logins.get(user) == password:
            self.answer(journal.AUTH, "235 welcome")
        else:
            self.sock.sendall(b"535 5.7.8 wrong user or password\r\n")

    def on_mail(self, line: str) -> None:
        self.sender, self.header_id = line.partition("<")[2].partition(">")[0], ""
        self.transaction = Transaction()
        with self.host._lock:
            self.host.transactions.append(self.transaction)
        if not self.answer(journal.MAIL, "250 sender ok"):
            self.transaction = None

    def on_rcpt(self, line: str) -> None:
        self.address = line.partition("<")[2].partition(">")[0]
        if self.transaction is None:
            self.sock.sendall(b"503 no sender\r\n")
        elif self.answer(journal.RCPT, "250 recipient ok"):
            self.transaction.recipients.append(self.address)

    def on_data(self, _line: str) -> None:
        transaction = self.transaction
        if transaction is None or not transaction.recipients:
            self.sock.sendall(b"503 nobody to take it for\r\n")
            return
        if not self.answer(journal.DATA, "354 go on"):
            return
        data = self.read_message()
        found = HEADER_ID.search(data)
        self.header_id = transaction.header_id = found.group(1).decode() if found else ""
        step = self.host.manners(journal.DOT, self)
        if step is not None:
            self.do(journal.DOT, step)
        else:
            self.take(transaction, data)
        self.transaction = None

    def take(self, transaction: Transaction, data: bytes) -> None:
        """Keep the message first, then say yes."""
        taken = transaction.taken = Taken(
            epoch=self.host.epoch,
            conversation=self.number,
            header_id=self.header_id,
            sender=self.sender,
            recipients=tuple(transaction.recipients),
            data=data,
        )
        self.host.take(taken)
        if self.answer(journal.TAKEN, "250 queued"):
            taken.said_yes = True
            if self.host.manners(journal.YES, self) is not None:
                raise HungUpError

    def read_message(self) -> bytes:
        """Up to the final dot, dots undone."""
        lines: list[bytes] = []
        while (line := self.stream.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                raise HungUpError
            lines.append(line[1:] if line.startswith(b".") else line)
            if len(lines) == HALF:
                step = self.host.manners(journal.BODY, self)
                if step is not None:
                    self.do(journal.BODY, step)
        return b"".join(lines)

    def on_rset(self, _line: str) -> None:
        self.transaction = None
        self.answer(journal.RSET, "250 forgotten")

    def on_quit(self, _line: str) -> None:
        self.answer(journal.QUIT, "221 bye")
        raise HungUpError
