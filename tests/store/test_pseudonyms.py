"""What the trail calls people in what somebody typed: addresses go, every other word stays."""

from __future__ import annotations

import json

import pytest

from tests.cast import Office, day, everybody, make_holder, make_office, make_plan, parse, task
from wsyf_scheduler.acts import extend, note, track
from wsyf_scheduler.store import pseudonyms

KEY = "2023/1/emergency"
LIAISON = "liaison.emergency@county.example"
NUMBER = "person:3"
CHINESE = "wang@县府.中国"
TEXTS = make_plan(task(1, due=day("2023-02-28")))


@pytest.fixture
def office() -> Office:
    odd = [
        make_holder("director", email=CHINESE),
        make_holder("director", email="ou@county.example", deputy="wang@县府.中国公司"),
        make_holder("director", email="neil@county.example"),
        make_holder("director", email="o'neil@county.example"),
    ]
    return make_office("2023-02-20 08:00", texts=TEXTS, holders=[*everybody(), *odd])


def masked(office: Office, text: str) -> str:
    with office.db.begin() as session:
        return pseudonyms.masked(session, text)


def number(office: Office, address: str) -> str:
    with office.db.read() as session:
        return f"person:{pseudonyms.number(session, address)}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"请把材料发到{LIAISON}并于周五前回复", f"请把材料发到{NUMBER}并于周五前回复"),
        (f"见{LIAISON}。", f"见{NUMBER}。"),
        (f"见{LIAISON.replace('@', '＠')}，再办", f"见{NUMBER}，再办"),
        (f"<{LIAISON.upper()}>: no such user", f"<{NUMBER}>: no such user"),
        (f"'{LIAISON}'", f"'{NUMBER}'"),
        (f"rcpt={LIAISON}\n{LIAISON}", f"rcpt={NUMBER}\n{NUMBER}"),
        ("王某 @ 应急局", "王某 @ 应急局"),
    ],
)
def test_an_address_goes_and_the_words_around_it_stay(office: Office, text: str, says: str) -> None:
    assert masked(office, text) == says


def test_a_chinese_domain_is_known_by_who_was_entered_longest_first(office: Office) -> None:
    assert masked(office, f"发{CHINESE}并回复") == f"发{number(office, CHINESE)}并回复"
    assert masked(office, "发wang@县府.中国公司并回复").startswith("发address:")
    assert masked(office, "发wang@县府.中国公司并回复").endswith("并回复")


def test_a_longer_address_is_a_person_of_its_own(office: Office) -> None:
    said = masked(office, "o'neil@county.example与neil@county.example，及d'neil@county.example")
    first, second = number(office, "o'neil@county.example"), number(office, "neil@county.example")
    assert said.startswith(f"{first}与{second}，及address:")


def test_two_addresses_one_after_the_other_both_go(office: Office) -> None:
    said = masked(office, f"{LIAISON}/stranger@elsewhere.example&x={LIAISON}")
    assert "@" not in said
    assert said.count(NUMBER) == 2


def test_the_detail_of_an_event_has_no_address_either(office: Office) -> None:
    approver = f"主任{LIAISON}同意"
    office.act(extend.act, key=KEY, to=day("2023-03-31"), reason="r", approved_by=approver)
    plan = make_plan(task(1, due=day("2023-03-15")), task(2, due=day("2023-03-15")))
    office.act(track.act, plan=parse(plan), texts=plan, reason=f"来函{LIAISON}")
    (event,) = office.events("assignment_extended")
    assert json.loads(event["detail"])["approved_by"] == f"主任{NUMBER}同意"
    assert json.loads(event["detail"])["before"]["due_on"] == "2023-02-28"
    assert not [row for row in office.events() if "@" in row["why"] + row["detail"]]


def test_names_of_papers_and_nested_words_are_masked_and_what_is_read_back_is_not(office: Office) -> None:
    detail = json.dumps({"papers": [{"name": f"{LIAISON}来函", "bytes": 3}], "set": {"kind": "a@b.example"}})
    with office.db.begin() as session:
        found = json.loads(pseudonyms.masked_detail(session, detail))
    assert found == {"papers": [{"name": f"{NUMBER}来函", "bytes": 3}], "set": {"kind": "a@b.example"}}


def test_a_note_goes_on_after_an_address(office: Office) -> None:
    office.act(note.act, key=KEY, text=f"请把材料发到{LIAISON}并于周五前回复张局")
    assert office.events("assignment_noted")[-1]["why"] == f"请把材料发到{NUMBER}并于周五前回复张局"
