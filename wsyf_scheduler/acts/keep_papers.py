"""Keeping the papers handed in with an assignment: copied beside the database under their fingerprints."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from wsyf_scheduler.errors import WsyfError
from wsyf_scheduler.i18n import _

SHARED = 0o660


def act(folder: Path, files: Sequence[str]) -> list[dict[str, str]]:
    """Copy each file to `folder/SHA256.ext`; returns name and fingerprint of each, in their order."""
    return [_keep(folder, Path(name)) for name in files]


def _keep(folder: Path, path: Path) -> dict[str, str]:
    try:
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{digest}{path.suffix.lower()}"
        if not target.exists():
            part = target.with_suffix(".part")
            part.write_bytes(data)
            part.chmod(SHARED)  # the group's, as the database is
            part.rename(target)
    except OSError as error:
        raise WsyfError(_("{path} cannot be kept: {why}").format(path=path, why=error.strerror)) from error
    return {"name": path.name, "sha256": digest}
