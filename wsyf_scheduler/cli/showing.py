"""What `wsyf show` prints of one assignment."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from wsyf_scheduler.cli.kindred import Kindred, kindred, print_kindred
from wsyf_scheduler.cli.kindred import facts as kindred_facts
from wsyf_scheduler.cli.office import Office
from wsyf_scheduler.cli.output import clauses, days_words, listed, plain, say, state_words, table
from wsyf_scheduler.cli.posts import Contact, contacts, holders
from wsyf_scheduler.core.ahead import ahead
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.calendar import Hours
from wsyf_scheduler.core.decide import NOTHING_DECIDED
from wsyf_scheduler.core.follow_up import OWED
from wsyf_scheduler.core.ladder import Landing, Timetable
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports import naming, wording
from wsyf_scheduler.store.glance import Glance, instant
from wsyf_scheduler.store.lookup import find

MESSAGES = """
SELECT m.id, m.letter, m.audience, m.state, m.sent_at, m.subject, m."to", m.cc, n.rung, n.repeat, n.role
FROM notice n JOIN message m ON m.id = n.message_id
WHERE n.assignment_id = :id AND n.dropped IS NULL ORDER BY m.id
"""
EVENTS = "SELECT id, at, who, action, why, detail FROM event WHERE assignment_id = :id ORDER BY id"
NOTED = "assignment_noted"
KIB = 1024
NEXT_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One assignment with all that belongs to it."""

    item: Assignment
    now: datetime
    zone: ZoneInfo
    names: dict[str, str]
    events: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    ahead: list[Landing]
    kindred: Kindred
    contacts: list[Contact]

    @property
    def papers(self) -> list[dict[str, Any]]:
        """The papers kept with it, oldest first: name, type, bytes, sha256, who, at; not those of acts taken back."""
        details = [(event, json.loads(event["detail"])) for event in self.events]
        undone = {detail["undone"]["id"] for _event, detail in details if "undone" in detail}
        return [
            {**paper, "who": event["who"], "at": event["at"]}
            for event, detail in details
            if event["id"] not in undone
            for paper in detail.get("papers", ())
        ]

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What was noted, oldest first: the events."""
        return [event for event in self.events if event["action"] == NOTED]

    @property
    def today(self) -> date:
        """The calendar day in the plan's zone."""
        return self.now.astimezone(self.zone).date()

    def local(self, text: str) -> datetime:
        """A stored instant in the plan's zone."""
        return instant(text).astimezone(self.zone)


def look(office: Office, opened: Glance, key: str) -> Sight:
    """Gather it."""
    item = find(opened, key)
    zone = ZoneInfo(opened.zones()[item.plan_id])
    now = office.now(opened)
    today = now.astimezone(zone).date()
    return Sight(
        item=item,
        now=now,
        zone=zone,
        names=opened.departments(),
        events=opened.rows(EVENTS, {"id": item.id}),
        messages=opened.rows(MESSAGES, {"id": item.id}),
        ahead=_ahead(office, opened, item, zone, now),
        kindred=kindred(opened, item),
        contacts=contacts(holders(opened), item.department, today) if item.state in OWED else [],
    )


def _ahead(office: Office, opened: Glance, item: Assignment, zone: ZoneInfo, now: datetime) -> list[Landing]:
    """The letters that will go if nobody does anything, nearest first; none while it is silent for good."""
    from wsyf_scheduler.cli.upcoming import decisions_of
    from wsyf_scheduler.files.holidays import work_calendar

    if item.next_attention_at is None or item.state.value != "open" or item.held:
        return []
    config = office.config
    notices = opened.year_notices()
    calendar = work_calendar(extra_off=config.extra_off, extra_working=config.extra_working, imported=notices)
    hours = Hours(zone=zone, send_at=config.send_at, send_until=config.send_until)
    decided = decisions_of(opened, [item.id]).get(item.id, NOTHING_DECIDED)
    found = ahead(item, decided, Timetable(config.ladder, calendar, hours), now)
    opens_on = hours.day_of(hours.next_open(now, calendar))  # what is late goes then
    return [replace(landing, on=max(landing.on, opens_on)) for landing in found]


def as_json(sight: Sight) -> dict[str, object]:
    """The assignment as `list --json` has it, with its texts, events, messages and what comes next."""
    item = sight.item
    return {
        **plain(item, sight.today),
        "text": item.text,
        "hand_in": item.hand_in or None,
        "after": item.after,
        "closed_on": item.closed_on.isoformat() if item.closed_on else None,
        "tracked_from": item.tracked_from.astimezone(sight.zone).isoformat(),
        "events": [
            {
                "at": sight.local(each["at"]).isoformat(),
                "who": each["who"],
                "action": each["action"],
                "why": each["why"] or None,
            }
            for each in sight.events
        ],
        "messages": [_message(sight, each) for each in sight.messages],
        "next": [
            {"on": each.on.isoformat(), "rung": each.rung.name, "repeat": each.repeat, "letter": each.rung.letter}
            for each in sight.ahead
        ],
        **sight.kindred.as_json(item),
        "papers": [{**each, "at": sight.local(each["at"]).isoformat()} for each in sight.papers],
        "contacts": [each.as_json() for each in sight.contacts],
    }


def _message(sight: Sight, row: dict[str, Any]) -> dict[str, object]:
    return {
        "id": row["id"],
        "letter": row["letter"],
        "audience": row["audience"],
        "state": row["state"],
        "sent_at": sight.local(row["sent_at"]).isoformat() if row["sent_at"] else None,
        "rung": row["rung"],
        "repeat": row["repeat"],
        "role": row["role"],
        "to": json.loads(row["to"] or "[]"),
        "cc": json.loads(row["cc"] or "[]"),
        "subject": row["subject"],
    }


def print_sight(sight: Sight) -> None:
    """Print it for people."""
    from wsyf_scheduler.cli.desk import message_state
    from wsyf_scheduler.cli.trail import phrase, reasons

    item, today = sight.item, sight.today
    say(f"{item.key}  {item.title}", hang=2, bold=True)
    for label, value in _facts(sight):
        say(f"  {label}{value}", hang=2)
    print_kindred(sight.kindred, item, today, sight.names)
    _print_papers(sight)
    if sight.messages:
        rows = [
            (
                str(each["id"]),
                _when(sight, each),
                wording.letter(each["letter"]),
                ", ".join(json.loads(each["to"] or "[]")),
                message_state(each["state"]),
            )
            for each in sight.messages
        ]
        table((_("mail"), _("when"), _("letter"), _("to"), _("state")), rows, title=_("Messages"), keep=(0, 1, 2, 4))
    history = [
        (
            f"{sight.local(each['at']):%Y-%m-%d %H:%M}",
            each["who"],
            phrase(each["action"]),
            reasons(each["why"], json.loads(each["detail"])),
        )
        for each in sight.events
    ]
    table((_("when"), _("who"), _("what"), _("why")), history, title=_("History"), keep=(0, 1))
    coming = [(str(each.on), _rung(each), wording.letter(each.rung.letter)) for each in sight.ahead[:NEXT_SHOWN]]
    if coming:
        table((_("day"), _("rung"), _("letter")), coming, title=_("What comes next, while it stays open"))


def _facts(sight: Sight) -> list[tuple[str, str]]:
    item, today, names = sight.item, sight.today, sight.names
    due = str(item.due_on)
    due += _(" (extended from {day})").format(day=item.original_due_on) if item.original_due_on else ""
    found = [
        (_("department: "), names.get(item.department, item.department)),
        (_("support: "), listed(names.get(department, department) for department in item.support)),
        (_("due: "), f"{due}  {days_words(item, today) if item.state.value == 'open' else ''}".rstrip()),
        (_("basis: "), wording.basis(item.due_basis) if item.due_basis != "document" else ""),
        (_("state: "), state_words(item, today)),
        (_("telephone: "), clauses(map(_call, sight.contacts))),
        (_("closed: "), str(item.closed_on) if item.closed_on else ""),
        *kindred_facts(sight.kindred, item, today, sight.names),
        (_("hand in: "), item.hand_in),
        (_("text: "), item.text),
        *((_("noted: "), _noted(sight, each)) for each in sight.notes),
    ]
    return [(label, value) for label, value in found if value]


def _noted(sight: Sight, note: dict[str, Any]) -> str:
    words = _("{text} ({who}, {day})")
    return words.format(text=note["why"], who=note["who"], day=sight.local(note["at"]).date())


def _call(contact: Contact) -> str:
    """Whom to call: name, telephone or address, and whose post it is where it is not the liaison's."""
    whose = clauses((naming.role(contact.role), _("deputy") if contact.is_deputy else ""))
    reached = " ".join(part for part in (contact.name, contact.phone or contact.address) if part)
    return _("{who} ({post})").format(who=reached, post=whose)


def _print_papers(sight: Sight) -> None:
    rows = [
        (each["name"], each["type"], _size(each["bytes"]), each["who"], f"{sight.local(each['at']):%Y-%m-%d %H:%M}")
        for each in sight.papers
    ]
    if rows:
        table((_("paper"), _("type"), _("size"), _("who"), _("when")), rows, title=_("Papers"), keep=(2, 4))


def _size(n: int) -> str:
    return f"{n} B" if n < KIB else f"{n / KIB:.0f} KB" if n < KIB**2 else f"{n / KIB**2:.1f} MB"


def _when(sight: Sight, row: dict[str, Any]) -> str:
    return f"{sight.local(row['sent_at']):%Y-%m-%d %H:%M}" if row["sent_at"] else "–"


def _rung(landing: Landing) -> str:
    return f"{landing.rung.name} {landing.repeat}" if landing.repeat else landing.rung.name
