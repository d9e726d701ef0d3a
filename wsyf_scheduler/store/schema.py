"""Which schema this program speaks, and the driver's complaints in words. Light: imports no SQL library."""

from __future__ import annotations

from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.i18n import _

SCHEMA_VERSION = "0001"


def check_version(found: str | None) -> None:
    """Raise DatabaseTrouble where a schema version is not the one this program speaks."""
    if found == SCHEMA_VERSION:
        return
    if found is not None and found > SCHEMA_VERSION:
        message = _("the database is of a newer version ({found}; this program knows {known}): update the program")
    else:
        message = _("the database is of an older version ({found}; this program needs {known}): run `wsyf upgrade`")
    raise DatabaseTrouble(message.format(found=found or "-", known=SCHEMA_VERSION))


def missing(path: object) -> DatabaseTrouble:
    """There is no database file yet."""
    message = _("there is no database at {path}; run `wsyf plan sync` (or `wsyf upgrade`) to create it")
    return DatabaseTrouble(message.format(path=path))


def trouble(error: BaseException | None, where: object) -> DatabaseTrouble:
    """The driver's complaint in words that say what to do."""
    text = str(error)
    if "locked" in text or "busy" in text:
        message = _("the database {where} stayed locked by another program; try again in a moment")
    elif "readonly" in text or "read-only" in text:
        message = _(
            "the database {where} is read-only for this user; check the owner and rights of the file and folder"
        )
    elif "unable to open" in text:
        message = _("the database {where} cannot be opened; check that the folder exists and may be written")
    elif "full" in text:
        message = _("the disk of the database {where} is full; make room, nothing was changed")
    elif "not a database" in text or "malformed" in text:
        message = _("the file {where} is damaged or no database; restore a backup")
    else:
        message = _("the database {where} refused: {why}")
    return DatabaseTrouble(message.format(where=where, why=text))
