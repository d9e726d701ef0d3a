"""The same acts and ticks under a stepping clock: from one moment of attention to the next (`wsyf rehearse`, demo).

Imports acts, ticks and what they stand on. Nothing here decides anything: it only moves the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from wsyf_scheduler.acts import close, track
from wsyf_scheduler.app import App
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.core.ladder import Timetable
from wsyf_scheduler.core.plan import Plan, expand
from wsyf_scheduler.store import assignments, facts, holds, outbox, uptime
from wsyf_scheduler.ticks import deliver, digest, remind

CLOSES_AT = time(8, 0)
Act = Callable[[App, datetime], object]


@dataclass(frozen=True, slots=True)
class Planned:
    """Something a person does at a moment of the rehearsal."""

    at: datetime
    act: Act


def run(app: App, clock: FixedClock, *, until: datetime, script: Sequence[Planned] = ()) -> Iterator[datetime]:
    """Live from the clock's instant to `until` (excluded); yields each moment after its acts and ticks are done."""
    ahead = sorted(script, key=lambda planned: planned.at)
    done = 0
    while True:
        now = clock.now()
        while done < len(ahead) and ahead[done].at <= now:
            ahead[done].act(app, now)
            done += 1
        round_of_ticks(app, now)
        yield now
        following = _next_moment(app, now, ahead[done].at if done < len(ahead) else None)
        if following is None or following >= until:
            return
        clock.instant = following


def round_of_ticks(app: App, now: datetime, *, most: int | None = None) -> tuple[remind.Counts, int, deliver.Counts]:
    """What the daemon does by itself at one moment; a rehearsal's clock stands there until the next.

    `most` messages of the ladder at one moment, or they are held; None: the guard is off.
    """
    done = remind.run(app, now, most=most), digest.run(app, now), deliver.run(app, now)
    with app.db.begin() as session:
        if holds.get(session) is None:  # a wrong clock must not become the last one known
            facts.put(session, facts.LAST_TICK_AT, now.isoformat())
            uptime.seen(session, now, app.host)
    return done


def _next_moment(app: App, now: datetime, next_act: datetime | None) -> datetime | None:
    with app.db.read() as session:
        moments = [
            next_act,
            assignments.next_attention(session),
            outbox.next_due(session),
            digest.next_at(app, session, now),
        ]
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def tracking(plan: Plan, texts: Mapping[str, str]) -> Act:
    """The plan is tracked; a draft is lived through as if it were none."""
    sound = replace(plan, draft=False)

    def act(app: App, now: datetime) -> object:
        return track.act(app, now, plan=sound, texts=texts, who=app.who)

    return act


def on_time(plan: Plan, table: Timetable, first: date) -> list[Planned]:
    """Each assignment closed at 08:00 on its due day, rolled back, or at FROM 00:00 where that lies earlier."""
    hours, begins_at = table.hours, table.hours.midnight(first)
    script: dict[datetime, list[str]] = {}
    for want in expand(plan):
        day = table.calendar.roll_back(want.due_on)
        at = max(datetime.combine(day, CLOSES_AT, hours.zone).astimezone(UTC), begins_at)
        script.setdefault(at, []).append(f"{plan.id}:{want.key}")
    return [Planned(at, _closing(keys)) for at, keys in sorted(script.items())]


def _closing(keys: list[str]) -> Act:
    def act(app: App, now: datetime) -> object:
        return close.act(app, now, keys=keys, who=app.who, without_figures=True)

    return act
