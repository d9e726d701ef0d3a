"""Each fault a ledger can have is found and named: somebody, or some bug, changed the database behind its back."""

from __future__ import annotations

import pytest

from tests.audit.auditing import KEY, audit, faults, lived_office, sql
from tests.cast import Office
from wsyf_scheduler.audit.finding import Kind

HOUSING = "2023/2/housing"
CHASER = "letter = 'chaser' AND rung = 'chase-1w'"


@pytest.fixture
def office() -> Office:
    return lived_office()


def message_of(office: Office, rung: str, key: str = KEY, receiver: str = "emergency") -> int:
    item = office.item(key)
    (row,) = office.notices(assignment_id=item.id, rung=rung, repeat=0, receiver=receiver)
    return int(row["message_id"])


def test_an_office_nobody_meddled_with_is_clean(office):
    found = audit(office)
    assert found.findings == ()
    assert found.assignments == 2
    assert found.letters == len(
        [row for row in office.messages(state="sent") if row["letter"] not in ("alert", "digest")]
    )


def test_a_notice_that_was_deleted_is_missing(office):
    assert sql(office, "DELETE FROM notice WHERE rung = 'chase-1w' AND receiver = 'emergency'") == 1
    missing, rowless = sorted(audit(office).findings, key=lambda each: each.kind)
    assert (missing.kind, missing.key, missing.rung, missing.receiver) == (Kind.MISSING, KEY, "chase-1w", "emergency")
    assert (missing.on.isoformat(), missing.letter) == ("2023-03-01", "chaser")
    assert missing.expected == {
        "verdict": "notify",
        "reason": "due",
        "slot_at": "2023-03-01T01:00:00+00:00",
        "by": "2023-03-01T01:00:00+00:00",
        "to": ["liaison"],
        "cc": ["convener"],
    }
    assert (rowless.kind, rowless.on.isoformat()) == (Kind.NO_ROW, "2023-03-01")


def test_a_briefing_that_was_deleted_is_missing_though_its_escalation_stands(office):
    assert sql(office, "DELETE FROM notice WHERE rung = 'escalate-7w' AND receiver = 'chief'") == 1
    assert "missing 03-09 2023/1/emergency escalate-7w chief" in faults(office)


def test_a_message_that_was_deleted_leaves_its_rows_without_a_mail(office):
    message = message_of(office, "remind-7")
    sql(office, "DELETE FROM attempt WHERE message_id = ?", message)
    with office.db.exclusive() as session:
        session.exec_driver_sql("DELETE FROM message WHERE id = ?", (message,))
    assert faults(office) == [f"no-mail 02-21 {KEY} remind-7 emergency"]


def test_a_rung_that_was_never_decided_because_nobody_looked_is_missing(office):
    """`next_attention_at` is what a tick goes by; the auditor does not."""
    sql(office, "UPDATE assignment SET next_attention_at = NULL WHERE key = ?", HOUSING)
    office.live("2023-06-20 12:00")
    office.tick()
    assert faults(office) == [
        f"missing 05-31 {HOUSING} remind-30 housing",
        f"missing 06-15 {HOUSING} remind-15 housing",
    ]


def test_a_rung_that_was_decided_days_too_late_is_named_late(office):
    sql(office, "UPDATE assignment SET next_attention_at = '2023-06-05 02:00:00.000000' WHERE key = ?", HOUSING)
    office.tick("2023-05-31 09:00")
    office.live("2023-06-08 12:00")
    office.tick()
    (late,) = audit(office).findings
    assert (late.kind, late.rung, late.key) == (Kind.LATE, "remind-30", HOUSING)
    assert (late.expected["by"], late.found["by"]) == ("2023-05-31T01:00:00+00:00", "2023-06-05T02:00:00+00:00")


def test_a_letter_made_up_beside_the_rules_is_not_owed(office):
    """A row and a sent message of a rung that lies ahead."""
    message = message_of(office, "remind-7")
    copied = (
        "plan_id, letter, department, audience, 'sent', in_window, '2023-05-10 02:00:00.000000', not_before, payload, 1"
    )
    columns = "plan_id, letter, department, audience, state, in_window, queued_at, not_before, payload, attempts"
    more = 'sent_at, message_id, subject, "to", cc, made_at, made_rows, raw_hash'
    sql(
        office,
        f"INSERT INTO message ({columns}, {more}) SELECT {copied}, '2023-05-10 02:00:00.000000', 'x', subject, "
        "\"to\", cc, '2023-05-10 02:00:00.000000', 1, raw_hash FROM message WHERE id = ?",
        message,
    )
    (made_up,) = office.messages(message_id="x")
    row = "letter, 'remind-15', 0, '2023-06-30', '2023-06-30', 'housing', role, to_roles, cc_roles"
    sql(
        office,
        "INSERT INTO notice (assignment_id, message_id, letter, rung, repeat, due_on, counted_from, receiver, role, "
        "to_roles, cc_roles, slot_at, decided_at, verdict, reason, detail) "
        f"SELECT ?, ?, {row}, '2023-06-15 01:00:00.000000', '2023-05-10 02:00:00.000000', verdict, reason, detail "
        "FROM notice WHERE message_id = ?",
        office.item(HOUSING).id,
        made_up["id"],
        message,
    )
    kinds = {each.kind for each in audit(office).findings}
    assert kinds == {Kind.NOT_OWED, Kind.EARLY, Kind.UNPROVEN}


def test_a_mail_of_the_ladder_about_nothing_is_found(office):
    sql(office, "UPDATE notice SET message_id = NULL WHERE rung = 'remind-7' AND receiver = 'emergency'")
    assert {each.kind for each in audit(office).findings} == {Kind.NO_ROW, Kind.NO_MAIL}


def test_a_message_sent_to_somebody_who_did_not_hold_the_post_is_found(office):
    message = message_of(office, "remind-7")
    sql(office, """UPDATE message SET "to" = '["somebody@county.example"]' WHERE id = ?""", message)
    (wrong,) = audit(office).findings
    assert (wrong.kind, wrong.message_id, wrong.on.isoformat()) == (Kind.WRONG_ADDRESS, message, "2023-02-21")
    assert wrong.expected["to"] == ["liaison.emergency@county.example"]
    assert wrong.found["to"] == ["somebody@county.example"]


def test_a_letter_sent_while_the_window_was_shut_is_found(office):
    message = message_of(office, "remind-7")
    sql(office, "UPDATE message SET sent_at = '2023-02-21 12:00:00.000000' WHERE id = ?", message)  # 20:00 there
    assert faults(office) == ["outside-window 02-21 2023/1/emergency  emergency"]


def test_a_letter_sent_before_its_slot_is_found(office):
    message = message_of(office, "remind-7")
    sql(office, "UPDATE message SET sent_at = '2023-02-20 02:00:00.000000' WHERE id = ?", message)
    assert [each.kind for each in audit(office).findings] == [Kind.EARLY]


def test_a_letter_sent_after_the_assignment_was_closed_is_found(office):
    message = message_of(office, "remind-7")
    (event,) = office.events("assignment_tracked")[:1]
    closed = "assignment_id, 'open', 'done', '', '{}', chain, 100, 'x' FROM event WHERE id = ?"
    sql(
        office,
        "INSERT INTO event (at, who, action, plan_id, assignment_id, from_state, to_state, why, detail, chain, seq, hash) "
        f"SELECT '2023-02-20 02:00:00.000000', 'x', 'assignment_done', plan_id, {closed}",
        event["id"],
    )
    found = audit(office).findings
    assert (Kind.SILENT, message) in {(each.kind, each.message_id) for each in found}
    assert {each.kind for each in found} == {Kind.SILENT, Kind.OTHERWISE, Kind.CHANGED, Kind.NOT_OWED}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("state = 'done'", {"state"}),
        ("due_on = '2023-12-31'", {"due_on"}),
        ("held = 1", {"held"}),
        ("muted_until = '2023-12-31'", {"muted_until"}),
        ("counted_from = '2023-04-01', ladder_from = '2023-04-01 00:00:00.000000'", {"counted_from", "ladder_from"}),
        ("support = 'finance', kind = 'summary'", {"support", "kind"}),
        ("tracked_from = '2022-12-02 00:00:00.000000'", {"tracked_from"}),
    ],
)
def test_an_assignment_changed_without_an_event_is_found(office, change, names):
    sql(office, f"UPDATE assignment SET {change} WHERE key = ?", KEY)
    (changed,) = audit(office).findings
    assert (changed.kind, changed.key, set(changed.expected)) == (Kind.CHANGED, KEY, names)
    assert set(changed.found) == names


def test_a_letter_written_off_is_found_with_who_and_why(office):
    message = message_of(office, "remind-7")
    sql(office, "UPDATE message SET state = 'discarded', sent_at = NULL WHERE id = ?", message)
    assert faults(office) == [f"written-off 02-21 {KEY} remind-7 emergency"]


@pytest.mark.parametrize("state", ["queued", "retry", "uncertain", "held"])
def test_a_letter_that_still_waits_long_after_its_slot_is_found(office, state):
    message = message_of(office, "remind-7")
    held_for = "'blast'" if state == "held" else "NULL"
    sql(office, f"UPDATE message SET state = ?, sent_at = NULL, held_for = {held_for} WHERE id = ?", state, message)
    (unsent,) = audit(office).findings
    assert (unsent.kind, unsent.message_id, unsent.found["state"]) == (Kind.UNSENT, message, state)


def test_a_letter_that_waits_since_today_or_yesterday_is_let_be(office):
    message = message_of(office, "remind-7")
    sql(office, "UPDATE message SET state = 'retry', sent_at = NULL WHERE id = ?", message)
    assert not [each for each in faults(office, "2023-02-22 17:00") if each.startswith("unsent")]


def test_a_row_taken_out_for_no_reason_is_found(office):
    sql(office, "UPDATE notice SET dropped = 'done' WHERE rung = 'remind-7' AND receiver = 'emergency'")
    assert [each.kind for each in audit(office).findings] == [Kind.NO_ROW, Kind.DROPPED]


def test_a_mail_that_counts_as_sent_though_no_attempt_says_so_is_found(office):
    message = message_of(office, "remind-7")
    sql(office, "DELETE FROM attempt WHERE message_id = ?", message)
    assert [each.kind for each in audit(office).findings] == [Kind.UNPROVEN]


def test_a_verdict_or_a_reader_that_was_changed_is_found(office):
    sql(office, "UPDATE notice SET cc_roles = '' WHERE rung = 'chase-1w'")
    sql(office, "UPDATE notice SET reason = 'late' WHERE rung = 'remind-0'")
    kinds = [(each.kind, each.rung) for each in audit(office).findings]
    assert sorted(kinds) == [
        (Kind.OTHERWISE, "chase-1w"),
        (Kind.OTHERWISE, "remind-0"),
        (Kind.WRONG_ADDRESS, ""),
    ]


def test_an_assignment_that_is_gone_is_missed_by_the_plan(office):
    item = office.item(HOUSING).id
    for table in ("notice", "event"):
        sql(office, f"DELETE FROM {table} WHERE assignment_id = ?", item)
    sql(office, "DELETE FROM assignment WHERE id = ?", item)
    assert f"not-tracked 12-01 {HOUSING}" in faults(office)


def test_an_assignment_without_any_event_is_found(office):
    sql(office, "DELETE FROM event WHERE assignment_id = ?", office.item(HOUSING).id)
    assert ("no-trail", HOUSING) in {(each.kind.value, each.key) for each in audit(office).findings}
