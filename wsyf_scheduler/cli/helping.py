"""What click says of itself, help and usage errors, folded for a screen with Chinese on it.

Click counts characters where a Chinese one takes two columns. Imports the grid and click.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from wsyf_scheduler.cli.grid import fold, width

UNFOLDED = "\b"  # click's own mark: this paragraph's lines stand as they are
WIDEST_TERM = 30  # columns of what is explained, before it gets a line of its own
GAP = 2


class Formatter(click.HelpFormatter):
    """Click's, with lines as wide as they look."""

    def write_text(self, text: str) -> None:
        """Paragraphs, each folded to the width, with an empty line between them."""
        found = [self._paragraph(each) for each in text.split("\n\n")]
        self.write("\n\n".join(found) + "\n")

    def _paragraph(self, text: str) -> str:
        lines = text.strip("\n").split("\n")
        if lines[0].strip() == UNFOLDED:
            folded = lines[1:]
        else:
            folded = fold(" ".join(line.strip() for line in lines), self.width - self.current_indent, whole=True)
        return "\n".join(" " * self.current_indent + line.rstrip() for line in folded)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = WIDEST_TERM, col_spacing: int = GAP) -> None:
        """Terms and what they mean, in two columns."""
        rows = list(rows)
        column = min(max((width(term) for term, _meaning in rows), default=0), col_max) + col_spacing
        for term, meaning in rows:
            self.write(" " * self.current_indent + term)
            if not meaning:
                self.write("\n")
                continue
            room = max(self.width - self.current_indent - column, 10)
            first, *more = fold(" ".join(meaning.split()), room, whole=True)
            left = column - width(term)
            margin = " " * (self.current_indent + column)
            self.write(" " * left + first.rstrip() if left >= col_spacing else "\n" + margin + first.rstrip())
            self.write("".join(f"\n{margin}{line.rstrip()}" for line in more) + "\n")


def fold_error(error: click.UsageError, columns: int | None) -> None:
    """Fold what click will say of a usage error; None for no fold."""
    if columns is None:
        return
    lines = fold(error.format_message(), columns - len("Error: "), whole=True)
    text = "\n  ".join(line.rstrip() for line in lines)
    setattr(error, "format_message", lambda: text)  # noqa: B010 - a method of each kind of error
