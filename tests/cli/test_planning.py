"""`wsyf plan show / diff / sync`, and the first run on a plan whose time is over."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, PLAN, TRACKED_AT, Desk, bare_office, real_office, rehearsal_office

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)
bare_desk = pytest.fixture(bare_office)

NOTHING = {"added": [], "moved": [], "reworded": [], "restored": [], "withdrawn": []}
PERIOD_2023 = f"jobs/{PLAN}/2023.toml"


def amend(desk: Desk) -> None:
    """A due day moves, a title is reworded, a task leaves the paper."""
    desk.edit(PERIOD_2023, "2023-02-28", "2023-03-15")
    desk.edit(f"jobs/{PLAN}/2022.toml", "2021年度尘肺病报告比例", "2021年度尘肺病新发比例")
    path = desk.folder / f"jobs/{PLAN}/2024.toml"
    head, _, tail = path.read_text(encoding="utf-8").rpartition("[[tasks]]")
    assert "number" in tail
    path.write_text(head, encoding="utf-8")


def test_plan_show_says_what_the_files_say_without_a_database(bare_desk):
    (plan,) = bare_desk.wsyf("plan", "show", "--json").json
    assert list(plan) == ["plan", "title", "document", "issued", "zone", "departments", "assignments"]
    assert (plan["plan"], plan["issued"], plan["zone"]) == (PLAN, "2022-05-19", "Asia/Shanghai")
    assert list(plan["departments"]) == [
        "hrss",
        "miit",
        "finance",
        "housing",
        "transport",
        "health",
        "emergency",
        "union",
        "insurance",
    ]
    assert len(plan["assignments"]) == 75
    assert not bare_desk.database.exists()
    assert bare_desk.wsyf("plan", "show").out.endswith("38 tasks, 75 assignments\n")


def test_plan_commands_take_one_plan_by_id_and_name_those_there_are(desk):
    assert len(desk.wsyf("plan", "show", PLAN, "--json").json) == 1
    assert PLAN in desk.wsyf("plan", "show", "gaoping", code=3).err
    assert PLAN in desk.wsyf("plan", "sync", "gaoping", at=TRACKED_AT, code=3).err


def test_a_sync_that_changes_nothing_says_so_and_writes_nothing(desk):
    before = desk.sql("SELECT max(id), count(*) FROM event")
    (done,) = desk.wsyf("plan", "sync", "--json", at=FIRST_MORNING).json
    assert done == {"plan": PLAN, "version": 1, "held": 0, **NOTHING}
    assert "nothing to change" in desk.wsyf("plan", "sync", at=FIRST_MORNING).out
    assert desk.sql("SELECT max(id), count(*) FROM event") == before


def test_diff_says_what_a_sync_would_change_and_changes_nothing(desk):
    assert desk.wsyf("plan", "diff", "--json").json == [{"plan": PLAN, **NOTHING}]
    amend(desk)
    (found,) = desk.wsyf("plan", "diff", "--json").json  # exit 0: a difference is no fault
    assert {move["key"] for move in found["moved"]} == {
        f"2023/{task}" for task in ("1/emergency", "1/housing", "1/transport", "2/health")
    }
    assert found["moved"][0] == {"key": "2023/1/emergency", "from": "2023-02-28", "to": "2023-03-15"}
    assert found["reworded"] == ["2022/2/health"]
    assert found["withdrawn"] == ["2024/5/hrss"]
    said = desk.wsyf("plan", "diff").out
    assert "  ~ 2023/2/health  " in said
    assert "2023-02-28 → 2023-03-15" in said
    assert "  - 2024/5/hrss  " in said
    assert desk.wsyf("plan", "diff", "--json").json == [found]


def test_sync_does_what_diff_said_keeps_what_left_the_paper_and_is_idempotent(desk):
    amend(desk)
    (found,) = desk.wsyf("plan", "diff", "--json").json
    (done,) = desk.wsyf("plan", "sync", "--json", at=FIRST_MORNING).json
    assert done == {"plan": PLAN, "version": 2, "held": 0, **{key: found[key] for key in NOTHING}}
    assert desk.state_of("2024/5/hrss") == "withdrawn"
    assert desk.wsyf("show", "2023/1/housing", "--json").json["due_on"] == "2023-03-15"
    assert desk.wsyf("plan", "diff", "--json").json == [{"plan": PLAN, **NOTHING}]
    (again,) = desk.wsyf("plan", "sync", "--json", at=FIRST_MORNING).json
    assert (again["version"], again["withdrawn"]) == (2, [])


def test_a_faulty_plan_changes_nothing_and_names_file_line_and_fault(desk):
    desk.edit(PERIOD_2023, "2023-02-28", "2023-02-29")
    for words in (["sync"], ["diff"], ["show"]):
        said = desk.wsyf("plan", *words, at=FIRST_MORNING if words == ["sync"] else None, code=5).err
        assert "2023.toml:" in said
        assert "there is no such day: 2023-02-29" in said
    assert desk.sql("SELECT count(*) FROM plan_version") == [(1,)]


def test_one_faulty_plan_keeps_every_plan_from_being_synced_and_all_faults_are_named(bare_desk):
    for name in ("a-second", "a-third"):
        shutil.copytree(bare_desk.folder / "jobs" / PLAN, bare_desk.folder / "jobs" / name)
        (bare_desk.folder / "jobs" / name / "2023.toml").write_text("number = 1\n", encoding="utf-8")
    said = bare_desk.wsyf("plan", "sync", code=5).err
    assert "a-second/2023.toml" in said
    assert "a-third/2023.toml" in said
    assert not bare_desk.database.exists()


def test_two_plans_of_one_id_are_refused(bare_desk):
    shutil.copytree(bare_desk.folder / "jobs" / PLAN, bare_desk.folder / "jobs" / "a-copy")
    said = bare_desk.wsyf("plan", "sync", code=5).err
    assert PLAN in said
    assert "a-copy" in said


def test_no_plan_at_all_is_named(bare_desk):
    shutil.rmtree(bare_desk.folder / "jobs")
    assert "no plan here" in bare_desk.wsyf("plan", "sync", code=5).err


def test_the_first_run_on_an_old_plan_holds_all_that_is_overdue_and_says_what_to_do(bare_desk):
    desk = bare_desk
    said = desk.wsyf("plan", "sync").out
    assert "75 assignments are tracked now" in said
    assert "75 assignments were overdue already: they are held, and no letter goes out about them." in said
    for way_out in ("`wsyf done KEY…`", "`wsyf release KEY…`", "`wsyf release --all`"):
        assert way_out in said
    items = desk.wsyf("list", "--json").json
    assert all(item["held"] and item["state"] == "open" and item["overdue"] for item in items)
    assert desk.wsyf("list").out.endswith("75 assignments, 75 overdue, 75 held\n")
    assert "75 assignments are held: `wsyf list` shows them" in desk.wsyf().out


def test_no_letter_about_a_held_assignment_goes_to_anybody(today_desk):
    today_desk.wsyf("tick")
    assert today_desk.sql("SELECT count(*) FROM message WHERE department != '' OR audience != 'coordinator'") == [(0,)]
    assert today_desk.sql("SELECT count(*) FROM notice WHERE verdict = 'notify'") == [(0,)]


def test_a_first_sync_in_mid_plan_holds_what_is_overdue_and_only_that(tmp_path, desk):
    folder = Desk(tmp_path / "late")
    desk.wsyf("init", "--rehearsal", folder.folder)
    (done,) = folder.wsyf("plan", "sync", "--json", at="2024-01-01T08:00").json
    held = {item["key"] for item in folder.wsyf("list", "--json", at="2024-01-01T08:00").json if item["held"]}
    assert done["held"] == len(held) == 40
    assert len(done["added"]) == 75
    assert held == {
        item["key"] for item in folder.wsyf("list", "--json", "--due-before", "2024-01-01", at="2024-01-01T08:00").json
    }
