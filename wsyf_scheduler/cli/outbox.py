"""`wsyf outbox list` and `show`: messages and their fate, by light reads; `release`, `discard`, `retry` in posting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli import posting
from wsyf_scheduler.cli.listing import today_of
from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, json_option, need, pass_office
from wsyf_scheduler.cli.output import clauses, listed, message_state, print_json, say, table
from wsyf_scheduler.cli.params import DAY
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.errors import Forbidden, NotFound
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.mail.letter import LetterKind
from wsyf_scheduler.reports import messages, wording
from wsyf_scheduler.reports.messages import Attempt, Posted, Whole
from wsyf_scheduler.store.glance import Glance

SHOWN_KEYS = 3
TAG = re.compile(r"^【[^】]*】")  # says the plan and the letter, which stands in a column of its own
LARGEST = 2**63 - 1  # what a database can number


@click.group(help=_("Messages and their fate."))
def outbox() -> None:
    """Messages."""


for _act in (posting.release, posting.discard, posting.retry):
    outbox.add_command(_act)


@outbox.command("list", help=_("Messages, newest last. Alone: what has not left, and the last 20 sent."))
@click.option(
    "--state", type=click.Choice([state.value for state in MessageState]), metavar="STATE", help=_("only this state")
)
@click.option(
    "--letter",
    type=click.Choice([kind.value for kind in LetterKind]),
    metavar="LETTER",
    help=_("only this kind of letter"),
)
@click.option("--department", help=_("only mail to this department (its id)"))
@click.option("--plan", "plan_id", help=_("only mail of this plan"))
@click.option("--since", type=DAY, help=_("only what was sent, or queued, on this day or later"))
@click.option("--limit", type=click.IntRange(1, 1_000_000), help=_("the newest so many"))
@json_option
@pass_office
def list_(
    office: Office,
    /,
    since: date | None,
    limit: int | None,
    as_json: bool,  # noqa: FBT001 - click's way
    **equal: Any,
) -> None:
    """Print the messages that match."""
    with office.glance() as opened:
        known = {"department": opened.departments(), "plan_id": opened.zones()}
        posting.must_know({kind: equal[kind] for kind in known}, known)
        found = messages.listed(opened, since_at=_begins(opened, since), limit=limit, **equal)
        names, left_out = opened.departments(), messages.unshown(opened)
        year = today_of(office, opened).year
    if as_json:
        print_json([each.as_json() for each in found])
        return
    print_list(found, names, year)
    if left_out and {since, limit, *equal.values()} == {None}:
        words = ngettext("{n} more had nothing left to say", "{n} more had nothing left to say", left_out)
        say(words.format(n=left_out) + _(": --state cancelled, --state superseded"))


def _begins(opened: Glance, since: date | None) -> datetime | None:
    """00:00 of the day in the zone of the first plan."""
    zone = ZoneInfo(next(iter(opened.zones().values()), DEFAULT_ZONE))
    return None if since is None else datetime.combine(since, time(0), zone)


def print_list(found: Sequence[Posted], names: dict[str, str], year: int) -> None:
    """The list as people read it; days of `year` stand without it."""
    rows = [
        (
            str(each.id),
            message_state(each.state.value),
            wording.letter(each.letter),
            _receiver(each, names),
            f"{each.when:%m-%d %H:%M}" if each.when.year == year else f"{each.when:%Y-%m-%d %H:%M}",
            TAG.sub("", each.subject) or _about(each),
        )
        for each in found
    ]
    if rows:
        headers = (_("id"), _("state"), _("letter"), _("to"), _("when"), _("subject"))
        table(headers, rows, keep=(0, 2, 3, 4))
    click.echo(ngettext("{n} message", "{n} messages", len(rows)).format(n=len(rows)))


def _receiver(found: Posted, names: dict[str, str]) -> str:
    department = names.get(found.department, found.department)
    return department if found.audience == "department" else f"{department} {wording.role(found.audience)}".strip()


def _about(found: Posted) -> str:
    """What a message will be about whose subject is not written yet."""
    keys = [line.key for line in found.lines if line.dropped is None]
    more = len(keys) - SHOWN_KEYS
    return listed(keys[:SHOWN_KEYS]) + (_(" and {n} more").format(n=more) if more > 0 else "")


@outbox.command(help=_("One message: its headers, rows, attempts and text; or its exact bytes."))
@click.argument("name", metavar="ID")
@click.option("--raw", is_flag=True, help=_("the exact bytes, as they go over the wire"))
@json_option
@pass_office
def show(office: Office, name: str, raw: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Print one message."""
    need(not (raw and as_json), _("--raw or --json, not both"))
    with office.glance() as opened:
        message_id = _id_of(opened, name)
        found = messages.whole(opened, message_id) if message_id else None
        names = opened.departments()
    if found is None:
        raise NotFound(_("there is no message {id}; `wsyf outbox list` shows them").format(id=name))
    if raw:
        click.echo(_bytes(found), nl=False)
    elif as_json:
        print_json(found.as_json())
    else:
        print_whole(found, names)


def _id_of(opened: Glance, name: str) -> int | None:
    """A number, or the beginning of a Message-ID; None where there is no such message."""
    if name.isascii() and name.isdigit():
        return int(name) if int(name) <= LARGEST else None
    found = messages.by_header(opened, name)
    if len(found) > 1:
        words = _("{id} begins the Message-ID of {n} messages: {ids}; name one")
        raise Forbidden(words.format(id=name, n=len(found), ids=listed(map(str, found[:SHOWN_KEYS]))))
    return found[0] if found else None


def _bytes(found: Whole) -> bytes:
    if found.raw is None:
        if found.posted.state is MessageState.SENT:
            raise NotFound(_("message {id}: {why}").format(id=found.posted.id, why=no_bytes(found.posted)))
        raise NotFound(_("message {id} has no bytes yet: {why}").format(id=found.posted.id, why=not_made()))
    return found.raw


def no_bytes(posted: Posted) -> str:
    """What stands in the place of a text that is not kept, or not made yet."""
    if any(each.startswith("sha256:") for each in (*posted.to, *posted.cc)):
        return _("(erased): a reader's contact details were erased, and with them the bytes; their hash is kept")
    if posted.state is MessageState.SENT:
        return _("its bytes are no longer kept; their hash is")
    return "\n".join(posted.words) or not_made()


def not_made() -> str:
    """Why a message has no bytes."""
    return _("they are made when it leaves; `wsyf preview` shows such a letter")


def print_whole(found: Whole, names: dict[str, str]) -> None:
    """One message as people read it."""
    posted, mail = found.posted, found.mail
    words = _("Mail {id}: {letter}, {receiver}; {state}, {when}")
    head = words.format(
        id=posted.id,
        letter=wording.letter(posted.letter),
        receiver=_receiver(posted, names),
        state=message_state(posted.state.value),
        when=f"{posted.when:%Y-%m-%d %H:%M}",
    )
    say(head, hang=2, bold=True)
    if posted.trouble:
        say("  " + _("trouble: ") + posted.trouble, hang=2, fg="red")
    for name, value in mail.headers if mail else ():
        say(f"  {name}: {value}", hang=2)
    if mail and mail.attachments:
        say("  " + _("attached: ") + listed(mail.attachments), hang=2)
    click.echo()
    _print_lines(posted)
    _print_attempts(found.attempts)
    click.secho(_("Text"), bold=True)
    say(mail.text.rstrip("\n") if mail else no_bytes(posted))


def _print_lines(posted: Posted) -> None:
    if not posted.lines:
        return
    click.secho(_("Rows"), bold=True)
    rows = [
        (
            each.key,
            wording.rung(each.rung or "–", each.repeat),
            str(each.due_on),
            each.title,
            _note(each.role, each.dropped),
        )
        for each in posted.lines
    ]
    headers = (_("key"), _("rung"), _("due"), _("task"), _("note"))
    noted = any(note for *_rest, note in rows)
    table(headers if noted else headers[:-1], rows if noted else [row[:-1] for row in rows], keep=(0, 1, 2))


def _note(role: str, dropped: str | None) -> str:
    if dropped is not None:
        return _("taken out: {why}").format(why=wording.reason(dropped))
    return _("support") if role == "support" else ""


def _print_attempts(attempts: Sequence[Attempt]) -> None:
    if not attempts:
        return
    click.secho(_("Attempts"), bold=True)
    rows = [
        (
            f"{each.at:%Y-%m-%d %H:%M:%S}",
            each.phase,
            wording.outcome(each.outcome),
            str(each.code or "–"),
            _answer(each),
        )
        for each in attempts
    ]
    table((_("when"), _("phase"), _("outcome"), _("code"), _("answer")), rows, keep=(0, 1, 3))


def _answer(attempt: Attempt) -> str:
    refused = [_("refused {address}: {code} {text}").format(**each._asdict()) for each in attempt.refused]
    return clauses((attempt.text, *refused))
