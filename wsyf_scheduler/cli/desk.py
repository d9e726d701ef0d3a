"""`wsyf` alone: today's desk. Overdue, due soon, waiting for confirmation, mail in trouble, is the daemon alive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import click

from wsyf_scheduler.cli.listing import print_table, today_of
from wsyf_scheduler.cli.office import Office
from wsyf_scheduler.cli.output import plain, print_json
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.pulse import Pulse, pulse

SOON = timedelta(days=14)
TROUBLE = """
SELECT state, count(*) AS n FROM message
WHERE state IN ('retry', 'uncertain', 'discarded', 'held') GROUP BY state ORDER BY state
"""


def desk(office: Office, *, as_json: bool) -> None:
    """Print the desk."""
    with office.glance() as opened:
        today = today_of(office, opened)
        items = opened.assignments("state IN ('open', 'submitted')")
        trouble = {row["state"]: row["n"] for row in opened.rows(TROUBLE)}
        names, heart = opened.departments(), pulse(opened, office.now(opened))
    sections = _sections(items, today)
    if as_json:
        lists: dict[str, object] = {name: [plain(item, today) for item in found] for name, found in sections.items()}
        print_json({"today": today.isoformat(), **lists, "mail": trouble, "daemon": heart.as_json()})
        return
    _print(office, sections, today, names, trouble, heart)


def _sections(items: list[Assignment], today: date) -> dict[str, list[Assignment]]:
    speaking = [item for item in items if not item.held]
    return {
        "overdue": [item for item in speaking if item.is_overdue(today)],
        "due_soon": [item for item in speaking if item.state is State.OPEN and today <= item.due_on <= today + SOON],
        "submitted": [item for item in items if item.state is State.SUBMITTED],
        "held": [item for item in items if item.held],
    }


def _print(
    office: Office,
    sections: dict[str, list[Assignment]],
    today: date,
    names: dict[str, str],
    trouble: dict[str, int],
    heart: Pulse,
) -> None:
    titles = {"overdue": _("Overdue"), "due_soon": _("Due within 14 days"), "submitted": _("Waiting for confirmation")}
    click.secho(_("{day}, {weekday}").format(day=today, weekday=weekday(today)), bold=True)
    for name, title in titles.items():
        if sections[name]:
            click.secho(f"\n{title}", bold=True, fg="red" if name == "overdue" else None)
            print_table(sections[name], today, names)
    if not any(sections[name] for name in titles):
        quiet = _("Nothing is overdue, nothing falls due within 14 days.")
        click.echo(_("Apart from what is held, nothing is overdue.") if sections["held"] else quiet)
    for line in _lines(sections["held"], trouble):
        click.secho(line, fg="yellow")
    click.secho(heart.words(), fg=None if heart.is_well else "yellow")
    if office.config.mail.transport == "maildir":
        click.echo(_("Mail is kept in {folder} and sent to no one.").format(folder=office.config.mail.maildir))


def _lines(held: Sequence[Assignment], trouble: dict[str, int]) -> list[str]:
    lines = []
    if held:
        words = ngettext("{n} assignment is held", "{n} assignments are held", len(held)).format(n=len(held))
        lines.append(words + _(": `wsyf list` shows them, `wsyf release` lets them speak"))
    for state, n in trouble.items():
        words = ngettext("{n} message {state}", "{n} messages {state}", n).format(n=n, state=message_state(state))
        lines.append(words + _(": see `wsyf outbox list`"))
    return lines


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
