"""What `wsyf people import` did, a line for each entry: who is entered, changed and ended, what no longer stands."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.output import clauses, say
from wsyf_scheduler.cli.staffing import post_words
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from wsyf_scheduler.acts.staff import Change, Staffed
    from wsyf_scheduler.store.people import Passed

FACTS = ("name", "email", "phone", "since", "until")


def tell(done: Staffed, names: dict[str, str], zone: ZoneInfo) -> None:
    """Print the sum, then each entry that changed; of a first import, where nobody was known, the sum alone."""
    words = _("{added} added, {changed} changed, {ended} ended, {unchanged} as before")
    click.echo(words.format(added=done.added, changed=done.changed, ended=done.ended, unchanged=done.unchanged))
    if done.changed or done.ended or done.unchanged:
        for each in done.changes:
            say("  " + _line(each, names), hang=2, fg="yellow" if each.ended or _is_absence_lost(each) else None)
    for passed in done.reversed:
        say(_undone(passed, names, zone), fg="yellow")


def _line(change: Change, names: dict[str, str]) -> str:
    old, new = change.before, change.after
    if new is None:
        assert old is not None  # a change has one or the other
        words = _("taken out: {post}, {who}, who was to begin on {day}")
        return words.format(post=post_words(old, names), who=_who(old), day=old.since)
    if old is None:
        words = _("entered: {post}, {who}")
        return words.format(post=post_words(new, names), who=_who(new)) + _days(new)
    if change.ended:
        words = _("ended: {post}, {who}, at the end of {day}")
        return words.format(post=post_words(old, names), who=_who(old), day=new.until)
    words = _("changed: {post}, {who}: {what}")
    return words.format(post=post_words(old, names), who=_who(old), what=clauses(_differences(old, new)))


def _who(holder: Holder) -> str:
    return f"{holder.name} {holder.email}".strip()


def _days(holder: Holder) -> str:
    from wsyf_scheduler.cli.people import term

    found = clauses([term(holder), _absence(holder)])
    return f" ({found})" if found else ""


def _differences(old: Holder, new: Holder) -> list[str]:
    labels = {
        "name": _("name"),
        "email": _("address"),
        "phone": _("telephone"),
        "since": _("first day"),
        "until": _("last day"),
    }
    facts = [(labels[name], str(getattr(old, name) or ""), str(getattr(new, name) or "")) for name in FACTS]
    facts.append((_("absence"), _absence(old), _absence(new)))
    words = _("{fact} {old} → {new}")
    return [
        words.format(fact=fact, old=before or _("none"), new=after or _("none"))
        for fact, before, after in facts
        if before != after
    ]


def _absence(holder: Holder) -> str:
    """Days away and the deputy; empty where there are none."""
    if not (holder.deputy or holder.away_since or holder.away_until):
        return ""
    words = _("{since} to {until} with {deputy}")
    since, until = holder.away_since or "…", holder.away_until or "…"
    return words.format(since=since, until=until, deputy=holder.deputy or _("nobody"))


def _is_absence_lost(change: Change) -> bool:
    old, new = change.before, change.after
    return old is not None and new is not None and bool(old.deputy) and _absence(old) != _absence(new)


def _undone(passed: Passed, names: dict[str, str], zone: ZoneInfo) -> str:
    """A hand-over entered by command that the file takes back: an old file, most likely."""
    words = _(
        "{post} was handed over from {day} on (`wsyf people hand-over`, {who}, {at}); the file takes that back."
        " An old file? Then hand over again"
    )
    holder = Holder(role=passed.post.role, department=passed.post.department, name="", email="")
    at = passed.at.astimezone(zone).date()
    return words.format(post=post_words(holder, names), day=passed.on, who=passed.who, at=at)
