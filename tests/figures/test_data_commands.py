"""`wsyf data`: forms out and in, the telephone, confirmation; and `wsyf done` waits for figures."""

from __future__ import annotations

import pytest

from tests.cli.office_fixtures import real_office, rehearsal_office
from tests.figures.papers import KEY, WHOLE, fill

desk = pytest.fixture(rehearsal_office)
real_desk = pytest.fixture(real_office)
AT = "2022-05-20T10:00"
NEXT = "2023/1/emergency"


def written(desk, tmp_path, name="表.xlsx", key=KEY, at=AT, cells=WHOLE):
    """A form as `wsyf data form` writes it, filled in."""
    path = tmp_path / name
    desk.wsyf("data", "form", key, "-o", path, at=at)
    path.write_bytes(fill(path.read_bytes(), cells))
    return path


def figures(desk, key=KEY, at=AT):
    (one,) = desk.wsyf("data", "show", key, "--json", at=at).json
    return {(each["industry"], each["measure"]): each["value"] for each in one["figures"] if not each["corrected_at"]}


def test_a_form_goes_out_and_comes_back_and_its_assignment_is_submitted(desk, tmp_path):
    answer = desk.wsyf("data", "import", written(desk, tmp_path), at=AT)
    assert "B8" in answer.out
    assert "煤矿" in answer.out
    assert "all figures are in: submitted" in answer.out
    assert desk.state_of(KEY) == "submitted"
    assert len(figures(desk)) == 8


def test_an_import_with_done_closes_what_is_whole_in_one_go(desk, tmp_path):
    answer = desk.wsyf("data", "import", written(desk, tmp_path), "--done", at=AT, code=0)
    assert "the liaison gets a receipt" in answer.out
    assert desk.state_of(KEY) == "done"


def test_with_done_nothing_is_taken_while_a_figure_is_missing(desk, tmp_path):
    path = written(desk, tmp_path, cells={"B7": 1, "C7": 1})
    answer = desk.wsyf("data", "import", path, "--done", at=AT, code=4)
    assert "still lacks: 煤矿 事故起数" in answer.err
    assert figures(desk) == {}


def test_half_a_form_is_kept_and_what_is_missing_is_named(desk, tmp_path):
    answer = desk.wsyf("data", "import", written(desk, tmp_path, cells={"B7": 1, "C7": 1}), at=AT)
    assert "2022/1/emergency: 2 figures taken; still lacking: 煤矿 事故起数" in answer.out
    assert desk.state_of(KEY) == "open"


def test_a_dry_run_shows_all_and_changes_nothing(desk, tmp_path):
    answer = desk.wsyf("data", "import", written(desk, tmp_path), "--dry-run", "--done", at=AT)
    assert "a dry run: nothing was changed" in answer.out
    assert (figures(desk), desk.state_of(KEY)) == ({}, "open")


def test_all_files_are_taken_or_none(desk, tmp_path):
    good = written(desk, tmp_path)
    bad = written(desk, tmp_path, "坏.xlsx", "2022/1/housing", cells={"B7": "三", "C7": 1})
    assert "坏.xlsx: B7: expected a whole number" in desk.wsyf("data", "import", good, bad, at=AT, code=5).err
    impossible = written(desk, tmp_path, "错.xlsx", "2022/1/housing", cells={"B7": 1, "C7": 1, "D7": 1, "E7": 1})
    answer = desk.wsyf("data", "import", good, impossible, at=AT, code=4)
    assert "错.xlsx: C7: 建筑施工 伤亡人数: 1 is not the sum of its parts, 2" in " ".join(answer.err.split())
    assert figures(desk) == {}


def test_the_unlikely_is_asked_back_with_its_cell_and_taken_with_a_reason(desk, tmp_path):
    desk.wsyf("data", "import", written(desk, tmp_path), at=AT)
    cells = {"C7": 3, "E7": 5, "C8": 9, "E8": 5, "C9": 3, "E9": 5, "C10": 3, "E10": 5}  # B and D: the year before
    path = written(desk, tmp_path, "次年.xlsx", NEXT, "2023-02-01T10:00", cells)
    asked = desk.wsyf("data", "import", path, at="2023-02-01T10:00", code=4)
    assert "C8: 煤矿 事故起数: 9 is more than half up or down on 3 of 2021" in " ".join(asked.err.split())
    assert "--confirm TEXT" in asked.err
    desk.wsyf("data", "import", path, "--confirm", "已与应急局核实", at="2023-02-01T10:00")
    assert figures(desk, NEXT, "2023-02-01T10:00")["coal", "accidents"] == 9


def test_a_form_is_never_written_over_one_that_may_be_filled_in(desk, tmp_path):
    path = written(desk, tmp_path)
    before = path.read_bytes()
    assert "exists already" in desk.wsyf("data", "form", KEY, "-o", path, at=AT, code=4).err
    assert path.read_bytes() == before
    assert "collects no figures" in desk.wsyf("data", "form", "2022/3/hrss", "-o", tmp_path / "x", at=AT, code=4).err


def test_figures_told_by_telephone(desk):
    words = [
        "industry=coal",
        "accidents=３",
        "casualties=1,005",
        "industry=hazchem",
        "accidents=0",
        "deaths=0",
        "injured=0",
    ]
    desk.wsyf("data", "submit", KEY, *words, "--source", "电话，李某", at=AT)
    assert figures(desk) == {
        ("coal", "accidents"): 3,
        ("coal", "casualties"): 1005,
        ("hazchem", "accidents"): 0,
        ("hazchem", "deaths"): 0,
        ("hazchem", "injured"): 0,
        ("hazchem", "casualties"): 0,
    }
    desk.wsyf("data", "submit", "2022/1/housing", "accidents=1", "casualties=1", "--done", at=AT)
    assert desk.state_of("2022/1/housing") == "done"  # one industry need not be named
    desk.wsyf("data", "submit", "2022/2/health", "ratio=7.5%", at=AT)
    assert figures(desk, "2022/2/health") == {("dust", "ratio"): "3/40"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["accidents=3"], "of which industry?"),
        (["industry=coal", "accidents"], "write NAME=VALUE"),
        (["industry=coal", "accidents=x"], "accidents: expected a whole number"),
        (["industry=coal", "accidents=1", "accidents=2"], "accidents of coal is given twice"),
        (["industry=coal"], "no figure is given"),
        (["industry=dust", "accidents=1"], "has no industry dust"),
        (["industry=coal", "persons=1"], "asks for no persons"),
    ],
)
def test_a_wrong_word_by_telephone_is_refused(desk, words, said):
    assert said in " ".join(desk.wsyf("data", "submit", KEY, *words, at=AT, code=2).err.split())


def test_done_waits_for_figures_or_a_reason(desk):
    answer = desk.wsyf("done", KEY, at=AT, code=4)
    assert "2022/1/emergency lacks figures: 危险化学品 事故起数" in answer.err
    assert "--without-figures --reason TEXT" in answer.err
    desk.wsyf("done", KEY, "--without-figures", at=AT, code=2)
    desk.wsyf("done", KEY, "--without-figures", "--reason", "部门已撤并", at=AT)
    assert desk.state_of(KEY) == "done"
    desk.wsyf("done", "2022/3/hrss", at=AT)  # collects none


def test_figures_given_early_are_confirmed_after_their_year(desk):
    desk.wsyf("data", "submit", "2025/1b/housing", "accidents=1", "casualties=2", at="2025-12-20T10:00")
    assert "provisional" in desk.wsyf("data", "show", "2025/1b/housing", at="2025-12-20T10:00").out
    early = desk.wsyf("data", "confirm", "2025/1b/housing", at="2025-12-31T10:00", code=4)
    assert "2025 has not ended yet" in early.err
    later = desk.wsyf("data", "confirm", "2025/1b/housing", at="2026-01-04T10:00")
    assert "2 figures are final now" in later.out
    again = desk.wsyf("data", "confirm", "2025/1b/housing", "--json", at="2026-01-05T10:00")
    assert again.json == [{"key": "2025/1b/housing", "confirmed": 0}]
    assert "figures confirmed as final" in desk.wsyf("log", "2025/1b/housing", at="2026-01-05T10:00").out


def test_what_is_handed_in_and_what_is_missing_is_shown(desk, tmp_path):
    desk.wsyf("data", "import", written(desk, tmp_path, cells={"B7": 1, "C7": 1}), at=AT)
    overview = desk.wsyf("data", "show", at=AT).out
    assert "2 of 8" in overview
    period = desk.wsyf("data", "show", "2022", at=AT).out
    assert "危险化学品" in period
    assert "missing: 煤矿 事故起数" in " ".join(period.split())
    desk.wsyf("data", "submit", KEY, "industry=hazchem", "accidents=2", at=AT)
    one = desk.wsyf("data", "show", KEY, at=AT).out
    assert "corrected 2022-05-20" in one
    assert "表.xlsx" in one
    assert "no plan x is tracked" in desk.wsyf("data", "show", "--plan", "x", at=AT, code=3).err


def test_an_import_is_told_to_programs_as_json(desk, tmp_path):
    (one,) = desk.wsyf("data", "import", written(desk, tmp_path), "--json", at=AT).json
    assert (one["key"], one["state"], one["missing"], len(one["changes"])) == (KEY, "submitted", [], 8)
    assert one["changes"][0] == {"industry": "hazchem", "measure": "accidents", "before": None, "after": 3}


def test_importing_the_same_form_again_changes_nothing(desk, tmp_path):
    path = written(desk, tmp_path)
    desk.wsyf("data", "import", path, at=AT)
    (one,) = desk.wsyf("data", "import", path, "--json", at=AT).json
    assert (one["changes"], one["state"]) == ([], "submitted")
    desk.wsyf("log", "--verify", at=AT)


def test_a_source_that_is_no_text_is_refused(desk):
    words = ["2022/1/housing", "accidents=1", "casualties=1"]
    for source in ("半个\udce4字", "长" * 4001):
        desk.wsyf("data", "submit", *words, "--source", source, at=AT, code=2)
    assert figures(desk, "2022/1/housing") == {}


@pytest.mark.parametrize("key", ["2021-2022/3/hrss", "2025/coverage/housing"])
def test_what_collects_no_figures_says_so_before_the_words_are_read(desk, key):
    answer = desk.wsyf("data", "submit", key, "accidents=0", at=AT, code=4)
    assert f"{key} collects no figures; `wsyf done` closes it" in " ".join(answer.err.split())


@pytest.mark.parametrize(
    ("written", "value"),
    [("0.0666666667", "666666667/10000000000"), ("6.66666667%", "666666667/10000000000"), ("１/１２", "1/12")],
)
def test_a_ratio_is_read_with_all_its_decimals(desk, written, value):
    desk.wsyf("data", "submit", "2022/2/health", f"ratio={written}", at=AT)
    assert figures(desk, "2022/2/health") == {("dust", "ratio"): value}


def test_a_ratio_too_long_to_be_meant_is_refused_with_the_length(desk):
    answer = desk.wsyf("data", "submit", "2022/2/health", "ratio=0." + "3" * 60, at=AT, code=2)
    said = "expected a percentage or a fraction of at most 40 characters, found 62"
    assert said in " ".join(answer.err.split())


def test_whole_figures_of_what_is_open_again_are_not_called_incomplete(desk):
    key, at = "2022/1/housing", "2022-06-20T10:00"
    missing = desk.wsyf("data", "confirm", key, at=at, code=4)
    assert "are not whole yet" in " ".join(missing.err.split())
    desk.wsyf("data", "submit", key, "accidents=1", "casualties=1", at=at)
    desk.wsyf("return", key, "--reason", "请核对", at=at)
    answer = " ".join(desk.wsyf("data", "confirm", key, at=at, code=4).err.split())
    assert "are whole, and do not count while it is open" in answer
    desk.wsyf("data", "submit", key, "accidents=1", "casualties=1", at=at)  # as the message says
    assert desk.state_of(key) == "submitted"


TRAINING, COVERAGE, LATE = "2025/3/housing", "2025/coverage/housing", "2025-11-03T10:00"
FALLEN = f"`wsyf reopen {COVERAGE} --reason TEXT` opens it again"


def train(desk, trained, *more):
    words = ("industry=construction", "persons=30", f"trained={trained}")
    return desk.wsyf("data", "submit", TRAINING, *words, *more, at=LATE)


@pytest.mark.parametrize("more", [(), ("--done",)], ids=["plain", "--done"])
def test_a_correction_that_reaches_all_closes_what_figures_close(desk, more):
    train(desk, 29, "--done")
    assert desk.state_of(COVERAGE) == "open"
    assert "closed by its figures" in " ".join(train(desk, 30, *more).out.split())
    assert desk.state_of(COVERAGE) == "done"


def test_a_form_that_corrects_closes_what_figures_close(desk, tmp_path):
    train(desk, 29, "--done")
    path = written(desk, tmp_path, key=TRAINING, at=LATE, cells={"B7": 30, "C7": 30})
    desk.wsyf("data", "import", path, "--confirm", "已核实", at=LATE)
    assert desk.state_of(COVERAGE) == "done"


def test_figures_that_are_only_submitted_close_nothing(desk):
    train(desk, 30)
    assert (desk.state_of(TRAINING), desk.state_of(COVERAGE)) == ("submitted", "open")


def test_a_correction_below_all_says_what_to_open_and_opens_nothing(desk):
    train(desk, 30, "--done")
    for more in (("--dry-run",), ()):
        assert FALLEN in " ".join(train(desk, 28, *more).out.split())
    assert desk.state_of(COVERAGE) == "done"
    assert FALLEN not in " ".join(train(desk, 27).out.split())  # it was said
    assert FALLEN in " ".join((train(desk, 30), train(desk, 29, "--json"))[1].err.split())


def test_a_reopening_of_what_a_coverage_rests_on_says_what_to_open_too(desk):
    train(desk, 30, "--done")
    other = desk.wsyf("reopen", COVERAGE, "--reason", "看一看", at=LATE)
    assert "no longer reach" not in other.out
    desk.wsyf("done", COVERAGE, at=LATE)
    answer = desk.wsyf("reopen", TRAINING, "--reason", "名册有误", at=LATE)
    assert FALLEN in " ".join(answer.out.split())
    assert (desk.state_of(TRAINING), desk.state_of(COVERAGE)) == ("open", "done")


def test_undo_says_that_the_figures_stay(real_desk):
    key = "2023/1/housing"
    words = ("accidents=1", "casualties=1", "--done")
    real_desk.wsyf("data", "submit", key, *words)
    answer = " ".join(real_desk.wsyf("undo").out.split())
    assert "taken back: closed; its letter does not go; its figures stay, and wait for confirmation" in answer
    assert real_desk.state_of(key) == "submitted"
    assert figures(real_desk, key, None) == {("construction", "accidents"): 1, ("construction", "casualties"): 1}
    assert "figures are not undone" in " ".join(real_desk.wsyf("undo", code=4).err.split())
