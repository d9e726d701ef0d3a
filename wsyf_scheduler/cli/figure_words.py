"""How figures are told at the terminal: what a form was understood to say, what cannot be, what was taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from wsyf_scheduler.cli.output import say, state_name, table
from wsyf_scheduler.core.plausible import Doubt, Oddity
from wsyf_scheduler.core.rounding import decimal
from wsyf_scheduler.files.forms import PART_NAMES
from wsyf_scheduler.i18n import _, ngettext

if TYPE_CHECKING:
    from datetime import datetime

    from wsyf_scheduler.acts.hand_in import HandedIn
    from wsyf_scheduler.app import App
    from wsyf_scheduler.core.assignment import Assignment
    from wsyf_scheduler.core.measures import Measure
    from wsyf_scheduler.core.plan import Plan
    from wsyf_scheduler.forming import Brought


class Names:
    """What the plan calls its industries and measures; a name the plan does not know stands as it is."""

    def __init__(self, plan: Plan) -> None:
        """Read them once."""
        self._industries = {each.id: each.name for each in plan.industries}
        measured = plan.measured
        quotients = {each.id: each.name for each in measured.indicators}  # of a name twice, the measure's
        counts = {each.id: each.name for each in measured.counts}
        self._measures = PART_NAMES | quotients | {each.id: each.name for each in measured.measures} | counts

    def industry(self, name: str) -> str:
        """An industry's name; of a size of the whole plan, a dash."""
        return self._industries.get(name, name or "–")

    def measure(self, name: str) -> str:
        """A measure's, part's, quotient's or count's name."""
        return self._measures.get(name, name)

    def both(self, industry: str, measure: str) -> str:
        """`煤矿 事故起数`."""
        return " ".join(part for part in (self._industries.get(industry, industry), self.measure(measure)) if part)


def number(value: int | Fraction | None) -> str:
    """A count as it is, a quotient in percent with the fraction it is."""
    if value is None:
        return "–"
    return f"{decimal(value * 100, 2)}% ({value})" if isinstance(value, Fraction) else str(value)


def print_understood(found: Sequence[Brought]) -> None:
    """What the forms were understood to say, cell by cell."""
    for one in found:
        names = Names(one.plan)
        rows = [
            (
                one.cells[industry, measure].rpartition(": ")[2],
                names.industry(industry),
                names.measure(measure),
                number(value),
            )
            for industry, values in one.handed.items()
            for measure, value in values.items()
        ]
        title = _("{key} {title}, figures of {year}").format(key=one.item.key, title=one.item.title, year=one.year)
        table((_("cell"), _("industry"), _("measure"), _("value")), rows, title=title, keep=(0, 3))


def print_doubts(found: Sequence[Brought], results: Sequence[HandedIn], *, whole: bool) -> None:
    """What stands against them, each with its cell where it came from a form."""
    for one, each in zip(found, results, strict=True):
        names = Names(one.plan)
        for doubt in (*each.impossible, *each.unlikely):
            cell = one.cells.get((doubt.industry, doubt.measure), one.item.key)
            where = f"{cell}: {names.both(doubt.industry, doubt.measure)}: "
            say(where + doubt_words(doubt, names), err=True, fg="red" if each.impossible else "yellow")
        if whole and each.lacking and not each.impossible and not each.unlikely:
            words = _("{key} still lacks: {missing}")
            missing = missing_words(one.plan, each.lacking)
            say(words.format(key=one.item.key, missing=missing), err=True, fg="yellow")


def doubt_words(doubt: Doubt, names: Names) -> str:
    """What is wrong, or strange, with a figure."""
    words = {
        Oddity.NEGATIVE: _("{value} is below 0"),
        Oddity.NOT_WHOLE: _("{value} is not a whole number"),
        Oddity.ABOVE: _("{value} is more than {other}, {than}"),
        Oddity.NOT_THE_SUM: _("{value} is not the sum of its parts, {than}"),
        Oddity.PARTS_MISSING: _("{other} is missing: give both, or neither"),
        Oddity.BOTH: _("given beside the counts it is made of: give one or the other"),
        Oddity.NO_SHARE: _("{value} is not between 0 and 1"),
        Oddity.JUMP: _("{value} is more than half up or down on {than} of {year}"),
        Oddity.NONE_AFTER_MANY: _("none, after {than} in {year}"),
        Oddity.HARMED_WITHOUT_ACCIDENT: _("{value} without an accident"),
    }
    return words[doubt.oddity].format(
        value=number(doubt.value), than=number(doubt.than), other=names.measure(doubt.other), year=doubt.year
    )


def told(one: Brought, each: HandedIn, *, is_closed: bool) -> str:
    """What was taken of one assignment, and how it stands."""
    n = len(each.changes)
    taken = ngettext("{n} figure taken", "{n} figures taken", n).format(n=n) if n else _("nothing new")
    if each.lacking:
        words = _("{key}: {taken}; still lacking: {missing}")
        return words.format(key=each.item.key, taken=taken, missing=missing_words(one.plan, each.lacking))
    state = _("closed; the liaison gets a receipt") if is_closed else state_name(each.item.state.value)
    return _("{key}: {taken}; all figures are in: {state}").format(key=each.item.key, taken=taken, state=state)


def missing_words(plan: Plan, lacking: Sequence[tuple[str, Measure]]) -> str:
    """`煤矿 事故起数, 煤矿 伤亡人数`."""
    names = Names(plan)
    return _(", ").join(names.both(industry, measure.id) for industry, measure in lacking)


def taken_as_json(each: HandedIn, closed: Sequence[Assignment]) -> Mapping[str, object]:
    """What was taken of one assignment, for programs; a quotient is a reduced fraction as text."""
    state = next((item.state for item in closed if item.id == each.item.id), each.item.state)
    return {
        "key": each.item.key,
        "plan": each.item.plan_id,
        "state": state.value,
        "changes": [
            {
                "industry": change.industry or None,
                "measure": change.measure,
                "before": plain(change.before),
                "after": plain(change.after),
            }
            for change in each.changes
        ],
        "missing": [{"industry": industry or None, "measure": measure.id} for industry, measure in each.lacking],
    }


def plain(value: int | Fraction | None) -> int | str | None:
    """A value as JSON has it."""
    return str(value) if isinstance(value, Fraction) else value


def close_reached(app: App, now: datetime, items: Iterable[Assignment], *, who: str) -> list[Assignment]:
    """Close what the figures of these departments close (acts.close_reached); returns what was closed."""
    from wsyf_scheduler.acts import close_reached as verb

    found: list[Assignment] = []
    for plan_id, department in dict.fromkeys((item.plan_id, item.department) for item in items if item.form):
        found += verb.act(app, now, plan_id=plan_id, department=department, who=who)
    return found


def resting_on(app: App, item: Assignment) -> list[Assignment]:
    """What figures have closed and would not reach without those of this assignment; ask before it is opened again."""
    from wsyf_scheduler.figuring import whole_plan
    from wsyf_scheduler.reaching import kept

    with app.db.read() as session:
        plan = whole_plan(session, item.plan_id)
        others = {each.id for each in kept(session, plan, item.department, without=item.id)}
        return [each for each in kept(session, plan, item.department) if each.id not in others]


def no_longer_reached(item: Assignment) -> str:
    """What is said of what figures closed and reach no more: the coordinator decides, nothing opens by itself."""
    return _(
        "{key}  {title}: done, but its figures no longer reach what the paper asks;"
        " `wsyf reopen {key} --reason TEXT` opens it again"
    ).format(key=item.key, title=item.title)


def closed_by_figures(item: Assignment) -> str:
    """What is said of an assignment that was closed so."""
    return _("{key}  {title}: closed by its figures, which reach what the paper asks").format(
        key=item.key, title=item.title
    )
