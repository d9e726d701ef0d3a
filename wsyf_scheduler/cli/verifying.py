"""`wsyf log --verify`: the trail walked from its first event to its last, and what was tampered with in words."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.grid import CONTROL
from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office
from wsyf_scheduler.cli.output import print_json, say
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.store.chain import Break, Fault, Verified, verify

EXPECTED = re.compile(r"#?(\d{1,18}):([0-9a-f]{8,64})", re.ASCII | re.IGNORECASE)
SHORT = 16  # digits of a hash that a person is shown: enough to note on paper
QUIET_FOR = 1.0  # seconds before a terminal is told how far it is


class ExpectedType(click.ParamType[tuple[int, str]]):
    """A head noted earlier: the number of an event and the beginning of its hash."""

    name = "N:HASH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, str]:
        """Parse it."""
        if isinstance(value, tuple):
            return value
        found = EXPECTED.fullmatch(str(value))
        if found is None:
            message = _("expected a number and at least 8 digits of a hash, as in 412:3fa9c0d2, found {value}")
            self.fail(message.format(value=value), param, ctx)
        return int(found[1]), found[2].lower()


def print_verified(office: Office, expected: Sequence[tuple[int, str]], *, as_json: bool) -> None:
    """Walk the trail, say what was found; exit 1 where anything is wrong."""
    with office.glance() as opened:  # of this schema, or it says so
        zones = {plan_id: ZoneInfo(zone) for plan_id, zone in opened.zones().items()}
    wanted: dict[int, list[str]] = {}
    for seq, digest in expected:
        wanted.setdefault(seq, []).append(digest)
    found = verify(office.database_path, expected=wanted, on_progress=_progress())
    if as_json:
        print_json(_as_json(found, zones))
    else:
        _print(found, zones)
    sys.exit(1 if found.breaks else 0)


def _progress() -> Callable[[int], None] | None:
    """How far it is, on a terminal, when it takes longer than a second."""
    if not sys.stderr.isatty():
        return None
    began = monotonic()

    def tell(events: int) -> None:
        if monotonic() - began > QUIET_FOR:
            click.echo("\r" + _("{n} events looked at …").format(n=events), nl=False, err=True)

    return tell


def _print(found: Verified, zones: dict[str, ZoneInfo]) -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    for each in found.breaks:
        say(_words(each, zones), hang=2, fg="red")
    if found.unnamed:
        words = ngettext("… and {n} more fault", "… and {n} more faults", found.unnamed)
        click.secho(words.format(n=found.unnamed), fg="red")
    events = ngettext("{n} event", "{n} events", found.events).format(n=found.events)
    chains = ngettext("{n} chain", "{n} chains", len(found.heads)).format(n=len(found.heads))
    verdict = _("{events} in {chains}, BROKEN") if found.breaks else _("{events} in {chains}, unbroken")
    click.secho(verdict.format(events=events, chains=chains), fg="red" if found.breaks else None, bold=True)
    for head in found.heads:
        words = _("head of {chain}: #{seq} {hash}")
        say(words.format(chain=_chain(head.chain), seq=head.seq, hash=head.hash[:SHORT]))


def _words(each: Break, zones: dict[str, ZoneInfo]) -> str:
    """What is wrong and where: the chain, the number, the event's id, its day and action."""
    last = each.last_seq > each.seq
    sentences = {
        Fault.CHANGED: _(
            "changed: its hash does not fit what it says; it was changed, or the event before it was, hash and all"
        ),
        Fault.MISSING: _("missing: events #{seq} to #{last} are gone") if last else _("missing: the event is gone"),
        Fault.REORDERED: _("reordered: it stands in the place of another event"),
        Fault.ADDED: _("added from outside: the head of the chain does not know of it"),
        Fault.HEAD: _("the head of the chain is not its last event: one of the two was changed or taken away"),
        Fault.NOTED: _("no event #{seq} has the hash that was noted: the trail was another then"),
    }
    where = _("the noted head") if each.fault is Fault.NOTED else f"{_chain(each.chain)} #{each.seq}"
    if each.row is not None:
        from wsyf_scheduler.cli.trail import phrase

        day, what = _day(each.row.at, zones.get(each.chain)), phrase(each.row.action)
        where += " " + _("(event {id}, {day}, {what})").format(id=each.row.id, day=_plain(day), what=_plain(what))
    return f"{where}: {sentences[each.fault].format(seq=each.seq, last=each.last_seq)}"


def _chain(chain: str) -> str:
    return _plain(chain) or _("the office")


def _plain(text: str) -> str:
    """What somebody may have written into the table, fit for a terminal and for JSON."""
    return CONTROL.sub(" ", text.encode("utf-8", "replace").decode())


def _day(stored: str, zone: ZoneInfo | None) -> str:
    """An event's minute in its plan's zone; as it stands, where it is none."""
    at = _instant(stored, zone)
    return f"{at:%Y-%m-%d %H:%M}" if at else stored


def _at(stored: str, zone: ZoneInfo | None) -> str:
    """An event's instant with its offset, for programs; as it stands, where it is none."""
    at = _instant(stored, zone)
    return at.isoformat() if at else _plain(stored)


def _instant(stored: str, zone: ZoneInfo | None) -> datetime | None:
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(stored).replace(tzinfo=UTC)
        return at.astimezone(zone or ZoneInfo(DEFAULT_ZONE))
    return None


def _as_json(found: Verified, zones: dict[str, ZoneInfo]) -> dict[str, object]:
    return {
        "unbroken": not found.breaks,
        "events": found.events,
        "chains": [{"plan": _plain(head.chain) or None, "seq": head.seq, "hash": head.hash} for head in found.heads],
        "faults": [
            {
                "fault": each.fault.value,
                "plan": _plain(each.chain) or None,
                "seq": each.seq,
                "last_seq": each.last_seq,
                "event": each.row.id if each.row else None,
                "at": _at(each.row.at, zones.get(each.chain)) if each.row else None,
                "action": _plain(each.row.action) if each.row else None,
                "words": _words(each, zones),
            }
            for each in found.breaks
        ],
        "more_faults": found.unnamed,
    }
