"""Exact numbers as people read them: rounded only to be shown, half away from zero. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import count


def decimal(value: Fraction, digits: int) -> str:
    """So many digits at most, rounded half away from zero; no zeros at the end."""
    scaled = abs(value) * 10**digits
    whole = scaled.numerator // scaled.denominator
    whole += 2 * (scaled - whole) >= 1
    text = f"{whole:0{digits + 1}d}"
    text = f"{text[:-digits]}.{text[-digits:]}".rstrip("0").rstrip(".") if digits else text
    return f"-{text}" if value < 0 and whole else text


def percents(values: Iterable[Fraction]) -> dict[Fraction, str]:
    """Shares that stand side by side, each in percent: one digit at most, more where two that differ look alike.

    Rounding keeps their order, so a value never seems to stand on the other side of its bound.
    """
    known = set(values)
    digits = next(n for n in count(1) if len({decimal(each * 100, n) for each in known}) == len(known))
    return {each: decimal(each * 100, digits) + "%" for each in known}
