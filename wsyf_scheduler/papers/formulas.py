"""Spreadsheet formulas of one goal: RULES.md §7 once more, in whole numbers, so that they say what core.assess says.

Pure text. A cell that waits for a figure is empty text; tops and bottoms are summed over the industries of a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wsyf_scheduler.core.measures import Rule


def total(cells: Sequence[str]) -> str:
    """The sum of cells, empty while one of them is."""
    if not cells:
        return '""'
    return f'IF(COUNT({",".join(cells)})={len(cells)},SUM({",".join(cells)}),"")'


def instead(wanted: Sequence[str], found: str, alone: Sequence[str], otherwise: str) -> str:
    """What is found where all wanted cells are filled in; else what a quotient handed in by itself says."""
    return f'IF(COUNT({",".join(wanted)})={len(wanted)},{found},IF(COUNT({",".join(alone)})=2,{otherwise},""))'


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Where the parts of a line stand: tops and bottoms of baseline and value, and the percent asked for."""

    base: str
    under: str
    top: str
    bottom: str
    percent: str
    rule: Rule
    is_quotient: bool
    is_comparable: bool

    @property
    def _pair(self) -> tuple[str, str]:
        return self.top, f"MAX({self.bottom},1)"

    @property
    def _old(self) -> tuple[str, str]:
        return self.base, f"MAX({self.under},1)"

    def _known(self, found: str, *cells: str, lacking: str = '""') -> str:
        return f"=IF(COUNT({','.join(cells)})={len(cells)},{found},{lacking})"

    @property
    def baseline(self) -> str:
        """The baseline as a number."""
        if self.rule is Rule.COVERAGE or not self.is_comparable:
            return '=""'
        return self._known(f"{self.base}/MAX({self.under},1)" if self.is_quotient else self.base, self.base, self.under)

    @property
    def value(self) -> str:
        """The value as a number; no value where there is nobody to train."""
        if not self.is_quotient:
            return self._known(self.top, self.top, self.bottom)
        nothing = '""' if self.rule is Rule.COVERAGE else "0"
        return self._known(f"IF({self.bottom}=0,{nothing},{self.top}/MAX({self.bottom},1))", self.top, self.bottom)

    @property
    def change(self) -> str:
        """Change in percent, one decimal; nothing against a baseline of 0."""
        if self.rule is Rule.COVERAGE or not self.is_comparable:
            return '=""'
        (top, bottom), (old, under) = self._pair, self._old
        ours, theirs = f"{top}*{under}", f"{old}*{bottom}"
        return self._known(f'IF({old}=0,"",ROUND(({ours}-{theirs})*100/({theirs}),1))', *self._all)

    @property
    def sign(self) -> str:
        """≤, < or ≥."""
        if self.rule is Rule.COVERAGE:
            return "≥"
        if not self.is_comparable:
            return '=""'
        return self._known(f'IF({self.base}=0,"≤","{"≤" if self.rule is Rule.LOWER else "<"}")', self.base, self.under)

    @property
    def bound(self) -> str:
        """The bound as a number."""
        if self.rule is Rule.COVERAGE:
            return f"={self.percent}/100"
        if not self.is_comparable:
            return '=""'
        old, under = self._old
        asked = f"{old}*(100-{self.percent})/(100*{under})" if self.rule is Rule.LOWER else f"{old}/{under}"
        return self._known(asked, self.base, self.under)

    @property
    def verdict(self) -> str:
        """达到, 未达到 or 暂不能判定, by whole numbers multiplied crosswise: no rounding comes in."""
        lacking = '"暂不能判定"'
        if self.rule is Rule.COVERAGE:
            met = f"{self.top}*100>={self.percent}*{self.bottom}"
            return self._known(f'IF({met},"达到","未达到")', self.top, self.bottom, lacking=lacking)
        if not self.is_comparable:
            return f"={lacking}"
        (top, bottom), (old, under) = self._pair, self._old
        ours, theirs = f"{top}*{under}", f"{old}*{bottom}"
        if self.rule is Rule.LOWER:
            met = f"{ours}*100<={theirs}*(100-{self.percent})"
        else:
            met = f"OR({ours}<{theirs},AND({ours}=0,{theirs}=0))"
        return self._known(f'IF({met},"达到","未达到")', *self._all, lacking=lacking)

    @property
    def _all(self) -> Iterable[str]:
        return self.base, self.under, self.top, self.bottom
