"""Small offices that have lived, what the auditor says of them, and hands that change the database behind its back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.cast import Office, at, day, make_office, make_plan, period, task
from wsyf_scheduler.audit.examine import Audited, whole
from wsyf_scheduler.audit.finding import Finding

KEY = "2023/1/emergency"
BOTH = period(task(due=day("2023-02-28")), task(2, lead=["housing"], support=["union"], due=day("2023-06-30")))


def lived_office(until: str = "2023-05-30 12:00", **settings: Any) -> Office:
    """Two assignments tracked since 2022-12-01, nobody does anything, the daemon never pauses."""
    office = make_office("2022-12-01 08:00", texts=make_plan(periods={"2023": BOTH}), **settings)
    office.live(until)
    office.tick()
    return office


def audit(office: Office, now: str | None = None) -> Audited:
    """The whole history, up to the office's clock."""
    when = office.now if now is None else at(now)
    with office.db.read() as session:
        return whole(session, office.app.config, when)


def said(findings: Sequence[Finding]) -> list[str]:
    """Each finding in a line: kind, day, key, rung, receiver."""
    return [
        f"{each.kind.value} {each.on:%m-%d} {each.key} {each.rung}{each.repeat or ''} {each.receiver}".strip()
        for each in findings
    ]


def faults(office: Office, now: str | None = None) -> list[str]:
    return said(audit(office, now).findings)


def sql(office: Office, statement: str, *values: object) -> int:
    """Change the database behind the program's back; returns how many rows were changed."""
    with office.db.begin() as session:
        session.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        return session.exec_driver_sql(statement, values).rowcount


def each_minute(office: Office, until: str, act: Callable[[], object] = lambda: None) -> None:
    """A round every minute, as the daemon does."""
    end: datetime = at(until)
    while office.now < end:
        act()
        office.tick()
        office.go(office.now + timedelta(minutes=1))
