"""The trail: every change an event row, in the same transaction as the change, chained to the one before it.

A hash covers the event and the hash before it (docs/decisions/0009): `store.chain` finds what was tampered with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, insert, select, update

from wsyf_scheduler.store import pseudonyms
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.glance import stored
from wsyf_scheduler.store.prepared import Prepared
from wsyf_scheduler.store.rows import CHAIN_HEAD, EVENT, as_json

CHAIN: BindParameter[Any] = bindparam("of_chain")
ADD = Prepared(insert(EVENT))
HEAD = Prepared(select(CHAIN_HEAD.c.seq, CHAIN_HEAD.c.hash).where(CHAIN_HEAD.c.chain == CHAIN))
ADD_HEAD = Prepared(insert(CHAIN_HEAD))
MOVE_HEAD = Prepared(
    update(CHAIN_HEAD).where(CHAIN_HEAD.c.chain == CHAIN).values(seq=bindparam("to_seq"), hash=bindparam("to_hash"))
)
SAID = ("who", "action", "plan_id", "assignment_id", "message_id", "from_state", "to_state", "why", "detail")


def add(  # noqa: PLR0913 - one event has so many facts
    session: Session,
    *,
    at: datetime,
    who: str,
    action: str,
    plan_id: str | None = None,
    assignment_id: int | None = None,
    message_id: int | None = None,
    from_state: str | None = None,
    to_state: str | None = None,
    why: str = "",
    detail: dict[str, object] | None = None,
) -> None:
    """Add one event."""
    one = {
        "action": action,
        "assignment_id": assignment_id,
        "message_id": message_id,
        "from_state": from_state,
        "to_state": to_state,
        "why": why,
        "detail": as_json(detail) if detail else "{}",
    }
    add_each(session, [one], at=at, who=who, plan_id=plan_id)


def add_each(
    session: Session,
    found: Iterable[Mapping[str, Any]],
    *,
    at: datetime,
    who: str,
    plan_id: str | None,
) -> None:
    """Add many events of one plan and moment: each its action, and what else `add` takes (detail as JSON)."""
    chain, stamp = plan_id or "", stored(at)
    seq, before = head(session, chain)
    first, events = seq, []
    for each in found:
        seq += 1
        event = {**BLANK, **each, "at": at, "who": who, "plan_id": plan_id, "chain": chain, "seq": seq}
        # what a server answered, or a person typed, may hold addresses; the trail holds none
        event["why"] = pseudonyms.masked(session, event["why"])
        event["detail"] = pseudonyms.masked_detail(session, event["detail"])
        before = event["hash"] = digest(before, [chain, seq, stamp, *(event[name] for name in SAID)])
        events.append(event)
    if not events:
        return
    ADD.run_all(session, events)
    if first == 0:
        ADD_HEAD.run(session, {"chain": chain, "seq": seq, "hash": before})
    else:
        MOVE_HEAD.run(session, {"of_chain": chain, "to_seq": seq, "to_hash": before})


BLANK: dict[str, Any] = {
    "assignment_id": None,
    "message_id": None,
    "from_state": None,
    "to_state": None,
    "why": "",
    "detail": "{}",
}


def head(session: Session, chain: str) -> tuple[int, str]:
    """Number and hash of the last event of a chain; 0 and an empty hash where there is none."""
    rows = HEAD.rows(session, {"of_chain": chain})
    return (int(rows[0][0]), str(rows[0][1])) if rows else (0, "")


def digest(before: str, said: Sequence[object]) -> str:
    """The hash of an event: of the hash before it and of what the event says, its instant as it is stored."""
    text = json.dumps(said, ensure_ascii=False)
    return hashlib.sha256(f"{before}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
