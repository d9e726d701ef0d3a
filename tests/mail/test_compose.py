"""The bytes of a message: read back by the standard library they say what went in, and nothing can be smuggled in."""

from __future__ import annotations

import base64
import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.mail import compose as module
from wsyf_scheduler.mail.compose import BadHeader, Calendar, compose, message_id, wire_address
from wsyf_scheduler.mail.letter import Headers, Mailbox

BEIJING = timezone(timedelta(hours=8))
TEXT = "高平市应急管理局：\n\n　　现提醒如下。\n.\nFrom 这里\n"
HTML = "<p>高平市应急管理局：</p>\n"
HEADERS = Headers(
    sender=Mailbox(address="office@wsyf.example", name="局际联合领导小组办公室"),
    to=(Mailbox(address="liaison@emergency.example", name="应急联络员"),),
    cc=(Mailbox(address="convener@emergency.example", name="应急召集人"), Mailbox(address="plain@wsyf.example")),
    reply_to=Mailbox(address="office@wsyf.example"),
    subject="【工伤预防·提醒】2022年度安全生产事故数据请于2月28日（周二，含当日）前提供（还有7天）",
    message_id="<1.a@office.wsyf.example>",
    references=("<root.1@office.wsyf.example>", "<root.2@office.wsyf.example>"),
    date=datetime(2023, 2, 21, 9, tzinfo=BEIJING),
    extra=(("X-Wsyf-Letter", "reminder"),),
)
NAMES = [
    *("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "References"),
    *("Auto-Submitted", "X-Auto-Response-Suppress", "X-Wsyf-Letter"),
]
ICS = Calendar(name="deadline.ics", method="PUBLISH", data="BEGIN:VCALENDAR\r\nX-A:期限\r\nEND:VCALENDAR\r\n".encode())

# Words with blanks in every place, Han, Latin and emoji side by side: where encoders lose a space.
MIXED = st.text(alphabet='工伤预防（，。ab Z=?_<>"\\@,;:()🙂👨‍👩‍👧é', max_size=120)
ANYTHING = st.text(max_size=60)


def old(data: bytes) -> Message:
    return email.message_from_bytes(data)


def new(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def decoded(data: bytes, header: str) -> str:
    return str(make_header(decode_header(str(old(data)[header]).replace("\r\n", ""))))


def names(data: bytes, header: str) -> list[tuple[str, str]]:
    """Names and addresses of a header."""
    found = getaddresses([str(old(data)[header]).replace("\r\n", "")])
    return [(str(make_header(decode_header(name))), address) for name, address in found]


def test_a_message_reads_back_as_it_was_written() -> None:
    message = new(compose(HEADERS, TEXT, HTML))
    assert message.defects == []
    assert message["Subject"] == HEADERS.subject
    assert message["From"] == "局际联合领导小组办公室 <office@wsyf.example>"
    assert message["To"] == "应急联络员 <liaison@emergency.example>"
    assert message["Cc"] == "应急召集人 <convener@emergency.example>, plain@wsyf.example"
    assert message["Reply-To"] == "office@wsyf.example"
    assert message["Date"].datetime == HEADERS.date
    assert message["Message-ID"] == "<1.a@office.wsyf.example>"
    assert message["References"].split() == list(HEADERS.references)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["X-Wsyf-Letter"] == "reminder"
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().replace("\r\n", "\n") == TEXT
    assert html.get_content().replace("\r\n", "\n") == HTML


def test_calendars_are_attached_beside_the_letter() -> None:
    cancelled = replace(ICS, name="撤销.ics", method="CANCEL")
    message = new(compose(HEADERS, TEXT, HTML, (ICS, cancelled)))
    letter, first, second = message.iter_parts()
    assert message.get_content_type() == "multipart/mixed"
    assert letter.get_content_type() == "multipart/alternative"
    for part, calendar in ((first, ICS), (second, cancelled)):
        assert part.get_content_type() == "text/calendar"
        assert part.get_content_disposition() == "attachment"
        assert part.get_filename() == calendar.name
        assert part.get_param("method") == calendar.method
        assert part.get_content_charset() == "utf-8"
        assert part.get_payload(decode=True) == calendar.data


def test_the_wire_carries_short_ascii_lines_that_end_in_crlf() -> None:
    data = compose(HEADERS, TEXT + "长" * 5000, HTML, (ICS,))
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 78


def test_the_same_input_gives_the_same_bytes() -> None:
    assert compose(HEADERS, TEXT, HTML, (ICS,)) == compose(HEADERS, TEXT, HTML, (ICS,))
    other = replace(HEADERS, message_id="<2.a@office.wsyf.example>")
    assert new(compose(other, TEXT, HTML)).get_boundary() != new(compose(HEADERS, TEXT, HTML)).get_boundary()


def test_empty_cc_reply_to_and_references_write_no_header() -> None:
    message = old(compose(replace(HEADERS, cc=(), reply_to=None, references=()), TEXT, HTML))
    assert not {"cc", "reply-to", "references"} & {name.lower() for name in message.keys()}  # noqa: SIM118 - not a dict


def test_a_half_character_in_a_body_does_no_harm() -> None:
    plain, _html = new(compose(HEADERS, "半\ud800个", HTML)).iter_parts()
    assert plain.get_content().strip() == "半?个"


def test_many_recipients_with_long_names_keep_their_names() -> None:
    to = tuple(
        Mailbox(address=f"liaison{n}@housing.example", name="住房和城乡建设" * n + f", {n}号") for n in range(1, 30)
    )
    data = compose(replace(HEADERS, to=to), TEXT, HTML)
    assert names(data, "To") == [(box.name, box.address) for box in to]
    assert max(map(len, data.split(b"\r\n"))) <= 78


@settings(max_examples=150, deadline=None)
@given(MIXED)
def test_every_subject_comes_back_exactly(subject: str) -> None:
    data = compose(replace(HEADERS, subject=subject), TEXT, HTML)
    assert decoded(data, "Subject") == subject


@settings(max_examples=150, deadline=None)
@given(st.lists(MIXED, min_size=1, max_size=4))
def test_every_name_comes_back_exactly(words: list[str]) -> None:
    boxes = tuple(Mailbox(address=f"a{n}@wsyf.example", name=name) for n, name in enumerate(words))
    data = compose(replace(HEADERS, to=boxes, sender=boxes[0]), TEXT, HTML)
    assert names(data, "To") == [(box.name, box.address) for box in boxes]
    assert names(data, "From") == [(boxes[0].name, boxes[0].address)]


@settings(max_examples=150, deadline=None)
@given(MIXED)
def test_the_other_parser_reads_every_subject_and_extra_header_exactly(words: str) -> None:
    """policy.default unfolds and decodes by code of its own; it takes a run of blanks at the ends for folding."""
    message = new(compose(replace(HEADERS, subject=words, extra=(("X-Wsyf-Letter", words),)), TEXT, HTML))
    assert message["Subject"] == words
    assert message["X-Wsyf-Letter"] == words
    assert message.defects == []


@settings(max_examples=150, deadline=None)
@given(MIXED, st.lists(MIXED, min_size=1, max_size=4))
def test_encoded_words_are_short_and_whole(subject: str, words: list[str]) -> None:
    """RFC 2047 §2: a word of at most 75 octets, a line of at most 76, and each word decodes by itself."""
    to = tuple(Mailbox(address=f"a{n}@wsyf.example", name=name) for n, name in enumerate(words))
    data = compose(replace(HEADERS, subject=subject, to=to), TEXT, HTML)
    head, _blank, _body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        assert len(line) <= 76
        assert line.strip()
        for word in re.findall(rb"=\?utf-8\?b\?([^?]*)\?=", line):
            assert len(word) + len("=?utf-8?b??=") <= 75
            assert base64.b64decode(word, validate=True).decode()


BODIES = st.text(alphabet=st.characters(codec="utf-8"), max_size=400)


@settings(max_examples=150, deadline=None)
@given(BODIES, BODIES, st.binary(max_size=300), st.integers(0, 200))
def test_bodies_and_calendars_come_back_byte_for_byte(text: str, html: str, data: bytes, more: int) -> None:
    """Line ends become CRLF, nothing else changes; also where a line of base64 is just full."""
    text += "x" * more
    calendar = replace(ICS, data=data)
    parts = [part.get_payload(decode=True) for part in old(compose(HEADERS, text, html, (calendar,))).walk()]
    lines = [re.sub("\r\n|\r|\n", "\r\n", words).encode() for words in (text, html)]
    assert parts == [None, None, *lines, data]


def stdlib(calendars: tuple[Calendar, ...]) -> Message:
    """The same letter as the standard library makes it."""
    letter: Message = MIMEMultipart("alternative")
    letter.attach(MIMEText(TEXT, "plain", "utf-8"))
    letter.attach(MIMEText(HTML, "html", "utf-8"))
    if not calendars:
        return letter
    whole = MIMEMultipart("mixed")
    whole.attach(letter)
    for each in calendars:
        part = MIMEText(each.data.decode(), "calendar", "utf-8")
        part.set_param("method", each.method)
        name = each.name if each.name.isascii() else ("utf-8", "", each.name)
        part.add_header("Content-Disposition", "attachment", filename=name)
        whole.attach(part)
    return whole


def shape(message: Message) -> list[tuple[object, ...]]:
    """Of every part: its type and parameters, how it is encoded and shown, its file name, its bytes."""
    return [
        (
            *(part.get_content_type(), part.get_content_charset(), part.get_param("method")),
            *(part["Content-Transfer-Encoding"], part.get_content_disposition(), part.get_filename()),
            (part.get_payload(decode=True) or b"").replace(b"\r\n", b"\n"),
        )
        for part in message.walk()
    ]


@pytest.mark.parametrize("names", [(), ("deadline.ics",), ("deadline.ics", "撤销.ics"), ('a "quoted" \\ name.ics',)])
def test_the_structure_is_the_standard_librarys(names: tuple[str, ...]) -> None:
    calendars = tuple(replace(ICS, name=name) for name in names)
    ours = old(compose(HEADERS, TEXT, HTML, calendars))
    assert shape(ours) == shape(email.message_from_bytes(stdlib(calendars).as_bytes()))
    assert ours["MIME-Version"] == "1.0"
    assert [part["MIME-Version"] for part in ours.walk()][1:] == [None] * (len(list(ours.walk())) - 1)
    assert [part.defects for part in ours.walk()] == [[] for _part in ours.walk()]
    assert not any(part.preamble or part.epilogue for part in ours.walk())


@settings(max_examples=100, deadline=None)
@given(st.lists(MIXED, max_size=3), MIXED, MIXED)
def test_nothing_remembered_changes_the_bytes(names: list[str], subject: str, text: str) -> None:
    """Mailboxes are remembered between letters; a fresh start writes the same."""
    to = tuple(Mailbox(address=f"a{n}@工伤预防.example", name=name) for n, name in enumerate(["", *names]))
    headers = replace(HEADERS, to=to, cc=to, subject=subject)
    once = compose(headers, text, HTML)
    again = compose(headers, text, HTML)
    module._mailbox.cache_clear()
    assert compose(headers, text, HTML) == once == again


@pytest.mark.parametrize(
    "changed",
    [
        {"message_id": f"<{'a' * 1000}@wsyf.example>"},
        {"references": (f"<{'a' * 1000}@wsyf.example>",)},
        {"to": (Mailbox(address=f"{'a' * 300}@wsyf.example"),)},
        {"to": (Mailbox(address="a@" + ".".join(["b" * 60] * 5)),)},
        {"extra": (("X-" + "a" * 60, "x"),)},
    ],
)
def test_what_would_make_a_line_too_long_is_refused(changed: dict[str, object]) -> None:
    """RFC 5322 §2.1.1 allows 998 characters, and there is no place to fold an id or an address."""
    with pytest.raises(BadHeader):
        compose(replace(HEADERS, **changed), TEXT, HTML)


def test_long_lists_are_folded_between_their_members() -> None:
    references = tuple(f"<root.{n}.{'x' * 40}@office.wsyf.example>" for n in range(60))
    plain = tuple(Mailbox(address=f"a{n}@wsyf.example", name="Emergency Liaison, Gaoping") for n in range(40))
    data = compose(replace(HEADERS, references=references, to=plain), TEXT, HTML)
    assert max(map(len, data.split(b"\r\n"))) <= 76
    assert tuple(old(data)["References"].split()) == references
    assert names(data, "To") == [(box.name, box.address) for box in plain]


@settings(max_examples=200, deadline=None)
@given(
    ANYTHING,
    st.sampled_from(["\r\nBcc: x", "\nBcc: x", "\rBcc: x", "\x00", "\x85Bcc: x", "\u2028Bcc: x", "", "\x0bBcc: x"]),
    ANYTHING,
    st.sampled_from(["subject", "name", "address", "id", "reference", "extra", "extra name"]),
)
def test_no_value_can_add_a_header(before: str, evil: str, after: str, place: str) -> None:
    value = before + evil + after
    box = Mailbox(address="liaison@emergency.example", name="应急联络员")
    changed = {
        "subject": lambda: replace(HEADERS, subject=value),
        "name": lambda: replace(HEADERS, to=(replace(box, name=value),)),
        "address": lambda: replace(HEADERS, to=(replace(box, address=value),)),
        "id": lambda: replace(HEADERS, message_id=value),
        "reference": lambda: replace(HEADERS, references=(value,)),
        "extra": lambda: replace(HEADERS, extra=(("X-Wsyf-Letter", value),)),
        "extra name": lambda: replace(HEADERS, extra=((value, "x"),)),
    }[place]()
    try:
        data = compose(changed, TEXT, HTML)
    except BadHeader:
        return
    message = old(data)
    found = [name for name in message.keys() if name not in ("Content-Type", "MIME-Version")]  # noqa: SIM118
    if place == "extra name":
        assert found[:-1] == NAMES[:-1]
    else:
        assert found == NAMES
    assert len(getaddresses([str(message["To"])])) == 1
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize("evil", ["\r", "\n", "\r\n", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\ud800"])
@pytest.mark.parametrize(
    ("header", "changed"),
    [
        ("Subject", lambda bad: replace(HEADERS, subject=bad)),
        ("From", lambda bad: replace(HEADERS, sender=Mailbox(address="a@b.example", name=bad))),
        ("To", lambda bad: replace(HEADERS, to=(Mailbox(address="a@b.example", name=bad),))),
        ("To", lambda bad: replace(HEADERS, to=(Mailbox(address=f"a{bad}@b.example"),))),
        ("Cc", lambda bad: replace(HEADERS, cc=(Mailbox(address=f"a@b{bad}.example"),))),
        ("Reply-To", lambda bad: replace(HEADERS, reply_to=Mailbox(address="a@b.example", name=bad))),
        ("Message-ID", lambda bad: replace(HEADERS, message_id=f"<a{bad}@b.example>")),
        ("References", lambda bad: replace(HEADERS, references=(f"<a@b.example>{bad}",))),
        ("X-Note", lambda bad: replace(HEADERS, extra=(("X-Note", bad),))),
    ],
)
def test_control_characters_are_refused_and_the_header_named(header: str, changed, evil: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadHeader) as caught:
        compose(changed(f"秘密{evil}值"), TEXT, HTML)
    assert caught.value.header == header
    assert header in str(caught.value)
    assert "秘密" not in str(caught.value)
    assert isinstance(caught.value, MailTrouble)


@pytest.mark.parametrize(
    "address",
    [
        *("", "office", "@wsyf.example", "office@", "a b@wsyf.example", "a@b@c.example", "<a@b.example>"),
        *("a@b,c.example", "a..b@wsyf.example", ".a@wsyf.example", "a@-b.example", "a@b..example"),
        *("a@b.example, x@evil.example", "a@" + "长" * 70),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadHeader):
        wire_address(address)


def test_a_chinese_domain_goes_as_idna_and_a_chinese_mailbox_is_refused() -> None:
    local, _at, domain = wire_address("office@工伤预防.example").partition("@")
    assert (local, domain.encode().decode("idna")) == ("office", "工伤预防.example")
    assert domain.startswith("xn--")
    assert wire_address("office@[127.0.0.1]") == "office@[127.0.0.1]"
    with pytest.raises(BadHeader, match="ASCII"):
        wire_address("办公室@wsyf.example", header="Reply-To")


@pytest.mark.parametrize("name", ["Bcc", "From", "subject", "Content-Type", "Auto-Submitted", "X Y", "X-中", "", "X:"])
def test_an_extra_header_replaces_none_of_ours(name: str) -> None:
    with pytest.raises(BadHeader):
        compose(replace(HEADERS, extra=((name, "x"),)), TEXT, HTML)


def test_a_message_needs_a_recipient_an_id_and_a_moment_with_its_zone() -> None:
    for broken in (
        replace(HEADERS, to=()),
        replace(HEADERS, message_id=""),
        replace(HEADERS, message_id="no brackets@wsyf.example"),
        replace(HEADERS, date=datetime(2023, 2, 21, 9)),  # noqa: DTZ001 - naive on purpose
    ):
        with pytest.raises(BadHeader):
            compose(broken, TEXT, HTML)
    assert "+0000" in str(old(compose(replace(HEADERS, date=HEADERS.date.astimezone(UTC)), TEXT, HTML))["Date"])


def test_a_calendar_is_published_or_cancelled_under_a_clean_name() -> None:
    for broken in (
        replace(ICS, method="REQUEST"),
        replace(ICS, name="a\r\nBcc: x.ics"),
        replace(ICS, name="a" * 61),
    ):
        with pytest.raises(BadHeader):
            compose(HEADERS, TEXT, HTML, (broken,))


def test_message_ids() -> None:
    assert message_id("gaoping.2023-1.1", "office.wsyf.example") == "<gaoping.2023-1.1@office.wsyf.example>"
    assert message_id("a", "工伤.example").isascii()
    for token, domain in (
        ("", "wsyf.example"),
        ("a b", "wsyf.example"),
        ("a>", "wsyf.example"),
        ("a", ""),
        ("a", "b c"),
    ):
        with pytest.raises(BadHeader):
            message_id(token, domain)
