"""What `wsyf people hand-over` did to the post: who holds it now, whose place that is, and what it took back."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from wsyf_scheduler.cli.output import say
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from wsyf_scheduler.acts.hand_over import HandedOver


def tell(done: HandedOver, day: date, post: str, zone: ZoneInfo) -> None:
    """Print whom the post went to, and what became of whoever was entered before."""
    new, old = done.after, done.before
    if old is None:
        say(_("{post} was vacant: {name} holds it from {day}").format(post=post, name=new.name, day=day))
    elif old.since is not None and old.since >= day:
        words = _("{post}: {name} holds it from {day}; {before}, who was to hold it from {since}, never does")
        name = old.name or old.email
        say(words.format(post=post, name=new.name, day=day, before=name, since=old.since))
    else:
        words = _("{post}: {name} holds it from {day}; {before} until the day before")
        say(words.format(post=post, name=new.name, day=day, before=old.name or old.email))
    if done.undone is not None and old is not None:
        words = _("{who} handed it over to {before} on {at}; this takes that back. Tell each other who it is to be")
        at = f"{done.undone.at.astimezone(zone):%Y-%m-%d %H:%M}"
        say(words.format(who=done.undone.who, before=old.name or old.email, at=at), fg="yellow")
    if new.until is not None:
        words = _("{name} holds it until {until}: from the next day on somebody else is entered already")
        say(words.format(name=new.name, until=new.until), fg="yellow")
    if len(done.letters) > 1:
        say(_("one hand-over letter for each plan that has the post:"))
