"""`wsyf done`, `reopen`, `waive`, `extend`, `release`: what the coordinator does to assignments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import click

from wsyf_scheduler.cli.office import DAY, KEY, Office, json_option, login_name, need, pass_office
from wsyf_scheduler.cli.output import plain, print_json
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.i18n import _, ngettext

reason_option = click.option("--reason", default="", help=_("why; it is kept, and told where people are told"))


@click.command(help=_("Close assignments; each liaison gets a receipt."))
@click.argument("keys", nargs=-1, required=True, type=KEY)
@click.option("--on", type=DAY, help=_("the day it was handed in, today by default"))
@click.option("--note", default="", help=_("a note for the receipt and the trail"))
@click.option(
    "--file", "files", multiple=True, type=click.Path(exists=True, dir_okay=False), help=_("a paper to keep beside it")
)
@click.option("--without-figures", is_flag=True, help=_("close a data task though its figures are not in"))
@reason_option
@json_option
@pass_office
def done(
    office: Office,
    keys: tuple[str, ...],
    on: date | None,
    note: str,
    files: tuple[str, ...],
    without_figures: bool,  # noqa: FBT001 - click's way
    reason: str,
    as_json: bool,  # noqa: FBT001 - click's way
) -> None:
    """Close them all, or none."""
    from wsyf_scheduler.acts import close, keep_papers

    need(bool(reason.strip()) or not without_figures, _("--without-figures needs --reason TEXT"))
    app = office.app()
    papers = keep_papers.act(app.config.evidence, files) if _all_found(office, keys) else []
    detail: dict[str, object] = {"papers": papers} if papers else {}
    detail |= {"without_figures": reason} if without_figures else {}
    items = close.act(app, app.clock.now(), keys=keys, who=login_name(), on=on, note=note or reason, detail=detail)
    tell(
        office,
        items,
        as_json,
        [_("closed as of {day}; the liaison gets a receipt").format(day=each.closed_on) for each in items],
    )


@click.command(help=_("Open a closed or waived assignment again; an overdue one goes on at its chaser."))
@click.argument("key", type=KEY)
@reason_option
@json_option
@pass_office
def reopen(office: Office, key: str, reason: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Reopen it."""
    from wsyf_scheduler.acts import reopen as verb

    app = office.app()
    item = verb.act(app, app.clock.now(), key=key, reason=reason, who=login_name())
    tell(office, [item], as_json, [_("open again, due {day}").format(day=item.due_on)])


@click.command(help=_("Waive an assignment: it is no longer asked for."))
@click.argument("key", type=KEY)
@reason_option
@json_option
@pass_office
def waive(office: Office, key: str, reason: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Waive it."""
    from wsyf_scheduler.acts import waive as verb

    app = office.app()
    item = verb.act(app, app.clock.now(), key=key, reason=reason, who=login_name())
    tell(office, [item], as_json, [_("waived; the liaison is told")])


@click.command(help=_("Give an assignment a later due day; the old one is kept and shown."))
@click.argument("key", type=KEY)
@click.option("--to", type=DAY, required=True, help=_("the new due day"))
@click.option("--reason", required=True, help=_("why"))
@click.option("--approved-by", required=True, help=_("who allowed it, by post"))
@json_option
@pass_office
def extend(office: Office, key: str, to: date, reason: str, approved_by: str, as_json: bool) -> None:  # noqa: FBT001
    """Extend it."""
    from wsyf_scheduler.acts import extend as verb

    app = office.app()
    item = verb.act(app, app.clock.now(), key=key, to=to, reason=reason, approved_by=approved_by, who=login_name())
    words = _("due {day} instead of {old}; the liaison is told").format(day=item.due_on, old=item.original_due_on)
    tell(office, [item], as_json, [words])


@click.command(help=_("Let held assignments speak again; an overdue one goes on at its chaser, counted from today."))
@click.argument("keys", nargs=-1, type=KEY)
@click.option("--all", "everything", is_flag=True, help=_("everything that is held"))
@json_option
@pass_office
def release(office: Office, keys: tuple[str, ...], everything: bool, as_json: bool) -> None:  # noqa: FBT001
    """Release them all, or none."""
    from wsyf_scheduler.acts import release as verb

    need(bool(keys) != everything, _("name assignments to release, or say --all"))
    app = office.app()
    items = verb.act(app, app.clock.now(), keys=keys, everything=everything, who=login_name())
    tell(office, items, as_json, [_("released") for _each in items])
    if not items and not as_json:
        click.echo(_("nothing is held"))


def _all_found(office: Office, keys: Iterable[str]) -> bool:
    """Whether each key names an assignment (NotFound, Usage else), so that a slip of a key leaves no paper behind."""
    from wsyf_scheduler.store.lookup import find

    with office.glance() as opened:
        return all(find(opened, key) for key in keys)


def tell(office: Office, items: list[Assignment], as_json: bool, words: Iterable[str]) -> None:  # noqa: FBT001
    """Say what was done, a line each; or the assignments as `list --json` has them."""
    app_today = _today(office)
    if as_json:
        print_json([plain(item, app_today) for item in items])
        return
    for item, said in zip(items, words, strict=True):
        click.echo(f"{item.key}  {item.title}: {said}")
        if item.held and item.state is State.OPEN:
            words = _("it is still held, and no reminder goes out about it: `wsyf release {key}` lets it speak")
            click.secho("  " + words.format(key=item.key), fg="yellow")
    if len(items) > 1:
        click.echo(ngettext("{n} assignment", "{n} assignments", len(items)).format(n=len(items)))


def _today(office: Office) -> date:
    from wsyf_scheduler.cli.listing import today_of

    with office.glance() as opened:
        return today_of(office, opened)
