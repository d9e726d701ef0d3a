"""The checks of `wsyf check`: each gives findings, a fault, a warning or a line that says it is well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, login_name
from wsyf_scheduler.clock import SystemClock
from wsyf_scheduler.core.people import Holder, circles
from wsyf_scheduler.errors import WsyfError, reason
from wsyf_scheduler.i18n import _, ngettext

EXAMPLE = ".example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a check found; `level` is ok, warning or fault."""

    check: str
    level: str
    text: str

    def line(self) -> str:
        """As people read it."""
        mark = {"ok": "✓", "warning": "!", "fault": "✗"}[self.level]
        return f"{mark} {self.text}"

    def as_json(self) -> dict[str, str]:
        """As programs read it."""
        return {"check": self.check, "level": self.level, "text": self.text}


Check = Callable[[Office], Iterable[tuple[str, str]]]


def run_checks(office: Office, mail_to: str | None) -> list[Finding]:
    """Every check in turn; one that fails does not keep the others from speaking."""
    config = list(_run("config", _config, office))
    if any(each.level == "fault" for each in config):
        return config
    checks: list[tuple[str, Check]] = [
        ("database", _database),
        ("plans", _plans),
        ("people", _people),
        ("calendar", _calendar),
        ("templates", _templates),
        ("mail", lambda each: _mail(each, mail_to)),
        ("alerts", _alerts),
        ("backup", _backup),
    ]
    found = config + [finding for name, run in checks for finding in _run(name, run, office)]
    once: dict[tuple[str, str], Finding] = {}
    for each in found:  # what keeps one check from its work often keeps the next one too
        once.setdefault((each.level, each.text), each)
    return list(once.values())


def _run(name: str, run: Check, office: Office) -> Iterator[Finding]:
    try:
        for level, text in run(office):
            yield Finding(check=name, level=level, text=text)
    except WsyfError as error:
        for line in str(error).splitlines():
            yield Finding(check=name, level="fault", text=line)
    except OSError as error:
        yield Finding(check=name, level="fault", text=f"{error.filename}: {reason(error)}")


def _config(office: Office) -> Iterator[tuple[str, str]]:
    config = office.config
    yield "ok", _("config {path}").format(path=config.path)
    if config.mail.transport == "maildir":
        yield (
            "warning",
            _("mail is kept in a maildir and sent to no one: set mail.transport to smtp for the real office"),
        )
    addresses = [config.office.email, config.mail.sender, *config.mail.bcc]
    for address in dict.fromkeys(address for address in addresses if address.endswith(EXAMPLE)):
        yield (
            "warning",
            _("{address} is an invented address: put the office's own into config.toml").format(address=address),
        )


def _plans(office: Office) -> Iterator[tuple[str, str]]:
    from wsyf_scheduler.cli.planning import folders, warn_of_lost
    from wsyf_scheduler.core.plan import expand

    for line in warn_of_lost(office):
        yield "warning", line
    for _folder, plan in folders(office, None):
        n = len(expand(plan))
        if plan.draft:
            words = ngettext("plan {plan}, a draft: {n} assignment", "plan {plan}, a draft: {n} assignments", n)
        else:
            words = ngettext("plan {plan}: {n} assignment", "plan {plan}: {n} assignments", n)
        yield "ok", words.format(plan=plan.id, n=n)


def _people(office: Office) -> Iterator[tuple[str, str]]:
    from wsyf_scheduler.cli.people import departments_of, entered, left_deputies, vacancies
    from wsyf_scheduler.files import people as people_file

    names = departments_of(office)
    holders = entered(office)
    where = ""
    if not holders and office.config.people.exists():
        where = _("in {file}: ").format(file=office.config.people.name)
        holders = people_file.load(office.config.people, names)
        words = _("nobody has been imported yet: run `wsyf people import {file}`")
        yield "warning", words.format(file=office.config.people.name)
    if not holders:
        words = _("nobody holds any post, and there is no {file}: nobody can be written to; see `wsyf people import`")
        yield "fault", words.format(file=office.config.people)
        return
    today = _today(office)
    n = sum(holder.holds_on(today) for holder in holders)
    yield "ok", where + ngettext("{n} holder of a post today", "{n} holders of posts today", n).format(n=n)
    for line in (*left_deputies(holders, today, names), *vacancies(holders, today, names)):
        yield "warning", line
    for addresses in circles(holders, today):
        words = _("a circle of deputies: {addresses}; on those days nobody of them is there: see `wsyf people away`")
        yield "warning", words.format(addresses=" → ".join(addresses))
    yield from _invented(holders)


def _invented(holders: list[Holder]) -> Iterator[tuple[str, str]]:
    n = sum(holder.email.endswith(EXAMPLE) for holder in holders)
    if n:
        words = ngettext(
            "{n} holder has an invented address (.example)", "{n} holders have invented addresses (.example)", n
        )
        yield "warning", words.format(n=n)


def _today(office: Office) -> date:
    if office.database_path.exists():
        from wsyf_scheduler.cli.listing import today_of

        with office.glance() as opened:
            return today_of(office, opened)
    return SystemClock().now().astimezone().date()


def _calendar(office: Office) -> Iterator[tuple[str, str]]:
    from wsyf_scheduler.cli.planning import folders
    from wsyf_scheduler.core.calendar import year_in_doubt
    from wsyf_scheduler.files.holidays import Origin, origin, source

    yield "ok", _("working days by {source}").format(source=source())
    today, imported, zone = _today(office), {}, DEFAULT_ZONE
    if office.database_path.exists():
        with office.glance() as opened:
            imported, zone = opened.imported_years(), next(iter(opened.zones().values()), zone)
    for year, each in imported.items():
        words = _("{year}: the notice of holidays was imported on {day} by {who}")
        yield "ok", words.format(year=year, day=each.at.astimezone(ZoneInfo(zone)).date(), who=each.who)
    notices = {year: each.notice for year, each in imported.items()}
    last_on = max(period.ends_on for _folder, plan in folders(office, None) for period in plan.periods)
    unknown = [year for year in range(today.year, last_on.year + 1) if origin(year, notices) is Origin.STATUTORY]
    in_doubt = year_in_doubt(today, last_on, lambda year: origin(year, notices) is not Origin.STATUTORY)
    if in_doubt is not None:
        words = _("{year}: no notice of holidays is known yet; once it is out, run `wsyf calendar import FILE`")
        yield "warning", words.format(year=in_doubt)
    later = [year for year in unknown if year != in_doubt]
    if later:
        words = _("{years}: working days are provisional until the notice of each year is out, in November before it")
        yield "ok", words.format(years=f"{later[0]}–{later[-1]}" if later[1:] else later[0])


def _templates(office: Office) -> Iterator[tuple[str, str]]:
    from wsyf_scheduler.mail.writer import LetterWriter
    from wsyf_scheduler.opening import writer

    made = writer(office.config)
    assert isinstance(made, LetterWriter)
    faults = made.faults()
    for fault in faults:
        yield "fault", str(fault)
    if not faults:
        yield "ok", _("templates of every letter")


def _database(office: Office) -> Iterator[tuple[str, str]]:
    if not office.database_path.exists():
        yield "warning", _("there is no database yet: `wsyf plan sync` creates it")
        return
    with office.glance() as opened:
        found = opened.rows("PRAGMA quick_check")[0]["quick_check"]
        rehearsal = opened.fact("rehearsal") == "yes"
    yield (
        ("ok" if found == "ok" else "fault"),
        _("database {path}: {found}").format(path=office.database_path, found=found),
    )
    if rehearsal:
        yield "warning", _("this is a rehearsal database: its clock is set by --at")


def _mail(office: Office, mail_to: str | None) -> Iterator[tuple[str, str]]:
    from wsyf_scheduler.opening import mailer

    made = mailer(office.config)
    made.probe()
    yield "ok", _("mail goes to {where}").format(where=made.describe)
    if mail_to:
        from wsyf_scheduler.acts import try_mail

        try_mail.act(office.config, made, SystemClock().now(), mail_to)
        yield "ok", _("a test letter was sent to {address}").format(address=mail_to)
        if office.database_path.exists():
            from wsyf_scheduler.acts import trust

            app = office.app()
            if trust.act(app, app.clock.now(), address=mail_to, who=login_name()):
                yield "ok", _("{address} was marked as refused for good; it is used again").format(address=mail_to)


def _alerts(office: Office) -> Iterator[tuple[str, str]]:
    """What alerts take beside mail; neither the command nor the URL is tried, since somebody would hear of it."""
    import shutil

    from wsyf_scheduler.pinging import shown

    alerts, folder = office.config.alerts, office.config.folder
    if alerts.command:
        program = alerts.command[0]
        place = str(folder / program) if "/" in program else program
        if shutil.which(place):
            yield "ok", _("alerts are given to the command {program}").format(program=program)
        else:
            message = _("config [alerts] command: {program} is not there, or must not be run")
            yield "fault", message.format(program=program)
    if alerts.ping_url:
        where = shown(alerts.ping_url)
        if where.endswith("?"):
            yield "fault", _("config [alerts] ping_url names no host")
        else:
            yield "ok", _("clean rounds are told to {where}").format(where=where)


def _backup(office: Office) -> Iterator[tuple[str, str]]:
    """Where the nightly backup goes: a folder that is there, or can be made."""
    import os

    backup = office.config.backup
    if not backup.keep:
        yield "warning", _("no nightly backup is made (config [backup] keep = 0)")
        return
    folder = next(each for each in (backup.folder, *backup.folder.parents) if each.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        message = _("config [backup] dir: {folder} is no folder this user may write into")
        yield "fault", message.format(folder=folder)
        return
    if office.database_path.exists() and folder.stat().st_dev == office.database_path.stat().st_dev:
        yield (
            "ok",
            _("nightly backups go to {folder}, on the disk of the database: copy them elsewhere too").format(
                folder=backup.folder
            ),
        )
    else:
        yield "ok", _("nightly backups go to {folder}").format(folder=backup.folder)
