"""The scripted coordinator: the same in every run, on days and at hours an office works."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from wsyf_scheduler import config, opening, share
from wsyf_scheduler.acts import track
from wsyf_scheduler.core.plan import expand
from wsyf_scheduler.demo import script
from wsyf_scheduler.demo.living import FIRST_DAY, LAST_DAY, PLAN
from wsyf_scheduler.files import holidays
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.mail.nowhere import NowhereMailer
from wsyf_scheduler.mail.writer import BlankWriter

ZONE = ZoneInfo("Asia/Shanghai")
NAMED = {script.NEVER, *script.LATE, *script.EXTENDED, *script.REOPENED, *script.WAIVED}


@pytest.fixture(scope="module")
def plan():
    return plan_files.load(share.JOBS / PLAN)


@pytest.fixture(scope="module")
def planned(plan):
    """What the script does, with the key each act is about."""
    at = datetime.combine(FIRST_DAY, time(8, 30), ZONE)
    app, _clock = opening.scratch_app(
        config.load(share.CONFIG), at=at, who="demo", make_mailer=NowhereMailer, make_writer=BlankWriter
    )
    track.act(app, at, plan=plan, texts=plan_files.read_texts(share.JOBS / PLAN), who="demo")
    found = script.script(app, PLAN, FIRST_DAY)
    assert [each.at for each in script.script(app, PLAN, FIRST_DAY)] == [each.at for each in found]
    done = []
    for each in sorted(found, key=lambda each: each.at):
        result = each.act(app, each.at)
        item = result[0] if isinstance(result, list) else result
        done.append((each.at.astimezone(ZONE), item))
    app.db.close()
    return done


def test_every_assignment_it_names_is_in_the_packaged_plan(plan):
    assert {want.key for want in expand(plan)} >= NAMED
    assert len(NAMED) == 1 + len(script.LATE) + 3


def test_everything_happens_in_office_hours_of_working_days_of_the_demo(planned):
    calendar = holidays.work_calendar(extra_off=frozenset(), extra_working=frozenset())
    for at, item in planned:
        assert calendar.is_working(at.date()), item.key
        assert time(9) < at.time() < time(17, 30)
        assert FIRST_DAY < at.date() <= LAST_DAY


def test_most_is_handed_in_before_its_due_day_and_one_never(planned, plan):
    acts = defaultdict(list)
    for at, item in planned:
        acts[item.key].append((at.date(), item))
    for want in expand(plan):
        if want.key not in NAMED:
            ((day, item),) = acts[want.key]
            assert item.state == "done"
            assert day < want.due_on
    assert script.NEVER not in acts


def test_the_extended_one_keeps_its_new_day_and_the_reopened_one_is_closed_twice(planned):
    ((key, extended),) = script.EXTENDED.items()
    asked, done = [item for _at, item in planned if item.key == key]
    assert (asked.state, asked.due_on, asked.original_due_on) == ("open", extended.to, date(2023, 12, 31))
    assert done.closed_on < done.due_on
    ((key, _reopened),) = script.REOPENED.items()
    assert [item.state for _at, item in planned if item.key == key] == ["done", "open", "done"]
