"""What a person meant by a word of a few: departments by any of their names, periods; a mistyped one is told which.

Imports errors and i18n.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from wsyf_scheduler.errors import Usage, nearest
from wsyf_scheduler.i18n import _


def department(text: str, called: Mapping[str, str]) -> str:
    """The id of a department called so (store.glance.Glance.called); Usage names the nearest, or all there are."""
    known(text, called, dict.fromkeys(called.values()), _("there is no department {name}"))
    return called.get(text, text)


def period(text: str, periods: Collection[str]) -> str:
    """The period; Usage names the nearest, or all there are."""
    known(text, periods, periods, _("there is no period {name}"))
    return text


def known(text: str, words: Collection[str], shown: Collection[str], message: str) -> None:
    """Usage unless it is one of the words; where none is near, the message names those of `shown`."""
    if words and text not in words:
        close = nearest(text, sorted(words), most=3) or sorted(shown)
        raise Usage(message.format(name=text) + _("; did you mean {names}?").format(names=", ".join(close)))
