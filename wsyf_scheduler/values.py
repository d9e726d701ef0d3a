"""What a value in a file people edit may be, and how a message quotes it. Imports errors and i18n only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from wsyf_scheduler.errors import nearest
from wsyf_scheduler.i18n import _

SHOWN = 60  # characters of a value that a message quotes
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
MAIL_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?!-)[\w-]+(?<!-)(?:\.(?!-)[\w-]+(?<!-))*"
)
WRITTEN_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T]00:00(?::00)?)?")
EXCEL_DAY = re.compile(r"[34567][0-9]{4}")  # 1982 to 2118, as the number a cell without a date's format holds
EXCEL_ZERO = date(1899, 12, 30)
LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1


def is_kind(value: Any, kind: type) -> bool:
    """Whether a parsed value is of a kind; true is no number, and an instant is no date."""
    if kind is int and isinstance(value, bool):
        return False
    if kind is date and isinstance(value, datetime):
        return False
    return isinstance(value, kind)


def is_address(text: str) -> bool:
    """Whether mail can be sent to it: ASCII before the @ (few relays take more), a domain that may be Chinese."""
    return MAIL_ADDRESS.fullmatch(text) is not None and len(text) <= LONGEST_ADDRESS


def as_day(text: str) -> date | None:
    """A day as people and spreadsheets write it: 2023-06-30, 2023/6/30, 2023.6.30, 2023年6月30日, Excel's number of it.

    None where it is none.
    """
    if EXCEL_DAY.fullmatch(text):
        return EXCEL_ZERO + timedelta(days=int(text))
    found = WRITTEN_DAY.fullmatch(text.strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def shown(value: Any) -> str:
    """A value as a message quotes it and a file would write it, cut short."""
    text = _as_toml(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _as_toml(value: Any) -> str:
    match value:
        case str():
            return f'"{CONTROL.sub(_escaped, value)}"'
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_as_toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {_as_toml(each)}' for key, each in value.items())} }}"
        case _:
            return str(value)


def _escaped(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode()


def unknown_word(word: str, known: Iterable[str]) -> str:
    """`expected one of …, found …; did you mean …?`."""
    known = list(known)
    hint = nearest(word, known, most=1)
    message = _("expected one of {known}, found {found}").format(known=", ".join(known), found=shown(word))
    return message + (_("; did you mean {word}?").format(word=hint[0]) if hint else "")
