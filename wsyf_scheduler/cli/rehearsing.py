"""`wsyf rehearse`: the same acts and ticks under a stepping clock, on a scratch database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wsyf_scheduler.cli.folders import plan_or_chosen, rehearsable
from wsyf_scheduler.cli.office import DAY, PLAN, Office, json_option, need, pass_office
from wsyf_scheduler.cli.output import print_line, say, table
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.mail.letter import LetterKind
from wsyf_scheduler.reports import wording

if TYPE_CHECKING:
    from wsyf_scheduler.app import App
    from wsyf_scheduler.core.message import Message
    from wsyf_scheduler.core.people import Holder
    from wsyf_scheduler.reports.sendings import Line

Found = tuple["Message", "Line"]
WHO = "rehearsal"


@click.command(
    help=_("Live through the plan under a stepping clock, on a scratch database; nothing leaves, nothing is kept.")
)
@click.option("--from", "first", type=DAY, required=True, help=_("the day tracking begins, at 00:00"))
@click.option("--to", "last", type=DAY, required=True, help=_("the last day"))
@click.option(
    "--assume",
    type=click.Choice(["never", "on-time"]),
    default="never",
    help=_("what people do: nothing, or everything in time"),
)
@click.option(
    "--plan",
    "plan_id",
    type=PLAN,
    callback=plan_or_chosen,
    help=_("only this plan; a draft or an example is rehearsed by name"),
)
@click.option("--maildir", type=click.Path(path_type=Path), help=_("write every letter into this maildir"))
@json_option
@pass_office
def rehearse(
    office: Office,
    first: date,
    last: date,
    assume: str,
    plan_id: str | None,
    maildir: Path | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Run the rehearsal, print its messages as they come, or a summary."""
    need(first <= last, _("--to lies before --from"))
    found = _rehearse(office, first, last, assume, maildir, plan_id)
    if as_json:
        for _message, line in found:
            print_line(line)
        return
    _print_summary([line for _message, line in _with_progress(found, first, last)], maildir)


def _rehearse(
    office: Office, first: date, last: date, assume: str, maildir: Path | None, plan_id: str | None
) -> Iterator[Found]:
    from wsyf_scheduler import opening, rehearsal
    from wsyf_scheduler.acts import staff
    from wsyf_scheduler.mail.maildir import MaildirMailer
    from wsyf_scheduler.mail.nowhere import NowhereMailer
    from wsyf_scheduler.mail.writer import BlankWriter

    chosen = rehearsable(office, plan_id)
    config = office.config
    app, clock = opening.scratch_app(
        config,
        at=datetime.fromisoformat("1970-01-01T00:00:00+00:00"),
        who=WHO,
        make_mailer=(lambda: MaildirMailer(maildir, durable=False)) if maildir else NowhereMailer,
        make_writer=(lambda: opening.writer(config)) if maildir else BlankWriter,
    )
    take_calendar(app, office)
    tables = {plan.id: app.table(plan.zone) for plan, _texts in chosen}
    begins_at = min(tables[plan.id].hours.midnight(first) for plan, _texts in chosen)
    ends_at = max(tables[plan.id].hours.midnight(last + timedelta(days=1)) for plan, _texts in chosen)
    clock.instant = begins_at
    staff.act(app, begins_at, holders=holders(office), today=first, who=WHO)
    script = []
    for plan, texts in chosen:
        at = tables[plan.id].hours.midnight(first)
        script.append(rehearsal.Planned(at, rehearsal.tracking(plan, texts)))
        script += rehearsal.on_time(plan, tables[plan.id], first) if assume == "on-time" else []
    yield from follow(app, rehearsal.run(app, clock, until=ends_at, script=script))


def take_calendar(app: App, office: Office) -> None:
    """The notices of holidays the office imported, into a scratch database."""
    from wsyf_scheduler.store import year_notices

    if not office.database_path.exists():
        return
    with office.glance() as opened:
        imported = opened.imported_years()
    with app.db.begin() as session:
        for each in imported.values():
            year_notices.put(session, each.notice, at=each.at, who=each.who)


def holders(office: Office) -> list[Holder]:
    """People as the office's database has them, or as people.csv has them where nobody has been imported yet."""
    from wsyf_scheduler.cli.people import departments_of, entered
    from wsyf_scheduler.files import people as people_file

    found = entered(office)
    if not found and office.config.people.exists():
        elsewhere: list[int] = []
        found = people_file.load(office.config.people, departments_of(office), elsewhere)
        if elsewhere:
            words = _("{file}: lines {lines} name departments no plan here knows; they are left out")
            lines = ", ".join(str(line) for line in elsewhere)
            say(words.format(file=office.config.people, lines=lines), fg="yellow", err=True)
    if not found:
        words = _("Nobody holds any post: every letter goes to the office itself. See `wsyf people import`.")
        say(words, fg="yellow", err=True)
    return found


def follow(app: App, moments: Iterator[datetime]) -> Iterator[Found]:
    """What each moment sent, as it comes."""
    from wsyf_scheduler.reports.sendings import Sendings

    sendings = Sendings(app)
    for _moment in moments:
        yield from sendings.new()


def _with_progress(found: Iterator[Found], first: date, last: date) -> Iterator[Found]:
    """Pass messages through, with a progress bar on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    total, console = (last - first).days + 1, Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(str(first), total=total)
        for message, line in found:
            day = date.fromisoformat(str(line["at"])[:10])
            progress.update(task, completed=(day - first).days, description=str(day))
            yield message, line


def _print_summary(lines: Sequence[Line], maildir: Path | None) -> None:
    years = sorted({str(line["at"])[:4] for line in lines})
    counts = Counter((str(line["letter"]), str(line["at"])[:4]) for line in lines)
    letters = sorted({letter for letter, _year in counts}, key=_letter_order)
    rows = [
        (
            wording.letter(letter),
            *(str(counts[letter, year] or "") for year in years),
            str(sum(counts[letter, y] for y in years)),
        )
        for letter in letters
    ]
    if rows:
        table((_("letter"), *years, _("all")), rows, title=_("Messages by kind and year"))
    click.echo(ngettext("{n} message", "{n} messages", len(lines)).format(n=len(lines)))
    busiest = Counter((address, str(line["at"])[:10]) for line in lines for address in _addresses(line)).most_common(1)
    for (address, day), n in busiest:
        say(_("Busiest: {address} gets {n} on {day}").format(address=address, n=n, day=day))
    if maildir:
        say(_("The letters are in {folder}; any mail reader opens it.").format(folder=maildir))


def _addresses(line: Line) -> list[str]:
    to, cc = line["to"], line["cc"]
    assert isinstance(to, list)
    assert isinstance(cc, list)
    return [*to, *cc]


def _letter_order(letter: str) -> int:
    return list(LetterKind).index(LetterKind(letter))
