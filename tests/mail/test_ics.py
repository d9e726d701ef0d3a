"""Calendar entries, read by a second library (vobject)."""

from __future__ import annotations

import email
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import vobject

from wsyf_scheduler.mail.ics import calendar
from wsyf_scheduler.mail.letter import Deadline, Headers, LetterKind, Mailbox
from wsyf_scheduler.mail.samples import samples
from wsyf_scheduler.mail.writer import LetterWriter

TEMPLATES = Path(__file__).parents[2] / "templates" / "email"
DEADLINE = Deadline(
    uid="gaoping-2021-2025/2023/1/emergency@office.wsyf.example",
    title="2022年度安全生产事故数据；应急, 2月28日（含当日）前提供",
    description="任务编号：2023/1/emergency\n提交内容：事故起数和伤亡人数",
    due_on=date(2023, 2, 28),
    sequence=0,
    stamped_at=datetime(2023, 1, 3, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8))),
)


def read(data: bytes):  # type: ignore[no-untyped-def]
    return vobject.readOne(data.decode())


def test_a_deadline_is_an_all_day_event_with_an_alarm_the_morning_before() -> None:
    whole = read(calendar([DEADLINE], method="PUBLISH", organizer="office@wsyf.example"))
    assert whole.version.value == "2.0"
    assert whole.method.value == "PUBLISH"
    assert whole.prodid.value == "-//WSYF Scheduler//Deadlines//ZH"
    event = whole.vevent
    assert (event.dtstart.value, event.dtend.value) == (date(2023, 2, 28), date(2023, 3, 1))
    assert event.dtstart.value_param == "DATE"
    assert event.uid.value == DEADLINE.uid
    assert event.sequence.value == "0"
    assert event.dtstamp.value == datetime(2023, 1, 3, 1, tzinfo=UTC)
    assert event.summary.value == DEADLINE.title
    assert event.description.value == DEADLINE.description
    assert event.transp.value == "TRANSPARENT"
    assert event.status.value == "CONFIRMED"
    assert event.organizer.value == "mailto:office@wsyf.example"
    assert event.valarm.action.value == "DISPLAY"
    midnight = datetime.combine(event.dtstart.value, datetime.min.time())
    assert midnight + event.valarm.trigger.value == datetime(2023, 2, 27, 9)  # noqa: DTZ001 - floating by nature


def test_a_changed_due_date_keeps_its_uid_under_a_higher_sequence() -> None:
    moved = replace(DEADLINE, due_on=date(2023, 3, 15), sequence=1)
    event = read(calendar([moved], method="PUBLISH")).vevent
    assert (event.uid.value, event.sequence.value, event.dtstart.value) == (DEADLINE.uid, "1", date(2023, 3, 15))
    assert "organizer" not in event.contents


@pytest.mark.parametrize(("method", "cancelled"), [("CANCEL", False), ("PUBLISH", True)])
def test_a_cancelled_deadline_leaves_the_calendar_without_an_alarm(method, cancelled: bool) -> None:  # type: ignore[no-untyped-def]
    whole = read(calendar([replace(DEADLINE, cancelled=cancelled, sequence=2)], method=method))
    assert whole.method.value == method
    assert whole.vevent.status.value == "CANCELLED"
    assert "valarm" not in whole.vevent.contents


def test_several_deadlines_stand_in_one_calendar_in_their_order() -> None:
    deadlines = [replace(DEADLINE, uid=f"{n}@wsyf.example") for n in range(5)]
    events = read(calendar(deadlines, method="PUBLISH")).vevent_list
    assert [event.uid.value for event in events] == [each.uid for each in deadlines]


def test_the_file_is_crlf_utf8_of_short_lines_and_always_the_same() -> None:
    long = replace(DEADLINE, title="长" * 300)
    data = calendar([long], method="PUBLISH")
    assert data == calendar([long], method="PUBLISH")
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 75
    assert read(data).vevent.summary.value == long.title


def test_hostile_text_adds_no_line() -> None:
    evil = "题\r\nEND:VEVENT\r\nBEGIN:VEVENT\nX:1\x00\x1b\u2028\x85\ud800；,\\n"
    whole = read(calendar([replace(DEADLINE, title=evil, description=evil, uid=evil)], method="PUBLISH"))
    assert len(whole.vevent_list) == 1
    assert whole.vevent.summary.value.startswith("题 END:VEVENT BEGIN:VEVENT X:1")


def test_a_calendar_needs_a_deadline_and_a_stamp_with_its_zone() -> None:
    with pytest.raises(ValueError, match="deadline"):
        calendar([], method="PUBLISH")
    with pytest.raises(ValueError, match="time zone"):
        calendar([replace(DEADLINE, stamped_at=datetime(2023, 1, 3))], method="PUBLISH")  # noqa: DTZ001 - naive


def test_a_letters_calendars_name_the_office_that_sends_them() -> None:
    """iTIP asks for an organizer; what is kept and what is cancelled go in files of their own."""
    letter = next(each for each in samples() if each.kind is LetterKind.CHANGE)
    headers = Headers(
        sender=Mailbox(address="office@工伤预防.example", name="联席办"),
        to=(Mailbox(address="liaison@emergency.example"),),
        message_id="<1.a@office.wsyf.example>",
        date=DEADLINE.stamped_at,
    )
    deadlines = [DEADLINE, replace(DEADLINE, uid="2@wsyf.example", cancelled=True)]
    raw = LetterWriter(packaged=TEMPLATES, office=None).write(letter, headers, deadlines).raw
    parts = [part for part in email.message_from_bytes(raw).walk() if part.get_content_type() == "text/calendar"]
    assert [part.get_filename() for part in parts] == ["deadline.ics", "cancelled.ics"]
    assert [part.get_param("method") for part in parts] == ["PUBLISH", "CANCEL"]
    events = [read(part.get_payload(decode=True)).vevent for part in parts]
    assert [event.uid.value for event in events] == [each.uid for each in deadlines]
    assert {event.organizer.value for event in events} == {
        f"mailto:office@{'工伤预防'.encode('idna').decode()}.example"
    }


def test_the_library_is_imported_only_when_a_calendar_is_made() -> None:
    """It costs a fifth of a second, which no command that writes no calendar should pay."""
    script = "import sys, wsyf_scheduler.mail.ics; sys.exit('icalendar' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
