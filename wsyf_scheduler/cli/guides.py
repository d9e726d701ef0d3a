"""The guides, offline: which there are, their text in the user's language, and Markdown made readable on a screen.

The guides are the project's own docs, packaged with the program. rich is imported where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

from wsyf_scheduler import share
from wsyf_scheduler.cli.grid import grid
from wsyf_scheduler.cli.output import folded
from wsyf_scheduler.i18n import _, language

LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)")
MARK = re.compile(r"^<!-- ?[a-z-]+ ?-->\n?", re.MULTILINE)
TABLE = re.compile(r"((?:^\|.*\n?)+)", re.MULTILINE)
CELL = re.compile(r"(?<!\\)\|")
BREAK = re.compile(
    r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u4e00-\u9fff（《“])"
)  # a line's end is no space in Chinese
BLOCKS = 4  # columns of a table that becomes blocks
NARROWEST = 20  # columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """One topic: the page it stands on, and its section there where it is not the whole page."""

    page: str
    about: Callable[[], str]
    section: str = ""


GUIDES: dict[str, Guide] = {
    "operations": Guide(
        page="operations", about=lambda: _("install, mail, first sync, backup, update, alerts, the year")
    ),
    "people": Guide(page="operations", section="people", about=lambda: _("posts, deputies, hand-over, vacancies")),
    "follow-ups": Guide(
        page="operations", section="follow-ups", about=lambda: _("what a meeting or inspection asks for")
    ),
    "undo": Guide(
        page="operations", section="undo", about=lambda: _("taking back an act, and setting right what went out")
    ),
    "alerts": Guide(
        page="operations", section="alerts", about=lambda: _("what each alert and each line at the desk means")
    ),
    "year": Guide(page="operations", section="year", about=lambda: _("the coordinator's year, chore by chore")),
    "calendar": Guide(page="calendar", about=lambda: _("working days, and importing the yearly notice")),
    "figures": Guide(page="figures", about=lambda: _("figures handed in, goals, and their arithmetic")),
    "plan-format": Guide(page="plan-format", about=lambda: _("writing a plan as files")),
    "rules": Guide(page="rules", about=lambda: _("what is owed, when, and to whom")),
    "states": Guide(page="state-chart", about=lambda: _("the states of an assignment")),
    "delivery": Guide(page="delivery", about=lambda: _("what is promised of letters, and the guards")),
    "audit": Guide(page="audit", about=lambda: _("how what was sent is held against what was owed")),
    "cli": Guide(page="cli", about=lambda: _("every command in a table, JSON, exit codes")),
    "glossary": Guide(page="glossary", about=lambda: _("the Chinese terms and their English words")),
    "architecture": Guide(page="architecture", about=lambda: _("how the program is built")),
}


def text(name: str) -> str:
    """A guide's Markdown, in the user's language where it is written in it."""
    guide = GUIDES[name]
    paths = [share.DOCS / f"{guide.page}.md"]
    if language().startswith("zh"):
        paths.insert(0, share.DOCS / f"{guide.page}.zh.md")
    path = next(each for each in paths if each.exists())
    whole = path.read_text(encoding="utf-8")
    note = f"{_('This guide is in English only.')}\n\n" if path != paths[0] else ""
    return note + (_section(whole, guide.section) if guide.section else whole)


def render(markdown: str, columns: int, *, colour: bool) -> str:
    """The text as lines of at most so many columns; tables are laid out as the program's own, Chinese and all."""
    columns = max(columns, NARROWEST)
    parts = TABLE.split(readable(markdown))
    shown = [
        _table(part, columns) if part.startswith("|") else _prose(part, columns, colour=colour)
        for part in parts
        if part.strip()
    ]
    return "\n\n".join(part.strip("\n") for part in shown) + "\n"


def _prose(markdown: str, columns: int, *, colour: bool) -> str:
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    screen = StringIO()
    console = Console(
        file=screen,
        width=columns,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        theme=Theme(dict.fromkeys(("markdown.code", "markdown.h1", "markdown.h2", "markdown.h3"), "bold")),
        legacy_windows=False,
        emoji=False,
    )
    console.print(Markdown(markdown, code_theme="ansi_dark", hyperlinks=False))
    return "\n".join(line.rstrip() for line in screen.getvalue().splitlines())


def _table(markdown: str, columns: int) -> str:
    """A table as columns; one of four, which would be too narrow, as a block for each row."""
    rows = [[_words(cell) for cell in CELL.split(line.strip().strip("|"))] for line in markdown.strip().splitlines()]
    headers, _rule, *body = rows
    if len(headers) == BLOCKS:
        return "\n".join(line for row in body for line in _block(headers, row, columns))
    return "\n".join(grid(headers, body, columns=columns - 1, keep=()))


def _block(headers: list[str], row: list[str], columns: int) -> list[str]:
    first, second, *rest = row
    told = [f"    {header}: {cell}" for header, cell in zip(headers[2:], rest, strict=False) if cell]
    return [*folded(f"{first}  {second}", columns, hang=2), *(line for each in told for line in folded(each, columns))]


def _words(cell: str) -> str:
    """A cell without emphasis; commands keep their backticks, so that no fold parts them."""
    return re.sub(r"\*\*|(?<!\w)\*|\*(?!\w)", "", cell).replace("\\|", "|").strip()


def readable(markdown: str) -> str:
    """Links between the papers become `wsyf help` where there is such a guide, and words where there is none."""
    pages = {guide.page: name for name, guide in reversed(GUIDES.items()) if not guide.section}

    def words(link: re.Match[str]) -> str:
        page = link[2].removesuffix(".md").removesuffix(".zh")
        return f"{link[1]} (`wsyf help {pages[page]}`)" if page in pages else link[1]

    return BREAK.sub("", LINK.sub(words, MARK.sub("", markdown)))


def _section(whole: str, name: str) -> str:
    """From the section's mark to the next heading of its level."""
    _before, _mark, rest = whole.partition(f"<!-- {name} -->\n")
    heading, _line, body = rest.partition("\n")
    level = heading.partition(" ")[0]
    end = re.search(rf"^(?:<!-- [a-z-]+ -->\n)?#{{1,{len(level)}}} ", body, re.MULTILINE)
    return f"{heading}\n{body[: end.start()] if end else body}"
