"""What is said to a mail server to send one message, and what becomes of the message by what it answers: no network.

A conversation is a generator over a `Line`, which whoever owns the connection drives. Imports the letters' values,
transport, errors and i18n.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Generator
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto
from typing import NamedTuple, Protocol, TypeVar

from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail import transport as rules
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.mail.settings import SmtpSettings

CHUNK = 64 * 1024  # bytes of a message handed over at a time; each chunk has the full timeout to leave
START_INPUT = 354  # the server's yes to DATA (RFC 5321 §4.2.2)

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Answer(NamedTuple):
    """A server's answer: its code, 0 where it gave none that can be read, and its text, lines joined by LF."""

    code: int
    raw: bytes

    @property
    def text(self) -> str:
        """As text; bytes that are not UTF-8 as lone surrogates (see `transport.readable`)."""
        return self.raw.decode("utf-8", "surrogateescape")


class Want(Enum):
    """What a conversation waits for."""

    ANSWER = auto()  # the server's next answer, sent in
    ROOM = auto()  # that what was said has been handed to the system; None is sent in


Talk = Generator[Want, Answer | None, _T]
"""A conversation that comes to a `_T`."""


class Line(Protocol):
    """A connection on which nothing is outstanding, as a conversation sees it.

    Whoever drives the conversation throws ConnectionError or TimeoutError into it where none of what it wants comes.
    """

    @property
    def extensions(self) -> Container[str]:
        """What the server offered, in lower case."""
        ...

    @property
    def is_in_step(self) -> bool:
        """Whether nothing of what the server said is left over. Costs nothing."""
        ...

    @property
    def is_silent(self) -> bool:
        """Whether the connection stands and the server says nothing, looked up in the system."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether something said has not been handed to the system yet."""
        ...

    def say(self, raw: bytes | memoryview) -> None:
        """Say bytes; ConnectionError where the connection is known to be gone, nothing being said then."""
        ...


class Unwelcome(Exception):
    """An answer other than the hoped-for one."""

    def __init__(self, code: int, text: str) -> None:
        """Keep the answer's code and text."""
        super().__init__(code)
        self.code, self.text = code, text


class Transaction:
    """One message over one connection: `run()` gives its fate, whatever happens; then `clean` tells of the line.

    MAIL and all RCPT are said in one go where the server offers PIPELINING (RFC 2920), DATA only when all have been
    answered. Everything up to the final dot is handed to the system before the dot is said: until then the server
    cannot have taken the message (RETRY), from then on only its answer can tell (UNCERTAIN where none comes).
    """

    __slots__ = ("_line", "_message", "_refused", "_settings", "clean", "phase")

    def __init__(self, settings: SmtpSettings, line: Line, message: Outgoing) -> None:
        """Remember what is to be said; `clean` becomes true where another transaction may follow on the line."""
        self._settings, self._line, self._message = settings, line, message
        self.phase, self.clean = Phase.MAIL, False
        self._refused: tuple[Refusal, ...] = ()

    def run(self) -> Talk[Sent]:
        """Hold the conversation; every failure is a fate."""
        try:
            return (yield from self._transact())
        except Exception as error:  # noqa: BLE001  whatever it is, it is this message's fate and not the round's end
            return replace(fate_of(error, self.phase, self._settings), refused=self._refused)

    def _transact(self) -> Talk[Sent]:
        data = rules.dotted(self._message.data)
        refused = self._refused = yield from self._say_envelope(data)
        unsent = rules.undeliverable(refused, self._message)
        if unsent is not None:
            yield from self._say_forget()
            return unsent
        yield from self._say_data(data)
        answer = yield from self._say_dot()
        self.clean = True
        text = text_of(self._settings, answer.text)
        return Sent(outcome=Outcome.SENT, phase=Phase.REPLY, code=answer.code, text=text, refused=refused)

    def _say_envelope(self, data: bytes) -> Talk[tuple[Refusal, ...]]:
        """Name sender and recipients; the recipients refused by themselves, Unwelcome for every other refusal."""
        extensions = self._line.extensions
        mail = rules.mail_command(self._message.sender, data, extensions) + b"\r\n"
        named = [(address, _rcpt(address)) for address in self._message.recipients]
        at_once = "pipelining" in extensions
        if at_once:
            self._say(mail + b"".join(line for _address, line in named if isinstance(line, bytes)))
        answer = yield from self._hear(b"" if at_once else mail)
        if not rules.is_yes(answer.code):
            raise Unwelcome(answer.code, answer.text)
        self.phase = Phase.RCPT
        refused = []
        for address, line in named:
            if isinstance(line, MailTrouble):
                refused.append(Refusal(address=address, code=0, text=str(line)))
                continue
            answer = yield from self._hear(b"" if at_once else line)
            if not rules.is_yes(answer.code):
                refused.append(self._refusal(address, answer))
        return tuple(refused)

    def _refusal(self, address: str, answer: Answer) -> Refusal:
        """The recipient's refusal; Unwelcome where the answer concerns the connection or the login."""
        text = text_of(self._settings, answer.text)
        if not rules.is_of_recipient(answer.code, text):
            raise Unwelcome(answer.code, answer.text)
        return Refusal(address=address, code=answer.code, text=text)

    def _say_data(self, data: bytes) -> Talk[None]:
        self.phase = Phase.DATA
        answer = yield from self._hear(b"DATA\r\n")
        if answer.code != START_INPUT:
            raise Unwelcome(answer.code, answer.text)
        line, view = self._line, memoryview(data)
        for start in range(0, len(data), CHUNK):
            line.say(view[start : start + CHUNK])
            while line.is_full and line.is_in_step:
                yield Want.ROOM
        if not line.is_silent:
            raise MailTrouble(_("the server answered or hung up before the message was complete"))

    def _say_dot(self) -> Talk[Answer]:
        self._line.say(b".\r\n")
        self.phase = Phase.DOT
        answer = yield from self._hear(b"")
        if rules.is_no(answer.code):
            self.phase = Phase.REPLY
        if not rules.is_yes(answer.code):
            raise Unwelcome(answer.code, answer.text)
        return answer

    def _say_forget(self) -> Talk[None]:
        """Take the envelope back; the fate stands, whether the server still listens or not."""
        with suppress(OSError, MailTrouble):
            answer = yield from self._hear(b"RSET\r\n")
            self.clean = rules.is_yes(answer.code)

    def _hear(self, command: bytes) -> Talk[Answer]:
        """The next answer, to this command or, where it is empty, to what was said before."""
        if command:
            self._say(command)
        answer = yield Want.ANSWER
        assert answer is not None
        return answer

    def _say(self, commands: bytes) -> None:
        if not self._line.is_in_step:
            raise MailTrouble(_("the server answered more than it was asked"))
        self._line.say(commands)


def farewell(line: Line) -> Talk[None]:
    """Say QUIT and hear whatever the server says to that."""
    with suppress(OSError):
        line.say(b"QUIT\r\n")
        yield Want.ANSWER


def fate_of(error: Exception, phase: Phase, settings: SmtpSettings) -> Sent:
    """Make an error the fate of the message in hand, by how far that had got."""
    if isinstance(error, Unwelcome):
        text = text_of(settings, error.text)
        if rules.is_no(error.code):
            return Sent(outcome=rules.judge(phase, error.code, text), phase=phase, code=error.code, text=text)
        answer = f"{error.code} {text}" if error.code > 0 else text
        error = MailTrouble(_("an answer that makes no sense: {answer}").format(answer=answer))
    elif not isinstance(error, OSError | ValueError | MailTrouble):
        _log.error("Sending failed in a way nobody foresaw", exc_info=error)
    text = text_of(settings, f"{settings.where} ({phase}): {rules.explain(error)}")
    return Sent(outcome=Outcome.UNCERTAIN if phase is Phase.DOT else Outcome.RETRY, phase=phase, text=text)


def text_of(settings: SmtpSettings, text: str) -> str:
    """A server's words as they may be kept: readable, and without the password."""
    return rules.readable(settings.without_password(text))


def _rcpt(address: str) -> bytes | MailTrouble:
    try:
        return b"RCPT TO:" + rules.path(address) + b"\r\n"
    except MailTrouble as trouble:
        return trouble
