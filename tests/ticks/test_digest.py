"""The coordinator's weekly digest, and the leaders' monthly ones where they are set (RULES.md §4)."""

from __future__ import annotations

import json

import pytest

from tests.cast import PLAN_ID, ROOT, Office, at, brief, day, make_office, make_plan, task
from wsyf_scheduler.acts import close, extend
from wsyf_scheduler.alerts import Alert
from wsyf_scheduler.digesting import sections
from wsyf_scheduler.mail.letter import Letter, Outcome, Phase, Sent
from wsyf_scheduler.mail.letters import Letters, Rendered
from wsyf_scheduler.store import facts, holds, messages, refusals
from wsyf_scheduler.store.holds import HoldReason
from wsyf_scheduler.telling import alert

FEBRUARY = make_plan(task(1, due=day("2023-02-28")))


def digests(office: Office) -> list[str]:
    return [brief(line)[0] for line in office.lines if line["letter"] == "digest"]


def test_each_week_has_its_digest_in_its_first_slot_quiet_or_not() -> None:
    office = make_office("2022-12-28 10:00", texts=FEBRUARY)
    office.act(close.act, keys=["2023/1/emergency"])  # all is quiet from here on
    office.live("2023-02-08 00:00")
    assert digests(office) == [
        "2023-01-03T09:00",  # Monday 01-02 is a day off
        "2023-01-09T09:00",
        "2023-01-16T09:00",
        "2023-01-28T09:00",  # Spring Festival: the week's first working day is a make-up Saturday
        "2023-01-30T09:00",
        "2023-02-06T09:00",
    ]


def test_a_week_without_a_working_day_has_none() -> None:
    off = frozenset(day(f"2023-02-{n}") for n in range(13, 18))
    office = make_office("2023-02-06 00:00", texts=FEBRUARY, extra_off=off)
    office.live("2023-02-21 00:00")
    assert digests(office) == ["2023-02-06T09:00", "2023-02-20T09:00"]


def test_the_week_of_the_first_sync_has_one_only_if_its_slot_lies_ahead() -> None:
    office = make_office("2023-02-06 09:01", texts=FEBRUARY)  # a Monday, a minute late
    office.live("2023-02-14 00:00")
    assert digests(office) == ["2023-02-13T09:00"]


def test_a_digest_missed_on_monday_goes_when_the_daemon_is_back_that_week() -> None:
    office = make_office("2023-02-06 00:00", texts=FEBRUARY)
    office.live("2023-02-07 00:00")
    office.tick("2023-02-15 16:00")
    office.tick("2023-02-15 16:10")
    assert digests(office) == ["2023-02-06T09:00", "2023-02-15T16:00"]


def test_a_digest_of_a_week_gone_by_is_not_made_up() -> None:
    office = make_office("2023-02-06 00:00", texts=FEBRUARY)
    office.live("2023-02-07 00:00")
    office.tick("2023-02-27 10:00")
    assert digests(office) == ["2023-02-06T09:00", "2023-02-27T10:00"]


def test_it_lists_what_is_overdue_due_soon_and_undeliverable() -> None:
    texts = make_plan(task(1, due=day("2023-02-28")), task(2, due=day("2023-03-14")), task(3, due=day("2023-03-21")))
    office = make_office("2023-02-20 10:00", texts=texts)
    office.live("2023-03-04 00:00")
    office.mailer.fate = lambda _outgoing: Sent(
        outcome=Outcome.REFUSED, phase=Phase.RCPT, code=550, text="no such user"
    )
    office.live("2023-03-06 00:00")
    office.act(extend.act, key="2023/3/emergency", to=day("2023-03-31"), reason="r", approved_by="a")
    office.tick()  # the change is refused, and an alert about it too
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
    office.live("2023-03-07 00:00")
    letter = office.letter("digest")[0]
    found = {section.name: [row.key for row in section.rows] or len(section.lines) for section in letter.sections}
    assert found == {"overdue": ["2023/1/emergency"], "due-soon": ["2023/2/emergency"], "undeliverable": 2}


def test_it_lists_what_is_held_and_what_falls_due_next() -> None:
    office = make_office("2023-03-03 10:00", texts=make_plan(task(1, due=day("2023-02-28")), task(2)))
    office.live("2023-03-07 00:00")
    letter = office.letter("digest")[0]
    assert {section.name: [row.key for row in section.rows] for section in letter.sections} == {
        "held": ["2023/1/emergency"]
    }
    assert letter.next_due is not None
    assert letter.next_due.key == "2023/2/emergency"


def test_fourteen_days_is_soon_and_the_due_day_itself_too() -> None:
    due = [day("2023-03-06"), day("2023-03-20"), day("2023-03-21")]
    office = make_office("2023-03-03 10:00", texts=make_plan(task(1, due=due)))
    office.live("2023-03-07 00:00")
    (section,) = office.letter("digest")[0].sections
    assert [str(row.due_on) for row in section.rows] == ["2023-03-06", "2023-03-20"]


@pytest.mark.parametrize(("roles", "count"), [((), 0), (("director", "chief"), 2), (("convener",), 4)])
def test_monthly_digests_go_to_whom_they_are_set_for(roles: tuple[str, ...], count: int) -> None:
    office = make_office(
        "2023-02-20 10:00", texts=make_plan(task(1, lead=["emergency", "housing"])), monthly_digests=roles
    )
    office.live("2023-03-20 00:00")
    monthly = [line for line in office.lines if line["letter"] == "digest" and line["audience"] != "coordinator"]
    assert len(monthly) == count
    assert {str(line["at"])[:16] for line in monthly} <= {"2023-03-01T09:00"}
    if roles == ("convener",):
        (emergency,) = [line for line in monthly if line["department"] == "emergency"]
        assert emergency["to"] == ["convener.emergency@county.example"]


def test_a_conveners_digest_lists_his_department_alone() -> None:
    texts = make_plan(task(1, lead=["emergency", "housing"], due=day("2023-03-10")))
    office = make_office("2023-02-20 10:00", texts=texts, monthly_digests=("convener",))
    office.live("2023-03-02 00:00")
    listed = {
        letter.department_name: [row.key for section in letter.sections for row in section.rows]
        for letter, _headers, _deadlines in office.writer.written
        if letter.kind.value == "digest" and letter.department_name
    }
    assert listed["示范县应急局"] == ["2023/1/emergency"]
    assert listed["示范县总工会局"] == []


# --- What ails the system -----------------------------------------------------------------------------------------


LIAISON = "liaison.housing@county.example"


def know(office: Office, **known: dict[str, object]) -> None:
    with office.db.begin() as session:
        for name, value in known.items():
            facts.put(session, name, json.dumps(value))


def weekly(office: Office, until: str = "2023-02-07 00:00") -> Letter:
    office.live(until)
    return office.letter("digest")[0]


def lines(letter: Letter, name: str) -> list[str]:
    return [line for section in letter.sections if section.name == name for line in section.lines]


def rendered(letter: Letter) -> Rendered:
    return Letters(packaged=ROOT / "templates" / "email").render(letter)


def test_it_says_when_all_was_last_looked_through_and_saved() -> None:
    office = make_office("2023-02-03 10:00", texts=FEBRUARY)
    know(office, audit={"at": "2023-02-05T02:00:00+00:00", "until": "", "findings": 0})
    know(office, backup={"at": "2023-02-05T18:00:00+00:00", "file": "x", "bytes": 1})
    letter = weekly(office)
    assert lines(letter, "system") == []
    assert lines(letter, "records") == [
        "最近一次核对：2月5日，应发信件无遗漏、无错发。",
        "最近一次备份：2月6日。",  # 02:00 in Beijing
    ]
    found = rendered(letter)
    assert "运行记录" not in found.text + found.subject
    assert "：无逾期事项，下一项" in found.subject
    assert "本周无逾期事项，14日内无到期事项，无待确认事项，无未送达邮件。" in found.text
    for text in (found.text, found.html):
        assert "最近一次核对：2月5日，应发信件无遗漏、无错发。" in text
        assert "最近一次备份：2月6日。" in text


def test_it_says_what_ails_the_system_and_which_command_acts_on_it() -> None:
    office = make_office("2023-02-03 10:00", texts=FEBRUARY)
    know(office, audit={"at": "2023-02-05T02:00:00+00:00", "until": "", "findings": 3})
    know(office, backup={"at": "2023-01-31T18:00:00+00:00", "file": "x", "bytes": 1})
    know(office, hook={"at": "2023-02-05T02:00:00+00:00", "ok": False, "trouble": "exit code 1"})
    know(office, ping={"at": "2023-02-05T02:00:00+00:00", "ok": False, "trouble": "https://hc.example answered 503"})
    with office.db.begin() as session:
        alert(session, PLAN_ID, office.now, Alert(dedup="x", headline="x", lines=()))
    message_id = office.messages()[0]["id"]
    with office.db.begin() as session:
        for name in (LIAISON, "nobody@county.example"):
            refusals.mark(session, name, code=550, text="no", message_id=message_id, now=at("2023-02-03 10:00"))
    letter = weekly(office)
    assert lines(letter, "system") == [
        f"住建联络员的邮箱 {LIAISON} 自2月3日起被拒收。请用 wsyf people import 导入新地址；如地址无误，用 wsyf check --mail 试发。",
        "2月5日核对发现漏发、错发等问题3处。查看：wsyf audit。",
        "自2月1日以来未作备份。备份：wsyf backup FILE。",
        "告警外呼命令2月5日执行失败（exit code 1）。检查：wsyf check。",
        "失联告警网址自2月5日起访问失败（https://hc.example answered 503）。检查：wsyf check。",
    ]
    assert lines(letter, "records") == []
    found = rendered(letter)
    assert "【系统运行】5项" in found.text
    assert "系统运行5项" in found.subject
    assert "wsyf people import" in found.html


def test_a_hold_and_what_a_guard_holds_are_said() -> None:
    office = make_office("2023-02-03 10:00", texts=make_plan(*(task(n) for n in range(1, 6))))
    letter = weekly(office)
    assert letter.sections == ()
    with office.db.begin() as session:
        session.exec_driver_sql("UPDATE message SET state='held', held_for='blast', sent_at=NULL WHERE letter='start'")
        holds.place(session, HoldReason.CLOCK_BACK, at("2023-02-12 10:00"), "2023-02-12T02:00:00+00:00")
    message = office.messages(letter="digest")[0]
    with office.db.read() as session:
        (tracked,) = office.app.plans(session).values()
        whole = messages.by_id(session, message["id"])
        assert whole is not None
        found = sections(session, tracked, day("2023-02-13"), whole, [], {})
    (system,) = found
    held, waiting = system.lines
    assert held.startswith("自2月12日起停止发信：本机时钟早于上一次运行的时间。")
    assert "封已扣住。放行：wsyf outbox release；作废：wsyf outbox discard。" in waiting


def test_old_letters_that_were_never_delivered_do_not_stay_for_ever() -> None:
    office = make_office("2023-02-20 10:00", texts=FEBRUARY)
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.REFUSED, phase=Phase.MAIL, code=554, text="no")
    office.tick("2023-02-21 09:00")  # remind-7 is refused
    office.mailer.fate = lambda _outgoing: Sent(outcome=Outcome.SENT, phase=Phase.REPLY)
    (line,) = [line for line in lines(weekly(office, "2023-02-28 00:00"), "undeliverable") if "提醒" in line]
    assert "；重发：wsyf outbox retry " in line
    assert lines(weekly(office, "2023-03-21 00:00"), "undeliverable") == []


def test_leaders_are_not_told_of_the_system() -> None:
    office = make_office("2023-02-20 10:00", texts=FEBRUARY, monthly_digests=("director",))
    know(office, audit={"at": "2023-02-25T02:00:00+00:00", "until": "", "findings": 3})
    office.live("2023-03-02 00:00")
    (letter,) = [each for each, *_more in office.writer.written if each.addressee == "director"]
    assert lines(letter, "system") == []
