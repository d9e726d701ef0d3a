"""The demo's office: a fresh folder, laid out as a rehearsal, with its letters in DIR/mail. Imports acts and config."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

from wsyf_scheduler import config as config_file
from wsyf_scheduler.acts import lay_out
from wsyf_scheduler.config import Config, Smtp
from wsyf_scheduler.errors import WsyfError, reason
from wsyf_scheduler.i18n import _

FOLDER = "wsyf-demo"
MAIL = "mail"

_MAILDIR_AS_PACKAGED = 'maildir = "data/mail"'


def fresh(wanted: Path | None) -> Path:
    """Make a folder nobody has used: the one wanted (it may be there, empty), else DIR-2, DIR-3 and so on.

    Without a wish it is `wsyf-demo` here. What is there already is never touched. Raises WsyfError where no folder can
    be made.
    """
    name = Path(FOLDER) if wanted is None else wanted
    try:
        if wanted is not None and wanted.is_dir() and not any(wanted.iterdir()):
            return wanted
        for n in count(1):
            folder = name if n == 1 else name.with_name(f"{name.name}-{n}")
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise _cannot(name, error) from error
    raise AssertionError  # count() has no end


def set_up(folder: Path) -> Config:
    """Lay the office out as a rehearsal whose mail goes to DIR/mail and to no one; gives its config."""
    try:
        lay_out.lay_out(folder, rehearsal=True)
        path = (folder / "config.toml").absolute()
        text = path.read_text(encoding="utf-8")
        assert text.count(_MAILDIR_AS_PACKAGED) == 1
        path.write_text(text.replace(_MAILDIR_AS_PACKAGED, f'maildir = "{MAIL}"'), encoding="utf-8")
    except OSError as error:
        raise _cannot(folder, error) from error
    return config_file.load(path)


def over_smtp(config: Config, host: str, port: int) -> Config:
    """The same office sending over SMTP to a server on this machine; the file in the folder stays as it is."""
    smtp = Smtp(
        host=host,
        port=port,
        security="plain",
        username=None,
        password_file=None,
        timeout=30.0,
        allow_plain=False,
        local_hostname="localhost",
        ca_file=None,
    )
    return replace(config, mail=replace(config.mail, transport="smtp", smtp=smtp))


def _cannot(folder: Path, error: OSError) -> WsyfError:
    message = _("the demo's folder {folder} cannot be made: {why}; name another with --dir")
    return WsyfError(message.format(folder=folder, why=reason(error)))
