"""The exact bytes of a message (RFC 5322, MIME), made from checked headers and a rendered letter.

Same input, same bytes; nothing in a name or a subject can add a header. Imports mail.letter, errors and i18n.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, quote
from io import BytesIO
from typing import Final

from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import Headers, Mailbox

SMTP: Final = compat32.clone(linesep="\r\n", max_line_length=78)
# Sent with every letter, so that no autoresponder answers it (RFC 3834; the second is Exchange's).
AUTOMATIC: Final = (("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All"))
OURS: Final = frozenset(
    {
        *("from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "references"),
        *("mime-version", "content-type", "content-transfer-encoding", "content-disposition"),
        *(name.lower() for name, _value in AUTOMATIC),
    }
)

# Line ends of every kind, other control characters and half characters: what could begin a header or break a parser.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n|\r|\n")
# One line of visible ASCII that no reader takes for an encoded word: it can stand as it is.
_PLAIN = re.compile(r"(?!.*=\?)[!-~]+(?: [!-~]+)*", re.ASCII)
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
_LITERAL = re.compile(r"\[[0-9A-Fa-f:.]+\]|\[IPv6:[0-9A-Fa-f:.]+\]")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_SHORT = 60  # characters of a plain value that surely need no folding


class BadHeader(MailTrouble):
    """A header value that no message may carry; the message names the header, never the value."""

    def __init__(self, header: str, problem: str) -> None:
        """Say which header, and what is wrong with it."""
        self.header = header
        super().__init__(_("mail header {header}: {problem}").format(header=header, problem=problem))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A calendar file to attach: its file name, its iTIP method (PUBLISH or CANCEL) and its UTF-8 bytes."""

    name: str
    method: str
    data: bytes


def compose(headers: Headers, rendered_text: str, rendered_html: str, calendars: Sequence[Calendar] = ()) -> bytes:
    """The message as it goes over the wire: text and HTML, with the calendars attached; CRLF line ends, ASCII only.

    The boundaries come from the Message-ID, so the same input gives the same bytes. Raises BadHeader on a header value
    with a control character, a wrong address, id or header name, or a naive date.
    """
    seed = hashlib.sha256(headers.message_id.encode("utf-8", "replace")).hexdigest()[:24]
    body: Message = MIMEMultipart("alternative", boundary=f"=_a_{seed}")
    body.attach(_part(MIMEText(_crlf(rendered_text), "plain", "utf-8")))
    body.attach(_part(MIMEText(_crlf(rendered_html), "html", "utf-8")))
    if calendars:
        whole: Message = MIMEMultipart("mixed", boundary=f"=_m_{seed}")
        for part in (_part(body), *map(_attachment, calendars)):
            whole.attach(part)
        body = whole
    for name, value in _head(headers):
        body[name] = value
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=SMTP).flatten(body)
    return out.getvalue()


def message_id(token: str, domain: str) -> str:
    """A Message-ID with its angle brackets from a token that is unique for good, and the office's domain.

    Raises BadHeader where the two make no id of RFC 5322.
    """
    value = f"<{token}@{_domain('Message-ID', domain)}>"
    if not _LOCAL_PART.fullmatch(token):
        raise BadHeader("Message-ID", _("not a message id"))
    return value


def wire_address(address: str, *, header: str = "To") -> str:
    """The address in ASCII, as header and envelope need it: a Chinese domain becomes its IDNA form.

    Raises BadHeader, named after `header`, on anything that is no mail address, and on a local part that is not ASCII
    (SMTPUTF8, which many relays here do not speak).
    """
    _refuse_control(header, address)
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise BadHeader(header, _("not a mail address"))
    if not local.isascii():
        raise BadHeader(header, _("the part of an address before @ must be ASCII"))
    if not _LOCAL_PART.fullmatch(local):
        raise BadHeader(header, _("not a mail address"))
    return f"{local}@{_domain(header, domain)}"


def _head(headers: Headers) -> Iterable[tuple[str, str]]:
    """The header fields in their order, checked and encoded."""
    if not headers.to:
        raise BadHeader("To", _("no recipient"))
    yield "From", _mailboxes("From", (headers.sender,))
    yield "To", _mailboxes("To", headers.to)
    if headers.cc:
        yield "Cc", _mailboxes("Cc", headers.cc)
    if headers.reply_to:
        yield "Reply-To", _mailboxes("Reply-To", (headers.reply_to,))
    yield "Subject", _unstructured("Subject", headers.subject)
    yield "Date", _date(headers.date)
    yield "Message-ID", _ids("Message-ID", (headers.message_id,))
    if headers.references:
        yield "References", _ids("References", headers.references)
    yield from AUTOMATIC
    for name, value in headers.extra:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in OURS:
            raise BadHeader(name if _HEADER_NAME.fullmatch(name) else "?", _("not a header to add"))
        yield name, _unstructured(name, value)


def _mailboxes(header: str, boxes: Iterable[Mailbox]) -> str:
    return ", ".join(_mailbox(header, each) for each in boxes)


def _mailbox(header: str, box: Mailbox) -> str:
    address = wire_address(box.address, header=header)
    if not box.name:
        return address
    _refuse_control(header, box.name)
    if len(box.name) <= _SHORT and _PLAIN.fullmatch(box.name):
        return f"{box.name} <{address}>" if _PHRASE.fullmatch(box.name) else f'"{quote(box.name)}" <{address}>'
    return f"{_encoded(header, box.name)} <{address}>"


def _unstructured(header: str, value: str) -> str:
    _refuse_control(header, value)
    return value if len(value) <= _SHORT and _PLAIN.fullmatch(value) else _encoded(header, value)


def _encoded(header: str, value: str) -> str:
    """The value as encoded words (RFC 2047) with spaces between them, at which the generator folds."""
    return Header(value, "utf-8", header_name=header).encode(linesep="")


def _ids(header: str, ids: Iterable[str]) -> str:
    values = tuple(ids)
    if not all(map(_ID.fullmatch, values)):
        raise BadHeader(header, _("not a message id"))
    return " ".join(values)


def _date(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise BadHeader("Date", _("a moment without its time zone"))
    return format_datetime(moment)


def _domain(header: str, domain: str) -> str:
    _refuse_control(header, domain)
    if _LITERAL.fullmatch(domain):
        return domain
    try:
        wire = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise BadHeader(header, _("not a mail domain")) from error
    if not _DOMAIN.fullmatch(wire):
        raise BadHeader(header, _("not a mail domain"))
    return wire


def _refuse_control(header: str, value: str) -> None:
    """Header injection ends here: no control character or line end of any kind passes."""
    found = _CONTROL.search(value)
    if found:
        problem = _("control character U+{code} is not allowed").format(code=f"{ord(found.group()):04X}")
        raise BadHeader(header, problem)


def _attachment(calendar: Calendar) -> Message:
    _refuse_control("Content-Disposition", calendar.name)
    if calendar.method not in ("PUBLISH", "CANCEL"):
        raise BadHeader("Content-Type", _("a calendar is published or cancelled"))
    part = MIMEText(calendar.data.decode("utf-8"), "calendar", "utf-8")
    part.set_param("method", calendar.method)
    name = calendar.name if calendar.name.isascii() else ("utf-8", "", calendar.name)
    part.add_header("Content-Disposition", "attachment", filename=name)
    return _part(part)


def _part(part: Message) -> Message:
    """MIME-Version belongs to the message, not to its parts."""
    del part["MIME-Version"]
    return part


def _crlf(text: str) -> str:
    """Canonical line ends, and no half characters: what base64 is to carry (RFC 2045 §6.8)."""
    return _LINE_END.sub("\r\n", text).encode("utf-8", "replace").decode()
