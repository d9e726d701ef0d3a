"""What letters and posts are called in the user's language; light, for the desk. Imports i18n."""

from __future__ import annotations

from wsyf_scheduler.i18n import _


def letter(kind: str) -> str:
    """The name of a kind of letter."""
    names = {
        "start": _("start"),
        "reminder": _("reminder"),
        "chaser": _("chaser"),
        "escalation": _("escalation"),
        "briefing": _("briefing"),
        "receipt": _("receipt"),
        "change": _("change"),
        "hand-over": _("hand-over"),
        "digest": _("digest"),
        "alert": _("alert"),
        "test": _("test"),
    }
    return names.get(kind, kind)


def role(name: str) -> str:
    """The name of a role."""
    names = {
        "liaison": _("liaison"),
        "convener": _("convener"),
        "director": _("director"),
        "chief": _("chief"),
        "coordinator": _("coordinator"),
    }
    return names.get(name, name)
