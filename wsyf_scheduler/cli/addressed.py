"""What `wsyf explain --person` prints: what one address was told on a day, and why not of the rest."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from wsyf_scheduler.cli.fate import day_words, fate, message_words
from wsyf_scheduler.cli.output import say, table
from wsyf_scheduler.core.erased import is_erased
from wsyf_scheduler.core.people import Holder, Post
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports import wording
from wsyf_scheduler.reports.person import About, PersonExplanation


def print_person(found: PersonExplanation, names: dict[str, str]) -> None:
    """The answer for a person as people read it."""
    zone = found.books.zone
    say(found.address, bold=True)
    if is_erased(found.address):
        say("  " + _("the contact details of this person were erased; which letters went to them is kept"), hang=2)
    for post in found.posts:
        stands_in = _(" (vacant; this address stands in)") if post.vacant else ""
        say("  " + _("reads for: ") + wording.post(post.post, names) + stands_in)
    if not found.posts:
        say("  " + _("reads for no post on this day"))
        _print_terms(found, names)
    for term in found.terms:
        if found.address.casefold() == term.email.casefold() and term.holds_on(found.day.on):
            _print_absence(term, found)
    say(f"\n{day_words(found.day.on)}: {wording.day(found.day, found.books.holiday(found.day.on))}", bold=True)
    for each in found.received:
        say(f"  {wording.letter(each.message.letter)}: {message_words(each.message, zone)}", hang=2)
        say(f"    {each.message.subject}", hang=2)
        for row, item in each.rows:
            say(f"    {item.key}  {wording.rung(row.rung or '', row.repeat)}  {item.title}".rstrip(), hang=2)
    if not found.received:
        is_ahead = found.day.on > found.books.today
        words = _("This day lies ahead.") if is_ahead else _("Nothing was sent to this address on this day.")
        say("  " + words)
    _print_missed(found, zone)


def _print_absence(term: Holder, found: PersonExplanation) -> None:
    """Who reads instead while the holder is away."""
    if term.is_away_on(found.day.on):
        words = _("is away {first} – {last}: letters go to {deputy}")
        span = {"first": term.away_since or "…", "last": term.away_until or "…"}
        say("  " + words.format(**span, deputy=term.deputy), hang=2, fg="yellow")


def _print_terms(found: PersonExplanation, names: dict[str, str]) -> None:
    for term in found.terms:
        span = f"{term.since or '…'} – {term.until or '…'}"
        say(f"    {wording.post(Post(term.role, term.department), names)}: {span}")


def _print_missed(found: PersonExplanation, zone: ZoneInfo) -> None:
    if found.missed:
        rows = [(each.item.key, _rung(each), fate(each.answer.step, zone)) for each in found.missed]
        say("\n" + _("Rungs of this day that have not reached it"), bold=True)
        table((_("key"), _("rung"), _("why not")), rows, keep=(0, 1))
    elif not found.received:
        say("  " + _("No rung that concerns its posts lands on this day."))
    if found.previous is not None and not found.received:
        last = found.previous
        words = _("Last before it: {letter}, {fate}")
        say("  " + words.format(letter=wording.letter(last.letter), fate=message_words(last, zone)), hang=2)
    if found.following is not None:
        item, step = found.following.item, found.following.answer.step
        words = _("Next: {day}, {letter} ({rung}) about {key}")
        name, rung = wording.letter(step.letter), _rung(found.following)
        say("  " + words.format(day=day_words(step.on), letter=name, rung=rung, key=item.key), hang=2)


def _rung(about: About) -> str:
    return wording.rung(about.answer.step.rung, about.answer.step.repeat)
