"""What a plan measures: `[[measures]]`, `[[indicators]]` and `[[targets]]`; docs/plan-format.md, "plan.toml".

Imports core, reading, values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from wsyf_scheduler.core.measures import Count, Indicator, Measure, Measured, Rule, standard
from wsyf_scheduler.core.plan import Industry, Target
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import Table
from wsyf_scheduler.values import shown, unknown_word

WORD = re.compile(r"[a-z][a-z0-9_]*")
DUST = "dust"
RULES = tuple(rule.value for rule in Rule)
SHORT = {  # a row of Annex 1 in the standard indicators: key, indicators, rule
    "reduction_pct": (("accidents", "casualties"), Rule.LOWER),
    "safety_coverage_pct": (("safety_coverage",), Rule.COVERAGE),
    "health_coverage_pct": (("health_coverage",), Rule.COVERAGE),
}


def read_measured(root: Table, industries: Sequence[Industry]) -> Measured:
    """The measures and indicators a plan declares; the standard ones (RULES.md §7) where it declares none."""
    counts = tuple(_count(table) for table in root.tables("counts"))
    _unique(root.tables("counts"))
    if not root.has("measures") and not root.has("indicators"):
        return replace(_standard(root, industries), counts=counts)
    known = [industry.id for industry in industries]
    measures = tuple(_measure(table, known) for table in root.tables("measures"))
    names = [measure.id for measure in measures]
    for table, measure in zip(root.tables("measures"), measures, strict=True):
        if measure.at_most is not None and measure.at_most not in names:
            table.fault("at_most", unknown_word(measure.at_most, names))
    indicators = tuple(_indicator(table, measures) for table in root.tables("indicators"))
    for key, tables in (("measures", root.tables("measures")), ("indicators", root.tables("indicators"))):
        if not tables:
            root.fault(key, _("expected at least one table [[{name}]]").format(name=key))
        _unique(tables)
    return Measured(measures=measures, indicators=indicators, counts=counts)


def _standard(root: Table, industries: Sequence[Industry]) -> Measured:
    """Industries exposed to dust are those whose row of Annex 1 speaks of it, and `dust` itself."""
    exposed = {
        table.values.get("industry")
        for table in root.tables("targets")
        if "ratio" in table.values or "health_coverage_pct" in table.values
    }
    dust = tuple(each.id for each in industries if each.id == DUST or each.id in exposed)
    return standard(tuple(each.id for each in industries if each.id not in dust), dust)


def _measure(table: Table, industries: list[str]) -> Measure:
    measure = Measure(
        id=_word(table, "id"),
        name=table.line("name"),
        unit=table.line("unit", ""),
        form=_word(table, "form"),
        industries=_industries(table, industries),
        parts=table.texts("parts") if table.has("parts") else (),
        at_most=table.line("at_most") if table.has("at_most") else None,
    )
    table.close()
    return measure


def _count(table: Table) -> Count:
    count = Count(
        id=_word(table, "id"), name=table.line("name"), unit=table.line("unit", ""), aim=table.line("aim", "")
    )
    table.close()
    return count


def _indicator(table: Table, measures: Sequence[Measure]) -> Indicator:
    names = [measure.id for measure in measures]
    top = table.choice("of", names) if names else table.text("of")
    over = table.choice("over", names) if table.has("over") and names else None
    made_of = [measure for measure in measures if measure.id in (top, over)]
    common = [each for each in made_of[0].industries if all(each in m.industries for m in made_of)] if made_of else []
    rules = table.words("rules", RULES)
    if over is None and Rule.COVERAGE in rules:
        table.fault("rules", _('"coverage" needs something it is out of: add over = "…"'))
    indicator = Indicator(
        id=_word(table, "id"),
        name=table.line("name"),
        top=top,
        bottom=over,
        industries=_industries(table, common) if table.has("industries") else tuple(common),
        rules=tuple(Rule(rule) for rule in rules if rule in RULES),
        total=table.boolean("total", default=True),
        alone=table.boolean("alone", default=False),
    )
    table.close()
    return indicator


def _industries(table: Table, known: list[str]) -> tuple[str, ...]:
    """The industries named, in the plan's order."""
    named = table.words("industries", known)
    return tuple(each for each in known if each in named)


def _word(table: Table, key: str) -> str:
    value = table.text(key)
    if value and not WORD.fullmatch(value):
        expected = _("a word of lower-case letters, digits and _")
        table.fault(key, _("expected {expected}, found {found}").format(expected=expected, found=shown(value)))
    return value


def _unique(tables: list[Table]) -> None:
    seen: list[object] = []
    for table in tables:
        value = table.values.get("id")
        if value in seen and value is not None:
            table.fault("id", _("duplicate: {name} stands here twice").format(name=shown(value)))
        seen.append(value)


def read_target(table: Table, industries: Sequence[Industry], measured: Measured) -> Target:
    """A row of Annex 1: what one industry is to reach, in the short keys of the standard indicators or as `aims`."""
    known = [industry.id for industry in industries]
    target = Target(
        industry=table.choice("industry", known) if known else table.text("industry"),
        baseline_year=table.year("baseline_year"),
        year=table.year("year"),
        aims=(*_short_aims(table, measured), *_aims(table, measured)),
        text=table.text("text", ""),
    )
    table.close()
    return target


def _short_aims(table: Table, measured: Measured) -> list[tuple[str, str, int | None]]:
    found: list[tuple[str, str, int | None]] = []
    for key, (names, rule) in SHORT.items():
        percent = table.integer(key, least=0, most=100) if table.has(key) else None
        found += [(name, rule.value, percent) for name in names if percent is not None]
    if table.has("ratio"):
        table.choice("ratio", (Rule.FALLING.value,))
        found.append(("ratio", Rule.FALLING.value, None))
    known = {indicator.id for indicator in measured.indicators}
    unknown = next((name for name, _rule, _percent in found if name not in known), None)
    if unknown is not None:
        table.fault("", _("this plan does not measure {name}: write its aims as [[targets.aims]]").format(name=unknown))
    return found


def _aims(table: Table, measured: Measured) -> list[tuple[str, str, int | None]]:
    return [_aim(each, measured) for each in table.tables("aims")]


def _aim(table: Table, measured: Measured) -> tuple[str, str, int | None]:
    known = [indicator.id for indicator in measured.indicators]
    name = table.choice("indicator", known) if known else table.text("indicator")
    rule = table.choice("rule", RULES)
    percent = table.integer("percent", least=0, most=100) if table.has("percent") else None
    if rule in (Rule.LOWER, Rule.COVERAGE) and percent is None:
        table.fault("percent", _("missing: expected {expected}").format(expected=_("a whole number")))
    table.close()
    return name, rule, percent
