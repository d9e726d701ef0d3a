"""`wsyf done`, `return`, `reopen`, `waive`, `extend`, `release`: what they do, refuse, say, and with which exit code."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from tests.cli.office_fixtures import FIRST_MORNING, Desk, real_office, rehearsal_office, without_root_rights
from tests.cli.test_listing import LIST_KEYS
from wsyf_scheduler.acts import keep_papers
from wsyf_scheduler.errors import Usage

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
        (key, "done", [*LIST_KEYS, "follows"]) for key in (KEY, "2022/1/housing", "2022/1/transport")
    ]
    desk.wsyf("done", "2022/2/health", KEY, at=FIRST_MORNING, code=4)
    assert desk.state_of("2022/2/health") == "open"


def test_the_day_of_handing_in_may_be_past_but_not_to_come(desk):
    said = desk.wsyf("done", KEY, "--on", "2022-05-25", at=FIRST_MORNING, code=4).err
    assert "2022-05-25 has not come yet" in said
    desk.wsyf("done", KEY, "--on", "2022-05-20", at=FIRST_MORNING)
    assert desk.wsyf("show", KEY, "--json").json["closed_on"] == "2022-05-20"


def test_closing_twice_is_refused_and_names_who_did_the_day_and_the_way_back(desk):
    desk.wsyf("done", KEY, at=FIRST_MORNING, SUDO_USER="wang")
    said = desk.wsyf("done", KEY, at="2022-05-25", code=4, COLUMNS="400").err
    assert (
        "was closed already, as of 2022-05-24 (closed by wang, 2022-05-24 09:00); `wsyf reopen` opens it again" in said
    )


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


def test_a_paper_is_kept_once_with_name_type_and_size(desk, tmp_path):
    for name in ("a.pdf", "b.PDF"):
        (tmp_path / name).write_bytes(b"%PDF-1.7")
    desk.wsyf("done", KEY, "--file", tmp_path / "a.pdf", "--file", tmp_path / "b.PDF", at=FIRST_MORNING)
    digest = hashlib.sha256(b"%PDF-1.7").hexdigest()
    assert [path.name for path in (desk.folder / "data" / "evidence").iterdir()] == [f"{digest}.pdf"]
    assert json.loads(last_event(desk)[3])["papers"] == [
        {"name": name, "sha256": digest, "type": "application/pdf", "bytes": 8} for name in ("a.pdf", "b.PDF")
    ]


def test_a_paper_that_lies_damaged_is_put_right(desk, tmp_path):
    paper = tmp_path / "a.txt"
    paper.write_bytes(b"figures")
    kept = desk.folder / "data" / "evidence" / f"{hashlib.sha256(b'figures').hexdigest()}.txt"
    kept.parent.mkdir()
    kept.write_bytes(b"fig")
    desk.wsyf("done", KEY, "--file", paper, at=FIRST_MORNING)
    assert kept.read_bytes() == b"figures"


def _missing(folder):
    return folder / "missing.pdf"


def _empty(folder):
    (folder / "empty.pdf").touch()
    return folder / "empty.pdf"


def _two_gigabytes(folder):
    """Sparse: it takes no room, and reading it would take a while."""
    path = folder / "film.mp4"
    with path.open("wb") as handle:
        handle.truncate(2 * 1024**3)
    return path


def _folder(folder):
    (folder / "papers").mkdir()
    return folder / "papers"


def _pipe(folder):
    """Whoever reads it waits for ever."""
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_missing, "there is no file"),
        (_empty, "is empty: there is nothing to keep"),
        (_two_gigabytes, "is larger than 200 MB"),
        (_folder, "is a folder: --file takes one paper"),
        (_pipe, "is no file: --file takes one paper"),
    ],
)
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_paper_that_cannot_be_kept_is_refused_by_name_and_nothing_is_closed(desk, tmp_path, make, said, dry):
    good, bad = tmp_path / "good.pdf", make(tmp_path)
    good.write_bytes(b"x")
    files = ["--file", good, "--file", bad]
    found = desk.wsyf("done", KEY, *files, *dry, at=FIRST_MORNING, code=2, COLUMNS="400").err
    assert f"{bad} {said}" in found or f"{said} {bad}" in found
    assert desk.state_of(KEY) == "open"
    assert not (desk.folder / "data" / "evidence").exists()


def test_a_paper_one_may_not_read_is_refused(desk, tmp_path):
    paper = tmp_path / "secret.pdf"
    paper.write_bytes(b"x")
    paper.chmod(0)
    with without_root_rights():
        found = desk.wsyf("done", KEY, "--file", paper, at=FIRST_MORNING, code=2, COLUMNS="400").err
    assert f"you have no right to read {paper}" in found
    assert desk.state_of(KEY) == "open"


def test_a_paper_that_grows_while_it_is_read_is_kept_as_it_was_read(tmp_path, monkeypatch):
    paper = tmp_path / "log.txt"
    paper.write_bytes(b"a" * 10)
    monkeypatch.setattr(keep_papers, "CHUNK", 4)
    read = keep_papers._copy

    def grow(path, source, part):
        with paper.open("ab") as handle:
            handle.write(b"b" * 3)
        return read(path, source, part)

    monkeypatch.setattr(keep_papers, "_copy", grow)
    (found,) = keep_papers.act(tmp_path / "kept", [str(paper)])
    (kept,) = (tmp_path / "kept").iterdir()
    assert found["bytes"] == kept.stat().st_size == 13
    assert kept.name == f"{hashlib.sha256(kept.read_bytes()).hexdigest()}.txt"
    monkeypatch.setattr(keep_papers, "LARGEST", 12)
    paper.write_bytes(b"a" * 10)
    with pytest.raises(Usage, match="is larger than"):
        keep_papers.act(tmp_path / "kept", [str(paper)])
    assert list((tmp_path / "kept").iterdir()) == [kept]  # no part of it stays


def test_an_act_that_is_refused_leaves_no_paper_behind(desk, tmp_path):
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"x")
    desk.wsyf("done", KEY, at=FIRST_MORNING)
    desk.wsyf("done", KEY, "--file", paper, at=FIRST_MORNING, code=4)
    assert not (desk.folder / "data" / "evidence").exists()


def test_done_says_what_follows(desk):
    desk.wsyf("tick", at="2022-05-19T09:00")
    said = desk.wsyf("done", KEY, at=FIRST_MORNING, COLUMNS="80").out
    assert said.splitlines() == [
        f"{KEY}  2021年度安全生产事故数据: closed as of 2022-05-24",
        "  3 letters will not go, nor any after the due day; receipt to 应急 liaison",
        "  (liaison.emergency@gaoping.example) from 09:00",
        "  next from 应急: 2021-2022/4/emergency 2019年度安全生产事故数据, due 2022-05-31",
    ]


def test_what_follows_stands_in_the_json_too(desk):
    desk.wsyf("tick", at="2022-05-19T09:00")
    (said,) = desk.wsyf("done", KEY, "--json", at=FIRST_MORNING).json
    follows = said["follows"]
    assert [(each["on"], each["rung"], each["letter"]) for each in follows["fall_away"]][:3] == [
        ("2022-05-24", "remind-7", "reminder"),
        ("2022-05-26", "remind-3w", "reminder"),
        ("2022-05-31", "remind-0", "reminder"),
    ]
    assert follows["told"] == {
        "letter": "receipt",
        "to": ["liaison.emergency@gaoping.example"],
        "cc": [],
        "from": "2022-05-24T09:00:00+08:00",
    }
    assert (follows["next"], follows["owed"]) == (None, {"key": "2021-2022/4/emergency", "due_on": "2022-05-31"})


def test_of_many_only_the_sums_are_told(today_desk):
    lines = today_desk.wsyf("release", "--all", COLUMNS="120").out.splitlines()
    assert len(lines) == 76
    assert lines[-1].startswith("75 assignments; ")
    assert lines[-1].endswith(" more letters lie ahead")


DRY = [
    ["done", KEY, "--note", "x"],
    ["waive", KEY, "--reason", "x"],
    ["extend", KEY, "--to", "2022-06-30", *EXTENSION],
    ["mute", KEY, "--until", "2022-06-30", "--reason", "x"],
    ["remind", KEY],
    ["note", KEY, "x"],
]


@pytest.mark.parametrize("words", DRY, ids=lambda words: words[0])
def test_a_dry_run_says_the_same_and_changes_nothing(desk, words):
    before = desk.sql("SELECT max(id) FROM event")
    dry = desk.wsyf(*words, "--dry-run", at="2022-05-23T10:00").out
    assert desk.sql("SELECT max(id) FROM event") == before
    assert desk.wsyf(*words, at="2022-05-23T10:00").out + "nothing was changed\n" == dry


def test_a_dry_run_keeps_no_paper(desk, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"x")
    said = desk.wsyf("done", KEY, "--file", tmp_path / "a.pdf", "--dry-run", at=FIRST_MORNING).out
    assert "its papers kept" in said
    assert not (desk.folder / "data" / "evidence").exists()


def test_what_was_handed_in_can_be_returned(desk):
    desk.sql("UPDATE assignment SET state = 'submitted' WHERE key = ?", KEY)
    assert "--reason" in desk.wsyf("return", KEY, at=FIRST_MORNING, code=2).err
    said = desk.wsyf("return", KEY, "--reason", "缺少盖章", at=FIRST_MORNING).out
    assert "returned; open again, due 2022-05-31" in said
    assert "receipt to 应急 liaison" in said
    assert desk.state_of(KEY) == "open"
    assert "is open: returning is not possible" in desk.wsyf("return", KEY, "--reason", "x", code=4).err


def test_closing_before_it_was_owed_names_both_days(desk):
    said = desk.wsyf("done", KEY, "--on", "2021-12-31", at=FIRST_MORNING, code=4, COLUMNS="400").err
    assert "its plan was issued on 2022-05-19, its period begins on 2022-01-01" in said


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
    assert ": released\n" in said
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
