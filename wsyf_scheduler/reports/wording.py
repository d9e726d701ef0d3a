"""Reasons, days, posts and letters in the user's language: the words explanations are made of.

Imports core, i18n and the values of reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import assert_never

from wsyf_scheduler.core.calendar import YearStatus
from wsyf_scheduler.core.people import Post, Reader
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.reports.days import Day, DayKind, Rule, Way
from wsyf_scheduler.reports.ladder import RESTARTED, UNDECIDED
from wsyf_scheduler.reports.naming import letter, role

__all__ = [
    "basis",
    "day",
    "letter",
    "month_day",
    "outcome",
    "post",
    "reader",
    "reason",
    "role",
    "rung",
    "way",
    "weekday",
]


def reason(code: str) -> str:
    """Why a letter went, or none did: every reason of `core.decide`, and why a row was taken out of its message."""
    words = {
        "due": _("its slot had come"),
        "late": _("its slot had passed while the daemon or the window was shut, so it went late"),
        "same-slot": _("a later rung of the ladder has the same slot and speaks instead"),
        "newer-rung": _("a newer rung speaks instead"),
        "before-tracking": _("its slot lay before tracking began"),
        "before-restart": _("its slot lay before the extension, release or reopening the ladder counts from"),
        "held": _("the assignment is held"),
        "muted": _("the assignment is muted"),
        "submitted": _("it was handed in and waits for confirmation"),
        "done": _("it was closed by then"),
        "waived": _("it was waived by then"),
        "withdrawn": _("its task has left the plan"),
        "ahead": _("its slot has not come yet"),
        "window-shut": _("its slot has come, and the window is shut until the next working day or hour"),
        "decided": _("it was decided before"),
        "due-day-changed": _("its due day was moved"),
        "act": _("somebody acted"),
        "newer-act": _("a later act speaks instead"),
        "taken-back": _("the act was taken back before the letter left"),
        UNDECIDED: _("its slot has come, and no round has looked at it yet; see `wsyf status`"),
        RESTARTED: _("an extension, release or reopening had begun the ladder anew by then"),
    }
    return words.get(code, code)


def outcome(code: str) -> str:
    """What can have happened in one attempt to send."""
    words = {
        "sent": _("sent"),
        "retry": _("not sent, tried again"),
        "refused": _("refused for good"),
        "uncertain": _("maybe sent"),
        "auth": _("the login was refused"),
    }
    return words.get(code, code)


def post(found: Post, names: dict[str, str]) -> str:
    """A post; `names` are the departments' short names."""
    return f"{names.get(found.department, found.department)} {role(found.role)}".strip()


def reader(found: Reader) -> str:
    """Who reads, with the address."""
    return f"{found.name} <{found.address}>" if found.name else found.address


def basis(code: str) -> str:
    """Where a due day comes from."""
    words = {
        "document": _("the paper states it"),
        "period-end": _("end of the period; the paper states none"),
        "office": _("set by the office"),
    }
    return words.get(code, code)


def weekday(day: date) -> str:
    """The day of the week, short."""
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return names[day.weekday()]


def month_day(day: date) -> str:
    """A day without its year, with its weekday."""
    return f"{day:%m-%d} {weekday(day)}"


def rung(name: str, repeat: int) -> str:
    """A rung, with its number where it is repeated."""
    return f"{name} {repeat}" if repeat else name


def day(found: Day, holiday: str = "") -> str:
    """What kind of day it is, and when mail may leave; `holiday` is the one it belongs to, if any."""
    match found.kind:
        case DayKind.WORKING:
            words = _("working day")
        case DayKind.MAKE_UP:
            words = _("make-up working day ({holiday})") if holiday else _("make-up working day")
        case DayKind.WEEKEND:
            words = _("day off ({holiday})") if holiday else _("day off (weekend)")
        case DayKind.HOLIDAY:
            words = _("day off ({holiday})") if holiday else _("day off (public holiday)")
        case _ as never:
            assert_never(never)
    words = words.format(holiday=holiday)
    if found.opens_at is not None and found.shuts_at is not None:
        window = f"{found.opens_at:%H:%M}–{found.shuts_at:%H:%M}"
        words += _("; mail may leave {window}").format(window=window)
    else:
        words += _("; no ladder mail leaves")
    if found.status is YearStatus.PROVISIONAL:
        words += _("; provisional: no notice for {year} is known yet").format(year=found.on.year)
    return words


def way(found: Way, holiday: Callable[[date], str] = lambda _day: "") -> str:
    """How a rung came to its day, the days off it passed over named one by one, with why each is off.

    `holiday` names the one a day belongs to.
    """
    match found.rule:
        case Rule.START:
            words = _("the first slot from {base}, when the period had begun and the plan was tracked: {on}")
        case Rule.CALENDAR_DAYS:
            words = _calendar_days(found)
        case Rule.WORKING_DAYS:
            words = _working_days(found.n)
        case Rule.EVERY:
            words = _every(found.n)
        case _ as never:
            assert_never(never)
    words = words.format(n=abs(found.n), base=found.base, nominal=found.nominal_on, on=found.on)
    if found.skipped and found.rule is Rule.CALENDAR_DAYS:
        back = _(", a day off; rolled back over {days} to {on}")
        words += back.format(days=_days(found.skipped, holiday), on=found.on)
    elif found.skipped:
        words += _("; days off not counted: {days}").format(days=_days(found.skipped, holiday))
    if found.made_up:
        words += _("; make-up working days counted: {days}").format(days=_days(found.made_up, holiday))
    return words


def _calendar_days(found: Way) -> str:
    if found.n == 0:
        return _("the due day, {base}") if not found.skipped else _("the due day is {base}")
    if found.n < 0:
        return ngettext("{n} day before {base} is {nominal}", "{n} days before {base} is {nominal}", -found.n)
    return ngettext("{n} day after {base} is {nominal}", "{n} days after {base} is {nominal}", found.n)


def _working_days(n: int) -> str:
    if n < 0:
        return ngettext("{n} working day before {base} is {on}", "{n} working days before {base} is {on}", -n)
    return ngettext("{n} working day after {base} is {on}", "{n} working days after {base} is {on}", n)


def _every(n: int) -> str:
    return ngettext(
        "{n} working day after {base}, the day of the one before it, is {on}",
        "{n} working days after {base}, the day of the one before it, is {on}",
        n,
    )


def _days(found: Iterable[date], holiday: Callable[[date], str]) -> str:
    """Days with their weekday, or with the holiday that makes them days off."""
    return ", ".join(f"{each:%m-%d} {holiday(each) or weekday(each)}" for each in found)
