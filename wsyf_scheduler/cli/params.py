"""What arguments and options may be: days, instants, keys. Light: `wsyf --help` and completion import this."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from wsyf_scheduler.errors import nearest
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class WhenType(click.ParamType[str]):
    """A date or an ISO instant, kept as text until the plan's zone is known."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the form."""
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            self.fail(_("{value} is neither a date (2026-02-28) nor an ISO instant").format(value=value), param, ctx)
        if fault := _year_fault(when.year):
            self.fail(fault, param, ctx)
        return str(value)


class DayType(click.ParamType[date]):
    """A date."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse it."""
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(_("{value} is no date; write it as 2026-02-28").format(value=value), param, ctx)
        if fault := _year_fault(day.year):
            self.fail(fault, param, ctx)
        return day


def _year_fault(year: int) -> str:
    """Near the ends of Python's calendar a day has no day before or after it."""
    from wsyf_scheduler.reading import FIRST_YEAR, LAST_YEAR

    if FIRST_YEAR <= year <= LAST_YEAR:
        return ""
    return _("expected a year from {first} to {last}, found {year}").format(first=FIRST_YEAR, last=LAST_YEAR, year=year)


class WordType(click.Choice[str]):
    """One of a few words; a mistyped one is told which it may have meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """What click says, with the nearest words first."""
        del ctx
        words = ", ".join(self.choices)
        close = nearest(str(value), self.choices, most=1)
        message = _("there is no {value}; it is one of {words}").format(value=value, words=words)
        return message + (_("; did you mean {names}?").format(names=close[0]) if close else "")


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
        from click.shell_completion import CompletionItem

        from wsyf_scheduler.cli.completing import keys

        found = keys(ctx.find_root().params.get("config_path"), incomplete)
        return [CompletionItem(key, help=title) for key, title in found]


DAY = DayType()
KEY = KeyType()
WHEN = WhenType()
