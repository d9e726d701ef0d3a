"""What an edited plan changes against what is tracked: keys never change (RULES.md §1; docs/plan-format.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.cast import at, day, make_plan, parse, task
from wsyf_scheduler.core import amend
from wsyf_scheduler.core.amend import Changes, compare
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.plan import Wanted, expand


def wanted(*tasks: str) -> tuple[Wanted, ...]:
    return expand(parse(make_plan(*tasks)))


def tracked(*tasks: str, **overrides: Any) -> list[Assignment]:
    return [
        replace(
            Assignment(
                id=number,
                plan_id="county-2023",
                key=want.key,
                period=want.period,
                number=want.number,
                part=want.part,
                department=want.department,
                due_on=want.due_on,
                file_due_on=want.due_on,
                tracked_from=at("2022-05-19 00:00"),
                ladder_from=at("2022-05-19 00:00"),
                **amend.words_of(want),  # type: ignore[arg-type]
            ),
            **overrides,
        )
        for number, want in enumerate(wanted(*tasks), 1)
    ]


def told(changes: Changes) -> dict[str, list[str]]:
    """What changes, by kind: keys, with the new due day where there is one."""
    return {
        name: found
        for name, found in {
            "added": [f"{want.key} {want.due_on}" for want in changes.added],
            "moved": [f"{item.key} {want.due_on}" for item, want in changes.moved],
            "reworded": [item.key for item, _want in changes.reworded],
            "restored": [f"{item.key} {want.due_on}" for item, want in changes.restored],
            "withdrawn": [item.key for item in changes.withdrawn],
        }.items()
        if found
    }


ONE = task(1, due=day("2023-02-28"))
TWO = task(1, due=[day("2023-02-28"), day("2023-06-30")])


def test_the_same_file_changes_nothing() -> None:
    assert not compare(tracked(ONE), wanted(ONE))
    assert not compare(tracked(TWO), wanted(TWO))


def test_a_new_key_is_added_in_the_order_of_the_plan() -> None:
    second = task(2, lead=["housing", "union"])
    assert told(compare(tracked(ONE), wanted(ONE, second))) == {
        "added": ["2023/2/housing 2023-12-31", "2023/2/union 2023-12-31"]
    }


def test_a_further_date_takes_the_next_letter_and_the_old_one_keeps_its_key() -> None:
    changes = compare(tracked(ONE), wanted(TWO))
    assert told(changes) == {"added": ["2023/1b/emergency 2023-06-30"]}
    assert changes.added[0].part == "b"


def test_a_further_date_takes_the_next_letter_even_where_it_falls_earlier() -> None:
    earlier = task(1, due=[day("2023-01-31"), day("2023-02-28")])
    assert told(compare(tracked(ONE), wanted(earlier))) == {"added": ["2023/1b/emergency 2023-01-31"]}


def test_a_changed_date_keeps_the_key() -> None:
    assert told(compare(tracked(ONE), wanted(task(1, due=day("2023-03-31"))))) == {
        "moved": ["2023/1/emergency 2023-03-31"]
    }


def test_dates_that_stay_stay_with_their_part_and_the_rest_are_paired_in_order() -> None:
    changed = task(1, due=[day("2023-06-30"), day("2023-09-30"), day("2023-12-31")])
    assert told(compare(tracked(TWO), wanted(changed))) == {
        "moved": ["2023/1a/emergency 2023-09-30"],
        "added": ["2023/1c/emergency 2023-12-31"],
    }


def test_a_date_fewer_is_withdrawn_and_its_letter_is_not_used_again() -> None:
    items = tracked(TWO)
    assert told(compare(items, wanted(ONE))) == {"withdrawn": ["2023/1b/emergency"]}
    gone = [items[0], replace(items[1], state=State.WITHDRAWN)]
    three = task(1, due=[day("2023-02-28"), day("2023-06-30"), day("2023-09-30")])
    assert told(compare(gone, wanted(three))) == {
        "restored": ["2023/1b/emergency 2023-06-30"],
        "added": ["2023/1c/emergency 2023-09-30"],
    }


def test_a_vanished_task_is_withdrawn() -> None:
    items = tracked(ONE, task(2))
    assert told(compare(items, wanted(task(2)))) == {"withdrawn": ["2023/1/emergency"]}


@pytest.mark.parametrize("state", [State.DONE, State.WAIVED, State.WITHDRAWN])
def test_what_is_closed_stays_as_it_is_when_its_task_vanishes(state: State) -> None:
    items = tracked(ONE, task(2))
    closed = [replace(items[0], state=state), items[1]]
    assert not compare(closed, wanted(task(2)))


def test_a_submitted_assignment_is_withdrawn_too() -> None:
    items = tracked(ONE, task(2))
    found = compare([replace(items[0], state=State.SUBMITTED), items[1]], wanted(task(2)))
    assert told(found) == {"withdrawn": ["2023/1/emergency"]}


def test_a_withdrawn_key_that_is_there_again_is_restored() -> None:
    gone = tracked(ONE, state=State.WITHDRAWN)
    assert told(compare(gone, wanted(ONE))) == {"restored": ["2023/1/emergency 2023-02-28"]}


def test_a_withdrawn_key_may_come_back_with_another_date() -> None:
    gone = tracked(ONE, state=State.WITHDRAWN)
    assert told(compare(gone, wanted(task(1, due=day("2023-03-31"))))) == {"restored": ["2023/1/emergency 2023-03-31"]}


def test_another_lead_department_is_another_assignment() -> None:
    assert told(compare(tracked(ONE), wanted(task(1, lead=["housing"], due=day("2023-02-28"))))) == {
        "added": ["2023/1/housing 2023-02-28"],
        "withdrawn": ["2023/1/emergency"],
    }


@pytest.mark.parametrize(
    "words",
    [
        {"title": "新标题"},
        {"text": "新的原文"},
        {"support": ["union"]},
        {"hand_in": "一份报告"},
        {"kind": "meeting"},
        {"basis": "office"},
        {"data_year": 2022},
    ],
)
def test_new_words_are_taken_over(words: dict[str, Any]) -> None:
    changed = task(1, **{"due": day("2023-02-28")} | words)
    assert told(compare(tracked(ONE), wanted(changed))) == {"reworded": ["2023/1/emergency"]}


def test_an_extension_is_not_undone_by_a_sync() -> None:
    extended = tracked(ONE, due_on=day("2023-03-31"), original_due_on=day("2023-02-28"), due_basis="office")
    assert not compare(extended, wanted(ONE))
    assert told(compare(extended, wanted(task(1, due=day("2023-04-30"))))) == {"moved": ["2023/1/emergency 2023-04-30"]}


def test_follow_ups_are_none_of_the_files_business() -> None:
    (follow_up,) = tracked(ONE, number="f1", key="2023/f1/emergency")
    assert told(compare([follow_up], wanted(ONE))) == {"added": ["2023/1/emergency 2023-02-28"]}


def test_a_done_part_does_not_give_up_its_date() -> None:
    items = tracked(TWO)
    assert not compare([replace(items[0], state=State.DONE), items[1]], wanted(TWO))


# --- Given to another department ---------------------------------------------------------------------------------


def handed(changes: Changes) -> list[tuple[str, str]]:
    return [(item.key, want.key) for item, want in changes.reassigned]


def test_a_task_given_to_another_department_pairs_the_old_assignment_with_the_new() -> None:
    changes = compare(tracked(ONE), wanted(task(1, lead=["housing"], due=day("2023-02-28"))))
    assert handed(changes) == [("2023/1/emergency", "2023/1/housing")]
    assert {name: n for name, n in changes.counts.items() if n} == {"reassigned": 1}


def test_one_of_several_departments_is_replaced_and_the_others_stay() -> None:
    before = task(1, lead=["emergency", "housing"], due=day("2023-02-28"))
    after = task(1, lead=["emergency", "union", "hrss"], due=day("2023-02-28"))
    changes = compare(tracked(before), wanted(after))
    assert handed(changes) == [("2023/1/housing", "2023/1/union")]
    assert changes.counts["added"] == 1


def test_parts_are_handed_over_by_their_days_and_what_is_left_in_order() -> None:
    days = [day("2023-06-30"), day("2023-03-15")]  # one keeps its day, the other gets a new one as well
    changes = compare(tracked(TWO), wanted(task(1, lead=["housing"], due=days)))
    assert handed(changes) == [("2023/1b/emergency", "2023/1b/housing"), ("2023/1a/emergency", "2023/1a/housing")]


@pytest.mark.parametrize("state", [State.DONE, State.WAIVED])
def test_what_is_closed_is_handed_to_nobody(state: State) -> None:
    changes = compare(tracked(ONE, state=state), wanted(task(1, lead=["housing"], due=day("2023-02-28"))))
    assert handed(changes) == []
    assert told(changes) == {"added": ["2023/1/housing 2023-02-28"]}


def test_another_task_is_not_a_handing_over() -> None:
    changes = compare(tracked(ONE), wanted(task(2, lead=["housing"], due=day("2023-02-28"))))
    assert handed(changes) == []
    assert (changes.counts["added"], changes.counts["withdrawn"]) == (1, 1)


def test_a_task_given_back_is_handed_over_to_the_department_that_had_it_before() -> None:
    old = tracked(ONE, state=State.WITHDRAWN)
    (new,) = tracked(task(1, lead=["housing"], due=day("2023-02-28")))
    changes = compare([*old, replace(new, id=2)], wanted(ONE))
    assert handed(changes) == [("2023/1/housing", "2023/1/emergency")]
    assert [item.key for item, _want in changes.restored] == ["2023/1/emergency"]


def test_what_is_given_back_is_named_by_the_key_it_keeps() -> None:
    old = tracked(ONE, state=State.WITHDRAWN)
    (new,) = tracked(task(1, lead=["housing"], due=day("2023-02-28")))
    changes = compare([*old, replace(new, id=2)], wanted(TWO))  # the file's parts are a and b, the tracked one has none
    assert handed(changes) == [("2023/1/housing", "2023/1/emergency")]
    assert changes.counts | {"restored": 0} == changes.counts


def test_what_differs_is_named_old_and_new() -> None:
    (item,), (want,) = tracked(ONE), wanted(task(1, due=day("2023-02-28"), title="新标题", support=["union"]))
    assert amend.differing(item, want) == {"title": ("任务1", "新标题"), "support": ((), ("union",))}
