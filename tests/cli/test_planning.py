"""`wsyf plan show / diff / sync`, and the first run on a plan whose time is over."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, PLAN, TRACKED_AT, Desk, bare_office, real_office, rehearsal_office
from wsyf_scheduler.cli.grid import width

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)
bare_desk = pytest.fixture(bare_office)

NOTHING = {"added": [], "moved": [], "reworded": [], "restored": [], "withdrawn": [], "reassigned": [], "letters": []}
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
    (found,) = desk.wsyf("plan", "diff", "--json", at=FIRST_MORNING).json
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
    said = " ".join(desk.wsyf("plan", "sync").out.split())
    assert "75 assignments are tracked now" in said
    assert "75 assignments were overdue already: they are held, and no letter goes out about them." in said
    for way_out in ("`wsyf done KEY…`", "`wsyf release KEY…`", "`wsyf release --all`"):
        assert way_out in said
    items = desk.wsyf("list", "--json").json
    assert all(item["held"] and item["state"] == "open" and item["overdue"] for item in items)
    assert desk.wsyf("list").out.endswith("75 assignments, 75 overdue, 75 held\n")
    assert "75 assignments are held" in " ".join(desk.wsyf().out.split())


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


# --- What a change means, in the paper's words --------------------------------------------------------------------


def test_diff_names_old_and_new_words_the_letters_that_move_and_who_is_told(desk):
    desk.edit(PERIOD_2023, "2023-02-28", "2023-03-15")
    desk.edit(f"jobs/{PLAN}/2022.toml", "2021年度尘肺病报告比例", "2021年度尘肺病新发比例")
    said = desk.wsyf("plan", "diff", at=FIRST_MORNING, COLUMNS="80").out
    assert "title: “2021年度尘肺病报告比例” → “2021年度尘肺病新发比例”" in said
    assert "letters go no more: 2023-01-29, 02-13, 02-21 and 17 more" in said
    assert "a change letter goes to 应急: liaison" in said
    assert "4 change letters, to 应急, 住建, 交通, 卫健" in said
    assert max(width(line) for line in said.splitlines()) <= 80
    (found,) = desk.wsyf("plan", "diff", "--json", at=FIRST_MORNING).json
    (letters,) = [each for each in found["letters"] if each["key"] == "2023/1/emergency"]
    assert letters["change_to"] == ["liaison"]
    assert letters["gone"][0] == {"on": "2023-01-29", "letter": "reminder", "rung": "remind-30", "repeat": 0}
    assert letters["come"][0]["on"] == "2023-02-13"


def test_a_task_given_to_another_department_is_shown_as_that(desk):
    desk.edit(PERIOD_2023, 'lead = ["emergency", "housing", "transport"]', 'lead = ["emergency", "housing", "miit"]')
    said = desk.wsyf("plan", "diff", at=FIRST_MORNING).out
    assert "> 2023/1/transport → 2023/1/miit" in said
    (found,) = desk.wsyf("plan", "sync", "--json", "--reason", "职责调整", at=FIRST_MORNING).json
    assert found["reassigned"] == [{"from": "2023/1/transport", "to": "2023/1/miit"}]
    assert (found["added"], found["withdrawn"]) == (["2023/1/miit"], ["2023/1/transport"])
    assert desk.state_of("2023/1/transport") == "withdrawn"
    assert desk.sql("SELECT origin FROM assignment WHERE key = '2023/1/miit'") == [("2023/1/transport",)]
    assert "职责调整" in desk.wsyf("log", "2023/1/transport").out
    desk.wsyf("audit")


EXTENSION = ("--to", "2023-06-30", "--reason", "数据核对", "--approved-by", "办公室主任")


def test_an_extension_that_a_sync_ends_is_named_with_its_approver_before_and_when_it_ends(desk):
    desk.wsyf("extend", "2023/1/housing", *EXTENSION, at=FIRST_MORNING)
    desk.edit(PERIOD_2023, "2023-02-28", "2023-03-15")
    said = " ".join(desk.wsyf("plan", "diff", at=FIRST_MORNING).out.split())
    ends = "! THE EXTENSION TO 2023-06-30 (approved by 办公室主任) ENDS: the due day changed in the file"
    assert said.count(ends) == 1
    (found,) = desk.wsyf("plan", "diff", "--json", at=FIRST_MORNING).json
    (housing,) = [move for move in found["moved"] if move["key"] == "2023/1/housing"]
    assert housing["extension_ends"] == {"due_on": "2023-06-30", "approved_by": "办公室主任"}
    assert ends in " ".join(desk.wsyf("plan", "sync", "--reason", "上级要求", at=FIRST_MORNING).out.split())
    assert desk.wsyf("show", "2023/1/housing", "--json", at=FIRST_MORNING).json["due_on"] == "2023-03-15"


def test_the_reason_of_a_sync_stands_beside_the_day_it_moved(desk):
    desk.edit(PERIOD_2023, "2023-02-28", "2023-03-15")
    desk.wsyf("plan", "sync", "--reason", "上级要求", at=FIRST_MORNING)
    for command in ("log", "show"):
        said = desk.wsyf(command, "2023/1/housing", at=FIRST_MORNING, COLUMNS="140").out
        assert "2023-02-28 -> 2023-03-15; 上级要求" in said


def test_what_goes_along_to_another_department_and_what_ends_is_said(desk):
    desk.wsyf("extend", "2023/1/transport", *EXTENSION, at=FIRST_MORNING)
    desk.wsyf("mute", "2023/1/transport", "--until", "2022-07-01", "--reason", "等待", at=FIRST_MORNING)
    desk.edit(PERIOD_2023, 'lead = ["emergency", "housing", "transport"]', 'lead = ["emergency", "housing", "miit"]')
    said = " ".join(desk.wsyf("plan", "diff", at=FIRST_MORNING).out.split())
    assert "the extension to 2023-06-30 (approved by 办公室主任) stays in force" in said
    assert "it was muted until 2022-07-01; that ends with the department's change" in said
    (found,) = desk.wsyf("plan", "sync", "--json", "--reason", "职责调整", at=FIRST_MORNING).json
    assert found["reassigned"] == [
        {
            "from": "2023/1/transport",
            "to": "2023/1/miit",
            "extension_stays": {"due_on": "2023-06-30", "approved_by": "办公室主任"},
            "mute_ends": "2022-07-01",
        }
    ]
    assert "extended from 2023-02-28" in desk.wsyf("show", "2023/1/miit", at=FIRST_MORNING).out


def test_letters_that_move_with_other_words_are_told(desk):
    desk.edit(PERIOD_2023, "五年行动计划中期评估", "五年行动计划中期考评")
    assert "letter" not in desk.wsyf("plan", "diff", at=FIRST_MORNING).out
    desk.edit(PERIOD_2023, 'kind = "evaluation"', 'kind = "general"')
    (found,) = desk.wsyf("plan", "diff", "--json", at=FIRST_MORNING).json
    (letters,) = found["letters"]
    assert (letters["key"], letters["change_to"]) == ("2023/5/hrss", [])
    assert {each["rung"] for each in letters["gone"]} == {"remind-90", "remind-60"}
    assert "2 letters go no more" in desk.wsyf("plan", "diff", at=FIRST_MORNING).out


def test_a_task_given_away_and_back_is_linked_both_times(desk):
    first, second = (f'lead = ["emergency", "housing", "{name}"]' for name in ("transport", "miit"))
    for old, new in ((first, second), (second, first)):
        desk.edit(PERIOD_2023, old, new)
        desk.wsyf("plan", "sync", "--go-back", "--reason", "职责调整", at=FIRST_MORNING)
    back = desk.wsyf("show", "2023/1/transport", "--json", at=FIRST_MORNING).json
    assert (back["state"], back["taken_over_by"], back["origin"]) == ("open", [], "2023/1/miit")
    said = desk.wsyf("show", "2023/1/transport", at=FIRST_MORNING).out
    assert "taken over by" not in said
    assert "took over from: 2023/1/miit" in said
    gone = desk.wsyf("show", "2023/1/miit", "--json", at=FIRST_MORNING).json
    assert (gone["state"], gone["taken_over_by"]) == ("withdrawn", ["2023/1/transport"])


def test_long_lists_are_shortened_unless_all_is_asked_for(desk):
    for year in ("2022", "2023", "2024", "2025"):
        path = desk.folder / f"jobs/{PLAN}/{year}.toml"
        path.write_text(path.read_text(encoding="utf-8").replace('title = "', 'title = "新'), encoding="utf-8")
    said = desk.wsyf("plan", "diff").out
    assert "more like these; --all shows them" in said
    assert len(desk.wsyf("plan", "diff", "--all").out) > 2 * len(said)


def test_amending_a_due_date_as_a_newcomer_does(desk):
    """Edit the file, look, make it so with a reason; the version before is kept and the reason is read later."""
    desk.edit(PERIOD_2023, "2023-02-28", "2023-03-15")
    assert "`wsyf plan sync --reason TEXT` makes it so" in desk.wsyf("plan", "diff", at=FIRST_MORNING).out
    before = desk.sql("SELECT count(*) FROM event")
    said = desk.wsyf("plan", "sync", "--reason", "上级要求", "--dry-run", at=FIRST_MORNING).out
    assert "dry run" in said
    assert desk.sql("SELECT count(*) FROM event") == before
    said = desk.wsyf("plan", "sync", "--reason", "上级要求", at=FIRST_MORNING).out
    assert "version 2" in said
    assert "4 change letters" in said
    assert "nothing to change" in desk.wsyf("plan", "sync", at=FIRST_MORNING).out
    (first, second) = desk.wsyf("plan", "history", "--json", at=FIRST_MORNING).json
    assert (first["version"], second["version"], second["why"]) == (1, 2, "上级要求")
    assert second["changes"]["moved"] == 4
    assert "上级要求" in desk.wsyf("plan", "history", at=FIRST_MORNING).out


def test_a_change_without_a_reason_is_made_and_the_reason_is_asked_for(desk):
    desk.edit(PERIOD_2023, "2023-02-28", "2023-03-15")
    assert "--reason TEXT" in desk.wsyf("plan", "sync", at=FIRST_MORNING).out


def test_an_old_copy_of_the_files_is_refused_and_going_back_is_an_act_of_its_own(desk):
    desk.edit(PERIOD_2023, "2023-02-28", "2023-03-15")
    desk.wsyf("plan", "sync", at=FIRST_MORNING)
    desk.edit(PERIOD_2023, "2023-03-15", "2023-02-28")
    said = desk.wsyf("plan", "sync", at=FIRST_MORNING, code=4).err
    assert "version 1 of 2022-05-19" in " ".join(said.split())
    desk.wsyf("plan", "sync", "--go-back", at=FIRST_MORNING)
    assert desk.wsyf("show", "2023/1/housing", "--json").json["due_on"] == "2023-02-28"


# --- Drafts, examples, several plans -------------------------------------------------------------------------------


def make_draft(desk: Desk, plan_id: str = "second-plan") -> None:
    folder = desk.folder / "jobs" / plan_id
    shutil.copytree(desk.folder / "jobs" / PLAN, folder)
    text = (folder / "plan.toml").read_text(encoding="utf-8").replace(f'"{PLAN}"', f'"{plan_id}"')
    (folder / "plan.toml").write_text("draft = true\n" + text, encoding="utf-8")


def test_a_draft_is_shown_checked_and_rehearsed_but_not_tracked(desk):
    make_draft(desk)
    assert "a draft" in desk.wsyf("plan", "show", "second-plan").out
    assert "second-plan, a draft" in desk.wsyf("plan", "diff", at=FIRST_MORNING).out
    said = desk.wsyf("plan", "sync", at=FIRST_MORNING).out
    assert "second-plan is a draft and is left out" in said
    assert desk.sql("SELECT DISTINCT plan_id FROM assignment") == [(PLAN,)]
    assert "set draft = false" in " ".join(
        desk.wsyf("plan", "sync", "second-plan", at=FIRST_MORNING, code=4).err.split()
    )
    days = ("--from", "2022-05-19", "--to", "2022-06-01", "--json")
    both = len(desk.wsyf("rehearse", *days).lines)
    assert both == len(desk.wsyf("rehearse", "--plan", PLAN, *days).lines)
    assert both == len(desk.wsyf("rehearse", "--plan", "second-plan", *days).lines)


def test_two_plans_with_the_same_keys_live_side_by_side(desk):
    make_draft(desk)
    desk.edit("jobs/second-plan/plan.toml", "draft = true", "draft = false")
    desk.wsyf("plan", "sync", at=FIRST_MORNING)
    assert desk.sql("SELECT plan_id, count(*) FROM assignment GROUP BY 1 ORDER BY 1") == [
        (PLAN, 75),
        ("second-plan", 75),
    ]
    desk.edit("jobs/second-plan/2023.toml", "2023-02-28", "2023-03-15")
    first, second = desk.wsyf("plan", "diff", "--json", at=FIRST_MORNING).json
    assert (first["moved"], len(second["moved"])) == ([], 4)
    desk.wsyf("plan", "sync", "second-plan", at=FIRST_MORNING)
    days = desk.sql("SELECT plan_id, due_on FROM assignment WHERE key = '2023/1/housing' ORDER BY 1")
    assert days == [(PLAN, "2023-02-28"), ("second-plan", "2023-03-15")]


def test_where_one_plan_is_an_old_copy_no_plan_is_synced(desk):
    make_draft(desk, "a-second")  # by name, it comes before the other
    desk.edit("jobs/a-second/plan.toml", "draft = true", "draft = false")
    desk.edit(PERIOD_2023, "2023-02-28", "2023-03-15")
    desk.wsyf("plan", "sync", PLAN, at=FIRST_MORNING)
    desk.edit(PERIOD_2023, "2023-03-15", "2023-02-28")
    desk.wsyf("plan", "sync", at=FIRST_MORNING, code=4)
    assert desk.sql("SELECT DISTINCT plan_id FROM assignment") == [(PLAN,)]


def test_an_example_is_read_by_name_only_and_never_tracked(desk):
    make_draft(desk, "an-example")
    (desk.folder / "jobs" / "an-example").rename(desk.folder / "jobs" / "an-example.example")
    assert len(desk.wsyf("plan", "show", "--json").json) == 1
    assert desk.wsyf("plan", "show", "an-example", "--json").json[0]["draft"] is True
    desk.edit("jobs/an-example.example/plan.toml", "draft = true", "draft = false")
    said = " ".join(desk.wsyf("plan", "sync", "an-example", at=FIRST_MORNING, code=4).err.split())
    assert "`wsyf plan new ID --from an-example.example --first-year YEAR`" in said


def test_the_shipped_example_is_at_hand_and_rehearses(desk):
    (plan,) = desk.wsyf("plan", "show", "national-2026-2030", "--json").json
    assert (len(plan["departments"]), "market" in plan["departments"], plan["draft"]) == (9, True, True)
    assert {each["due_basis"] for each in plan["assignments"]} == {"office"}
    assert plan["title"].startswith("（示例）")
    days = ("--from", "2026-04-01", "--to", "2026-07-10", "--json")
    found = desk.wsyf("rehearse", "--plan", "national-2026-2030", *days).lines
    assert {row["key"] for line in found for row in line["rows"]} >= {"2026/campaign/hrss"}


# --- The next cycle ------------------------------------------------------------------------------------------------


def test_the_next_cycle_is_written_as_a_draft_that_rehearses(desk):
    words = ("plan", "new", "gaoping-2026-2030", "--from", PLAN, "--first-year", "2026")
    assert "would be written" in desk.wsyf(*words, "--dry-run").out
    assert not (desk.folder / "jobs" / "gaoping-2026-2030").exists()
    said = desk.wsyf(*words, COLUMNS="80").out
    assert "wsyf rehearse --plan gaoping-2026-2030 --from 2026-01-01 --to 2030-12-31" in said
    assert max(width(line) for line in said.splitlines()) <= 80
    names = sorted(path.name for path in (desk.folder / "jobs" / "gaoping-2026-2030").iterdir())
    assert names == ["2026-2027.toml", "2027.toml", "2028.toml", "2029.toml", "2030.toml", "plan.toml"]
    desk.wsyf("plan", "show", "gaoping-2026-2030")
    days = ("--from", "2028-02-01", "--to", "2028-02-29", "--json")
    found = desk.wsyf("rehearse", "--plan", "gaoping-2026-2030", *days).lines
    due = {row["due_on"] for line in found for row in line["rows"] if row["key"] == "2028/1/emergency"}
    assert due == {"2028-02-29"}
    assert "is there already" in desk.wsyf(*words, code=4).err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["no id!", "--from", PLAN, "--first-year", "2026"], 2, "is no id of a plan"),
        (["x-2026", "--from", PLAN, "--first-year", "2021"], 2, "must begin after"),
        (["x-2026", "--from", "nothing", "--first-year", "2026"], 3, "there is no plan nothing"),
        ([PLAN, "--from", PLAN, "--first-year", "2026"], 4, "is there already"),
    ],
)
def test_what_makes_no_next_cycle_is_refused_and_nothing_is_written(desk, words, code, said):
    before = sorted((desk.folder / "jobs").iterdir())
    assert said in " ".join(desk.wsyf("plan", "new", *words, code=code).err.split())
    assert sorted((desk.folder / "jobs").iterdir()) == before


def test_a_first_year_that_leaves_a_gap_is_asked_about(desk):
    said = desk.wsyf("plan", "new", "x-2027", "--from", PLAN, "--first-year", "2027", "--dry-run").out
    assert "is the first year right?" in " ".join(said.split())


# --- Earlier versions ----------------------------------------------------------------------------------------------


def test_history_shows_the_kept_texts_and_what_a_version_changed_line_by_line(desk):
    desk.edit(PERIOD_2023, "2023-02-28", "2023-03-15")
    desk.wsyf("plan", "sync", at=FIRST_MORNING)
    kept = desk.wsyf("plan", "history", PLAN, "--show", 1, "2023.toml", at=FIRST_MORNING).out
    assert "due = 2023-02-28" in kept
    assert "due = 2023-03-15" in desk.wsyf("plan", "history", "--show", 2, "2023.toml", at=FIRST_MORNING).out
    said = desk.wsyf("plan", "history", "--diff", 2, at=FIRST_MORNING).out
    assert "-due = 2023-02-28" in said
    assert "+due = 2023-03-15" in said
    assert "2022.toml" not in said
    assert "==> plan.toml <==" in desk.wsyf("plan", "history", "--show", 1, at=FIRST_MORNING).out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing"], 3, "no plan nothing is tracked"),
        ([PLAN, "--show", "9"], 3, "has no version 9; the newest is 1"),
        ([PLAN, "--show", "1", "2030.toml"], 3, "has no file 2030.toml"),
        ([PLAN, "--show", "1", "--diff", "1"], 2, "do not stand together"),
        ([PLAN, "2023.toml"], 2, "FILE goes with"),
    ],
)
def test_history_names_what_is_not_there(desk, words, code, said):
    assert said in " ".join(desk.wsyf("plan", "history", *words, code=code, at=FIRST_MORNING).err.split())


def test_the_plan_chosen_before_the_command_is_the_one_it_speaks_of(desk):
    make_draft(desk)
    desk.edit("jobs/second-plan/plan.toml", "draft = true", "draft = false")
    desk.wsyf("plan", "sync", at=FIRST_MORNING)
    for words in (["diff"], ["history"], ["show"], ["sync"]):
        found = desk.wsyf("--plan", "second-plan", "plan", *words, "--json", at=FIRST_MORNING).json
        assert {each["plan"] for each in found} == {"second-plan"}
    assert len(desk.wsyf("--plan", "all", "plan", "diff", "--json", at=FIRST_MORNING).json) == 2
