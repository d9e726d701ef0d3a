"""The wheel alone is the whole program: installed into an empty environment it lays out an office and checks it.

Needs no network: the environment borrows the libraries of the one the tests run in.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """In a folder of its own, with nothing of this environment but the way to programs."""
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANGUAGE": "en", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, ROOT)
    done = run(sys.executable, *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it; returns its folder of programs."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    words = ("-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    done = run(sys.executable, *words, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    # The libraries of the present environment, after the new one's own: the path itself, not its .pth files, so that
    # a checkout installed there for development is not found.
    (packages,) = (folder / "lib").glob("python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "bin"


def test_the_wheel_carries_jobs_templates_config_people_and_the_catalogue(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    share = {
        f"wsyf_scheduler/share/{path.relative_to(ROOT).as_posix()}"
        for folder in ("jobs", "templates", "deploy", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    share |= {"wsyf_scheduler/share/config.toml", "wsyf_scheduler/share/people.csv"}
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "wsyf_scheduler").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert share - names == set()
    assert package - names == set()


def test_the_wheel_carries_no_tests_and_nobodys_data(wheel: Path) -> None:
    tops = {name.partition("/")[0].split("-")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"wsyf_scheduler"}
    assert [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith((".db", ".pyc"))] == []


def test_it_is_the_installed_program_that_runs(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "python", "-c", "import wsyf_scheduler; print(wsyf_scheduler.__file__)", cwd=tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(installed.parent)


def test_installed_alone_it_lays_out_an_office_and_finds_no_fault_in_it(installed: Path, tmp_path: Path) -> None:
    office = tmp_path / "office"
    laid_out = run(installed / "wsyf", "init", office, cwd=tmp_path)
    assert laid_out.returncode == 0, laid_out.stderr
    assert (office / "jobs" / "gaoping-2021-2025" / "plan.toml").is_file()
    assert (office / "people.csv").is_file()
    assert sorted(path.name for path in (office / "templates" / "email").iterdir()) == ["README"]
    checked = run(installed / "wsyf", "--config", office, "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "75 assignments" in checked.stdout
    assert "templates of every letter" in checked.stdout


def test_installed_alone_it_tracks_the_plan_and_lists_it(installed: Path, tmp_path: Path) -> None:
    """Migrations, calendars and the light reads come along, too."""
    office = tmp_path / "office"
    for words in (("init", office), ("--config", office, "people", "import", office / "people.csv")):
        assert run(installed / "wsyf", *words, cwd=tmp_path).returncode == 0
    synced = run(installed / "wsyf", "--config", office, "plan", "sync", cwd=tmp_path)
    assert synced.returncode == 0, synced.stderr
    listed = run(installed / "wsyf", "--config", office, "list", "--json", cwd=tmp_path)
    assert listed.stdout.count('"key"') == 75
