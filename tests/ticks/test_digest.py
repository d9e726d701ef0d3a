"""The coordinator's weekly digest, and the leaders' monthly ones where they are set (RULES.md §4)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.cast import PLAN_ID, ROOT, Office, at, brief, day, everybody, make_office, make_plan, task
from wsyf_scheduler.acts import close, extend
from wsyf_scheduler.alerts import Alert
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.digesting import sections
from wsyf_scheduler.mail.letter import Letter, Outcome, Phase, Sent
from wsyf_scheduler.mail.letters import Letters, Rendered
from wsyf_scheduler.store import facts, holds, messages, refusals
from wsyf_scheduler.store.holds import HoldReason
from wsyf_scheduler.telling import alert
from wsyf_scheduler.ticks import digest

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


def people(*, same: dict[str, str]) -> list[Holder]:
    """Everybody; the posts in `same` are held by whoever holds the other."""
    addresses = {f"{each.role}/{each.department}": each.email for each in everybody()}
    return [
        replace(each, email=addresses[same.get(f"{each.role}/{each.department}", f"{each.role}/{each.department}")])
        for each in everybody()
    ]


def monthly(office: Office) -> list[tuple[str, str, list[str]]]:
    found = [line for line in office.lines if line["letter"] == "digest" and line["audience"] != "coordinator"]
    return [(str(line["audience"]), str(line["department"]), list(line["to"])) for line in found]  # type: ignore[call-overload]


def digests_to(office: Office, addressee: str) -> list[Letter]:
    written = [each for each, *_more in office.writer.written]
    return [each for each in written if each.kind.value == "digest" and each.addressee == addressee]


LEADING = ("convener", "director", "chief")


def test_a_convener_of_two_departments_gets_one_digest_about_both() -> None:
    texts = make_plan(task(1, lead=["emergency", "housing"], due=day("2023-03-10")))
    same = {"convener/housing": "convener/emergency"}
    office = make_office("2023-02-20 10:00", texts=texts, holders=people(same=same), monthly_digests=("convener",))
    office.live("2023-03-20 00:00")
    assert [each for each in monthly(office) if each[1] == ""] == [
        ("convener", "", ["convener.emergency@county.example"])
    ]
    assert len(monthly(office)) == 3
    (letter,) = [each for each, *_more in office.writer.written if each.department_name == "示范县应急局、示范县住建局"]
    assert [row.key for section in letter.sections for row in section.rows] == ["2023/1/emergency", "2023/1/housing"]
    words = rendered(letter).text
    assert "示范县应急局、示范县住建局召集人：" in words
    assert "应急：" in words
    assert "住建：" in words


def test_who_is_director_and_chief_and_convener_gets_one_digest() -> None:
    same = {"director/": "chief/", "convener/housing": "chief/"}
    office = make_office("2023-02-20 10:00", texts=FEBRUARY, holders=people(same=same), monthly_digests=LEADING)
    office.live("2023-03-20 00:00")
    found = monthly(office)
    assert [each for each in found if each[2] == ["chief@county.example"]] == [("chief", "", ["chief@county.example"])]
    assert sorted(each[1] for each in found) == ["", "emergency", "hrss", "union"]
    (letter,) = digests_to(office, "chief")
    assert letter.stand_in == ""


def test_a_vacant_post_adds_no_second_digest_to_whoever_reads_in_its_stead() -> None:
    holders = [each for each in everybody() if each.role not in ("convener", "director")]
    office = make_office("2023-02-20 10:00", texts=FEBRUARY, holders=holders, monthly_digests=LEADING)
    office.live("2023-03-20 00:00")
    assert monthly(office) == [("chief", "", ["chief@county.example"])]
    (letter,) = digests_to(office, "chief")
    assert letter.stand_in == ""  # the chief's own
    assert any("召集人空缺" in each.headline for each, *_more in office.writer.written if each.kind.value == "alert")


def test_vacant_conveners_are_stood_in_for_in_one_digest() -> None:
    holders = [each for each in everybody() if each.role != "convener"]
    office = make_office("2023-02-20 10:00", texts=FEBRUARY, holders=holders, monthly_digests=("convener",))
    office.live("2023-03-20 00:00")
    assert monthly(office) == [("convener", "", ["director@county.example"])]
    (letter,) = digests_to(office, "director")
    assert letter.stand_in == "convener"
    assert "本函原应送召集人" in rendered(letter).text


def test_somebody_who_takes_over_during_the_month_gets_no_second_digest_of_it() -> None:
    office = make_office("2023-02-20 10:00", texts=FEBRUARY, monthly_digests=LEADING)
    office.live("2023-03-10 00:00")
    office.staff(people(same={"director/": "chief/"}))
    office.live("2023-03-31 00:00")
    assert len(monthly(office)) == 6  # four conveners, director, chief, on 1 March


def test_leaders_get_a_line_a_department_the_worst_first() -> None:
    texts = make_plan(
        task(1, lead=["emergency"], due=day("2023-02-28")),
        task(2, lead=["housing"], due=day("2023-02-24")),
        task(3, lead=["housing", "union"], due=day("2023-02-28")),
        task(4, lead=["hrss"], due=day("2023-03-10")),
    )
    office = make_office("2023-02-01 10:00", texts=texts, monthly_digests=("director",))
    office.live("2023-03-02 00:00")
    (letter,) = digests_to(office, "director")
    assert letter.sections == ()
    assert [(each.department, each.overdue, each.days, each.soon) for each in letter.standings] == [
        ("住建", 2, 5, 0),
        ("应急", 1, 1, 0),
        ("总工会", 1, 1, 0),
        ("人社", 0, 0, 1),
    ]
    found = rendered(letter)
    assert found.subject == "【安全生产·工作月报】截至3月1日：住建等3个部门逾期4项、14日内到期1项"
    for text in (found.text.replace("\n", ""), found.html):
        assert "各部门未办结事项共5项，其中3个部门逾期4项；14日内到期1项，无待确认事项。" in text
        assert "逾期2项，最长已逾期5天（" in text
        assert "逾期1项，已逾期1天（" in text


def test_leaders_are_told_that_all_is_quiet() -> None:
    office = make_office("2023-02-01 10:00", texts=FEBRUARY, monthly_digests=("chief",))
    office.act(close.act, keys=["2023/1/emergency"])
    office.live("2023-03-02 00:00")
    (letter,) = digests_to(office, "chief")
    found = rendered(letter)
    assert found.subject.endswith("：无逾期事项")
    assert "各部门未办结事项共0项，目前无逾期事项；14日内无到期事项，无待确认事项。" in found.text
    assert "应急：无未办结事项" in found.text
    assert "暂无待到期的任务。" in found.text


def test_the_weekly_digest_can_be_switched_off() -> None:
    office = make_office("2022-12-28 10:00", texts=FEBRUARY, weekly_digest=False)
    office.live("2023-02-08 00:00")
    assert digests(office) == []


def test_the_month_of_the_first_slot_is_awaited_from_its_first_minute_on() -> None:
    office = make_office("2023-02-20 10:00", texts=FEBRUARY, monthly_digests=("chief",), weekly_digest=False)
    with office.db.read() as session:
        assert digest.next_at(office.app, session, at("2023-03-01 00:01")) == at("2023-03-01 09:00")
        assert digest.next_at(office.app, session, at("2023-03-01 09:00")) == at("2023-04-03 09:00")


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
        "最近一次核对：2月5日，应发信函无遗漏、无错发。",
        "最近一次备份：2月6日。",  # 02:00 in Beijing
    ]
    found = rendered(letter)
    assert "运行记录" not in found.text + found.subject
    assert "：无逾期事项，下一项" in found.subject
    assert "本周无逾期事项，14日内无到期事项，无待确认事项，无未送达信函。" in found.text
    for text in (found.text, found.html):
        assert "最近一次核对：2月5日，应发信函无遗漏、无错发。" in text
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
