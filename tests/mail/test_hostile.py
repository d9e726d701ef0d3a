"""What anyone may have written: templates that never end, texts that break headers or screens. The letter goes out.

Rendered and composed in earnest, and parsed back with the standard library.
"""

from __future__ import annotations

import resource
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import ROOT, at, day, make_office
from tests.cli.office_fixtures import real_office
from wsyf_scheduler.acts import close
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.errors import Usage
from wsyf_scheduler.mail import sandbox
from wsyf_scheduler.mail.compose import BadHeader, wire_address
from wsyf_scheduler.mail.letter import Contact, Headers, Letter, LetterKind, Mailbox, PlanFacts, Row, Section
from wsyf_scheduler.mail.letters import Letters
from wsyf_scheduler.mail.samples import samples
from wsyf_scheduler.mail.writer import LetterWriter, Written

PACKAGED = ROOT / "templates" / "email"
PLAN = PlanFacts(
    id="county",
    title="安全生产行动计划",
    document="示安〔2022〕1号",
    tag="安全生产",
    office="示范县办公室",
    contact=Contact(),
)
ROW = Row(
    key="2023/1/emergency",
    title="提供数据",
    text="提供2022年度数据。",
    kind="data",
    department="应急",
    due_on=day("2023-02-28"),
    days_left=7,
    hand_in="数据",
)
REMINDER = Letter(kind=LetterKind.REMINDER, plan=PLAN, on=day("2023-02-21"), addressee="liaison", rows=(ROW,))
HEADERS = Headers(
    sender=Mailbox(address="office@county.example", name="示范县办公室"),
    to=(Mailbox(address="liaison@county.example", name="联络员"),),
    message_id="<1.x@county.example>",
    date=at("2023-02-21 09:00"),
)
KEYS = [
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("MIME-Version", "Content-Type"),
]
DIRECTION = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def write(letter: Letter = REMINDER, office: Path | None = None, **headers: Any) -> tuple[EmailMessage, Written]:
    """A letter as it goes over the wire, read back."""
    writer = LetterWriter(packaged=PACKAGED, office=office) if office else packaged_writer()
    written = writer.write(letter, replace(HEADERS, **headers), ())
    found = message_from_bytes(written.raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    assert all(len(line) <= 998 for line in written.raw.split(b"\r\n"))
    return found, written


def bodies(found: EmailMessage) -> list[str]:
    parts = [part for kind in ("plain", "html") if (part := found.get_body((kind,))) is not None]
    assert len(parts) == 2
    return [str(part.get_content()).replace("\r\n", "\n") for part in parts]


@cache
def packaged_writer() -> LetterWriter:
    return LetterWriter(packaged=PACKAGED, office=None)


@cache
def packaged() -> tuple[list[str], str]:
    """What the reminder says on the packaged templates."""
    found, _written = write()
    return bodies(found), str(found["Subject"])


# --- Templates of the office -------------------------------------------------------------------------------------

DOUBLED = "{% set ns = namespace(s='x') %}{% for n in range(99) %}{% set ns.s = GROW %}{% endfor %}{{ ns.s|length }}"
HUGE = "1000000000"
HOSTILE = {
    "nested loops": "{% for a in range(9999) %}{% for b in rows[0].text * 9 %}{% for c in rows[0].text * 9 %}{% for d"
    " in rows[0].text * 9 %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
    "loops over a text": "{% set s = 'x' * 100000 %}{% for a in s %}{% for b in s %}{{ loop.index }}{% endfor %}{% endfor %}",
    "loops that filter": "{% set s = 'x' * 100000 %}{% for a in s %}{% for b in s if false %}{% endfor %}{% endfor %}",
    "a range": f"{{% for a in range({HUGE}) %}}x{{% endfor %}}",
    "prints 100 MB": "{% for a in range(100) %}{{ 'x' * 1000000 }}{% endfor %}",
    "prints 100 MB in one": "{{ 'x' * 100000000 }}",
    "prints 100 MB bit by bit": "{% for a in range(99999) %}{% for b in range(9) %}xxxxxxxxxxxx{% endfor %}{% endfor %}",
    "prints into a variable": "{% set s %}{% for a in 'x' * 999999 %}{% for b in 'x' * 9999 %}text{% endfor %}{% endfor %}{% endset %}",
    "a text": f"{{% set s = 'x' * {HUGE} %}}",
    "a text, the other way round": f"{{% set s = {HUGE} * 'x' %}}",
    "a list": f"{{% set s = [1] * {HUGE} %}}",
    "a tuple": f"{{% set s = (1,) * {HUGE} %}}",
    "a number": "{{ 9 ** 9 ** 99999999 }}",
    "a product": "{% set ns = namespace(n=9) %}{% for a in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
    "doubled by +": DOUBLED.replace("GROW", "ns.s + ns.s"),
    "doubled by ~": DOUBLED.replace("GROW", "ns.s ~ ns.s"),
    "doubled by join": DOUBLED.replace("GROW", "[ns.s, ns.s]|join"),
    "doubled by its method": DOUBLED.replace("GROW", "''.join([ns.s, ns.s])"),
    "doubled by format": DOUBLED.replace("GROW", "'%s%s'|format(ns.s, ns.s)"),
    "doubled by %": DOUBLED.replace("GROW", "'%s%s' % (ns.s, ns.s)"),
    "doubled by named %": DOUBLED.replace("GROW", "'%(a)s%(a)s' % {'a': ns.s}"),
    "doubled by str.format": DOUBLED.replace("GROW", "'{0}{0}'.format(ns.s)"),
    "doubled by format_map": DOUBLED.replace("GROW", "'{a}{a}'.format_map({'a': ns.s})"),
    "doubled by replace": DOUBLED.replace("GROW", "ns.s|replace('x', 'xx')"),
    "doubled by its replace": DOUBLED.replace("GROW", "ns.s.replace('x', 'xx')"),
    "doubled by a block": "{% set ns = namespace(s='x') %}{% for n in range(99) %}{% set t %}{{ ns.s }}{{ ns.s }}{% endset %}"
    "{% set ns.s = t %}{% endfor %}",
    "doubled by a macro": "{% macro twice(s) %}{{ s }}{{ s }}{% endmacro %}" + DOUBLED.replace("GROW", "twice(ns.s)"),
    "doubled by indent": DOUBLED.replace("GROW", "ns.s|indent(ns.s, true)"),
    "a list of lists": DOUBLED.replace("GROW", "[ns.s, ns.s]").replace("|length", ""),
    "a list of lists as text": DOUBLED.replace("GROW", "[ns.s, ns.s]").replace("|length", "|string|length"),
    "a list of lists, joined": DOUBLED.replace("GROW", "[ns.s, ns.s]").replace("|length", "|join"),
    "a list of lists, by %": DOUBLED.replace("GROW", "[ns.s, ns.s]").replace("ns.s|length", "'%s' % (ns.s,)"),
    "a list of lists, pretty": DOUBLED.replace("GROW", "[ns.s, ns.s]").replace("|length", "|pprint"),
    "a list of lists in a namespace": DOUBLED.replace("GROW", "[ns.s, ns.s]").replace("ns.s|length", "ns"),
    "a sum of lists": "{% set l = [1] * 999999 %}{{ ([l] * 9999)|sum(start=[])|length }}",
    "many texts": "{% set ns = namespace(l=[]) %}{% set s = 'x' * 999999 %}{% for n in range(99999) %}"
    "{% set ns.l = ns.l + [s ~ n] %}{% endfor %}",
    "center": f"{{{{ 'x'|center({HUGE}) }}}}",
    "its center": f"{{{{ 'x'.center({HUGE}) }}}}",
    "ljust": f"{{{{ 'x'.ljust({HUGE}) }}}}",
    "zfill": f"{{{{ 'x'.zfill({HUGE}) }}}}",
    "expandtabs": f"{{{{ '\t'.expandtabs({HUGE}) }}}}",
    "translate": "{{ ('x' * 99999).translate({120: 'y' * 99999}) }}",
    "attr": f"{{{{ ('x'|attr('center'))({HUGE}) }}}}",
    "map": f"{{{{ ['x']|map('center', {HUGE})|join }}}}",
    "indent": f"{{{{ 'x'|indent({HUGE}, true) }}}}",
    "%d": f"{{{{ '%{HUGE}d' % 1 }}}}",
    "%*d": f"{{{{ '%*d' % ({HUGE}, 1) }}}}",
    "format": f"{{{{ '%{HUGE}d'|format(1) }}}}",
    "str.format": f"{{{{ '{{:{HUGE}}}'.format(1) }}}}",
    "str.format, nested": f"{{{{ '{{:{{w}}}}'.format(1, w={HUGE}) }}}}",
    "join by a long text": "{{ ('x' * 99999)|join('y' * 99999) }}",
    "join of a generator": "{{ (range(99999)|map('string'))|join('y' * 99999) }}",
    "join by a long text's method": "{{ ('y' * 99999).join('x' * 99999) }}",
    "batch": f"{{{{ [1]|batch({HUGE}, 0)|list|length }}}}",
    "slice": f"{{{{ [1]|slice({HUGE})|list|length }}}}",
    "tojson": f"{{{{ [1]|tojson(indent={HUGE}) }}}}",
    "round": f"{{{{ 1.5|round({HUGE}, 'ceil') }}}}",
    "wordwrap": "{{ ('x ' * 99999)|wordwrap(1, wrapstring='y' * 99999) }}",
    "lipsum": "{{ lipsum(n=100000) }}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a macro that calls itself twice": "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(99) }}",
    "a loop in itself": "{% for a in rows recursive %}{{ loop(rows) }}{% endfor %}",
    "a loop in itself, branching": "{% for a in [1, 2, 3, 4] recursive %}{% if loop.depth < 90 %}{{ loop('x' * 9999) }}{% endif %}"
    "{% endfor %}",
    "includes itself": "{% include 'reminder.txt' %}",
    "extends itself": "{% extends 'reminder.txt' %}",
    "divides by zero": "{{ 1 / 0 }}",
    "a wrong index": "{{ rows[99].key }}",
    "an unknown word": "{{ nonsense }}",
    "no template": "{% if %}",
    "deep parentheses": "{{ " + "(" * 50_000 + "1" + ")" * 50_000 + " }}",
    "a long sum": "{{ 1" + "+1" * 50_000 + " }}",
    "a giant": "x" * 10_000_000,
    "no text": "\udcff\udcfe",
    "attributes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "a wrong type": "{{ rows + 1 }}{{ 'x' * 'y' }}",
    "a bad format": "{{ '%s %s' % 1 }}",
}


def office_with(folder: Path, text: str, name: str = "reminder.txt") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


def bounded(do: Callable[[], Any]) -> Any:
    """Do it in few seconds and little memory."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, monotonic()
    found = do()
    assert monotonic() - began < 10  # 1 s of computing, on a machine that does much else
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kilobytes
    return found


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_letter_goes_out_on_the_packaged_template(tmp_path, monkeypatch, text):
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.2)  # the real one is tried below
    office = office_with(tmp_path / "own", text)
    found, written = bounded(lambda: write(office=office))
    assert written.faults
    assert str(tmp_path / "own") in written.faults[0].file or "reminder.txt" in written.faults[0].file
    assert len(written.faults[0].message) <= 500
    assert (bodies(found), str(found["Subject"])) == packaged()


@pytest.mark.parametrize("part", ["reminder.subject.txt", "reminder.html"])
def test_every_part_is_watched(tmp_path, part):
    office = office_with(tmp_path / "own", HOSTILE["loops that filter"], part)
    found, written = bounded(lambda: write(office=office))
    assert "takes more than 1 s" in written.faults[0].message or "more than a letter needs" in written.faults[0].message
    assert (bodies(found), str(found["Subject"])) == packaged()


def test_a_line_of_a_million_characters_is_folded_in_no_time(tmp_path):
    office = office_with(tmp_path / "own", "{{ '工伤 ' * 300000 }}")
    found, written = bounded(lambda: write(office=office))
    assert written.faults == ()
    assert max(map(len, bodies(found)[0].splitlines())) <= 78


def test_one_that_takes_too_long_is_tried_once_and_not_with_every_letter(tmp_path):
    letters = Letters(packaged=PACKAGED, office=office_with(tmp_path / "own", HOSTILE["nested loops"]))
    first = letters.render(REMINDER)
    began = monotonic()
    assert all(letters.render(REMINDER).faults == first.faults for _each in range(20))
    assert monotonic() - began < 1
    assert letters.render(replace(REMINDER, kind=LetterKind.CHASER)).faults == ()  # other letters are the office's


def test_check_names_a_template_that_never_ends(tmp_path):
    letters = Letters(packaged=PACKAGED, office=office_with(tmp_path / "own", HOSTILE["nested loops"]))
    faults = bounded(letters.check)
    assert {Path(fault.file).name for fault in faults} == {"reminder.txt"}


def test_the_coordinator_is_alerted(tmp_path):
    made = make_office("2023-02-20 10:00")
    folder = office_with(tmp_path / "own", HOSTILE["a text"])
    writer = LetterWriter(packaged=PACKAGED, office=folder)
    object.__setattr__(made.app, "make_writer", lambda: writer)
    made.app.__dict__.pop("writer", None)
    made.live("2023-12-30 00:00")
    assert "信函模板有误，已改用程序自带模板" in made.alerts()
    reminders = made.messages(letter="reminder")
    assert reminders
    assert {row["state"] for row in reminders} == {"sent"}


def test_the_packaged_templates_say_the_same_within_limits(tmp_path):
    shutil.copytree(PACKAGED, tmp_path / "own")
    limited, free = Letters(packaged=PACKAGED, office=tmp_path / "own"), Letters(packaged=PACKAGED)
    for sample in samples():
        long = replace(sample, rows=sample.rows * 50)
        assert limited.render(long) == free.render(long)


def test_loops_keep_their_conveniences_within_limits(tmp_path):
    text = (
        "{% for a in [3, 1, 2]|sort %}{{ loop.index }}/{{ loop.length }}{{ a }}{{ ',' if not loop.last }}{% endfor %}"
        "{% for a in [] %}{% else %}none{% endfor %}{% for k, v in {'a': 1}.items() %}{{ k ~ v }}{% endfor %}"
        "{% for a in [[1, [2]], 3] recursive %}{% if a is iterable %}({{ loop(a) }}){% else %}{{ a }}{% endif %}{% endfor %}"
        "{{ '%s-%02d' % ('x', 7) }}{{ '{:>3}'.format('y') }}{{ 'a'.join(['1', '2']) }}{{ 2 ** 10 }}{{ [1] * 3 }}"
        "{{ range(5)|map('string')|join('.') }}{{ [1, 2, 3, 4]|batch(2)|map('join')|join('|') }}"
    )
    letters = Letters(packaged=PACKAGED, office=office_with(tmp_path / "own", text))
    rendered = letters.render(REMINDER)
    assert rendered.faults == ()
    assert rendered.text.strip() == "1/31,2/32,3/33nonea1(1(2))3x-07  y1a210241, 1, 1]0.1.2.3.412|34".replace(
        "10241", "1024[1"
    )


# --- What stands in letters --------------------------------------------------------------------------------------

NASTY = "甲\r\nBcc: all@county.example\r\n\r\n乙\0\x1b[31m\u202e丙\u2066\ud800丁\u2028戊\x85己"


def everywhere(text: str) -> Letter:
    """A digest and its rows that say a text wherever there is room for one."""
    row = replace(
        ROW,
        key=text,
        title=text,
        text=text,
        hand_in=text,
        department=text,
        support=(text,),
        reason=text,
        approved_by=text,
    )
    plan = replace(
        PLAN, title=text, document=text, tag=text, office=text, contact=Contact(section=text, phone=text, email=text)
    )
    sections = (Section(name="overdue", rows=(row,)), Section(name="undeliverable", lines=(text,)))
    return Letter(
        kind=LetterKind.DIGEST,
        plan=plan,
        on=day("2023-02-21"),
        addressee="coordinator",
        department_name=text,
        rows=(row,),
        sections=sections,
        lines=(text,),
        headline=text,
        next_due=row,
    )


@pytest.mark.parametrize("kind", list(LetterKind))
def test_nothing_in_a_text_adds_a_header_or_moves_the_reading(kind):
    found, written = write(replace(everywhere(NASTY), kind=kind))
    assert written.faults == ()
    assert found["Bcc"] is None
    assert found.keys().count("To") == 1
    for text in (str(found["Subject"]), *bodies(found)):
        assert not set(DIRECTION) & set(text)
        assert not [each for each in text if unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t"]
    assert "\n" not in str(found["Subject"])


@pytest.mark.parametrize("kind", list(LetterKind))
def test_a_novel_in_every_place_makes_a_letter_that_can_be_opened(kind):
    novel = "工伤预防" * 2_500_000  # 30 MB
    found, written = bounded(lambda: write(replace(everywhere(novel), kind=kind)))
    assert len(written.raw) < 1024 * 1024
    assert len(str(found["Subject"])) <= 160
    if kind is not LetterKind.TEST:
        assert any("（略）" in text for text in bodies(found))


@settings(deadline=None, max_examples=30)
@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_any_text_at_all_is_carried_in_a_letter_that_is_well_formed(text):
    found, written = write(everywhere(text))
    assert written.faults == ()
    assert found.keys() == KEYS
    assert not set(DIRECTION) & set(str(found["Subject"]) + "".join(bodies(found)))


# --- Names and addresses -----------------------------------------------------------------------------------------


def test_a_name_of_500_characters_is_folded_and_whole():
    for name in ("工伤预防" * 125, "Li " * 166 + "Wu", '"\\,;<@>' * 71):
        _found, written = write(to=(Mailbox(address="liaison@county.example", name=name),))
        field = message_from_bytes(written.raw)["To"]
        words, _bracket, address = field.rpartition(" <")
        assert str(make_header(decode_header(words))) == name
        assert address == "liaison@county.example>"


@pytest.mark.parametrize("sign", ["\r", "\n", "\0", "\x1b", "\x85", "\u2028", "\u2029", "\ud800"])
def test_a_sign_that_could_begin_a_header_is_refused_in_names_and_addresses(sign):
    with pytest.raises(BadHeader):
        write(to=(Mailbox(address="liaison@county.example", name=f"张{sign}三"),))
    with pytest.raises(BadHeader):
        write(to=(Mailbox(address=f"liaison{sign}@county.example"),))


@pytest.mark.parametrize("sign", [*DIRECTION, "\ufeff"])
def test_a_mark_that_turns_the_reading_round_is_left_out_of_names_and_refused_in_addresses(sign):
    found, _written = write(to=(Mailbox(address="liaison@county.example", name=f"张{sign}三"),))
    assert found["To"].addresses[0].display_name == "张三"
    with pytest.raises(BadHeader):
        write(to=(Mailbox(address=f"liaison{sign}@county.example"),))
    with pytest.raises(BadHeader):
        write(to=(Mailbox(address=f"liaison@county{sign}.example"),))


def test_a_chinese_domain_goes_over_the_wire_in_ascii():
    assert wire_address("office@工伤预防.example") == "office@xn--hpq927apr6b46b.example"
    found, written = write(to=(Mailbox(address="office@工伤预防.example", name="办公室"),))
    assert written.raw.isascii()
    assert found["To"].addresses[0].addr_spec.startswith("office@xn--")


@pytest.mark.parametrize(
    "address", ["张三@county.example", "a@" + "工" * 70 + ".example", "a@..", "@b", "a@b@", "a b@c.example"]
)
def test_an_address_that_cannot_be_written_is_refused_by_name_and_not_by_value(address):
    with pytest.raises(BadHeader) as refused:
        wire_address(address)
    assert address not in str(refused.value)


# --- What people type --------------------------------------------------------------------------------------------


def test_a_note_of_ten_megabytes_is_refused_and_one_of_4000_characters_stands_in_the_letter_whole():
    office = make_office("2023-02-20 10:00")
    for note in ("长" * 10_000_000, "长" * 4001):
        with pytest.raises(Usage, match="at most 4000 characters"):
            office.act(close.act, keys=["2023/1/emergency"], note=note)
    with pytest.raises(Usage, match="no UTF-8"):
        office.act(close.act, keys=["2023/1/emergency"], note="半个\udce4字")
    assert office.item().state.value == "open"
    office.act(close.act, keys=["2023/1/emergency"], note="长" * 4000)
    row = replace(ROW, happened="done", reason="长" * 4000)
    found, _written = write(replace(REMINDER, kind=LetterKind.RECEIPT, rows=(row,)))
    assert "".join(bodies(found)[0].split()).count("长") == 4000


def test_a_refused_note_is_told_at_the_terminal(tmp_path):
    for desk in real_office(tmp_path):
        said = desk.wsyf("done", "2025/1b/housing", "--note", "长" * 5000, code=2)
        assert "this one has 5000" in said.err
        said = desk.wsyf("done", "2025/1b/housing", "--note", "\udce4", code=2)
        assert "no UTF-8" in said.err
