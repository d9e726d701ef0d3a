"""Keeping the papers handed in with an assignment: copied beside the database under their fingerprints."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from wsyf_scheduler.errors import WsyfError
from wsyf_scheduler.i18n import _


def act(folder: Path, files: Sequence[str]) -> list[dict[str, str]]:
    """Copy each file to `folder/SHA256.ext`; returns name and fingerprint of each, in their order."""
    return [_keep(folder, Path(name)) for name in files]


def _keep(folder: Path, path: Path) -> dict[str, str]:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{digest}{path.suffix.lower()}"
        if not target.exists():
            part = target.with_suffix(".part")
            shutil.copyfile(path, part)
            part.rename(target)
    except OSError as error:
        raise WsyfError(_("{path} cannot be kept: {why}").format(path=path, why=error.strerror)) from error
    return {"name": path.name, "sha256": digest}
