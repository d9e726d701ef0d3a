"""Offices in folders for tests of the command line: laid out once by the commands themselves, copied for each test.

`Desk.wsyf` types a command in this process; `Desk.start` types it in one of its own.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from wsyf_scheduler import i18n
from wsyf_scheduler.cli.main import wsyf

PLAN = "gaoping-2021-2025"
TRACKED_AT = "2022-05-19T00:00"
FIRST_MORNING = "2022-05-24"  # 7 days before the first due day: the day of CLI.md's example
PROGRAM = (sys.executable, "-c", "from wsyf_scheduler.cli.main import main; main()")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said."""

    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """One JSON value a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Desk:
    """An office's folder, and somebody who types commands there."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "data" / "wsyf.db"

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def wsyf(self, *words: object, at: object = None, code: int = 0, **env: str) -> Answer:
        """Type a command and expect its exit code."""
        given = ["--config", str(self.config), *(["--at", str(at)] if at else []), *(str(word) for word in words)]
        result = CliRunner().invoke(wsyf, given, env=env, prog_name="wsyf", input="")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, f"exit code {result.exit_code}, expected {code}:\n{result.output}"
        assert "Traceback" not in result.output
        return Answer(result.stdout, result.stderr)

    def start(self, *words: str, **options: Any) -> subprocess.Popen[Any]:
        """Type a command in a process of its own."""
        env = {**os.environ, "LANGUAGE": "en", "PYTHONWARNINGS": "ignore", **options.pop("env", {})}
        given = [*PROGRAM, "--config", str(self.config), *words]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(given, env=env, **{"text": True, **pipes, **options})

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a text of a file of the office."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Look into the database behind the program's back."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()

    def letters(self) -> list[Path]:
        """The letters kept in the maildir."""
        return sorted((self.folder / "data" / "mail" / "new").glob("*"))

    def state_of(self, key: str) -> str:
        return str(self.wsyf("show", key, "--json").json["state"])


@cache
def _laid_out(*, rehearsal: bool) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="wsyf-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    desk = Desk(folder / "office")
    runner = CliRunner().invoke(wsyf, ["init", str(desk.folder), *(["--rehearsal"] if rehearsal else [])])
    assert runner.exit_code == 0, runner.output
    at = TRACKED_AT if rehearsal else None
    desk.wsyf("people", "import", desk.folder / "people.csv", at=at)
    desk.wsyf("plan", "sync", at=at)
    assert [path.name for path in desk.database.parent.iterdir()] == ["wsyf.db"]  # nobody has it open
    return desk.folder


@contextmanager
def english() -> Iterator[None]:
    """The English texts, whatever the machine speaks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANGUAGE", "en")
        patch.delenv("SUDO_USER", raising=False)
        patch.delenv("COLUMNS", raising=False)
        patch.delenv("WSYF_CONFIG", raising=False)
        i18n._catalogue.cache_clear()
        yield
    i18n._catalogue.cache_clear()


def real_office(tmp_path: Path) -> Iterator[Desk]:
    """An office that tracks the Gaoping plan since today: its database is real, all is overdue and held."""
    yield from _copied(tmp_path / "the-office", rehearsal=False)


def rehearsal_office(tmp_path: Path) -> Iterator[Desk]:
    """An office that tracks the Gaoping plan since 2022-05-19 00:00; its clock is set by --at."""
    yield from _copied(tmp_path / "the-rehearsal", rehearsal=True)


def bare_office(tmp_path: Path) -> Iterator[Desk]:
    """An office as `wsyf init` lays it out, without its database."""
    for desk in _copied(tmp_path / "the-bare-office", rehearsal=False):
        shutil.rmtree(desk.folder / "data")
        yield desk


def _copied(folder: Path, *, rehearsal: bool) -> Iterator[Desk]:
    umask = os.umask(0o022)
    try:
        with english():
            shutil.copytree(_laid_out(rehearsal=rehearsal), folder)
            yield Desk(folder)
    finally:
        os.umask(umask)


@contextmanager
def without_root_rights() -> Iterator[None]:
    """Make the rights of files bind root too, in this thread; elsewhere than as root they bind anyway."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this thread
    before = (ctypes.c_uint32 * 6)()
    if not hasattr(libc, "capget") or libc.capget(header, before):
        pytest.skip("capabilities cannot be read here")
    after = (ctypes.c_uint32 * 6)(*before)
    after[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    if libc.capset(header, after):
        pytest.skip("capabilities cannot be laid aside here")
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0
