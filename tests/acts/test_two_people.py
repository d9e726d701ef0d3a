"""Two people at one key: whoever comes second is told what the first did, and when; nothing is done twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.cast import Office, day, make_office, make_plan, task
from wsyf_scheduler.acts import close, extend, give_back, mute, reopen, undo, waive
from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply
from wsyf_scheduler.errors import Forbidden

KEY = "2023/1/emergency"


@pytest.fixture
def office() -> Office:
    office = make_office(
        "2023-01-28 00:00", texts=make_plan(task(1, due=day("2023-02-28"))), delay=timedelta(minutes=10)
    )
    office.live("2023-02-20 10:31")
    return office


def other(office: Office) -> App:
    """Another process on the same database, with what it read of the plans so far its own."""
    return replace(office.app, _plans={}, _tables={}, _rosters={})


def test_the_second_to_close_is_told_who_did_and_when(office: Office) -> None:
    close.act(office.app, office.now, keys=[KEY], who="wang", on=day("2023-02-17"))
    office.go("2023-02-20 10:33")
    said = r"was closed already, as of 2023-02-17 \(closed by wang, 10:31\); `wsyf reopen` opens it again"
    with pytest.raises(Forbidden, match=said):
        close.act(other(office), office.now, keys=[KEY], who="li")
    assert len(office.messages(letter="receipt")) == 1


def test_on_another_day_the_day_is_named(office: Office) -> None:
    waive.act(office.app, office.now, key=KEY, reason="r", who="wang")
    office.go("2023-02-22 09:00")
    with pytest.raises(Forbidden, match=r"is waived: closing is not possible \(waived by wang, 2023-02-20 10:31\)"):
        close.act(other(office), office.now, keys=[KEY], who="li")


def test_each_verb_tells_what_came_before_it(office: Office) -> None:
    close.act(office.app, office.now, keys=[KEY], who="wang")
    app, now = other(office), office.now
    acts = (
        lambda: waive.act(app, now, key=KEY, reason="r", who="li"),
        lambda: extend.act(app, now, key=KEY, to=day("2023-03-31"), reason="r", approved_by="a", who="li"),
        lambda: mute.act(app, now, key=KEY, until=day("2023-03-31"), reason="r", who="li"),
        lambda: give_back.act(app, now, key=KEY, reason="r", who="li"),
    )
    for act in acts:
        with pytest.raises(Forbidden, match=r"\(closed by wang, 10:31\)"):
            act()
    reopen.act(app, now, key=KEY, reason="r", who="li")
    with pytest.raises(Forbidden, match=r"is open: reopening is not possible \(opened again by li, 10:31\)"):
        reopen.act(office.app, now, key=KEY, reason="r", who="wang")


def test_what_was_read_before_the_other_acted_is_not_written_over(office: Office) -> None:
    read = office.item()
    extend.act(other(office), office.now, key=KEY, to=day("2023-03-31"), reason="r", approved_by="a", who="wang")
    said = r"changed by another program meanwhile \(extended by wang, 10:31\); look again with `wsyf show"
    with pytest.raises(Forbidden, match=said), office.db.begin() as session:
        apply(office.app, session, office.now, read, action="x", who="li", held=True)


def test_an_undone_act_is_told_as_such(office: Office) -> None:
    waive.act(office.app, office.now, key=KEY, reason="r", who="wang")
    office.go("2023-02-20 10:35")
    undo.act(office.app, office.now, who="wang")
    with pytest.raises(Forbidden, match=r"\(an act taken back by wang, 10:35\)"):
        reopen.act(other(office), office.now, key=KEY, reason="r", who="li")
