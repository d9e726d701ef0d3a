"""An office that has lived: the plan tracked on 2022-05-19, nobody does anything, until 2022-07-15; copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.office_fixtures import Desk, english, rehearsal_office
from wsyf_scheduler import config, rehearsal
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.opening import open_app

LIVED_FROM = "2022-05-19T00:00:00+08:00"
LIVED_UNTIL = "2022-07-16T00:00:00+08:00"


def live(desk: Desk, since: str, until: str) -> None:
    """Live on from one instant to before another."""
    app = open_app(config.load(desk.config), who="rehearsal", at=datetime.fromisoformat(since))
    assert isinstance(app.clock, FixedClock)
    for _moment in rehearsal.run(app, app.clock, until=datetime.fromisoformat(until)):
        pass
    app.db.close()


@pytest.fixture(autouse=True)
def figures_are_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is closed here stands for any assignment; that `done` waits for figures is tested in tests/figures."""
    monkeypatch.setattr("wsyf_scheduler.acts.close._require_figures", lambda *_whose: None)


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office's folder; use `lived_desk`, which is a copy."""
    with contextmanager(rehearsal_office)(tmp_path_factory.mktemp("lived")) as desk:
        live(desk, LIVED_FROM, LIVED_UNTIL)
        return desk.folder


@pytest.fixture
def lived_desk(lived: Path, tmp_path: Path) -> Iterator[Desk]:
    """A copy of the office that has lived, with somebody who types commands there."""
    with english():
        shutil.copytree(lived, tmp_path / "lived")
        yield Desk(tmp_path / "lived")
