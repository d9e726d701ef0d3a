"""What the program does by its rules the auditor finds in order: long lives, random lives, downtime, trouble with mail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit.auditing import KEY, audit, each_minute, faults, lived_office, said, sql
from tests.audit.random_life import live_at_random
from tests.cast import GAOPING, ROOT, Office, at, day, everybody, make_holder, make_office, make_plan, parse, task
from wsyf_scheduler.acts import close, extend, let_go, release, reopen, staff, track, waive, write_off
from wsyf_scheduler.core.ladder import Ladder
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.core.standard import STANDARD
from wsyf_scheduler.files.people import load
from wsyf_scheduler.mail.letter import Outcome, Phase, Refusal, Sent
from wsyf_scheduler.picking import Picked
from wsyf_scheduler.rehearsal import Planned, on_time
from wsyf_scheduler.store import holds, uptime
from wsyf_scheduler.ticks import remind

GOOD = Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
LATER = Sent(outcome=Outcome.RETRY, phase=Phase.RCPT, code=451, text="later")


def gaoping() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(GAOPING.glob("*.toml"))}


def gaoping_people() -> list[Holder]:
    return load(ROOT / "people.csv", {each.id: each.short for each in parse(gaoping()).departments})


def gaoping_office(when: str = "2022-05-19 00:00") -> Office:
    return make_office(when, texts=gaoping(), holders=gaoping_people())


def test_the_gaoping_plan_on_time_is_clean_to_its_end():
    office = gaoping_office()
    plan = parse(gaoping())
    with office.db.read() as session:
        table = office.app.plans(session)[plan.id].table
    office.live("2026-02-01 00:00", script=on_time(plan, table, day("2022-05-19")))
    office.tick("2026-02-02 12:00")
    found = audit(office)
    assert (said(found.findings), found.assignments) == ([], 75)
    assert found.letters > 200


def test_the_gaoping_plan_with_all_that_can_happen_is_clean():
    """Tracked late, held and released, extended, waived, reopened, amended, other people, another ladder."""
    office = gaoping_office("2022-06-20 10:00")
    amended = gaoping()
    amended["2022.toml"] = amended["2022.toml"].replace("number = 6\n", "number = 6\ndue = 2022-11-30\n")
    fewer = Ladder(tuple(rung for rung in STANDARD.rungs if rung.name != "remind-15"))
    people = [each for each in gaoping_people() if each.role != "convener" or each.department != "housing"]

    def wsyf(when: str, act, **given) -> Planned:
        return Planned(at(when), lambda app, now: act(app, now, who="x", **given))

    script = [
        wsyf("2022-06-21 09:30", release.act, keys=["2022/1/emergency", "2022/1/housing"], everything=False),
        wsyf("2022-07-01 09:00", close.act, keys=["2022/1/housing"], without_figures=True),
        wsyf("2022-08-05 15:00", reopen.act, key="2022/1/housing", reason="r"),
        wsyf("2022-09-01 10:00", extend.act, key="2022/3/hrss", to=day("2023-02-10"), reason="r", approved_by="a"),
        wsyf("2022-10-12 08:00", waive.act, key="2022/5/hrss", reason="r"),
        wsyf("2022-11-01 09:00", track.act, plan=parse(amended), texts=amended),
        wsyf("2022-11-15 09:00", staff.act, holders=[make_holder("convener", "housing")], today=day("2022-11-15")),
    ]
    office.live("2022-12-01 00:00", script=script)
    office.settle(ladder=fewer, extra_off=frozenset({day("2022-12-13")}))
    office.act(staff.act, holders=people, today=day("2022-12-01"))
    office.live("2023-04-01 00:00")
    office.tick("2023-04-03 12:00")
    found = audit(office)
    assert said(found.findings) == []
    assert found.letters > 150
    changed = {row["action"] for row in office.events()}
    assert {"regime_changed", "assignment_released", "assignment_reworded", "due_day_changed"} & changed


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_life_at_random_is_clean(seed):
    office = live_at_random(seed)
    assert faults(office) == []


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_with_a_moody_mail_server_what_is_found_is_what_never_left(seed):
    office = live_at_random(seed, trouble=True)
    assert {each.kind.value for each in audit(office).findings} <= {"written-off", "unsent"}


# --- downtime, holds, and rounds that run into acts


def test_after_downtime_what_was_superseded_was_not_forgotten():
    office = make_office("2023-01-20 08:00", texts=make_plan(task(due=day("2023-02-28"))))
    office.live("2023-02-01 09:00")
    office.tick("2023-02-24 10:00")  # the daemon was down over two rungs
    assert [row["rung"] for row in office.notices(verdict="superseded")] == ["remind-15", "remind-7"]
    assert faults(office, "2023-02-24 12:00") == []


def test_a_rung_passed_over_though_the_daemon_ran_is_found():
    """The same ledger, but the daemon had been up all the time."""
    office = make_office("2023-01-20 08:00", texts=make_plan(task(due=day("2023-02-28"))))
    office.live("2023-02-01 09:00")
    office.tick("2023-02-24 10:00")
    sql(office, "UPDATE uptime SET to_at = '2023-02-24 02:00:00.000000' WHERE from_at < '2023-01-21'")
    assert faults(office, "2023-02-24 12:00") == [
        "late 02-13 2023/1/emergency remind-15 emergency",
        "late 02-21 2023/1/emergency remind-7 emergency",
        "late 02-23 2023/1/emergency remind-3w emergency",
    ]


def test_while_the_queue_is_held_nothing_is_owed_and_after_it_what_stands_is():
    office = make_office("2023-01-20 08:00", texts=make_plan(task(due=day("2023-02-28"))))
    office.live("2023-02-10 12:00")
    with office.db.begin() as session:
        holds.place(session, holds.HoldReason.CLOCK_FORWARD, office.now, "x")
    for when in ("2023-02-13 09:00", "2023-02-13 10:00", "2023-02-14 09:00"):
        office.tick(when)
    assert faults(office, "2023-02-14 17:00") == []
    with office.db.begin() as session:
        holds.lift(session)
    office.tick("2023-02-15 09:30")
    assert [row["reason"] for row in office.notices(rung="remind-15")] == ["late"]
    assert faults(office, "2023-02-15 17:00") == []


def test_a_queue_written_off_while_it_was_held_is_named_with_who_and_why():
    """What was owed by then is decided and written off with it, at whatever hour."""
    office = make_office("2023-01-20 08:00", texts=make_plan(task(due=day("2023-02-28"))))
    office.live("2023-02-10 12:00")
    with office.db.begin() as session:
        holds.place(session, holds.HoldReason.RESTORED, office.now, "x")
    office.go("2023-02-14 03:00")
    remind.decide_owed(office.app, office.now)
    write_off.act(office.app, office.now, picked=Picked(), who="coordinator", reason="已电话告知")
    office.live("2023-02-16 12:00")
    (gone,) = audit(office, "2023-02-16 17:00").findings
    assert (gone.kind.value, gone.rung) == ("written-off", "remind-15")
    assert {"who": "coordinator", "why": "已电话告知"}.items() <= gone.found.items()


def test_what_the_blast_guard_held_is_clean_once_it_was_let_go_in_time_and_unsent_before():
    tasks = [task(number, due=day("2023-02-28"), lead=["emergency", "housing"]) for number in (1, 2)]
    office = make_office("2023-02-20 08:00", texts=make_plan(*tasks))
    office.tick("2023-02-20 09:00")
    remind.run(office.app, office.go("2023-02-21 09:00"), most=1)
    office.tick("2023-02-21 09:01")
    assert {row["state"] for row in office.messages(letter="reminder")} == {"held"}
    assert faults(office, "2023-02-21 17:00") == []
    office.tick("2023-02-22 09:00")
    assert {each.split()[0] for each in faults(office, "2023-02-22 18:00")} == {"unsent"}
    let_go.act(office.app, office.now, picked=Picked(), who="coordinator")
    office.tick("2023-02-22 09:30")
    assert faults(office, "2023-02-22 18:00") == []


def test_a_round_each_minute_with_acts_in_between_is_clean():
    office = make_office(
        "2023-02-21 08:40", texts=make_plan(task(due=day("2023-02-28")), task(2, due=day("2023-02-28")))
    )
    each_minute(office, "2023-02-21 09:05")
    office.go(office.now - timedelta(seconds=30))
    office.act(close.act, keys=["2023/2/emergency"])
    each_minute(office, "2023-02-21 09:20")
    assert faults(office, "2023-02-22 17:00") == []


# --- mail that had its troubles


def test_a_letter_that_was_tried_again_until_it_was_taken_is_clean():
    office = make_office("2023-02-20 08:00", texts=make_plan(task(due=day("2023-02-28"))))
    office.mailer.fate = lambda _outgoing: LATER
    office.tick("2023-02-21 09:00")
    office.mailer.fate = lambda _outgoing: GOOD
    office.live("2023-02-22 12:00")
    assert faults(office, "2023-02-23 17:00") == []


def test_an_address_refused_for_good_counts_as_vacant_from_then_on():
    office = make_office("2023-02-20 08:00", texts=make_plan(task(due=day("2023-02-28"))))
    gone = "liaison.emergency@county.example"

    def fate(outgoing) -> Sent:
        if gone not in outgoing.recipients:
            return GOOD
        refused = (Refusal(address=gone, code=550, text="no such user"),)
        return Sent(outcome=Outcome.REFUSED, phase=Phase.RCPT, code=550, text="no such user", refused=refused)

    office.mailer.fate = fate
    office.tick("2023-02-21 09:00")
    office.live("2023-03-20 12:00")
    sent = [row["to"] for row in office.messages(letter="reminder", state="sent")]
    assert '["convener.emergency@county.example"]' in sent
    assert faults(office, "2023-03-20 17:00") == []


def test_people_who_change_are_judged_by_the_day():
    office = lived_office("2023-03-15 12:00")
    office.staff(
        [
            make_holder("liaison", "emergency", email="other@county.example", since=day("2023-03-15")),
            *everybody(("liaison", "emergency")),
        ]
    )
    office.live("2023-04-20 12:00")
    office.tick()
    assert faults(office) == []
    recipients = " ".join(row["cc"] or "" for row in office.messages(letter="escalation", state="sent"))
    assert "other@county.example" in recipients
    assert "liaison.emergency@county.example" in recipients


# --- what is known of the time before rounds were recorded


def test_an_office_from_before_rounds_were_recorded_is_judged_by_its_ledger():
    office = lived_office()
    sql(office, "DELETE FROM uptime")
    sql(office, "DELETE FROM regime")
    assert faults(office) == []
    sql(office, "DELETE FROM notice WHERE rung = 'remind-7'")
    assert f"missing 02-21 {KEY} remind-7 emergency" in faults(office)


def test_events_of_an_earlier_version_tell_as_much_as_they_can():
    """They did not say what they set: the due day at first is read from what moved it, the rest from the row."""
    office = lived_office("2023-02-10 12:00")
    office.act(extend.act, key=KEY, to=day("2023-04-14"), reason="r", approved_by="a")
    office.live("2023-05-10 12:00")
    office.tick()
    sql(office, "UPDATE event SET detail = '{}' WHERE action = 'assignment_tracked'")
    assert faults(office) == []


@pytest.mark.parametrize("gap", [1, 179])
def test_a_stretch_of_rounds_grows_while_they_come_within_three_minutes(gap):
    office = make_office(texts={})
    begin = office.now
    for index in range(4):
        with office.db.begin() as session:
            uptime.seen(session, begin + timedelta(seconds=gap * index), "here")
    with office.db.begin() as session:
        uptime.seen(session, begin + timedelta(seconds=gap * 3), "elsewhere")
        uptime.seen(session, begin + timedelta(hours=1), "elsewhere")
        found = uptime.stretches(session)
    ends = [(stretch.from_at - begin, stretch.to_at - begin) for stretch in found]
    last = timedelta(seconds=gap * 3)
    assert ends == [(timedelta(0), last), (last, last), (timedelta(hours=1), timedelta(hours=1))]
