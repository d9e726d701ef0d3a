"""`wsyf log`: the event trail, oldest first: who did what, when, and why. Light reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, json_option, need, pass_office
from wsyf_scheduler.cli.output import clauses, listed, print_line, say, table
from wsyf_scheduler.cli.params import DAY, KEY
from wsyf_scheduler.cli.verifying import ExpectedType
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports import wording
from wsyf_scheduler.store.glance import Glance, instant, stored
from wsyf_scheduler.store.lookup import find

EVENTS = """
SELECT e.at, e.who, e.action, e.plan_id, e.message_id, e.from_state, e.to_state, e.why, e.detail, a.key, m.letter
FROM event e LEFT JOIN assignment a ON a.id = e.assignment_id LEFT JOIN message m ON m.id = e.message_id
WHERE {where} ORDER BY e.id DESC
"""
OF_ASSIGNMENT = """(
  e.assignment_id = :item
  OR e.message_id IN (SELECT message_id FROM notice WHERE assignment_id = :item AND message_id IS NOT NULL)
)"""
SINCE = "e.at >= :since"
EXPECT = ExpectedType()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event; `at` is in the plan's zone."""

    at: datetime
    who: str
    action: str
    plan: str | None
    key: str | None
    message: int | None
    letter: str | None
    from_state: str | None
    to_state: str | None
    why: str
    detail: dict[str, Any]

    def as_json(self) -> dict[str, object]:
        """One line of `wsyf log --json`."""
        return {
            "at": self.at.isoformat(),
            "who": self.who,
            "action": self.action,
            "plan": self.plan,
            "key": self.key,
            "message": self.message,
            "from": self.from_state,
            "to": self.to_state,
            "why": self.why or None,
            "detail": self.detail,
        }


@click.command(
    help=_("The event trail, oldest first: who did what, when, why. With KEY: of one assignment and its mail.")
)
@click.argument("key", type=KEY, required=False)
@click.option("--since", type=DAY, help=_("only from this day on"))
@click.option("--limit", type=click.IntRange(1, 1_000_000), help=_("the newest so many"))
@click.option("--verify", is_flag=True, help=_("is the trail what was once written? exit code 1 where it is not"))
@click.option("--expect", type=EXPECT, multiple=True, help=_("with --verify: a head noted earlier must be in it"))
@json_option
@pass_office
def log(
    office: Office,
    key: str | None,
    since: date | None,
    limit: int | None,
    verify: bool,  # noqa: FBT001
    expect: tuple[tuple[int, str], ...],
    as_json: bool,  # noqa: FBT001
) -> None:
    """Print the events, or whether they are what was once written."""
    if verify or expect:
        from wsyf_scheduler.cli.verifying import print_verified

        need(verify, _("--expect goes with --verify"))
        need(key is None and since is None and limit is None, _("--verify looks at the whole trail: give it alone"))
        print_verified(office, expect, as_json=as_json)
        return
    with office.glance() as opened:
        entries = read(opened, key, since, limit)
    if as_json:
        for entry in entries:
            print_line(entry.as_json())
    elif entries:
        print_entries(entries, of_one=key is not None)
    else:
        say(_("nothing is recorded"))


def read(opened: Glance, key: str | None, since: date | None, limit: int | None) -> list[Entry]:
    """The events asked for, oldest first; with a limit the newest of them."""
    zones = {plan_id: ZoneInfo(zone) for plan_id, zone in opened.zones().items()}
    first = next(iter(zones.values()), ZoneInfo(DEFAULT_ZONE))
    tests, values = [], dict[str, object]()
    if key is not None:
        tests.append(OF_ASSIGNMENT)
        values["item"] = find(opened, key).id
    if since is not None:
        tests.append(SINCE)
        values["since"] = stored(datetime.combine(since, time(0), first))
    sql = EVENTS.format(where=" AND ".join(tests) or "1 = 1")
    if limit is not None:
        sql += "LIMIT :limit"
        values["limit"] = limit
    return [_entry(row, zones.get(row["plan_id"], first)) for row in reversed(opened.rows(sql, values))]


def _entry(row: dict[str, Any], zone: ZoneInfo) -> Entry:
    return Entry(
        at=instant(row["at"]).astimezone(zone),
        who=row["who"],
        action=row["action"],
        plan=row["plan_id"],
        key=row["key"],
        message=row["message_id"],
        letter=row["letter"],
        from_state=row["from_state"],
        to_state=row["to_state"],
        why=row["why"],
        detail=json.loads(row["detail"]),
    )


def print_entries(entries: Sequence[Entry], *, of_one: bool) -> None:
    """The trail as people read it; of one assignment, without its key."""
    rows = [(f"{each.at:%Y-%m-%d %H:%M}", each.who, _about(each, of_one=of_one), _what(each)) for each in entries]
    table((_("when"), _("who"), _("about"), _("what, and why")), rows, keep=(0, 2))


def _about(entry: Entry, *, of_one: bool) -> str:
    if entry.message is not None:
        return _("mail {id}").format(id=entry.message)
    return "" if of_one else entry.key or entry.plan or ""


def _what(entry: Entry) -> str:
    """What was done and why."""
    words = phrase(entry.action)
    if entry.letter:
        words = _("{what} ({letter})").format(what=words, letter=wording.letter(entry.letter))
    why = _why(entry)
    return _("{what}: {found}").format(what=words, found=why) if why else words


def _why(entry: Entry) -> str:
    return reasons(code_words(entry.why), entry.detail)


def code_words(why: str) -> str:
    """A reason in words where the program itself gave it as a code; what a person gave stands as it is."""
    return _codes().get(why, why)


def _codes() -> dict[str, str]:
    """Reasons the program itself gives, in words."""
    return {
        "adopted": _("the move to this host was accepted"),
        "blast": _("too many letters at one moment"),
        "clock-back": _("the clock stood before the last round"),
        "clock-forward": _("the clock stood more than 14 days after the last round"),
        "host": _("the database was last run on another host"),
        "restored": _("the database is a backup"),
        "the clock is right again": _("the clock is right again"),
    }


def reasons(why: str, detail: dict[str, Any]) -> str:
    """The reason given, and what the event keeps beside it."""
    said = [why, detail.get("reason", "")]
    if "from" in detail and "to" in detail:
        said.append(f"{detail['from']} → {detail['to']}")
    if detail.get("approved_by"):
        said.append(_("approved by {post}").format(post=detail["approved_by"]))
    if "until" in detail:
        said.append(_("until {day}").format(day=detail["until"]))
    if "undone" in detail:
        said.append(phrase(detail["undone"]["action"]))
    if "papers" in detail:
        said.append(_("papers: {names}").format(names=listed(each["name"] for each in detail["papers"])))
    if "figures" in detail and "year" in detail:
        said.append(_("figures of {year}").format(year=detail["year"]))
        detail = {name: value for name, value in detail.items() if name != "year"}
    names = _numbers()
    counts = [f"{names.get(name, name)} {value}" for name, value in detail.items() if type(value) is int and value]
    return clauses((*said, listed(counts)))


def _numbers() -> dict[str, str]:
    """What the numbers of an event are called."""
    return {
        "added": _("added"),
        "again_of": _("repeats mail"),
        "changed": _("changed"),
        "deputy": _("deputy, person"),
        "ended": _("ended"),
        "entries": _("entries"),
        "events_lost": _("events lost"),
        "held": _("held"),
        "letters": _("letters"),
        "letters_lost": _("letters lost"),
        "messages": _("letters"),
        "moved": _("moved"),
        "off": _("days off"),
        "person": _("person"),
        "person_before": _("predecessor, person"),
        "reassigned": _("re-assigned"),
        "restored": _("restored"),
        "reworded": _("reworded"),
        "version": _("version"),
        "withdrawn": _("withdrawn"),
        "working": _("make-up days"),
        "year": _("year"),
        "years": _("years"),
    }


def phrase(action: str) -> str:
    """What was done, in plain words; an action this version does not know stands as it is."""
    words = {
        "address_trusted": _("refused address used again"),
        "audit_done": _("letters audited"),
        "backup_failed": _("nightly backup failed"),
        "backup_made": _("nightly backup made"),
        "calendar_imported": _("notice of holidays imported"),
        "bytes_forgotten": _("bytes of old letters let go"),
        "database_restored": _("database restored from a backup"),
        "hook_given_up": _("alert command given up"),
        "figures_confirmed": _("figures confirmed as final"),
        "figures_handed_in": _("figures handed in"),
        "host_adopted": _("accepted on this host"),
        "message_cancelled": _("mail cancelled, nothing left to say"),
        "message_discarded": _("mail given up"),
        "message_held": _("mail held back"),
        "message_released": _("mail let go"),
        "message_repeated": _("mail sent once more"),
        "message_rescued": _("mail taken up again after a crash"),
        "message_retried": _("mail tried again by hand"),
        "message_retry": _("mail not sent yet"),
        "message_sent": _("mail sent"),
        "message_superseded": _("mail superseded by newer rungs"),
        "message_uncertain": _("mail maybe sent"),
        "people_away": _("deputy put in while somebody is away"),
        "people_back": _("back again, deputy no longer reads"),
        "people_imported": _("people imported"),
        "person_erased": _("a person's contact details erased"),
        "plan_synced": _("plan synced"),
        "post_handed_over": _("post handed over"),
        "queue_held": _("the whole queue held"),
        "queue_released": _("the whole queue let go"),
        "queue_written_off": _("the held queue written off"),
        "regime_changed": _("ladder, hours or calendar changed"),
    }
    return words.get(action) or _on_assignments().get(action, action)


def _on_assignments() -> dict[str, str]:
    """What people, and syncs, do to assignments."""
    return {
        "act_undone": _("an act taken back"),
        "assignment_done": _("closed"),
        "assignment_extended": _("due day extended"),
        "assignment_held": _("tracked, and held"),
        "assignment_muted": _("muted"),
        "assignment_noted": _("note added"),
        "assignment_reassigned": _("given to another department by the plan"),
        "assignment_released": _("released"),
        "assignment_reminded": _("reminder asked for"),
        "assignment_reopened": _("opened again"),
        "assignment_restored": _("back in the plan"),
        "assignment_returned": _("returned"),
        "assignment_reworded": _("wording changed by the plan"),
        "assignment_submitted": _("handed in"),
        "assignment_tracked": _("tracked"),
        "assignment_waived": _("waived"),
        "assignment_withdrawn": _("withdrawn from the plan"),
        "due_day_changed": _("due day changed by the plan"),
        "follow_up_added": _("follow-up added"),
    }
