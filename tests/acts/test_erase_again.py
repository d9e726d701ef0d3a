"""Erasing an address twice, and while the office works: each time all of it, and the queue does not wait for it."""

from __future__ import annotations

import pytest

from tests.cast import Office, day, make_holder, make_office, make_plan, task
from wsyf_scheduler.acts import erase
from wsyf_scheduler.store import erasing, refusals
from wsyf_scheduler.store.db import Session

GONE = "gone@county.example"
OTHERS = make_holder("liaison", "emergency")


@pytest.fixture
def office() -> Office:
    """Somebody else's letters, and some of the one who left, are kept."""
    texts = make_plan(task(1, due=day("2023-02-28")))
    found = make_office("2023-01-03 08:00", texts=texts, holders=[make_holder("liaison", "emergency", email=GONE)])
    found.live("2023-02-21 12:00")
    found.staff([OTHERS])
    return found


def wipe(office: Office) -> erase.Gone:
    found: erase.Gone = office.act(erase.act, address=GONE, today=day("2023-02-23"), reason="本人申请")
    return found


def refuse(office: Office) -> None:
    with office.db.begin() as session:
        refusals.mark(session, GONE, code=550, text="no such user", message_id=1, now=office.now)


def test_an_address_refused_again_after_it_was_erased_is_erased_again(office: Office) -> None:
    office.live("2023-02-23 12:00")
    refuse(office)
    wipe(office)
    office.staff([make_holder("liaison", "emergency", email=GONE)])
    office.staff([OTHERS])
    refuse(office)
    wipe(office)
    with office.db.read() as session:
        assert refusals.all_of(session) == {erasing.hashed(GONE)}
    assert GONE not in str(office.db_dump())


def test_letters_are_read_before_the_database_is_locked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, each its own look; what was made in between is read with the lock held, and nothing else."""
    office.live("2023-02-23 12:00")
    monkeypatch.setattr(erasing, "PAGE", 1)
    kept = {row["id"] for row in office.messages(state="sent") if row["raw"]}
    pages, last = [], 0
    while True:
        with office.db.read() as session:
            page, found = erasing.speaking(session, GONE, after=last)
        if found is None:
            break
        pages.append(page)
        last = found
    assert all(len(page) == 1 for page in pages)
    looked = {number: seen for page in pages for number, seen in page.items()}
    assert set(looked) == kept
    of_them = {number for number, (_hash, is_of) in looked.items() if is_of}
    missed = min(of_them)
    with office.db.begin() as session:  # one letter was made after the look
        done = erasing.erase(session, GONE, {number: seen for number, seen in looked.items() if number != missed})
    assert done.letters == len(of_them) > 1
    assert {row["id"] for row in office.messages(state="sent") if row["raw"]} == kept - of_them


def test_the_act_looks_through_all_letters_before_it_writes(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.live("2023-02-23 12:00")
    real, looked, given = erasing.erase, [], []

    def erase_after(session: Session, address: str, seen: erasing.Looked | None = None) -> erasing.Erased:
        looked.extend(row["id"] for row in before if row["raw"])
        given.extend(seen or {})
        return real(session, address, seen)

    before = office.messages()
    monkeypatch.setattr(erasing, "erase", erase_after)
    wipe(office)
    assert looked == given
    assert len(looked) > 1
