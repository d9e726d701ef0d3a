"""Notices into messages, and the order of their rows (RULES.md §4); and when a message is tried again."""

from __future__ import annotations

from datetime import timedelta

from tests.cast import at, day, make_assignment, make_timetable
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.decide import NOTHING_DECIDED, decide
from wsyf_scheduler.core.grouping import Group, Notice, grouped, notices_of, row_order
from wsyf_scheduler.core.retry import next_attempt

TABLE = make_timetable()


def notices(*items: Assignment, when: str) -> list[Notice]:
    return [
        notice
        for item in items
        for decision in decide(item, NOTHING_DECIDED, TABLE, at(when))
        for notice in notices_of(item, decision)
    ]


def test_one_department_and_letter_is_one_message_whatever_the_rungs() -> None:
    one = make_assignment(tracked_from=at("2023-02-21 00:00"), ladder_from=at("2023-02-21 00:00"))
    other = make_assignment(id=2, number="2", due_on=day("2023-03-08"), tracked_from=at("2023-02-21 00:00"))
    messages = grouped(notices(one, other, when="2023-02-21 09:00"))
    assert {group: [f"{row.rung} {row.key}" for row in rows] for group, rows in messages.items()} == {
        Group("emergency", "reminder", "department"): ["remind-7 2023/1/emergency", "remind-15 2023/2/emergency"],
        Group("emergency", "start", "department"): ["start 2023/1/emergency", "start 2023/2/emergency"],
    }


def test_a_support_row_is_for_the_liaison_of_that_department_and_briefs_nobody() -> None:
    item = make_assignment(support=("union",))
    found = grouped(notices(item, when="2023-01-03 09:00"))
    (row,) = found[Group("union", "start", "department")]
    assert (row.role, row.to, row.cc, row.lead, row.receiver) == ("support", ("liaison",), (), "emergency", "union")


def test_an_escalation_briefs_each_leader_once() -> None:
    item = make_assignment(tracked_from=at("2023-03-09 00:00"))
    other = make_assignment(id=2, department="housing", tracked_from=at("2023-03-09 00:00"))
    found = grouped(notices(item, other, when="2023-03-09 09:00"))
    leaders = {group.audience: [row.key for row in rows] for group, rows in found.items() if group.letter == "briefing"}
    assert leaders == {
        "chief": ["2023/1/emergency", "2023/1/housing"],
        "director": ["2023/1/emergency", "2023/1/housing"],
    }
    assert all(row.department == "" for group, rows in found.items() if group.letter == "briefing" for row in rows)


def test_what_does_not_speak_is_in_no_message() -> None:
    assert grouped(notices(make_assignment(held=True), when="2023-02-21 09:00")) == {}


def test_superseded_escalations_brief_nobody() -> None:
    found = notices(make_assignment(), when="2023-03-09 09:00")  # escalate-3w and -7w both passed
    briefed = [notice.rung for notice in found if notice.letter == "briefing"]
    assert briefed == ["escalate-7w", "escalate-7w"]


def test_rows_stand_by_due_day_then_key_as_text_and_led_before_supported() -> None:
    def place(key: str, due_on: str, role: str = "lead") -> tuple[object, ...]:
        return row_order(audience="department", role=role, department=key.split("/")[2], due_on=day(due_on), key=key)

    rows = [
        ("2023/2/union", "2023-01-31", "support"),
        ("2023/9/emergency", "2023-02-28", "lead"),
        ("2023/10/emergency", "2023-02-28", "lead"),
        ("2023/3/emergency", "2023-02-15", "lead"),
    ]
    ordered = [row[0] for row in sorted(rows, key=lambda row: place(*row))]
    assert ordered == ["2023/3/emergency", "2023/10/emergency", "2023/9/emergency", "2023/2/union"]


def test_a_leaders_rows_stand_by_department_first() -> None:
    rows = [("2023/1/housing", "2023-02-28"), ("2023/1/emergency", "2023-03-31")]
    ordered = sorted(
        rows,
        key=lambda row: row_order(
            audience="director", role="lead", department=row[0].split("/")[2], due_on=day(row[1]), key=row[0]
        ),
    )
    assert [row[0] for row in ordered] == ["2023/1/emergency", "2023/1/housing"]


def test_tries_wait_twice_as_long_each_time_up_to_an_hour_and_end_after_five_days() -> None:
    queued_at = at("2023-02-28 09:00")
    waits = []
    now, attempts = queued_at, 0
    while True:
        attempts += 1
        following = next_attempt(attempts, queued_at, now, message_id=7)
        if following is None:
            break
        waits.append(following - now)
        now = following
    longest = [1, 2, 4, 8, 16, 32, *(60 for _ in waits[6:])]
    shares = [wait / timedelta(minutes=minutes) for wait, minutes in zip(waits, longest, strict=True)]
    assert all(0.75 <= share <= 1 for share in shares)
    assert len(set(shares)) > len(shares) / 2  # not all together
    assert timedelta(days=5) <= now - queued_at < timedelta(days=5, hours=1)
    assert next_attempt(1, queued_at, now, message_id=7) == next_attempt(1, queued_at, now, message_id=7)
