"""What a person typed and what is meant: `last`, one plan of several, and what the shell completes at Tab."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from tests.cast import make_plan, period, task
from tests.cli.office_fixtures import PLAN, PROGRAM, TRACKED_AT, Desk, real_office, rehearsal_office
from wsyf_scheduler.acts import track
from wsyf_scheduler.cli.main import wsyf
from wsyf_scheduler.store import lookup

desk = pytest.fixture(rehearsal_office)
today_desk = pytest.fixture(real_office)

NOW = "2023-03-08T10:00"
OTHER = "county-2023"


@pytest.fixture
def two(desk: Desk) -> Desk:
    """A second plan beside Gaoping's, with a key both have."""
    folder = desk.folder / "jobs" / OTHER
    folder.mkdir()
    months = period(task(1), task(2, lead=["union"]), name="2023")
    for name, text in make_plan(periods={"2023": months}).items():
        (folder / name).write_text(text, encoding="utf-8")
    desk.wsyf("plan", "sync", at=TRACKED_AT)
    return desk


def keys(desk: Desk, *words: object, **env: str) -> list[str]:
    return [item["key"] for item in desk.wsyf(*words, "--json", at=NOW, **env).json]


# --- last --------------------------------------------------------------------------------------------------------


def test_last_is_the_assignment_one_acted_upon_last(desk):
    assert "has acted upon no assignment yet" in desk.wsyf("show", "last", at=NOW, code=3).err
    desk.wsyf("done", "2022/1/housing", at=NOW)
    desk.wsyf("waive", "2022/1/transport", "--reason", "x", at=NOW)
    assert desk.wsyf("show", "last", "--json", at=NOW).json["key"] == "2022/1/transport"
    desk.wsyf("reopen", "last", "--reason", "y", at=NOW)
    assert desk.state_of("2022/1/transport") == "open"


def test_last_is_the_follow_up_just_added_and_not_what_somebody_else_or_a_sync_did(desk):
    desk.wsyf("add", "x", "--department", "住建", "--due", "2023-06-30", at=NOW)
    desk.wsyf("done", "2022/1/housing", at=NOW, SUDO_USER="somebody-else")
    desk.edit(f"jobs/{PLAN}/2025.toml", 'title = "全面总结', 'title = "总结')
    desk.wsyf("plan", "sync", "--reason", "x", at=NOW)
    assert desk.wsyf("show", "last", "--json", at=NOW).json["key"] == "2023/f1/housing"
    assert desk.wsyf("log", "last", "--json", at=NOW).lines[0]["action"] == "follow_up_added"


# --- One plan of several -----------------------------------------------------------------------------------------


def test_a_key_of_several_plans_is_told_apart_by_plan_colon_key_or_plan(two):
    said = two.wsyf("show", "2023/1/emergency", at=NOW, code=2).err
    assert f"{OTHER}:2023/1/emergency" in said
    assert two.wsyf("show", f"{OTHER}:2023/1/emergency", "--json", at=NOW).json["plan"] == OTHER
    assert two.wsyf("--plan", OTHER, "show", "2023/1", "--json", at=NOW).json["plan"] == OTHER
    assert two.wsyf("show", "2023/1", "--plan", OTHER, "--json", at=NOW).json["plan"] == OTHER
    assert two.wsyf("show", "2023/1/emergency", "--json", at=NOW, WSYF_PLAN=PLAN).json["plan"] == PLAN


def test_the_list_is_of_all_plans_or_of_the_one_chosen_by_option_environment_or_config(two):
    assert len(keys(two, "list")) == 77
    assert keys(two, "list", "--plan", OTHER) == ["2023/1/emergency", "2023/2/union"]
    assert len(keys(two, "--plan", OTHER, "list")) == 2
    assert len(keys(two, "list", WSYF_PLAN=OTHER)) == 2
    two.edit("config.toml", "[office]\n", f'[office]\nplan = "{OTHER}"\n')
    assert len(keys(two, "list")) == 2
    assert len(keys(two, "list", "--plan", "all")) == 77
    assert len(keys(two, "list", WSYF_PLAN="all")) == 77
    assert len(keys(two, "list", "--plan", PLAN)) == 75


def test_an_act_reaches_the_chosen_plan_only(two):
    two.wsyf("--plan", OTHER, "done", "2023/1/emergency", at=NOW)
    assert two.wsyf("show", f"{OTHER}:2023/1/emergency", "--json", at=NOW).json["state"] == "done"
    assert two.wsyf("show", f"{PLAN}:2023/1/emergency", "--json", at=NOW).json["state"] == "open"
    added = two.wsyf("add", "x", "--plan", OTHER, "--department", "union", "--due", "2023-06-30", "--json", at=NOW).json
    assert added[0]["plan"] == OTHER
    assert "--plan" in two.wsyf("add", "y", "--department", "union", "--due", "2023-06-30", at=NOW, code=2).err


def test_an_id_or_last_of_another_plan_than_the_chosen_one_is_refused_by_every_act(two):
    item_id = two.wsyf("show", f"{PLAN}:2023/1/emergency", "--json", at=NOW).json["id"]
    two.wsyf("note", str(item_id), "x", at=NOW)  # `last` is of Gaoping's plan now
    events = two.sql("SELECT max(id) FROM event")
    said = f"2023/1/emergency is of another plan, {PLAN}"
    for key in (item_id, "last"):
        for words in (
            ["done", key],
            ["note", key, "y"],
            ["remind", key],
            ["mute", key, "--until", "2023-05-01"],
            ["show", key],
            ["add", "z", "--department", "union", "--due", "2023-06-30", "--from", key],
        ):
            assert said in two.wsyf("--plan", OTHER, *words, at=NOW, code=4).err
    assert said in two.wsyf("done", item_id, at=NOW, code=4, WSYF_PLAN=OTHER).err
    assert two.sql("SELECT max(id) FROM event") == events
    assert two.wsyf("--plan", PLAN, "done", item_id, "--json", at=NOW).json[0]["plan"] == PLAN


def test_a_key_that_names_its_plan_gives_way_to_the_plan_typed_and_not_to_the_usual_one(two):
    key = f"{PLAN}:2023/1/emergency"
    assert "is of another plan" in two.wsyf("--plan", OTHER, "show", key, at=NOW, code=4).err
    assert two.wsyf("show", key, "--json", at=NOW, WSYF_PLAN=OTHER).json["plan"] == PLAN
    assert two.wsyf("--plan", PLAN, "show", key, "--json", at=NOW).json["plan"] == PLAN


def test_a_plan_that_is_not_tracked_is_refused_whatever_the_command(two):
    for words in (["done", "4"], ["show", "4"], ["undo"], ["release", "--all"], ["audit"], ["log"], ["status"]):
        assert "no plan nosuch is tracked" in two.wsyf("--plan", "nosuch", *words, at=NOW, code=3).err
    assert two.wsyf("--plan", OTHER, "list", "--plan", PLAN, "--json", at=NOW).json[0]["plan"] == PLAN


def test_releasing_all_lets_the_chosen_plan_speak_and_no_other(today_desk):
    folder = today_desk.folder / "jobs" / OTHER
    folder.mkdir()
    for name, text in make_plan(periods={"2023": period(task(1), task(2, lead=["union"]), name="2023")}).items():
        (folder / name).write_text(text, encoding="utf-8")
    today_desk.wsyf("plan", "sync")
    assert len(today_desk.wsyf("--plan", OTHER, "release", "--all", "--json", "--dry-run").json) == 2
    assert len(today_desk.wsyf("release", "--all", "--json", WSYF_PLAN=OTHER).json) == 2
    assert today_desk.sql("SELECT plan_id, count(*) FROM assignment WHERE held GROUP BY 1") == [(PLAN, 75)]
    today_desk.edit("config.toml", "[office]\n", f'[office]\nplan = "{OTHER}"\n')
    assert today_desk.wsyf("release", "--all").out == "nothing is held\n"
    assert len(today_desk.wsyf("--plan", PLAN, "release", "--all", "--json", "--dry-run").json) == 75
    assert "is of another plan" in today_desk.wsyf("--plan", PLAN, "undo", code=4).err
    assert today_desk.wsyf("undo").out.count("taken back") == 2


def test_an_audit_is_of_the_chosen_plan(two):
    two.wsyf("tick", at=NOW)
    whole, one = (two.wsyf(*words, "audit", "--json", at=NOW).json for words in ([], ["--plan", OTHER]))
    assert (whole["assignments"], one["assignments"]) == (77, 2)
    assert 0 < one["letters"] < whole["letters"]
    assert two.wsyf("--plan", OTHER, "audit", at=NOW).out.startswith(f"{OTHER}, 2 assignments")


def test_mail_is_of_the_plan_typed_before_the_command_too(two):
    two.wsyf("tick", at=NOW)
    whole, one = (two.wsyf(*words, "outbox", "list", "--json", at=NOW).json for words in ([], ["--plan", OTHER]))
    assert 0 < len(one) < len(whole)
    assert len(two.wsyf("--plan", "all", "outbox", "list", "--json", at=NOW).json) == len(whole)
    two.sql("UPDATE message SET state = 'held', sent_at = NULL, held_for = 'blast'")
    (first,) = two.sql("SELECT count(*) FROM message WHERE plan_id = ?", OTHER)
    two.wsyf("--plan", OTHER, "outbox", "discard", "--reason", "x", at=NOW)
    assert two.sql("SELECT DISTINCT plan_id FROM message WHERE state = 'discarded'") == [(OTHER,)]
    assert two.sql("SELECT count(*) FROM message WHERE state = 'discarded'") == [first]
    two.wsyf("--plan", OTHER, "outbox", "discard", "--all", "--reason", "x", at=NOW, code=2)


def test_what_was_perhaps_meant_is_of_the_chosen_plan(two):
    said = two.wsyf("--plan", OTHER, "show", "2022/1/unoin", at=NOW, code=3).err
    assert "2023/2/union" in said
    assert "2022/" not in said.partition("did you mean")[2]


def test_nothing_a_sync_does_makes_an_assignment_the_last_acted_upon():
    source = Path(track.__file__).read_text(encoding="utf-8")
    actions = set(re.findall(r'"((?:assignment|due)_[a-z_]+)"', source)) - {"assignment_id"}
    assert {"assignment_reassigned", "assignment_tracked", "due_day_changed"} <= actions
    assert actions <= set(lookup.BY_PLAN)


def test_an_unknown_plan_is_asked_about(two):
    assert f"did you mean {OTHER}" in two.wsyf("list", "--plan", "county", at=NOW, code=3).err
    assert f"did you mean {PLAN}" in two.wsyf("--plan", "gaoping", "show", "1/", at=NOW, code=3).err


def test_departments_of_another_plan_are_no_departments_of_the_chosen_one(two):
    assert (
        "there is no department transport"
        in two.wsyf("list", "--plan", OTHER, "--department", "transport", at=NOW, code=2).err
    )


@pytest.mark.parametrize("key", ["2023/9", "2O23/1/housing", "2023/1/hosing"])
def test_a_mistyped_key_names_the_nearest(desk, key):
    assert "did you mean 2023/1/housing" in desk.wsyf("show", key, at=NOW, code=3).err or key == "2023/9"
    assert "did you mean 20" in desk.wsyf("show", key, at=NOW, code=3).err


# --- Completion --------------------------------------------------------------------------------------------------


def completed(desk: Desk, *words: str, incomplete: str) -> list[str]:
    complete = BashComplete(wsyf, {}, "wsyf", "_WSYF_COMPLETE")
    return [item.value for item in complete.get_completions(["--config", str(desk.config), *words], incomplete)]


def test_ids_and_last_are_completed_beside_keys(desk):
    assert completed(desk, "show", incomplete="7") == ["7", "70", "71", "72", "73", "74", "75"]
    assert completed(desk, "done", incomplete="la") == ["last"]
    assert completed(desk, "add", "--from", incomplete="2022/3") == ["2022/3/hrss"]


def test_departments_periods_and_plans_are_completed(two):
    assert completed(two, "list", "--department", incomplete="em") == ["emergency"]
    assert completed(two, "add", "x", "--support", incomplete="总") == ["总工会"]
    assert completed(two, "list", "--period", incomplete="202") == ["2021-2022", "2022", "2023", "2024", "2025"]
    assert completed(two, "list", "--plan", incomplete="") == [OTHER, PLAN, "all"] or completed(
        two, "list", "--plan", incomplete=""
    ) == [PLAN, OTHER, "all"]
    assert completed(two, "--plan", incomplete="c") == [OTHER]


def test_a_chosen_plan_limits_what_is_completed(two):
    assert completed(two, "--plan", OTHER, "show", incomplete="") == ["2023/1/emergency", "2023/2/union"]
    assert completed(two, "list", "--plan", OTHER, "--period", incomplete="") == ["2023"]
    two.edit("config.toml", "[office]\n", f'[office]\nplan = "{OTHER}"\n')
    assert completed(two, "show", incomplete="") == ["2023/1/emergency", "2023/2/union"]


def test_without_an_office_nothing_is_completed(desk):
    desk.database.unlink()
    for words in (["list", "--department"], ["list", "--period"], ["show"]):
        assert completed(desk, *words, incomplete="2") == []
    desk.config.write_text("nonsense")
    assert completed(desk, "list", "--department", incomplete="") == []


@pytest.mark.parametrize(
    ("shell", "answer"),
    [
        ("bash", "plain,2025/5/hrss\n"),
        ("zsh", "plain\n2025/5/hrss\n全面总结五年行动计划实施情况\n"),
        ("fish", "plain\n2025/5/hrss\n全面总结五年行动计划实施情况\n"),
    ],
)
def test_the_program_answers_what_each_shell_asks(desk, shell, answer):
    """The scripts of zsh and fish ask by environment variables; what they get, they show with its title."""
    asked = {"COMP_WORDS": "wsyf show 2025/5", "COMP_CWORD": "2" if shell != "fish" else "2025/5"}
    env = {**os.environ, **asked, "_WSYF_COMPLETE": f"{shell}_complete", "WSYF_CONFIG": str(desk.config)}
    said = subprocess.run(PROGRAM, env=env, capture_output=True, text=True, check=True).stdout
    assert said.replace("\t", "\n").replace("plain,", "plain\n" if shell == "fish" else "plain,") == answer


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_the_shell_can_read(desk, tmp_path, shell):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    script = tmp_path / "script"
    script.write_text(desk.wsyf("completion", shell).out, encoding="utf-8")
    subprocess.run([program, "-n", str(script)], check=True, capture_output=True)
