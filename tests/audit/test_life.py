"""An assignment's life from its events: as it stood on any day, and nothing said twice."""

from __future__ import annotations

import json

from tests.audit.auditing import KEY, lived_office
from tests.cast import Office, at, day, make_assignment, make_office, make_plan, task
from wsyf_scheduler.acts import close, extend, reopen
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.core.life import Happened, Life, differences, live
from wsyf_scheduler.store import history


def life(office: Office, key: str = KEY) -> Life:
    item = office.item(key)
    with office.db.read() as session:
        events = history.events_of(session, [item.id])[item.id]
        table = office.app.plans(session)[item.plan_id].table
    return live(item, events, table.hours.day_of)


def said(office: Office, action: str) -> dict[str, object]:
    return dict(json.loads(office.events(action)[-1]["detail"]))


def test_the_life_tells_how_the_assignment_stood_on_any_day():
    office = lived_office("2023-02-10 12:00")
    office.act(extend.act, key=KEY, to=day("2023-04-14"), reason="r", approved_by="a")
    office.act(close.act, "2023-04-20 10:00", keys=[KEY])
    office.act(reopen.act, "2023-05-04 10:00", key=KEY, reason="r")
    found = life(office)
    moments = ("2023-02-01 00:00", "2023-03-01 00:00", "2023-04-21 00:00", "2023-05-05 00:00")
    stood = [found.at(at(moment)) for moment in moments]
    assert [(each.state, each.due_on, each.counted_from) for each in stood if each] == [
        (State.OPEN, day("2023-02-28"), None),
        (State.OPEN, day("2023-04-14"), None),
        (State.DONE, day("2023-04-14"), None),
        (State.OPEN, day("2023-04-14"), day("2023-05-04")),
    ]
    assert found.at(at("2022-11-30 00:00")) is None
    assert differences(office.item(KEY), found.present) == {}


def test_an_event_keeps_what_its_action_does_not_tell_and_no_more():
    office = make_office("2022-12-01 08:00", texts=make_plan(task(due=day("2023-02-28"), support=["union"])))
    office.act(extend.act, key=KEY, to=day("2023-04-14"), reason="r", approved_by="a")
    extended = said(office, "assignment_extended")
    assert extended.pop("before")["due_on"] == "2023-02-28"
    assert extended == {"from": "2023-02-28", "to": "2023-04-14", "approved_by": "a"}
    began = {"begins_on": "2023-01-01", "due_on": "2023-02-28", "kind": "general", "support": ["union"]}
    assert said(office, "assignment_tracked") == {"set": began}
    office.track(make_plan(task(due=day("2023-02-28"), kind="summary")))
    assert said(office, "assignment_reworded") == {"set": {"kind": "summary", "support": []}}


def test_a_task_that_left_the_plan_and_came_back_later_keeps_its_whole_life():
    office = make_office("2022-12-01 08:00", texts=make_plan(task(due=day("2023-02-28")), task(2)))
    office.track(make_plan(task(2)), "2022-12-05 10:00")
    office.track(make_plan(task(due=day("2023-03-31")), task(2)), "2022-12-09 10:00")
    states = [(stage.item.state, stage.item.due_on) for stage in life(office).stages]
    assert states == [
        (State.OPEN, day("2023-02-28")),
        (State.WITHDRAWN, day("2023-02-28")),
        (State.OPEN, day("2023-03-31")),
    ]


def test_events_that_did_not_say_what_they_set_are_completed_from_those_that_follow():
    row = make_assignment(due_on=day("2023-05-31"), ladder_from=at("2023-02-01 10:00"))

    def event(when: str, action: str, to_state: str, why: str = "", **detail: str) -> Happened:
        return Happened(assignment_id=1, at=at(when), action=action, to_state=to_state, why=why, detail=detail)

    events = [
        event("2022-05-19 00:00", "assignment_tracked", "open"),
        event("2022-06-01 10:00", "assignment_withdrawn", "withdrawn"),
        event("2022-07-01 10:00", "assignment_restored", "open"),
        event("2022-12-01 10:00", "due_day_changed", "open", "2023-03-31 -> 2023-04-28"),
        event("2023-02-01 10:00", "assignment_extended", "open", **{"from": "2023-04-28", "to": "2023-05-31"}),
    ]
    found = live(row, events, lambda instant: instant.date())
    assert [stage.item.due_on.isoformat() for stage in found.stages] == [
        "2023-03-31", "2023-03-31", "2023-03-31", "2023-04-28", "2023-05-31",
    ]  # fmt: skip
    assert differences(row, found.present) == {}
