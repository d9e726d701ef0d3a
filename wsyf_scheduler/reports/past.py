"""What was in force at a past moment, by light reads: regime, holders of posts, holds on the queue, pauses.

Imports config, core, audit's values and store.glance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from wsyf_scheduler.audit.posts import Posts, Term
from wsyf_scheduler.audit.regime import Regimes, of_config, regimes
from wsyf_scheduler.config import Config
from wsyf_scheduler.core.calendar import ONE_DAY, Hours, YearNotice
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.core.people import Roster
from wsyf_scheduler.files.holidays import names
from wsyf_scheduler.reports import recorded
from wsyf_scheduler.store.glance import Glance, instant

REGIMES = "SELECT since_at, content FROM regime ORDER BY since_at, id"
REFUSALS = "SELECT address, since_at FROM refused_address"
UPTIME = "SELECT from_at, to_at FROM uptime ORDER BY from_at, id"
HOLDS = """
SELECT at, who, action, why FROM event
WHERE chain = '' AND action IN ('queue_held', 'queue_released', 'queue_written_off') ORDER BY id
"""
WORTH_TELLING = timedelta(minutes=10)  # a pause of the engine


class Span(NamedTuple):
    """From an instant (None: before all that is known) to another (None: still), why, and who ended it."""

    from_at: datetime | None
    to_at: datetime | None
    why: str = ""
    ended_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The past of an office, up to `now`; `present` are the rules of the settings in force now.

    `rounds` are the stretches in which the engine ran; empty where that was not recorded, as in a rehearsal.
    """

    now: datetime
    zone: ZoneInfo
    present: Timetable
    kept: Regimes
    posts: Posts
    holds: tuple[Span, ...]
    rounds: tuple[Span, ...]
    office: str
    imported: Mapping[int, YearNotice]

    @property
    def today(self) -> date:
        """The calendar day of the clock."""
        return self.present.hours.day_of(self.now)

    def holiday(self, day: date) -> str:
        """The holiday a day off or a make-up day belongs to, as it is known today; empty for any other."""
        return names(day.year, self.imported).get(day, "")

    def table(self, at: datetime) -> Timetable:
        """Where rungs landed under the rules in force at a past instant."""
        return self.kept.table(self.zone.key, at)

    def table_on(self, on: date) -> Timetable:
        """The rules at the end of a day; those of today for what lies ahead."""
        return self.present if on >= self.today else self.table(self.end_of(on))

    def end_of(self, on: date) -> datetime:
        """The last instant of a day, or now where that lies ahead."""
        return min(self.present.hours.midnight(on + ONE_DAY) - timedelta(microseconds=1), self.now)

    def roster(self, at: datetime) -> Roster:
        """Who could be reached, as the office knew it at an instant; as it knows now for what lies ahead."""
        office = self.office if at >= self.now else self.kept.at(at).office
        return self.posts.roster(min(at, self.now), office=office, refused=True)

    def since(self, on: date) -> datetime | None:
        """From when the rules of a past day were in force, where they were others than now."""
        kept = self.kept.at(self.end_of(on))
        latest = self.kept.known[-1]
        return kept.since_at if on < self.today and kept is not latest else None

    def held_on(self, on: date) -> tuple[Span, ...]:
        """When the whole queue was held on a day, and why."""
        return tuple(each for each in self.holds if self._touches(each, on))

    def paused_on(self, on: date) -> tuple[Span, ...]:
        """When the engine did not run on a day, while letters might have left."""
        table = self.table_on(on)
        if not self.rounds or not table.calendar.is_working(on):
            return ()
        opens_at = table.hours.slot(on)
        shuts_at = min(datetime.combine(on, table.hours.send_until, table.hours.zone), self.now)
        gaps = [Span(None, self.rounds[0].from_at), *_gaps(self.rounds), Span(self.rounds[-1].to_at, None)]
        return tuple(each for each in gaps if _overlap(each, opens_at, shuts_at) >= WORTH_TELLING)

    def _touches(self, span: Span, on: date) -> bool:
        midnight = self.present.hours.midnight(on)
        begins, ends = span.from_at or midnight, span.to_at or self.now
        return begins <= self.end_of(on) and ends >= midnight


def read(opened: Glance, config: Config, zone: str, now: datetime) -> Past:
    """Read it."""
    imported = opened.year_notices()
    present = of_config(config, imported)
    hours = Hours(zone=ZoneInfo(zone), send_at=config.send_at, send_until=config.send_until)
    kept = [(instant(row["since_at"]), row["content"]) for row in opened.rows(REGIMES)]
    refused = [(str(row["address"]), instant(row["since_at"])) for row in opened.rows(REFUSALS)]
    is_rehearsal = opened.fact("rehearsal") == "yes"  # its rounds come when there is something to do
    return Past(
        now=now,
        zone=ZoneInfo(zone),
        present=Timetable(config.ladder, present.calendar, hours),
        kept=regimes(kept, config, imported),
        posts=Posts(_terms(opened), lambda: refused),
        holds=tuple(_holds(opened)),
        rounds=() if is_rehearsal else tuple(_rounds(opened)),
        office=config.office.email,
        imported=imported,
    )


def _terms(opened: Glance) -> list[Term]:
    return [(each.holder, each.recorded_at, each.retired_at) for each in recorded.terms(opened)]


def _holds(opened: Glance) -> Iterable[Span]:
    begun: dict[str, Any] | None = None
    for row in opened.rows(HOLDS):
        if row["action"] == "queue_held":
            begun = begun or row
        elif begun is not None:
            yield Span(instant(begun["at"]), instant(row["at"]), begun["why"], row["who"])
            begun = None
    if begun is not None:
        yield Span(instant(begun["at"]), None, begun["why"])


def _rounds(opened: Glance) -> list[Span]:
    """The stretches; those that overlap, where the clock was set back, are one."""
    found: list[Span] = []
    for row in opened.rows(UPTIME):
        from_at, to_at = instant(row["from_at"]), instant(row["to_at"])
        last = found[-1] if found else None
        if last is not None and last.to_at is not None and from_at <= last.to_at:
            found[-1] = Span(last.from_at, max(last.to_at, to_at))
        else:
            found.append(Span(from_at, to_at))
    return found


def _gaps(rounds: tuple[Span, ...]) -> list[Span]:
    return [Span(one.to_at, other.from_at) for one, other in pairwise(rounds)]


def _overlap(gap: Span, opens_at: datetime, shuts_at: datetime) -> timedelta:
    begins = max(gap.from_at or opens_at, opens_at)
    return min(gap.to_at or shuts_at, shuts_at) - begins
