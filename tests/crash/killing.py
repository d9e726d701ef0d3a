"""A campaign of kills: offices, one after the other, whose daemon is killed at planned points and started again.

The plan is drawn from a seed: always one of the points hit least so far, so that all are covered evenly.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import trustme

from tests.crash import journal, kill_office
from tests.crash.judging import Death, Verdict, judge
from tests.crash.kill_office import KillOffice, lay_out
from tests.crash.mailhost import MailHost
from tests.crash.points import AFTER, ANY, BEFORE, POINTS, SECURE_PHASES
from tests.crash.starting import PATIENCE, Killer, Launcher, server
from wsyf_scheduler.clock import monotonic

HOPE = 3.0  # seconds for a point to be reached before the life counts as a miss
LOOK_EVERY = 0.005
SWEEP_EVERY = 0.1
WORK = 4  # messages under way that make a life worth living
LIVES = 60  # kills in one office
A_NEW_DAY = ("decide", "digest", "forget", "audit", "before a backup", "backup")  # what there is but once a day
SENT_ALL = f"commit: nothing to send, {AFTER}"
BACK = timedelta(minutes=10)
OFTEN = (  # reached several times in a life
    *(f"commit: {name}, {side}" for name in ("beat", "rescue, nothing") for side in (BEFORE, AFTER)),
    *(f"smtp: {getattr(journal, name)}" for name in ("MAIL", "RCPT", "DATA", "BODY", "DOT", "TAKEN", "YES")),
)


@dataclass(slots=True)
class Tally:
    """What a campaign did: kills by point, lives in which the point was not reached, what was found wrong."""

    seed: int
    hits: Counter[str] = field(default_factory=Counter)
    misses: Counter[str] = field(default_factory=Counter)
    offices: int = 0
    messages: int = 0
    taken: int = 0
    doubles: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    unknown: set[str] = field(default_factory=set)  # commits that have no name in `points`

    @property
    def kills(self) -> int:
        return sum(self.hits.values())

    @property
    def never(self) -> list[str]:
        """Points at which nothing was killed."""
        return [point for point in POINTS if not self.hits[point]]

    def add(self, verdict: Verdict) -> None:
        self.offices += 1
        self.messages += verdict.messages
        self.taken += verdict.taken
        self.doubles += verdict.doubles
        self.lost += verdict.lost
        self.wrong += verdict.wrong


def campaign(folder: Path, *, kills: int, seed: int, lives: int = LIVES, verbose: bool = False) -> Tally:
    """Kill so many times, over as many offices as that takes."""
    draw = random.Random(seed)
    tally, began = Tally(seed), monotonic()
    launcher = Launcher()
    ca = trustme.CA()
    like = lay_out(folder / "like", 1).database
    try:
        while tally.kills < kills and not tally.wrong:
            secure = tally.offices % 2 == 1
            number = tally.offices
            left = min(lives, kills - tally.kills)
            with server(launcher, ca if secure else None) as (host, killer):
                office = lay_out(
                    folder / f"office-{number}",
                    host.port,
                    ca=ca.cert_pem.bytes() if secure else None,
                    connections=1 + number % 3,
                    like=like,
                )
                tally.add(Campaign(office, host, killer, launcher, draw, tally, left).run())
            if verbose:
                print(f"{tally.kills} kills, {tally.doubles} doubles, {monotonic() - began:.0f} s", flush=True)
    finally:
        launcher.close()
    tally.seconds = monotonic() - began
    return tally


@dataclass(slots=True)
class Campaign:
    """One office, life after life."""

    office: KillOffice
    host: MailHost
    killer: Killer
    launcher: Launcher
    draw: random.Random
    tally: Tally
    wanted: int
    deaths: list[Death] = field(default_factory=list)

    def run(self) -> Verdict:
        """So many kills; then a life in peace, in which all that is owed is sent; then the verdict."""
        done = 0
        while done < self.wanted:
            point = self.choose()
            if self.live(point):
                self.tally.hits[point] += 1
                done += 1
            else:
                self.tally.misses[point] += 1
                assert self.tally.misses[point] < 20 + self.tally.hits[point], f"{point} is never reached"
        self.live_in_peace()
        passed = self.office.passes.read_text().splitlines()
        self.tally.unknown |= {each for each in passed if not each.startswith("KILL ")} - {*POINTS}
        return judge(self.office, self.host, self.deaths)

    def choose(self) -> str:
        """One of the points hit least, of those that can be reached now."""
        can = [point for point in POINTS if self.can_reach(point)]
        tried = {point: self.tally.hits[point] + self.tally.misses[point] / 2 for point in can}
        return self.draw.choice([point for point in can if tried[point] == min(tried.values())])

    def can_reach(self, point: str) -> bool:
        phase = point.removeprefix("smtp: ")
        if phase in SECURE_PHASES:
            return self.office.secure
        if point.startswith("commit: rescue, nothing"):
            return not self.is_sending()
        return not point.startswith("commit: rescue,") or self.is_sending()

    def is_sending(self) -> bool:
        return bool(self.office.sql("SELECT 1 FROM message WHERE state = 'sending' AND raw_hash IS NOT NULL LIMIT 1"))

    # --- One life

    def live(self, point: str) -> bool:
        """Prepare what the point needs, live, and tell whether the life ended there."""
        name = point.removeprefix("commit: ").rpartition(", ")[0]
        self.prepare(name)
        if name == "act":
            return self.act_and_die(point)
        nth = self.nth(point)
        phase = point.removeprefix("smtp: ")
        self.host.epoch += 1
        stops = name in ("give back", "last beat")
        if stops:  # it dies while it leaves
            self.killer.aim(journal.MAIL, 2, signal.SIGTERM)
        else:
            self.killer.aim(phase if point.startswith("smtp: ") else "", nth)
        at = self.office.now() - (BACK if name == "guard" else timedelta())
        pid = self.start("daemon", at, point if point.startswith("commit: ") else None, nth)
        if point == ANY:
            self.launcher.ended.wait(self.draw.uniform(0.01, 0.4))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        code = self.end(pid)
        died = code == -signal.SIGKILL
        assert died or code == 0, f"{point}: exit code {code}\n{self.office.log.read_text()[-3000:]}"
        self.host.join()
        self.note(point if died else "left")
        return died

    def start(self, what: str, at: Any, point: str | None, nth: int, **more: Any) -> int:
        return self.launcher.start(
            do=what,
            config=str(self.office.config),
            at=at.isoformat(),
            log=str(self.office.log),
            passes=str(self.office.passes),
            point=point,
            nth=nth,
            sweep_every=SWEEP_EVERY,
            **more,
        )

    def end(self, pid: int) -> int:
        """Its exit code; where the point is not reached in time, it is told to leave."""
        if not self.launcher.ended.wait(HOPE):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if not self.launcher.ended.wait(PATIENCE):
            os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"the daemon does not leave:\n{self.office.log.read_text()[-3000:]}")
        return self.launcher.wait()

    def nth(self, point: str) -> int:
        """Which time the point is reached, it ends: the first, where it may be reached but once."""
        return self.draw.randint(1, 3) if point in OFTEN else 1

    def note(self, how: str) -> None:
        """What the database says of the outbox after the death, and what the server took in that life."""
        rows = self.office.sql("SELECT id, message_id FROM message WHERE state = 'sending' AND message_id IS NOT NULL")
        taken = [each for each in self.host.taken if each.epoch == self.host.epoch]
        self.deaths.append(Death(how=how, epoch=self.host.epoch, sending=dict(rows), taken=taken))

    # --- What a point needs

    def prepare(self, name: str) -> None:
        office = self.office
        if office.under_way() < WORK:
            self.fill()
        if name in A_NEW_DAY:
            self.to_a_day_for(name)
        elif name == "new rules":
            office.days_off += 1
            office.write_config()
        elif name == "pace of the hook":
            office.commands = not office.has_hook()
            office.write_config()
        elif name == "hook":
            if not office.commands:
                office.commands = True
                office.write_config()
            office.tell(1)
            if not office.has_hook():
                self.live_in_peace()
                office.tell(1)
        elif name == "record":  # in the midst of more than is claimed at once
            office.tell(20 * office.connections)

    def fill(self) -> None:
        """Work: acts of the coordinator for as many departments as have nothing under way."""
        for key in self.office.idle_keys(6):
            self.act(key)

    def to_a_day_for(self, name: str) -> None:
        """On to a day for which something is owed; before that, all that is owed until now is sent."""
        if self.office.under_way() or self.office.is_due():
            self.live_in_peace()
        for _day in range(10):
            self.office.next_morning()
            monday = self.office.now().astimezone(kill_office.BEIJING).weekday() == 0
            if {"digest": monday, "decide": self.office.is_due()}.get(name, True):
                return
            self.live_in_peace()

    def live_in_peace(self) -> None:
        """A life without a kill, until nothing is owed any more; it leaves when it is told."""
        self.host.epoch += 1
        self.killer.aim("", 0)
        rounds = self.rounds()
        pid = self.start("daemon", self.office.now(), None, 0)
        limit = monotonic() + PATIENCE
        while self.rounds() < rounds + 2 or self.office.is_due() or self.office.under_way():
            assert monotonic() < limit, f"not all is sent: {self.office.log.read_text()[-3000:]}"
            assert not self.launcher.ended.wait(LOOK_EVERY), self.office.log.read_text()[-3000:]
        os.kill(pid, signal.SIGTERM)
        assert self.end(pid) == 0, self.office.log.read_text()[-3000:]
        self.host.join()
        self.note("left")

    def rounds(self) -> int:
        """How many rounds of sending have come to an end."""
        return self.office.passes.read_text().count(SENT_ALL) if self.office.passes.exists() else 0

    # --- The coordinator

    def act(self, key: str, point: str | None = None) -> bool:
        """Close an assignment, or reopen it; as a process that is killed at a point of it, if one is given."""
        office = self.office
        verb, after = ("reopen", "open") if office.state_of(key) == "done" else ("done", "done")
        if point is None:
            office.act(verb, key)
        else:
            self.start(verb, office.now(), point, 1, keys=[key])
            code = self.launcher.wait()
            assert code == -signal.SIGKILL, office.log.read_text()[-3000:]
        is_done = (office.state_of(key) == "done") == (after == "done")
        assert is_done != (point is not None and point.endswith("before")), f"{verb} {key}: {point}"
        if is_done:
            office.acted.append((verb, key))
        return point is not None

    def act_and_die(self, point: str) -> bool:
        keys = self.office.idle_keys(1)
        if not keys:
            self.live_in_peace()
            keys = self.office.idle_keys(1)
        return self.act(keys[0], point)
