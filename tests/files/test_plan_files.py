"""Plan files: every mistake of docs/plan-format.md named at once (tests/plans/bad: one folder a mistake).

A folder holds only the files that differ from tests/plans/good. What is expected stands in `# expect:` lines at the
top of one of them, or in EXPECT where a file is empty or missing (`# without:`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import GAOPING, ROOT, day, make_office, make_plan, parse, period, task
from wsyf_scheduler.acts import track
from wsyf_scheduler.core.plan import Basis, Plan, expand
from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.files.dues import Span, opened

HERE = Path(__file__).parents[1] / "plans"
BAD = sorted(path for path in (HERE / "bad").iterdir() if path.is_dir())
NO_LINE = ("cannot be read", "the file is empty", "there is no such file", "no period", "no [[tasks]]", "missing")


def marked(folder: Path, mark: str) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        for line in path.read_bytes().decode("utf-8", "replace").splitlines():
            if line.startswith(f"# {mark}: "):
                yield line.removeprefix(f"# {mark}: ")


def lay_out(folder: Path, case: Path) -> Path:
    """The good plan with the case's files over it."""
    plan = folder / "plan"
    plan.mkdir()
    for path in (*(HERE / "good").iterdir(), *case.glob("*.toml")):
        (plan / path.name).write_bytes(path.read_bytes())
    for name in marked(case, "without"):
        (plan / name).unlink()
    return plan


def faults_of(plan: Path) -> list[str]:
    with pytest.raises(Invalid) as caught:
        plan_files.load(plan)
    assert caught.value.exit_code == 5
    return [str(fault).replace(f"{plan}/", "") for fault in caught.value.faults]


def test_the_good_plan_is_good(tmp_path: Path) -> None:
    plan = plan_files.load(lay_out(tmp_path, HERE / "good"))
    assert [item.key for item in expand(plan)] == [
        "2023/1/emergency",
        "2023/2/hrss",
        "2023/theme/hrss",
        "2024/1/hrss",
        "2024/theme/hrss",
    ]


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_a_mistake_is_named_with_file_line_key_expected_and_found(case: Path, tmp_path: Path) -> None:
    assert faults_of(lay_out(tmp_path, case)) == list(marked(case, "expect"))


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_a_mistake_names_its_line_where_there_is_one(case: Path) -> None:
    for fault in marked(case, "expect"):
        assert ".toml:" in fault
        assert fault.split(":")[1].isdigit() or any(
            words in fault for words in (*NO_LINE, "expected at least one table")
        )


@pytest.mark.parametrize("name", ["date-outside-period", "everything-at-once", "not-utf-8", "key-twice"])
def test_a_plan_with_a_mistake_changes_nothing_that_is_tracked(name: str, tmp_path: Path) -> None:
    good = plan_files.read_texts(lay_out(tmp_path, HERE / "good"))
    office = make_office(texts=good)
    before = office.db_dump()
    (tmp_path / "case").mkdir()
    bad = lay_out(tmp_path / "case", HERE / "bad" / name)
    with pytest.raises(Invalid):
        office.act(track.act, plan=plan_files.load(bad), texts=plan_files.read_texts(bad))
    assert office.db_dump() == before


def test_every_error_the_format_page_lists_has_a_case() -> None:
    """A row of the page's table without a case here would be a promise nobody keeps."""
    page = (ROOT / "docs" / "plan-format.md").read_text(encoding="utf-8")
    rows = [line for line in page.split("## What is an error")[1].split("## ")[0].splitlines() if line.startswith("| ")]
    assert len(rows) - 1 <= 18, "a new row: add its case under tests/plans/bad, then raise this number"
    assert len(BAD) >= 60


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    plan = lay_out(tmp_path, HERE / "good")
    (plan / "2025.toml").mkdir()
    assert faults_of(plan) == ["2025.toml: cannot be read: Is a directory"]


def test_a_folder_without_plans_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"expected a folder with a plan\.toml"):
        plan_files.folders(tmp_path)


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    plan = lay_out(tmp_path, HERE / "good")
    for path in plan.glob("*.toml"):
        path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert plan_files.load(plan) == plan_files.load(HERE / "good")


def test_the_order_of_files_does_not_matter() -> None:
    texts = plan_files.read_texts(GAOPING)
    turned = dict(reversed(list(texts.items())))
    assert plan_files.parse(texts, "x") == plan_files.parse(turned, "x")


# --- Due dates ---------------------------------------------------------------------------------------------------


def dues(**keys: object) -> list[tuple[str, int | None]]:
    return [(str(item.due_on), item.data_year) for item in expand(plan_of(task(1, **keys)))]


def plan_of(*tasks: str) -> Plan:
    return parse(make_plan(*tasks))


def test_every_form_of_due_date_is_read() -> None:
    assert dues() == [("2023-12-31", None)]
    assert dues(due=day("2023-02-28")) == [("2023-02-28", None)]
    assert dues(due=[day("2023-06-30"), day("2023-02-28")]) == [("2023-02-28", None), ("2023-06-30", None)]
    tables = [{"on": day("2023-06-30"), "data_year": 2020}, {"on": day("2023-02-28")}]
    assert dues(due=tables, data_year="previous") == [("2023-02-28", 2022), ("2023-06-30", 2020)]
    assert dues(due="FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY=-1", data_year="same") == [
        ("2023-01-31", 2023),
        ("2023-07-31", 2023),
    ]


@pytest.mark.parametrize(
    ("keys", "basis"),
    [
        ({}, Basis.PERIOD_END),
        ({"basis": "period-end"}, Basis.PERIOD_END),
        ({"due": day("2023-02-28")}, Basis.DOCUMENT),
        ({"due": day("2023-02-28"), "basis": "office"}, Basis.OFFICE),
    ],
)
def test_the_basis_follows_from_due(keys: dict[str, object], basis: Basis) -> None:
    (item,) = expand(plan_of(task(1, **keys)))
    assert item.basis is basis


def test_every_end_of_february_is_a_recurrence() -> None:
    periods = {"p": period(task(1, due="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"), name="2023-2026")}
    found = [str(item.due_on) for item in expand(parse(make_plan(periods=periods)))]
    assert found == ["2023-02-28", "2024-02-29", "2025-02-28", "2026-02-28"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
        "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31;UNTIL=20301231",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=31;BYDAY=MO",
        "FREQ=YEARLY;BYWEEKNO=54",
    ],
)
def test_a_rule_that_never_comes_true_fails_quickly(rule: str) -> None:
    """python-dateutil alone would seek 30 February, day by day, until the year 9999."""
    begun = time.process_time()
    try:
        assert opened(rule, Span(date(2023, 1, 1), date(2023, 12, 31))) == []
    except ValueError:
        assert "54" in rule
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("every February", "no FREQ"),
        ("FREQ=FORTNIGHTLY", "FORTNIGHTLY"),
        ("FREQ=HOURLY", "no hours"),
        ("FREQ=YEARLY;BYHOUR=9", "no hours"),
        ("FREQ=YEARLY;INTERVAL=0", "INTERVAL=0 has no place"),
        ("FREQ=YEARLY;INTERVAL=-1", "INTERVAL=- has no place"),
        ("FREQ=YEARLY;BYEASTER=1", "BYEASTER has no place"),
        ("FREQ=YEARLY;COUNT=2;UNTIL=20301231", "do not stand together"),
        ("FREQ=YEARLY;UNTIL=2030", "UNTIL=20261231"),
        ("FREQ=YEARLY;BYDAY=XX", ""),
        ("FREQ=YEARLY;", ""),
        ("DTSTART:20230101\nRRULE:FREQ=YEARLY", "has no place"),
        ("2023-02-28", "without quotes: due = 2023-02-28"),
    ],
)
def test_a_rule_that_is_none_says_why(rule: str, why: str) -> None:
    with pytest.raises(Invalid, match="not a recurrence by RFC 5545") as caught:
        plan_of(task(1, due=rule))
    assert why in str(caught.value)


SPANS = st.builds(
    lambda first, days: Span(first, first + timedelta(days=days)),
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    st.integers(0, 800),
)
RULES = st.builds(
    lambda freq, parts: ";".join([f"FREQ={freq}", *parts]),
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]),
    st.lists(
        st.sampled_from(
            [
                *("BYMONTH=2", "BYMONTH=2,12", "BYMONTHDAY=-1", "BYMONTHDAY=29", "BYDAY=MO,FR", "INTERVAL=3"),
                *("BYWEEKNO=1", "BYYEARDAY=-1", "BYSETPOS=-1", "COUNT=5", "WKST=SU", "UNTIL=20240229"),
            ]
        ),
        unique_by=lambda part: part.split("=")[0],
        max_size=4,
    ).filter(lambda parts: not {"COUNT", "UNTIL"} <= {part.split("=")[0] for part in parts}),
)


@settings(max_examples=30, deadline=None)
@given(RULES, SPANS)
def test_a_rule_gives_the_days_python_dateutil_gives(rule: str, span: Span) -> None:
    """It is opened some thousand years later, where the calendar is the same: nothing else may change by that."""
    start = datetime.combine(span.first, datetime.min.time())
    last = datetime.combine(span.last, datetime.min.time())
    try:
        plain = rrulestr(rule, dtstart=start).between(start, last, inc=True)
    except ValueError:
        with pytest.raises(ValueError, match=r".*"):
            opened(rule, span)
        return
    assert opened(rule, span) == [instant.date() for instant in plain][:367]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="FREQYALWKDMONTHCIBUSP=;,-+0123456789 ", max_size=40) | RULES.map(lambda rule: rule[:-1]))
def test_no_text_makes_a_rule_break_the_reader(rule: str) -> None:
    try:
        opened(rule, Span(date(2023, 1, 1), date(2024, 12, 31)))
    except (ValueError, LookupError, TypeError, OverflowError):
        return


def test_a_draft_says_so_and_a_plan_is_none_by_itself() -> None:
    texts = make_plan()
    assert not parse(texts).draft
    assert parse(texts | {"plan.toml": "draft = true\n" + texts["plan.toml"]}).draft


def test_examples_are_left_out_unless_they_are_named(tmp_path: Path) -> None:
    for name in ("a-plan", "shown.example"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "plan.toml").touch()
    assert [path.name for path in plan_files.folders(tmp_path)] == ["a-plan"]
    for name in ("shown", "shown.example"):
        assert [path.name for path in plan_files.folders(tmp_path, named=name)] == ["a-plan", "shown.example"]
