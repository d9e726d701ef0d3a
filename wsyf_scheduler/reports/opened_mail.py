"""A message's bytes opened again: its headers in words, the text and HTML, what is attached. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN = ("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "References")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMail:
    """`headers` are those people look at, decoded, in their usual order; `attachments` are file names."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[str, ...]


def open_mail(raw: bytes) -> OpenedMail:
    """Open a message of ours."""
    from email import message_from_bytes, policy

    message = message_from_bytes(raw, policy=policy.default)
    bodies = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    text, html = ("" if body is None else str(body.get_content()) for body in bodies.values())
    return OpenedMail(
        headers=tuple((name, str(message[name])) for name in SHOWN if name in message),
        text=text.replace("\r\n", "\n"),
        html=html.replace("\r\n", "\n"),
        attachments=tuple(part.get_filename() or part.get_content_type() for part in message.iter_attachments()),
    )
