"""What the coordinator or a monitor should know beside the assignments: mail, addresses, guards, backups. Light reads.

`wsyf` and `wsyf status` show the same; what is wrong with it is judged by `cli.concerns`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from wsyf_scheduler.cli.office import Office
from wsyf_scheduler.core.calendar import year_in_doubt
from wsyf_scheduler.store.glance import Glance, instant
from wsyf_scheduler.store.undelivered import seen

COUNTS = """
SELECT state, count(*) AS n FROM message
WHERE state IN ('queued', 'sending', 'retry', 'uncertain', 'discarded', 'cancelled', 'superseded', 'held')
GROUP BY state ORDER BY state
"""
ALERTS = """
SELECT id, payload, queued_at FROM message
WHERE state IN ('queued', 'sending', 'retry', 'uncertain', 'held') AND letter = 'alert' ORDER BY id
"""
REFUSED = """
SELECT r.address, r.since_at, r.code, r.text, p.role, p.department FROM refused_address r
LEFT JOIN person p ON p.retired_at IS NULL
  AND (p.since IS NULL OR p.since <= :today) AND (p.until IS NULL OR p.until >= :today)
  AND (lower(p.email) = r.address OR lower(p.deputy) = r.address)
ORDER BY r.address, p.role, p.department
"""
LAST_DUE = "SELECT max(due_on) AS last FROM assignment WHERE state IN ('open', 'submitted')"
PUBLISHED = range(2004, 2027)  # years chinesecalendar has had since 1.11: it need not be loaded to know (RULES.md §2)
AUDITED = ("at", "until", "assignments", "letters", "findings")  # of the fact, what programs may read


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A letter that reached no one: what it was, for whom, when it was last tried, and why it did not arrive."""

    id: int
    letter: str
    department: str
    audience: str
    to: tuple[str, ...]
    at: datetime
    trouble: str

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "id": self.id,
            "letter": self.letter,
            "department": self.department,
            "audience": self.audience,
            "to": list(self.to),
            "at": self.at.isoformat(),
            "trouble": self.trouble,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedAddress:
    """An address a server refused for good, and the posts (role, department) that read there today."""

    address: str
    since_at: datetime
    answer: str
    posts: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "address": self.address,
            "since_at": self.since_at.isoformat(),
            "answer": self.answer,
            "posts": [{"role": role, "department": department} for role, department in self.posts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An alert whose mail has not left yet."""

    id: int
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matters:
    """As the database, the config and the disk have it; facts (hold, audit …) as their JSON has them, or None.

    `free` are the bytes free beside the database; `nightly`: the config wants a backup each night. `ping` and `hook`
    are None where the config has none.
    """

    outbox: dict[str, int] = field(default_factory=dict)
    hold: dict[str, Any] | None = None
    pause: dict[str, Any] | None = None
    undelivered: tuple[Undelivered, ...] = ()
    refused: tuple[RefusedAddress, ...] = ()
    alerts: tuple[Waiting, ...] = ()
    audit: dict[str, Any] | None = None
    backup: dict[str, Any] | None = None
    hook: dict[str, Any] | None = None
    ping: dict[str, Any] | None = None
    free: int | None = None
    nightly: bool = False
    year_in_doubt: int | None = None  # letters fall into it, and its notice of holidays is due and not known

    def as_json(self) -> dict[str, object]:
        """For programs: what `wsyf --json` and `wsyf status --json` both have."""
        return {
            "hold": self.hold,
            "pause": self.pause,
            "undeliverable": [each.as_json() for each in self.undelivered],
            "refused_addresses": [each.as_json() for each in self.refused],
            "alerts": [{"id": each.id, "headline": each.headline} for each in self.alerts],
            "audit": self.audit and {name: self.audit.get(name) for name in AUDITED},
            "backup": self.backup,
            "hook": self.hook,
            "ping": self.ping,
            "disk_free": self.free,
            "year_in_doubt": self.year_in_doubt,
        }


def look(office: Office, opened: Glance, now: datetime, today: date) -> Matters:
    """Read it all."""
    config, pause = office.config, _fact(opened, "pause")
    return Matters(
        outbox={row["state"]: row["n"] for row in opened.rows(COUNTS)},
        hold=_fact(opened, "hold"),
        pause=pause if pause and datetime.fromisoformat(pause["until_at"]) > now else None,
        undelivered=tuple(_undelivered(row) for row in seen(opened, now)),
        refused=_refused(opened, today, {config.office.email, *config.mail.bcc}),
        alerts=tuple(Waiting(id=row["id"], headline=_headline(row["payload"])) for row in opened.rows(ALERTS)),
        audit=_fact(opened, "audit"),
        backup=_fact(opened, "backup"),
        hook=_fact(opened, "hook") if config.alerts.command else None,
        ping=_fact(opened, "ping") if config.alerts.ping_url else None,
        free=_free(office),
        nightly=config.backup.keep > 0,
        year_in_doubt=year_without_notice(opened, today),
    )


def year_without_notice(opened: Glance, today: date) -> int | None:
    """The year whose notice of holidays should be imported by now (`wsyf calendar import`), or None."""
    last, notices = opened.rows(LAST_DUE)[0]["last"], opened.year_notices()

    def is_known(year: int) -> bool:
        if year in PUBLISHED or year in notices:
            return True
        from wsyf_scheduler.files.holidays import Origin, origin  # half as long again as all the desk takes

        return origin(year, notices) is not Origin.STATUTORY

    return year_in_doubt(today, None if last is None else date.fromisoformat(last), is_known)


def _fact(opened: Glance, name: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = json.loads(opened.fact(name) or "null")
    return found


def _headline(payload: str) -> str:
    return str(json.loads(payload).get("headline", ""))


def _undelivered(row: dict[str, Any]) -> Undelivered:
    return Undelivered(
        id=row["id"],
        letter=row["letter"],
        department=row["department"],
        audience=row["audience"],
        to=tuple(json.loads(row["to"] or "[]")),
        at=instant(row["at"]),
        trouble=row["trouble"],
    )


def _refused(opened: Glance, today: date, ours: set[str]) -> tuple[RefusedAddress, ...]:
    """Those that somebody reads today, or the office itself; an address nobody has any more needs no mending."""
    posts: dict[str, list[tuple[str, str]]] = {}
    rows = {}
    for row in opened.rows(REFUSED, {"today": today.isoformat()}):
        rows[row["address"]] = row
        posts.setdefault(row["address"], []).extend([(row["role"], row["department"])] if row["role"] else [])
    known = {address.casefold() for address in ours}
    return tuple(
        RefusedAddress(
            address=address,
            since_at=instant(row["since_at"]),
            answer=f"{row['code'] or ''} {row['text']}".strip(),
            posts=tuple(posts[address]),
        )
        for address, row in rows.items()
        if posts[address] or address in known
    )


def _free(office: Office) -> int | None:
    try:
        found = os.statvfs(office.database_path.parent)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize
