"""`wsyf explain`: why a letter went or did not go on a day, for an assignment and for a person."""

from __future__ import annotations

import unicodedata
from datetime import datetime

import pytest

from tests.cli.conftest import live
from tests.cli.office_fixtures import Desk
from wsyf_scheduler import config
from wsyf_scheduler.acts import close
from wsyf_scheduler.core.decide import Reason
from wsyf_scheduler.opening import open_app
from wsyf_scheduler.reports import past, recorded, wording
from wsyf_scheduler.reports.explain import life_of
from wsyf_scheduler.reports.ladder import RESTARTED, UNDECIDED, Step, steps
from wsyf_scheduler.store.glance import glance
from wsyf_scheduler.ticks import remind

KEY = "2022/1/emergency"
LIAISON = "liaison.emergency@gaoping.example"
CONVENER = "convener.emergency@gaoping.example"
EXTEND = ("extend", KEY, "--to", "2022-10-10", "--reason", "数据核对", "--approved-by", "办公室主任")
ON_EXTENSION = "2022-07-15T10:00+08:00"
STEP_KEYS = [
    "rung", "repeat", "letter", "audience", "receiver", "role", "due_on", "counted_from", "nominal_on", "on", "slot_at",
    "fate", "ahead", "verdict", "reason", "dropped", "decided_at", "message",
]  # fmt: skip


def explained(desk: Desk, *words: str, at: str | None = None):
    return desk.wsyf("explain", *words, "--json", at=at).json


def step_on(desk: Desk, key: str, day: str, rung: str, at: str | None = None):
    """The one step of that rung for the lead department on that day."""
    landed = explained(desk, key, "--on", day, at=at)["landed"]
    (found,) = [each for each in landed if each["rung"] == rung and each["audience"] == "department"]
    return found


def remove_holders(desk: Desk, *emails: str) -> None:
    """These posts fall vacant: the file that is imported names them no more than by somebody who is gone."""
    people = desk.folder / "people.csv"
    lines = people.read_text(encoding="utf-8-sig").splitlines()
    gone = [
        f"{line.rsplit(',', 1)[0]},2022-05-31" if any(email in line for email in emails) else line for line in lines
    ]
    people.write_text("\n".join(gone) + "\n", encoding="utf-8")
    desk.wsyf("people", "import", people)


# --- what went


def test_a_letter_that_went_is_told_with_its_rung_its_way_its_mail_and_its_readers(lived_desk):
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-06-10").out
    assert "2022-06-10, Friday: working day; mail may leave 09:00–17:30" in said
    assert "escalation (escalate-7w), 应急: sent 2022-06-10 09:00, mail" in said
    assert (
        "7 working days after 2022-05-31 is 2022-06-10; days off not counted: 06-03 端午, 06-04 端午, 06-05 端午"
        in said
    )
    assert f"to: 应急局召集人 <{CONVENER}>" in said
    assert f"cc: 应急局联络员 <{LIAISON}>" in said
    assert said.index("briefing (escalate-7w), director") < said.index("briefing (escalate-7w), chief")


def test_the_json_of_an_assignment_has_stable_keys(lived_desk):
    found = explained(lived_desk, KEY, "--on", "2022-06-10")
    assert list(found) == [
        "assignment", "now", "tracked_from", "day", "landed", "others", "before", "after", "posts", "held_messages", "ladder",
        "then", "rules_since", "holds", "pauses", "tries", "deeds", "deed_before", "mail_deeds",
    ]  # fmt: skip
    assert found["assignment"] == {**lived_desk.wsyf("list", "--json").json[4], **found["assignment"]}
    assert found["tracked_from"] == "2022-05-19T00:00:00+08:00"
    assert list(found["ladder"][0]) == STEP_KEYS
    assert list(found["landed"][0]) == [*STEP_KEYS, "way", "to", "cc", "vacant"]
    assert found["day"] == {
        "on": "2022-06-10",
        "kind": "working",
        "holiday": None,
        "working": True,
        "calendar": "published",
        "opens_at": "2022-06-10T09:00:00+08:00",
        "shuts_at": "2022-06-10T17:30:00+08:00",
    }


def test_one_step_word_for_word(lived_desk):
    found = step_on(lived_desk, KEY, "2022-05-24", "remind-7")
    message = found.pop("message")
    assert (message["state"], message["sent_at"], message["to"]) == ("sent", "2022-05-24T09:00:00+08:00", [LIAISON])
    assert found == {
        "rung": "remind-7",
        "repeat": 0,
        "letter": "reminder",
        "audience": "department",
        "receiver": "emergency",
        "role": "lead",
        "due_on": "2022-05-31",
        "counted_from": "2022-05-31",
        "nominal_on": "2022-05-24",
        "on": "2022-05-24",
        "slot_at": "2022-05-24T09:00:00+08:00",
        "fate": "sent",
        "ahead": False,
        "verdict": "notify",
        "reason": "due",
        "dropped": None,
        "decided_at": "2022-05-24T09:00:00+08:00",
        "way": {
            "rule": "calendar-days",
            "n": -7,
            "base": "2022-05-31",
            "nominal_on": "2022-05-24",
            "on": "2022-05-24",
            "skipped": [],
            "made_up": [],
        },
        "to": [{"address": LIAISON, "name": "应急局联络员", "role": "liaison", "department": "emergency"}],
        "cc": [],
        "vacant": [],
    }


def test_a_support_department_is_told_of_its_own_row_of_the_start(lived_desk):
    found = explained(lived_desk, "2021-2022/2/hrss", "--on", "2022-05-19")["landed"]
    assert [(each["receiver"], each["role"], each["to"][0]["department"]) for each in found] == [
        ("hrss", "lead", "hrss"),
        ("finance", "support", "finance"),
    ]


def test_the_day_is_today_of_the_clock_unless_another_is_asked_for(lived_desk):
    assert explained(lived_desk, KEY)["day"]["on"] == "2022-07-15"
    assert explained(lived_desk, KEY, at="2022-08-01")["day"]["on"] == "2022-08-01"


# --- days, and how rungs come to them


def test_a_rung_rolled_back_names_every_day_off_it_passed(lived_desk):
    """30 days before 2025-02-28 lies in the Spring Festival."""
    said = lived_desk.wsyf("explain", "2025/1a/emergency", "--on", "2025-01-28").out
    assert "2025-01-28, Tuesday: day off (春节); no ladder mail leaves" in said
    assert "No rung of this assignment lands on this day." in said
    way = "30 days before 2025-02-28 is 2025-01-29, a day off; rolled back over 01-29 春节, 01-28 春节 to 2025-01-27"
    assert way in said
    before = explained(lived_desk, "2025/1a/emergency", "--on", "2025-01-28")["before"]
    assert (before["rung"], before["on"], before["fate"]) == ("remind-30", "2025-01-27", "ahead")
    assert before["way"]["skipped"] == ["2025-01-29", "2025-01-28"]


@pytest.mark.parametrize(
    ("day", "kind", "words"),
    [
        ("2023-01-29", "make-up", "make-up working day (春节); mail may leave 09:00–17:30"),
        ("2023-01-23", "holiday", "day off (春节); no ladder mail leaves"),
        ("2022-06-18", "weekend", "day off (weekend); no ladder mail leaves"),
        ("2022-06-17", "working", "working day; mail may leave 09:00–17:30"),
    ],
)
def test_a_day_is_named_as_the_calendar_has_it(lived_desk, day, kind, words):
    assert explained(lived_desk, KEY, "--on", day)["day"]["kind"] == kind
    assert words in lived_desk.wsyf("explain", KEY, "--on", day).out


def test_the_office_s_own_holidays_count_and_a_year_without_a_notice_is_called_provisional(lived_desk):
    lived_desk.edit("config.toml", "off = []", "off = [2022-09-01]")
    assert explained(lived_desk, KEY, "--on", "2022-09-01")["day"]["working"] is False
    assert explained(lived_desk, KEY, "--on", "2098-09-01")["day"]["calendar"] == "provisional"
    assert "provisional: no notice for 2098 is known yet" in lived_desk.wsyf("explain", KEY, "--on", "2098-09-01").out


def test_where_nothing_lands_the_nearest_rungs_before_and_after_are_named(lived_desk):
    found = explained(lived_desk, KEY, "--on", "2022-06-04")
    assert found["landed"] == []
    assert (found["before"]["rung"], found["before"]["on"]) == ("chase-1w", "2022-06-01")
    assert (found["after"]["rung"], found["after"]["on"]) == ("escalate-3w", "2022-06-06")
    assert explained(lived_desk, KEY, "--on", "2022-01-01")["before"] is None
    assert explained(lived_desk, KEY, "--on", "2024-01-01")["after"] is None


def test_a_repeated_escalation_counts_from_the_one_before_it(lived_desk):
    way = step_on(lived_desk, KEY, "2022-06-17", "escalate-n")["way"]
    assert (way["rule"], way["base"], way["n"]) == ("every", "2022-06-10", 5)


def test_the_past_stays_as_it_was_recorded_when_the_calendar_changes(lived_desk):
    """The day an escalation went on is later declared a day off: it went all the same, by the days as they were."""
    before = explained(lived_desk, KEY, "--on", "2022-06-10")
    lived_desk.edit("config.toml", "off = []", "off = [2022-06-10]")
    after = explained(lived_desk, KEY, "--on", "2022-06-10")
    assert [after[name] for name in ("day", "landed", "posts", "before")] == [
        before[name] for name in ("day", "landed", "posts", "before")
    ]
    assert before["day"]["working"] is True
    lived_desk.wsyf("tick", at="2022-07-18T10:00+08:00")
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-06-10").out
    assert "sent 2022-06-10 09:00" in said
    assert "7 working days after 2022-05-31 is 2022-06-10" in said
    assert "by the ladder, hours and calendar in force since 2022-05-19 00:00, not those of today" in said


# --- why none went


def test_a_rung_before_tracking_began_says_so(lived_desk):
    found = step_on(lived_desk, KEY, "2022-05-16", "remind-15")
    assert (found["fate"], found["reason"], found["ahead"]) == ("skipped", "before-tracking", False)
    assert "none: its slot lay before tracking began" in lived_desk.wsyf("explain", KEY, "--on", "2022-05-16").out


def test_a_closed_assignment_says_so_of_the_rungs_ahead_and_of_those_that_have_passed(lived_desk):
    lived_desk.wsyf("done", KEY, at="2022-07-20T10:00+08:00")
    before = step_on(lived_desk, KEY, "2022-07-22", "escalate-n", at="2022-07-20T10:01+08:00")
    assert (before["fate"], before["reason"], before["ahead"]) == ("skipped", "done", True)
    lived_desk.wsyf("tick", at="2022-07-22T09:00+08:00")
    after = step_on(lived_desk, KEY, "2022-07-22", "escalate-n")
    assert (after["fate"], after["reason"], after["ahead"]) == ("skipped", "done", False)
    assert "none: it was closed by then" in lived_desk.wsyf("explain", KEY, "--on", "2022-07-22").out


def test_two_rungs_in_one_slot_say_which_speaks_before_and_after_it_is_decided(lived_desk):
    """Before 2022-10-10 seven days and three working days both lead to the last day before the October holiday."""
    lived_desk.wsyf(*EXTEND, at=ON_EXTENSION)
    for at in (ON_EXTENSION, "2022-09-30T09:00+08:00"):
        lived_desk.wsyf("tick", at=at)
        gives_way, speaks = (step_on(lived_desk, KEY, "2022-09-30", rung) for rung in ("remind-7", "remind-3w"))
        assert (gives_way["fate"], gives_way["reason"]) == ("superseded", "same-slot")
        assert speaks["verdict"] == "notify"
    assert speaks["fate"] == "sent"


def test_after_an_extension_the_old_rungs_say_that_the_ladder_began_anew(lived_desk):
    lived_desk.wsyf(*EXTEND, at=ON_EXTENSION)
    old = step_on(lived_desk, KEY, "2022-07-22", "escalate-n")
    assert (old["fate"], old["reason"], old["due_on"]) == ("skipped", RESTARTED, "2022-05-31")
    assert step_on(lived_desk, KEY, "2022-06-17", "escalate-n")["fate"] == "sent"
    ladder = explained(lived_desk, KEY)["ladder"]
    assert {each["due_on"] for each in ladder if each["ahead"]} == {"2022-10-10"}
    assert not [each for each in ladder if each["reason"] == RESTARTED]
    assert " (for the due day 2022-05-31)" in lived_desk.wsyf("explain", KEY, "--on", "2022-06-17").out


def test_a_second_extension_keeps_both_earlier_due_days_apart(lived_desk):
    lived_desk.wsyf(*EXTEND, at=ON_EXTENSION)
    again = ("extend", KEY, "--to", "2022-12-01", "--reason", "再核对", "--approved-by", "办公室主任")
    lived_desk.wsyf(*again, at="2022-09-29T10:00+08:00")
    first = step_on(lived_desk, KEY, "2022-07-22", "escalate-n")
    second = step_on(lived_desk, KEY, "2022-09-30", "remind-3w")
    assert [(each["reason"], each["due_on"]) for each in (first, second)] == [
        (RESTARTED, "2022-05-31"),
        (RESTARTED, "2022-10-10"),
    ]


def test_a_reopened_assignment_counts_its_chaser_from_that_day(lived_desk):
    lived_desk.wsyf("done", KEY, at=ON_EXTENSION)
    lived_desk.wsyf("reopen", KEY, "--reason", "材料需要补充", at="2022-07-18T10:00+08:00")
    chaser = step_on(lived_desk, KEY, "2022-07-19", "chase-1w")
    assert (chaser["fate"], chaser["way"]["base"]) == ("ahead", "2022-07-18")
    assert step_on(lived_desk, KEY, "2022-07-22", "escalate-n")["reason"] == RESTARTED


def test_a_slot_that_has_come_says_whether_the_window_is_shut_or_no_round_has_looked(lived_desk):
    shut, unseen = (
        step_on(lived_desk, KEY, "2022-07-22", "escalate-n", at=at)
        for at in ("2022-07-23T10:00+08:00", "2022-07-22T10:00+08:00")
    )
    assert (shut["reason"], shut["ahead"]) == ("window-shut", True)
    assert (unseen["reason"], unseen["ahead"]) == (UNDECIDED, True)
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-07-22", at="2022-07-22T10:00+08:00").out
    assert "no round has looked at it yet; see `wsyf status`" in said


def test_a_letter_that_went_late_is_told_on_the_day_of_its_slot_and_on_the_day_it_went(lived_desk):
    lived_desk.wsyf("tick", at="2022-07-25T10:00+08:00")
    found = step_on(lived_desk, KEY, "2022-07-22", "escalate-n")
    assert (found["fate"], found["reason"], found["message"]["sent_at"]) == (
        "sent",
        "late",
        "2022-07-25T10:00:00+08:00",
    )
    others = explained(lived_desk, KEY, "--on", "2022-07-25")["others"]
    assert {(each["letter"], each["reason"]) for each in others} == {("escalation", "late"), ("briefing", "late")}


def test_receipts_and_changes_of_the_day_are_told_too(lived_desk):
    lived_desk.wsyf("done", KEY, at="2022-07-18T10:00+08:00")
    lived_desk.wsyf("tick", at="2022-07-18T10:00+08:00")
    assert "receipt: sent 2022-07-18 10:00, mail" in lived_desk.wsyf("explain", KEY, "--on", "2022-07-18").out


def test_a_row_taken_out_before_its_message_left_says_why(lived_desk):
    """Decided in the morning, closed before it was sent."""
    at = datetime.fromisoformat("2022-07-22T09:00:00+08:00")
    app = open_app(config.load(lived_desk.config), who="coordinator", at=at)
    remind.run(app, at)
    waiting = step_on(lived_desk, KEY, "2022-07-22", "escalate-n")
    assert (waiting["fate"], waiting["message"]["sent_at"]) == ("queued", None)
    assert waiting["to"][0]["address"] == CONVENER
    close.act(app, at, keys=[KEY], who="coordinator")
    app.db.close()
    lived_desk.wsyf("tick", at="2022-07-22T09:01+08:00")
    found = step_on(lived_desk, KEY, "2022-07-22", "escalate-n")
    assert (found["fate"], found["dropped"]) == ("dropped", "done")
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-07-22").out
    assert f"taken out of mail {found['message']['id']} before it went: it was closed by then" in said


def test_a_held_assignment_is_silent_and_says_so(lived_desk):
    lived_desk.sql("UPDATE assignment SET held = 1 WHERE key = ?", KEY)
    assert step_on(lived_desk, KEY, "2022-07-22", "escalate-n")["reason"] == "held"


def test_mail_a_guard_holds_back_is_named(lived_desk):
    message = step_on(lived_desk, KEY, "2022-07-15", "escalate-n")["message"]["id"]
    lived_desk.sql("UPDATE message SET state = 'held', held_for = 'blast', sent_at = NULL WHERE id = ?", message)
    assert explained(lived_desk, KEY)["held_messages"] == [message]
    assert f"a guard holds mail {message} back" in lived_desk.wsyf("explain", KEY).out


def test_what_the_rules_say_lies_ahead_is_what_then_goes(lived_desk):
    """Every step forecast in July, one assignment closed and one extended, against what was decided by December."""
    lived_desk.wsyf("done", "2022/1/housing", at=ON_EXTENSION)
    lived_desk.wsyf(*EXTEND, at=ON_EXTENSION)
    until = "2022-12-21T00:00:00+08:00"
    before = datetime.fromisoformat(until)
    forecast = {mark: _word(step) for mark, step in _all_steps(lived_desk) if step.ahead and step.slot_at < before}
    live(lived_desk, ON_EXTENSION, until)
    decided = {mark: _word(step) for mark, step in _all_steps(lived_desk) if step.decided_at is not None}
    assert len(forecast) > 250
    assert forecast == {mark: decided[mark] for mark in forecast}


def _word(step: Step) -> tuple[object, ...]:
    return step.verdict, step.to, step.cc, step.letter, "" if step.speaks else step.reason


def _all_steps(desk: Desk) -> list[tuple[tuple[object, ...], Step]]:
    """Every step of every assignment, with what makes it one of a kind."""
    with glance(desk.database) as opened:
        now = datetime.fromisoformat(opened.fact("last_tick_at") or "")
        source = past.read(opened, config.load(desk.config), "Asia/Shanghai", now)
        return [
            ((item.id, step.rung, step.repeat, step.receiver, step.slot_at, step.due_on), step)
            for item in opened.assignments()
            for step in steps(
                item,
                source,
                life_of(opened, source, item),
                recorded.rows_where(opened, "n.assignment_id = :id", {"id": item.id}),
            )
        ]


# --- the past by its own lights


def test_a_reader_of_the_past_is_the_one_the_office_knew_then(lived_desk):
    """The liaison's address was corrected later: what is told of the past, and who could be asked about, stays."""
    lived_desk.edit("people.csv", LIAISON, "new.liaison@gaoping.example")
    lived_desk.wsyf("people", "import", lived_desk.folder / "people.csv", at="2022-07-18T10:00+08:00")
    lived_desk.wsyf("tick", at="2022-07-18T10:00+08:00")
    then, now = (explained(lived_desk, KEY, "--on", day)["posts"][0] for day in ("2022-07-01", "2022-07-18"))
    assert (then["role"], then["readers"][0]["address"]) == ("liaison", LIAISON)
    assert now["readers"][0]["address"] == "new.liaison@gaoping.example"
    assert step_on(lived_desk, KEY, "2022-05-24", "remind-7")["to"][0]["name"] == "应急局联络员"
    assert explained(lived_desk, "--person", LIAISON, "--on", "2022-05-24")["received"]


def test_a_past_day_tells_how_the_assignment_stood_then(lived_desk):
    lived_desk.wsyf(*EXTEND, at=ON_EXTENSION)
    lived_desk.wsyf("done", KEY, at="2022-07-20T10:00+08:00")
    lived_desk.wsyf("tick", at="2022-07-21T10:00+08:00")
    states = [explained(lived_desk, KEY, "--on", day)["then"] for day in ("2022-05-18", "2022-07-01", "2022-07-18")]
    assert states[0] is None
    assert [(each["state"], each["due_on"]) for each in states[1:]] == [("open", "2022-05-31"), ("open", "2022-10-10")]
    assert "that day: open, due 2022-05-31" in lived_desk.wsyf("explain", KEY, "--on", "2022-07-01").out


def test_what_was_tried_in_vain_is_told_try_by_try(lived_desk):
    message = step_on(lived_desk, KEY, "2022-07-15", "escalate-n")["message"]["id"]
    columns = "message_id, at, phase, outcome, code, text, refused"
    lived_desk.sql(
        f"INSERT INTO attempt ({columns}) VALUES (?, '2022-07-15 00:59:00.000000', 'data', 'retry', 451, 'later', '[]')",
        message,
    )
    tried = explained(lived_desk, KEY, "--on", "2022-07-15")["tries"]
    assert {"message": message, "phase": "data", "outcome": "retry", "code": 451, "text": "later"}.items() <= next(
        each for each in tried if each["outcome"] == "retry"
    ).items()
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-07-15").out
    assert f"mail {message}, try of 2022-07-15 08:59: not sent, tried again (451 later)" in said


def test_a_day_on_which_the_queue_was_held_or_the_engine_was_down_says_so(lived_desk):
    columns = "at, who, action, why, detail, chain, seq, hash"
    for number, (at, action) in enumerate((("2022-07-01 01:00", "queue_held"), ("2022-07-01 03:00", "queue_released"))):
        lived_desk.sql(
            f"INSERT INTO event ({columns}) VALUES (?, 'wsyf', ?, 'clock-back', '{{}}', '', ?, 'x')",
            f"{at}:00.000000",
            action,
            900 + number,
        )
    lived_desk.sql("UPDATE fact SET value = 'no' WHERE name = 'rehearsal'")
    lived_desk.sql("DELETE FROM uptime")
    for stretch in (("2022-06-30 00:00", "2022-07-01 00:30"), ("2022-07-01 05:00", "2022-07-15 09:00")):
        lived_desk.sql(
            "INSERT INTO uptime (from_at, to_at, host) VALUES (?, ?, 'x')", *(f"{at}:00.000000" for at in stretch)
        )
    found = explained(lived_desk, KEY, "--on", "2022-07-01")
    assert found["holds"] == [
        {
            "from": "2022-07-01T09:00:00+08:00",
            "to": "2022-07-01T11:00:00+08:00",
            "why": "clock-back",
            "ended_by": "wsyf",
        }
    ]
    pause = {"from": "2022-07-01T08:30:00+08:00", "to": "2022-07-01T13:00:00+08:00", "why": None, "ended_by": None}
    assert found["pauses"] == [pause]
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-07-01").out
    words = "the queue was held from 2022-07-01 09:00 to 2022-07-01 11:00: the clock stood before the last round"
    assert f"{words}; let go by wsyf" in said
    assert "the engine did not run from 2022-07-01 08:30 to 2022-07-01 13:00" in said
    assert explained(lived_desk, KEY, "--on", "2022-07-04")["pauses"] == []


def test_what_was_done_that_day_is_told_with_who_and_why(lived_desk):
    lived_desk.wsyf("mute", KEY, "--until", "2022-07-25", "--reason", "整改中", at="2022-07-18T10:00+08:00")
    lived_desk.wsyf("tick", at="2022-07-22T09:00+08:00")
    (deed,) = explained(lived_desk, KEY, "--on", "2022-07-18")["deeds"]
    assert (deed["at"], deed["action"], deed["why"]) == ("2022-07-18T10:00:00+08:00", "assignment_muted", "整改中")
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-07-22").out
    assert "that day: muted until 2022-07-25" in said
    assert "slot 09:00; none: the assignment is muted" in said
    (told,) = [line for line in said.splitlines() if "Last done before it" in line]
    assert told.strip().startswith("Last done before it: 2022-07-18 10:00 ")
    assert told.endswith("muted (整改中; until 2022-07-25)")


def test_a_reminder_asked_for_by_hand_is_told_as_one_outside_the_ladder(lived_desk):
    lived_desk.wsyf("remind", "2022/campaign/hrss", at="2022-07-18T10:00+08:00")
    lived_desk.wsyf("tick", at="2022-07-18T10:01+08:00")
    said = lived_desk.wsyf("explain", "2022/campaign/hrss", "--on", "2022-07-18").out
    assert "reminder (asked for by hand, outside the ladder): sent 2022-07-18 10:01, mail" in said


def test_mail_held_back_and_let_go_is_told_with_who_let_it_go(lived_desk):
    lived_desk.edit("config.toml", "max_messages = 20", "max_messages = 1")
    lived_desk.wsyf("tick", at="2022-07-15T09:00+08:00")
    lived_desk.wsyf("tick", at="2022-07-22T09:00+08:00")
    found = explained(lived_desk, KEY, "--on", "2022-07-22", at="2022-07-22T10:00+08:00")
    assert {deed["action"] for deed in found["mail_deeds"]} == {"message_held"}
    lived_desk.wsyf("outbox", "release", "--all", at="2022-07-22T11:00+08:00")
    lived_desk.wsyf("tick", at="2022-07-22T11:01+08:00")
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-07-22", at="2022-07-22T12:00+08:00").out
    assert "mail held back (too many letters at one moment)" in said
    assert "2022-07-22 11:00" in said
    assert "mail let go" in said


def test_make_up_days_a_rung_counted_are_named(lived_desk):
    """Three working days before 2023-01-31 runs over the make-up weekend after Spring Festival."""
    lived_desk.wsyf("add", "核查", "--department", "housing", "--due", "2023-01-31", at="2022-07-18T10:00+08:00")
    way = "3 working days before 2023-01-31 is 2023-01-28; make-up working days counted: 01-29 春节, 01-28 春节"
    assert way in lived_desk.wsyf("explain", "last", "--on", "2023-01-28").out


# --- posts


def test_a_deputy_is_named_beside_the_holder_who_is_away(lived_desk):
    absence = "UPDATE person SET deputy = ?, away_since = '2022-07-18', away_until = '2022-07-29' WHERE email = ?"
    lived_desk.sql(absence, CONVENER, LIAISON)
    found = explained(lived_desk, KEY, "--on", "2022-07-22", at="2022-07-18T11:00+08:00")
    liaison = found["posts"][0]
    assert [reader["address"] for reader in liaison["readers"]] == [CONVENER]
    assert [(each["address"], each["deputy"], each["until"]) for each in liaison["away"]] == [
        (LIAISON, CONVENER, "2022-07-29")
    ]
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-07-22", at="2022-07-18T11:00+08:00").out
    assert f"应急局联络员 is away 2022-07-18 – 2022-07-29, {CONVENER} is the deputy" in said
    said = lived_desk.wsyf("explain", "--person", LIAISON, "--on", "2022-07-22", at="2022-07-18T11:00+08:00").out
    assert f"is away 2022-07-18 – 2022-07-29: letters go to {CONVENER}" in said


def test_a_refused_address_is_told_from_a_vacancy(lived_desk):
    lived_desk.sql(
        "INSERT INTO refused_address (address, since_at, code, text) VALUES (?, '2022-07-15 00:00:00.000000', 550, 'no')",
        LIAISON,
    )
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-07-15").out
    assert f"应急 liaison: its address is refused by the mail server ({LIAISON}); To is read by" in said


@pytest.mark.parametrize(
    "meant", ["应急局联络员", "emergency/liaison", "liaison/emergency", "应急联络员", "应急 liaison"]
)
def test_a_person_may_be_named_by_post_or_name(lived_desk, meant):
    assert explained(lived_desk, "--person", meant, "--on", "2022-05-24")["address"] == LIAISON


def test_the_last_letter_before_a_day_without_one_is_named(lived_desk):
    said = lived_desk.wsyf("explain", "--person", LIAISON, "--on", "2022-06-04").out
    assert "Last before it: chaser, sent 2022-06-01 09:00, mail" in said


def test_who_reads_for_each_post_is_told_and_a_vacant_one_climbs(lived_desk):
    remove_holders(lived_desk, LIAISON)
    said = lived_desk.wsyf("explain", KEY, "--on", "2022-07-22", at="2022-07-18").out
    assert f"应急 liaison: vacant; To is read by 应急局召集人 <{CONVENER}>" in said
    found = step_on(lived_desk, KEY, "2022-07-22", "escalate-n", at="2022-07-18")
    assert found["vacant"] == [{"role": "liaison", "department": "emergency"}]
    assert (len(found["to"]), found["cc"]) == (1, [])
    posts = {post["role"]: post["vacant"] for post in explained(lived_desk, KEY, "--on", "2022-05-24")["posts"]}
    assert posts == {"liaison": False, "convener": False, "director": False, "chief": False}


def test_every_reason_is_put_in_plain_words():
    dropped = ("newer-rung", "due-day-changed", "before-restart", "act")
    for code in (*(reason.value for reason in Reason), *dropped, RESTARTED, UNDECIDED):
        assert " " in wording.reason(code), code


# --- a person


def test_a_person_is_told_what_reached_the_address_that_day_row_by_row(lived_desk):
    found = explained(lived_desk, "--person", LIAISON, "--on", "2022-05-24")
    assert list(found) == ["address", "now", "day", "posts", "received", "missed", "previous", "next"]
    (message,) = found["received"]
    assert [(row["key"], row["rung"]) for row in message["rows"]] == [
        ("2021-2022/4/emergency", "remind-7"),
        (KEY, "remind-7"),
    ]
    assert [(post["role"], post["department"]) for post in found["posts"]] == [("liaison", "emergency")]
    assert found["missed"] == []
    assert (found["next"]["rung"], found["next"]["on"]) == ("remind-3w", "2022-05-26")
    said = lived_desk.wsyf("explain", "--person", LIAISON, "--on", "2022-05-24").out
    assert "reads for: 应急 liaison" in said
    assert f"    {KEY}  remind-7  2021年度安全生产事故数据" in said


def test_an_address_is_known_whatever_its_case(lived_desk):
    assert explained(lived_desk, "--person", LIAISON.upper(), "--on", "2022-05-24")["received"]


def test_where_nothing_lands_for_a_person_the_next_is_named(lived_desk):
    said = lived_desk.wsyf("explain", "--person", LIAISON, "--on", "2022-06-04").out
    assert "Nothing was sent to this address on this day." in said
    assert "No rung that concerns its posts lands on this day." in said
    assert "Next: 2022-06-06, Monday, escalation (escalate-3w) about 2021-2022/4/emergency" in said


def test_a_rung_that_did_not_reach_a_person_says_why(lived_desk):
    lived_desk.wsyf("done", KEY, at=ON_EXTENSION)
    lived_desk.wsyf("tick", at="2022-07-22T09:00+08:00")
    for address in (CONVENER, "director@gaoping.example", "chief@gaoping.example"):
        found = explained(lived_desk, "--person", address, "--on", "2022-07-22")
        assert [(each["key"], each["rung"], each["reason"]) for each in found["missed"]] == [
            (KEY, "escalate-n", "done")
        ]
        assert found["received"]
    said = lived_desk.wsyf("explain", "--person", CONVENER, "--on", "2022-07-22").out
    assert "none: it was closed by then" in said


def test_who_stands_in_for_a_vacant_post_reads_for_it(lived_desk):
    remove_holders(lived_desk, LIAISON)
    found = explained(lived_desk, "--person", CONVENER, "--on", "2022-07-18", at="2022-07-18")
    assert {(post["role"], post["vacant"]) for post in found["posts"]} == {("liaison", True), ("convener", False)}
    gone = lived_desk.wsyf("explain", "--person", LIAISON, "--on", "2022-07-18", at="2022-07-18").out
    assert "reads for no post on this day" in gone
    assert "应急 liaison: … – 2022-05-31" in gone


def test_a_recipient_the_server_refused_is_not_called_reached(lived_desk):
    message = step_on(lived_desk, KEY, "2022-07-15", "escalate-n")["message"]["id"]
    refused = f'[["{LIAISON}", 550, "no such user"]]'
    lived_desk.sql("UPDATE attempt SET refused = ? WHERE message_id = ?", refused, message)
    for words in (("--person", LIAISON), (KEY,)):
        said = lived_desk.wsyf("explain", *words, "--on", "2022-07-15").out
        assert f"mail {message}; the server refused {LIAISON} (550 no such user)" in said


def test_the_office_s_own_address_reads_what_nobody_else_does(lived_desk):
    remove_holders(lived_desk, "coordinator@")
    found = explained(lived_desk, "--person", "office@gaoping.example", "--on", "2022-07-18", at="2022-07-18")
    assert [(post["role"], post["vacant"]) for post in found["posts"]] == [("coordinator", True)]


# --- how it looks, and bad input


def test_at_80_columns_nothing_but_names_and_ways_is_wider(lived_desk):
    said = lived_desk.wsyf("explain", "2022/3/hrss", COLUMNS="80").out
    table = said[said.index("The whole ladder") :]
    assert "remind-30" in table
    assert (
        max(sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line) for line in table.splitlines())
        <= 80
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "name one assignment, or a person with --person ADDRESS"),
        ((KEY, "--person", LIAISON), 2, "name one assignment, or a person with --person ADDRESS"),
        (("2022/1/emergancy",), 3, "did you mean 2022/1/emergency"),
        (("2022/1",), 2, "could mean 2022/1/emergency, 2022/1/housing, 2022/1/transport"),
        (("99999",), 3, "there is no assignment with the id 99999"),
        ((KEY, "--on", "2023-02-29"), 2, "2023-02-29"),
        ((KEY, "--on", "tomorrow"), 2, "tomorrow is no date"),
        (("--person", "liaison.emergancy@gaoping.example"), 3, f"did you mean {LIAISON}"),
        (("--person", "nobody"), 3, "nobody with the address nobody is known here"),
    ],
)
def test_bad_input_is_refused_in_words(lived_desk, words, code, said):
    answer = lived_desk.wsyf("explain", *words, code=code)
    assert said in answer.err.replace("\n", " ")
    assert answer.out == ""


def test_a_digit_key_is_an_id_and_a_prefix_is_enough(lived_desk):
    item = next(each for each in lived_desk.wsyf("list", "--json").json if each["key"] == KEY)
    assert explained(lived_desk, str(item["id"])) == explained(lived_desk, "2022/1/e")
