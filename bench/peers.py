"""The peers of PyPI, in an environment of their own, so that they cannot disturb the program's."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENT = Path(sys.prefix) / "peers"
PYTHON = ENVIRONMENT / "bin" / "python"
TODO = ENVIRONMENT / "bin" / "todo"


def install() -> bool:
    """Install the dependency group `bench` where it is not there yet; False where that does not work (no network)."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["bench"]
    stamp = ENVIRONMENT / "wanted"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == "\n".join(wanted):
        return True
    try:
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True, capture_output=True)
        subprocess.run([str(PYTHON), "-m", "pip", "install", "--quiet", *wanted], check=True, capture_output=True)
        stamp.write_text("\n".join(wanted), encoding="utf-8")
    except (OSError, subprocess.CalledProcessError):
        return False
    return TODO.exists()


def versions(*names: str) -> list[str]:
    """`name version` of those of these that are installed, ours or the peers'."""
    theirs = {
        each.name.lower(): each.version
        for each in distributions(path=map(str, ENVIRONMENT.glob("lib/*/site-packages")))
    }
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            if name.lower() in theirs:
                found.append(f"{name} {theirs[name.lower()]}")
    return found
