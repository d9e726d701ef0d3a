"""The ledger of an office held against the journal of the faulty server it sent through."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.crash import journal, kill_office
from tests.crash.faults import DEAD, FAULTS, FaultyManners
from tests.crash.journal import Transaction
from tests.crash.kill_office import KillOffice, address_of
from tests.crash.mailhost import CLOSING, MailHost
from wsyf_scheduler.core.message import MessageState, may_become
from wsyf_scheduler.store import chain

YES = 250
NUMBER = re.compile(r"\[(\d+)\]")
PHASES = {
    journal.CONNECT: "connect",
    journal.EHLO: "connect",
    journal.STARTTLS: "tls",
    journal.HANDSHAKE: "tls",
    journal.AUTH: "auth",
    journal.MAIL: "mail",
    journal.RCPT: "rcpt",
    journal.DATA: "data",
    journal.BODY: "data",
    journal.TAKEN: "dot",
}
AGAIN = {journal.EHLO: "tls"}  # said a second time after STARTTLS
IN_DOUBT = ("dot", 0)
BEFORE_MAIL = ("connect", "tls", "auth")
Key = tuple[str, int, frozenset[int], str]  # phase, code, numbers of the server's answers, Message-ID's own number


@dataclass(slots=True)
class Result:
    """What became of the letters, what the server did, and every promise that was broken."""

    seed: int
    messages: int = 0
    states: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    never: set[Any] = field(default_factory=set)
    doubles: int = 0
    lost: int = 0
    rounds: int = 0
    days: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Books:
    """The ledger of the office held against the journal of its server."""

    office: KillOffice
    host: MailHost
    manners: FaultyManners
    result: Result

    def balance(self) -> None:
        result = self.result
        result.states = Counter(dict(self.office.sql("SELECT state, count(*) FROM message GROUP BY 1")))
        result.outcomes = Counter(dict(self.office.sql("SELECT outcome, count(*) FROM attempt GROUP BY 1")))
        result.messages, result.attempts = result.states.total(), result.outcomes.total()
        result.faults = Counter(dict.fromkeys(FAULTS, 0))
        for (point, _step), count in self.manners.done.items():
            result.faults[point] += count
        result.never = self.manners.never
        self.attempts()
        self.arrivals()
        self.given_up()
        self.dead()
        self.trail()

    def say(self, wrong: str) -> None:
        self.result.wrong.append(wrong)

    def attempts(self) -> None:
        """Each attempt is what the server's journal says of one conversation, and none is missing."""
        ledger: Counter[Key] = Counter()
        opening: list[tuple[str, int, str]] = []
        for message_id, phase, code, text, refused in self.office.sql(
            "SELECT message_id, phase, code, text, refused FROM attempt"
        ):
            if phase in BEFORE_MAIL:
                opening.append((phase, code, text))
                continue
            said = NUMBER.findall(" ".join([text, *(words for _address, _code, words in json.loads(refused))]))
            name = str(message_id) if phase in ("dot", "reply") else ""
            ledger[phase, code, frozenset(map(int, said)), name] += 1
        journaled = Counter(_key(each) for each in self.host.transactions)
        unknown, missing = ledger - journaled, journaled - ledger
        # A server that hung up over the first half had the whole already on its way: then the office cannot know.
        for key in [key for key in unknown if key[:2] == IN_DOUBT]:
            cut_off = ("data", 0, key[2], "")
            if missing[cut_off]:
                missing.subtract({cut_off: unknown.pop(key)})
        if unknown or +missing:
            self.say(f"attempts the server knows nothing of: {unknown}; not in the ledger: {+missing}")
        self.opening(opening)

    def opening(self, attempts: list[tuple[str, int, str]]) -> None:
        """What went wrong before MAIL: said so by the server. It may have said more: another connection served."""
        said = {each.number: each for each in self.host.said}
        silent = sum(not each.code and PHASES.get(each.point) in BEFORE_MAIL for each in self.host.said)
        for phase, code, text in attempts:
            found = [said[int(number)] for number in NUMBER.findall(text)]
            if not found:
                silent -= 1
            elif found[0].code != code or phase not in (PHASES[found[0].point], AGAIN.get(found[0].point)):
                self.say(f"attempt {phase} {code} {text}: the server said {found[0]}")
        if silent < 0:
            self.say(f"{-silent} attempts failed before MAIL without the server's doing")

    def arrivals(self) -> None:
        """Each reader of a sent letter has it once, and once more at most for each time the answer was withheld."""
        said_yes: Counter[tuple[str, str]] = Counter()
        withheld: Counter[tuple[str, str]] = Counter()
        names, bytes_of = defaultdict(set), defaultdict(set)
        for taken in self.host.taken:
            count = said_yes if taken.said_yes else withheld
            count.update((taken.header_id, address) for address in taken.recipients)
            names[_number(taken.header_id), taken.said_yes].add(taken.header_id)
            bytes_of[taken.header_id].add(hashlib.sha256(taken.data).hexdigest())
        self.result.doubles = sum(max(n - (pair not in said_yes), 0) for pair, n in withheld.items())
        for pair in [pair for pair, count in said_yes.items() if count > 1]:
            self.say(f"{pair} was taken more than once, each time with a yes")
        for (number, said), found in names.items():
            if said and len(found) > 1:
                self.say(f"message {number} went out as {found}")
        self.sent(said_yes, bytes_of)

    def sent(self, said_yes: Mapping[tuple[str, str], int], bytes_of: Mapping[str, set[str]]) -> None:
        """What counts as sent has been taken for all its readers, and as it was kept."""
        refused = self.refused()
        for message_id, header_id, to, cc, raw_hash in self.office.sql(
            "SELECT id, message_id, \"to\", cc, raw_hash FROM message WHERE state = 'sent'"
        ):
            owed = {*json.loads(to), *json.loads(cc)} - refused[message_id]
            missing = [address for address in owed if not said_yes[header_id, address]]
            if missing or not owed:
                self.result.lost += 1
                self.say(f"message {message_id} counts as sent, and {missing or 'nobody'} has it")
            if bytes_of[header_id] != {raw_hash}:
                self.say(f"message {message_id} went out with other bytes than were kept")

    def refused(self) -> dict[int, set[str]]:
        """Recipients refused for good, by message."""
        found: dict[int, set[str]] = defaultdict(set)
        for message_id, refused in self.office.sql("SELECT message_id, refused FROM attempt WHERE refused != '[]'"):
            found[message_id] |= {address for address, code, _text in json.loads(refused) if code == DEAD.code}
        return found

    def given_up(self) -> None:
        """Every message came to its end; what was written off was refused for good, and an alert says so."""
        told = {dedup for (dedup,) in self.office.sql("SELECT dedup FROM message WHERE letter = 'alert'")}
        for message_id, letter, state in self.office.sql(
            "SELECT id, letter, state FROM message WHERE state NOT IN ('sent', 'superseded', 'cancelled')"
        ):
            if state != "discarded":
                self.result.lost += 1
                self.say(f"message {message_id} ({letter}) is {state} at the end")
                continue
            last = self.office.sql(
                "SELECT outcome FROM attempt WHERE message_id = ? ORDER BY id DESC LIMIT 1", message_id
            )
            if last != [("refused",)]:
                self.say(f"message {message_id} was written off after {last}")
            key = f"undelivered:{kill_office.PLAN_ID}:{message_id}:"  # and the day
            if letter != "alert" and not any(dedup and dedup.startswith(key) for dedup in told):
                self.result.lost += 1
                self.say(f"message {message_id} was written off, and no alert says so")

    def dead(self) -> None:
        """Addresses the server does not know are marked, and the next role is served."""
        marked = {address for (address,) in self.office.sql("SELECT address FROM refused_address")}
        tried = {each.address for each in self.host.said if each.point == journal.RCPT and each.step == DEAD}
        if marked != tried or not tried:
            self.say(f"marked {sorted(marked)}, refused by the server {sorted(tried)}")
        for address in sorted(tried):
            role, _dot, department = address.partition("@")[0].partition(".")
            if role == "liaison":
                higher = address_of("convener", department)
                wanted = address_of("director") if higher in self.manners.dead else higher
                if not any(wanted in taken.recipients for taken in self.host.taken if taken.said_yes):
                    self.say(f"{address} is dead, and {wanted} never got a letter")

    def trail(self) -> None:
        for each in chain.verify(self.office.database).breaks:
            self.say(f"the chain: {each}")
        for before, after in self.office.sql(
            "SELECT DISTINCT from_state, to_state FROM event WHERE message_id IS NOT NULL AND from_state IS NOT NULL"
        ):
            if not may_become(MessageState(before), MessageState(after)):
                self.say(f"{before} became {after}, which the table does not have")


def _key(transaction: Transaction) -> Key:
    """How the ledger must tell of a transaction: phase, code, the server's own numbers, which message."""
    said, number = transaction.said, _number(transaction.header_id)
    refused = frozenset(each.number for each in said if each.point == journal.RCPT and each.code)
    if transaction.taken is not None and transaction.taken.said_yes:
        return "reply", YES, refused, number
    last = said[-1]
    if last.point == journal.DOT:
        return ("reply", last.code, refused | {last.number}, number) if last.code else ("dot", 0, refused, number)
    if last.point == journal.TAKEN:
        return "dot", 0, refused, number
    if last.point == journal.RCPT and last.code and last.code != CLOSING:
        return "rcpt", last.code, refused, ""
    numbers = frozenset({last.number} if last.code else set())
    return PHASES[last.point], last.code, numbers | refused if PHASES[last.point] == "data" else numbers, ""


def _number(header_id: str) -> str:
    """The message's own number, with which its Message-ID begins."""
    return header_id.strip("<").partition(".")[0]
