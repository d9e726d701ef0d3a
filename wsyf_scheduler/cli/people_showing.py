"""`wsyf people show`: one person's posts, what they answer for, and what they got and when. Light reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, json_option, pass_office, plan_option
from wsyf_scheduler.cli.output import message_state, print_json, say, table
from wsyf_scheduler.cli.params import DAY
from wsyf_scheduler.core import erased
from wsyf_scheduler.core.assignment import Assignment, State
from wsyf_scheduler.core.ladder import PLAN_ROLES
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.errors import NotFound
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.reports import messages, recorded, wording

if TYPE_CHECKING:
    from wsyf_scheduler.reports.messages import Posted
    from wsyf_scheduler.store.glance import Glance

KEYS = 5  # overdue keys named one by one
REFUSED = "SELECT since_at, code, text FROM refused_address WHERE address = :address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One address: its entries, whom it stands in for, a refusal, open assignments, letters newest first."""

    address: str
    entries: tuple[Holder, ...]
    stands_in: tuple[Holder, ...]
    refused: dict[str, Any] | None
    items: tuple[Assignment, ...]
    letters: tuple[Posted, ...]

    def way(self, posted: Posted) -> str:
        """Whether a letter names the address in To or in Cc."""
        return "to" if self.address.casefold() in {each.casefold() for each in posted.to} else "cc"


@click.command(help=_("One person: posts, what they answer for, and which letters they got and when."))
@click.argument("who")
@click.option("--since", type=DAY, help=_("only letters of this day or later"))
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=20, help=_("the newest so many letters"))
@plan_option
@json_option
@pass_office
def show(office: Office, who: str, since: date | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Print one person, or each holder of a post."""
    from wsyf_scheduler.cli.listing import today_of

    with office.glance() as opened:
        today, names = today_of(office, opened), opened.departments()
        holders = recorded.holders(opened)
        zone = ZoneInfo(opened.zones().get(office.plan or "") or next(iter(opened.zones().values()), DEFAULT_ZONE))
        since_at = None if since is None else datetime.combine(since, time(0), zone)
        found = []
        for address in _addresses(opened, holders, who, names, today):
            letters = messages.to_address(opened, address, since_at=since_at, plan_id=office.plan, limit=limit)
            found.append(_person(opened, holders, address, tuple(letters), today, office.plan))
    if as_json:
        print_json([_shape(each, today) for each in found])
        return
    for each in found:
        _print(each, names, today, zone)


def _addresses(opened: Glance, holders: list[Holder], who: str, names: dict[str, str], today: date) -> list[str]:
    """Whom WHO means; past holders, erased ones, and addresses that only the ledger has are found too."""
    from wsyf_scheduler import whom

    try:
        return list(dict.fromkeys(each.email for each in whom.find(holders, who, names, today)))
    except NotFound:
        past = [each.email for each in holders if who.casefold() == each.email.casefold() or who == each.name]
        if past:
            return list(dict.fromkeys(past))
        for address in (who, erased.hashed(who)) if "@" in who else (who,) if erased.is_erased(who) else ():
            known = any(address.casefold() in (each.email.casefold(), each.deputy.casefold()) for each in holders)
            if known or messages.to_address(opened, address, limit=1):
                return [address]
        raise


def _person(
    opened: Glance,
    holders: list[Holder],
    address: str,
    letters: tuple[Posted, ...],
    today: date,
    plan_id: str | None,
) -> Person:
    folded = address.casefold()
    entries = tuple(each for each in holders if each.email.casefold() == folded)
    refused = opened.rows(REFUSED, {"address": folded})
    held = [each for each in entries if each.holds_on(today)]
    everything = any(each.role in PLAN_ROLES for each in held)
    departments = {each.department for each in held}
    items = opened.assignments("state IN (:open, :submitted)", {"open": State.OPEN, "submitted": State.SUBMITTED})
    return Person(
        address=address,
        entries=entries,
        stands_in=tuple(each for each in holders if each.deputy.casefold() == folded and each.is_away_on(today)),
        refused=refused[0] if refused else None,
        items=tuple(
            each for each in items if (everything or each.department in departments) and plan_id in (None, each.plan_id)
        ),
        letters=letters,
    )


def _shape(found: Person, today: date) -> dict[str, object]:
    from wsyf_scheduler.cli.people import plain_holder

    marks = {found.address.casefold()} if found.refused else set[str]()
    return {
        "address": found.address,
        "posts": [plain_holder(each, today, marks) for each in found.entries],
        "deputy_of": [each.email for each in found.stands_in],
        "refused": found.refused,
        "unfinished": [each.key for each in found.items],
        "overdue": [each.key for each in found.items if each.is_overdue(today)],
        "letters": [{**each.as_json(), "as": found.way(each)} for each in found.letters],
    }


def _print(found: Person, names: dict[str, str], today: date, zone: ZoneInfo) -> None:
    name = next((each.name for each in found.entries if each.name), "")
    say(f"{name} <{found.address}>" if name else found.address, bold=True)
    if erased.is_erased(found.address):
        say("  " + _("the contact details of this person were erased; which letters went to them is kept"), hang=2)
    _print_posts(found, names, today)
    if found.refused:
        _print_refused(found, zone)
    _print_items(found, today)
    _print_letters(found)


def _print_posts(found: Person, names: dict[str, str], today: date) -> None:
    from wsyf_scheduler.cli.people import term
    from wsyf_scheduler.cli.staffing import post_words

    for each in found.entries:
        say("  " + f"{post_words(each, names)}  {term(each)}".rstrip(), hang=2)
        if each.deputy and (each.away_until is None or each.away_until >= today):
            words = _("{post}: away {since} to {until}, {deputy} reads instead")
            span = {"since": each.away_since or "…", "until": each.away_until or "…"}
            say("    " + words.format(post=post_words(each, names), deputy=each.deputy, **span), hang=2, fg="yellow")
    if not found.entries:
        say("  " + _("holds no post"))
    for each in found.stands_in:
        words = _("deputy of {name}, {post}")
        say("  " + words.format(name=each.name or each.email, post=post_words(each, names)), hang=2)


def _print_refused(found: Person, zone: ZoneInfo) -> None:
    from wsyf_scheduler.store.glance import instant

    assert found.refused is not None  # asked before
    words = _("refused by the mail server since {day}: {answer}")
    answer = f"{found.refused['code'] or ''} {found.refused['text']}".strip()
    day = instant(found.refused["since_at"]).astimezone(zone).date()
    say("  " + words.format(day=day, answer=answer), hang=2, fg="red")
    words = _("when it is mended: `wsyf check --mail {address}`; a new holder: `wsyf people hand-over {address}`")
    say("  " + words.format(address=found.address), hang=2)


def _print_items(found: Person, today: date) -> None:
    if not found.entries:
        return
    late = [each.key for each in found.items if each.is_overdue(today)]
    count = len(found.items)
    say("  " + ngettext("answers for {n} unfinished", "answers for {n} unfinished", count).format(n=count))
    if late:
        words = _("overdue: {n} ({keys})")
        keys = ", ".join(late[:KEYS]) + (" …" if len(late) > KEYS else "")
        say("  " + words.format(n=len(late), keys=keys), hang=2, fg="red")
    for department in dict.fromkeys(each.department for each in found.entries if each.department and count):
        say(f"  `wsyf list --department {department}`")


def _print_letters(found: Person) -> None:
    if not found.letters:
        say("\n" + _("No letter to this address is recorded."))
        return
    say("\n" + _("Letters, newest first (`wsyf outbox show ID`)"), bold=True)
    ways = {"to": _("To"), "cc": _("Cc")}
    rows = [
        (
            str(each.id),
            f"{each.when:%Y-%m-%d %H:%M}",
            wording.letter(each.letter),
            ways[found.way(each)],
            message_state(each.state.value),
            _about(each),
        )
        for each in found.letters
    ]
    table((_("id"), _("when"), _("letter"), _("as"), _("state"), _("rows")), rows, keep=(0, 1, 2, 3), tight=True)


def _about(posted: Posted) -> str:
    keys = [each.key for each in posted.lines if each.dropped is None]
    return f"{len(keys)}: {keys[0]}" if keys else ""
