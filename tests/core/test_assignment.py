"""States: one table of transitions, and nothing beside it (RULES.md §5)."""

from __future__ import annotations

from itertools import product

import pytest

from tests.cast import day, make_assignment
from wsyf_scheduler.core.assignment import REASON_REQUIRED, TRANSITIONS, Refused, State, Verb, advance, is_overdue

ALLOWED = {
    "open": {"submit": "submitted", "done": "done", "waive": "waived", "withdraw": "withdrawn"},
    "submitted": {"return": "open", "done": "done", "waive": "waived", "withdraw": "withdrawn"},
    "done": {"reopen": "open"},
    "waived": {"reopen": "open"},
    "withdrawn": {"restore": "open"},
}


@pytest.mark.parametrize(("state", "verb"), list(product(State, Verb)))
def test_a_verb_leads_where_the_rules_say_or_is_refused(state: State, verb: Verb) -> None:
    wanted = ALLOWED[state.value].get(verb.value)
    if wanted is not None:
        assert advance(state, verb) is State(wanted)
        return
    with pytest.raises(Refused, match=f"{verb} is not possible while {state}") as refused:
        advance(state, verb)
    assert (refused.value.state, refused.value.verb) == (state, verb)


def test_every_state_can_be_reached_and_none_is_a_trap() -> None:
    assert set(TRANSITIONS.values()) == set(State)
    assert {before for before, _verb in TRANSITIONS} == set(State)


def test_what_undoes_an_owed_thing_wants_a_reason() -> None:
    assert {Verb.RETURN, Verb.WAIVE, Verb.REOPEN} == REASON_REQUIRED


@pytest.mark.parametrize(
    ("state", "today", "overdue"),
    [
        (State.OPEN, "2023-02-28", False),  # the due day ends at 24:00
        (State.OPEN, "2023-03-01", True),
        (State.SUBMITTED, "2023-03-01", False),
        (State.DONE, "2023-03-01", False),
        (State.WAIVED, "2023-03-01", False),
        (State.WITHDRAWN, "2023-03-01", False),
    ],
)
def test_overdue_is_derived_from_the_day_after_the_due_day(state: State, today: str, overdue: bool) -> None:
    assert is_overdue(state, day("2023-02-28"), day(today)) is overdue
    assert make_assignment(state=state).is_overdue(day(today)) is overdue


def test_an_assignment_knows_its_task_and_the_days_left() -> None:
    item = make_assignment(part="b")
    assert item.key == "2023/1b/emergency"
    assert item.task == "2023/1"
    assert [item.days_left(day(on)) for on in ("2023-02-21", "2023-02-28", "2023-03-01")] == [7, 0, -1]
