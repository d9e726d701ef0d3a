"""`wsyf calendar show / import`: the working days of a year and where they come from; taking in the yearly notice."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.months import legend, months
from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, dry_run_option, json_option, login_name, need, pass_office
from wsyf_scheduler.cli.output import clauses, listed, print_json, say
from wsyf_scheduler.core.calendar import YearNotice
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.reading import FIRST_YEAR, LAST_YEAR
from wsyf_scheduler.reports import wording
from wsyf_scheduler.reports.year import Year, year_of

if TYPE_CHECKING:
    from wsyf_scheduler.acts.import_calendar import Imported, Move

SHOWN = 20  # lines of letters that move
DAYS_SHOWN = 40
KEYS_SHOWN = 4
MOVED = "调休"  # in the name of a day that is off by exchange alone, not by law


@click.group(help=_("Working days: what they are, where they come from, taking in the yearly notice of holidays."))
def calendar() -> None:
    """Working days."""


@calendar.command(help=_("The twelve months of a year, days off and make-up days marked; this year by default."))
@click.argument("year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), required=False)
@json_option
@pass_office
def show(office: Office, year: int | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Draw a year."""
    found, zone = _year(office, year)
    if as_json:
        print_json(found.as_json())
        return
    click.secho(f"{found.number}  {_status(found)}", bold=True, fg="yellow" if found.is_provisional else None)
    say("  " + _source(found, office, zone))
    click.echo()
    for line in months(found):
        click.echo(line)
    say(f" {legend()}")
    for line in _holidays(found):
        say(f" {line}", hang=2)
    worked = sum(n for _first, n in found.months())
    click.echo(" " + ngettext("{n} working day in the year", "{n} working days in the year", worked).format(n=worked))
    if found.is_provisional:
        words = _("Once the State Council's notice of {year} is out, run `wsyf calendar import FILE`.")
        say(" " + words.format(year=found.number), fg="yellow")


def _year(office: Office, year: int | None) -> tuple[Year, ZoneInfo]:
    """The year, and the zone of the office's days."""
    number = year or _today(office).year
    if not office.database_path.exists():
        return year_of(number, office.config, {}), ZoneInfo(DEFAULT_ZONE)
    with office.glance() as opened:
        zone = next(iter(opened.zones().values()), DEFAULT_ZONE)
        return year_of(number, office.config, opened.imported_years()), ZoneInfo(zone)


def _today(office: Office) -> date:
    from wsyf_scheduler.cli.listing import today_of
    from wsyf_scheduler.clock import SystemClock

    if not office.database_path.exists():
        return SystemClock().now().astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    with office.glance() as opened:
        return today_of(office, opened)


def _status(found: Year) -> str:
    if found.is_provisional:
        return _("provisional: no notice of holidays is known yet")
    return _("published")


def _source(found: Year, office: Office, zone: ZoneInfo) -> str:
    """Where the days come from, in words."""
    imported = found.imported
    if imported is not None:
        words = _("imported {day} by {who}").format(day=imported.at.astimezone(zone).date(), who=imported.who)
        words = clauses([imported.notice.source, words])
    elif found.is_provisional:
        words = _("Monday to Friday less the statutory days ({source}), no make-up days")
        words = words.format(source=found.source.removesuffix("; config"))
    else:
        words = _("the State Council's notice as {source} has it").format(source=found.source.removesuffix("; config"))
    if found.own:
        own = _("{file} [calendar] over it: {days}")
        days = listed(wording.month_day(day) for day in found.own)
        words = clauses([words, own.format(file=office.config.path.name, days=days)])
    return words


def _holidays(found: Year) -> Iterator[str]:
    """A line for each holiday: its days off, and what is worked for it."""
    for each in found.holidays:
        n = (each.last - each.first).days + 1
        days = wording.month_day(each.first)
        if n > 1:
            days += " – " + wording.month_day(each.last)
        words = _("{days}  off {n}  {name}").format(days=days, n=n, name=each.name).rstrip()
        if each.working:
            worked = listed(wording.month_day(day) for day in each.working)
            words = clauses([words, _("worked: {days}").format(days=worked)])
        yield words


@calendar.command(
    "import",
    help=_("Take in the State Council's notice of a year, written down as a small TOML file (docs/calendar.md)."),
)
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
@click.option("--yes", is_flag=True, help=_("do not ask"))
@click.option(
    "--incomplete", is_flag=True, help=_("with --yes: take the file though it leaves out holidays given by law")
)
@json_option
@pass_office
def import_(
    office: Office,
    file: Path,
    dry_run: bool,  # noqa: FBT001 - click's way
    yes: bool,  # noqa: FBT001 - click's way
    incomplete: bool,  # noqa: FBT001 - click's way
    as_json: bool,  # noqa: FBT001 - click's way
) -> None:
    """Show what an import moves, ask, and make it so."""
    from wsyf_scheduler.files import year_notice

    need(not as_json or dry_run or yes, _("--json asks nothing: add --yes, or --dry-run"))

    today = _today(office)
    notice = year_notice.load(file, this_year=today.year)
    missing = _missing(notice)
    if yes and not dry_run:
        _refuse_incomplete(notice, missing, incomplete=incomplete)
    if as_json:
        print_json(_plain(_act(office, notice, file, dry_run=dry_run)))
        return
    foreseen = _act(office, notice, file, dry_run=True)
    if foreseen.is_known:
        say(_("The notice of {year} says what was imported before; nothing was changed.").format(year=notice.year))
        return
    for each in missing:
        words = _("{holiday} is a day off by law, and the file does not say so").format(holiday=each)
        say(f"! {words}", hang=2, fg="yellow")
    _print_foreseen(foreseen, today)
    if dry_run:
        say(_("nothing was changed"))
        return
    _confirm(missing, yes=yes)
    _act(office, notice, file, dry_run=False)
    words = _("The notice of {year} is in force: every letter ahead goes by it.")
    say(words.format(year=notice.year), bold=True)


def _act(office: Office, notice: YearNotice, file: Path, *, dry_run: bool) -> Imported:
    from wsyf_scheduler.acts.import_calendar import act

    app = office.app(dry_run=dry_run)
    file_hash = hashlib.sha256(file.read_bytes()).hexdigest()
    return act(app, app.clock.now(), notice=notice, who=login_name(), file_hash=file_hash)


def _plain(found: Imported) -> dict[str, object]:
    """For programs."""
    return {
        "year": found.notice.year,
        "known": found.is_known,
        "now_off": [day.isoformat() for day in found.now_off],
        "now_worked": [day.isoformat() for day in found.now_worked],
        "moves": [
            {
                "plan": each.plan_id,
                "key": each.key,
                "rung": each.rung,
                "repeat": each.repeat,
                "letter": each.letter,
                "from": each.from_on.isoformat(),
                "to": each.to_on.isoformat(),
            }
            for each in found.moves
        ],
    }


def _confirm(missing: Sequence[str], *, yes: bool) -> None:
    """Ask; the question names the holidays the file leaves out."""
    if yes:
        return
    need(sys.stdin.isatty(), _("nothing was changed; add --yes to import it without being asked"))
    names = listed(missing)
    question = _("{names} missing: import it all the same?").format(names=names) if names else _("Import it?")
    if not click.confirm(question, default=False):
        raise Forbidden(_("left as it was, nothing was changed"))


def _refuse_incomplete(notice: YearNotice, missing: Sequence[str], *, incomplete: bool) -> None:
    """Nobody looks at a warning where nobody is asked: what lacks a holiday is taken only where that is said."""
    words = _(
        "nothing was changed: the notice of {year} leaves out {names}, given by law; complete the file, or add"
        " --incomplete to import it as it is"
    )
    names = listed(missing)
    need(not names or incomplete, words.format(year=notice.year, names=names))


def _missing(notice: YearNotice) -> list[str]:
    """Holidays given by law, each with its days the notice leaves out: a slip, more likely than not."""
    from wsyf_scheduler.files.holidays import statutory_days

    missing: dict[str, list[date]] = {}
    for day, name in sorted(statutory_days(notice.year).items()):
        if day not in notice.off and name and MOVED not in name:
            missing.setdefault(name, []).append(day)
    words = _("{name} ({days})")
    return [
        words.format(name=name, days=listed(wording.month_day(day) for day in days)) for name, days in missing.items()
    ]


def _print_foreseen(found: Imported, today: date) -> None:
    """What changes: days, then letters."""
    words = _("The notice of {year}: {off} days off, {working} make-up days")
    say(words.format(year=found.notice.year, off=len(found.notice.off), working=len(found.notice.working)), bold=True)
    for label, days in ((_("now off: "), found.now_off), (_("now worked: "), found.now_worked)):
        if days:
            say("  " + label + listed(_day(day) for day in days[:DAYS_SHOWN]), hang=2)
    if not found.now_off and not found.now_worked:
        say("  " + _("no working day changes"))
    if any(day < today for day in (*found.now_off, *found.now_worked)):
        say("  " + _("Days gone by stay as they were judged: what was sent was sent."))
    _print_moves(found.moves)


def _print_moves(moves: Sequence[Move]) -> None:
    if not moves:
        say("  " + _("No letter moves."))
        return
    words = ngettext("{n} rung lands on another day:", "{n} rungs land on another day:", len(moves))
    say(words.format(n=len(moves)), bold=True)
    groups = list(_grouped(moves))
    for (was, will), group in groups[:SHOWN]:
        say(f"  {_day(was)} → {_day(will)}  {_letter(group[0])}: {_keys(group)}", hang=4)
    if len(groups) > SHOWN:
        click.echo("  " + _("… and {n} more").format(n=len(groups) - SHOWN))


def _grouped(moves: Sequence[Move]) -> Iterator[tuple[tuple[date, date], list[Move]]]:
    """Moves of one rung from one day to one other, together."""
    for key, group in groupby(moves, key=lambda each: (each.from_on, each.to_on, each.rung, each.repeat)):
        yield (key[0], key[1]), list(group)


def _letter(move: Move) -> str:
    words = f"{wording.letter(move.letter)} ({wording.rung(move.rung, move.repeat)})"
    if move.is_rolled_back:
        words += _(", rolled back from {day}").format(day=wording.month_day(move.nominal_on))
    return words


def _keys(group: Sequence[Move]) -> str:
    """The assignments, the first few by key."""
    words = ", ".join(move.key for move in group[:KEYS_SHOWN])
    more = len(group) - KEYS_SHOWN
    return words + (_(" and {n} more").format(n=more) if more > 0 else "")


def _day(day: date) -> str:
    return f"{day} {wording.weekday(day)}"
