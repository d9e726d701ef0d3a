"""The config: what a good one means, and every mistake named at once (tests/config/bad: one file a mistake)."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from tests.cast import ROOT
from wsyf_scheduler import config as config_file
from wsyf_scheduler.acts.lay_out import config_text
from wsyf_scheduler.core.ladder import CalendarDays, Every, Start, WorkingDays
from wsyf_scheduler.core.standard import STANDARD
from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.reading import Table

HERE = Path(__file__).parent / "config"
BAD = sorted((HERE / "bad").glob("*.toml"))
GOOD = (HERE / "good.toml").read_text(encoding="utf-8")
RUNG = '\n[[ladder]]\nrung = "{0}"\nwhen = "{1}"\nletter = "{2}"\nto = ["liaison"]\n{3}'


def faults_of(path: Path) -> list[str]:
    with pytest.raises(Invalid) as caught:
        config_file.load(path)
    return [str(fault).replace(str(path), "config.toml") for fault in caught.value.faults]


def expected_in(data: bytes) -> list[str]:
    """The lines after `# expect:` at the top of a file, which may not be UTF-8 further down."""
    lines = data.decode("utf-8", "replace").splitlines()
    return [line.removeprefix("# expect: ") for line in lines if line.startswith("# expect: ")]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_mistake_is_named_with_file_line_key_expected_and_found(path: Path) -> None:
    assert faults_of(path) == (expected_in(path.read_bytes()) or ["config.toml: the file is empty"])


def test_there_is_a_file_for_each_mistake() -> None:
    assert len(BAD) >= 40


def test_no_message_shows_a_secret() -> None:
    said = "\n".join(line for path in BAD for line in faults_of(path))
    assert "hunter2" not in said
    assert "secret" not in said


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert faults_of(tmp_path / "config.toml") == ["config.toml: cannot be read: No such file or directory"]


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    assert faults_of(tmp_path / "config.toml") == ["config.toml: cannot be read: Is a directory"]


@pytest.mark.parametrize("key", ['"a]b"', '"[x"', '"\\u005b"', "'.'"])
def test_the_oddest_key_is_an_unknown_key_and_no_endless_search(key: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"{GOOD}guards = {{ {key} = 1 }}\n", encoding="utf-8")
    (fault,) = faults_of(path)
    assert "unknown key" in fault


def test_values_nested_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("x = " + "[" * 100_000, encoding="utf-8")
    assert "not valid TOML" in faults_of(path)[0]


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert config_file.load(path).office.email == "office@county.example"


def test_a_small_config_has_the_rules_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(GOOD, encoding="utf-8")
    config = config_file.load(path)
    assert config.ladder == STANDARD
    assert (config.send_at, config.send_until) == (time(9), time(17, 30))
    assert (config.receipt_delay, config.max_messages) == (timedelta(minutes=10), 20)
    assert config.database == f"sqlite:///{tmp_path}/data/wsyf.db"
    assert (config.jobs, config.people) == (tmp_path / "jobs", tmp_path / "people.csv")
    assert (config.mail.transport, config.mail.smtp) == ("maildir", None)


def test_the_packaged_config_has_the_ladder_of_the_rules_and_loads_as_it_stands() -> None:
    config = config_file.load(ROOT / "config.toml")
    assert config.ladder == STANDARD
    assert config.mail.transport == "maildir"
    assert config.office.email.endswith(".example")


def test_relative_paths_are_relative_to_the_config_and_absolute_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        GOOD + '\n[database]\nurl = "sqlite:////var/lib/wsyf/wsyf.db"\n[jobs]\ndir = "plans"\n', encoding="utf-8"
    )
    config = config_file.load(path)
    assert config.database == "sqlite:////var/lib/wsyf/wsyf.db"
    assert config.jobs == tmp_path / "plans"


@pytest.mark.parametrize(
    ("when", "value"),
    [
        ("start", Start()),
        ("due day", CalendarDays(0)),
        ("30 days before", CalendarDays(-30)),
        ("1 day after", CalendarDays(1)),
        ("3 working days before", WorkingDays(-3)),
        ("1 working day after", WorkingDays(1)),
        ("every 5 working days after base", Every(5, "base", 2)),
        ("every 1 working day after base", Every(1, "base", 2)),
    ],
)
def test_every_form_of_when_is_read(when: str, value: object, tmp_path: Path) -> None:
    letter, times = ("start" if when == "start" else "reminder"), ("times = 2\n" if "every" in when else "")
    path = tmp_path / "config.toml"
    text = GOOD + RUNG.format("base", "due day", "reminder", "") + RUNG.format("rung", when, letter, times)
    path.write_text(text, encoding="utf-8")
    assert config_file.load(path).ladder.rungs[1].when == value


def test_times_and_days_may_be_toml_values(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    text = GOOD + "\n[hours]\nsend_at = 08:30:00\n[calendar]\noff = [2027-02-14]\n"
    path.write_text(text, encoding="utf-8")
    config = config_file.load(path)
    assert config.send_at == time(8, 30)
    assert config.extra_off == {date(2027, 2, 14)}


def test_the_config_is_found_by_the_order_of_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, named = tmp_path / "here", tmp_path / "named"
    for folder in (here, named):
        folder.mkdir()
        (folder / "config.toml").write_text(GOOD, encoding="utf-8")
    monkeypatch.chdir(here)
    monkeypatch.delenv("WSYF_CONFIG", raising=False)
    assert config_file.find() == here / "config.toml"
    monkeypatch.setenv("WSYF_CONFIG", str(named))
    assert config_file.find() == named / "config.toml"
    assert config_file.find(str(here / "config.toml")) == here / "config.toml"
    with pytest.raises(Invalid, match="there is no such config file"):
        config_file.find(str(tmp_path / "nowhere.toml"))


def test_without_a_config_the_way_to_one_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WSYF_CONFIG", raising=False)
    monkeypatch.setattr(config_file, "DEFAULT_PATHS", (Path("config.toml"),))
    with pytest.raises(Invalid, match="wsyf init"):
        config_file.find()


@pytest.mark.parametrize(
    ("lines", "weekly", "monthly"),
    [
        ("", True, ()),
        ('coordinator = "off"\nconvener = "monthly"\nchief = "monthly"', False, ("convener", "chief")),
        ('monthly = ["director"]', True, ("director",)),  # as configs had it before
        ('monthly = ["director", "chief"]\ndirector = "off"', True, ("chief",)),
    ],
)
def test_each_digest_has_a_switch(tmp_path: Path, lines: str, weekly: bool, monthly: tuple[str, ...]) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"{GOOD}\n[digest]\n{lines}\n", encoding="utf-8")
    config = config_file.load(path)
    assert (config.weekly_digest, config.monthly_digests) == (weekly, monthly)


def test_the_packaged_config_names_and_explains_every_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the program reads stands there with a comment, alive or commented out."""
    asked: dict[str, set[str]] = {}

    def close(table: Table) -> None:
        asked.setdefault(table.path, set()).update(table._asked)

    monkeypatch.setattr(Table, "close", close)
    text = config_text({("mail", "transport"): "smtp", ("mail.smtp", "host"): "smtp.county.example"})
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    config_file.load(tmp_path / "config.toml")
    section, explained = "", set()
    for line in text.partition("[[ladder]]")[0].splitlines():
        section = found[1] if (found := re.match(r"\[([a-z.]+)\]", line)) else section
        if found := re.match(r"(?:# )?([a-z_]+) = .*# .", line):
            explained.add(f"{section}.{found[1]}")
    read = {f"{path}.{key}" for path, keys in asked.items() if path and "ladder" not in path for key in keys}
    tables = {"mail.limits", "mail.smtp"}
    old, refused = {"digest.monthly"}, {"mail.smtp.password"}
    assert read - explained - tables - old - refused == set()
    assert explained - read == set()
