"""A short demo, lived through once for all tests that look at what it leaves."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from wsyf_scheduler.demo import showing

SHORT = date(2022, 9, 30)


@dataclass(frozen=True)
class Ran:
    folder: Path
    printed: str
    whole: bool


@pytest.fixture(scope="session")
def short_demo(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run(tmp_path_factory.mktemp("demo") / "office", SHORT)


def run(folder: Path, last_day: date) -> Ran:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        whole = showing.show(folder, program="wsyf", last_day=last_day)
    return Ran(folder, printed.getvalue(), whole)


@pytest.fixture(scope="session")
def run_demo():
    return run
