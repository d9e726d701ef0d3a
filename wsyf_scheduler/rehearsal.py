"""The same acts and ticks under a stepping clock: from one moment of attention to the next (`wsyf rehearse`, demo).

Imports acts, ticks and what they stand on. Nothing here decides anything: it only moves the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from wsyf_scheduler.acts import close
from wsyf_scheduler.app import App
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.store import assignments, outbox
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


def round_of_ticks(app: App, now: datetime) -> tuple[remind.Counts, int, deliver.Counts]:
    """What the daemon does by itself at one moment."""
    return remind.run(app, now), digest.run(app, now), deliver.run(app, now)


def _next_moment(app: App, now: datetime, next_act: datetime | None) -> datetime | None:
    with app.db.read() as session:
        moments = [
            next_act,
            assignments.next_attention(session),
            outbox.next_due(session),
            digest.next_at(app, session, now),
        ]
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def on_time(app: App, plan_id: str, first: date) -> list[Planned]:
    """Each assignment closed at 08:00 on its due day, rolled back, or at FROM 00:00 where that lies earlier."""
    with app.db.read() as session:
        table = app.plans(session)[plan_id].table
        items = assignments.of_plan(session, plan_id)
    hours, begins_at = table.hours, table.hours.midnight(first)
    script: dict[datetime, list[str]] = {}
    for item in items:
        day = table.calendar.roll_back(item.due_on)
        at = max(datetime.combine(day, CLOSES_AT, hours.zone).astimezone(UTC), begins_at)
        script.setdefault(at, []).append(str(item.id))
    return [Planned(at, _closing(ids)) for at, ids in sorted(script.items())]


def _closing(ids: list[str]) -> Act:
    def act(app: App, now: datetime) -> object:
        return close.act(app, now, keys=ids, who=app.who)

    return act
