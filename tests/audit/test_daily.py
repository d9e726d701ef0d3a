"""The tick of the auditor: once a day, an alert when something is wrong, and no more work than what has happened."""

from __future__ import annotations

import json

import pytest

from tests.audit.auditing import KEY, audit, lived_office, said, sql
from tests.cast import Office, at
from wsyf_scheduler.store import facts
from wsyf_scheduler.ticks import audit as daily

HOUSING = "2023/2/housing"


@pytest.fixture
def office() -> Office:
    return lived_office()


def last(office: Office) -> dict[str, object]:
    with office.db.read() as session:
        return dict(json.loads(facts.get(session, daily.FACT) or "{}"))


def run(office: Office, when: str) -> daily.Last | None:
    return daily.run(office.app, office.go(when))


def test_it_comes_once_a_day_an_hour_after_the_window_opened(office):
    assert run(office, "2023-05-31 09:59") is not None  # the first, for the day before
    assert run(office, "2023-05-31 09:59") is None
    done = run(office, "2023-05-31 10:00")
    assert done is not None
    assert (done.findings, done.assignments) == (0, 2)
    assert run(office, "2023-05-31 23:59") is None
    assert run(office, "2023-06-01 09:00") is None


def test_after_downtime_it_comes_with_the_first_round_even_on_a_day_off(office):
    run(office, "2023-06-01 12:00")
    assert run(office, "2023-06-02 09:00") is None
    assert run(office, "2023-06-03 20:00") is not None  # a Saturday, for Friday
    assert run(office, "2023-06-04 20:00") is None


def test_what_it_did_is_an_event_and_a_fact_for_status(office):
    run(office, "2023-05-30 13:00")
    (event,) = office.events("audit_done")
    letters = audit(office).letters
    assert json.loads(event["detail"]) == {"assignments": 2, "letters": letters, "findings": 0}
    found = last(office)
    assert (found["at"], found["until"], found["findings"]) == (at("2023-05-30 13:00").isoformat(),) * 2 + (0,)
    assert not [row for row in office.messages(letter="alert") if (row["dedup"] or "").startswith("audit:")]


def test_a_fault_is_told_once_in_plain_words(office):
    sql(office, "DELETE FROM notice WHERE rung = 'chase-1w' AND receiver = 'emergency'")
    for day in ("2023-05-30", "2023-05-31", "2023-06-01"):
        run(office, f"{day} 13:00")
    (told,) = [row for row in office.messages(letter="alert") if row["dedup"].startswith("audit:")]
    payload = json.loads(told["payload"])
    assert payload["headline"] == "核对发信记录，发现2处不符"
    assert f"2023年3月1日，责任事项 {KEY}：应发发往应急的催办（chase-1w），未发。" in payload["lines"]
    assert last(office)["findings"] == 2


@pytest.mark.parametrize("small", [0, 500])
def test_day_by_day_it_finds_what_the_audit_of_the_whole_finds(office, monkeypatch, small):
    """A large office is audited by what moved and by the days rungs land on; nothing slips through."""
    monkeypatch.setattr(daily, "SMALL", small)
    monkeypatch.setattr(daily, "IN_TURN", 0)
    run(office, "2023-05-30 13:00")
    sql(office, "UPDATE assignment SET next_attention_at = NULL WHERE key = ?", HOUSING)
    for day in ("2023-05-31", "2023-06-01", "2023-06-15", "2023-06-16"):
        office.tick(f"{day} 09:00")
        run(office, f"{day} 10:00")
    assert said(audit(office).findings) == [
        f"missing 05-31 {HOUSING} remind-30 housing",
        f"missing 06-15 {HOUSING} remind-15 housing",
    ]
    assert len(last(office)["known"]) == 2  # type: ignore[arg-type]


def test_a_large_office_is_audited_so_many_a_round_until_all_is_done(office, monkeypatch):
    monkeypatch.setattr(daily, "SMALL", 0)
    monkeypatch.setattr(daily, "MOST", 1)
    first = run(office, "2023-05-30 13:00")
    assert first is not None
    assert (bool(first.begun), first.assignments, first.until) == (True, 1, "")
    second = run(office, "2023-05-30 13:01")
    assert second is not None
    assert (second.begun, second.assignments, second.until) == ("", 2, at("2023-05-30 13:00").isoformat())
    assert run(office, "2023-05-30 13:02") is None
    assert len(office.events("audit_done")) == 1
