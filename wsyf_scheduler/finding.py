"""Finding an assignment by what a person typed, inside a transaction (CLI.md). Imports store."""

from __future__ import annotations

from functools import partial

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.store import assignments, lookup
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.lookup import Origin

__all__ = ["Origin", "find", "find_origin"]


def find(session: Session, text: str) -> Assignment:
    """The assignment meant: a key, a unique prefix of one, or an id; see store.lookup.choose for the errors."""
    if lookup.is_id(text):
        return lookup.one_by_id(list(assignments.by_ids(session, [int(text)]).values()), text)
    return lookup.choose(
        text, lambda prefix: assignments.by_prefix(session, prefix), partial(assignments.keys, session)
    )


def find_origin(session: Session, text: str, plan_id: str | None = None) -> Origin:
    """What a follow-up comes from: an assignment, or a task of several; of this plan, unless the text names another.

    Forbidden for the id of an assignment of another plan.
    """
    if lookup.is_id(text):
        return Origin.of(lookup.of_plan(find(session, text), plan_id))
    return lookup.choose_origin(
        text, plan_id, lambda prefix: assignments.by_prefix(session, prefix), partial(assignments.keys, session)
    )
