"""The guides in two languages: part for part the same; in operations every alert and every line of the desk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wsyf_scheduler.store.holds import HoldReason

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = (
    (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("operations.md", "operations.zh.md")
)
BOTH = pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])


def source(path: str) -> str:
    return (ROOT / "wsyf_scheduler" / path).read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    """What is typed or written into files, without the comments."""
    found = re.findall(r"^```\w+\n(.+?)^```", text, re.DOTALL | re.MULTILINE)
    return [line.partition(" #")[0].strip() for block in found for line in block.splitlines()]


def in_line(text: str) -> list[str]:
    """Commands named in sentences and tables."""
    prose = re.sub(r"^```\w+\n.+?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return sorted(code for code in re.findall(r"`([^`\n]+)`", prose) if re.match(r"(wsyf|systemctl|journalctl) ", code))


def outline(text: str) -> list[str]:
    return re.findall(r"^(#+) |^(<!-- [a-z-]+ -->)$", text, re.MULTILINE)


def tables(text: str) -> list[list[str]]:
    """Of each table's rows the first cell, where it is a name in code."""
    return [
        re.findall(r"^\| (`[^`]+`) \|", table, re.MULTILINE) for table in re.split(r"^## ", text, flags=re.MULTILINE)
    ]


def test_both_languages_have_the_same_parts() -> None:
    assert outline(ENGLISH) == outline(CHINESE)
    assert ENGLISH.count("\n|") == CHINESE.count("\n|")
    assert ENGLISH.count("\n- ") == CHINESE.count("\n- ")
    assert tables(ENGLISH) == tables(CHINESE)


def test_both_languages_type_the_same() -> None:
    assert blocks(ENGLISH) == blocks(CHINESE)
    assert in_line(ENGLISH) == in_line(CHINESE)


@pytest.mark.parametrize("name", [path.name.removesuffix(".zh.md") for path in (ROOT / "docs").glob("*.zh.md")])
def test_every_chinese_guide_has_the_parts_of_the_english_one(name: str) -> None:
    english, chinese = ((ROOT / "docs" / f"{name}{end}").read_text(encoding="utf-8") for end in (".md", ".zh.md"))
    assert outline(english) == outline(chinese)
    assert blocks(english) == blocks(chinese)
    assert english.count("\n|") == chinese.count("\n|")


def spoken_of() -> str:
    """The source of every alert."""
    return "".join(source(f"alerts/{name}.py") for name in ("office", "people"))


def alerts() -> set[str]:
    """The kinds of alerts, as their keys begin."""
    kinds = set(re.findall(r'dedup = ?f"([a-z-]+):|dedup=f"([a-z-]+):', spoken_of()))
    named = {first or second for first, second in kinds} - {"hold"}
    return named | {"hook"} | {f"hold:{reason.value}" for reason in HoldReason}


def concerns() -> set[str]:
    text = source("cli/concerns.py")
    states = re.findall(r'^ +"(uncertain|retry)",$', text, re.MULTILINE)
    return set(re.findall(r'name="([a-z-]+)"', text)) | set(states)


@BOTH
def test_every_alert_is_explained(text: str) -> None:
    part = text.partition("<!-- alerts -->")[2].partition("\n## ")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE)) == alerts()


@BOTH
def test_every_line_of_the_desk_is_explained(text: str) -> None:
    after = text.partition("<!-- alerts -->")[2].split("\n## ")
    assert set(re.findall(r"^\| `([^`]+)` \|", after[2], re.MULTILINE)) == concerns()


def test_the_headlines_are_the_alerts_own() -> None:
    """What the tables call an alert is what its letter says; … stands for what differs from letter to letter."""
    text = spoken_of()
    spoken = {re.sub(r"\{[^}]*\}", "…", line) for line in re.findall(r'headline ?= ?f?"([^"]+)"', text)}
    for headline in re.findall(
        r"^\| `[a-z:-]+` \| ([^|]+?) \|", CHINESE.partition("<!-- alerts -->")[2].split("\n## ")[1], re.MULTILINE
    ):
        pattern = ".*".join(map(re.escape, headline.split("…")))
        assert any(re.fullmatch(pattern, each) for each in spoken), headline
