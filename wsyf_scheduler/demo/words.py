"""Letter kinds and posts in the user's language, as the demo prints them. Imports core and i18n."""

from __future__ import annotations

from collections.abc import Mapping

from wsyf_scheduler.core.people import Post
from wsyf_scheduler.i18n import _, ngettext


def letters() -> dict[str, str]:
    """Every kind of letter in words, in the order tables have them."""
    return {
        "start": _("task notice"),
        "reminder": _("reminder"),
        "chaser": _("chaser"),
        "escalation": _("escalation"),
        "briefing": _("briefing"),
        "receipt": _("receipt"),
        "change": _("notice of change"),
        "hand-over": _("hand-over"),
        "digest": _("weekly digest"),
        "alert": _("alert"),
        "test": _("test"),
    }


def firsts() -> dict[tuple[str, str], str]:
    """What is worth a line when it first happens in a year, by letter and audience."""
    return {
        ("start", "department"): _("first task notice"),
        ("reminder", "department"): _("first reminder"),
        ("chaser", "department"): _("first chaser"),
        ("escalation", "department"): _("first escalation"),
        ("briefing", "director"): _("director briefed"),
        ("briefing", "chief"): _("chief briefed"),
    }


def acts() -> dict[str, str]:
    """What people and the year bring, in a word or two."""
    return {
        "late": _("done late"),
        "extended": _("extended"),
        "reopened": _("reopened"),
        "waived": _("waived"),
        "alert": _("alert"),
        "trouble": _("not sent"),
        "year": _("the year's count"),
    }


def post(held: Post, departments: Mapping[str, str]) -> str:
    """A post, with the short name of its department."""
    names = {
        "liaison": _("{department} liaison"),
        "convener": _("{department} convener"),
        "director": _("director"),
        "chief": _("chief"),
        "coordinator": _("coordinator"),
    }
    name = names.get(held.role, held.role)
    return name.format(department=departments.get(held.department, held.department))


def days_left(n: int) -> str:
    """How far off a due day is, or how long past."""
    if n == 0:
        return _("due today")
    if n > 0:
        return ngettext("{n} day left", "{n} days left", n).format(n=n)
    return ngettext("{n} day overdue", "{n} days overdue", -n).format(n=-n)
