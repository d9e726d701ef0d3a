"""The mailer of the embedded default: keeps each message in a local maildir and sends nothing to anyone.

Imports the letters' values, transport, errors and i18n; the standard library does the rest (https://cr.yp.to/proto/maildir.html).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from errno import ELOOP
from hashlib import sha256
from pathlib import Path

from wsyf_scheduler.errors import MailTrouble, reason
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Sent
from wsyf_scheduler.mail.mailer import Posting, SerialPosting

# Letters are for the office: its group may read them where the umask allows it, others never.
FILE_MODE = 0o660
FOLDER_MODE = 0o770


class MaildirMailer:
    """Keeps mail in the maildir at `path`, which is laid out when the first message comes.

    A `durable` one waits for the disk at each message and looks anew at each batch for what a crash left behind; a
    rehearsal's need not, since nothing follows from it.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        """Remember the folder; nothing is touched yet."""
        self._path, self._durable = path, durable
        self._names: set[str] = set()

    @property
    def describe(self) -> str:
        """Where mail is kept, for people."""
        return f"maildir {self._path}"

    @contextmanager
    def post(self, may_leave: Callable[[Outgoing], bool]) -> Iterator[Posting]:
        """Keep messages one by one; see `Mailer.post`. Nothing more is tried after the first that cannot be kept."""
        kept: set[str] = set() if self._durable else self._names
        posting = SerialPosting(
            lambda message: self._send(message, kept), may_leave, at_once=1 if self._durable else 25
        )
        with closing(posting):
            yield posting

    def probe(self) -> None:
        """Lay out the maildir and write a file into its tmp/; raise MailTrouble where that fails."""
        draft = self._path / "tmp" / f"probe.{os.getpid()}.wsyf"
        try:
            self._lay_out()
            _write(draft, b"probe\n", durable=True)
            draft.unlink()
        except OSError as error:
            raise MailTrouble(self._explain(error)) from error

    def _send(self, message: Outgoing, kept: set[str]) -> Sent:
        name = _name(message)
        try:
            if not kept:  # the first of its batch: after it, what it found and itself
                self._lay_out()
                kept |= self._kept()
            if name not in kept:
                self._keep(name, message.data)
                kept.add(name)
        except OSError as error:
            # The next would meet the same (CONNECT, as where no server can be reached), but where its draft is a link.
            phase = Phase.DATA if error.errno == ELOOP else Phase.CONNECT
            return Sent(outcome=Outcome.RETRY, phase=phase, text=self._explain(error))
        return Sent(outcome=Outcome.SENT, phase=Phase.REPLY, text=name)

    def _lay_out(self) -> None:
        self._path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        for folder in ("tmp", "new", "cur"):
            (self._path / folder).mkdir(mode=FOLDER_MODE, exist_ok=True)

    def _kept(self) -> set[str]:
        """Names in new/ and cur/, without the flags (`:2,S`) a mail reader adds when it moves a message to cur/."""
        return {file.name.partition(":")[0] for folder in ("new", "cur") for file in (self._path / folder).iterdir()}

    def _keep(self, name: str, data: bytes) -> None:
        """Write to tmp/, make it durable, and let it appear in new/ as a whole or not at all."""
        draft = self._path / "tmp" / name
        try:
            _write(draft, data.replace(b"\r\n", b"\n"), durable=self._durable)
            draft.rename(self._path / "new" / name)
        except OSError:
            with suppress(OSError):  # on a full disk the half-written draft must not take the last room
                draft.unlink()
            raise
        if self._durable:
            _make_durable(self._path / "new")

    def _explain(self, error: OSError) -> str:
        return _("{where}: cannot keep mail: {reason}").format(where=self.describe, reason=reason(error))


def _name(message: Outgoing) -> str:
    """Name a message by its id and a digest of its bytes.

    A message taken up again after a crash thus finds itself kept already and is not doubled, while other bytes under
    the same id (a maildir that outlived its database) stand beside it.
    """
    return f"{message.id:09d}.{sha256(message.data).hexdigest()[:16]}.wsyf"


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    # O_TRUNC rather than O_EXCL: a draft left by a crash has the same name and the same bytes to be.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, FILE_MODE), "wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def _make_durable(folder: Path) -> None:
    """Write the folder itself to disk: only then is a rename in it safe from a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
