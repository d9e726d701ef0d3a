"""The office's settings: config.toml parsed into frozen values, every fault at once. Imports core, errors, reading.

Secrets are never part of a config: where the password is found is, the password is not.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path

from wsyf_scheduler.core.ladder import LEADERS, Ladder
from wsyf_scheduler.errors import Fault, Invalid
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import Document, Table
from wsyf_scheduler.rungs import read_ladder
from wsyf_scheduler.values import shown

DEFAULT_PATHS = (Path("config.toml"), Path("/etc/wsyf/config.toml"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Who the office is in its letters: how to reach it, and the name mail comes from.

    `plan`: where several are tracked, the one that commands speak of unless they are told otherwise; empty for all.
    """

    section: str
    phone: str
    email: str
    sender_name: str
    plan: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """How to reach the mail server; `password_file` is read when mail is sent."""

    host: str
    port: int
    security: str  # starttls | tls | plain
    username: str | None
    password_file: Path | None
    timeout: float  # seconds
    allow_plain: bool
    local_hostname: str | None
    ca_file: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a mail server is asked for at most; 0 means no limit of ours."""

    connections: int  # at once
    per_connection: int  # messages over one connection
    per_minute: int  # messages tried in any 60 seconds
    pause: timedelta  # the queue rests after 421, 450 or "too often"; doubled each time, up to half an hour


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """Where mail goes: into a local maildir (nothing leaves the machine), or to a server.

    `resend_uncertain`: what may have been sent goes again, byte for byte; else it waits for `wsyf outbox retry`.
    `keep_years`: how long the exact bytes of sent letters are kept; 0: always.
    """

    transport: str  # maildir | smtp
    maildir: Path
    sender: str
    bcc: tuple[str, ...]
    resend_uncertain: bool
    keep_years: int
    limits: Limits
    smtp: Smtp | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """How alerts reach someone beside mail: a command run for each, a URL fetched after each clean sweep."""

    command: tuple[str, ...]  # program and arguments; empty: none
    timeout: timedelta  # how long the command may take
    ping_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """The nightly backup: where to, from what time of day on, and how many are kept (0: no nightly backup)."""

    folder: Path
    at: time
    keep: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One office's settings. Paths are absolute; `folder` is where the config file lies."""

    path: Path
    folder: Path
    office: Office
    jobs: Path
    templates: Path
    people: Path
    database: str
    evidence: Path
    send_at: time
    send_until: time
    receipt_delay: timedelta
    mail: MailSettings
    max_messages: int
    alerts: AlertSettings
    backup: BackupSettings
    weekly_digest: bool  # the coordinator's
    monthly_digests: tuple[str, ...]  # the roles that get one
    extra_working: frozenset[date]
    extra_off: frozenset[date]
    ladder: Ladder


def find(explicit: str | None = None) -> Path:
    """The config file by CLI.md's order: --config, $WSYF_CONFIG, ./config.toml, /etc/wsyf/config.toml.

    Raises Invalid where there is none.
    """
    named = explicit or os.environ.get("WSYF_CONFIG")
    if named:
        return _existing(Path(named), named)
    for path in DEFAULT_PATHS:
        if path.is_file():
            return path.absolute()
    message = _("no config file here; run `wsyf init DIR` to lay out an office, or name one with --config")
    raise Invalid([Fault(file="config.toml", message=message)])


def _existing(path: Path, named: str) -> Path:
    path = path / "config.toml" if path.is_dir() else path
    if not path.is_file():
        raise Invalid([Fault(file=named, message=_("there is no such config file"))])
    return path.absolute()


def load(path: Path) -> Config:
    """Read a config file; raises Invalid with every fault found."""
    document = Document.read(path)
    if document.faults:
        raise Invalid(document.faults)
    config = _config(document.root, path)
    if document.faults:
        raise Invalid(document.faults_by_line())
    return config


def _config(root: Table, path: Path) -> Config:
    folder = path.parent
    hours, digest, calendar = root.table("hours"), root.table("digest"), root.table("calendar")
    send_at, send_until = hours.clock("send_at", time(9)), hours.clock("send_until", time(17, 30))
    if send_until <= send_at:
        hours.fault("send_until", _("expected a time after send_at"))
    jobs, database, guards = root.table("jobs"), root.table("database"), root.table("guards")
    templates, people = root.table("templates"), root.table("people")
    config = Config(
        path=path,
        folder=folder,
        office=_office(root.table("office")),
        jobs=folder / jobs.text("dir", "jobs"),
        templates=folder / templates.text("dir", "templates/email"),
        people=folder / people.text("file", "people.csv"),
        database=_database(database, folder),
        evidence=folder / database.text("evidence", "data/evidence"),
        send_at=send_at,
        send_until=send_until,
        receipt_delay=timedelta(minutes=hours.integer("receipt_delay", 10, least=0)),
        mail=_mail(root.table("mail"), folder),
        max_messages=guards.integer("max_messages", 20, least=1),
        alerts=_alerts(root.table("alerts")),
        backup=_backup(root.table("backup"), folder),
        weekly_digest=digest.choice("coordinator", ("weekly", "off"), "weekly") == "weekly",
        monthly_digests=_monthly(digest),
        extra_working=frozenset(calendar.days("working")),
        extra_off=frozenset(calendar.days("off")),
        ladder=read_ladder(root),
    )
    for day in sorted(config.extra_working & config.extra_off):
        calendar.fault("off", _("{day} stands in both working and off").format(day=day))
    for table in (root, hours, digest, calendar, jobs, database, guards, templates, people):
        table.close()
    return config


def _office(table: Table) -> Office:
    office = Office(
        section=table.line("section", ""),
        phone=table.line("phone", ""),
        email=table.address("email"),
        sender_name=table.line("sender_name", "工伤预防工作办公室"),
        plan=table.line("plan", ""),
    )
    table.close()
    return office


def _database(table: Table, folder: Path) -> str:
    url = table.text("url", "sqlite:///data/wsyf.db")
    if not url.startswith("sqlite:///") or url == "sqlite:///":
        table.fault("url", _("expected sqlite:///PATH, found {found}").format(found=shown(url.split("@")[-1])))
        return url
    return f"sqlite:///{folder / url.removeprefix('sqlite:///')}"


def _mail(table: Table, folder: Path) -> MailSettings:
    transport = table.choice("transport", ("maildir", "smtp"), "maildir")
    smtp_table = table.table("smtp")
    settings = MailSettings(
        transport=transport,
        maildir=folder / table.text("maildir", "data/mail"),
        sender=table.address("from"),
        bcc=table.texts("bcc"),
        resend_uncertain=table.boolean("resend_uncertain", default=True),
        keep_years=table.integer("keep_years", 0, least=0),
        limits=_limits(table.table("limits")),
        smtp=_smtp(smtp_table, folder) if smtp_table.values or transport == "smtp" else None,
    )
    for address in settings.bcc:
        table.check_address("bcc", address)
    table.close()
    return settings


def _smtp(table: Table, folder: Path) -> Smtp:
    security = table.choice("security", ("starttls", "tls", "plain"), "starttls")
    password_file, ca_file = table.text("password_file", ""), table.text("ca_file", "")
    smtp = Smtp(
        host=table.text("host"),
        port=table.integer("port", {"starttls": 587, "tls": 465, "plain": 25}[security], least=1),
        security=security,
        username=table.text("username", "") or None,
        password_file=folder / password_file if password_file else None,
        timeout=float(table.integer("timeout", 30, least=1)),
        allow_plain=table.boolean("allow_plain", default=False),
        local_hostname=table.text("local_hostname", "") or None,
        ca_file=folder / ca_file if ca_file else None,
    )
    if table.has("password"):
        table.fault("password", _("no password in the config: use password_file, or $WSYF_SMTP_PASSWORD"))
    table.close()
    return smtp


def _limits(table: Table) -> Limits:
    limits = Limits(
        connections=table.integer("connections", 2, least=1),
        per_connection=table.integer("per_connection", 100, least=0),
        per_minute=table.integer("per_minute", 0, least=0),
        pause=timedelta(seconds=table.integer("pause", 60, least=0)),
    )
    table.close()
    return limits


def _alerts(table: Table) -> AlertSettings:
    ping_url = table.text("ping_url", "")
    if ping_url and not ping_url.startswith(("http://", "https://")):
        table.fault("ping_url", _("expected http://… or https://…, found {found}").format(found=shown(ping_url)))
    alerts = AlertSettings(
        command=table.texts("command"),
        timeout=timedelta(seconds=table.integer("timeout", 30, least=1)),
        ping_url=ping_url or None,
    )
    table.close()
    return alerts


def _monthly(table: Table) -> tuple[str, ...]:
    """The roles that get a monthly digest: each has a key of its own; the list `monthly` names several at once."""
    roles = ("convener", *LEADERS)
    listed = table.words("monthly", roles)
    words = {role: table.choice(role, ("monthly", "off"), "monthly" if role in listed else "off") for role in roles}
    return tuple(role for role, word in words.items() if word == "monthly")


def _backup(table: Table, folder: Path) -> BackupSettings:
    backup = BackupSettings(
        folder=folder / table.text("dir", "data/backups"),
        at=table.clock("at", time(2)),
        keep=table.integer("keep", 14, least=0),
    )
    table.close()
    return backup
