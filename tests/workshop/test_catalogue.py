"""Whoever reads Chinese reads Chinese: every text of the program has its translation, and the files belong together.

`make catalogue` gathers new texts into wsyf_scheduler/locale; a person translates; this test sees that nobody forgot.
"""

from __future__ import annotations

import gettext
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from string import Formatter

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from tests.workshop import catalogue
from wsyf_scheduler.core.assignment import State

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
# Texts that read the same in both languages, each a decision; those of signs and placeholders alone need none.
SAME_IN_CHINESE: frozenset[str] = frozenset()
# What is typed as it stands: `wsyf done`, --json, $WSYF_CONFIG.
TYPED = re.compile(r"`[^`]+`|(?<![A-Za-z0-9-])--[a-z][a-z-]+|\$[A-Z_]+")


def texts(message: Message) -> list[tuple[str, str]]:
    """Each form of a text with its translation; the plural stands for all Chinese forms."""
    if isinstance(message.id, (list, tuple)):
        return [(str(message.id[-1]), str(each)) for each in message.string]
    return [(str(message.id), str(message.string))]


def messages() -> Iterator[Message]:
    return (message for message in catalogue.translated() if message.id)


def placeholders(text: str) -> Counter[str]:
    return Counter(
        f"{name}!{conversion}:{form}" for _text, name, form, conversion in Formatter().parse(text) if name is not None
    )


def has_words(text: str) -> bool:
    """Whether anything but placeholders and signs stands in it."""
    return any(letter.isalpha() for said, *_rest in Formatter().parse(text) for letter in said)


def test_every_text_of_the_program_stands_in_the_catalogue_and_no_other() -> None:
    """New texts are gathered, vanished ones taken out: `make catalogue`."""
    wanted = {message.id for message in catalogue.extracted() if message.id}
    found = {message.id for message in messages()}
    assert not wanted - found, "run `make catalogue`, then translate"
    assert not found - wanted, "run `make catalogue`"


def test_the_template_is_what_make_catalogue_would_write() -> None:
    assert catalogue.POT.exists(), "run `make catalogue`"
    with catalogue.POT.open("rb") as file:
        found = {message.id for message in read_po(file) if message.id}
    assert found == {message.id for message in catalogue.extracted() if message.id}, "run `make catalogue`"


def test_every_translation_holds_a_han_character() -> None:
    """A text copied over in English is no translation."""
    lacking = [
        english
        for message in messages()
        for english, chinese in texts(message)
        if has_words(english) and english not in SAME_IN_CHINESE and not HAN.search(chinese)
    ]
    assert lacking == []


def test_every_text_with_a_count_has_all_its_chinese_forms() -> None:
    """Chinese has one form; a catalogue that claims two would leave one empty."""
    plural = [message for message in messages() if isinstance(message.id, (list, tuple))]
    assert [message.id for message in plural if len(message.string) != 1] == []


def test_no_translation_is_a_guess() -> None:
    assert [message.id for message in messages() if message.fuzzy] == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    """`{day}` that becomes `{天}` would raise where the message is shown."""
    differing = [
        (english, chinese)
        for message in messages()
        for english, chinese in texts(message)
        if placeholders(english) != placeholders(chinese)
    ]
    assert differing == []


def test_commands_and_options_are_typed_the_same_in_both_languages() -> None:
    differing = [
        (english, chinese)
        for message in messages()
        for english, chinese in texts(message)
        if Counter(TYPED.findall(english)) != Counter(TYPED.findall(chinese))
    ]
    assert differing == []


def test_the_compiled_catalogue_says_what_the_text_file_says() -> None:
    assert catalogue.MO.exists(), "run `make catalogue`"
    with catalogue.MO.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in messages():
        if isinstance(message.id, (list, tuple)):
            singular, plural = message.id
            assert compiled.ngettext(singular, plural, 1) == message.string[0]
            assert compiled.ngettext(singular, plural, 5) == message.string[-1]
        else:
            assert compiled.gettext(str(message.id)) == message.string
    said = {key for key in compiled._catalog if key}  # no public way to list a compiled catalogue
    listed = {message.id[0] if isinstance(message.id, (list, tuple)) else message.id for message in messages()}
    assert {key[0] if isinstance(key, tuple) else key for key in said} == listed


def test_make_catalogue_a_second_time_changes_nothing() -> None:
    once = catalogue.updated()
    assert catalogue.as_po(once) == catalogue.PO.read_bytes()


@pytest.mark.parametrize("state", [state.value for state in State])
def test_the_states_are_words_of_the_catalogue(state: str) -> None:
    """They are looked up by value, where gathering texts cannot see them."""
    found = catalogue.translated().get(state)
    assert found is not None
    assert HAN.search(str(found.string))


# Walks the whole tree of commands in a process of its own: the language is read once.
HELP = """
import json, click
from wsyf_scheduler.cli.main import wsyf

def walk(name, command, context):
    found = {name: command.help or ""}
    for option in command.params:
        if isinstance(option, click.Option) and not isinstance(option.help, type(None)):
            found[f"{name} {option.opts[-1]}"] = option.help
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found |= walk(f"{name} {each}", command.get_command(context, each), context)
    return found

print(json.dumps(walk("wsyf", wsyf, click.Context(wsyf))))
"""
BY_CLICK = ("--version", "--help")


@pytest.fixture(scope="module")
def chinese_help() -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", HELP],
        env=os.environ | {"LANGUAGE": "zh_CN"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_the_help_of_every_command_and_option_is_chinese_for_whoever_reads_chinese(
    chinese_help: dict[str, str],
) -> None:
    """Docstrings never reach a catalogue, so help stands in `_()`."""
    lacking = [name for name, words in chinese_help.items() if not HAN.search(words) and not name.endswith(BY_CLICK)]
    assert lacking == []
