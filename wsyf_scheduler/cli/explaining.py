"""`wsyf explain`: why a letter went, or did not go, on a day; for an assignment or for a person. Light reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.desk import message_state, weekday
from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, json_option, need, pass_office
from wsyf_scheduler.cli.output import plain, print_json, state_name, state_words, table
from wsyf_scheduler.cli.params import DAY, KEY
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports import past, shapes, wording
from wsyf_scheduler.reports.explain import Answer, Explanation, Watch
from wsyf_scheduler.reports.explain import explain as explain_assignment
from wsyf_scheduler.reports.ladder import Step
from wsyf_scheduler.reports.past import Span
from wsyf_scheduler.reports.person import About, PersonExplanation, explain_person
from wsyf_scheduler.reports.recorded import Recorded, Sending, Try
from wsyf_scheduler.store.glance import Glance
from wsyf_scheduler.store.lookup import find


@click.command(
    help=_("Why a letter about KEY went or did not go on a day: rung, slot, days skipped, recipients, guards.")
)
@click.argument("key", type=KEY, required=False)
@click.option("--on", type=DAY, help=_("the day asked about, today by default"))
@click.option("--person", metavar="ADDRESS", help=_("instead of KEY: what this address was told that day, and why"))
@json_option
@pass_office
def explain(office: Office, key: str | None, on: date | None, person: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Answer for an assignment, or for a person."""
    need(bool(key) != bool(person), _("name one assignment, or a person with --person ADDRESS"))
    with office.glance() as opened:
        if key:
            _tell_assignment(office, opened, key, on, as_json=as_json)
        else:
            _tell_person(office, opened, person or "", on, as_json=as_json)


def _tell_assignment(office: Office, opened: Glance, key: str, on: date | None, *, as_json: bool) -> None:
    item = find(opened, key)
    source = past.read(opened, office.config, opened.zones()[item.plan_id], office.now(opened))
    found = explain_assignment(opened, source, item, on or source.today)
    if as_json:
        print_json({"assignment": plain(item, source.today), **shapes.explanation(found)})
    else:
        print_explanation(found, opened.departments())


def _tell_person(office: Office, opened: Glance, address: str, on: date | None, *, as_json: bool) -> None:
    zone = next(iter(opened.zones().values()), DEFAULT_ZONE)
    source = past.read(opened, office.config, zone, office.now(opened))
    found = explain_person(opened, source, address, on or source.today)
    if as_json:
        print_json(shapes.person(found))
    else:
        print_person(found, opened.departments())


def print_explanation(found: Explanation, names: dict[str, str]) -> None:
    """The answer for an assignment as people read it."""
    item, zone = found.item, found.books.zone
    click.secho(f"{item.key}  {item.title}", bold=True)
    due = f"{item.due_on} ({wording.basis(item.due_basis)})"
    due += _("; extended from {day}").format(day=item.original_due_on) if item.original_due_on else ""
    click.echo("  " + _("state: ") + state_words(item, found.books.today))
    click.echo("  " + _("due: ") + due)
    click.echo("  " + _("tracked from: ") + _when(item.tracked_from, zone))
    click.secho(f"\n{_day(found.day.on)}: {wording.day(found.day)}", bold=True)
    _print_that_day(found, zone)
    for each in found.landed:
        _print_answer(each, zone, names)
    if not found.landed:
        _print_around(found, zone, names)
    for row in found.others:
        click.echo("  " + _other(row, zone))
    troubled = {attempt.message_id for attempt in found.tries if attempt.outcome != "sent"}
    for attempt in found.tries:
        if attempt.message_id in troubled:
            click.echo("  " + _try(attempt, zone))
    for message_id in found.held_messages:
        click.secho(
            "  " + _("a guard holds mail {id} back; see `wsyf outbox show {id}`").format(id=message_id), fg="yellow"
        )
    click.secho("\n" + _("Posts on {day}").format(day=found.day.on), bold=True)
    for post in found.posts:
        click.echo("  " + _post(post, names))
    _print_ladder(found.ladder, zone, names)


def _print_that_day(found: Explanation, zone: ZoneInfo) -> None:
    """What was otherwise on that day than it is now: the assignment, the rules, the queue, the engine."""
    then, item = found.then, found.item
    if then is not None and (then.state, then.held, then.due_on) != (item.state, item.held, item.due_on):
        words = _("that day: {state}, due {day}")
        state = _("held") if then.held else state_name(then.state.value)
        click.echo("  " + words.format(state=state, day=then.due_on))
    if found.rules_since is not None:
        words = _("by the ladder, hours and calendar in force since {when}, not those of today")
        click.echo("  " + words.format(when=_when(found.rules_since, zone)))
    for hold in found.holds:
        words = _("the queue was held from {first} to {last}: {why}")
        click.secho("  " + words.format(**_ends(hold, zone), why=hold.why), fg="yellow")
    for pause in found.pauses:
        words = _("the engine did not run from {first} to {last}")
        click.secho("  " + words.format(**_ends(pause, zone)), fg="yellow")


def _ends(span: Span, zone: ZoneInfo) -> dict[str, str]:
    return {
        "first": _when(span.from_at, zone) if span.from_at else "…",
        "last": _when(span.to_at, zone) if span.to_at else "…",
    }


def _try(found: Try, zone: ZoneInfo) -> str:
    words = _("mail {id}, try of {when}: {outcome}")
    said = words.format(id=found.message_id, when=_when(found.at, zone), outcome=wording.outcome(found.outcome))
    answer = f"{found.code or ''} {found.text}".strip()
    return f"{said} ({answer})" if answer else said


def _print_answer(found: Answer, zone: ZoneInfo, names: dict[str, str]) -> None:
    step = found.step
    receiver = wording.role(step.audience) if step.audience != "department" else names.get(step.receiver, step.receiver)
    head = f"{wording.letter(step.letter)} ({wording.rung(step.rung, step.repeat)}), {receiver}: "
    click.echo("  " + head + fate(step, zone))
    if found.way is not None and step.is_main:
        click.echo("    " + wording.way(found.way))
    for label, readers in ((_("to: "), found.to), (_("cc: "), found.cc)):
        if readers:
            click.echo("    " + label + ", ".join(wording.reader(each) for each in readers))
    for post in found.vacant:
        click.secho("    " + _("vacant: {post}").format(post=wording.post(post, names)), fg="yellow")


def _print_around(found: Explanation, zone: ZoneInfo, names: dict[str, str]) -> None:
    click.echo("  " + _("No rung of this assignment lands on this day."))
    for label, each in ((_("Before it:"), found.before), (_("After it:"), found.after)):
        if each is None:
            click.echo(f"  {label} " + _("none"))
        else:
            click.echo(f"  {label} {_day(each.step.on)}")
            _print_answer(each, zone, names)


def _other(row: Recorded, zone: ZoneInfo) -> str:
    """A message that left that day, though no rung of the day brought it."""
    assert row.message is not None
    name = wording.letter(row.letter) + (f" ({wording.rung(row.rung, row.repeat)})" if row.rung else "")
    why = f"; {wording.reason(row.reason)}" if row.rung else ""
    return f"{name}: {_message(row.message, zone)}{why}"


def _post(found: Watch, names: dict[str, str]) -> str:
    readers = ", ".join(wording.reader(each) for each in found.readers)
    if not found.vacant:
        return f"{wording.post(found.post, names)}: {readers}"
    return _("{post}: vacant; To is read by {readers}").format(post=wording.post(found.post, names), readers=readers)


def _print_ladder(ladder: Sequence[Step], zone: ZoneInfo, names: dict[str, str]) -> None:
    rows = [
        (
            wording.rung(step.rung, step.repeat),
            str(step.landing.nominal_on) if step.landing else "–",
            str(step.on),
            _in_ladder(step, ladder, zone, names),
        )
        for step in ladder
        if step.audience == "department"
    ]
    click.secho("\n" + _("The whole ladder"), bold=True)
    table((_("rung"), _("counted"), _("day"), _("what became of it")), rows, keep=(0, 1, 2))


def _in_ladder(step: Step, ladder: Sequence[Step], zone: ZoneInfo, names: dict[str, str]) -> str:
    words = fate(step, zone)
    if not step.is_main:
        words = f"{names.get(step.receiver, step.receiver)}: {words}"
    if not step.is_present:
        words += _(" (for the due day {day})").format(day=step.due_on)
    leaders = [wording.role(each.audience) for each in ladder if each.audience != "department" and _is_same(each, step)]
    return words + (_("; briefing: {roles}").format(roles=", ".join(leaders)) if leaders and step.is_main else "")


def _is_same(step: Step, other: Step) -> bool:
    return (step.rung, step.repeat, step.slot_at) == (other.rung, other.repeat, other.slot_at)


def fate(step: Step, zone: ZoneInfo) -> str:
    """What became of a step, and why."""
    if step.dropped is not None and step.message is not None:
        taken = _("taken out of mail {id} before it went: {why}")
        return taken.format(id=step.message.id, why=wording.reason(step.dropped))
    if step.message is not None and step.speaks:
        late = "" if step.reason == "due" else f"; {wording.reason(step.reason)}"
        return _message(step.message, zone) + late
    if step.ahead and step.speaks:
        return _("ahead") if step.reason == "ahead" else wording.reason(step.reason)
    words = _("none will go: {why}") if step.ahead else _("none: {why}")
    return words.format(why=wording.reason(step.dropped or step.reason))


def _message(found: Sending, zone: ZoneInfo) -> str:
    if found.sent_at is not None:
        words = _("sent {when}, mail {id}").format(when=_when(found.sent_at, zone), id=found.id)
        refused = [
            _("; the server refused {address} ({code} {text})").format(**each._asdict()) for each in found.refused
        ]
        return words + "".join(refused)
    words = f"{message_state(found.state)}, " + _("mail {id}").format(id=found.id)
    return f"{words} ({found.trouble})" if found.trouble else words


def print_person(found: PersonExplanation, names: dict[str, str]) -> None:
    """The answer for a person as people read it."""
    zone = found.books.zone
    click.secho(found.address, bold=True)
    for post in found.posts:
        stands_in = _(" (vacant; this address stands in)") if post.vacant else ""
        click.echo("  " + _("reads for: ") + wording.post(post.post, names) + stands_in)
    if not found.posts:
        click.echo("  " + _("reads for no post on this day"))
        _print_terms(found, names)
    click.secho(f"\n{_day(found.day.on)}: {wording.day(found.day)}", bold=True)
    for each in found.received:
        click.echo(f"  {wording.letter(each.message.letter)}: {_message(each.message, zone)}")
        click.echo(f"    {each.message.subject}")
        for row, item in each.rows:
            click.echo(f"    {item.key}  {wording.rung(row.rung or '', row.repeat)}  {item.title}".rstrip())
    if not found.received:
        is_ahead = found.day.on > found.books.today
        words = _("This day lies ahead.") if is_ahead else _("Nothing was sent to this address on this day.")
        click.echo("  " + words)
    _print_missed(found, zone)


def _print_terms(found: PersonExplanation, names: dict[str, str]) -> None:
    from wsyf_scheduler.core.people import Post

    for term in found.terms:
        span = f"{term.since or '…'} – {term.until or '…'}"
        click.echo(f"    {wording.post(Post(term.role, term.department), names)}: {span}")


def _print_missed(found: PersonExplanation, zone: ZoneInfo) -> None:
    if found.missed:
        rows = [(each.item.key, _rung(each), fate(each.answer.step, zone)) for each in found.missed]
        click.secho("\n" + _("Rungs of this day that have not reached it"), bold=True)
        table((_("key"), _("rung"), _("why not")), rows, keep=(0, 1))
    elif not found.received:
        click.echo("  " + _("No rung that concerns its posts lands on this day."))
    if found.following is not None:
        step = found.following.answer.step
        words = _("Next: {day}, {letter} ({rung}) about {key}")
        name = wording.letter(step.letter)
        click.echo(
            "  "
            + words.format(day=_day(step.on), letter=name, rung=_rung(found.following), key=found.following.item.key)
        )


def _rung(about: About) -> str:
    return wording.rung(about.answer.step.rung, about.answer.step.repeat)


def _day(day: date) -> str:
    return f"{day}, {weekday(day)}"


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
