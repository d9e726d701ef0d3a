"""Keeping the papers handed in with an assignment: copied beside the database under their fingerprints."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from wsyf_scheduler.errors import Usage, WsyfError
from wsyf_scheduler.i18n import _

SHARED = 0o660
LARGEST = 200 * 1024 * 1024  # bytes of one paper
CHUNK = 1024 * 1024  # bytes in memory at once
UNKNOWN = "application/octet-stream"


def act(folder: Path, files: Sequence[str], *, dry_run: bool = False) -> list[dict[str, object]]:
    """Copy each file to `folder/SHA256.ext`, once; returns name, sha256, type and bytes of each, in their order.

    Usage where one is missing, empty, larger than LARGEST, no file or not readable: then none is kept; WsyfError where
    the folder takes it not. With `dry_run` they are read, and not kept.
    """
    paths = [Path(name) for name in files]
    for path in paths:
        _check(path)
    return [_keep(None if dry_run else folder, path) for path in paths]


def _check(path: Path) -> None:
    """By its looks, before anything is read: a pipe would never end, and a film fill the disk."""
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(found.st_mode):
        kind = _("a folder") if stat.S_ISDIR(found.st_mode) else _("no file")
        raise Usage(_("{path} is {kind}: --file takes one paper").format(path=path, kind=kind))
    _check_size(path, found.st_size)
    if not os.access(path, os.R_OK):
        raise Usage(_no_rights(path))


def _check_size(path: Path, size: int) -> None:
    if size == 0:
        raise Usage(_("{path} is empty: there is nothing to keep").format(path=path))
    if size > LARGEST:
        message = _("{path} is larger than {n} MB: keep it elsewhere, and say where in --note")
        raise Usage(message.format(path=path, n=LARGEST // 1024**2))


def _unreadable(path: Path, error: OSError) -> Usage:
    if isinstance(error, FileNotFoundError):
        return Usage(_("there is no file {path}: look at the name").format(path=path))
    if isinstance(error, PermissionError):
        return Usage(_no_rights(path))
    return Usage(_("{path} cannot be read: {why}").format(path=path, why=error.strerror))


def _no_rights(path: Path) -> str:
    return _("you have no right to read {path}: ask its owner, or copy it").format(path=path)


def _keep(folder: Path | None, path: Path) -> dict[str, object]:
    try:
        source = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        with source, _part(folder) as part:
            digest, size = _copy(path, source, part)
            if folder is not None:
                _settle(Path(part.name), folder / f"{digest}{path.suffix.lower()}", size)
    except OSError as error:
        raise WsyfError(_("{path} cannot be kept: {why}").format(path=path, why=error.strerror)) from error
    media_type = mimetypes.guess_type(path.name)[0] or UNKNOWN
    return {"name": path.name, "sha256": digest, "type": media_type, "bytes": size}


@contextmanager
def _part(folder: Path | None) -> Iterator[IO[bytes]]:
    """A file to copy into, gone at the end unless it was settled; nowhere in a dry run."""
    if folder is None:
        with Path(os.devnull).open("wb") as nowhere:
            yield nowhere
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
        try:
            yield part
        finally:
            with suppress(FileNotFoundError):  # settled under its own name
                Path(part.name).unlink()


def _copy(path: Path, source: IO[bytes], part: IO[bytes]) -> tuple[str, int]:
    """Fingerprint and size of what was copied: a file that grows meanwhile is kept as it was read."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        _check_size(path, size)
        digest.update(chunk)
        part.write(chunk)
    _check_size(path, size)
    part.flush()
    return digest.hexdigest(), size


def _settle(part: Path, target: Path, size: int) -> None:
    """Put a copy under its fingerprint; one that stands there already, whole, stays."""
    if target.exists() and target.stat().st_size == size:
        return
    with part.open("rb") as handle:
        os.fsync(handle.fileno())
    part.chmod(SHARED)  # the group's, as the database is
    part.rename(target)
