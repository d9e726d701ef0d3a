"""Noting something about an assignment (`wsyf note`): it stands in the trail, and changes nothing else."""

from __future__ import annotations

from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.errors import Usage
from wsyf_scheduler.finding import find
from wsyf_scheduler.i18n import _


def act(app: App, now: datetime, *, key: str, text: str, who: str) -> Assignment:
    """Keep a note, whatever the state; returns the assignment. Usage where there is nothing to keep."""
    if not text.strip():
        raise Usage(_("there is nothing to note: write it after the key"))
    with app.db.begin() as session:
        return apply(app, session, now, find(session, key), action="assignment_noted", who=who, why=text)
