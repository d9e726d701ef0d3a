"""Every error a user can meet, one class per exit code (CLI.md, "Exit codes"), and the system's own in words.

Imports i18n.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wsyf_scheduler.i18n import _


class WsyfError(Exception):
    """Something the user can mend; the message says what, where, and what to do."""

    exit_code = 1


class CheckFailed(WsyfError):
    """A check found faults."""

    exit_code = 1


class Usage(WsyfError):
    """The command was used wrongly."""

    exit_code = 2


class NotFound(WsyfError):
    """There is no such thing."""

    exit_code = 3


class Forbidden(WsyfError):
    """A rule forbids it."""

    exit_code = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One mistake in a file people edit: which file, where in it, what was expected and what was found.

    `line` counts from 1; `key` is a dotted path such as `tasks[3].lead`; either may be absent.
    """

    file: str
    message: str
    key: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class Invalid(WsyfError):
    """A config, plan or people file is invalid; all faults found are named at once."""

    exit_code = 5

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Keep the faults, in the order they were found."""
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class DatabaseTrouble(WsyfError):
    """The database cannot be used as it is."""

    exit_code = 6


class MailTrouble(WsyfError):
    """Mail cannot be sent as things stand."""

    exit_code = 7


def nearest(word: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The known words closest to a mistyped one, best first."""
    import difflib

    return difflib.get_close_matches(word, list(known), n=most, cutoff=0.5)


def reason(error: BaseException) -> str:
    """Why the system would not, in the user's language; what is not foreseen stands in the system's own words."""
    import errno

    words = {
        errno.EACCES: _("Permission denied"),
        errno.EPERM: _("Operation not permitted"),
        errno.ENOENT: _("No such file or directory"),
        errno.EEXIST: _("File exists"),
        errno.EISDIR: _("Is a directory"),
        errno.ENOTDIR: _("Not a directory"),
        errno.ENOTEMPTY: _("Directory not empty"),
        errno.ENOSPC: _("No space left on device"),
        errno.EDQUOT: _("Disk quota exceeded"),
        errno.EROFS: _("Read-only file system"),
        errno.EFBIG: _("File too large"),
        errno.ENAMETOOLONG: _("File name too long"),
        errno.ELOOP: _("Too many levels of symbolic links"),
        errno.EIO: _("Input/output error"),
        errno.EMFILE: _("Too many open files"),
        errno.ETXTBSY: _("Text file busy"),
        errno.EBUSY: _("Device or resource busy"),
        errno.ENOEXEC: _("Exec format error"),
        errno.ECONNREFUSED: _("Connection refused"),
        errno.ECONNRESET: _("Connection reset by peer"),
        errno.ETIMEDOUT: _("Connection timed out"),
        errno.EHOSTUNREACH: _("No route to host"),
        errno.ENETUNREACH: _("Network is unreachable"),
        errno.EADDRINUSE: _("Address already in use"),
    }
    code = getattr(error, "errno", None)
    of_ssl = type(error).__module__ == "ssl"  # its numbers are its own
    said = words.get(code) if isinstance(code, int) and not of_ssl else None
    return said or str(getattr(error, "strerror", None) or str(error) or type(error).__name__)
