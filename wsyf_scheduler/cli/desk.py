"""`wsyf` alone: today's desk. What needs a hand first: trouble, overdue, handed in, due soon, then what goes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli import drawing
from wsyf_scheduler.cli.concerns import Concern, concerns
from wsyf_scheduler.cli.matters import Matters, look
from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office
from wsyf_scheduler.cli.output import message_state, plain, print_json, room, weekday
from wsyf_scheduler.cli.posts import Contact, contacts, holders, vacant
from wsyf_scheduler.cli.upcoming import Upcoming, upcoming
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.people import Post
from wsyf_scheduler.pulse import Pulse, pulse

__all__ = ["Sight", "desk", "message_state", "see", "weekday"]

SOON = timedelta(days=14)
TROUBLED = ("retry", "uncertain", "discarded", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All the desk shows; `names` are departments' short names, `contacts` whom to call about a department.

    `people` is False where nobody holds any post; `maildir` is the folder mail is kept in instead of being sent.
    """

    now: datetime
    today: date
    names: dict[str, str]
    sections: dict[str, list[Assignment]]
    later: list[Assignment]
    contacts: dict[str, list[Contact]]
    vacant: list[Post]
    people: bool
    plans: bool
    upcoming: list[Upcoming]
    pulse: Pulse
    matters: Matters
    concerns: list[Concern]
    maildir: str

    def as_json(self) -> dict[str, object]:
        """For programs."""
        lists = {name: [plain(item, self.today) for item in found] for name, found in self.sections.items()}
        return {
            "today": self.today.isoformat(),
            **lists,
            "mail": {state: self.matters.outbox[state] for state in sorted(TROUBLED) if state in self.matters.outbox},
            "daemon": self.pulse.as_json(),
            **self.matters.as_json(),
            "concerns": [each.as_json() for each in self.concerns],
            "contacts": {name: [each.as_json() for each in found] for name, found in self.contacts.items()},
            "vacant": [{"role": post.role, "department": post.department or None} for post in self.vacant],
            "next": [each.as_json() for each in self.upcoming],
        }


def desk(office: Office, *, as_json: bool) -> None:
    """Print the desk."""
    found = see(office)
    if as_json:
        print_json(found.as_json())
        return
    for line in drawing.draw(found, room()):
        click.echo(line)


def see(office: Office) -> Sight:
    """Look at everything the desk shows, in one light read."""
    with office.glance() as opened:
        now, zones = office.now(opened), opened.zones()
        zone = ZoneInfo(next(iter(zones.values()), DEFAULT_ZONE))
        today = now.astimezone(zone).date()
        every = opened.assignments("state IN ('open', 'submitted')")
        items = [item for item in every if office.plan in (None, item.plan_id)]
        names, heart, people = opened.departments(), pulse(opened, now), holders(opened)
        matters = look(office, opened, now, today)
        mine = {plan_id: each for plan_id, each in zones.items() if office.plan in (None, plan_id)}
        coming = upcoming(opened, items, office.config, mine, now)
    sections = _sections(items, today)
    concerned = dict.fromkeys(item.department for item in (*sections["overdue"], *sections["submitted"]))
    return Sight(
        now=now,
        today=today,
        names=names,
        sections=sections,
        later=[item for item in items if not item.held and item.state is State.OPEN and item.due_on > today + SOON],
        contacts={department: contacts(people, department, today) for department in concerned},
        vacant=vacant(people, names, today) if people else [],
        people=bool(people),
        plans=bool(zones),
        upcoming=coming,
        pulse=heart,
        matters=matters,
        concerns=concerns(matters, heart, now, names),
        maildir=str(office.config.mail.maildir) if office.config.mail.transport == "maildir" else "",
    )


def _sections(items: Sequence[Assignment], today: date) -> dict[str, list[Assignment]]:
    speaking = [item for item in items if not item.held]
    return {
        "overdue": sorted((item for item in speaking if item.is_overdue(today)), key=lambda item: item.due_on),
        "due_soon": [item for item in speaking if item.state is State.OPEN and today <= item.due_on <= today + SOON],
        "submitted": [item for item in items if item.state is State.SUBMITTED],
        "held": [item for item in items if item.held],
    }
