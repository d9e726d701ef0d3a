"""Putting a backup in the place of the database (`wsyf restore`): checked, the present one saved aside, held after.

It works on files, since there may be no database that opens; so it takes a config and no App.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from wsyf_scheduler.config import Config
from wsyf_scheduler.errors import DatabaseTrouble, Forbidden
from wsyf_scheduler.i18n import _
from wsyf_scheduler.opening import holder_of, lock_path, open_shared, sign, try_lock
from wsyf_scheduler.pulse import HEARTBEAT
from wsyf_scheduler.store import copying, events, facts, restoring, schema
from wsyf_scheduler.store.db import Database
from wsyf_scheduler.store.restoring import Content, Lost
from wsyf_scheduler.store.rows import as_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A backup that was looked into, and what stands in its place. `present`: None where missing or damaged.

    `lost`: what the present database knows and the backup does not; None where that cannot be told.
    """

    backup: Content
    database: Path
    present: Content | None
    damaged: bool
    lost: Lost | None

    @property
    def taken_at(self) -> datetime | None:
        """The moment the backup speaks of: when it was made, else its last event."""
        return self.backup.made_at or self.backup.last_event_at

    @property
    def is_older(self) -> bool:
        """Whether it is of an older schema, which `wsyf upgrade` brings up to date."""
        return self.backup.version != schema.SCHEMA_VERSION


@contextmanager
def prepare(config: Config, source: Path, *, broken: bool = False) -> Iterator[Ready]:
    """Look into a backup, and keep daemon and senders out until it is put in or left.

    Forbidden while the daemon runs or mail is sent, where the file is the live database, is a rehearsal's and the
    office is not (or the other way round), or its trail is broken and not taken as `broken`. DatabaseTrouble where it
    is no sound backup of ours.
    """
    database = Path(config.database.removeprefix("sqlite:///"))
    if source.exists() and database.exists() and source.samefile(database):
        raise Forbidden(_("{path} is the live database itself; name a backup of it").format(path=source))
    if not database.parent.is_dir():
        copying.make_folder(database.parent)
    with _alone(config):
        backup = restoring.examine(source)
        if backup.trail is not None and backup.trail.breaks and not broken:
            first = backup.trail.breaks[0]
            message = _(
                "the trail in {path} is broken, first at event #{seq} of {chain};"
                " take another backup, or restore this one all the same with --broken"
            )
            where = first.chain or _("the office")
            raise Forbidden(message.format(path=source, seq=first.seq, chain=where))
        present, damaged = _present(database)
        if present is not None and present.rehearsal != backup.rehearsal:
            message = _("a rehearsal's database and a real one cannot take each other's place; nothing was changed")
            raise Forbidden(message)
        lost = restoring.lost(database, backup) if present else None
        yield Ready(backup=backup, database=database, present=present, damaged=damaged, lost=lost)


@contextmanager
def _alone(config: Config) -> Iterator[None]:
    """The daemon's lock and the senders': nobody decides or sends while the ground is changed."""
    with (
        open_shared(lock_path(config, "daemon")) as daemon,
        open_shared(lock_path(config, "deliver")) as deliver,
    ):
        if not try_lock(daemon):
            message = _("the daemon runs ({holder}); stop it first, nothing was changed")
            raise Forbidden(message.format(holder=holder_of(daemon) or "?"))
        if not try_lock(deliver):
            message = _("mail is being sent ({holder}); try again in a moment, nothing was changed")
            raise Forbidden(message.format(holder=holder_of(deliver) or "?"))
        sign(daemon)
        sign(deliver)
        yield


def _present(database: Path) -> tuple[Content | None, bool]:
    """What stands there now, and whether it is damaged; a file that is locked or may not be read is not."""
    if not database.exists():
        return None, False
    try:
        return restoring.examine(database, live=True), False
    except DatabaseTrouble as error:
        if error.__cause__ is not None and not schema.is_damage(error.__cause__):
            raise
        return None, True


def act(ready: Ready, now: datetime, *, who: str) -> Path | None:
    """Put it in; returns where the database as it was is kept, None where there was none.

    A sound database gets the backup's pages in one transaction, so that who reads there goes on; a damaged one is
    replaced. Whenever this is broken off, the old database or the new one stands there whole.
    """
    saved = _saved(ready, now)
    part = ready.database.with_name(f"{ready.database.name}.restoring")
    try:
        restoring.stage(ready.backup.path, part)
        copying.mark(part, ready.taken_at or now, now)
        _note(ready, part, now, who=who, saved=saved)
        if ready.present is not None and ready.present.page_size == ready.backup.page_size:
            restoring.pour(part, ready.database)
        else:
            restoring.put_in_place(part, ready.database)
    finally:
        for each in (part, *schema.beside(part)):
            with suppress(OSError):
                each.unlink(missing_ok=True)
    return saved


def _saved(ready: Ready, now: datetime) -> Path | None:
    """The database as it was, under a name of its own."""
    database = ready.database
    if not database.exists():
        return None
    stem = f"{database.stem}-before-restore-{now:%Y%m%d-%H%M%S}"
    names = (f"{stem}{more}{database.suffix}" for more in chain([""], (f"-{number}" for number in count(2))))
    saved = next(path for name in names if not (path := database.with_name(name)).exists())
    if ready.damaged:
        restoring.save_aside(database, saved)
    else:
        copying.copy(database, saved, now)
    return saved


def _note(ready: Ready, part: Path, now: datetime, *, who: str, saved: Path | None) -> None:
    """The event `database_restored`, in the trail that goes on from the backup."""
    detail: dict[str, object] = {
        "file": ready.backup.path.name,
        "taken_at": ready.taken_at,
        "saved": saved.name if saved else None,
        "broken": bool(ready.backup.trail and ready.backup.trail.breaks),
    }
    if ready.lost is not None:
        detail |= {"events_lost": ready.lost.events, "letters_lost": ready.lost.letters}
    if ready.is_older:
        restoring.add_event_before_chains(part, now, who=who, action="database_restored", detail=as_json(detail))
        return
    db = Database(f"sqlite:///{part}")
    try:
        with db.begin() as session:
            facts.forget(session, HEARTBEAT)  # of a daemon that ran when the copy was made
            events.add(session, at=now, who=who, action="database_restored", detail=detail)
    finally:
        db.close()
