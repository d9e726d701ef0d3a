"""The first sheet of an XLSX file as rows of text, read by python-calamine in a process of its own.

A small file may unfold into gigabytes: the archive is looked into first, and the reading process has limits of
memory and time. Run as `python -m wsyf_scheduler.files.sheets FILE` it prints the rows as JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

from wsyf_scheduler.errors import Fault, Invalid
from wsyf_scheduler.i18n import _

MOST_BYTES = 50 * 2**20  # of the unfolded archive
MOST_MEMORY = 2**30
MOST_SECONDS = 20
MOST_CELLS = 200_000


def rows(path: Path) -> list[list[str]]:
    """The rows of the first sheet, each cell as text; Invalid where it cannot be read safely."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(each.file_size for each in archive.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        raise _unreadable(path, str(error)) from error
    if size > MOST_BYTES:
        raise _unreadable(path, _("it unfolds to {size} MB").format(size=size // 2**20))
    command = [sys.executable, "-m", "wsyf_scheduler.files.sheets", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired:
        raise _unreadable(path, _("it took too long")) from None
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise _unreadable(path, reason[-1] if reason else _("the reader gave up"))
    found: list[list[str]] = json.loads(done.stdout)
    return found


def _unreadable(path: Path, why: str) -> Invalid:
    message = _("not a readable XLSX file: {why}; save it again, or as CSV").format(why=why)
    return Invalid([Fault(file=str(path), message=message)])


def _main(path: str) -> None:
    from python_calamine import CalamineWorkbook

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    if sheet.total_height * sheet.total_width > MOST_CELLS:
        raise SystemExit(_("the sheet has too many cells"))
    json.dump([[_text(cell) for cell in row] for row in sheet.to_python()], sys.stdout)


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


if __name__ == "__main__":
    _main(sys.argv[1])
