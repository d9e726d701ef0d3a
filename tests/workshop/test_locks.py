"""The locks hold every dependency pyproject.toml names, within its range, each with its hashes and no host."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = (*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["demo"])
BUILD = (*PROJECT["dependency-groups"]["build"], *PROJECT["build-system"]["requires"])
DEVELOPMENT = tuple(each for each in PROJECT["dependency-groups"]["dev"] if isinstance(each, str))
PIN = re.compile(r"^(?P<name>[a-zA-Z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, Version]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {canonicalize_name(match["name"]): Version(match["version"]) for match in PIN.finditer(text)}


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", (*RUNTIME, *BUILD)),
        ("requirements-dev.lock", (*RUNTIME, *BUILD, *DEVELOPMENT)),
    ],
)
def test_every_dependency_stands_in_the_lock_within_its_range(lock: str, wanted: tuple[str, ...]) -> None:
    """After a change of pyproject.toml: `make lock`."""
    pinned = pins(lock)
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{name} is missing: run `make lock`"
        assert requirement.specifier.contains(pinned[name], prereleases=True), f"{requirement}: run `make lock`"


def test_developing_runs_on_the_versions_that_are_shipped() -> None:
    runtime, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {
        name: (version, development.get(name)) for name, version in runtime.items() if development.get(name) != version
    } == {}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_pin_has_hashes_and_nothing_else_stands_in_a_lock(lock: str) -> None:
    """No index, no link, no host: pip asks whatever registry the machine is set up for."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    blocks = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
    assert blocks
    for block in blocks:
        assert PIN.match(block), block.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]
    assert not re.search(r"://|--index-url|--extra-index-url|--find-links|--trusted-host|^-e ", text, re.MULTILINE)
