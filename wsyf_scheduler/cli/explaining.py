"""`wsyf explain`: why a letter went, or did not go, on a day; for an assignment or for a person. Light reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.addressed import print_person
from wsyf_scheduler.cli.fate import day_words, fate, message_words, when
from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, json_option, need, pass_office
from wsyf_scheduler.cli.output import plain, print_json, say, state_name, state_words, table
from wsyf_scheduler.cli.params import DAY, KEY
from wsyf_scheduler.cli.trail import code_words, phrase, reasons
from wsyf_scheduler.core.ladder import LADDER_LETTERS
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports import past, shapes, wording
from wsyf_scheduler.reports.explain import Answer, Explanation, Watch
from wsyf_scheduler.reports.explain import explain as explain_assignment
from wsyf_scheduler.reports.ladder import Step
from wsyf_scheduler.reports.past import Span
from wsyf_scheduler.reports.person import explain_person
from wsyf_scheduler.reports.recorded import Deed, Recorded, Try
from wsyf_scheduler.store.glance import Glance
from wsyf_scheduler.store.lookup import find


@click.command(
    help=_("Why a letter about KEY went or did not go on a day: rung, slot, days skipped, recipients, guards.")
)
@click.argument("key", type=KEY, required=False)
@click.option("--on", type=DAY, help=_("the day asked about, today by default"))
@click.option(
    "--person",
    metavar="ADDRESS",
    help=_("instead of KEY: what this address, or whoever holds this post (transport/liaison), was told that day"),
)
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
    say(f"{item.key}  {item.title}", bold=True)
    due = f"{item.due_on} ({wording.basis(item.due_basis)})"
    due += _("; extended from {day}").format(day=item.original_due_on) if item.original_due_on else ""
    say("  " + _("state: ") + state_words(item, found.books.today), hang=2)
    say("  " + _("due: ") + due, hang=2)
    say("  " + _("tracked from: ") + when(item.tracked_from, zone), hang=2)
    say(f"\n{day_words(found.day.on)}: {wording.day(found.day, found.books.holiday(found.day.on))}", bold=True)
    _print_that_day(found, zone)
    for each in found.landed:
        _print_answer(each, found, names)
    if not found.landed:
        _print_around(found, names)
    for row in found.others:
        say("  " + _other(row, zone), hang=2)
    _print_mail(found, zone)
    _print_deeds(found, zone)
    say("\n" + _("Posts on {day}").format(day=found.day.on), bold=True)
    for post in found.posts:
        for line in post_words(post, names):
            say("  " + line, hang=2)
    _print_ladder(found.ladder, zone, names)


def _print_that_day(found: Explanation, zone: ZoneInfo) -> None:
    """What was otherwise on that day than it is now: the assignment, the rules, the queue, the engine."""
    then, item = found.then, found.item
    if then is not None and (then.state, then.held, then.due_on) != (item.state, item.held, item.due_on):
        words = _("that day: {state}, due {day}")
        state = _("held") if then.held else state_name(then.state.value)
        say("  " + words.format(state=state, day=then.due_on), hang=2)
    if then is not None and then.muted_until is not None and found.day.on < then.muted_until:
        say("  " + _("that day: muted until {day}").format(day=then.muted_until), hang=2)
    if found.rules_since is not None:
        words = _("by the ladder, hours and calendar in force since {when}, not those of today")
        say("  " + words.format(when=when(found.rules_since, zone)), hang=2)
    for hold in found.holds:
        words = _("the queue was held from {first} to {last}: {why}")
        said = words.format(**_ends(hold, zone), why=code_words(hold.why))
        said += _("; let go by {who}").format(who=hold.ended_by) if hold.ended_by else ""
        say("  " + said, hang=2, fg="yellow")
    for pause in found.pauses:
        words = _("the engine did not run from {first} to {last}")
        say("  " + words.format(**_ends(pause, zone)), hang=2, fg="yellow")


def _ends(span: Span, zone: ZoneInfo) -> dict[str, str]:
    return {
        "first": when(span.from_at, zone) if span.from_at else "…",
        "last": when(span.to_at, zone) if span.to_at else "…",
    }


def _print_answer(found: Answer, about: Explanation, names: dict[str, str]) -> None:
    step, zone = found.step, about.books.zone
    receiver = wording.role(step.audience) if step.audience != "department" else names.get(step.receiver, step.receiver)
    head = f"{wording.letter(step.letter)} ({wording.rung(step.rung, step.repeat)}), {receiver}: "
    if step.message is None or step.message.sent_at != step.slot_at:
        head += _("slot {time}; ").format(time=f"{step.slot_at.astimezone(zone):%H:%M}")
    say("  " + head + fate(step, zone), hang=2)
    if found.way is not None and step.is_main:
        say("    " + wording.way(found.way, about.books.holiday), hang=2)
    for label, readers in ((_("to: "), found.to), (_("cc: "), found.cc)):
        if readers:
            say("    " + label + ", ".join(wording.reader(each) for each in readers), hang=2)
    for post in found.vacant:
        say("    " + _("vacant: {post}").format(post=wording.post(post, names)), hang=2, fg="yellow")


def _print_around(found: Explanation, names: dict[str, str]) -> None:
    say("  " + _("No rung of this assignment lands on this day."), hang=2)
    for label, each in ((_("Before it:"), found.before), (_("After it:"), found.after)):
        if each is None:
            say(f"  {label} " + _("none"))
        else:
            say(f"  {label} {day_words(each.step.on)}")
            _print_answer(each, found, names)


def _other(row: Recorded, zone: ZoneInfo) -> str:
    """A message that left that day, though no rung of the day brought it."""
    assert row.message is not None
    name = wording.letter(row.letter)
    if row.rung:
        name += f" ({wording.rung(row.rung, row.repeat)})"
    elif row.letter in LADDER_LETTERS:
        name += _(" (asked for by hand, outside the ladder)")
    why = f"; {wording.reason(row.reason)}" if row.rung else ""
    return f"{name}: {message_words(row.message, zone)}{why}"


def _print_mail(found: Explanation, zone: ZoneInfo) -> None:
    """The tries to send the mail of the day, where a server answered or it was in trouble; what was done about it."""
    troubled = {attempt.message_id for attempt in found.tries if attempt.outcome != "sent"}
    for attempt in found.tries:
        if attempt.message_id in troubled or attempt.code:
            say("  " + _try(attempt, zone), hang=2)
    for deed in found.mail_deeds:
        say("  " + _("mail {id}").format(id=deed.message_id) + ", " + _deed(deed, zone), hang=2)
    for message_id in found.held_messages:
        words = _("a guard holds mail {id} back; see `wsyf outbox show {id}`")
        say("  " + words.format(id=message_id), hang=2, fg="yellow")


def _try(found: Try, zone: ZoneInfo) -> str:
    words = _("mail {id}, try of {when}: {outcome}")
    said = words.format(id=found.message_id, when=when(found.at, zone), outcome=wording.outcome(found.outcome))
    answer = f"{found.code or ''} {found.text}".strip()
    return f"{said} ({answer})" if answer else said


def _print_deeds(found: Explanation, zone: ZoneInfo) -> None:
    """What was done about the assignment that day; where nothing was, what was done last before it."""
    for deed in found.deeds:
        say("  " + _deed(deed, zone), hang=2)
    if not found.deeds and found.deed_before is not None:
        say("  " + _("Last done before it: {deed}").format(deed=_deed(found.deed_before, zone)), hang=2)


def _deed(deed: Deed, zone: ZoneInfo) -> str:
    """When, who, what, why."""
    why = reasons(code_words(deed.why), deed.detail)
    return f"{when(deed.at, zone)} {deed.who}: {phrase(deed.action)}" + (f" ({why})" if why else "")


def post_words(found: Watch, names: dict[str, str]) -> Iterator[str]:
    """Who reads for a post: the holder, a deputy, or whoever stands in; and who cannot be reached."""
    readers, post = ", ".join(wording.reader(each) for each in found.readers), wording.post(found.post, names)
    if found.vacant and found.refused:
        words = _("{post}: its address is refused by the mail server ({addresses}); To is read by {readers}")
        yield words.format(post=post, addresses=", ".join(found.refused), readers=readers)
    elif found.vacant:
        yield _("{post}: vacant; To is read by {readers}").format(post=post, readers=readers)
    else:
        yield f"{post}: {readers}"
    for each in found.away:
        words = _("{name} is away {first} – {last}, {deputy} is the deputy")
        yield "  " + words.format(
            name=each.name or each.email, first=each.away_since or "…", last=each.away_until or "…", deputy=each.deputy
        )


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
    say("\n" + _("The whole ladder"), bold=True)
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
