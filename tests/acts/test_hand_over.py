"""A post passes to somebody else: one letter with all that is open, and mail that waits follows the post."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import BEIJING, DEPARTMENTS, Office, at, day, everybody, make_holder, make_office, make_plan, task
from wsyf_scheduler.acts import close, hand_over, staff
from wsyf_scheduler.acts.hand_over import HandedOver, Successor
from wsyf_scheduler.core.people import Holder, Post
from wsyf_scheduler.errors import Forbidden, NotFound, Usage
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.store import people

TEXTS = make_plan(
    task(1, due=day("2023-02-28")),
    task(2, due=day("2023-06-30"), lead=["housing"], support=["emergency"]),
    task(3, due=day("2023-12-31")),
)
NEW = Successor(address="new@county.example", name="新联络员", phone="0356-2")


@pytest.fixture
def office() -> Office:
    """A Friday before the window opens; the chaser of task 1 went on 1 March."""
    found = make_office("2022-12-30 08:00", texts=TEXTS)
    found.live("2023-03-03 08:00")
    return found


def pass_on(office: Office, meant: str = "emergency/liaison", **given: Any) -> HandedOver:
    given.setdefault("successor", NEW)
    given.setdefault("on", office.now.astimezone(BEIJING).date())
    found: HandedOver = office.act(hand_over.act, meant=meant, names=DEPARTMENTS, **given)
    return found


def entered(office: Office) -> list[Holder]:
    with office.db.read() as session:
        return people.all_of(session)


def of_post(office: Office, role: str, department: str = "") -> list[Holder]:
    return [each for each in entered(office) if Post(each.role, each.department) == Post(role, department)]


def test_the_predecessor_ends_the_day_before_and_the_successor_begins(office: Office) -> None:
    done = pass_on(office)
    old, new = of_post(office, "liaison", "emergency")
    assert (old.until, new.since, new.until) == (day("2023-03-02"), day("2023-03-03"), None)
    assert (new.name, new.email, new.phone) == ("新联络员", "new@county.example", "0356-2")
    assert done.before is not None
    assert done.before.email == "liaison.emergency@county.example"


def test_the_successor_gets_one_letter_in_the_first_slot_with_all_that_is_open_and_its_history(office: Office) -> None:
    pass_on(office)
    office.live("2023-03-06 12:00")
    handed = [line for line in office.lines if line["letter"] == "hand-over"]
    assert [(str(line["at"])[:16], line["to"], line["cc"]) for line in handed] == [
        ("2023-03-03T09:00", ["new@county.example"], [])
    ]
    letter, headers, _dues = office.letter("hand-over")
    assert [box.name for box in headers.to] == ["新联络员"]
    assert [(row.key, row.role) for row in letter.rows] == [
        ("2023/1/emergency", "lead"),
        ("2023/3/emergency", "lead"),
        ("2023/2/housing", "support"),
    ]
    told = [(each.kind.value, each.on.isoformat()) for each in letter.rows[0].told]
    assert told[-1] == ("chaser", "2023-03-01")
    assert letter.lines == ("自2023年3月3日起，应急联络员一职由您接任。",)


def test_from_a_later_day_on_the_letter_waits_for_that_day_s_first_slot_and_the_old_one_is_told_until_then(
    office: Office,
) -> None:
    done = pass_on(office, on=day("2023-03-11"))  # a Saturday
    assert [each.not_before for each in done.letters] == [at("2023-03-13 09:00")]
    office.live("2023-03-14 00:00")
    (handed,) = [line for line in office.lines if line["letter"] == "hand-over"]
    assert str(handed["at"])[:16] == "2023-03-13T09:00"
    before = [line for line in office.lines if line["letter"] == "escalation" and str(line["at"]) < "2023-03-11"]
    assert before
    assert all("liaison.emergency@county.example" in line["cc"] for line in before)  # type: ignore[operator]


def test_the_day_a_letter_goes_is_told_in_the_plan_s_zone(office: Office) -> None:
    """At 18:00 the window is shut: on Friday evening it goes on Monday, wherever the machine stands."""
    office.go("2023-03-03 18:00")
    (letter,) = pass_on(office).letters
    assert letter.goes_on == day("2023-03-06")
    (later,) = pass_on(office, "housing/liaison", on=day("2023-03-11")).letters
    assert later.goes_on == day("2023-03-13")


def test_a_successor_who_is_away_is_away_in_the_new_post_too(office: Office) -> None:
    days = {"away_since": day("2023-03-01"), "away_until": day("2023-03-31")}
    office.staff([make_holder("liaison", "housing", deputy="convener.housing@county.example", **days)])
    done = pass_on(office, successor=Successor(address="liaison.housing@county.example"))
    assert done.after.deputy == "convener.housing@county.example"
    assert (done.after.away_since, done.after.away_until) == (day("2023-03-01"), day("2023-03-31"))
    office.live("2023-03-03 12:00")
    (handed,) = [line for line in office.lines if line["letter"] == "hand-over"]
    assert handed["to"] == ["convener.housing@county.example"]


def test_an_absence_that_is_over_does_not_follow_into_a_new_post(office: Office) -> None:
    days = {"away_since": day("2023-02-01"), "away_until": day("2023-03-02")}
    office.staff([make_holder("liaison", "housing", deputy="convener.housing@county.example", **days)])
    done = pass_on(office, successor=Successor(address="liaison.housing@county.example"))
    assert (done.after.deputy, done.after.away_since) == ("", None)


@pytest.mark.parametrize("on", ["2023-02-20", "2023-02-19"])
def test_a_term_that_has_begun_is_not_handed_over_as_if_it_had_never_been(office: Office, on: str) -> None:
    old = make_holder("liaison", "emergency", since=day("2023-02-20"))
    office.staff([old])
    before = office.db_dump()
    with pytest.raises(Forbidden, match="holds this post since 2023-02-20"):
        pass_on(office, on=day(on))
    assert office.db_dump() == before


def test_a_post_is_not_handed_over_for_days_before_its_present_holder(office: Office) -> None:
    first = make_holder("liaison", "emergency", until=day("2023-02-19"))
    second = make_holder("liaison", "emergency", email="second@county.example", since=day("2023-02-20"))
    office.staff([first, second])
    before = office.db_dump()
    with pytest.raises(Forbidden, match="somebody else holds this post since 2023-02-20"):
        pass_on(office, on=day("2023-02-10"))
    assert office.db_dump() == before


def test_what_was_closed_before_the_letter_left_does_not_stand_in_it(office: Office) -> None:
    pass_on(office, on=day("2023-03-08"))
    office.act(close.act, keys=["2023/1/emergency"])
    office.live("2023-03-08 12:00")
    letter, *_ = office.letter("hand-over")
    assert [row.key for row in letter.rows] == ["2023/3/emergency", "2023/2/housing"]


@pytest.mark.parametrize("meant", ["director", "办公室主任", "chief", "coordinator"])
def test_a_leader_gets_what_presses_in_all_departments(office: Office, meant: str) -> None:
    pass_on(office, meant)
    office.live("2023-03-03 12:00")
    letter, headers, _dues = office.letter("hand-over")
    assert [row.key for row in letter.rows] == ["2023/1/emergency"]
    assert [box.address for box in headers.to] == ["new@county.example"]


def test_a_letter_goes_to_the_successor_alone_where_the_post_has_another_holder(office: Office) -> None:
    office.staff([*everybody(), make_holder("liaison", "emergency", email="second@county.example")])
    pass_on(office, leaver="liaison.emergency@county.example")
    office.live("2023-03-03 12:00")
    (handed,) = [line for line in office.lines if line["letter"] == "hand-over"]
    assert handed["to"] == ["new@county.example"]


def test_a_letter_whose_reader_lost_the_post_again_before_it_left_is_not_sent(office: Office) -> None:
    pass_on(office)
    pass_on(office, successor=Successor(address="other@county.example", name="另一人"))
    office.live("2023-03-03 12:00")
    assert [line["to"] for line in office.lines if line["letter"] == "hand-over"] == [["other@county.example"]]
    assert [row["state"] for row in office.messages(letter="hand-over")] == ["cancelled", "sent"]


def test_letters_after_it_reach_the_successor(office: Office) -> None:
    pass_on(office)
    office.live("2023-03-09 12:00")
    later = [line for line in office.lines if line["letter"] == "escalation"]
    assert later
    assert all(line["cc"] == ["new@county.example"] for line in later)


def failing(outcome: Outcome, phase: Phase) -> Any:
    def fate(outgoing: Outgoing) -> Sent:
        del outgoing
        return Sent(outcome=outcome, phase=phase, code=451 if outcome is Outcome.RETRY else 0, text="later")

    return fate


@pytest.mark.parametrize(("outcome", "phase"), [(Outcome.RETRY, Phase.DATA), (Outcome.UNCERTAIN, Phase.DOT)])
def test_a_letter_on_its_way_to_the_predecessor_is_made_anew_for_the_successor(outcome: Outcome, phase: Phase) -> None:
    """Certainly not sent, it is made anew; maybe sent, its bytes are kept and a new message takes its place."""
    office = make_office("2023-02-28 00:00", texts=TEXTS)
    office.mailer.fate = failing(outcome, phase)
    office.tick("2023-02-28 09:00")
    first = office.mailer.sent[0]
    assert "liaison.emergency@county.example" in first.recipients
    done = pass_on(office)
    assert done.readdressed
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
    for minutes in (10, 11, 12):
        office.tick(at("2023-02-28 09:00") + timedelta(minutes=minutes))
    ladder = [line for line in office.lines if line["letter"] in ("start", "reminder")]
    assert ladder
    assert all(line["to"] == ["new@county.example"] for line in ladder if line["department"] == "emergency")
    mine = [each for each in office.mailer.sent if "new@county.example" in each.recipients]
    assert first.data not in [each.data for each in mine]


def test_a_letter_maybe_sent_goes_again_byte_for_byte_where_its_reader_is_still_there() -> None:
    office = make_office("2023-02-28 00:00", texts=make_plan(task(1, due=day("2023-02-28"))))
    office.mailer.fate = failing(Outcome.UNCERTAIN, Phase.DOT)
    office.tick("2023-02-28 09:00")
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
    pass_on(office, "emergency/convener")
    office.tick("2023-02-28 09:30")
    ladder = [each for each in office.mailer.sent if each.recipients == ("liaison.emergency@county.example",)]
    assert len({each.data for each in ladder}) * 2 == len(ladder)


def test_a_vacant_post_is_simply_filled(office: Office) -> None:
    office.staff([make_holder("liaison", "emergency", until=day("2023-03-02"))])
    done = pass_on(office)
    assert done.before is None
    assert [each.email for each in of_post(office, "liaison", "emergency")][-1] == "new@county.example"


def test_a_predecessor_who_was_still_to_come_never_held_the_post(office: Office) -> None:
    late = make_holder("liaison", "emergency", email="late@county.example", since=day("2023-04-01"))
    office.staff([make_holder("liaison", "emergency", until=day("2023-03-31")), late])
    pass_on(office, "late@county.example", on=day("2023-04-01"))
    assert "late@county.example" not in [each.email for each in entered(office)]


def test_whoever_has_the_predecessor_for_a_deputy_is_named(office: Office) -> None:
    away = make_holder(
        "convener",
        "emergency",
        deputy="liaison.emergency@county.example",
        away_since=day("2023-03-01"),
        away_until=day("2023-03-31"),
    )
    office.staff([away])
    assert pass_on(office).stands_in_for == (away,)


REFUSED = [
    ({"successor": Successor(address="liaison.emergency@county.example")}, Forbidden, "holds this post already"),
    ({"successor": Successor(address="gone@county.example", name="甲")}, Forbidden, "left at the end of 2022-12-31"),
    ({"successor": Successor(address="nowhere", name="甲")}, Usage, "no mail address"),
    ({"successor": Successor(address="new@county.example")}, Usage, "give --name"),
    ({"meant": "emergency/liason"}, NotFound, "did you mean emergency/liaison"),
    ({"meant": "nobody@county.example"}, NotFound, "nobody is known"),
    ({"meant": "gone@county.example"}, NotFound, "holds no post any more"),
    ({"leaver": "director@county.example"}, NotFound, "does not hold"),
]


@pytest.mark.parametrize(("given", "error", "words"), REFUSED)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    office: Office, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    office.staff(
        [make_holder("director"), make_holder("director", email="gone@county.example", until=day("2022-12-31"))]
    )
    before = office.db_dump()
    with pytest.raises(error, match=words):
        pass_on(office, **given)
    assert office.db_dump() == before


def test_of_several_holders_the_one_who_leaves_is_named(office: Office) -> None:
    office.staff([*everybody(), make_holder("liaison", "emergency", email="second@county.example")])
    with pytest.raises(Forbidden, match="--from ADDRESS"):
        pass_on(office)
    pass_on(office, leaver="second@county.example")
    assert [each.email for each in of_post(office, "liaison", "emergency") if each.until is None] == [
        "liaison.emergency@county.example",
        "new@county.example",
    ]


def test_a_post_is_not_handed_to_an_address_a_server_refuses(office: Office) -> None:
    address = "liaison.housing@county.example"

    def fate(outgoing: Outgoing) -> Sent:
        if address not in outgoing.recipients:
            return Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
        refused = Refusal(address=address, code=550, text="5.1.1 no such user")
        return Sent(outcome=Outcome.REFUSED, phase=Phase.RCPT, code=550, refused=(refused,))

    office.mailer.fate = fate
    office.tick("2023-05-31 09:00")
    with pytest.raises(Forbidden, match="a server refused"):
        pass_on(office, successor=Successor(address=address))


def test_the_trail_says_which_post_and_whose_number_and_no_address(office: Office) -> None:
    pass_on(office, reason="岗位调整，见 wang@county.example 来信")
    (event,) = office.events("post_handed_over")
    detail = json.loads(event["detail"])
    assert (detail["post"], detail["on"]) == ("emergency/liaison", "2023-03-03")
    assert detail["person"] != detail["person_before"]
    assert "@" not in event["why"] + event["detail"]
    assert "新联络员" not in event["detail"]


def test_staff_and_hand_over_tell_one_story(office: Office) -> None:
    """What an import says of the same change afterwards changes nothing."""
    pass_on(office)
    done = office.act(staff.act, holders=entered(office), today=day("2023-03-03"))
    assert (done.added, done.changed, done.ended) == (0, 0, 0)
