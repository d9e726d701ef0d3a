"""The verdict on an office whose daemon was killed: its database held against what the mail server took."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from tests.crash.journal import Taken
from tests.crash.kill_office import KillOffice
from tests.crash.mailhost import MailHost
from wsyf_scheduler.audit.examine import whole
from wsyf_scheduler.core.message import MessageState, may_become
from wsyf_scheduler.store import chain

ENDS = {"sent", "cancelled", "superseded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """How a life ended; which messages the database had in `sending` then (id to Message-ID), what was taken in it."""

    how: str
    epoch: int
    sending: dict[int, str]
    taken: list[Taken]


@dataclass(slots=True)
class Verdict:
    """Counts, and every promise that was broken, in words."""

    messages: int = 0
    taken: int = 0
    doubles: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)


def judge(office: KillOffice, host: MailHost, deaths: Sequence[Death]) -> Verdict:
    """Hold everything against everything."""
    verdict = Verdict(taken=len(host.taken))
    with closing(sqlite3.connect(office.database)) as connection:
        connection.row_factory = sqlite3.Row
        book = _Book(office, host, deaths, connection, verdict)
        book.arrivals()
        book.states()
        book.rescues()
        book.owed()
        book.database()
    _log(office, verdict)
    verdict.wrong = [f"{office.folder.name}: {each}" for each in verdict.wrong]
    return verdict


@dataclass(slots=True)
class _Book:
    office: KillOffice
    host: MailHost
    deaths: Sequence[Death]
    connection: sqlite3.Connection
    verdict: Verdict

    def rows(self, query: str) -> list[Any]:
        return self.connection.execute(query).fetchall()

    def say(self, wrong: str) -> None:
        self.verdict.wrong.append(wrong)

    def arrivals(self) -> None:
        """Every message arrived as often as it must: once, and once more for each death between the yes and commit."""
        messages = self.rows("SELECT * FROM message")
        self.verdict.messages = len(messages)
        arrived: dict[str, list[Taken]] = defaultdict(list)
        for taken in self.host.taken:
            arrived[taken.header_id].append(taken)
        for row in messages:
            if row["state"] == "sent":
                self.arrival(row, arrived.pop(row["message_id"], []))
        for header_id in arrived:
            self.say(f"the server took {header_id}, which the ledger does not count as sent")

    def arrival(self, row: Any, copies: list[Taken]) -> None:
        name = f"message {row['id']} ({row['letter']}, {row['message_id']})"
        in_doubt = [death for death in self.deaths if _is_in_doubt(death, row["id"])]
        if not copies:
            self.verdict.lost += 1
            self.say(f"{name} counts as sent and never arrived")
        elif len(copies) != 1 + len(in_doubt):
            whens = [death.how for death in in_doubt]
            self.say(f"{name} arrived {len(copies)} times, in doubt {len(in_doubt)} times ({whens})")
        self.verdict.doubles += max(len(copies) - 1, 0)
        if {hashlib.sha256(copy.data).hexdigest() for copy in copies} - {row["raw_hash"]}:
            self.say(f"{name} arrived with other bytes than were kept")
        readers = {*json.loads(row["to"]), *json.loads(row["cc"])}
        if any(set(copy.recipients) != readers for copy in copies):
            self.say(f"{name} went to others than the ledger says")

    def states(self) -> None:
        """Every message came to its end, and went there by the table of transitions, event by event."""
        before: dict[int, str] = {}
        for row in self.rows("SELECT * FROM event WHERE message_id IS NOT NULL AND from_state IS NOT NULL ORDER BY id"):
            if not may_become(MessageState(row["from_state"]), MessageState(row["to_state"])):
                self.say(f"event {row['id']}: {row['from_state']} → {row['to_state']} is not in the table")
            last = before.get(row["message_id"], "queued")
            claimed = row["from_state"] == "sending" and may_become(MessageState(last), MessageState.SENDING)
            if row["from_state"] != last and not claimed:
                self.say(f"event {row['id']}: from {row['from_state']}, but it was {last}")
            before[row["message_id"]] = row["to_state"]
        for row in self.rows("SELECT id, letter, state FROM message"):
            if row["state"] not in ENDS:
                self.verdict.lost += 1
                self.say(f"message {row['id']} ({row['letter']}) ended as {row['state']}")
            if before.get(row["id"]) != row["state"]:
                self.say(f"message {row['id']} is {row['state']}, its last event says {before.get(row['id'])}")

    def rescues(self) -> None:
        """Each sent message has one attempt that says so, and one rescue for every time it was in doubt at least."""
        sent = Counter(row["message_id"] for row in self.rows("SELECT message_id FROM attempt WHERE outcome = 'sent'"))
        wanted = {row["id"]: 1 for row in self.rows("SELECT id FROM message WHERE state = 'sent'")}
        if dict(sent) != wanted:
            self.say(f"attempts that sent: {dict(sent)}; messages sent: {sorted(wanted)}")
        events = self.rows("SELECT message_id, to_state FROM event WHERE action = 'message_rescued'")
        rescued = Counter(row["message_id"] for row in events if row["to_state"] == "uncertain")
        for row in self.rows("SELECT id FROM message"):
            in_doubt = sum(_is_in_doubt(death, row["id"]) for death in self.deaths)
            if rescued[row["id"]] < in_doubt:
                self.say(f"message {row['id']}: in doubt {in_doubt} times, rescued {rescued[row['id']]} times")
        for (claims,) in self.rows("SELECT count(*) FROM message WHERE claimed_by IS NOT NULL"):
            if claims:
                self.say(f"{claims} claims are left")

    def owed(self) -> None:
        """Every act is told once; every decision that speaks stands in a letter that was sent; nothing twice."""
        told = Counter(
            (row["action"], row["key"])
            for row in self.rows(
                "SELECT m.letter AS action, a.key FROM notice n JOIN assignment a ON a.id = n.assignment_id"
                " JOIN message m ON m.id = n.message_id"
                " WHERE m.state = 'sent' AND m.letter IN ('receipt', 'change') AND n.dropped IS NULL"
            )
        )
        wanted = Counter(("receipt" if verb == "done" else "change", key) for verb, key in self.office.acted)
        if told != wanted:
            self.verdict.lost += (wanted - told).total()
            self.say(f"acts not told: {wanted - told}; told without an act: {told - wanted}")
        unsent = self.rows(
            "SELECT n.id FROM notice n LEFT JOIN message m ON m.id = n.message_id"
            " WHERE n.verdict = 'notify' AND n.dropped IS NULL AND m.state IS NOT 'sent'"
        )
        self.verdict.lost += len(unsent)
        if unsent:
            self.say(f"decisions whose letter was not sent: {[row['id'] for row in unsent]}")
        twice = self.rows(
            "SELECT assignment_id, rung, repeat, due_on, counted_from, receiver FROM notice WHERE rung IS NOT NULL"
            " GROUP BY 1, 2, 3, 4, 5, 6 HAVING count(*) > 1"
        )
        if twice:
            self.say(f"decided twice: {[tuple(row) for row in twice]}")
        self.audit()

    def audit(self) -> None:
        """The auditor, who replays the ladder from plan, events and calendar, has nothing to say."""
        app = self.office.app()
        with app.db.read() as session:
            done = whole(session, app.config, app.clock.now())
        app.db.close()
        for finding in done.findings:
            self.say(f"audit: {finding.as_json()}")

    def database(self) -> None:
        for pragma, good in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
            found = [tuple(row) for row in self.rows(f"PRAGMA {pragma}")]
            if found != good:
                self.say(f"{pragma}: {found}")
        for each in chain.verify(self.office.database).breaks:
            self.say(f"the chain: {each}")


def _is_in_doubt(death: Death, message_id: int) -> bool:
    """Whether the server had taken the message in that life, and the database did not know it at its end."""
    return any(taken.header_id == death.sending.get(message_id) for taken in death.taken)


def _log(office: KillOffice, verdict: Verdict) -> None:
    log = office.log.read_text(encoding="utf-8")
    for words in ("Traceback", "is locked", "failed"):
        if words in log:
            line = next(line for line in log.splitlines() if words in line)
            verdict.wrong.append(f"in the log: {line}")
