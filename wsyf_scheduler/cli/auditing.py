"""`wsyf audit`: the ladder replayed from plan, events, posts and calendar, held against what was sent."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, json_option, pass_office
from wsyf_scheduler.cli.output import clauses, listed, message_state, print_json, say, state_name, table
from wsyf_scheduler.cli.params import DAY
from wsyf_scheduler.errors import Usage
from wsyf_scheduler.i18n import _, ngettext

if TYPE_CHECKING:
    from wsyf_scheduler.audit.examine import Audited
    from wsyf_scheduler.audit.finding import Finding


@click.command(
    help=_(
        "Hold what was sent against what was owed, from plan, events, posts and calendar as they stood each day."
        " Exit code 1 where a letter should have gone and did not, or went and should not have."
    )
)
@click.option("--since", type=DAY, help=_("only what concerns this day or a later one"))
@json_option
@pass_office
def audit(office: Office, since: date | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Audit the whole history; exit 1 where anything is found."""
    from wsyf_scheduler.audit.examine import whole

    app = office.app()
    with app.db.read() as session:
        zones = {plan_id: tracked.table.hours.zone for plan_id, tracked in app.plans(session).items()}
        names = {key: short for tracked in app.plans(session).values() for key, short in tracked.shorts.items()}
        done = whole(session, app.config, app.clock.now(), office.plan)
    zone = next(iter(zones.values()), ZoneInfo(DEFAULT_ZONE))
    assert isinstance(zone, ZoneInfo)
    if since is not None and since > app.clock.now().astimezone(zone).date():
        raise Usage(_("{day} has not come yet: nothing can be audited").format(day=since))
    found = [each for each in done.findings if since is None or each.on >= since]
    if as_json:
        print_json(_shape(done, found, since, zone))
    else:
        _print(found, _examined(done, since, zone, office.plan), zone, names)
    sys.exit(1 if found else 0)


def _shape(done: Audited, found: Sequence[Finding], since: date | None, zone: ZoneInfo) -> dict[str, object]:
    first_at = done.first_at
    return {
        "from": since.isoformat() if since else first_at.astimezone(zone).isoformat() if first_at else None,
        "until": done.until_at.astimezone(zone).isoformat(),
        "assignments": done.assignments,
        "letters": done.letters,
        "findings": [each.as_json() for each in found],
    }


def _print(found: Sequence[Finding], examined: str, zone: ZoneInfo, names: dict[str, str]) -> None:
    if found:
        rows = [(str(each.on), each.key or _mail(each), _letter(each, names), words(each, zone)) for each in found]
        table((_("day"), _("about"), _("letter"), _("what is wrong")), rows, keep=(0, 1))
        click.echo()
    said = {"examined": examined, "verdict": _verdict(found)}
    say(_("{examined}: {verdict}").format(**said), fg="red" if found else None)


def _examined(done: Audited, since: date | None, zone: ZoneInfo, plan_id: str | None) -> str:
    """What was examined: 75 assignments, 1,282 letters, 2022-05-19 to 2026-01-01; before it the plan, if but one."""
    first = since or (done.first_at or done.until_at).astimezone(zone).date()
    counts = (
        ngettext("{n} assignment", "{n} assignments", done.assignments).format(n=f"{done.assignments:,}"),
        ngettext("{n} letter", "{n} letters", done.letters).format(n=f"{done.letters:,}"),
        _("{first} to {last}").format(first=first, last=done.until_at.astimezone(zone).date()),
    )
    return listed(counts if plan_id is None else (plan_id, *counts))


def _verdict(found: Sequence[Finding]) -> str:
    if not found:
        return _("nothing missing, nothing too many")
    return ngettext("{n} fault", "{n} faults", len(found)).format(n=f"{len(found):,}")


def _mail(finding: Finding) -> str:
    return _("mail {id}").format(id=finding.message_id)


def _letter(finding: Finding, names: dict[str, str]) -> str:
    """`chaser (chase-1w), 应急`; empty where it is about no letter."""
    from wsyf_scheduler.reports import wording

    if not finding.letter:
        return ""
    rung = " " + _("({role})").format(role=wording.rung(finding.rung, finding.repeat)) if finding.rung else ""
    receiver = names.get(finding.receiver) or wording.role(finding.receiver)
    return _("{letter}{rung}, {receiver}").format(letter=wording.letter(finding.letter), rung=rung, receiver=receiver)


def words(finding: Finding, zone: ZoneInfo) -> str:
    """What is wrong, in plain words: what should have been, and what is."""
    phrases = {
        "missing": _("owed, and never decided"),
        "late": _("decided later than the engine could have"),
        "not-owed": _("decided, though the rules give no such letter"),
        "otherwise": _("decided otherwise than the rules say"),
        "dropped": _("taken out of its mail for a reason that did not hold"),
        "no-mail": _("decided, and its mail is gone"),
        "unsent": _("its mail still waits"),
        "written-off": _("its mail was given up"),
        "early": _("its mail left before its slot"),
        "outside-window": _("its mail left while the window was shut"),
        "silent": _("its mail left though nothing was owed any more"),
        "wrong-address": _("its mail went to others than held the posts that day"),
        "unproven": _("its mail counts as sent, and no attempt says so"),
        "no-row": _("sent, and about no assignment"),
        "changed": _("the assignment is not as its events tell"),
        "no-trail": _("the assignment has no event"),
        "not-tracked": _("not tracked as the plan's files ask"),
    }
    return clauses((phrases[finding.kind.value], *_details(finding, zone)))


def _details(finding: Finding, zone: ZoneInfo) -> list[str]:
    """What should have been and what is, part by part, as far as they differ."""
    owed, found = finding.expected, finding.found
    hidden = ("slot_at",) if finding.kind.value == "late" else ("slot_at", "by")
    names = [
        name for name in dict.fromkeys((*owed, *found)) if name not in hidden and owed.get(name) != found.get(name)
    ]
    said = []
    for name in names:
        words = _("{what}: {found} (owed: {owed})") if owed and found else _("{what}: {found}")
        stands = found.get(name) if found else owed.get(name)
        if stands or owed.get(name):
            parts = {"found": _value(name, stands, zone), "owed": _value(name, owed.get(name), zone)}
            said.append(words.format(what=_label(name), **parts))
    return said


def _label(name: str) -> str:
    """What a part is called; fields of an assignment by their own names."""
    labels = {
        "verdict": _("decision"),
        "reason": _("why"),
        "why": _("why"),
        "dropped": _("why"),
        "to": _("to"),
        "cc": _("cc"),
        "by": _("decided"),
        "sent_at": _("sent"),
        "state": _("state"),
        "held_for": _("held by the guard"),
        "trouble": _("trouble"),
        "who": _("by whom"),
        "due_on": _("due"),
    }
    return labels.get(name, name)


def _value(name: str, value: object, zone: ZoneInfo) -> str:
    """A part in words: roles, reasons and states by their names, instants in the plan's zone."""
    from wsyf_scheduler.reports import wording

    if isinstance(value, list):
        return listed(wording.role(str(each)) for each in value) or "–"
    if not value:
        return "–"
    text = str(value)
    if name in ("by", "sent_at"):
        return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M}"
    if name in ("reason", "dropped"):
        return wording.reason(text)
    if name == "state":
        return state_name(text) if state_name(text) != text else message_state(text)
    verdicts = {"notify": _("a letter"), "skipped": _("silence"), "superseded": _("gives way to another")}
    return verdicts.get(text, text) if name == "verdict" else text
