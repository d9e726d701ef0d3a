"""Handing in figures: whole ones make the assignment submitted, impossible ones are refused, corrections are kept."""

import random
from fractions import Fraction
from pathlib import Path

import pytest

from tests.cast import make_office
from wsyf_scheduler.acts import close, confirm_figures, give_back, hand_in, reopen, undo, waive
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.core.plausible import Oddity
from wsyf_scheduler.errors import Forbidden, Usage
from wsyf_scheduler.figuring import counting, is_provisional, whole_plan
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.store import figures

JOBS = Path(__file__).parents[2] / "jobs" / "gaoping-2021-2025"
PLAN = "gaoping-2021-2025"
KEY = "2022/1/emergency"
FOUR = ("hazchem", "coal", "noncoal", "machinery")
WHOLE = {name: {"accidents": 3, "casualties": 5} for name in FOUR}


@pytest.fixture
def office():
    return make_office("2022-05-20 08:00", texts=plan_files.read_texts(JOBS))


def given(office, key=KEY, **more):
    return office.act(hand_in.act, key=key, **{"handed": WHOLE, **more})


def rows(office, *, retired=False):
    with office.app.db.read() as session:
        return figures.of_plan(session, PLAN, retired=retired)


def test_whole_figures_make_it_submitted_and_silent(office):
    done = given(office)
    assert (done.item.state, done.lacking, len(done.changes)) == (State.SUBMITTED, (), 8)


def test_half_of_them_leave_it_open_and_name_the_rest(office):
    done = given(office, handed={"coal": {"accidents": 3, "casualties": 5}})
    assert done.item.state is State.OPEN
    assert [(industry, measure.id) for industry, measure in done.lacking][:2] == [
        ("hazchem", "accidents"),
        ("hazchem", "casualties"),
    ]


def test_deaths_and_injured_make_the_casualties(office):
    given(office, handed={"coal": {"accidents": 1, "deaths": 1, "injured": 2}})
    assert {row.measure: row.value for row in rows(office)} == {
        "accidents": 1,
        "deaths": 1,
        "injured": 2,
        "casualties": 3,
    }


@pytest.mark.parametrize(
    ("values", "oddity"),
    [
        ({"accidents": -1, "casualties": 0}, Oddity.NEGATIVE),
        ({"accidents": 1, "casualties": 4, "deaths": 1, "injured": 2}, Oddity.NOT_THE_SUM),
        ({"accidents": 1, "deaths": 1}, Oddity.PARTS_MISSING),
        ({"accidents": Fraction(1, 2), "casualties": 1}, Oddity.NOT_WHOLE),
    ],
)
def test_the_impossible_is_refused_and_nothing_is_kept(office, values, oddity):
    done = given(office, handed={**WHOLE, "coal": values})
    assert [doubt.oddity for doubt in done.impossible] == [oddity]
    assert rows(office) == []


def test_the_unlikely_is_asked_back_and_taken_with_a_reason(office):
    given(office)
    office.go("2023-01-10 10:00")
    more = {**WHOLE, "coal": {"accidents": 5, "casualties": 5}}
    asked = given(office, "2023/1/emergency", handed=more)
    assert [(d.industry, d.measure, d.than, d.year) for d in asked.unlikely] == [("coal", "accidents", 3, 2021)]
    assert len(rows(office)) == 8
    taken = given(office, "2023/1/emergency", handed=more, confirm="已与应急局核实")
    assert (taken.is_written, taken.item.state) == (True, State.SUBMITTED)


def test_a_correction_keeps_the_old_value_and_correcting_back_changes_nothing(office):
    given(office)
    before = counted(office)
    given(office, handed={"coal": {"accidents": 4}})
    assert counted(office) != before
    given(office, handed={"coal": {"accidents": 3}})
    assert counted(office) == before
    assert [row.value for row in rows(office, retired=True) if row.retired_at] == [3, 4]


def counted(office):
    with office.app.db.read() as session:
        return counting(whole_plan(session, PLAN), figures.of_plan(session, PLAN))


def test_figures_of_a_returned_or_reopened_assignment_do_not_count(office):
    given(office)
    office.act(close.act, keys=[KEY])
    assert len(counted(office)) == 8
    office.act(reopen.act, key=KEY, reason="数据有误")
    assert counted(office) == {}


def test_a_ratio_by_itself_stands_for_its_cases_and_gives_way_to_them(office):
    done = given(office, "2022/2/health", handed={"dust": {"ratio": Fraction(3, 40)}})
    assert done.item.state is State.SUBMITTED
    given(office, "2022/2/health", handed={"dust": {"early_cases": 1, "cases": 10}})
    assert {row.measure: row.value for row in rows(office)} == {"early_cases": 1, "cases": 10}
    assert given(office, "2022/2/health", handed={"dust": {"early_cases": 11}}).impossible[0].oddity is Oddity.ABOVE


@pytest.mark.parametrize(
    ("key", "handed", "words"),
    [
        ("2022/3/hrss", WHOLE, "collects no figures"),
        (KEY, {"construction": {"accidents": 1}}, "has no industry construction"),
        (KEY, {"coal": {"persons": 1}}, "asks for no persons"),
    ],
)
def test_what_is_not_asked_is_refused_with_what_is(office, key, handed, words):
    with pytest.raises((Usage, Forbidden), match=words):
        given(office, key, handed=handed)


def test_the_size_of_a_pool_is_of_no_industry_and_waits_for_the_coordinator(office):
    done = given(office, "2022/5", handed={"": {"experts": 32}})
    assert done.item.state is State.SUBMITTED
    assert [(row.industry, row.year, row.value) for row in rows(office)] == [("", 2022, 32)]
    with pytest.raises(Usage, match="asks for no trainers"):
        given(office, "2022/5", handed={"": {"trainers": 32}})


def test_the_order_in_which_figures_arrive_changes_nothing(office):
    """Not of industries, of assignments, or of an early guess and its correction."""
    office.go("2023-01-10 10:00")
    steps = [(KEY, {name: WHOLE[name]}) for name in FOUR] + [
        ("2023/1/emergency", WHOLE),
        ("2022/2/health", {"dust": {"early_cases": 1, "cases": 20}}),
    ]
    for seed in range(8):
        other = make_office("2023-01-10 10:00", texts=plan_files.read_texts(JOBS))
        for key, handed in random.Random(seed).sample(steps, len(steps)):
            other.act(hand_in.act, key=key, handed=handed, confirm="已核实")
        found = {place: given.value for place, given in counted(other).items()}
        assert found == {
            **{(name, year, each): WHOLE[name][each] for name in FOUR for year in (2021, 2022) for each in WHOLE[name]},
            ("dust", 2021, "early_cases"): 1,
            ("dust", 2021, "cases"): 20,
        }


def test_figures_of_the_year_a_sync_took_away_are_no_figures_of_the_new_one(office):
    """The same value handed in again is one of the new year; the old year's stays."""
    given(office)
    texts = plan_files.read_texts(JOBS)
    office.track({**texts, "2022.toml": texts["2022.toml"].replace("data_year = 2021", "data_year = 2020", 1)})
    done = given(office, confirm="已核实")
    assert len(done.changes) == len(WHOLE) * 2
    assert done.lacking == ()
    assert {row.year for row in rows(office)} == {2020, 2021}


DUST = "2022/2/health"


@pytest.mark.parametrize("is_done", [False, True], ids=["submitted", "done"])
@pytest.mark.parametrize("handed", [{"early_cases": 1}, {"cases": 10}])
def test_what_counts_is_never_made_less_whole(office, is_done, handed):
    """One of two counts in place of the ratio would leave a done assignment without its figures."""
    given(office, DUST, handed={"dust": {"ratio": Fraction(1, 4)}})
    if is_done:
        office.act(close.act, keys=[DUST])
    before, events = rows(office, retired=True), len(office.events())
    with pytest.raises(Forbidden, match=r"would lack 涉尘行业 .*; give early_cases and cases together, or ratio alone"):
        given(office, DUST, handed={"dust": handed}, confirm="已核实")
    assert (rows(office, retired=True), len(office.events())) == (before, events)
    given(office, DUST, handed={"dust": {"early_cases": 1, "cases": 10}}, confirm="已核实")
    assert {row.measure for row in rows(office)} == {"early_cases", "cases"}


def test_what_is_open_may_be_handed_in_piece_by_piece(office):
    given(office, DUST, handed={"dust": {"ratio": Fraction(1, 4)}})
    office.act(give_back.act, key=DUST, reason="请补报例数")
    done = given(office, DUST, handed={"dust": {"early_cases": 1}})
    assert [measure.id for _industry, measure in done.lacking] == ["cases"]


def test_one_closed_without_figures_takes_them_piece_by_piece(office):
    office.act(close.act, keys=[DUST], without_figures=True)
    done = given(office, DUST, handed={"dust": {"early_cases": 1}})
    assert (done.is_written, [measure.id for _industry, measure in done.lacking]) == (True, ["cases"])


@pytest.mark.parametrize("last", [{"casualties": 6}, {"accidents": 0}], ids=["casualties-last", "accidents-last"])
def test_casualties_without_an_accident_are_asked_back_whichever_of_the_two_came_last(office, last):
    key, both = "2022/1/housing", {"accidents": 0, "casualties": 6}
    first = {name: value for name, value in both.items() if name not in last}
    given(office, key, handed={"construction": first})
    asked = given(office, key, handed={"construction": last})
    assert [doubt.oddity for doubt in asked.unlikely] == [Oddity.HARMED_WITHOUT_ACCIDENT]
    assert len(rows(office)) == 1
    given(office, key, handed={"construction": last}, confirm="已与住建局核实")
    assert given(office, key, handed={"construction": both}).unlikely == ()  # confirmed once


def test_accidents_corrected_to_none_are_asked_back_while_there_are_casualties(office):
    given(office, "2022/1/housing", handed={"construction": {"accidents": 2, "casualties": 6}})
    asked = given(office, "2022/1/housing", handed={"construction": {"accidents": 0}})
    assert [doubt.oddity for doubt in asked.unlikely] == [Oddity.HARMED_WITHOUT_ACCIDENT]


@pytest.mark.parametrize(
    "last_year", [{"ratio": Fraction(1, 10)}, {"early_cases": 2, "cases": 20}], ids=["by-itself", "of-cases"]
)
def test_a_ratio_by_itself_is_asked_back_when_it_is_more_than_half_up_or_down(office, last_year):
    given(office, DUST, handed={"dust": last_year})
    office.go("2023-01-10 10:00")
    for ratio in (Fraction(9, 10), Fraction(1, 25)):
        asked = given(office, "2023/2/health", handed={"dust": {"ratio": ratio}})
        (doubt,) = asked.unlikely
        assert (doubt.oddity, doubt.measure, doubt.than, doubt.year) == (Oddity.JUMP, "ratio", Fraction(1, 10), 2021)
    done = given(office, "2023/2/health", handed={"dust": {"ratio": Fraction(3, 20)}})  # half up, no more
    assert done.item.state is State.SUBMITTED


def test_the_size_of_a_pool_is_never_provisional(office):
    given(office, "2022/5", handed={"": {"experts": 32}})
    given(office, "2025/1b/housing", handed={"construction": {"accidents": 3, "casualties": 4}})
    with office.app.db.read() as session:
        plan = whole_plan(session, PLAN)
        found = {row.measure: is_provisional(plan, row) for row in figures.of_plan(session, PLAN)}
    assert found == {"experts": False, "accidents": True, "casualties": True}


def test_only_what_can_be_opened_again_is_told_so(office):
    office.act(waive.act, key=KEY, reason="已并入其他事项")
    with pytest.raises(Forbidden, match="is waived: it takes no figures; `wsyf reopen` opens it again"):
        given(office)
    texts = plan_files.read_texts(JOBS)
    office.track({**texts, "2022.toml": texts["2022.toml"].replace('"housing", ', "", 1)})
    assert office.item("2022/1/housing").state is State.WITHDRAWN
    with pytest.raises(Forbidden, match=r"is withdrawn: it takes no figures$"):
        given(office, "2022/1/housing", handed={"construction": {"accidents": 1, "casualties": 1}})
    with pytest.raises(Forbidden, match="do not count: it is withdrawn"):
        office.act(confirm_figures.act, keys=["2022/1/housing"])


def in_one_go(office):
    """As `wsyf data import FILE --done` does it: two acts, one instant."""
    office.go("2022-05-20 08:30")
    office.act(hand_in.act_all, given=[hand_in.Given(KEY, WHOLE)], whole=True)
    office.act(close.act, keys=[KEY])


def test_undo_takes_back_the_closing_that_came_with_figures_and_leaves_the_figures(office):
    in_one_go(office)
    before = rows(office)
    done = undo.act(office.app, office.now, who="coordinator")
    assert [(each.state, after.state) for each, after in done.items] == [(State.DONE, State.SUBMITTED)]
    assert done.letters == ("receipt",)
    assert [row["state"] for row in office.messages(letter="receipt")] == ["cancelled"]
    assert [(row.measure, row.value) for row in rows(office)] == [(row.measure, row.value) for row in before]
    assert len(counted(office)) == 8
    with pytest.raises(Forbidden, match="figures are not undone"):
        undo.act(office.app, office.now, who="coordinator")


def test_after_its_receipt_went_a_closing_that_came_with_figures_is_reopened_not_undone(office):
    in_one_go(office)
    office.live("2022-05-20 12:00")
    with pytest.raises(Forbidden, match=f"`wsyf reopen {KEY} --reason TEXT` opens it again"):
        undo.act(office.app, office.now, who="coordinator")
