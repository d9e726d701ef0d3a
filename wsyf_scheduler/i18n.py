"""The language of the user: gettext over the packaged catalogues (English source, zh_CN). Imports nothing of ours.

The language is read once from the locale variables (LANGUAGE, LC_ALL, LC_MESSAGES, LANG), as gettext does. What click
says of itself ("Usage:", "Missing argument") comes from a catalogue of its own, click.mo, beside the program's wsyf.mo.
"""

from __future__ import annotations

import gettext as _gettext
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locale"

# Click asks the process's default domain, some texts as early as its decorators run: it must be bound on import.
_gettext.bindtextdomain("click", str(LOCALES))
_gettext.textdomain("click")


@cache
def _catalogue() -> _gettext.NullTranslations:
    return _gettext.translation("wsyf", LOCALES, fallback=True)


def _(message: str) -> str:
    """The message in the user's language; the English source where there is no translation."""
    return _catalogue().gettext(message)


def language() -> str:
    """The language the texts are in: that of the catalogue, English where there is none."""
    return _catalogue().info().get("language", "en")


def ngettext(singular: str, plural: str, n: int) -> str:
    """The singular or plural form for n, in the user's language."""
    return _catalogue().ngettext(singular, plural, n)
