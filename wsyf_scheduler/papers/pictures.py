"""Pictures of the trend, drawn by matplotlib (extra `papers`) with a Chinese font of the system."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from typing import Any

from wsyf_scheduler.core.trend import Trend
from wsyf_scheduler.i18n import _

FONTS = (  # the first that is there
    *("SimSun", "FangSong", "SimHei", "Microsoft YaHei", "Songti SC", "PingFang SC", "Heiti SC"),
    *("Noto Serif CJK SC", "Noto Sans CJK SC", "Source Han Serif SC", "Source Han Sans SC", "Noto Sans SC"),
    *("Noto Serif CJK JP", "Noto Sans CJK JP", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "AR PL UMing CN"),
)
SIZE = (6.1, 2.4)  # inches: as wide as the text of the page
DPI = 200
ROOM = 1.12  # above the highest value, for its number
REGULAR = 400  # a font's weight


def trouble() -> str:
    """Why there can be no pictures; empty where there can."""
    if find_spec("matplotlib") is None:
        return _("matplotlib is not installed (the extra `papers`)")
    return "" if _font() else _("no Chinese font is installed (such as fonts-noto-cjk)")


@cache
def _font() -> str | None:
    """A Chinese font's file. Matplotlib's own list is kept over runs: a font installed since is looked for anew."""
    from matplotlib import font_manager

    upright = [each for each in font_manager.fontManager.ttflist if each.style == "normal"]
    known = {each.name: each.fname for each in sorted(upright, key=lambda each: each.weight != REGULAR, reverse=True)}
    for name in FONTS:
        if name in known and os.path.exists(known[name]):  # noqa: PTH110 - a path as matplotlib keeps it
            return str(known[name])
    for path in sorted(font_manager.findSystemFonts()):
        try:
            if font_manager.get_font(path).family_name in FONTS:
                return str(path)
        except (OSError, RuntimeError):  # no font matplotlib can read
            continue
    return None


def draw(trend: Trend, words: Mapping[str, str], *, is_share: bool) -> bytes:
    """A PNG: known years, the path asked for, the line onwards. `words` are title, unit, known, path and projected."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    font = FontProperties(fname=_font(), size=9)
    with mpl.rc_context({"text.parse_math": False, "axes.unicode_minus": False}):
        figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
        axes = figure.add_subplot()
        _lines(axes, trend, words, factor=100 if is_share else 1, font=font)
        _frame(axes, trend, words, font)
        out = io.BytesIO()
        figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _lines(axes: Any, trend: Trend, words: Mapping[str, str], *, factor: int, font: Any) -> None:
    def plot(points: Mapping[int, Fraction], **style: Any) -> None:
        years = sorted(points)
        axes.plot(years, [float(points[year] * factor) for year in years], **style)

    plot(trend.known, marker="o", color="#1f4e79", linewidth=1.8, label=words["known"], zorder=3)
    plot(trend.path, marker="_", markersize=12, color="#c00000", linestyle="--", linewidth=1.1, label=words["path"])
    if trend.projected is not None and trend.end_year not in trend.known:
        last = max(trend.known)
        onward = {last: trend.known[last], trend.end_year: trend.projected}
        plot(onward, color="#1f4e79", linestyle=":", linewidth=1.4, marker="o", markerfacecolor="white",
             label=words["projected"])  # fmt: skip
    for year, value in trend.known.items():
        said = f"{float(value * factor):.1f}".removesuffix(".0")
        axes.annotate(said, (year, float(value * factor)), xytext=(0, 6), textcoords="offset points", ha="center",
                      fontproperties=font, zorder=4)  # fmt: skip


def _frame(axes: Any, trend: Trend, words: Mapping[str, str], font: Any) -> None:
    years = sorted({*trend.known, *trend.path, trend.end_year})
    axes.set_xticks(range(years[0], years[-1] + 1))
    axes.set_xticklabels([f"{year}年" for year in range(years[0], years[-1] + 1)], fontproperties=font)
    axes.set_ylabel(words["unit"], fontproperties=font)
    axes.set_ylim(bottom=0)
    axes.set_ylim(0, (axes.get_ylim()[1] or 1) * ROOM)
    for label in axes.get_yticklabels():
        label.set_fontproperties(font)
    axes.grid(axis="y", color="#d9d9d9", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(prop=font, frameon=False, loc="upper right", ncols=3, bbox_to_anchor=(1, 1.16))
