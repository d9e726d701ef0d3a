"""`wsyf help`: the guides offline, each command's own help, and the manual page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from tests.cli.office_fixtures import PROGRAM, english, real_office
from tests.cli.test_init import terminal
from wsyf_scheduler import i18n, share
from wsyf_scheduler.cli import guides
from wsyf_scheduler.cli.grid import width
from wsyf_scheduler.cli.guides import GUIDES
from wsyf_scheduler.cli.main import COMMANDS, wsyf

desk = pytest.fixture(real_office)


def complete(*words: str, incomplete: str) -> list[str]:
    return [
        item.value for item in BashComplete(wsyf, {}, "wsyf", "_WSYF_COMPLETE").get_completions(list(words), incomplete)
    ]


def test_alone_it_names_every_guide_with_a_line(desk):
    said = desk.wsyf("help").out
    for name, guide in GUIDES.items():
        assert re.search(rf"^  {re.escape(name)} +{re.escape(guide.about())}$", said, re.MULTILINE), name


def test_every_page_of_the_docs_is_a_guide():
    pages = {path.name.split(".")[0] for path in share.DOCS.glob("*.md")}
    assert pages == {guide.page for guide in GUIDES.values()}


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_fits_the_screen_and_shows_no_markup(desk, name):
    said = guides.render(guides.text(name), 80, colour=False)
    assert len(said) > 200
    assert [line for line in said.splitlines() if width(line) > 80] == []
    assert not re.search(r"^#+ |\]\(|\*\*|<!--|^\|", said, re.MULTILINE)


def test_a_section_is_a_guide_of_its_own(desk):
    whole, people = guides.text("operations"), guides.text("people")
    assert len(people) < len(whole) / 3
    assert people.startswith("## ")
    assert people.count("\n## ") == 0


def test_a_guide_is_read_in_the_users_language_where_there_is_one(desk, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    i18n._catalogue.cache_clear()
    assert guides.text("operations").startswith("# 部署")
    assert guides.text("people").startswith("## ")
    assert guides.text("rules").partition("\n\n")[2].startswith("# ")  # below a note that there is no other


def test_links_between_the_guides_name_the_command_that_shows_them():
    words = guides.readable(
        "See [delivery](delivery.md#x), [why](decisions/0001-a.md), [here](#there), [b](https://b.example)."
    )
    assert words == "See delivery (`wsyf help delivery`), why, here, [b](https://b.example)."


def test_of_a_command_it_is_the_commands_own_help(desk):
    assert desk.wsyf("help", "done").out.strip() == desk.wsyf("done", "--help").out.strip()
    assert desk.wsyf("help", "plan", "sync").out.strip() == desk.wsyf("plan", "sync", "--help").out.strip()


def test_a_name_that_is_both_shows_both(desk):
    said = desk.wsyf("help", "audit").out
    assert said.startswith("Usage: wsyf audit")
    assert "The auditor" in said


@pytest.mark.parametrize(
    ("words", "meant"),
    [(("operation",), "operations"), (("donne",), "done"), (("plan", "snyc"), "sync")],
)
def test_a_mistyped_topic_is_guessed(desk, words, meant):
    assert f"did you mean {meant}" in desk.wsyf("help", *words, code=3).err


def test_topics_and_commands_are_completed():
    with english():
        assert complete("help", incomplete="op") == ["operations"]
        assert complete("help", incomplete="ex") == ["extend", "explain"]
        assert complete("help", "plan", incomplete="sy") == ["sync"]


def test_it_needs_no_office(tmp_path):
    done = subprocess.run([*PROGRAM, "help", "rules"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_on_a_terminal_it_goes_through_the_pager(tmp_path):
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho paged\ncat >/dev/null\n")
    pager.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAGER", str(pager))
        with terminal(tmp_path, "rules", command="help") as at_it:
            assert at_it.end() == 0
    assert at_it.seen.strip() == "paged"


# --- The manual page ------------------------------------------------------------------------------------------------


def all_commands() -> list[str]:
    def walk(context: click.Context) -> list[str]:
        group = context.command
        if not isinstance(group, click.Group):
            return [context.command_path]
        inside = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
        return [
            context.command_path,
            *(each for name, one in inside if one for each in walk(click.Context(one, info_name=name, parent=context))),
        ]

    return walk(click.Context(wsyf, info_name="wsyf"))[1:]


def test_the_manual_page_names_every_command_and_option(desk):
    page = desk.wsyf("help", "--man").out.replace("\\-", "-")
    assert page.startswith(".TH WSYF 1 ")
    assert [name for name in all_commands() if f".SS {name}\n" not in page] == []
    assert set(COMMANDS) <= {name.split()[1] for name in all_commands()}
    for option in ("--approved-by", "--maildir", "--adopt", "--at"):
        assert option in page


def test_no_line_of_the_manual_page_is_taken_for_a_request(desk):
    page = desk.wsyf("help", "--man").out
    requests = {line.split()[0] for line in page.splitlines() if line.startswith((".", "'"))}
    assert requests <= {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".nf", ".fi"}


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_man_shows_the_page_without_a_complaint(tmp_path: Path, language):
    if shutil.which("groff") is None:
        pytest.skip("there is no groff (package groff)")
    env = {**os.environ, "LANGUAGE": language, "PYTHONWARNINGS": "ignore"}
    page = subprocess.run([*PROGRAM, "help", "--man"], env=env, capture_output=True, check=True).stdout
    (tmp_path / "wsyf.1").write_bytes(page)
    shown = subprocess.run(
        ["groff", "-k", "-man", "-Tutf8", "-ww", "-P-cbou", str(tmp_path / "wsyf.1")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "wsyf done" in shown.stdout
    assert [line for line in shown.stderr.splitlines() if "adjust" not in line and "break line" not in line] == []
