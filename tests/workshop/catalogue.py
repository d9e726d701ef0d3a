"""The texts of the program and their Chinese: gathers what stands in `_()` and `ngettext()`, and brings the files along.

    python -m tests.workshop.catalogue        writes wsyf.pot, updates wsyf.po, compiles wsyf.mo

A text that is new, or no longer there, changes the files; running it again changes nothing.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "wsyf_scheduler"
LOCALES = PACKAGE / "locale"
POT = LOCALES / "wsyf.pot"
PO = LOCALES / "zh_CN" / "LC_MESSAGES" / "wsyf.po"
MO = PO.with_suffix(".mo")
KEYWORDS = {"_": None, "ngettext": (1, 2)}
HEADER = """\
# The texts of WSYF Scheduler{language}.
# `make catalogue` brings this file up to date; write translations here, nothing else."""
WIDTH = 120
# Dates would make every run a change; they say nothing that the history does not.
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def extracted() -> Catalog:
    """Every text of the program, each with the files it stands in."""
    catalogue = _empty(locale=None)
    for file, _line, message, comments, context in extract_from_dir(
        PACKAGE, [("**.py", "python")], keywords=KEYWORDS, comment_tags=("translators:",), strip_comment_tags=True
    ):
        where = f"wsyf_scheduler/{Path(file).as_posix()}"
        catalogue.add(message, None, [(where, None)], auto_comments=comments, context=context)
    return catalogue


def translated() -> Catalog:
    """The Chinese catalogue as it stands; empty where there is none yet."""
    if not PO.exists():
        return _empty(locale="zh_CN")
    with PO.open("rb") as file:
        return read_po(file, locale="zh_CN", domain="wsyf")


def updated() -> Catalog:
    """The Chinese catalogue with the program's present texts: new ones empty, vanished ones gone, none guessed."""
    catalogue = translated()
    catalogue.update(extracted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    _stamp(catalogue)
    return catalogue


def as_po(catalogue: Catalog) -> bytes:
    """A catalogue as the bytes of a .po or .pot file."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=WIDTH, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
    return buffer.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """A catalogue as the bytes of a .mo file."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def main() -> int:
    """Write all three files; say how many texts still lack a translation."""
    catalogue = updated()
    lacking = [message.id for message in catalogue if message.id and not _is_complete(message.string)]
    PO.parent.mkdir(parents=True, exist_ok=True)
    POT.write_bytes(as_po(extracted()))
    PO.write_bytes(as_po(catalogue))
    MO.write_bytes(as_mo(catalogue))
    for text in lacking:
        sys.stdout.write(f"not translated yet: {text}\n")
    sys.stdout.write(f"{len(catalogue)} texts, {len(lacking)} without a translation\n")
    return 0


def _is_complete(string: object) -> bool:
    return all(string) if isinstance(string, (list, tuple)) else bool(string)


def _empty(locale: str | None) -> Catalog:
    catalogue = Catalog(locale=locale, domain="wsyf", fuzzy=False)
    _stamp(catalogue)
    return catalogue


def _stamp(catalogue: Catalog) -> None:
    """A head without dates, versions and addresses of its own."""
    language = f" in {catalogue.locale.english_name}" if catalogue.locale else ""
    catalogue.header_comment = HEADER.format(language=language)
    catalogue.project, catalogue.version = "WSYF Scheduler", ""
    catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = ""
    catalogue.creation_date = catalogue.revision_date = LONG_AGO
    catalogue.fuzzy = False


if __name__ == "__main__":
    sys.exit(main())
