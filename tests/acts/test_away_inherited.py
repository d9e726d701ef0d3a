"""Whoever is away may be somebody's deputy: those letters are counted among what others read meanwhile."""

from __future__ import annotations

from tests.cast import DEPARTMENTS, day, make_office, make_plan, task
from wsyf_scheduler.acts import away
from wsyf_scheduler.acts.away import Absence, Away

LIAISON, HOUSING = "liaison.emergency@county.example", "liaison.housing@county.example"


def test_letters_inherited_from_one_who_is_away_too_are_counted() -> None:
    office = make_office("2023-01-03 08:00", texts=make_plan(task(1, due=day("2023-02-28"))))  # of emergency alone

    def leave(person: str, deputy: str, since: str, until: str) -> Away:
        absence = Absence(since=day(since), until=day(until), deputy=deputy)
        found: Away = office.act(
            away.act, people_meant=[person], absence=absence, names=DEPARTMENTS, today=day("2023-01-03")
        )
        return found

    leave(LIAISON, HOUSING, "2023-02-13", "2023-02-20")
    done = leave(HOUSING, "third@county.example", "2023-02-10", "2023-02-25")
    assert [(each.on, each.keys) for each in done.letters] == [(day("2023-02-13"), ("2023/1/emergency",))]
    office.live("2023-02-14 00:00")
    told = [line for line in office.lines if line["letter"] == "reminder" and str(line["at"])[:10] == "2023-02-13"]
    assert [line["to"] for line in told] == [["third@county.example"]]
