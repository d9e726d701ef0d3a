"""Alerts as they stand in the outbox, for what must hear of them beside the mail: the office's command."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import MESSAGE

COLUMN = MESSAGE.c
IS_ALERT = COLUMN.letter == "alert"
AFTER = Prepared(
    select(COLUMN.id, COLUMN.plan_id, COLUMN.dedup, COLUMN.payload)
    .where(IS_ALERT, COLUMN.id > bindparam("through"))
    .order_by(COLUMN.id)
    .limit(1)
)
BEFORE = Prepared(select(func.max(COLUMN.id)).where(IS_ALERT, COLUMN.queued_at < bindparam("moment")))
NEWEST = Prepared(select(func.max(COLUMN.id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alert of the outbox: what it says, and the key by which it is said once."""

    id: int
    plan_id: str
    dedup: str
    headline: str
    lines: tuple[str, ...]


def after(session: Session, message_id: int) -> Alarm | None:
    """The first alert with a higher id, whatever became of its mail; None where there is none."""
    for id_, plan_id, dedup, payload in AFTER.rows(session, {"through": message_id}):
        said = json.loads(payload)
        lines = tuple(str(line) for line in said.get("lines", ()))
        return Alarm(id=id_, plan_id=plan_id, dedup=dedup or "", headline=str(said.get("headline", "")), lines=lines)
    return None


def last_before(session: Session, moment: datetime) -> int:
    """The id of the last alert queued before a moment; 0 where there is none."""
    return int(BEFORE.value(session, {"moment": moment}) or 0)


def newest(session: Session) -> int:
    """The id of the newest message of any kind; 0 where there is none."""
    return int(NEWEST.value(session) or 0)
