"""What must hold after every step and at every attempt to send, whatever happened before (docs/rules.md §3, docs/delivery.md)."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from tests.model.world import World
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.decide import is_before_ladder, landings
from wsyf_scheduler.core.ladder import LADDER_LETTERS, Landing, Start
from wsyf_scheduler.core.message import TRANSITIONS, WAITING, MessageState
from wsyf_scheduler.mail.letter import Outgoing
from wsyf_scheduler.settling import PROCESS_ENDED
from wsyf_scheduler.store import assignments, people, refusals
from wsyf_scheduler.store.rows import ATTEMPT, EVENT, MESSAGE, NOTICE

LADDER = (*LADDER_LETTERS, "briefing")
Row = dict[str, Any]
Rows = dict[int, Row]


def closure() -> dict[str, set[str]]:
    """From each state those a message may be found in later."""
    found = {state.value: {after.value for after in afters} for state, afters in TRANSITIONS.items()}
    for _ in found:
        for reached in found.values():
            reached |= {further for state in reached for further in found[state]}
    return found


MAY_BE_FOUND = closure()


class Watch:
    """Sees each attempt as it is made, and the tables after each step."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bytes_of: dict[str, str] = {}  # Message-ID to the hash of its bytes
        self.claimed_by_the_dead: set[int] = set()  # messages that may have been sent without our knowing
        self.maybe: dict[int, tuple[str, object]] = {}  # such a message's Message-ID then, and what it said to whom
        self.unsure: set[int] = set()  # messages of which a crash may have swallowed an attempt
        self.messages: Rows = {}
        self.notices: Rows = {}
        world.server.watch = self.attempt
        self.step()

    # At each attempt

    def attempt(self, outgoing: Outgoing) -> None:
        """No transaction is open; the message is claimed, its bytes are kept, and all of it may be said now."""
        world, said = self.world, json.loads(outgoing.data)
        message = self.row(MESSAGE, outgoing.id)
        rows = [row for row in self.rows(NOTICE).values() if row["message_id"] == outgoing.id]
        assert (message["state"], message["claimed_by"]) == ("sending", world.app.process)
        assert zlib.decompress(message["raw"]) == outgoing.data
        assert said["id"] == message["message_id"]
        assert message["letter"] == "alert" or not world.held, "only alerts leave under a hold"
        if message["in_window"]:
            hours, calendar = world.table.hours, world.table.calendar
            assert hours.is_open(world.now, calendar), f"{message['letter']} outside the window"
        if message["letter"] in LADDER:
            assert message["in_window"] or message["again_of"]
            early = any(row["slot_at"] is not None and row["slot_at"] > world.now for row in rows)
            assert not early or self._by_hand(message), "before its slot"
            self._says_what_stands(message, rows, said)
        self._readers(message, outgoing)
        self._bytes(message, outgoing)
        if outgoing.id in self.maybe:
            header, content = self.maybe[outgoing.id]
            changed = content != self._content(message, self.rows(NOTICE))
            assert changed or header == message["message_id"], "maybe sent, and goes again as another letter"

    def _says_what_stands(self, message: Row, rows: list[Row], said: Row) -> None:
        """Each row is about an assignment that is spoken of; a letter some have already goes on as it is."""
        if message["again_of"]:
            return
        items = self.items()
        standing = [row for row in rows if row["dropped"] is None]
        assert standing, "a letter without a row"
        if message["taken"] in (None, "{}", {}):
            told = sorted((items[row["assignment_id"]].key, row["role"]) for row in standing)
            assert sorted((row[0], row[3]) for row in said["rows"]) == told
            for row in standing:
                item = items[row["assignment_id"]]
                assert item.state is State.OPEN, f"{item.key} is {item.state}"
                assert not item.held, f"{item.key} is held"
                assert row["letter"] == "start" or row["due_on"] == item.due_on, f"{item.key} has another due day"
                assert row["verdict"] == "notify"
                assert item.muted_until is None or self._speaks_again(item), f"{item.key} is muted"
                if row["role"] == "lead" and row["slot_at"] is not None:  # none where somebody asked for it
                    assert row["slot_at"] >= self._newest_said(item), f"{item.key}: an older rung"
            today = self.world.table.hours.day_of(self.world.now)
            made_on = self.world.table.hours.day_of(message["made_at"])
            if made_on == today:
                said_left = {row[0]: row[1] for row in said["rows"]}
                left = {key: (self.by_key(items, key).due_on - today).days for key in said_left}
                assert said_left == left, "it says another due day"

    def _speaks_again(self, item: Assignment) -> bool:
        """Whether a mute was over by the day the letter leaves."""
        assert item.muted_until is not None
        return self.world.table.hours.day_of(self.world.now) >= item.muted_until

    def _by_hand(self, message: Row) -> bool:
        """Whether somebody has asked for it to leave at once: then it does, though the clock was set back meanwhile."""
        asked = ("message_retried", "message_released")
        return any(row["message_id"] == message["id"] and row["action"] in asked for row in self.rows(EVENT).values())

    def _newest_said(self, item: Assignment) -> datetime:
        return max(
            row["slot_at"]
            for row in self.rows(NOTICE).values()
            if row["assignment_id"] == item.id
            and row["receiver"] == item.department
            and row["verdict"] == "notify"
            and row["slot_at"] is not None
        )

    def by_key(self, items: dict[int, Assignment], key: str) -> Assignment:
        return next(item for item in items.values() if item.key == key)

    def _readers(self, message: Row, outgoing: Outgoing) -> None:
        known = {*json.loads(message["to"]), *json.loads(message["cc"]), *self.world.app.config.mail.bcc}
        taken = set(json.loads(message["taken"] or "{}"))
        assert set(outgoing.recipients) == known - taken, "whoever has it not gets it, and nobody else"
        assert len(outgoing.recipients) == len(set(outgoing.recipients))
        if not (taken or message["again_of"] or outgoing.id in self.doubtful):
            self._hold_posts(set(outgoing.recipients), message["claimed_at"])

    def _hold_posts(self, readers: set[str], claimed_at: datetime) -> None:
        """Who is written to for the first time holds a post that day, at an address nobody has refused for good.

        Letters claimed together go together: the answer about one reaches those after it too late.
        """
        today = self.world.table.hours.day_of(self.world.now)
        with self.world.app.db.read() as session:
            holders = [each for each in people.all_of(session) if each.holds_on(today)]
            refused = {address for address, since_at in refusals.since(session).items() if since_at < claimed_at}
        known = {each.email for each in holders} | {self.world.app.config.office.email}
        assert readers <= known, f"{readers - known} hold no post"
        assert not readers & refused, "refused for good, and asked again"

    def _bytes(self, message: Row, outgoing: Outgoing) -> None:
        digest = hashlib.sha256(outgoing.data).hexdigest()
        assert message["raw_hash"] == digest
        assert self.bytes_of.setdefault(message["message_id"], digest) == digest, "one Message-ID, two letters"

    # After each step

    def step(self) -> None:
        messages, notices = self.rows(MESSAGE), self.rows(NOTICE)
        made = (row for row in self.rows(ATTEMPT).values() if row["text"] != PROCESS_ENDED)
        attempts = Counter(row["message_id"] for row in made)
        self._doubt(messages, notices)
        self._moved(messages)
        self._ids(messages)
        for row in messages.values():
            self._consistent(row, attempts[row["id"]])
        self._decided(notices)
        self._once()
        self.messages, self.notices = messages, notices

    def crashed(self) -> None:
        """What was claimed when the process died may have been sent."""
        messages = self.rows(MESSAGE)
        self.claimed_by_the_dead |= {key for key, row in messages.items() if row["state"] == "sending"}
        self._doubt(messages, self.rows(NOTICE))
        self.unsure |= {outgoing.id for outgoing in self.world.server.tried}

    @property
    def doubtful(self) -> set[int]:
        """Messages that may have been sent without our knowing."""
        return self.claimed_by_the_dead | self.world.server.silent

    def _doubt(self, messages: Rows, notices: Rows) -> None:
        """What was maybe sent is remembered as it was then."""
        for key in self.doubtful - self.maybe.keys():
            if messages[key]["raw"] is not None:
                self.maybe[key] = (messages[key]["message_id"], self._content(messages[key], notices))

    def _content(self, message: Row, notices: Rows) -> object:
        rows = {key for key, row in notices.items() if row["message_id"] == message["id"] and row["dropped"] is None}
        return rows, message["to"]

    def _moved(self, messages: Rows) -> None:
        assert self.messages.keys() <= messages.keys(), "a message is gone"
        for key, row in messages.items():
            before = self.messages[key]["state"] if key in self.messages else "queued"
            after = row["state"]
            assert before == after or after in MAY_BE_FOUND[before], f"message {key}: {before} → {after}"
            if key in self.messages and before == "sent":
                changed = {name for name, value in row.items() if value != self.messages[key][name]}
                assert not changed, f"sent message {key} changed: {changed}"

    def _ids(self, messages: Rows) -> None:
        owners: dict[str, set[int]] = defaultdict(set)
        for key, row in messages.items():
            if row["message_id"]:
                owners[row["message_id"]].add(self._original(messages, key))
        assert all(len(each) == 1 for each in owners.values()), "two messages with one Message-ID"

    def _original(self, messages: Rows, key: int) -> int:
        while (again := messages[key]["again_of"]) is not None:
            key = again
        return key

    def _consistent(self, row: Row, attempts: int) -> None:
        key, state = row["id"], row["state"]
        sent_at: datetime | None = row["sent_at"]
        assert (state == "sent") == (sent_at is not None), f"message {key} is {state}, sent at {sent_at}"
        assert (state == "held") == (row["held_for"] is not None)
        assert state != "sending" or key in self.claimed_by_the_dead, "nothing is claimed between rounds"
        tried = sum(outgoing.id == key for outgoing in self.world.server.tried)
        assert attempts == tried or (key in self.unsure and attempts < tried), (
            f"message {key} ({row['letter']}, {state}) was tried {tried} times, the ledger knows of {attempts}"
        )
        if row["raw"] is not None:
            assert row["raw_hash"] == hashlib.sha256(zlib.decompress(row["raw"])).hexdigest()
        if state != "sent":
            return
        taken = [each for each in self.world.server.taken if each.outgoing.id == key]
        assert sent_at in [each.at for each in taken], "sent when the server took it"
        last = {each.outgoing.data for each in taken}
        assert zlib.decompress(row["raw"]) in last, "what is kept is what was sent"

    def _decided(self, notices: Rows) -> None:
        assert self.notices.keys() <= notices.keys(), "a decision is gone"
        keys: Counter[tuple[object, ...]] = Counter()
        items = self.items()
        for key, row in notices.items():
            if row["rung"] is None:
                continue
            name = (row["assignment_id"], row["rung"], row["repeat"], row["receiver"])
            keys[name if row["letter"] == "start" else (*name, row["due_on"], row["counted_from"])] += 1
            assert row["slot_at"] <= row["decided_at"], "decided before its slot"
            if key in self.notices:
                assert self.notices[key]["dropped"] in (None, row["dropped"]), "what was taken out stays out"
            elif row["verdict"] == "skipped":
                item = items[row["assignment_id"]]
                is_silent = item.state is not State.OPEN or item.held or item.muted_until is not None
                assert is_silent, f"{item.key} was skipped while it speaks"
        assert max(keys.values(), default=1) == 1, "decided twice"

    def _once(self) -> None:
        """Nobody gets a message twice, but where it could not be known whether they have it."""
        came: Counter[tuple[int, str]] = Counter(
            (each.outgoing.id, reader) for each in self.world.server.taken for reader in each.readers
        )
        for (key, reader), times in came.items():
            assert times == 1 or key in self.doubtful, f"message {key} came {times} times to {reader}"

    # At the end

    def all_was_said(self) -> None:
        """Nothing waits any more, and of each assignment the newest rung that was due has had its say."""
        messages, notices = self.rows(MESSAGE), list(self.rows(NOTICE).values())
        waiting = [row for row in messages.values() if row["state"] in {*WAITING, MessageState.HELD, "sending"}]
        assert not waiting, [(row["id"], row["letter"], row["state"], row["trouble"]) for row in waiting]
        for item in self.items().values():
            if item.state is not State.OPEN or item.held:
                continue
            newest = self._newest(item)
            if newest is not None:
                self._had_its_say(item, newest, notices, messages)

    def _newest(self, item: Assignment) -> Landing | None:
        now = self.world.now
        passed = [
            landing
            for landing in landings(item, self.world.table)
            if landing.slot_at <= now and not is_before_ladder(item, landing)
        ]
        own = [landing for landing in passed if not isinstance(landing.rung.when, Start)] or passed
        return max(own, key=lambda landing: (landing.slot_at, landing.rank), default=None)

    def _had_its_say(self, item: Assignment, newest: Landing, notices: list[Row], messages: Rows) -> None:
        name = (item.id, newest.rung.name, newest.repeat, item.department, newest.counted_from)
        is_start = isinstance(newest.rung.when, Start)
        found = [
            row
            for row in notices
            if (row["assignment_id"], row["rung"], row["repeat"], row["receiver"], row["counted_from"]) == name
            and (is_start or row["due_on"] == item.due_on)
        ]
        assert len(found) == 1 or is_start, f"{item.key}: nothing was decided of {newest.rung.name}"
        for row in found:
            if row["verdict"] != "notify" or row["dropped"] is not None:
                continue  # silent when its time came, as the step that decided it has shown
            message = messages[row["message_id"]]
            assert message["state"] == "sent" or self._written_off(message), f"{item.key}: {message['state']}"

    def _written_off(self, message: Row) -> bool:
        """By a person, or refused for good, or given up: the coordinator was told, and sees it."""
        if message["state"] != "discarded":
            return False
        why = [row for row in self.rows(EVENT).values() if row["message_id"] == message["id"]]
        return why[-1]["action"] == "message_discarded"

    # What the tables say

    def items(self) -> dict[int, Assignment]:
        with self.world.app.db.read() as session:
            plans = self.world.app.plans(session)
            return {item.id: item for plan_id in plans for item in assignments.of_plan(session, plan_id)}

    def row(self, table: Any, key: int) -> Row:
        return self.rows(table)[key]

    def rows(self, table: Any) -> Rows:
        with self.world.app.db.read() as session:
            return {row.id: dict(row._mapping) for row in session.execute(table.select().order_by(table.c.id))}
