"""The demo's screen: lines that fit it, tables that line up with Chinese in them, and a bar where there is a terminal.

The demo's only module that imports rich; imports i18n.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import date
from types import TracebackType
from typing import Self

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

WIDTH = 80  # columns, where there is no terminal to ask


class Screen:
    """Where the demo is shown: from `with` to the end of it the bar stands below the lines."""

    def __init__(self, first: date, last: date, labels: Iterable[str]) -> None:
        """Look at what standard output is; `labels` are those its events will have."""
        self._first, self._width = first, max(map(cell_len, labels))
        terminal = sys.stdout.isatty()
        self._console = Console(
            highlight=False, markup=False, emoji=False, force_terminal=terminal, width=None if terminal else WIDTH
        )
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not terminal,
        )
        self._task = self._bar.add_task(str(first), total=(last - first).days + 1)

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def move_to(self, day: date) -> None:
        """The day the demo has come to."""
        self._bar.update(self._task, completed=(day - self._first).days, description=str(day))

    def say(self, text: str = "", *, bold: bool = False) -> None:
        """A line as it is; a longer one than the screen is wide runs on."""
        self._console.print(Text(text, style="bold" if bold else ""), soft_wrap=True)

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Lines of two parts, the second ones aligned."""
        width = max(cell_len(left) for left, _right in pairs)
        for left, right in pairs:
            self.say(f"  {set_cell_size(left, width)}  {right}")

    def event(self, day: date, label: str, text: str) -> None:
        """A line of the story, cut where the screen ends."""
        start = f"  {day:%m-%d}  {set_cell_size(label, self._width)}  "
        self.say(start + self._cut(text, self._console.width - cell_len(start)))

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> None:
        """A table; with `numbers` all columns but the first are aligned to the right."""
        grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for index, header in enumerate(headers):
            grid.add_column(Text(header), justify="right" if numbers and index else "left", overflow="fold")
        for row in rows:
            grid.add_row(*(Text(cell) for cell in row))
        self._console.print(grid)

    def _cut(self, text: str, width: int) -> str:
        return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"
