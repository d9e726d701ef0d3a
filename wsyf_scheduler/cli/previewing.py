"""`wsyf preview`: a letter as it would go out, written with the office's templates; nothing is queued or recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wsyf_scheduler.cli.office import Office, json_option, pass_office
from wsyf_scheduler.cli.output import listed, print_json, say
from wsyf_scheduler.cli.params import KEY
from wsyf_scheduler.errors import WsyfError, nearest, reason
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import LetterKind, Mailbox
from wsyf_scheduler.reports import wording

if TYPE_CHECKING:
    from wsyf_scheduler.reports.preview import Preview

SHOWN = ("From", "To", "Cc", "Subject")


class LetterType(click.ParamType[LetterKind]):
    """A kind of letter, with `did you mean`."""

    name = "letter"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> LetterKind:
        """Look it up."""
        known = [kind.value for kind in LetterKind]
        if value not in known:
            self._refuse(str(value), known, param, ctx)
        return LetterKind(value)

    def _refuse(self, value: str, known: list[str], param: click.Parameter | None, ctx: click.Context | None) -> None:
        message = _("there is no letter {name}; there are {known}").format(name=value, known=", ".join(known))
        if close := nearest(value, known, most=1):
            message += _("; did you mean {names}?").format(names=close[0])
        self.fail(message, param, ctx)


@click.command(help=_("LETTER as it would go out today about KEY, or the nearest open assignment. Nothing is sent."))
@click.argument("letter", type=LetterType())
@click.argument("key", type=KEY, required=False)
@click.option("--html", "html", type=click.Path(dir_okay=False, path_type=Path), help=_("write the HTML to this file"))
@json_option
@pass_office
def preview(office: Office, letter: LetterKind, key: str | None, html: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Show it."""
    from wsyf_scheduler.reports.preview import preview as write

    app = office.app()
    found = write(app, app.clock.now(), letter, key)
    for line in _remarks(found):
        say(line, err=True, hang=2, fg="yellow")
    if html is not None:
        _save(html, found.mail.html)
    if as_json:
        print_json(_as_json(found))
    else:
        _print(found)


def _remarks(found: Preview) -> list[str]:
    """What the reader must know of this letter that does not stand in it."""
    remarks = [
        _("a mistake in a template, the packaged ones serve: {fault}").format(fault=each) for each in found.faults
    ]
    if found.on != found.today:
        words = _("such a letter does not go today; this one is dated {day}, when its rung lands")
        remarks.append(words.format(day=found.on))
    if found.is_sample:
        remarks.append(_("a sample: what this letter tells has not happened"))
    vacant = {wording.post(post, found.names) for post in found.draft.addressed.vacant}
    return remarks + [_("vacant: {post}").format(post=each) for each in sorted(vacant)]


def _save(path: Path, html: str) -> None:
    try:
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise WsyfError(_("{path} cannot be written: {why}").format(path=path, why=reason(error))) from error
    say(_("written: {path}").format(path=path), err=True)


def _print(found: Preview) -> None:
    headers = dict(found.mail.headers)
    for name in SHOWN:
        if name in headers:
            say(f"{name}: {headers[name]}", hang=2)
    if found.mail.attachments:
        say(_("Attached: {names}").format(names=listed(found.mail.attachments)), hang=2)
    click.echo()
    say(found.mail.text.rstrip("\n"))


def _as_json(found: Preview) -> dict[str, object]:
    headers = found.draft.headers
    return {
        "letter": found.kind.value,
        "key": found.item.key if found.item else None,
        "on": found.on.isoformat(),
        "from": _box(headers.sender),
        "to": [_box(each) for each in headers.to],
        "cc": [_box(each) for each in headers.cc],
        "subject": dict(found.mail.headers).get("Subject", ""),
        "text": found.mail.text,
        "html": found.mail.html,
        "attachments": list(found.mail.attachments),
        "vacant": [{"role": each.role, "department": each.department or None} for each in found.draft.addressed.vacant],
        "sample": found.is_sample,
        "faults": [str(each) for each in found.faults],
    }


def _box(found: Mailbox) -> dict[str, str | None]:
    return {"address": found.address, "name": found.name or None}
