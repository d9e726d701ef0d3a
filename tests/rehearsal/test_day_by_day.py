"""A rehearsal is the office's own life: what `wsyf rehearse` prints is what `wsyf --at DAY tick`, day by day, sends."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import pytest

from tests.cli.office_fixtures import Desk, bare_office
from tests.rehearsal.oracle import Days
from wsyf_scheduler import config as config_file
from wsyf_scheduler import opening
from wsyf_scheduler.mail.writer import BlankWriter
from wsyf_scheduler.opening import open_app
from wsyf_scheduler.reports.sendings import Sendings

desk = pytest.fixture(bare_office)

FIRST, LAST = (
    date(2022, 12, 14),
    date(2023, 3, 10),
)  # a year's turn, Spring Festival, make-up days, every kind of letter
ONE_DAY = timedelta(days=1)


def begin(desk: Desk) -> Desk:
    """The office's twin on a rehearsal database, tracked from FIRST 00:00."""
    twin = Desk(desk.folder.parent / "twin")
    desk.wsyf("init", "--rehearsal", twin.folder)
    twin.wsyf("people", "import", twin.folder / "people.csv", at=f"{FIRST}T00:00")
    twin.wsyf("plan", "sync", at=f"{FIRST}T00:00")
    return twin


def closings(desk: Desk) -> dict[str, list[str]]:
    """When the coordinator closes what: 08:00 of the due day, rolled back; at once what is overdue or due before."""
    found = defaultdict(list)
    for item in desk.wsyf("list", "--json", at=f"{FIRST}T00:00").json:
        day = Days().roll_back(date.fromisoformat(item["due_on"]))
        found[f"{day}T08:00" if day >= FIRST else f"{FIRST}T00:00"].append(item["key"])
    return found


def live(desk: Desk, *, closes: dict[str, list[str]]) -> list[dict[str, object]]:
    """Day after day, days off too: at nine a round, and at every closing one before."""
    app = open_app(config_file.load(desk.config), who="test")
    sendings = Sendings(app)
    day = FIRST
    while day <= LAST:
        for at in sorted(at for at in closes if at.startswith(str(day))):
            desk.wsyf("done", *closes[at], "--without-figures", "--reason", "材料已收", at=at)
            desk.wsyf("tick", at=at)
        desk.wsyf("tick", at=day)
        day += ONE_DAY
    sent = [line for _message, line in sendings.new()]
    app.db.close()
    return sent


@pytest.mark.parametrize("assume", ["never", "on-time"])
def test_a_rehearsal_equals_day_by_day_rounds_message_for_message(desk, assume, monkeypatch):
    monkeypatch.setattr(
        opening, "writer", lambda _config: BlankWriter()
    )  # as rehearse does: the words are not compared
    twin = begin(desk)
    sent = live(twin, closes=closings(twin) if assume == "on-time" else {})
    said = desk.wsyf("rehearse", "--from", FIRST, "--to", LAST, "--assume", assume, "--json").lines
    assert len(sent) > 50
    assert sent == said
