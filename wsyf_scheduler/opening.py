"""Opening an office: config, clock and database put together into an App. Imports app and what it stands on."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from wsyf_scheduler.app import NO_DELAY, App
from wsyf_scheduler.clock import Clock, FixedClock, SystemClock, monotonic
from wsyf_scheduler.config import Config
from wsyf_scheduler.errors import DatabaseTrouble, Forbidden, MailTrouble, reason
from wsyf_scheduler.i18n import _
from wsyf_scheduler.pulse import Sign, lock_of, read_sign
from wsyf_scheduler.share import TEMPLATES
from wsyf_scheduler.store import facts
from wsyf_scheduler.store.db import MEMORY, Database

if TYPE_CHECKING:
    from wsyf_scheduler.mail.mailer import Mailer
    from wsyf_scheduler.mail.writer import Writer

PASSWORD_VARIABLE = "WSYF_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
CREDENTIAL = "smtp-password"  # of systemd's LoadCredential=
PATIENCE = 30  # seconds to wait while another process sends
LOOK_EVERY = 0.1  # seconds between two looks whether it is done
TRIES, AN_INSTANT = 3, 0.01  # to take a lock; seconds in between
SHARED = 0o660


def open_app(
    config: Config,
    *,
    who: str,
    at: datetime | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    on_wait: Callable[[str], None] = lambda _holder: None,
    dry_run: bool = False,
) -> App:
    """The office's App on its database, which must be there and up to date.

    `at` sets the clock; only a rehearsal database takes it (Forbidden). Without it a rehearsal's clock stands at its
    last tick. `on_wait` and `should_stop`: see `delivery_lock`. `dry_run`: what is written is rolled back.
    """
    db = Database(config.database, dry_run=dry_run)
    db.require_schema()
    with db.read() as session:
        rehearsal, last_tick_at = facts.is_rehearsal(session), facts.last_tick(session)
    if rehearsal:
        db.close()
        db = Database(config.database, durable=False, dry_run=dry_run)
    return App(
        config=config,
        clock=_clock(at, last_tick_at, rehearsal=rehearsal),
        db=db,
        make_mailer=lambda: mailer(config),
        make_writer=lambda: writer(config),
        who=who,
        receipt_delay=NO_DELAY if rehearsal else config.receipt_delay,
        delivery=lambda: delivery_lock(lock_path(config, "deliver"), on_wait=on_wait, should_stop=should_stop),
        should_stop=should_stop,
    )


def scratch_app(
    config: Config, *, at: datetime, who: str, make_mailer: Callable[[], Mailer], make_writer: Callable[[], Writer]
) -> tuple[App, FixedClock]:
    """An App on an empty database in memory, with a clock to step."""
    db = Database(MEMORY)
    db.create()
    clock = FixedClock(at)
    app = App(
        config=config,
        clock=clock,
        db=db,
        make_mailer=make_mailer,
        make_writer=make_writer,
        who=who,
        receipt_delay=NO_DELAY,
    )
    return app, clock


def _clock(at: datetime | None, last_tick_at: datetime | None, *, rehearsal: bool) -> Clock:
    if at is not None and not rehearsal:
        message = _("--at sets the clock of a rehearsal only; this database is real (see `wsyf init --rehearsal DIR`)")
        raise Forbidden(message)
    if at is not None:
        return FixedClock(at)
    return FixedClock(last_tick_at) if rehearsal and last_tick_at is not None else SystemClock()


def writer(config: Config) -> Writer:
    """The office's templates over the packaged ones; where the office's folder is the packaged one, just that."""
    from wsyf_scheduler.mail.writer import LetterWriter

    same = config.templates.is_dir() and TEMPLATES.is_dir() and config.templates.samefile(TEMPLATES)
    return LetterWriter(packaged=TEMPLATES, office=None if same else config.templates)


def mailer(config: Config) -> Mailer:
    """Where the config sends mail."""
    mail = config.mail
    if mail.transport == "maildir" or mail.smtp is None:
        from wsyf_scheduler.mail.maildir import MaildirMailer

        return MaildirMailer(mail.maildir)
    from wsyf_scheduler.mail.smtp import Secret, Security, SmtpMailer, SmtpSettings

    smtp = mail.smtp
    secret = password(smtp.password_file)
    return SmtpMailer(
        SmtpSettings(
            host=smtp.host,
            port=smtp.port,
            security=Security(smtp.security),
            username=smtp.username,
            password=None if secret is None else Secret(secret),
            timeout=smtp.timeout,
            allow_plain=smtp.allow_plain,
            local_hostname=smtp.local_hostname,
            ca_file=smtp.ca_file,
            connections=mail.limits.connections,
            per_connection=mail.limits.per_connection,
            stop_when_busy=bool(mail.limits.pause),
        )
    )


def password(password_file: Path | None) -> str | None:
    """The SMTP password: the file the config names, a systemd credential, the environment; None where there is none."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    candidates = [password_file, Path(credentials) / CREDENTIAL if credentials else None]
    for path in candidates:
        if path is not None and (path == password_file or path.exists()):
            try:
                return path.read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                message = _("the password file {path} cannot be read: {why}")
                raise MailTrouble(message.format(path=path, why=type(error).__name__)) from None
    return os.environ.get(PASSWORD_VARIABLE)


def lock_path(config: Config, name: str) -> Path:
    """A lock file beside the database."""
    return lock_of(Path(config.database.removeprefix("sqlite:///")), name)


@contextmanager
def delivery_lock(
    path: Path,
    *,
    patience: float = PATIENCE,
    on_wait: Callable[[str], None] = lambda _holder: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Hold the right to claim and send; a dead process's right ends with it.

    Waits `patience` seconds while another process sends (`on_wait` is told its holder, once), then raises MailTrouble.
    """
    with open_shared(path) as handle:
        gives_up_at = monotonic() + patience
        if not try_lock(handle):
            on_wait(holder_of(handle))
            while not try_lock(handle):
                if should_stop() or monotonic() >= gives_up_at:
                    message = _("another process is sending mail ({holder}); nothing was sent here, try again later")
                    raise MailTrouble(message.format(holder=holder_of(handle) or "?"))
                sleep(LOOK_EVERY)
        sign(handle)
        try:
            yield
        finally:  # said aloud: a child between fork and exec holds a copy of the descriptor
            fcntl.flock(handle, fcntl.LOCK_UN)


def try_lock(handle: int) -> bool:
    """Take a lock file for this process, unless another has it; it ends with the descriptor.

    Tried a few times: `wsyf status` looks whether it is held by holding it for an instant.
    """
    for more in reversed(range(TRIES)):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if more:
                sleep(AN_INSTANT)
        else:
            return True
    return False


def sign(handle: int, *, at: datetime | None = None, trouble: str = "") -> None:
    """Write into a lock file who holds it, when it was last well or not, and what it has stumbled over.

    A block of fixed size, written over in place: a full disk, which refuses the database, takes it.
    """
    with suppress(OSError):
        os.pwrite(handle, Sign(host=socket.gethostname(), pid=os.getpid(), at=at, trouble=trouble).block(), 0)


def holder_of(handle: int) -> str:
    """Who holds a lock file, as it says of itself; empty where it does not say."""
    found = read_sign(handle)
    return f"{found.host}, pid {found.pid}" if found else ""


@contextmanager
def open_shared(path: Path) -> Iterator[int]:
    """A file the group may open too, whatever the umask, as a descriptor; DatabaseTrouble where it cannot be opened."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, SHARED)
    except OSError as error:
        message = _("the lock file {path} cannot be opened ({why}); check the owner and rights of the file and folder")
        raise DatabaseTrouble(message.format(path=path, why=reason(error))) from error
    try:
        if os.fstat(handle).st_uid == os.geteuid():
            os.fchmod(handle, SHARED)
        yield handle
    finally:
        os.close(handle)
