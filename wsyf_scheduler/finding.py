"""Finding an assignment by what a person typed: a key, a unique prefix of one, or an id (CLI.md)."""

from __future__ import annotations

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.errors import NotFound, Usage, nearest
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import assignments
from wsyf_scheduler.store.db import Session

SHOWN = 8


def find(session: Session, text: str) -> Assignment:
    """The assignment meant; NotFound names the nearest keys, Usage the keys a prefix could mean."""
    if text.isascii() and text.isdigit():
        item = assignments.by_id(session, int(text)) if len(text) < 19 else None
        if item is None:
            raise NotFound(_("there is no assignment with the id {id}; `wsyf list` shows them").format(id=text))
        return item
    plan_id, _colon, key = text.rpartition(":")
    found = [item for item in assignments.by_prefix(session, key) if not plan_id or item.plan_id == plan_id]
    if not found:
        raise NotFound(_unknown(text, nearest(key, assignments.keys(session))))
    if len(found) > 1:
        raise Usage(_ambiguous(text, found))
    return found[0]


def _unknown(text: str, close: list[str]) -> str:
    message = _("there is no assignment {key}").format(key=text)
    return message + (_("; did you mean {keys}?").format(keys=", ".join(close)) if close else "")


def _ambiguous(text: str, found: list[Assignment]) -> str:
    several_plans = len({item.plan_id for item in found}) > 1
    names = [f"{item.plan_id}:{item.key}" if several_plans else item.key for item in found]
    more = "" if len(names) <= SHOWN else _(" and {n} more").format(n=len(names) - SHOWN)
    return _("{key} could mean {keys}{more}; type more of it").format(key=text, keys=", ".join(names[:SHOWN]), more=more)
