"""Follow-ups: what is asked outside the paper has a key, a ladder and a receipt of its own (RULES.md §1)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.audit.auditing import faults
from tests.cast import Office, brief, day, everybody, make_office, make_plan, period, rungs, task
from wsyf_scheduler.acts import add, close
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.follow_up import FollowUp
from wsyf_scheduler.errors import Forbidden, NotFound, Usage

THREE = {
    "2022-2023": period(task(1, lead=["hrss"]), name="2022-2023"),
    "2023": period(
        task(1, due=day("2023-02-28")),
        task(3, lead=["housing", "union"]),
        task(5, lead=["hrss"], kind="evaluation", title="中期评估", due=day("2023-06-30")),
    ),
    "2024": period(task(3, lead=["hrss"], kind="meeting", title="联席会议", after="2023/5"), name="2024"),
}
SCAFFOLD = "工地脚手架整改"


@pytest.fixture
def office() -> Office:
    return make_office("2023-01-10 08:00", texts=make_plan(periods=THREE))


def wanted(**changes: Any) -> FollowUp:
    values: dict[str, Any] = {"title": SCAFFOLD, "departments": ("housing",), "dues": (day("2023-06-30"),)}
    return FollowUp(**values | changes)


def added(office: Office, *follow_ups: FollowUp, when: str | None = None, **given: Any) -> list[Assignment]:
    found: list[Assignment] = office.act(add.act, when, follow_ups=follow_ups or [wanted()], **given)
    return found


def keys(items: list[Assignment]) -> list[str]:
    return [item.key for item in items]


# --- Keys and periods --------------------------------------------------------------------------------------------


def test_a_follow_up_takes_the_next_free_number_of_its_period_over_all_departments(office: Office) -> None:
    assert keys(added(office)) == ["2023/f1/housing"]
    assert keys(added(office, wanted(departments=("union",)))) == ["2023/f2/union"]
    assert keys(added(office, wanted(dues=(day("2024-02-01"),)))) == ["2024/f1/housing"]
    assert keys(added(office, wanted(title="另一事项"))) == ["2023/f3/housing"]


def test_several_departments_share_a_number_and_several_dates_are_its_parts(office: Office) -> None:
    """Stages of a project, 事前、事中、事后, are one follow-up with three due dates."""
    stages = wanted(departments=("housing", "union"), dues=(day("2023-09-30"), day("2023-03-31"), day("2023-06-30")))
    found = added(office, stages)
    assert keys(found) == [
        "2023/f1a/housing",
        "2023/f1a/union",
        "2023/f1b/housing",
        "2023/f1b/union",
        "2023/f1c/housing",
        "2023/f1c/union",
    ]
    assert [item.due_on for item in found[::2]] == [day("2023-03-31"), day("2023-06-30"), day("2023-09-30")]


def test_the_period_is_the_shortest_its_first_date_lies_in_or_the_last_or_the_origins_or_as_said(
    office: Office,
) -> None:
    def period_of(**changes: Any) -> str:
        return added(office, wanted(**changes), again=True)[0].period

    assert period_of(dues=(day("2024-03-01"), day("2023-12-31"))) == "2023"
    assert period_of(dues=(day("2027-03-01"),)) == "2024"
    assert period_of(dues=(day("2024-03-01"),), origin="2023/5/hrss") == "2023"
    assert period_of(dues=(day("2024-03-01"),), origin="2023/5/hrss", period="2022-2023") == "2022-2023"


def test_it_is_the_offices_own_open_and_tracked_from_when_it_was_added(office: Office) -> None:
    (item,) = added(office, wanted(support=("union",), hand_in="整改照片", text="全部拆改", origin="2023/5"))
    assert item == office.item("2023/f1/housing")
    assert (item.kind, item.due_basis, item.state, item.held) == ("follow-up", "office", State.OPEN, False)
    assert (item.origin, item.support, item.tracked_from) == ("2023/5/hrss", ("union",), office.now)
    assert item.begins_on == day("2023-01-01")


def test_what_comes_of_a_task_of_several_departments_comes_from_the_task(office: Office) -> None:
    assert added(office, wanted(origin="2023/3"))[0].origin == "2023/3"
    assert added(office, wanted(title="b", origin="2023/3/union"))[0].origin == "2023/3/union"
    (child,) = added(office, wanted(title="c", origin="2023/f1"))
    assert child.origin == "2023/f1/housing"
    with pytest.raises(Usage, match="could mean"):
        added(office, wanted(title="d", origin="2023/"))


# --- Bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"dues": (day("2023-01-09"),)}, Forbidden, "2023-01-09 lies in the past: .* from today, 2023-01-10, on"),
        ({"departments": ("housin",)}, NotFound, "did you mean housing"),
        ({"support": ("unoin",)}, NotFound, "did you mean union"),
        ({"support": ("housing",)}, Usage, "住建 cannot lead and support at once"),
        ({"period": "2033"}, NotFound, "did you mean 2023"),
        ({"origin": "2023/9"}, NotFound, "there is no assignment 2023/9; did you mean 20"),
        ({"dues": (day("2023-06-30"), day("2023-06-30"))}, Usage, "twice"),
        ({"title": " "}, Usage, "the title is empty"),
        ({"title": "x" * 121}, Usage, "at most 120 characters"),
        ({"title": "a\nb"}, Usage, "one line"),
        ({"note": "x" * 4001}, Usage, "at most 4000"),
        ({"departments": ()}, Usage, "--department"),
        ({"dues": ()}, Usage, "--due"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_added(
    office: Office, changes: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        added(office, wanted(title="先到的一项"), wanted(**changes))
    assert office.events("follow_up_added") == []


def test_what_is_owed_already_is_not_added_a_second_time_unless_asked_for(office: Office) -> None:
    added(office)
    with pytest.raises(Forbidden, match="2023/f1/housing asks the same"):
        added(office)
    assert keys(added(office, again=True)) == ["2023/f2/housing"]
    office.act(close.act, keys=["2023/f1/housing", "2023/f2/housing"])
    assert keys(added(office)) == ["2023/f3/housing"]


def test_with_several_plans_the_origin_or_a_name_says_which(office: Office) -> None:
    office.track(make_plan(plan_id="other-2023"))
    with pytest.raises(Usage, match=r"--plan county-2023 \| other-2023"):
        added(office)
    assert added(office, plan_id="other-2023")[0].plan_id == "other-2023"
    assert added(office, wanted(origin="2023/5"))[0].plan_id == "county-2023"
    with pytest.raises(NotFound):
        added(office, wanted(title="b", origin="2023/5"), plan_id="other-2023")


def test_without_a_plan_there_is_nothing_to_add_to() -> None:
    with pytest.raises(Forbidden, match="plan sync"):
        added(make_office(texts={}))


# --- Its life ----------------------------------------------------------------------------------------------------


def test_a_follow_up_lives_as_any_other_from_start_to_receipt_and_the_audit_is_clean(office: Office) -> None:
    added(office, wanted(support=("union",), dues=(day("2023-06-30"),)), when="2023-03-06 10:00")
    office.live("2023-07-20 12:00")
    assert rungs(office.lines, "2023/f1/housing") == [
        "03-07 start",
        "05-31 remind-30",
        "06-15 remind-15",
        "06-21 remind-7",
        "06-27 remind-3w",
        "06-30 remind-0",
        "07-03 chase-1w",
        "07-05 escalate-3w",
        "07-11 escalate-7w",
        "07-18 escalate-n1",
    ]
    assert ("2023-03-07T09:00", "start", "union", ["start 2023/f1/housing"]) in map(brief, office.lines)
    office.act(close.act, keys=["2023/f1/housing"])
    (receipt,) = [line for line in office.tick("2023-07-20 14:00") if line["letter"] == "receipt"]
    assert receipt["to"] == ["liaison.housing@county.example"]
    office.live("2023-09-30 12:00")
    office.tick()
    assert not [line for line in rungs(office.lines, "2023/f1/housing") if line > "07-20"]
    assert faults(office) == []


def test_the_event_tells_its_beginning(office: Office) -> None:
    added(office, wanted(origin="2023/5", note="评估会议定"))
    (event,) = office.events("follow_up_added")
    assert (event["who"], event["why"], event["from_state"], event["to_state"]) == (
        "coordinator",
        "评估会议定",
        "open",
        "open",
    )
    assert json.loads(event["detail"]) == {
        "set": {"begins_on": "2023-01-01", "due_on": "2023-06-30", "kind": "follow-up"},
        "origin": "2023/5/hrss",
    }


def test_a_sync_leaves_follow_ups_alone(office: Office) -> None:
    added(office)
    before = office.item("2023/f1/housing")
    amended = make_plan(periods=THREE | {"2023": THREE["2023"].replace("2023-02-28", "2023-03-31")})
    office.track(amended)
    assert office.item("2023/f1/housing") == before
    assert not office.track(amended).changes


def test_the_start_letter_names_what_to_hand_in_where_it_came_from_and_that_the_office_set_the_day(
    office: Office,
) -> None:
    added(office, wanted(hand_in="整改照片", text="全部拆改", origin="2023/5"))
    office.live("2023-01-11 12:00")
    row = next(row for each, *_ in office.writer.written for row in each.rows if row.key == "2023/f1/housing")
    assert (row.title, row.text, row.hand_in, row.due_basis) == (SCAFFOLD, "全部拆改", "整改照片", "office")
    assert row.origin == "2023/5/hrss 中期评估"


def test_the_letter_about_what_waits_names_the_follow_ups_still_open(office: Office) -> None:
    added(office, wanted(origin="2023/5"), wanted(title="补发手册", departments=("union",), origin="2023/f1"))
    office.act(close.act, keys=["2023/5/hrss"])
    office.live("2024-01-05 12:00")

    def waiting() -> tuple[bool, tuple[str, ...]]:
        rows = [row for letter, *_ in office.writer.written for row in letter.rows if row.key == "2024/3/hrss"]
        assert rows[-1].after is not None
        return rows[-1].after.closed, rows[-1].after.open

    assert waiting() == (True, (SCAFFOLD, "补发手册"))
    office.act(close.act, keys=["2023/f1/housing", "2023/f2/union"])
    office.live("2024-12-02 12:00")
    assert waiting() == (True, ())


def test_a_vacant_post_is_passed_over_for_follow_ups_too() -> None:
    office = make_office("2023-01-10 08:00", texts=make_plan(periods=THREE), holders=everybody(("liaison", "housing")))
    added(office)
    (start,) = [line for line in office.tick("2023-01-10 09:00") if brief(line)[1:3] == ("start", "housing")]
    assert start["to"] == ["convener.housing@county.example"]
