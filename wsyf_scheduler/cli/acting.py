"""`wsyf done`, `return`, `reopen`, `waive`, `extend`: what the coordinator does to assignments, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import click

from wsyf_scheduler.cli.consequences import Done, look, paired, tell
from wsyf_scheduler.cli.office import (
    DAY,
    KEY,
    Office,
    dry_run_option,
    json_option,
    login_name,
    need,
    pass_office,
)
from wsyf_scheduler.cli.output import say
from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from wsyf_scheduler.app import App

reason_option = click.option("--reason", default="", help=_("why; it is kept, and told where people are told"))


@click.command(help=_("Close assignments; each liaison gets a receipt."))
@click.argument("keys", nargs=-1, required=True, type=KEY)
@click.option("--on", type=DAY, help=_("the day it was handed in, today by default"))
@click.option("--note", default="", help=_("a note for the receipt and the trail"))
@click.option("--file", "files", multiple=True, type=click.Path(), help=_("a paper to keep beside it"))
@click.option("--without-figures", is_flag=True, help=_("close a data task though its figures are not in"))
@reason_option
@dry_run_option
@json_option
@pass_office
def done(  # noqa: PLR0913 - an option each
    office: Office,
    keys: tuple[str, ...],
    on: date | None,
    note: str,
    files: tuple[str, ...],
    without_figures: bool,  # noqa: FBT001 - click's way
    reason: str,
    dry_run: bool,  # noqa: FBT001 - click's way
    as_json: bool,  # noqa: FBT001 - click's way
) -> None:
    """Close them all, or none."""
    from wsyf_scheduler.acts import close, keep_papers

    need(bool(reason.strip()) or not without_figures, _("--without-figures needs --reason TEXT"))
    app = office.app(dry_run=dry_run)
    now, before = app.clock.now(), look(app, keys)
    keys = tuple(str(item.id) for item in before)
    act = partial(
        close.act, now=now, keys=keys, who=login_name(), on=on, note=note or reason, without_figures=without_figures
    )
    detail: dict[str, object] = {"without_figures": reason} if without_figures else {}
    if files:
        act(office.app(dry_run=True), detail=detail)  # what is refused leaves no paper behind
        detail["papers"] = keep_papers.act(app.config.evidence, files, dry_run=dry_run)
    after = act(app, detail=detail)
    words = _closed_with_papers if files else _closed
    tell(app, now, Done(pairs=paired(before, after), letter="receipt", words=words, as_json=as_json, dry_run=dry_run))
    if any(item.form for item in after):
        from wsyf_scheduler.cli.figure_words import close_reached, closed_by_figures

        for item in close_reached(app, now, after, who=login_name()):
            say(closed_by_figures(item), err=as_json)


def _closed(item: Assignment) -> str:
    return _("closed as of {day}").format(day=item.closed_on)


def _closed_with_papers(item: Assignment) -> str:
    return _("closed as of {day}, its papers kept").format(day=item.closed_on)


@click.command("return", help=_("Give back what was handed in: it is open again, and the liaison is told why."))
@click.argument("key", type=KEY)
@reason_option
@dry_run_option
@json_option
@pass_office
def return_(office: Office, key: str, reason: str, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Return it."""
    from wsyf_scheduler.acts import give_back

    app = office.app(dry_run=dry_run)
    now, before = app.clock.now(), look(app, [key])
    resting = _resting(app, before[0])
    after = give_back.act(app, now, key=str(before[0].id), reason=reason, who=login_name())
    pairs = paired(before, [after])
    tell(app, now, Done(pairs=pairs, letter="receipt", words=_returned, as_json=as_json, dry_run=dry_run))
    _tell_fallen(resting, as_json=as_json)


def _returned(item: Assignment) -> str:
    return _("returned; open again, due {day}").format(day=item.due_on)


@click.command(help=_("Open a closed or waived assignment again; an overdue one goes on at its chaser."))
@click.argument("key", type=KEY)
@reason_option
@dry_run_option
@json_option
@pass_office
def reopen(office: Office, key: str, reason: str, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Reopen it."""
    from wsyf_scheduler.acts import reopen as verb

    app = office.app(dry_run=dry_run)
    now, before = app.clock.now(), look(app, [key])
    resting = _resting(app, before[0])
    after = verb.act(app, now, key=str(before[0].id), reason=reason, who=login_name())
    pairs = paired(before, [after])
    tell(app, now, Done(pairs=pairs, letter="change", words=_reopened, as_json=as_json, dry_run=dry_run))
    _tell_fallen(resting, as_json=as_json)


def _resting(app: App, item: Assignment) -> list[Assignment]:
    """What figures closed, and rests on those of this assignment, which will count no more."""
    if item.form is None:
        return []
    from wsyf_scheduler.cli.figure_words import resting_on

    return resting_on(app, item)


def _tell_fallen(items: Sequence[Assignment], *, as_json: bool) -> None:
    if items:
        from wsyf_scheduler.cli.figure_words import no_longer_reached

        for item in items:
            say(no_longer_reached(item), fg="yellow", err=as_json)


def _reopened(item: Assignment) -> str:
    return _("open again, due {day}").format(day=item.due_on)


@click.command(help=_("Waive an assignment: it is no longer asked for."))
@click.argument("key", type=KEY)
@reason_option
@dry_run_option
@json_option
@pass_office
def waive(office: Office, key: str, reason: str, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Waive it."""
    from wsyf_scheduler.acts import waive as verb

    app = office.app(dry_run=dry_run)
    now, before = app.clock.now(), look(app, [key])
    after = verb.act(app, now, key=str(before[0].id), reason=reason, who=login_name())
    pairs = paired(before, [after])
    tell(app, now, Done(pairs=pairs, letter="change", words=_waived, as_json=as_json, dry_run=dry_run))


def _waived(_item: Assignment) -> str:
    return _("waived")


@click.command(help=_("Give an assignment a later due day, or shorten an extension; the original is kept."))
@click.argument("key", type=KEY)
@click.option("--to", type=DAY, required=True, help=_("the new due day"))
@click.option("--reason", default="", help=_("why"))
@click.option("--approved-by", default="", help=_("who allowed it, by post"))
@dry_run_option
@json_option
@pass_office
def extend(
    office: Office,
    key: str,
    to: date,
    reason: str,
    approved_by: str,
    dry_run: bool,  # noqa: FBT001 - click's way
    as_json: bool,  # noqa: FBT001 - click's way
) -> None:
    """Extend it."""
    from wsyf_scheduler.acts import extend as verb

    app = office.app(dry_run=dry_run)
    now, before = app.clock.now(), look(app, [key])
    item_id = str(before[0].id)
    after = verb.act(app, now, key=item_id, to=to, reason=reason, approved_by=approved_by, who=login_name())
    old = before[0].due_on
    tell(
        app,
        now,
        Done(
            pairs=paired(before, [after]),
            letter="change",
            words=lambda item: _("due {day} instead of {old}").format(day=item.due_on, old=old),
            as_json=as_json,
            dry_run=dry_run,
        ),
    )
