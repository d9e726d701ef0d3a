"""The Chinese of what click itself says ("Usage:", "Missing argument"), in a catalogue of its own beside the program's.

    python -m tests.workshop.click_words      compiles click.po; says which texts of click have no Chinese

Write translations into click.po by hand. Texts that only programmers of click meet are left out of it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.workshop.catalogue import KEYWORDS, PO, as_mo

CLICK_PO = PO.with_name("click.po")
CLICK_MO = CLICK_PO.with_suffix(".mo")


def said_by_click() -> set[str | tuple[str, ...]]:
    """Every text of the click that is installed."""
    found = extract_from_dir(Path(click.__file__).parent, [("**.py", "python")], keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found}


def translated() -> Catalog:
    """click.po as it stands."""
    with CLICK_PO.open("rb") as file:
        return read_po(file, locale="zh_CN", domain="click")


def main() -> int:
    """Compile it."""
    catalogue = translated()
    CLICK_MO.write_bytes(as_mo(catalogue))
    for text in sorted(map(str, said_by_click() - {message.id for message in catalogue})):
        sys.stdout.write(f"not translated: {text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
