"""Sample letters of every kind, with which the templates are tried: one row, many, overdue, extended, hostile.

Invented facts in the plan's own shape. Imports only mail.letter.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Final

from wsyf_scheduler.mail.letter import Contact, Letter, LetterKind, PlanFacts, Row, Section, Standing, Told, Waiting

PLAN: Final = PlanFacts(
    id="gaoping-2021-2025",
    title="高平市工伤预防五年行动计划（2021-2025年）实施方案",
    document="高人社字〔2022〕6号",
    tag="工伤预防",
    office="局际联合领导小组办公室",
    contact=Contact(
        section="高平市人力资源和社会保障局社会保险管理股", phone="0000-0000000", email="office@wsyf.example"
    ),
)
BARE_PLAN: Final = replace(PLAN, document="", contact=Contact())
DEPARTMENT: Final = "高平市应急管理局"
DUE: Final = date(2023, 2, 28)
HOSTILE: Final = (
    "</td><script>alert(1)</script>{{ plan }}\r\nBcc: x@evil.example\x00\x1b[31m\u202egnp\ud800 & \"'‘🙂" + "长" * 200
)

ACCIDENTS: Final = Row(
    key="2023/1/emergency",
    title="2022年度安全生产事故数据",
    text="重点行业责任部门于2月底前向同级人社部门提供本地区2022年安全生产事故起数和伤亡人数",
    kind="data",
    department="应急",
    due_on=DUE,
    days_left=7,
    hand_in="危险化学品、煤矿、非煤矿山、机械制造四个行业2022年安全生产事故起数和伤亡人数（附数据表）",
)
CAMPAIGN: Final = Row(
    key="2023/3/emergency",
    title="2023年度工伤预防宣传、培训",
    text="全市按计划开展工伤预防宣传、培训工作",
    kind="campaign",
    department="应急",
    due_on=date(2023, 12, 31),
    days_left=313,
    due_basis="period-end",
    support=("总工会",),
)
EVALUATION: Final = Row(
    key="2023/5/hrss",
    title="五年行动计划中期评估",
    text="全市开展工伤预防五年行动计划中期评估",
    kind="evaluation",
    department="人社",
    due_on=date(2023, 12, 31),
    days_left=313,
    due_basis="period-end",
    role="support",
    support=("工信", "财政", "住建", "交通", "卫健", "应急", "总工会", "社保中心"),
)
MEETING: Final = Row(
    key="2024/3/hrss",
    title="根据中期评估结果召开联席会议",
    text="根据中期评估结果，召开联席会议，有针对性地研究解决存在的问题",
    kind="meeting",
    department="人社",
    due_on=date(2023, 3, 10),
    days_left=17,
    original_due_on=DUE,
    due_basis="office",
    nth=2,
    support=("财政", "住建"),
    after=Waiting(key="2023/5/hrss", title="五年行动计划中期评估", closed=False),
)
_REMINDED: Final = tuple(
    Told(on=day, kind=LetterKind.REMINDER, posts=("liaison",))
    for day in (date(2022, 12, 30), date(2023, 1, 29), date(2023, 2, 13), date(2023, 2, 21), DUE)
)
_CHASED: Final = (*_REMINDED, Told(on=date(2023, 3, 1), kind=LetterKind.CHASER, posts=("liaison", "convener")))
_ESCALATED: Final = (*_CHASED, Told(on=date(2023, 3, 3), kind=LetterKind.ESCALATION, posts=("convener", "liaison")))


@cache
def samples() -> tuple[Letter, ...]:
    """A handful of letters for every kind; every field of a letter is filled in at least one of them."""
    letters = (*_ladder(), *_briefings(), *_answers(), *_hand_overs(), *_digests(), *_plain())
    return (*letters, *_hostile(letters))


def _letter(kind: LetterKind, on: date, *rows: Row, addressee: str = "liaison") -> Letter:
    """A letter to the department, its rows counted from its day."""
    counted = tuple(replace(row, days_left=(row.due_on - on).days) for row in rows)
    return Letter(kind=kind, plan=PLAN, on=on, addressee=addressee, department_name=DEPARTMENT, rows=counted)


def _ladder() -> tuple[Letter, ...]:
    start, reminder = LetterKind.START, LetterKind.REMINDER
    new_year, week_before = date(2023, 1, 3), date(2023, 2, 21)
    chased, escalated = replace(ACCIDENTS, told=_REMINDED), replace(ACCIDENTS, told=_ESCALATED, nth=2)
    waiting = replace(MEETING, told=_CHASED)
    return (
        _letter(start, new_year, ACCIDENTS),
        _letter(start, new_year, ACCIDENTS, CAMPAIGN, EVALUATION, replace(MEETING, role="support")),
        _letter(start, new_year, EVALUATION),
        _letter(start, date(2023, 3, 2), replace(EVALUATION, due_on=DUE)),
        _letter(reminder, week_before, replace(ACCIDENTS, nth=3)),
        _letter(reminder, week_before, replace(ACCIDENTS, nth=3), MEETING),
        _letter(reminder, date(2022, 12, 30), ACCIDENTS),
        _letter(reminder, DUE, replace(ACCIDENTS, nth=5)),
        replace(_letter(reminder, week_before, ACCIDENTS, addressee="convener"), stand_in="liaison"),
        replace(_letter(reminder, week_before, replace(CAMPAIGN, text="")), plan=BARE_PLAN),
        _letter(LetterKind.CHASER, date(2023, 3, 1), chased),
        _letter(LetterKind.CHASER, date(2023, 3, 13), chased, waiting),
        _letter(LetterKind.ESCALATION, date(2023, 3, 9), escalated, addressee="convener"),
        _letter(LetterKind.ESCALATION, date(2023, 3, 20), escalated, replace(waiting, nth=1), addressee="convener"),
        replace(_letter(LetterKind.ESCALATION, date(2023, 3, 9), escalated, addressee="director"), stand_in="convener"),
    )


def _briefings() -> tuple[Letter, ...]:
    on = date(2023, 3, 20)
    late = replace(ACCIDENTS, told=_ESCALATED, nth=2)
    housing = replace(late, key="2023/1/housing", department="住建", nth=1)
    rows = (late, housing, replace(MEETING, told=_CHASED, nth=1))
    director = replace(_letter(LetterKind.BRIEFING, on, *rows, addressee="director"), department_name="")
    chief = replace(_letter(LetterKind.BRIEFING, on, late, addressee="chief"), department_name="")
    many = tuple(replace(row, key=f"{row.key}/{n}") for n in range(5) for row in rows)
    return director, replace(director, rows=many), chief, replace(chief, stand_in="director")


def _answers() -> tuple[Letter, ...]:
    on = date(2023, 2, 27)
    done = replace(ACCIDENTS, happened="done", on=on)
    returned = replace(CAMPAIGN, happened="returned", reason="缺少机械制造行业数据", on=on)
    moved = replace(ACCIDENTS, due_on=date(2023, 3, 15), original_due_on=DUE, happened="extended", on=on)
    extended = replace(moved, reason="数据尚需核对", approved_by="办公室主任")
    again = replace(extended, due_on=date(2023, 3, 31), previous_due_on=date(2023, 3, 15))
    acts = (
        extended,
        again,
        replace(CAMPAIGN, happened="waived", reason="并入全市统一活动", approved_by="办公室主任", on=on),
        replace(CAMPAIGN, happened="withdrawn", reason="方案调整，不再安排", on=on),
        replace(CAMPAIGN, happened="reassigned", handed_to="住建", reason="方案调整，改由住建部门承担", on=on),
        replace(CAMPAIGN, happened="reopened", reason="材料需要补充", on=on),
        replace(ACCIDENTS, happened="due-changed", previous_due_on=date(2023, 2, 15), on=on),
    )
    one_each = tuple(_letter(LetterKind.CHANGE, on, act) for act in acts)
    return (
        _letter(LetterKind.RECEIPT, on, done),
        _letter(LetterKind.RECEIPT, on, returned),
        _letter(LetterKind.RECEIPT, on, done, replace(done, key="2023/2/health"), returned),
        *one_each,
        _letter(LetterKind.CHANGE, on, *acts),
    )


def _hand_overs() -> tuple[Letter, ...]:
    on = date(2023, 3, 20)
    returned = Told(on=date(2023, 3, 6), kind=LetterKind.RECEIPT, posts=("liaison",))
    late = replace(ACCIDENTS, told=(*_ESCALATED, returned))
    moved = replace(MEETING, role="support", told=_CHASED, standing="暂缓通知")
    full = _letter(LetterKind.HAND_OVER, on, late, replace(CAMPAIGN, standing="已提交，待确认"), moved)
    line = "自2023年3月20日起，应急联络员一职由您接任。"
    full = replace(full, lines=(line,))
    leader = replace(full, addressee="director", department_name="", rows=(full.rows[0], replace(moved, role="lead")))
    return (
        full,
        replace(full, rows=full.rows[:1]),
        replace(full, rows=full.rows[2:], addressee="convener"),
        replace(full, rows=full.rows[1:2]),
        replace(full, rows=()),
        leader,
        replace(leader, rows=(), addressee="coordinator"),
    )


def _digests() -> tuple[Letter, ...]:
    on = date(2023, 3, 6)
    quiet = Letter(kind=LetterKind.DIGEST, plan=PLAN, on=on, addressee="coordinator")
    row = replace(ACCIDENTS, days_left=-6, told=_ESCALATED)
    soon = replace(MEETING, days_left=4)
    sections = (
        Section(name="overdue", rows=(row, replace(row, key="2023/1/housing", department="住建"))),
        Section(name="due-soon", rows=(soon,)),
        Section(name="submitted", rows=(replace(row, key="2023/1/transport", department="交通", on=DUE),)),
        Section(name="undeliverable", lines=("第12号信函（督办，住建）：对方服务器拒收（550）",)),
        Section(name="held", rows=(replace(row, key="2022/1/emergency"),)),
    )
    standings = (
        Standing(department="应急", open=9, overdue=2, days=12, title=ACCIDENTS.title, soon=1, submitted=1, held=1),
        Standing(department="人社", open=5, soon=1),
        Standing(department="财政"),
    )
    return (
        replace(quiet, sections=sections),
        replace(quiet, addressee="director", standings=standings),
        replace(quiet, addressee="chief", standings=standings[1:], next_due=replace(CAMPAIGN, days_left=300)),
        replace(quiet, addressee="convener", department_name=DEPARTMENT, sections=sections[:1]),
        replace(quiet, addressee="chief", stand_in="director"),
        replace(quiet, next_due=replace(CAMPAIGN, days_left=(CAMPAIGN.due_on - on).days)),
        replace(quiet, sections=(Section(name="overdue"), Section(name="due-soon")), on=on + timedelta(weeks=4)),
    )


def _plain() -> tuple[Letter, ...]:
    on = date(2023, 3, 6)
    alert = Letter(
        kind=LetterKind.ALERT,
        plan=PLAN,
        on=on,
        addressee="coordinator",
        headline="应急联络员岗位空缺，1封提醒已改送召集人",
        lines=(
            "2月21日的提醒原应送应急联络员，因该岗位空缺，已改送召集人。",
            "请导入新的联络员：wsyf people import people.csv",
        ),
    )
    test = Letter(kind=LetterKind.TEST, plan=PLAN, on=on, addressee="coordinator")
    return alert, replace(alert, lines=()), test, replace(test, department_name=DEPARTMENT, addressee="liaison")


def _hostile(letters: tuple[Letter, ...]) -> tuple[Letter, ...]:
    """One letter of every kind with hostile text wherever an office or a department can write."""
    first = {letter.kind: letter for letter in reversed(letters)}
    return tuple(
        replace(
            letter,
            plan=replace(PLAN, title=HOSTILE, tag="工伤\r\n预防", contact=Contact(section=HOSTILE, phone="", email="")),
            headline=HOSTILE,
            lines=(HOSTILE,),
            rows=tuple(_hostile_row(row) for row in letter.rows),
            sections=tuple(replace(each, rows=tuple(map(_hostile_row, each.rows))) for each in letter.sections),
        )
        for letter in first.values()
    )


def _hostile_row(row: Row) -> Row:
    return replace(
        row,
        key=HOSTILE,
        title=HOSTILE,
        text=HOSTILE,
        department=HOSTILE,
        support=(HOSTILE,),
        hand_in=HOSTILE,
        reason=HOSTILE,
        approved_by=HOSTILE,
        after=Waiting(key=HOSTILE, title=HOSTILE, closed=True),
    )
