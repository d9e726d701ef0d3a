"""What commands share: the config they found, the clock they were given, the office they open."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler import config as config_file
from wsyf_scheduler.cli.params import DAY, KEY
from wsyf_scheduler.clock import SystemClock
from wsyf_scheduler.config import Config
from wsyf_scheduler.errors import Forbidden, Usage
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store.glance import Glance, glance

if TYPE_CHECKING:
    from wsyf_scheduler.app import App

DEFAULT_ZONE = "Asia/Shanghai"


def login_name() -> str:
    """Who is at the keyboard: the login name, also behind sudo."""
    if os.geteuid() == 0 and os.environ.get("SUDO_USER"):
        return os.environ["SUDO_USER"]
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


class Office:
    """One command's office: config found and read once, database opened as lightly as the command allows."""

    def __init__(self, config_path: str | None, at: str | None) -> None:
        """Keep what was asked; nothing is read yet."""
        self._config_path, self._at = config_path, at

    @cached_property
    def config(self) -> Config:
        """The office's settings."""
        return config_file.load(config_file.find(self._config_path))

    @property
    def database_path(self) -> Path:
        """The database file."""
        return Path(self.config.database.removeprefix("sqlite:///"))

    @property
    def at_given(self) -> str | None:
        """What --at was given, as typed."""
        return self._at

    def instant(self, zone: str) -> datetime | None:
        """What --at means in a zone: a bare date is the opening of that day's window; None where it was not given."""
        if self._at is None:
            return None
        when = datetime.fromisoformat(self._at)
        if len(self._at) <= len("2026-02-28"):
            when = datetime.combine(when.date(), self.config.send_at)
        return (when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)

    @contextmanager
    def glance(self) -> Iterator[Glance]:
        """A light read-only look at the database."""
        with glance(self.database_path) as opened:
            yield opened

    def now(self, opened: Glance) -> datetime:
        """The present instant for a light command, by the same rules as for the others."""
        rehearsal = opened.fact("rehearsal") == "yes"
        at = self.instant(next(iter(opened.zones().values()), DEFAULT_ZONE))
        if at is not None:
            if not rehearsal:
                raise Forbidden(at_refused())
            return at
        last_tick_at = opened.fact("last_tick_at")
        return datetime.fromisoformat(last_tick_at) if rehearsal and last_tick_at else SystemClock().now()

    def app(self, *, create: bool = False, should_stop: Callable[[], bool] = lambda: False) -> App:
        """The office on its database; `create` makes the database where there is none yet."""
        from wsyf_scheduler.opening import open_app

        if create and not self.database_path.exists():
            self._create()
        return open_app(self.config, who=login_name(), at=self.instant(self._zone()), should_stop=should_stop)

    def _create(self) -> None:
        from wsyf_scheduler.store.db import Database
        from wsyf_scheduler.store.upgrade import create

        create(Database(self.config.database))

    def _zone(self) -> str:
        if self._at is None or not self.database_path.exists():
            return DEFAULT_ZONE
        with self.glance() as opened:
            return next(iter(opened.zones().values()), DEFAULT_ZONE)


def at_refused() -> str:
    """Why --at is refused."""
    return _("--at sets the clock of a rehearsal only; this database is real (see `wsyf init --rehearsal DIR`)")


def need(condition: object, message: str) -> None:
    """Raise Usage with the message unless the condition holds."""
    if not condition:
        raise Usage(message)


__all__ = ["DAY", "KEY", "Office", "json_option", "login_name", "need", "pass_office"]

pass_office = click.make_pass_decorator(Office)
json_option = click.option("--json", "as_json", is_flag=True, help=_("print JSON for programs"))
