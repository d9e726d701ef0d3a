"""`wsyf assess --docx`: papers in Word say what the database holds, in the layout asked for, whatever the texts."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.cli.office_fixtures import rehearsal_office
from tests.figures.lived import midway, told
from tests.figures.papers import KEY, WHOLE, converted, fill, needs_libreoffice
from wsyf_scheduler.core.rounding import percents
from wsyf_scheduler.errors import Invalid
from wsyf_scheduler.papers import word, wording
from wsyf_scheduler.papers.contents import Paper
from wsyf_scheduler.papers.gathering import PaperKind, kind_of
from wsyf_scheduler.reports.assessing import Size, plain

docx = pytest.importorskip("docx", reason="docxtpl (extra papers) is not installed")
desk = pytest.fixture(rehearsal_office)
AT = "2024-03-20T10:00"
PARTS = ["一、总体情况", "二、目标完成情况", "三、工作任务完成情况", "四、存在的问题", "五、下一步工作"]
ALL_PAPERS = [
    (PaperKind.MIDTERM, "2023"),
    (PaperKind.YEARLY, "2022"),
    (PaperKind.FINAL, None),
    (PaperKind.REPORT, "2023"),
]


@pytest.fixture(scope="module")
def gathered():
    return told(midway())


def words_of(gathered, kind=PaperKind.MIDTERM, period="2023"):
    return Paper(gathered, kind, gathered.period(period) if period else None).words()


def written(gathered, tmp_path, kind=PaperKind.MIDTERM, period="2023", words=None):
    words = words or words_of(gathered, kind, period)
    return word.write(word.template(tmp_path, kind), words, author="办公室", now=gathered.now)


def opened(data):
    return docx.Document(io.BytesIO(data))


def texts(document):
    return [each.text for each in document.paragraphs]


def cells(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


# --- what stands in them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "period"), ALL_PAPERS)
def test_every_paper_has_its_title_its_parts_and_its_end(gathered, tmp_path, kind, period):
    document = opened(written(gathered, tmp_path, kind, period))
    by_style = {name: [p.text for p in document.paragraphs if p.style.name == name] for name in ("Title", "Heading 1")}
    titles = {
        "midterm": "中期评估情况的报告",
        "yearly": "2022年度工作情况的报告",
        "final": "实施情况的全面总结",
        "report": "2023年度实施情况的报告",
    }
    assert by_style["Title"] == [f"关于《高平市工伤预防五年行动计划（2021-2025年）实施方案》{titles[kind]}"]
    assert by_style["Heading 1"] == PARTS
    found = texts(document)
    number = "【待填】〔2024〕【待填】号"
    assert found[0] == (f"{number}\t签发人：【待填】" if kind is PaperKind.REPORT else number)
    assert "2024年3月20日" in found
    assert ("晋城市人力资源和社会保障局：" in found) is (kind is PaperKind.REPORT)
    signature = "高平市人力资源和社会保障局" if kind is PaperKind.REPORT else gathered.plan.office
    assert signature in found
    assert not any(mark in text for text in found for mark in ("{{", "{%", "None"))


def test_the_tables_of_the_goals_are_those_of_assess_json(gathered, tmp_path):
    document = opened(written(gathered, tmp_path))
    sheet = plain(gathered.sheet("2023"), gathered.plan.id)
    tables = [
        cells(table) for table in document.tables if table.cell(0, 0).text == "行业" and table.cell(0, 1).text != "数据"
    ]
    found = [(head, row) for head, *rows in tables for row in rows]
    assert len(found) == len(sheet["goals"])
    for goal, (head, row) in zip(sheet["goals"], found, strict=True):
        said = dict(zip(head, row, strict=True))
        assert said["行业"] == {**gathered.industries, "all": "合计"}[goal["industry"]]
        assert said["结论"] == {"met": "达到", "missed": "未达到", "unknown": "暂不能判定"}[goal["verdict"]]
        assert same(said["2023年"], goal["value"]), goal
        if goal["baseline_year"]:
            assert same(said[f"{goal['baseline_year']}年"], goal["baseline"])
            assert said["变化"] == (
                "—" if goal["change_pct"] is None else f"{goal['change_pct']:+.1f}%".replace("+0.0", "0.0")
            )
        assert said["数据来源"].startswith("缺：住建") == bool(goal["missing"])


def test_two_sizes_of_a_pool_in_one_year_both_stand_in_a_paper(gathered):
    sizes = {"experts": (Size("2021-2022", 20), Size("2022", 22), Size("2024", 30)), "trainers": ()}
    more = replace(gathered, assessed=replace(gathered.assessed, sizes=sizes))
    assert words_of(more)["sizes"] == [
        "工伤预防专家库人数：2021年-2022年20人，2022年22人。",
        "工伤预防培训专家库人数（50人左右）：尚未报送。",
    ]


def test_what_any_period_missed_is_named_among_the_problems(gathered):
    for kind, period in ((PaperKind.FINAL, None), (PaperKind.MIDTERM, "2023")):
        words = words_of(gathered, kind, period)
        missed = [row for row in words["overview"] if row["verdict"] == "未达到"]
        assert missed
        points = next(each["points"] for each in words["problems"] if "未达到的目标" in each["heading"])
        for row in missed:
            year = {"2021年-2022年": "2021年"}.get(row["period"], row["period"])
            assert any(row["goal"] in point and f"{year}为{row['value'].rstrip('*')}" in point for point in points), row


def same(text, value):
    """A cell and what JSON says of it; percents are rounded to a digit."""
    if value is None:
        return text == "—"
    if isinstance(value, int):
        return text == str(value)
    return text.endswith("%") and abs(Fraction(text[:-1]) - Fraction(value) * 100) <= Fraction(1, 20)


def test_what_is_missing_is_named_with_who_owes_it_and_the_assignment(gathered, tmp_path):
    found = " ".join(texts(opened(written(gathered, tmp_path))))
    assert "高平市住房和城乡建设局：2023年建筑施工的事故起数、伤亡人数（责任事项：2024/1/housing）。" in found
    assert "涉尘行业尘肺病报告比例：2023年为17.5%，目标为低于17.5%，与上限持平，没有低于上限。" in found


def test_the_tasks_are_those_of_the_periods_with_their_states(gathered, tmp_path):
    document = opened(written(gathered, tmp_path, PaperKind.YEARLY, "2022"))
    (table,) = [table for table in document.tables if table.cell(0, 1).text == "责任事项"]
    rows = cells(table)[1:]
    assert len(rows) == sum(item.period == "2022" for item in gathered.items)
    assert rows[0] == ["1", "2021年度安全生产事故数据", "应急", "2022年5月31日", "已提交，待确认"]
    assert [row[0] for row in rows[-2:]] == ["常设", "常设"]
    assert any(row[4] == f"逾期{(gathered.today - gathered.items[0].due_on).days}天未办结" for row in rows)


def test_the_next_period_is_told_as_the_plan_has_it(gathered):
    words = words_of(gathered)
    assert words["next"][0] == "1．2023年度安全生产事故数据（应急、住建、交通，2024年2月29日前完成）。"
    assert words_of(gathered, PaperKind.FINAL, None)["next"] == []
    assert words_of(gathered, PaperKind.YEARLY, "2025")["next_text"] == "【待填】"


def test_the_appendix_names_every_figure_with_its_paper_and_its_corrections(gathered, tmp_path):
    place, known = next(
        (place, each)
        for place, each in gathered.figures.items()
        if place[::2] == ("coal", "accidents") and place.year == 2023
    )
    corrected = replace(known, is_provisional=True, before=(known.row._replace(value=99, retired_at=gathered.now),))
    like = replace(gathered, figures={**gathered.figures, place: corrected})
    rows = cells(opened(written(like, tmp_path)).tables[-1])
    (row,) = [row for row in rows if row[:3] == ["煤矿", "事故起数", "2023"]]
    assert row[3:] == [
        "26*",
        "应急",
        "2024-02-20",
        "emergency函〔2023〕1号",
        "暂定；原报99，2024年3月20日更正；说明：已核实",
    ]


def test_a_plan_without_any_figure_gives_a_paper_that_says_so(tmp_path):
    empty = told(midway())
    empty = replace(empty, figures={})
    found = texts(opened(written(empty, tmp_path)))
    assert "尚没有报送的数据。" in found


def test_the_evaluation_is_of_the_period_that_asks_for_one(gathered):
    assert [kind_of(each).value for each in gathered.plan.periods] == [
        "yearly",
        "yearly",
        "midterm",
        "yearly",
        "yearly",
    ]


# --- layout -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(PaperKind))
def test_the_page_and_the_types_are_those_of_an_official_paper(kind, tmp_path):
    document = docx.Document(word.template(tmp_path, kind))
    (page,) = document.sections
    assert [round(each.mm) for each in (page.page_width, page.page_height)] == [210, 297]
    margins = (page.top_margin, page.bottom_margin, page.left_margin, page.right_margin)
    assert [round(each.mm) for each in margins] == [37, 35, 28, 26]
    types = {
        name: (eastern(document.styles[name]), document.styles[name].font.size.pt)
        for name in ("Title", "公文正文", "Heading 1", "Heading 2")
    }
    assert types == {
        "Title": ("方正小标宋简体", 22),
        "公文正文": ("仿宋", 16),
        "Heading 1": ("黑体", 16),
        "Heading 2": ("楷体", 16),
    }
    assert page.footer.paragraphs[0].text == "— PAGE —".replace("PAGE", "")


def eastern(style):
    return style.element.rPr.rFonts.get("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}eastAsia")


def test_the_packaged_templates_are_what_their_maker_makes():
    from tests.workshop import paper_templates

    for kind in PaperKind:
        assert (paper_templates.FOLDER / f"{kind.value}.docx").read_bytes() == paper_templates.build(kind.value)


def test_the_same_facts_are_the_same_bytes(gathered, tmp_path):
    assert written(gathered, tmp_path) == written(gathered, tmp_path)


@needs_libreoffice
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
@pytest.mark.parametrize(("kind", "period"), ALL_PAPERS)
def test_libreoffice_opens_them_as_pages(gathered, tmp_path, kind, period):
    (tmp_path / "文.docx").write_bytes(written(gathered, tmp_path, kind, period))
    page = converted(tmp_path / "文.docx", "pdf", tmp_path / "lo")
    said = subprocess.run(["pdftotext", "-layout", str(page), "-"], check=True, capture_output=True, text=True).stdout
    assert "五、下一步工作" in said
    assert {"—1—", "—2—"} <= {"".join(line.split()) for line in said.splitlines()}
    assert "{" not in said


# --- texts and templates anyone may have written ------------------------------------------------------------------


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ plan }}",
        "{% for x in y %}",
        "<w:p>&amp;</w:p>",
        "a & b < c > d \"e\" 'f'",
        "=cmd|'/c calc'!A0",
        "{{r title}}",
        "]]>",
        "$x_1$",
    ],
)
def test_a_hostile_text_stays_text(gathered, tmp_path, hostile):
    place = next(place for place in gathered.figures if place[::2] == ("coal", "accidents") and place.year == 2023)
    known = gathered.figures[place]
    like = replace(
        gathered, figures={**gathered.figures, place: replace(known, row=known.row._replace(source=hostile))}
    )
    rows = cells(opened(written(like, tmp_path)).tables[-1])
    assert hostile in [row[6] for row in rows]


@pytest.mark.parametrize("dirty", ["a\x00b", "a\x0bb", "a\ufffeb", "\u202ea", "a\ud800b", "a\nb\tc\x07d\x0ce"])
def test_what_a_document_cannot_hold_is_left_out(gathered, tmp_path, dirty):
    place = next(place for place in gathered.figures if place[::2] == ("coal", "accidents") and place.year == 2023)
    known = gathered.figures[place]
    like = replace(gathered, figures={**gathered.figures, place: replace(known, row=known.row._replace(source=dirty))})
    rows = cells(opened(written(like, tmp_path)).tables[-1])
    assert wording.tidy(dirty) in [row[6] for row in rows]


def own_template(tmp_path, text):
    """A template of the office with one paragraph."""
    folder = tmp_path / "templates" / "papers"
    folder.mkdir(parents=True)
    document = docx.Document()
    document.add_paragraph(text)
    document.save(folder / "midterm.docx")
    return folder / "midterm.docx"


def test_the_offices_own_template_goes_before_the_packaged_one(gathered, tmp_path):
    own_template(tmp_path, "本办公室：{{ title }}")
    assert texts(opened(written(gathered, tmp_path))) == [f"本办公室：{words_of(gathered)['title']}"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ nothing_known }}", "does not have: 'nothing_known'"),
        ("{{ title", "a tag of the template is wrong"),
        ("{% if %}", "a tag of the template is wrong"),
        ("{{ title.__class__.__mro__ }}", "may not have"),
        ("{% for x in range(10**9) %}{% endfor %}", "cannot be filled in"),
    ],
)
def test_a_broken_template_is_named_with_what_is_wrong(gathered, tmp_path, text, said):
    path = own_template(tmp_path, text)
    with pytest.raises(Invalid) as refused:
        written(gathered, tmp_path)
    assert str(path) in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"not a document", b"PK\x03\x04"])
def test_a_file_that_is_no_document_is_named(gathered, tmp_path, data):
    path = own_template(tmp_path, "x")
    path.write_bytes(data)
    with pytest.raises(Invalid, match=r"midterm\.docx: not a Word document"):
        written(gathered, tmp_path)


def test_an_archive_that_is_no_document_is_named(gathered, tmp_path):
    path = own_template(tmp_path, "x")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(Invalid, match=r"midterm\.docx: the template cannot be filled in"):
        written(gathered, tmp_path)


# --- the command --------------------------------------------------------------------------------------------------


def test_the_command_writes_the_paper_and_says_what_is_left_to_fill_in(desk, tmp_path):
    form = tmp_path / "表.xlsx"
    desk.wsyf("data", "form", KEY, "-o", form, at="2022-05-20T10:00")
    form.write_bytes(fill(form.read_bytes(), WHOLE))
    desk.wsyf("data", "import", form, at="2022-05-20T10:00")
    out = tmp_path / "中期评估.docx"
    answer = desk.wsyf("assess", "2023", "--docx", out, at=AT)
    assert "written:" in answer.out
    assert "【待填】" in answer.out
    found = texts(docx.Document(out))
    assert any("中期评估情况的报告" in text for text in found)
    assert any("2021年" in row[2] or row[2] == "2021" for row in cells(docx.Document(out).tables[-1]))


@pytest.mark.parametrize(
    ("words", "name"), [(("--final",), "全面总结"), (("2024", "--report"), "晋城市人力资源和社会保障局：")]
)
def test_final_and_report_are_papers_of_their_own(desk, tmp_path, words, name):
    desk.wsyf("assess", *words, "--docx", tmp_path / "a.docx", at=AT)
    assert any(name in text for text in texts(docx.Document(tmp_path / "a.docx")))


def test_a_workbook_and_a_paper_are_written_together_or_not_at_all(desk, tmp_path):
    book, paper = tmp_path / "a.xlsx", tmp_path / "a.docx"
    own = desk.folder / "templates" / "papers"
    own.mkdir(parents=True)
    (own / "midterm.docx").write_bytes(b"broken")
    answer = desk.wsyf("assess", "2023", "--xlsx", book, "--docx", paper, at=AT, code=5)
    assert "midterm.docx" in "".join(answer.err.split())
    assert not book.exists()
    assert not paper.exists()
    (own / "midterm.docx").unlink()
    desk.wsyf("assess", "2023", "--xlsx", book, "--docx", paper, at=AT)
    assert book.exists()
    assert paper.exists()


def test_a_file_that_cannot_be_written_takes_the_other_with_it(desk, tmp_path):
    answer = desk.wsyf(
        "assess", "2023", "--xlsx", tmp_path / "a.xlsx", "--docx", tmp_path / "no" / "a.docx", at=AT, code=1
    )
    assert "cannot be written" in answer.err
    assert list(tmp_path.glob("a.*")) == []


def test_a_file_that_is_there_already_is_never_written_over(desk, tmp_path):
    (tmp_path / "a.docx").write_bytes(b"worked on")
    desk.wsyf("assess", "2023", "--docx", tmp_path / "a.docx", at=AT, code=4)
    assert (tmp_path / "a.docx").read_bytes() == b"worked on"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--docx", "a.docx"), "name the period"),
        (("annex-1", "--docx", "a.docx"), "--final"),
        (("2023", "--final", "--docx", "a.docx"), "leave the period out"),
        (("2023", "--docx", "a.docx", "--xlsx", "a.docx"), "two names"),
        (("2023", "--report"), "name its --docx"),
        (("--final", "--xlsx", "a.xlsx"), "name its --docx"),
        (("2023", "--docx", "a.docx", "--json"), "--json prints for programs"),
    ],
)
def test_options_that_do_not_go_together_are_refused(desk, words, said):
    assert said in " ".join(desk.wsyf("assess", *words, at=AT, code=2).err.split())


def test_an_unknown_period_is_named(desk, tmp_path):
    assert "2021-2022" in desk.wsyf("assess", "2031", "--docx", tmp_path / "a.docx", at=AT, code=3).err
    assert list(tmp_path.glob("a.*")) == []


def test_without_docxtpl_it_says_how_to_install_it(desk, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "docxtpl", None)
    answer = desk.wsyf("assess", "2023", "--docx", tmp_path / "a.docx", at=AT, code=4)
    assert "wsyf-scheduler[papers]" in answer.err


def test_without_a_chinese_font_the_paper_goes_without_pictures_and_says_so(desk, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("wsyf_scheduler.papers.pictures._font", lambda: None)
    answer = desk.wsyf("assess", "2023", "--docx", tmp_path / "a.docx", at=AT)
    assert "without pictures" in answer.err


def test_the_trend_is_drawn_where_two_years_are_known(gathered, tmp_path):
    from wsyf_scheduler.papers import pictures
    from wsyf_scheduler.papers.drawn import draw_all

    pytest.importorskip("matplotlib")
    if pictures.trouble():
        pytest.skip("no Chinese font is installed")
    words = words_of(gathered)
    draw_all(gathered, words)
    document = opened(written(gathered, tmp_path, words=words))
    assert len(document.inline_shapes) == 3
    assert next(text for text in texts(document) if text.startswith("图")) == "图1　事故起数变化趋势（单位：起）"
    assert json.dumps(words_of(gathered), ensure_ascii=False)  # plain values: nothing but texts, lists and rows


def test_a_plan_without_goals_or_figures_has_its_papers_and_its_workbook(tmp_path):
    from tests.cast import PLAN_ID, make_office, make_plan
    from wsyf_scheduler.papers.book import book
    from wsyf_scheduler.papers.gathering import gather

    office = make_office("2023-05-19 00:00", texts=make_plan())
    with office.db.read() as session:
        bare = gather(session, PLAN_ID, office.now)
    for kind, period in ((PaperKind.YEARLY, "2023"), (PaperKind.FINAL, None), (PaperKind.REPORT, "2023")):
        found = texts(opened(written(bare, tmp_path, kind, period)))
        assert any("没有可以用数据衡量的项目" in text for text in found)
    assert "【待填】：" in found  # the plan names no next level up
    assert book(bare, None).startswith(b"PK")


@pytest.mark.parametrize(
    ("value", "bound", "said"),
    [
        (Fraction(9, 10), Fraction(9, 10), "90%"),
        (Fraction(89999, 100000), Fraction(9, 10), "89.999%"),
        (Fraction(9, 2500), Fraction(19, 5000), "0.36%"),
        (Fraction(1, 3), Fraction(0), "33.3%"),
        (Fraction(1, 2000), Fraction(0), "0.1%"),  # half away from zero
        (Fraction(0), Fraction(1, 40), "0%"),
        (Fraction(1), Fraction(1), "100%"),
        (Fraction(999999, 1000000), Fraction(1), "99.9999%"),
    ],
)
def test_a_percentage_never_seems_to_stand_on_the_other_side_of_its_bound(value, bound, said):
    assert percents([value, bound])[value] == said


def test_headings_count_in_chinese():
    assert [wording.numeral(n) for n in (1, 9, 10, 11, 20, 21, 99)] == [
        "一",
        "九",
        "十",
        "十一",
        "二十",
        "二十一",
        "九十九",
    ]
