"""An office lived at random by a seed: acts, amendments, people, settings, mail trouble, downtime, rounds at odd times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from random import Random

from tests.cast import Office, day, everybody, make_office, make_plan, task
from wsyf_scheduler.acts import close, extend, give_back, mute, note, release, reopen, undo, waive
from wsyf_scheduler.acts import remind as acts_remind
from wsyf_scheduler.changing import apply
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.calendar import ONE_DAY
from wsyf_scheduler.core.ladder import Ladder
from wsyf_scheduler.core.standard import STANDARD
from wsyf_scheduler.errors import WsyfError
from wsyf_scheduler.mail.letter import Outcome, Phase, Sent
from wsyf_scheduler.store import assignments
from wsyf_scheduler.ticks import remind

FEBRUARY, MARCH = day("2023-02-28"), day("2023-03-17")
PLANS = [
    make_plan(task(1, due=FEBRUARY, support=["union"]), task(2, lead=["housing", "emergency"], due=MARCH)),
    make_plan(task(1, due=[FEBRUARY, MARCH], lead=["emergency", "union"]), task(2, lead=["housing"], due=FEBRUARY)),
    make_plan(task(2, lead=["emergency"], due=MARCH, title="新标题", support="others", kind="summary")),
]
PEOPLE = [everybody(), everybody(("liaison", "emergency"), ("director", "")), []]
GOOD = Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
FATES = [
    GOOD,
    Sent(outcome=Outcome.RETRY, phase=Phase.RCPT, code=451, text="later"),
    Sent(outcome=Outcome.UNCERTAIN, phase=Phase.DOT),
]
LADDERS = [STANDARD, Ladder(tuple(rung for rung in STANDARD.rungs if rung.name != "remind-7"))]
OFF = [frozenset(), frozenset({day("2023-02-27"), day("2023-03-01")}), frozenset({day("2023-03-06")})]


def moments_at_random(seed: int, steps: int = 40, *, trouble: bool = False) -> Iterator[Office]:
    """The office as it is tracked, and after each step: to be looked at, not touched."""
    random = Random(seed)
    office = make_office("2023-01-20 08:00", texts=PLANS[0], delay=timedelta(minutes=10))
    yield office
    for _ in range(steps):
        _step(office, random, trouble=trouble)
        yield office


def live_at_random(seed: int, steps: int = 40, *, trouble: bool = False) -> Office:
    """An office with a few months behind it. `trouble`: the mail server has its moods."""
    *_, office = moments_at_random(seed, steps, trouble=trouble)
    office.mailer.fate = lambda _outgoing: GOOD
    office.live(office.now + 7 * ONE_DAY)
    office.tick()
    return office


def _step(office: Office, random: Random, *, trouble: bool) -> None:
    """One thing of many that may happen; the deeds of people come more often."""
    steps: list[Callable[[], object]] = [
        lambda: office.go(office.now + timedelta(minutes=random.randint(0, 3 * 1440))),
        lambda: office.go(office.now + timedelta(seconds=random.randint(0, 90))),
        office.tick,
        office.tick,
        lambda: office.live(office.now + timedelta(days=random.randint(1, 8))),
        lambda: office.live(office.now + timedelta(days=random.randint(1, 8))),
        lambda: remind.run(office.app, office.now),
        lambda: office.track(random.choice(PLANS)),
        *[lambda: _act(office, random)] * 3,
        lambda: office.settle(extra_off=random.choice(OFF), ladder=random.choice(LADDERS)),
        lambda: office.staff(random.choice(PEOPLE)),
    ]
    if trouble:
        steps.append(lambda: _turn_mail(office, random.choice(FATES)))
    with suppress(WsyfError):  # what is refused changes nothing
        random.choice(steps)()


def _turn_mail(office: Office, fate: Sent) -> None:
    office.mailer.fate = lambda _outgoing: fate


def _act(office: Office, random: Random) -> None:
    """What somebody does to an assignment; half of it what ends its ladder, or begins it anew."""
    with office.db.read() as session:
        items = [item for plan_id in office.app.plans(session) for item in assignments.of_plan(session, plan_id)]
    item, other = random.choice(items), random.choice(items)
    until, later = timedelta(days=random.randint(1, 20)), timedelta(days=random.randint(1, 40))
    act = office.act
    deeds: list[Callable[[], object]] = [
        *[lambda: act(close.act, keys=[item.key], without_figures=True)] * 2,
        lambda: act(waive.act, key=item.key, reason="r"),
        *[lambda: act(reopen.act, key=item.key, reason="r")] * 2,
        *[lambda: act(release.act, keys=[item.key], everything=False)] * 2,
        lambda: act(extend.act, key=item.key, to=item.due_on + later, reason="r", approved_by="a"),
        lambda: act(mute.act, key=item.key, until=office.now.date() + until, reason="r"),
        lambda: act(note.act, key=item.key, text="n"),
        lambda: act(acts_remind.act, keys=[item.key, other.key]),
        lambda: _submit(office, item),
        lambda: act(give_back.act, key=item.key, reason="r"),
        lambda: _undo(office, random),
    ]
    random.choice(deeds)()


def _submit(office: Office, item: Assignment) -> None:
    """As a form that came in will do."""
    if item.state is State.OPEN:
        with office.db.begin() as session:
            apply(office.app, session, office.now, item, action="assignment_submitted", who="x", state="submitted")


def _undo(office: Office, random: Random) -> None:
    office.go(office.now + timedelta(seconds=random.randint(1, 900)))
    office.act(undo.act)
