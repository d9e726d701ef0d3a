"""What is wrong, in sentences that name the command which acts on it: for `wsyf`, `wsyf status`, and monitors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from wsyf_scheduler.cli.matters import Matters, RefusedAddress, Undelivered
from wsyf_scheduler.cli.output import listed
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.pulse import Pulse
from wsyf_scheduler.reports import naming

SHOWN = 10  # letters and addresses named one by one
TOO_OLD = timedelta(days=3)  # of an audit or a backup
MEGABYTE = 1024 * 1024
NEARLY_FULL, FULL = 64 * MEGABYTE, 8 * MEGABYTE  # bytes free beside the database


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One thing that is wrong: `level` is warning, or broken where nothing leaves or is kept any more."""

    name: str
    level: str
    text: str

    @property
    def code(self) -> int:
        """What it makes of the exit code of `wsyf status`."""
        return {"warning": 1, "broken": 2}[self.level]

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return {"name": self.name, "level": self.level, "text": self.text}


def concerns(found: Matters, pulse: Pulse, now: datetime, names: dict[str, str]) -> list[Concern]:
    """Everything that is wrong but the daemon's own pulse, the gravest first; `names` are departments' short names."""
    told = [*_of_the_queue(found, pulse), *_of_letters(found, pulse, names), *_of_addresses(found, pulse, names)]
    if not pulse.rehearsal:
        told += [*_of_the_records(found, pulse, now), *_of_alerting(found, pulse), *_of_the_disk(found)]
    told += _of_the_calendar(found)
    return sorted(told, key=lambda each: -each.code)


def _of_the_queue(found: Matters, pulse: Pulse) -> Iterator[Concern]:
    if found.hold:
        yield Concern(name="hold", level="broken", text=hold_words(found.hold, pulse))
    held = found.outbox.get("held", 0)
    if held:
        words = ngettext(
            "{n} message is held by the guard against floods: `wsyf outbox release` lets it go,"
            " `wsyf outbox discard` writes it off",
            "{n} messages are held by the guard against floods: `wsyf outbox release` lets them go,"
            " `wsyf outbox discard` writes them off",
            held,
        )
        yield Concern(name="held", level="warning", text=words.format(n=held))
    if found.pause:
        words = _("Mail rests until {when}, the server said “{why}”: `wsyf outbox retry --all` tries at once")
        text = words.format(when=_when(found.pause["until_at"], pulse), why=found.pause["why"])
        yield Concern(name="pause", level="warning", text=text)


def hold_words(hold: dict[str, str], pulse: Pulse) -> str:
    """Why the whole queue is held, since when, and what to do."""
    seen = _when(hold["seen"], pulse)
    reasons = {
        "clock-back": _("the clock stands before the last round ({seen})"),
        "clock-forward": _("the clock stands more than 14 days after the last round ({seen})"),
        "host": _("the database was last run on another host ({seen})"),
        "restored": _("the database was restored from a backup of {seen}"),
    }
    check = _("look at `wsyf outbox list`, then `wsyf outbox release` or `wsyf outbox discard`")
    remedies = {
        "clock-back": _("set the clock right; if it is right, `wsyf outbox release`"),
        "host": _("stop the daemon there, then `wsyf daemon --adopt` here"),
    }
    reason = reasons.get(hold["reason"], hold["reason"]).format(seen=seen)
    words = _("All mail has been held since {when}: {reason}; {remedy}")
    remedy = remedies.get(hold["reason"], check)
    return words.format(when=_when(hold["since_at"], pulse), reason=reason, remedy=remedy)


def _of_letters(found: Matters, pulse: Pulse, names: dict[str, str]) -> Iterator[Concern]:
    alike: dict[tuple[object, ...], list[Undelivered]] = {}
    for each in found.undelivered:  # a flood of the same letter to the same readers is one line
        alike.setdefault((each.letter, each.department, each.audience, each.to, each.trouble), []).append(each)
    flocks = sorted(alike.values(), key=lambda flock: flock[-1].id)
    for flock in flocks[-SHOWN:]:
        yield Concern(name="undeliverable", level="warning", text=_undelivered_words(flock, pulse, names))
    if more := sum(map(len, flocks[:-SHOWN])):
        words = _("… and {n} more: `wsyf outbox list --state discarded`").format(n=more)
        yield Concern(name="undeliverable", level="warning", text=words)
    for state, words in (
        (
            "uncertain",
            ngettext(
                "{n} message may have been sent, the server's answer never came",
                "{n} messages may have been sent, the server's answer never came",
                found.outbox.get("uncertain", 0),
            ),
        ),
        (
            "retry",
            ngettext(
                "{n} message is not sent yet, it is tried again",
                "{n} messages are not sent yet, they are tried again",
                found.outbox.get("retry", 0),
            ),
        ),
    ):
        if n := found.outbox.get(state, 0):
            text = _("{what}: {found}").format(what=words.format(n=n), found=f"`wsyf outbox list --state {state}`")
            yield Concern(name=state, level="warning", text=text)


def _undelivered_words(flock: list[Undelivered], pulse: Pulse, names: dict[str, str]) -> str:
    words = _("Mail {id} ({letter}) did not reach {who}, {day}: {trouble}; `wsyf outbox retry {id}`")
    if len(flock) > 1:
        words = _(
            "{n} messages ({letter}) did not reach {who}, last on {day}: {trouble};"
            " `wsyf outbox list --state discarded`"
        )
    each = flock[-1]
    department = names.get(each.department, each.department)
    who = department if each.audience == "department" else f"{department} {naming.role(each.audience)}".strip()
    return words.format(
        n=len(flock),
        id=each.id,
        letter=naming.letter(each.letter),
        who=listed(each.to) or who,
        day=each.at.astimezone(pulse.zone).date(),
        trouble=_clipped(each.trouble),
    )


def _of_addresses(found: Matters, pulse: Pulse, names: dict[str, str]) -> Iterator[Concern]:
    for each in found.refused[:SHOWN]:
        yield Concern(name="refused-address", level="warning", text=_refused_words(each, pulse, names))
    more = len(found.refused) - SHOWN
    if more > 0:
        words = _("… and {n} more addresses: `wsyf status --json`").format(n=more)
        yield Concern(name="refused-address", level="warning", text=words)


def _refused_words(each: RefusedAddress, pulse: Pulse, names: dict[str, str]) -> str:
    posts = [f"{names.get(department, department)} {naming.role(role)}".strip() for role, department in each.posts]
    words = _("{address} ({posts}) is refused since {day}: `wsyf people import` a new one, or `wsyf check --mail` it")
    day = each.since_at.astimezone(pulse.zone).date()
    return words.format(address=each.address, posts=listed(posts) or _("the office itself"), day=day)


def _of_the_records(found: Matters, pulse: Pulse, now: datetime) -> Iterator[Concern]:
    audit, backup = found.audit, found.backup
    if audit and audit["findings"]:
        words = ngettext(
            "The audit of {when} found {n} fault: `wsyf audit`",
            "The audit of {when} found {n} faults: `wsyf audit`",
            audit["findings"],
        )
        text = words.format(when=_when(audit["at"], pulse), n=audit["findings"])
        yield Concern(name="audit", level="warning", text=text)
    elif audit and pulse.running and now - datetime.fromisoformat(audit["at"]) > TOO_OLD:
        words = _("There was no audit since {when}: `wsyf audit`").format(when=_when(audit["at"], pulse))
        yield Concern(name="audit", level="warning", text=words)
    if backup and backup.get("unbroken") is False:
        words = _("The trail was found broken, {when}: `wsyf log --verify`")
        yield Concern(name="trail", level="warning", text=words.format(when=_when(backup["at"], pulse)))
    if backup and found.nightly and now - datetime.fromisoformat(backup["at"]) > TOO_OLD:
        words = _("There was no backup since {when}: `wsyf backup FILE`").format(when=_when(backup["at"], pulse))
        yield Concern(name="backup", level="warning", text=words)


def _of_alerting(found: Matters, pulse: Pulse) -> Iterator[Concern]:
    if found.hook and not found.hook["ok"]:
        words = _("The command for alerts failed, {when}: {trouble}; `wsyf check`")
        text = words.format(when=_when(found.hook["at"], pulse), trouble=_clipped(found.hook["trouble"]))
        yield Concern(name="hook", level="warning", text=text)
    if found.ping and not found.ping["ok"]:
        words = _("The ping has failed since {when}: {trouble}; `wsyf check`")
        text = words.format(when=_when(found.ping["at"], pulse), trouble=_clipped(found.ping["trouble"]))
        yield Concern(name="ping", level="warning", text=text)


def _of_the_disk(found: Matters) -> Iterator[Concern]:
    if found.free is not None and found.free < NEARLY_FULL:
        words = _("Only {n} MB are free on the disk of the database: make room, `df -h` shows where")
        level = "broken" if found.free < FULL else "warning"
        yield Concern(name="disk", level=level, text=words.format(n=found.free // MEGABYTE))


def _of_the_calendar(found: Matters) -> Iterator[Concern]:
    if found.year_in_doubt is not None:
        yield Concern(name="calendar", level="warning", text=year_words(found.year_in_doubt))


def year_words(year: int) -> str:
    """The notice of holidays of a year is due, and what to do."""
    words = _("The holidays of {year} are not known yet: once the notice is out, `wsyf calendar import FILE`")
    return words.format(year=year)


def _when(text: str, pulse: Pulse) -> str:
    """An instant in the plan's zone; what is none (a host) as it stands."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text or "?"
    return f"{at.astimezone(pulse.zone):%Y-%m-%d %H:%M}"


def _clipped(text: str, most: int = 120) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
