"""The moments at which the daemon is killed: both sides of every commit, and every phase of SMTP.

A commit is named by the function that opened its transaction, and by what was in it where that differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FrameType
from typing import Any

from tests.crash import journal

BEFORE, AFTER = "before", "after"
ANY = "any moment"
COMMITS = (
    "guard",
    "new rules",  # ladder, hours or calendar changed: every next attention is worked out anew
    "decide",
    "digest",
    "rescue, nothing",
    "rescue",
    "claim",
    "record",
    "give back",  # told to stop: what was claimed and not tried
    "beat",
    "last beat",
    "pace of the hook",
    "hook",
    "forget",
    "nothing to send",
    "no ping",
    "act",
    "audit",
    "before a backup",
    "backup",
)
# The plain server's phases, and those of one with TLS and a login.
PHASES = (
    *(journal.CONNECT, journal.EHLO, journal.MAIL, journal.RCPT, journal.DATA),
    *(journal.BODY, journal.DOT, journal.TAKEN, journal.YES, journal.QUIT),
)
SECURE_PHASES = (journal.STARTTLS, journal.HANDSHAKE, journal.AUTH)
POINTS = (
    *(f"commit: {name}, {side}" for name in COMMITS for side in (BEFORE, AFTER)),
    *(f"smtp: {phase}" for phase in (*PHASES, *SECURE_PHASES)),
    ANY,
)

NAMES = {
    "ticks.guard.run": "guard",
    "ticks.remind._follow_regime": "new rules",
    "ticks.remind._decide_all": "decide",
    "ticks.digest.run": "digest",
    "ticks.hook.begin": "pace of the hook",
    "ticks.hook._give": "hook",
    "ticks.forget.run": "forget",
    "ticks.audit.run": "audit",
    "ticks.backup.run": "before a backup",
    "ticks.backup._make": "backup",
    "pinging._forget": "no ping",
    "acts.close.act": "act",
    "acts.reopen.act": "act",
}


def commit_name(frame: FrameType, turn: Mapping[str, int]) -> str:
    """What a transaction is called, by the frame that opened it; `turn`: what the last turn of sending had in it."""
    where = f"{frame.f_globals['__name__'].removeprefix('wsyf_scheduler.')}.{frame.f_code.co_name}"
    known: dict[str, Any] = frame.f_locals
    match where:
        case "ticks.rescue.run":
            return "rescue" if known.get("found") else "rescue, nothing"
        case "daemon._record":
            return "last beat" if '"stopped": true' in known["beat"] else "beat"
        case "ticks.deliver._turn":
            return turn_name(turn)
        case _:
            return NAMES.get(where, where)


def turn_name(turn: Mapping[str, int]) -> str:
    """What was in one transaction of the tick that sends: fates are recorded before the next are claimed."""
    if turn["given_back"]:
        return "give back"
    if turn["recorded"]:
        return "record and claim" if turn["claimed"] else "record"
    return "claim" if turn["claimed"] else "nothing to send"
