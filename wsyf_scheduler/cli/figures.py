"""`wsyf data`: forms out, forms in, figures by telephone, confirmed, shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wsyf_scheduler.cli.figure_words import (
    close_reached,
    closed_by_figures,
    no_longer_reached,
    print_doubts,
    print_understood,
    taken_as_json,
    told,
)
from wsyf_scheduler.cli.figures_shown import PERIOD_OR_KEY
from wsyf_scheduler.cli.office import (
    KEY,
    Office,
    dry_run_option,
    json_option,
    login_name,
    need,
    pass_office,
    plan_option,
)
from wsyf_scheduler.cli.output import nothing_changed, print_json, say
from wsyf_scheduler.core.assignment import State
from wsyf_scheduler.errors import Fault, Forbidden, Invalid, Usage, WsyfError
from wsyf_scheduler.i18n import _, ngettext

if TYPE_CHECKING:
    from wsyf_scheduler.acts.hand_in import HandedIn, Value
    from wsyf_scheduler.core.assignment import Assignment
    from wsyf_scheduler.files.filled import Filled
    from wsyf_scheduler.forming import Brought

INDUSTRY = "industry"
confirm_option = click.option("--confirm", metavar="TEXT", default="", help=_("why unlikely figures are right; kept"))


@click.group(help=_("Figures: forms out and in, by telephone, confirmed, shown."))
def data() -> None:
    """Group the commands about figures."""


@data.command(help=_("Write the form of KEY, an XLSX the department fills in."))
@click.argument("key", type=KEY)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=_("the file to write"))
@pass_office
def form(office: Office, key: str, output: Path | None) -> None:
    """Write it; a file that is there already is never written over, it may be filled in."""
    from wsyf_scheduler.figuring import whole_plan
    from wsyf_scheduler.files import form_pages, forms
    from wsyf_scheduler.finding import find
    from wsyf_scheduler.forming import form_of

    app = office.app()
    with app.db.read() as session:
        item = find(session, key)
        today = app.plans(session)[item.plan_id].table.hours.day_of(app.clock.now())
        found = form_of(app, session, whole_plan(session, item.plan_id), item, today)
    path = output or Path(forms.file_name(item.key))
    content = form_pages.write(found)
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        message = _("{path} exists already, and may be filled in: give another name with -o")
        raise Forbidden(message.format(path=path)) from None
    except OSError as error:
        raise WsyfError(_("{path} cannot be written: {why}").format(path=path, why=error.strerror)) from error
    say(_("written: {path}").format(path=path))


@data.command("import", help=_("Read filled-in forms back: all of them, or none."))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--done", "closes", is_flag=True, help=_("close what is whole, too"))
@confirm_option
@dry_run_option
@json_option
@pass_office
def import_(
    office: Office,
    files: tuple[Path, ...],
    closes: bool,  # noqa: FBT001 - click's way
    confirm: str,
    dry_run: bool,  # noqa: FBT001 - click's way
    as_json: bool,  # noqa: FBT001 - click's way
) -> None:
    """Take them, after what was understood has been shown."""
    from wsyf_scheduler.forming import brought

    filled = _read_all(files)
    app = office.app(dry_run=dry_run)
    with app.db.read() as session:
        found = brought(session, sorted(app.plans(session)), filled)
    if not as_json:
        print_understood(found)
    _hand_in(office, found, confirm=confirm, closes=closes, dry_run=dry_run, as_json=as_json)


def _read_all(files: Sequence[Path]) -> list[Filled]:
    from wsyf_scheduler.files import filled

    found: list[Filled] = []
    faults: list[Fault] = []
    for path in dict.fromkeys(files):
        try:
            found.append(filled.read(path))
        except Invalid as error:
            faults += error.faults
    if faults:
        raise Invalid(faults)
    return found


@data.command(help=_("Figures of KEY as told by telephone: industry=coal accidents=3 casualties=5 industry=…"))
@click.argument("key", type=KEY)
@click.argument("words", nargs=-1, required=True, metavar="NAME=VALUE…")
@click.option("--source", metavar="TEXT", default="", help=_("who told them, or in which paper they stand; kept"))
@click.option("--done", "closes", is_flag=True, help=_("close it too when it is whole"))
@confirm_option
@dry_run_option
@json_option
@pass_office
def submit(
    office: Office,
    key: str,
    words: tuple[str, ...],
    source: str,
    closes: bool,  # noqa: FBT001 - click's way
    confirm: str,
    dry_run: bool,  # noqa: FBT001 - click's way
    as_json: bool,  # noqa: FBT001 - click's way
) -> None:
    """Take them."""
    from wsyf_scheduler.figuring import require_asked, whole_plan, year_of
    from wsyf_scheduler.finding import find
    from wsyf_scheduler.forming import Brought

    app = office.app(dry_run=dry_run)
    with app.db.read() as session:
        item = find(session, key)
        plan = whole_plan(session, item.plan_id)
    industries = list(dict.fromkeys(industry for industry, _measure in require_asked(plan, item)))
    shares = {each.id for each in plan.measured.indicators if each.alone}
    handed = told_figures(words, industries, shares)
    year = year_of(plan, item)
    assert year is not None  # what asks figures has a year
    one = Brought(item=item, plan=plan, year=year, handed=handed, cells={}, source=source)
    _hand_in(office, [one], confirm=confirm, closes=closes, dry_run=dry_run, as_json=as_json)


def told_figures(
    words: Sequence[str], industries: Sequence[str], shares: Collection[str]
) -> dict[str, dict[str, Value]]:
    """`industry=coal accidents=3 …` as industry to measure to value; one industry alone need not be named.

    What `shares` names is a quotient; all else is a count.
    """
    from wsyf_scheduler.files import numerals

    industry = industries[0] if len(industries) == 1 else None
    found: dict[str, dict[str, Value]] = {}
    for word in words:
        name, equals, text = (part.strip() for part in word.partition("="))
        need(equals and name and text, _("write NAME=VALUE, such as accidents=3; found {word}").format(word=word))
        if name == INDUSTRY:
            industry = text
            continue
        if industry is None:
            raise Usage(_("of which industry? begin with industry={names}").format(names="|".join(industries)))
        values = found.setdefault(industry, {})
        need(name not in values, _("{name} of {industry} is given twice").format(name=name, industry=industry or "-"))
        try:
            values[name] = numerals.share(text) if name in shares else numerals.whole(text)
        except ValueError as error:
            raise Usage(f"{name}: {error}") from error
    need(found, _("no figure is given; write NAME=VALUE, such as accidents=3"))
    return found


def _hand_in(
    office: Office, found: Sequence[Brought], *, confirm: str, closes: bool, dry_run: bool, as_json: bool
) -> None:
    """The act, and what is said of it: of all that was brought, or nothing."""
    from wsyf_scheduler.acts import close, hand_in

    for text in (confirm, *(one.source for one in found)):
        _require_text(text)
    app = office.app(dry_run=dry_run)
    now, who = app.clock.now(), login_name()
    given = [hand_in.Given(f"{one.item.plan_id}:{one.item.key}", one.handed, one.source) for one in found]
    results = hand_in.act_all(app, now, given=given, who=who, confirm=confirm, whole=closes)
    if not all(each.is_taken for each in results):
        print_doubts(found, results, whole=closes)
        raise Forbidden(_refusal(results, lacks=closes))
    closed: list[Assignment] = []
    reached: list[Assignment] = []
    if not dry_run:
        waiting = [f"{each.item.plan_id}:{each.item.key}" for each in results if each.item.state is not State.DONE]
        closed = close.act(app, now, keys=waiting, who=who) if closes and waiting else []
        corrected = [each.item for each in results if each.changes and each.item.state is State.DONE]
        reached = close_reached(app, now, [*closed, *corrected], who=who)
    if as_json:
        print_json([taken_as_json(each, closed) for each in results])
    else:
        _tell(found, results, closes=closes)
    for item in reached:
        say(closed_by_figures(item), err=as_json)
    for item in {item.id: item for each in results for item in each.fallen}.values():
        say(no_longer_reached(item), fg="yellow", err=as_json)
    if dry_run and not as_json:
        say(_("a dry run: nothing was changed"))


def _tell(found: Sequence[Brought], results: Sequence[HandedIn], *, closes: bool) -> None:
    for one, each in zip(found, results, strict=True):
        is_closed = closes and each.item.state is not State.DONE
        say(told(one, each, is_closed=is_closed), fg="yellow" if each.lacking else "green")


def _require_text(text: str) -> None:
    """A reason and a source stand in the trail for good."""
    from wsyf_scheduler.changing import HALF, LONGEST

    need(
        len(text) <= LONGEST and not HALF.search(text),
        _("a source or reason must be readable text of at most {n} characters").format(n=LONGEST),
    )


def _refusal(results: Sequence[HandedIn], *, lacks: bool) -> str:
    if any(each.impossible for each in results):
        return _("nothing was taken: these figures cannot be")
    if any(each.unlikely for each in results):
        return _("nothing was taken; where these figures are right all the same, say why: --confirm TEXT")
    assert lacks
    return _("nothing was taken: --done closes only what is whole")


@data.command(help=_("Figures handed in before their year had ended are final now."))
@click.argument("keys", nargs=-1, required=True, type=KEY)
@dry_run_option
@json_option
@pass_office
def confirm(office: Office, keys: tuple[str, ...], dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Confirm them all, or none."""
    from wsyf_scheduler.acts import confirm_figures

    app = office.app(dry_run=dry_run)
    found = confirm_figures.act(app, app.clock.now(), keys=keys, who=login_name())
    if as_json:
        print_json([{"key": each.item.key, "confirmed": len(each.rows)} for each in found])
        return
    for each in found:
        n = len(each.rows)
        words = ngettext("{key}: {n} figure is final now", "{key}: {n} figures are final now", n)
        say((words if n else _("{key}: nothing was provisional")).format(key=each.item.key, n=n))
    nothing_changed(dry_run=dry_run)


@data.command(help=_("What is handed in, and what is missing; with a period or KEY: the figures themselves."))
@click.argument("what", metavar="[PERIOD|KEY]", required=False, type=PERIOD_OR_KEY)
@plan_option
@json_option
@pass_office
def show(office: Office, what: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Show them."""
    from wsyf_scheduler.cli.figures_shown import as_values, print_figures, print_overview
    from wsyf_scheduler.reports.figures import look

    app = office.app()
    with app.db.read() as session:
        found = look(app, session, what, office.plan, office.meant)
    if as_json:
        print_json([as_values(each) for each in found])
    elif what is None:
        print_overview(found)
    else:
        print_figures(found)
