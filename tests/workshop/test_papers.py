"""The papers say what the program does: charts as in the code, commands that exist, links that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.workshop.test_imports import ROOMS
from wsyf_scheduler import __version__
from wsyf_scheduler.cli.main import COMMANDS, wsyf
from wsyf_scheduler.core import message
from wsyf_scheduler.core.assignment import REASON_REQUIRED, TRANSITIONS, State, Verb
from wsyf_scheduler.core.message import MessageState

ROOT = Path(__file__).parents[2]
PAPERS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")])
READMES = ("README.md", "README.zh-CN.md")
ARROW = re.compile(r"^\s*(?P<before>\w+) --> (?P<after>\w+)(?:: (?P<verb>.+))?$", re.MULTILINE)
# A command at the beginning of a line or of a piece of code, options of `wsyf` itself before it.
TYPED = re.compile(r"^(?:.*&& )?wsyf ((?:--?[a-z]+ \S+ )*)([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?\b", re.MULTILINE)
TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def chart(name: str) -> str:
    (found,) = re.findall(r"```mermaid\n(.+?)```", read(name), re.DOTALL)
    return str(found)


def code(text: str) -> str:
    """What stands in fenced blocks and between backticks."""
    blocks = re.findall(r"^```\w*\n(.+?)^```", text, re.DOTALL | re.MULTILINE)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", text)])


# --- The state charts ---------------------------------------------------------


def test_the_chart_of_an_assignment_is_the_table_of_transitions() -> None:
    drawn = {
        (State(arrow["before"]), Verb(arrow["verb"])): State(arrow["after"])
        for arrow in ARROW.finditer(chart("docs/state-chart.md"))
    }
    assert drawn == TRANSITIONS
    assert "[*] --> open" in chart("docs/state-chart.md")


def test_the_papers_name_every_state_and_verb_and_who_must_give_a_reason() -> None:
    text = read("docs/state-chart.md")
    assert [state for state in State if f"| `{state}` |" not in text] == []
    reasons = {
        Verb(verb): word == "yes" for verb, word in re.findall(r"^\| `(\w+)` \| .+ \| (yes|no) \|$", text, re.MULTILINE)
    }
    assert reasons == {verb: verb in REASON_REQUIRED for verb in Verb}


def test_the_chart_of_a_message_is_the_table_of_transitions() -> None:
    drawn: dict[MessageState, dict[MessageState, str]] = {state: {} for state in MessageState}
    for arrow in ARROW.finditer(chart("docs/delivery.md")):
        drawn[MessageState(arrow["before"])][MessageState(arrow["after"])] = arrow["verb"]
    assert drawn == message.TRANSITIONS
    assert "[*] --> queued" in chart("docs/delivery.md")
    assert [state for state in MessageState if f"| `{state}` |" not in read("docs/delivery.md")] == []


# --- Commands -----------------------------------------------------------------


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, subcommands too."""
    context = click.Context(wsyf)
    for name in COMMANDS:
        command = wsyf.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {each}", command.commands[each]) for each in command.commands)


def test_every_command_and_option_has_help() -> None:
    silent = [name for name, command in commands() if not (command.help or "").strip()]
    silent += [
        f"{name} {option.opts[-1]}"
        for name, command in commands()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []


def test_every_command_is_named_in_the_papers() -> None:
    text = code(read("docs/cli.md")) + code(read("README.md"))
    assert [name for name, _command in commands() if not re.search(rf"\bwsyf {name}\b", text)] == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_papers_name_no_command_that_is_not_there(paper: Path) -> None:
    """What is to come is listed without `wsyf` before it, or said to be missing in its sentence."""
    known = {name for name, _command in commands()}
    text = "\n".join(line for line in paper.read_text(encoding="utf-8").splitlines() if not _says_missing(line))
    used = TYPED.findall(code(text))
    assert {first for _options, first, _second in used} <= {name.partition(" ")[0] for name in known}
    groups = {name.partition(" ")[0] for name in known if " " in name}
    assert {f"{first} {second}" for _options, first, second in used if first in groups and second} <= known


def test_what_is_said_to_be_missing_is_missing_and_what_has_options_has_them() -> None:
    """A command that arrives leaves the list; an option in the table is one of its command."""
    table, _heading, missing = read("docs/cli.md").partition("## Not there yet")
    options = {name: {opt for each in command.params for opt in each.opts} for name, command in commands()}
    for words in re.findall(r"`([a-z][a-z -]+)`", missing.partition("\n\n")[2].partition("\n\n")[0]):
        name, _space, option = words.partition(" --")
        assert name not in options or (option and f"--{option}" not in options[name]), words
    for row in re.findall(r"^\| (`wsyf .+?) \| ", table, re.MULTILINE):
        for typed in re.findall(r"`wsyf ([a-z][^`]*)`", row):
            name = next(each for each in sorted(options, key=len, reverse=True) if f"{typed} ".startswith(f"{each} "))
            assert set(re.findall(r"--[a-z-]+", typed)) <= options[name], name


def _says_missing(line: str) -> bool:
    return bool(re.search(r"\b(not there yet|There is no|to come)\b", line))


# --- README, changelog, make --------------------------------------------------


@pytest.mark.parametrize("readme", READMES)
def test_the_commands_of_a_readme_are_targets_of_the_makefile(readme: str) -> None:
    asked = set(re.findall(r"\bmake ([a-z-]+)", code(read(readme))))
    assert {"demo", "test"} <= asked
    assert asked <= set(TARGET.findall(read("Makefile")))


def test_every_make_target_of_the_papers_is_there() -> None:
    asked = {
        target
        for paper in PAPERS
        for target in re.findall(r"\bmake ([a-z-]+)", code(paper.read_text(encoding="utf-8")))
    }
    assert asked <= set(TARGET.findall(read("Makefile")))


def test_both_readmes_have_the_same_parts_and_type_the_same() -> None:
    """What is typed is the same in both; only the comments are in their language."""

    def typed(text: str) -> list[str]:
        blocks = re.findall(r"^```\w*\n(.+?)^```", text, re.DOTALL | re.MULTILINE)
        return [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]

    def links(text: str) -> list[str]:
        """A guide that is there in both languages is one."""
        found = [target.replace(".zh.md", ".md") for target in re.findall(r"\]\(([^)]+)\)", text)]
        return [target for target in found if not target.startswith("README")]

    english, chinese = (_without_transcript(read(name)) for name in READMES)
    assert typed(english) == typed(chinese)
    assert links(english) == links(chinese)
    assert len(re.findall(r"^## ", english, re.MULTILINE)) == len(re.findall(r"^## ", chinese, re.MULTILINE))
    assert len(re.findall(r"^- ", english, re.MULTILINE)) == len(re.findall(r"^- ", chinese, re.MULTILINE))


def _without_transcript(text: str) -> str:
    assert text.count("<!-- transcript -->") == text.count("<!-- /transcript -->") == 1
    return re.sub(r"<!-- transcript -->.*<!-- /transcript -->", "", text, flags=re.DOTALL)


def test_the_changelog_has_a_place_for_what_is_not_released_yet() -> None:
    headings = re.findall(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert all(re.fullmatch(r"\[?\d+\.\d+\.\d+\]?", heading) for heading in headings[1:])
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


# --- The house, and links -----------------------------------------------------


def test_the_page_on_architecture_names_every_room() -> None:
    text = read("docs/architecture.md")
    rooms = {
        path.stem if path.is_file() else path.name for path in (ROOT / "wsyf_scheduler").iterdir() if _is_room(path)
    }
    assert {room for room in rooms if f"`{room}`" not in text and f"`{room}/`" not in text} == set()
    assert rooms <= ROOMS.keys()


def _is_room(path: Path) -> bool:
    return (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()


def test_decisions_are_numbered_one_by_one_and_fit_on_a_page() -> None:
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]} "), path.name
        assert text.count("\n") <= 60, path.name


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_the_papers_lead_somewhere(paper: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", paper.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            file, _hash, anchor = target.partition("#")
            path = (paper.parent / file).resolve() if file else paper
            if not path.exists() or (anchor and anchor not in anchors(path)):
                broken.append(target)
    assert broken == []


def anchors(path: Path) -> set[str]:
    """The headings of a page as they are linked to: lower case, words joined by hyphens, other signs dropped."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


# --- What runs it -------------------------------------------------------------


def test_every_debian_package_has_its_reason() -> None:
    lines = [line for line in read(".ci/packages").splitlines() if not line.startswith("#")]
    assert lines
    assert all(re.fullmatch(r"[a-z0-9.+-]+ +# .+", line) for line in lines)


def test_continuous_integration_can_be_run() -> None:
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_the_unit_file_starts_the_daemon_that_is_there() -> None:
    """What the unit promises systemd, the program keeps: its commands, the name of the credential, the signals."""
    from wsyf_scheduler.opening import CREDENTIAL
    from wsyf_scheduler.pulse import SWEEP

    lines = dict(re.findall(r"^([A-Za-z]+)=(.*)$", read("deploy/systemd/wsyf.service"), re.MULTILINE))
    assert lines["ExecStart"] == "/opt/wsyf/bin/wsyf --config /etc/wsyf/config.toml daemon"
    assert lines["LoadCredential"] == CREDENTIAL
    assert lines["Type"] == "notify"
    assert lines["ExecReload"].endswith("-HUP $MAINPID")
    assert int(lines["WatchdogSec"].removesuffix("min")) * 60 > 3 * SWEEP.total_seconds()
    assert lines["UMask"] == "0007"
    hardened = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "PrivateTmp": "yes", "ProtectHome": "yes"}
    assert hardened.items() <= lines.items()
    assert "DynamicUser" not in lines
