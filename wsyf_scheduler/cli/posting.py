"""`wsyf outbox release`, `discard`, `retry`: what the coordinator does to messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from wsyf_scheduler.cli.office import Office, dry_run_option, json_option, login_name, need, pass_office
from wsyf_scheduler.cli.output import listed, print_json, say
from wsyf_scheduler.core.message import MessageState
from wsyf_scheduler.errors import NotFound, nearest
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.mail.letter import LetterKind

if TYPE_CHECKING:
    from datetime import datetime

    from wsyf_scheduler.app import App
    from wsyf_scheduler.picking import Picked

SHOWN = 10  # ids named in a line


def _picking(command: Callable[..., Any]) -> Callable[..., Any]:
    """Ids and filters, the same for every act on messages."""
    options = (
        click.argument("ids", metavar="[ID]...", nargs=-1),
        click.option("--all", "everything", is_flag=True, help=_("all of them")),
        click.option(
            "--letter",
            "letters",
            multiple=True,
            type=click.Choice([kind.value for kind in LetterKind]),
            metavar="LETTER",
            help=_("only this kind of letter"),
        ),
        click.option("--department", help=_("only mail to this department (its id)")),
        click.option("--plan", "plan_id", help=_("only mail of this plan")),
        click.option("--reason", default="", help=_("why; it is kept in the trail")),
        dry_run_option,
        json_option,
        pass_office,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _picked(ids: tuple[str, ...], everything: bool, **filters: Any) -> Picked:  # noqa: FBT001 - click's way
    from wsyf_scheduler.picking import Picked

    picked = Picked(ids=ids, **filters)
    need(not (everything and not picked.is_everything), _("--all, or particular messages, not both"))
    need(not (ids and picked != Picked(ids=ids)), _("name messages by id, or by filters, not both"))
    return picked


def must_know(given: Mapping[str, str | None], known: Mapping[str, Iterable[str]]) -> None:
    """NotFound, with `did you mean`, for a department or plan nobody knows; what is not given is no matter."""
    words = {"department": _("there is no department {name}"), "plan_id": _("there is no plan {name}")}
    for kind, name in given.items():
        if name is not None and name not in known[kind]:
            close = nearest(name, known[kind])
            message = words[kind].format(name=name)
            raise NotFound(message + (_("; did you mean {names}?").format(names=listed(close)) if close else ""))


def _open(office: Office, picked: Picked, *, dry_run: bool) -> App:
    """The office, where it knows what is picked."""
    with office.glance() as opened:
        known = {"department": opened.departments(), "plan_id": opened.zones()}
    must_know({"department": picked.department, "plan_id": picked.plan_id}, known)
    return office.app(dry_run=dry_run)


@click.command(
    short_help=_("let held mail go"),
    help=_("Let held mail go: these messages, or all that is held and the hold on the whole queue."),
)
@_picking
def release(
    office: Office,
    ids: tuple[str, ...],
    everything: bool,  # noqa: FBT001 - click's way
    reason: str,
    dry_run: bool,  # noqa: FBT001 - click's way
    as_json: bool,  # noqa: FBT001 - click's way
    **filters: Any,
) -> None:
    """Release."""
    from wsyf_scheduler.acts import let_go

    picked = _picked(ids, everything, **filters)
    app = _open(office, picked, dry_run=dry_run)
    done = let_go.act(app, app.clock.now(), picked=picked, who=login_name(), reason=reason)
    if as_json:
        print_json(
            {
                "released": list(done.ids),
                "hold_ended": done.hold.reason.value if done.hold else None,
                "dry_run": dry_run,
            }
        )
        return
    if done.hold:
        say(_("The queue is no longer held; what is owed goes when the window is open."))
    if done.ids:
        _say(done.ids, ngettext("{n} message released", "{n} messages released", len(done.ids)))
    _say_dry(dry_run)


@click.command(
    help=_(
        "Write mail off: these messages, or all that is held. While the whole queue is held: all that waits, and what"
        " the ladder owes by now. `wsyf outbox retry ID` brings a message back."
    ),
    short_help=_("write mail off"),
)
@_picking
def discard(
    office: Office,
    ids: tuple[str, ...],
    everything: bool,  # noqa: FBT001 - click's way
    reason: str,
    dry_run: bool,  # noqa: FBT001 - click's way
    as_json: bool,  # noqa: FBT001 - click's way
    **filters: Any,
) -> None:
    """Write off."""
    from wsyf_scheduler.acts import write_off
    from wsyf_scheduler.ticks import remind

    picked = _picked(ids, everything, **filters)
    app = _open(office, picked, dry_run=dry_run)
    now = app.clock.now()
    owed: list[int] = []  # letters the ladder owes by now; of a dry run they have no number yet

    def decide(app: App, now: datetime) -> None:
        owed.append(remind.decide_owed(app, now).queued)

    done = write_off.act(app, now, picked=picked, who=login_name(), reason=reason, decide=decide)
    if as_json:
        print_json({"discarded": list(done.ids), "hold_ended": done.hold_ended, "owed": sum(owed), "dry_run": dry_run})
        return
    _say(done.ids, ngettext("{n} message written off", "{n} messages written off", len(done.ids)))
    if done.hold_ended:
        say(_("The queue is no longer held; letters go on with the next rung that falls due."))
    if dry_run and any(owed):
        words = ngettext("and {n} letter the ladder owes by now", "and {n} letters the ladder owes by now", sum(owed))
        say(words.format(n=sum(owed)))
    _say_dry(dry_run)


@click.command(
    short_help=_("try mail again"),
    help=_("Try mail again at once: what waits, what was given up; with --again also what was sent."),
)
@click.option("--again", is_flag=True, help=_("send once more what was sent: the same letter, to the same readers"))
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(["queued", "retry", "uncertain", "discarded"]),
    help=_("only this state"),
)
@_picking
def retry(
    office: Office,
    ids: tuple[str, ...],
    again: bool,  # noqa: FBT001 - click's way
    states: tuple[str, ...],
    everything: bool,  # noqa: FBT001 - click's way
    reason: str,
    dry_run: bool,  # noqa: FBT001 - click's way
    as_json: bool,  # noqa: FBT001 - click's way
    **filters: Any,
) -> None:
    """Try again."""
    from wsyf_scheduler.acts import try_again

    picked = _picked(ids, everything, states=tuple(MessageState(state) for state in states), **filters)
    need(everything or not picked.is_everything, _("name messages, filters, or --all"))
    need(bool(ids) or not again, _("--again needs the messages named"))
    app = _open(office, picked, dry_run=dry_run)
    done = try_again.act(app, app.clock.now(), picked=picked, again=again, who=login_name(), reason=reason)
    if as_json:
        print_json({"retried": list(done.ids), "repeats": list(done.repeats), "dry_run": dry_run})
        return
    count = len(done.ids) + len(done.repeats)
    _say((*done.ids, *done.repeats), ngettext("{n} message is tried again", "{n} messages are tried again", count))
    say(_("The daemon sends them when the window is open; `wsyf tick` does it by hand."))
    _say_dry(dry_run)


def _say(ids: tuple[int, ...], words: str) -> None:
    shown = listed([*map(str, ids[:SHOWN]), *(["…"] if len(ids) > SHOWN else [])])
    said = words.format(n=len(ids))
    say(_("{what}: {found}").format(what=said, found=shown) if shown else said, hang=2)


def _say_dry(dry_run: bool) -> None:  # noqa: FBT001 - as the option has it
    if dry_run:
        say(_("nothing was changed"), fg="yellow")
