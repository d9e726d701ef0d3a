"""`wsyf` alone: today's desk. Overdue, due soon, waiting for confirmation, mail in trouble, is the daemon alive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import click

from wsyf_scheduler.cli.concerns import Concern, concerns
from wsyf_scheduler.cli.listing import print_table, today_of
from wsyf_scheduler.cli.matters import look
from wsyf_scheduler.cli.office import Office
from wsyf_scheduler.cli.output import plain, print_json
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.pulse import pulse

SOON = timedelta(days=14)
TROUBLED = ("retry", "uncertain", "discarded", "held")


def desk(office: Office, *, as_json: bool) -> None:
    """Print the desk."""
    with office.glance() as opened:
        today, now = today_of(office, opened), office.now(opened)
        items = opened.assignments("state IN ('open', 'submitted')")
        names, heart = opened.departments(), pulse(opened, now)
        matters = look(office, opened, now, today)
    sections, found = _sections(items, today), concerns(matters, heart, now, names)
    if as_json:
        lists: dict[str, object] = {name: [plain(item, today) for item in found] for name, found in sections.items()}
        mail = {state: matters.outbox[state] for state in sorted(TROUBLED) if state in matters.outbox}
        told = {**matters.as_json(), "concerns": [each.as_json() for each in found]}
        print_json({"today": today.isoformat(), **lists, "mail": mail, "daemon": heart.as_json(), **told})
        return
    _print(sections, today, names)
    for line in _held_lines(sections["held"]):
        click.secho(line, fg="yellow")
    for each in found:
        click.secho(each.lines(), fg="red" if each.level == "broken" else "yellow")
    for waiting in matters.alerts:
        words = _("Alert, not mailed yet: {headline} (`wsyf outbox show {id}`)")
        text = words.format(headline=waiting.headline, id=waiting.id)
        click.secho(Concern(name="alert", level="warning", text=text).lines(), fg="yellow")
    click.secho(heart.words(), fg=None if heart.is_well else "yellow")
    if office.config.mail.transport == "maildir":
        click.echo(_("Mail is kept in {folder} and sent to no one.").format(folder=office.config.mail.maildir))


def _sections(items: list[Assignment], today: date) -> dict[str, list[Assignment]]:
    speaking = [item for item in items if not item.held]
    return {
        "overdue": [item for item in speaking if item.is_overdue(today)],
        "due_soon": [item for item in speaking if item.state is State.OPEN and today <= item.due_on <= today + SOON],
        "submitted": [item for item in items if item.state is State.SUBMITTED],
        "held": [item for item in items if item.held],
    }


def _print(sections: dict[str, list[Assignment]], today: date, names: dict[str, str]) -> None:
    titles = {"overdue": _("Overdue"), "due_soon": _("Due within 14 days"), "submitted": _("Waiting for confirmation")}
    click.secho(_("{day}, {weekday}").format(day=today, weekday=weekday(today)), bold=True)
    for name, title in titles.items():
        if sections[name]:
            click.secho(f"\n{title}", bold=True, fg="red" if name == "overdue" else None)
            print_table(sections[name], today, names)
    if not any(sections[name] for name in titles):
        quiet = _("Nothing is overdue, nothing falls due within 14 days.")
        click.echo(_("Apart from what is held, nothing is overdue.") if sections["held"] else quiet)


def _held_lines(held: Sequence[Assignment]) -> list[str]:
    if not held:
        return []
    words = ngettext("{n} assignment is held", "{n} assignments are held", len(held)).format(n=len(held))
    return [words + _(": `wsyf list` shows them, `wsyf release` lets them speak")]


def message_state(state: str) -> str:
    """A message's state in words."""
    names = {
        "queued": _("waiting"),
        "sending": _("being sent"),
        "sent": _("sent"),
        "retry": _("not sent yet, tried again later"),
        "uncertain": _("maybe sent"),
        "discarded": _("undeliverable"),
        "cancelled": _("cancelled"),
        "superseded": _("superseded"),
        "held": _("held back"),
    }
    return names.get(state, state)


def weekday(day: date) -> str:
    """The day of the week."""
    names = (
        _("Monday"),
        _("Tuesday"),
        _("Wednesday"),
        _("Thursday"),
        _("Friday"),
        _("Saturday"),
        _("Sunday"),
    )
    return names[day.weekday()]
