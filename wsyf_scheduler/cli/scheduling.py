"""`wsyf schedule`: the coming weeks by day, days off drawn, lived through on a copy of the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click

from wsyf_scheduler.cli.grid import width
from wsyf_scheduler.cli.office import Office, json_option, pass_office, plan_option
from wsyf_scheduler.cli.output import print_json, say
from wsyf_scheduler.core.ladder import LADDER_LETTERS
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.reports import wording

if TYPE_CHECKING:
    from wsyf_scheduler.core.calendar import WorkCalendar
    from wsyf_scheduler.reports.sendings import Line

WHO = "rehearsal"
ON_LADDER = (*LADDER_LETTERS, "briefing")
WEEKS_SHOWN = 62  # days up to which plain weekends are drawn
KEYS_SHOWN = 8  # of one letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What lies ahead: letters by day, and the days themselves; `names` are departments' short names."""

    today: date
    days: int
    lines: dict[date, list[Line]]
    calendar: WorkCalendar
    holidays: dict[date, str]
    names: dict[str, str]
    most: int  # ladder letters at one moment, by the guard

    def every_day(self) -> Iterator[date]:
        """Today and the days to come."""
        return (self.today + timedelta(days=index) for index in range(self.days + 1))


@click.command(help=_("The messages that lie ahead, day by day with days off, if nobody does anything."))
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help=_("how far to look"))
@plan_option
@json_option
@pass_office
def schedule(office: Office, days: int, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Live through the days to come on a copy of the database."""
    if as_json:
        print_json(list(_live(office, days)))
        return
    found = _ahead(office, days)
    with office.glance() as opened:
        hold = opened.fact("hold")
    for line in draw(found):
        say(line.text, hang=line.hang, **line.style)
    n = sum(len(each) for each in found.lines.values())
    words = ngettext("{n} message in the next {days} days", "{n} messages in the next {days} days", n)
    click.echo(words.format(n=n, days=days))
    if hold and hold != "null":
        say(_("All mail is held: nothing but alerts goes until `wsyf outbox release`; see `wsyf status`."), fg="red")


def _live(office: Office, days: int) -> Iterator[Line]:
    from wsyf_scheduler import opening, rehearsal
    from wsyf_scheduler.cli.rehearsing import follow
    from wsyf_scheduler.mail.nowhere import NowhereMailer
    from wsyf_scheduler.mail.writer import BlankWriter

    now, plan = office.app().clock.now(), office.plan
    app, clock = opening.scratch_app(office.config, at=now, who=WHO, make_mailer=NowhereMailer, make_writer=BlankWriter)
    app.db.copy_from(office.database_path)
    for message, line in follow(app, rehearsal.run(app, clock, until=now + timedelta(days=days))):
        if plan in (None, message.plan_id):
            yield line


def _ahead(office: Office, days: int) -> Ahead:
    from wsyf_scheduler.cli.listing import today_of
    from wsyf_scheduler.files import holidays

    lines: dict[date, list[Line]] = {}
    for line in _live(office, days):
        lines.setdefault(date.fromisoformat(str(line["at"])[:10]), []).append(line)
    config = office.config
    with office.glance() as opened:
        today, names, notices = today_of(office, opened), opened.departments(), opened.year_notices()
    years = range(today.year, (today + timedelta(days=days)).year + 1)
    return Ahead(
        today=today,
        days=days,
        lines=lines,
        calendar=holidays.work_calendar(
            extra_off=config.extra_off, extra_working=config.extra_working, imported=notices
        ),
        holidays={day: name for year in years for day, name in holidays.names(year, notices).items()},
        names=names,
        most=config.max_messages,
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line; what does not fit follows on the next, indented by `hang` more."""

    text: str
    hang: int = 2
    style: dict[str, Any] = field(default_factory=dict)


def draw(found: Ahead) -> Iterator[Drawn]:
    """A heading for each day on which something goes, one line for days off in a row."""
    off: list[date] = []
    for day in found.every_day():
        if not found.calendar.is_working(day) and day != found.today and day not in found.lines:
            off.append(day)
            continue
        yield from _draw_off(found, off)
        off = []
        if day == found.today or day in found.lines or found.calendar.is_make_up(day):
            yield from _draw_day(found, day)
    yield from _draw_off(found, off)


def _draw_off(found: Ahead, days: Sequence[date]) -> Iterator[Drawn]:
    """Days off in a row, and why."""
    if not days:
        return
    named = list(dict.fromkeys(found.holidays[day] for day in days if day in found.holidays))
    if not named and found.days > WEEKS_SHOWN:
        return
    span = _heading(days[0]) + (f" – {wording.month_day(days[-1])}" if days[1:] else "")
    yield Drawn(f"{span}  {_why_off(named)}", style={"dim": True})


def _why_off(named: Sequence[str]) -> str:
    if named:
        return _("off: {names}").format(names=", ".join(named))
    return _("off")


def _draw_day(found: Ahead, day: date) -> Iterator[Drawn]:
    words = _heading(day)
    if day == found.today:
        words += "  " + _("(today)")
    if not found.calendar.is_working(day):
        words += "  " + _why_off([found.holidays[day]] if day in found.holidays else [])
    elif found.calendar.is_make_up(day):
        words += "  " + _("make-up working day")
    yield Drawn(words, style={"bold": True})
    lines = found.lines.get(day, [])
    yield from _draw_letters(found, [line for line in lines if line["letter"] in ON_LADDER])
    yield from _draw_guard(found, lines)
    other = Counter(
        (wording.letter(str(line["letter"])), _receiver(line, found.names))
        for line in lines
        if line["letter"] not in ON_LADDER
    )
    told = [f"{letter} → {receiver}" + (f" ×{n}" if n > 1 else "") for (letter, receiver), n in other.items()]
    if told:
        yield Drawn("  " + _("also: {letters}").format(letters=", ".join(told)))
    if not lines:
        yield Drawn("  " + _("nothing goes"))


def _draw_letters(found: Ahead, lines: Sequence[Line]) -> Iterator[Drawn]:
    """The ladder's letters of a day: by moment, then by department, those of leaders last."""
    rows = [
        (str(line["at"])[11:16], _receiver(line, found.names), wording.letter(str(line["letter"])), _keys(line))
        for line in sorted(lines, key=_order)
    ]
    wide = [max((width(row[index]) for row in rows), default=0) for index in range(3)]
    for row in rows:
        head = "  ".join(cell + " " * (wide[index] - width(cell)) for index, cell in enumerate(row[:3]))
        yield Drawn(f"  {head}  {row[3]}", hang=sum(wide) + 2 * 3)


def _order(line: Line) -> tuple[object, ...]:
    return line["at"], line["department"] == "", line["department"], line["letter"], line["audience"]


def _draw_guard(found: Ahead, lines: Sequence[Line]) -> Iterator[Drawn]:
    """Too many at one moment: the guard against floods will hold them (RULES.md §6)."""
    counts = Counter(str(line["at"]) for line in lines if line["letter"] in ON_LADDER)
    for at, n in counts.items():
        if n > found.most:
            words = _(
                "{n} letters at {time}, more than max_messages = {most}: they will wait for `wsyf outbox release`"
            )
            yield Drawn("  ! " + words.format(n=n, time=at[11:16], most=found.most), style={"fg": "yellow"})


def _receiver(line: Line, names: dict[str, str]) -> str:
    department, audience = str(line["department"]), str(line["audience"])
    if audience == "department":
        return names.get(department, department)
    return f"{names.get(department, department)} {wording.role(audience)}".strip()


def _keys(line: Line) -> str:
    """The assignments a letter is about, each once, the first few by key."""
    rows = line["rows"]
    assert isinstance(rows, list)
    keys = list(dict.fromkeys(str(row["key"]) for row in rows))
    more = len(keys) - KEYS_SHOWN
    return ", ".join(keys[:KEYS_SHOWN]) + (_(" and {n} more").format(n=more) if more > 0 else "")


def _heading(day: date) -> str:
    return f"{day} {wording.weekday(day)}"
