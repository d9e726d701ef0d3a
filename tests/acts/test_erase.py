"""Erasing a person: the details go from everywhere, the trail holds, and the record of what was told stays."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
from sqlalchemy import insert

from tests.cast import DEPARTMENTS, Office, day, everybody, make_holder, make_office, make_plan, task
from wsyf_scheduler.acts import away, erase, hand_over, staff, waive
from wsyf_scheduler.acts.away import Absence
from wsyf_scheduler.acts.hand_over import Successor
from wsyf_scheduler.errors import Forbidden, NotFound
from wsyf_scheduler.files import people as people_file
from wsyf_scheduler.files import people_out
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.store import erasing, people
from wsyf_scheduler.store.rows import MESSAGE, NOTICE, PERSON

GONE = "liaison.emergency@county.example"


@pytest.fixture
def office() -> Office:
    """The liaison was told, then refused by the server, and has handed over."""
    found = make_office("2023-02-20 08:00", texts=make_plan(task(1, due=day("2023-02-28"))))
    found.live("2023-02-21 12:00")

    def fate(outgoing: Outgoing) -> Sent:
        if GONE not in outgoing.recipients:
            return Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
        refused = Refusal(address=GONE, code=550, text=f"5.1.1 <{GONE}>: no such user")
        return Sent(outcome=Outcome.REFUSED, phase=Phase.RCPT, code=550, refused=(refused,))

    found.mailer.fate = fate
    found.live("2023-02-23 12:00")
    succeed(found)
    return found


def succeed(office: Office) -> None:
    successor = Successor(address="new@county.example", name="新人")
    office.act(hand_over.act, meant="emergency/liaison", successor=successor, on=day("2023-02-23"), names=DEPARTMENTS)
    office.live("2023-02-24 12:00")


def wipe(office: Office, address: str = GONE, on: str = "2023-02-24") -> erase.Gone:
    found: erase.Gone = office.act(erase.act, address=address, today=day(on), reason="本人申请")
    return found


def everything(office: Office) -> str:
    found = []
    for table, rows in office.db_dump().items():
        for row in rows:
            if isinstance(row.get("raw"), bytes):
                row["raw"] = zlib.decompress(row["raw"]).decode()
            found.append(f"{table} {row}")
    return "\n".join(found)


def test_before_it_the_trail_has_no_address_though_a_server_named_it(office: Office) -> None:
    words = " ".join(f"{row['why']} {row['detail']}" for row in office.events())
    assert "@" not in words
    assert "person:3" in words
    assert GONE in everything(office)


def test_nothing_in_the_database_names_the_person_afterwards(office: Office) -> None:
    done = wipe(office, GONE.upper())
    assert done.person == 3
    assert done.letters > 0
    assert done.old_events == 0
    left = everything(office)
    assert GONE not in left.lower()
    assert "应急liaison" not in left
    assert erasing.hashed(GONE) in left


def test_the_erasure_is_an_event_under_the_person_s_number(office: Office) -> None:
    wipe(office)
    (event,) = office.events("person_erased")
    assert json.loads(event["detail"])["person"] == 3
    assert "@" not in event["detail"]


def test_hashes_of_the_letters_stay_and_their_bytes_are_gone(office: Office) -> None:
    before = {row["id"]: row for row in office.messages(state="sent")}
    wipe(office)
    told = [row for row in office.messages(state="sent") if erasing.hashed(GONE) in str(row["to"])]
    assert told
    assert all(row["raw"] is None and row["raw_hash"] == before[row["id"]]["raw_hash"] for row in told)
    others = [row for row in office.messages(state="sent") if "new@county.example" in str(row["to"])]
    assert any(row["raw"] for row in others)


def test_who_holds_a_post_or_is_unknown_is_not_erased(office: Office) -> None:
    before = office.db_dump()
    with pytest.raises(Forbidden, match="still holds a post"):
        wipe(office, "new@county.example")
    with pytest.raises(NotFound, match="nobody was ever entered"):
        wipe(office, "nobody@elsewhere.example")
    with pytest.raises(Forbidden, match="office's own"):
        wipe(office, office.app.config.office.email)
    assert office.db_dump() == before


def test_the_office_goes_on_after_it(office: Office) -> None:
    wipe(office)
    office.live("2023-03-04 12:00")
    assert [line for line in office.lines if line["letter"] == "chaser" and line["to"] == ["new@county.example"]]


def test_an_address_on_a_line_of_its_own_goes_too() -> None:
    office = make_office("2023-02-20 08:00", texts=make_plan(task(1, due=day("2023-02-28"))))
    office.act(waive.act, key="2023/1/emergency", reason=f"请联系\n{GONE}\t{GONE}与{GONE.replace('@', '＠')}")
    office.live("2023-02-21 12:00")
    assert f"\\n{GONE}" in everything(office)
    succeed(office)
    assert wipe(office).old_events == 0
    assert GONE.partition("@")[0] not in everything(office)
    office.live("2023-02-25 12:00")


def test_a_longer_address_stays_whole() -> None:
    longer = [make_holder("director", email=each) for each in ("o'neil@county.example", "a=neil@county.example")]
    gone = make_holder("director", email="neil@county.example", until=day("2023-02-01"))
    office = make_office(
        "2023-02-20 08:00", texts=make_plan(task(1, due=day("2023-02-28"))), holders=[*everybody(), *longer, gone]
    )
    others = "见o'neil@county.example、d'neil@county.example、a=neil@county.example"
    office.act(waive.act, key="2023/1/emergency", reason=f"{others}，抄'neil@county.example'")
    office.live("2023-02-21 12:00")
    before = [row["to"] or "" for row in office.messages()]
    wipe(office, "neil@county.example")
    assert [row["to"] or "" for row in office.messages()] == before
    said = f"{others}，抄'{erasing.hashed('neil@county.example')}'"
    assert [row for row in office.rows(NOTICE) if said in row["detail"]]


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_deputy_from_outside_whose_absence_is_over_can_be_erased(cancelled: bool) -> None:
    office = make_office("2023-02-20 08:00", texts=make_plan(task(1, due=day("2023-02-28"))))
    outside = "deputy@elsewhere.example"

    def leave(first: str, last: str, deputy: str) -> None:
        absence = Absence(since=day(first), until=day(last), deputy=deputy, is_replacing=True)
        office.act(away.act, people_meant=[GONE], absence=absence, names=DEPARTMENTS, today=day(first))

    leave("2023-02-20", "2023-02-24", outside)
    office.live("2023-02-22 12:00")
    if cancelled:
        office.act(away.back, people_meant=[GONE], names=DEPARTMENTS, on=day("2023-02-22"))
    else:
        leave("2023-02-22", "2023-03-02", "liaison.housing@county.example")
    office.live("2023-02-27 12:00")
    assert [row for row in office.messages(state="sent") if outside in row["to"]]
    assert wipe(office, outside, "2023-02-27").entries > 0
    assert outside not in everything(office)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_an_export_after_it_is_imported_without_a_change(office: Office, tmp_path: Path, suffix: str) -> None:
    outside = "deputy@elsewhere.example"
    absence = Absence(since=day("2023-02-24"), until=day("2023-02-25"), deputy=outside)
    words = {"people_meant": ["housing/liaison"], "names": DEPARTMENTS, "today": day("2023-02-24")}
    office.act(away.act, absence=absence, **words)
    office.live("2023-02-27 12:00")
    wipe(office)
    wipe(office, outside, "2023-02-27")
    path = tmp_path / f"people.{suffix}"
    with office.db.read() as session:
        holders = people.all_of(session)
    assert people_out.write(path, holders, names=None) == len(holders) - 1
    before = office.rows(PERSON)
    found = people_file.load(path, DEPARTMENTS)
    done = office.act(staff.act, holders=found, today=day("2023-02-27"))
    assert (done.added, done.changed, done.ended) == (0, 0, 0)
    assert office.rows(PERSON) == before


def test_whoever_comes_back_and_is_refused_again_that_day_can_be_erased_again(office: Office) -> None:
    wipe(office)
    kept = {name: value for name, value in office.messages(state="sent")[0].items() if name != "id"}
    for _time in range(2):
        with office.db.begin() as session:
            alert = {"dedup": f"refused:county-2023:{GONE}:2023-02-24", "to": json.dumps([GONE])}
            session.execute(insert(MESSAGE).values({**kept, **alert}))
        wipe(office)
    assert GONE not in everything(office)
