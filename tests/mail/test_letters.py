"""The letters people read: every kind says what RULES.md §4 asks, in subject, text and HTML; templates may fail."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsyf_scheduler.mail.facts import facts
from wsyf_scheduler.mail.letter import Letter, LetterKind, PlanFacts, Row, Section, Told
from wsyf_scheduler.mail.letters import SUBJECT_LENGTH, Letters, Rendered
from wsyf_scheduler.mail.phrases import TOLD_IN_FULL, clean, clean_block, due, left, letter, numeral, told, week
from wsyf_scheduler.mail.samples import ACCIDENTS, CAMPAIGN, EVALUATION, HOSTILE, PLAN, samples
from wsyf_scheduler.mail.sandbox import OUTPUT_LIMIT
from wsyf_scheduler.mail.wrapping import width, wrap

PACKAGED = Path(__file__).parents[2] / "templates" / "email"
LETTERS = Letters(packaged=PACKAGED)
SENT_ON = date(2023, 2, 21)
REMINDER = Letter(
    kind=LetterKind.REMINDER,
    plan=PLAN,
    on=SENT_ON,
    addressee="liaison",
    department_name="高平市应急管理局",
    rows=(replace(ACCIDENTS, nth=3),),
)
NUMBERED = [pytest.param(each, id=f"{index}-{each.kind}") for index, each in enumerate(samples())]


class Page(HTMLParser):
    """What a reader of the HTML sees, and which tags it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.said: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            hidden = tag == "title" or any("display:none" in (value or "") for _name, value in attrs)
            self.open.append("hidden" if hidden else tag)

    def handle_endtag(self, tag: str) -> None:
        opened = self.open.pop()
        assert opened in (tag, "hidden"), f"{tag} closes {opened}"

    def handle_data(self, data: str) -> None:
        if "hidden" not in self.open and data.strip():
            self.said.append(data)


def bare(text: str) -> str:
    """The text without any white space."""
    return re.sub(r"\s", "", text)


def subject(letter: Letter) -> str:
    return LETTERS.render(letter).subject


def body(letter: Letter) -> str:
    """The text part without its line breaks."""
    return bare(LETTERS.render(letter).text)


# --- Subjects -----------------------------------------------------------------------------------


def test_a_subject_tells_it_all_in_a_list_on_a_phone() -> None:
    assert subject(REMINDER) == "【工伤预防·提醒】2022年度安全生产事故数据请于2月28日（周二，含当日）前提供（还有7天）"


def test_a_year_stands_where_it_is_not_the_letters_own() -> None:
    letter = replace(REMINDER, on=date(2022, 12, 30), rows=(replace(ACCIDENTS, days_left=60),))
    assert "请于2023年2月28日（周二，含当日）前提供（还有60天）" in subject(letter)


@pytest.mark.parametrize(
    ("days_left", "words"),
    [(0, "请于2月28日（周二，含当日）前提供（今日到期）"), (-3, "应于2月28日（周二，含当日）前提供（已逾期3天）")],
)
def test_the_due_day_and_the_days_overdue_are_named(days_left: int, words: str) -> None:
    assert words in subject(replace(REMINDER, rows=(replace(ACCIDENTS, days_left=days_left),)))


def test_tasks_that_are_no_data_are_to_be_completed() -> None:
    assert "前完成（还有313天）" in subject(replace(REMINDER, rows=(CAMPAIGN,)))


def test_several_rows_are_named_after_the_nearest() -> None:
    assert "】2022年度安全生产事故数据等2项，最早一项请于2月28日" in subject(
        replace(REMINDER, rows=(CAMPAIGN, ACCIDENTS))
    )
    same_day = replace(REMINDER, rows=(ACCIDENTS, replace(ACCIDENTS, title="2022年度尘肺病报告比例")))
    assert "】2022年度安全生产事故数据等2项请于2月28日（周二，含当日）前提供" in subject(same_day)


def test_a_start_letter_tells_leads_from_supports() -> None:
    start = replace(REMINDER, kind=LetterKind.START)
    assert "数据等2项（另配合1项），最早一项请于" in subject(replace(start, rows=(ACCIDENTS, CAMPAIGN, EVALUATION)))
    assert subject(replace(start, rows=(EVALUATION,))).endswith("】请配合做好五年行动计划中期评估（人社牵头）")


def test_an_escalation_says_which_it_is() -> None:
    late = replace(ACCIDENTS, days_left=-11, nth=2)
    letter = replace(REMINDER, kind=LetterKind.ESCALATION, rows=(late,))
    assert subject(letter).endswith("（已逾期11天，第2次督办）")


@pytest.mark.parametrize("letter", NUMBERED)
def test_every_subject_is_one_line_of_sensible_length_under_its_kind(letter: Letter) -> None:
    words = subject(letter)
    assert words == " ".join(words.split())
    assert 10 < len(words) <= SUBJECT_LENGTH
    assert re.match(
        r"【工伤 ?预防·(任务告知|提醒|催办|督办|情况报告|回执|变更告知|工作交接告知|工作周报|工作月报|系统告警|测试)】",
        words,
    )


# --- Bodies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", NUMBERED)
def test_the_text_part_has_every_word_of_the_html(letter: Letter) -> None:
    rendered = LETTERS.render(letter)
    text = bare(rendered.text)
    assert [words for words in Page(rendered.html).said if bare(words) not in text] == []


@pytest.mark.parametrize("letter", NUMBERED)
def test_the_html_is_tables_and_inline_styles_alone(letter: Letter) -> None:
    """What Foxmail, QQ Mail and Outlook hold: nothing remote, no script, no style sheet, no class, every tag closed."""
    page = Page(LETTERS.render(letter).html)
    assert page.open == []
    assert set(page.tags) <= {
        "html",
        "head",
        "meta",
        "title",
        "body",
        "div",
        "table",
        "tr",
        "td",
        "p",
        "b",
        "br",
        "span",
    }
    assert {name for name, _value in page.attributes} <= {
        "lang",
        "http-equiv",
        "content",
        "name",
        "style",
        "width",
        "cellpadding",
        "cellspacing",
        "border",
        "bgcolor",
        "align",
        "valign",
        "colspan",
    }
    assert not any("url(" in (value or "") or "http:" in (value or "") for _name, value in page.attributes)


@pytest.mark.parametrize("letter", NUMBERED)
def test_no_text_line_runs_off_the_screen(letter: Letter) -> None:
    lines = LETTERS.render(letter).text.splitlines()
    assert max(len(line.encode("gbk", "replace")) for line in lines) <= 78


def test_a_reminder_says_what_is_owed_when_how_and_to_whom() -> None:
    words = body(REMINDER)
    for fact in (
        "高平市应急管理局：",
        "根据《高平市工伤预防五年行动计划（2021-2025年）实施方案》（高人社字〔2022〕6号）",
        "任务编号：2023/1/emergency",
        "任务要求：重点行业责任部门于2月底前向同级人社部门提供",
        "提供期限：2月28日（周二，含当日）前",
        "提交内容：危险化学品、煤矿",
        "本次通知：第3次提醒",
        "回复本邮件或与我办联系均可",
        "提出延期申请，说明理由",
        "局际联合领导小组办公室2023年2月21日",
        "联系单位：高平市人力资源和社会保障局社会保险管理股",
        "联系电话：0000-0000000",
        "电子邮箱：office@wsyf.example",
    ):
        assert fact in words, fact


def test_a_basis_other_than_the_paper_an_extension_and_a_wait_are_shown() -> None:
    row = next(row for letter in samples() for row in letter.rows if row.after and row.original_due_on)
    words = body(replace(REMINDER, rows=(row, CAMPAIGN)))
    assert "期限依据：办公室确定" in words
    assert "期限依据：期末（文件未写明时限，按期末计）" in words
    assert "原定期限：2月28日（周二，含当日）前" in words
    assert "前序任务：2023/5/hrss五年行动计划中期评估（尚未办结" in words
    assert "配合部门：财政、住建" in words


@pytest.mark.parametrize("office", ["联席办", PLAN.office, "高平市工伤预防五年行动计划（2021-2025年）" + PLAN.office])
def test_the_office_signs_on_one_line_above_the_day(office: str) -> None:
    lines = LETTERS.render(replace(REMINDER, plan=replace(PLAN, office=office))).text.splitlines()
    place = next(n for n, line in enumerate(lines) if line.strip() == "2023年2月21日")
    assert lines[place - 1].strip() == office
    assert lines[place - 1].startswith("　　　　　")
    assert width(lines[place]) - width(lines[place].strip()) >= width(lines[place - 1]) - width(office)


def test_what_the_config_leaves_out_leaves_no_empty_label() -> None:
    letter = next(each for each in samples() if each.plan.document == "")
    words = body(letter)
    assert "联系" not in words.replace("与我办联系", "")
    assert "（）" not in words
    assert "任务要求" not in words


def test_a_start_letter_lists_supports_in_a_block_of_their_own() -> None:
    words = body(replace(REMINDER, kind=LetterKind.START, rows=(ACCIDENTS, EVALUATION)))
    assert words.index("【责任事项】") < words.index("2023/1/emergency") < words.index("【配合事项】")
    assert words.index("【配合事项】") < words.index("2023/5/hrss") < words.index("牵头部门：人社")
    assert "【责任事项】" not in body(replace(REMINDER, kind=LetterKind.START, rows=(EVALUATION,)))


@pytest.mark.parametrize("kind", [LetterKind.CHASER, LetterKind.ESCALATION, LetterKind.BRIEFING])
def test_who_was_told_before_and_when_is_said(kind: LetterKind) -> None:
    before = (
        Told(on=date(2022, 12, 30), kind=LetterKind.REMINDER, posts=("liaison",)),
        Told(on=date(2023, 2, 21), kind=LetterKind.REMINDER, posts=("liaison",)),
        Told(on=date(2023, 3, 1), kind=LetterKind.CHASER, posts=("联络员", "召集人")),
    )
    row = replace(ACCIDENTS, days_left=-9, told=before)
    words = body(replace(REMINDER, kind=kind, on=date(2023, 3, 9), rows=(row,)))
    assert "此前告知：提醒2次（联络员）：2022年12月30日、2023年2月21日；催办1次（联络员、召集人）：3月1日" in words


def notices(kind: LetterKind, count: int, *posts: str, since: date = date(2023, 1, 5)) -> list[Told]:
    """So many notices of a kind, a week apart."""
    return [Told(on=since + timedelta(weeks=week), kind=kind, posts=posts) for week in range(count)]


LONG_TOLD = (
    Told(on=date(2022, 5, 19), kind=LetterKind.START, posts=("liaison",)),
    *notices(LetterKind.REMINDER, 5, "liaison", since=date(2022, 11, 25)),
    Told(on=date(2023, 1, 3), kind=LetterKind.CHASER, posts=("liaison", "convener")),
    *notices(LetterKind.BRIEFING, 13, "director"),
    *notices(LetterKind.ESCALATION, 13, "convener", "liaison"),
    *notices(LetterKind.BRIEFING, 2, "chief", since=date(2023, 1, 12)),
)


def test_many_earlier_notices_are_counted_by_kind_with_the_first_and_the_latest_day() -> None:
    """A busy reader is spared 35 dates, and still sees who was told how often, since when and when last."""
    assert told(LONG_TOLD, date(2023, 4, 11)) == (
        "任务告知1次（联络员）：2022年5月19日；提醒5次（联络员）：首次2022年11月25日，最近一次2022年12月23日；"
        "催办1次（联络员、召集人）：1月3日；督办13次（召集人、联络员）：首次1月5日，最近一次3月30日；"
        "情况报告13次（办公室主任）：首次1月5日，最近一次3月30日；情况报告2次（总召集人）：1月12日、1月19日"
    )


def test_few_earlier_notices_are_named_day_by_day() -> None:
    assert told(LONG_TOLD[:TOLD_IN_FULL], date(2022, 12, 30)) == (
        "任务告知1次（联络员）：5月19日；提醒5次（联络员）：11月25日、12月2日、12月9日、12月16日、12月23日"
    )


@given(st.lists(st.builds(Told, on=st.dates(), kind=st.sampled_from(LetterKind), posts=st.just(("liaison",)))))
def test_however_many_the_count_and_the_latest_day_of_each_kind_are_said(before: list[Told]) -> None:
    before.sort(key=lambda each: each.on)
    words = told(before, SENT_ON)
    for kind in {each.kind for each in before}:
        days = [each.on for each in before if each.kind is kind]
        (part,) = [each for each in words.split("；") if each.startswith(f"{letter(kind)}{len(days)}次（联络员）：")]
        assert part.endswith(f"{days[-1].month}月{days[-1].day}日")


@pytest.mark.parametrize("kind", [LetterKind.ESCALATION, LetterKind.BRIEFING])
def test_rows_that_were_told_alike_say_it_once(kind: LetterKind) -> None:
    row = replace(ACCIDENTS, days_left=-41, told=LONG_TOLD)
    rows = (row, replace(row, key="2023/2/emergency"), replace(row, key="2023/3/emergency", told=LONG_TOLD[:3]))
    words = body(replace(REMINDER, kind=kind, on=date(2023, 4, 11), rows=rows))
    assert words.count("督办13次（召集人、联络员）：首次1月5日，最近一次3月30日") == 1
    assert words.index("督办13次") < words.index("2023/2/emergency") < words.index("此前告知：同第一项")
    assert words.index("2023/3/emergency") < words.index("此前告知：任务告知1次（联络员）：2022年5月19日；提醒2次")


def test_a_briefing_of_many_rows_counts_them_and_parts_them_by_department() -> None:
    departments = {"应急": 12, "住建": 9, "人社": 13}
    numbered = enumerate((name for name, count in departments.items() for _ in range(count)), start=1)
    rows = [
        replace(ACCIDENTS, key=f"2023/{n}/x", department=name, days_left=-n, told=LONG_TOLD) for n, name in numbered
    ]
    letter = replace(REMINDER, kind=LetterKind.BRIEFING, department_name="", addressee="director", rows=tuple(rows))
    words = body(letter)
    assert "3个部门的34项任务逾期未完成，最长已逾期34天。其中，应急12项、住建9项、人社13项。" in words
    assert "【应急】12项，最长已逾期12天一、" in words
    assert "【住建】9项，最长已逾期21天十三、" in words
    assert "【人社】13项，最长已逾期34天二十二、" in words
    assert len(LETTERS.render(letter).text.splitlines()) < 34 * 5 + 40
    shuffled = replace(letter, rows=(*rows[::2], *rows[1::2]))
    assert [body(shuffled).count(f"【{name}】") for name in departments] == [1, 1, 1]


def test_days_overdue_are_not_called_the_longest_where_they_are_all_the_same() -> None:
    row = replace(ACCIDENTS, days_left=-6)
    letter = replace(REMINDER, kind=LetterKind.BRIEFING, rows=(row, replace(row, key="2023/1/housing")))
    assert "均已逾期6天" in subject(letter)
    assert "均已逾期6天" in body(letter)
    assert "最长" not in body(letter)


def test_leaders_are_reported_to_and_asked_for_nothing() -> None:
    letter = next(each for each in samples() if each.kind is LetterKind.BRIEFING and len(each.rows) > 1)
    words = body(letter)
    assert words.count("办公室主任：") == 1
    assert "报告如下" in words
    assert "3个部门的3项任务逾期未完成，最长已逾期20天" in words
    assert [words.index(f"【{name}】") for name in ("应急", "住建", "人社")] == sorted(
        words.index(f"【{name}】") for name in ("应急", "住建", "人社")
    )
    assert "请" not in words
    assert "抓紧" not in words


def test_a_stand_in_learns_whose_letter_it_was() -> None:
    to_convener = replace(REMINDER, addressee="convener", stand_in="liaison")
    assert "（本函原应送联络员。因该岗位目前空缺或邮箱无法送达，现送召集人阅处。）" in body(to_convener)
    to_chief = replace(REMINDER, kind=LetterKind.BRIEFING, department_name="", addressee="chief", stand_in="director")
    assert "总召集人：（本报告原应呈办公室主任。因该岗位目前空缺或邮箱无法送达，现呈总召集人阅知。）" in body(to_chief)


def test_a_receipt_says_done_or_returned_and_why() -> None:
    receipt = replace(REMINDER, kind=LetterKind.RECEIPT)
    done = replace(ACCIDENTS, happened="done", on=date(2023, 2, 20))
    returned = replace(ACCIDENTS, happened="returned", reason="缺少煤矿数据", on=date(2023, 2, 20))
    assert subject(replace(receipt, rows=(done,))).endswith("2022年度安全生产事故数据已登记办结")
    assert "办结日期：2月20日" in body(replace(receipt, rows=(done,)))
    assert subject(replace(receipt, rows=(returned,))).endswith("已退回，请补充完善后重新提交")
    assert "有关说明：缺少煤矿数据" in body(replace(receipt, rows=(returned,)))
    assert subject(replace(receipt, rows=(done, returned))).endswith("等2项办理情况（办结1项、退回1项）")


def test_a_change_says_from_when_to_when_why_and_by_whom() -> None:
    row = replace(
        ACCIDENTS,
        due_on=date(2023, 3, 31),
        days_left=38,
        previous_due_on=date(2023, 3, 15),
        original_due_on=date(2023, 2, 28),
        happened="extended",
        reason="数据尚需核对",
        approved_by="办公室主任",
    )
    letter = replace(REMINDER, kind=LetterKind.CHANGE, rows=(row,))
    assert subject(letter).endswith("】2022年度安全生产事故数据期限延至3月31日（周五，含当日）")
    words = body(letter)
    assert "变更之前：3月15日（周三，含当日）前提供变更之后：3月31日（周五，含当日）前提供（还有38天）" in words
    assert "原定期限：2月28日" in words
    assert "变更理由：数据尚需核对批准人：办公室主任" in words


@pytest.mark.parametrize(
    ("act", "words"), [("waived", "免予办理"), ("withdrawn", "已撤销，不再办理"), ("reopened", "恢复办理，请于2月28日")]
)
def test_every_other_change_is_named(act: str, words: str) -> None:
    letter = replace(REMINDER, kind=LetterKind.CHANGE, rows=(replace(ACCIDENTS, happened=act, reason="工作调整"),))
    assert words in subject(letter)
    assert "变更理由：工作调整" in body(letter)


def test_a_task_given_to_another_department_names_who_takes_it_over() -> None:
    row = replace(CAMPAIGN, happened="reassigned", handed_to="住建", reason="职责调整")
    letter = replace(REMINDER, kind=LetterKind.CHANGE, rows=(row,))
    assert subject(letter).endswith("转交住建办理")
    words = body(letter)
    assert "承接部门：住建变更理由：职责调整" in words
    assert "转交的任务由承接部门办理，不再向贵单位提醒；已有的材料请一并移交。" in words


def test_a_digest_comes_when_all_is_quiet_and_names_what_is_next() -> None:
    letter = Letter(kind=LetterKind.DIGEST, plan=PLAN, on=SENT_ON, addressee="coordinator", next_due=ACCIDENTS)
    assert subject(letter).endswith("2月20日至26日：无逾期事项，下一项2022年度安全生产事故数据2月28日到期")
    assert "本周无逾期事项" in body(letter)
    assert "下一项到期：应急，2022年度安全生产事故数据（2023/1/emergency），2月28日（周二，含当日）前提供" in body(
        letter
    )


def test_a_digest_counts_each_section() -> None:
    sections = (
        Section(name="overdue"),
        Section(name="due-soon", rows=(ACCIDENTS,)),
        Section(name="undeliverable", lines=("第12号邮件被拒收",)),
    )
    letter = Letter(kind=LetterKind.DIGEST, plan=PLAN, on=SENT_ON, addressee="coordinator", sections=sections)
    assert subject(letter).endswith("：无逾期事项、14日内到期1项、信函未送达1件")
    assert "【信函未送达】1件·第12号邮件被拒收" in body(letter)


@pytest.mark.parametrize(
    ("addressee", "department", "reader"),
    [
        ("director", "", "办公室主任："),
        ("chief", "", "总召集人："),
        ("convener", "高平市应急管理局", "高平市应急管理局召集人："),
    ],
)
def test_a_monthly_digest_is_called_so_and_speaks_to_its_reader(addressee: str, department: str, reader: str) -> None:
    sections = (Section(name="overdue", rows=(replace(ACCIDENTS, days_left=-1),)),)
    letter = Letter(kind=LetterKind.DIGEST, plan=PLAN, on=date(2023, 3, 1), addressee=addressee, sections=sections)
    letter = replace(letter, department_name=department)
    assert subject(letter) == "【工伤预防·工作月报】截至3月1日：逾期未完成1项"
    words = body(letter)
    assert f"工作月报{reader}现将{'贵单位承担的' if department else ''}《高平市" in words
    assert ("应急：2022年度" in words) is (department == "")
    assert "本月报于每月首个工作日发出，供参阅。" in words
    assert not re.search("周报|本周|某周|未送达|请", words.replace("直接回复即可送达", ""))
    quiet = body(replace(letter, sections=()))
    assert "目前无逾期事项，14日内无到期事项，无待确认事项。" in quiet


def test_an_alert_carries_its_headline_and_lines() -> None:
    to = Letter(kind=LetterKind.ALERT, plan=PLAN, on=SENT_ON, addressee="coordinator")
    letter = replace(to, headline="岗位空缺", lines=("一", "二"))
    assert subject(letter) == "【工伤预防·系统告警】岗位空缺"
    assert "经办人：岗位空缺一二" in body(letter)


# --- Hostile text -------------------------------------------------------------------------------


def test_hostile_text_is_tried_on_every_kind() -> None:
    assert {each.kind for each in samples() if each.plan.title == HOSTILE} == set(LetterKind)


@pytest.mark.parametrize("letter", NUMBERED)
def test_hostile_text_is_only_text(letter: Letter) -> None:
    rendered = LETTERS.render(letter)
    assert "<script" not in rendered.html
    for part in (rendered.subject, rendered.text, rendered.html):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", part)
    assert "\nBcc:" not in rendered.text


def test_a_pasted_novel_is_cut_short() -> None:
    letter = replace(REMINDER, rows=(replace(ACCIDENTS, text="长" * 10_000_000),))
    rendered = LETTERS.render(letter)
    assert len(rendered.html) < 20_000
    assert "……（略）" in bare(rendered.text)


# --- The office's own templates -----------------------------------------------------------------


def office(folder: Path, **files: str) -> Letters:
    """Letters of an office with files of its own; `__` in a name stands for a dot."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, "utf-8")
    return Letters(packaged=PACKAGED, office=folder)


def unharmed(rendered: Rendered) -> bool:
    """The packaged letter went instead."""
    return replace(rendered, faults=()) == LETTERS.render(REMINDER)


def test_an_offices_file_goes_before_the_packaged(tmp_path: Path) -> None:
    letters = office(tmp_path, reminder__subject__txt="\ufeff{{ plan.tag }} {{ rows[0].due_on|due(on) }}")
    rendered = letters.render(REMINDER)
    assert rendered.subject == "工伤预防 2月28日（周二，含当日）"
    assert rendered.text == LETTERS.render(REMINDER).text
    assert letters.check() == ()


def test_an_offices_partial_serves_the_packaged_letters(tmp_path: Path) -> None:
    base = (PACKAGED / "_base.txt").read_text("utf-8")
    letters = office(tmp_path, _base__txt="本局专用\n" + base)
    assert letters.render(REMINDER).text.startswith("本局专用\n")
    assert letters.check() == ()


def test_an_office_without_templates_uses_the_packaged(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("放置本局模板", "utf-8")
    assert Letters(packaged=PACKAGED, office=tmp_path).check() == ()
    assert Letters(packaged=PACKAGED, office=tmp_path / "absent").render(REMINDER) == LETTERS.render(REMINDER)


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("第一行\n{% if rows %}\n", 2, "end"),
        ("第一行\n\n{{ rows[0].titel }}", 3, "titel"),
        ("{{ nobody }}", 1, "nobody"),
        ("一\n{{ 1 / 0 }}", 2, "ZeroDivisionError"),
        ("{% include '_absent.txt' %}", 1, "_absent.txt"),
        ("{{ rows.append(1) }}", 1, "append"),
        ("{{ ''.__class__.__mro__ }}", 1, "__class__"),
        ("{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}", 1, "loops"),
        ("{% for row in range(2000) %}{{ plan.title * 30 }}{% endfor %}", None, "prints"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 1, "RecursionError"),
    ],
)
def test_a_failing_file_of_the_office_never_stops_a_letter(
    tmp_path: Path, source: str, line: int | None, words: str
) -> None:
    """The packaged letter goes, whole, and the fault names the file, the line and the matter."""
    letters = office(tmp_path, reminder__txt=source)
    rendered = letters.render(REMINDER)
    assert unharmed(rendered)
    (fault,) = rendered.faults
    assert fault.file == str(tmp_path / "reminder.txt")
    assert fault.line == line
    assert words in fault.message
    assert fault in letters.check()


def test_a_file_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "_rows.txt").write_bytes("第一行\n第二行".encode("gb18030"))
    rendered = Letters(packaged=PACKAGED, office=tmp_path).render(REMINDER)
    assert unharmed(rendered)
    assert [(fault.file, fault.line) for fault in rendered.faults] == [(str(tmp_path / "_rows.txt"), 1)]


def test_an_html_letter_cannot_take_in_unescaped_text(tmp_path: Path) -> None:
    """A macro of a .txt file prints without escaping, and an HTML letter would believe it."""
    letters = office(tmp_path, reminder__html="{% from '_rows.txt' import head %}\n{{ head(rows[0], 1) }}")
    rendered = letters.render(replace(REMINDER, rows=(replace(ACCIDENTS, title="<script>"),)))
    assert "<script>" not in rendered.html
    assert "_rows.txt" in rendered.faults[0].message


def test_endless_output_is_cut_off_at_the_limit(tmp_path: Path) -> None:
    letters = office(tmp_path, reminder__html="{% for n in range(2000) %}" + "x" * 1000 + "{% endfor %}")
    rendered = letters.render(REMINDER)
    assert unharmed(rendered)
    assert str(OUTPUT_LIMIT) in rendered.faults[0].message


def test_check_names_files_that_no_letter_uses(tmp_path: Path) -> None:
    letters = office(tmp_path, remainder__txt="x", _row__html="x", _own__txt="x", test__txt="{% include '_own.txt' %}")
    found = {Path(fault.file).name: fault.message for fault in letters.check()}
    assert set(found) == {"remainder.txt", "_row.html"}
    assert "reminder.txt" in found["remainder.txt"]
    assert "_rows.html" in found["_row.html"]


def test_check_finds_a_variable_in_a_branch_no_sample_takes(tmp_path: Path) -> None:
    letters = office(tmp_path, test__txt="{% if rows|length > 1000 %}{{ tilte }}{% endif %}")
    (fault,) = letters.check()
    assert "tilte" in fault.message
    assert letters.render(next(each for each in samples() if each.kind is LetterKind.TEST)).faults == ()


def test_check_finds_a_fault_that_only_some_letters_meet(tmp_path: Path) -> None:
    letters = office(tmp_path, change__txt="{{ rows[0].original_due_on.year }}")
    assert {(Path(fault.file).name, fault.line) for fault in letters.check()} == {("change.txt", 1)}


def test_the_packaged_templates_are_without_fault_and_complete() -> None:
    assert LETTERS.check() == ()
    wanted = {f"{kind}.{part}" for kind in LetterKind for part in ("subject.txt", "txt", "html")}
    assert wanted <= {each.name for each in PACKAGED.iterdir()}


def test_a_template_may_ask_for_every_field_of_a_letter_and_a_row() -> None:
    said = facts(REMINDER)
    assert {each.name for each in fields(Letter)} <= said.keys()
    assert {each.name for each in fields(Row)} <= said["rows"][0].keys()
    assert {each.name for each in fields(PlanFacts)} <= said["plan"].keys()


def test_an_office_may_tell_the_notices_its_own_way(tmp_path: Path) -> None:
    source = "{% for each in rows[0].told %}{{ each.kind|letter }}{{ each.on|day(on) }}{{ each.posts|map('post')|join }};{% endfor %}"
    row = replace(ACCIDENTS, told=notices(LetterKind.CHASER, 1, "liaison", "convener"))
    rendered = office(tmp_path, chaser__txt=source).render(replace(REMINDER, kind=LetterKind.CHASER, rows=(row,)))
    assert rendered.faults == ()
    assert rendered.text == "催办1月5日联络员召集人;\n"


def test_the_packaged_templates_hold_no_control_character() -> None:
    """Their output is not searched for one: the facts are clean, and so are they."""
    for path in PACKAGED.iterdir():
        text = path.read_text("utf-8")
        assert clean_block(text) == text, path.name


def test_a_letter_reads_the_same_however_often_it_is_rendered() -> None:
    """What is remembered between letters (the plan, days, wrapped lines) changes none of them."""
    first = [LETTERS.render(each) for each in samples()]
    assert [LETTERS.render(each) for each in reversed(samples())] == first[::-1]
    assert [Letters(packaged=PACKAGED).render(each) for each in samples()] == first


def test_the_samples_fill_every_field_of_every_kind() -> None:
    assert {each.kind for each in samples()} == set(LetterKind)
    rows = [row for letter in samples() for row in letter.rows]
    for name in ("original_due_on", "support", "hand_in", "after", "told", "reason", "approved_by", "previous_due_on"):
        assert any(getattr(row, name) for row in rows), name


# --- Phrases ------------------------------------------------------------------------------------


def test_phrases() -> None:
    assert due(date(2024, 2, 29), date(2024, 2, 1)) == "2月29日（周四，含当日）"
    assert [left(days) for days in (1, 0, -1)] == ["还有1天", "今日到期", "已逾期1天"]
    assert [numeral(n) for n in (1, 10, 12, 20, 75, 99, 100)] == ["一", "十", "十二", "二十", "七十五", "九十九", "100"]
    assert week(date(2022, 12, 28)) == "12月26日至2023年1月1日"
    assert week(date(2023, 3, 1)) == "2月27日至3月5日"
    assert told((), SENT_ON) == ""
    assert clean("第一行，\n  第二行\tend\r\nx") == "第一行，第二行 end x"


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="长短，。（《a1-/ 🙂\n", max_size=300))
def test_wrapping_loses_nothing_and_fits(text: str) -> None:
    wrapped = wrap(text, 30)
    assert bare(wrapped) == bare(text)
    assert all(len(line.encode("gbk", "replace")) <= 30 for line in wrapped.split("\n") if line.strip())
