"""Whatever the assignment, ladder, calendar and times of ticks: what a ladder letter never does (RULES.md §2, §3)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import calendar, make_assignment, make_office, make_plan, make_timetable, task
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.calendar import Hours
from wsyf_scheduler.core.decide import NOTHING_DECIDED, Verdict, decide, next_attention, with_decisions
from wsyf_scheduler.core.grouping import grouped, notices_of
from wsyf_scheduler.core.ladder import CalendarDays, Every, Ladder, Rung, Start, Timetable, When, WorkingDays
from wsyf_scheduler.core.standard import STANDARD

QUICK = settings(max_examples=50, deadline=None)
ONE_DAY = timedelta(days=1)
OPENS, SHUTS = time(9), time(17, 30)
ZONES = ("Asia/Shanghai", "America/New_York", "Pacific/Auckland")

# Around Spring Festival, National Day and leap day, and around nothing.
DUE_DAYS = st.sampled_from(
    [*(date(2023, 2, day) for day in range(1, 29)), date(2023, 10, 6), date(2024, 2, 29), date(2022, 12, 31)]
) | st.dates(date(2022, 3, 1), date(2026, 3, 1))


def rung_names(n: int) -> list[str]:
    return [f"r{number}" for number in range(n)]


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """The standard ladder, or up to eight rungs of any kind in any order."""
    if draw(st.booleans()):
        return STANDARD
    offsets = st.integers(1, 40)
    simple: st.SearchStrategy[When] = (
        offsets.map(lambda n: CalendarDays(-n))
        | st.integers(0, 20).map(CalendarDays)
        | st.integers(1, 10).map(lambda n: WorkingDays(-n))
        | st.integers(1, 10).map(WorkingDays)
    )
    whens = draw(st.lists(simple, min_size=1, max_size=6))
    rungs = [
        Rung(name=name, when=when, letter=draw(st.sampled_from(["reminder", "chaser", "escalation"])), to=("liaison",))
        for name, when in zip(rung_names(len(whens)), whens, strict=True)
    ]
    if draw(st.booleans()):
        again = Every(draw(st.integers(1, 5)), draw(st.sampled_from(rungs)).name, draw(st.integers(1, 4)))
        rungs.append(Rung(name="again", when=again, letter="escalation", to=("convener",), briefing=("director",)))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(rungs)))
        rungs.insert(place, Rung(name="start", when=Start(), letter="start", to=("liaison",)))
    return Ladder(tuple(rungs))


@dataclass(frozen=True)
class Change:
    """Something that happens to the assignment at 07:00, while the window is shut."""

    on: date
    values: dict[str, Any]


class Case(NamedTuple):
    item: Assignment
    table: Timetable
    change: Change | None
    first: date
    last: date


@st.composite
def cases(draw: st.DrawFn) -> Case:
    due_on = draw(DUE_DAYS)
    zone = draw(st.sampled_from(ZONES))
    first = due_on - timedelta(days=draw(st.integers(0, 70)))
    last = due_on + timedelta(days=draw(st.integers(0, 40)))
    near = st.integers(-60, 40).map(lambda n: due_on + timedelta(days=n))
    off = frozenset(draw(st.lists(near, max_size=6)))
    working = frozenset(draw(st.lists(near, max_size=6))) - off
    hours = draw(st.sampled_from([(OPENS, SHUTS), (time(0), time(23, 59)), (time(13, 30), time(13, 31))]))
    table = Timetable(
        draw(ladders()),
        calendar(off=tuple(sorted(off)), working=tuple(sorted(working))),
        Hours(zone=ZoneInfo(zone), send_at=hours[0], send_until=hours[1]),
    )
    tracked_from = table.hours.midnight(first) + timedelta(minutes=draw(st.integers(0, 1439)))
    item = make_assignment(
        due_on=due_on,
        begins_on=first + timedelta(days=draw(st.integers(-10, 20))),
        tracked_from=tracked_from,
        kind=draw(st.sampled_from(["data", "meeting", "evaluation"])),
        support=tuple(draw(st.sets(st.sampled_from(["union", "housing"])))),
        held=draw(st.booleans()) and draw(st.booleans()),
        muted_until=draw(st.none() | near),
    )
    return Case(item, table, draw(changes(item, table, first, last)), first, last)


def changes(item: Assignment, table: Timetable, first: date, last: date) -> st.SearchStrategy[Change | None]:
    """Nothing, or it is closed, extended, withdrawn, or released (as if it had been done and was reopened)."""

    def change(on: date, what: str, days: int) -> Change:
        moment = table.hours.midnight(on) + timedelta(minutes=1)
        counted_from = on if on > item.due_on else None
        values: dict[str, dict[str, Any]] = {
            "done": {"state": State.DONE},
            "withdrawn": {"state": State.WITHDRAWN},
            "extended": {"due_on": item.due_on + timedelta(days=days), "ladder_from": moment},
            "released": {"held": False, "ladder_from": moment, "counted_from": counted_from},
        }
        return Change(on, values[what])

    days = st.dates(min(first + ONE_DAY, last), last)
    kinds = st.sampled_from(["done", "withdrawn", "extended", "released"])
    return st.none() | st.builds(change, days, kinds, st.integers(1, 30))


Ticks = list[datetime]


def ticks_of(case: Case, minutes: list[int], extra: list[int]) -> Ticks:
    """One tick in the window of each working day, at a place of its own, and more at any time of day or night."""
    hours, days = case.table.hours, (case.last - case.first).days + 1
    found = []
    opens = datetime.combine(date(2000, 1, 1), hours.send_at)
    length = int((datetime.combine(date(2000, 1, 1), hours.send_until) - opens).total_seconds())
    for number in range(days):
        day = case.first + number * ONE_DAY
        if case.table.calendar.is_working(day):
            found.append(hours.slot(day) + timedelta(seconds=minutes[number % len(minutes)] % (length + 1)))
    begin = hours.midnight(case.first)
    found += [begin + timedelta(minutes=each % (days * 1440)) for each in extra]
    return sorted(found)


class Sent(NamedTuple):
    at: datetime
    on: date
    receiver: str
    letter: str
    rung: str
    repeat: int
    due_on: date
    counted_from: date
    slot_at: datetime


def simulate(case: Case, ticks: Ticks) -> list[Sent]:
    """What the ticks say, deciding only where attention was due, as the daemon does."""
    item, decided, table, sent = case.item, NOTHING_DECIDED, case.table, []
    waits_until = next_attention(item, decided, table, item.tracked_from)
    for now in ticks:
        on = table.hours.day_of(now)
        if case.change and on >= case.change.on and item is case.item:
            item = replace(item, **case.change.values)
            waits_until = next_attention(item, decided, table, now)
        if now < item.tracked_from:
            continue
        decisions = decide(item, decided, table, now)
        if waits_until is None or waits_until > now:
            assert decisions == (), "a decision was due while nobody would have looked"
            continue
        for group, notices in grouped(notice for each in decisions for notice in notices_of(item, each)).items():
            who = group.department or group.audience
            sent += [
                Sent(now, on, who, group.letter, each.rung, each.repeat, each.due_on, each.counted_from, each.slot_at)
                for each in notices
            ]
        decided = with_decisions(decided, item, decisions)
        waits_until = next_attention(item, decided, table, now)
        assert waits_until is None or waits_until > now, "what is decided is not looked at again at once"
    return sent


TIMES = st.lists(st.integers(0, 86_399), min_size=1, max_size=7)
EXTRA = st.lists(st.integers(0, 1440 * 120), max_size=12)


@QUICK
@given(cases(), TIMES, EXTRA)
def test_never_on_a_day_off_outside_the_window_early_twice_or_in_silence(
    case: Case, times: list[int], extra: list[int]
) -> None:
    sent = simulate(case, ticks_of(case, times, extra))
    hours, days = case.table.hours, case.table.calendar
    assert all(days.is_working(each.on) for each in sent)
    assert all(hours.send_at <= each.at.astimezone(hours.zone).time() <= hours.send_until for each in sent)
    assert all(each.at >= each.slot_at for each in sent)
    assert all(each.at >= case.item.tracked_from for each in sent)
    assert all(each.slot_at >= case.item.tracked_from for each in sent)
    twice = Counter((each.receiver, each.rung, each.repeat, each.due_on, each.counted_from) for each in sent)
    assert max(twice.values(), default=1) == 1
    muted = case.item.muted_until
    assert all(muted is None or hours.day_of(each.slot_at) >= muted for each in sent)
    if case.item.held and (case.change is None or case.change.values.get("held") is not False):
        assert sent == []
    if case.change and "state" in case.change.values:
        assert all(each.on < case.change.on for each in sent)


@QUICK
@given(cases(), TIMES, TIMES, EXTRA)
def test_the_times_of_ticks_change_nothing(case: Case, one: list[int], other: list[int], extra: list[int]) -> None:
    def rows(ticks: Ticks) -> list[tuple[object, ...]]:
        return sorted((e.on, e.receiver, e.letter, e.rung, e.repeat, e.due_on) for e in simulate(case, ticks))

    tracked_on = case.table.hours.day_of(case.item.tracked_from)
    if extra or one != other:
        plain, shifted = ticks_of(case, one, []), ticks_of(case, other, extra)
        # The day tracking begins may have its tick before or after that moment: the slot has passed either way.
        assert tracked_on == case.first
        assert rows(plain) == rows(shifted)


@QUICK
@given(cases(), TIMES)
def test_in_one_slot_each_receiver_hears_of_one_rung_beside_start(case: Case, times: list[int]) -> None:
    sent = simulate(case, ticks_of(case, times, []))
    ladder = Counter((each.at, each.receiver) for each in sent if each.letter not in ("start", "briefing"))
    assert max(ladder.values(), default=1) == 1


@QUICK
@given(cases(), TIMES, st.integers(0, 100), st.integers(1, 60))
def test_after_downtime_at_most_the_latest_slot_speaks(case: Case, times: list[int], stop: int, days: int) -> None:
    """However long nobody ticked: one rung for the lead (beside a start of the same slot), never an older one later."""
    ticks = ticks_of(case, times, [])
    kept = ticks[: stop % (len(ticks) + 1)] + ticks[stop % (len(ticks) + 1) + days :]
    lead = [each for each in simulate(case, kept) if each.receiver == case.item.department]
    assert max(Counter((each.at, each.letter == "start") for each in lead).values(), default=1) == 1
    slots = [each.slot_at for each in sorted(lead, key=lambda each: each.at)]
    assert slots == sorted(slots)


@QUICK
@given(cases(), st.integers(0, 1440 * 120))
def test_every_landing_is_decided_once_whatever_the_tick(case: Case, minute: int) -> None:
    """One late tick records each passed landing exactly once, sent or not, and the next tick finds nothing."""
    now = case.table.hours.next_open(case.item.tracked_from + timedelta(minutes=minute), case.table.calendar)
    found = decide(case.item, NOTHING_DECIDED, case.table, now)
    assert max(Counter((e.receiver, e.landing.rung.name, e.landing.repeat) for e in found).values(), default=1) == 1
    after = with_decisions(NOTHING_DECIDED, case.item, found)
    assert decide(case.item, after, case.table, now) == ()
    speaking = [e for e in found if e.verdict is Verdict.NOTIFY and e.receiver == case.item.department]
    assert len([e for e in speaking if not isinstance(e.landing.rung.when, Start)]) <= 1


# --- The same through the office: tables, grouping and delivery --------------------------------------------------

OFFICE_PLAN = make_plan(
    task(1, due=date(2023, 2, 28), lead=["emergency", "housing"], support=["union"]),
    task(2, due=date(2023, 2, 10)),
    task(3, due=date(2023, 2, 3), lead=["union"], support="others"),
)
BEGIN, END = date(2023, 1, 9), date(2023, 3, 10)


def office_rows(times: list[int], extra: list[int]) -> list[tuple[object, ...]]:
    office = make_office(f"{BEGIN} 00:00", texts=OFFICE_PLAN)
    table = make_timetable()
    hours, days = table.hours, table.calendar
    moments = [
        hours.slot(day) + timedelta(seconds=times[number % len(times)] % 30_601)
        for number, day in enumerate(BEGIN + n * ONE_DAY for n in range((END - BEGIN).days))
        if days.is_working(day)
    ]
    moments += [hours.midnight(BEGIN) + timedelta(minutes=each % (1440 * (END - BEGIN).days)) for each in extra]
    found = []
    for moment in sorted(moments):
        for line in office.tick(moment):
            local = datetime.fromisoformat(str(line["at"]))
            if line["letter"] in ("start", "reminder", "chaser", "escalation", "briefing"):
                assert days.is_working(local.date())
                assert OPENS <= local.time() <= SHUTS
                rows = line["rows"]
                found.append((local.date(), line["department"], line["audience"], line["letter"], str(rows)))
    assert len(found) == len({each[:4] for each in found}), "two messages of one kind in one slot"
    return sorted(found)


@cache
def rows_of_punctual_ticks() -> list[tuple[object, ...]]:
    return office_rows([0], [])


@settings(max_examples=5, deadline=None)
@given(TIMES, st.lists(st.integers(0, 1440 * 60), max_size=6))
def test_the_times_of_ticks_change_nothing_in_the_office(times: list[int], extra: list[int]) -> None:
    wanted = rows_of_punctual_ticks()
    assert len(wanted) > 30
    assert office_rows(times, extra) == wanted
