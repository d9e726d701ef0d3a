"""What commands share: the config they found, the clock they were given, the office they open."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import click

from wsyf_scheduler.cli.params import DAY, DEPARTMENT, KEY, PERIOD, PLAN
from wsyf_scheduler.errors import Forbidden, NotFound, Usage, nearest
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from pathlib import Path

    from wsyf_scheduler.app import App
    from wsyf_scheduler.config import Config
    from wsyf_scheduler.store.glance import Glance

DEFAULT_ZONE = "Asia/Shanghai"
ALL_PLANS = "all"
SHARED_UMASK = 0o007  # rights for owner and group, none for others


def login_name() -> str:
    """Who is at the keyboard: the login name, also behind sudo, to root or to the office's own user."""
    if os.environ.get("SUDO_USER"):
        return os.environ["SUDO_USER"]
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def share_with_group(folder: Path) -> None:
    """Give the group rights to all this process makes, where the folder hands its group down (chmod g+s)."""
    if folder.stat().st_mode & stat.S_ISGID:
        os.umask(SHARED_UMASK)


class Office:
    """One command's office: config found and read once, database opened as lightly as the command allows."""

    def __init__(self, config_path: str | None, at: str | None, plan: str | None = None) -> None:
        """Keep what was asked; nothing is read yet."""
        self._config_path, self._at, self._plan = config_path, at, plan
        self._opened: list[App] = []

    @cached_property
    def config(self) -> Config:
        """The office's settings."""
        from wsyf_scheduler import config as config_file

        return config_file.load(config_file.find(self._config_path))

    @property
    def database_path(self) -> Path:
        """The database file."""
        from pathlib import Path

        return Path(self.config.database.removeprefix("sqlite:///"))

    def choose(self, plan: str) -> None:
        """Limit the command to a plan, or to none (`all`)."""
        self._plan = plan
        self.__dict__.pop("plan", None)  # what was chosen before the command gives way

    @cached_property
    def plan(self) -> str | None:
        """The one plan the command is limited to: --plan, $WSYF_PLAN, the config's; None for all there are.

        NotFound where it names a plan that is not tracked.
        """
        named = self._plan or os.environ.get("WSYF_PLAN") or self.config.office.plan
        if not named or named == ALL_PLANS:
            return None
        with self.glance() as opened:
            known = list(opened.zones())
        if named not in known and known:
            message = _("no plan {name} is tracked") + _("; did you mean {names}?")
            raise NotFound(message.format(name=named, names=", ".join(nearest(named, known) or [*known, ALL_PLANS])))
        return named if known else None

    def meant(self, key: str) -> str:
        """What a typed key means: `last` is an id, and in a chosen plan a key is one of that plan.

        Forbidden where an id, or `last`, is of another plan than the chosen one; or a key that names its plan is of
        another than --plan says (what is chosen by $WSYF_PLAN or the config gives way to it).
        """
        from wsyf_scheduler.store import lookup

        plan, (named, colon, _key) = self.plan, key.rpartition(":")
        if colon:
            if self._plan is not None and plan not in (None, named):
                raise Forbidden(_("{key} is of another plan, {plan}").format(key=key, plan=named))
            return key
        if key != lookup.LAST and not lookup.is_id(key):
            return key if plan is None else f"{plan}:{key}"
        with self.glance() as opened:
            item_id = str(lookup.last(opened, login_name())) if key == lookup.LAST else key
            if plan is not None:
                lookup.of_plan(lookup.find(opened, item_id), plan)
        return item_id

    def require_plan(self) -> None:
        """Raise NotFound where the plan that was typed is not tracked, whether the command asks for it or not."""
        if self._plan != ALL_PLANS and self.database_path.exists():
            _known = self.plan

    def require_rehearsal(self) -> None:
        """Raise Forbidden unless the database is one whose clock --at may set."""
        if self.database_path.exists():
            with self.glance() as opened:
                if opened.fact("rehearsal") == "yes":
                    return
        message = _(
            "--at sets the clock of a rehearsal only, and this database is real (see `wsyf init --rehearsal DIR`)"
        )
        raise Forbidden(message)

    def instant(self, zone: str) -> datetime | None:
        """What --at means in a zone: a bare date is the opening of that day's window; None where it was not given."""
        if self._at is None:
            return None
        from zoneinfo import ZoneInfo

        when = datetime.fromisoformat(self._at)
        if len(self._at) <= len("2026-02-28"):
            when = datetime.combine(when.date(), self.config.send_at)
        return (when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)

    @contextmanager
    def glance(self) -> Iterator[Glance]:
        """A light read-only look at the database."""
        from wsyf_scheduler.store.glance import glance

        with glance(self.database_path) as opened:
            yield opened

    def now(self, opened: Glance) -> datetime:
        """The present instant for a light command: --at, else a rehearsal's last tick, else the machine's clock."""
        from wsyf_scheduler.clock import SystemClock

        at = self.instant(next(iter(opened.zones().values()), DEFAULT_ZONE))
        if at is not None:
            return at
        last_tick_at = opened.fact("last_tick_at") if opened.fact("rehearsal") == "yes" else None
        return datetime.fromisoformat(last_tick_at) if last_tick_at else SystemClock().now()

    def app(
        self,
        *,
        create: bool = False,
        dry_run: bool = False,
        should_stop: Callable[[], bool] = lambda: False,
        on_wait: Callable[[str], None] = lambda _holder: None,
    ) -> App:
        """The office on its database; `create` makes the database where there is none yet.

        With `dry_run` all that is written is rolled back at the end.

        `on_wait` is told who sends at present, where sending has to wait for another process.
        """
        from wsyf_scheduler.opening import open_app

        self.share()
        if create and not self.database_path.exists():
            self._create()
        at = self.instant(self._zone())
        app = open_app(self.config, who=login_name(), at=at, should_stop=should_stop, on_wait=on_wait, dry_run=dry_run)
        self._opened.append(app)
        return app

    def close(self) -> None:
        """Let go of the database: the last to leave it folds its write-ahead log away."""
        for app in self._opened:
            app.db.close()

    def share(self) -> None:
        """Write for the group too where the office is a group's."""
        folder = self.database_path.parent
        share_with_group(folder if folder.is_dir() else self.config.folder)

    def _create(self) -> None:
        from wsyf_scheduler.store.db import Database
        from wsyf_scheduler.store.upgrade import create

        db = Database(self.config.database)
        create(db)
        db.close()

    def _zone(self) -> str:
        if self._at is None or not self.database_path.exists():
            return DEFAULT_ZONE
        with self.glance() as opened:
            return next(iter(opened.zones().values()), DEFAULT_ZONE)


def need(condition: object, message: str) -> None:
    """Raise Usage with the message unless the condition holds."""
    if not condition:
        raise Usage(message)


def _choose(ctx: click.Context, _param: click.Parameter, plan: str | None) -> str | None:
    if plan is not None:
        ctx.find_root().params["plan_id"] = plan
        if not ctx.resilient_parsing:
            ctx.find_root().obj.choose(plan)
    return plan


__all__ = [
    "DAY",
    "DEPARTMENT",
    "KEY",
    "PERIOD",
    "PLAN",
    "Office",
    "dry_run_option",
    "json_option",
    "login_name",
    "need",
    "pass_office",
    "plan_option",
]

pass_office = click.make_pass_decorator(Office)
dry_run_option = click.option("--dry-run", is_flag=True, help=_("say what would follow; change nothing"))
json_option = click.option("--json", "as_json", is_flag=True, help=_("print JSON for programs"))
plan_option = click.option(
    "--plan",
    "plan_id",
    type=PLAN,
    is_eager=True,
    expose_value=False,
    callback=_choose,
    help=_("only this plan; all: every plan there is"),
)
