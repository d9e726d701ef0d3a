"""The demo as a person sees it: what it begins with, its story as it happens, and what it comes to.

Imports the demo's own modules and what they stand on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.demo import closing, office, server, words
from wsyf_scheduler.demo.living import FIRST_DAY, LAST_DAY, Life, life
from wsyf_scheduler.demo.screen import Screen
from wsyf_scheduler.demo.story import Line, Storyteller
from wsyf_scheduler.demo.summary import read
from wsyf_scheduler.errors import CheckFailed
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.store.glance import Glance, glance


def show(
    wanted: Path | None, *, program: str, should_stop: Callable[[], bool] = lambda: False, last_day: date = LAST_DAY
) -> bool:
    """Run the demo in a fresh folder and print it; False where it was stopped before `last_day`.

    `program` is how the user types `wsyf`. Raises MailTrouble where the server's library is missing or it cannot start,
    CheckFailed where server and ledger count differently.
    """
    server.require()
    folder = office.fresh(wanted)
    began = monotonic()
    with life(folder, last_day=last_day, should_stop=should_stop) as lived, glance(_database(lived)) as opened:
        with Screen(FIRST_DAY, last_day, (*words.firsts().values(), *words.acts().values())) as screen:
            _introduce(screen, lived, opened, folder, last_day)
            today = _tell(screen, lived, opened)
        if should_stop():
            closing.stopped(screen, folder, today, program)
            return False
        found, taken = read(opened, lived.zone, today), lived.mail.taken
        closing.summary(screen, found, taken=taken, seconds=monotonic() - began)
        closing.next_steps(screen, found, folder, program)
    if taken != found.total:
        raise CheckFailed(_("the mail server's count and the office's ledger differ; please report this"))
    return True


def _database(lived: Life) -> Path:
    path = lived.app.db.path
    assert path is not None  # a demo lives on a file
    return path


def _introduce(screen: Screen, lived: Life, opened: Glance, folder: Path, last_day: date) -> None:
    n, departments = len(opened.assignments()), len(lived.plan.departments)
    tracked = ngettext("{n} assignment", "{n} assignments", n).format(n=n)
    tracked += ngettext(", {n} department", ", {n} departments", departments).format(n=departments)
    invented = _("{folder}: a rehearsal, its people and addresses invented")
    screen.say(lived.plan.title, bold=True)
    screen.pairs(
        [
            (_("plan"), tracked),
            (_("days"), _("{first} to {last}").format(first=FIRST_DAY, last=last_day)),
            (_("office"), invented.format(folder=closing.shown(folder))),
            (_("mail"), _("{where}, on this machine; no letter leaves it").format(where=lived.app.mailer.describe)),
        ]
    )


def _tell(screen: Screen, lived: Life, opened: Glance) -> date:
    """Live through it, telling as it goes; the day it came to."""
    teller = Storyteller(opened, lived.zone)
    today = FIRST_DAY

    def tell(line: Line) -> None:
        if line.new_year:
            screen.say()
            screen.say(str(line.on.year), bold=True)
        else:
            screen.event(line.on, line.what, line.text)

    for moment in lived.moments:
        today = _day(moment, lived)
        for line in teller.new():
            tell(line)
        screen.move_to(today)
    for line in teller.close_year(today):
        tell(line)
    return today


def _day(moment: datetime, lived: Life) -> date:
    return moment.astimezone(lived.zone).date()
