"""Logs to stderr: one sentence a line with stable `action=` names; ids, never addresses. Imports nothing of ours."""

from __future__ import annotations

import logging
import os
import sys

FIELDS = ("action", "tick", "message_id", "outcome")  # `message` is the sentence itself


class _Lines(logging.Formatter):
    """A sentence, then the stable names; systemd's journal adds the time itself."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        facts = " ".join(f"{name}={record.__dict__[name]}" for name in FIELDS if name in record.__dict__)
        first, _newline, more = text.partition("\n")  # of an error, the traceback
        return f"{first} [{facts}]{_newline}{more}" if facts else text


def only_tracebacks() -> None:
    """For a command that says in the user's words what its log would: only what nobody foresaw reaches stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(lambda record: bool(record.exc_info))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def to_stderr(*, verbose: bool = False) -> None:
    """Send our logs to stderr; the libraries' only when they warn."""
    handler = logging.StreamHandler(sys.stderr)
    under_systemd = "JOURNAL_STREAM" in os.environ
    at = "" if under_systemd else "%(asctime)s "
    handler.setFormatter(_Lines(f"{at}%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns of every sweep that waits for a long one
    logging.getLogger("wsyf_scheduler").setLevel(logging.DEBUG if verbose else logging.INFO)
