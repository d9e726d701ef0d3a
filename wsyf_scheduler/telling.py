"""Telling people of an act: a receipt or a change, joined to the one that still waits for the same department.

What is queued here waits `receipt_delay`, so that the act can be taken back (RULES.md §2, §4). Imports app and store.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from wsyf_scheduler.alerts import Alert
from wsyf_scheduler.app import App
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.ladder import LEADERS, Timetable
from wsyf_scheduler.store import notices, outbox
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.notices import Earlier

LADDER_FIRST = timedelta(minutes=1)  # after a window opens: what the ladder says then takes in what was asked for


def tell(app: App, session: Session, now: datetime, item: Assignment, letter: str, **detail: str) -> None:
    """Queue a row of a receipt or change about an assignment for its liaison, and whoever was told last."""
    message_id = outbox.waiting_like(session, plan_id=item.plan_id, letter=letter, department=item.department)
    if message_id is None:
        message_id = outbox.queue(
            session,
            plan_id=item.plan_id,
            letter=letter,
            department=item.department,
            audience="department",
            in_window=False,
            now=now,
            not_before=now + app.receipt_delay,
        )
    assert message_id is not None  # no dedup key was given
    replaced = notices.replace_rows(session, message_id, item.id)
    notices.add_row(
        session,
        message_id=message_id,
        assignment_id=item.id,
        letter=letter,
        due_on=item.due_on,
        receiver=item.department,
        to=("liaison",),
        cc=told_last(notices.earlier(session, [item.id])[item.id]),
        detail={**detail, **_last_told(replaced, item, detail)},
        now=now,
    )


def _last_told(replaced: Iterable[dict[str, str]], item: Assignment, detail: dict[str, str]) -> dict[str, str]:
    """Of several new due days in one delay the letter names the last that was told, not one nobody heard of."""
    told = next((each["old_due_on"] for each in replaced if "old_due_on" in each), None)
    if told is None or told == item.due_on.isoformat() or "old_due_on" not in detail:
        return {}
    return {"old_due_on": told}


def asked_for_at(table: Timetable, now: datetime) -> datetime:
    """When a reminder that somebody asks for leaves: now, or once the window has opened and the ladder has spoken."""
    opens_at = table.hours.next_open(now, table.calendar)
    return now if opens_at == now else opens_at + LADDER_FIRST


def told_last(earlier: list[Earlier]) -> tuple[str, ...]:
    """The roles the last escalation and the last briefing reached."""
    escalations = [each for each in earlier if each.letter == "escalation"]
    briefings = [each for each in earlier if each.letter == "briefing"]
    roles = escalations[-1].to_roles.split(",") if escalations else []
    if briefings:
        last_at = briefings[-1].slot_at
        roles += [role for role in LEADERS if any(b.receiver == role and b.slot_at == last_at for b in briefings)]
    return tuple(dict.fromkeys(roles))


def alert(session: Session, plan_id: str, now: datetime, what: Alert) -> None:
    """Queue an alert to the coordinator, once for its key; it is exempt from the window."""
    outbox.queue(
        session,
        plan_id=plan_id,
        letter="alert",
        department="",
        audience="coordinator",
        in_window=False,
        now=now,
        not_before=now,
        payload={"headline": what.headline, "lines": list(what.lines)},
        dedup=what.dedup,
    )
