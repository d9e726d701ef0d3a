"""A year of ticks at random times is a year of ticks on the stroke of nine, as long as each working day has one in its window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random

import pytest

from tests.cast import BEIJING, GAOPING, Office, at, everybody, make_holder, make_office, make_timetable
from wsyf_scheduler.acts import close, extend, reopen, staff, track, waive
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.reports.sendings import Line
from wsyf_scheduler.store import assignments

BEGINS, ENDS = date(2022, 12, 1), date(2023, 12, 1)
ONE_DAY = timedelta(days=1)
LENGTH = 30_600  # seconds from 09:00 to 17:30, both of which are in the window
DEPARTMENTS = ("hrss", "miit", "finance", "housing", "transport", "health", "emergency", "union", "insurance")
EXACT = ("start", "reminder", "chaser", "escalation", "briefing", "digest")
Act = Callable[[Office], object]


def gaoping(begins: date) -> Office:
    """The Gaoping plan from a day on, with every post held but one."""
    office = make_office(f"{begins} 00:00", texts={}, holders=people("liaison"))
    plan, texts = plan_files.load(GAOPING), dict(plan_files.read_texts(GAOPING))
    office.act(track.act, plan=plan, texts=texts)
    return office


def people(name: str) -> list[object]:
    posts = [(role, department) for department in DEPARTMENTS for role in ("liaison", "convener")]
    return [
        *[make_holder(*post, email=f"{post[1]}.{post[0]}@county.example") for post in posts if post[1] != "union"],
        make_holder("liaison", "union", email=f"{name}@union.example"),
        *[each for each in everybody() if not each.department],
    ]


def regular(begins: date, ends: date) -> list[datetime]:
    calendar = make_timetable().calendar
    days = (begins + number * ONE_DAY for number in range((ends - begins).days))
    return [datetime.combine(day, time(9), BEIJING) for day in days if calendar.is_working(day)]


def irregular(begins: date, ends: date, random: Random, extra: int) -> list[datetime]:
    """One tick in the window of each working day, now and then at its very edges, and more at any time at all."""
    within = [random.choice((0, LENGTH, random.randint(0, LENGTH))) for _ in range(400)]
    found = [each + timedelta(seconds=within[number]) for number, each in enumerate(regular(begins, ends))]
    midnight = datetime.combine(begins, time(0), BEIJING)
    seconds = int((ends - begins).total_seconds())
    return sorted(found + [midnight + timedelta(seconds=random.randint(0, seconds - 1)) for _ in range(extra)])


def deeds(begins: date, ends: date, seed: int) -> list[tuple[datetime, Act]]:
    """What people do in that time, early or late, while the window is shut: the same for all."""
    random = Random(seed)
    days = (ends - begins).days
    found = []
    for _ in range(days // 5):
        moment = datetime.combine(
            begins + random.randrange(days) * ONE_DAY, time(random.choice((7, 8, 18, 22)), 30), BEIJING
        )
        found.append((moment, deed(random.choice(("done", "waive", "reopen", "extend", "staff")), random.random())))
    return sorted(found, key=lambda each: each[0])


def deed(what: str, chance: float) -> Act:
    def act(office: Office) -> object:
        with office.db.read() as session:
            items = [each for plan_id in office.app.plans(session) for each in assignments.of_plan(session, plan_id)]
        today = office.now.astimezone(BEIJING).date()
        speaking = {"reopen": ("done", "waived")}.get(what, ("open",))
        items = [each for each in items if each.state.value in speaking and (today - each.due_on).days > -60]
        if what == "staff":
            return office.act(staff.act, holders=people(f"liaison{chance:.6f}"), today=today)
        if not items:
            return None
        item = items[int(chance * len(items))]
        match what:
            case "done":
                return office.act(close.act, keys=[item.key], without_figures=True)
            case "waive":
                return office.act(waive.act, key=item.key, reason="r")
            case "reopen":
                return office.act(reopen.act, key=item.key, reason="r")
            case _:
                to = max(item.due_on, today) + timedelta(days=1 + int(chance * 40))
                return office.act(extend.act, key=item.key, to=to, reason="r", approved_by="a")

    return act


def lived(begins: date, ends: date, ticks: list[datetime], acts: list[tuple[datetime, Act]]) -> list[tuple[str, ...]]:
    """What was said: by day, department, reader, letter and rows."""
    office = gaoping(begins)
    moments: list[tuple[datetime, Act | None]] = [*acts, *[(each, None) for each in ticks]]
    for moment, act in sorted(moments, key=lambda each: (each[0], each[1] is None)):
        office.go(moment.astimezone(at("2022-01-01 00:00").tzinfo))
        if act is None:
            office.tick()
        else:
            act(office)
    lines = [line for line in office.lines if line["letter"] in EXACT]
    assert [each for each in lines if each["letter"] != "digest"]
    return sorted(said(line) for line in lines)


def said(line: Line) -> tuple[str, ...]:
    parts = ("department", "audience", "letter", "to", "cc", "rows")
    return (str(line["at"])[:10], *(str(line[part]) for part in parts))


@cache
def on_the_stroke(begins: date, ends: date, acts_by: int | None) -> list[tuple[str, ...]]:
    return lived(begins, ends, regular(begins, ends), [] if acts_by is None else deeds(begins, ends, acts_by))


@pytest.mark.parametrize("acts_by", [None, 1])
def test_a_season_of_random_ticks_equals_a_season_of_regular_ones(acts_by):
    """Spring Festival and the data of February lie in it."""
    begins, ends = date(2023, 1, 9), date(2023, 3, 20)
    wanted = on_the_stroke(begins, ends, acts_by)
    assert len(wanted) > 50
    random = Random(f"season {acts_by}")
    acts = [] if acts_by is None else deeds(begins, ends, acts_by)
    assert lived(begins, ends, irregular(begins, ends, random, 40), acts) == wanted


@pytest.mark.long
@pytest.mark.parametrize("acts_by", [None, 1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_a_year_of_random_ticks_equals_a_year_of_regular_ones(seed, acts_by):
    wanted = on_the_stroke(BEGINS, ENDS, acts_by)
    assert len(wanted) > 200
    random = Random(f"year {seed} {acts_by}")
    acts = [] if acts_by is None else deeds(BEGINS, ENDS, acts_by)
    assert lived(BEGINS, ENDS, irregular(BEGINS, ENDS, random, 200), acts) == wanted
