"""Whether a row of a letter still stands when the letter is sent, or is taken out of it. Imports core and store."""

from __future__ import annotations

from datetime import date

from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.decide import silence
from wsyf_scheduler.core.message import MessageRow
from wsyf_scheduler.store.acted import BY_HAND

AFTER_ACT = {  # the states in which a receipt or change still says how things stand
    "done": (State.DONE,),
    "returned": (State.OPEN, State.SUBMITTED),
    "waived": (State.WAIVED,),
    "withdrawn": (State.WITHDRAWN,),
    "reassigned": (State.WITHDRAWN,),
    "reopened": (State.OPEN, State.SUBMITTED),
}


def stale(letter: str, item: Assignment, row: MessageRow, today: date) -> str | None:
    """Why a row is taken out of its letter before it is sent, or None while it still stands."""
    if row.rung is None and BY_HAND not in row.detail:
        told = AFTER_ACT.get(row.detail.get("happened", ""))
        return None if told is None or item.state in told else "taken-back"
    reason = silence(item, today)
    if reason is not None:
        return reason.value
    if letter == "start":  # told once, whatever becomes of the due day
        return None
    if row.due_on != item.due_on:
        return "due-day-changed"
    restarted = item.ladder_from != item.tracked_from
    if restarted and row.slot_at is not None and row.slot_at < item.ladder_from:
        return "before-restart"
    return None
