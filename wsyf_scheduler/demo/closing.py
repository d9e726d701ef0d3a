"""The end of the demo: letters by kind and year, the late assignment's story, what to open, what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from wsyf_scheduler.core.people import Post
from wsyf_scheduler.demo import words
from wsyf_scheduler.demo.office import MAIL
from wsyf_scheduler.demo.screen import Screen
from wsyf_scheduler.demo.server import mark
from wsyf_scheduler.demo.summary import Late, Letter, Summary
from wsyf_scheduler.i18n import _, ngettext


def shown(path: Path) -> str:
    """A path as it is typed from where the user is: relative inside the current folder, else absolute."""
    path = path.absolute()
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def stopped(screen: Screen, folder: Path, today: date, program: str) -> None:
    """What to say when it was stopped on the way."""
    message = _("Stopped on {day}. All that happened until then is kept in {folder}; `{command}` shows it.")
    screen.say()
    screen.say(message.format(day=today, folder=shown(folder), command=f"{_office(folder, program)} list"))


def summary(screen: Screen, found: Summary, *, taken: int, seconds: float) -> None:
    """What it came to."""
    screen.say()
    screen.say(_("Letters by kind and year"), bold=True)
    _letters(screen, found)
    agree = _("they agree") if taken == found.total else _("THEY DIFFER")
    counts = _("The mail server took {taken} letters; the office's ledger has {sent} as sent: {agree}.")
    screen.say(counts.format(taken=taken, sent=found.total, agree=agree))
    screen.say(_("It took {n} seconds.").format(n=f"{seconds:.0f}"))
    if found.late is not None:
        _late(screen, found.late, found.departments)


def _letters(screen: Screen, found: Summary) -> None:
    years = sorted({year for _kind, year in found.sent})
    rows = []
    for kind, name in words.letters().items():
        counts = [found.sent.get((kind, year), 0) for year in years]
        if any(counts):
            rows.append((name, *(str(n or "") for n in counts), str(sum(counts))))
    totals = [sum(n for (_kind, year), n in found.sent.items() if year == wanted) for wanted in years]
    rows.append((_("all"), *map(str, totals), str(found.total)))
    screen.table(("", *map(str, years), _("all")), rows, numbers=True)


def _late(screen: Screen, late: Late, departments: Mapping[str, str]) -> None:
    item = late.item
    department = departments.get(item.department, item.department)
    about = _("{key}  {department}  {title}  due {day}")
    screen.say()
    screen.say(_("The whole story of one late assignment"), bold=True)
    screen.say(about.format(key=item.key, department=department, title=item.title, day=item.due_on))
    screen.table((_("day"), _("letter"), _("to"), ""), _letter_rows(late, departments))
    n = len(late.letters)
    screen.say(ngettext("{n} letter about it.", "{n} letters about it.", n).format(n=n))
    if late.digests:
        since = _("Since then it stands in the coordinator's weekly digest, {n} times so far.")
        screen.say(since.format(n=late.digests))


def _letter_rows(late: Late, departments: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """A row a letter; the day stands where it changes."""
    kinds = words.letters()
    last: date | None = None
    for letter in late.letters:
        day, off = ("", "") if letter.on == last else (str(letter.on), words.days_left(letter.days_left))
        yield day, kinds.get(letter.kind, letter.kind), _posts(letter, departments), off
        last = letter.on


def _posts(letter: Letter, departments: Mapping[str, str]) -> str:
    to = _named(letter.to, departments)
    return to if not letter.cc else _("{to}, cc {cc}").format(to=to, cc=_named(letter.cc, departments))


def _named(posts: Iterable[Post], departments: Mapping[str, str]) -> str:
    return ", ".join(words.post(post, departments) for post in posts)


def next_steps(screen: Screen, found: Summary, folder: Path, program: str) -> None:
    """What to open, and what to type next."""
    maildir = folder / MAIL
    letter = _telling(found.late)
    screen.say()
    screen.say(_("Open"), bold=True)
    screen.say(f"  {shown(maildir)}")
    reader = _("all the letters, a maildir for any mail reader: mutt -f {folder}")
    screen.say(f"    {reader.format(folder=shlex.quote(shown(maildir)))}")
    file = letter and next((maildir / "new").glob(f"*.{mark(letter.message_id)}.*"), None)
    if letter and file:
        screen.say(f"  {shown(file)}")
        screen.say(f"    {letter.subject}")
    screen.say()
    screen.say(_("Type next"), bold=True)
    office = _office(folder, program)
    for rest, what in _commands(found.late, letter):
        screen.say(f"  {office} {rest}".rstrip())
        screen.say(f"    {what}")


def _office(folder: Path, program: str) -> str:
    return f"{program} --config {shlex.quote(shown(folder))}"


def _telling(late: Late | None) -> Letter | None:
    """The letter worth opening: the first that told the chief, else the last there was."""
    if late is None or not late.letters:
        return None
    return next((letter for letter in late.letters if letter.audience == "chief"), late.letters[-1])


def _commands(late: Late | None, letter: Letter | None) -> list[tuple[str, str]]:
    commands = [("", _("today's desk")), ("list --overdue", _("what is overdue"))]
    if late is not None:
        key = late.item.key
        commands += [(f"show {key}", _("its history, its messages")), (f"log {key}", _("who did what, and why"))]
        if letter is not None:
            commands += [
                (f"explain {key} --on {letter.on}", _("why letters went that day")),
                (f"outbox show {letter.id}", _("one letter and its fate")),
            ]
    return [*commands, ("status", _("is all well"))]
