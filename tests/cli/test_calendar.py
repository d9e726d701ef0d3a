"""`wsyf calendar show` and `import`, and who follows: check, desk, rehearsal, the daemon's next round."""

from __future__ import annotations

import json
import sqlite3
import types
from datetime import date
from pathlib import Path

import pytest

from tests.cli.office_fixtures import Desk, bare_office, rehearsal_office
from wsyf_scheduler.cli import calendar
from wsyf_scheduler.cli.grid import width
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.files import holidays

MONTHS = [f"{month:02}" for month in range(1, 13)]
WEEK_OFF = '[[holiday]]\nname = "整休"\nfrom = 2023-02-20\nto = 2023-02-24\nworking = [2023-02-25, 2023-02-26]\n'
FEBRUARY = "2023-02-10T12:00+08:00"


def notice_of_2023(more: str = WEEK_OFF) -> str:
    """The notice of 2023 as the package has it, as a file, with something more."""
    known = holidays.published(2023)
    assert known is not None
    spans: list[list[date]] = []
    for day in sorted(known.off):
        if spans and (day - spans[-1][-1]).days == 1:
            spans[-1].append(day)
        else:
            spans.append([day])
    tables = [f'[[holiday]]\nname = "{known.names[each[0]]}"\nfrom = {each[0]}\nto = {each[-1]}\n' for each in spans]
    working = ", ".join(str(day) for day in sorted(known.working))
    return "\n".join(["year = 2023", 'source = "国办发明电〔2022〕16号"', f"working = [{working}]", *tables, more])


bare_desk = pytest.fixture(bare_office)
rehearsal_desk = pytest.fixture(rehearsal_office)


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "2023.toml"
    path.write_text(notice_of_2023(), encoding="utf-8")
    return path


# --- show


def test_a_year_is_drawn_in_twelve_months_that_fit_the_screen(lived_desk):
    said = lived_desk.wsyf("calendar", "show", "2023", COLUMNS="80").out
    lines = said.splitlines()
    assert all(f"2023-{month}" in said for month in MONTHS)
    assert max(map(width, lines)) <= 80
    assert "  2* 3  4  5  6  7  8      6  7  8  9 10 11 12" in said
    assert " 23*24*25*26*27*28+29+" in said
    assert "01-21 Sat – 01-27 Fri  off 7  春节; worked: 01-28 Sat, 01-29 Sun" in said
    assert "249 working days in the year" in said
    assert "\x1b" not in said


def test_the_year_is_this_one_unless_another_is_asked_for(lived_desk):
    assert lived_desk.wsyf("calendar", "show", at="2023-07-18").out.startswith("2023  published")


def test_the_json_of_a_year(lived_desk):
    found = lived_desk.wsyf("calendar", "show", "2023", "--json").json
    assert list(found) == ["year", "status", "source", "off", "working"]
    assert (found["year"], found["status"]) == (2023, "published")
    assert found["source"].startswith("chinesecalendar ")
    assert "2023-01-21" in found["off"]
    assert found["working"] == [
        "2023-01-28",
        "2023-01-29",
        "2023-04-23",
        "2023-05-06",
        "2023-06-25",
        "2023-10-07",
        "2023-10-08",
    ]


def test_a_year_without_a_notice_says_so_and_what_to_do(lived_desk):
    said = lived_desk.wsyf("calendar", "show", "2098").out
    assert "2098  provisional: no notice of holidays is known yet" in said
    assert "run `wsyf calendar import FILE`" in said
    assert lived_desk.wsyf("calendar", "show", "2098", "--json").json["status"] == "provisional"


def test_what_the_config_changes_is_said_and_drawn(lived_desk):
    lived_desk.edit("config.toml", "off = []", "off = [2023-03-01]")
    said = lived_desk.wsyf("calendar", "show", "2023").out
    assert "config.toml [calendar] over it: 03-01 Wed" in said
    assert " 1* 2  3 " in said
    assert lived_desk.wsyf("calendar", "show", "2023", "--json").json["source"].endswith("; config")


def test_a_year_can_be_shown_before_there_is_a_database(bare_desk):
    assert "春节" in bare_desk.wsyf("calendar", "show", "2023").out


@pytest.mark.parametrize("year", ["23", "0", "99999", "next"])
def test_what_is_no_year_is_refused(lived_desk, year):
    lived_desk.wsyf("calendar", "show", year, code=2)


# --- import


def test_an_import_shows_what_it_moves_before_it_is_applied(lived_desk, notice):
    said = lived_desk.wsyf("calendar", "import", notice, "--dry-run", at=FEBRUARY, COLUMNS="80").out
    assert "now off: 2023-02-20 Mon, 2023-02-21 Tue" in said
    assert "now worked: 2023-02-25 Sat, 2023-02-26 Sun" in said
    assert "2023-02-21 Tue → 2023-02-17 Fri  reminder (remind-7), rolled back from 02-21" in said
    assert said.rstrip().endswith("nothing was changed")
    assert max(map(width, said.splitlines())) <= 80
    assert lived_desk.sql("SELECT count(*) FROM year_notice") == [(0,)]


def test_without_a_terminal_it_wants_yes(lived_desk, notice):
    answer = lived_desk.wsyf("calendar", "import", notice, at=FEBRUARY, code=2)
    assert "nothing was changed; add --yes to import it without being asked" in answer.err
    assert lived_desk.sql("SELECT count(*) FROM year_notice") == [(0,)]


def test_an_import_is_shown_with_who_and_when_and_stands_in_the_trail(lived_desk, notice):
    lived_desk.wsyf("calendar", "import", notice, "--yes", at=FEBRUARY)
    said = lived_desk.wsyf("calendar", "show", "2023").out
    assert "国办发明电〔2022〕16号; imported 2023-02-10 by " in said
    assert "02-20 Mon – 02-24 Fri  off 5  整休; worked: 02-25 Sat, 02-26 Sun" in said
    assert "notice of holidays imported" in lived_desk.wsyf("log").out
    (entry,) = [each for each in lived_desk.wsyf("log", "--json").lines if each["action"] == "calendar_imported"]
    assert len(entry["detail"]["file"]) == 64


def test_the_same_file_twice_changes_nothing(lived_desk, notice):
    lived_desk.wsyf("calendar", "import", notice, "--yes", at=FEBRUARY)
    before = dump(lived_desk)
    said = lived_desk.wsyf("calendar", "import", notice, "--yes", at=FEBRUARY).out
    assert "The notice of 2023 says what was imported before; nothing was changed." in said
    assert dump(lived_desk) == before


def test_an_import_for_programs(lived_desk, notice):
    lived_desk.wsyf("calendar", "import", notice, "--json", at=FEBRUARY, code=2)
    found = lived_desk.wsyf("calendar", "import", notice, "--json", "--yes", at=FEBRUARY).json
    assert (found["year"], found["known"], found["now_worked"]) == (2023, False, ["2023-02-25", "2023-02-26"])
    assert {
        "plan": "gaoping-2021-2025",
        "key": "2023/1/emergency",
        "rung": "remind-7",
        "repeat": 0,
        "letter": "reminder",
        "from": "2023-02-21",
        "to": "2023-02-17",
    } in found["moves"]
    assert lived_desk.sql("SELECT year FROM year_notice") == [(2023,)]


def test_every_fault_of_a_file_is_named_and_nothing_is_changed(lived_desk, notice):
    notice.write_text(notice_of_2023(WEEK_OFF + "working = [2023-02-26]\n"), encoding="utf-8")
    answer = lived_desk.wsyf("calendar", "import", notice, "--yes", at=FEBRUARY, code=5)
    assert "2023.toml" in answer.err
    notice.write_text("year = 2023\n", encoding="utf-8")
    answer = lived_desk.wsyf("calendar", "import", notice, "--yes", at=FEBRUARY, code=5)
    assert "holiday: missing: expected a table [[holiday]] for each holiday" in answer.err
    assert lived_desk.sql("SELECT count(*) FROM year_notice") == [(0,)]


def test_a_notice_that_leaves_out_a_day_off_by_law_is_taken_with_a_warning(lived_desk, notice):
    notice.write_text('year = 2023\n[[holiday]]\nname = "元旦"\nfrom = 2023-01-01\nto = 2023-01-02\n', encoding="utf-8")
    said = lived_desk.wsyf("calendar", "import", notice, "--dry-run", at=FEBRUARY).out
    assert "! 国庆节 (10-01 Sun, 10-02 Mon, 10-03 Tue) is a day off by law, and the file does not say so" in said


INCOMPLETE = """\
year = 2023
[[holiday]]
name = "元旦"
from = 2023-01-01
to = 2023-01-02
[[holiday]]
name = "春节"
from = 2023-01-21
to = 2023-01-27
[[holiday]]
name = "劳动节"
from = 2023-04-29
to = 2023-05-03
[[holiday]]
name = "端午节"
from = 2023-06-22
to = 2023-06-24
[[holiday]]
name = "中秋节、国庆节"
from = 2023-09-29
to = 2023-10-06
"""


def test_with_yes_a_notice_that_leaves_out_a_holiday_is_refused_unless_that_is_said(lived_desk, notice):
    notice.write_text(INCOMPLETE, encoding="utf-8")
    for more in ([], ["--json"]):
        answer = lived_desk.wsyf("calendar", "import", notice, "--yes", *more, at=FEBRUARY, code=2)
        said = " ".join(answer.err.split())
        assert "nothing was changed: the notice of 2023 leaves out 清明节 (04-05 Wed), given by law" in said
        assert "--incomplete" in said
    assert lived_desk.sql("SELECT count(*) FROM year_notice") == [(0,)]
    lived_desk.wsyf("calendar", "import", notice, "--yes", "--dry-run", at=FEBRUARY)
    lived_desk.wsyf("calendar", "import", notice, "--yes", "--incomplete", at=FEBRUARY)
    assert lived_desk.sql("SELECT year FROM year_notice") == [(2023,)]


def test_on_a_terminal_the_question_names_what_the_file_leaves_out(lived_desk, notice, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(calendar.sys, "stdin", types.SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(calendar.click, "confirm", lambda text, **_how: asked.append(text))
    for missing in ([], ["清明节 (04-05 Wed)"]):
        with pytest.raises(Forbidden):
            calendar._confirm(missing, yes=False)
    assert asked == ["Import it?", "清明节 (04-05 Wed) missing: import it all the same?"]


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
def test_no_notice_of_the_past_years_leaves_anything_out(year):
    known = holidays.published(year)
    assert known is not None
    assert calendar._missing(known) == []


def test_show_explain_and_schedule_go_by_the_imported_days(lived_desk, notice):
    lived_desk.wsyf("calendar", "import", notice, "--yes", at=FEBRUARY)
    ahead = lived_desk.wsyf("show", "2023/1/emergency", "--json", at=FEBRUARY).json["next"]
    assert {"on": "2023-02-17", "rung": "remind-7", "repeat": 0, "letter": "reminder"} in ahead
    said = lived_desk.wsyf("explain", "2023/1/emergency", "--on", "2023-02-21", at=FEBRUARY).out
    assert "2023-02-21, Tuesday: day off (整休); no ladder mail leaves" in said
    found = lived_desk.wsyf("schedule", "--days", "20", "--json", at=FEBRUARY).json
    assert not [line for line in found if line["at"].startswith("2023-02-21") and line["letter"] == "reminder"]
    assert [line for line in found if line["at"].startswith("2023-02-17") and line["letter"] == "reminder"]


def test_a_rehearsal_goes_by_the_imported_days(lived_desk, notice):
    lived_desk.wsyf("calendar", "import", notice, "--yes", at=FEBRUARY)
    lines = lived_desk.wsyf("rehearse", "--from", "2023-02-10", "--to", "2023-02-28", "--json").lines
    days = {line["at"][:10] for line in lines for row in line["rows"] if row["rung"] == "remind-7"}
    assert days == {"2023-02-17"}


# --- the coordinator is asked for it


def test_a_year_that_should_be_known_by_now_stands_on_the_desk_and_in_the_check(rehearsal_desk):
    """Nobody knows 2098, and something is due in it."""
    assert "holidays" not in rehearsal_desk.wsyf(at="2022-11-05").out
    rehearsal_desk.sql("UPDATE assignment SET due_on = '2098-06-30' WHERE key = '2025/5/hrss'")
    rehearsal_desk.sql("UPDATE fact SET value = '2097-10-31T02:00:00+00:00' WHERE name = 'last_tick_at'")
    assert "The holidays of 2098" not in rehearsal_desk.wsyf(at="2096-12-31").out
    said = " ".join(rehearsal_desk.wsyf(at="2097-11-04").out.split())
    assert "The holidays of 2097 are not known yet: once the notice is out, `wsyf calendar import FILE`" in said
    found = json.loads(rehearsal_desk.wsyf("status", "--json", at="2097-11-04", code=1).out)
    assert "calendar" in [each["name"] for each in found["concerns"]]


def dump(desk: Desk) -> list[str]:
    connection = sqlite3.connect(desk.database)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_the_check_warns_from_november_on_and_names_what_was_imported(rehearsal_desk, notice):
    rehearsal_desk.wsyf("calendar", "import", notice, "--yes", at=FEBRUARY)
    rehearsal_desk.edit("jobs/gaoping-2021-2025/2025.toml", "last_year = 2025", "last_year = 2099")

    def said(at: str) -> dict[str, str]:
        found = rehearsal_desk.wsyf("check", "--json", at=at).json
        return {each["text"]: each["level"] for each in found if each["check"] == "calendar"}

    early, late = said("2096-10-30"), said("2097-11-04")
    assert "2023: the notice of holidays was imported on 2023-02-10 by" in " ".join(early)
    doubt = "{year}: no notice of holidays is known yet; once it is out, run `wsyf calendar import FILE`"
    assert early[doubt.format(year=2096)] == "warning"
    assert late[doubt.format(year=2097)] == "warning"
    later = "2098–2099: working days are provisional until the notice of each year is out, in November before it"
    assert late[later] == "ok"
