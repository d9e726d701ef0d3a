"""What became of a step of the ladder or of a message, in words; days and instants. For `wsyf explain`."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from wsyf_scheduler.cli.output import message_state, weekday
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports import wording
from wsyf_scheduler.reports.ladder import Step
from wsyf_scheduler.reports.recorded import Sending


def fate(step: Step, zone: ZoneInfo) -> str:
    """What became of a step, and why."""
    if step.dropped is not None and step.message is not None:
        taken = _("taken out of mail {id} before it went: {why}")
        return taken.format(id=step.message.id, why=wording.reason(step.dropped))
    if step.message is not None and step.speaks:
        late = "" if step.reason == "due" else f"; {wording.reason(step.reason)}"
        return message_words(step.message, zone) + late
    if step.ahead and step.speaks:
        return _("ahead") if step.reason == "ahead" else wording.reason(step.reason)
    words = _("none will go: {why}") if step.ahead else _("none: {why}")
    return words.format(why=wording.reason(step.dropped or step.reason))


def message_words(found: Sending, zone: ZoneInfo) -> str:
    """When a message was sent and whom the server refused, or how it stands."""
    if found.sent_at is not None:
        words = _("sent {when}, mail {id}").format(when=when(found.sent_at, zone), id=found.id)
        refused = [
            _("; the server refused {address} ({code} {text})").format(**each._asdict()) for each in found.refused
        ]
        return words + "".join(refused)
    words = f"{message_state(found.state)}, " + _("mail {id}").format(id=found.id)
    return f"{words} ({found.trouble})" if found.trouble else words


def day_words(day: date) -> str:
    """A day with its weekday."""
    return f"{day}, {weekday(day)}"


def when(at: datetime, zone: ZoneInfo) -> str:
    """An instant in the plan's zone, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
