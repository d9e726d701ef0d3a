"""The ladder as config.toml states it: [[ladder]] tables into rungs (docs/plan-format.md). Imports core, reading."""

from __future__ import annotations

import re

from wsyf_scheduler.core.kind import Kind
from wsyf_scheduler.core.ladder import (
    LADDER_LETTERS,
    LEADERS,
    ROLES,
    CalendarDays,
    Every,
    Ladder,
    Rung,
    Start,
    When,
    WorkingDays,
)
from wsyf_scheduler.core.standard import STANDARD
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reading import Table
from wsyf_scheduler.values import shown, unknown_word

KINDS = tuple(kind.value for kind in Kind)
WHEN = re.compile(
    r"(?P<start>start)|(?P<due>due day)|(?P<n>[0-9]{1,3}) (?P<working>working )?days? (?P<side>before|after)"
    r"|every (?P<every>[0-9]{1,3}) working days? after (?P<rung>\S+)"
)


def read_ladder(root: Table) -> Ladder:
    """The ladder of a config; the standard one where it has none. Faults go to the tables."""
    tables = root.tables("ladder")
    if not tables:
        return STANDARD
    ladder = Ladder(tuple(_rung(table) for table in tables))
    for index, (rung, table) in enumerate(zip(ladder.rungs, tables, strict=True)):
        if any(earlier.name == rung.name for earlier in ladder.rungs[:index]):
            table.fault("rung", _("two rungs have the name {name}").format(name=shown(rung.name)))
        _check_rung(ladder, rung, table)
    return ladder


def _rung(table: Table) -> Rung:
    rung = Rung(
        name=_rung_name(table),
        when=_when(table),
        letter=table.choice("letter", LADDER_LETTERS),
        to=table.words("to", ROLES),
        cc=table.words("cc", ROLES),
        briefing=table.words("briefing", LEADERS),
        kinds=table.words("kinds", KINDS),
        except_kinds=table.words("except_kinds", KINDS),
    )
    if not rung.to:
        table.fault("to", _("expected at least one role: {known}").format(known=", ".join(ROLES)))
    table.close()
    return rung


def _rung_name(table: Table) -> str:
    name = table.line("rung")
    if len(name.split()) > 1:
        table.fault("rung", _("expected a word without spaces, found {found}").format(found=shown(name)))
    return name


def _when(table: Table) -> When:
    text = table.text("when")
    found = WHEN.fullmatch(text.strip())
    is_every = found is not None and found["every"] is not None
    times = table.integer("times", 1, least=1) if is_every else 0
    if not is_every and table.has("times"):
        table.fault("times", _('stands only beside when = "every N working days after RUNG"'))
    if found is None:
        if text:
            table.fault("when", _WHEN_EXPECTED().format(found=shown(text)))
        return CalendarDays(0)  # stands for a day that could not be read
    if found["start"]:
        return Start()
    if found["due"]:
        return CalendarDays(0)
    if is_every:
        return _every(table, found, times)
    return _offset(table, found)


def _WHEN_EXPECTED() -> str:  # noqa: N802 - a message that needs the language at run time
    return _(
        'expected "start", "due day", "N days before", "N days after", "N working days before",'
        ' "N working days after" or "every N working days after RUNG", found {found}'
    )


def _every(table: Table, found: re.Match[str], times: int) -> When:
    return Every(_days(table, found["every"]), found["rung"], times)


def _offset(table: Table, found: re.Match[str]) -> When:
    n = _days(table, found["n"]) * (-1 if found["side"] == "before" else 1)
    return WorkingDays(n) if found["working"] else CalendarDays(n)


def _days(table: Table, digits: str) -> int:
    if int(digits) == 0:
        table.fault("when", _('expected at least 1 day, found 0; for the day itself write "due day"'))
    return int(digits) or 1


def _check_rung(ladder: Ladder, rung: Rung, table: Table) -> None:
    is_readable = table.values.get("letter") in LADDER_LETTERS
    if is_readable and isinstance(rung.when, Start) != (rung.letter == "start"):
        table.fault("letter", _('letter "start" and when = "start" go together'))
    if isinstance(rung.when, Start) and sum(isinstance(other.when, Start) for other in ladder.rungs) > 1:
        table.fault("when", _('only one rung may have when = "start"'))
    if not isinstance(rung.when, Every):
        return
    names = [other.name for other in ladder.rungs]
    if rung.when.after not in names:
        table.fault("when", unknown_word(rung.when.after, names))
    elif isinstance((ladder.rung(rung.when.after) or rung).when, Start | Every):
        message = _("expected a rung that counts from the due day, found {found}")
        table.fault("when", message.format(found=shown(rung.when.after)))
