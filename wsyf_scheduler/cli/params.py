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
        day = _day(value)
        if day is None:
            self.fail(_("{value} is no date; write it as 2026-02-28").format(value=value), param, ctx)
        if fault := _year_fault(day.year):
            self.fail(fault, param, ctx)
        return day


def _day(text: str) -> date | None:
    """A date in any of ISO's forms, or as it is written in China."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        from wsyf_scheduler.values import as_day

        return None if text.isdecimal() else as_day(text)


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


class CompletedType(click.ParamType[str]):
    """Text that the shell completes from the office's database; what it means is looked up by the command."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Any text."""
        del param, ctx
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words that begin with what was typed; nothing where there is no office."""
        del param
        from click.shell_completion import CompletionItem

        config = ctx.find_root().params.get("config_path")
        return [CompletionItem(word, help=said) for word, said in self.words(config, incomplete, _plan_typed(ctx))]

    def words(self, config: str | None, incomplete: str, plan: str | None) -> list[tuple[str, str]]:
        """Words, each with what it means."""
        raise NotImplementedError


def _plan_typed(ctx: click.Context) -> str | None:
    """The plan named before the command, or after it (office.plan_option)."""
    typed = ctx.find_root().params.get("plan_id")
    return str(typed) if typed else None


class KeyType(CompletedType):
    """A key, a unique prefix of one, an id, or `last`, the assignment one acted upon last."""

    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """What the command looks up: of a chosen plan where one is, an id for `last`."""
        del param
        found = ctx.find_root().obj if ctx is not None and not ctx.resilient_parsing else None
        return str(value) if found is None else str(found.meant(str(value)))

    def words(self, config: str | None, incomplete: str, plan: str | None) -> list[tuple[str, str]]:
        """Keys, ids and `last`."""
        from wsyf_scheduler.cli.completing import keys

        mine = [("last", _("the assignment you acted upon last"))] if "last".startswith(incomplete) else []
        return keys(config, incomplete, plan) + (mine if incomplete else [])


class DepartmentType(CompletedType):
    """A department by id, short or full name."""

    name = "department"

    def words(self, config: str | None, incomplete: str, plan: str | None) -> list[tuple[str, str]]:
        """Ids with short names."""
        from wsyf_scheduler.cli.completing import departments

        return departments(config, incomplete, plan)


class PeriodType(CompletedType):
    """A period of a plan."""

    name = "period"

    def words(self, config: str | None, incomplete: str, plan: str | None) -> list[tuple[str, str]]:
        """Periods."""
        from wsyf_scheduler.cli.completing import periods

        return periods(config, incomplete, plan)


class PlanType(CompletedType):
    """A tracked plan, or `all`."""

    name = "plan"

    def words(self, config: str | None, incomplete: str, plan: str | None) -> list[tuple[str, str]]:
        """Plans with their titles."""
        del plan
        from wsyf_scheduler.cli.completing import plans

        return plans(config, incomplete)


DAY = DayType()
DEPARTMENT = DepartmentType()
KEY = KeyType()
PERIOD = PeriodType()
PLAN = PlanType()
WHEN = WhenType()
