"""The rehearsal against a second reading of the rules (oracle.py): every message, row by row, minute by minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from pathlib import Path
from types import SimpleNamespace

import holidays
import pytest

from tests.cast import GAOPING, ROOT, Office, day, ladder_lines, make_office, parse, small_config
from tests.rehearsal import oracle
from wsyf_scheduler import config as config_file
from wsyf_scheduler import rehearsal
from wsyf_scheduler.config import Config
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.core.plan import expand
from wsyf_scheduler.files import people as people_file
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.reports.sendings import Line

People = Mapping[tuple[str, str], str]
Assume = oracle.Assume
GAOPING_TEXTS = plan_files.read_texts(GAOPING)


@dataclass(frozen=True, kw_only=True)
class Span:
    """From the first day 00:00 to the end of the last."""

    first: date
    last: date


@pytest.fixture(autouse=True, scope="module")
def quick_oracle() -> Iterator[None]:
    """The oracle asks the package holidays anew for every day of a year without a notice."""
    with pytest.MonkeyPatch.context() as patch:
        asked: dict[tuple[str, int], object] = {}
        ask = holidays.country_holidays

        def remembered(country: str, *, years: int) -> object:
            if (country, years) not in asked:
                asked[country, years] = ask(country, years=years)
            return asked[country, years]

        patch.setattr(oracle, "holidays", SimpleNamespace(country_holidays=remembered))
        yield


WHOLE = Span(first=day("2022-05-19"), last=day("2026-06-30"))


@dataclass(frozen=True, kw_only=True)
class Run:
    """What was rehearsed: the office as it stands at the end, and the ladder's messages."""

    office: Office
    lines: list[Line]
    everything: list[Line] = field(repr=False)


def rehearse(
    texts: Mapping[str, str], people: People, span: Span, assume: Assume, config: Config, zone: str = "Asia/Shanghai"
) -> Run:
    """As `wsyf rehearse` does it: tracked at 00:00 of the first day, through the same acts and ticks."""
    plan = parse(texts)
    office = make_office(texts={}, holders=holders_of(people))
    office.app = replace(office.app, config=config)
    table = office.app.table(zone)
    begins_at = table.hours.midnight(span.first)
    office.go(begins_at)
    script = [rehearsal.Planned(begins_at, rehearsal.tracking(plan, texts))]
    script += rehearsal.on_time(plan, table, span.first) if assume == "on-time" else []
    everything = office.live(table.hours.midnight(date.fromordinal(span.last.toordinal() + 1)), script=script)
    return Run(office=office, lines=ladder_lines(everything), everything=everything)


def holders_of(people: People) -> list[Holder]:
    lines = ["role,department,email", *(f"{role},{department},{email}" for (role, department), email in people.items())]
    return people_file.parse("\n".join(lines), "people.csv", {each: each for each in oracle.PLAN.split()})


def first_difference(ours: Sequence[Line], theirs: Sequence[oracle.Message]) -> tuple[object, object] | None:
    """The first message that differs, told apart from a list of thousands."""
    for mine, other in zip(ours, theirs, strict=False):
        if dict(mine) != dict(other):
            return mine, other
    if len(ours) != len(theirs):
        longer = ours if len(ours) > len(theirs) else theirs
        return len(ours), longer[min(len(ours), len(theirs))]
    return None


def no_doubled_keys(office: Office) -> bool:
    """The dedup key of RULES.md §3, rule 5, and one message a department, letter and slot."""
    marks = Counter(
        (row["assignment_id"], row["rung"], row["repeat"], row["due_on"], row["counted_from"], row["receiver"])
        for row in office.notices()
        if row["rung"]
    )
    groups = Counter(
        (row["department"], row["audience"], row["letter"], row["queued_at"])
        for row in office.messages()
        if row["letter"] != "alert"
    )
    return max(marks.values()) == 1 and max(groups.values()) == 1


# --- The whole Gaoping plan --------------------------------------------------------------------------------------


@pytest.mark.parametrize("assume", ["never", "on-time"])
def test_the_whole_plan_message_for_message(assume: Assume) -> None:
    """Four years in one run, and what else must be true of them: one test, since the run takes some seconds."""
    people = oracle.default_people()
    run = rehearse(GAOPING_TEXTS, people, WHOLE, assume, small_config())
    wanted = oracle.simulate(oracle.gaoping(), oracle.DEFAULT_LADDER, people, WHOLE.first, WHOLE.last, assume)
    assert len(wanted) > 200
    assert first_difference(run.lines, wanted) is None
    assert no_doubled_keys(run.office)
    assert {row["state"] for row in run.office.messages()} == {"sent"}
    assert_each_week_has_its_digest(run)
    assert_every_spent_ladder_is_told_once(run, wanted)


def assert_each_week_has_its_digest(run: Run) -> None:
    days = [str(line["at"])[:10] for line in run.everything if line["letter"] == "digest"]
    weeks = [day(each).isocalendar()[:2] for each in days]
    assert len(weeks) == len(set(weeks))
    assert len(weeks) >= 212  # of 215 weeks, those with a working day, from the first Monday on


def assert_every_spent_ladder_is_told_once(run: Run, wanted: Sequence[oracle.Message]) -> None:
    last = [
        each["audience"]
        for each in wanted
        for row in each["rows"]
        if row["rung"] == "escalate-n" and row["repeat"] == 12
    ]
    assert last.count("department") == last.count("director") == last.count("chief") == len(run.office.alerts())


def test_the_oracle_counts_what_the_paper_counts() -> None:
    oracle.check_counts()
    ours = {item.key: (item.due_on, item.kind.value) for item in expand(parse(GAOPING_TEXTS))}
    assert ours == {each.key: (each.due_on, each.kind) for each in oracle.gaoping()}


# --- Other people, hours, zones, days, ladders, plans, over shorter spans ----------------------------------------

WINTER = Span(first=day("2022-12-21"), last=day("2023-01-31"))
NOBODY_THERE = [("liaison", "emergency"), ("convener", "housing"), ("liaison", "housing"), ("director", "")]
GENTLE = """
[[ladder]]
rung = "hello"
when = "start"
letter = "start"
to = ["liaison"]

[[ladder]]
rung = "again"
when = "every 2 working days after late"
times = 3
letter = "chaser"
to = ["liaison"]
cc = ["convener", "chief"]
except_kinds = ["data"]

[[ladder]]
rung = "early"
when = "45 days before"
letter = "reminder"
to = ["liaison"]

[[ladder]]
rung = "near"
when = "2 working days before"
letter = "reminder"
to = ["liaison"]
kinds = ["data", "campaign"]
except_kinds = ["campaign"]

[[ladder]]
rung = "late"
when = "1 working day after"
letter = "chaser"
to = ["convener"]
briefing = ["chief"]

[[ladder]]
rung = "same-day"
when = "4 days after"
letter = "escalation"
to = ["director", "coordinator"]
cc = ["liaison"]
briefing = ["director"]
kinds = ["campaign", "general"]
"""
GENTLE_RUNGS = (
    oracle.Rung("hello", oracle.When("start"), "start", ("liaison",)),
    oracle.Rung(
        "again",
        oracle.When("every", 2, base="late", times=3),
        "chaser",
        ("liaison",),
        ("convener", "chief"),
        except_kinds=("data",),
    ),
    oracle.Rung("early", oracle.When("before", 45), "reminder", ("liaison",)),
    oracle.Rung(
        "near",
        oracle.When("w-before", 2),
        "reminder",
        ("liaison",),
        kinds=("data", "campaign"),
        except_kinds=("campaign",),
    ),
    oracle.Rung("late", oracle.When("w-after", 1), "chaser", ("convener",), briefing=("chief",)),
    oracle.Rung(
        "same-day",
        oracle.When("after", 4),
        "escalation",
        ("director", "coordinator"),
        ("liaison",),
        ("director",),
        kinds=("campaign", "general"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What differs from the office of RULES.md."""

    span: Span = WINTER
    assume: Assume = "never"
    vacant: Sequence[tuple[str, str]] = ()
    send_at: time = time(9)
    zone: str = "Asia/Shanghai"
    off: Collection[date] = ()
    working: Collection[date] = ()
    ladder: str = ""
    rungs: Sequence[oracle.Rung] = oracle.DEFAULT_LADDER
    same_address: bool = False


VARIANTS = {
    "vacant posts": Variant(vacant=NOBODY_THERE),
    "nobody at all but the coordinator": Variant(
        vacant=[post for post in oracle.default_people() if post != ("coordinator", "")]
    ),
    "two roles, one address": Variant(same_address=True),
    "send at 13:30": Variant(send_at=time(13, 30), assume="on-time"),
    "a zone with summer time": Variant(
        zone="America/New_York", span=Span(first=day("2022-10-25"), last=day("2022-12-10"))
    ),
    "the office's own days": Variant(
        off=[day("2022-12-28"), day("2023-01-29")], working=[day("2022-12-31"), day("2023-01-23")]
    ),
    "another ladder": Variant(ladder=GENTLE, rungs=GENTLE_RUNGS),
    "tracked in the middle of everything": Variant(span=Span(first=day("2023-02-23"), last=day("2023-03-17"))),
}


def settings_of(variant: Variant, folder: Path) -> Config:
    """The packaged settings with the changes, read from a file as the office would write it."""
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    head, ladder = text.split("[[ladder]]", 1)
    days = {"off": sorted(variant.off), "working": sorted(variant.working)}
    for name, found in days.items():
        head = head.replace(f"\n{name} = []", f"\n{name} = [{', '.join(map(str, found))}]")
    head = head.replace('send_at = "09:00"', f'send_at = "{variant.send_at:%H:%M}"')
    path = folder / "config.toml"
    path.write_text(head + (variant.ladder or f"[[ladder]]{ladder}"), encoding="utf-8")
    return config_file.load(path)


@pytest.mark.parametrize("name", VARIANTS)
def test_another_office_message_for_message(name: str, tmp_path: Path) -> None:
    variant = VARIANTS[name]
    people = {post: email for post, email in oracle.default_people().items() if post not in variant.vacant}
    if variant.same_address:
        people |= {("liaison", "emergency"): "x@gaoping.example", ("convener", "emergency"): "x@gaoping.example"}
        people |= {("director", ""): "y@gaoping.example", ("chief", ""): "y@gaoping.example"}
    texts = {file: text.replace("Asia/Shanghai", variant.zone) for file, text in GAOPING_TEXTS.items()}
    config = settings_of(variant, tmp_path)
    run = rehearse(texts, people, variant.span, variant.assume, config, variant.zone)
    wanted = oracle.simulate(
        oracle.gaoping(),
        variant.rungs,
        people,
        variant.span.first,
        variant.span.last,
        variant.assume,
        variant.send_at,
        variant.zone,
        variant.working,
        variant.off,
    )
    assert len(wanted) > 10
    assert first_difference(run.lines, wanted) is None
    assert no_doubled_keys(run.office)


# --- Another plan, written from the format page ------------------------------------------------------------------

DEMO_PERIODS = {
    "2027": ["2027/1/hrss general emergency,union 2027-12-31", "2027/accidents/emergency data - 2027-02-28"],
    "2028": [
        "2028/1a/hrss meeting - 2028-06-30",
        "2028/1a/union meeting - 2028-06-30",
        "2028/1b/hrss meeting - 2028-12-15",
        "2028/1b/union meeting - 2028-12-15",
        "2028/accidents/emergency data - 2028-02-29",
    ],
}


def tiny_plan() -> dict[str, str]:
    """The complete plan that docs/plan-format.md shows."""
    page = (ROOT / "docs" / "plan-format.md").read_text(encoding="utf-8").split("## A tiny plan, complete")[1]
    texts = {}
    for part in page.split("`jobs/demo-2027-2028/")[1:]:
        name = part.split("`")[0]
        texts[name] = part.split("```toml\n")[1].split("```")[0]
    return texts


def tiny_assignments() -> list[oracle.Assignment]:
    found = []
    for period, lines in DEMO_PERIODS.items():
        for line in lines:
            key, kind, support, due = line.split()
            found.append(
                oracle.Assignment(
                    key=key,
                    period=period,
                    department=key.split("/")[2],
                    kind=kind,
                    due_on=day(due),
                    support=() if support == "-" else tuple(support.split(",")),
                    period_start=date(int(period), 1, 1),
                    period_end=date(int(period), 12, 31),
                )
            )
    return found


@pytest.mark.parametrize(("assume", "last"), [("never", "2028-08-31"), ("on-time", "2027-12-31")])
def test_the_plan_of_the_format_page(assume: Assume, last: str) -> None:
    """Its days are provisional on both sides while 2027 and 2028 have no notice."""
    span = Span(first=day("2026-12-01"), last=day(last))
    people = {post: email for post, email in oracle.default_people().items() if post[1] != "union"}
    run = rehearse(tiny_plan(), people, span, assume, small_config())
    wanted = oracle.simulate(tiny_assignments(), oracle.DEFAULT_LADDER, people, span.first, span.last, assume)
    assert len(wanted) > 6
    assert first_difference(run.lines, wanted) is None
