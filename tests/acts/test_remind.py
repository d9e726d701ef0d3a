"""`wsyf remind`: one more reminder when the window is open, counted with the others, none besides one of that day."""

from __future__ import annotations

import pytest

from tests.audit.auditing import faults
from tests.cast import Office, brief, day, ladder_lines, make_office, make_plan, task
from wsyf_scheduler.acts import close, extend, mute, remind, reopen
from wsyf_scheduler.changing import apply
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.ticks import remind as remind_tick

KEY, SECOND, THIRD = "2023/1/emergency", "2023/2/emergency", "2023/3/housing"
PLAN = make_plan(
    task(1, due=day("2023-02-28")), task(2, due=day("2023-03-31")), task(3, lead=["housing"], due=day("2023-02-28"))
)


@pytest.fixture
def office() -> Office:
    return make_office("2023-01-28 00:00", texts=PLAN)


def reminded(office: Office, *keys: str, when: str | None = None) -> None:
    office.act(remind.act, when, keys=list(keys or [KEY]))


def test_it_goes_at_once_while_the_window_is_open(office: Office) -> None:
    reminded(office, when="2023-02-14 10:00")
    assert [brief(line) for line in office.tick()] == [
        ("2023-02-14T10:00", "reminder", "emergency", [f"None {KEY}"]),
    ]
    assert office.lines[-1]["to"] == ["liaison.emergency@county.example"]
    assert office.lines[-1]["cc"] == []


def test_it_waits_until_the_window_opens(office: Office) -> None:
    reminded(office, when="2023-02-17 18:00")  # a Friday evening
    assert [brief(line)[:3] for line in ladder_lines(office.live("2023-02-20 09:30"))] == [
        ("2023-02-20T09:01", "reminder", "emergency"),
    ]


def test_it_counts_among_the_reminders_of_this_due_day(office: Office) -> None:
    office.live("2023-02-14 10:00")  # remind-15 went the day before
    reminded(office)
    office.tick()
    assert office.letter("reminder")[0].rows[0].nth == 3
    office.live("2023-02-21 10:00")
    nths = [row.nth for written in office.writer.written for row in written[0].rows if row.key == KEY]
    assert nths == [1, 1, 2, 3, 4]  # start, remind-30, remind-15, the one asked for, remind-7


def test_those_of_one_department_are_one_message(office: Office) -> None:
    reminded(office, KEY, SECOND, THIRD, when="2023-02-14 10:00")
    assert [brief(line)[2:] for line in office.tick()] == [
        ("emergency", [f"None {KEY}", f"None {SECOND}"]),
        ("housing", [f"None {THIRD}"]),
    ]


def test_none_goes_where_one_went_that_day(office: Office) -> None:
    office.live("2023-02-21 10:00")  # remind-7
    with pytest.raises(Forbidden, match=f"a reminder about {KEY} went today at 09:00"):
        reminded(office)
    reminded(office, SECOND)
    office.tick()
    with pytest.raises(Forbidden, match=f"a reminder about {SECOND} went today at 10:00"):
        reminded(office, SECOND)
    reminded(office, SECOND, when="2023-02-22 10:00")


def test_no_second_one_while_one_waits(office: Office) -> None:
    reminded(office, when="2023-02-17 18:00")
    before = office.db_dump()
    with pytest.raises(Forbidden, match=f"a reminder about {KEY} waits already"):
        reminded(office, SECOND, KEY)
    assert office.db_dump() == before


def test_the_ladder_s_own_reminder_of_that_morning_takes_its_place(office: Office) -> None:
    reminded(office, when="2023-02-21 08:00")
    sent = [brief(line)[2:] for line in ladder_lines(office.live("2023-02-21 09:30"))]
    assert sent == [("emergency", [f"remind-7 {KEY}"]), ("housing", [f"remind-7 {THIRD}"])]
    assert faults(office) == []


def test_it_joins_the_ladder_s_reminder_of_that_morning(office: Office) -> None:
    """No department gets two messages of one kind in one slot."""
    reminded(office, SECOND, when="2023-02-21 08:00")
    sent = [brief(line)[2:] for line in ladder_lines(office.live("2023-02-21 09:30"))]
    assert sent == [("emergency", [f"remind-7 {KEY}", f"None {SECOND}"]), ("housing", [f"remind-7 {THIRD}"])]
    assert len(office.messages(state="superseded")) == 1  # the empty one
    assert faults(office) == []


def test_it_joins_a_reminder_of_the_ladder_that_waits(office: Office) -> None:
    office.live("2023-02-21 08:00")
    remind_tick.run(office.app, office.go("2023-02-21 09:00"))
    reminded(office, SECOND)
    assert [brief(line)[3] for line in office.tick() if line["department"] == "emergency"] == [
        [f"remind-7 {KEY}", f"None {SECOND}"]
    ]
    assert faults(office) == []


@pytest.mark.parametrize("act", ["closed", "muted", "extended"])
def test_what_is_silent_by_then_is_not_reminded_of(office: Office, act: str) -> None:
    reminded(office, when="2023-02-17 18:00")
    if act == "closed":
        office.act(close.act, keys=[KEY])
    elif act == "muted":
        office.act(mute.act, key=KEY, until=day("2023-03-01"), reason="r")
    else:
        office.act(extend.act, key=KEY, to=day("2023-05-31"), reason="r", approved_by="a")
    assert ladder_lines(office.live("2023-02-20 10:00")) == []
    assert faults(office) == []


def test_what_is_silent_is_refused_with_what_to_do(office: Office) -> None:
    office.live("2023-02-14 10:00")
    office.act(mute.act, key=KEY, until=day("2023-03-01"), reason="r")
    with pytest.raises(Forbidden, match=f"{KEY} is muted until 2023-03-01 .muted by coordinator"):
        reminded(office)
    office.act(close.act, keys=[KEY])
    with pytest.raises(Forbidden, match="wsyf reopen"):
        reminded(office)
    office.act(reopen.act, key=KEY, reason="r")
    item = office.item()
    with office.db.begin() as session:
        apply(office.app, session, office.now, item, action="assignment_submitted", who="x", state="submitted")
    with pytest.raises(Forbidden, match=r"wsyf done .* or `wsyf return"):
        reminded(office)
    late = make_office("2023-03-28 00:00", texts=PLAN)
    with pytest.raises(Forbidden, match="wsyf release"):
        reminded(late)


def test_an_office_that_reminds_now_and_then_is_clean(office: Office) -> None:
    for when in ("2023-02-03 10:00", "2023-02-14 18:00", "2023-02-20 20:00", "2023-03-02 10:00"):
        reminded(office, KEY, SECOND, when=when)
    office.live("2023-04-20 10:00")
    assert len(office.events("assignment_reminded")) == 8
    assert faults(office) == []


def test_what_is_asked_for_after_the_window_is_judged_by_the_day_it_leaves(office: Office) -> None:
    office.live("2023-02-21 10:00")  # remind-7 went at 09:00
    reminded(office, when="2023-02-21 17:40")
    (line,) = ladder_lines(office.live("2023-02-22 10:00"))
    assert brief(line)[0] == "2023-02-22T09:01"
    office.act(mute.act, "2023-02-22 17:40", key=SECOND, until=day("2023-02-23"), reason="r")
    reminded(office, SECOND)  # on the day it leaves it speaks again
    assert faults(office) == []


def test_before_a_day_off_it_is_judged_by_the_day_after(office: Office) -> None:
    office.act(mute.act, "2023-02-17 18:00", key=SECOND, until=day("2023-02-20"), reason="r")
    reminded(office, SECOND)  # a Friday evening: it leaves on Monday
    office.act(mute.act, key=KEY, until=day("2023-02-21"), reason="r")
    with pytest.raises(Forbidden, match=f"{KEY} is muted until 2023-02-21"):
        reminded(office)
