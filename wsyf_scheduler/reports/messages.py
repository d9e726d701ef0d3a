"""The outbox as people look at it: messages, their rows, and every attempt to send them. Light reads; imports core."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.reports.opened_mail import OpenedMail, open_mail
from wsyf_scheduler.reports.recorded import Refused
from wsyf_scheduler.store.glance import Glance, instant, stored

LIST = """
SELECT id, plan_id, letter, department, audience, state, queued_at, not_before, sent_at, attempts, subject,
  "to", cc, trouble, message_id, made_at, payload
FROM message WHERE {where} ORDER BY id DESC
"""
RAW = "SELECT raw FROM message WHERE id = :id"
ROWS = """
SELECT n.message_id, n.letter, n.rung, n.repeat, n.role, n.due_on, n.reason, n.dropped, a.key, a.title
FROM notice n JOIN assignment a ON a.id = n.assignment_id
WHERE n.message_id >= :first AND n.message_id <= :last ORDER BY n.message_id, a.due_on, a.key, n.id
"""
ATTEMPTS = "SELECT at, phase, outcome, code, text, refused FROM attempt WHERE message_id = :id ORDER BY id"
OVER = (MessageState.SENT, MessageState.CANCELLED, MessageState.SUPERSEDED)  # nothing more will become of them
SENT_SHOWN = 20

Shape = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a message; `dropped` says why it was taken out before the message left."""

    key: str
    title: str
    rung: str | None
    repeat: int
    role: str
    due_on: date
    reason: str
    dropped: str | None

    def as_json(self) -> Shape:
        """For programs."""
        return {
            "key": self.key,
            "title": self.title,
            "rung": self.rung,
            "repeat": self.repeat,
            "role": self.role,
            "due_on": self.due_on.isoformat(),
            "reason": self.reason,
            "dropped": self.dropped,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One message with its rows; instants are in the plan's zone. `tries` counts the attempts to send it."""

    id: int
    plan_id: str
    letter: str
    department: str
    audience: str
    state: MessageState
    queued_at: datetime
    not_before: datetime
    sent_at: datetime | None
    tries: int
    subject: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    trouble: str
    message_id: str
    lines: tuple[Line, ...]
    words: tuple[str, ...] = ()  # an alert's, before its letter is written

    @property
    def when(self) -> datetime:
        """When it was sent, or when it may leave at the earliest."""
        return self.sent_at or self.not_before

    def as_json(self) -> Shape:
        """For programs."""
        return {
            "id": self.id,
            "plan": self.plan_id,
            "letter": self.letter,
            "department": self.department or None,
            "audience": self.audience,
            "state": self.state.value,
            "queued_at": self.queued_at.isoformat(),
            "not_before": self.not_before.isoformat(),
            "sent_at": self.sent_at.isoformat() if self.sent_at else None,
            "tries": self.tries,
            "message_id": self.message_id or None,
            "subject": self.subject or None,
            "to": list(self.to),
            "cc": list(self.cc),
            "trouble": self.trouble or None,
            "rows": [each.as_json() for each in self.lines],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try: the phase it reached, what can have happened, the server's code (0: none) and text."""

    at: datetime
    phase: str
    outcome: str
    code: int
    text: str
    refused: tuple[Refused, ...]

    def as_json(self) -> Shape:
        """For programs."""
        return {
            "at": self.at.isoformat(),
            "phase": self.phase,
            "outcome": self.outcome,
            "code": self.code or None,
            "text": self.text,
            "refused": [each._asdict() for each in self.refused],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One message with everything that is kept of it; `raw` and `mail` are None until its bytes are made."""

    posted: Posted
    attempts: tuple[Attempt, ...]
    raw: bytes | None
    mail: OpenedMail | None

    def as_json(self) -> Shape:
        """For programs."""
        mail = self.mail
        return {
            **self.posted.as_json(),
            "attempts": [each.as_json() for each in self.attempts],
            "headers": dict(mail.headers) if mail else None,
            "attachments": list(mail.attachments) if mail else [],
            "text": mail.text if mail else "\n".join(self.posted.words) or None,
        }


def listed(opened: Glance, *, since_at: datetime | None, limit: int | None, **equal: str | None) -> list[Posted]:
    """Messages, newest last; `equal` names columns of `message` and what they are to be.

    Where nothing is asked for: what waits or is in trouble, and the last 20 sent.
    """
    where, values = _where(since_at, equal)
    if not values and limit is None:
        return _default(opened)
    return _posted(opened, where, values, limit)


def to_address(
    opened: Glance, address: str, *, since_at: datetime | None = None, plan_id: str | None = None, limit: int | None
) -> list[Posted]:
    """The messages with this address in To or Cc, newest first."""
    where, values = _where(since_at, {"plan_id": plan_id})
    where += """ AND instr(lower(coalesce("to", '') || coalesce(cc, '')), :quoted) > 0"""
    return _posted(opened, where, {**values, "quoted": json.dumps(address.casefold())}, limit)[::-1]


def unshown(opened: Glance) -> int:
    """How many messages the list leaves out where nothing is asked for because nothing was left to say."""
    states = (MessageState.CANCELLED, MessageState.SUPERSEDED)
    return int(opened.rows(f"SELECT count(*) AS n FROM message WHERE {_any_of(*states)}")[0]["n"])  # noqa: S608


def whole(opened: Glance, message_id: int) -> Whole | None:
    """One message, or None."""
    found = _posted(opened, "id = :id", {"id": message_id}, None)
    if not found:
        return None
    packed = opened.rows(RAW, {"id": message_id})[0]["raw"]
    raw = zlib.decompress(packed) if packed else None
    zone = ZoneInfo(opened.zones()[found[0].plan_id])
    attempts = tuple(_attempt(row, zone) for row in opened.rows(ATTEMPTS, {"id": message_id}))
    return Whole(posted=found[0], attempts=attempts, raw=raw, mail=open_mail(raw) if raw else None)


def by_header(opened: Glance, prefix: str) -> list[int]:
    """The ids of messages whose Message-ID begins with a text (without the angle bracket)."""
    sql = "SELECT id FROM message WHERE substr(message_id, 2, length(:prefix)) = :prefix ORDER BY id"
    return [int(row["id"]) for row in opened.rows(sql, {"prefix": prefix.lstrip("<")})]


def _where(since_at: datetime | None, equal: Mapping[str, str | None]) -> tuple[str, dict[str, object]]:
    tests: dict[str, tuple[str, object]] = {
        **{name: (f"{name} = :{name}", value) for name, value in equal.items()},
        "since": ("coalesce(sent_at, queued_at) >= :since", None if since_at is None else stored(since_at)),
    }
    given = {name: test for name, test in tests.items() if test[1] is not None}
    return " AND ".join(sql for sql, _value in given.values()) or "1 = 1", {n: v for n, (_sql, v) in given.items()}


def _default(opened: Glance) -> list[Posted]:
    sent = _posted(opened, _any_of(MessageState.SENT), {}, SENT_SHOWN)
    return sorted([*sent, *_posted(opened, f"NOT ({_any_of(*OVER)})", {}, None)], key=_order)


def _any_of(*states: MessageState) -> str:
    return "state IN (" + ", ".join(f"'{state.value}'" for state in states) + ")"


def _posted(opened: Glance, where: str, values: Mapping[str, object], limit: int | None) -> list[Posted]:
    sql = LIST.format(where=where) + ("" if limit is None else "LIMIT :limit")
    rows = opened.rows(sql, {**values, **({} if limit is None else {"limit": limit})})
    if not rows:
        return []
    zones = {plan_id: ZoneInfo(zone) for plan_id, zone in opened.zones().items()}
    lines = _lines(opened, min(row["id"] for row in rows), max(row["id"] for row in rows))
    found = [_message(row, zones[row["plan_id"]], tuple(lines.get(row["id"], ()))) for row in rows]
    return sorted(found, key=_order)


def _order(found: Posted) -> tuple[datetime, int]:
    return found.when, found.id


def _lines(opened: Glance, first: int, last: int) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {}
    for row in opened.rows(ROWS, {"first": first, "last": last}):
        found.setdefault(row["message_id"], []).append(
            Line(
                key=row["key"],
                title=row["title"],
                rung=row["rung"],
                repeat=row["repeat"],
                role=row["role"],
                due_on=date.fromisoformat(row["due_on"]),
                reason=row["reason"],
                dropped=row["dropped"],
            )
        )
    return found


def _message(row: dict[str, Any], zone: ZoneInfo, lines: tuple[Line, ...]) -> Posted:
    payload = json.loads(row["payload"])
    return Posted(
        id=row["id"],
        plan_id=row["plan_id"],
        letter=row["letter"],
        department=row["department"],
        audience=row["audience"],
        state=MessageState(row["state"]),
        queued_at=instant(row["queued_at"]).astimezone(zone),
        not_before=instant(row["not_before"]).astimezone(zone),
        sent_at=instant(row["sent_at"]).astimezone(zone) if row["sent_at"] else None,
        tries=row["attempts"],
        subject=row["subject"] or payload.get("headline", ""),
        to=tuple(json.loads(row["to"] or "[]")),
        cc=tuple(json.loads(row["cc"] or "[]")),
        trouble=row["trouble"] or "",
        message_id=row["message_id"] or "",
        lines=lines,
        words=tuple(payload.get("lines", ())),
    )


def _attempt(row: dict[str, Any], zone: ZoneInfo) -> Attempt:
    return Attempt(
        at=instant(row["at"]).astimezone(zone),
        phase=row["phase"],
        outcome=row["outcome"],
        code=row["code"],
        text=row["text"],
        refused=tuple(Refused(*each) for each in json.loads(row["refused"])),
    )
