"""Erasing a person: the details go from everywhere, the trail holds, and the record of what was told stays."""

from __future__ import annotations

import json
import zlib

import pytest

from tests.cast import DEPARTMENTS, Office, day, make_office, make_plan, task
from wsyf_scheduler.acts import erase, hand_over
from wsyf_scheduler.acts.hand_over import Successor
from wsyf_scheduler.errors import Forbidden, NotFound
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Refusal, Sent
from wsyf_scheduler.store import erasing

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
    successor = Successor(address="new@county.example", name="新人")
    found.act(hand_over.act, meant="emergency/liaison", successor=successor, on=day("2023-02-23"), names=DEPARTMENTS)
    found.live("2023-02-24 12:00")
    return found


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
