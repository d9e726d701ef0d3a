"""What the database itself forbids, and that nothing is written by halves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Office, day, make_office, make_plan, task
from wsyf_scheduler.core.decide import NOTHING_DECIDED, decide
from wsyf_scheduler.core.grouping import Notice, notices_of
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.store import assignments, events, facts, notices, outbox
from wsyf_scheduler.store.outbox import Fate
from wsyf_scheduler.store.rows import ASSIGNMENT, EVENT, FACT, MESSAGE, NOTICE, PLAN_VERSION

KEY = "2023/1/emergency"


@pytest.fixture
def office() -> Office:
    found = make_office("2023-01-28 00:00", texts=make_plan(task(1, due=day("2023-02-28"))))
    found.live("2023-01-28 10:00")
    return found


def insert(office: Office, table: Any, row: dict[str, Any]) -> None:
    with office.db.begin() as session:
        session.execute(table.insert(), {name: value for name, value in row.items() if name != "id"})


def update(office: Office, table: Any, **values: Any) -> None:
    with office.db.begin() as session:
        session.execute(table.update().values(**values))


def test_a_second_decision_about_one_rung_due_day_and_receiver_is_refused(office: Office) -> None:
    (row,) = office.notices(rung="start")
    with pytest.raises(DatabaseTrouble, match="UNIQUE constraint failed: notice"):
        insert(office, NOTICE, row)
    for other in (
        {"repeat": 1},
        {"due_on": day("2023-03-31")},
        {"counted_from": day("2023-04-01")},
        {"receiver": "union"},
    ):
        insert(office, NOTICE, row | other)


def test_rows_off_the_ladder_stand_outside_the_dedup_key(office: Office) -> None:
    (row,) = office.notices(rung="start")
    for _ in range(2):
        insert(office, NOTICE, row | {"rung": None, "letter": "receipt"})


def test_recording_a_decision_twice_leaves_the_first(office: Office) -> None:
    """Two processes decide the same rung: the second inserts nothing, and nothing breaks."""
    item = office.item(KEY)
    with office.db.begin() as session:
        table = office.app.plans(session)[item.plan_id].table
        found: list[Notice] = [
            notice for each in decide(item, NOTHING_DECIDED, table, office.now) for notice in notices_of(item, each)
        ]
        notices.record(session, found, None, office.now)
    (row,) = office.notices(rung="start")
    assert row["message_id"] is not None


@pytest.mark.parametrize(
    ("table", "values", "name"),
    [
        (ASSIGNMENT, {"state": "lost"}, "ck_assignment_state"),
        (MESSAGE, {"state": "lost"}, "ck_message_state"),
        (MESSAGE, {"state": "queued"}, "ck_message_sent_at"),  # sent_at still stands
        (MESSAGE, {"sent_at": None}, "ck_message_sent_at"),
        (MESSAGE, {"state": "sending", "sent_at": None}, "ck_message_claimed_at"),  # claimed by nobody
    ],
)
def test_a_check_holds(office: Office, table: Any, values: dict[str, Any], name: str) -> None:
    with pytest.raises(DatabaseTrouble, match=f"CHECK constraint failed: {name}"):
        update(office, table, **values)


@pytest.mark.parametrize("table", [NOTICE, EVENT])
def test_a_row_about_nothing_is_refused(office: Office, table: Any) -> None:
    row = office.rows(table)[-1]
    if table is EVENT:
        row |= {"seq": row["seq"] + 1}
    with pytest.raises(DatabaseTrouble, match="FOREIGN KEY constraint failed"):
        insert(
            office,
            table,
            row | {"assignment_id": 999, "rung": None} if table is NOTICE else row | {"assignment_id": 999},
        )


def test_keys_versions_and_dedup_marks_are_unique(office: Office) -> None:
    for table in (ASSIGNMENT, PLAN_VERSION):
        with pytest.raises(DatabaseTrouble, match="UNIQUE constraint failed"):
            insert(office, table, office.rows(table)[0])
    with pytest.raises(DatabaseTrouble, match="UNIQUE constraint failed: fact"):
        insert(office, FACT, office.rows(FACT)[0])
    message = office.rows(MESSAGE)[0] | {"dedup": "x"}
    insert(office, MESSAGE, message)
    with pytest.raises(DatabaseTrouble, match=r"UNIQUE constraint failed: message\.dedup"):
        insert(office, MESSAGE, message)


def test_an_error_within_a_transaction_undoes_all_of_it(office: Office) -> None:
    before = office.db_dump()

    def write() -> None:
        with office.db.begin() as session:
            events.add(session, at=office.now, who="x", action="x")
            facts.put(session, "x", "y")
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        write()
    assert office.db_dump() == before


def test_a_guarded_update_finds_nothing_where_the_state_has_changed(office: Office) -> None:
    item = office.item(KEY)
    with office.db.begin() as session:
        assert assignments.change(session, item, {"state": "done"})
        assert not assignments.change(session, item, {"state": "waived"})
    assert office.item(KEY).state.value == "done"


def test_a_settled_message_cannot_be_settled_again(office: Office) -> None:
    fate = Fate(state=MessageState.DISCARDED, again_at=office.now)
    with office.db.begin() as session:
        assert not outbox.settle(session, 1, fate, by=office.app.process)
    assert office.messages(id=1)[0]["state"] == "sent"


def test_an_assignment_comes_back_as_it_was_stored(office: Office) -> None:
    with office.db.read() as session:
        (one,) = assignments.of_plan(session, "county-2023")
        assert assignments.by_id(session, one.id) == one
        assert assignments.by_prefix(session, "2023/1") == [one]
        assert assignments.of_task(session, "county-2023", "2023/1") == [one]
        assert assignments.by_id(session, 999) is None
    assert one.tracked_from.tzinfo is not None


def test_facts_are_put_and_put_again(office: Office) -> None:
    with office.db.begin() as session:
        assert facts.get(session, "x") is None
        facts.put(session, "x", "1")
        facts.put(session, "x", "2")
        assert facts.get(session, "x") == "2"
        assert not facts.is_rehearsal(session)
