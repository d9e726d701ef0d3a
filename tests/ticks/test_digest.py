"""The coordinator's weekly digest, and the leaders' monthly ones where they are set (RULES.md §4)."""

from __future__ import annotations

import pytest

from tests.cast import Office, brief, day, make_office, make_plan, task
from wsyf_scheduler.acts import close, extend
from wsyf_scheduler.mail.letter import Outcome, Phase, Sent

FEBRUARY = make_plan(task(1, due=day("2023-02-28")))


def digests(office: Office) -> list[str]:
    return [brief(line)[0] for line in office.lines if line["letter"] == "digest"]


def test_each_week_has_its_digest_in_its_first_slot_quiet_or_not() -> None:
    office = make_office("2022-12-28 10:00", texts=FEBRUARY)
    office.act(close.act, keys=["2023/1/emergency"])  # all is quiet from here on
    office.live("2023-02-08 00:00")
    assert digests(office) == [
        "2023-01-03T09:00",  # Monday 01-02 is a day off
        "2023-01-09T09:00",
        "2023-01-16T09:00",
        "2023-01-28T09:00",  # Spring Festival: the week's first working day is a make-up Saturday
        "2023-01-30T09:00",
        "2023-02-06T09:00",
    ]


def test_a_week_without_a_working_day_has_none() -> None:
    off = frozenset(day(f"2023-02-{n}") for n in range(13, 18))
    office = make_office("2023-02-06 00:00", texts=FEBRUARY, extra_off=off)
    office.live("2023-02-21 00:00")
    assert digests(office) == ["2023-02-06T09:00", "2023-02-20T09:00"]


def test_the_week_of_the_first_sync_has_one_only_if_its_slot_lies_ahead() -> None:
    office = make_office("2023-02-06 09:01", texts=FEBRUARY)  # a Monday, a minute late
    office.live("2023-02-14 00:00")
    assert digests(office) == ["2023-02-13T09:00"]


def test_a_digest_missed_on_monday_goes_when_the_daemon_is_back_that_week() -> None:
    office = make_office("2023-02-06 00:00", texts=FEBRUARY)
    office.live("2023-02-07 00:00")
    office.tick("2023-02-15 16:00")
    office.tick("2023-02-15 16:10")
    assert digests(office) == ["2023-02-06T09:00", "2023-02-15T16:00"]


def test_a_digest_of_a_week_gone_by_is_not_made_up() -> None:
    office = make_office("2023-02-06 00:00", texts=FEBRUARY)
    office.live("2023-02-07 00:00")
    office.tick("2023-02-27 10:00")
    assert digests(office) == ["2023-02-06T09:00", "2023-02-27T10:00"]


def test_it_lists_what_is_overdue_due_soon_and_undeliverable() -> None:
    texts = make_plan(task(1, due=day("2023-02-28")), task(2, due=day("2023-03-14")), task(3, due=day("2023-03-21")))
    office = make_office("2023-02-20 10:00", texts=texts)
    office.live("2023-03-04 00:00")
    office.mailer.fate = lambda _outgoing: Sent(
        outcome=Outcome.REFUSED, phase=Phase.RCPT, code=550, text="no such user"
    )
    office.live("2023-03-06 00:00")
    office.act(extend.act, key="2023/3/emergency", to=day("2023-03-31"), reason="r", approved_by="a")
    office.tick()  # the change is refused, and an alert about it too
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
    office.live("2023-03-07 00:00")
    letter = office.letter("digest")[0]
    found = {section.name: [row.key for row in section.rows] or len(section.lines) for section in letter.sections}
    assert found == {"overdue": ["2023/1/emergency"], "due-soon": ["2023/2/emergency"], "undeliverable": 2}


def test_it_lists_what_is_held_and_what_falls_due_next() -> None:
    office = make_office("2023-03-03 10:00", texts=make_plan(task(1, due=day("2023-02-28")), task(2)))
    office.live("2023-03-07 00:00")
    letter = office.letter("digest")[0]
    assert {section.name: [row.key for row in section.rows] for section in letter.sections} == {
        "held": ["2023/1/emergency"]
    }
    assert letter.next_due is not None
    assert letter.next_due.key == "2023/2/emergency"


def test_fourteen_days_is_soon_and_the_due_day_itself_too() -> None:
    due = [day("2023-03-06"), day("2023-03-20"), day("2023-03-21")]
    office = make_office("2023-03-03 10:00", texts=make_plan(task(1, due=due)))
    office.live("2023-03-07 00:00")
    (section,) = office.letter("digest")[0].sections
    assert [str(row.due_on) for row in section.rows] == ["2023-03-06", "2023-03-20"]


@pytest.mark.parametrize(("roles", "count"), [((), 0), (("director", "chief"), 2), (("convener",), 4)])
def test_monthly_digests_go_to_whom_they_are_set_for(roles: tuple[str, ...], count: int) -> None:
    office = make_office(
        "2023-02-20 10:00", texts=make_plan(task(1, lead=["emergency", "housing"])), monthly_digests=roles
    )
    office.live("2023-03-20 00:00")
    monthly = [line for line in office.lines if line["letter"] == "digest" and line["audience"] != "coordinator"]
    assert len(monthly) == count
    assert {str(line["at"])[:16] for line in monthly} <= {"2023-03-01T09:00"}
    if roles == ("convener",):
        (emergency,) = [line for line in monthly if line["department"] == "emergency"]
        assert emergency["to"] == ["convener.emergency@county.example"]


def test_a_conveners_digest_lists_his_department_alone() -> None:
    texts = make_plan(task(1, lead=["emergency", "housing"], due=day("2023-03-10")))
    office = make_office("2023-02-20 10:00", texts=texts, monthly_digests=("convener",))
    office.live("2023-03-02 00:00")
    listed = {
        letter.department_name: [row.key for section in letter.sections for row in section.rows]
        for letter, _headers, _deadlines in office.writer.written
        if letter.kind.value == "digest" and letter.department_name
    }
    assert listed["示范县应急局"] == ["2023/1/emergency"]
    assert listed["示范县总工会局"] == []
