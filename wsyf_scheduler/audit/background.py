"""What every assignment is judged by: regimes, zones, when the engine could act, who held the posts. Imports store."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime

from wsyf_scheduler.audit.chances import Chances, held_spans
from wsyf_scheduler.audit.posts import Posts
from wsyf_scheduler.audit.regime import Regimes, regimes
from wsyf_scheduler.config import Config
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.store import history, uptime
from wsyf_scheduler.store import regimes as kept_regimes
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.history import Version
from wsyf_scheduler.store.uptime import Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """The world around the assignments, up to `now`. `versions` are those of each plan, oldest first."""

    now: datetime
    regimes: Regimes
    versions: dict[str, list[Version]]
    chances: Chances
    posts: Posts

    def table(self, plan_id: str, at: datetime) -> Timetable:
        """Where the rungs of a plan landed, as the rules stood at an instant."""
        known = self.versions[plan_id]
        version = known[max(bisect_right(known, at, key=lambda each: each.synced_at) - 1, 0)]
        return self.regimes.table(version.zone, at)

    def turns(self, plan_id: str) -> list[datetime]:
        """The instants at which the rules or the zone of a plan may have changed."""
        return [*(each.since_at for each in self.regimes.known), *(each.synced_at for each in self.versions[plan_id])]

    def day(self, plan_id: str, at: datetime) -> date:
        """The calendar day in the plan's zone."""
        return self.table(plan_id, at).hours.day_of(at)


def read(session: Session, config: Config, now: datetime, *, whole: bool) -> Background:
    """Read it. `whole`: for the time before rounds were recorded, the ledger shows at which instants some ran."""
    versions: dict[str, list[Version]] = {}
    for version in history.versions(session):
        versions.setdefault(version.plan_id, []).append(version)
    stretches = uptime.stretches(session)
    if whole:
        first = stretches[0].from_at if stretches else now
        stretches = [*(Stretch(at, at) for at in history.rounds(session, first)), *stretches]
    return Background(
        now=now,
        regimes=regimes(kept_regimes.all_of(session), config),
        versions=versions,
        chances=Chances(stretches, held_spans(history.holds(session))),
        posts=Posts(history.terms(session), lambda: history.refusals(session)),
    )
