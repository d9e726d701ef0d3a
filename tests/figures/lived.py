"""An office of the Gaoping plan whose departments have handed in figures of some years, by a fixed rule."""

from __future__ import annotations

from collections.abc import Iterable

from tests.cast import GAOPING, Office, at, make_office
from wsyf_scheduler.acts import hand_in
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.figuring import asked_of, lacking, whole_plan, year_of
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.papers.gathering import Gathered, gather
from wsyf_scheduler.store import assignments, figures

PLAN = "gaoping-2021-2025"
BASE = {"hazchem": 4, "coal": 30, "noncoal": 8, "construction": 20, "transportation": 41, "machinery": 6, "dust": 40}
FALL = {2019: 100, 2021: 97, 2022: 93, 2023: 88, 2024: 84, 2025: 79}
SHARES = {2021: 72, 2022: 81, 2023: 93, 2024: 95, 2025: 100}


def figure(industry: str, measure: str, year: int) -> int:
    base = BASE.get(industry, 30)
    match measure:
        case "accidents" | "casualties":
            return base * (2 if measure == "casualties" else 1) * FALL[year] // 100
        case "cases":
            return base
        case "early_cases":
            return base * FALL[year] // 500
        case "persons":
            return base * 10
        case "trained":
            return base * SHARES[year] // 10
    return year - 2000  # the size of a pool


def handed_in(office: Office, *, years: Iterable[int], but: Iterable[str] = ()) -> Office:
    """Every figure the tasks of these years ask for is handed in, but those of the assignments named."""
    wanted, left_out = set(years), set(but)
    with office.db.read() as session:
        plan = whole_plan(session, PLAN)
        items = [item for item in assignments.of_plan(session, PLAN) if year_of(plan, item) in wanted]
    for item in items:
        asked = asked_of(plan, item)
        if item.key in left_out or not asked or item.state is not State.OPEN:
            continue
        year = year_of(plan, item)
        assert year is not None
        with office.db.read() as session:
            if not lacking(plan, item, figures.of_assignment(session, item.id)):
                continue
        handed: dict[str, dict[str, int]] = {}
        for industry, measure in asked:
            handed.setdefault(industry, {})[measure.id] = figure(industry, measure.id, year)
        given = {"key": item.key, "handed": handed, "source": f"{item.department}函〔{year}〕1号"}
        office.act(hand_in.act, **given, confirm="已核实")
    return office


def told(office: Office) -> Gathered:
    with office.db.read() as session:
        return gather(session, PLAN, office.now)


def midway(when: str = "2024-03-20 10:00", *, but: Iterable[str] = ("2024/1/housing",)) -> Office:
    """The spring of 2024: the figures up to 2023 are in, those of construction are not."""
    office = make_office("2022-05-19 00:00", texts=plan_files.read_texts(GAOPING))
    office.go("2023-03-01 09:30")
    handed_in(office, years=(2019, 2021, 2022))
    office.go("2024-02-20 09:30")
    handed_in(office, years=(2023,), but=but)
    office.go(at(when))
    return office
