"""RULES.md §7 read a second time, for the Gaoping plan alone, as plainly as it stands there: no code is shared."""

from fractions import Fraction

KEY = ["hazchem", "coal", "noncoal", "construction", "transportation", "machinery"]
OF = {"construction": "housing", "transportation": "transport", "dust": "health"}
BEFORE = {2021: 2019, 2022: 2021, 2023: 2022, 2024: 2023, 2025: 2024}
PERIODS = {  # period: measure year, percent lower (None: below), coverage
    "2021-2022": (2021, None, 70),
    "2022": (2022, 5, 80),
    "2023": (2023, 10, 90),
    "2024": (2024, 15, 95),
    "2025": (2025, 20, 100),
}


def assess(figures):
    """`figures`: (industry, year, measure) -> (value, provisional). The JSON of every sheet, without its plan."""
    sheets = []
    for period, (year, percent, coverage) in PERIODS.items():
        goals = []
        for measure in ("accidents", "casualties"):
            goals += [count(figures, measure, [name], name, year, percent) for name in KEY]
            goals.append(count(figures, measure, KEY, "all", year, percent))
        goals.append(ratio(figures, BEFORE[year], year))
        goals += [covered(figures, "safety_coverage", [name], name, year, coverage) for name in KEY]
        goals.append(covered(figures, "safety_coverage", KEY, "all", year, coverage))
        goals.append(covered(figures, "health_coverage", ["dust"], "dust", year, coverage))
        sheets.append({"period": period, "measure_year": year, "goals": goals})
    goals = [count(figures, measure, [name], name, 2025, 20) for measure in ("accidents", "casualties") for name in KEY]
    goals.append(ratio(figures, 2019, 2025))
    goals += [covered(figures, "safety_coverage", [name], name, 2025, 100) for name in KEY]
    goals.append(covered(figures, "health_coverage", ["dust"], "dust", 2025, 100))
    return [*sheets, {"period": "annex-1", "measure_year": 2025, "goals": goals}]


def count(figures, measure, industries, name, year, percent):
    old = total(figures, measure, industries, 2019)
    new = total(figures, measure, industries, year)
    target = verdict = None
    if old is not None:
        bound = old if percent is None else Fraction(old * (100 - percent), 100)
        target = "<=0" if old == 0 else f"{'<' if percent is None else '<='}{text(bound)}"
        if new is not None:
            met = new == 0 if old == 0 else new < bound if percent is None else new <= bound
            verdict = "met" if met else "missed"
    wanted = [(each, when, measure) for each in industries for when in (2019, year)]
    return line(figures, measure, name, 2019, old, new, target, change(old, new), verdict, wanted)


def ratio(figures, before, year):
    old, new = share(figures, before), share(figures, year)
    target = verdict = None
    if old is not None:
        target = "<=0" if old == 0 else f"<{text(old)}"
        if new is not None:
            verdict = "met" if new < old or (new == 0 and old == 0) else "missed"
    wanted = [
        ("dust", when, measure)
        for when, known in ((before, old), (year, new))
        if known is None
        for measure in ("early_cases", "cases")
    ]
    result = line(figures, "ratio", "dust", before, show(old), show(new), target, change(old, new), verdict, wanted)
    result["provisional"] |= any(
        figures[place][1]
        for when in (before, year)
        for place in [("dust", when, "ratio")]
        if place in figures and not all(("dust", when, each) in figures for each in ("early_cases", "cases"))
    ) or any(
        figures[place][1]
        for when in (before, year)
        for place in [("dust", when, "early_cases"), ("dust", when, "cases")]
        if place in figures
        and (share(figures, when) is None or all(("dust", when, each) in figures for each in ("early_cases", "cases")))
    )
    return result


def share(figures, year):
    early, cases = (figures.get(("dust", year, each), (None,))[0] for each in ("early_cases", "cases"))
    if early is not None and cases is not None:
        return Fraction(0) if cases == 0 else Fraction(early, cases)
    return figures.get(("dust", year, "ratio"), (None,))[0]


def covered(figures, goal, industries, name, year, percent):
    persons = total(figures, "persons", industries, year)
    trained = total(figures, "trained", industries, year)
    value = verdict = None
    if persons is not None and trained is not None:
        verdict = "met" if trained * 100 >= percent * persons else "missed"
        value = None if persons == 0 else text(Fraction(trained, persons))
    wanted = [(each, year, measure) for each in industries for measure in ("persons", "trained")]
    return line(figures, goal, name, None, None, value, f">={text(Fraction(percent, 100))}", None, verdict, wanted)


def total(figures, measure, industries, year):
    values = [figures.get((name, year, measure), (None,))[0] for name in industries]
    return None if None in values else sum(values)


def line(figures, goal, industry, baseline_year, baseline, value, target, change_pct, verdict, wanted):
    return {
        "goal": goal,
        "industry": industry,
        "baseline_year": baseline_year,
        "baseline": baseline,
        "value": value,
        "target": target,
        "change_pct": change_pct,
        "provisional": any(figures[place][1] for place in wanted if place in figures),
        "verdict": verdict or "unknown",
        "missing": [
            {"industry": place[0], "year": place[1], "measure": place[2], "department": OF.get(place[0], "emergency")}
            for place in wanted
            if place not in figures
        ],
    }


def text(value):
    value = Fraction(value)
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def show(value):
    return None if value is None else text(value)


def change(old, new):
    if not old or new is None:
        return None
    exact = Fraction(new - old) * 100 / old
    tenths = int(abs(exact) * 10 + Fraction(1, 2))
    return (-tenths if exact < 0 and tenths else tenths) / 10
