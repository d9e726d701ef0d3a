"""What arguments and options may be: days, instants, keys. Light: `wsyf --help` and completion import this."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click
from click.shell_completion import CompletionItem

from wsyf_scheduler.i18n import _

MOST_COMPLETIONS = 200


class WhenType(click.ParamType[str]):
    """A date or an ISO instant, kept as text until the plan's zone is known."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the form."""
        try:
            datetime.fromisoformat(value)
        except ValueError:
            self.fail(_("{value} is neither a date (2026-02-28) nor an ISO instant").format(value=value), param, ctx)
        return str(value)


class DayType(click.ParamType[date]):
    """A date."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse it."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(_("{value} is no date; write it as 2026-02-28").format(value=value), param, ctx)


class KeyType(click.ParamType[str]):
    """A key, a unique prefix of one, or an id; completed from the office's database."""

    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Any text; it is looked up by the command."""
        del param, ctx
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The keys that begin with what was typed; nothing where there is no office."""
        del param
        from wsyf_scheduler.cli.office import Office
        from wsyf_scheduler.errors import WsyfError

        given = ctx.find_root().params
        try:
            with Office(given.get("config_path"), None).glance() as opened:
                rows = opened.rows("SELECT key, title FROM assignment ORDER BY key")
        except WsyfError:
            return []
        found = [CompletionItem(row["key"], help=row["title"]) for row in rows if row["key"].startswith(incomplete)]
        return found[:MOST_COMPLETIONS]


DAY = DayType()
KEY = KeyType()
WHEN = WhenType()
