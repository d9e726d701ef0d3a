"""Creating a database and bringing an older one up to date, by Alembic; the daemon never does this."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from wsyf_scheduler.store import facts, schema
from wsyf_scheduler.store.db import Database, make_folder, schema_version, share_file

SCRIPTS = Path(__file__).parent / "migrations"


def create(db: Database, *, rehearsal: bool = False) -> None:
    """Make the database file by its migrations; `rehearsal` marks it as one whose clock may be set."""
    if db.path is not None and db.path.with_suffix(".daemon.lock").exists():
        raise schema.missing(db.path)  # an empty one over a lost one would hide the loss
    make_folder(db.url)
    upgrade(db)
    if db.path is not None:
        share_file(db.path)
    if rehearsal:
        with db.begin() as session:
            facts.put(session, facts.REHEARSAL, "yes")


def upgrade(db: Database) -> tuple[str | None, str]:
    """Run what is missing; returns the version before and after. A newer database raises DatabaseTrouble."""
    with db.exclusive() as connection:
        before = schema_version(connection)
        if before is not None and before > schema.SCHEMA_VERSION:
            schema.check_version(before)
        command.upgrade(config(connection), "head")
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise schema.trouble(ValueError(f"foreign keys: {broken[:3]}"), db.path)
    return before, schema.SCHEMA_VERSION


def is_current(db: Database) -> bool:
    """Whether nothing is missing; a newer database raises DatabaseTrouble."""
    with db.read() as session:
        found = schema_version(session)
    if found is not None and found > schema.SCHEMA_VERSION:
        schema.check_version(found)
    return found == schema.SCHEMA_VERSION


def config(connection: Connection) -> Config:
    """Alembic's settings: our scripts, over this connection."""
    settings = Config()
    settings.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings
