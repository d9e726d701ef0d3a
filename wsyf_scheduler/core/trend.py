"""Where an indicator is heading: the years known so far, the path asked for, the end year if it goes on so. Pure.

A projection is the straight line of least squares through the years known (docs/figures.md shows the arithmetic).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Known values by year, the bound of each year of the path, and the value projected for the end year.

    `projected` is None with fewer than two years known after the baseline and before the end; never below 0.
    """

    known: Mapping[int, Fraction]
    path: Mapping[int, Fraction]
    end_year: int
    is_strict: bool = False  # below the end year's bound, not at it
    projected: Fraction | None

    @property
    def is_on_course(self) -> bool | None:
        """Whether the projection keeps within the end year's bound; None where either is not known."""
        bound = self.path.get(self.end_year)
        if bound is None or self.projected is None:
            return None
        return self.projected < bound or (self.projected == bound and (bound == 0 or not self.is_strict))


def trend(
    known: Mapping[int, Fraction], path: Mapping[int, Fraction], end_year: int, *, is_strict: bool = False
) -> Trend:
    """The trend of an indicator over years of any distance; a known end year stands for itself."""
    return Trend(known=known, path=path, end_year=end_year, is_strict=is_strict, projected=_projected(known, end_year))


def _projected(known: Mapping[int, Fraction], end_year: int) -> Fraction | None:
    if end_year in known:
        return known[end_year]
    years = sorted(known)
    if len(years) < 2:  # noqa: PLR2004 - a line has two points
        return None
    middle = Fraction(sum(years), len(years))
    level = sum((known[year] for year in years), start=Fraction(0)) / len(years)
    rise = sum(((year - middle) * (known[year] - level) for year in years), start=Fraction(0))
    run = sum(((year - middle) ** 2 for year in years), start=Fraction(0))
    return max(Fraction(0), level + rise / run * (end_year - middle))
