"""Where a key stands in a TOML text: headers, dotted keys, arrays of tables and what is nested in them."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import GAOPING, ROOT
from wsyf_scheduler.lines import index

TEXT = '''\
title = "a # [[tasks]]"   # comment [x]
words = """
[[tasks]]
number = 9
"""
raw = \'\'\'
"[y]" \'\'\'
[period]
id = "2023"
office.name = { short = "x", "long name" = [1,
  2, { deep = 3 }] }

[[tasks]]
number = 1
due = [
  # the first
  { on = 2025-02-28, data_year = 2024 },
  { on = 2025-12-31,
  },
]
[[tasks]]
number = 2
[[tasks.due]]
on = 2025-02-28
[[tasks.due]]
on = 2025-12-31
[tasks.due.more]
x = 1
[[ tasks ]]
'number' = 3
'''


def test_every_key_has_its_line() -> None:
    found = index(TEXT)
    assert found == {
        "title": 1,
        "words": 2,
        "raw": 6,
        "period": 8,
        "period.id": 9,
        "period.office": 10,
        "period.office.name": 10,
        "period.office.name.short": 10,
        "period.office.name.long name": 10,
        "period.office.name.long name[1]": 10,
        "period.office.name.long name[2]": 11,
        "period.office.name.long name[3]": 11,
        "period.office.name.long name[3].deep": 11,
        "tasks": 13,
        "tasks[1]": 13,
        "tasks[1].number": 14,
        "tasks[1].due": 15,
        "tasks[1].due[1]": 17,
        "tasks[1].due[1].on": 17,
        "tasks[1].due[1].data_year": 17,
        "tasks[1].due[2]": 18,
        "tasks[1].due[2].on": 18,
        "tasks[2]": 21,
        "tasks[2].number": 22,
        "tasks[2].due": 23,
        "tasks[2].due[1]": 23,
        "tasks[2].due[1].on": 24,
        "tasks[2].due[2]": 25,
        "tasks[2].due[2].on": 26,
        "tasks[2].due[2].more": 27,
        "tasks[2].due[2].more.x": 28,
        "tasks[3]": 29,
        "tasks[3].number": 30,
    }


def paths(value: Any, path: str = "") -> list[str]:
    """Every path of a parsed text, in the words of a fault."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, each in value.items():
            found += paths(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, each in enumerate(value, 1):
            found += paths(each, f"{path}[{number}]")
    return found


@pytest.mark.parametrize(
    "path", [*GAOPING.glob("*.toml"), ROOT / "config.toml", ROOT / "pyproject.toml"], ids=lambda p: p.name
)
def test_every_key_of_our_own_files_is_found(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(paths(tomllib.loads(text))) <= set(index(text))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab.=[]{}\",#'\n \\\t1", max_size=80))
def test_any_text_comes_to_an_end(text: str) -> None:
    lines = index(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    try:
        parsed = tomllib.loads(text)
    except ValueError:
        return
    if "\\" not in text:  # an escape in a quoted key would be spelled differently
        assert {path for path in paths(parsed) if '"' not in path and "'" not in path} <= {
            *lines,
            *map(str.strip, lines),
        }
