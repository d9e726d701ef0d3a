"""Whatever people, servers, clocks and crashes do, and in whatever order: nothing owed is lost, nothing is said twice or in vain."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.cast import day, everybody, make_holder, make_plan, task
from tests.model.watch import Watch
from tests.model.world import Mood, Point, World
from wsyf_scheduler.acts import (
    close,
    extend,
    give_back,
    let_go,
    mute,
    note,
    release,
    reopen,
    staff,
    try_again,
    undo,
    waive,
    write_off,
)
from wsyf_scheduler.acts import remind as acts_remind
from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, state_after
from wsyf_scheduler.core.assignment import Assignment, Verb
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.errors import WsyfError
from wsyf_scheduler.finding import find
from wsyf_scheduler.picking import Picked
from wsyf_scheduler.store.rows import MESSAGE
from wsyf_scheduler.ticks import remind

BEGINS = "2023-02-06 10:00"
SOON, LATER = day("2023-02-20"), day("2023-03-03")
PLANS = [
    make_plan(task(1, due=SOON, support=["union"]), task(2, lead=["housing", "emergency"], due=LATER)),
    make_plan(task(1, due=[SOON, LATER], lead=["emergency", "union"]), task(2, lead=["housing"], due=SOON)),
    make_plan(task(2, lead=["emergency"], due=LATER, title="新标题", support="others"), task(3, due=day("2023-02-08"))),
]
NEW_LIAISON = make_holder("liaison", "emergency", name="新联络员", email="new@county.example")
PEOPLE = [
    everybody(),
    [*everybody(("liaison", "emergency")), NEW_LIAISON],
    everybody(("liaison", "emergency"), ("liaison", "housing"), ("director", "")),
]
READERS = sorted({each.email for each in everybody()})
OFF = [frozenset(), frozenset({day("2023-02-10"), day("2023-02-20"), day("2023-02-21")})]
WITHOUT_DEATH = [mood for mood in Mood if mood not in (Mood.CRASH_BEFORE, Mood.CRASH_AFTER)]
EVERYTHING = Picked()
NUMBER = st.integers(0, 9)


def submit(app: App, now: datetime, *, key: str, who: str) -> None:
    """As a form that came in will do."""
    with app.db.begin() as session:
        item = find(session, key)
        state = state_after(app, session, now, item, Verb.SUBMIT, reason="")
        apply(app, session, now, item, action="assignment_submitted", who=who, state=state.value)


class Life(RuleBasedStateMachine):
    """One office. What is forbidden is refused, and changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(BEGINS, PLANS[0], everybody())
        self.watch = Watch(self.world)

    def teardown(self) -> None:
        try:
            self.calm()
        finally:
            self.world.close()

    # Time

    @rule(minutes=st.sampled_from([1, 11, 30, 61, 240, 700]))
    def a_while_later(self, minutes: int) -> None:
        self.world.clock.instant += timedelta(minutes=minutes)
        assert self.round() == ""

    @rule(days=st.integers(0, 3), minutes=st.sampled_from([0, 0, 0, 20, 509, 510, 511]))
    def on_a_morning(self, days: int, minutes: int) -> None:
        self.world.clock.instant += timedelta(days=days)
        self.next_morning()
        self.world.clock.instant += timedelta(minutes=minutes)
        assert self.round() == ""

    @rule()
    def only_deciding(self) -> None:
        assert self.world.sweep() == ""

    @rule()
    def only_sending(self) -> None:
        assert self.world.send() == ""

    @rule(back=st.sampled_from([timedelta(seconds=30), timedelta(hours=3), timedelta(days=2)]))
    def the_clock_is_set_back(self, back: timedelta) -> None:
        self.world.clock.instant -= back
        assert self.round() == ""

    @rule(days=st.sampled_from([10, 20, 90]))
    def the_clock_leaps(self, days: int) -> None:
        self.world.clock.instant += timedelta(days=days)
        assert self.round() == ""

    # People and papers

    @rule(which=NUMBER, note=st.sampled_from(["", "收到"]))
    def done(self, which: int, note: str) -> None:
        self.act(close.act, keys=[self.key(which)], note=note)

    @rule(which=NUMBER)
    def waived(self, which: int) -> None:
        self.act(waive.act, key=self.key(which), reason="合并办理")

    @rule(which=NUMBER)
    def reopened(self, which: int) -> None:
        self.act(reopen.act, key=self.key(which), reason="数据有误")

    @rule(which=NUMBER, days=st.sampled_from([1, 8, 30]))
    def extended(self, which: int, days: int) -> None:
        item = self.item(which)
        to = max(item.due_on, self.today) + timedelta(days=days)
        self.act(extend.act, key=item.key, to=to, reason="机构改革", approved_by="主任")

    @rule(which=NUMBER)
    def handed_in(self, which: int) -> None:
        self.act(submit, key=self.key(which))

    @rule(which=NUMBER)
    def returned(self, which: int) -> None:
        self.act(give_back.act, key=self.key(which), reason="缺少盖章")

    @rule(which=NUMBER, days=st.sampled_from([1, 4, 11]))
    def muted(self, which: int, days: int) -> None:
        self.act(mute.act, key=self.key(which), until=self.today + timedelta(days=days), reason="上级检查")

    @rule(which=NUMBER)
    def noted(self, which: int) -> None:
        self.act(note.act, key=self.key(which), text="已电话联系")

    @rule(which=NUMBER, second=NUMBER)
    def reminded(self, which: int, second: int) -> None:
        self.act(acts_remind.act, keys=[self.key(which), self.key(second)])

    @rule(minutes=st.sampled_from([0, 5, 60]))
    def undone(self, minutes: int) -> None:
        self.world.clock.instant += timedelta(minutes=minutes)
        self.act(undo.act)

    @rule(everything=st.booleans(), which=NUMBER)
    def released(self, which: int, *, everything: bool) -> None:
        self.act(release.act, keys=[] if everything else [self.key(which)], everything=everything)

    @rule(texts=st.sampled_from(PLANS))
    def the_plan_is_synced(self, texts: dict[str, str]) -> None:
        self.world.sync(texts)

    @rule(holders=st.sampled_from(PEOPLE))
    def people_change(self, holders: list[object]) -> None:
        self.act(staff.act, holders=holders, today=self.today)

    @rule(off=st.sampled_from(OFF))
    def the_calendar_changes(self, off: frozenset[date]) -> None:
        self.world.restart(extra_off=off)

    # The server, and the outbox

    @rule(moods=st.lists(st.sampled_from(WITHOUT_DEATH), min_size=1, max_size=5))
    def the_server_has_its_moods(self, moods: list[Mood]) -> None:
        self.world.server.moods.extend(moods)
        self.next_morning()
        assert self.round() == ""

    @rule(first=st.sampled_from(WITHOUT_DEATH), then=st.sampled_from(WITHOUT_DEATH), times=st.integers(1, 4))
    def a_day_of_trouble(self, first: Mood, then: Mood, times: int) -> None:
        """The first letters meet one fate, all others of that day another; the next morning all is well."""
        self.next_morning()
        self.world.server.moods.extend([first] * times + [then] * 50)
        for _ in range(3):
            assert self.round() == ""
            self.watch.step()
            self.world.clock.instant += timedelta(hours=2)
        self.world.server.moods.clear()
        self.next_morning()
        assert self.round() == ""

    @rule(address=st.sampled_from(READERS), for_good=st.booleans())
    def an_address_is_refused(self, address: str, *, for_good: bool) -> None:
        (self.world.server.dead if for_good else self.world.server.busy).add(address)

    @rule()
    def the_server_recovers(self) -> None:
        self.world.server.recover()

    @rule()
    def let_go(self) -> None:
        self.act(let_go.act, picked=EVERYTHING)

    @rule()
    def written_off(self) -> None:
        if self.world.held:
            remind.decide_owed(self.world.app, self.world.now)  # as `wsyf outbox discard` does
        self.act(write_off.act, picked=EVERYTHING)

    @rule(which=NUMBER)
    def one_written_off(self, which: int) -> None:
        self.act(write_off.act, picked=Picked(ids=(self.message(which),)))

    @rule(which=NUMBER, again=st.booleans())
    def tried_again(self, which: int, *, again: bool) -> None:
        self.act(try_again.act, picked=Picked(ids=(self.message(which),)), again=again)

    @rule()
    def all_tried_again(self) -> None:
        self.act(try_again.act, picked=EVERYTHING, again=False)

    # Deaths

    @rule(point=st.sampled_from(list(Point)), passes=st.integers(1, 6), morning=st.booleans())
    def a_commit_goes_wrong(self, point: Point, passes: int, *, morning: bool) -> None:
        if morning:
            self.next_morning()
        self.world.trap.arm(point, passes)
        self.live_or_die()

    @rule(well=st.integers(0, 4), after=st.booleans())
    def death_while_sending(self, well: int, *, after: bool) -> None:
        self.world.server.moods.clear()
        self.world.server.moods.extend([*[Mood.WELL] * well, Mood.CRASH_AFTER if after else Mood.CRASH_BEFORE])
        self.next_morning()
        self.live_or_die()
        self.world.server.moods.clear()

    @rule(host=st.sampled_from(["one/1", "two/2"]), adopt=st.booleans())
    def the_office_moves(self, host: str, *, adopt: bool) -> None:
        self.world.restart(host=host)
        if adopt:
            let_go.adopt(self.world.app, self.world.now, who="coordinator")
        assert self.round() == ""

    # What must hold

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.watch.step()

    def calm(self) -> None:
        """All is well for two weeks: then nothing that is owed is outstanding."""
        world = self.world
        world.server.recover()
        world.trap.disarm()
        world.restart(max_messages=1000)
        world.round()
        self.act(let_go.act, picked=EVERYTHING)
        ends_at = world.now + timedelta(days=14)
        while world.now < ends_at:
            assert self.round() == ""
            self.watch.step()
            self.next_morning()
        assert self.round() == ""
        self.watch.step()
        self.watch.all_was_said()

    # In short

    @property
    def today(self) -> date:
        return self.world.table.hours.day_of(self.world.now)

    def round(self) -> str:
        return self.world.round()

    def next_morning(self) -> None:
        """The clock is put to the next slot of any rung."""
        table = self.world.table
        self.world.clock.instant = table.hours.next_open(self.world.now + timedelta(hours=15), table.calendar)

    def live_or_die(self) -> None:
        before = self.world.deaths
        self.world.survive(self.round)
        if self.world.deaths > before:
            self.watch.crashed()  # what it had claimed is left to whoever comes next, whenever that is
        else:
            self.world.server.moods.clear()  # a death that had nothing to die of would come in the round that follows
            assert self.round() == ""

    def act(self, verb: object, **given: object) -> None:
        with suppress(WsyfError):
            self.world.act(verb, **given)

    def item(self, which: int) -> Assignment:
        found = list(self.watch.items().values())
        return found[which % len(found)]

    def key(self, which: int) -> str:
        return self.item(which).key

    def message(self, which: int) -> str:
        """One of the last messages."""
        found = [key for key, row in self.watch.rows(MESSAGE).items() if row["state"] != MessageState.SUPERSEDED]
        return str(found[-1 - which % len(found)] if found else 1)


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def test_a_short_life() -> None:
    """The same lives each time; what a long life finds is what gets shorter."""
    found_only = [Phase.explicit, Phase.generate]
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=found_only,
            suppress_health_check=QUIET,
        ),
    )


@pytest.mark.long
def test_a_long_life() -> None:
    examples = int(os.environ.get("WSYF_LIVES", "300"))
    run_state_machine_as_test(
        Life,
        settings=settings(max_examples=examples, stateful_step_count=60, deadline=None, suppress_health_check=QUIET),
    )
