"""Numbers as people write them into forms and onto the command line: `１，２３４起`, `7.5%`, `3/40`.

Imports errors' words only. ValueError says what was expected and what was found.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from math import isfinite

from wsyf_scheduler.files.sheets import Cell, Stamp
from wsyf_scheduler.i18n import _
from wsyf_scheduler.values import shown

MOST = 999_999_999
UNITS = "起人例次名家"
SPACES = re.compile(r"\s+")
BETWEEN = re.compile(r"(?<=[0-9])\s+(?=[0-9])")  # a thousands mark, or two numbers in one cell
WHOLE = re.compile(r"[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+")
DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
HALF_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}  # not NFKC: it makes 32 of 3²
HUNDRED = 100
BEYOND = 10**15  # from here on a spreadsheet itself writes 1E+15
LONGEST = 40  # characters of a quotient: as many decimals as a calculator shows, and more


def whole(cell: Cell) -> int:
    """A count from 0 on: full-width digits, thousands marks, spaces and a unit behind it are understood."""
    if isinstance(cell, float):
        value = int(cell) if cell.is_integer() else -1
    elif isinstance(cell, (bool, Stamp)):
        value = -1
    else:
        text = _plain(cell).rstrip(UNITS)
        value = int(text.replace(",", "")) if WHOLE.fullmatch(text) and len(text) <= len(f"{MOST:,}") else -1
    if not 0 <= value <= MOST:
        message = _("expected a whole number from 0 on (0 where there was none), found {found}")
        raise ValueError(message.format(found=_found(cell)))
    return value


def share(cell: Cell) -> Fraction:
    """A quotient from 0 to 1, written as a percentage, a fraction or a decimal; what is above 1 needs its %.

    All its decimals are read, exactly.
    """
    value: Fraction | None = None
    if isinstance(cell, float):
        value = Fraction(repr(cell)) if isfinite(cell) else None
    elif not isinstance(cell, (bool, Stamp)):
        text = _plain(cell)
        if len(text) > LONGEST:
            message = _("expected a percentage or a fraction of at most {most} characters, found {n}")
            raise ValueError(message.format(most=LONGEST, n=len(text)))
        value = _written_share(text)
    if value is None or not 0 <= value <= 1:
        message = _("expected a percentage such as 7.5% or a fraction such as 3/40, found {found}")
        raise ValueError(message.format(found=_found(cell)))
    return value


def _written_share(text: str) -> Fraction | None:
    top, stroke, bottom = text.partition("/")
    if stroke:
        is_good = WHOLE.fullmatch(top) and WHOLE.fullmatch(bottom) and bottom.strip("0,")
        return Fraction(int(top.replace(",", "")), int(bottom.replace(",", ""))) if is_good else None
    number = text.removesuffix("%")
    if not DECIMAL.fullmatch(number):
        return None
    value = Fraction(Decimal(number))
    return value / HUNDRED if text.endswith("%") else value


def _plain(text: str) -> str:
    """Half-width, without the spaces people and spreadsheets put in."""
    return SPACES.sub("", BETWEEN.sub(",", text.translate(HALF_WIDTH).strip()))


def _found(cell: Cell) -> str:
    if isinstance(cell, Stamp):
        return _("the date {day}").format(day=cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < BEYOND:
        return str(int(cell))
    return shown(cell)
