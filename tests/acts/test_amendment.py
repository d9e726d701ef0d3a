"""What is told before a sync is what then happens: letters that go no more, letters that go instead, who is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.cast import Office, day, ladder_lines, make_office, make_plan, parse, rungs, task
from wsyf_scheduler.acts import close, extend, track
from wsyf_scheduler.audit.examine import whole
from wsyf_scheduler.core.ahead import ahead
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.decide import NOTHING_DECIDED
from wsyf_scheduler.core.ladder import Landing
from wsyf_scheduler.reports.amendment import Amendment, amendment
from wsyf_scheduler.store import assignments, notices

KEY = "2023/1/emergency"
FEBRUARY = make_plan(task(1, due=day("2023-02-28")), task(2))


def named(landings: tuple[Landing, ...]) -> set[str]:
    return {f"{each.on:%m-%d} {each.rung.name}{each.repeat or ''}" for each in landings}


def lies_ahead(office: Office) -> dict[str, set[str]]:
    """What each assignment's department will get if nobody acts and no plan changes."""
    with office.db.read() as session:
        items = assignments.of_plan(session, "county-2023")
        decided = notices.decided(session, [item.id for item in items])
        table = office.app.table_of(session, "Asia/Shanghai")
    return {item.key: named(ahead(item, decided.get(item.id, NOTHING_DECIDED), table, office.now)) for item in items}


def foretold(office: Office, texts: dict[str, str]) -> Amendment:
    return amendment(office.app, parse(texts), office.now)


EDITS: dict[str, dict[str, str]] = {
    "moved later": make_plan(task(1, due=day("2023-03-31")), task(2)),
    "moved into the past": make_plan(task(1, due=day("2023-01-31")), task(2)),
    "moved, and another kind": make_plan(task(1, kind="evaluation", due=day("2023-09-30")), task(2)),
    "withdrawn": make_plan(task(2)),
    "added": make_plan(task(1, due=day("2023-02-28")), task(2), task(3, due=day("2023-04-30"))),
    "given away": make_plan(task(1, lead=["housing"], due=day("2023-02-28")), task(2)),
    "reworded": make_plan(task(1, title="新标题", due=day("2023-02-28")), task(2)),
    "of another kind": make_plan(task(1, due=day("2023-02-28")), task(2, kind="summary")),
    "supported": make_plan(task(1, due=day("2023-02-28"), support=["union"]), task(2)),
}


@pytest.mark.parametrize("when", ["2023-01-28 00:00", "2023-02-21 10:00", "2023-03-08 20:00"])
@pytest.mark.parametrize("edit", EDITS)
def test_what_is_foretold_is_what_the_department_then_gets(edit: str, when: str) -> None:
    office = make_office("2023-01-01 00:00", texts=FEBRUARY)
    office.live(when)
    before, said = lies_ahead(office), foretold(office, EDITS[edit])
    office.track(EDITS[edit])
    changes = sum(line["letter"] == "change" for line in office.tick())
    assert changes == len({shift.department for shift in said.shifts.values() if shift.told})
    after = lies_ahead(office)  # what went in this very tick lies behind
    sent = {key: set(rungs(office.lines, key)) for key in after}
    for key, shift in said.shifts.items():
        expected = (before.get(key, set()) - named(shift.gone)) | named(shift.come)
        assert expected - sent[key] == after[key] - sent[key]
    for key in after.keys() - said.shifts.keys():
        assert before[key] - sent[key] == after[key]


def test_the_convener_who_had_the_last_escalation_is_told_too() -> None:
    office = make_office("2023-01-01 00:00", texts=FEBRUARY)
    office.live("2023-03-04 10:00")
    said = foretold(office, EDITS["moved later"])
    assert said.shifts[KEY].told == ("liaison", "convener", "director")


def test_a_support_department_that_joins_is_named_with_the_day_of_its_start_letter() -> None:
    office = make_office("2023-01-01 00:00", texts=FEBRUARY)
    office.live("2023-02-18 20:00")
    said = foretold(office, EDITS["supported"])  # a Saturday
    assert said.shifts[KEY].helpers_come == (("union", day("2023-02-20")),)
    office.track(EDITS["supported"])
    assert foretold(office, FEBRUARY).shifts[KEY].helpers_gone == (("union", day("2023-02-20")),)
    found = [line for line in ladder_lines(office.live("2023-02-20 10:00")) if line["department"] == "union"]
    assert [(line["at"][:10], line["letter"]) for line in found] == [("2023-02-20", "start")]
    assert foretold(office, FEBRUARY).shifts == {}  # what is said stays said


def test_words_that_move_no_letter_move_none() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    assert foretold(office, EDITS["reworded"]).shifts == {}


@pytest.mark.parametrize("edit", ["moved later", "withdrawn", "given away", "reworded"])
def test_what_is_foretold_of_an_extended_task_is_what_the_department_then_gets(edit: str) -> None:
    office = make_office("2023-01-01 00:00", texts=FEBRUARY)
    office.live("2023-02-20 10:00")
    office.act(extend.act, key=KEY, to=day("2023-04-28"), reason="数据核对", approved_by="办公室主任")
    before, said = lies_ahead(office), foretold(office, EDITS[edit])
    office.track(EDITS[edit])
    after = lies_ahead(office)
    for key, shift in said.shifts.items():
        assert (before.get(key, set()) - named(shift.gone)) | named(shift.come) == after[key]
    for key in after.keys() - said.shifts.keys():
        assert before[key] == after[key]


def test_whoever_approved_an_extension_is_known_where_it_went_along() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.act(extend.act, key=KEY, to=day("2023-04-28"), reason="数据核对", approved_by="办公室主任")
    office.track(EDITS["given away"])
    moved = make_plan(task(1, lead=["housing"], due=day("2023-03-15")), task(2))
    assert foretold(office, moved).approved_by == {"2023/1/housing": "办公室主任"}


def test_what_is_closed_moves_in_silence() -> None:
    office = make_office("2023-01-28 00:00", texts=FEBRUARY)
    office.act(close.act, keys=[KEY])
    said = foretold(office, EDITS["moved later"])
    assert [item.key for item, _want in said.changes.moved] == [KEY]
    assert said.shifts == {}


def test_a_plan_not_tracked_yet_says_how_many_would_be_held() -> None:
    office = make_office("2023-06-01 00:00", texts={})
    said = foretold(office, FEBRUARY)
    assert (said.version, said.held, len(said.changes.added), said.shifts) == (0, 1, 2, {})


leads = st.lists(st.sampled_from(["hrss", "emergency", "housing", "union"]), min_size=1, max_size=3, unique=True)
days = st.lists(
    st.sampled_from([day("2023-02-28"), day("2023-03-31"), day("2023-06-30")]), min_size=1, max_size=2, unique=True
)
plans = st.builds(lambda one, two, due: make_plan(task(1, lead=one, due=due), task(2, lead=two)), leads, leads, days)


def office_items(office: Office) -> list[Assignment]:
    with office.db.read() as session:
        return assignments.of_plan(session, "county-2023")


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(plans, min_size=2, max_size=4), st.integers(1, 40))
def test_whatever_is_edited_the_trail_tells_it_and_the_audit_is_clean(edits: list[dict[str, str]], step: int) -> None:
    office = make_office("2023-01-01 08:00", texts=edits[0])
    for texts in edits[1:]:
        office.live(office.now.replace(hour=2) + step * (day("2023-01-02") - day("2023-01-01")))
        found: Any = office.act(track.act, plan=parse(texts), texts=texts, reason="调整")
        assert not amendment(office.app, parse(texts), office.now).changes
        for item, want in found.changes.reassigned:
            (new,) = [each for each in office_items(office) if each.key == want.key]
            assert new.task == item.task
    office.live("2023-08-01 10:00")
    office.tick()
    with office.db.read() as session:
        assert whole(session, office.app.config, office.now).findings == ()
    assert ladder_lines(office.lines)
