"""Tracking a plan, once and again: what is held, what an edit moves, and that a second sync does nothing (§1, §5)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.cast import (
    GAOPING,
    Office,
    brief,
    day,
    ladder_lines,
    make_office,
    make_plan,
    parse,
    period,
    rungs,
    task,
)
from wsyf_scheduler.acts import close, extend, mute, release, track
from wsyf_scheduler.audit.examine import whole
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.store import plans

KEY = "2023/1/emergency"
FEBRUARY = make_plan(task(1, due=day("2023-02-28")))


def of_letter(office: Office, letter: str) -> list[Any]:
    return [line for line in office.lines if line["letter"] == letter]


# --- First tracking ----------------------------------------------------------------------------------------------


def test_the_old_gaoping_plan_loaded_today_is_held_and_sends_nothing_but_digests() -> None:
    """First run on an old plan: 75 overdue assignments, no letter about any, the weekly digest goes."""
    office = make_office("2026-11-20 10:00", texts={})
    texts = plan_files.read_texts(GAOPING)
    found = office.track(texts)
    assert (found.first, found.held, len(found.changes.added)) == (True, 75, 75)
    sent = office.live("2026-12-31 00:00")
    assert Counter(str(line["letter"]) for line in sent) == {"digest": 6}
    assert {row["state"] for row in office.messages()} == {MessageState.SENT.value}
    assert Counter(event["action"] for event in office.events() if event["assignment_id"]) == {"assignment_held": 75}


def test_only_what_is_overdue_on_the_day_is_held() -> None:
    texts = make_plan(task(1, due=day("2023-02-27")), task(2, due=day("2023-02-28")))
    office = make_office("2023-02-28 10:00", texts=texts)
    assert [office.item(f"2023/{n}/emergency").held for n in (1, 2)] == [True, False]


def test_what_comes_into_a_tracked_plan_overdue_is_not_held() -> None:
    office = make_office("2023-03-10 10:00", texts=make_plan(task(2)))
    found = office.track(make_plan(task(1, due=day("2023-02-28")), task(2)))
    assert (found.first, found.held) == (False, 0)
    assert not office.item(KEY).held


def test_what_is_tracked_late_begins_with_its_start_letter_and_makes_nothing_up() -> None:
    office = make_office("2023-02-20 10:00", texts=FEBRUARY)
    office.live("2023-02-24 00:00")
    assert rungs(office.lines) == ["02-21 remind-7", "02-21 start", "02-23 remind-3w"]


def test_a_held_assignment_released_goes_on_at_its_chaser_counted_from_that_day() -> None:
    office = make_office("2023-06-01 10:00", texts=FEBRUARY)
    assert office.live("2023-06-04 00:00") == []
    (item,) = office.act(release.act, "2023-06-05 10:00", keys=[KEY], everything=False)
    assert not item.held
    office.live("2023-06-22 00:00")
    assert rungs(office.lines) == ["06-06 chase-1w", "06-08 escalate-3w", "06-14 escalate-7w", "06-21 escalate-n1"]


def test_everything_held_is_released_at_once_and_closed_things_stay() -> None:
    texts = make_plan(task(1, due=day("2023-02-28")), task(2, due=day("2023-02-28")), task(3))
    office = make_office("2023-06-01 10:00", texts=texts)
    office.act(close.act, keys=["2023/2/emergency"])
    released = office.act(release.act, keys=[], everything=True)
    assert [item.key for item in released] == [KEY]
    with pytest.raises(Forbidden, match=f"{KEY} is not held"):
        office.act(release.act, keys=[KEY], everything=False)


def test_a_held_assignment_extended_stays_held_until_it_is_released() -> None:
    office = make_office("2023-06-01 10:00", texts=FEBRUARY)
    office.act(extend.act, key=KEY, to=day("2023-07-31"), reason="r", approved_by="a")
    assert ladder_lines(office.live("2023-07-03 12:00")) == []
    office.act(release.act, keys=[KEY], everything=False)
    assert office.item(KEY).counted_from is None
    office.live("2023-08-02 00:00")
    # remind-30 (06-30) passed while it was held
    assert rungs(office.lines) == [
        "07-14 remind-15",
        "07-24 remind-7",
        "07-26 remind-3w",
        "07-31 remind-0",
        "08-01 chase-1w",
    ]


# --- Once more ---------------------------------------------------------------------------------------------------


def test_a_second_sync_of_the_same_files_changes_nothing_at_all() -> None:
    office = make_office(texts=FEBRUARY)
    before = office.db_dump()
    found = office.track(FEBRUARY)
    assert (found.version, found.first, bool(found.changes)) == (1, False, False)
    assert office.db_dump() == before


def test_a_comment_more_is_a_version_more_and_no_letter() -> None:
    office = make_office(texts=FEBRUARY)
    commented = FEBRUARY | {"2023.toml": "# 说明\n" + FEBRUARY["2023.toml"]}
    assert office.track(commented).version == 2
    assert office.track(commented).version == 2
    assert ladder_lines(office.tick()) == []
    assert of_letter(office, "change") == []


def test_a_preview_says_what_a_sync_would_do_and_does_nothing() -> None:
    office = make_office(texts=FEBRUARY)
    before = office.db_dump()
    changes = track.preview(office.app, parse(make_plan(task(1, due=day("2023-03-31")), task(2))))
    assert [want.key for _item, want in changes.moved] == [KEY]
    assert [want.key for want in changes.added] == ["2023/2/emergency"]
    assert office.db_dump() == before


def test_a_task_put_in_between_moves_the_others_in_the_lists_and_nothing_else() -> None:
    office = make_office(texts=make_plan(task(1), task(3)))
    found = office.track(make_plan(task(1), task(2), task(3)))
    assert [want.key for want in found.changes.added] == ["2023/2/emergency"]
    assert not found.changes.reworded
    assert [office.item(f"2023/{n}/emergency").position for n in (1, 2, 3)] == [0, 1, 2]
    assert office.events("assignment_reworded") == []


# --- Edits -------------------------------------------------------------------------------------------------------


def test_a_changed_day_keeps_the_key_tells_the_liaison_and_starts_the_ladder_anew() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.live("2023-02-24 10:00")
    office.track(make_plan(task(1, due=day("2023-03-31"))))
    assert [brief(line)[1] for line in office.tick()] == ["change"]
    letter, _headers, (deadline,) = office.letter("change")
    (row,) = letter.rows
    assert (row.happened, str(row.due_on)) == ("due-changed", "2023-03-31")
    assert (deadline.sequence, deadline.cancelled) == (1, False)
    office.live("2023-04-04 00:00")
    assert rungs(office.lines)[-6:] == [
        "03-01 remind-30",
        "03-16 remind-15",
        "03-24 remind-7",
        "03-28 remind-3w",
        "03-31 remind-0",
        "04-03 chase-1w",
    ]
    assert office.item(KEY).original_due_on is None  # no extension: the paper says so


def test_a_day_moved_into_the_past_leaves_only_what_lies_ahead() -> None:
    office = make_office("2023-01-28 00:00", texts=make_plan(task(1, due=day("2023-06-30"))))
    office.live("2023-03-02 10:00")
    office.track(make_plan(task(1, due=day("2023-02-28"))))
    office.live("2023-03-10 00:00")
    assert rungs(office.lines)[-2:] == ["03-03 escalate-3w", "03-09 escalate-7w"]


def test_a_done_assignment_takes_its_new_day_in_silence() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.act(close.act, keys=[KEY])
    office.tick()
    office.track(make_plan(task(1, due=day("2023-03-31"))))
    item = office.item(KEY)
    assert (item.state, str(item.due_on)) == (State.DONE, "2023-03-31")
    assert [brief(line)[1] for line in office.tick()] == []


def test_a_vanished_task_is_withdrawn_told_and_never_deleted() -> None:
    office = make_office("2023-01-28 00:00", texts=make_plan(task(1, due=day("2023-02-28")), task(2)))
    office.live("2023-02-20 10:00")
    found = office.track(make_plan(task(2)))
    assert [item.key for item in found.changes.withdrawn] == [KEY]
    assert office.item(KEY).state is State.WITHDRAWN
    assert [brief(line) for line in office.tick()] == [("2023-02-20T10:00", "change", "emergency", [f"None {KEY}"])]
    letter, _headers, (deadline,) = office.letter("change")
    assert (letter.rows[0].happened, deadline.cancelled) == ("withdrawn", True)
    assert KEY not in str(ladder_lines(office.live("2023-03-15 00:00")))
    assert {row["reason"] for row in office.notices(assignment_id=office.item(KEY).id, verdict="skipped")} == {
        "withdrawn"
    }


def test_a_task_that_comes_back_before_its_day_goes_on_where_the_ladder_stands() -> None:
    both, one = make_plan(task(1, due=day("2023-02-28")), task(2)), make_plan(task(2))
    office = make_office("2023-01-28 00:00", texts=both)
    office.live("2023-02-10 10:00")
    office.track(one)
    office.live("2023-02-20 10:00")
    office.track(both)
    office.live("2023-03-01 10:00")
    assert rungs(office.lines) == [
        "01-28 start",
        "01-29 remind-30",
        "02-21 remind-7",
        "02-23 remind-3w",
        "02-28 remind-0",
        "03-01 chase-1w",
    ]


def test_a_task_that_comes_back_overdue_goes_on_at_its_chaser_as_if_reopened() -> None:
    both, one = make_plan(task(1, due=day("2023-02-28")), task(2)), make_plan(task(2))
    office = make_office("2023-01-28 00:00", texts=both)
    office.track(one)
    office.live("2023-06-05 10:00")
    office.track(both)
    office.live("2023-06-09 00:00")
    assert rungs(office.lines) == ["06-06 chase-1w", "06-08 escalate-3w"]


def test_what_was_held_comes_back_held() -> None:
    both, one = make_plan(task(1, due=day("2023-02-28")), task(2)), make_plan(task(2))
    office = make_office("2023-06-01 10:00", texts=both)
    office.track(one)
    with pytest.raises(Forbidden, match="is not held"):
        office.act(release.act, keys=[KEY], everything=False)
    office.track(both)
    assert office.item(KEY).held
    assert KEY not in str(ladder_lines(office.live("2023-06-30 00:00")))


def test_a_further_day_is_a_further_assignment_with_a_start_of_its_own() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.live("2023-02-20 10:00")
    office.track(make_plan(task(1, due=[day("2023-02-28"), day("2023-06-30")])))
    office.live("2023-02-21 10:00")
    assert office.item(KEY).part == ""
    assert rungs(office.lines, "2023/1b/emergency") == ["02-21 start"]


def test_a_new_support_department_is_told_by_its_start_row() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.live("2023-02-20 10:00")
    office.track(make_plan(task(1, due=day("2023-02-28"), support=["union"])))
    found = [brief(line) for line in ladder_lines(office.tick())]
    assert found == [("2023-02-20T10:00", "start", "union", [f"start {KEY}"])]


def test_new_words_are_taken_over_without_a_letter_and_with_an_event() -> None:
    office = make_office("2023-01-28 10:00", texts=FEBRUARY)
    office.track(make_plan(task(1, due=day("2023-02-28"), title="新标题", hand_in="一份报告")))
    assert (office.item(KEY).title, office.item(KEY).hand_in) == ("新标题", "一份报告")
    assert [event["assignment_id"] for event in office.events("assignment_reworded")] == [office.item(KEY).id]
    assert office.tick() == []


def test_two_plans_live_side_by_side() -> None:
    other = make_plan(task(1, due=day("2023-02-28")), plan_id="other-2023")
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.track(other)
    found = ladder_lines(office.live("2023-01-28 10:00"))
    assert [brief(line)[1:3] for line in found] == [("start", "emergency")] * 2  # one message a plan


def test_where_one_part_of_a_sync_fails_nothing_of_it_stands() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    with office.db.begin() as session:
        session.exec_driver_sql(
            "CREATE TRIGGER no_plan BEFORE INSERT ON event WHEN NEW.action = 'plan_synced'"
            " BEGIN SELECT RAISE(ABORT, 'no plan'); END"
        )
    before = office.db_dump()
    with pytest.raises(Exception, match="no plan"):
        office.track(make_plan(task(1, due=day("2023-03-31")), task(2)))
    assert office.db_dump() == before


def test_the_versions_are_kept_as_they_were_written() -> None:
    office = make_office(texts=FEBRUARY)
    later = make_plan(periods={"2023": period(task(1, due=day("2023-02-28"))), "2024": period(task(1), name="2024")})
    office.track(later)
    with office.db.read() as session:
        latest = plans.latest(session, "county-2023")
    assert latest is not None
    assert (latest.version, latest.texts, latest.who) == (2, later, "coordinator")


def test_a_department_that_left_the_plan_is_told_of_it_all_the_same() -> None:
    """Its title is no longer in the file; the letter goes out under its id, and nothing else is held up."""
    office = make_office("2023-01-28 00:00", texts=make_plan(task(1), task(2, lead=["union"])))
    office.live("2023-02-01 10:00")
    texts = make_plan(task(1))
    head, departments = texts["plan.toml"].split('[[departments]]\nid = "union"')
    office.track(texts | {"plan.toml": head + departments.split("\n\n", 1)[-1].lstrip("\n")})
    (line,) = [line for line in office.tick() if line["letter"] == "change"]
    assert (line["department"], line["to"]) == ("union", ["liaison.union@county.example"])
    assert office.letter("change")[0].department_name == "union"


# --- Given to another department ---------------------------------------------------------------------------------


def given_to_housing(when: str = "2023-01-28 10:00", **options: Any) -> Office:
    office = make_office("2023-01-01 00:00", texts=FEBRUARY)
    office.live(when)
    texts = make_plan(task(1, lead=["housing"], due=day("2023-02-28")))
    office.act(track.act, plan=parse(texts), texts=texts, **options)
    return office


def test_a_task_given_to_another_department_is_closed_there_and_linked_here() -> None:
    office = given_to_housing(reason="职责调整")
    assert office.item(KEY).state is State.WITHDRAWN
    new = office.item("2023/1/housing")
    assert (new.state, new.origin) == (State.OPEN, KEY)
    (event,) = office.events("assignment_reassigned")
    assert (event["to_state"], event["why"]) == ("withdrawn", "职责调整")
    assert json.loads(event["detail"])["to"] == "2023/1/housing"
    (event,) = office.events("plan_synced")[1:]
    assert json.loads(event["detail"])["reassigned"] == 1


def test_the_old_department_is_told_to_whom_and_the_new_one_gets_its_start_letter() -> None:
    office = given_to_housing(reason="职责调整")
    sent = office.live("2023-01-31 00:00")
    assert sorted(brief(line)[1:3] for line in sent if line["letter"] != "digest") == [
        ("change", "emergency"),
        ("reminder", "housing"),
        ("start", "housing"),
    ]
    letter, _headers, (deadline,) = office.letter("change")
    (row,) = letter.rows
    assert (row.happened, row.handed_to, row.reason) == ("reassigned", "住建", "职责调整")
    assert deadline.cancelled
    assert rungs(office.lines, KEY)[-1] == "01-03 start"


def test_a_held_task_stays_silent_in_other_hands() -> None:
    office = make_office("2023-06-01 10:00", texts=FEBRUARY)
    office.track(make_plan(task(1, lead=["housing"], due=day("2023-02-28"))))
    assert office.item("2023/1/housing").held
    assert ladder_lines(office.live("2023-07-01 00:00")) == []


def test_a_task_given_back_goes_on_where_it_was_and_is_told_of_both_ways() -> None:
    office = given_to_housing()
    office.tick()
    office.track(FEBRUARY)
    assert (office.item(KEY).state, office.item("2023/1/housing").state) == (State.OPEN, State.WITHDRAWN)
    told = {line["department"]: office.letter("change")[0] for line in office.tick() if line["letter"] == "change"}
    assert set(told) == {"emergency", "housing"}


def test_what_is_handed_over_audits_clean() -> None:
    office = given_to_housing()
    office.live("2023-02-15 10:00")
    office.track(FEBRUARY)
    office.live("2023-04-15 10:00")
    office.tick()
    assert audits_clean(office)


def audits_clean(office: Office) -> bool:
    with office.db.read() as session:
        return whole(session, office.app.config, office.now).findings == ()


def put_off(office: Office, key: str = KEY) -> None:
    office.act(extend.act, key=key, to=day("2023-03-31"), reason="数据核对", approved_by="办公室主任")


TO_HOUSING = make_plan(task(1, lead=["housing"], due=day("2023-02-28")))
NEW = "2023/1/housing"


def test_an_overdue_task_in_other_hands_begins_at_its_chaser_counted_from_that_day() -> None:
    office = given_to_housing("2023-04-18 10:00")
    office.live("2023-05-01 00:00")
    assert office.item(NEW).counted_from == day("2023-04-18")
    assert rungs(office.lines, NEW) == ["04-19 chase-1w", "04-19 start", "04-21 escalate-3w", "04-26 escalate-7w"]
    assert audits_clean(office)


def test_an_extension_goes_along_to_the_department_that_takes_over() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.live("2023-02-20 10:00")
    put_off(office)
    office.track(TO_HOUSING)
    new = office.item(NEW)
    assert (new.due_on, new.original_due_on, new.due_basis) == (day("2023-03-31"), day("2023-02-28"), "office")
    assert not office.track(TO_HOUSING).changes
    office.live("2023-04-15 00:00")
    assert [each for each in rungs(office.lines, NEW) if each < "03-31"] == [
        "02-21 start",
        "03-01 remind-30",
        "03-16 remind-15",
        "03-24 remind-7",
        "03-28 remind-3w",
    ]
    assert audits_clean(office)


def test_an_extension_stays_behind_where_the_files_day_changed_with_the_department() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    put_off(office)
    office.track(make_plan(task(1, lead=["housing"], due=day("2023-03-15"))))
    new = office.item(NEW)
    assert (new.due_on, new.original_due_on, new.due_basis) == (day("2023-03-15"), None, "document")


def test_a_mute_ends_with_the_department() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.act(mute.act, key=KEY, until=day("2023-06-30"), reason="等待上级数据")
    office.track(TO_HOUSING)
    assert office.item(NEW).muted_until is None
    office.track(FEBRUARY)
    assert office.item(KEY).muted_until is None


def test_a_task_given_back_comes_with_its_extension_is_held_as_it_was_and_is_linked() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.track(TO_HOUSING)
    put_off(office, NEW)
    office.track(FEBRUARY)
    back = office.item(KEY)
    assert (back.due_on, back.original_due_on, back.origin) == (day("2023-03-31"), day("2023-02-28"), NEW)
    office.live("2023-04-30 10:00")
    assert audits_clean(office)


def test_what_was_released_in_other_hands_comes_back_released() -> None:
    office = make_office("2023-06-01 10:00", texts=FEBRUARY)
    office.track(TO_HOUSING)
    office.act(release.act, keys=[NEW], everything=False)
    office.track(FEBRUARY)
    assert not office.item(KEY).held
    office.live("2023-06-05 10:00")
    assert "06-02 chase-1w" in rungs(office.lines)
    assert audits_clean(office)


def test_what_comes_back_with_its_day_comes_back_with_its_extension() -> None:
    both, one = make_plan(task(1, due=day("2023-02-28")), task(2)), make_plan(task(2))
    office = make_office("2023-01-28 00:00", texts=both)
    put_off(office)
    office.track(one)
    office.track(both)
    assert (office.item(KEY).due_on, office.item(KEY).original_due_on) == (day("2023-03-31"), day("2023-02-28"))
    office.live("2023-04-30 10:00")
    assert audits_clean(office)


# --- Reason, drafts, going back ----------------------------------------------------------------------------------


def test_the_reason_stands_in_the_events_and_the_letters() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.live("2023-02-24 10:00")
    texts = make_plan(task(1, due=day("2023-03-31")))
    office.act(track.act, plan=parse(texts), texts=texts, reason="上级文件调整期限")
    office.tick()
    assert office.letter("change")[0].rows[0].reason == "上级文件调整期限"
    (event,) = office.events("due_day_changed")
    assert event["why"] == "2023-02-28 -> 2023-03-31"  # the trail's own words, which the life is told from
    assert json.loads(event["detail"])["reason"] == "上级文件调整期限"
    assert office.events("plan_synced")[-1]["why"] == "上级文件调整期限"


def test_a_draft_is_not_tracked() -> None:
    office = make_office(texts={})
    texts = make_plan(task(1))
    texts["plan.toml"] = "draft = true\n" + texts["plan.toml"]
    with pytest.raises(Forbidden, match="is a draft"):
        office.track(texts)


def test_files_of_an_earlier_version_are_refused_unless_one_means_to_go_back() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    later = make_plan(task(1, due=day("2023-03-31")))
    office.track(later)
    before = office.db_dump()
    with pytest.raises(Forbidden, match=r"version 1 of 2023-01-28; version 2 is in force") as refused:
        office.act(track.act, plan=parse(FEBRUARY), texts=FEBRUARY, go_back=False)
    assert "--go-back" in str(refused.value)
    assert office.db_dump() == before
    office.act(track.act, plan=parse(FEBRUARY), texts=FEBRUARY, go_back=True)
    assert (office.item(KEY).due_on, office.track(FEBRUARY).version) == (day("2023-02-28"), 3)


def test_each_version_is_told_with_its_reason_and_what_it_changed() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    texts = make_plan(task(1, due=day("2023-03-31")), task(2))
    office.act(track.act, plan=parse(texts), texts=texts, reason="调整")
    with office.db.read() as session:
        first, second = plans.synced(session, "county-2023")
    assert (first.version, first.why, first.changes["added"]) == (1, "", 1)
    assert (second.version, second.why, second.changes["moved"], second.changes["added"]) == (2, "调整", 1, 1)
    assert second.files == ("2023.toml", "plan.toml")
