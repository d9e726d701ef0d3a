"""Finding one assignment by what a person typed: a key, a unique prefix of one, or an id (CLI.md). Light.

The choice is here once; `finding` asks through a session, the light commands through a glance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.errors import NotFound, Usage, nearest
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store.glance import Glance

SHOWN = 8
LONGEST_ID = 18  # digits of the largest integer a database keeps


def find(opened: Glance, text: str) -> Assignment:
    """The assignment meant, by a light read; see `choose`."""

    def by_prefix(prefix: str) -> list[Assignment]:
        exact = opened.assignments("key = :key", {"key": prefix})
        if exact:
            return exact
        return opened.assignments("key >= :key AND key < :end", {"key": prefix, "end": prefix + "\U0010ffff"})

    def keys() -> list[str]:
        return [item.key for item in opened.assignments()]

    if is_id(text):
        return one_by_id(opened.assignments("id = :id", {"id": int(text)}), text)
    return choose(text, by_prefix, keys)


def is_id(text: str) -> bool:
    """Digits alone are an id."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID


def one_by_id(found: Sequence[Assignment], text: str) -> Assignment:
    """The assignment of an id; NotFound where there is none."""
    if not found:
        raise NotFound(_("there is no assignment with the id {id}; `wsyf list` shows them").format(id=text))
    return found[0]


def choose(
    text: str, by_prefix: Callable[[str], Sequence[Assignment]], keys: Callable[[], Sequence[str]]
) -> Assignment:
    """The one assignment a key or prefix means; NotFound names the nearest keys, Usage those it could mean.

    `PLAN:KEY` tells plans apart.
    """
    plan_id, _colon, key = text.rpartition(":")
    found = [item for item in by_prefix(key) if not plan_id or item.plan_id == plan_id]
    if not found:
        raise NotFound(_unknown(text, nearest(key, keys())))
    if len(found) > 1:
        raise Usage(_ambiguous(text, found))
    return found[0]


def _unknown(text: str, close: Sequence[str]) -> str:
    message = _("there is no assignment {key}").format(key=text)
    return message + (_("; did you mean {keys}?").format(keys=", ".join(close)) if close else "")


def _ambiguous(text: str, found: Sequence[Assignment]) -> str:
    several_plans = len({item.plan_id for item in found}) > 1
    names = [f"{item.plan_id}:{item.key}" if several_plans else item.key for item in found]
    more = "" if len(names) <= SHOWN else _(" and {n} more").format(n=len(names) - SHOWN)
    message = _("{key} could mean {keys}{more}; type more of it")
    if all(item.key == found[0].key for item in found):
        message = _("{key} stands in several plans: write {keys}{more}, or the id")
    return message.format(key=text or '""', keys=", ".join(names[:SHOWN]), more=more)
