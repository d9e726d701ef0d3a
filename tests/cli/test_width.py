"""In Chinese, on a screen of 80 columns, no line of any command is wider, and none begins or ends with a wrong mark.

To add a command: a line in COMMANDS (it may be any; the exit code does not matter, a traceback does).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.cli.office_fixtures import Desk
from wsyf_scheduler import i18n
from wsyf_scheduler.cli.grid import width
from wsyf_scheduler.cli.main import COMMANDS as KNOWN
from wsyf_scheduler.cli.main import wsyf

WIDTH = 80
COMMANDS = """
list
list --overdue
show 4
show last
explain 4
explain 4 --on 2022-06-01
schedule --days 14
rehearse --from 2026-01-01 --to 2026-01-31
log
log 4
log --verify
audit
status
check
outbox list
outbox show 1
outbox show 20
outbox show 99999
outbox release
outbox release --dry-run
outbox discard 1 --dry-run
outbox retry 1 --again --dry-run
outbox retry --state sent
preview reminder 4
preview escalation
preview briefing
preview remindr
tick
tick --dry-run
people list
plan show
plan diff
plan history
plan sync --dry-run
calendar show 2022
done 4 --dry-run --note 已收到纸质材料，由办公室当面核对，数据与上报系统一致
done nosuch
extend 4 --to 2022-01-01 --reason 人手不足 --approved-by 办公室主任
waive 4 --reason 机构改革后职责已划转，不再由该局办理 --dry-run
backup /nowhere/copy.db
backup .
restore /nowhere/copy.db
restore .
people import nosuch.csv
init .
daemon --adopt --nosuch
lst
--at 20220
--watch
--json list
""".strip().splitlines()
HELP = [f"{name} --help" for name in KNOWN] + ["--help", *(f"outbox {name} --help" for name in ("list", "release"))]


@pytest.fixture(scope="module")
def office(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The office that has lived, in Chinese; it lies at a short path, since paths are not folded."""
    folder = Path(os.path.relpath(shutil.copytree(lived, tmp_path_factory.mktemp("w") / "o")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANGUAGE", "zh_CN")
        patch.setenv("COLUMNS", str(WIDTH))
        patch.delenv("WSYF_CONFIG", raising=False)
        i18n._catalogue.cache_clear()
        yield Desk(folder)
    i18n._catalogue.cache_clear()


def said(desk: Desk, words: str) -> list[str]:
    given = [] if words == "" or words.startswith("--at") else ["--at", "2022-07-16"]
    result = CliRunner().invoke(
        wsyf, ["--config", str(desk.config), *given, *words.split()], prog_name="wsyf", input=""
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return click.unstyle(result.output).splitlines()


def has_a_long_word(line: str) -> bool:
    """A path or an address is left whole, to be copied."""
    return any(width(word) > WIDTH // 2 and re.fullmatch(r"[!-~]+.?", word) for word in line.split())


@pytest.mark.parametrize("words", ["", *COMMANDS, *HELP])
def test_no_line_is_wider_than_the_screen(office: Desk, words: str) -> None:
    for line in said(office, words):
        assert width(line) <= WIDTH or has_a_long_word(line), line


@pytest.mark.parametrize(
    "words", ["", "check", "status", "tick", "restore .", "outbox retry --state sent", "audit --help"]
)
def test_no_line_begins_with_a_stop_or_ends_with_an_opening_mark(office: Desk, words: str) -> None:
    for line in said(office, words):
        assert not re.match(r"\s*[，。、；：！？）》】”]", line), line
        assert not re.search(r"[（《【“]$", line), line
