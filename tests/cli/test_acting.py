"""`wsyf done`, `reopen`, `waive`, `extend`, `release`: what they do, what they refuse, and with which exit code."""

from __future__ import annotations

import hashlib

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, Desk, real_office, rehearsal_office
from tests.cli.test_listing import LIST_KEYS

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)

KEY = "2022/1/emergency"
EXTENSION = ("--reason", "数据核对", "--approved-by", "办公室主任")


def last_event(desk: Desk) -> tuple[str, ...]:
    (row,) = desk.sql("SELECT action, who, why, detail FROM event ORDER BY id DESC LIMIT 1")
    return row


def test_done_closes_as_of_today_and_a_receipt_goes_to_the_liaison(desk):
    said = desk.wsyf("done", KEY, at=FIRST_MORNING).out
    assert said.startswith(f"{KEY}  ")
    assert "closed as of 2022-05-24" in said
    assert desk.state_of(KEY) == "done"
    desk.wsyf("tick", at=FIRST_MORNING)
    assert desk.wsyf("show", KEY, "--json").json["messages"][-1]["letter"] == "receipt"


def test_done_takes_several_by_key_prefix_and_id_and_closes_all_or_none(desk):
    number = desk.wsyf("show", "2022/1/transport", "--json", at=FIRST_MORNING).json["id"]
    said = desk.wsyf("done", KEY, "2022/1/ho", number, "--json", at=FIRST_MORNING).json
    assert [(item["key"], item["state"], list(item)) for item in said] == [
        (key, "done", list(LIST_KEYS)) for key in (KEY, "2022/1/housing", "2022/1/transport")
    ]
    desk.wsyf("done", "2022/2/health", KEY, at=FIRST_MORNING, code=4)
    assert desk.state_of("2022/2/health") == "open"


def test_the_day_of_handing_in_may_be_past_but_not_to_come(desk):
    said = desk.wsyf("done", KEY, "--on", "2022-05-25", at=FIRST_MORNING, code=4).err
    assert "2022-05-25 has not come yet" in said
    desk.wsyf("done", KEY, "--on", "2022-05-20", at=FIRST_MORNING)
    assert desk.wsyf("show", KEY, "--json").json["closed_on"] == "2022-05-20"


def test_closing_twice_is_refused_and_names_the_day_and_the_way_back(desk):
    desk.wsyf("done", KEY, at=FIRST_MORNING)
    said = desk.wsyf("done", KEY, at="2022-05-25", code=4).err
    assert said == f"wsyf: {KEY} was closed already, as of 2022-05-24; `wsyf reopen` opens it again\n"


def test_naming_one_assignment_twice_closes_it_once(desk):
    assert len(desk.wsyf("done", KEY, KEY, "--json", at=FIRST_MORNING).json) == 1


def test_papers_are_kept_under_their_fingerprint_and_named_in_the_trail(desk, tmp_path):
    paper = tmp_path / "数据表.XLSX"
    paper.write_bytes(b"figures")
    desk.wsyf("done", KEY, "--file", paper, at=FIRST_MORNING)
    digest = hashlib.sha256(b"figures").hexdigest()
    kept = desk.folder / "data" / "evidence" / f"{digest}.xlsx"
    assert kept.read_bytes() == b"figures"
    assert kept.stat().st_mode & 0o777 == 0o660
    assert digest in last_event(desk)[3]


def test_a_slip_of_a_key_leaves_no_paper_behind(desk, tmp_path):
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"x")
    desk.wsyf("done", "2022/1/emergence", "--file", paper, at=FIRST_MORNING, code=3)
    desk.wsyf("done", KEY, "--file", tmp_path / "missing.pdf", at=FIRST_MORNING, code=2)
    assert not (desk.folder / "data" / "evidence").exists()


def test_reopening_needs_a_reason_and_goes_on(desk):
    desk.wsyf("done", KEY, at=FIRST_MORNING)
    assert "--reason" in desk.wsyf("reopen", KEY, at="2022-05-25", code=2).err
    desk.wsyf("reopen", KEY, "--reason", "数据有误", at="2022-05-25")
    assert desk.state_of(KEY) == "open"
    assert last_event(desk)[0] == "assignment_reopened"
    desk.wsyf("reopen", KEY, "--reason", "再开", at="2022-05-25", code=4)


def test_waiving_needs_a_reason_and_ends_the_letters(desk):
    assert "--reason" in desk.wsyf("waive", KEY, at=FIRST_MORNING, code=2).err
    desk.wsyf("waive", KEY, "--reason", "本年无此行业", at=FIRST_MORNING)
    shown = desk.wsyf("show", KEY, "--json", at=FIRST_MORNING).json
    assert (shown["state"], shown["next"]) == ("waived", [])
    desk.wsyf("waive", KEY, "--reason", "再免", at=FIRST_MORNING, code=4)


def test_an_extension_keeps_the_old_day_and_may_be_repeated(desk):
    desk.wsyf("extend", KEY, "--to", "2022-06-15", *EXTENSION, at=FIRST_MORNING)
    (item,) = desk.wsyf("extend", KEY, "--to", "2022-06-30", *EXTENSION, "--json", at=FIRST_MORNING).json
    assert (item["due_on"], item["original_due_on"]) == ("2022-06-30", "2022-05-31")
    action, _who, why, detail = last_event(desk)
    assert (action, why) == ("assignment_extended", "数据核对")
    assert "办公室主任" in detail


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--to", "2022-05-20", *EXTENSION], 4, "2022-05-20 lies in the past"),
        (["--to", "2022-05-31", *EXTENSION], 4, "not later than the due day"),
        (["--to", "2022-06-30", "--reason", "x"], 2, "--approved-by"),
        (["--to", "2022-06-30", "--approved-by", "x"], 2, "--reason"),
        (["--to", "2022-06-30", "--reason", " ", "--approved-by", "x"], 2, "--reason"),
        (["--to", "2022-02-30", *EXTENSION], 2, "2022-02-30 is no date"),
        (["--to", "6月30日", *EXTENSION], 2, "is no date"),
        (["--to", "9999-12-31", *EXTENSION], 2, "9999"),
        (["--to", "0022-06-30", *EXTENSION], 2, "expected a year"),
    ],
)
def test_an_extension_that_makes_no_sense_is_refused_and_changes_nothing(desk, words, code, said):
    before = desk.sql("SELECT max(id) FROM event")
    assert said in desk.wsyf("extend", KEY, *words, at=FIRST_MORNING, code=code).err
    assert desk.sql("SELECT max(id) FROM event") == before


def test_only_an_open_assignment_can_be_extended(desk):
    desk.wsyf("done", KEY, at=FIRST_MORNING)
    desk.wsyf("extend", KEY, "--to", "2022-06-30", *EXTENSION, at=FIRST_MORNING, code=4)


def test_releasing_lets_held_assignments_speak(today_desk):
    desk = today_desk
    said = desk.wsyf("release", "2025/5/hrss").out
    assert said.startswith("2025/5/hrss  ")
    assert said.endswith(": released\n")
    assert "is not held" in desk.wsyf("release", "2025/5/hrss", code=4).err
    assert len(desk.wsyf("release", "--all", "--json").json) == 74
    assert desk.wsyf("release", "--all").out == "nothing is held\n"
    assert not any(item["held"] for item in desk.wsyf("list", "--json").json)


def test_release_wants_keys_or_all_and_not_both(today_desk):
    for words in ([], ["2025/5/hrss", "--all"]):
        assert "name assignments to release, or say --all" in today_desk.wsyf("release", *words, code=2).err
    assert all(item["held"] for item in today_desk.wsyf("list", "--json").json)


def test_what_was_held_can_be_closed_and_reopened(today_desk):
    today_desk.wsyf("done", "2025/5/hrss")
    shown = today_desk.wsyf("show", "2025/5/hrss", "--json").json
    assert (shown["state"], shown["held"]) == ("done", False)
    today_desk.wsyf("reopen", "2025/5/hrss", "--reason", "材料不全")
    shown = today_desk.wsyf("show", "2025/5/hrss", "--json").json
    assert (shown["state"], shown["held"]) == ("open", False)
    ladder = [each["rung"] for each in shown["next"] if each["rung"] != "start"]  # start: tracked only just now
    assert ladder == ["chase-1w", "escalate-3w", "escalate-7w", *["escalate-n"] * 12]


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("2022/1/emergncy", 3, "did you mean 2022/1/emergency"),
        ("全面总结", 3, "there is no assignment 全面总结"),
        ("9999", 3, "there is no assignment with the id 9999"),
        ("99999999999999999999999", 3, "there is no assignment"),
        ("2022/1", 2, "could mean 2022/1/emergency, 2022/1/housing, 2022/1/transport; type more of it"),
        ("2022/", 2, "more; type more of it"),
        ("", 2, "could mean"),
        ("other-plan:2022/1/emergency", 3, "there is no assignment other-plan:2022/1/emergency"),
        ("2022/1/%", 3, "there is no assignment"),
        ("2022_1", 3, "there is no assignment"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ["show"],
        ["done"],
        ["release"],
        ["reopen", "--reason", "x"],
        ["waive", "--reason", "x"],
        ["extend", "--to", "2099-01-01", "--reason", "x", "--approved-by", "y"],
    ],
    ids=lambda words: words[0],
)
def test_a_key_that_names_nothing_or_too_much_is_refused(desk, command, key, code, said):
    assert said in desk.wsyf(*command, "--", key, at=FIRST_MORNING, code=code).err


def test_a_key_may_name_its_plan(desk):
    desk.wsyf("done", f"gaoping-2021-2025:{KEY}", at=FIRST_MORNING)
    assert desk.state_of(KEY) == "done"


def test_the_trail_carries_the_login_name_also_behind_sudo(desk):
    desk.wsyf("done", KEY, at=FIRST_MORNING, SUDO_USER="jingbanren")
    assert last_event(desk)[:2] == ("assignment_done", "jingbanren")
    desk.wsyf("reopen", KEY, "--reason", "x", at=FIRST_MORNING)
    action, who = last_event(desk)[:2]
    assert action == "assignment_reopened"
    assert who not in ("", "jingbanren")
