"""Notices into messages: one department, one moment, one letter kind is one message (RULES.md §4). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.decide import Decision, Verdict
from wsyf_scheduler.core.ladder import Start


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One decision as it is recorded: one assignment, one rung, one receiver (a department, or a leader's role).

    `department` receives (empty for leaders); `audience` is `department`, `director` or `chief`; `to` and `cc` are
    the roles the rung names, resolved to addresses when the message is sent.
    """

    assignment_id: int
    key: str
    lead: str
    due_on: date
    letter: str
    rung: str
    repeat: int
    counted_from: date
    slot_at: datetime
    receiver: str
    department: str
    audience: str
    role: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    verdict: Verdict
    reason: str


class Group(NamedTuple):
    """What makes one message at one moment of one plan."""

    department: str
    letter: str
    audience: str


def notices_of(item: Assignment, decision: Decision) -> list[Notice]:
    """The notice for the department and, where the rung briefs leaders and speaks, one for each of them."""
    speaks_of_lead = decision.verdict is Verdict.NOTIFY and decision.receiver == item.department
    briefed = decision.landing.rung.briefing if speaks_of_lead else ()
    return [_notice(item, decision, None), *(_notice(item, decision, leader) for leader in briefed)]


def _notice(item: Assignment, decision: Decision, leader: str | None) -> Notice:
    landing = decision.landing
    supporting = isinstance(landing.rung.when, Start) and decision.receiver != item.department
    return Notice(
        assignment_id=item.id,
        key=item.key,
        lead=item.department,
        due_on=item.due_on,
        letter="briefing" if leader else landing.rung.letter,
        rung=landing.rung.name,
        repeat=landing.repeat,
        counted_from=landing.counted_from,
        slot_at=landing.slot_at,
        receiver=leader or decision.receiver,
        department="" if leader else decision.receiver,
        audience=leader or "department",
        role="support" if supporting else "lead",
        to=(leader,) if leader else ("liaison",) if supporting else landing.rung.to,
        cc=() if leader or supporting else landing.rung.cc,
        verdict=decision.verdict,
        reason=decision.reason.value,
    )


def grouped(notices: Iterable[Notice]) -> dict[Group, list[Notice]]:
    """Messages by group, in the order they are listed and sent; only notices that speak."""
    messages: dict[Group, list[Notice]] = {}
    for notice in notices:
        if notice.verdict is Verdict.NOTIFY:
            messages.setdefault(Group(notice.department, notice.letter, notice.audience), []).append(notice)
    return {group: messages[group] for group in sorted(messages)}


def row_order(*, audience: str, role: str, department: str, due_on: date, key: str) -> tuple[str, bool, date, str]:
    """The sort key of a message's rows: led then supported, each by due date then key; a leader's by department."""
    return ("" if audience == "department" else department, role == "support", due_on, key)
