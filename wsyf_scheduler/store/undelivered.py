"""Letters that reached no one: given up or refused for good, lately, or with nothing sent in their place since. Light.

The SQL stands here once: `wsyf` asks through a glance, the digest through a session.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from wsyf_scheduler.store.glance import Glance

if TYPE_CHECKING:
    from wsyf_scheduler.store.db import Session

LATELY = timedelta(days=14)
LAST_TRY = "COALESCE((SELECT max(t.at) FROM attempt t WHERE t.message_id = m.id), m.queued_at)"
# What the coordinator wrote off has no trouble of its own. An older letter still counts while one of its assignments is
# open and no later letter about it reached the same receiver.
UNDELIVERED = f"""
SELECT m.id, m.letter, m.department, m.audience, m."to", m.trouble, m.payload, {LAST_TRY} AS at FROM message m
WHERE m.state = 'discarded' AND m.trouble IS NOT NULL AND (
  {LAST_TRY} >= :since
  OR EXISTS (
    SELECT 1 FROM notice n JOIN assignment a ON a.id = n.assignment_id
    WHERE n.message_id = m.id AND n.dropped IS NULL AND a.state = 'open' AND NOT a.held AND NOT EXISTS (
      SELECT 1 FROM notice later JOIN message other ON other.id = later.message_id
      WHERE later.assignment_id = n.assignment_id AND later.receiver = n.receiver AND later.id > n.id
        AND other.state = 'sent'
    )
  )
)
ORDER BY m.id
"""  # noqa: S608 - our own SQL


def seen(opened: Glance, now: datetime) -> list[dict[str, Any]]:
    """The letters, oldest first: id, letter, department, audience, to (JSON), trouble, payload (JSON), at."""
    return opened.rows(UNDELIVERED, _since(now))


def ids(session: Session, now: datetime) -> list[int]:
    """Their ids, by a session."""
    from sqlalchemy import text

    return [int(row.id) for row in session.execute(text(UNDELIVERED), _since(now))]


def _since(now: datetime) -> dict[str, str]:
    return {"since": f"{(now - LATELY).astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"}
