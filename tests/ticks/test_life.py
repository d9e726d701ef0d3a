"""Months of an office lived at random: acts, edits of the plan, mail trouble, downtime; what must hold all along."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.cast import (
    BEIJING,
    Office,
    day,
    everybody,
    ladder_lines,
    make_office,
    make_plan,
    make_timetable,
    parse,
    task,
)
from wsyf_scheduler.acts import close, extend, release, reopen, waive
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.decide import NOTHING_DECIDED, next_attention
from wsyf_scheduler.core.plan import expand
from wsyf_scheduler.errors import WsyfError
from wsyf_scheduler.mail.letter import Outcome, Phase, Sent
from wsyf_scheduler.store import assignments, notices
from wsyf_scheduler.ticks import remind, rescue

FEBRUARY, MARCH = day("2023-02-28"), day("2023-03-17")
PLANS = [
    make_plan(task(1, due=FEBRUARY, support=["union"]), task(2, lead=["housing", "emergency"], due=MARCH)),
    make_plan(task(1, due=[FEBRUARY, MARCH], lead=["emergency", "union"]), task(2, lead=["housing"], due=FEBRUARY)),
    make_plan(task(2, lead=["emergency"], due=MARCH, title="新标题", support="others")),
]
PEOPLE = [everybody(), everybody(("liaison", "emergency"), ("director", "")), []]
FATES = [
    Sent(outcome=Outcome.SENT, phase=Phase.REPLY),
    Sent(outcome=Outcome.RETRY, phase=Phase.RCPT, code=451, text="later"),
    Sent(outcome=Outcome.REFUSED, phase=Phase.RCPT, code=550, text="no"),
    Sent(outcome=Outcome.UNCERTAIN, phase=Phase.DOT),
    Sent(outcome=Outcome.AUTH, phase=Phase.AUTH, code=535, text="no"),
]
HOURS, DAYS = make_timetable().hours, make_timetable().calendar


class Life(RuleBasedStateMachine):
    """One office; `tick` is the daemon, everything else happens between ticks."""

    def __init__(self) -> None:
        super().__init__()
        self.office: Office = make_office("2023-01-20 08:00", texts=PLANS[0], delay=timedelta(minutes=10))

    # --- What happens ---

    @rule(minutes=st.integers(0, 3 * 1440))
    def time_passes(self, minutes: int) -> None:
        self.office.go(self.office.now + timedelta(minutes=minutes))

    @rule()
    def tick(self) -> None:
        closed = {item.key for item in self.items() if item.state is not State.OPEN or item.held}
        for line in ladder_lines(self.office.tick()):
            moment = datetime.fromisoformat(str(line["at"]))
            assert DAYS.is_working(moment.date())
            assert HOURS.send_at <= moment.time() <= HOURS.send_until
            assert not closed & {row["key"] for row in line["rows"]}  # type: ignore[attr-defined]
            assert line["to"]

    @rule(days=st.integers(1, 8))
    def live(self, days: int) -> None:
        self.office.live(self.office.now + timedelta(days=days))

    @rule()
    def decide_only(self) -> None:
        remind.run(self.office.app, self.office.now)

    @rule(number=st.integers(0, len(FATES) - 1))
    def mail_turns(self, number: int) -> None:
        self.office.mailer.fate = lambda _outgoing: FATES[number]

    @rule(number=st.integers(0, 2))
    def sync(self, number: int) -> None:
        self.office.track(PLANS[number])
        assert not self.office.track(PLANS[number]).changes
        wanted = {(want.number, want.department, want.due_on) for want in expand(parse(PLANS[number]))}
        tracked = [item for item in self.items() if item.state is not State.WITHDRAWN]
        assert wanted <= {(item.number, item.department, item.file_due_on) for item in tracked}

    @rule(
        number=st.integers(0, 20),
        verb=st.sampled_from(["done", "waive", "reopen", "release", "extend"]),
        days=st.integers(1, 40),
    )
    def act(self, number: int, verb: str, days: int) -> None:
        items = self.items()
        key = items[number % len(items)].key
        before = self.office.db_dump()
        try:
            self._act(verb, key, self.office.item(key).due_on + timedelta(days=days))
        except WsyfError:
            assert self.office.db_dump() == before, "what is refused changes nothing"
        else:
            (event,) = self.office.events()[len(before["event"]) :]
            assert event["who"] == "coordinator"

    def _act(self, verb: str, key: str, to: date) -> None:
        match verb:
            case "done":
                self.office.act(close.act, keys=[key])
            case "waive":
                self.office.act(waive.act, key=key, reason="r")
            case "reopen":
                self.office.act(reopen.act, key=key, reason="r")
            case "release":
                self.office.act(release.act, keys=[key], everything=False)
            case _:
                self.office.act(extend.act, key=key, to=to, reason="r", approved_by="a")

    @rule(off=st.sets(st.integers(0, 20).map(lambda n: date(2023, 2, 20) + timedelta(n)), max_size=4))
    def another_regime(self, off: set[date]) -> None:
        kept = {
            each for each in off if not DAYS.is_working(each)
        }  # days off that are off anyway: the checks stay simple
        self.office.settle(extra_off=frozenset(kept))

    @rule(number=st.integers(0, 2))
    def people_change(self, number: int) -> None:
        self.office.staff(PEOPLE[number])

    @rule()
    @precondition(lambda self: any(row["state"] == "sending" for row in self.office.messages()))
    def rescue(self) -> None:
        rescue.run(self.office.app, self.office.now)

    # --- What holds all along ---

    @invariant()
    def nothing_is_decided_twice(self) -> None:
        marks = Counter(
            (row["assignment_id"], row["rung"], row["repeat"], row["due_on"], row["counted_from"], row["receiver"])
            for row in self.office.notices()
            if row["rung"]
        )
        assert max(marks.values(), default=1) == 1

    @invariant()
    def start_is_told_once(self) -> None:
        told = Counter((row["assignment_id"], row["receiver"]) for row in self.office.notices(rung="start"))
        assert max(told.values(), default=1) == 1

    @invariant()
    def attention_is_where_the_rules_want_it(self) -> None:
        """What stands in the column is never later than what the rules would work out from the rows."""
        with self.office.db.read() as session:
            in_force = self.office.app.regime_of(session)
        if in_force != self._regime():
            return
        items = self.items()
        with self.office.db.read() as session:
            decided = notices.decided(session, [item.id for item in items])
            table = self.office.app.plans(session)["county-2023"].table
        for item in items:
            wanted = next_attention(item, decided.get(item.id, NOTHING_DECIDED), table, self.office.now)
            if wanted is not None:
                assert item.next_attention_at is not None
                assert item.next_attention_at <= wanted

    @invariant()
    def overdue_rungs_count_from_a_day_that_has_come(self) -> None:
        today = self.office.now.astimezone(BEIJING).date()
        for item in self.items():
            assert item.counted_from is None or item.due_on < item.counted_from <= today
            assert item.ladder_from >= item.tracked_from

    def _regime(self) -> str | None:
        facts = {row["name"]: row["value"] for row in self.office.db_dump()["fact"]}
        return facts.get("regime")

    def items(self) -> list[Assignment]:
        with self.office.db.read() as session:
            return assignments.of_plan(session, "county-2023")


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
