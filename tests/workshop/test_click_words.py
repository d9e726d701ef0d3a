"""What click itself says is Chinese for whoever reads Chinese, and fits the terminal; everybody else reads English.

`python -m tests.workshop.click_words` compiles click.po after it was edited.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from string import Formatter

import pytest
from babel.messages.catalog import Message
from rich.cells import cell_len

from tests.workshop import click_words
from tests.workshop.catalogue import as_mo

HAN = re.compile(r"[\u4e00-\u9fff]")
TERMINAL = 80
# Prints the help of every command as JSON, in a process of its own: the language is read once.
HELP = """
import json, click
from click.testing import CliRunner
from wsyf_scheduler.cli.main import wsyf

def walk(words, command):
    found = {" ".join(["wsyf", *words]): CliRunner().invoke(wsyf, [*words, "--help"], env={"COLUMNS": "80"}).output}
    context = click.Context(command)
    for each in command.list_commands(context) if isinstance(command, click.Group) else ():
        found |= walk([*words, each], command.get_command(context, each))
    return found

print(json.dumps(walk([], wsyf)))
"""
LOCALE_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def messages() -> list[Message]:
    return [message for message in click_words.translated() if message.id]


def forms(message: Message) -> tuple[str, str]:
    """All English forms in one text, and the Chinese one."""
    if isinstance(message.id, (list, tuple)):
        return " ".join(message.id), "".join(map(str, message.string or ()))
    return str(message.id), str(message.string)


def placeholders(text: str) -> set[str]:
    return {f"{name}!{conversion}" for _said, name, _form, conversion in Formatter().parse(text) if name is not None}


def run(*words: str, **locale: str) -> subprocess.CompletedProcess[str]:
    """A command in a terminal of 80 columns and the locale given, nothing of ours left in it."""
    env = {name: value for name, value in os.environ.items() if name not in LOCALE_VARIABLES}
    command = [sys.executable, *words]
    return subprocess.run(
        command,
        env=env | {"COLUMNS": str(TERMINAL), "PYTHONIOENCODING": "utf-8"} | locale,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def wsyf(*words: str, **locale: str) -> str:
    done = run("-c", "from wsyf_scheduler.cli.main import main; main()", *words, **locale)
    return done.stdout + done.stderr


def test_every_text_of_the_catalogue_is_one_that_click_says() -> None:
    """A newer click words things anew: what it says no longer is taken out, what it says now is translated."""
    assert {message.id for message in messages()} - click_words.said_by_click() == set()


def test_every_text_of_click_is_translated_or_taken_over_as_it_is() -> None:
    lacking = [message.id for message in messages() if not HAN.search(forms(message)[1]) or message.fuzzy]
    assert lacking == []


def test_no_translation_has_a_placeholder_that_click_does_not_fill() -> None:
    unknown = {
        english: placeholders(chinese) - placeholders(english)
        for english, chinese in map(forms, messages())
        if placeholders(chinese) - placeholders(english)
    }
    assert unknown == {}


def test_the_compiled_catalogue_is_what_compiling_would_write() -> None:
    assert as_mo(click_words.translated()) == click_words.CLICK_MO.read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--version",), "版本"),
        (("show",), "缺少参数 'KEY'"),
        (("show", "a", "b"), "多余的参数：b"),
        (("extend", "a"), "缺少选项 '--to'"),
        (("list", "--nonsense"), "没有选项 '--nonsense'"),
        (("list", "--perio", "2023"), "'--period'？"),
        (("list", "--period"), "选项 '--period' 后须写1个值"),
        (("list", "--json=yes"), "选项 '--json' 后不写值"),
        (("outbox", "list", "--limit", "x"), "不是有效的"),
        (("outbox", "nonsense"), "没有命令 'nonsense'"),
        (("schedule", "--days", "0"), "不在范围之内"),
    ],
)
def test_wrong_usage_is_told_in_chinese(words: tuple[str, ...], said: str) -> None:
    found = wsyf(*words, LANGUAGE="zh_CN")
    assert said in found
    english = re.compile(r"\b(Usage|Error|Try|Missing|Invalid|No such|Got unexpected|is not|does not)\b")
    assert not english.search(found)


@pytest.mark.parametrize(
    "locale",
    [
        {"LANG": "zh_CN.UTF-8"},
        {"LC_ALL": "zh_CN.UTF-8", "LANG": "C"},
        {"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"},
        {"LANGUAGE": "zh_CN"},
        {"LANGUAGE": "zh_CN:en", "LANG": "en_US.UTF-8"},
        {"LANG": "zh_CN.GB18030"},
    ],
)
def test_a_chinese_locale_reads_chinese(locale: dict[str, str]) -> None:
    found = wsyf("--help", **locale)
    assert "用法" in found
    assert "责任事项" in found


@pytest.mark.parametrize(
    "locale",
    [
        {},
        {"LANG": "C"},
        {"LANG": "POSIX"},
        {"LANG": "C.UTF-8"},
        {"LANG": "en_US.UTF-8"},
        {"LANG": "de_DE.UTF-8"},
        {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"},
        {"LANGUAGE": "en", "LANG": "zh_CN.UTF-8"},
    ],
)
def test_any_other_locale_reads_english(locale: dict[str, str]) -> None:
    found = wsyf("--help", **locale)
    assert found.startswith("Usage: ")
    assert not HAN.search(found)


def test_chinese_help_fits_a_terminal_of_80_columns() -> None:
    """Click counts characters where Han ones take two columns; ours counts columns."""
    done = run("-c", HELP, LANGUAGE="zh_CN")
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    assert len(found) > 20
    too_wide = {
        (name, line)
        for name, text in found.items()
        for line in text.splitlines()
        if HAN.search(line) and cell_len(line) > TERMINAL
    }
    assert too_wide == set()
