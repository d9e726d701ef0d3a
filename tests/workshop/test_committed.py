"""What is committed speaks of the project alone: no registry's host, no path of somebody's machine, nobody's address.

Addresses end in `.example` (RFC 2606), or are of this very machine.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def joined(*pieces: str) -> str:
    """So that this file does not name what it looks for."""
    return "".join(pieces)


HOSTS = re.compile(
    joined(
        r"python", r"hosted|pypi\.", r"(org|python)|registry\.npm", r"js|deb\.deb", r"ian|mirrors?\.[a-z]+\.(com|edu)"
    )
)
PATHS = re.compile(joined(r"(?<![\w.~-])/(wo", r"rk|ro", r"ot|ho", r"me/\w+|fa", r"rm|Us", r"ers/\w+)/|\.py", r"env\b"))
ADDRESS = re.compile(
    r"(?<![\w.+@%-])[A-Za-z0-9][\w.+-]*@(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|localhost)(?![\w@])"
)
OWN_MACHINE = re.compile(r"localhost|127(\.\d+){3}")
# A number with an area code, or a mobile one; numbers of nothing but zeros are invented.
PHONE = re.compile(r"(?<![A-Za-z0-9.-])(0\d{2,3}-\d{7,8}|1[3-9]\d{9})(?![A-Za-z0-9.-])")


@cache
def committed() -> tuple[str, ...]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout (package git): what is committed cannot be told")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(sorted({name for name in listed if name and (ROOT / name).is_file()}))


def lines() -> Iterator[tuple[str, str]]:
    """Every line of every text file, with its place."""
    for name in committed():
        data = (ROOT / name).read_bytes()
        if b"\0" not in data:
            for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
                yield f"{name}:{number}", line


def found(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [(where, match[0]) for where, line in lines() for match in pattern.finditer(line)]


def test_no_file_names_the_host_of_a_registry() -> None:
    """Where packages come from is the affair of the machine that installs them."""
    assert found(HOSTS) == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert found(PATHS) == []


def test_every_address_is_an_example_or_of_this_machine() -> None:
    """No letter can reach a stranger by a test or a default that went wrong."""
    strangers = [
        (where, match[0])
        for where, line in lines()
        for match in ADDRESS.finditer(line)
        if not match["domain"].endswith(".example") and not OWN_MACHINE.fullmatch(match["domain"])
    ]
    assert strangers == []


def test_no_file_holds_somebodys_phone_number() -> None:
    numbers = [(where, number) for where, number in found(PHONE) if set(number) - set("0-")]
    assert numbers == []


def test_lock_files_of_the_kind_that_names_hosts_are_not_committed() -> None:
    assert [name for name in committed() if re.search(r"(^|/)(uv\.lock|pylock.*\.toml)$", name)] == []


def test_nothing_that_a_machine_makes_is_committed() -> None:
    """A database, a maildir, a cache or a password would be somebody's office."""
    made = re.compile(
        r"(^|/)(__pycache__|\.venv)/|^(data|demo|dist|build)/|\.(pyc|db|db-wal|db-shm|lock)$|smtp-password$"
    )
    allowed = {"requirements.lock", "requirements-dev.lock"}
    assert [name for name in committed() if made.search(name) and name not in allowed] == []
