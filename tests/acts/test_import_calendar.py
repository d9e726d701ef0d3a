"""Importing a year's notice: what moves, who follows, and how the past stays judged by the calendar it had."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import Office, at, day, make_office, make_plan, period, rungs, task
from wsyf_scheduler.acts import close, import_calendar, mute, release
from wsyf_scheduler.audit import examine
from wsyf_scheduler.core.ahead import ahead
from wsyf_scheduler.core.calendar import YearNotice
from wsyf_scheduler.core.decide import NOTHING_DECIDED, landings
from wsyf_scheduler.core.ladder import Ladder
from wsyf_scheduler.core.standard import STANDARD
from wsyf_scheduler.files import holidays
from wsyf_scheduler.store.rows import FACT, REGIME, YEAR_NOTICE

KEY = "2023/1/emergency"


def notice(*off: str, working: tuple[str, ...] = ()) -> YearNotice:
    """The notice of 2023 as the package has it, with some days more."""
    known = holidays.published(2023)
    assert known is not None
    return YearNotice(
        year=2023, off=known.off | set(map(day, off)), working=known.working | set(map(day, working)), source="国办"
    )


WEEK_OFF = notice(*(f"2023-02-{number}" for number in range(20, 25)), working=("2023-02-25", "2023-02-26"))


def office() -> Office:
    return make_office(texts=make_plan(task(due=day("2023-02-28"))))


def moved(found: import_calendar.Imported) -> list[str]:
    return [f"{each.rung}{each.repeat or ''} {each.from_on:%m-%d} → {each.to_on:%m-%d}" for each in found.moves]


def bring_in(desk: Office, what: YearNotice, when: str | None = None) -> import_calendar.Imported:
    found = desk.act(import_calendar.act, when, notice=what, file_hash="abc")
    assert isinstance(found, import_calendar.Imported)
    return found


def test_an_import_says_which_letters_move_and_which_are_rolled_back():
    found = bring_in(office(), WEEK_OFF, "2023-02-10 12:00")
    assert moved(found) == ["remind-7 02-21 → 02-17", "remind-3w 02-23 → 02-25"]
    assert [each.is_rolled_back for each in found.moves] == [True, False]
    assert found.now_off == tuple(day(f"2023-02-{number}") for number in range(20, 25))
    assert found.now_worked == (day("2023-02-25"), day("2023-02-26"))


def test_letters_go_by_the_imported_days_and_the_audit_finds_them_in_order():
    desk = office()
    bring_in(desk, WEEK_OFF, "2023-02-10 12:00")
    sent = desk.live("2023-03-03 00:00")
    assert rungs(sent) == ["02-13 remind-15", "02-17 remind-7", "02-25 remind-3w", "02-28 remind-0", "03-01 chase-1w"]
    desk.tick("2023-03-03 12:00")
    with desk.db.read() as session:
        assert examine.whole(session, desk.app.config, desk.now).findings == ()


def test_past_days_stay_judged_by_the_calendar_of_their_time():
    """A notice that comes late, and says that a day on which a letter went was off."""
    desk = office()
    desk.live("2023-02-22 12:00")
    bring_in(desk, WEEK_OFF)
    desk.tick()
    desk.live("2023-03-10 12:00")
    desk.tick("2023-03-10 12:01")
    with desk.db.read() as session:
        assert examine.whole(session, desk.app.config, desk.now).findings == ()


def test_an_app_opened_before_the_import_follows_it_as_the_daemon_does():
    """Another process imports: the daemon's App has plan, table and calendar in hand already."""
    desk = office()
    desk.live("2023-02-10 12:00")
    daemon = desk.app
    other = replace(daemon, _plans={}, _tables={})
    import_calendar.act(other, desk.now, notice=WEEK_OFF, who="clerk", file_hash="abc")
    with daemon.db.read() as session:
        table = daemon.plans(session)["county-2023"].table
        assert not table.calendar.is_working(day("2023-02-21"))
        assert not daemon.calendar_of(session).is_working(day("2023-02-21"))
    assert desk.item().next_attention_at == at("2023-02-13 09:00")
    desk.tick("2023-02-13 09:00")
    assert desk.item().next_attention_at == at("2023-02-17 09:00")


def test_a_change_of_days_is_a_change_of_rules_in_the_trail():
    desk = office()
    bring_in(desk, WEEK_OFF, "2023-02-10 12:00")
    desk.tick()
    assert [event["detail"] for event in desk.events("regime_changed")] == ['{"changed": ["calendar"]}']
    (event,) = desk.events("calendar_imported")
    counts = {"off": len(WEEK_OFF.off), "working": len(WEEK_OFF.working), "moved": 2, "year": 2023}
    assert json.loads(event["detail"]) == {"file": "abc", **counts}
    assert event["why"] == "国办"


def test_the_same_notice_twice_changes_nothing():
    desk = office()
    bring_in(desk, WEEK_OFF, "2023-02-10 12:00")
    before = desk.db_dump()
    assert bring_in(desk, WEEK_OFF).is_known
    assert desk.db_dump() == before


def test_a_corrected_notice_takes_the_place_of_the_first():
    desk = office()
    bring_in(desk, WEEK_OFF, "2023-02-10 12:00")
    found = bring_in(desk, notice())
    assert moved(found) == ["remind-7 02-17 → 02-21", "remind-3w 02-25 → 02-23"]
    assert [row["year"] for row in desk.rows(YEAR_NOTICE)] == [2023]


def test_back_to_the_first_notice_is_back_to_its_rules():
    desk = office()
    for what in (WEEK_OFF, notice(), WEEK_OFF):
        bring_in(desk, what)
        desk.tick()
    prints = [row["fingerprint"] for row in desk.rows(REGIME)]
    assert prints[-1] == prints[-3] != prints[-2]
    assert len({row["value"] for row in desk.rows(FACT) if row["name"] == "calendar"}) == 1


def test_what_is_silent_moves_no_letter():
    desk = make_office(texts=make_plan(task(due=day("2023-02-28")), task(2, due=day("2023-02-28"))))
    desk.live("2023-02-10 12:00")
    desk.act(close.act, keys=[KEY], on=day("2023-02-10"))
    desk.act(mute.act, key="2023/2/emergency", until=day("2023-03-01"), reason="停")
    assert bring_in(desk, WEEK_OFF).moves == ()


def test_a_rung_that_gives_way_to_a_later_one_of_its_slot_moves_no_letter():
    """All days from the 14th on off: remind-7, remind-3w and remind-0 fall together, and only the last speaks."""
    desk = make_office(texts=make_plan(task(due=day("2023-02-28"))))
    desk.live("2023-02-10 12:00")
    with desk.db.read() as session:
        old = desk.app.plans(session)["county-2023"].table
    found = bring_in(desk, notice(*(f"2023-02-{number}" for number in range(14, 29))))
    with desk.db.read() as session:
        new = desk.app.plans(session)["county-2023"].table
    goes = {(each.rung.name, each.repeat) for each in ahead(desk.item(), NOTHING_DECIDED, new, desk.now)}
    assert {(each.rung, each.repeat) for each in found.moves} <= goes
    assert len(found.moves) < sum(
        was.on != will.on for was, will in zip(landings(desk.item(), old), landings(desk.item(), new), strict=True)
    )


def test_what_is_held_moves_no_letter_until_it_is_released():
    desk = make_office("2023-03-20 10:00", texts=make_plan(task(due=day("2023-02-28"))))
    later = notice("2023-03-22", "2023-03-23")
    assert bring_in(desk, later).moves == ()
    desk.act(release.act, keys=[KEY], everything=False)
    assert bring_in(desk, notice()).moves != ()


def test_moves_are_told_over_all_plans():
    desk = office()
    other = make_plan(periods={"2023": period(task(due=day("2023-02-28")))}, plan_id="other-2023")
    desk.track(other, "2023-02-10 12:00")
    assert {each.plan_id for each in bring_in(desk, WEEK_OFF).moves} == {"county-2023", "other-2023"}


DAYS = st.integers(0, 50).map(lambda index: day("2023-02-01") + timedelta(days=index))
MOMENTS = st.lists(st.integers(0, 50 * 24 * 60), min_size=1, max_size=3).map(sorted)


@settings(max_examples=12, deadline=None)
@given(MOMENTS, st.lists(st.sets(DAYS, max_size=12), min_size=3, max_size=3))
def test_whatever_is_imported_and_whenever_the_audit_finds_the_letters_in_order(moments, changes):
    """Days off are taken and given at any minute; what was decided by then stays judged by the days of then."""
    desk = office()
    for minute, days in zip(moments, changes, strict=False):
        when = at("2023-02-01 00:00") + timedelta(minutes=minute)
        desk.live(when)
        desk.tick()
        off = {each for each in days if each.weekday() < 5}
        worked = days - off
        known = notice()
        bring_in(desk, replace(known, off=known.off | off, working=known.working | worked))
        desk.tick()
    desk.live("2023-04-20 00:00")
    desk.tick("2023-04-20 12:00")
    with desk.db.read() as session:
        assert examine.whole(session, desk.app.config, desk.now).findings == ()


def test_rules_that_change_twice_in_one_instant_leave_a_round_between_them_in_order():
    """A new ladder without remind-3w, a round, and a notice by which the day of that round is off."""
    desk = office()
    desk.live("2023-02-21 08:00")
    desk.go("2023-02-21 09:00")
    desk.settle(ladder=Ladder(tuple(rung for rung in STANDARD.rungs if rung.name != "remind-3w")))
    assert rungs(desk.tick()) == ["02-21 remind-7"]
    bring_in(desk, WEEK_OFF)
    desk.tick()
    desk.live("2023-03-10 12:00")
    desk.tick("2023-03-10 12:01")
    with desk.db.read() as session:
        assert examine.whole(session, desk.app.config, desk.now).findings == ()
