"""The questions of `wsyf init`: a handful, each with a default, each answer looked at as soon as it is given.

A password is never asked for: only where it will be found. Imports config's and values' notions of what is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import TypeVar

import click

from wsyf_scheduler import config as config_file
from wsyf_scheduler import share
from wsyf_scheduler.cli.output import folded, room, say
from wsyf_scheduler.i18n import _
from wsyf_scheduler.values import CONTROL, is_address, shown, unknown_word

Settings = dict[tuple[str, str], str | int]
Value = TypeVar("Value")

HOSTS = {  # what may be typed for short
    "exmail": "smtp.exmail.qq.com",  # 腾讯企业邮箱
    "qiye": "smtp.qiye.163.com",  # 网易企业邮箱
    "qq": "smtp.qq.com",
    "163": "smtp.163.com",
    "126": "smtp.126.com",
}
SECURITY = {465: "tls", 994: "tls", 587: "starttls"}
HIGHEST_PORT = 65535
LONGEST_HOST = 253
SAID_BEFORE = len("Error: ")  # by click
KEPT_IN = "smtp-password"
A_MINUTE = 30  # letters, on a provider's server: its limits are not published
HOST = re.compile(r"(?!-)[\w-]{1,63}(?<!-)(\.(?!-)[\w-]{1,63}(?<!-))*")


def ask() -> Settings:
    """Ask for what an office must set; click.Abort where the reader leaves with Ctrl-C or Ctrl-D."""
    packaged = config_file.load(share.CONFIG)
    say(_("A few questions; Enter takes what stands in brackets. Nothing is written before the last one."))
    found: Settings = {}
    found["office", "section"] = _answer(_("Section, as it stands below the letters"), packaged.office.section, _line)
    found["office", "phone"] = _answer(_("Its telephone (Enter: none)"), "", _line)
    found["office", "email"] = _answer(_("The office's mailbox"), packaged.office.email, _address)
    found["mail", "from"] = found["office", "email"]
    found["mail", "transport"] = _answer(
        _("Mail: maildir keeps letters on this machine and sends none, smtp sends them"), "maildir", _transport
    )
    if found["mail", "transport"] == "smtp":
        found |= _ask_smtp(str(found["office", "email"]))
    found["hours", "send_at"] = _answer(
        _("Letters leave on working days from"), f"{packaged.send_at:%H:%M}", _before(packaged.send_until)
    )
    found["backup", "dir"] = _answer(_("Folder of the nightly backups"), "data/backups", _folder)
    return found


def _ask_smtp(mailbox: str) -> Settings:
    say(_("The mail server; for short: exmail (Tencent enterprise), qiye (NetEase enterprise), qq, 163, 126."))
    host = _answer(_("Mail server"), f"smtp.{mailbox.partition('@')[2]}", _host)
    port = _answer(_("Port (465 TLS, 587 STARTTLS)"), "465", _port)
    found: Settings = {("mail.smtp", "host"): host, ("mail.smtp", "port"): port}
    found["mail.smtp", "security"] = SECURITY.get(port) or _answer(
        _("Encryption: tls from the first byte, starttls, or plain (this machine only)"), "starttls", _security
    )
    found["mail.smtp", "username"] = login = _answer(_("User name"), mailbox, _line)
    if is_address(login):
        found["mail", "from"] = login  # what such servers demand
    say(_("The password itself is not asked for; 163 and QQ want an authorization code in its place."))
    found["mail.smtp", "password_file"] = _answer(
        _("File the password will stand in, beside config.toml"), KEPT_IN, _password_file
    )
    if host in HOSTS.values():
        found["mail.limits", "per_minute"] = A_MINUTE
    return found


def _answer(question: str, default: str, check: Callable[[str], Value]) -> Value:
    """Ask until the answer will do: the question folds to the screen, the answer has a line of its own."""
    say(f"{question} [{default}]" if default else question)
    found: Value = click.prompt(
        ">", default=default, show_default=False, prompt_suffix=" ", value_proc=lambda text: check(text.strip())
    )
    return found


def _line(text: str) -> str:
    if CONTROL.search(text) or not _is_text(text):
        raise _wrong(_("expected text on one line, found a line break or control character"))
    return text


def _address(text: str) -> str:
    if not is_address(text):
        raise _wrong(_("expected a mail address, found {found}").format(found=shown(text)))
    return text


def _transport(text: str) -> str:
    return _word(text, ("maildir", "smtp"))


def _security(text: str) -> str:
    return _word(text, ("tls", "starttls", "plain"))


def _word(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise _wrong(unknown_word(text, known))
    return text


def _host(text: str) -> str:
    host = HOSTS.get(text, text)
    if len(host) > LONGEST_HOST or not HOST.fullmatch(host):
        words = _("expected a host name such as smtp.gaoping.example, found {found}")
        raise _wrong(words.format(found=shown(text)))
    return host


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:6]) <= HIGHEST_PORT:
        raise _wrong(_("expected a port from 1 to {most}, found {found}").format(most=HIGHEST_PORT, found=shown(text)))
    return int(text)


def _password_file(text: str) -> str:
    """A path, and no password typed by mistake: it is neither shown nor kept."""
    if text != KEPT_IN and "/" not in text:
        words = _("expected the path of a file, such as ./{name}; the password itself has no place here")
        raise _wrong(words.format(name=KEPT_IN))
    if Path(text).is_dir():
        raise _wrong(_("this is a folder; name the file in it"))
    return _line(text)


def _folder(text: str) -> str:
    if Path(text).exists() and not Path(text).is_dir():
        raise _wrong(_("{path} is a file, not a folder").format(path=text))
    return _line(text)


def _before(end: time) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            at = time.fromisoformat(text if re.fullmatch(r"[0-9]{2}:[0-9]{2}", text) else f"0{text}")
        except ValueError:
            words = _('expected a time of day such as "09:00", found {found}')
            raise _wrong(words.format(found=shown(text))) from None
        if at >= end:
            raise _wrong(_("expected a time before {end}, when letters cease to leave").format(end=f"{end:%H:%M}"))
        return f"{at:%H:%M}"

    return check


def _is_text(text: str) -> bool:
    """Whether the terminal sent text at all, and no bytes of another encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong(message: str) -> click.UsageError:
    columns = room()
    return click.UsageError("\n".join(folded(message, columns and columns - SAID_BEFORE)))
