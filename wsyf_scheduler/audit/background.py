"""What every assignment is judged by: regimes, zones, when the engine could act, who held the posts. Imports store."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wsyf_scheduler.audit.chances import Chances, held_spans
from wsyf_scheduler.audit.posts import Posts
from wsyf_scheduler.audit.regime import Regimes, regimes
from wsyf_scheduler.config import Config
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.store import history, uptime, year_notices
from wsyf_scheduler.store import regimes as kept_regimes
from wsyf_scheduler.store.db import Session
from wsyf_scheduler.store.history import Version
from wsyf_scheduler.store.uptime import Stretch

INSTANT = timedelta(microseconds=1)


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
        return self.regimes.table(self._zone(plan_id, at), at)

    def tables(self, plan_id: str, at: datetime) -> list[Timetable]:
        """Those a round of that instant may have gone by: rules or zone may have changed in it."""
        zones = dict.fromkeys((self._zone(plan_id, at), self._zone(plan_id, at - INSTANT)))
        return [table for zone in zones for table in self.regimes.tables(zone, at)]

    def _zone(self, plan_id: str, at: datetime) -> str:
        known = self.versions[plan_id]
        return known[max(bisect_right(known, at, key=lambda each: each.synced_at) - 1, 0)].zone

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
        regimes=regimes(kept_regimes.all_of(session), config, year_notices.all_of(session)),
        versions=versions,
        chances=Chances(stretches, held_spans(history.holds(session))),
        posts=Posts(history.terms(session), lambda: history.refusals(session)),
    )
